/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "cuda/cuda-attention.h"
#include "cuda/math/fragment.h"

/* For attention in bfloat16: tiles in shared memory and products of them on the matrix units. Four warps a block, 16 rows
 * a warp. Products are written so that both factors lie in shared memory with their summed dimension contiguous, two
 * numbers a word; where a factor is needed the other way round as well, it is stored twice. Rows are four words longer
 * than they need be: the eight rows of a fragment then lie in different banks. */

#define WARPS 4
#define THREADS (WARPS * WARP)
#define ROWS (WARPS * 16) /* of a block */

static __device__ __forceinline__ void
multiply_add (float (&c)[4], const uint32_t (&a)[4], const uint32_t (&b)[2])
{
#ifdef SMB_CUDA_EMULATED
  smb_emulator_mma (c, a, b);
#elif defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
  asm volatile ("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, "
                "{%0,%1,%2,%3};"
                : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
                : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#else
  __trap (); /* never launched on older cards */
#endif
}

/* Words between rows of n numbers. */
template <int N> struct Stride {
  static constexpr int words = N / 2 + 4;
};

/* What the kernels read: the rows of qkv (b,t,3 h d), `ld` apart, and backward of the result's gradient (b,t,h d),
 * `dy_ld` apart. Distances are multiples of 8: where d is as well, rows of heads begin at multiples of 16 bytes. */
struct Factors {
  const SmbBf16 *qkv, *dy;
  int64_t ld, dy_ld;
  int t, h, d;
};

/* The rows of one head of one sample. */
struct Head {
  const SmbBf16 *q, *k, *v, *dy;
  int64_t wide_at, out_at; /* in arrays as qkv and as the result, without padding */
  int64_t row_at;          /* of one number a query */
};

static __device__ __forceinline__ Head
head_of (const Factors &f, int64_t item)
{
  const int64_t sample = item / f.h, head = item % f.h, c = (int64_t) f.h * f.d;
  Head place;

  place.q = f.qkv + sample * f.t * f.ld + head * f.d;
  place.k = place.q + c;
  place.v = place.k + c;
  place.dy = f.dy + sample * f.t * f.dy_ld + head * f.d;
  place.wide_at = sample * f.t * 3 * c + head * f.d;
  place.out_at = sample * f.t * c + head * f.d;
  place.row_at = item * f.t;
  return place;
}

static __device__ __forceinline__ uint32_t
pair_of_bits (SmbBf16 first, SmbBf16 second)
{
  return (uint32_t) first | (uint32_t) second << 16;
}

/* tile [n][D] = rows of x [from, from + n), zeros beyond t and d. */
template <int D>
static __device__ __forceinline__ void
load_rows (uint32_t *tile, const SmbBf16 *x, int64_t ld, int from, int n, int t, int d)
{
  if (d % 8 == 0) {
    for (int i = (int) threadIdx.x; i < n * D / 8; i += THREADS) {
      const int row = i / (D / 8), column = i % (D / 8) * 8;
      Eight eight = { { 0, 0, 0, 0 } };

      if (from + row < t && column < d)
        eight = *(const Eight *) (x + (from + row) * ld + column);
      *(Eight *) (tile + row * Stride<D>::words + column / 2) = eight;
    }
    return;
  }
  for (int i = (int) threadIdx.x; i < n * D / 2; i += THREADS) {
    const int row = i / (D / 2), column = i % (D / 2) * 2, inside = from + row < t;
    const SmbBf16 *at = x + (from + row) * ld + column;

    tile[row * Stride<D>::words + column / 2]
      = pair_of_bits (inside && column < d ? at[0] : 0, inside && column + 1 < d ? at[1] : 0);
  }
}

/* tile [D][N] = the same transposed. */
template <int D, int N>
static __device__ __forceinline__ void
load_columns (uint32_t *tile, const SmbBf16 *x, int64_t ld, int from, int t, int d)
{
  if (d % 8 == 0) { /* neighbouring lanes have neighbouring pairs of rows: their words lie in different banks */
    for (int i = (int) threadIdx.x; i < N / 2 * (D / 8); i += THREADS) {
      const int pair = i % (N / 2), column = i / (N / 2) * 8, row = from + 2 * pair;
      const SmbBf16 *at = x + row * ld + column;
      Eight upper = { { 0, 0, 0, 0 } }, lower = upper;

      if (row < t && column < d)
        upper = *(const Eight *) at;
      if (row + 1 < t && column < d)
        lower = *(const Eight *) (at + ld);
#pragma unroll
      for (int k = 0; k < 4; k++) {
        tile[(column + 2 * k) * Stride<N>::words + pair] = (upper.pairs[k] & 0xffff) | lower.pairs[k] << 16;
        tile[(column + 2 * k + 1) * Stride<N>::words + pair] = upper.pairs[k] >> 16 | (lower.pairs[k] & 0xffff0000);
      }
    }
    return;
  }
  for (int i = (int) threadIdx.x; i < N / 2 * D; i += THREADS) {
    const int row = i / D * 2, column = i % D;
    const SmbBf16 *at = x + (from + row) * ld + column;

    tile[column * Stride<N>::words + row / 2]
      = pair_of_bits (from + row < t && column < d ? at[0] : 0, from + row + 1 < t && column < d ? at[ld] : 0);
  }
}

/* The left factor: rows [row, row + 16) of a tile, depth [16 step, 16 step + 16). */
template <int N>
static __device__ __forceinline__ void
left_fragment (uint32_t (&a)[4], const uint32_t *tile, int row, int step)
{
#pragma unroll
  for (int r = 0; r < 4; r++)
    a[r] = tile[(row + smb_fragment_a_row (lane_index (), r)) * Stride<N>::words
                + (step * 16 + smb_fragment_a_depth (lane_index (), r)) / 2];
}

/* The right factor: result columns [column, column + 8) are rows of a tile. */
template <int N>
static __device__ __forceinline__ void
right_fragment (uint32_t (&b)[2], const uint32_t *tile, int column, int step)
{
#pragma unroll
  for (int r = 0; r < 2; r++)
    b[r] = tile[(column + smb_fragment_b_column (lane_index ())) * Stride<N>::words
                + (step * 16 + smb_fragment_b_depth (lane_index (), r)) / 2];
}

/* c (16, 8 C) += rows [row, row + 16) of `left` [..][N] times the rows of `right` [8 C][N]. */
template <int N, int C>
static __device__ __forceinline__ void
multiply_tiles (float (&c)[C][4], const uint32_t *left, int row, const uint32_t *right)
{
#pragma unroll
  for (int step = 0; step < N / 16; step++) {
    uint32_t a[4], b[2];

    left_fragment<N> (a, left, row, step);
#pragma unroll
    for (int column = 0; column < C; column++) {
      right_fragment<N> (b, right, column * 8, step);
      multiply_add (c[column], a, b);
    }
  }
}

/* c (16, 8 C) += w (16, 8 K), in registers as a product left it, times the rows of `right` [8 C][8 K]. */
template <int K, int C>
static __device__ __forceinline__ void
multiply_registers (float (&c)[C][4], const float (&w)[K][4], const uint32_t *right)
{
#pragma unroll
  for (int step = 0; step < K / 2; step++) {
    const uint32_t a[4]
      = { smb_bf16_pair (w[2 * step][0], w[2 * step][1]), smb_bf16_pair (w[2 * step][2], w[2 * step][3]),
          smb_bf16_pair (w[2 * step + 1][0], w[2 * step + 1][1]), smb_bf16_pair (w[2 * step + 1][2], w[2 * step + 1][3]) };
    uint32_t b[2];

#pragma unroll
    for (int column = 0; column < C; column++) {
      right_fragment<K * 8> (b, right, column * 8, step);
      multiply_add (c[column], a, b);
    }
  }
}

/* A row of a result lies in four neighbouring lanes. */
static __device__ __forceinline__ float
row_max (float x)
{
  x = fmaxf (x, __shfl_xor_sync (WHOLE_WARP, x, 1));
  return fmaxf (x, __shfl_xor_sync (WHOLE_WARP, x, 2));
}

static __device__ __forceinline__ float
row_sum (float x)
{
  x += __shfl_xor_sync (WHOLE_WARP, x, 1);
  return x + __shfl_xor_sync (WHOLE_WARP, x, 2);
}

/* Neighbours x, y of a row to `to`; the second only if it is inside. */
static __device__ __forceinline__ void
store_pair (float *to, float x, float y, int both)
{
  to[0] = x;
  if (both)
    to[1] = y;
}

static __device__ __forceinline__ void
store_pair (SmbBf16 *to, float x, float y, int both)
{
  const uint32_t pair = smb_bf16_pair (x, y);

  if (both && (uintptr_t) to % sizeof pair == 0) {
    *(uint32_t *) to = pair;
    return;
  }
  to[0] = (SmbBf16) pair;
  if (both)
    to[1] = (SmbBf16) (pair >> 16);
}

/* out (rows `ld` apart) = factor[row half] * c for this warp's rows [row, row + 16) below t and columns below d. */
template <int C, typename Number>
static __device__ __forceinline__ void
store_tile (Number *out, int64_t ld, const float (&c)[C][4], const float (&factor)[2], int row, int t, int d)
{
#pragma unroll
  for (int column = 0; column < C; column++)
#pragma unroll
    for (int r = 0; r < 4; r += 2) {
      const int at_row = row + smb_fragment_c_row (lane_index (), r);
      const int at_column = column * 8 + smb_fragment_c_column (lane_index (), r);

      if (at_row < t && at_column < d)
        store_pair (out + at_row * ld + at_column, c[column][r] * factor[r / 2], c[column][r + 1] * factor[r / 2],
                    at_column + 1 < d);
    }
}
