/* SPDX-License-Identifier: Apache-2.0 */
#include "base/smb-image.h"

/* A picture whose pixel (x, y) is (x, y, 7). */
static SmbImage *
ramp (int width, int height)
{
  guint8 *pixels = g_malloc ((gsize) width * (gsize) height * 3);
  g_autoptr (GBytes) bytes = NULL;

  for (int y = 0; y < height; y++)
    for (int x = 0; x < width; x++) {
      guint8 *p = pixels + (y * width + x) * 3;

      p[0] = (guint8) x;
      p[1] = (guint8) y;
      p[2] = 7;
    }
  bytes = g_bytes_new_take (pixels, (gsize) width * (gsize) height * 3);
  return smb_image_new (width, height, bytes);
}

static void
assert_crop (const SmbImage *image, SmbBox box, SmbBox want)
{
  g_autoptr (SmbImage) crop = smb_image_crop (image, box);

  g_assert_nonnull (crop);
  g_assert_cmpint (crop->width, ==, want.width);
  g_assert_cmpint (crop->height, ==, want.height);
  for (int y = 0; y < want.height; y++)
    for (int x = 0; x < want.width; x++) {
      const guint8 *p = smb_image_get_pixels (crop) + (y * want.width + x) * 3;

      g_assert_cmpint (p[0], ==, want.x + x);
      g_assert_cmpint (p[1], ==, want.y + y);
      g_assert_cmpint (p[2], ==, 7);
    }
}

static void
crop (void)
{
  g_autoptr (SmbImage) image = ramp (20, 11);

  assert_crop (image, (SmbBox){ 0, 0, 20, 11 }, (SmbBox){ 0, 0, 20, 11 });
  assert_crop (image, (SmbBox){ 3, 4, 5, 6 }, (SmbBox){ 3, 4, 5, 6 });
  assert_crop (image, (SmbBox){ 19, 10, 1, 1 }, (SmbBox){ 19, 10, 1, 1 });
  assert_crop (image, (SmbBox){ -5, -2, 8, 4 }, (SmbBox){ 0, 0, 3, 2 });
  assert_crop (image, (SmbBox){ 15, 9, 100, 100 }, (SmbBox){ 15, 9, 5, 2 });
}

static void
crop_of_nothing (void)
{
  g_autoptr (SmbImage) image = ramp (20, 11);
  static const SmbBox outside[] = {
    { 20, 0, 5, 5 }, { 0, 11, 5, 5 }, { -5, 0, 5, 5 }, { 0, -9, 5, 9 }, { 3, 3, 0, 4 }, { 3, 3, 4, -1 },
    { G_MAXINT, 0, G_MAXINT, 5 }, { G_MININT, 0, 10, 5 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (outside); i++)
    g_assert_null (smb_image_crop (image, outside[i]));
  assert_crop (image, (SmbBox){ 18, 9, G_MAXINT, G_MAXINT }, (SmbBox){ 18, 9, 2, 2 });
}

/* The picture lives as long as its last reference, and its bytes with it. */
static void
lifetime (void)
{
  SmbImage *image = ramp (2, 2), *second = smb_image_ref (image);

  g_assert_true (second == image);
  smb_image_unref (image);
  g_assert_cmpint (smb_image_get_pixels (second)[3], ==, 1);
  smb_image_unref (second);
}

static void
overlap (void)
{
  SmbBox a = { 0, 0, 10, 10 };

  g_assert_cmpfloat (smb_box_iou (a, a), ==, 1.0);
  g_assert_cmpfloat (smb_box_iou (a, (SmbBox){ 10, 0, 10, 10 }), ==, 0.0);
  g_assert_cmpfloat (smb_box_iou (a, (SmbBox){ -20, -20, 10, 10 }), ==, 0.0);
  g_assert_cmpfloat_with_epsilon (smb_box_iou (a, (SmbBox){ 5, 0, 10, 10 }), 50.0 / 150, 1e-12);
  g_assert_cmpfloat_with_epsilon (smb_box_iou (a, (SmbBox){ -5, -5, 10, 10 }), 25.0 / 175, 1e-12);
  g_assert_cmpfloat_with_epsilon (smb_box_iou (a, (SmbBox){ 2, 2, 5, 5 }), 0.25, 1e-12);
  g_assert_cmpfloat (smb_box_iou ((SmbBox){ 0 }, (SmbBox){ 0 }), ==, 0.0);
  g_assert_cmpfloat_with_epsilon (
      smb_box_iou ((SmbBox){ G_MAXINT, 0, G_MAXINT, 4 }, (SmbBox){ G_MAXINT, 0, G_MAXINT, 4 }), 1.0, 1e-12);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/base/image/crop", crop);
  g_test_add_func ("/base/image/crop-of-nothing", crop_of_nothing);
  g_test_add_func ("/base/image/lifetime", lifetime);
  g_test_add_func ("/base/image/overlap", overlap);
  return g_test_run ();
}
