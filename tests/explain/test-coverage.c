/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <string.h>

#include "base/smb-error.h"
#include "explain/smb-coverage.h"
#include "explain/smb-reconstruction-map.h"

enum { L = 16, MAX_DRAWS = 1000 };

/* A made-up error of a patch in a draw. */
static float
error_of (int patch, int draw)
{
  return (float) (patch + 0.25 * ((draw * 7 + patch) % 5));
}

/* Mean, deviation and count against two-pass sums over the draws; the end comes as soon as it may. */
static void
test_statistics (void)
{
  SmbMapSpec spec = smb_map_spec_default (SMB_MAP_COVERAGE);
  g_auto (SmbCoverage) coverage = { 0 };
  guint8 masks[MAX_DRAWS][L], first[L];
  g_autoptr (GError) error = NULL;
  g_autoptr (SmbMap) map = NULL;
  int n = 0;

  spec.seed = 3;
  g_assert_true (smb_coverage_init (&coverage, &spec, NULL, L, &error));
  while (n < MAX_DRAWS && smb_coverage_next (&coverage, masks[n])) {
    float errors[L];

    g_assert_cmpint (smb_coverage_get_least (&coverage), <, 8);
    for (int i = 0; i < L; i++)
      errors[i] = masks[n][i] ? error_of (i, n) : NAN;
    g_assert_true (smb_coverage_add (&coverage, masks[n], errors, &error));
    n++;
  }
  g_assert_no_error (error);
  g_assert_cmpint (smb_coverage_get_least (&coverage), ==, 8);
  spec.kind = SMB_MAP_ERROR;
  g_assert_cmpint (smb_reconstruction_draw_mask (first, &spec, NULL, L, &error), ==, -1);
  g_assert_cmpmem (first, L, masks[0], L);
  map = smb_coverage_to_map (&coverage);
  g_assert_nonnull (map->note);
  for (int i = 0; i < L; i++) {
    double mean = 0, squares = 0;
    int count = 0;

    for (int k = 0; k < n; k++)
      if (masks[k][i]) {
        mean += error_of (i, k);
        count++;
      }
    mean /= count;
    for (int k = 0; k < n; k++)
      if (masks[k][i])
        squares += (error_of (i, k) - mean) * (error_of (i, k) - mean);
    g_assert_cmpfloat (map->count[i], ==, count);
    g_assert_cmpfloat_with_epsilon (map->values[i], mean, 1e-5);
    g_assert_cmpfloat_with_epsilon (map->deviation[i], sqrt (squares / (count - 1)), 1e-5);
  }
}

/* A strategy that never hides some patches comes to an end, and says so. */
static void
test_never_hidden (void)
{
  SmbMapSpec spec = smb_map_spec_default (SMB_MAP_COVERAGE);
  g_auto (SmbCoverage) coverage = { 0 };
  guint8 member[SMB_N_REGIONS * L] = { 0 }, mask[L];
  const float errors[L] = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (SmbMap) map = NULL;
  int n = 0;

  /* Eyes first: with half of all patches they use up the quota. */
  for (int i = 0; i < L; i++)
    member[(i < 8 ? SMB_REGION_EYES : SMB_REGION_BACKGROUND) * L + i] = 1;
  spec.strategy = SMB_MASK_FASKING_I;
  spec.ratio = 0.5;
  spec.times = 2;
  g_assert_true (smb_coverage_init (&coverage, &spec, member, L, &error));
  while (smb_coverage_next (&coverage, mask)) {
    g_assert_true (smb_coverage_add (&coverage, mask, errors, &error));
    g_assert_cmpint (++n, <, MAX_DRAWS);
  }
  map = smb_coverage_to_map (&coverage);
  g_test_message ("%s", map->note);
  g_assert_nonnull (strstr (map->note, "8 patches"));
  g_assert_true (isnan (map->values[15]) && map->count[15] == 0);
  g_assert_cmpint ((int) map->count[0], >=, 2);
}

static void
test_refused (void)
{
  SmbMapSpec spec = smb_map_spec_default (SMB_MAP_COVERAGE);
  g_auto (SmbCoverage) coverage = { 0 };
  guint8 mask[L];
  float errors[L];
  g_autoptr (GError) error = NULL;

  spec.strategy = SMB_MASK_FRP;
  g_assert_false (smb_coverage_init (&coverage, &spec, NULL, L, &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_UNSUPPORTED);
  g_clear_error (&error);
  spec.strategy = SMB_MASK_RANDOM;
  g_assert_true (smb_coverage_init (&coverage, &spec, NULL, L, &error));
  g_assert_true (smb_coverage_next (&coverage, mask));
  for (int i = 0; i < L; i++)
    errors[i] = INFINITY;
  g_assert_false (smb_coverage_add (&coverage, mask, errors, &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_FAILED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/coverage/statistics", test_statistics);
  g_test_add_func ("/coverage/never-hidden", test_never_hidden);
  g_test_add_func ("/coverage/refused", test_refused);
  return g_test_run ();
}
