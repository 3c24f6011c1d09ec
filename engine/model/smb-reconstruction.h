/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "tensor/smb-tensor.h"

G_BEGIN_DECLS

/* An image from predicted patches, on the host: images (B,chans,H,W), pred (B,L,P P chans) in the order row, column,
 * channel. mean and sd (B L): predictions become pred * sd + mean (the true patch's: what normalised targets need to be
 * seen); NULL: as they are. mask (B,L): visible patches are the image's own; NULL: all from the prediction. */
SmbTensor *smb_reconstruct (const SmbTensor *images, const SmbTensor *pred, const float *mean, const float *sd,
                            const guint8 *mask, int patch_px);

G_END_DECLS
