/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Numbers to bfloat16, rounded to nearest, even, in the order that the products read them: a word holds two neighbours
 * along n_in; rows and panels end on whole vectors of words, zeros behind n_in. The file that includes this one defines
 * before:
 *   PANEL   outputs a panel, a multiple of LANES */

#include "cpu/cpu-vector.h"

#include <immintrin.h>
#include <stddef.h>

_Static_assert (LANES == 16, "bfloat16 needs AVX-512");

static int64_t
words_of (int64_t n_in)
{
  return (n_in + 31) / 32 * 16;
}

static size_t
panel_bytes (int64_t n_in)
{
  return (size_t) words_of (n_in) * PANEL * 4;
}

/* One line more than is needed: rows a multiple of 4096 bytes apart would push each other out of the first cache. */
static size_t
row_bytes (int64_t n_in)
{
  return (size_t) words_of (n_in) * 4 + 64;
}

VEC_INLINE __mmask16
first_lanes (int64_t n)
{
  return (__mmask16) (n >= 16 ? 0xffff : n > 0 ? (1u << n) - 1 : 0);
}

/* 32 neighbours of a row as 16 words, zeros behind the first n. */
VEC_INLINE Vec
words_along (const float *x, int64_t n)
{
  __m512 a = _mm512_maskz_loadu_ps (first_lanes (n), x), b = _mm512_maskz_loadu_ps (first_lanes (n - 16), x + 16);

  return (Vec) (__m512i) _mm512_cvtne2ps_pbh (b, a);
}

/* The words of two rows, the second `second` floats behind the first (0: zeros), of the first n columns. */
VEC_INLINE Vec
words_down (const float *x, int64_t second, int64_t n)
{
  __mmask16 there = first_lanes (n);
  __m512 a = _mm512_maskz_loadu_ps (there, x),
         b = second > 0 ? _mm512_maskz_loadu_ps (there, x + second) : _mm512_setzero_ps ();
  __m512i low = _mm512_cvtepu16_epi32 ((__m256i) _mm512_cvtneps_pbh (a));
  __m512i high = _mm512_cvtepu16_epi32 ((__m256i) _mm512_cvtneps_pbh (b));

  return (Vec) _mm512_or_si512 (low, _mm512_slli_epi32 (high, 16));
}

static void
pack (void *panels, const float *w, int64_t ldw, int64_t n_out, int64_t n_in, int64_t panel0, int64_t panel1)
{
  int64_t words = words_of (n_in);

  for (int64_t p = panel0; p < panel1; p++)
    for (int64_t k = 0; k < words; k += LANES)
      for (int64_t j = 0; j < PANEL; j += LANES) {
        float *to = (float *) panels + (p * words + k) * PANEL + j;
        Vec square[LANES];

#pragma GCC unroll 16
        for (int i = 0; i < LANES; i++) {
          int64_t row = p * PANEL + j + i;

          square[i] = row < n_out ? words_along (w + row * ldw + 2 * k, n_in - 2 * k) : vec_of (0.0f);
        }
        vec_transpose (square);
#pragma GCC unroll 16
        for (int i = 0; i < LANES; i++)
          vec_store (to + i * PANEL, square[i]);
      }
}

static void
pack_across (void *panels, const float *w, int64_t ldw, int64_t n_out, int64_t n_in, int64_t panel0, int64_t panel1)
{
  int64_t words = words_of (n_in);

  for (int64_t p = panel0; p < panel1; p++) {
    float *to = (float *) panels + p * words * PANEL;

    for (int64_t k = 0; k < words; k++, to += PANEL)
      for (int64_t j = 0; j < PANEL; j += LANES) {
        const float *from = w + 2 * k * ldw + p * PANEL + j;
        int64_t left = 2 * k < n_in ? n_out - p * PANEL - j : 0;

        vec_store (to + j, words_down (from, 2 * k + 1 < n_in ? ldw : 0, left));
      }
  }
}

static void
convert (void *rows, const float *x, int64_t ldx, int64_t n_in, int64_t count)
{
  for (int64_t r = 0; r < count; r++) {
    char *to = (char *) rows + (size_t) r * row_bytes (n_in);

    for (int64_t k = 0; k < n_in; k += 32)
      vec_store ((void *) (to + 2 * k), words_along (x + r * ldx + k, n_in - k));
  }
}

static void
turn (void *rows, const float *x, int64_t ldx, int64_t n_in, int64_t count)
{
  for (int64_t k = 0; k < n_in; k += 2 * LANES)
    for (int64_t r0 = 0; r0 < count; r0 += LANES) {
      char *to = (char *) rows + (size_t) r0 * row_bytes (n_in) + 2 * k;
      int64_t left = count - r0 < LANES ? count - r0 : LANES;
      Vec square[LANES];

#pragma GCC unroll 16
      for (int i = 0; i < LANES; i++) {
        int64_t row = k + 2 * i;

        square[i] = row < n_in ? words_down (x + row * ldx + r0, row + 1 < n_in ? ldx : 0, left) : vec_of (0.0f);
      }
      vec_transpose (square);
      for (int64_t r = 0; r < left; r++)
        vec_store ((void *) (to + (size_t) r * row_bytes (n_in)), square[r]);
    }
}
