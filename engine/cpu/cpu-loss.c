/* SPDX-License-Identifier: Apache-2.0 */
#include "cpu/cpu-private.h"

#include <math.h>

/* The reconstruction loss of masked image modelling, a patch a row. */

#define ROW_GRAIN 8
#define VARIANCE_FLOOR 1e-6f

typedef struct {
  const SmbCpuKernels *k;
  float *out, *mean, *sd;
  const float *pred, *target, *weight;
  int64_t pix;
  int normalise;
} ReconJob;

static void
target_work (void *arg, int thread, int64_t from, int64_t to)
{
  const ReconJob *j = arg;

  for (int64_t r = from; r < to; r++) {
    float *t = j->out + r * j->pix, squares;

    j->k->moments (&j->mean[r], &squares, t, j->pix);
    j->sd[r] = sqrtf (squares / (float) (j->pix - 1) + VARIANCE_FLOOR);
    for (int64_t i = 0; j->normalise && i < j->pix; i++)
      t[i] = (t[i] - j->mean[r]) / j->sd[r];
  }
}

SmbStatus
smb_cpu_recon_target (void *ctx, float *target, float *mean, float *sd, int64_t rows, int64_t pix, int normalise)
{
  SmbCpu *cpu = ctx;
  ReconJob job = { .k = cpu->k, .out = target, .mean = mean, .sd = sd, .pix = pix, .normalise = normalise };

  smb_cpu_parallel (cpu, rows, ROW_GRAIN, target_work, &job);
  return SMB_STATUS_OK;
}

static void
error_work (void *arg, int thread, int64_t from, int64_t to)
{
  const ReconJob *j = arg;

  for (int64_t r = from; r < to; r++)
    j->out[r] = j->k->squared_distance (j->pred + r * j->pix, j->target + r * j->pix, j->pix) / (float) j->pix;
}

SmbStatus
smb_cpu_recon_error (void *ctx, float *error, const float *pred, const float *target, int64_t rows, int64_t pix)
{
  SmbCpu *cpu = ctx;
  ReconJob job = { .k = cpu->k, .out = error, .pred = pred, .target = target, .pix = pix };

  smb_cpu_parallel (cpu, rows, ROW_GRAIN, error_work, &job);
  return SMB_STATUS_OK;
}

static void
recon_back_work (void *arg, int thread, int64_t from, int64_t to)
{
  const ReconJob *j = arg;

  for (int64_t r = from; r < to; r++) {
    float s = j->weight[r] * 2.0f / (float) j->pix;
    const float *pred = j->pred + r * j->pix, *target = j->target + r * j->pix;

    for (int64_t i = 0; i < j->pix; i++)
      j->out[r * j->pix + i] = s * (pred[i] - target[i]);
  }
}

SmbStatus
smb_cpu_recon_backward (void *ctx, float *dpred, const float *pred, const float *target, const float *weight,
                        int64_t rows, int64_t pix)
{
  SmbCpu *cpu = ctx;
  ReconJob job = { .k = cpu->k, .out = dpred, .pred = pred, .target = target, .weight = weight, .pix = pix };

  smb_cpu_parallel (cpu, rows, ROW_GRAIN, recon_back_work, &job);
  return SMB_STATUS_OK;
}
