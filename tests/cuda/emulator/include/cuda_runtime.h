/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What a kernel sees, for the emulator: a thread of a block is a thread of control of its own, which gives way at
 * barriers and where the lanes of a warp exchange values. */

#include <cstdint>
#include <cstring>
#include <functional>

#include "cuda_runtime_api.h"

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline
#define __launch_bounds__(...)

struct dim3 {
  unsigned x, y, z;
  dim3 (unsigned x_ = 1, unsigned y_ = 1, unsigned z_ = 1) : x (x_), y (y_), z (z_) {}
};

extern dim3 threadIdx, blockIdx, blockDim, gridDim;

/* A launch, or its capture: the arguments are those of the moment, as a card's are. */
void smb_emulator_launch (cudaStream_t stream, const void *kernel, dim3 grid, dim3 block, std::size_t shared_bytes,
                          std::function<void ()> body);
template <typename Kernel, typename... Arguments>
static inline std::function<void ()>
smb_emulator_bind (Kernel kernel, Arguments... arguments)
{
  return [=] { kernel (arguments...); };
}
/* Filled with NaN before each block. */
void *smb_emulator_shared ();
void __syncthreads ();
/* Every lane gives `bytes`; returns what lane `from` gave, valid until the lane's next exchange but one. */
const void *smb_emulator_exchange (const void *value, std::size_t bytes, int from);
/* Any lane's bytes of the exchange just done. */
const void *smb_emulator_given (int lane);
int smb_emulator_lane ();

template <typename Number>
static inline Number
__shfl_xor_sync (unsigned, Number value, int other)
{
  Number got;

  std::memcpy (&got, smb_emulator_exchange (&value, sizeof value, smb_emulator_lane () ^ other), sizeof got);
  return got;
}

/* mma.m16n8k16 in bfloat16, written from the PTX manual, not from engine/cuda/math/fragment.h. */
void smb_emulator_mma (float (&c)[4], const std::uint32_t (&a)[4], const std::uint32_t (&b)[2]);
