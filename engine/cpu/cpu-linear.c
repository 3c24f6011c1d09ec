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
  if (k->most_n_in == 0 || n_in <= k->most_n_in)
    return smb_cpu_fail (cpu, SMB_STATUS_UNSUPPORTED,
                         "Training is not possible in the precision asked for; choose bf16 or f32.");
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
  const SmbCpuProduct *p;
  const SmbCpuRows *x;
  const SmbCpuPrepared *w;
  int64_t down, across; /* pieces of the rows, and of the panels */
  size_t row_bytes;     /* of the format's own rows; 0: x is read where it is */
} Product;

#define BLOCK_ROWS 208 /* rows of x that stay in the second cache while the panels go by; a ViT of 14 x 14 patches has 197 */

static void
convert_rows (const Product *j, char *out, int64_t from, int64_t to)
{
  const SmbCpuRows *x = j->x;

  if (x->turned)
    j->w->k->turn (out, x->x + from, x->ld, j->p->n_in, to - from);
  else
    j->w->k->convert (out, x->x + from * x->ld, x->ld, j->p->n_in, to - from);
}

static void
convert_work (void *arg, int thread, int64_t from, int64_t to)
{
  const Product *j = arg;

  convert_rows (j, (char *) j->cpu->rooms[SMB_CPU_ROOM_ROWS].data + (size_t) from * j->row_bytes, from, to);
}

/* Where piece `row` of the rows begins: with a whole tile. */
static int64_t
first_row (const Product *j, int64_t row)
{
  int64_t tile = j->w->k->tile, first = (j->x->count + tile - 1) / tile * row / j->down * tile;

  return first < j->x->count ? first : j->x->count;
}

/* Rows that nobody else needs are converted by who needs them. */
static void
product_work (void *arg, int thread, int64_t from, int64_t to)
{
  const Product *j = arg;
  char *room = j->cpu->rooms[SMB_CPU_ROOM_ROWS].data;

  for (int64_t i = from; i < to; i++) {
    int64_t row = i / j->across, column = i % j->across, panels = j->w->n_panels;
    int64_t r0 = first_row (j, row), r1 = first_row (j, row + 1);
    const char *rows = (const char *) (j->x->x + r0 * j->x->ld);
    size_t ld_bytes = (size_t) j->x->ld * sizeof (float);

    if (j->row_bytes > 0) {
      ld_bytes = j->row_bytes;
      if (j->across == 1) {
        char *own = room + (size_t) thread * (size_t) (BLOCK_ROWS + j->w->k->spare) * ld_bytes;

        convert_rows (j, own, r0, r1);
        rows = own;
      } else {
        rows = room + (size_t) r0 * ld_bytes;
      }
    }
    j->w->k->forward (j->p, j->w->panels, rows, ld_bytes, r0, r1, panels * column / j->across,
                      panels * (column + 1) / j->across);
  }
}

/* The grid whose largest share is smallest; of equal ones with few rows the one that reads the weights least often,
 * else the one that reads the rows least often. */
static void
choose_grid (Product *j, int threads)
{
  const SmbCpuLinear *k = j->w->k;
  int64_t least = INT64_MAX;
  int many = j->x->count >= threads * BLOCK_ROWS;

  for (int i = 0; i < threads; i++) {
    int down = many ? threads - i : i + 1, across = threads / down;
    int64_t rows = (j->x->count + down - 1) / down, panels = (j->w->n_panels + across - 1) / across;
    int64_t share = (rows + k->tile - 1) / k->tile * panels;

    if (share < least) {
      least = share;
      j->down = down;
      j->across = across;
    }
  }
}

#define FINEST 4 /* pieces that a thread's share of the panels is cut into, at most */

/* Pieces of one thread's share: of rows so that a block stays in the second cache, and where there are few rows, so
 * that a thread that is held up can be relieved of some. They are of one size, so that nobody waits otherwise. */
static void
cut_finer (Product *j)
{
  int64_t tiles = (j->x->count + j->w->k->tile - 1) / j->w->k->tile, most = BLOCK_ROWS / j->w->k->tile;
  int64_t panels = j->w->n_panels, each = (tiles + j->down - 1) / j->down;

  j->down *= (each + most - 1) / most;
  if (each > most || j->across == 1)
    return;
  for (int64_t finer = FINEST; finer > 1; finer--)
    if (panels % (j->across * finer) == 0) {
      j->across *= finer;
      return;
    }
}

SmbStatus
smb_cpu_multiply (SmbCpu *cpu, const SmbCpuProduct *p, const SmbCpuRows *x, const SmbCpuPrepared *w)
{
  Product job = { cpu, p, x, w, 1, 1, 0 };
  int threads = (double) x->count * (double) p->n_out * (double) p->n_in < SMB_CPU_SMALL ? 1 : cpu->threads;

  choose_grid (&job, threads);
  cut_finer (&job);
  if (x->turned || w->k->convert != NULL) {
    int64_t rows = job.across == 1 ? cpu->threads * (BLOCK_ROWS + w->k->spare) : x->count + w->k->spare;
    SmbStatus status;

    job.row_bytes = w->k->row_bytes (p->n_in);
    status = smb_cpu_need_room (cpu, SMB_CPU_ROOM_ROWS, rows, job.row_bytes);
    if (status != SMB_STATUS_OK)
      return status;
    if (job.across > 1)
      smb_cpu_parallel (cpu, x->count, 16, convert_work, &job);
  }
  if (threads == 1)
    product_work (&job, 0, 0, job.down * job.across);
  else
    smb_cpu_share_out (cpu, job.down * job.across, product_work, &job);
  return SMB_STATUS_OK;
}

SmbStatus
smb_cpu_linear_forward (void *ctx, const SmbLinearForward *a)
{
  SmbCpu *cpu = ctx;
  SmbCpuProduct product = { .y = a->y,
                            .before = a->before,
                            .bias = a->bias,
                            .residual = a->residual,
                            .ldy = a->n_out,
                            .n_in = a->n_in,
                            .n_out = a->n_out,
                            .alpha = 1.0f,
                            .epilogue = a->epilogue };
  SmbCpuRows rows = { a->x, a->n_in, a->rows, 0 };
  SmbCpuPrepared own = { .n_out = a->n_out, .n_in = a->n_in };
  PackJob job = { &own, a->w };
  SmbStatus status;

  if (a->rows <= 0 || a->n_out <= 0)
    return SMB_STATUS_OK;
  if (a->prepared != NULL)
    return smb_cpu_multiply (cpu, &product, &rows, a->prepared);
  own.k = smb_cpu_linear_kernels (cpu->isa, a->precision); /* weights that change: packed for the one product */
  if (own.k == NULL || own.k->pack_across == NULL)
    return refuse_precision (cpu, own.k, a->n_in);
  own.n_panels = (a->n_out + own.k->panel - 1) / own.k->panel;
  status = smb_cpu_need_room (cpu, SMB_CPU_ROOM_PANELS, own.n_panels, own.k->panel_bytes (a->n_in));
  if (status != SMB_STATUS_OK)
    return status;
  own.panels = cpu->rooms[SMB_CPU_ROOM_PANELS].data;
  smb_cpu_parallel (cpu, own.n_panels, 1, pack_work, &job);
  return smb_cpu_multiply (cpu, &product, &rows, &own);
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
  const SmbCpuLinear *k = smb_cpu_linear_kernels (cpu->isa, a->precision);
  SmbStatus status = SMB_STATUS_OK;

  if (a->rows <= 0 || a->n_in <= 0)
    return SMB_STATUS_OK;
  if (k == NULL || k->pack_across == NULL)
    return refuse_precision (cpu, k, a->n_in);
  if (a->dx != NULL)
    status = smb_cpu_gemm_with (cpu, k, a->dx, a->dy, a->w, a->rows, a->n_in, a->n_out, 0, 0, 1.0f, 0);
  if (status == SMB_STATUS_OK && a->dw != NULL)
    status = smb_cpu_gemm_with (cpu, k, a->dw, a->dy, a->x, a->n_out, a->n_in, a->rows, 1, 0, 1.0f, 1);
  if (status == SMB_STATUS_OK && a->dbias != NULL) {
    BiasJob job = { cpu, a };

    smb_cpu_parallel (cpu, a->n_out, 64, bias_work, &job);
  }
  return status;
}
