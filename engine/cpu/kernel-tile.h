/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* y = epilogue (x . w^T + bias) + residual with weights packed once, for every number format. A panel holds the weights
 * of PANEL outputs, [words][PANEL], so that the inner loop reads it from front to back. A word is 32 bits: one float,
 * two bfloat16 or four bytes, neighbours along n_in. A tile of ROWS rows and a panel is summed in registers over all of
 * n_in: each sum has one order, whatever the split over threads.
 *
 * The file that includes this one defines before:
 *   Word                      type of a word (may alias)
 *   Weights                   vector of words
 *   Sum                       vector of sums
 *   SPREAD (x)                Weights with x in every lane
 *   DOT (sum, x, w)           sum + x . w, a lane
 *   VALUE (sum, head, tail)   the sum as Vec; head: the words before a row, tail: one vector's lanes behind a panel
 *   HEAD_WORDS                words before each row of x */

#include "cpu/kernel-finish.h"

#if LANES == 16
#define VECTORS 3
#define ROWS 8 /* 24 sums of 32 registers */
#elif LANES == 8
#define VECTORS 2 /* a narrow panel: less of it comes from the second cache for each row */
#define ROWS 6 /* 12 sums of 16 registers */
#else
#define VECTORS 3
#define ROWS 4 /* 12 sums of 16 registers */
#endif
#ifndef PANEL
#define PANEL (VECTORS * LANES)
#endif
_Static_assert (PANEL == VECTORS * LANES, "a tile is as wide as a panel");

/* Where a panel is longer than the first cache it is asked for a kilobyte ahead; AVX-512's loops gained nothing by it. */
#if LANES == 8
#define FETCH_AHEAD(p) __builtin_prefetch ((p) + 1024 / sizeof *(p))
enum { STEPS_AT_ONCE = 4 }; /* a pragma does not look into macros */
#else
#define FETCH_AHEAD(p) (void) 0
enum { STEPS_AT_ONCE = 1 }; /* a pragma does not look into macros */
#endif

typedef Weights WeightsAnywhere __attribute__ ((aligned (4), may_alias));

/* The sums of one tile. `rows` and `vectors` are constants after inlining, so that the sums are registers. */
VEC_INLINE void
tile_sums (Sum *out, const Word *x, int64_t ldx, const Word *panel, int64_t words, const int rows, const int vectors)
{
  Sum sums[ROWS][VECTORS] = { { { 0 } } };

#pragma GCC unroll STEPS_AT_ONCE
  for (int64_t k = 0; k < words; k++) {
    Weights w[VECTORS];

#pragma GCC unroll 8
    for (int v = 0; v < vectors; v++)
      w[v] = *(const WeightsAnywhere *) (panel + k * PANEL + v * LANES);
    FETCH_AHEAD (panel + k * PANEL);
#pragma GCC unroll 8
    for (int r = 0; r < rows; r++) {
      Weights value = SPREAD (x[r * ldx + k]);

#pragma GCC unroll 8
      for (int v = 0; v < vectors; v++)
        sums[r][v] = DOT (sums[r][v], value, w[v]);
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < rows; r++)
#pragma GCC unroll 8
    for (int v = 0; v < vectors; v++)
      out[r * VECTORS + v] = sums[r][v];
}

/* Where each product is rounded before it is added, short sums added up lose less than a long one. */
#ifndef __FMA__
#define RUN_WORDS 32
VEC_INLINE void
sums_of_runs (Sum *out, const Word *x, int64_t ldx, const Word *panel, int64_t words, const int rows,
              const int vectors)
{
  tile_sums (out, x, ldx, panel, words < RUN_WORDS ? words : RUN_WORDS, rows, vectors);
  for (int64_t k = RUN_WORDS; k < words; k += RUN_WORDS) {
    Sum more[ROWS * VECTORS];

    tile_sums (more, x + k, ldx, panel + k * PANEL, words - k < RUN_WORDS ? words - k : RUN_WORDS, rows, vectors);
    for (int r = 0; r < rows; r++)
      for (int v = 0; v < vectors; v++)
        out[r * VECTORS + v] += more[r * VECTORS + v];
  }
}
#else
#define sums_of_runs tile_sums
#endif

#define TILE(rows, vectors)                                                                                            \
  case (rows) * 4 + (vectors):                                                                                         \
    sums_of_runs (out, x, ldx, panel, words, rows, vectors);                                                           \
    break;
#if VECTORS == 3
#define TILES(rows) TILE (rows, 1) TILE (rows, 2) TILE (rows, 3)
#else
#define TILES(rows) TILE (rows, 1) TILE (rows, 2)
#endif

static void
tile_any (Sum *out, const Word *x, int64_t ldx, const Word *panel, int64_t words, int rows, int vectors)
{
  switch (rows * 4 + vectors) {
    TILES (1)
    TILES (2)
    TILES (3)
    TILES (4)
#if ROWS > 4
    TILES (5)
    TILES (6)
#endif
#if ROWS > 6
    TILES (7)
    TILES (8)
#endif
  default:
    break;
  }
}

static void
finish_tile (const SmbCpuProduct *p, const Sum *sums, const Word *x, int64_t ldx, const Word *tail, int64_t row0,
             int64_t rows, int64_t column0)
{
  int64_t columns = p->n_out - column0 < PANEL ? p->n_out - column0 : PANEL;

  for (int64_t r = 0; r < rows; r++) {
    int64_t at = (row0 + r) * p->ldy + column0;
    const Word *head = x + r * ldx;

    FOR_VECTORS (i, columns)
      FINISH (p, VALUE (sums[r * VECTORS + i / LANES], head, tail + i), at + i, column0 + i);
    (void) head; /* formats without scales do not look */
  }
}

/* `x`: the first row, the head first, ldx words before the next; `panels`: panel_words apart, their tails behind
 * words * PANEL. */
static void
linear_tiles (const SmbCpuProduct *product, const Word *panels, int64_t panel_words, const Word *x, int64_t ldx,
              int64_t words, int64_t row0, int64_t row1, int64_t panel0, int64_t panel1)
{
  Sum sums[ROWS * VECTORS];

  for (int64_t p = panel0; p < panel1; p++) {
    int64_t left = product->n_out - p * PANEL;
    int vectors = left >= PANEL ? VECTORS : (int) ((left + LANES - 1) / LANES);
    const Word *panel = panels + p * panel_words;

    for (int64_t r = row0; r < row1; r += ROWS) {
      const Word *first = x + (r - row0) * ldx;
      int rows = row1 - r < ROWS ? (int) (row1 - r) : ROWS;

      tile_any (sums, first + HEAD_WORDS, ldx, panel, words, rows, vectors);
      finish_tile (product, sums, first, ldx, panel + words * PANEL, r, rows, p * PANEL);
    }
  }
}
