/* SPDX-License-Identifier: Apache-2.0 */
#include "cpu/cpu-kernels.h"

#include <immintrin.h>

#include "cpu/cpu-vector.h"

/* Linear layers in bfloat16 with float32 sums (AVX-512 BF16): both factors are rounded to nearest, even; products are
 * exact and summed in float32, two at a time. */

typedef int32_t Word __attribute__ ((may_alias)); /* two neighbours along n_in */
typedef VecInt Weights;
typedef Vec Sum;
#define SPREAD(x) ((VecInt) _mm512_set1_epi32 (x))
#define DOT(sum, x, w) ((Vec) _mm512_dpbf16_ps ((__m512) (sum), (__m512bh) (x), (__m512bh) (w)))
#define VALUE(sum, head, tail) (sum)
#define HEAD_WORDS 0
#include "cpu/kernel-tile.h"

static int64_t
words_of (int64_t n_in)
{
  return (n_in + 1) / 2;
}

static size_t
panel_bytes (int64_t n_in)
{
  return (size_t) words_of (n_in) * PANEL * sizeof (Word);
}

/* One line more than is needed: rows a multiple of 4096 bytes apart would push each other out of the first cache. */
static size_t
row_bytes (int64_t n_in)
{
  return ((size_t) words_of (n_in) * sizeof (Word) + 63) / 64 * 64 + 64;
}

/* 32 numbers as 16 words, zeros behind the first n. */
VEC_INLINE __m512i
words_from (const float *x, int64_t n)
{
  __mmask16 low = (__mmask16) (n >= 16 ? 0xffff : (1u << n) - 1);
  __mmask16 high = (__mmask16) (n >= 32 ? 0xffff : n > 16 ? (1u << (n - 16)) - 1 : 0);
  __m512 a = _mm512_maskz_loadu_ps (low, x), b = _mm512_maskz_loadu_ps (high, x + 16);

  return (__m512i) _mm512_cvtne2ps_pbh (b, a);
}

static void
pack (void *panels, const float *w, int64_t ldw, int64_t n_out, int64_t n_in, int64_t panel0, int64_t panel1)
{
  int64_t words = words_of (n_in);

  for (int64_t p = panel0; p < panel1; p++)
    for (int64_t k = 0; k < words; k += 16)
      for (int64_t j = 0; j < PANEL; j++) {
        int64_t row = p * PANEL + j, n = words - k < 16 ? words - k : 16;
        Word *to = (Word *) panels + (p * words + k) * PANEL + j, line[16];

        _mm512_storeu_si512 (line, row < n_out ? words_from (w + row * ldw + 2 * k, n_in - 2 * k)
                                               : _mm512_setzero_si512 ());
        for (int64_t i = 0; i < n; i++)
          to[i * PANEL] = line[i];
      }
}

static void
convert (void *rows, const float *x, int64_t n_in, int64_t row0, int64_t row1)
{
  for (int64_t r = row0; r < row1; r++) {
    char *to = (char *) rows + (size_t) r * row_bytes (n_in);

    for (int64_t k = 0; k < n_in; k += 32)
      _mm512_store_si512 (to + 2 * k, words_from (x + r * n_in + k, n_in - k));
  }
}

static void
forward (const SmbLinearForward *a, const void *panels, const void *rows, int64_t row0, int64_t row1, int64_t panel0,
         int64_t panel1)
{
  int64_t words = words_of (a->n_in);

  linear_tiles (a, panels, words * PANEL, rows, (int64_t) (row_bytes (a->n_in) / sizeof (Word)), words, row0, row1,
                panel0, panel1);
}

const SmbCpuLinear smb_cpu_linear_bf16 = {
  .panel = PANEL,
  .panel_bytes = panel_bytes,
  .pack = pack,
  .row_bytes = row_bytes,
  .convert = convert,
  .forward = forward,
};
