/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <string.h>

#include "base/smb-error.h"
#include "explain/smb-reconstruction-map.h"

enum { SIZE = 8, PATCH = 4, L = 4 };

static const double mean[3] = { 0.5, 0.25, 0.4 }, std[3] = { 0.25, 0.5, 0.2 };

static void
test_mask (void)
{
  SmbMapSpec spec = smb_map_spec_default (SMB_MAP_ERROR);
  guint8 mask[196], again[196], other[196];
  g_autoptr (GError) error = NULL;
  int hidden = 0;

  spec.seed = 7;
  g_assert_true (smb_reconstruction_draw_mask (mask, &spec, NULL, 196, &error) >= -1);
  g_assert_true (smb_reconstruction_draw_mask (again, &spec, NULL, 196, &error) >= -1);
  g_assert_cmpmem (mask, 196, again, 196);
  for (int i = 0; i < 196; i++)
    hidden += mask[i];
  g_assert_cmpint (hidden, ==, 147);
  spec.seed = 8;
  g_assert_true (smb_reconstruction_draw_mask (other, &spec, NULL, 196, &error) >= -1);
  g_assert_true (memcmp (mask, other, 196) != 0);
  g_assert_no_error (error);
  spec.ratio = 0.001;
  g_assert_cmpint (smb_reconstruction_draw_mask (mask, &spec, NULL, 196, &error), ==, -2);
  g_assert_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT);
  g_clear_error (&error);
  spec = smb_map_spec_default (SMB_MAP_ERROR);
  spec.strategy = SMB_MASK_CRFR_P;
  g_assert_cmpint (smb_reconstruction_draw_mask (mask, &spec, NULL, 196, &error), ==, -2);
  g_assert_error (error, SMB_ERROR, SMB_ERROR_UNSUPPORTED);
  g_assert_nonnull (strstr (error->message, "needs a region map"));
}

static void
test_pictures (void)
{
  SmbMapSpec spec = smb_map_spec_default (SMB_MAP_RECONSTRUCTION);
  const guint8 mask[L] = { 0, 1, 0, 1 }; /* the right half */
  const gint64 shape[] = { 1, 3, SIZE, SIZE };
  g_autoptr (SmbTensor) decoded = smb_tensor_new (SMB_DTYPE_F32, 4, shape);
  float *values = decoded->data;
  guint8 rgb[SIZE * SIZE * 3];
  g_autoptr (GError) error = NULL;
  g_autoptr (SmbMap) hidden = NULL, map = NULL;

  for (int i = 0; i < SIZE * SIZE * 3; i++)
    rgb[i] = (guint8) i;
  hidden = smb_masked_input_map (&spec, rgb, SIZE, PATCH, mask);
  for (int i = 0; i < 3 * SIZE * SIZE; i++)
    values[i] = 0;
  values[4] = 100;                 /* red of (4,0): far too bright */
  values[SIZE * SIZE + 4] = -100;  /* green: far too dark */
  values[0] = NAN;                 /* not hidden: of no interest */
  map = smb_reconstruction_map (&spec, rgb, SIZE, PATCH, mask, decoded, mean, std, &error);
  g_assert_no_error (error);
  for (int y = 0; y < SIZE; y++)
    for (int x = 0; x < SIZE; x++)
      for (int c = 0; c < 3; c++) {
        int at = (y * SIZE + x) * 3 + c;
        int want = (int) lround (255 * mean[c]);

        if (x == 4 && y == 0)
          want = c == 0 ? 255 : c == 1 ? 0 : want;
        g_assert_cmpint (hidden->rgb[at], ==, x >= 4 ? 128 : rgb[at]);
        g_assert_cmpint (map->rgb[at], ==, x >= 4 ? want : rgb[at]);
      }
  values[5] = INFINITY;
  g_assert_null (smb_reconstruction_map (&spec, rgb, SIZE, PATCH, mask, decoded, mean, std, &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_FAILED);
  g_clear_error (&error);
  g_assert_null (smb_reconstruction_map (&spec, rgb, 4, PATCH, mask, decoded, mean, std, &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_MISMATCH);
}

/* Hand-drawn patches, and the strategies that need a region map. */
static void
test_mask_choices (void)
{
  SmbMapSpec spec;
  guint8 mask[16], member[SMB_N_REGIONS * 16] = { 0 };
  g_autoptr (GError) error = NULL;

  g_assert_true (smb_map_spec_parse (&spec, "error:patches=0+3-5", &error));
  g_assert_cmpint (smb_reconstruction_draw_mask (mask, &spec, NULL, 16, &error), ==, -1);
  for (int i = 0; i < 16; i++)
    g_assert_cmpint (mask[i], ==, i == 0 || (i >= 3 && i <= 5));
  g_assert_cmpint (smb_reconstruction_draw_mask (mask, &spec, NULL, 4, &error), ==, -2);
  g_assert_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT);
  g_assert_nonnull (strstr (error->message, "Patch 4 "));
  g_clear_error (&error);
  g_assert_true (smb_map_spec_parse (&spec, "error:patches=0-15", &error));
  g_assert_cmpint (smb_reconstruction_draw_mask (mask, &spec, NULL, 16, &error), ==, -2);
  g_assert_nonnull (strstr (error->message, "16 of 16"));
  g_clear_error (&error);
  member[SMB_REGION_MOUTH * 16 + 9] = member[SMB_REGION_MOUTH * 16 + 10] = 1;
  for (int i = 0; i < 16; i++)
    member[SMB_REGION_SKIN * 16 + i] = 1;
  for (int seed = 0; seed < 20; seed++) {
    int hidden = 0;

    g_assert_true (smb_map_spec_parse (&spec, "error:region=mouth,ratio=0.5", &error));
    spec.seed = (guint64) seed;
    g_assert_cmpint (smb_reconstruction_draw_mask (mask, &spec, member, 16, &error), ==, SMB_REGION_MOUTH);
    g_assert_true (mask[9] && mask[10]);
    for (int i = 0; i < 16; i++)
      hidden += mask[i];
    g_assert_cmpint (hidden, ==, 8);
  }
}

/* Against the definitions, at pixels of known values. */
static void
test_differences (void)
{
  SmbMapSpec spec = smb_map_spec_default (SMB_MAP_SIGNED_ERROR);
  const guint8 mask[L] = { 0, 1, 0, 1 };
  const gint64 shape[] = { 1, 3, SIZE, SIZE };
  g_autoptr (SmbTensor) decoded = smb_tensor_new (SMB_DTYPE_F32, 4, shape);
  float *values = decoded->data;
  guint8 rgb[SIZE * SIZE * 3];
  g_autoptr (GError) error = NULL;
  g_autoptr (SmbMap) with_sign = NULL, absolute = NULL, ssim = NULL;

  memset (rgb, 100, sizeof rgb);
  /* Red 10 too bright, green 40 too dark, blue exact. */
  for (int i = 0; i < SIZE * SIZE; i++)
    for (int c = 0; c < 3; c++)
      values[c * SIZE * SIZE + i] = (float) (((100 + (c == 0 ? 10 : c == 1 ? -40 : 0)) / 255.0 - mean[c]) / std[c]);
  with_sign = smb_difference_map (&spec, rgb, SIZE, PATCH, mask, decoded, mean, std, &error);
  spec.kind = SMB_MAP_ABSOLUTE_ERROR;
  absolute = smb_difference_map (&spec, rgb, SIZE, PATCH, mask, decoded, mean, std, &error);
  spec.kind = SMB_MAP_SSIM;
  ssim = smb_difference_map (&spec, rgb, SIZE, PATCH, mask, decoded, mean, std, &error);
  g_assert_no_error (error);
  g_assert_cmpint (with_sign->rows, ==, SIZE);
  for (int y = 0; y < SIZE; y++)
    for (int x = 0; x < SIZE; x++) {
      int at = y * SIZE + x;

      if (x < 4) {
        g_assert_true (isnan (with_sign->values[at]) && isnan (absolute->values[at]) && isnan (ssim->values[at]));
        continue;
      }
      g_assert_cmpfloat_with_epsilon (with_sign->values[at], -10, 1e-4);
      g_assert_cmpfloat_with_epsilon (absolute->values[at], 50 / 3.0, 1e-4);
      g_assert_cmpfloat (ssim->values[at], >, 0);
      g_assert_cmpfloat (ssim->values[at], <=, 1);
    }
  values[5] = NAN;
  g_assert_null (smb_difference_map (&spec, rgb, SIZE, PATCH, mask, decoded, mean, std, &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_FAILED);
}

static void
test_error (void)
{
  SmbMapSpec spec = smb_map_spec_default (SMB_MAP_ERROR);
  const guint8 mask[L] = { 0, 1, 0, 1 };
  const gint64 shape[] = { 1, L };
  g_autoptr (SmbTensor) patch_error = smb_tensor_new (SMB_DTYPE_F32, 2, shape);
  float *values = patch_error->data;
  g_autoptr (GError) error = NULL;
  g_autoptr (SmbMap) map = NULL;

  values[0] = 9;
  values[1] = 0.5f;
  values[2] = NAN;
  values[3] = 2;
  map = smb_error_map (&spec, mask, patch_error, &error);
  g_assert_no_error (error);
  g_assert_cmpint (map->rows, ==, 2);
  g_assert_true (isnan (map->values[0]) && isnan (map->values[2]));
  g_assert_cmpfloat (map->min, ==, 0.5);
  g_assert_cmpfloat (map->max, ==, 2);
  values[3] = NAN;
  g_assert_null (smb_error_map (&spec, mask, patch_error, &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_FAILED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/reconstruction/mask", test_mask);
  g_test_add_func ("/reconstruction/pictures", test_pictures);
  g_test_add_func ("/reconstruction/mask-choices", test_mask_choices);
  g_test_add_func ("/reconstruction/differences", test_differences);
  g_test_add_func ("/reconstruction/error", test_error);
  return g_test_run ();
}
