/* SPDX-License-Identifier: Apache-2.0 */
#include "cpu/cpu-private.h"

#include <math.h>

/* Norms of rows: layer norm and unit length. */

typedef struct {
  const SmbCpuKernels *k;
  float *y, *mean, *rstd; /* outputs of the forward pass, or dx, dw, db */
  const float *dy, *x, *w, *b, *mean_in, *rstd_in;
  int64_t rows, c;
  float eps;
} NormJob;

#define COLUMN_GRAIN 64
#define ROW_FLOATS   4096 /* rows are handed to threads in runs of at least this many numbers */

static int64_t
row_grain (int64_t c)
{
  return c > 0 && c < ROW_FLOATS ? (ROW_FLOATS + c - 1) / c : 1;
}

static void
forward_rows (void *arg, int thread, int64_t from, int64_t to)
{
  const NormJob *j = arg;

  for (int64_t r = from; r < to; r++) {
    float mean, rstd;

    j->k->layer_norm (j->y + r * j->c, &mean, &rstd, j->x + r * j->c, j->w, j->b, j->c, j->eps);
    if (j->mean != NULL)
      j->mean[r] = mean;
    if (j->rstd != NULL)
      j->rstd[r] = rstd;
  }
}

SmbStatus
smb_cpu_layer_norm_forward (void *ctx, void *y, SmbNumber y_number, float *mean, float *rstd, const float *x,
                            const float *w, const float *b, int64_t rows, int64_t c, float eps)
{
  SmbCpu *cpu = ctx;
  NormJob job = { .k = cpu->k, .y = y, .mean = mean, .rstd = rstd, .x = x, .w = w, .b = b, .c = c, .eps = eps };

  smb_cpu_parallel (cpu, rows, row_grain (c), forward_rows, &job);
  return SMB_STATUS_OK;
}

static void
backward_rows (void *arg, int thread, int64_t from, int64_t to)
{
  const NormJob *j = arg;

  for (int64_t r = from; r < to; r++)
    j->k->layer_norm_grad (j->y + r * j->c, j->dy + r * j->c, j->x + r * j->c, j->w, j->mean_in[r], j->rstd_in[r],
                           j->c);
}

static void
backward_columns (void *arg, int thread, int64_t from, int64_t to)
{
  const NormJob *j = arg;

  j->k->layer_norm_columns (j->mean, j->rstd, j->dy, j->x, j->mean_in, j->rstd_in, j->rows, j->c, from, to);
}

SmbStatus
smb_cpu_layer_norm_backward (void *ctx, float *dx, float *dw, float *db, const void *dy, SmbNumber dy_number,
                             const float *x, const float *w, const float *mean, const float *rstd, int64_t rows,
                             int64_t c)
{
  SmbCpu *cpu = ctx;
  NormJob job = { .k = cpu->k,
                  .y = dx,
                  .mean = dw,
                  .rstd = db,
                  .dy = dy,
                  .x = x,
                  .w = w,
                  .mean_in = mean,
                  .rstd_in = rstd,
                  .rows = rows,
                  .c = c };

  if (dw != NULL || db != NULL)
    smb_cpu_parallel (cpu, c, COLUMN_GRAIN, backward_columns, &job);
  if (dx != NULL)
    smb_cpu_parallel (cpu, rows, row_grain (c), backward_rows, &job);
  return SMB_STATUS_OK;
}

#define LEAST_NORM 1e-12f

static void
unit_forward (void *arg, int thread, int64_t from, int64_t to)
{
  const NormJob *j = arg;

  for (int64_t r = from; r < to; r++) {
    const float *x = j->x + r * j->c;
    float norm = sqrtf (j->k->dot (x, x, j->c));

    if (norm < LEAST_NORM)
      norm = LEAST_NORM;
    if (j->mean != NULL)
      j->mean[r] = norm;
    j->k->scale (j->y + r * j->c, 1.0f / norm, x, j->c);
  }
}

SmbStatus
smb_cpu_unit_rows_forward (void *ctx, float *y, float *norm, const float *x, int64_t rows, int64_t c)
{
  SmbCpu *cpu = ctx;
  NormJob job = { .k = cpu->k, .y = y, .mean = norm, .x = x, .c = c };

  smb_cpu_parallel (cpu, rows, row_grain (c), unit_forward, &job);
  return SMB_STATUS_OK;
}

static void
unit_backward (void *arg, int thread, int64_t from, int64_t to)
{
  const NormJob *j = arg;

  for (int64_t r = from; r < to; r++) {
    const float *dy = j->dy + r * j->c, *y = j->x + r * j->c;
    float along = j->k->dot (y, dy, j->c), inverse = 1.0f / j->mean_in[r];

    j->k->mix (j->y + r * j->c, inverse, dy, -inverse * along, y, j->c);
  }
}

SmbStatus
smb_cpu_unit_rows_backward (void *ctx, float *dx, const float *dy, const float *y, const float *norm, int64_t rows,
                            int64_t c)
{
  SmbCpu *cpu = ctx;
  NormJob job = { .k = cpu->k, .y = dx, .dy = dy, .x = y, .mean_in = norm, .c = c };

  smb_cpu_parallel (cpu, rows, row_grain (c), unit_backward, &job);
  return SMB_STATUS_OK;
}
