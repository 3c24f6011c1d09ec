/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/smb-rng.h"
#include "explain/smb-map.h"

G_BEGIN_DECLS

/* Reconstruction error over many masks: draws by spec->strategy, region, ratio and seed go on until every patch was
 * hidden spec->times times. The first mask is that of an error map with the same settings. A plain value for one
 * thread; sums in float64, in the order of the draws, so that the same seed gives the same bytes. */
typedef struct {
  SmbMapSpec spec;
  const guint8 *member; /* borrowed, (SMB_N_REGIONS, L); NULL for random masks */
  int n_patches;
  SmbRng rng;
  guint32 n_draws;
  int *count;        /* (L): draws that hid the patch */
  double *mean, *m2; /* (L): Welford's running mean and sum of squared differences */
} SmbCoverage;

/* UNSUPPORTED without the region map its strategy needs, ARGUMENT where the ratio hides nothing or all. */
gboolean smb_coverage_init (SmbCoverage *coverage, const SmbMapSpec *spec, const guint8 *member, int n_patches,
                            GError **error);
void smb_coverage_clear (SmbCoverage *coverage);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (SmbCoverage, smb_coverage_clear)

/* The next mask (L). FALSE when it is done: every patch has its draws, or so many were made (64 times `times`) that
 * those still lacking will hardly get theirs (a strategy may never hide some). */
gboolean smb_coverage_next (SmbCoverage *coverage, guint8 *mask);
/* patch_error (L) of the network under that mask; FAILED where a hidden one is not a number. */
gboolean smb_coverage_add (SmbCoverage *coverage, const guint8 *mask, const float *patch_error, GError **error);
/* Draws that the patch with the fewest has; `times` is the goal. */
int smb_coverage_get_least (const SmbCoverage *coverage);
/* Grid of the means, with deviation and count, NAN where a patch was never hidden; a note says how many draws it took
 * and whether patches lack some. L must be a square number. */
SmbMap *smb_coverage_to_map (const SmbCoverage *coverage);

G_END_DECLS
