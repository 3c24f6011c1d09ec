/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "explain/smb-map.h"
#include "tensor/smb-tensor.h"

G_BEGIN_DECLS

/* Masked image modelling as pictures: what was hidden, what the network made of it, how far it was off. Faces are RGB
 * bytes (size, size, 3) as the network's input was before normalising; mask (L): 1 = hidden, patches row by row,
 * L = (size / patch)^2. */

/* The stream of SmbRng that masks of maps are drawn from. */
#define SMB_MASK_STREAM 1

/* Fills mask from spec->strategy, region, ratio and seed, or patches: the same spec gives the same mask on every
 * machine. member (SMB_N_REGIONS, L) as smb_region_membership gives it, NULL where there is none. Returns the region
 * covered, -1 for strategies that cover none, -2 on error: ARGUMENT where no patch would be hidden or none seen, or a
 * patch does not exist, UNSUPPORTED for strategies that need a region map without `member`. */
int smb_reconstruction_draw_mask (guint8 *mask, const SmbMapSpec *spec, const guint8 *member, int n_patches,
                                  GError **error);
/* What must be said where the region covered has no patch in this face, as one that an imported map leaves out: nothing
 * was covered then. NULL: it has (or none was to be covered, or member is NULL). Free with g_free. */
char *smb_reconstruction_missing_note (const guint8 *member, int covered, int n_patches);

/* The face with the hidden patches grey. */
SmbMap *smb_masked_input_map (const SmbMapSpec *spec, const guint8 *rgb, int size_px, int patch_px, const guint8 *mask);

/* decoded (1,3,size,size): the decoder's image in normalised units, brought back from normalised targets ("out.image_…"
 * of the network); in hidden patches, or with spec->predicted in all, v = 255 (decoded * std + mean), rounded and
 * clamped; elsewhere the face's own bytes.
 * MISMATCH for another shape, FAILED where a patch shown holds values that are not numbers. */
SmbMap *smb_reconstruction_map (const SmbMapSpec *spec, const guint8 *rgb, int size_px, int patch_px,
                                const guint8 *mask, const SmbTensor *decoded, const double mean[3],
                                const double std[3], GError **error);

/* patch_error (1,L): mean squared error of each patch, in the units of the training's targets; NAN where not hidden.
 * Errors as above. */
SmbMap *smb_error_map (const SmbMapSpec *spec, const guint8 *mask, const SmbTensor *patch_error, GError **error);

/* How the reconstruction differs from the face, pixel by pixel; NAN where not hidden. spec->kind chooses: SIGNED_ERROR
 * and ABSOLUTE_ERROR in steps of 255 (mean over R, G, B of v as above, unrounded and unclamped, minus the face's byte);
 * SSIM: (1 - SSIM) / 2 of the luma (BT.601) of the face and of the face with its hidden patches reconstructed. */
SmbMap *smb_difference_map (const SmbMapSpec *spec, const guint8 *rgb, int size_px, int patch_px, const guint8 *mask,
                            const SmbTensor *decoded, const double mean[3], const double std[3], GError **error);

G_END_DECLS
