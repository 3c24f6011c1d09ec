/* SPDX-License-Identifier: Apache-2.0 */
#include "cuda/cuda-kernel.h"
#include "cuda/math/activation.h"

/* Activations and what is element-wise, a thread an element. */

static __global__ void
fill_kernel (float *out, float value, int64_t n)
{
  FOR_ELEMENTS (i, n)
    out[i] = value;
}

SmbStatus
smb_cuda_fill (void *ctx, float *out, float value, int64_t n)
{
  SmbCuda *cuda = (SmbCuda *) ctx;
  SmbStatus status = smb_cuda_enter (cuda);

  if (status != SMB_STATUS_OK || n <= 0)
    return status;
  LAUNCH (cuda, fill_kernel, blocks_for (n), BLOCK, 0, out, value, n);
  return smb_cuda_launched (cuda, "fill");
}

cudaError_t
smb_cuda_code_present (void)
{
  cudaFuncAttributes attributes;

  return cudaFuncGetAttributes (&attributes, (const void *) fill_kernel);
}

static __global__ void
gelu_kernel (float *y, const float *x, int64_t n)
{
  FOR_ELEMENTS (i, n)
    y[i] = smb_gelu (x[i]);
}

static __global__ void
gelu_slope_kernel (float *dx, const float *dy, const float *x, int64_t n)
{
  FOR_ELEMENTS (i, n)
    dx[i] = dy[i] * smb_gelu_slope (x[i]);
}

static __global__ void
relu_kernel (float *y, const float *x, int64_t n)
{
  FOR_ELEMENTS (i, n)
    y[i] = smb_relu (x[i]);
}

static __global__ void
relu_slope_kernel (float *dx, const float *dy, const float *y, int64_t n)
{
  FOR_ELEMENTS (i, n)
    dx[i] = y[i] > 0.0f ? dy[i] : 0.0f;
}

static SmbStatus
forward (void *ctx, void (*kernel) (float *, const float *, int64_t), float *y, const float *x, int64_t n)
{
  SmbCuda *cuda = (SmbCuda *) ctx;
  SmbStatus status = smb_cuda_enter (cuda);

  if (status != SMB_STATUS_OK || n <= 0)
    return status;
  LAUNCH (cuda, kernel, blocks_for (n), BLOCK, 0, y, x, n);
  return smb_cuda_launched (cuda, "an activation");
}

static SmbStatus
backward (void *ctx, void (*kernel) (float *, const float *, const float *, int64_t), float *dx, const float *dy,
          const float *x, int64_t n)
{
  SmbCuda *cuda = (SmbCuda *) ctx;
  SmbStatus status = smb_cuda_enter (cuda);

  if (status != SMB_STATUS_OK || n <= 0)
    return status;
  LAUNCH (cuda, kernel, blocks_for (n), BLOCK, 0, dx, dy, x, n);
  return smb_cuda_launched (cuda, "an activation's gradient");
}

/* dy . GELU' (x), eight at a time. */
static __global__ void
gelu_slope_eights_kernel (Eight *dx, const Eight *dy, const Eight *x, int64_t n)
{
  FOR_ELEMENTS (i, n) {
    const Eight g = dy[i], in = x[i];
    Eight out;

#pragma unroll
    for (int k = 0; k < 8; k += 2)
      out.pairs[k / 2] = smb_bf16_pair (number_of_eight (g, k) * smb_gelu_slope (number_of_eight (in, k)),
                                        number_of_eight (g, k + 1) * smb_gelu_slope (number_of_eight (in, k + 1)));
    dx[i] = out;
  }
}

SmbStatus
smb_cuda_gelu_forward (void *ctx, void *y, const void *x, SmbNumber number, int64_t n)
{
  SmbCuda *cuda = (SmbCuda *) ctx;
  SmbStatus status;

  if (number == SMB_NUMBER_F32)
    return forward (ctx, gelu_kernel, (float *) y, (const float *) x, n);
  status = smb_cuda_enter (cuda);
  return status != SMB_STATUS_OK || n <= 0
           ? status
           : smb_cuda_finish_halves (cuda, (SmbBf16 *) y, (const SmbBf16 *) x, SMB_EPILOGUE_GELU, n);
}

SmbStatus
smb_cuda_gelu_backward (void *ctx, void *dx, const void *dy, const void *x, SmbNumber number, int64_t n)
{
  SmbCuda *cuda = (SmbCuda *) ctx;
  SmbStatus status;

  if (number == SMB_NUMBER_F32)
    return backward (ctx, gelu_slope_kernel, (float *) dx, (const float *) dy, (const float *) x, n);
  status = smb_cuda_enter (cuda);
  if (status != SMB_STATUS_OK || n <= 0)
    return status;
  LAUNCH (cuda, gelu_slope_eights_kernel, blocks_for (n / 8), BLOCK, 0, (Eight *) dx, (const Eight *) dy,
          (const Eight *) x, n / 8);
  return smb_cuda_launched (cuda, "an activation's gradient");
}

SmbStatus
smb_cuda_relu_forward (void *ctx, float *y, const float *x, int64_t n)
{
  return forward (ctx, relu_kernel, y, x, n);
}

SmbStatus
smb_cuda_relu_backward (void *ctx, float *dx, const float *dy, const float *y, int64_t n)
{
  return backward (ctx, relu_slope_kernel, dx, dy, y, n);
}

static __device__ __forceinline__ float
activated (float z, int epilogue)
{
  return epilogue == SMB_EPILOGUE_GELU ? smb_gelu (z) : epilogue == SMB_EPILOGUE_RELU ? smb_relu (z) : z;
}

static __global__ void
finish_kernel (float *y, const float *z, const float *residual, int epilogue, int64_t n)
{
  FOR_ELEMENTS (i, n) {
    const float value = activated (z[i], epilogue);

    y[i] = residual != NULL ? value + residual[i] : value;
  }
}

SmbStatus
smb_cuda_finish (SmbCuda *cuda, float *y, const float *z, const float *residual, SmbEpilogue epilogue, int64_t n)
{
  LAUNCH (cuda, finish_kernel, blocks_for (n), BLOCK, 0, y, z, residual, (int) epilogue, n);
  return smb_cuda_launched (cuda, "the end of a linear layer");
}

static __global__ void
finish_eights_kernel (Eight *y, const Eight *z, int epilogue, int64_t n)
{
  FOR_ELEMENTS (i, n) {
    const Eight in = z[i];
    Eight out;

#pragma unroll
    for (int k = 0; k < 8; k += 2)
      out.pairs[k / 2] = smb_bf16_pair (activated (number_of_eight (in, k), epilogue),
                                        activated (number_of_eight (in, k + 1), epilogue));
    y[i] = out;
  }
}

SmbStatus
smb_cuda_finish_halves (SmbCuda *cuda, SmbBf16 *y, const SmbBf16 *z, SmbEpilogue epilogue, int64_t n)
{
  LAUNCH (cuda, finish_eights_kernel, blocks_for (n / 8), BLOCK, 0, (Eight *) y, (const Eight *) z, (int) epilogue,
          n / 8);
  return smb_cuda_launched (cuda, "the end of a linear layer");
}

static __global__ void
bf16_kernel (SmbBf16 *out, const float *x, int64_t rows, int64_t n, int64_t padded)
{
  uint32_t *pairs = (uint32_t *) out;

  FOR_ELEMENTS (i, rows * padded / 2) {
    int64_t row = i / (padded / 2), column = i % (padded / 2) * 2;
    const float *from = x + row * n + column;

    pairs[i] = smb_bf16_pair (column < n ? from[0] : 0.0f, column + 1 < n ? from[1] : 0.0f);
  }
}

SmbStatus
smb_cuda_to_bf16 (SmbCuda *cuda, SmbBf16 *out, const float *x, int64_t rows, int64_t n)
{
  int64_t padded = smb_round_up (n, 8);

  LAUNCH (cuda, bf16_kernel, blocks_for (rows * padded / 2), BLOCK, 0, out, x, rows, n, padded);
  return smb_cuda_launched (cuda, "rounding to bfloat16");
}

static __global__ void
axpy_kernel (float *y, float a, const float *x, int64_t n)
{
  FOR_ELEMENTS (i, n)
    y[i] += a * x[i];
}

SmbStatus
smb_cuda_axpy (void *ctx, float *y, float a, const float *x, int64_t n)
{
  SmbCuda *cuda = (SmbCuda *) ctx;
  SmbStatus status = smb_cuda_enter (cuda);

  if (status != SMB_STATUS_OK || n <= 0)
    return status;
  LAUNCH (cuda, axpy_kernel, blocks_for (n), BLOCK, 0, y, a, x, n);
  return smb_cuda_launched (cuda, "axpy");
}

/* y = [x +] gate branch; x NULL: nothing is added; gate NULL: 1. */
static __global__ void
gated_kernel (float *y, const float *x, const float *branch, const float *gate, int64_t n, int64_t per_sample)
{
  FOR_ELEMENTS (i, n) {
    float value = gate != NULL ? gate[i / per_sample] * branch[i] : branch[i];

    y[i] = x != NULL ? x[i] + value : value;
  }
}

SmbStatus
smb_cuda_residual_add (void *ctx, float *y, const float *x, const float *branch, const float *gate, int64_t samples,
                       int64_t per_sample)
{
  SmbCuda *cuda = (SmbCuda *) ctx;
  SmbStatus status = smb_cuda_enter (cuda);

  if (status != SMB_STATUS_OK || samples * per_sample <= 0)
    return status;
  LAUNCH (cuda, gated_kernel, blocks_for (samples * per_sample), BLOCK, 0, y, x, branch, gate, samples * per_sample,
          per_sample);
  return smb_cuda_launched (cuda, "residual add");
}

SmbStatus
smb_cuda_scale_samples (void *ctx, float *y, const float *x, const float *gate, int64_t samples, int64_t per_sample)
{
  return smb_cuda_residual_add (ctx, y, NULL, x, gate, samples, per_sample);
}

static __global__ void
table_kernel (float *x, const float *table, int64_t n, int64_t tc)
{
  FOR_ELEMENTS (i, n)
    x[i] += table[i % tc];
}

SmbStatus
smb_cuda_add_table (void *ctx, float *x, const float *table, int64_t b, int64_t tc)
{
  SmbCuda *cuda = (SmbCuda *) ctx;
  SmbStatus status = smb_cuda_enter (cuda);

  if (status != SMB_STATUS_OK || b * tc <= 0)
    return status;
  LAUNCH (cuda, table_kernel, blocks_for (b * tc), BLOCK, 0, x, table, b * tc, tc);
  return smb_cuda_launched (cuda, "add table");
}
