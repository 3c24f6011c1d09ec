/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "explain/smb-contour.h"

#define N 64

/* A cone: the distance from the middle, in widths of the map. */
static SmbMap *
cone (void)
{
  const SmbMapSpec spec = { .kind = SMB_MAP_ROLLOUT };
  float values[N * N];

  for (int y = 0; y < N; y++)
    for (int x = 0; x < N; x++)
      values[y * N + x] = (float) hypot ((x + 0.5) / N - 0.5, (y + 0.5) / N - 0.5);
  return smb_map_new_grid (&spec, N, N, values);
}

static void
test_circle (void)
{
  g_autoptr (SmbMap) map = cone ();
  g_autoptr (GArray) lines = smb_contour_find (map, 0.3, 128);
  double length = 0;

  for (guint i = 0; i < lines->len; i++) {
    const SmbContourLine *line = &g_array_index (lines, SmbContourLine, i);

    g_assert_cmpfloat_with_epsilon (hypot (line->x0 - 0.5, line->y0 - 0.5), 0.3, 0.003);
    g_assert_cmpfloat_with_epsilon (hypot (line->x1 - 0.5, line->y1 - 0.5), 0.3, 0.003);
    length += hypot (line->x1 - line->x0, line->y1 - line->y0);
  }
  g_assert_cmpfloat_with_epsilon (length, 2 * G_PI * 0.3, 0.02);
}

/* On a saddle no line crosses another: the two halves stay apart at one level and the other two at another. */
static void
test_saddle (void)
{
  const SmbMapSpec spec = { .kind = SMB_MAP_ROLLOUT };
  const float values[] = { 1, 0, 0, 1 };
  g_autoptr (SmbMap) map = smb_map_new_grid (&spec, 2, 2, values);
  g_autoptr (GArray) below = smb_contour_find (map, 0.4, 1);
  g_autoptr (GArray) above = smb_contour_find (map, 0.6, 1);

  g_assert_cmpint (below->len, ==, 2);
  g_assert_cmpint (above->len, ==, 2);
  /* With the middle above the level, the low corners are cut off: right above and left below. */
  for (guint i = 0; i < 2; i++) {
    const SmbContourLine *low = &g_array_index (below, SmbContourLine, i);
    const SmbContourLine *high = &g_array_index (above, SmbContourLine, i);

    g_assert_cmpfloat ((low->x0 - low->x1) * (low->y0 - low->y1), >, 0);
    g_assert_cmpfloat ((high->x0 - high->x1) * (high->y0 - high->y1), <, 0);
  }
}

static void
test_nothing (void)
{
  const SmbMapSpec spec = { .kind = SMB_MAP_ERROR };
  const guint8 rgb[12] = { 0 };
  const float values[] = { 1, NAN, NAN, 0 };
  g_autoptr (SmbMap) flat = cone ();
  g_autoptr (SmbMap) holes = smb_map_new_grid (&spec, 2, 2, values);
  g_autoptr (SmbMap) picture = smb_map_new_rgb (&spec, 2, rgb);
  g_autoptr (GArray) outside = smb_contour_find (flat, 7, 32);
  g_autoptr (GArray) no_level = smb_contour_find (flat, NAN, 32);
  g_autoptr (GArray) cut = smb_contour_find (holes, 0.5, 1);
  g_autoptr (GArray) none = smb_contour_find (picture, 0.5, 8);

  g_assert_cmpint (outside->len + no_level->len + cut->len + none->len, ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/contour/circle", test_circle);
  g_test_add_func ("/contour/saddle", test_saddle);
  g_test_add_func ("/contour/nothing", test_nothing);
  return g_test_run ();
}
