/* SPDX-License-Identifier: Apache-2.0 */
#include "cpu/cpu-kernels.h"

/* Products in 8-bit integers (AVX-512 VNNI). */

#include "cpu/cpu-vector.h"

#define PANEL (3 * LANES)
#include "cpu/kernel-int8.h"

typedef VecInt Weights;
typedef VecInt Sum;
#define SPREAD(x) ((VecInt) _mm512_set1_epi32 (x))
#define DOT(sum, x, w) ((VecInt) _mm512_dpbusd_epi32 ((__m512i) (sum), (__m512i) (x), (__m512i) (w)))
#define VALUE(sum, head, tail) rescaled ((sum), (head), (tail))
#include "cpu/kernel-tile.h"

static void
forward (const SmbCpuProduct *p, const void *panels, const void *rows, size_t ld_bytes, int64_t row0, int64_t row1,
         int64_t panel0, int64_t panel1)
{
  linear_tiles (p, panels, (int64_t) (panel_bytes (p->n_in) / sizeof (Word)), rows,
                (int64_t) (ld_bytes / sizeof (Word)), words_of (p->n_in), row0, row1, panel0, panel1);
}

const SmbCpuLinear smb_cpu_linear_int8 = {
  .panel = PANEL,
  .tile = ROWS,
  .most_n_in = MOST_N_IN,
  .panel_bytes = panel_bytes,
  .pack = pack,
  .row_bytes = row_bytes,
  .convert = convert,
  .forward = forward,
};
