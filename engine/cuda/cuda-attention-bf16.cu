/* SPDX-License-Identifier: Apache-2.0 */
#include "cuda/cuda-attention.h"
#include "cuda/math/fragment.h"

/* Attention on the matrix units: factors in bfloat16, sums, softmax and everything else in float32. Four warps a block,
 * 16 rows a warp. Products are written so that both factors lie in shared memory with their summed dimension
 * contiguous, two numbers a word; where a factor is needed the other way round as well, it is stored twice. Rows are
 * four words longer than they need be: the eight rows of a fragment then lie in different banks. The result of one
 * product is the left factor of the next without leaving the registers (Dao 2023). */

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

/* tile [n][D] = rows of x [from, from + n) in bfloat16, zeros beyond t and d. */
template <int D>
static __device__ __forceinline__ void
load_rows (uint32_t *tile, const float *x, int64_t ld, int from, int n, int t, int d)
{
  for (int i = (int) threadIdx.x; i < n * D / 2; i += THREADS) {
    const int row = i / (D / 2), column = i % (D / 2) * 2, inside = from + row < t;
    const float *at = x + (from + row) * ld + column;

    tile[row * Stride<D>::words + column / 2]
      = smb_bf16_pair (inside && column < d ? at[0] : 0.0f, inside && column + 1 < d ? at[1] : 0.0f);
  }
}

/* tile [D][N] = the same transposed. */
template <int D, int N>
static __device__ __forceinline__ void
load_columns (uint32_t *tile, const float *x, int64_t ld, int from, int t, int d)
{
  for (int i = (int) threadIdx.x; i < N / 2 * D; i += THREADS) {
    const int row = i / D * 2, column = i % D;
    const float *at = x + (from + row) * ld + column;

    tile[column * Stride<N>::words + row / 2] = smb_bf16_pair (from + row < t && column < d ? at[0] : 0.0f,
                                                               from + row + 1 < t && column < d ? at[ld] : 0.0f);
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

/* out (rows `ld` apart) = factor[row half] * c for this warp's rows [row, row + 16) below t and columns below d. */
template <int C>
static __device__ __forceinline__ void
store_tile (float *out, int64_t ld, const float (&c)[C][4], const float (&factor)[2], int row, int t, int d)
{
#pragma unroll
  for (int column = 0; column < C; column++)
#pragma unroll
    for (int r = 0; r < 4; r++) {
      const int at_row = row + smb_fragment_c_row (lane_index (), r);
      const int at_column = column * 8 + smb_fragment_c_column (lane_index (), r);

      if (at_row < t && at_column < d)
        out[at_row * ld + at_column] = c[column][r] * factor[r / 2];
    }
}

template <int D>
static __global__ void
__launch_bounds__ (THREADS)
forward_kernel (float *y, float *lse, SmbSoftmaxState *states, const float *qkv, int t, int h, int d, int tiles,
                float scale)
{
  DYNAMIC_SHARED (uint32_t, q);
  uint32_t *k = q + ROWS * Stride<D>::words, *v = k + ROWS * Stride<D>::words; /* v [D][ROWS] */
  const int q0 = tile_of_block (tiles) * ROWS, row = (int) threadIdx.x / WARP * 16;
  const Head head = head_of (qkv, item_of_block (tiles), t, h, d);
  float acc[D / 8][4] = { { 0 } }, inverse[2];
  SmbSoftmaxState state[2] = { { -INFINITY, 0.0f }, { -INFINITY, 0.0f } };

  load_rows<D> (q, head.q, head.ld, q0, ROWS, t, d);
  for (int k0 = 0; k0 < t; k0 += ROWS) {
    float s[ROWS / 8][4] = { { 0 } };

    __syncthreads ();
    load_rows<D> (k, head.k, head.ld, k0, ROWS, t, d);
    load_columns<D, ROWS> (v, head.v, head.ld, k0, t, d);
    __syncthreads ();
    multiply_tiles<D> (s, q, row, k);
#pragma unroll
    for (int half = 0; half < 2; half++) {
      float most = -INFINITY, by;

#pragma unroll
      for (int column = 0; column < ROWS / 8; column++)
#pragma unroll
        for (int r = 2 * half; r < 2 * half + 2; r++) {
          const int key = k0 + column * 8 + smb_fragment_c_column (lane_index (), r);

          s[column][r] = key < t ? s[column][r] * scale : -INFINITY;
          most = fmaxf (most, s[column][r]);
        }
      by = smb_softmax_rescale (&state[half], row_max (most));
#pragma unroll
      for (int column = 0; column < ROWS / 8; column++)
#pragma unroll
        for (int r = 2 * half; r < 2 * half + 2; r++) {
          s[column][r] = expf (s[column][r] - state[half].most);
          state[half].sum += s[column][r]; /* of this lane; the four are added at the end */
        }
#pragma unroll
      for (int column = 0; column < D / 8; column++)
#pragma unroll
        for (int r = 2 * half; r < 2 * half + 2; r++)
          acc[column][r] *= by;
    }
    multiply_registers (acc, s, v);
  }
  for (int half = 0; half < 2; half++) {
    const int at = q0 + row + smb_fragment_c_row (lane_index (), 2 * half);

    state[half].sum = row_sum (state[half].sum);
    inverse[half] = 1.0f / state[half].sum;
    if (lse != NULL && lane_index () % 4 == 0 && at < t)
      lse[head.row_at + at] = state[half].most + logf (state[half].sum);
    if (states != NULL && lane_index () % 4 == 0 && at < t)
      states[head.row_at + at] = state[half];
  }
  store_tile (y + head.out_at, head.out_ld, acc, inverse, q0 + row, t, d);
}

template <int D>
static __global__ void
__launch_bounds__ (THREADS)
probs_kernel (float *probs, const SmbSoftmaxState *states, const float *qkv, int t, int h, int d, int tiles,
              float scale)
{
  DYNAMIC_SHARED (uint32_t, q);
  uint32_t *k = q + ROWS * Stride<D>::words;
  const int q0 = tile_of_block (tiles) * ROWS, row = (int) threadIdx.x / WARP * 16;
  const Head head = head_of (qkv, item_of_block (tiles), t, h, d);

  load_rows<D> (q, head.q, head.ld, q0, ROWS, t, d);
  for (int k0 = 0; k0 < t; k0 += ROWS) {
    float s[ROWS / 8][4] = { { 0 } };

    __syncthreads ();
    load_rows<D> (k, head.k, head.ld, k0, ROWS, t, d);
    __syncthreads ();
    multiply_tiles<D> (s, q, row, k);
    for (int column = 0; column < ROWS / 8; column++)
      for (int r = 0; r < 4; r++) {
        const int at = q0 + row + smb_fragment_c_row (lane_index (), r);
        const int key = k0 + column * 8 + smb_fragment_c_column (lane_index (), r);

        if (at < t && key < t)
          probs[(head.row_at + at) * t + key] = smb_softmax_value (s[column][r] * scale, &states[head.row_at + at]);
      }
  }
}

/* mean (B,T,T) of probs over the heads: a block adds those of one tile in their order. */
template <int D>
static __global__ void
__launch_bounds__ (THREADS)
mean_kernel (float *mean, const SmbSoftmaxState *states, const float *qkv, int t, int h, int d, int tiles, float scale)
{
  DYNAMIC_SHARED (uint32_t, q);
  uint32_t *k = q + ROWS * Stride<D>::words;
  const int k0 = tile_of_block (tiles) * ROWS, row = (int) threadIdx.x / WARP * 16;
  const int64_t sample = item_of_block (tiles) / tiles;
  const int q0 = (int) (item_of_block (tiles) % tiles) * ROWS;
  const float inverse[2] = { 1.0f / (float) h, 1.0f / (float) h };
  float sum[ROWS / 8][4] = { { 0 } };

  for (int n = 0; n < h; n++) {
    const Head head = head_of (qkv, sample * h + n, t, h, d);
    float s[ROWS / 8][4] = { { 0 } };

    __syncthreads ();
    load_rows<D> (q, head.q, head.ld, q0, ROWS, t, d);
    load_rows<D> (k, head.k, head.ld, k0, ROWS, t, d);
    __syncthreads ();
    multiply_tiles<D> (s, q, row, k);
#pragma unroll
    for (int column = 0; column < ROWS / 8; column++)
#pragma unroll
      for (int r = 0; r < 4; r++) {
        const int at = q0 + row + smb_fragment_c_row (lane_index (), r);

        if (at < t)
          sum[column][r] += smb_softmax_value (s[column][r] * scale, &states[head.row_at + at]);
      }
  }
  store_tile (mean + sample * t * t + k0, t, sum, inverse, q0 + row, t, t - k0);
}

template <int D>
static SmbStatus
launch_forward (SmbCuda *cuda, const SmbAttentionForward *a, SmbSoftmaxState *states)
{
  const size_t bytes = (2 * ROWS * Stride<D>::words + D * Stride<ROWS>::words) * sizeof (uint32_t);
  const int t = (int) a->t, h = (int) a->h, d = (int) a->d, tiles = (int) smb_ceil_div (t, ROWS);
  const unsigned blocks = (unsigned) (a->b * a->h * tiles);
  const float scale = 1.0f / sqrtf ((float) d);
  SmbStatus status = ALLOW_SHARED (cuda, forward_kernel<D>, bytes);

  if (status == SMB_STATUS_OK)
    status = ALLOW_SHARED (cuda, probs_kernel<D>, bytes);
  if (status == SMB_STATUS_OK)
    status = ALLOW_SHARED (cuda, mean_kernel<D>, bytes);
  if (status != SMB_STATUS_OK)
    return status;
  LAUNCH (cuda, forward_kernel<D>, blocks, THREADS, bytes, a->y, a->lse, states, a->qkv, t, h, d, tiles,
          scale);
  if (a->probs != NULL)
    LAUNCH (cuda, probs_kernel<D>, blocks, THREADS, bytes, a->probs, (const SmbSoftmaxState *) states, a->qkv, t, h, d,
            tiles, scale);
  if (a->mean != NULL)
    LAUNCH (cuda, mean_kernel<D>, (unsigned) (a->b * tiles * tiles), THREADS, bytes, a->mean,
            (const SmbSoftmaxState *) states, a->qkv, t, h, d, tiles, scale);
  return smb_cuda_launched (cuda, "attention");
}

SmbStatus
smb_cuda_attention_forward_bf16 (SmbCuda *cuda, const SmbAttentionForward *a, void *states)
{
  return WITH_HEAD_SIZE (a->d, launch_forward) (cuda, a, (SmbSoftmaxState *) states);
}

/* dQ for a tile of queries, keys passing by. */
template <int D, int KEYS>
static __global__ void
__launch_bounds__ (THREADS)
query_slope_kernel (float *dqkv, float *dprobs, const float *dy, const float *qkv, const float *lse,
                    const float *delta, int t, int h, int d, int tiles, float scale)
{
  DYNAMIC_SHARED (uint32_t, q);
  uint32_t *g = q + ROWS * Stride<D>::words, *k = g + ROWS * Stride<D>::words;
  uint32_t *v = k + KEYS * Stride<D>::words, *k_turned = v + KEYS * Stride<D>::words; /* [D][KEYS] */
  const int q0 = tile_of_block (tiles) * ROWS, row = (int) threadIdx.x / WARP * 16;
  const Head head = head_of (qkv, item_of_block (tiles), t, h, d);
  const float one[2] = { 1.0f, 1.0f };
  float acc[D / 8][4] = { { 0 } }, row_lse[2], row_delta[2];

  for (int half = 0; half < 2; half++) {
    const int at = q0 + row + smb_fragment_c_row (lane_index (), 2 * half);

    row_lse[half] = at < t ? lse[head.row_at + at] : 0.0f;
    row_delta[half] = at < t ? delta[head.row_at + at] : 0.0f;
  }
  load_rows<D> (q, head.q, head.ld, q0, ROWS, t, d);
  load_rows<D> (g, dy + head.out_at, head.out_ld, q0, ROWS, t, d);
  for (int k0 = 0; k0 < t; k0 += KEYS) {
    float s[KEYS / 8][4] = { { 0 } }, dp[KEYS / 8][4] = { { 0 } };

    __syncthreads ();
    load_rows<D> (k, head.k, head.ld, k0, KEYS, t, d);
    load_rows<D> (v, head.v, head.ld, k0, KEYS, t, d);
    load_columns<D, KEYS> (k_turned, head.k, head.ld, k0, t, d);
    __syncthreads ();
    multiply_tiles<D> (s, q, row, k);
    multiply_tiles<D> (dp, g, row, v);
#pragma unroll
    for (int column = 0; column < KEYS / 8; column++)
#pragma unroll
      for (int r = 0; r < 4; r++) {
        const int at = q0 + row + smb_fragment_c_row (lane_index (), r);
        const int key = k0 + column * 8 + smb_fragment_c_column (lane_index (), r), inside = at < t && key < t;
        const float p = expf (s[column][r] * scale - row_lse[r / 2]);

        if (inside && dprobs != NULL)
          dprobs[(head.row_at + at) * t + key] = dp[column][r];
        s[column][r] = inside ? smb_softmax_slope (p, dp[column][r], row_delta[r / 2], scale) : 0.0f;
      }
    multiply_registers (acc, s, k_turned);
  }
  store_tile (dqkv + (head.q - qkv), head.ld, acc, one, q0 + row, t, d);
}

/* dK and dV for a tile of keys, queries passing by: everything transposed, so that keys are the rows. */
template <int D, int QUERIES>
static __global__ void
__launch_bounds__ (THREADS, D <= 32 ? 3 : 2) /* shared memory has room for no more where D is 64 */
key_slope_kernel (float *dqkv, const float *dy, const float *qkv, const float *lse, const float *delta, int t, int h,
                  int d, int tiles, float scale)
{
  DYNAMIC_SHARED (uint32_t, k);
  uint32_t *v = k + ROWS * Stride<D>::words, *q = v + ROWS * Stride<D>::words, *g = q + QUERIES * Stride<D>::words;
  uint32_t *q_turned = g + QUERIES * Stride<D>::words, *g_turned = q_turned + D * Stride<QUERIES>::words;
  const int k0 = tile_of_block (tiles) * ROWS, row = (int) threadIdx.x / WARP * 16;
  const Head head = head_of (qkv, item_of_block (tiles), t, h, d);
  const float one[2] = { 1.0f, 1.0f };
  float dk[D / 8][4] = { { 0 } }, dv[D / 8][4] = { { 0 } };

  load_rows<D> (k, head.k, head.ld, k0, ROWS, t, d);
  load_rows<D> (v, head.v, head.ld, k0, ROWS, t, d);
  for (int q0 = 0; q0 < t; q0 += QUERIES) {
    float p[QUERIES / 8][4] = { { 0 } }, dp[QUERIES / 8][4] = { { 0 } };

    __syncthreads ();
    load_rows<D> (q, head.q, head.ld, q0, QUERIES, t, d);
    load_rows<D> (g, dy + head.out_at, head.out_ld, q0, QUERIES, t, d);
    load_columns<D, QUERIES> (q_turned, head.q, head.ld, q0, t, d);
    load_columns<D, QUERIES> (g_turned, dy + head.out_at, head.out_ld, q0, t, d);
    __syncthreads ();
    multiply_tiles<D> (p, k, row, q);
    multiply_tiles<D> (dp, v, row, g);
#pragma unroll
    for (int column = 0; column < QUERIES / 8; column++)
#pragma unroll
      for (int r = 0; r < 4; r++) {
        const int query = q0 + column * 8 + smb_fragment_c_column (lane_index (), r);
        const int inside = query < t && k0 + row + smb_fragment_c_row (lane_index (), r) < t;

        p[column][r] = inside ? expf (p[column][r] * scale - lse[head.row_at + query]) : 0.0f;
        dp[column][r]
          = inside ? smb_softmax_slope (p[column][r], dp[column][r], delta[head.row_at + query], scale) : 0.0f;
      }
    multiply_registers (dv, p, g_turned);
    multiply_registers (dk, dp, q_turned);
  }
  store_tile (dqkv + (head.k - qkv), head.ld, dk, one, k0 + row, t, d);
  store_tile (dqkv + (head.v - qkv), head.ld, dv, one, k0 + row, t, d);
}

/* relevance (B,T,T): as the mean of probs, of the positive part of probs and their gradient. */
template <int D>
static __global__ void
__launch_bounds__ (THREADS)
relevance_kernel (float *relevance, const float *dy, const float *qkv, const float *lse, int t, int h, int d, int tiles,
                  float scale)
{
  DYNAMIC_SHARED (uint32_t, q);
  uint32_t *g = q + ROWS * Stride<D>::words, *k = g + ROWS * Stride<D>::words, *v = k + ROWS * Stride<D>::words;
  const int k0 = tile_of_block (tiles) * ROWS, row = (int) threadIdx.x / WARP * 16;
  const int64_t sample = item_of_block (tiles) / tiles;
  const int q0 = (int) (item_of_block (tiles) % tiles) * ROWS;
  const float inverse[2] = { 1.0f / (float) h, 1.0f / (float) h };
  float sum[ROWS / 8][4] = { { 0 } };

  for (int n = 0; n < h; n++) {
    const Head head = head_of (qkv, sample * h + n, t, h, d);
    float s[ROWS / 8][4] = { { 0 } }, dp[ROWS / 8][4] = { { 0 } };

    __syncthreads ();
    load_rows<D> (q, head.q, head.ld, q0, ROWS, t, d);
    load_rows<D> (g, dy + head.out_at, head.out_ld, q0, ROWS, t, d);
    load_rows<D> (k, head.k, head.ld, k0, ROWS, t, d);
    load_rows<D> (v, head.v, head.ld, k0, ROWS, t, d);
    __syncthreads ();
    multiply_tiles<D> (s, q, row, k);
    multiply_tiles<D> (dp, g, row, v);
#pragma unroll
    for (int column = 0; column < ROWS / 8; column++)
#pragma unroll
      for (int r = 0; r < 4; r++) {
        const int at = q0 + row + smb_fragment_c_row (lane_index (), r);

        if (at < t)
          sum[column][r] += smb_softmax_relevance (expf (s[column][r] * scale - lse[head.row_at + at]), dp[column][r]);
      }
  }
  store_tile (relevance + sample * t * t + k0, t, sum, inverse, q0 + row, t, t - k0);
}

template <int D>
static SmbStatus
launch_backward (SmbCuda *cuda, const SmbAttentionBackward *a, const float *delta)
{
  constexpr int passing = D <= 64 ? 64 : 32; /* rows at a time: registers and shared memory */
  const size_t query_bytes
    = (2 * (ROWS + passing) * Stride<D>::words + D * Stride<passing>::words) * sizeof (uint32_t);
  const size_t key_bytes = query_bytes + D * Stride<passing>::words * sizeof (uint32_t);
  const size_t relevance_bytes = 4 * ROWS * Stride<D>::words * sizeof (uint32_t);
  const int t = (int) a->t, h = (int) a->h, d = (int) a->d, tiles = (int) smb_ceil_div (t, ROWS);
  const unsigned blocks = (unsigned) (a->b * a->h * tiles);
  const float scale = 1.0f / sqrtf ((float) d);
  SmbStatus status = ALLOW_SHARED (cuda, (query_slope_kernel<D, passing>), query_bytes);

  if (status == SMB_STATUS_OK)
    status = ALLOW_SHARED (cuda, (key_slope_kernel<D, passing>), key_bytes);
  if (status == SMB_STATUS_OK)
    status = ALLOW_SHARED (cuda, relevance_kernel<D>, relevance_bytes);
  if (status != SMB_STATUS_OK)
    return status;
  LAUNCH (cuda, (query_slope_kernel<D, passing>), blocks, THREADS, query_bytes, a->dqkv, a->dprobs, a->dy, a->qkv,
          a->lse, delta, t, h, d, tiles, scale);
  LAUNCH (cuda, (key_slope_kernel<D, passing>), blocks, THREADS, key_bytes, a->dqkv, a->dy, a->qkv, a->lse, delta, t,
          h, d, tiles, scale);
  if (a->relevance != NULL)
    LAUNCH (cuda, relevance_kernel<D>, (unsigned) (a->b * tiles * tiles), THREADS, relevance_bytes, a->relevance, a->dy,
            a->qkv, a->lse, t, h, d, tiles, scale);
  return smb_cuda_launched (cuda, "attention's gradient");
}

SmbStatus
smb_cuda_attention_backward_bf16 (SmbCuda *cuda, const SmbAttentionBackward *a, const float *delta)
{
  return WITH_HEAD_SIZE (a->d, launch_backward) (cuda, a, delta);
}
