/* SPDX-License-Identifier: Apache-2.0 */
#include "cuda/cuda-kernel.h"

/* The reconstruction loss of masked image modelling, a warp a patch. */

#define VARIANCE_FLOOR 1e-6f

static __global__ void
target_kernel (float *target, float *mean_out, float *sd_out, int64_t rows, int64_t pix, int normalise)
{
  FOR_WARP_ROWS (row, rows) {
    float *t = target + row * pix, sum = 0.0f, squares = 0.0f, mean, sd;

    for (int64_t i = lane_index (); i < pix; i += WARP)
      sum += t[i];
    mean = warp_sum (sum) / (float) pix;
    for (int64_t i = lane_index (); i < pix; i += WARP)
      squares += (t[i] - mean) * (t[i] - mean);
    sd = sqrtf (warp_sum (squares) / (float) (pix - 1) + VARIANCE_FLOOR);
    for (int64_t i = lane_index (); normalise && i < pix; i += WARP)
      t[i] = (t[i] - mean) / sd;
    if (lane_index () == 0) {
      mean_out[row] = mean;
      sd_out[row] = sd;
    }
  }
}

SmbStatus
smb_cuda_recon_target (void *ctx, float *target, float *mean, float *sd, int64_t rows, int64_t pix, int normalise)
{
  SmbCuda *cuda = (SmbCuda *) ctx;
  SmbStatus status = smb_cuda_enter (cuda);

  if (status != SMB_STATUS_OK || rows <= 0)
    return status;
  LAUNCH (cuda, target_kernel, blocks_for_rows (rows), BLOCK, 0, target, mean, sd, rows, pix, normalise);
  return smb_cuda_launched (cuda, "reconstruction target");
}

static __global__ void
error_kernel (float *error, const float *pred, const float *target, int64_t rows, int64_t pix)
{
  FOR_WARP_ROWS (row, rows) {
    float sum = 0.0f;

    for (int64_t i = lane_index (); i < pix; i += WARP) {
      float d = pred[row * pix + i] - target[row * pix + i];

      sum += d * d;
    }
    sum = warp_sum (sum);
    if (lane_index () == 0)
      error[row] = sum / (float) pix;
  }
}

SmbStatus
smb_cuda_recon_error (void *ctx, float *error, const float *pred, const float *target, int64_t rows, int64_t pix)
{
  SmbCuda *cuda = (SmbCuda *) ctx;
  SmbStatus status = smb_cuda_enter (cuda);

  if (status != SMB_STATUS_OK || rows <= 0)
    return status;
  LAUNCH (cuda, error_kernel, blocks_for_rows (rows), BLOCK, 0, error, pred, target, rows, pix);
  return smb_cuda_launched (cuda, "reconstruction error");
}

static __global__ void
error_slope_kernel (float *dpred, const float *pred, const float *target, const float *weight, int64_t n, int64_t pix)
{
  FOR_ELEMENTS (i, n)
    dpred[i] = weight[i / pix] * 2.0f / (float) pix * (pred[i] - target[i]);
}

SmbStatus
smb_cuda_recon_backward (void *ctx, float *dpred, const float *pred, const float *target, const float *weight,
                         int64_t rows, int64_t pix)
{
  SmbCuda *cuda = (SmbCuda *) ctx;
  SmbStatus status = smb_cuda_enter (cuda);

  if (status != SMB_STATUS_OK || rows * pix <= 0)
    return status;
  LAUNCH (cuda, error_slope_kernel, blocks_for (rows * pix), BLOCK, 0, dpred, pred, target, weight, rows * pix, pix);
  return smb_cuda_launched (cuda, "reconstruction error's gradient");
}
