/* SPDX-License-Identifier: Apache-2.0 */
/* Planes, colours, hulls and degradations against plain float64. */
#include <math.h>
#include <string.h>

#include "augment/smb-colour-shift.h"
#include "augment/smb-degrade.h"
#include "augment/smb-hull.h"
#include "augment/smb-planes.h"

static float *
noise (gsize n, guint64 seed)
{
  float *out = g_new (float, n);
  SmbRng rng;

  smb_rng_init (&rng, seed, 1);
  for (gsize i = 0; i < n; i++)
    out[i] = (float) (255.0 * smb_rng_uniform (&rng));
  return out;
}

static int
mirrored (int i, int n)
{
  while (i < 0 || i >= n)
    i = i < 0 ? -i : 2 * (n - 1) - i;
  return i;
}

static void
test_blur (void)
{
  enum { W = 19, H = 13, R = 7 };
  const double sigma = 2.3;
  g_autofree float *plane = noise (W * H, 3), *out = g_memdup2 (plane, W * H * sizeof *plane);
  double total = 0.0;

  for (int v = -R; v <= R; v++)
    for (int u = -R; u <= R; u++)
      total += exp (-(u * u + v * v) / (2.0 * sigma * sigma));
  smb_plane_blur (out, W, H, sigma, R);
  for (int y = 0; y < H; y++)
    for (int x = 0; x < W; x++) {
      double sum = 0.0;

      for (int v = -R; v <= R; v++)
        for (int u = -R; u <= R; u++)
          sum += exp (-(u * u + v * v) / (2.0 * sigma * sigma))
                 * (double) plane[mirrored (y + v, H) * W + mirrored (x + u, W)];
      g_assert_cmpfloat_with_epsilon (out[y * W + x], sum / total, 1e-3);
    }
}

/* The triangle of the resampling, by its definition. */
static double
resized (const float *plane, int w, int h, double x, double y, double rx, double ry)
{
  double sum = 0.0, total = 0.0;

  for (int v = (int) floor (y - ry) - 1; v <= (int) ceil (y + ry) + 1; v++)
    for (int u = (int) floor (x - rx) - 1; u <= (int) ceil (x + rx) + 1; u++) {
      double weight = MAX (0.0, 1.0 - fabs (u - x) / rx) * MAX (0.0, 1.0 - fabs (v - y) / ry);

      sum += weight * (double) plane[CLAMP (v, 0, h - 1) * w + CLAMP (u, 0, w - 1)];
      total += weight;
    }
  return sum / total;
}

static void
test_resize (void)
{
  static const int sizes[][4] = { { 17, 11, 17, 11 }, { 17, 11, 5, 4 }, { 9, 8, 31, 20 }, { 16, 12, 8, 30 } };

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++) {
    int w = sizes[i][0], h = sizes[i][1], ow = sizes[i][2], oh = sizes[i][3];
    double sx = (double) w / ow, sy = (double) h / oh;
    g_autofree float *plane = noise ((gsize) (w * h), i), *out = g_new (float, ow * oh);

    for (SmbResize how = SMB_RESIZE_LINEAR; how <= SMB_RESIZE_AREA; how++) {
      gboolean area = how == SMB_RESIZE_AREA;

      smb_plane_resize (out, ow, oh, plane, w, h, how);
      for (int y = 0; y < oh; y++)
        for (int x = 0; x < ow; x++)
          g_assert_cmpfloat_with_epsilon (out[y * ow + x],
                                          resized (plane, w, h, (x + 0.5) * sx - 0.5, (y + 0.5) * sy - 0.5,
                                                   area ? MAX (sx, 1.0) : 1.0, area ? MAX (sy, 1.0) : 1.0),
                                          2e-3);
    }
    smb_plane_resize (out, ow, oh, plane, w, h, SMB_RESIZE_NEAREST);
    for (int y = 0; y < oh; y++)
      for (int x = 0; x < ow; x++)
        g_assert_cmpfloat (out[y * ow + x], ==, plane[(int) ((y + 0.5) * sy) * w + (int) ((x + 0.5) * sx)]);
  }
}

static void
test_place_and_sample (void)
{
  enum { W = 12, H = 9 };
  g_autofree float *plane = noise (W * H, 9), *out = g_new (float, W * H);

  smb_plane_place (out, W, H, plane, W, H, -2.3, 1.4, 1.1, 0.9, SMB_RESIZE_EMPTY);
  for (int y = 0; y < H; y++)
    for (int x = 0; x < W; x++) {
      double fx = -2.3 + 1.1 * x, fy = 1.4 + 0.9 * y, sum = 0.0;

      for (int v = 0; v < H; v++)
        for (int u = 0; u < W; u++)
          sum += MAX (0.0, 1.0 - fabs (u - fx)) * MAX (0.0, 1.0 - fabs (v - fy)) * (double) plane[v * W + u];
      g_assert_cmpfloat_with_epsilon (out[y * W + x], sum, 1e-3);
      g_assert_cmpfloat_with_epsilon (smb_plane_sample (plane, W, H, (float) fx, (float) fy), sum, 1e-3);
    }
  g_assert_cmpfloat (smb_plane_sample (plane, W, H, 1e9f, -1e9f), ==, 0.0f);
}

static void
test_colours (void)
{
  float grey[3] = { 90.0f, 90.0f, 90.0f }, red[3] = { 200.0f, 10.0f, 30.0f };
  SmbColourShift shift = SMB_COLOUR_UNCHANGED;

  smb_colour_shift_hue (&shift, 0.8, 1.4);
  smb_colour_shift_apply (&shift, grey, 1);
  for (int c = 0; c < 3; c++)
    g_assert_cmpfloat_with_epsilon (grey[c], 90.0, 0.05); /* a turn of the hue leaves grey alone */
  shift = SMB_COLOUR_UNCHANGED;
  smb_colour_shift_add (&shift, (const float[3]) { 10.0f, -5.0f, 0.0f });
  smb_colour_shift_contrast (&shift, 1.2, 7.0);
  smb_colour_shift_grey (&shift);
  smb_colour_shift_apply (&shift, red, 1);
  for (int c = 0; c < 3; c++) {
    double luma = 0.299 * 210.0 + 0.587 * 5.0 + 0.114 * 30.0;

    g_assert_cmpfloat_with_epsilon (red[c], (luma - 127.5) * 1.2 + 127.5 + 7.0, 1e-3);
  }
}

static void
test_hull (void)
{
  SmbRng rng;

  smb_rng_init (&rng, 5, 0);
  for (int round = 0; round < 50; round++) {
    enum { W = 31, H = 29, N = 9 };
    float mask[W * H] = { 0 };
    SmbPoint points[N], hull[N];
    int n;

    for (int i = 0; i < N; i++)
      points[i] = (SmbPoint){ 40.0 * smb_rng_uniform (&rng) - 5.0, 40.0 * smb_rng_uniform (&rng) - 5.0 };
    n = smb_hull_of (hull, points, N);
    g_assert_cmpint (n, >=, 3);
    smb_hull_fill (mask, W, H, points, N);
    for (int y = 0; y < H; y++)
      for (int x = 0; x < W; x++) {
        double least = INFINITY;

        /* Inside a convex set: on the same side of the line through any two points as all the points, if they all are
         * on one. */
        for (int i = 0; i < N; i++)
          for (int j = 0; j < N; j++) {
            double dx = points[j].x - points[i].x, dy = points[j].y - points[i].y, lowest = 0.0;

            for (int k = 0; k < N; k++)
              lowest = MIN (lowest, dx * (points[k].y - points[i].y) - dy * (points[k].x - points[i].x));
            if (i != j && lowest > -1e-9)
              least = MIN (least, dx * (y - points[i].y) - dy * (x - points[i].x));
          }
        if (fabs (least) > 1e-6)
          g_assert_cmpfloat (mask[y * W + x], ==, least > 0.0 ? 1.0f : 0.0f);
      }
  }
}

static void
test_degrade (void)
{
  enum { SIDE = 64 };
  g_autofree float *planes = noise (3 * SIDE * SIDE, 1), *a = NULL, *b = NULL;
  SmbDegradeSettings settings;
  double changed = 0.0;

  g_assert_false (smb_degrade_settings_from_name (&settings, "x"));
  g_assert_true (smb_degrade_settings_from_name (&settings, "none"));
  for (guint64 i = 0; i < 20; i++) {
    SmbRng rng;
    SmbDegrade drawn;

    smb_rng_init (&rng, 4, i);
    drawn = smb_degrade_draw (&settings, &rng);
    g_free (a);
    a = g_memdup2 (planes, 3 * SIDE * SIDE * sizeof *planes);
    smb_degrade_apply (&drawn, a, SIDE);
    g_assert_cmpmem (a, 3 * SIDE * SIDE * sizeof *a, planes, 3 * SIDE * SIDE * sizeof *a);
  }
  g_assert_true (smb_degrade_settings_from_name (&settings, "strong"));
  for (guint64 i = 0; i < 20; i++) { /* one draw does the same to both of a pair */
    SmbRng rng;
    SmbDegrade drawn;

    smb_rng_init (&rng, 4, i);
    drawn = smb_degrade_draw (&settings, &rng);
    g_free (a);
    g_free (b);
    a = g_memdup2 (planes, 3 * SIDE * SIDE * sizeof *planes);
    b = g_memdup2 (planes, 3 * SIDE * SIDE * sizeof *planes);
    smb_degrade_apply (&drawn, a, SIDE);
    smb_degrade_apply (&drawn, b, SIDE);
    g_assert_cmpmem (a, 3 * SIDE * SIDE * sizeof *a, b, 3 * SIDE * SIDE * sizeof *a);
    changed += memcmp (a, planes, 3 * SIDE * SIDE * sizeof *a) != 0;
  }
  g_assert_cmpfloat (changed, >=, 15);
}

static void
test_noise (void)
{
  enum { SIDE = 128 };
  SmbDegrade drawn = { .colour = SMB_COLOUR_UNCHANGED, .noise = 6.0, .noise_seed = 77 };
  g_autofree float *planes = g_new0 (float, 3 * SIDE * SIDE);
  double sum = 0.0, squares = 0.0, n = 3.0 * SIDE * SIDE;

  smb_degrade_apply (&drawn, planes, SIDE);
  for (int i = 0; i < 3 * SIDE * SIDE; i++) {
    sum += (double) planes[i];
    squares += (double) planes[i] * (double) planes[i];
  }
  g_assert_cmpfloat_with_epsilon (sum / n, 0.0, 0.15);
  g_assert_cmpfloat_with_epsilon (sqrt (squares / n), 6.0, 0.1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/augment/blur", test_blur);
  g_test_add_func ("/augment/resize", test_resize);
  g_test_add_func ("/augment/place-and-sample", test_place_and_sample);
  g_test_add_func ("/augment/colours", test_colours);
  g_test_add_func ("/augment/hull", test_hull);
  g_test_add_func ("/augment/degrade", test_degrade);
  g_test_add_func ("/augment/noise", test_noise);
  return g_test_run ();
}
