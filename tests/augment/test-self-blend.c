/* SPDX-License-Identifier: Apache-2.0 */
/* Self-blended images: what must hold of every draw. */
#include <math.h>
#include <string.h>

#include "augment/smb-self-blend.h"

enum { SIDE = 256, N = SIDE * SIDE };

static void
template_face (SmbPoint points[SMB_N_LANDMARKS])
{
  SmbLandmarks marks;

  smb_landmarks_from_template ((SmbBox){ 40, 40, 176, 176 }, &marks);
  memcpy (points, marks.points, sizeof marks.points);
}

static float *
picture (void)
{
  float *out = g_new (float, 3 * N);

  for (int c = 0; c < 3; c++)
    for (int y = 0; y < SIDE; y++)
      for (int x = 0; x < SIDE; x++)
        out[c * N + y * SIDE + x]
            = floorf ((float) (128.0 + 60.0 * sin (x / (7.0 + c)) * cos (y / 9.0) + (x * 31 + y * 17) % 23));
  return out;
}

static void
test_draws (void)
{
  SmbPoint points[SMB_N_LANDMARKS];
  g_autofree float *whole = picture ();
  int target_changed = 0;
  double forged = 0.0;

  template_face (points);
  for (guint64 i = 0; i < 24; i++) {
    g_autofree float *face = g_memdup2 (whole, 3 * N * sizeof *whole),
                     *again = g_memdup2 (whole, 3 * N * sizeof *whole);
    g_autofree float *fake = g_new (float, 3 * N), *twice = g_new (float, 3 * N), *mask = g_new (float, N);
    float largest = 0.0f;
    double inside = 0.0;
    SmbRng rng;

    smb_rng_init (&rng, 12, i);
    g_assert_true (smb_self_blend (face, fake, mask, SIDE, points, NULL, 0.0, &rng));
    smb_rng_init (&rng, 12, i);
    g_assert_true (smb_self_blend (again, twice, NULL, SIDE, points, NULL, 0.0, &rng));
    g_assert_cmpmem (fake, 3 * N * sizeof *fake, twice, 3 * N * sizeof *fake); /* the same draw, the same bytes */
    target_changed += memcmp (face, whole, 3 * N * sizeof *face) != 0;
    for (int k = 0; k < N; k++) {
      largest = MAX (largest, mask[k]);
      g_assert_true (mask[k] >= 0.0f && mask[k] <= 1.0f);
      for (int c = 0; c < 3 && mask[k] == 0.0f;
           c++) /* outside nothing is touched, but for the rounding to whole levels */
        g_assert_cmpfloat_with_epsilon (fake[c * N + k], face[c * N + k], 0.5001);
      if (mask[k] > 0.9f * largest)
        inside += fabs ((double) fake[k] - (double) face[k]);
    }
    g_assert_cmpfloat (mask[0] + mask[SIDE - 1] + mask[N - 1], ==, 0.0f); /* corners are no face */
    g_assert_true (largest > 0.2f);
    forged += inside > 0.0;
  }
  g_assert_cmpint (target_changed, >, 4);
  g_assert_cmpint (target_changed, <, 20);
  g_assert_cmpfloat (forged, ==, 24.0);
}

/* How much a blend changes the face, where it does. */
static double
mean_change (double ease)
{
  SmbPoint points[SMB_N_LANDMARKS];
  g_autofree float *whole = picture ();
  double sum = 0.0, weight = 0.0;

  template_face (points);
  for (guint64 i = 0; i < 24; i++) {
    g_autofree float *face = g_memdup2 (whole, 3 * N * sizeof *whole), *fake = g_new (float, 3 * N),
                     *mask = g_new (float, N);
    SmbRng rng;

    smb_rng_init (&rng, 12, i);
    g_assert_true (smb_self_blend (face, fake, mask, SIDE, points, NULL, ease, &rng));
    for (int k = 0; k < N; k++) {
      sum += fabs ((double) fake[k] - (double) face[k]);
      weight += mask[k] > 0.0f;
    }
  }
  return sum / weight;
}

static void
test_ease (void)
{
  g_assert_cmpfloat (mean_change (1.0), >, 1.5 * mean_change (0.0));
  g_assert_cmpfloat (mean_change (0.5), >, mean_change (0.0));
}

/* Another face is blended in where the mask is, in this one's colours, and nowhere else. */
static void
test_other (void)
{
  SmbPoint points[SMB_N_LANDMARKS];
  g_autofree float *whole = picture (), *other = g_new (float, 3 * N);
  double inside = 0.0, of_itself = 0.0;

  template_face (points);
  for (int i = 0; i < 3 * N; i++)
    other[i] = 40.0f + (float) (i * 2654435761u >> 26); /* noise, darker */
  for (guint64 i = 0; i < 12; i++) {
    g_autofree float *face = g_memdup2 (whole, 3 * N * sizeof *whole), *fake = g_new (float, 3 * N);
    g_autofree float *again = g_memdup2 (whole, 3 * N * sizeof *whole), *plain = g_new (float, 3 * N);
    g_autofree float *mask = g_new (float, N);
    SmbRng rng;

    smb_rng_init (&rng, 12, i);
    g_assert_true (smb_self_blend (face, fake, mask, SIDE, points, other, 0.0, &rng));
    smb_rng_init (&rng, 12, i);
    g_assert_true (smb_self_blend (again, plain, NULL, SIDE, points, NULL, 0.0, &rng));
    for (int k = 0; k < N; k++) {
      if (mask[k] == 0.0f)
        g_assert_cmpfloat_with_epsilon (fake[k], face[k], 0.5001);
      inside += fabs ((double) fake[k] - (double) face[k]);
      of_itself += fabs ((double) plain[k] - (double) again[k]);
    }
  }
  g_assert_cmpfloat (inside, >, 1.2 * of_itself);
}

static double
area (int kind, gboolean forehead)
{
  SmbPoint points[SMB_N_LANDMARKS];
  g_autofree float *mask = g_new0 (float, N);
  double sum = 0.0;

  template_face (points);
  smb_blend_hulls (mask, SIDE, SIDE, points, kind, forehead);
  for (int i = 0; i < N; i++)
    sum += (double) mask[i];
  return sum;
}

static void
test_hulls (void)
{
  g_assert_cmpfloat (area (3, TRUE), >, 1.05 * area (3, FALSE)); /* the forehead is added */
  g_assert_cmpfloat (area (2, FALSE), >, area (1, FALSE));       /* brows raised */
  for (int kind = 0; kind < 3; kind++) {
    g_assert_cmpfloat (area (kind, FALSE), <=, area (3, TRUE));
    g_assert_cmpfloat (area (kind, FALSE), >, 0.5 * area (3, FALSE));
  }
}

static void
test_nothing_to_blend (void)
{
  SmbPoint points[SMB_N_LANDMARKS];
  g_autofree float *whole = picture (), *fake = g_new (float, 3 * N);
  SmbRng rng;

  for (int i = 0; i < SMB_N_LANDMARKS; i++)
    points[i] = (SmbPoint){ -900.0 - i, 4000.0 + i * i };
  smb_rng_init (&rng, 1, 1);
  g_assert_false (smb_self_blend (whole, fake, NULL, SIDE, points, NULL, 0.0, &rng));
}

static void
test_mirror (void)
{
  SmbPoint points[SMB_N_LANDMARKS], twice[SMB_N_LANDMARKS];

  template_face (points);
  memcpy (twice, points, sizeof points);
  smb_landmarks_mirror (twice, SIDE);
  for (int i = 0; i < SMB_N_LANDMARKS; i++) {
    /* The template is its own mirror image, about x = 40 + 88. */
    g_assert_cmpfloat_with_epsilon (twice[i].x - (SIDE - 1), points[i].x - 256.0, 1e-9);
    g_assert_cmpfloat_with_epsilon (twice[i].y, points[i].y, 1e-9);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/augment/self-blend/draws", test_draws);
  g_test_add_func ("/augment/self-blend/ease", test_ease);
  g_test_add_func ("/augment/self-blend/other", test_other);
  g_test_add_func ("/augment/self-blend/hulls", test_hulls);
  g_test_add_func ("/augment/self-blend/nothing", test_nothing_to_blend);
  g_test_add_func ("/augment/self-blend/mirror", test_mirror);
  return g_test_run ();
}
