/* SPDX-License-Identifier: Apache-2.0 */
#include "cpu/kernel-list.h"

#include "cpu/cpu-vector.h"

/* Linear layers in float32: rows of x are read where they are. */

typedef float Word;
typedef Vec Weights;
typedef Vec Sum;
#define SPREAD(x) vec_of (x)
#define DOT(sum, x, w) ((sum) + (x) * (w))
#define VALUE(sum, head, tail) (sum)
#define HEAD_WORDS 0
#include "cpu/kernel-tile.h"

static size_t
panel_bytes (int64_t n_in)
{
  return (size_t) n_in * PANEL * sizeof (float);
}

/* What is left of `left` lanes, at most all and at least none. */
static inline int64_t
lanes_of (int64_t left)
{
  return left >= LANES ? LANES : left > 0 ? left : 0;
}

VEC_INLINE Vec
load_first (const float *p, int64_t n)
{
  return n == LANES ? vec_load (p) : vec_load_some (p, n);
}

/* A square of LANES rows of w, `rows` of them there and `columns` wide, turned; zeros elsewhere. */
VEC_INLINE void
load_turned (Vec *square, const float *w, int64_t ldw, int64_t rows, int64_t columns)
{
#pragma GCC unroll 16
  for (int i = 0; i < LANES; i++)
    square[i] = i < rows ? load_first (w + i * ldw, columns) : vec_of (0.0f);
  vec_transpose (square);
}

static void
pack (void *panels, const float *w, int64_t ldw, int64_t n_out, int64_t n_in, int64_t panel0, int64_t panel1)
{
  for (int64_t p = panel0; p < panel1; p++)
    for (int64_t k0 = 0; k0 < n_in; k0 += LANES)
      for (int v = 0; v < VECTORS; v++) {
        int64_t row = p * PANEL + v * LANES, columns = lanes_of (n_in - k0);
        float *to = (float *) panels + (p * n_in + k0) * PANEL + v * LANES;
        Vec square[LANES];

        load_turned (square, w + row * ldw + k0, ldw, lanes_of (n_out - row), columns);
        for (int64_t k = 0; k < columns; k++)
          vec_store (to + k * PANEL, square[k]);
      }
}

static void
pack_across (void *panels, const float *w, int64_t ldw, int64_t n_out, int64_t n_in, int64_t panel0, int64_t panel1)
{
  for (int64_t p = panel0; p < panel1; p++) {
    float *to = (float *) panels + p * n_in * PANEL;

    for (int64_t k = 0; k < n_in; k++, to += PANEL)
      for (int v = 0; v < VECTORS; v++)
        vec_store (to + v * LANES,
                   load_first (w + k * ldw + p * PANEL + v * LANES, lanes_of (n_out - p * PANEL - v * LANES)));
  }
}

/* A line more than is needed: rows a multiple of 4096 bytes apart would push each other out of the first cache. */
static size_t
row_bytes (int64_t n_in)
{
  return ((size_t) n_in * sizeof (float) + 63) / 64 * 64 + 64;
}

static void
turn (void *rows, const float *x, int64_t ldx, int64_t n_in, int64_t count)
{
  int64_t ld = (int64_t) (row_bytes (n_in) / sizeof (float));

  for (int64_t k0 = 0; k0 < n_in; k0 += LANES)
    for (int64_t r0 = 0; r0 < count; r0 += LANES) {
      int64_t columns = lanes_of (count - r0);
      float *to = (float *) rows + r0 * ld + k0;
      Vec square[LANES];

      load_turned (square, x + k0 * ldx + r0, ldx, lanes_of (n_in - k0), columns);
      for (int64_t r = 0; r < columns; r++) /* the line more takes what a last square is too wide */
        vec_store (to + r * ld, square[r]);
    }
}

static void
forward (const SmbCpuProduct *p, const void *panels, const void *rows, size_t ld_bytes, int64_t row0, int64_t row1,
         int64_t panel0, int64_t panel1)
{
  linear_tiles (p, panels, p->n_in * PANEL, rows, (int64_t) (ld_bytes / sizeof (float)), p->n_in, row0, row1, panel0,
                panel1);
}

const SmbCpuLinear KERNEL (linear) = {
  .panel = PANEL,
  .tile = ROWS,
  .part = 1024,
  .panel_bytes = panel_bytes,
  .pack = pack,
  .pack_across = pack_across,
  .row_bytes = row_bytes,
  .turn = turn,
  .forward = forward,
};
