/* SPDX-License-Identifier: Apache-2.0 */
#include "explain/smb-coverage.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#include "base/smb-error.h"
#include "explain/smb-reconstruction-map.h"

#define MAX_DRAWS_A_TIME 64

gboolean
smb_coverage_init (SmbCoverage *coverage, const SmbMapSpec *spec, const guint8 *member, int n_patches, GError **error)
{
  g_autofree guint8 *mask = NULL;

  g_return_val_if_fail (coverage != NULL && spec != NULL && n_patches > 0 && spec->times > 0, FALSE);
  mask = g_new0 (guint8, n_patches);
  /* A first draw, thrown away, tells whether the settings make sense. */
  if (smb_reconstruction_draw_mask (mask, spec, member, n_patches, error) < -1)
    return FALSE;
  *coverage = (SmbCoverage){ .spec = *spec, .member = member, .n_patches = n_patches };
  smb_rng_init (&coverage->rng, spec->seed, SMB_MASK_STREAM);
  coverage->count = g_new0 (int, n_patches);
  coverage->mean = g_new0 (double, n_patches);
  coverage->m2 = g_new0 (double, n_patches);
  return TRUE;
}

void
smb_coverage_clear (SmbCoverage *coverage)
{
  g_clear_pointer (&coverage->count, g_free);
  g_clear_pointer (&coverage->mean, g_free);
  g_clear_pointer (&coverage->m2, g_free);
}

gboolean
smb_coverage_next (SmbCoverage *coverage, guint8 *mask)
{
  const SmbMapSpec *spec = &coverage->spec;
  g_autofree guint8 *fr = NULL;

  if (smb_coverage_get_least (coverage) >= spec->times
      || coverage->n_draws >= (guint32) spec->times * MAX_DRAWS_A_TIME)
    return FALSE;
  fr = g_new0 (guint8, coverage->n_patches);
  smb_mask_draw (mask, fr, &coverage->rng, spec->strategy, spec->region, coverage->member, coverage->n_patches,
                 spec->ratio);
  coverage->n_draws++;
  return TRUE;
}

gboolean
smb_coverage_add (SmbCoverage *coverage, const guint8 *mask, const float *patch_error, GError **error)
{
  for (int i = 0; i < coverage->n_patches; i++) {
    double step;

    if (mask[i] == 0)
      continue;
    if (!isfinite (patch_error[i])) {
      g_set_error (
          error, SMB_ERROR, SMB_ERROR_FAILED,
          _ ("The reconstruction holds values that are not numbers; the weights are damaged: verify the model or "
             "import it again."));
      return FALSE;
    }
    step = patch_error[i] - coverage->mean[i];
    coverage->count[i]++;
    coverage->mean[i] += step / coverage->count[i];
    coverage->m2[i] += step * (patch_error[i] - coverage->mean[i]);
  }
  return TRUE;
}

int
smb_coverage_get_least (const SmbCoverage *coverage)
{
  int least = G_MAXINT;

  for (int i = 0; i < coverage->n_patches; i++)
    least = MIN (least, coverage->count[i]);
  return least;
}

SmbMap *
smb_coverage_to_map (const SmbCoverage *coverage)
{
  const int n = coverage->n_patches, side = (int) lround (sqrt (n));
  g_autofree float *values = NULL;
  SmbMap *map;
  int lacking = 0;

  g_return_val_if_fail (side * side == n, NULL);
  values = g_new (float, n);
  for (int i = 0; i < n; i++)
    values[i] = coverage->count[i] > 0 ? (float) coverage->mean[i] : NAN;
  map = smb_map_new_grid (&coverage->spec, side, side, values);
  map->deviation = g_new (float, n);
  map->count = g_new (float, n);
  for (int i = 0; i < n; i++) {
    map->deviation[i] = coverage->count[i] > 1 ? (float) sqrt (coverage->m2[i] / (coverage->count[i] - 1)) : NAN;
    map->count[i] = (float) coverage->count[i];
    lacking += coverage->count[i] < coverage->spec.times;
  }
  smb_map_take_note (map, g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "%u mask was drawn.", "%u masks were drawn.",
                                                        coverage->n_draws),
                                           coverage->n_draws));
  if (lacking > 0)
    smb_map_take_note (map, g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "%d patch was hidden fewer than %d times.",
                                                       "%d patches were hidden fewer than %d times.", lacking),
                                             lacking, coverage->spec.times));
  return map;
}
