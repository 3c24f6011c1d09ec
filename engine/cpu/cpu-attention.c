/* SPDX-License-Identifier: Apache-2.0 */
#include "cpu/cpu-private.h"

#include <limits.h>
#include <math.h>

/* Attention: each thread takes whole (sample, head, block of queries) and works on a small square of scores that stays
 * in its cache; only what is asked for is written out. Threads call the matrix product each for itself. */

#define QUERY_BLOCK 256

typedef struct {
  SmbCpu *cpu;
  const SmbAttentionForward *a;
  int64_t blocks, per_block; /* of queries */
} ForwardJob;

static void
forward_work (void *arg, int thread, int64_t from, int64_t to)
{
  const ForwardJob *j = arg;
  const SmbAttentionForward *a = j->a;
  int64_t c = a->h * a->d, ld = 3 * c;
  float scale = 1.0f / sqrtf ((float) a->d);

  for (int64_t item = from; item < to; item++) {
    int64_t head = item / j->blocks % a->h, sample = item / j->blocks / a->h;
    int64_t q0 = item % j->blocks * j->per_block, n = a->t - q0 < j->per_block ? a->t - q0 : j->per_block;
    const float *q = a->qkv + sample * a->t * ld + head * a->d, *k = q + c, *v = k + c;
    int64_t row0 = (sample * a->h + head) * a->t + q0;
    float *s = a->probs != NULL ? a->probs + row0 * a->t : smb_cpu_scratch_of (j->cpu, thread);

    if (n <= 0)
      continue;
    smb_cpu_sgemm (s, a->t, q + q0 * ld, ld, k, ld, n, a->t, a->d, 0, 1, 1.0f, 0.0f);
    for (int64_t r = 0; r < n; r++) {
      float lse = j->cpu->k->softmax (s + r * a->t, scale, a->t);

      if (a->lse != NULL)
        a->lse[row0 + r] = lse;
    }
    smb_cpu_sgemm (a->y + (sample * a->t + q0) * c + head * a->d, c, s, a->t, v, ld, n, a->d, a->t, 0, 0, 1.0f, 0.0f);
  }
}

static SmbStatus
refuse_length (SmbCpu *cpu, int64_t t)
{
  return smb_cpu_fail (cpu, SMB_STATUS_UNSUPPORTED,
                       "Attention over %lld tokens is more than this backend handles; use a smaller input.",
                       (long long) t);
}

SmbStatus
smb_cpu_attention_forward (void *ctx, const SmbAttentionForward *a)
{
  SmbCpu *cpu = ctx;
  ForwardJob job = { cpu, a, 1, a->t };
  SmbStatus status = SMB_STATUS_OK;

  if (a->t > INT_MAX || 3 * a->h * a->d > INT_MAX)
    return refuse_length (cpu, a->t);
  if (a->b * a->h * a->t <= 0)
    return SMB_STATUS_OK;
  job.blocks = (a->t + QUERY_BLOCK - 1) / QUERY_BLOCK;
  while (a->b * a->h * job.blocks < 2 * cpu->threads && a->t / job.blocks > 2 * 32)
    job.blocks++; /* few heads, many threads */
  job.per_block = (a->t + job.blocks - 1) / job.blocks;
  if (a->probs == NULL)
    status = smb_cpu_need_scratch (cpu, (size_t) job.per_block * (size_t) a->t);
  if (status == SMB_STATUS_OK)
    smb_cpu_parallel (cpu, a->b * a->h * job.blocks, 1, forward_work, &job);
  return status;
}

typedef struct {
  SmbCpu *cpu;
  const SmbAttentionBackward *a;
} BackwardJob;

/* With S = scale q k^T, P = exp (S - lse), Y = P V:  dV = P^T dY;  dP = dY V^T;  dS = P (dP - rows of dY . Y) scale;
 * dQ = dS K;  dK = dS^T Q. */
static void
backward_work (void *arg, int thread, int64_t from, int64_t to)
{
  const BackwardJob *j = arg;
  const SmbAttentionBackward *a = j->a;
  const SmbCpuKernels *kernels = j->cpu->k;
  int64_t t = a->t, d = a->d, c = a->h * d, ld = 3 * c;
  float scale = 1.0f / sqrtf ((float) d);
  float *p = smb_cpu_scratch_of (j->cpu, thread), *ds = p + t * t;

  for (int64_t item = from; item < to; item++) {
    int64_t sample = item / a->h, head = item % a->h;
    const float *q = a->qkv + sample * t * ld + head * d, *k = q + c, *v = k + c;
    const float *dy = a->dy + sample * t * c + head * d, *y = a->y + sample * t * c + head * d;
    const float *lse = a->lse + item * t;
    float *dq = a->dqkv + sample * t * ld + head * d, *dk = dq + c, *dv = dk + c;
    float *dp = a->dprobs != NULL ? a->dprobs + item * t * t : ds;

    smb_cpu_sgemm (p, t, q, ld, k, ld, t, t, d, 0, 1, 1.0f, 0.0f);
    smb_cpu_sgemm (dp, t, dy, c, v, ld, t, t, d, 0, 1, 1.0f, 0.0f);
    for (int64_t r = 0; r < t; r++) {
      kernels->softmax_again (p + r * t, scale, lse[r], t);
      kernels->softmax_grad (ds + r * t, p + r * t, dp + r * t, kernels->dot (dy + r * c, y + r * c, d), scale, t);
    }
    smb_cpu_sgemm (dv, ld, p, t, dy, c, t, d, t, 1, 0, 1.0f, 0.0f);
    smb_cpu_sgemm (dq, ld, ds, t, k, ld, t, d, t, 0, 0, 1.0f, 0.0f);
    smb_cpu_sgemm (dk, ld, ds, t, q, ld, t, d, t, 1, 0, 1.0f, 0.0f);
  }
}

SmbStatus
smb_cpu_attention_backward (void *ctx, const SmbAttentionBackward *a)
{
  SmbCpu *cpu = ctx;
  BackwardJob job = { cpu, a };
  SmbStatus status;

  if (a->t > INT_MAX / 2 || 3 * a->h * a->d > INT_MAX)
    return refuse_length (cpu, a->t);
  status = smb_cpu_need_scratch (cpu, 2 * (size_t) a->t * (size_t) a->t);
  if (status == SMB_STATUS_OK)
    smb_cpu_parallel (cpu, a->b * a->h, 1, backward_work, &job);
  return status;
}
