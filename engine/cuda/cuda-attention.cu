/* SPDX-License-Identifier: Apache-2.0 */
#include "cuda/cuda-attention.h"

/* Attention in float32, a tile of queries a block, keys passing by in tiles: the square of scores never exists unless
 * it is asked for (Dao et al. 2022, in plain float32). 256 threads as 16 x 16: each has rows ty + 16 i and columns tx +
 * 16 j of every tile; rows of shared memory are one number longer than they need be, so that columns lie in different
 * banks. */

#define SIDE 16
#define QUERIES 64 /* of a forward block */
#define KEYS 32    /* at a time */

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

/* rows of x [from, from + n) and their first d numbers, zeros beyond t and d; D + 1 apart. */
template <int D>
static __device__ __forceinline__ void
load_tile (float *tile, const float *x, int64_t ld, int from, int n, int t, int d)
{
  for (int i = (int) threadIdx.x; i < n * D; i += BLOCK) {
    int row = i / D, column = i % D;

    tile[row * (D + 1) + column] = from + row < t && column < d ? x[(from + row) * ld + column] : 0.0f;
  }
}

/* s[i][j] += rows ty + 16 i of a times rows tx + 16 j of b */
template <int D, int I, int J>
static __device__ __forceinline__ void
multiply_rows (float (&s)[I][J], const float *a, const float *b, int d)
{
  const int tx = (int) threadIdx.x % SIDE, ty = (int) threadIdx.x / SIDE;

  for (int x = 0; x < d; x++) {
    float left[I], right[J];

#pragma unroll
    for (int i = 0; i < I; i++)
      left[i] = a[(ty + SIDE * i) * (D + 1) + x];
#pragma unroll
    for (int j = 0; j < J; j++)
      right[j] = b[(tx + SIDE * j) * (D + 1) + x];
#pragma unroll
    for (int i = 0; i < I; i++)
#pragma unroll
      for (int j = 0; j < J; j++)
        s[i][j] += left[i] * right[j];
  }
}

/* acc[i][j] += sum over n of w (row ty + 16 i, n) x (n, column tx + 16 j); w's element (row, n) lies at row * row_step
 * + n * step. */
template <int D, int I>
static __device__ __forceinline__ void
mix_rows (float (&acc)[I][D / SIDE], const float *w, int row_step, int step, const float *x, int n)
{
  const int tx = (int) threadIdx.x % SIDE, ty = (int) threadIdx.x / SIDE;

  for (int r = 0; r < n; r++) {
    float left[I];

#pragma unroll
    for (int i = 0; i < I; i++)
      left[i] = w[(ty + SIDE * i) * row_step + r * step];
#pragma unroll
    for (int j = 0; j < D / SIDE; j++) {
      float right = x[r * (D + 1) + tx + SIDE * j];

#pragma unroll
      for (int i = 0; i < I; i++)
        acc[i][j] += left[i] * right;
    }
  }
}

static __device__ __forceinline__ float
side_max (float x)
{
  for (int other = SIDE / 2; other > 0; other /= 2)
    x = fmaxf (x, __shfl_xor_sync (WHOLE_WARP, x, other));
  return x;
}

static __device__ __forceinline__ float
side_sum (float x)
{
  for (int other = SIDE / 2; other > 0; other /= 2)
    x += __shfl_xor_sync (WHOLE_WARP, x, other);
  return x;
}

template <int D>
static __global__ void
__launch_bounds__ (BLOCK, 3) /* left to itself the compiler goes for four on some cards, and then spills */
forward_kernel (float *y, float *lse, SmbSoftmaxState *states, const float *qkv, int t, int h, int d, int tiles,
                float scale)
{
  DYNAMIC_SHARED (float, q);
  float *kv = q + QUERIES * (D + 1), *p = kv + KEYS * (D + 1);
  constexpr int I = QUERIES / SIDE, J = KEYS / SIDE;
  const int tx = (int) threadIdx.x % SIDE, ty = (int) threadIdx.x / SIDE, q0 = tile_of_block (tiles) * QUERIES;
  const Head head = head_of (qkv, item_of_block (tiles), t, h, d);
  float acc[I][D / SIDE] = { { 0 } };
  SmbSoftmaxState state[I];

  for (int i = 0; i < I; i++)
    state[i].most = -INFINITY, state[i].sum = 0.0f;
  load_tile<D> (q, head.q, head.ld, q0, QUERIES, t, d);
  for (int k0 = 0; k0 < t; k0 += KEYS) {
    float s[I][J] = { { 0 } };

    __syncthreads ();
    load_tile<D> (kv, head.k, head.ld, k0, KEYS, t, d);
    __syncthreads ();
    multiply_rows<D> (s, q, kv, d);
#pragma unroll
    for (int i = 0; i < I; i++) {
      float most = -INFINITY, sum = 0.0f, by;

#pragma unroll
      for (int j = 0; j < J; j++) {
        s[i][j] = k0 + tx + SIDE * j < t ? s[i][j] * scale : -INFINITY;
        most = fmaxf (most, s[i][j]);
      }
      by = smb_softmax_rescale (&state[i], side_max (most));
#pragma unroll
      for (int j = 0; j < J; j++) {
        s[i][j] = expf (s[i][j] - state[i].most);
        sum += s[i][j];
        p[(ty + SIDE * i) * (KEYS + 1) + tx + SIDE * j] = s[i][j];
      }
      state[i].sum += side_sum (sum);
#pragma unroll
      for (int j = 0; j < D / SIDE; j++)
        acc[i][j] *= by;
    }
    __syncthreads ();
    load_tile<D> (kv, head.v, head.ld, k0, KEYS, t, d);
    __syncthreads ();
    mix_rows<D> (acc, p, KEYS + 1, 1, kv, KEYS);
  }
  for (int i = 0; i < I; i++) {
    const int row = q0 + ty + SIDE * i;

    if (row >= t)
      continue;
#pragma unroll
    for (int j = 0; j < D / SIDE; j++)
      if (tx + SIDE * j < d)
        y[head.out_at + row * head.out_ld + tx + SIDE * j] = acc[i][j] / state[i].sum;
    if (tx == 0 && lse != NULL)
      lse[head.row_at + row] = state[i].most + logf (state[i].sum);
    if (tx == 0 && states != NULL)
      states[head.row_at + row] = state[i];
  }
}

/* probs (B,H,T,T): the scores once more, now that their sum is known. */
template <int D>
static __global__ void
__launch_bounds__ (BLOCK)
probs_kernel (float *probs, const SmbSoftmaxState *states, const float *qkv, int t, int h, int d, int tiles,
              float scale)
{
  DYNAMIC_SHARED (float, q);
  float *k = q + QUERIES * (D + 1);
  constexpr int I = QUERIES / SIDE, J = KEYS / SIDE;
  const int tx = (int) threadIdx.x % SIDE, ty = (int) threadIdx.x / SIDE, q0 = tile_of_block (tiles) * QUERIES;
  const Head head = head_of (qkv, item_of_block (tiles), t, h, d);

  load_tile<D> (q, head.q, head.ld, q0, QUERIES, t, d);
  for (int k0 = 0; k0 < t; k0 += KEYS) {
    float s[I][J] = { { 0 } };

    __syncthreads ();
    load_tile<D> (k, head.k, head.ld, k0, KEYS, t, d);
    __syncthreads ();
    multiply_rows<D> (s, q, k, d);
    for (int i = 0; i < I; i++)
      for (int j = 0; j < J; j++) {
        int row = q0 + ty + SIDE * i, key = k0 + tx + SIDE * j;

        if (row < t && key < t)
          probs[(head.row_at + row) * t + key] = smb_softmax_value (s[i][j] * scale, &states[head.row_at + row]);
      }
  }
}

/* mean (B,T,T) of probs over the heads: a block adds those of one tile in their order, so that no sum has two writers.
 */
template <int D>
static __global__ void
__launch_bounds__ (BLOCK)
mean_kernel (float *mean, const SmbSoftmaxState *states, const float *qkv, int t, int h, int d, int query_tiles,
             int key_tiles, float scale)
{
  DYNAMIC_SHARED (float, q);
  float *k = q + QUERIES * (D + 1);
  constexpr int I = QUERIES / SIDE, J = KEYS / SIDE;
  const int tx = (int) threadIdx.x % SIDE, ty = (int) threadIdx.x / SIDE, k0 = tile_of_block (key_tiles) * KEYS;
  const int64_t sample = item_of_block (key_tiles) / query_tiles;
  const int q0 = (int) (item_of_block (key_tiles) % query_tiles) * QUERIES;
  float sum[I][J] = { { 0 } };

  for (int n = 0; n < h; n++) {
    const Head head = head_of (qkv, sample * h + n, t, h, d);
    float s[I][J] = { { 0 } };

    __syncthreads ();
    load_tile<D> (q, head.q, head.ld, q0, QUERIES, t, d);
    load_tile<D> (k, head.k, head.ld, k0, KEYS, t, d);
    __syncthreads ();
    multiply_rows<D> (s, q, k, d);
    for (int i = 0; i < I; i++)
      for (int j = 0; j < J; j++)
        if (q0 + ty + SIDE * i < t)
          sum[i][j] += smb_softmax_value (s[i][j] * scale, &states[head.row_at + q0 + ty + SIDE * i]);
  }
  for (int i = 0; i < I; i++)
    for (int j = 0; j < J; j++) {
      const int row = q0 + ty + SIDE * i, key = k0 + tx + SIDE * j;

      if (row < t && key < t)
        mean[(sample * t + row) * t + key] = sum[i][j] / (float) h;
    }
}

template <int D>
static SmbStatus
launch_forward (SmbCuda *cuda, const SmbAttentionForward *a, SmbSoftmaxState *states)
{
  const float *qkv = (const float *) a->qkv;
  const size_t bytes = (QUERIES * (D + 1) + KEYS * (D + 1) + QUERIES * (KEYS + 1)) * sizeof (float);
  const int t = (int) a->t, h = (int) a->h, d = (int) a->d, tiles = (int) smb_ceil_div (t, QUERIES);
  const int key_tiles = (int) smb_ceil_div (t, KEYS);
  const unsigned blocks = (unsigned) (a->b * a->h * tiles);
  const float scale = 1.0f / sqrtf ((float) d);
  SmbStatus status = ALLOW_SHARED (cuda, forward_kernel<D>, bytes);

  if (status == SMB_STATUS_OK)
    status = ALLOW_SHARED (cuda, probs_kernel<D>, bytes);
  if (status == SMB_STATUS_OK)
    status = ALLOW_SHARED (cuda, mean_kernel<D>, bytes);
  if (status != SMB_STATUS_OK)
    return status;
  LAUNCH (cuda, forward_kernel<D>, blocks, BLOCK, bytes, (float *) a->y, a->lse, states, qkv, t, h, d, tiles,
          scale);
  if (a->probs != NULL)
    LAUNCH (cuda, probs_kernel<D>, blocks, BLOCK, bytes, a->probs, (const SmbSoftmaxState *) states, qkv, t, h, d,
            tiles, scale);
  if (a->mean != NULL)
    LAUNCH (cuda, mean_kernel<D>, (unsigned) (a->b * tiles * key_tiles), BLOCK, bytes, a->mean,
            (const SmbSoftmaxState *) states, qkv, t, h, d, tiles, key_tiles, scale);
  return smb_cuda_launched (cuda, "attention");
}

SmbStatus
smb_cuda_attention_forward_f32 (SmbCuda *cuda, const SmbAttentionForward *a, void *states)
{
  return WITH_HEAD_SIZE (a->d, launch_forward) (cuda, a, (SmbSoftmaxState *) states);
}

/* With S = scale q k^T, P = exp (S - lse), Y = P V:  dV = P^T dY;  dP = dY V^T;  dS = P (dP - rows of dY . Y) scale;
 * dQ = dS K;  dK = dS^T Q. Two kernels, each for the rows it sums, so that no sum has two writers. */
template <int D, int TILE>
static __global__ void
__launch_bounds__ (BLOCK, 3) /* shared memory has room for so many: fewer registers would gain nothing */
query_slope_kernel (float *dqkv, float *dprobs, const float *dy, const float *qkv, const float *lse,
                    const float *delta, int t, int h, int d, int tiles, float scale)
{
  DYNAMIC_SHARED (float, q);
  float *g = q + TILE * (D + 1), *k = g + TILE * (D + 1), *v = k + TILE * (D + 1), *ds = v + TILE * (D + 1);
  constexpr int I = TILE / SIDE;
  const int tx = (int) threadIdx.x % SIDE, ty = (int) threadIdx.x / SIDE, q0 = tile_of_block (tiles) * TILE;
  const Head head = head_of (qkv, item_of_block (tiles), t, h, d);
  float acc[I][D / SIDE] = { { 0 } };

  load_tile<D> (q, head.q, head.ld, q0, TILE, t, d);
  load_tile<D> (g, dy + head.out_at, head.out_ld, q0, TILE, t, d);
  for (int k0 = 0; k0 < t; k0 += TILE) {
    float s[I][I] = { { 0 } }, dp[I][I] = { { 0 } };

    __syncthreads ();
    load_tile<D> (k, head.k, head.ld, k0, TILE, t, d);
    load_tile<D> (v, head.v, head.ld, k0, TILE, t, d);
    __syncthreads ();
    multiply_rows<D> (s, q, k, d);
    multiply_rows<D> (dp, g, v, d);
    for (int i = 0; i < I; i++)
      for (int j = 0; j < I; j++) {
        int row = q0 + ty + SIDE * i, key = k0 + tx + SIDE * j, inside = row < t && key < t;
        float p = inside ? expf (s[i][j] * scale - lse[head.row_at + row]) : 0.0f;

        ds[(ty + SIDE * i) * (TILE + 1) + tx + SIDE * j]
          = inside ? smb_softmax_slope (p, dp[i][j], delta[head.row_at + row], scale) : 0.0f;
        if (inside && dprobs != NULL)
          dprobs[(head.row_at + row) * t + key] = dp[i][j];
      }
    __syncthreads ();
    mix_rows<D> (acc, ds, TILE + 1, 1, k, TILE);
  }
  for (int i = 0; i < I; i++)
    for (int j = 0; j < D / SIDE; j++) {
      int row = q0 + ty + SIDE * i, column = tx + SIDE * j;

      if (row < t && column < d)
        dqkv[(head.q - qkv) + row * head.ld + column] = acc[i][j];
    }
}

template <int D, int TILE>
static __global__ void
__launch_bounds__ (BLOCK)
key_slope_kernel (float *dqkv, const float *dy, const float *qkv, const float *lse, const float *delta, int t, int h,
                  int d, int tiles, float scale)
{
  DYNAMIC_SHARED (float, k);
  float *v = k + TILE * (D + 1), *q = v + TILE * (D + 1), *g = q + TILE * (D + 1);
  float *p = g + TILE * (D + 1), *ds = p + TILE * (TILE + 1);
  constexpr int I = TILE / SIDE;
  const int tx = (int) threadIdx.x % SIDE, ty = (int) threadIdx.x / SIDE, k0 = tile_of_block (tiles) * TILE;
  const Head head = head_of (qkv, item_of_block (tiles), t, h, d);
  float dk[I][D / SIDE] = { { 0 } }, dv[I][D / SIDE] = { { 0 } };

  load_tile<D> (k, head.k, head.ld, k0, TILE, t, d);
  load_tile<D> (v, head.v, head.ld, k0, TILE, t, d);
  for (int q0 = 0; q0 < t; q0 += TILE) {
    float s[I][I] = { { 0 } }, dp[I][I] = { { 0 } };

    __syncthreads ();
    load_tile<D> (q, head.q, head.ld, q0, TILE, t, d);
    load_tile<D> (g, dy + head.out_at, head.out_ld, q0, TILE, t, d);
    __syncthreads ();
    multiply_rows<D> (s, q, k, d);
    multiply_rows<D> (dp, g, v, d);
    for (int i = 0; i < I; i++)
      for (int j = 0; j < I; j++) {
        int row = q0 + ty + SIDE * i, inside = row < t && k0 + tx + SIDE * j < t;
        int at = (ty + SIDE * i) * (TILE + 1) + tx + SIDE * j;

        p[at] = inside ? expf (s[i][j] * scale - lse[head.row_at + row]) : 0.0f;
        ds[at] = inside ? smb_softmax_slope (p[at], dp[i][j], delta[head.row_at + row], scale) : 0.0f;
      }
    __syncthreads ();
    mix_rows<D> (dv, p, 1, TILE + 1, g, TILE);
    mix_rows<D> (dk, ds, 1, TILE + 1, q, TILE);
  }
  for (int i = 0; i < I; i++)
    for (int j = 0; j < D / SIDE; j++) {
      int row = k0 + ty + SIDE * i, column = tx + SIDE * j;

      if (row < t && column < d) {
        dqkv[(head.k - qkv) + row * head.ld + column] = dk[i][j];
        dqkv[(head.v - qkv) + row * head.ld + column] = dv[i][j];
      }
    }
}

/* relevance (B,T,T): as the mean of probs, of the positive part of probs and their gradient. */
template <int D, int TILE>
static __global__ void
__launch_bounds__ (BLOCK)
relevance_kernel (float *relevance, const float *dy, const float *qkv, const float *lse, int t, int h, int d, int tiles,
                  float scale)
{
  DYNAMIC_SHARED (float, q);
  float *g = q + TILE * (D + 1), *k = g + TILE * (D + 1), *v = k + TILE * (D + 1);
  constexpr int I = TILE / SIDE;
  const int tx = (int) threadIdx.x % SIDE, ty = (int) threadIdx.x / SIDE, k0 = tile_of_block (tiles) * TILE;
  const int64_t sample = item_of_block (tiles) / tiles;
  const int q0 = (int) (item_of_block (tiles) % tiles) * TILE;
  float sum[I][I] = { { 0 } };

  for (int n = 0; n < h; n++) {
    const Head head = head_of (qkv, sample * h + n, t, h, d);
    float s[I][I] = { { 0 } }, dp[I][I] = { { 0 } };

    __syncthreads ();
    load_tile<D> (q, head.q, head.ld, q0, TILE, t, d);
    load_tile<D> (g, dy + head.out_at, head.out_ld, q0, TILE, t, d);
    load_tile<D> (k, head.k, head.ld, k0, TILE, t, d);
    load_tile<D> (v, head.v, head.ld, k0, TILE, t, d);
    __syncthreads ();
    multiply_rows<D> (s, q, k, d);
    multiply_rows<D> (dp, g, v, d);
    for (int i = 0; i < I; i++)
      for (int j = 0; j < I; j++)
        if (q0 + ty + SIDE * i < t)
          sum[i][j] += smb_softmax_relevance (expf (s[i][j] * scale - lse[head.row_at + q0 + ty + SIDE * i]), dp[i][j]);
  }
  for (int i = 0; i < I; i++)
    for (int j = 0; j < I; j++) {
      const int row = q0 + ty + SIDE * i, key = k0 + tx + SIDE * j;

      if (row < t && key < t)
        relevance[(sample * t + row) * t + key] = sum[i][j] / (float) h;
    }
}

template <int D>
static SmbStatus
launch_backward (SmbCuda *cuda, const SmbAttentionBackward *a, const float *delta)
{
  const float *qkv = (const float *) a->qkv, *dy = (const float *) a->dy;
  float *dqkv = (float *) a->dqkv;
  constexpr int tile = D <= 64 ? 32 : 16;
  const size_t bytes = (4 * tile * (D + 1) + 2 * tile * (tile + 1)) * sizeof (float);
  const int t = (int) a->t, h = (int) a->h, d = (int) a->d, tiles = (int) smb_ceil_div (t, tile);
  const unsigned blocks = (unsigned) (a->b * a->h * tiles);
  const float scale = 1.0f / sqrtf ((float) d);

  LAUNCH (cuda, (query_slope_kernel<D, tile>), blocks, BLOCK, bytes, dqkv, a->dprobs, dy, qkv, a->lse, delta,
          t, h, d, tiles, scale);
  LAUNCH (cuda, (key_slope_kernel<D, tile>), blocks, BLOCK, bytes, dqkv, dy, qkv, a->lse, delta, t, h, d,
          tiles, scale);
  if (a->relevance != NULL)
    LAUNCH (cuda, (relevance_kernel<D, tile>), (unsigned) (a->b * tiles * tiles), BLOCK, bytes, a->relevance, dy, qkv,
            a->lse, t, h, d, tiles, scale);
  return smb_cuda_launched (cuda, "attention's gradient");
}

SmbStatus
smb_cuda_attention_backward_f32 (SmbCuda *cuda, const SmbAttentionBackward *a, const float *delta)
{
  return WITH_HEAD_SIZE (a->d, launch_backward) (cuda, a, delta);
}

/* delta (B,H,T) = the product of each row of y with its gradient. */
template <typename Number>
static __global__ void
delta_kernel (float *delta, const Number *dy, const Number *y, int64_t rows, int t, int h, int d)
{
  FOR_WARP_ROWS (row, rows) {
    const int64_t head = row / t % h, at = ((row / t / h * t + row % t) * h + head) * d;
    float sum = 0.0f;

    for (int i = lane_index (); i < d; i += WARP)
      sum += number_at (dy, at + i) * number_at (y, at + i);
    sum = warp_sum (sum);
    if (lane_index () == 0)
      delta[row] = sum;
  }
}

template <typename Number>
static void
launch_delta (SmbCuda *cuda, float *delta, const SmbAttentionBackward *a)
{
  const int64_t rows = a->b * a->h * a->t;

  LAUNCH (cuda, delta_kernel<Number>, blocks_for_rows (rows), BLOCK, 0, delta, (const Number *) a->dy,
          (const Number *) a->y, rows, (int) a->t, (int) a->h, (int) a->d);
}

#define MOST_TOKENS (1 << 24)

static SmbStatus
refuse_length (SmbCuda *cuda, int64_t t)
{
  return smb_cuda_fail (cuda, SMB_STATUS_UNSUPPORTED,
                        "Attention over %lld tokens is more than this backend handles; use a smaller input.",
                        (long long) t);
}

static SmbStatus
check_shape (SmbCuda *cuda, int64_t b, int64_t t, int64_t h, int64_t d)
{
  if (d > MOST_HEAD)
    return smb_cuda_fail (cuda, SMB_STATUS_UNSUPPORTED,
                          "Attention heads of %lld channels are more than this backend handles (%d); use the "
                          "processor.",
                          (long long) d, MOST_HEAD);
  if (t > MOST_TOKENS || b * h > INT32_MAX / smb_ceil_div (t, 16))
    return refuse_length (cuda, t);
  return SMB_STATUS_OK;
}

/* Where a block has a tile of a square of queries and keys, all heads: of at least `tile` of each. */
static SmbStatus
check_squares (SmbCuda *cuda, int64_t b, int64_t t, int64_t tile)
{
  const int64_t tiles = smb_ceil_div (t, tile);

  return b > INT32_MAX / (tiles * tiles + 1) ? refuse_length (cuda, t) : SMB_STATUS_OK;
}

SmbStatus
smb_cuda_attention_forward (void *ctx, const SmbAttentionForward *a)
{
  SmbCuda *cuda = (SmbCuda *) ctx;
  void *states = NULL;
  SmbStatus status = check_shape (cuda, a->b, a->t, a->h, a->d);

  if (status == SMB_STATUS_OK && a->mean != NULL)
    status = check_squares (cuda, a->b, a->t, 32);
  if (status != SMB_STATUS_OK || a->b * a->t * a->h * a->d <= 0)
    return status;
  status = smb_cuda_enter (cuda);
  if (status == SMB_STATUS_OK && (a->probs != NULL || a->mean != NULL))
    status = smb_cuda_need_room (cuda, SMB_CUDA_ROOM_SUMS, a->b * a->h * a->t, sizeof (SmbSoftmaxState), &states);
  if (status != SMB_STATUS_OK)
    return status;
  return a->precision == SMB_PRECISION_BF16 && cuda->capability >= 80
           ? smb_cuda_attention_forward_bf16 (cuda, a, states)
           : smb_cuda_attention_forward_f32 (cuda, a, states);
}

SmbStatus
smb_cuda_attention_backward (void *ctx, const SmbAttentionBackward *a)
{
  SmbCuda *cuda = (SmbCuda *) ctx;
  const int64_t rows = a->b * a->h * a->t;
  void *room = NULL;
  SmbStatus status = check_shape (cuda, a->b, a->t, a->h, a->d);

  if (status == SMB_STATUS_OK && a->relevance != NULL)
    status = check_squares (cuda, a->b, a->t, 16);
  if (status != SMB_STATUS_OK || rows * a->d <= 0)
    return status;
  status = smb_cuda_enter (cuda);
  if (status == SMB_STATUS_OK)
    status = smb_cuda_need_room (cuda, SMB_CUDA_ROOM_SUMS, rows, sizeof (float), &room);
  if (status != SMB_STATUS_OK)
    return status;
  WITH_NUMBER (a->number, launch_delta) (cuda, (float *) room, a);
  return a->precision == SMB_PRECISION_BF16 && cuda->capability >= 80
           ? smb_cuda_attention_backward_bf16 (cuda, a, (const float *) room)
           : smb_cuda_attention_backward_f32 (cuda, a, (const float *) room);
}
