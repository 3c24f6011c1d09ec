/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* For the CUDA files alone: launching, and what kernels share. tests/cuda compiles the same files for the processor,
 * with its own cuda_runtime.h, and then launches differently. */

#include <cuda_runtime.h>

#include "cuda/cuda-private.h"

#define WARP 32
#define BLOCK 256
#define WHOLE_WARP 0xffffffffu

#ifdef SMB_CUDA_EMULATED
#define LAUNCH(cuda, kernel, grid, block, shared, ...)                                                                 \
  smb_emulator_launch ((cuda)->stream, (const void *) (kernel), (grid), (block), (shared),                             \
                       smb_emulator_bind ([=] (auto... arguments) { kernel (arguments...); }, __VA_ARGS__))
#define DYNAMIC_SHARED(type, name) type *name = (type *) smb_emulator_shared ()
#else
#define LAUNCH(cuda, kernel, grid, block, shared, ...)                                                                 \
  kernel<<<(grid), (block), (shared), (cuda)->stream>>> (__VA_ARGS__)
#define DYNAMIC_SHARED(type, name)                                                                                     \
  extern __shared__ __align__ (16) unsigned char smb_shared_bytes[];                                                   \
  type *name = (type *) smb_shared_bytes
#endif

/* Blocks for n elements of a kernel that goes round (FOR_ELEMENTS). */
static inline unsigned
blocks_for (int64_t n)
{
  int64_t blocks = smb_ceil_div (n, BLOCK);

  return (unsigned) (blocks < 1 ? 1 : blocks > SMB_CUDA_MAX_BLOCKS ? SMB_CUDA_MAX_BLOCKS : blocks);
}

#define FOR_ELEMENTS(i, n)                                                                                             \
  for (int64_t i = (int64_t) blockIdx.x * blockDim.x + threadIdx.x; i < (n); i += (int64_t) gridDim.x * blockDim.x)

/* A warp a row, in kernels of BLOCK threads that go round. */
static inline unsigned
blocks_for_rows (int64_t rows)
{
  return blocks_for (rows * WARP);
}

#define FOR_WARP_ROWS(row, rows)                                                                                       \
  for (int64_t row = ((int64_t) blockIdx.x * blockDim.x + threadIdx.x) / WARP; row < (rows);                           \
       row += (int64_t) gridDim.x * (blockDim.x / WARP))

/* Sums and maxima over a warp, the same in every lane; the order is that of a tree, always the same. */
template <typename Number>
static __device__ __forceinline__ Number
warp_sum (Number x)
{
  for (int other = WARP / 2; other > 0; other /= 2)
    x += __shfl_xor_sync (WHOLE_WARP, x, other);
  return x;
}

static __device__ __forceinline__ int
lane_index (void)
{
  return (int) (threadIdx.x % WARP);
}

/* An activation's numbers, as SmbNumber has them. */
static __device__ __forceinline__ float
number_at (const float *x, int64_t i)
{
  return x[i];
}

static __device__ __forceinline__ float
number_at (const SmbBf16 *x, int64_t i)
{
  return smb_bf16_value (x[i]);
}

/* Neighbours that a thread writes at a time: one float, two bfloat16. */
static __device__ __forceinline__ void
put_numbers (float *to, const float (&x)[1])
{
  *to = x[0];
}

static __device__ __forceinline__ void
put_numbers (SmbBf16 *to, const float (&x)[2])
{
  *(uint32_t *) to = smb_bf16_pair (x[0], x[1]);
}

/* Eight neighbours in bfloat16: 16 bytes, the most that a thread moves at a time. */
struct alignas (16) Eight {
  uint32_t pairs[4];
};

static __device__ __forceinline__ float
number_of_eight (const Eight &eight, int i)
{
  return smb_bf16_value ((SmbBf16) (eight.pairs[i / 2] >> (i % 2 * 16)));
}

/* call<SmbBf16> or call<float> */
#define WITH_NUMBER(number, call) ((number) == SMB_NUMBER_BF16 ? call<SmbBf16> : call<float>)

/* A kernel that wants more shared memory than every card gives must say so first. */
#define ALLOW_SHARED(cuda, kernel, bytes)                                                                              \
  ((bytes) > (cuda)->most_shared                                                                                       \
     ? smb_cuda_fail ((cuda), SMB_STATUS_UNSUPPORTED, "this card has too little shared memory for heads of this size") \
     : smb_cuda_check ((cuda),                                                                                         \
                       cudaFuncSetAttribute ((const void *) (kernel), cudaFuncAttributeMaxDynamicSharedMemorySize,     \
                                             (int) (bytes)),                                                           \
                       "asking for shared memory"))
