/* SPDX-License-Identifier: Apache-2.0 */
#include "cuda/cuda-kernel.h"
#include "cuda/math/optim.h"

/* The optimiser's step, the moving average, and the norm that gradients are clipped by. */

static __global__ void
adamw_kernel (float *param, float *m, float *v, const float *grad, SmbAdamNumbers numbers, int64_t n)
{
  FOR_ELEMENTS (i, n)
    smb_adam_update (&param[i], &m[i], &v[i], grad[i], &numbers);
}

SmbStatus
smb_cuda_adamw (void *ctx, const SmbAdamW *a)
{
  SmbCuda *cuda = (SmbCuda *) ctx;
  SmbAdamNumbers numbers
    = smb_adam_numbers (a->lr, a->beta1, a->beta2, a->eps, a->weight_decay, a->grad_scale, a->t);
  SmbStatus status = smb_cuda_enter (cuda);

  if (status != SMB_STATUS_OK || a->n <= 0)
    return status;
  LAUNCH (cuda, adamw_kernel, blocks_for (a->n), BLOCK, 0, a->param, a->m, a->v, a->grad, numbers, a->n);
  return smb_cuda_launched (cuda, "adamw");
}

static __global__ void
ema_kernel (float *target, const float *online, float keep, float rest, int64_t n)
{
  FOR_ELEMENTS (i, n)
    target[i] = keep * target[i] + rest * online[i];
}

SmbStatus
smb_cuda_ema (void *ctx, float *target, const float *online, double momentum, int64_t n)
{
  SmbCuda *cuda = (SmbCuda *) ctx;
  SmbStatus status = smb_cuda_enter (cuda);

  if (status != SMB_STATUS_OK || n <= 0)
    return status;
  LAUNCH (cuda, ema_kernel, blocks_for (n), BLOCK, 0, target, online, (float) momentum, (float) (1.0 - momentum), n);
  return smb_cuda_launched (cuda, "moving average");
}

/* Runs of fixed length, a block each; one block adds them up in order: the sum is the same on every card. */
#define RUN 8192

static __global__ void
squares_kernel (double *sums, const float *x, int64_t n)
{
  DYNAMIC_SHARED (double, warps);
  const int64_t first = (int64_t) blockIdx.x * RUN, end = first + RUN < n ? first + RUN : n;
  double sum = 0.0;

  for (int64_t i = first + threadIdx.x; i < end; i += BLOCK)
    sum += (double) x[i] * (double) x[i];
  sum = warp_sum (sum);
  if (lane_index () == 0)
    warps[threadIdx.x / WARP] = sum;
  __syncthreads ();
  if (threadIdx.x != 0)
    return;
  for (int i = 1; i < BLOCK / WARP; i++)
    sum += warps[i];
  sums[blockIdx.x] = sum;
}

/* sums[0] = the sum of all */
static __global__ void
squares_end_kernel (double *sums, int64_t runs)
{
  double sum = 0.0;

  for (int64_t i = lane_index (); i < runs; i += WARP)
    sum += sums[i];
  sum = warp_sum (sum);
  if (lane_index () == 0)
    sums[0] = sum;
}

SmbStatus
smb_cuda_sum_squares (void *ctx, double *host_out, const float *x, int64_t n)
{
  SmbCuda *cuda = (SmbCuda *) ctx;
  int64_t runs = smb_ceil_div (n, RUN);
  void *room = NULL;
  SmbStatus status = smb_cuda_enter (cuda);

  *host_out = 0.0;
  if (status != SMB_STATUS_OK || n <= 0)
    return status;
  status = smb_cuda_need_room (cuda, SMB_CUDA_ROOM_SUMS, runs, sizeof (double), &room);
  if (status != SMB_STATUS_OK)
    return status;
  LAUNCH (cuda, squares_kernel, (unsigned) runs, BLOCK, BLOCK / WARP * sizeof (double), (double *) room, x, n);
  LAUNCH (cuda, squares_end_kernel, 1, WARP, 0, (double *) room, runs);
  status = smb_cuda_launched (cuda, "sum of squares");
  return status == SMB_STATUS_OK ? smb_cuda_download (ctx, host_out, room, sizeof (double)) : status;
}

static __global__ void
parts_kernel (float *out, const float *parts, int64_t n, int size)
{
  FOR_ELEMENTS (i, n) {
    double sum = 0.0;

    for (int part = 0; part < size; part++)
      sum += (double) parts[part * n + i];
    out[i] = (float) sum;
  }
}

SmbStatus
smb_cuda_sum_parts (SmbCuda *cuda, float *out, const float *parts, int64_t n, int size)
{
  LAUNCH (cuda, parts_kernel, blocks_for (n), BLOCK, 0, out, parts, n, size);
  return smb_cuda_launched (cuda, "a sum over processes");
}
