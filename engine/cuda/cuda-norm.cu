/* SPDX-License-Identifier: Apache-2.0 */
#include "cuda/cuda-columns.h"
#include "cuda/math/norm.h"

/* Norms of rows: layer norm and unit length. A warp a row; the row is read again from the first cache for each pass. */

template <typename Number>
static __global__ void
layer_norm_kernel (Number *y, float *mean_out, float *rstd_out, const float *x, const float *w, const float *b,
                   int64_t rows, int64_t c, float eps)
{
  constexpr int together = (int) (sizeof (float) / sizeof (Number));

  FOR_WARP_ROWS (row, rows) {
    const float *in = x + row * c;
    float sum = 0.0f, squares = 0.0f, mean, rstd;

    for (int64_t i = lane_index (); i < c; i += WARP)
      sum += in[i];
    mean = warp_sum (sum) / (float) c;
    for (int64_t i = lane_index (); i < c; i += WARP)
      squares += (in[i] - mean) * (in[i] - mean); /* a second pass: a row far from zero loses nothing */
    rstd = 1.0f / sqrtf (warp_sum (squares) / (float) c + eps);
    for (int64_t i = lane_index () * together; i < c; i += WARP * together) {
      float values[together];

#pragma unroll
      for (int k = 0; k < together; k++)
        values[k] = smb_layer_norm_value (in[i + k], mean, rstd, w[i + k], b[i + k]);
      put_numbers (y + row * c + i, values);
    }
    if (lane_index () == 0 && mean_out != NULL)
      mean_out[row] = mean;
    if (lane_index () == 0 && rstd_out != NULL)
      rstd_out[row] = rstd;
  }
}

SmbStatus
smb_cuda_layer_norm_forward (void *ctx, void *y, SmbNumber y_number, float *mean, float *rstd, const float *x,
                             const float *w, const float *b, int64_t rows, int64_t c, float eps)
{
  SmbCuda *cuda = (SmbCuda *) ctx;
  SmbStatus status = smb_cuda_enter (cuda);

  if (status != SMB_STATUS_OK || rows <= 0)
    return status;
  if (y_number == SMB_NUMBER_BF16)
    LAUNCH (cuda, layer_norm_kernel<SmbBf16>, blocks_for_rows (rows), BLOCK, 0, (SmbBf16 *) y, mean, rstd, x, w, b, rows,
            c, eps);
  else
    LAUNCH (cuda, layer_norm_kernel<float>, blocks_for_rows (rows), BLOCK, 0, (float *) y, mean, rstd, x, w, b, rows, c,
            eps);
  return smb_cuda_launched (cuda, "layer norm");
}

template <typename Number>
static __global__ void
layer_norm_slope_kernel (float *dx, const Number *dy, const float *x, const float *w, const float *mean,
                         const float *rstd, int64_t rows, int64_t c)
{
  FOR_WARP_ROWS (row, rows) {
    const Number *g_in = dy + row * c;
    const float *in = x + row * c;
    const float m = mean[row], r = rstd[row];
    float g_sum = 0.0f, gx_sum = 0.0f;

    for (int64_t i = lane_index (); i < c; i += WARP) {
      float g = number_at (g_in, i) * w[i];

      g_sum += g;
      gx_sum += g * ((in[i] - m) * r);
    }
    g_sum = warp_sum (g_sum) / (float) c;
    gx_sum = warp_sum (gx_sum) / (float) c;
    for (int64_t i = lane_index (); i < c; i += WARP)
      dx[row * c + i] = smb_layer_norm_slope (number_at (g_in, i), w[i], in[i], m, r, g_sum, gx_sum);
  }
}

/* Of dw and of db. */
template <typename Number> struct NormTerm {
  const Number *dy;
  const float *x, *mean, *rstd;
  int64_t c;

  __device__ void
  add (double sums[2], int64_t row, int64_t column) const
  {
    float d = number_at (dy, row * c + column);

    sums[0] += (double) (d * ((x[row * c + column] - mean[row]) * rstd[row]));
    sums[1] += (double) d;
  }
};

template <typename Number>
static SmbStatus
layer_norm_backward (SmbCuda *cuda, float *dx, float *dw, float *db, const void *dy_any, const float *x, const float *w,
                     const float *mean, const float *rstd, int64_t rows, int64_t c)
{
  const Number *dy = (const Number *) dy_any;
  SmbStatus status = SMB_STATUS_OK;

  if (dw != NULL || db != NULL)
    status = add_column_sums<2> (cuda, dw, db, NormTerm<Number>{ dy, x, mean, rstd, c }, rows, c,
                                 "layer norm's gradients");
  if (status != SMB_STATUS_OK || dx == NULL || rows <= 0)
    return status;
  LAUNCH (cuda, layer_norm_slope_kernel<Number>, blocks_for_rows (rows), BLOCK, 0, dx, dy, x, w, mean, rstd, rows, c);
  return smb_cuda_launched (cuda, "layer norm's gradient");
}

SmbStatus
smb_cuda_layer_norm_backward (void *ctx, float *dx, float *dw, float *db, const void *dy, SmbNumber dy_number,
                              const float *x, const float *w, const float *mean, const float *rstd, int64_t rows,
                              int64_t c)
{
  SmbCuda *cuda = (SmbCuda *) ctx;
  SmbStatus status = smb_cuda_enter (cuda);

  if (status != SMB_STATUS_OK)
    return status;
  return WITH_NUMBER (dy_number, layer_norm_backward) (cuda, dx, dw, db, dy, x, w, mean, rstd, rows, c);
}

template <typename Number> struct PlainTerm {
  const Number *x;
  int64_t c;

  __device__ void
  add (double sums[1], int64_t row, int64_t column) const
  {
    sums[0] += (double) number_at (x, row * c + column);
  }
};

SmbStatus
smb_cuda_column_sums (SmbCuda *cuda, float *out, const void *x, SmbNumber number, int64_t rows, int64_t c)
{
  if (number == SMB_NUMBER_BF16)
    return add_column_sums<1> (cuda, out, NULL, PlainTerm<SmbBf16>{ (const SmbBf16 *) x, c }, rows, c, "column sums");
  return add_column_sums<1> (cuda, out, NULL, PlainTerm<float>{ (const float *) x, c }, rows, c, "column sums");
}

static __global__ void
unit_kernel (float *y, float *norm_out, const float *x, int64_t rows, int64_t c)
{
  FOR_WARP_ROWS (row, rows) {
    const float *in = x + row * c;
    float squares = 0.0f, norm;

    for (int64_t i = lane_index (); i < c; i += WARP)
      squares += in[i] * in[i];
    norm = smb_unit_length (warp_sum (squares));
    for (int64_t i = lane_index (); i < c; i += WARP)
      y[row * c + i] = in[i] / norm;
    if (lane_index () == 0 && norm_out != NULL)
      norm_out[row] = norm;
  }
}

SmbStatus
smb_cuda_unit_rows_forward (void *ctx, float *y, float *norm, const float *x, int64_t rows, int64_t c)
{
  SmbCuda *cuda = (SmbCuda *) ctx;
  SmbStatus status = smb_cuda_enter (cuda);

  if (status != SMB_STATUS_OK || rows <= 0)
    return status;
  LAUNCH (cuda, unit_kernel, blocks_for_rows (rows), BLOCK, 0, y, norm, x, rows, c);
  return smb_cuda_launched (cuda, "unit rows");
}

static __global__ void
unit_slope_kernel (float *dx, const float *dy, const float *y, const float *norm, int64_t rows, int64_t c)
{
  FOR_WARP_ROWS (row, rows) {
    float along = 0.0f;

    for (int64_t i = lane_index (); i < c; i += WARP)
      along += y[row * c + i] * dy[row * c + i];
    along = warp_sum (along);
    for (int64_t i = lane_index (); i < c; i += WARP)
      dx[row * c + i] = (dy[row * c + i] - along * y[row * c + i]) / norm[row];
  }
}

SmbStatus
smb_cuda_unit_rows_backward (void *ctx, float *dx, const float *dy, const float *y, const float *norm, int64_t rows,
                             int64_t c)
{
  SmbCuda *cuda = (SmbCuda *) ctx;
  SmbStatus status = smb_cuda_enter (cuda);

  if (status != SMB_STATUS_OK || rows <= 0)
    return status;
  LAUNCH (cuda, unit_slope_kernel, blocks_for_rows (rows), BLOCK, 0, dx, dy, y, norm, rows, c);
  return smb_cuda_launched (cuda, "unit rows' gradient");
}
