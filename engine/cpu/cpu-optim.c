/* SPDX-License-Identifier: Apache-2.0 */
#include "cpu/cpu-private.h"

#include <math.h>

/* The optimiser's step, the moving average, and the norm that gradients are clipped by. */

#define GRAIN 8192

typedef struct {
  const SmbCpuKernels *k;
  const SmbAdamW *a;
  SmbCpuAdamStep step;
} AdamJob;

static void
adamw_work (void *arg, int thread, int64_t from, int64_t to)
{
  const AdamJob *j = arg;

  j->k->adamw (j->a->param + from, j->a->m + from, j->a->v + from, j->a->grad + from, &j->step, to - from);
}

SmbStatus
smb_cpu_adamw (void *ctx, const SmbAdamW *a)
{
  SmbCpu *cpu = ctx;
  double c1 = 1.0 - pow (a->beta1, (double) a->t), c2 = 1.0 - pow (a->beta2, (double) a->t);
  AdamJob job = { cpu->k, a, {
    .keep = (float) (1.0 - a->lr * a->weight_decay),
    .beta1 = (float) a->beta1,
    .rest1 = (float) (1.0 - a->beta1),
    .beta2 = (float) a->beta2,
    .rest2 = (float) (1.0 - a->beta2),
    .step = (float) (a->lr / c1),
    .unbias = (float) (1.0 / sqrt (c2)),
    .eps = (float) a->eps,
    .grad_scale = (float) a->grad_scale,
  } };

  smb_cpu_parallel (cpu, a->n, GRAIN, adamw_work, &job);
  return SMB_STATUS_OK;
}

typedef struct {
  const SmbCpuKernels *k;
  float *target;
  const float *x;
  double *sums;
  float keep, rest;
  int64_t n;
} SweepJob;

static void
ema_work (void *arg, int thread, int64_t from, int64_t to)
{
  const SweepJob *j = arg;

  j->k->mix (j->target + from, j->keep, j->target + from, j->rest, j->x + from, to - from);
}

SmbStatus
smb_cpu_ema (void *ctx, float *target, const float *online, double momentum, int64_t n)
{
  SmbCpu *cpu = ctx;
  SweepJob job = { .k = cpu->k, .target = target, .x = online, .keep = (float) momentum,
                   .rest = (float) (1.0 - momentum) };

  smb_cpu_parallel (cpu, n, GRAIN, ema_work, &job);
  return SMB_STATUS_OK;
}

/* Runs of fixed length, added up in order: the sum does not depend on the number of threads. */
static void
squares_work (void *arg, int thread, int64_t from, int64_t to)
{
  const SweepJob *j = arg;

  for (int64_t run = from; run < to; run++) {
    int64_t at = run * GRAIN, n = j->n - at < GRAIN ? j->n - at : GRAIN;

    j->sums[run] = j->k->sum_squares (j->x + at, n);
  }
}

SmbStatus
smb_cpu_sum_squares (void *ctx, double *host_out, const float *x, int64_t n)
{
  SmbCpu *cpu = ctx;
  int64_t runs = (n + GRAIN - 1) / GRAIN;
  SweepJob job = { .k = cpu->k, .x = x, .n = n };
  SmbStatus status;

  *host_out = 0.0;
  status = smb_cpu_need_scratch (cpu, (size_t) runs * (sizeof (double) / sizeof (float)));
  if (status != SMB_STATUS_OK)
    return status;
  job.sums = (double *) (void *) cpu->scratch; /* one array for all threads */
  smb_cpu_parallel (cpu, runs, 1, squares_work, &job);
  for (int64_t run = 0; run < runs; run++)
    *host_out += job.sums[run];
  return SMB_STATUS_OK;
}
