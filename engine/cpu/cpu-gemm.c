/* SPDX-License-Identifier: Apache-2.0 */
#include "cpu/cpu-gemm.h"

#include <limits.h>

/* Products. The result is cut into a grid of tiles, one for each thread; the summed dimension is never cut, so the
 * order of every sum is fixed. */

/* SmbCpuTile edges lie on multiples of this, so that few kernels run on ragged edges. */
#define EDGE 16

/* Each thread packs its rows of one factor and its columns of the other: the best split has least of both. */
SmbCpuGrid
smb_cpu_grid_for (const SmbCpu *cpu, int64_t rows, int64_t columns, int64_t k)
{
  SmbCpuGrid grid = { rows, columns, 1, 1 };
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

SmbCpuTile
smb_cpu_tile_of (const SmbCpuGrid *grid, int64_t number)
{
  int i = (int) (number / grid->across), j = (int) (number % grid->across);

  return (SmbCpuTile){ edge (grid->rows, i, grid->down), edge (grid->rows, i + 1, grid->down),
                 edge (grid->columns, j, grid->across), edge (grid->columns, j + 1, grid->across) };
}

int
smb_cpu_too_large (int64_t a, int64_t b, int64_t c)
{
  return a > INT_MAX || b > INT_MAX || c > INT_MAX;
}

SmbStatus
smb_cpu_refuse_size (SmbCpu *cpu, int64_t m, int64_t n, int64_t k)
{
  return smb_cpu_fail (cpu, SMB_STATUS_UNSUPPORTED,
                       "A matrix product of %lld x %lld x %lld is larger than the processor's library can count; use a "
                       "smaller batch.",
                       (long long) m, (long long) n, (long long) k);
}

typedef struct {
  SmbCpuGrid grid;
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
    SmbCpuTile t = smb_cpu_tile_of (&j->grid, i);
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
  GemmJob job = { smb_cpu_grid_for (cpu, m, n, k), c, a, b, m, n, k, trans_a, trans_b, alpha, beta };

  if (smb_cpu_too_large (m, n, k))
    return smb_cpu_refuse_size (cpu, m, n, k);
  if (m > 0 && n > 0)
    smb_cpu_parallel (cpu, job.grid.down * job.grid.across, 1, gemm_work, &job);
  return SMB_STATUS_OK;
}
