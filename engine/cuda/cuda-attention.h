/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "cuda/cuda-kernel.h"
#include "cuda/math/attention.h"

/* What the attention kernels share: which tile a block has, and how head sizes become code. */

#define MOST_HEAD 128 /* channels of a head */

/* Blocks come as (tiles of rows) x (heads of samples), the tiles of one head next to each other. */
static __device__ __forceinline__ int64_t
item_of_block (int tiles)
{
  return blockIdx.x / tiles;
}

static __device__ __forceinline__ int
tile_of_block (int tiles)
{
  return (int) (blockIdx.x % tiles);
}

/* Runs `call` with D the smallest of the sizes there is code for. */
#define WITH_HEAD_SIZE(d, call)                                                                                        \
  ((d) <= 32 ? call<32> : (d) <= 64 ? call<64> : call<MOST_HEAD>)
