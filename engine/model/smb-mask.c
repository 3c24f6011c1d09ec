/* SPDX-License-Identifier: Apache-2.0 */
#include "model/smb-mask.h"

#include <math.h>
#include <string.h>

static const char *const strategy_names[] = { "random", "fasking-i", "frp", "crfr-r", "crfr-p", "patches" };
static const char *const region_names[SMB_N_REGIONS] = { "brows", "eyes", "nose", "mouth", "boundary", "hair", "skin",
                                                         "background" };

const char *
smb_mask_strategy_name (SmbMaskStrategy strategy)
{
  g_return_val_if_fail ((guint) strategy < G_N_ELEMENTS (strategy_names), "");
  return strategy_names[strategy];
}

gboolean
smb_mask_strategy_from_name (const char *name, SmbMaskStrategy *out)
{
  for (guint i = 0; i < SMB_MASK_PATCHES; i++)
    if (name != NULL && g_ascii_strcasecmp (name, strategy_names[i]) == 0) {
      *out = (SmbMaskStrategy) i;
      return TRUE;
    }
  return FALSE;
}

const char *
smb_region_name (SmbRegion region)
{
  if (region == SMB_REGION_RANDOM)
    return "random";
  g_return_val_if_fail ((guint) region < SMB_N_REGIONS, "");
  return region_names[region];
}

gboolean
smb_region_from_name (const char *name, SmbRegion *out)
{
  for (int i = SMB_REGION_RANDOM; i < SMB_N_REGIONS; i++)
    if (name != NULL && g_ascii_strcasecmp (name, smb_region_name (i)) == 0) {
      *out = i;
      return TRUE;
    }
  return FALSE;
}

void
smb_region_membership (guint8 *member, const guint8 *parsing, int size_px, int patch_px)
{
  /* bit c: class c belongs to the region */
  static const guint classes[SMB_N_REGIONS]
      = { 1u << 2 | 1u << 3, 1u << 4 | 1u << 5, 1u << 6, 1u << 7 | 1u << 8 | 1u << 9, 0, 1u << 10, 1u << 1, 1u << 0 };
  int grid = size_px / patch_px, l = grid * grid;

  for (int k = 0; k < l; k++) {
    guint seen = 0;

    for (int y = 0; y < patch_px; y++)
      for (int x = 0; x < patch_px; x++) {
        guint8 c = parsing[(k / grid * patch_px + y) * size_px + k % grid * patch_px + x];

        if (c <= 10)
          seen |= 1u << c;
      }
    for (int r = 0; r < SMB_N_REGIONS; r++)
      member[r * l + k] = (seen & classes[r]) != 0;
    member[SMB_REGION_BOUNDARY * l + k] = (seen & 1u << 1) != 0 && (seen & (1u << 10 | 1u << 0)) != 0;
  }
}

void
smb_region_exclusive (guint8 *own, const guint8 *member, int n_patches, int covered)
{
  g_autofree guint8 *taken = g_malloc0 ((gsize) n_patches);

  if (covered >= 0)
    memcpy (taken, member + covered * n_patches, (gsize) n_patches);
  for (int r = 0; r < SMB_N_REGIONS; r++)
    for (int k = 0; k < n_patches; k++) {
      own[r * n_patches + k] = r != covered && member[r * n_patches + k] && !taken[k];
      taken[k] |= own[r * n_patches + k];
    }
}

static int
count (const guint8 *flags, int n)
{
  int sum = 0;

  for (int i = 0; i < n; i++)
    sum += flags[i] != 0;
  return sum;
}

/* Sets `value` at up to `how_many` random places where `where` holds; returns how many. */
static int
scatter (guint8 *mask, SmbRng *rng, const guint8 *where, int n, int how_many, guint8 value)
{
  g_autofree int *places = g_new (int, n);
  int found = 0;

  for (int i = 0; i < n; i++)
    if (where[i])
      places[found++] = i;
  smb_rng_shuffle (rng, places, (guint32) found);
  how_many = CLAMP (how_many, 0, found);
  for (int i = 0; i < how_many; i++)
    mask[places[i]] = value;
  return how_many;
}

/* Hides or uncovers random patches outside `kept` until `total` are hidden. The difference is truncated toward zero, as
 * published, so that a total which is no integer is met from either side. */
static void
fix_total (guint8 *mask, SmbRng *rng, const guint8 *kept, int n, double total)
{
  g_autofree guint8 *where = g_malloc ((gsize) n);
  int fix = (int) (total - count (mask, n));

  for (int k = 0; k < n; k++)
    where[k] = fix > 0 ? !mask[k] : mask[k] && !kept[k];
  scatter (mask, rng, where, n, ABS (fix), fix > 0);
}

/* Hides round (ratio * count) random patches of each region, each patch counted for the first region that holds it.
 * Ratio and product in float32, halves to even: what decides a patch more or less. */
static void
hide_in_proportion (guint8 *mask, SmbRng *rng, const guint8 *member, int n, int covered, float ratio)
{
  g_autofree guint8 *own = g_malloc ((gsize) SMB_N_REGIONS * (gsize) n);

  smb_region_exclusive (own, member, n, covered);
  for (int r = 0; r < SMB_N_REGIONS; r++)
    if (r != covered)
      scatter (mask, rng, own + r * n, n, (int) rintf ((float) count (own + r * n, n) * ratio), 1);
}

/* Covers one region; what is missing to the total follows in proportion or at random. */
static void
cover_region (guint8 *mask, guint8 *fr, SmbRng *rng, const guint8 *member, int n, int region, double total,
              gboolean in_proportion)
{
  int missing, covered;

  memcpy (fr, member + region * n, (gsize) n);
  memcpy (mask, fr, (gsize) n);
  covered = count (fr, n);
  missing = (int) (total - covered);
  if (missing <= 0) { /* the region alone is too large: uncover at random, and it becomes what is left */
    scatter (mask, rng, fr, n, -missing, 0);
    memcpy (fr, mask, (gsize) n);
    return;
  }
  if (in_proportion)
    hide_in_proportion (mask, rng, member, n, region, (float) missing / (float) (n - covered));
  fix_total (mask, rng, fr, n, total);
}

/* MARLIN's Fasking (Cai et al. 2023): the parts of the face first, then the skin, the background last; within a
 * priority at random. */
static void
hide_by_priority (guint8 *mask, SmbRng *rng, const guint8 *member, int n, double total)
{
  static const int first[] = { SMB_REGION_EYES, SMB_REGION_NOSE, SMB_REGION_MOUTH, SMB_REGION_HAIR };
  g_autofree guint8 *where = g_malloc0 ((gsize) n);
  int left = (int) total;

  for (guint i = 0; i < G_N_ELEMENTS (first); i++)
    for (int k = 0; k < n; k++)
      where[k] |= member[first[i] * n + k];
  left -= scatter (mask, rng, where, n, left, 1);
  for (int k = 0; k < n; k++)
    where[k] = member[SMB_REGION_SKIN * n + k] && !mask[k];
  left -= scatter (mask, rng, where, n, left, 1);
  for (int k = 0; k < n; k++)
    where[k] = !mask[k];
  scatter (mask, rng, where, n, left, 1);
}

int
smb_mask_draw (guint8 *mask, guint8 *fr, SmbRng *rng, SmbMaskStrategy strategy, SmbRegion region,
               const guint8 *member, int n_patches, double ratio)
{
  double total = ratio * n_patches;
  int covered = -1;

  g_return_val_if_fail (member != NULL || strategy == SMB_MASK_RANDOM, -1);
  g_return_val_if_fail (n_patches > 0 && ratio >= 0.0 && ratio <= 1.0, -1);
  memset (mask, 0, (gsize) n_patches);
  memset (fr, 0, (gsize) n_patches);
  if (strategy == SMB_MASK_CRFR_R || strategy == SMB_MASK_CRFR_P) {
    covered = region == SMB_REGION_RANDOM ? (int) smb_rng_below (rng, SMB_N_COVERED_REGIONS) : (int) region;
    g_return_val_if_fail (covered < SMB_N_COVERED_REGIONS, -1);
  }
  switch (strategy) {
  case SMB_MASK_RANDOM:
    fix_total (mask, rng, fr, n_patches, total);
    break;
  case SMB_MASK_FASKING_I:
    hide_by_priority (mask, rng, member, n_patches, total);
    break;
  case SMB_MASK_FRP:
    hide_in_proportion (mask, rng, member, n_patches, -1, (float) (int) total / (float) n_patches);
    fix_total (mask, rng, fr, n_patches, total);
    break;
  case SMB_MASK_CRFR_R:
  case SMB_MASK_CRFR_P:
    cover_region (mask, fr, rng, member, n_patches, covered, total, strategy == SMB_MASK_CRFR_P);
    break;
  default:
    g_return_val_if_reached (-1);
  }
  return covered;
}
