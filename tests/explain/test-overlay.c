/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <string.h>

#include "explain/smb-overlay.h"

static const guint8 *
pixel (const guint8 *rgba, int width, int x, int y)
{
  return rgba + ((gsize) y * (gsize) width + (gsize) x) * 4;
}

/* Grey makes the interpolated number readable in the bytes. */
static void
test_bilinear (void)
{
  const SmbMapSpec spec = { .kind = SMB_MAP_ROLLOUT };
  const float values[] = { 0, 1, 2, 3 };
  g_autoptr (SmbMap) map = smb_map_new_grid (&spec, 2, 2, values);
  enum { W = 40, H = 20 };
  g_autofree guint8 *rgba = g_malloc (W * H * 4);

  g_assert_cmpfloat (map->min, ==, 0);
  g_assert_cmpfloat (map->max, ==, 3);
  smb_overlay_render (rgba, W, H, map, 0, 3, SMB_COLOURS_GREY, 1, NAN);
  for (int y = 0; y < H; y++)
    for (int x = 0; x < W; x++) {
      /* The plane v = u + 2 v between the centres, flat at the rim. */
      double u = CLAMP ((x + 0.5) / W * 2 - 0.5, 0, 1), v = CLAMP ((y + 0.5) / H * 2 - 0.5, 0, 1);
      double want = (u + 2 * v) / 3 * 255;
      const guint8 *px = pixel (rgba, W, x, y);

      g_assert_cmpfloat_with_epsilon (px[0], want, 0.51);
      g_assert_cmpint (px[1], ==, px[0]);
      g_assert_cmpint (px[2], ==, px[0]);
      g_assert_cmpint (px[3], ==, 255);
      g_assert_cmpfloat_with_epsilon (smb_overlay_value_at (map, (x + 0.5) / W, (y + 0.5) / H), u + 2 * v, 1e-12);
    }
  g_assert_true (isnan (smb_overlay_value_at (map, 1.01, 0.5)));
  g_assert_true (isnan (smb_overlay_value_at (map, 0.5, NAN)));
}

static void
test_holes_and_threshold (void)
{
  const SmbMapSpec spec = { .kind = SMB_MAP_ERROR };
  const float values[] = { 1, NAN, 1, 1 };
  g_autoptr (SmbMap) map = smb_map_new_grid (&spec, 2, 2, values);
  enum { S = 16 };
  guint8 rgba[S * S * 4];

  g_assert_cmpfloat (map->min, ==, 1);
  g_assert_cmpfloat (map->max, ==, 1);
  memset (rgba, 0xaa, sizeof rgba);
  smb_overlay_render (rgba, S, S, map, 0, 2, SMB_COLOURS_GREY, 0.5, NAN);
  for (int y = 0; y < S; y++)
    for (int x = 0; x < S; x++) {
      const guint8 *px = pixel (rgba, S, x, y);
      gboolean hole = x >= S / 2 && y < S / 2;

      /* Premultiplied: half of grey 128 under half opacity; nothing of the hole blends in. */
      g_assert_cmpint (px[3], ==, hole ? 0 : 128);
      g_assert_cmpint (px[0], ==, hole ? 0 : 64);
    }
  smb_overlay_render (rgba, S, S, map, 0, 2, SMB_COLOURS_GREY, 1, 1.0);
  g_assert_cmpint (pixel (rgba, S, 0, 0)[3], ==, 255);
  smb_overlay_render (rgba, S, S, map, 0, 2, SMB_COLOURS_GREY, 1, 1.0001);
  g_assert_cmpint (pixel (rgba, S, 0, 0)[3], ==, 0);
  /* A scale of no width does not divide by zero. */
  smb_overlay_render (rgba, S, S, map, 1, 1, SMB_COLOURS_GREY, 1, NAN);
  g_assert_cmpint (pixel (rgba, S, 0, 0)[0], ==, 0);
  g_assert_cmpint (pixel (rgba, S, 0, 0)[3], ==, 255);
}

static void
test_colour_order (void)
{
  const SmbMapSpec spec = { .kind = SMB_MAP_ROLLOUT };
  const float value = 0;
  g_autoptr (SmbMap) map = smb_map_new_grid (&spec, 1, 1, &value);
  guint8 rgba[4];

  smb_overlay_render (rgba, 1, 1, map, 0, 1, SMB_COLOURS_VIRIDIS, 1, NAN);
  g_assert_cmpmem (rgba, 4, ((guint8[]){ 0x54, 0x01, 0x44, 0xff }), 4);
}

static void
test_picture (void)
{
  const SmbMapSpec spec = { .kind = SMB_MAP_RECONSTRUCTION };
  const guint8 rgb[] = { 255, 0, 0, 0, 255, 0, 0, 0, 255, 100, 100, 100 };
  g_autoptr (SmbMap) map = smb_map_new_rgb (&spec, 2, rgb);
  guint8 rgba[4 * 4 * 4];

  smb_overlay_render (rgba, 2, 2, map, 0, 0, SMB_COLOURS_GREY, 1, 5);
  g_assert_cmpmem (rgba, 4, ((guint8[]){ 0, 0, 255, 255 }), 4);
  g_assert_cmpmem (rgba + 12, 4, ((guint8[]){ 100, 100, 100, 255 }), 4);
  smb_overlay_render (rgba, 4, 4, map, 0, 0, SMB_COLOURS_GREY, 0, NAN);
  for (guint i = 0; i < sizeof rgba; i++)
    g_assert_cmpint (rgba[i], ==, 0);
  g_assert_true (isnan (smb_overlay_value_at (map, 0.5, 0.5)));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/overlay/bilinear", test_bilinear);
  g_test_add_func ("/overlay/holes-and-threshold", test_holes_and_threshold);
  g_test_add_func ("/overlay/colour-order", test_colour_order);
  g_test_add_func ("/overlay/picture", test_picture);
  return g_test_run ();
}
