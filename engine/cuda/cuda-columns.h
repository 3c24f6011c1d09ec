/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "cuda/cuda-kernel.h"

/* Sums over rows, column by column, for CUDA files: out (c) += sum over rows of term (row, column). Runs of rows are
 * summed in double, each by a block for 32 columns; a second kernel adds the runs in order. Which rows make a run
 * depends on their number alone, so a sum is the same on every card. Double, because gradients near zero decide the
 * direction of Adam's first steps: their noise must not grow with the batch. */

#define COLUMN_LANES 8
#define LEAST_RUN 64
#define MOST_RUNS 256

/* A term is a struct with `__device__ void add (double sums[N], int64_t row, int64_t column) const`. */
template <int N, typename Term>
static __global__ void
column_runs_kernel (double *runs, Term term, int64_t rows, int64_t c, int64_t run_rows)
{
  DYNAMIC_SHARED (double, parts); /* [COLUMN_LANES][N][WARP] */
  const int64_t column = (int64_t) blockIdx.x * WARP + threadIdx.x, first = (int64_t) blockIdx.y * run_rows;
  const int64_t end = first + run_rows < rows ? first + run_rows : rows;
  double sums[N] = { 0 };

  for (int64_t row = first + threadIdx.y; column < c && row < end; row += COLUMN_LANES)
    term.add (sums, row, column);
  for (int i = 0; i < N; i++)
    parts[(threadIdx.y * N + i) * WARP + threadIdx.x] = sums[i];
  __syncthreads ();
  if (threadIdx.y != 0 || column >= c)
    return;
  for (int i = 0; i < N; i++) {
    double sum = 0.0;

    for (int lane = 0; lane < COLUMN_LANES; lane++)
      sum += parts[(lane * N + i) * WARP + threadIdx.x];
    runs[((int64_t) blockIdx.y * N + i) * c + column] = sum;
  }
}

/* out0, out1 (c) += scale times the sums; either may be NULL. */
template <int N>
static __global__ void
column_ends_kernel (float *out0, float *out1, const double *runs, int64_t n_runs, int64_t c)
{
  FOR_ELEMENTS (column, c) {
    for (int i = 0; i < N; i++) {
      float *out = i == 0 ? out0 : out1;
      double sum = 0.0;

      for (int64_t run = 0; out != NULL && run < n_runs; run++)
        sum += runs[(run * N + i) * c + column];
      if (out != NULL)
        out[column] += (float) sum;
    }
  }
}

template <int N, typename Term>
static SmbStatus
add_column_sums (SmbCuda *cuda, float *out0, float *out1, const Term &term, int64_t rows, int64_t c, const char *what)
{
  int64_t run_rows = smb_ceil_div (rows, MOST_RUNS) > LEAST_RUN ? smb_ceil_div (rows, MOST_RUNS) : LEAST_RUN;
  int64_t n_runs = smb_ceil_div (rows, run_rows);
  void *room = NULL;
  SmbStatus status;

  if (rows <= 0 || c <= 0)
    return SMB_STATUS_OK;
  status = smb_cuda_need_room (cuda, SMB_CUDA_ROOM_SUMS, n_runs * N * c, sizeof (double), &room);
  if (status != SMB_STATUS_OK)
    return status;
  LAUNCH (cuda, (column_runs_kernel<N, Term>), dim3 ((unsigned) smb_ceil_div (c, WARP), (unsigned) n_runs),
          dim3 (WARP, COLUMN_LANES), COLUMN_LANES * N * WARP * sizeof (double), (double *) room, term, rows, c,
          run_rows);
  LAUNCH (cuda, column_ends_kernel<N>, blocks_for (c), BLOCK, 0, out0, out1, (const double *) room, n_runs, c);
  return smb_cuda_launched (cuda, what);
}
