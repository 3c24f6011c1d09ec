/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/smb-error.h"
#include "explain/smb-occlusion.h"

enum { SIZE = 10 };

static void
test_places (void)
{
  SmbMapSpec spec = smb_map_spec_default (SMB_MAP_OCCLUSION);
  g_autoptr (GError) error = NULL;

  spec.window_px = 4;
  spec.stride_px = 3;
  g_assert_cmpint (smb_occlusion_places (&spec, SIZE, &error), ==, 3); /* 0, 3, 6 */
  spec.stride_px = 4;
  g_assert_cmpint (smb_occlusion_places (&spec, SIZE, &error), ==, 3); /* 0, 4, 6 */
  spec.window_px = 10;
  g_assert_cmpint (smb_occlusion_places (&spec, SIZE, &error), ==, 1);
  g_assert_no_error (error);
  spec.window_px = 11;
  g_assert_cmpint (smb_occlusion_places (&spec, SIZE, &error), ==, 0);
  g_assert_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT);
  g_clear_error (&error);
  spec.window_px = spec.stride_px = 1;
  g_assert_cmpint (smb_occlusion_places (&spec, 224, &error), ==, 0);
  g_assert_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT);
}

/* What is hidden, and that every pixel's value is the mean of the squares that cover it. */
static void
test_map (void)
{
  SmbMapSpec spec = smb_map_spec_default (SMB_MAP_OCCLUSION);
  float image[3 * SIZE * SIZE], out[3 * SIZE * SIZE];
  double sums[SIZE * SIZE] = { 0 }, falls[9];
  int counts[SIZE * SIZE] = { 0 };
  g_autoptr (SmbMap) map = NULL;

  spec.window_px = 4;
  spec.stride_px = 4;
  for (int i = 0; i < 3 * SIZE * SIZE; i++)
    image[i] = 1;
  for (int place = 0; place < 9; place++) {
    falls[place] = place * place * 0.1;
    smb_occlusion_hide (out, image, SIZE, &spec, 3, place);
    for (int i = 0; i < SIZE * SIZE; i++) {
      g_assert_true (out[i] == out[SIZE * SIZE + i] && out[i] == out[2 * SIZE * SIZE + i]);
      counts[i] += out[i] == 0;
      sums[i] += out[i] == 0 ? falls[place] : 0;
    }
  }
  /* The last square is flush with the edge. */
  g_assert_true (out[SIZE * SIZE - 1] == 0 && out[5 * SIZE + 5] == 1 && out[6 * SIZE + 6] == 0);
  map = smb_occlusion_map (&spec, SIZE, 3, falls);
  for (int i = 0; i < SIZE * SIZE; i++) {
    g_assert_cmpint (counts[i], >, 0);
    g_assert_cmpfloat_with_epsilon (map->values[i], sums[i] / counts[i], 1e-6);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/occlusion/places", test_places);
  g_test_add_func ("/occlusion/map", test_map);
  return g_test_run ();
}
