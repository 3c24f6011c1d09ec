/* SPDX-License-Identifier: Apache-2.0 */
/* The search for faces against dlib's own, to the last bit, and its kernels against each other. */
#include <stdlib.h>
#include <string.h>

#include "base/smb-rng.h"
#include "face/smb-face-dlib.h"
#include "face/smb-hog.h"

#include "sample.h"

static SmbDlibDetector *detector;

/* Smooth blotches, with noise on them. */
static guint8 *
blotches (int width, int height, guint64 seed)
{
  guint8 *rgb = g_malloc ((gsize) width * (gsize) height * 3);
  SmbRng rng;

  smb_rng_init (&rng, seed, 0);
  for (int y = 0; y < height; y++)
    for (int x = 0; x < width; x++)
      for (int c = 0; c < 3; c++)
        rgb[3 * (y * width + x) + c]
            = (guint8) ((x * x / 90 + y * (c + 1) / 2 + ((x / 23) ^ (y / 17)) * 9 + (int) (40 * smb_rng_uniform (&rng)))
                        & 255);
  return rgb;
}

static void
compare (const guint8 *rgb, int width, int height, int upsample, int threads, guint *n_seen)
{
  char message[SMB_DLIB_MESSAGE_BYTES] = "";
  SmbDlibFace *own = NULL, *plain = NULL;
  size_t n_own = 0, n_plain = 0;

  g_assert_cmpint (smb_dlib_detect (detector, rgb, width, height, upsample, threads, &own, &n_own, message), ==,
                   SMB_DLIB_OK);
  g_assert_cmpint (smb_dlib_detect_plain (detector, rgb, width, height, upsample, &plain, &n_plain, message), ==,
                   SMB_DLIB_OK);
  g_test_message ("%d x %d, doubled %d times: %zu and %zu faces", width, height, upsample, n_own, n_plain);
  g_assert_cmpuint (n_own, ==, n_plain);
  for (size_t i = 0; i < n_own; i++) {
    g_assert_cmpint (own[i].left, ==, plain[i].left);
    g_assert_cmpint (own[i].top, ==, plain[i].top);
    g_assert_cmpint (own[i].right, ==, plain[i].right);
    g_assert_cmpint (own[i].bottom, ==, plain[i].bottom);
    g_assert_cmpfloat (own[i].score, ==, plain[i].score);
  }
  *n_seen += (guint) n_own;
  free (own);
  free (plain);
}

static void
test_samples (void)
{
  static const char *const names[] = { "18f-brethauer.jpg", "18f-melody.jpg", "nasa-astronaut.png" };
  guint n_seen = 0;

  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autoptr (SmbImage) image = sample_load (names[i]);

    for (int threads = 1; threads <= 3; threads++)
      compare (smb_image_get_pixels (image), image->width, image->height, threads == 2, threads, &n_seen);
  }
  g_assert_cmpuint (n_seen, >=, 9);
}

/* Odd sides, with a face in them and more than one doubling; and sides too short for a filter. */
static void
test_sizes (void)
{
  static const struct {
    int width, height, upsample, threads;
  } faces[] = { { 241, 233, 0, 2 }, { 197, 250, 1, 2 }, { 250, 203, 1, 3 }, { 203, 211, 2, 2 }, { 222, 199, 0, 1 } },
    small[] = { { 1, 1, 0, 1 },   { 1, 1, 2, 2 },    { 2, 300, 1, 2 },  { 300, 3, 1, 2 }, { 79, 80, 0, 2 },
                { 80, 79, 1, 2 }, { 81, 97, 0, 2 },  { 131, 83, 1, 2 }, { 64, 64, 3, 2 } };
  g_autoptr (SmbImage) image = sample_load ("18f-melody.jpg");
  const guint8 *pixels = smb_image_get_pixels (image);
  guint n_seen = 0;

  for (guint i = 0; i < G_N_ELEMENTS (faces); i++) {
    const int width = faces[i].width, height = faces[i].height;
    g_autofree guint8 *rgb = g_malloc ((gsize) (width * height * 3));
    guint before = n_seen;

    g_assert_true (width <= image->width && height <= image->height);
    for (int y = 0; y < height; y++)
      memcpy (rgb + 3 * y * width, pixels + 3 * y * image->width, (gsize) (3 * width));
    compare (rgb, width, height, faces[i].upsample, faces[i].threads, &n_seen);
    g_assert_cmpuint (n_seen, >, before);
  }
  for (guint i = 0; i < G_N_ELEMENTS (small); i++) {
    g_autofree guint8 *rgb = blotches (small[i].width, small[i].height, i);

    compare (rgb, small[i].width, small[i].height, small[i].upsample, small[i].threads, &n_seen);
  }
}

/* The copies for other processors give the same bytes. */
static void
test_copies (void)
{
  const SmbHogKernels *copies[SMB_HOG_COPIES];
  const int n_copies = smb_hog_kernels (copies);
  const long width = 203, height = 117, rows = (height + 4) / 8, columns = (width + 4) / 8;
  const long wide = columns - 3 + SMB_HOG_TAPS, high = rows - 3 + SMB_HOG_TAPS;
  const gsize cells = (gsize) wide * (gsize) high,
              n_hist = (gsize) (rows + 2) * (gsize) (columns + 2) * SMB_HOG_DIRECTION;
  g_autofree guint8 *rgb = g_realloc (blotches ((int) width, (int) height, 5), (gsize) (width * height * 3 + 64));
  g_autofree float *scratch = g_new (float, MAX (9 * (gsize) (width + 16), cells)),
                   *taps = g_new (float, 4 * SMB_HOG_TAPS);
  const SmbHogTerm terms[] = { { 0, taps, taps + 10 }, { 19, taps + 20, taps + 30 } };
  const SmbHogPicture picture = { rgb, width, height, 3 * width };
  guint8 *tables[SMB_HOG_COPIES] = { NULL };
  float *hist[SMB_HOG_COPIES] = { NULL }, *planes[SMB_HOG_COPIES] = { NULL }, *says[SMB_HOG_COPIES] = { NULL };
  SmbRng rng;

  smb_rng_init (&rng, 3, 0);
  for (int i = 0; i < 4 * SMB_HOG_TAPS; i++)
    taps[i] = (float) (smb_rng_uniform (&rng) - 0.5);
  for (int k = 0; k < n_copies; k++) {
    tables[k] = g_new0 (guint8, SMB_HOG_TABLE);
    hist[k] = g_new0 (float, n_hist);
    planes[k] = g_new0 (float, SMB_HOG_PLANES * cells);
    says[k] = g_new0 (float, cells);
    copies[k]->fill_directions (tables[k]);
    copies[k]->gather (hist[k], &picture, rows, columns, tables[k], scratch);
    copies[k]->features (planes[k], hist[k], scratch, rows, columns);
    copies[k]->filter (says[k], planes[k], wide, high, terms, 2, scratch);
    g_assert_cmpmem (tables[0], SMB_HOG_TABLE, tables[k], SMB_HOG_TABLE);
    g_assert_cmpmem (hist[0], n_hist * sizeof (float), hist[k], n_hist * sizeof (float));
    g_assert_cmpmem (planes[0], SMB_HOG_PLANES * cells * sizeof (float), planes[k],
                     SMB_HOG_PLANES * cells * sizeof (float));
    g_assert_cmpmem (says[0], cells * sizeof (float), says[k], cells * sizeof (float));
  }
  for (int k = 0; k < n_copies; k++) {
    g_free (tables[k]);
    g_free (hist[k]);
    g_free (planes[k]);
    g_free (says[k]);
  }
}

static void
test_copies_resize (void)
{
  const SmbHogKernels *copies[SMB_HOG_COPIES];
  const int n_copies = smb_hog_kernels (copies);
  const long in_width = 61, out_width = 101, bulk = 92;
  g_autofree guint8 *rgb = g_realloc (blotches ((int) in_width, 2, 6), 2 * 61 * 3 + 64);
  g_autofree int *left = g_new (int, out_width);
  g_autofree float *share = g_new (float, bulk);
  g_autofree double *shares = g_new (double, out_width);
  const SmbHogScale scale = { bulk, left, share, shares };
  guint8 out[SMB_HOG_COPIES][101 * 3 + 64] = { { 0 } };

  for (long c = 0; c < out_width; c++) {
    double x = (double) c * 60 / 100;

    left[c] = (int) x;
    shares[c] = x - left[c];
    if (c < bulk)
      share[c] = (float) shares[c];
  }
  for (int k = 0; k < n_copies; k++) {
    copies[k]->resize_row (out[k], rgb, rgb + 3 * in_width, 0.37, in_width, out_width, &scale);
    g_assert_cmpmem (out[0], 101 * 3, out[k], 101 * 3);
  }
}

int
main (int argc, char **argv)
{
  char message[SMB_DLIB_MESSAGE_BYTES] = "";
  int status;

  g_test_init (&argc, &argv, NULL);
  g_assert_cmpint (smb_dlib_detector_new (&detector, message), ==, SMB_DLIB_OK);
  g_test_add_func ("/hog/samples", test_samples);
  g_test_add_func ("/hog/sizes", test_sizes);
  g_test_add_func ("/hog/copies", test_copies);
  g_test_add_func ("/hog/copies-resize", test_copies_resize);
  status = g_test_run ();
  smb_dlib_detector_free (detector);
  return status;
}
