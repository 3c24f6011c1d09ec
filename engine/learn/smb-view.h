/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "augment/smb-degrade.h"
#include "learn/smb-dataset.h"

G_BEGIN_DECLS

/* How a stored face becomes what a network is shown. */
typedef struct {
  int image_px;
  double mean[3], std[3];
  SmbDegradeSettings degrade;
  double flip;   /* chance to be mirrored */
  double zoom;   /* side of what is shown, as a share of the stored face: drawn from 0.875 +- zoom; 0: the published
                    transform */
  gboolean whole; /* show all of the stored face (SMB_FACE_RESIZE) and not its 0.875; without zoom */
  double cross;  /* share of the blends that take another training person's face */
  double ease;   /* of self-blending, 0 to 1: plainer blends, and as much less degraded */
  const SmbDegrade *same; /* borrowed: what every face goes through, in place of what would be drawn; may be NULL */
} SmbViewSettings;

/* One face, or the pair made of it by self-blending: both mirrored, degraded and cut alike. out and blended (3,S,S)
 * normalised; blended NULL: no pair. grey: shown without colour, as one that has none always is. Everything drawn comes
 * from rng. FALSE: the pair could not be made (no face in the landmarks), and blended holds the genuine one again.
 * forged (grid,grid) or NULL: the share of each cell of blended that the blend covers. Any thread. */
gboolean smb_view_make (const SmbDataset *dataset, const SmbSample *sample, const SmbViewSettings *settings,
                        gboolean grey, SmbRng *rng, float *out, float *blended, int grid, float *forged);

G_END_DECLS
