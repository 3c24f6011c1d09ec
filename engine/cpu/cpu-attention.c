/* SPDX-License-Identifier: Apache-2.0 */
#include "cpu/cpu-gemm.h"

#include <limits.h>
#include <math.h>
#include <string.h>

/* Attention: each thread takes whole (sample, head, block of queries), or all heads of (sample, block of queries) one
 * after the other where their mean is asked for, and works on a small square of scores that stays
 * in its cache; only what is asked for is written out. Backward a thread takes a head of a sample, whose keys sum over
 * all queries; the relevance, a sum over heads, is a pass of its own, which costs two products of the then seven. */

#define QUERY_BLOCK 256

/* The number format of the products. */
static const SmbCpuLinear *
format_of (const SmbCpu *cpu, SmbPrecision precision)
{
  const SmbCpuLinear *k = NULL;

  if (precision == SMB_PRECISION_BF16 || precision == SMB_PRECISION_INT8)
    k = smb_cpu_linear_kernels (cpu->isa, SMB_PRECISION_BF16);
  return k != NULL ? k : cpu->k->linear;
}

/* y = op (a) b, or op (a) b^T, both with rows of their own distances. */
static void
product (const SmbCpuLinear *k, void *room, float *y, int64_t ldy, SmbCpuRows a, const float *b, int64_t ldb,
         int64_t n_out, int64_t n_in, int trans_b)
{
  SmbCpuProduct p = { .y = y, .ldy = ldy, .n_in = n_in, .n_out = n_out, .alpha = 1.0f };

  smb_cpu_small_product (k, room, &p, &a, b, ldb, trans_b);
}

/* Room for any product of (rows, t or d) with (t or d, t or d). */
static size_t
room_bytes (const SmbCpuLinear *k, int64_t rows, int64_t t, int64_t d)
{
  int64_t most = t > d ? t : d;

  return smb_cpu_small_bytes (k, rows, most, most);
}

typedef struct {
  SmbCpu *cpu;
  const SmbAttentionForward *a;
  const SmbCpuLinear *k;
  int64_t heads;             /* that an item takes one after the other: all where their mean is asked for, else one */
  int64_t blocks, per_block; /* of queries */
  int64_t square;            /* floats of scores in a thread's scratch, before the products' room */
} ForwardJob;

/* mean (n) += probs (n) of head `head` of `h`; the first sets it, the last divides. */
static void
add_head (const SmbCpuKernels *k, float *mean, const float *probs, int64_t head, int64_t h, int64_t n)
{
  if (head == 0)
    memcpy (mean, probs, (size_t) n * sizeof *mean);
  else
    k->add_scaled (mean, mean, 1.0f, probs, n);
  if (head == h - 1)
    k->scale (mean, 1.0f / (float) h, mean, n);
}

/* Queries [q0, q0 + n) of one head. own: the thread's scratch. */
static void
forward_head (const ForwardJob *j, float *own, int64_t sample, int64_t head, int64_t q0, int64_t n)
{
  const SmbAttentionForward *a = j->a;
  int64_t t = a->t, d = a->d, c = a->h * d, ld = 3 * c, row0 = (sample * a->h + head) * t + q0;
  const float *q = (const float *) a->qkv + sample * t * ld + head * d, *k = q + c, *v = k + c;
  float scale = 1.0f / sqrtf ((float) d), *room = own + j->square;
  float *s = a->probs != NULL ? a->probs + row0 * t : own;

  product (j->k, room, s, t, (SmbCpuRows){ q + q0 * ld, ld, n, 0 }, k, ld, t, d, 1);
  for (int64_t r = 0; r < n; r++) {
    float lse = j->cpu->k->softmax (s + r * t, scale, t);

    if (a->lse != NULL)
      a->lse[row0 + r] = lse;
  }
  product (j->k, room, (float *) a->y + (sample * t + q0) * c + head * d, c, (SmbCpuRows){ s, t, n, 0 }, v, ld, d, t, 0);
  if (a->mean != NULL)
    add_head (j->cpu->k, a->mean + (sample * t + q0) * t, s, head, a->h, n * t);
}

static void
forward_work (void *arg, int thread, int64_t from, int64_t to)
{
  const ForwardJob *j = arg;
  int64_t t = j->a->t;

  for (int64_t item = from; item < to; item++) {
    int64_t head = item / j->blocks * j->heads, sample = head / j->a->h;
    int64_t q0 = item % j->blocks * j->per_block, n = t - q0 < j->per_block ? t - q0 : j->per_block;

    for (int64_t i = 0; n > 0 && i < j->heads; i++)
      forward_head (j, smb_cpu_scratch_of (j->cpu, thread), sample, head % j->a->h + i, q0, n);
  }
}

static SmbStatus
refuse_length (SmbCpu *cpu, int64_t t)
{
  return smb_cpu_fail (cpu, SMB_STATUS_UNSUPPORTED,
                       "Attention over %lld tokens is more than this backend handles; use a smaller input.",
                       (long long) t);
}

/* Blocks of queries for items of `groups` (few of these and many threads: more blocks), and the queries of one. */
static int64_t
blocks_of_queries (const SmbCpu *cpu, int64_t groups, int64_t t, int64_t *per_block)
{
  int64_t blocks = (t + QUERY_BLOCK - 1) / QUERY_BLOCK;

  while (groups * blocks < 2 * cpu->threads && t / blocks > 2 * 32)
    blocks++;
  *per_block = (t + blocks - 1) / blocks;
  return blocks;
}

/* Scratch for `squares` squares of scores and a room. */
static SmbStatus
need (SmbCpu *cpu, int64_t squares, int64_t *square, size_t room)
{
  *square = (squares + 15) / 16 * 16;
  return smb_cpu_need_scratch (cpu, (size_t) *square + room / sizeof (float) + 16);
}

SmbStatus
smb_cpu_attention_forward (void *ctx, const SmbAttentionForward *a)
{
  SmbCpu *cpu = ctx;
  ForwardJob job = { cpu, a, format_of (cpu, a->precision), a->mean != NULL ? a->h : 1, 1, a->t, 0 };
  int64_t groups; /* of heads */
  SmbStatus status;

  if (a->t > INT_MAX || 3 * a->h * a->d > INT_MAX)
    return refuse_length (cpu, a->t);
  if (a->b * a->h * a->t <= 0)
    return SMB_STATUS_OK;
  groups = a->b * a->h / job.heads;
  job.blocks = blocks_of_queries (cpu, groups, a->t, &job.per_block);
  status = need (cpu, a->probs == NULL ? job.per_block * a->t : 0, &job.square,
                 room_bytes (job.k, job.per_block, a->t, a->d));
  if (status == SMB_STATUS_OK)
    smb_cpu_share_out (cpu, groups * job.blocks, forward_work, &job);
  return status;
}

typedef struct {
  SmbCpu *cpu;
  const SmbAttentionBackward *a;
  const SmbCpuLinear *k;
  int64_t square;            /* floats of two squares of scores, before the products' room */
  int64_t blocks, per_block; /* of queries, for the relevance */
} BackwardJob;

/* p, dp (n,t): the probabilities of queries [q0, q0 + n) of one head, and the gradient with respect to them. */
static void
probs_and_gradient (const BackwardJob *j, float *room, float *p, float *dp, int64_t sample, int64_t head, int64_t q0,
                    int64_t n)
{
  const SmbAttentionBackward *a = j->a;
  int64_t t = a->t, d = a->d, c = a->h * d, ld = 3 * c;
  const float *q = (const float *) a->qkv + sample * t * ld + head * d;
  const float *dy = (const float *) a->dy + (sample * t + q0) * c + head * d;
  const float *lse = a->lse + (sample * a->h + head) * t + q0;
  float scale = 1.0f / sqrtf ((float) d);

  product (j->k, room, p, t, (SmbCpuRows){ q + q0 * ld, ld, n, 0 }, q + c, ld, t, d, 1);
  product (j->k, room, dp, t, (SmbCpuRows){ dy, c, n, 0 }, q + 2 * c, ld, t, d, 1);
  for (int64_t r = 0; r < n; r++)
    j->cpu->k->softmax_again (p + r * t, scale, lse[r], t);
}

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
  float *p = smb_cpu_scratch_of (j->cpu, thread), *ds = p + t * t, *room = p + j->square;

  for (int64_t item = from; item < to; item++) {
    int64_t sample = item / a->h, head = item % a->h;
    const float *q = (const float *) a->qkv + sample * t * ld + head * d, *k = q + c;
    const float *dy = (const float *) a->dy + sample * t * c + head * d;
    const float *y = (const float *) a->y + sample * t * c + head * d;
    float *dq = (float *) a->dqkv + sample * t * ld + head * d, *dk = dq + c, *dv = dk + c;
    float *dp = a->dprobs != NULL ? a->dprobs + item * t * t : ds;

    probs_and_gradient (j, room, p, dp, sample, head, 0, t);
    for (int64_t r = 0; r < t; r++)
      kernels->softmax_grad (ds + r * t, p + r * t, dp + r * t, kernels->dot (dy + r * c, y + r * c, d), scale, t);
    product (j->k, room, dv, ld, (SmbCpuRows){ p, t, t, 1 }, dy, c, d, t, 0);
    product (j->k, room, dq, ld, (SmbCpuRows){ ds, t, t, 0 }, k, ld, d, t, 0);
    product (j->k, room, dk, ld, (SmbCpuRows){ ds, t, t, 1 }, q, ld, d, t, 0);
  }
}

/* An item is a block of a sample's queries, with all heads one after the other. */
static void
relevance_work (void *arg, int thread, int64_t from, int64_t to)
{
  const BackwardJob *j = arg;
  const SmbAttentionBackward *a = j->a;
  const SmbCpuKernels *kernels = j->cpu->k;
  int64_t t = a->t;

  for (int64_t item = from; item < to; item++) {
    int64_t sample = item / j->blocks, q0 = item % j->blocks * j->per_block;
    int64_t n = t - q0 < j->per_block ? t - q0 : j->per_block;
    float *p = smb_cpu_scratch_of (j->cpu, thread), *dp = p + n * t, *out = a->relevance + (sample * t + q0) * t;

    if (n <= 0)
      continue;
    memset (out, 0, (size_t) (n * t) * sizeof *out);
    for (int64_t head = 0; head < a->h; head++) {
      probs_and_gradient (j, p + j->square, p, dp, sample, head, q0, n);
      kernels->add_relevance (out, p, dp, n * t);
    }
    kernels->scale (out, 1.0f / (float) a->h, out, n * t);
  }
}

SmbStatus
smb_cpu_attention_backward (void *ctx, const SmbAttentionBackward *a)
{
  SmbCpu *cpu = ctx;
  BackwardJob job = { cpu, a, format_of (cpu, a->precision), 0, 0, 0 };
  SmbStatus status;

  if (a->t > INT_MAX / 2 || 3 * a->h * a->d > INT_MAX)
    return refuse_length (cpu, a->t);
  status = need (cpu, 2 * a->t * a->t, &job.square, room_bytes (job.k, a->t, a->t, a->d));
  if (status != SMB_STATUS_OK)
    return status;
  smb_cpu_share_out (cpu, a->b * a->h, backward_work, &job);
  if (a->relevance != NULL && a->t > 0) {
    job.blocks = blocks_of_queries (cpu, a->b, a->t, &job.per_block);
    smb_cpu_share_out (cpu, a->b * job.blocks, relevance_work, &job);
  }
  return SMB_STATUS_OK;
}
