/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "learn/smb-face-store.h"
#include "model/smb-mask.h"
#include "model/smb-net.h"

G_BEGIN_DECLS

/* Shows what a pre-training has come to: "reconstruction.ppm" in its folder, the same few faces with the same masks
 * each time; a row a face: the face, what the network sees of it, what it makes of that. online: the weights as they
 * are. */
gboolean smb_pretrain_sheet_write (const char *folder, SmbDevice *device, SmbTensorDict *online,
                                   const SmbFaceStore *faces, const double mean[3], const double std[3],
                                   SmbMaskStrategy strategy, double mask_ratio, GError **error);

G_END_DECLS
