/* SPDX-License-Identifier: Apache-2.0 */
/* The canvas draws what it is told, pixel by pixel: the picture in place, the map over its area and nowhere else. */
#include "smb-canvas.h"

#include <math.h>

#define VIEW 240

/* A grey picture as large as the view, so that one picture pixel is one screen pixel. */
static SmbImage *
grey_picture (void)
{
  guint8 *rgb = g_malloc (VIEW * VIEW * 3);
  g_autoptr (GBytes) bytes = NULL;

  memset (rgb, 100, VIEW * VIEW * 3);
  bytes = g_bytes_new_take (rgb, VIEW * VIEW * 3);
  return smb_image_new (VIEW, VIEW, bytes);
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
  g_autoptr (SmbImage) picture = grey_picture ();

  gtk_widget_measure (GTK_WIDGET (canvas), GTK_ORIENTATION_HORIZONTAL, -1, NULL, NULL, NULL, NULL);
  gtk_widget_size_allocate (GTK_WIDGET (canvas), &(GtkAllocation){ 0, 0, VIEW, VIEW }, -1);
  smb_canvas_set_picture (canvas, picture, NULL);
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

  smb_canvas_set_map (canvas, map, (SmbViewRect){ 60, 60, 80, 80 }, "map", "");
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

  smb_canvas_set_map (canvas, map, (SmbViewRect){ 60, 60, 80, 80 }, "map", "");
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

  smb_canvas_set_map (canvas, map, (SmbViewRect){ 60, 60, 80, 80 }, "map", "");
  g_assert_true (isnan (smb_canvas_get_map_value (canvas, 10, 10, NULL, NULL)));
  g_assert_cmpfloat_with_epsilon (smb_canvas_get_map_value (canvas, 135, 70, &row, &column), 1.0, 1e-6);
  g_assert_cmpint (row, ==, 0);
  g_assert_cmpint (column, ==, 1);
}

int
main (int argc, char **argv)
{
  gtk_test_init (&argc, &argv, NULL);
  g_test_add_func ("/canvas/picture", test_picture);
  g_test_add_func ("/canvas/overlay", test_overlay);
  g_test_add_func ("/canvas/opacity", test_opacity);
  g_test_add_func ("/canvas/value", test_value);
  return g_test_run ();
}
