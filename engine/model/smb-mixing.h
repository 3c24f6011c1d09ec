/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Mixup and cutmix of a batch with itself reversed: image i with image B - 1 - i, one lambda for all. */

typedef struct {
  double lambda;      /* weight of the image itself; after cutmix, the share of pixels it keeps */
  int y0, y1, x0, x1; /* cutmix box; empty: mixup */
} SmbMix;

/* The box of a drawn lambda and centre pixel (row, column): half sides rounded down, clipped at the border, lambda
 * corrected to the area; an empty box gives lambda 1. */
SmbMix smb_mix_cutmix (int height, int width, double lambda, int row, int column);

/* images (B,chans,H,W) in place. */
void smb_mix_images (float *images, int b, int chans, int height, int width, const SmbMix *mix);

/* targets (B,K): smoothing / K everywhere and 1 - smoothing more at the label, then mixed. */
void smb_mix_targets (double *targets, const int *labels, int b, int k, double smoothing, double lambda);

G_END_DECLS
