/* SPDX-License-Identifier: Apache-2.0 */
#include "base/smb-error.h"
#include "base/smb-rng.h"
#include "media/smb-picture-map.h"

#include <math.h>
#include <stdlib.h>

enum { WIDTH = 37, HEIGHT = 21 };

static SmbImage *
picture (int width, int height, guint8 (*value) (int x, int y, int c, SmbRng *rng))
{
  guint8 *rgb = g_malloc ((gsize) width * (gsize) height * 3);
  g_autoptr (GBytes) bytes = g_bytes_new_take (rgb, (gsize) width * (gsize) height * 3);
  SmbRng rng;

  smb_rng_init (&rng, 3, 0);
  for (int i = 0; i < width * height * 3; i++)
    rgb[i] = value (i / 3 % width, i / 3 / width, i % 3, &rng);
  return smb_image_new (width, height, bytes);
}

static guint8
noise (int x, int y, int c, SmbRng *rng)
{
  return (guint8) smb_rng_u32 (rng);
}

static guint8
even (int x, int y, int c, SmbRng *rng)
{
  return (guint8) (40 * c + 50);
}

/* Smooth on the left, fine stripes on the right. */
static guint8
halves (int x, int y, int c, SmbRng *rng)
{
  return (guint8) (x < 64 ? y : x * 97 + y * 61);
}

static int
compare (const void *a, const void *b)
{
  const double x = *(const double *) a, y = *(const double *) b;

  return (x > y) - (x < y);
}

/* Against the median by sorting, in float64, edges repeated. */
static void
test_noise (void)
{
  g_autoptr (SmbImage) image = picture (WIDTH, HEIGHT, noise);
  g_autoptr (GError) error = NULL;
  g_autoptr (SmbPictureMap) map = smb_picture_map_make (SMB_PICTURE_MAP_NOISE, 90, image, NULL, &error);
  const guint8 *rgb = smb_image_get_pixels (image);

  g_assert_no_error (error);
  g_assert_cmpint (map->step_px, ==, 1);
  for (int y = 0; y < HEIGHT; y++)
    for (int x = 0; x < WIDTH; x++) {
      double window[9], centre;

      for (int k = 0; k < 9; k++) {
        const guint8 *p
            = rgb + (CLAMP (y + k / 3 - 1, 0, HEIGHT - 1) * WIDTH + CLAMP (x + k % 3 - 1, 0, WIDTH - 1)) * 3;

        window[k] = 0.299 * p[0] + 0.587 * p[1] + 0.114 * p[2];
      }
      centre = window[4];
      qsort (window, 9, sizeof *window, compare);
      g_assert_cmpfloat_with_epsilon (map->values[y * WIDTH + x], fabs (centre - window[4]), 1e-3);
    }
}

static void
test_ela (void)
{
  g_autoptr (SmbImage) flat = picture (40, 24, even), two = picture (128, 64, halves);
  g_autoptr (GError) error = NULL;
  g_autoptr (SmbPictureMap) none = smb_picture_map_make (SMB_PICTURE_MAP_ELA, 90, flat, NULL, &error);
  g_autoptr (SmbPictureMap) map = smb_picture_map_make (SMB_PICTURE_MAP_ELA, 90, two, NULL, &error);
  g_autoptr (SmbPictureMap) coarse = smb_picture_map_make (SMB_PICTURE_MAP_ELA, 30, two, NULL, &error);
  double left = 0, right = 0, right_coarse = 0;

  g_assert_no_error (error);
  g_assert_cmpfloat (none->max, <, 3); /* an even picture loses next to nothing */
  for (int y = 0; y < 64; y++)
    for (int x = 0; x < 48; x++) {
      left += (double) map->values[y * 128 + x];
      right += (double) map->values[y * 128 + 80 + x];
      right_coarse += (double) coarse->values[y * 128 + 80 + x];
    }
  g_assert_cmpfloat (right, >, 4 * left);
  g_assert_cmpfloat (smb_picture_map_percentile (map, 0), ==, map->min);
  g_assert_cmpfloat (smb_picture_map_percentile (map, 100), ==, map->max);
  g_assert_cmpfloat (smb_picture_map_percentile (map, 50), <, smb_picture_map_percentile (map, 90));
  g_assert_cmpfloat (right_coarse, >, right);
}

/* Beyond the largest side each value is a mean, those at the edge of fewer pixels. */
static void
test_large (void)
{
  g_autoptr (SmbImage) image = picture (SMB_PICTURE_MAP_MAX_SIDE * 2 + 3, 5, even);
  g_autoptr (GCancellable) cancelled = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (SmbPictureMap) map = smb_picture_map_make (SMB_PICTURE_MAP_NOISE, 90, image, NULL, &error), copy = NULL,
                            bad = NULL;

  g_assert_no_error (error);
  g_assert_cmpint (map->step_px, ==, 3);
  g_assert_cmpint (map->columns, ==, (SMB_PICTURE_MAP_MAX_SIDE * 2 + 3 + 2) / 3);
  g_assert_cmpint (map->rows, ==, 2);
  g_assert_cmpfloat (map->max, ==, 0);
  copy = smb_picture_map_new (map->kind, 90, image->width, image->height, map->columns, map->rows, map->values);
  g_assert_nonnull (copy);
  bad = smb_picture_map_new (map->kind, 90, image->width, image->height, map->columns, map->rows + 1, map->values);
  g_assert_null (bad);
  map->values[1] = NAN;
  g_assert_null (
      smb_picture_map_new (map->kind, 90, image->width, image->height, map->columns, map->rows, map->values));
  g_cancellable_cancel (cancelled);
  for (int kind = 0; kind < SMB_N_PICTURE_MAPS; kind++) {
    g_assert_null (smb_picture_map_make ((SmbPictureMapKind) kind, 90, image, cancelled, &error));
    g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
    g_clear_error (&error);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/picture-map/noise", test_noise);
  g_test_add_func ("/picture-map/ela", test_ela);
  g_test_add_func ("/picture-map/large", test_large);
  return g_test_run ();
}
