/* SPDX-License-Identifier: Apache-2.0 */
#include "cpu/cpu-private.h"

#include <string.h>

/* Rows of tokens: choosing, placing, pooling. Forward passes are split by row of the output; sums over samples by
 * column, each thread going through the samples in order. */

#define ROW_GRAIN 8
#define COLUMN_GRAIN 64

typedef struct {
  const SmbCpuKernels *k;
  float *out, *dmask, *dpos;
  const float *x, *cls, *pos;
  const int32_t *index;
  int64_t b, l, kept, c, first;
} TokenJob;

static void
copy_row (float *out, const float *x, int64_t c)
{
  memcpy (out, x, (size_t) c * sizeof (float));
}

static void
gather_work (void *arg, int thread, int64_t from, int64_t to)
{
  const TokenJob *j = arg;

  for (int64_t i = from; i < to; i++)
    copy_row (j->out + i * j->c, j->x + (i / j->kept * j->l + j->index[i]) * j->c, j->c);
}

SmbStatus
smb_cpu_gather_rows (void *ctx, float *out, const float *x, const int32_t *index, int64_t b, int64_t l, int64_t k,
                     int64_t c)
{
  TokenJob job = { .out = out, .x = x, .index = index, .l = l, .kept = k, .c = c };

  smb_cpu_parallel (ctx, b * k, ROW_GRAIN, gather_work, &job);
  return SMB_STATUS_OK;
}

static void
tokens_work (void *arg, int thread, int64_t from, int64_t to)
{
  const TokenJob *j = arg;

  for (int64_t i = from; i < to; i++) {
    int64_t sample = i / (1 + j->kept), row = i % (1 + j->kept), at = sample * j->kept + row - 1;

    if (row == 0)
      j->k->add (j->out + i * j->c, j->cls, j->pos, j->c);
    else
      j->k->add (j->out + i * j->c, j->x + at * j->c,
                 j->pos + (1 + (j->index != NULL ? j->index[at] : row - 1)) * j->c, j->c);
  }
}

SmbStatus
smb_cpu_tokens_forward (void *ctx, float *out, const float *x, const float *cls, const float *pos,
                        const int32_t *index, int64_t b, int64_t k, int64_t c)
{
  SmbCpu *cpu = ctx;
  TokenJob job = { .k = cpu->k, .out = out, .x = x, .cls = cls, .pos = pos, .index = index, .kept = k, .c = c };

  smb_cpu_parallel (cpu, b * (1 + k), ROW_GRAIN, tokens_work, &job);
  return SMB_STATUS_OK;
}

/* Columns [from, to) of the sums; dmask is dcls here. */
static void
tokens_back_work (void *arg, int thread, int64_t from, int64_t to)
{
  const TokenJob *j = arg;

  for (int64_t i = 0; i < j->b * (1 + j->kept); i++) {
    int64_t sample = i / (1 + j->kept), row = i % (1 + j->kept), at = sample * j->kept + row - 1;
    int64_t place = row == 0 ? 0 : 1 + (j->index != NULL ? j->index[at] : row - 1);
    const float *dout = j->x + i * j->c + from;

    if (row > 0 && j->out != NULL)
      copy_row (j->out + at * j->c + from, dout, to - from);
    if (row == 0 && j->dmask != NULL)
      j->k->add (j->dmask + from, j->dmask + from, dout, to - from);
    if (j->dpos != NULL)
      j->k->add (j->dpos + place * j->c + from, j->dpos + place * j->c + from, dout, to - from);
  }
}

SmbStatus
smb_cpu_tokens_backward (void *ctx, float *dx, float *dcls, float *dpos, const float *dout, const int32_t *index,
                         int64_t b, int64_t k, int64_t c)
{
  SmbCpu *cpu = ctx;
  TokenJob job = { .k = cpu->k, .out = dx, .dmask = dcls, .dpos = dpos, .x = dout, .index = index, .b = b, .kept = k,
                   .c = c };

  smb_cpu_parallel (cpu, c, COLUMN_GRAIN, tokens_back_work, &job);
  return SMB_STATUS_OK;
}

/* One sample at a time: every row is the mask's, then the kept ones are put in their places. */
static void
unshuffle_work (void *arg, int thread, int64_t from, int64_t to)
{
  const TokenJob *j = arg;

  for (int64_t sample = from; sample < to; sample++) {
    float *out = j->out + sample * (1 + j->l) * j->c;
    const float *x = j->x + sample * (1 + j->kept) * j->c;

    copy_row (out, x, j->c);
    for (int64_t i = 0; i < j->l; i++)
      copy_row (out + (1 + i) * j->c, j->cls, j->c);
    for (int64_t i = 0; i < j->kept; i++)
      copy_row (out + (1 + j->index[sample * j->kept + i]) * j->c, x + (1 + i) * j->c, j->c);
    if (j->pos != NULL)
      j->k->add (out, out, j->pos, (1 + j->l) * j->c);
  }
}

SmbStatus
smb_cpu_unshuffle_forward (void *ctx, float *out, const float *x, const float *mask, const float *pos,
                           const int32_t *index, int64_t b, int64_t l, int64_t k, int64_t c)
{
  SmbCpu *cpu = ctx;
  TokenJob job = { .k = cpu->k, .out = out, .x = x, .cls = mask, .pos = pos, .index = index, .l = l, .kept = k,
                   .c = c };

  smb_cpu_parallel (cpu, b, 1, unshuffle_work, &job);
  return SMB_STATUS_OK;
}

static void
unshuffle_back_work (void *arg, int thread, int64_t from, int64_t to)
{
  const TokenJob *j = arg;

  for (int64_t sample = from; sample < to; sample++) {
    const float *dout = j->x + sample * (1 + j->l) * j->c;
    float *dx = j->out + sample * (1 + j->kept) * j->c;

    copy_row (dx, dout, j->c);
    for (int64_t i = 0; i < j->kept; i++)
      copy_row (dx + (1 + i) * j->c, dout + (1 + j->index[sample * j->kept + i]) * j->c, j->c);
  }
}

static int
is_kept (const int32_t *index, int64_t kept, int64_t place)
{
  for (int64_t i = 0; i < kept; i++)
    if (index[i] == place)
      return 1;
  return 0;
}

/* What went to masked places = everything - cls - kept would cancel; so a row is looked up: masked if no kept row lies
 * there. One vector gathers thousands of rows here, so the sum is kept in double. */
static void
mask_back_work (void *arg, int thread, int64_t from, int64_t to)
{
  const TokenJob *j = arg;

  for (int64_t at = from; at < to; at += COLUMN_GRAIN) {
    double sum[COLUMN_GRAIN] = { 0 };
    int64_t n = to - at < COLUMN_GRAIN ? to - at : COLUMN_GRAIN;

    for (int64_t row = 0; row < j->b * j->l; row++) {
      int64_t sample = row / j->l;
      const float *dout = j->x + (row + sample + 1) * j->c + at;

      if (is_kept (j->index + sample * j->kept, j->kept, row % j->l))
        continue;
      for (int64_t i = 0; i < n; i++)
        sum[i] += dout[i];
    }
    for (int64_t i = 0; i < n; i++)
      j->dmask[at + i] += (float) sum[i];
  }
}

SmbStatus
smb_cpu_unshuffle_backward (void *ctx, float *dx, float *dmask, const float *dout, const int32_t *index, int64_t b,
                            int64_t l, int64_t k, int64_t c)
{
  SmbCpu *cpu = ctx;
  TokenJob job = { .k = cpu->k, .out = dx, .dmask = dmask, .x = dout, .index = index, .b = b, .l = l, .kept = k,
                   .c = c };

  if (dx != NULL)
    smb_cpu_parallel (cpu, b, 1, unshuffle_back_work, &job);
  if (dmask != NULL)
    smb_cpu_parallel (cpu, c, COLUMN_GRAIN, mask_back_work, &job);
  return SMB_STATUS_OK;
}

static void
mean_work (void *arg, int thread, int64_t from, int64_t to)
{
  const TokenJob *j = arg;

  for (int64_t sample = from; sample < to; sample++) {
    float *out = j->out + sample * j->c;

    memset (out, 0, (size_t) j->c * sizeof (float));
    j->k->column_sums (out, j->x + (sample * j->l + j->first) * j->c, j->l - j->first, j->c, 0, j->c);
    j->k->scale (out, 1.0f / (float) (j->l - j->first), out, j->c);
  }
}

SmbStatus
smb_cpu_mean_tokens_forward (void *ctx, float *out, const float *x, int64_t b, int64_t t, int64_t c, int64_t first)
{
  SmbCpu *cpu = ctx;
  TokenJob job = { .k = cpu->k, .out = out, .x = x, .l = t, .c = c, .first = first };

  smb_cpu_parallel (cpu, b, 1, mean_work, &job);
  return SMB_STATUS_OK;
}

static void
mean_back_work (void *arg, int thread, int64_t from, int64_t to)
{
  const TokenJob *j = arg;
  float share = 1.0f / (float) (j->l - j->first);

  for (int64_t i = from; i < to; i++) {
    if (i % j->l < j->first)
      memset (j->out + i * j->c, 0, (size_t) j->c * sizeof (float));
    else
      j->k->scale (j->out + i * j->c, share, j->x + i / j->l * j->c, j->c);
  }
}

SmbStatus
smb_cpu_mean_tokens_backward (void *ctx, float *dx, const float *dout, int64_t b, int64_t t, int64_t c, int64_t first)
{
  SmbCpu *cpu = ctx;
  TokenJob job = { .k = cpu->k, .out = dx, .x = dout, .l = t, .c = c, .first = first };

  smb_cpu_parallel (cpu, b * t, ROW_GRAIN, mean_back_work, &job);
  return SMB_STATUS_OK;
}

SmbStatus
smb_cpu_take_row_forward (void *ctx, float *out, const float *x, int64_t b, int64_t t, int64_t c, int64_t row)
{
  for (int64_t i = 0; i < b; i++)
    copy_row (out + i * c, x + (i * t + row) * c, c);
  return SMB_STATUS_OK;
}

SmbStatus
smb_cpu_take_row_backward (void *ctx, float *dx, const float *dout, int64_t b, int64_t t, int64_t c, int64_t row)
{
  SmbStatus status = smb_cpu_fill (ctx, dx, 0.0f, b * t * c);

  for (int64_t i = 0; i < b; i++)
    copy_row (dx + (i * t + row) * c, dout + i * c, c);
  return status;
}
