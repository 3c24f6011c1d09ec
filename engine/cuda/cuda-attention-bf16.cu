/* SPDX-License-Identifier: Apache-2.0 */
#include "cuda/cuda-tiles-bf16.h"

/* Attention on the matrix units: factors in bfloat16, sums, softmax and everything else in float32. The result of one
 * product is the left factor of the next without leaving the registers (Dao 2023). Factors come in bfloat16; results are
 * stored as the caller has his. */

template <int D, typename Number>
static __global__ void
__launch_bounds__ (THREADS)
forward_kernel (Number *y, float *lse, SmbSoftmaxState *states, Factors f, int tiles, float scale)
{
  DYNAMIC_SHARED (uint32_t, q);
  const int t = f.t, d = f.d;
  uint32_t *k = q + ROWS * Stride<D>::words, *v = k + ROWS * Stride<D>::words; /* v [D][ROWS] */
  const int q0 = tile_of_block (tiles) * ROWS, row = (int) threadIdx.x / WARP * 16;
  const Head head = head_of (f, item_of_block (tiles));
  float acc[D / 8][4] = { { 0 } }, inverse[2];
  SmbSoftmaxState state[2] = { { -INFINITY, 0.0f }, { -INFINITY, 0.0f } };

  load_rows<D> (q, head.q, f.ld, q0, ROWS, t, d);
  for (int k0 = 0; k0 < t; k0 += ROWS) {
    float s[ROWS / 8][4] = { { 0 } };

    __syncthreads ();
    load_rows<D> (k, head.k, f.ld, k0, ROWS, t, d);
    load_columns<D, ROWS> (v, head.v, f.ld, k0, t, d);
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
  store_tile (y + head.out_at, (int64_t) f.h * d, acc, inverse, q0 + row, t, d);
}

template <int D>
static __global__ void
__launch_bounds__ (THREADS)
probs_kernel (float *probs, const SmbSoftmaxState *states, Factors f, int tiles, float scale)
{
  DYNAMIC_SHARED (uint32_t, q);
  const int t = f.t, d = f.d;
  uint32_t *k = q + ROWS * Stride<D>::words;
  const int q0 = tile_of_block (tiles) * ROWS, row = (int) threadIdx.x / WARP * 16;
  const Head head = head_of (f, item_of_block (tiles));

  load_rows<D> (q, head.q, f.ld, q0, ROWS, t, d);
  for (int k0 = 0; k0 < t; k0 += ROWS) {
    float s[ROWS / 8][4] = { { 0 } };

    __syncthreads ();
    load_rows<D> (k, head.k, f.ld, k0, ROWS, t, d);
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
mean_kernel (float *mean, const SmbSoftmaxState *states, Factors f, int tiles, float scale)
{
  DYNAMIC_SHARED (uint32_t, q);
  const int t = f.t, h = f.h, d = f.d;
  uint32_t *k = q + ROWS * Stride<D>::words;
  const int k0 = tile_of_block (tiles) * ROWS, row = (int) threadIdx.x / WARP * 16;
  const int64_t sample = item_of_block (tiles) / tiles;
  const int q0 = (int) (item_of_block (tiles) % tiles) * ROWS;
  const float inverse[2] = { 1.0f / (float) h, 1.0f / (float) h };
  float sum[ROWS / 8][4] = { { 0 } };

  for (int n = 0; n < h; n++) {
    const Head head = head_of (f, sample * h + n);
    float s[ROWS / 8][4] = { { 0 } };

    __syncthreads ();
    load_rows<D> (q, head.q, f.ld, q0, ROWS, t, d);
    load_rows<D> (k, head.k, f.ld, k0, ROWS, t, d);
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

template <int D, typename Number>
static SmbStatus
launch_forward (SmbCuda *cuda, const SmbAttentionForward *a, const Factors &f, SmbSoftmaxState *states)
{
  const size_t bytes = (2 * ROWS * Stride<D>::words + D * Stride<ROWS>::words) * sizeof (uint32_t);
  const int tiles = (int) smb_ceil_div (f.t, ROWS);
  const unsigned blocks = (unsigned) (a->b * a->h * tiles);
  const float scale = 1.0f / sqrtf ((float) f.d);
  SmbStatus status = ALLOW_SHARED (cuda, (forward_kernel<D, Number>), bytes);

  if (status == SMB_STATUS_OK)
    status = ALLOW_SHARED (cuda, probs_kernel<D>, bytes);
  if (status == SMB_STATUS_OK)
    status = ALLOW_SHARED (cuda, mean_kernel<D>, bytes);
  if (status != SMB_STATUS_OK)
    return status;
  LAUNCH (cuda, (forward_kernel<D, Number>), blocks, THREADS, bytes, (Number *) a->y, a->lse, states, f, tiles, scale);
  if (a->probs != NULL)
    LAUNCH (cuda, probs_kernel<D>, blocks, THREADS, bytes, a->probs, (const SmbSoftmaxState *) states, f, tiles, scale);
  if (a->mean != NULL)
    LAUNCH (cuda, mean_kernel<D>, (unsigned) (a->b * tiles * tiles), THREADS, bytes, a->mean,
            (const SmbSoftmaxState *) states, f, tiles, scale);
  return smb_cuda_launched (cuda, "attention");
}

/* call<D, Number> with D as WITH_HEAD_SIZE has it. */
#define WITH_HEAD_SIZE_AND_NUMBER(d, number, call)                                                                     \
  ((number) == SMB_NUMBER_BF16                                                                                         \
     ? ((d) <= 32 ? call<32, SmbBf16> : (d) <= 64 ? call<64, SmbBf16> : call<MOST_HEAD, SmbBf16>)                      \
     : ((d) <= 32 ? call<32, float> : (d) <= 64 ? call<64, float> : call<MOST_HEAD, float>))

SmbStatus
smb_cuda_attention_forward_bf16 (SmbCuda *cuda, const SmbAttentionForward *a, void *states)
{
  const void *qkv;
  int64_t ld;
  SmbStatus status
    = smb_cuda_halves_of (cuda, SMB_CUDA_ROOM_LEFT, a->qkv, a->number, a->b * a->t, 3 * a->h * a->d, &qkv, &ld);
  const Factors f = { (const SmbBf16 *) qkv, NULL, ld, 0, (int) a->t, (int) a->h, (int) a->d };

  if (status != SMB_STATUS_OK)
    return status;
  return WITH_HEAD_SIZE_AND_NUMBER (a->d, a->number, launch_forward) (cuda, a, f, (SmbSoftmaxState *) states);
}

/* dQ for a tile of queries, keys passing by. */
template <int D, int KEYS, typename Number>
static __global__ void
__launch_bounds__ (THREADS)
query_slope_kernel (Number *dqkv, float *dprobs, Factors f, const float *lse, const float *delta, int tiles, float scale)
{
  DYNAMIC_SHARED (uint32_t, q);
  const int t = f.t, d = f.d;
  const int64_t c = (int64_t) f.h * d;
  uint32_t *g = q + ROWS * Stride<D>::words, *k = g + ROWS * Stride<D>::words;
  uint32_t *v = k + KEYS * Stride<D>::words, *k_turned = v + KEYS * Stride<D>::words; /* [D][KEYS] */
  const int q0 = tile_of_block (tiles) * ROWS, row = (int) threadIdx.x / WARP * 16;
  const Head head = head_of (f, item_of_block (tiles));
  const float one[2] = { 1.0f, 1.0f };
  float acc[D / 8][4] = { { 0 } }, row_lse[2], row_delta[2];

  for (int half = 0; half < 2; half++) {
    const int at = q0 + row + smb_fragment_c_row (lane_index (), 2 * half);

    row_lse[half] = at < t ? lse[head.row_at + at] : 0.0f;
    row_delta[half] = at < t ? delta[head.row_at + at] : 0.0f;
  }
  load_rows<D> (q, head.q, f.ld, q0, ROWS, t, d);
  load_rows<D> (g, head.dy, f.dy_ld, q0, ROWS, t, d);
  for (int k0 = 0; k0 < t; k0 += KEYS) {
    float s[KEYS / 8][4] = { { 0 } }, dp[KEYS / 8][4] = { { 0 } };

    __syncthreads ();
    load_rows<D> (k, head.k, f.ld, k0, KEYS, t, d);
    load_rows<D> (v, head.v, f.ld, k0, KEYS, t, d);
    load_columns<D, KEYS> (k_turned, head.k, f.ld, k0, t, d);
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
  store_tile (dqkv + head.wide_at, 3 * c, acc, one, q0 + row, t, d);
}

/* dK and dV for a tile of keys, queries passing by: everything transposed, so that keys are the rows. */
template <int D, int QUERIES, typename Number>
static __global__ void
__launch_bounds__ (THREADS, 2) /* three would have to spill registers, and have no shared memory where D is 64 */
key_slope_kernel (Number *dqkv, Factors f, const float *lse, const float *delta, int tiles, float scale)
{
  DYNAMIC_SHARED (uint32_t, k);
  const int t = f.t, d = f.d;
  const int64_t c = (int64_t) f.h * d;
  uint32_t *v = k + ROWS * Stride<D>::words, *q = v + ROWS * Stride<D>::words, *g = q + QUERIES * Stride<D>::words;
  uint32_t *q_turned = g + QUERIES * Stride<D>::words, *g_turned = q_turned + D * Stride<QUERIES>::words;
  const int k0 = tile_of_block (tiles) * ROWS, row = (int) threadIdx.x / WARP * 16;
  const Head head = head_of (f, item_of_block (tiles));
  const float one[2] = { 1.0f, 1.0f };
  float dk[D / 8][4] = { { 0 } }, dv[D / 8][4] = { { 0 } };

  load_rows<D> (k, head.k, f.ld, k0, ROWS, t, d);
  load_rows<D> (v, head.v, f.ld, k0, ROWS, t, d);
  for (int q0 = 0; q0 < t; q0 += QUERIES) {
    float p[QUERIES / 8][4] = { { 0 } }, dp[QUERIES / 8][4] = { { 0 } };

    __syncthreads ();
    load_rows<D> (q, head.q, f.ld, q0, QUERIES, t, d);
    load_rows<D> (g, head.dy, f.dy_ld, q0, QUERIES, t, d);
    load_columns<D, QUERIES> (q_turned, head.q, f.ld, q0, t, d);
    load_columns<D, QUERIES> (g_turned, head.dy, f.dy_ld, q0, t, d);
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
  store_tile (dqkv + head.wide_at + c, 3 * c, dk, one, k0 + row, t, d);
  store_tile (dqkv + head.wide_at + 2 * c, 3 * c, dv, one, k0 + row, t, d);
}

/* relevance (B,T,T): as the mean of probs, of the positive part of probs and their gradient. */
template <int D>
static __global__ void
__launch_bounds__ (THREADS)
relevance_kernel (float *relevance, Factors f, const float *lse, int tiles, float scale)
{
  DYNAMIC_SHARED (uint32_t, q);
  const int t = f.t, h = f.h, d = f.d;
  uint32_t *g = q + ROWS * Stride<D>::words, *k = g + ROWS * Stride<D>::words, *v = k + ROWS * Stride<D>::words;
  const int k0 = tile_of_block (tiles) * ROWS, row = (int) threadIdx.x / WARP * 16;
  const int64_t sample = item_of_block (tiles) / tiles;
  const int q0 = (int) (item_of_block (tiles) % tiles) * ROWS;
  const float inverse[2] = { 1.0f / (float) h, 1.0f / (float) h };
  float sum[ROWS / 8][4] = { { 0 } };

  for (int n = 0; n < h; n++) {
    const Head head = head_of (f, sample * h + n);
    float s[ROWS / 8][4] = { { 0 } }, dp[ROWS / 8][4] = { { 0 } };

    __syncthreads ();
    load_rows<D> (q, head.q, f.ld, q0, ROWS, t, d);
    load_rows<D> (g, head.dy, f.dy_ld, q0, ROWS, t, d);
    load_rows<D> (k, head.k, f.ld, k0, ROWS, t, d);
    load_rows<D> (v, head.v, f.ld, k0, ROWS, t, d);
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

template <int D, typename Number>
static SmbStatus
launch_backward (SmbCuda *cuda, const SmbAttentionBackward *a, const Factors &f, const float *delta)
{
  constexpr int passing = D <= 64 ? 64 : 32; /* rows at a time: registers and shared memory */
  const size_t query_bytes
    = (2 * (ROWS + passing) * Stride<D>::words + D * Stride<passing>::words) * sizeof (uint32_t);
  const size_t key_bytes = query_bytes + D * Stride<passing>::words * sizeof (uint32_t);
  const size_t relevance_bytes = 4 * ROWS * Stride<D>::words * sizeof (uint32_t);
  const int tiles = (int) smb_ceil_div (f.t, ROWS);
  const unsigned blocks = (unsigned) (a->b * a->h * tiles);
  const float scale = 1.0f / sqrtf ((float) f.d);
  SmbStatus status = ALLOW_SHARED (cuda, (query_slope_kernel<D, passing, Number>), query_bytes);

  if (status == SMB_STATUS_OK)
    status = ALLOW_SHARED (cuda, (key_slope_kernel<D, passing, Number>), key_bytes);
  if (status == SMB_STATUS_OK)
    status = ALLOW_SHARED (cuda, relevance_kernel<D>, relevance_bytes);
  if (status != SMB_STATUS_OK)
    return status;
  LAUNCH (cuda, (query_slope_kernel<D, passing, Number>), blocks, THREADS, query_bytes, (Number *) a->dqkv, a->dprobs,
          f, a->lse, delta, tiles, scale);
  LAUNCH (cuda, (key_slope_kernel<D, passing, Number>), blocks, THREADS, key_bytes, (Number *) a->dqkv, f, a->lse,
          delta, tiles, scale);
  if (a->relevance != NULL)
    LAUNCH (cuda, relevance_kernel<D>, (unsigned) (a->b * tiles * tiles), THREADS, relevance_bytes, a->relevance, f,
            a->lse, tiles, scale);
  return smb_cuda_launched (cuda, "attention's gradient");
}

SmbStatus
smb_cuda_attention_backward_bf16 (SmbCuda *cuda, const SmbAttentionBackward *a, const float *delta)
{
  const int64_t rows = a->b * a->t, c = a->h * a->d;
  const void *qkv, *dy = NULL;
  int64_t ld, dy_ld = 0;
  SmbStatus status = smb_cuda_halves_of (cuda, SMB_CUDA_ROOM_LEFT, a->qkv, a->number, rows, 3 * c, &qkv, &ld);

  if (status == SMB_STATUS_OK)
    status = smb_cuda_halves_of (cuda, SMB_CUDA_ROOM_RIGHT, a->dy, a->number, rows, c, &dy, &dy_ld);
  if (status != SMB_STATUS_OK)
    return status;
  const Factors f = { (const SmbBf16 *) qkv, (const SmbBf16 *) dy, ld, dy_ld, (int) a->t, (int) a->h, (int) a->d };

  return WITH_HEAD_SIZE_AND_NUMBER (a->d, a->number, launch_backward) (cuda, a, f, delta);
}
