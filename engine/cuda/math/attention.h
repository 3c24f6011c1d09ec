/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "cuda/math/host-device.h"

/* Softmax over keys that come a tile at a time (Milakov and Gimelshein 2018): the greatest score so far, the sum of the
 * exponentials over it, and what everything summed before must be multiplied by when a greater one comes. */
typedef struct {
  float most, sum;
} SmbSoftmaxState;

SMB_HD float
smb_softmax_rescale (SmbSoftmaxState *state, float tile_most)
{
  float most = fmaxf (state->most, tile_most), by = state->most == most ? 1.0f : expf (state->most - most);

  state->most = most;
  state->sum *= by;
  return by;
}

/* The probability of a score, once all are known: exact to a rounding, which exp (score - lse) is not where lse is
 * large. */
SMB_HD float
smb_softmax_value (float score, const SmbSoftmaxState *state)
{
  return expf (score - state->most) / state->sum;
}

/* d loss / d score of one element: p (dp - delta) scale, delta the product of the row's output and its gradient. */
SMB_HD float
smb_softmax_slope (float p, float dp, float delta, float scale)
{
  return p * (dp - delta) * scale;
}

/* What a head adds to the relevance of a key to a query: the positive part of p dp; NaN stays. */
SMB_HD float
smb_softmax_relevance (float p, float dp)
{
  float both = p * dp;

  return both < 0.0f ? 0.0f : both;
}
