/* SPDX-License-Identifier: Apache-2.0 */
#include "cuda/cuda-columns.h"
#include "cuda/math/layout.h"

/* Rows of tokens put in their places. Where a gradient needs to know which token came to a place, an index is turned
 * round first: places (B,L) = the token there, or -1. A place holds at most one token of a sample. */

static __global__ void
tokens_kernel (float *out, const float *x, const float *cls, const float *pos, const int32_t *index, int64_t n,
               int64_t k, int64_t c)
{
  FOR_ELEMENTS (i, n) {
    int64_t column = i % c, sample = i / c / (1 + k), row = i / c % (1 + k);
    int64_t place = smb_token_place (index != NULL ? index + sample * k : NULL, row);

    out[i] = (row == 0 ? cls[column] : x[(sample * k + row - 1) * c + column]) + pos[(1 + place) * c + column];
  }
}

SmbStatus
smb_cuda_tokens_forward (void *ctx, float *out, const float *x, const float *cls, const float *pos,
                         const int32_t *index, int64_t b, int64_t k, int64_t c)
{
  SmbCuda *cuda = (SmbCuda *) ctx;
  int64_t n = b * (1 + k) * c;
  SmbStatus status = smb_cuda_enter (cuda);

  if (status != SMB_STATUS_OK || n <= 0)
    return status;
  LAUNCH (cuda, tokens_kernel, blocks_for (n), BLOCK, 0, out, x, cls, pos, index, n, k, c);
  return smb_cuda_launched (cuda, "tokens");
}

/* dx (B,K,C) = rows 1 + k of dout (B,1+K,C) */
static __global__ void
drop_class_kernel (float *dx, const float *dout, int64_t n, int64_t k, int64_t c)
{
  FOR_ELEMENTS (i, n) {
    int64_t row = i / c;

    dx[i] = dout[(row / k * (1 + k) + 1 + row % k) * c + i % c];
  }
}

/* dpos += rows of dout, one sample after the other; a block has 32 columns to itself. */
static __global__ void
positions_kernel (float *dpos, const float *dout, const int32_t *index, int64_t b, int64_t k, int64_t c)
{
  const int64_t column = (int64_t) blockIdx.x * WARP + threadIdx.x;

  for (int64_t sample = 0; sample < b; sample++) {
    for (int64_t row = threadIdx.y; column < c && row < 1 + k; row += blockDim.y) {
      int64_t place = smb_token_place (index != NULL ? index + sample * k : NULL, row);

      dpos[(1 + place) * c + column] += dout[(sample * (1 + k) + row) * c + column];
    }
    __syncthreads (); /* the next sample may have another token at this place */
  }
}

/* Row 0 of every sample. */
struct ClassTerm {
  const float *dout;
  int64_t k, c;

  __device__ void
  add (double sums[1], int64_t sample, int64_t column) const
  {
    sums[0] += (double) dout[sample * (1 + k) * c + column];
  }
};

SmbStatus
smb_cuda_tokens_backward (void *ctx, float *dx, float *dcls, float *dpos, const float *dout, const int32_t *index,
                          int64_t b, int64_t k, int64_t c)
{
  SmbCuda *cuda = (SmbCuda *) ctx;
  SmbStatus status = smb_cuda_enter (cuda);

  if (status == SMB_STATUS_OK && dcls != NULL)
    status = add_column_sums<1> (cuda, dcls, NULL, ClassTerm{ dout, k, c }, b, c, "the class token's gradient");
  if (status != SMB_STATUS_OK || b <= 0 || c <= 0)
    return status;
  if (dpos != NULL)
    LAUNCH (cuda, positions_kernel, (unsigned) smb_ceil_div (c, WARP), dim3 (WARP, 16), 0, dpos, dout, index, b, k, c);
  if (dx != NULL && k > 0)
    LAUNCH (cuda, drop_class_kernel, blocks_for (b * k * c), BLOCK, 0, dx, dout, b * k * c, k, c);
  return smb_cuda_launched (cuda, "tokens' gradient");
}

static __global__ void
no_places_kernel (int32_t *places, int64_t n)
{
  FOR_ELEMENTS (i, n)
    places[i] = -1;
}

static __global__ void
places_kernel (int32_t *places, const int32_t *index, int64_t n, int64_t l, int64_t k)
{
  FOR_ELEMENTS (i, n)
    places[i / k * l + index[i]] = (int32_t) (i % k);
}

static SmbStatus
find_places (SmbCuda *cuda, const int32_t *index, int64_t b, int64_t l, int64_t k, int32_t **places)
{
  void *room = NULL;
  SmbStatus status = smb_cuda_need_room (cuda, SMB_CUDA_ROOM_PLACES, b * l, sizeof (int32_t), &room);

  *places = (int32_t *) room;
  if (status != SMB_STATUS_OK)
    return status;
  LAUNCH (cuda, no_places_kernel, blocks_for (b * l), BLOCK, 0, *places, b * l);
  if (k > 0)
    LAUNCH (cuda, places_kernel, blocks_for (b * k), BLOCK, 0, *places, index, b * k, l, k);
  return smb_cuda_launched (cuda, "places of tokens");
}

static __global__ void
unshuffle_kernel (float *out, const float *x, const float *mask, const float *pos, const int32_t *places, int64_t n,
                  int64_t l, int64_t k, int64_t c)
{
  FOR_ELEMENTS (i, n) {
    int64_t column = i % c, sample = i / c / (1 + l), row = i / c % (1 + l);
    int64_t token = row == 0 ? 0 : 1 + (int64_t) places[sample * l + row - 1];
    float value = row > 0 && token == 0 ? mask[column] : x[(sample * (1 + k) + token) * c + column];

    out[i] = pos != NULL ? value + pos[row * c + column] : value;
  }
}

SmbStatus
smb_cuda_unshuffle_forward (void *ctx, float *out, const float *x, const float *mask, const float *pos,
                            const int32_t *index, int64_t b, int64_t l, int64_t k, int64_t c)
{
  SmbCuda *cuda = (SmbCuda *) ctx;
  int64_t n = b * (1 + l) * c;
  int32_t *places = NULL;
  SmbStatus status = smb_cuda_enter (cuda);

  if (status != SMB_STATUS_OK || n <= 0)
    return status;
  status = find_places (cuda, index, b, l, k, &places);
  if (status != SMB_STATUS_OK)
    return status;
  LAUNCH (cuda, unshuffle_kernel, blocks_for (n), BLOCK, 0, out, x, mask, pos, (const int32_t *) places, n, l, k, c);
  return smb_cuda_launched (cuda, "unshuffle");
}

static __global__ void
unshuffle_slope_kernel (float *dx, const float *dout, const int32_t *index, int64_t n, int64_t l, int64_t k, int64_t c)
{
  FOR_ELEMENTS (i, n) {
    int64_t sample = i / c / (1 + k), row = i / c % (1 + k);
    int64_t from = 1 + smb_token_place (index + sample * k, row);

    dx[i] = dout[(sample * (1 + l) + from) * c + i % c];
  }
}

/* Rows at whose place no token lies. */
struct MaskTerm {
  const float *dout;
  const int32_t *places;
  int64_t l, c;

  __device__ void
  add (double sums[1], int64_t row, int64_t column) const
  {
    if (places[row] < 0)
      sums[0] += (double) dout[(row + row / l + 1) * c + column];
  }
};

SmbStatus
smb_cuda_unshuffle_backward (void *ctx, float *dx, float *dmask, const float *dout, const int32_t *index, int64_t b,
                             int64_t l, int64_t k, int64_t c)
{
  SmbCuda *cuda = (SmbCuda *) ctx;
  int64_t n = b * (1 + k) * c;
  int32_t *places = NULL;
  SmbStatus status = smb_cuda_enter (cuda);

  if (status != SMB_STATUS_OK || b <= 0 || c <= 0)
    return status;
  if (dmask != NULL) {
    status = find_places (cuda, index, b, l, k, &places);
    if (status == SMB_STATUS_OK)
      status = add_column_sums<1> (cuda, dmask, NULL, MaskTerm{ dout, places, l, c }, b * l, c,
                                   "the mask token's gradient");
  }
  if (status != SMB_STATUS_OK || dx == NULL)
    return status;
  LAUNCH (cuda, unshuffle_slope_kernel, blocks_for (n), BLOCK, 0, dx, dout, index, n, l, k, c);
  return smb_cuda_launched (cuda, "unshuffle's gradient");
}
