/* SPDX-License-Identifier: Apache-2.0 */
#include "cpu/cpu-private.h"

/* Activations and what is element-wise, split over threads in runs of whole cache lines. */

#define GRAIN 8192

typedef struct {
  void (*forward) (float *y, const float *x, int64_t n);
  void (*backward) (float *dx, const float *dy, const float *x, int64_t n);
  float *y;
  const float *dy, *x;
} ActivationJob;

static void
activation_work (void *arg, int thread, int64_t from, int64_t to)
{
  const ActivationJob *j = arg;

  if (j->forward != NULL)
    j->forward (j->y + from, j->x + from, to - from);
  else
    j->backward (j->y + from, j->dy + from, j->x + from, to - from);
}

SmbStatus
smb_cpu_gelu_forward (void *ctx, void *y, const void *x, SmbNumber number, int64_t n)
{
  SmbCpu *cpu = ctx;
  ActivationJob job = { cpu->k->gelu, NULL, y, NULL, x };

  smb_cpu_parallel (cpu, n, GRAIN, activation_work, &job);
  return SMB_STATUS_OK;
}

SmbStatus
smb_cpu_gelu_backward (void *ctx, void *dx, const void *dy, const void *x, SmbNumber number, int64_t n)
{
  SmbCpu *cpu = ctx;
  ActivationJob job = { NULL, cpu->k->gelu_grad, dx, dy, x };

  smb_cpu_parallel (cpu, n, GRAIN, activation_work, &job);
  return SMB_STATUS_OK;
}

SmbStatus
smb_cpu_relu_forward (void *ctx, float *y, const float *x, int64_t n)
{
  SmbCpu *cpu = ctx;
  ActivationJob job = { cpu->k->relu, NULL, y, NULL, x };

  smb_cpu_parallel (cpu, n, GRAIN, activation_work, &job);
  return SMB_STATUS_OK;
}

SmbStatus
smb_cpu_relu_backward (void *ctx, float *dx, const float *dy, const float *y, int64_t n)
{
  SmbCpu *cpu = ctx;
  ActivationJob job = { NULL, cpu->k->relu_grad, dx, dy, y };

  smb_cpu_parallel (cpu, n, GRAIN, activation_work, &job);
  return SMB_STATUS_OK;
}

typedef struct {
  const SmbCpuKernels *k;
  float *y;
  const float *x, *branch, *gate;
  float a;
  int64_t per_sample;
} ElementJob;

static void
fill_work (void *arg, int thread, int64_t from, int64_t to)
{
  const ElementJob *j = arg;

  for (int64_t i = from; i < to; i++)
    j->y[i] = j->a;
}

SmbStatus
smb_cpu_fill (void *ctx, float *out, float value, int64_t n)
{
  ElementJob job = { .y = out, .a = value };

  smb_cpu_parallel (ctx, n, GRAIN, fill_work, &job);
  return SMB_STATUS_OK;
}

static void
axpy_work (void *arg, int thread, int64_t from, int64_t to)
{
  const ElementJob *j = arg;

  j->k->add_scaled (j->y + from, j->y + from, j->a, j->x + from, to - from);
}

SmbStatus
smb_cpu_axpy (void *ctx, float *y, float a, const float *x, int64_t n)
{
  SmbCpu *cpu = ctx;
  ElementJob job = { .k = cpu->k, .y = y, .x = x, .a = a };

  smb_cpu_parallel (cpu, n, GRAIN, axpy_work, &job);
  return SMB_STATUS_OK;
}

/* A run of elements may cover parts of several samples: their gates differ. */
static void
gated_work (void *arg, int thread, int64_t from, int64_t to)
{
  const ElementJob *j = arg;

  while (from < to) {
    int64_t sample = from / j->per_sample, end = (sample + 1) * j->per_sample, n;

    end = end < to ? end : to;
    n = end - from;
    if (j->branch == NULL)
      j->k->scale (j->y + from, j->gate[sample], j->x + from, n);
    else if (j->gate == NULL)
      j->k->add (j->y + from, j->x + from, j->branch + from, n);
    else
      j->k->add_scaled (j->y + from, j->x + from, j->gate[sample], j->branch + from, n);
    from = end;
  }
}

SmbStatus
smb_cpu_residual_add (void *ctx, float *y, const float *x, const float *branch, const float *gate, int64_t samples,
                      int64_t per_sample)
{
  SmbCpu *cpu = ctx;
  ElementJob job = { .k = cpu->k, .y = y, .x = x, .branch = branch, .gate = gate, .per_sample = per_sample };

  smb_cpu_parallel (cpu, samples * per_sample, GRAIN, gated_work, &job);
  return SMB_STATUS_OK;
}

SmbStatus
smb_cpu_scale_samples (void *ctx, float *y, const float *x, const float *gate, int64_t samples, int64_t per_sample)
{
  SmbCpu *cpu = ctx;
  ElementJob job = { .k = cpu->k, .y = y, .x = x, .gate = gate, .per_sample = per_sample };

  smb_cpu_parallel (cpu, samples * per_sample, GRAIN, gated_work, &job);
  return SMB_STATUS_OK;
}

static void
table_work (void *arg, int thread, int64_t from, int64_t to)
{
  const ElementJob *j = arg;

  for (int64_t b = from; b < to; b++)
    j->k->add (j->y + b * j->per_sample, j->y + b * j->per_sample, j->x, j->per_sample);
}

SmbStatus
smb_cpu_add_table (void *ctx, float *x, const float *table, int64_t b, int64_t tc)
{
  SmbCpu *cpu = ctx;
  ElementJob job = { .k = cpu->k, .y = x, .x = table, .per_sample = tc };

  smb_cpu_parallel (cpu, b, 1, table_work, &job);
  return SMB_STATUS_OK;
}
