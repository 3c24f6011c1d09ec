/* SPDX-License-Identifier: Apache-2.0 */
#include "cuda/cuda-kernel.h"
#include "cuda/math/layout.h"

/* Images to patches and back; rows chosen and pooled. A thread an element of what is written. */

static __global__ void
patchify_kernel (float *out, const float *images, SmbPatchShape shape, int64_t n)
{
  FOR_ELEMENTS (i, n)
    out[i] = images[smb_patch_source (&shape, i)];
}

static __global__ void
unpatchify_kernel (float *images, const float *patches, SmbPatchShape shape, int64_t n)
{
  FOR_ELEMENTS (i, n)
    images[smb_patch_source (&shape, i)] = patches[i];
}

SmbStatus
smb_cuda_patchify (void *ctx, float *out, const float *images, int64_t b, int64_t chans, int64_t height, int64_t width,
                   int64_t patch, SmbPatchOrder order)
{
  SmbCuda *cuda = (SmbCuda *) ctx;
  SmbPatchShape shape = { chans, height, width, patch, order == SMB_PATCH_HWC };
  int64_t n = b * chans * height * width;
  SmbStatus status = smb_cuda_enter (cuda);

  if (status != SMB_STATUS_OK || n <= 0)
    return status;
  LAUNCH (cuda, patchify_kernel, blocks_for (n), BLOCK, 0, out, images, shape, n);
  return smb_cuda_launched (cuda, "patchify");
}

SmbStatus
smb_cuda_unpatchify (void *ctx, float *images, const float *patches, int64_t b, int64_t chans, int64_t height,
                     int64_t width, int64_t patch, SmbPatchOrder order)
{
  SmbCuda *cuda = (SmbCuda *) ctx;
  SmbPatchShape shape = { chans, height, width, patch, order == SMB_PATCH_HWC };
  int64_t n = b * chans * height * width;
  SmbStatus status = smb_cuda_enter (cuda);

  if (status != SMB_STATUS_OK || n <= 0)
    return status;
  LAUNCH (cuda, unpatchify_kernel, blocks_for (n), BLOCK, 0, images, patches, shape, n);
  return smb_cuda_launched (cuda, "unpatchify");
}

static __global__ void
gather_kernel (float *out, const float *x, const int32_t *index, int64_t n, int64_t l, int64_t k, int64_t c)
{
  FOR_ELEMENTS (i, n) {
    int64_t row = i / c;

    out[i] = x[(row / k * l + index[row]) * c + i % c];
  }
}

SmbStatus
smb_cuda_gather_rows (void *ctx, float *out, const float *x, const int32_t *index, int64_t b, int64_t l, int64_t k,
                      int64_t c)
{
  SmbCuda *cuda = (SmbCuda *) ctx;
  SmbStatus status = smb_cuda_enter (cuda);

  if (status != SMB_STATUS_OK || b * k * c <= 0)
    return status;
  LAUNCH (cuda, gather_kernel, blocks_for (b * k * c), BLOCK, 0, out, x, index, b * k * c, l, k, c);
  return smb_cuda_launched (cuda, "gather rows");
}

static __global__ void
mean_kernel (float *out, const float *x, int64_t n, int64_t t, int64_t c, int64_t first)
{
  FOR_ELEMENTS (i, n) {
    const float *in = x + i / c * t * c + i % c;
    float sum = 0.0f;

    for (int64_t token = first; token < t; token++)
      sum += in[token * c];
    out[i] = sum / (float) (t - first);
  }
}

SmbStatus
smb_cuda_mean_tokens_forward (void *ctx, float *out, const float *x, int64_t b, int64_t t, int64_t c, int64_t first)
{
  SmbCuda *cuda = (SmbCuda *) ctx;
  SmbStatus status = smb_cuda_enter (cuda);

  if (status != SMB_STATUS_OK || b * c <= 0)
    return status;
  LAUNCH (cuda, mean_kernel, blocks_for (b * c), BLOCK, 0, out, x, b * c, t, c, first);
  return smb_cuda_launched (cuda, "mean of tokens");
}

/* dx = share dout for tokens in [first, last), 0 elsewhere. */
static __global__ void
spread_kernel (float *dx, const float *dout, int64_t n, int64_t t, int64_t c, int64_t first, int64_t last, float share)
{
  FOR_ELEMENTS (i, n) {
    int64_t token = i / c % t;

    dx[i] = token >= first && token < last ? share * dout[i / (t * c) * c + i % c] : 0.0f;
  }
}

static SmbStatus
spread (void *ctx, float *dx, const float *dout, int64_t b, int64_t t, int64_t c, int64_t first, int64_t last)
{
  SmbCuda *cuda = (SmbCuda *) ctx;
  SmbStatus status = smb_cuda_enter (cuda);

  if (status != SMB_STATUS_OK || b * t * c <= 0)
    return status;
  LAUNCH (cuda, spread_kernel, blocks_for (b * t * c), BLOCK, 0, dx, dout, b * t * c, t, c, first, last,
          1.0f / (float) (last - first));
  return smb_cuda_launched (cuda, "a pooled token's gradient");
}

SmbStatus
smb_cuda_mean_tokens_backward (void *ctx, float *dx, const float *dout, int64_t b, int64_t t, int64_t c, int64_t first)
{
  return spread (ctx, dx, dout, b, t, c, first, t);
}

static __global__ void
take_kernel (float *out, const float *x, int64_t n, int64_t t, int64_t c, int64_t row)
{
  FOR_ELEMENTS (i, n)
    out[i] = x[(i / c * t + row) * c + i % c];
}

SmbStatus
smb_cuda_take_row_forward (void *ctx, float *out, const float *x, int64_t b, int64_t t, int64_t c, int64_t row)
{
  SmbCuda *cuda = (SmbCuda *) ctx;
  SmbStatus status = smb_cuda_enter (cuda);

  if (status != SMB_STATUS_OK || b * c <= 0)
    return status;
  LAUNCH (cuda, take_kernel, blocks_for (b * c), BLOCK, 0, out, x, b * c, t, c, row);
  return smb_cuda_launched (cuda, "take row");
}

SmbStatus
smb_cuda_take_row_backward (void *ctx, float *dx, const float *dout, int64_t b, int64_t t, int64_t c, int64_t row)
{
  return spread (ctx, dx, dout, b, t, c, row, row + 1);
}
