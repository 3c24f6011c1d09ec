/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "explain/smb-map.h"
#include "tensor/smb-tensor.h"

G_BEGIN_DECLS

/* Masked image modelling as pictures: what was hidden, what the network made of it, how far it was off. Faces are RGB
 * bytes (size, size, 3) as the network's input was before normalising; mask (L): 1 = hidden, patches row by row,
 * L = (size / patch)^2. */

/* Fills mask from spec->strategy, ratio and seed: the same spec gives the same mask on every machine. ARGUMENT error
 * where the ratio leaves no patch to hide or none to see, UNSUPPORTED for strategies that need a region map. */
gboolean smb_reconstruction_draw_mask (guint8 *mask, const SmbMapSpec *spec, int n_patches, GError **error);

/* The face with the hidden patches grey. */
SmbMap *smb_masked_input_map (const SmbMapSpec *spec, const guint8 *rgb, int size_px, int patch_px, const guint8 *mask);

/* decoded (1,3,size,size): the decoder's image in normalised units, brought back from normalised targets ("out.image_…"
 * of the network); in hidden patches v = 255 (decoded * std + mean), rounded and clamped; elsewhere the face's own bytes.
 * MISMATCH for another shape, FAILED where a hidden patch holds values that are not numbers. */
SmbMap *smb_reconstruction_map (const SmbMapSpec *spec, const guint8 *rgb, int size_px, int patch_px,
                                const guint8 *mask, const SmbTensor *decoded, const double mean[3],
                                const double std[3], GError **error);

/* patch_error (1,L): mean squared error of each patch, in the units of the training's targets; NAN where not hidden.
 * Errors as above. */
SmbMap *smb_error_map (const SmbMapSpec *spec, const guint8 *mask, const SmbTensor *patch_error, GError **error);

G_END_DECLS
