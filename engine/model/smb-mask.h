/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

#include "base/smb-rng.h"

G_BEGIN_DECLS

/* Masks of masked image modelling on faces: FSFM's CRFR-P and what the paper compares it with (arXiv 2412.12032,
 * section 3.2 and its ablation). A parsing map has 11 classes: 0 background, 1 skin, 2 and 3 brows, 4 and 5 eyes,
 * 6 nose, 7 upper lip, 8 inner mouth, 9 lower lip, 10 hair. */
typedef enum {
  SMB_MASK_RANDOM,
  SMB_MASK_FASKING_I, /* as in MARLIN: eyes, nose, mouth, hair first, then skin */
  SMB_MASK_FRP,       /* every region in proportion, none covered */
  SMB_MASK_CRFR_R,    /* cover one region, the rest at random */
  SMB_MASK_CRFR_P,    /* cover one region, the rest in proportion */
  SMB_MASK_PATCHES,   /* chosen by hand: a name for masks that are not drawn at all */
} SmbMaskStrategy;

typedef enum {
  SMB_REGION_RANDOM = -1, /* one of the first six, drawn */
  SMB_REGION_BROWS = 0,
  SMB_REGION_EYES,
  SMB_REGION_NOSE,
  SMB_REGION_MOUTH,
  SMB_REGION_BOUNDARY, /* patches that hold skin and (hair or background) */
  SMB_REGION_HAIR,
  SMB_REGION_SKIN,       /* never covered as a whole */
  SMB_REGION_BACKGROUND, /* never covered as a whole */
  SMB_N_REGIONS,
} SmbRegion;

/* The first so many regions can be covered as a whole. */
#define SMB_N_COVERED_REGIONS 6

const char *smb_mask_strategy_name (SmbMaskStrategy strategy); /* "crfr-p"; static */
gboolean smb_mask_strategy_from_name (const char *name, SmbMaskStrategy *out); /* of those drawn; in any case */
const char *smb_region_name (SmbRegion region); /* "brows"; static */
gboolean smb_region_from_name (const char *name, SmbRegion *out); /* "random" too; in any case */

/* member (SMB_N_REGIONS, L) = 1 where a patch holds a pixel of the region; parsing (size, size), L = (size/patch)^2. */
void smb_region_membership (guint8 *member, const guint8 *parsing, int size_px, int patch_px);

/* own (SMB_N_REGIONS, L): every patch outside the covered region given to the first other region, in their order, that
 * holds it. covered -1: none. */
void smb_region_exclusive (guint8 *own, const guint8 *member, int n_patches, int covered);

/* One mask. mask (L): 1 = hidden; fr (L): 1 = the patches of the covered region (zeros for strategies that cover none).
 * member may be NULL for SMB_MASK_RANDOM only. Hidden in all: ratio * L as the official code rounds it (reference
 * README 33-36). Returns the region covered, or -1. */
int smb_mask_draw (guint8 *mask, guint8 *fr, SmbRng *rng, SmbMaskStrategy strategy, SmbRegion region,
                   const guint8 *member, int n_patches, double ratio);

G_END_DECLS
