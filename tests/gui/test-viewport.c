/* SPDX-License-Identifier: Apache-2.0 */
/* The mathematics of the canvas: fitting, zooming about a point, panning, mapping both ways, drawn squares. */
#include "smb-viewport.h"

#include "base/smb-rng.h"

#include <math.h>

static SmbViewport
make (double image_width, double image_height, double view_width, double view_height)
{
  SmbViewport viewport = { 0 };

  smb_viewport_set_view (&viewport, view_width, view_height);
  smb_viewport_set_image (&viewport, image_width, image_height);
  return viewport;
}

static void
test_fit (void)
{
  SmbViewport viewport = make (2000, 1000, 800, 600);
  SmbViewRect whole;

  g_assert_cmpfloat_with_epsilon (viewport.scale, 0.4, 1e-12);
  whole = smb_viewport_rect_to_view (&viewport, (SmbViewRect){ 0, 0, 2000, 1000 });
  g_assert_cmpfloat_with_epsilon (whole.x, 0.0, 1e-9);
  g_assert_cmpfloat_with_epsilon (whole.y, 100.0, 1e-9);
  g_assert_cmpfloat_with_epsilon (whole.width, 800.0, 1e-9);
  g_assert_false (smb_viewport_is_cropped (&viewport));
  /* A fitted picture follows the view; a tiny one is not blown up beyond four times. */
  smb_viewport_set_view (&viewport, 400, 600);
  g_assert_cmpfloat_with_epsilon (viewport.scale, 0.2, 1e-12);
  viewport = make (20, 20, 800, 600);
  g_assert_cmpfloat_with_epsilon (viewport.scale, 4.0, 1e-12);
}

static void
test_zoom_keeps_point (void)
{
  SmbRng rng;

  smb_rng_init (&rng, 20261124, 1);
  g_test_message ("seed 20261124");
  for (int round = 0; round < 500; round++) {
    SmbViewport viewport = make (4000, 3000, 800, 600);
    double x = smb_rng_uniform (&rng) * 800.0;
    double y = smb_rng_uniform (&rng) * 600.0;
    double before_x, before_y, after_x, after_y;

    /* Larger than the view in both directions, so that nothing has to be centred. */
    smb_viewport_zoom_at (&viewport, 1.0, 400, 300);
    smb_viewport_to_image (&viewport, x, y, &before_x, &before_y);
    smb_viewport_zoom_at (&viewport, 1.0 + smb_rng_uniform (&rng) * 20.0, x, y);
    smb_viewport_to_image (&viewport, x, y, &after_x, &after_y);
    g_assert_cmpfloat_with_epsilon (before_x, after_x, 1e-6);
    g_assert_cmpfloat_with_epsilon (before_y, after_y, 1e-6);
    g_assert_false (viewport.fit);
  }
}

static void
test_limits (void)
{
  SmbViewport viewport = make (1000, 1000, 500, 500);

  smb_viewport_zoom_at (&viewport, 1e9, 250, 250);
  g_assert_cmpfloat (viewport.scale, ==, SMB_VIEWPORT_MAX_SCALE);
  smb_viewport_zoom_at (&viewport, 0.0, 250, 250);
  g_assert_cmpfloat (viewport.scale, >, 0.0);
  /* An empty view or picture must not divide by zero. */
  viewport = make (0, 0, 0, 0);
  g_assert_true (isfinite (viewport.scale) && viewport.scale > 0.0);
}

static void
test_pan_stays_on_picture (void)
{
  SmbViewport viewport = make (1000, 500, 400, 400);
  SmbViewRect seen;

  smb_viewport_zoom_at (&viewport, 2.0, 200, 200);
  smb_viewport_pan (&viewport, 1e6, 1e6);
  seen = smb_viewport_get_visible (&viewport);
  g_assert_cmpfloat_with_epsilon (seen.x, 0.0, 1e-9);
  g_assert_cmpfloat_with_epsilon (seen.y, 0.0, 1e-9);
  g_assert_cmpfloat_with_epsilon (seen.width, 200.0, 1e-9);
  smb_viewport_pan (&viewport, -1e6, -1e6);
  seen = smb_viewport_get_visible (&viewport);
  g_assert_cmpfloat_with_epsilon (seen.x + seen.width, 1000.0, 1e-9);
  g_assert_cmpfloat_with_epsilon (seen.y + seen.height, 500.0, 1e-9);
  g_assert_true (smb_viewport_is_cropped (&viewport));
  smb_viewport_centre_on (&viewport, 500, 250);
  smb_viewport_pan (&viewport, 20, -10);
  g_assert_cmpfloat_with_epsilon (viewport.centre_x, 490.0, 1e-9);
  g_assert_cmpfloat_with_epsilon (viewport.centre_y, 255.0, 1e-9);
}

static void
test_there_and_back (void)
{
  SmbViewport viewport = make (640, 480, 333, 222);
  double x, y, image_x, image_y;

  smb_viewport_zoom_at (&viewport, 3.7, 12, 200);
  smb_viewport_to_image (&viewport, 101.5, 77.25, &image_x, &image_y);
  smb_viewport_to_view (&viewport, image_x, image_y, &x, &y);
  g_assert_cmpfloat_with_epsilon (x, 101.5, 1e-9);
  g_assert_cmpfloat_with_epsilon (y, 77.25, 1e-9);
}

/* A map laid over a face stays on the face whatever the zoom: its corners are the box's corners. */
static void
test_overlay_placement (void)
{
  SmbViewport viewport = make (512, 512, 700, 500);
  SmbViewRect box = { 150, 40, 117, 117 };

  for (double scale = 0.7; scale < 9.0; scale *= 1.7) {
    SmbViewRect view;
    double x, y;

    smb_viewport_zoom_at (&viewport, scale, 300, 100);
    view = smb_viewport_rect_to_view (&viewport, box);
    smb_viewport_to_view (&viewport, box.x + box.width, box.y + box.height, &x, &y);
    g_assert_cmpfloat_with_epsilon (view.x + view.width, x, 1e-9);
    g_assert_cmpfloat_with_epsilon (view.y + view.height, y, 1e-9);
  }
}

static void
test_square (void)
{
  SmbViewport viewport = make (300, 200, 300, 200);
  SmbBox box;

  g_assert_true (smb_viewport_square_from_drag (&viewport, 50, 60, 90, 80, 16, &box));
  g_assert_cmpint (box.x, ==, 50);
  g_assert_cmpint (box.y, ==, 60);
  g_assert_cmpint (box.width, ==, 40);
  g_assert_cmpint (box.height, ==, 40);
  /* Dragged up and to the left. */
  g_assert_true (smb_viewport_square_from_drag (&viewport, 90, 80, 50, 60, 16, &box));
  g_assert_cmpint (box.x, ==, 50);
  g_assert_cmpint (box.y, ==, 40);
  /* Over the rim: moved and shrunk into the picture. */
  g_assert_true (smb_viewport_square_from_drag (&viewport, 250, 150, 900, 900, 16, &box));
  g_assert_cmpint (box.width, ==, 200);
  g_assert_cmpint (box.x + box.width, <=, 300);
  g_assert_cmpint (box.y, ==, 0);
  g_assert_false (smb_viewport_square_from_drag (&viewport, 50, 60, 55, 62, 16, &box));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/viewport/fit", test_fit);
  g_test_add_func ("/viewport/zoom-keeps-point", test_zoom_keeps_point);
  g_test_add_func ("/viewport/limits", test_limits);
  g_test_add_func ("/viewport/pan", test_pan_stays_on_picture);
  g_test_add_func ("/viewport/there-and-back", test_there_and_back);
  g_test_add_func ("/viewport/overlay-placement", test_overlay_placement);
  g_test_add_func ("/viewport/square", test_square);
  return g_test_run ();
}
