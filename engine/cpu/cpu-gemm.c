/* SPDX-License-Identifier: Apache-2.0 */
#include "cpu/cpu-private.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* Products. The result is cut into a grid of tiles, one for each thread; the summed dimension is never cut, so the
 * order of every sum is fixed. */

typedef struct {
  int64_t rows, columns; /* of the result */
  int down, across;      /* the grid */
} Grid;

/* Tile edges lie on multiples of this, so that few kernels run on ragged edges. */
#define EDGE 16

/* The split that makes the threads read least: each packs its rows of one factor and its columns of the other. */
static Grid
grid_for (const SmbCpu *cpu, int64_t rows, int64_t columns, int64_t k)
{
  Grid grid = { rows, columns, 1, 1 };
  double least = 0;

  if ((double) rows * (double) columns * (double) k < 1e5) /* waking threads would cost more */
    return grid;
  for (int down = 1; down <= cpu->threads; down++) {
    int across = cpu->threads / down;
    double read = (double) rows / down + (double) columns / across;

    if (down * across != cpu->threads || (down > 1 && rows / down < EDGE) || (across > 1 && columns / across < EDGE))
      continue;
    if (least == 0 || read < least) {
      grid.down = down;
      grid.across = across;
      least = read;
    }
  }
  if (least == 0) { /* too small for all threads: as many as get a tile of some size */
    int64_t tiles = (rows > columns ? rows : columns) / EDGE;
    int parts = (int) (tiles < 1 ? 1 : tiles < cpu->threads ? tiles : cpu->threads);

    grid.down = rows > columns ? parts : 1;
    grid.across = rows > columns ? 1 : parts;
  }
  return grid;
}

static int64_t
edge (int64_t n, int part, int parts)
{
  int64_t at = (n + EDGE - 1) / EDGE * part / parts * EDGE;

  return at < n ? at : n;
}

typedef struct {
  int64_t row0, row1, column0, column1;
} Tile;

static Tile
tile_of (const Grid *grid, int64_t number)
{
  int i = (int) (number / grid->across), j = (int) (number % grid->across);

  return (Tile){ edge (grid->rows, i, grid->down), edge (grid->rows, i + 1, grid->down),
                 edge (grid->columns, j, grid->across), edge (grid->columns, j + 1, grid->across) };
}

static int
too_large (int64_t a, int64_t b, int64_t c)
{
  return a > INT_MAX || b > INT_MAX || c > INT_MAX;
}

static SmbStatus
refuse_size (SmbCpu *cpu, int64_t m, int64_t n, int64_t k)
{
  return smb_cpu_fail (cpu, SMB_STATUS_UNSUPPORTED,
                       "A matrix product of %lld x %lld x %lld is larger than the processor's library can count; use a "
                       "smaller batch.",
                       (long long) m, (long long) n, (long long) k);
}

typedef struct {
  Grid grid;
  float *c;
  const float *a, *b;
  int64_t m, n, k;
  int trans_a, trans_b;
  float alpha, beta;
} GemmJob;

static void
gemm_work (void *arg, int thread, int64_t from, int64_t to)
{
  const GemmJob *j = arg;

  for (int64_t i = from; i < to; i++) {
    Tile t = tile_of (&j->grid, i);
    int64_t rows = t.row1 - t.row0, columns = t.column1 - t.column0;

    if (rows <= 0 || columns <= 0)
      continue;
    smb_cpu_sgemm (j->c + t.row0 * j->n + t.column0, j->n, j->a + (j->trans_a ? t.row0 : t.row0 * j->k),
                   j->trans_a ? j->m : j->k, j->b + (j->trans_b ? t.column0 * j->k : t.column0),
                   j->trans_b ? j->k : j->n, rows, columns, j->k, j->trans_a, j->trans_b, j->alpha, j->beta);
  }
}

SmbStatus
smb_cpu_gemm (void *ctx, float *c, const float *a, const float *b, int64_t m, int64_t n, int64_t k, int trans_a,
              int trans_b, float alpha, float beta)
{
  SmbCpu *cpu = ctx;
  GemmJob job = { grid_for (cpu, m, n, k), c, a, b, m, n, k, trans_a, trans_b, alpha, beta };

  if (too_large (m, n, k))
    return refuse_size (cpu, m, n, k);
  if (m > 0 && n > 0)
    smb_cpu_parallel (cpu, job.grid.down * job.grid.across, 1, gemm_work, &job);
  return SMB_STATUS_OK;
}

/* What weight_prepare makes for float32: the weights again, owned. */
typedef struct {
  int64_t n_out, n_in;
  float *w;
} Prepared;

SmbStatus
smb_cpu_weight_prepare (void *ctx, const float *w, int64_t n_out, int64_t n_in, SmbPrecision precision,
                        void **prepared_out)
{
  SmbCpu *cpu = ctx;
  Prepared *prepared;

  if (precision != SMB_PRECISION_F32)
    return smb_cpu_fail (cpu, SMB_STATUS_UNSUPPORTED,
                         "The processor's backend computes linear layers in float32 only; choose that precision.");
  prepared = calloc (1, sizeof *prepared);
  if (prepared != NULL)
    prepared->w = smb_cpu_aligned ((size_t) n_out * (size_t) n_in, sizeof (float));
  if (prepared == NULL || prepared->w == NULL) {
    free (prepared);
    return smb_cpu_fail (cpu, SMB_STATUS_NO_MEMORY, "There is no memory for a layer of %lld x %lld weights.",
                         (long long) n_out, (long long) n_in);
  }
  prepared->n_out = n_out;
  prepared->n_in = n_in;
  memcpy (prepared->w, w, (size_t) n_out * (size_t) n_in * sizeof (float));
  *prepared_out = prepared;
  return SMB_STATUS_OK;
}

void
smb_cpu_weight_release (void *ctx, void *prepared)
{
  if (prepared != NULL)
    free (((Prepared *) prepared)->w);
  free (prepared);
}

/* y = epilogue (z) + residual for one tile. `row` has room for one row of it. */
static void
finish (const SmbLinearForward *a, const SmbCpuKernels *k, const Tile *t, const float *z, int64_t ldz, float *row)
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
  Grid grid;
  const SmbLinearForward *a;
  const float *w;
  int own_room; /* y holds the residual until the end, so the product goes to scratch memory */
} LinearJob;

/* The place the product is added to: bias, and the residual if nothing happens between. Returns beta. */
static float
prefill (const SmbLinearForward *a, const SmbCpuKernels *k, const Tile *t, float *z, int64_t ldz, int with_residual)
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
    Tile t = tile_of (&j->grid, i);
    int64_t rows = t.row1 - t.row0, columns = t.column1 - t.column0;
    int direct = a->before == NULL && a->epilogue == SMB_EPILOGUE_NONE;
    int64_t ldz = j->own_room ? columns : a->n_out;
    float *z = j->own_room ? scratch : (a->before != NULL ? a->before : a->y) + t.row0 * a->n_out + t.column0;
    float beta;

    if (rows <= 0 || columns <= 0)
      continue;
    beta = prefill (a, j->cpu->k, &t, z, ldz, direct && a->residual != NULL);
    smb_cpu_sgemm (z, ldz, a->x + t.row0 * a->n_in, a->n_in, j->w + t.column0 * a->n_in, a->n_in, rows, columns,
                   a->n_in, 0, 1, 1.0f, beta);
    if (!direct)
      finish (a, j->cpu->k, &t, z, ldz, scratch + (j->own_room ? rows * columns : 0));
  }
}

SmbStatus
smb_cpu_linear_forward (void *ctx, const SmbLinearForward *a)
{
  SmbCpu *cpu = ctx;
  const Prepared *prepared = a->prepared;
  LinearJob job = { cpu, grid_for (cpu, a->rows, a->n_out, a->n_in), a, prepared != NULL ? prepared->w : a->w, 0 };
  SmbStatus status;
  size_t room = 0;

  if (too_large (a->rows, a->n_out, a->n_in))
    return refuse_size (cpu, a->rows, a->n_out, a->n_in);
  if (a->rows <= 0 || a->n_out <= 0)
    return SMB_STATUS_OK;
  job.own_room = a->before == NULL && a->epilogue != SMB_EPILOGUE_NONE && a->residual == a->y;
  for (int64_t i = 0; i < job.grid.down * job.grid.across; i++) {
    Tile t = tile_of (&job.grid, i);
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
