/* SPDX-License-Identifier: Apache-2.0 */
#include "cpu/cpu-gemm.h"

/* Products of any two matrices, made of the kernels for linear layers: the second factor is packed in panels, a part of
 * the summed dimension at a time, so that what is read again and again stays in the second cache. Parts follow each
 * other in order, so every sum keeps its order. */

typedef struct {
  SmbCpuPrepared packed;
  const float *b; /* at the beginning of the part */
  int64_t ldb;    /* between rows as they are stored */
  int trans_b;
} PackJob;

static void
pack_work (void *arg, int thread, int64_t from, int64_t to)
{
  const PackJob *j = arg;
  const SmbCpuPrepared *w = &j->packed;

  (j->trans_b ? w->k->pack : w->k->pack_across) (w->panels, j->b, j->ldb, w->n_out, w->n_in, from, to);
}

SmbStatus
smb_cpu_gemm_with (SmbCpu *cpu, const SmbCpuLinear *k, float *c, const float *a, const float *b, int64_t m, int64_t n,
                   int64_t n_in, int trans_a, int trans_b, float alpha, int accumulate)
{
  int64_t parts = n_in > k->part ? (n_in + k->part - 1) / k->part : 1, panels = (n + k->panel - 1) / k->panel;
  int small = (double) m * (double) n * (double) n_in < SMB_CPU_SMALL;
  SmbStatus status = SMB_STATUS_OK;

  for (int64_t i = 0; i < parts && status == SMB_STATUS_OK; i++) {
    int64_t from = n_in * i / parts, part = n_in * (i + 1) / parts - from, lda = trans_a ? m : n_in;
    PackJob job = { { k, n, part, panels, NULL }, b + (trans_b ? from : from * n), trans_b ? n_in : n, trans_b };
    SmbCpuRows rows = { a + (trans_a ? from * m : from), lda, m, trans_a };
    SmbCpuProduct product = { .y = c, .residual = accumulate || i > 0 ? c : NULL, .ldy = n, .n_in = part, .n_out = n,
                              .alpha = alpha };

    status = smb_cpu_need_room (cpu, SMB_CPU_ROOM_PANELS, panels, k->panel_bytes (part));
    if (status != SMB_STATUS_OK)
      break;
    job.packed.panels = cpu->rooms[SMB_CPU_ROOM_PANELS].data;
    smb_cpu_parallel (cpu, panels, small ? panels : 1, pack_work, &job);
    status = smb_cpu_multiply (cpu, &product, &rows, &job.packed);
  }
  return status;
}

typedef struct {
  SmbCpu *cpu;
  float *c, beta;
} ScaleJob;

static void
scale_work (void *arg, int thread, int64_t from, int64_t to)
{
  const ScaleJob *j = arg;

  j->cpu->k->scale (j->c + from, j->beta, j->c + from, to - from);
}

SmbStatus
smb_cpu_gemm (void *ctx, float *c, const float *a, const float *b, int64_t m, int64_t n, int64_t k, int trans_a,
              int trans_b, float alpha, float beta)
{
  SmbCpu *cpu = ctx;

  if (m <= 0 || n <= 0)
    return SMB_STATUS_OK;
  if (beta != 0.0f && beta != 1.0f) {
    ScaleJob job = { cpu, c, beta };

    smb_cpu_parallel (cpu, m * n, 4096, scale_work, &job);
  }
  return smb_cpu_gemm_with (cpu, cpu->k->linear, c, a, b, m, n, k, trans_a, trans_b, alpha, beta != 0.0f);
}
