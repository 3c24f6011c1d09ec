/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Sums of products in tile registers: 16 rows of 64 bytes each. Two tiles of x (32 rows) by two of w (a panel of 32
 * outputs) give four of sums, so that each tile read is used twice. The file that includes this one defines PANEL, 32,
 * and before:
 *   DOT (sums, x, w)   one instruction on tiles: sums += x . w */

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#define AMX_ROWS 32
#define AMX_STEP 64                  /* bytes of a row of x that one tile takes */
#define AMX_PANEL_LINE (PANEL * 4)   /* bytes of a panel: one word of each output */

_Static_assert (PANEL == 32, "a panel is two tiles wide");

/* All tiles 16 rows of 64 bytes. The thread's tile registers are in use until amx_end. */
static inline void
amx_begin (void)
{
  struct {
    uint8_t palette, start_row, reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
  } config = { .palette = 1 };

  for (int i = 0; i < 8; i++) {
    config.row_bytes[i] = AMX_STEP;
    config.rows[i] = 16;
  }
  _tile_loadconfig (&config);
}

static inline void
amx_end (void)
{
  _tile_release ();
}

/* sums (AMX_ROWS, PANEL) of `rows` rows of x, ld_bytes apart, and `columns` outputs of a panel, over `steps` steps.
 * What lies behind `rows` and `columns` is unset; up to a whole tile of rows of x is read. */
static inline void
amx_sums (void *sums, const char *x, size_t ld_bytes, const char *panel, int64_t steps, int64_t rows, int64_t columns)
{
  const char *below = x + 16 * ld_bytes;

  _tile_zero (0);
  _tile_zero (1);
  _tile_zero (2);
  _tile_zero (3);
  if (rows > 16 && columns > 16)
    for (int64_t s = 0; s < steps; s++, x += AMX_STEP, below += AMX_STEP, panel += 16 * AMX_PANEL_LINE) {
      _tile_loadd (4, x, ld_bytes);
      _tile_loadd (6, panel, AMX_PANEL_LINE);
      _tile_loadd (7, panel + 64, AMX_PANEL_LINE);
      DOT (0, 4, 6);
      DOT (1, 4, 7);
      _tile_loadd (5, below, ld_bytes);
      DOT (2, 5, 6);
      DOT (3, 5, 7);
    }
  else if (rows > 16)
    for (int64_t s = 0; s < steps; s++, x += AMX_STEP, below += AMX_STEP, panel += 16 * AMX_PANEL_LINE) {
      _tile_loadd (4, x, ld_bytes);
      _tile_loadd (5, below, ld_bytes);
      _tile_loadd (6, panel, AMX_PANEL_LINE);
      DOT (0, 4, 6);
      DOT (2, 5, 6);
    }
  else if (columns > 16)
    for (int64_t s = 0; s < steps; s++, x += AMX_STEP, panel += 16 * AMX_PANEL_LINE) {
      _tile_loadd (4, x, ld_bytes);
      _tile_loadd (6, panel, AMX_PANEL_LINE);
      _tile_loadd (7, panel + 64, AMX_PANEL_LINE);
      DOT (0, 4, 6);
      DOT (1, 4, 7);
    }
  else
    for (int64_t s = 0; s < steps; s++, x += AMX_STEP, panel += 16 * AMX_PANEL_LINE) {
      _tile_loadd (4, x, ld_bytes);
      _tile_loadd (6, panel, AMX_PANEL_LINE);
      DOT (0, 4, 6);
    }
  _tile_stored (0, sums, AMX_PANEL_LINE);
  _tile_stored (1, (char *) sums + 64, AMX_PANEL_LINE);
  _tile_stored (2, (char *) sums + 16 * AMX_PANEL_LINE, AMX_PANEL_LINE);
  _tile_stored (3, (char *) sums + 16 * AMX_PANEL_LINE + 64, AMX_PANEL_LINE);
}
