/* SPDX-License-Identifier: Apache-2.0 */
#include "explain/smb-faithfulness.h"

#include <math.h>
#include <string.h>

static void
test_patches (void)
{
  const SmbMapSpec spec = smb_map_spec_default (SMB_MAP_OCCLUSION);
  const float values[16] = { 1, 3, 0, 0, 5, 7, 0, 0, NAN, NAN, 2, NAN, NAN, NAN, NAN, 4 };
  const float few[4] = { 1, 2, 3, 4 };
  g_autoptr (SmbMap) map = smb_map_new_grid (&spec, 4, 4, values), small = smb_map_new_grid (&spec, 2, 2, few);
  double got[16];

  smb_faithfulness_patches (got, map, 2);
  g_assert_cmpfloat (got[0], ==, 4);
  g_assert_cmpfloat (got[1], ==, 0);
  g_assert_true (isinf (got[2]) && got[2] < 0);
  g_assert_cmpfloat (got[3], ==, 3);
  smb_faithfulness_patches (got, small, 4); /* a coarser map than the grid */
  g_assert_cmpfloat (got[0], ==, 1);
  g_assert_cmpfloat (got[15], ==, 4);
}

static void
test_order (void)
{
  const double values[] = { 1, 5, 5, -INFINITY, 7 };
  const int expected[] = { 4, 1, 2, 0, 3 };
  int order[5];

  smb_faithfulness_order (order, values, 5);
  g_assert_cmpmem (order, sizeof order, expected, sizeof expected);
  g_assert_cmpint (smb_faithfulness_count (0, 196), ==, 0);
  g_assert_cmpint (smb_faithfulness_count (SMB_FAITH_STEPS, 196), ==, 196);
  for (int i = 0; i <= SMB_FAITH_STEPS; i++)
    g_assert_cmpint (ABS (smb_faithfulness_count (i, 196) + smb_faithfulness_count (SMB_FAITH_STEPS - i, 196) - 196),
                     <=, 1);
}

/* Values worked out by hand. */
static void
test_correlation (void)
{
  const double a[] = { 1, 2, 3, 4 }, up[] = { 10, 20, 30, 1000 }, down[] = { 4, 3, 2, 1 }, tied[] = { 1, 1, 2, 2 };
  const double same[] = { 3, 3, 3, 3 };

  g_assert_cmpfloat_with_epsilon (smb_faithfulness_rank_correlation (a, up, 4), 1, 1e-12);
  g_assert_cmpfloat_with_epsilon (smb_faithfulness_rank_correlation (a, down, 4), -1, 1e-12);
  g_assert_cmpfloat_with_epsilon (smb_faithfulness_rank_correlation (a, tied, 4), 4 / sqrt (20), 1e-12);
  g_assert_true (isnan (smb_faithfulness_rank_correlation (a, same, 4)));
}

static void
test_verdict (void)
{
  const double random[SMB_FAITH_ORDERS] = { 0.4, 0.6, 0.5, 0.5, 0.45, 0.55 };
  SmbFaithfulness good = { .correlation = 0.1 }, bad;
  g_autofree char *passed = NULL, *failed = NULL;

  for (int i = 0; i <= SMB_FAITH_STEPS; i++) {
    good.deletion[i] = pow (1 - (double) i / SMB_FAITH_STEPS, 3);
    good.insertion[i] = 1 - good.deletion[i];
  }
  smb_faithfulness_judge (&good, random);
  g_assert_cmpfloat_with_epsilon (good.random_mean, 0.5, 1e-12);
  g_assert_cmpfloat_with_epsilon (good.random_deviation, sqrt (0.025 / 5), 1e-12);
  g_assert_cmpfloat_with_epsilon (good.deletion_area, 0.25, 0.01);
  g_assert_cmpuint (good.fails, ==, 0);
  bad = good;
  memcpy (bad.deletion, good.insertion, sizeof bad.deletion);
  memcpy (bad.insertion, good.deletion, sizeof bad.insertion);
  bad.correlation = 0.9;
  smb_faithfulness_judge (&bad, random);
  g_assert_cmpuint (bad.fails, ==, SMB_FAITH_FAILS_DELETION | SMB_FAITH_FAILS_INSERTION | SMB_FAITH_FAILS_RANDOMISED);
  good.correlation = NAN; /* a constant map shows nothing */
  smb_faithfulness_judge (&good, random);
  g_assert_cmpuint (good.fails, ==, SMB_FAITH_FAILS_RANDOMISED);
  good.correlation = 0;
  smb_faithfulness_judge (&good, random);
  passed = smb_faithfulness_sentence (&good);
  failed = smb_faithfulness_sentence (&bad);
  g_assert_nonnull (strstr (passed, "Passed"));
  g_assert_nonnull (strstr (failed, "random weights"));
}

/* A map keeps its verdict whatever is noted of it, and takes it along when it goes (the address sanitizer looks). */
static void
test_kept (void)
{
  const SmbMapSpec spec = smb_map_spec_default (SMB_MAP_OCCLUSION);
  const float values[4] = { 1, 2, 3, 4 };
  g_autoptr (SmbMap) map = smb_map_new_grid (&spec, 2, 2, values);

  map->faithfulness = g_new0 (SmbFaithfulness, 1);
  map->faithfulness->of_class = 3;
  map->faithfulness->correlation = 0.5;
  smb_map_take_note (map, g_strdup ("one."));
  smb_map_take_note (map, g_strdup ("two."));
  g_assert_cmpstr (map->note, ==, "one. two.");
  g_assert_cmpint (map->faithfulness->of_class, ==, 3);
  g_assert_cmpfloat (map->faithfulness->correlation, ==, 0.5);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/faithfulness/patches", test_patches);
  g_test_add_func ("/faithfulness/order", test_order);
  g_test_add_func ("/faithfulness/correlation", test_correlation);
  g_test_add_func ("/faithfulness/verdict", test_verdict);
  g_test_add_func ("/faithfulness/kept", test_kept);
  return g_test_run ();
}
