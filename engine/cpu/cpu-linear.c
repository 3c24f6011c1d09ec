/* SPDX-License-Identifier: Apache-2.0 */
#include "cpu/cpu-gemm.h"

#include <stdlib.h>
#include <string.h>

/* Linear layers. Weights that were prepared are packed in panels and go to the own kernels, which finish each tile
 * while it is in registers; weights that change from step to step go to OpenBLAS, and the tile is finished after it. */

typedef struct {
  const SmbCpuLinear *k;
  int64_t n_out, n_in, n_panels;
  void *panels;
} Prepared;

typedef struct {
  const Prepared *prepared;
  const float *w;
} PackJob;

static void
pack_work (void *arg, int thread, int64_t from, int64_t to)
{
  const PackJob *j = arg;

  j->prepared->k->pack (j->prepared->panels, j->w, j->prepared->n_out, j->prepared->n_in, from, to);
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
  Prepared *prepared;
  PackJob job;

  if (k == NULL || (k->most_n_in > 0 && n_in > k->most_n_in))
    return refuse_precision (cpu, k, n_in);
  prepared = calloc (1, sizeof *prepared);
  if (prepared != NULL) {
    *prepared = (Prepared){ k, n_out, n_in, (n_out + k->panel - 1) / k->panel, NULL };
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
    free (((Prepared *) prepared)->panels);
  free (prepared);
}

typedef struct {
  SmbCpu *cpu;
  const SmbLinearForward *a;
  const Prepared *prepared;
  int down, across;
} PackedJob;

static void
convert_work (void *arg, int thread, int64_t from, int64_t to)
{
  const PackedJob *j = arg;

  j->prepared->k->convert (j->cpu->rows, j->a->x, j->a->n_in, from, to);
}

static void
packed_work (void *arg, int thread, int64_t from, int64_t to)
{
  const PackedJob *j = arg;

  for (int64_t i = from; i < to; i++) {
    int64_t row = i / j->across, column = i % j->across, rows = j->a->rows, panels = j->prepared->n_panels;

    j->prepared->k->forward (j->a, j->prepared->panels, j->cpu->rows, rows * row / j->down,
                             rows * (row + 1) / j->down, panels * column / j->across,
                             panels * (column + 1) / j->across);
  }
}

static SmbStatus
need_rows (SmbCpu *cpu, int64_t rows, size_t each_bytes)
{
  size_t bytes;

  if (!__builtin_mul_overflow ((size_t) rows, each_bytes, &bytes) && bytes <= cpu->rows_bytes)
    return SMB_STATUS_OK;
  free (cpu->rows);
  cpu->rows = smb_cpu_aligned ((size_t) rows, each_bytes);
  cpu->rows_bytes = cpu->rows != NULL ? bytes : 0;
  if (cpu->rows == NULL)
    return smb_cpu_fail (cpu, SMB_STATUS_NO_MEMORY,
                         "There is no memory for %lld rows in the precision asked for; use a smaller batch.",
                         (long long) rows);
  return SMB_STATUS_OK;
}

/* The grid whose largest tile is smallest; of equal ones the one that reads the weights least often. */
static SmbStatus
packed_forward (SmbCpu *cpu, const SmbLinearForward *a, const Prepared *prepared)
{
  PackedJob job = { cpu, a, prepared, 1, 1 };
  int64_t least = INT64_MAX;
  int threads = (double) a->rows * (double) a->n_out * (double) a->n_in < 1e5 ? 1 : cpu->threads;

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
    SmbStatus status = need_rows (cpu, a->rows, prepared->k->row_bytes (a->n_in));

    if (status != SMB_STATUS_OK)
      return status;
    smb_cpu_parallel (cpu, a->rows, threads > 1 ? 8 : a->rows, convert_work, &job);
  }
  smb_cpu_parallel (cpu, job.down * job.across, 1, packed_work, &job);
  return SMB_STATUS_OK;
}

/* y = epilogue (z) + residual for one tile. `row` has room for one row of it. */
static void
finish (const SmbLinearForward *a, const SmbCpuKernels *k, const SmbCpuTile *t, const float *z, int64_t ldz, float *row)
{
  int64_t columns = t->column1 - t->column0;

  for (int64_t r = t->row0; r < t->row1; r++) {
    float *y = a->y + r * a->n_out + t->column0;
    const float *value = z + (r - t->row0) * ldz;
    float *activated = a->residual != NULL ? row : y; /* the residual may be y itself */

    if (a->epilogue == SMB_EPILOGUE_GELU)
      k->gelu (activated, value, columns);
    else if (a->epilogue == SMB_EPILOGUE_RELU)
      k->relu (activated, value, columns);
    else
      memcpy (activated, value, (size_t) columns * sizeof (float));
    if (a->residual != NULL)
      k->add (y, activated, a->residual + r * a->n_out + t->column0, columns);
  }
}

typedef struct {
  SmbCpu *cpu;
  SmbCpuGrid grid;
  const SmbLinearForward *a;
  int own_room; /* y holds the residual until the end, so the product goes to scratch memory */
} LinearJob;

/* The place the product is added to: bias, and the residual if nothing happens between. Returns beta. */
static float
prefill (const SmbLinearForward *a, const SmbCpuKernels *k, const SmbCpuTile *t, float *z, int64_t ldz, int with_residual)
{
  int64_t columns = t->column1 - t->column0;

  if (a->bias == NULL && !with_residual)
    return 0.0f;
  for (int64_t r = t->row0; r < t->row1; r++) {
    float *row = z + (r - t->row0) * ldz;
    const float *residual = with_residual ? a->residual + r * a->n_out + t->column0 : NULL;

    if (residual != NULL && a->bias != NULL)
      k->add (row, residual, a->bias + t->column0, columns);
    else if (residual == NULL)
      memcpy (row, a->bias + t->column0, (size_t) columns * sizeof (float));
    else if (residual != row)
      memcpy (row, residual, (size_t) columns * sizeof (float));
  }
  return 1.0f;
}

static void
linear_work (void *arg, int thread, int64_t from, int64_t to)
{
  const LinearJob *j = arg;
  const SmbLinearForward *a = j->a;
  float *scratch = smb_cpu_scratch_of (j->cpu, thread);

  for (int64_t i = from; i < to; i++) {
    SmbCpuTile t = smb_cpu_tile_of (&j->grid, i);
    int64_t rows = t.row1 - t.row0, columns = t.column1 - t.column0;
    int direct = a->before == NULL && a->epilogue == SMB_EPILOGUE_NONE;
    int64_t ldz = j->own_room ? columns : a->n_out;
    float *z = j->own_room ? scratch : (a->before != NULL ? a->before : a->y) + t.row0 * a->n_out + t.column0;
    float beta;

    if (rows <= 0 || columns <= 0)
      continue;
    beta = prefill (a, j->cpu->k, &t, z, ldz, direct && a->residual != NULL);
    smb_cpu_sgemm (z, ldz, a->x + t.row0 * a->n_in, a->n_in, a->w + t.column0 * a->n_in, a->n_in, rows, columns,
                   a->n_in, 0, 1, 1.0f, beta);
    if (!direct)
      finish (a, j->cpu->k, &t, z, ldz, scratch + (j->own_room ? rows * columns : 0));
  }
}

SmbStatus
smb_cpu_linear_forward (void *ctx, const SmbLinearForward *a)
{
  SmbCpu *cpu = ctx;
  LinearJob job = { cpu, smb_cpu_grid_for (cpu, a->rows, a->n_out, a->n_in), a, 0 };
  SmbStatus status;
  size_t room = 0;

  if (a->rows <= 0 || a->n_out <= 0)
    return SMB_STATUS_OK;
  if (a->prepared != NULL)
    return packed_forward (cpu, a, a->prepared);
  if (smb_cpu_too_large (a->rows, a->n_out, a->n_in))
    return smb_cpu_refuse_size (cpu, a->rows, a->n_out, a->n_in);
  job.own_room = a->before == NULL && a->epilogue != SMB_EPILOGUE_NONE && a->residual == a->y;
  for (int64_t i = 0; i < job.grid.down * job.grid.across; i++) {
    SmbCpuTile t = smb_cpu_tile_of (&job.grid, i);
    size_t rows = (size_t) (t.row1 - t.row0), columns = (size_t) (t.column1 - t.column0);
    size_t need = (job.own_room ? rows + 1 : 1) * columns;

    room = need > room ? need : room;
  }
  status = smb_cpu_need_scratch (cpu, room);
  if (status != SMB_STATUS_OK)
    return status;
  smb_cpu_parallel (cpu, job.grid.down * job.grid.across, 1, linear_work, &job);
  return SMB_STATUS_OK;
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
