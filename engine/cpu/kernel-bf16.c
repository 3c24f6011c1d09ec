/* SPDX-License-Identifier: Apache-2.0 */
#include "cpu/cpu-kernels.h"

#include <immintrin.h>

#include "cpu/cpu-vector.h"

/* Products in bfloat16 with float32 sums (AVX-512 BF16): products are exact and summed in float32, two at a time. */

typedef int32_t Word __attribute__ ((may_alias)); /* two neighbours along n_in */
typedef VecInt Weights;
typedef Vec Sum;
#define SPREAD(x) ((VecInt) _mm512_set1_epi32 (x))
#define DOT(sum, x, w) ((Vec) _mm512_dpbf16_ps ((__m512) (sum), (__m512bh) (x), (__m512bh) (w)))
#define VALUE(sum, head, tail) (sum)
#define HEAD_WORDS 0
#include "cpu/kernel-tile.h"

#include "cpu/kernel-bf16.h"

static void
forward (const SmbCpuProduct *p, const void *panels, const void *rows, size_t ld_bytes, int64_t row0, int64_t row1,
         int64_t panel0, int64_t panel1)
{
  int64_t words = words_of (p->n_in);

  linear_tiles (p, panels, words * PANEL, rows, (int64_t) (ld_bytes / sizeof (Word)), words, row0, row1, panel0,
                panel1);
}

const SmbCpuLinear smb_cpu_linear_bf16 = {
  .panel = PANEL,
  .tile = ROWS,
  .part = 1024,
  .panel_bytes = panel_bytes,
  .pack = pack,
  .pack_across = pack_across,
  .row_bytes = row_bytes,
  .convert = convert,
  .turn = turn,
  .forward = forward,
};
