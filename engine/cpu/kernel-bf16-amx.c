/* SPDX-License-Identifier: Apache-2.0 */
#include "cpu/cpu-kernels.h"

#include <immintrin.h>

#include "cpu/kernel-finish.h"

/* Products in bfloat16 with float32 sums by the processor's tile registers (AMX): products are exact, numbers too small
 * for a normal float32 count as zero. */

#define PANEL 32
#include "cpu/kernel-bf16.h"

#define DOT(sums, x, w) _tile_dpbf16ps (sums, x, w)
#include "cpu/kernel-amx.h"

static void
forward (const SmbCpuProduct *p, const void *panels, const void *rows, size_t ld_bytes, int64_t row0, int64_t row1,
         int64_t panel0, int64_t panel1)
{
  amx_begin ();
  for (int64_t i = panel0; i < panel1; i++)
    for (int64_t r = row0; r < row1; r += AMX_ROWS) {
      int64_t left_rows = row1 - r < AMX_ROWS ? row1 - r : AMX_ROWS;
      int64_t left = p->n_out - i * PANEL < PANEL ? p->n_out - i * PANEL : PANEL;
      float sums[AMX_ROWS * PANEL] __attribute__ ((aligned (64)));

      amx_sums (sums, (const char *) rows + (size_t) (r - row0) * ld_bytes, ld_bytes,
                (const char *) panels + (size_t) i * panel_bytes (p->n_in), words_of (p->n_in) / 16, left_rows, left);
      for (int64_t j = 0; j < left_rows; j++)
        FOR_VECTORS (c, left)
          FINISH (p, vec_load (sums + j * PANEL + c), (r + j) * p->ldy + i * PANEL + c, i * PANEL + c);
    }
  amx_end ();
}

const SmbCpuLinear smb_cpu_linear_bf16_amx = {
  .panel = PANEL,
  .tile = 16,
  .part = 1024,
  .spare = AMX_ROWS,
  .panel_bytes = panel_bytes,
  .pack = pack,
  .pack_across = pack_across,
  .row_bytes = row_bytes,
  .convert = convert,
  .turn = turn,
  .forward = forward,
};
