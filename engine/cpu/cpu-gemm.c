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

static int64_t
panels_of (const SmbCpuLinear *k, int64_t n_out)
{
  return (n_out + k->panel - 1) / k->panel;
}

SmbStatus
smb_cpu_gemm_with (SmbCpu *cpu, const SmbCpuLinear *k, float *c, const float *a, const float *b, int64_t m, int64_t n,
                   int64_t n_in, int trans_a, int trans_b, float alpha, int accumulate)
{
  int64_t parts = n_in > k->part ? (n_in + k->part - 1) / k->part : 1, panels = panels_of (k, n);
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

/* Panels of every format end on whole lines. */
static size_t
panels_bytes (const SmbCpuLinear *k, int64_t n_out, int64_t n_in)
{
  return ((size_t) panels_of (k, n_out) * k->panel_bytes (n_in) + 63) / 64 * 64;
}

size_t
smb_cpu_small_bytes (const SmbCpuLinear *k, int64_t rows, int64_t n_out, int64_t n_in)
{
  return panels_bytes (k, n_out, n_in) + (size_t) (rows + k->spare) * k->row_bytes (n_in);
}

void
smb_cpu_small_product (const SmbCpuLinear *k, void *room, const SmbCpuProduct *p, const SmbCpuRows *x, const float *b,
                       int64_t ldb, int trans_b)
{
  int64_t panels = panels_of (k, p->n_out);
  void *own = (char *) room + panels_bytes (k, p->n_out, p->n_in);
  const void *rows = own;
  size_t ld_bytes = k->row_bytes (p->n_in);

  (trans_b ? k->pack : k->pack_across) (room, b, ldb, p->n_out, p->n_in, 0, panels);
  if (x->turned) {
    k->turn (own, x->x, x->ld, p->n_in, x->count);
  } else if (k->convert != NULL) {
    k->convert (own, x->x, x->ld, p->n_in, x->count);
  } else {
    rows = x->x;
    ld_bytes = (size_t) x->ld * sizeof (float);
  }
  k->forward (p, room, rows, ld_bytes, 0, x->count, 0, panels);
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
