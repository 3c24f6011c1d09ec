/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/smb-hash.h"
#include "face/smb-face.h"

static void
assert_box (SmbBox got, SmbBox want)
{
  g_test_message ("%d %d %d %d", got.x, got.y, got.width, got.height);
  g_assert_cmpint (got.x, ==, want.x);
  g_assert_cmpint (got.y, ==, want.y);
  g_assert_cmpint (got.width, ==, want.width);
  g_assert_cmpint (got.height, ==, want.height);
}

/* Each line worked out by hand from the published rule. */
static void
test_rule (void)
{
  /* Edges 100..199 and 50..149: s = int (99 * 1.3) = 128, centre 149, 99 -> 149 - 64, 99 - 64. */
  assert_box (smb_face_crop_box ((SmbBox){ 100, 50, 100, 100 }, 1000, 1000), (SmbBox){ 85, 35, 128, 128 });
  /* Edges 10..20, 10..17: s = int (13.0) = 13, halves 15 - 6, 13 - 6. */
  assert_box (smb_face_crop_box ((SmbBox){ 10, 10, 11, 8 }, 100, 100), (SmbBox){ 9, 7, 13, 13 });
  /* Leaning out on the left and above: the centre is floored (-1 / 2 = -1), the corner held at 0; s stays. */
  assert_box (smb_face_crop_box ((SmbBox){ -20, -10, 40, 40 }, 100, 100), (SmbBox){ 0, 0, 50, 50 });
  /* Clipped on the right, then below: still square, no longer about the centre. */
  assert_box (smb_face_crop_box ((SmbBox){ 60, 20, 40, 40 }, 100, 100), (SmbBox){ 54, 14, 46, 46 });
  assert_box (smb_face_crop_box ((SmbBox){ 60, 70, 40, 40 }, 100, 100), (SmbBox){ 54, 64, 36, 36 });
  /* Beside the picture, or of no size. */
  assert_box (smb_face_crop_box ((SmbBox){ 500, 20, 40, 40 }, 100, 100), (SmbBox){ 0 });
  assert_box (smb_face_crop_box ((SmbBox){ 5, 5, 0, 10 }, 100, 100), (SmbBox){ 0 });
  assert_box (smb_face_crop_box ((SmbBox){ G_MININT, G_MININT, G_MAXINT, G_MAXINT }, 100, 100),
              (SmbBox){ 0, 0, 100, 100 });
}

static void
test_square (void)
{
  assert_box (smb_face_square_box ((SmbBox){ 10, 20, 30, 30 }, 100, 100), (SmbBox){ 10, 20, 30, 30 });
  /* The short side grows about the centre, and the square is pushed back inside. */
  assert_box (smb_face_square_box ((SmbBox){ 40, 20, 10, 30 }, 100, 100), (SmbBox){ 30, 20, 30, 30 });
  assert_box (smb_face_square_box ((SmbBox){ 0, 20, 10, 30 }, 100, 100), (SmbBox){ 0, 20, 30, 30 });
  assert_box (smb_face_square_box ((SmbBox){ 80, 90, 50, 50 }, 100, 100), (SmbBox){ 80, 80, 20, 20 });
  /* No room: the long side is cut. */
  assert_box (smb_face_square_box ((SmbBox){ 0, 0, 200, 50 }, 200, 60), (SmbBox){ 70, 0, 60, 60 });
  assert_box (smb_face_square_box ((SmbBox){ -30, 0, 20, 20 }, 100, 100), (SmbBox){ 0 });
  assert_box (smb_face_square_box ((SmbBox){ G_MAXINT, 0, G_MAXINT, 5 }, 100, 100), (SmbBox){ 0 });
  assert_box (smb_face_square_box ((SmbBox){ 5, 5, -3, 4 }, 100, 100), (SmbBox){ 0 });
}

static SmbImage *
noise_image (int width, int height)
{
  gsize n = (gsize) width * (gsize) height * 3;
  guint8 *rgb = g_malloc (n);
  g_autoptr (GBytes) bytes = NULL;
  guint32 state = 12345;

  for (gsize i = 0; i < n; i++) {
    state = state * 1664525u + 1013904223u;
    rgb[i] = (guint8) (state >> 24);
  }
  bytes = g_bytes_new_take (rgb, n);
  return smb_image_new (width, height, bytes);
}

/* Expected hashes: crop, resize (and crop again) of Pillow 9.5. */
static void
test_resize (void)
{
  g_autoptr (SmbImage) image = noise_image (61, 47);
  g_autofree guint8 *straight = smb_face_crop_resize (image, (SmbBox){ 10, 5, 37, 37 }, 32);
  g_autofree guint8 *centre = smb_face_crop_resize_centre (image, (SmbBox){ 10, 5, 37, 37 }, 32);
  g_autofree char *sha_straight = smb_sha256_of_bytes (straight, 32 * 32 * 3);
  g_autofree char *sha_centre = smb_sha256_of_bytes (centre, 32 * 32 * 3);
  g_autofree guint8 *clipped = NULL, *inside = NULL;

  g_assert_cmpstr (sha_straight, ==, "52f9847c383c2cf00e40d17af31d381d44020e922d02e91fa5dbb1b6a0dc0fd4");
  g_assert_cmpstr (sha_centre, ==, "1e23ff296a738703ffef959d027154a6cbcd9395d50cb69e7ffd8b94cb21eab3");
  clipped = smb_face_crop_resize (image, (SmbBox){ -10, -10, 30, 30 }, 16);
  inside = smb_face_crop_resize (image, (SmbBox){ 0, 0, 20, 20 }, 16);
  g_assert_cmpmem (clipped, 16 * 16 * 3, inside, 16 * 16 * 3);
  g_assert_null (smb_face_crop_resize (image, (SmbBox){ 61, 0, 10, 10 }, 16));
  g_assert_null (smb_face_crop_resize_centre (image, (SmbBox){ 5, 5, 0, 10 }, 16));
}

static void
test_centre_area (void)
{
  double area[4];

  smb_face_centre_area ((SmbBox){ 100, 50, 256, 512 }, 224, area);
  g_assert_cmpfloat (area[0], ==, 116);
  g_assert_cmpfloat (area[1], ==, 82);
  g_assert_cmpfloat (area[2], ==, 224);
  g_assert_cmpfloat (area[3], ==, 448);
}

static void
test_normalise (void)
{
  const double mean[3] = { 0.5, 0.25, 0.485 }, std[3] = { 0.5, 0.1, 0.229 };
  const guint8 rgb[] = { 0, 51, 128, 255, 255, 0, 1, 2, 3, 4, 5, 6 };
  float out[12];

  smb_face_normalise (out, rgb, 2, mean, std);
  for (int c = 0; c < 3; c++)
    for (int i = 0; i < 4; i++)
      g_assert_cmpfloat_with_epsilon (out[c * 4 + i], (rgb[i * 3 + c] / 255.0 - mean[c]) / std[c], 2e-6);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/crop/rule", test_rule);
  g_test_add_func ("/crop/square", test_square);
  g_test_add_func ("/crop/resize", test_resize);
  g_test_add_func ("/crop/centre-area", test_centre_area);
  g_test_add_func ("/crop/normalise", test_normalise);
  return g_test_run ();
}
