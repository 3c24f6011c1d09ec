/* SPDX-License-Identifier: Apache-2.0 */
#include "model-test.h"

#include <math.h>
#include <string.h>

#include "model/smb-mask.h"

#define SEED 20240612

static const struct {
  const char *name;
  int size, patch;
} maps[] = { { "face64", 64, 8 }, { "close64", 64, 8 }, { "hair64", 64, 8 },
             { "plain64", 64, 8 }, { "face56", 56, 8 }, { "face224", 224, 16 } };

static SmbTensor *
part (SmbTensorDict *dict, const char *map, const char *what)
{
  g_autofree char *name = g_strdup_printf ("%s.%s", map, what);
  SmbTensor *t = smb_tensor_dict_get (dict, name);

  g_assert_nonnull (t);
  return t;
}

static int
count (const guint8 *flags, int n)
{
  int sum = 0;

  for (int i = 0; i < n; i++)
    sum += flags[i];
  return sum;
}

static void
test_regions (void)
{
  g_autoptr (SmbTensorDict) f = model_test_read ("crfrp.safetensors");

  for (guint m = 0; m < G_N_ELEMENTS (maps); m++) {
    int l = (maps[m].size / maps[m].patch) * (maps[m].size / maps[m].patch);
    g_autofree guint8 *member = g_malloc ((gsize) (SMB_N_REGIONS * l)), *own = g_malloc ((gsize) (SMB_N_REGIONS * l));

    smb_region_membership (member, part (f, maps[m].name, "parsing")->data, maps[m].size, maps[m].patch);
    g_assert_true (memcmp (member, part (f, maps[m].name, "member")->data, (gsize) (SMB_N_REGIONS * l)) == 0);
    for (int r = 0; r < SMB_REGION_SKIN; r++) {
      g_autofree char *what = g_strdup_printf ("%s.exclusive", smb_region_name (r));

      smb_region_exclusive (own, member, l, r);
      g_assert_true (memcmp (own, part (f, maps[m].name, what)->data, (gsize) (SMB_N_REGIONS * l)) == 0);
    }
  }
}

/* What every draw of CRFR-P keeps, over 10,000 draws of all maps and regions. */
static void
test_invariants (void)
{
  g_autoptr (SmbTensorDict) f = model_test_read ("crfrp.safetensors");
  SmbRng rng;

  g_test_message ("seed %d", SEED);
  smb_rng_init (&rng, SEED, 0);
  for (int draw = 0; draw < 10000; draw++) {
    guint m = (guint) draw % G_N_ELEMENTS (maps);
    int l = (maps[m].size / maps[m].patch) * (maps[m].size / maps[m].patch);
    const guint8 *member = part (f, maps[m].name, "member")->data;
    guint8 mask[196], fr[196], mask2[196], fr2[196];
    SmbRng before = rng;
    int region = smb_mask_draw (mask, fr, &rng, SMB_MASK_CRFR_P, SMB_REGION_RANDOM, member, l, 0.75);
    int covered = count (member + region * l, l);

    g_assert_cmpint (region, >=, 0);
    g_assert_cmpint (region, <, SMB_REGION_SKIN);
    g_assert_cmpint (count (mask, l), >=, (int) (0.75 * l));
    g_assert_cmpint (count (mask, l), <=, (int) ceil (0.75 * l));
    for (int k = 0; k < l; k++)
      g_assert_cmpint (fr[k], <=, mask[k]);
    if (covered < 0.75 * l - 1) /* the whole region, and nothing else */
      g_assert_true (memcmp (fr, member + region * l, (gsize) l) == 0);
    g_assert_cmpint (smb_mask_draw (mask2, fr2, &before, SMB_MASK_CRFR_P, SMB_REGION_RANDOM, member, l, 0.75), ==,
                     region);
    g_assert_true (memcmp (mask, mask2, (gsize) l) == 0 && memcmp (fr, fr2, (gsize) l) == 0);
  }
}

/* Of n draws with chance p, a count that lies within 5.5 deviations (of both samples: the reference's is one too). */
static gboolean
plausible (double ours, double theirs, double n)
{
  double p = (ours + theirs) / (2.0 * n);

  return fabs (ours - theirs) <= 5.5 * sqrt (2.0 * n * p * (1.0 - p)) + 1.0;
}

/* How often each patch is hidden, against counts of the authors' code. */
static void
test_statistics (void)
{
  g_autoptr (SmbTensorDict) f = model_test_read ("crfrp.safetensors");
  g_autoptr (SmbTensorDict) official = model_test_read ("crfrp_official_stats.safetensors");
  SmbRng rng;

  smb_rng_init (&rng, SEED, 1);
  for (guint m = 0; m < G_N_ELEMENTS (maps); m++)
    for (int r = 0; r < SMB_REGION_SKIN; r++) {
      int l = (maps[m].size / maps[m].patch) * (maps[m].size / maps[m].patch), hidden[196] = { 0 }, fr_sum[196] = { 0 };
      g_autofree char *of_mask = g_strdup_printf ("%s.mask_count_of_2000", smb_region_name (r));
      g_autofree char *of_region = g_strdup_printf ("%s.region_count_of_2000", smb_region_name (r));
      g_autofree char *of_total = g_strdup_printf ("%s.count_min_max", smb_region_name (r));
      const gint16 *want = part (official, maps[m].name, of_mask)->data;
      const gint16 *want_fr = part (official, maps[m].name, of_region)->data;
      const gint32 *range = part (official, maps[m].name, of_total)->data;

      for (int draw = 0; draw < 2000; draw++) {
        guint8 mask[196], fr[196];

        smb_mask_draw (mask, fr, &rng, SMB_MASK_CRFR_P, r, part (f, maps[m].name, "member")->data, l, 0.75);
        g_assert_cmpint (count (mask, l), >=, range[0]);
        g_assert_cmpint (count (mask, l), <=, range[1] + (l % 4 != 0)); /* truncation from above: one more */
        for (int k = 0; k < l; k++) {
          hidden[k] += mask[k];
          fr_sum[k] += fr[k];
        }
      }
      for (int k = 0; k < l; k++)
        if (!plausible (hidden[k], want[k], 2000.0) || !plausible (fr_sum[k], want_fr[k], 2000.0))
          g_error ("%s, %s covered: patch %d is hidden %d times of 2000, the reference hides it %d times",
                   maps[m].name, smb_region_name (r), k, hidden[k], want[k]);
    }
}

static void
test_strategies (void)
{
  g_autoptr (SmbTensorDict) f = model_test_read ("crfrp.safetensors");
  const guint8 *member = part (f, "face224", "member")->data;
  guint8 mask[196], fr[196];
  SmbRng rng;

  smb_rng_init (&rng, SEED, 2);
  for (int draw = 0; draw < 500; draw++) {
    double shown[SMB_N_REGIONS] = { 0 };

    g_assert_cmpint (smb_mask_draw (mask, fr, &rng, SMB_MASK_RANDOM, SMB_REGION_RANDOM, NULL, 196, 0.75), ==, -1);
    g_assert_cmpint (count (mask, 196), ==, 147);
    g_assert_cmpint (count (fr, 196), ==, 0);
    g_assert_cmpint (smb_mask_draw (mask, fr, &rng, SMB_MASK_CRFR_R, SMB_REGION_NOSE, member, 196, 0.75), ==,
                     SMB_REGION_NOSE);
    g_assert_cmpint (count (mask, 196), ==, 147);
    for (int k = 0; k < 196; k++)
      g_assert_true (!member[SMB_REGION_NOSE * 196 + k] || (mask[k] && fr[k]));
    smb_mask_draw (mask, fr, &rng, SMB_MASK_FASKING_I, SMB_REGION_RANDOM, member, 196, 0.75);
    g_assert_cmpint (count (mask, 196), ==, 147);
    for (int k = 0; k < 196; k++) { /* nothing but background is left while a part of the face is visible */
      gboolean first = member[SMB_REGION_EYES * 196 + k] || member[SMB_REGION_NOSE * 196 + k]
                       || member[SMB_REGION_MOUTH * 196 + k] || member[SMB_REGION_HAIR * 196 + k];

      g_assert_true (!first || mask[k]);
    }
    smb_mask_draw (mask, fr, &rng, SMB_MASK_FRP, SMB_REGION_RANDOM, member, 196, 0.75);
    g_assert_cmpint (count (mask, 196), ==, 147);
    for (int k = 0; k < 196; k++)
      for (int r = 0; r < SMB_N_REGIONS; r++)
        shown[r] += member[r * 196 + k] && !mask[k];
    g_assert_cmpfloat (shown[SMB_REGION_HAIR], >, 0.0); /* in proportion: no large region is hidden altogether */
    g_assert_cmpfloat (shown[SMB_REGION_SKIN], >, 0.0);
  }
}

static void
test_names (void)
{
  SmbMaskStrategy strategy;
  SmbRegion region;

  g_assert_true (smb_mask_strategy_from_name ("crfr-p", &strategy) && strategy == SMB_MASK_CRFR_P);
  g_assert_true (smb_mask_strategy_from_name ("fasking-i", &strategy) && strategy == SMB_MASK_FASKING_I);
  g_assert_true (smb_mask_strategy_from_name ("Fasking-I", &strategy) && strategy == SMB_MASK_FASKING_I);
  g_assert_true (smb_mask_strategy_from_name ("CRFR-R", &strategy) && strategy == SMB_MASK_CRFR_R);
  g_assert_false (smb_mask_strategy_from_name ("crfr", &strategy));
  g_assert_true (smb_region_from_name ("Eyes", &region) && region == SMB_REGION_EYES);
  g_assert_true (smb_region_from_name ("boundary", &region) && region == SMB_REGION_BOUNDARY);
  g_assert_true (smb_region_from_name ("random", &region) && region == SMB_REGION_RANDOM);
  g_assert_false (smb_region_from_name (NULL, &region));
}

int
main (int argc, char **argv)
{
  model_test_init (&argc, &argv);
  g_test_add_func ("/model/mask/regions", test_regions);
  g_test_add_func ("/model/mask/invariants", test_invariants);
  g_test_add_func ("/model/mask/statistics", test_statistics);
  g_test_add_func ("/model/mask/strategies", test_strategies);
  g_test_add_func ("/model/mask/names", test_names);
  return g_test_run ();
}
