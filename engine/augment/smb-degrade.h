/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "augment/smb-colour-shift.h"

G_BEGIN_DECLS

/* What a face may have gone through before it is seen: colours, blur, a smaller size, noise, JPEG. Drawn apart from
 * being done, so that both faces of a pair go through the same, and so that every class of a training goes through one
 * pipeline: a network must not learn which pipeline a class came from. */
typedef struct {
  double colour, contrast; /* chance of each change of colour; how far contrast and brightness go, share of all */
  double blur, max_sigma;         /* chance; largest sigma in pixels of the face at 256 */
  double shrink;                  /* chance to be made smaller and larger again */
  int min_px;                     /* smallest side in between */
  double noise, max_noise;        /* chance; largest deviation in levels */
  double jpeg;                    /* chance */
  int min_quality;                /* up to 100 */
} SmbDegradeSettings;

/* "none", "light" (as published with self-blended images: colour, contrast and JPEG), "medium" (all of it, seldom and
 * little) or "strong" (all of it, for data whose classes come from different pipelines). FALSE for another name. */
gboolean smb_degrade_settings_from_name (SmbDegradeSettings *out, const char *name);

typedef struct {
  SmbColourShift colour;
  double sigma;            /* 0: no blur */
  int small_px;            /* 0: keeps its size */
  gboolean area;           /* shrunk with care, else by two taps, which aliases */
  double noise;            /* deviation; 0: none */
  guint64 noise_seed;
  gboolean grey_noise;
  int quality;             /* 0: no JPEG */
  gboolean subsampled;
  int x0, y0;              /* of the grid of blocks */
} SmbDegrade;

SmbDegrade smb_degrade_draw (const SmbDegradeSettings *settings, SmbRng *rng);

/* planes (3,side,side) RGB, 0 to 255, in place. */
void smb_degrade_apply (const SmbDegrade *degrade, float *planes, int side);

G_END_DECLS
