/* SPDX-License-Identifier: Apache-2.0 */
#include "cpu/cpu-gemm.h"

#include <string.h>

/* Products of any two matrices, made of the kernels for linear layers: the second factor is packed in panels, the first
 * turned so that its rows lie in memory, a part of the summed dimension at a time. Parts follow each other in order, so
 * every sum keeps its order. */

#define PART  4096 /* most of the summed dimension: a panel of it stays in the second cache */
#define BLOCK 16   /* side of the squares in which a matrix is turned */

typedef struct {
  SmbCpu *cpu;
  SmbCpuPrepared packed;
  const float *a, *b; /* at the beginning of the part */
  int64_t lda, ldb;   /* between rows as they are stored */
  int64_t m, n, k;    /* k: of the part */
  int trans_b;
  float alpha;
} Part;

/* Rows [from, to) of op (a) times alpha, k apart, out of a stored (k, m). */
static void
turn_work (void *arg, int thread, int64_t from, int64_t to)
{
  const Part *j = arg;
  float *out = j->cpu->rooms[SMB_CPU_ROOM_ROWS].data;

  for (int64_t r0 = from; r0 < to; r0 += BLOCK)
    for (int64_t k0 = 0; k0 < j->k; k0 += BLOCK) {
      int64_t r1 = to - r0 < BLOCK ? to : r0 + BLOCK, k1 = j->k - k0 < BLOCK ? j->k : k0 + BLOCK;
      float square[BLOCK][BLOCK];

      for (int64_t k = k0; k < k1; k++)
        for (int64_t r = r0; r < r1; r++)
          square[r - r0][k - k0] = j->alpha * j->a[k * j->lda + r];
      for (int64_t r = r0; r < r1; r++)
        memcpy (out + r * j->k + k0, square[r - r0], (size_t) (k1 - k0) * sizeof (float));
    }
}

/* The same of a stored (m, lda): copied, because only a part of each row is wanted, or for alpha. */
static void
copy_work (void *arg, int thread, int64_t from, int64_t to)
{
  const Part *j = arg;
  float *out = j->cpu->rooms[SMB_CPU_ROOM_ROWS].data;

  for (int64_t r = from; r < to; r++)
    j->cpu->k->scale (out + r * j->k, j->alpha, j->a + r * j->lda, j->k);
}

static void
pack_work (void *arg, int thread, int64_t from, int64_t to)
{
  const Part *j = arg;
  const SmbCpuLinear *k = j->packed.k;

  if (j->trans_b)
    k->pack (j->packed.panels, j->b, j->ldb, j->n, j->k, from, to);
  else
    k->pack_across (j->packed.panels, j->b, j->ldb, j->n, j->k, from, to);
}

/* c = part [+ c] */
static SmbStatus
add_part (Part *j, float *c, int accumulate, int trans_a)
{
  SmbCpu *cpu = j->cpu;
  SmbLinearForward layer = { .y = c, .x = j->a, .residual = accumulate ? c : NULL, .rows = j->m, .n_in = j->k,
                             .n_out = j->n };
  int small = (double) j->m * (double) j->n * (double) j->k < SMB_CPU_SMALL;
  SmbStatus status = smb_cpu_need_room (cpu, SMB_CPU_ROOM_PANELS, j->packed.n_panels, j->packed.k->panel_bytes (j->k));

  if (status == SMB_STATUS_OK && (trans_a || j->lda != j->k || j->alpha != 1.0f)) {
    status = smb_cpu_need_room (cpu, SMB_CPU_ROOM_ROWS, j->m, (size_t) j->k * sizeof (float));
    layer.x = cpu->rooms[SMB_CPU_ROOM_ROWS].data;
    if (status == SMB_STATUS_OK)
      smb_cpu_parallel (cpu, j->m, small ? j->m : BLOCK, trans_a ? turn_work : copy_work, j);
  }
  if (status != SMB_STATUS_OK)
    return status;
  j->packed.panels = cpu->rooms[SMB_CPU_ROOM_PANELS].data;
  smb_cpu_parallel (cpu, j->packed.n_panels, small ? j->packed.n_panels : 1, pack_work, j);
  return smb_cpu_packed_forward (cpu, &layer, &j->packed);
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
  const SmbCpuLinear *kernels = cpu->k->linear;
  int64_t parts = k > PART ? (k + PART - 1) / PART : 1;
  SmbStatus status = SMB_STATUS_OK;

  if (m <= 0 || n <= 0)
    return SMB_STATUS_OK;
  if (beta != 0.0f && beta != 1.0f) {
    ScaleJob job = { cpu, c, beta };

    smb_cpu_parallel (cpu, m * n, 4096, scale_work, &job);
  }
  for (int64_t i = 0; i < parts && status == SMB_STATUS_OK; i++) {
    int64_t k0 = k * i / parts, k1 = k * (i + 1) / parts;
    Part part = { .cpu = cpu,
                  .packed = { kernels, n, k1 - k0, (n + kernels->panel - 1) / kernels->panel, NULL },
                  .a = a + (trans_a ? k0 * m : k0),
                  .b = b + (trans_b ? k0 : k0 * n),
                  .lda = trans_a ? m : k,
                  .ldb = trans_b ? k : n,
                  .m = m,
                  .n = n,
                  .k = k1 - k0,
                  .trans_b = trans_b,
                  .alpha = alpha };

    status = add_part (&part, c, i > 0 || beta != 0.0f, trans_a);
  }
  return status;
}
