/* SPDX-License-Identifier: Apache-2.0 */
/* The canvas draws what it is told, pixel by pixel: the picture in place, the map over its area and nowhere else. */
#include "smb-canvas.h"

#include <math.h>

#define VIEW 240

/* A grey picture as large as the view, so that one picture pixel is one screen pixel. */
static SmbTiles *
grey_picture (void)
{
  guint8 *rgb = g_malloc (VIEW * VIEW * 3);
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (SmbImage) image = NULL;

  memset (rgb, 100, VIEW * VIEW * 3);
  bytes = g_bytes_new_take (rgb, VIEW * VIEW * 3);
  image = smb_image_new (VIEW, VIEW, bytes);
  return smb_tiles_new (image);
}

static SmbMap *
half_map (void)
{
  SmbMapSpec spec = smb_map_spec_default (SMB_MAP_ROLLOUT);
  float values[4] = { 0.0f, 1.0f, 0.0f, 1.0f };

  return smb_map_new_grid (&spec, 2, 2, values);
}

/* What the widget paints, as RGBA premultiplied. */
static guchar *
paint (GtkWidget *widget)
{
  g_autoptr (GtkSnapshot) snapshot = gtk_snapshot_new ();
  g_autoptr (GskRenderNode) node = NULL;
  g_autoptr (GskRenderer) renderer = gsk_cairo_renderer_new ();
  g_autoptr (GdkTexture) texture = NULL;
  g_autoptr (GError) error = NULL;
  guchar *pixels = g_malloc0 (VIEW * VIEW * 4);

  GTK_WIDGET_GET_CLASS (widget)->snapshot (widget, snapshot);
  node = gtk_snapshot_to_node (snapshot);
  g_assert_nonnull (node);
  g_assert_true (gsk_renderer_realize (renderer, NULL, &error));
  g_assert_no_error (error);
  texture = gsk_renderer_render_texture (renderer, node, &GRAPHENE_RECT_INIT (0, 0, VIEW, VIEW));
  gdk_texture_download (texture, pixels, VIEW * 4);
  gsk_renderer_unrealize (renderer);
  return pixels;
}

static SmbCanvas *
make_canvas (void)
{
  SmbCanvas *canvas = g_object_ref_sink (g_object_new (SMB_TYPE_CANVAS, NULL));
  SmbOverlayLook look = { .opacity = 1.0, .threshold = 0.0, .colours = SMB_COLOURS_GREY, .legend = FALSE };
  g_autoptr (SmbTiles) picture = grey_picture ();

  gtk_widget_measure (GTK_WIDGET (canvas), GTK_ORIENTATION_HORIZONTAL, -1, NULL, NULL, NULL, NULL);
  gtk_widget_size_allocate (GTK_WIDGET (canvas), &(GtkAllocation){ 0, 0, VIEW, VIEW }, -1);
  smb_canvas_set_picture (canvas, SMB_SIDE_A, picture, NULL);
  smb_canvas_set_look (canvas, &look);
  return canvas;
}

/* Blue, green and red are alike in a grey picture. */
static int
grey_at (const guchar *pixels, int x, int y)
{
  return pixels[(y * VIEW + x) * 4];
}

static void
test_picture (void)
{
  g_autoptr (SmbCanvas) canvas = make_canvas ();
  g_autofree guchar *pixels = paint (GTK_WIDGET (canvas));

  g_assert_cmpfloat (smb_canvas_get_viewport (canvas)->scale, ==, 1.0);
  g_assert_cmpint (grey_at (pixels, 5, 5), ==, 100);
  g_assert_cmpint (grey_at (pixels, VIEW - 5, VIEW - 5), ==, 100);
}

static void
test_overlay (void)
{
  g_autoptr (SmbCanvas) canvas = make_canvas ();
  g_autoptr (SmbMap) map = half_map ();
  SmbOverlayLook look = { .opacity = 1.0, .threshold = 0.5, .colours = SMB_COLOURS_GREY, .legend = FALSE };
  g_autofree guchar *full = NULL;
  g_autofree guchar *cut = NULL;

  smb_canvas_set_map (canvas, SMB_SIDE_A, map, (SmbViewRect){ 60, 60, 80, 80 }, "map", "");
  full = paint (GTK_WIDGET (canvas));
  g_assert_cmpint (grey_at (full, 50, 100), ==, 100);
  g_assert_cmpint (grey_at (full, 150, 100), ==, 100);
  g_assert_cmpint (grey_at (full, 64, 100), <, 40);
  g_assert_cmpint (grey_at (full, 136, 100), >, 215);
  /* Under the threshold the picture shows through. */
  smb_canvas_set_look (canvas, &look);
  cut = paint (GTK_WIDGET (canvas));
  g_assert_cmpint (grey_at (cut, 64, 100), ==, 100);
  g_assert_cmpint (grey_at (cut, 136, 100), >, 215);
}

static void
test_opacity (void)
{
  g_autoptr (SmbCanvas) canvas = make_canvas ();
  g_autoptr (SmbMap) map = half_map ();
  SmbOverlayLook look = { .opacity = 0.5, .threshold = 0.0, .colours = SMB_COLOURS_GREY, .legend = FALSE };
  g_autofree guchar *pixels = NULL;

  smb_canvas_set_map (canvas, SMB_SIDE_A, map, (SmbViewRect){ 60, 60, 80, 80 }, "map", "");
  smb_canvas_set_look (canvas, &look);
  pixels = paint (GTK_WIDGET (canvas));
  /* Half of white (255) over half of 100. */
  g_assert_cmpint (ABS (grey_at (pixels, 138, 100) - 177), <, 8);
}

static void
test_value (void)
{
  g_autoptr (SmbCanvas) canvas = make_canvas ();
  g_autoptr (SmbMap) map = half_map ();
  int row, column;

  smb_canvas_set_map (canvas, SMB_SIDE_A, map, (SmbViewRect){ 60, 60, 80, 80 }, "map", "");
  g_assert_true (isnan (smb_canvas_get_map_value (canvas, SMB_SIDE_A, 10, 10, NULL, NULL)));
  g_assert_cmpfloat_with_epsilon (smb_canvas_get_map_value (canvas, SMB_SIDE_A, 135, 70, &row, &column), 1.0, 1e-6);
  g_assert_cmpint (row, ==, 0);
  g_assert_cmpint (column, ==, 1);
}

/* A picture of many tiles and levels: a ramp from left to right, with a bright spot. */
static SmbTiles *
ramp (int width, int height)
{
  guint8 *rgb = g_malloc ((gsize) width * (gsize) height * 3);
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (SmbImage) image = NULL;

  for (int y = 0; y < height; y++)
    for (int x = 0; x < width; x++)
      memset (rgb + ((gsize) y * (gsize) width + (gsize) x) * 3,
              x == width / 2 && y == height / 2 ? 255 : x * 200 / width, 3);
  bytes = g_bytes_new_take (rgb, (gsize) width * (gsize) height * 3);
  image = smb_image_new (width, height, bytes);
  return smb_tiles_new (image);
}

/* Fitted, a large picture is a smooth ramp: no seam between tiles, no row or column out of place. */
static void
test_tiles (void)
{
  g_autoptr (SmbCanvas) canvas = make_canvas ();
  g_autoptr (SmbTiles) tiles = ramp (2401, 2401);
  g_autofree guchar *fitted = NULL;
  g_autofree guchar *close_up = NULL;

  smb_canvas_set_picture (canvas, SMB_SIDE_A, tiles, NULL);
  fitted = paint (GTK_WIDGET (canvas));
  for (int y = 2; y < VIEW - 2; y++)
    for (int x = 2; x < VIEW - 2; x++)
      if (ABS (x - VIEW / 2) > 2 || ABS (y - VIEW / 2) > 2)
        g_assert_cmpint (ABS (grey_at (fitted, x, y) - x * 200 / VIEW), <=, 2);
  /* Close up, a pixel is a sharp square. */
  smb_canvas_set_scale (canvas, 16.0);
  close_up = paint (GTK_WIDGET (canvas));
  g_assert_cmpint (grey_at (close_up, VIEW / 2, VIEW / 2), ==, 255);
  g_assert_cmpint (grey_at (close_up, VIEW / 2 - 12, VIEW / 2), <, 110);
  g_assert_cmpint (grey_at (close_up, VIEW / 2 + 12, VIEW / 2), <, 110);
}

/* Beside each other the two sides show the same place; under the divider each shows its own half of it. */
static void
test_two_sides (void)
{
  g_autoptr (SmbCanvas) canvas = make_canvas ();
  g_autoptr (SmbTiles) other = ramp (VIEW, VIEW);
  g_autofree guchar *beside = NULL;
  g_autofree guchar *swipe = NULL;

  smb_canvas_set_picture (canvas, SMB_SIDE_B, other, NULL);
  smb_canvas_set_mode (canvas, SMB_CANVAS_SWIPE);
  swipe = paint (GTK_WIDGET (canvas));
  g_assert_cmpint (grey_at (swipe, 60, 60), ==, 100);
  g_assert_cmpint (ABS (grey_at (swipe, 200, 60) - 200 * 200 / VIEW), <=, 2);
  smb_canvas_set_mode (canvas, SMB_CANVAS_BESIDE);
  smb_canvas_set_scale (canvas, 1.0);
  beside = paint (GTK_WIDGET (canvas));
  g_assert_cmpint (grey_at (beside, 60, 60), ==, 100);
  /* The middle of the right half is the middle of the picture. */
  g_assert_cmpint (ABS (grey_at (beside, VIEW * 3 / 4, 60) - 100), <=, 2);
  g_assert_cmpint (grey_at (beside, VIEW - 5, 60), >, grey_at (beside, VIEW / 2 + 5, 60) + 60);
}

/* Two maps of one kind share a scale when they are compared, and have one each when they are not. */
static void
test_shared_scale (void)
{
  SmbMapSpec spec = smb_map_spec_default (SMB_MAP_ROLLOUT);
  float small[4] = { 0.1f, 0.2f, 0.1f, 0.2f };
  g_autoptr (SmbCanvas) canvas = make_canvas ();
  g_autoptr (SmbMap) a = half_map ();
  g_autoptr (SmbMap) b = smb_map_new_grid (&spec, 2, 2, small);
  double lo, hi;

  smb_canvas_set_map (canvas, SMB_SIDE_A, b, (SmbViewRect){ 60, 60, 80, 80 }, "map", "");
  smb_canvas_set_map (canvas, SMB_SIDE_B, a, (SmbViewRect){ 60, 60, 80, 80 }, "map", "");
  g_assert_true (smb_canvas_get_scale_ends (canvas, SMB_SIDE_A, &lo, &hi));
  g_assert_cmpfloat_with_epsilon (hi, 0.2, 1e-6);
  smb_canvas_set_mode (canvas, SMB_CANVAS_BESIDE);
  g_assert_true (smb_canvas_get_scale_ends (canvas, SMB_SIDE_A, &lo, &hi));
  g_assert_cmpfloat (lo, ==, 0.0);
  g_assert_cmpfloat (hi, ==, 1.0);
}

int
main (int argc, char **argv)
{
  gtk_test_init (&argc, &argv, NULL);
  g_test_add_func ("/canvas/picture", test_picture);
  g_test_add_func ("/canvas/overlay", test_overlay);
  g_test_add_func ("/canvas/opacity", test_opacity);
  g_test_add_func ("/canvas/value", test_value);
  g_test_add_func ("/canvas/tiles", test_tiles);
  g_test_add_func ("/canvas/two-sides", test_two_sides);
  g_test_add_func ("/canvas/shared-scale", test_shared_scale);
  return g_test_run ();
}
