/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "cuda/math/host-device.h"

/* Where things lie. */

typedef struct {
  int64_t chans, height, width, patch;
  int channel_last; /* within a patch: row, column, channel; else channel, row, column */
} SmbPatchShape;

/* The place in the images (B,chans,H,W) of element `at` of the patches (B,L,chans P P). */
SMB_HD int64_t
smb_patch_source (const SmbPatchShape *s, int64_t at)
{
  int64_t p = s->patch, floats = s->chans * p * p, across = s->width / p, l = across * (s->height / p);
  int64_t in = at % floats, which = at / floats, sample = which / l, row = which % l / across, column = which % across;
  int64_t ch = s->channel_last ? in % s->chans : in / (p * p);
  int64_t pixel = s->channel_last ? in / s->chans : in % (p * p);

  return ((sample * s->chans + ch) * s->height + row * p + pixel / p) * s->width + column * p + pixel % p;
}

/* Row `row` of 1 + k tokens is the class token's (-1), or belongs to this place among the patches. index: of the
 * sample. */
SMB_HD int64_t
smb_token_place (const int32_t *index, int64_t row)
{
  return row == 0 ? -1 : index != NULL ? index[row - 1] : row - 1;
}
