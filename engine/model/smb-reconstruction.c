/* SPDX-License-Identifier: Apache-2.0 */
#include "model/smb-reconstruction.h"

#include <string.h>

SmbTensor *
smb_reconstruct (const SmbTensor *images, const SmbTensor *pred, const float *mean, const float *sd,
                 const guint8 *mask, int patch_px)
{
  gint64 b = images->shape[0], chans = images->shape[1], height = images->shape[2], width = images->shape[3];
  gint64 p = patch_px, grid = width / p, l = (height / p) * grid;
  SmbTensor *out;

  g_return_val_if_fail (smb_tensor_shape_is (pred, 3, b, l, p * p * chans), NULL);
  out = smb_tensor_new (SMB_DTYPE_F32, 4, images->shape);
  memcpy (out->data, images->data, smb_tensor_get_bytes (out));
  for (gint64 k = 0; k < b * l; k++) {
    const float *patch = (const float *) pred->data + k * p * p * chans;
    gint64 top = k % l / grid * p, left = k % l % grid * p;

    if (mask != NULL && !mask[k])
      continue;
    for (gint64 i = 0; i < p * p * chans; i++) {
      gint64 y = top + i / (p * chans), x = left + i / chans % p, c = i % chans;
      float *to = (float *) out->data + ((k / l * chans + c) * height + y) * width + x;

      *to = mean != NULL ? patch[i] * sd[k] + mean[k] : patch[i];
    }
  }
  return out;
}
