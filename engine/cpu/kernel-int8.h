/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Numbers to 8-bit integers in the order that the products read them. Weights: w = scale_j q, q in [-127, 127], a scale
 * for each output. Activations: x = scale_r (q - zero_r), q in [0, 255], scale and zero from the range of each row as
 * it comes, 0 always among its values. So x . w = scale_r scale_j (sum q_x q_w - zero_r sum q_w), the bracket in exact
 * integers. A word holds four neighbours along n_in; rows and panels end on whole vectors of words. The file that
 * includes this one defines before:
 *   PANEL   outputs a panel, a multiple of LANES */

#include "cpu/cpu-vector.h"

#include <immintrin.h>
#include <stddef.h>

_Static_assert (LANES == 16, "8-bit integers need AVX-512");

typedef int32_t Word __attribute__ ((may_alias)); /* four neighbours along n_in */

/* Before each row of x: its scale (a float), its zero. */
#define HEAD_WORDS 16
/* Behind each panel: the scales of its outputs (floats), the sums of their weights. */
#define TAIL_WORDS (2 * PANEL)
/* 255 * 127 * MOST_N_IN < 2^31 */
#define MOST_N_IN 65536

/* What a sum stands for; head: the words before its row, tail: one vector's lanes behind its panel. */
VEC_INLINE Vec
rescaled (VecInt sum, const Word *head, const Word *tail)
{
  __m512i sums_of_weights = _mm512_loadu_si512 (tail + PANEL);
  __m512i exact = _mm512_sub_epi32 ((__m512i) sum, _mm512_mullo_epi32 (_mm512_set1_epi32 (head[1]), sums_of_weights));
  __m512 scale = _mm512_mul_ps (_mm512_castsi512_ps (_mm512_set1_epi32 (head[0])), _mm512_loadu_ps (tail));

  return (Vec) _mm512_mul_ps (_mm512_cvtepi32_ps (exact), scale);
}

static int64_t
words_of (int64_t n_in)
{
  return (n_in + 63) / 64 * 16;
}

static size_t
panel_bytes (int64_t n_in)
{
  return ((size_t) words_of (n_in) * PANEL + TAIL_WORDS) * sizeof (Word);
}

/* One line more than is needed: rows a multiple of 4096 bytes apart would push each other out of the first cache. */
static size_t
row_bytes (int64_t n_in)
{
  return (HEAD_WORDS + (size_t) words_of (n_in)) * sizeof (Word) + 64;
}

VEC_INLINE __mmask16
first_lanes (int64_t n)
{
  return (__mmask16) (n >= 16 ? 0xffff : n > 0 ? (1u << n) - 1 : 0);
}

/* One output's weights into its column of a panel. */
static void
pack_column (Word *panel, Word *tail, const float *w, int64_t n_in)
{
  float most = 0.0f, scale, inverse;
  int32_t sum = 0;

  for (int64_t k = 0; k < n_in; k += 16) {
    float here = _mm512_reduce_max_ps (_mm512_abs_ps (_mm512_maskz_loadu_ps (first_lanes (n_in - k), w + k)));

    most = here > most ? here : most;
  }
  scale = most / 127.0f;
  inverse = most > 0.0f ? 127.0f / most : 0.0f;
  for (int64_t k = 0; k < 4 * words_of (n_in); k += 16) { /* zeros behind the last weight */
    __m512 x = _mm512_maskz_loadu_ps (first_lanes (n_in - k), w + k);
    __m512i q = _mm512_cvtps_epi32 (_mm512_mul_ps (x, _mm512_set1_ps (inverse)));
    Word words[4];

    sum += _mm512_reduce_add_epi32 (q);
    _mm_storeu_si128 ((void *) words, _mm512_cvtsepi32_epi8 (q));
    for (int64_t i = 0; i < 4; i++)
      panel[(k / 4 + i) * PANEL] = words[i];
  }
  tail[0] = (Word) _mm_cvtsi128_si32 (_mm_castps_si128 (_mm_set_ss (scale)));
  tail[PANEL] = sum;
}

static void
pack (void *panels, const float *w, int64_t ldw, int64_t n_out, int64_t n_in, int64_t panel0, int64_t panel1)
{
  for (int64_t p = panel0; p < panel1; p++) {
    Word *panel = (Word *) panels + p * (int64_t) (panel_bytes (n_in) / sizeof (Word));

    for (int64_t j = 0; j < PANEL; j++) {
      int64_t row = p * PANEL + j;

      if (row < n_out) {
        pack_column (panel + j, panel + words_of (n_in) * PANEL + j, w + row * ldw, n_in);
        continue;
      }
      for (int64_t k = 0; k < words_of (n_in) + 2; k++)
        panel[k * PANEL + j] = 0;
    }
  }
}

static void
convert_row (Word *to, const float *x, int64_t n_in)
{
  __m512 lows = _mm512_setzero_ps (), highs = _mm512_setzero_ps (), factor;
  __m512i middle;
  float low, high, scale, inverse;
  int32_t zero;
  __mmask16 strange = 0;

  for (int64_t k = 0; k < n_in; k += 16) {
    __m512 v = _mm512_maskz_loadu_ps (first_lanes (n_in - k), x + k);

    lows = _mm512_min_ps (lows, v);
    highs = _mm512_max_ps (highs, v);
    strange |= _mm512_fpclass_ps_mask (v, 0x99); /* NaN or infinite: the row's scale, and with it the result, is NaN */
  }
  low = _mm512_reduce_min_ps (lows);
  high = _mm512_reduce_max_ps (highs);
  scale = strange != 0 ? __builtin_nanf ("") : high / 255.0f - low / 255.0f; /* their difference might overflow */
  inverse = scale > 1e-30f ? 1.0f / scale : 0.0f; /* below, all is 0 */
  zero = _mm_cvtss_si32 (_mm_set_ss (-low * inverse));
  to[0] = (Word) _mm_cvtsi128_si32 (_mm_castps_si128 (_mm_set_ss (scale)));
  to[1] = zero;
  factor = _mm512_set1_ps (inverse);
  middle = _mm512_set1_epi32 (zero);
  for (int64_t k = 0; k < n_in; k += 16) {
    __m512 v = _mm512_maskz_loadu_ps (first_lanes (n_in - k), x + k);
    __m512i q = _mm512_add_epi32 (_mm512_cvtps_epi32 (_mm512_mul_ps (v, factor)), middle);

    q = _mm512_max_epi32 (q, _mm512_setzero_si512 ());
    _mm_storeu_si128 ((void *) (to + HEAD_WORDS + k / 4), _mm512_cvtusepi32_epi8 (q));
  }
}

static void
convert (void *rows, const float *x, int64_t ldx, int64_t n_in, int64_t count)
{
  for (int64_t r = 0; r < count; r++)
    convert_row ((Word *) ((char *) rows + (size_t) r * row_bytes (n_in)), x + r * ldx, n_in);
}
