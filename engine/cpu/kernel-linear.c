/* SPDX-License-Identifier: Apache-2.0 */
#include "cpu/kernel-list.h"

#include "cpu/cpu-vector.h"

/* y = epilogue (x . w^T + bias) + residual with weights packed once. A panel holds the weights of PANEL outputs,
 * [n_in][PANEL], so that the inner loop reads it from front to back. A tile of ROWS rows and a panel is summed in
 * registers over all of n_in: each sum has one order, whatever the split over threads. */

#define VECTORS 3
#define PANEL (VECTORS * LANES)
#if LANES == 16
#define ROWS 8 /* 24 sums of 32 registers */
#else
#define ROWS 4 /* 12 sums of 16 registers */
#endif
#define BLOCK_ROWS 200 /* rows of x that stay in the second cache while the panels go by */

/* Sixteen weights of a row at a time: the lines they are scattered to stay in the first cache. */
void
KERNEL (pack) (float *panels, const float *w, int64_t n_out, int64_t n_in, int64_t panel0, int64_t panel1)
{
  for (int64_t p = panel0; p < panel1; p++)
    for (int64_t k0 = 0; k0 < n_in; k0 += 16)
      for (int64_t j = 0; j < PANEL; j++) {
        int64_t row = p * PANEL + j, end = n_in - k0 < 16 ? n_in : k0 + 16;
        float *to = panels + p * n_in * PANEL + j;

        for (int64_t k = k0; k < end; k++)
          to[k * PANEL] = row < n_out ? w[row * n_in + k] : 0.0f;
      }
}

/* The sums of one tile. `rows` and `vectors` are constants after inlining, so that the sums are registers. */
VEC_INLINE void
tile_sums (Vec *out, const float *x, int64_t ldx, const float *panel, int64_t n_in, const int rows, const int vectors)
{
  Vec sums[ROWS][VECTORS] = { { { 0 } } };

  for (int64_t k = 0; k < n_in; k++) {
    Vec w[VECTORS];

#pragma GCC unroll 8
    for (int v = 0; v < vectors; v++)
      w[v] = vec_load (panel + k * PANEL + v * LANES);
#pragma GCC unroll 8
    for (int r = 0; r < rows; r++) {
      Vec value = vec_of (x[r * ldx + k]);

#pragma GCC unroll 8
      for (int v = 0; v < vectors; v++)
        sums[r][v] += value * w[v];
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < rows; r++)
#pragma GCC unroll 8
    for (int v = 0; v < vectors; v++)
      out[r * VECTORS + v] = sums[r][v];
}

#define TILE(rows, vectors)                                                                                            \
  case rows * 4 + vectors:                                                                                             \
    tile_sums (out, x, ldx, panel, n_in, rows, vectors);                                                               \
    break;
#define TILES(rows) TILE (rows, 1) TILE (rows, 2) TILE (rows, 3)

static void
tile_any (Vec *out, const float *x, int64_t ldx, const float *panel, int64_t n_in, int rows, int vectors)
{
  switch (rows * 4 + vectors) {
    TILES (1)
    TILES (2)
    TILES (3)
    TILES (4)
#if ROWS == 8
    TILES (5)
    TILES (6)
    TILES (7)
    TILES (8)
#endif
  default:
    break;
  }
}

static void
finish_tile (const SmbLinearForward *a, const Vec *sums, int64_t row0, int64_t rows, int64_t column0)
{
  int64_t columns = a->n_out - column0 < PANEL ? a->n_out - column0 : PANEL;

  for (int64_t r = 0; r < rows; r++) {
    int64_t at = (row0 + r) * a->n_out + column0;

    FOR_VECTORS (i, columns) {
      Vec z = sums[r * VECTORS + i / LANES], bell;

      if (a->bias != NULL)
        z += LOAD (a->bias + column0 + i);
      if (a->before != NULL)
        STORE (a->before + at + i, z);
      if (a->epilogue == SMB_EPILOGUE_GELU)
        z *= vec_normal_cdf (z, &bell);
      else if (a->epilogue == SMB_EPILOGUE_RELU)
        z = vec_select (z < 0.0f, vec_of (0.0f), z);
      if (a->residual != NULL)
        z += LOAD (a->residual + at + i);
      STORE (a->y + at + i, z);
    }
  }
}

void
KERNEL (linear) (const SmbLinearForward *a, const float *panels, int64_t row0, int64_t row1, int64_t panel0,
                 int64_t panel1)
{
  Vec sums[ROWS * VECTORS];

  for (int64_t block = row0; block < row1; block += BLOCK_ROWS) {
    int64_t end = row1 - block < BLOCK_ROWS ? row1 : block + BLOCK_ROWS;

    for (int64_t p = panel0; p < panel1; p++) {
      int64_t left = a->n_out - p * PANEL;
      int vectors = left >= PANEL ? VECTORS : (int) ((left + LANES - 1) / LANES);

      for (int64_t r = block; r < end; r += ROWS) {
        int rows = end - r < ROWS ? (int) (end - r) : ROWS;

        tile_any (sums, a->x + r * a->n_in, a->n_in, panels + p * a->n_in * PANEL, a->n_in, rows, vectors);
        finish_tile (a, sums, r, rows, p * PANEL);
      }
    }
  }
}
