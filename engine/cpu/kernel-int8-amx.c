/* SPDX-License-Identifier: Apache-2.0 */
#include "cpu/cpu-kernels.h"

#include "cpu/kernel-finish.h"

/* Products in 8-bit integers by the processor's tile registers (AMX): the same bytes as by VNNI. */

#define PANEL 32
#include "cpu/kernel-int8.h"

#define DOT(sums, x, w) _tile_dpbusd (sums, x, w)
#include "cpu/kernel-amx.h"

static void
forward (const SmbCpuProduct *p, const void *panels, const void *rows, size_t ld_bytes, int64_t row0, int64_t row1,
         int64_t panel0, int64_t panel1)
{
  amx_begin ();
  for (int64_t i = panel0; i < panel1; i++) {
    const char *panel = (const char *) panels + (size_t) i * panel_bytes (p->n_in);
    const Word *tail = (const Word *) (const void *) panel + words_of (p->n_in) * PANEL;
    int64_t left = p->n_out - i * PANEL < PANEL ? p->n_out - i * PANEL : PANEL;

    for (int64_t r = row0; r < row1; r += AMX_ROWS) {
      const char *x = (const char *) rows + (size_t) (r - row0) * ld_bytes;
      int64_t left_rows = row1 - r < AMX_ROWS ? row1 - r : AMX_ROWS;
      Word sums[AMX_ROWS * PANEL] __attribute__ ((aligned (64)));

      amx_sums (sums, x + HEAD_WORDS * sizeof (Word), ld_bytes, panel, words_of (p->n_in) / 16, left_rows, left);
      for (int64_t j = 0; j < left_rows; j++) {
        const Word *head = (const Word *) (const void *) (x + (size_t) j * ld_bytes);

        FOR_VECTORS (c, left)
          FINISH (p, rescaled ((VecInt) _mm512_load_si512 (sums + j * PANEL + c), head, tail + c),
                  (r + j) * p->ldy + i * PANEL + c, i * PANEL + c);
      }
    }
  }
  amx_end ();
}

const SmbCpuLinear smb_cpu_linear_int8_amx = {
  .panel = PANEL,
  .tile = 16,
  .most_n_in = MOST_N_IN,
  .spare = AMX_ROWS,
  .panel_bytes = panel_bytes,
  .pack = pack,
  .row_bytes = row_bytes,
  .convert = convert,
  .forward = forward,
};
