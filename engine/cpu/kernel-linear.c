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

/* Sixteen weights of a row at a time: the lines they are scattered to stay in the first cache. */
static void
pack (void *panels, const float *w, int64_t ldw, int64_t n_out, int64_t n_in, int64_t panel0, int64_t panel1)
{
  for (int64_t p = panel0; p < panel1; p++)
    for (int64_t k0 = 0; k0 < n_in; k0 += 16)
      for (int64_t j = 0; j < PANEL; j++) {
        int64_t row = p * PANEL + j, end = n_in - k0 < 16 ? n_in : k0 + 16;
        float *to = (float *) panels + p * n_in * PANEL + j;

        for (int64_t k = k0; k < end; k++)
          to[k * PANEL] = row < n_out ? w[row * ldw + k] : 0.0f;
      }
}

static void
pack_across (float *panels, const float *w, int64_t ldw, int64_t n_out, int64_t n_in, int64_t panel0, int64_t panel1)
{
  for (int64_t p = panel0; p < panel1; p++) {
    int64_t columns = n_out - p * PANEL < PANEL ? n_out - p * PANEL : PANEL;
    float *to = panels + p * n_in * PANEL;

    for (int64_t k = 0; k < n_in; k++, to += PANEL) {
      const float *from = w + k * ldw + p * PANEL;

      for (int v = 0; v < VECTORS; v++) {
        int64_t left = columns - v * LANES;

        vec_store (to + v * LANES, left >= LANES ? vec_load (from + v * LANES)
                                                 : vec_load_some (from + v * LANES, left > 0 ? left : 0));
      }
    }
  }
}

static void
forward (const SmbLinearForward *a, const void *panels, const void *rows, int64_t row0, int64_t row1, int64_t panel0,
         int64_t panel1)
{
  linear_tiles (a, panels, a->n_in * PANEL, a->x, a->n_in, a->n_in, row0, row1, panel0, panel1);
}

const SmbCpuLinear KERNEL (linear) = {
  .panel = PANEL,
  .panel_bytes = panel_bytes,
  .pack = pack,
  .pack_across = pack_across,
  .forward = forward,
};
