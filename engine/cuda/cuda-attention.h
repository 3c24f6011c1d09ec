/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "cuda/cuda-kernel.h"
#include "cuda/math/attention.h"

/* What the attention kernels share: where the parts of one head of one sample lie, and how head sizes become code. */

#define MOST_HEAD 128 /* channels of a head */

/* The rows of one head in qkv (B,T,3C), y and dy (B,T,C); rows of the first are 3C apart, of the others C. */
typedef struct {
  const float *q, *k, *v;
  int64_t out_at;   /* of y, dy */
  int64_t row_at;   /* of lse, delta: one number a query */
  int64_t ld, out_ld;
} Head;

static __device__ __forceinline__ Head
head_of (const float *qkv, int64_t item, int t, int h, int d)
{
  const int64_t sample = item / h, head = item % h, c = (int64_t) h * d;
  Head place;

  place.q = qkv + sample * t * 3 * c + head * d;
  place.k = place.q + c;
  place.v = place.k + c;
  place.out_at = sample * t * c + head * d;
  place.row_at = item * t;
  place.ld = 3 * c;
  place.out_ld = c;
  return place;
}

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
