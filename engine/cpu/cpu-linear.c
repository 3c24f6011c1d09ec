/* SPDX-License-Identifier: Apache-2.0 */
#include "cpu/cpu-gemm.h"

#include <stdlib.h>

/* Linear layers: weights packed in panels, and kernels that finish each tile while it is in registers. */

typedef struct {
  const SmbCpuPrepared *prepared;
  const float *w;
} PackJob;

static void
pack_work (void *arg, int thread, int64_t from, int64_t to)
{
  const PackJob *j = arg;

  j->prepared->k->pack (j->prepared->panels, j->w, j->prepared->n_in, j->prepared->n_out, j->prepared->n_in, from, to);
}

static SmbStatus
refuse_precision (SmbCpu *cpu, const SmbCpuLinear *k, int64_t n_in)
{
  if (k == NULL)
    return smb_cpu_fail (cpu, SMB_STATUS_UNSUPPORTED,
                         "This processor has no instructions for the precision asked for; choose f32.");
  return smb_cpu_fail (cpu, SMB_STATUS_UNSUPPORTED,
                       "A layer of %lld inputs is too wide for the precision asked for; choose f32.", (long long) n_in);
}

SmbStatus
smb_cpu_weight_prepare (void *ctx, const float *w, int64_t n_out, int64_t n_in, SmbPrecision precision,
                        void **prepared_out)
{
  SmbCpu *cpu = ctx;
  const SmbCpuLinear *k = smb_cpu_linear_kernels (cpu->isa, precision);
  SmbCpuPrepared *prepared;
  PackJob job;

  if (k == NULL || (k->most_n_in > 0 && n_in > k->most_n_in))
    return refuse_precision (cpu, k, n_in);
  prepared = calloc (1, sizeof *prepared);
  if (prepared != NULL) {
    *prepared = (SmbCpuPrepared){ k, n_out, n_in, (n_out + k->panel - 1) / k->panel, NULL };
    prepared->panels = smb_cpu_aligned ((size_t) prepared->n_panels, k->panel_bytes (n_in));
  }
  if (prepared == NULL || prepared->panels == NULL) {
    free (prepared);
    return smb_cpu_fail (cpu, SMB_STATUS_NO_MEMORY, "There is no memory for a layer of %lld x %lld weights.",
                         (long long) n_out, (long long) n_in);
  }
  job = (PackJob){ prepared, w };
  smb_cpu_parallel (cpu, prepared->n_panels, 1, pack_work, &job);
  *prepared_out = prepared;
  return SMB_STATUS_OK;
}

void
smb_cpu_weight_release (void *ctx, void *prepared)
{
  if (prepared != NULL)
    free (((SmbCpuPrepared *) prepared)->panels);
  free (prepared);
}

typedef struct {
  SmbCpu *cpu;
  const SmbLinearForward *a;
  const SmbCpuPrepared *prepared;
  int down, across;
} PackedJob;

static void
convert_work (void *arg, int thread, int64_t from, int64_t to)
{
  const PackedJob *j = arg;

  j->prepared->k->convert (j->cpu->rooms[SMB_CPU_ROOM_ROWS].data, j->a->x, j->a->n_in, from, to);
}

static void
packed_work (void *arg, int thread, int64_t from, int64_t to)
{
  const PackedJob *j = arg;

  for (int64_t i = from; i < to; i++) {
    int64_t row = i / j->across, column = i % j->across, rows = j->a->rows, panels = j->prepared->n_panels;

    j->prepared->k->forward (j->a, j->prepared->panels, j->cpu->rooms[SMB_CPU_ROOM_ROWS].data, rows * row / j->down,
                             rows * (row + 1) / j->down, panels * column / j->across,
                             panels * (column + 1) / j->across);
  }
}

/* The grid whose largest tile is smallest; of equal ones the one that reads the weights least often. */
SmbStatus
smb_cpu_packed_forward (SmbCpu *cpu, const SmbLinearForward *a, const SmbCpuPrepared *prepared)
{
  PackedJob job = { cpu, a, prepared, 1, 1 };
  int64_t least = INT64_MAX;
  int threads = (double) a->rows * (double) a->n_out * (double) a->n_in < SMB_CPU_SMALL ? 1 : cpu->threads;

  for (int down = 1; down <= threads; down++) {
    int across = threads / down;
    int64_t tile = ((a->rows + down - 1) / down + 7) / 8 * ((prepared->n_panels + across - 1) / across);

    if (tile < least) {
      least = tile;
      job.down = down;
      job.across = across;
    }
  }
  if (prepared->k->convert != NULL) { /* once, for all threads */
    SmbStatus status = smb_cpu_need_room (cpu, SMB_CPU_ROOM_ROWS, a->rows, prepared->k->row_bytes (a->n_in));

    if (status != SMB_STATUS_OK)
      return status;
    smb_cpu_parallel (cpu, a->rows, threads > 1 ? 8 : a->rows, convert_work, &job);
  }
  smb_cpu_parallel (cpu, job.down * job.across, 1, packed_work, &job);
  return SMB_STATUS_OK;
}

/* Weights that change from step to step are packed for the one product. */
static SmbStatus
pack_and_forward (SmbCpu *cpu, const SmbLinearForward *a)
{
  const SmbCpuLinear *k = cpu->k->linear;
  SmbCpuPrepared prepared = { k, a->n_out, a->n_in, (a->n_out + k->panel - 1) / k->panel, NULL };
  PackJob job = { &prepared, a->w };
  SmbStatus status = smb_cpu_need_room (cpu, SMB_CPU_ROOM_PANELS, prepared.n_panels, k->panel_bytes (a->n_in));

  if (status != SMB_STATUS_OK)
    return status;
  prepared.panels = cpu->rooms[SMB_CPU_ROOM_PANELS].data;
  smb_cpu_parallel (cpu, prepared.n_panels, 1, pack_work, &job);
  return smb_cpu_packed_forward (cpu, a, &prepared);
}

SmbStatus
smb_cpu_linear_forward (void *ctx, const SmbLinearForward *a)
{
  if (a->rows <= 0 || a->n_out <= 0)
    return SMB_STATUS_OK;
  return a->prepared != NULL ? smb_cpu_packed_forward (ctx, a, a->prepared) : pack_and_forward (ctx, a);
}

typedef struct {
  SmbCpu *cpu;
  const SmbLinearBackward *a;
} BiasJob;

static void
bias_work (void *arg, int thread, int64_t from, int64_t to)
{
  const BiasJob *j = arg;

  j->cpu->k->column_sums (j->a->dbias, j->a->dy, j->a->rows, j->a->n_out, from, to);
}

SmbStatus
smb_cpu_linear_backward (void *ctx, const SmbLinearBackward *a)
{
  SmbCpu *cpu = ctx;
  SmbStatus status = SMB_STATUS_OK;

  if (a->dx != NULL)
    status = smb_cpu_gemm (ctx, a->dx, a->dy, a->w, a->rows, a->n_in, a->n_out, 0, 0, 1.0f, 0.0f);
  if (status == SMB_STATUS_OK && a->dw != NULL)
    status = smb_cpu_gemm (ctx, a->dw, a->dy, a->x, a->n_out, a->n_in, a->rows, 1, 0, 1.0f, 1.0f);
  if (status == SMB_STATUS_OK && a->dbias != NULL) {
    BiasJob job = { cpu, a };

    smb_cpu_parallel (cpu, a->n_out, 64, bias_work, &job);
  }
  return status;
}
