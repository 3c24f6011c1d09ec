/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "cpu/cpu-private.h"

/* How a matrix that is computed is cut into tiles, one for each thread. */
typedef struct {
  int64_t rows, columns; /* of the result */
  int down, across;      /* the grid */
} SmbCpuGrid;

typedef struct {
  int64_t row0, row1, column0, column1;
} SmbCpuTile;

/* The split that makes the threads read least. */
SmbCpuGrid smb_cpu_grid_for (const SmbCpu *cpu, int64_t rows, int64_t columns, int64_t k);
/* Tile `number` of down * across; it may be empty. */
SmbCpuTile smb_cpu_tile_of (const SmbCpuGrid *grid, int64_t number);

/* OpenBLAS counts in int. */
int smb_cpu_too_large (int64_t a, int64_t b, int64_t c);
SmbStatus smb_cpu_refuse_size (SmbCpu *cpu, int64_t m, int64_t n, int64_t k);
