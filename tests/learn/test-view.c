/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <string.h>

#include "learn/smb-view.h"

#define STORED 64
#define SHOWN 56
#define N (SHOWN * SHOWN)
#define DRAWS 40
#define LEVEL 0.0041 /* JPEG rounds each channel */

/* Two persons' faces, the first grey, with an average face's landmarks. */
typedef struct {
  guint8 rgb[2 * 3 * STORED * STORED];
  float points[2 * 2 * SMB_N_LANDMARKS];
  SmbFaceStore store;
  SmbSample samples[2];
  SmbDataset dataset;
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  SmbLandmarks average;

  smb_landmarks_from_template ((SmbBox){ 12, 14, 40, 40 }, &average);
  for (int i = 0; i < 2 * STORED * STORED; i++)
    for (int c = 0; c < 3; c++) {
      int x = i % STORED, y = i / STORED % STORED, first = i < STORED * STORED;

      f->rgb[3 * i + c] = (guint8) (first ? 2 * x + y / 2 + (x * y) % 17 : 60 + c * 40 + (x * 7 + y * 13) % 50);
    }
  for (int i = 0; i < 2 * SMB_N_LANDMARKS; i++) {
    f->points[2 * i] = (float) average.points[i % SMB_N_LANDMARKS].x;
    f->points[2 * i + 1] = (float) average.points[i % SMB_N_LANDMARKS].y;
  }
  f->store = (SmbFaceStore){ .n = 2, .size_px = STORED, .rgb = f->rgb, .points = f->points };
  f->samples[0] = (SmbSample){ .face = 0, .part = SMB_PART_TRAIN, .identity = (char *) "one", .grey = TRUE };
  f->samples[1] = (SmbSample){ .face = 1, .part = SMB_PART_TRAIN, .identity = (char *) "two", .grey = TRUE };
  f->dataset = (SmbDataset){ .faces = &f->store, .samples = g_ptr_array_new () };
  g_ptr_array_add (f->dataset.samples, &f->samples[0]);
  g_ptr_array_add (f->dataset.samples, &f->samples[1]);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  g_ptr_array_unref (f->dataset.samples);
}

/* Mean difference of the pair, over all draws; every picture is handed to `look` (may be NULL). */
static double
make_all (Fixture *f, const SmbViewSettings *settings, void (*look) (const float *picture))
{
  double sum = 0.0;

  for (guint64 i = 0; i < DRAWS; i++) {
    float out[3 * N], blended[3 * N];
    SmbRng rng;

    smb_rng_init (&rng, 3, i);
    g_assert_true (smb_view_make (&f->dataset, &f->samples[0], settings, FALSE, &rng, out, blended, 0, NULL));
    for (int k = 0; k < 3 * N; k++)
      sum += fabs ((double) out[k] - (double) blended[k]) / (DRAWS * 3 * N);
    if (look != NULL) {
      look (out);
      look (blended);
    }
  }
  return sum;
}

static SmbViewSettings
plain (void)
{
  return (SmbViewSettings){ .image_px = SHOWN, .std = { 1, 1, 1 } };
}

static void
assert_grey (const float *picture)
{
  for (int k = 0; k < N; k++) {
    g_assert_cmpfloat_with_epsilon (picture[k], picture[N + k], LEVEL);
    g_assert_cmpfloat_with_epsilon (picture[k], picture[2 * N + k], LEVEL);
  }
}

/* A tint of the blended part would tell every forgery made of a picture without colour. */
static void
test_grey_stays_grey (Fixture *f, gconstpointer data)
{
  SmbViewSettings settings = plain ();

  g_assert_true (smb_degrade_settings_from_name (&settings.degrade, "medium"));
  settings.degrade.noise = 0.0; /* coloured, the same for both */
  make_all (f, &settings, assert_grey);
}

static void
test_cross (Fixture *f, gconstpointer data)
{
  SmbViewSettings own = plain (), cross = plain ();
  double of_itself, of_another;

  cross.cross = 1.0;
  of_itself = make_all (f, &own, NULL);
  of_another = make_all (f, &cross, NULL);
  g_assert_cmpfloat (of_another, >, 1.2 * of_itself);
  f->samples[1].identity = (char *) "one"; /* nobody else is left: blended with itself */
  g_assert_cmpfloat (make_all (f, &cross, NULL), <, 0.9 * of_another);
  f->samples[1].identity = (char *) "two";
  f->samples[1].part = SMB_PART_TEST; /* what is held out is never blended in */
  g_assert_cmpfloat (make_all (f, &cross, NULL), <, 0.9 * of_another);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/learn/view/grey", Fixture, NULL, set_up, test_grey_stays_grey, tear_down);
  g_test_add ("/learn/view/cross", Fixture, NULL, set_up, test_cross, tear_down);
  return g_test_run ();
}
