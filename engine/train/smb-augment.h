/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/smb-rng.h"
#include "model/smb-mixing.h"

G_BEGIN_DECLS

/* What happens to a batch before fine-tuning sees it; zeros: nothing. */
typedef struct {
  double erasing; /* chance of an image to lose a rectangle (Zhong et al. 2020): 2 % to a third of its area */
  double mixup;   /* alpha of the Beta distribution of lambda; 0: off */
  double cutmix;  /* likewise; both on: cutmix half of the time */
} SmbAugment;

/* Replaces a random rectangle of some images (B,chans,H,W) by normal noise, in place. */
void smb_augment_erase (float *images, int b, int chans, int height, int width, double chance, SmbRng *rng);

/* Draws how a batch is mixed; lambda 1 and no box where mixing is off. */
SmbMix smb_augment_draw_mix (const SmbAugment *augment, int height, int width, SmbRng *rng);

G_END_DECLS
