/* SPDX-License-Identifier: Apache-2.0 */
#include "cpu/kernel-list.h"

#include "cpu/cpu-vector.h"

#include <math.h>

/* Two passes, so that a row far from zero loses nothing to cancellation. */
void
KERNEL (moments) (float *mean, float *sum_of_squared_deviations, const float *x, int64_t n)
{
  Vec sums = { 0 }, squares = { 0 };
  float m;

  FOR_VECTORS (i, n)
    sums += LOAD (x + i);
  m = vec_sum (sums) / (float) n;
  FOR_VECTORS (i, n) {
    Vec d = left_ >= LANES ? vec_load (x + i) - m : vec_load_some (x + i, left_) - m;

    if (left_ < LANES) { /* lanes behind the end must not count */
      float tail[LANES];

      memcpy (tail, &d, sizeof tail);
      d = vec_load_some (tail, left_);
    }
    squares += d * d;
  }
  *mean = m;
  *sum_of_squared_deviations = vec_sum (squares);
}

void
KERNEL (layer_norm) (float *y, float *mean, float *rstd, const float *x, const float *w, const float *b, int64_t c,
                     float eps)
{
  float squares;

  KERNEL (moments) (mean, &squares, x, c);
  *rstd = 1.0f / sqrtf (squares / (float) c + eps);
  {
    Vec m = vec_of (*mean), r = vec_of (*rstd);

    FOR_VECTORS (i, c)
      STORE (y + i, (LOAD (x + i) - m) * r * LOAD (w + i) + LOAD (b + i));
  }
}

/* dx = rstd (g - mean (g) - xhat mean (g xhat)), g = dy w. */
void
KERNEL (layer_norm_grad) (float *dx, const float *dy, const float *x, const float *w, float mean, float rstd,
                          int64_t c)
{
  Vec g_sums = { 0 }, gx_sums = { 0 };
  float g_mean, gx_mean;

  FOR_VECTORS (i, c) {
    Vec g = LOAD (dy + i) * LOAD (w + i);

    g_sums += g;
    gx_sums += g * ((LOAD (x + i) - mean) * rstd); /* g is 0 behind the end */
  }
  g_mean = vec_sum (g_sums) / (float) c;
  gx_mean = vec_sum (gx_sums) / (float) c;
  FOR_VECTORS (i, c) {
    Vec xhat = (LOAD (x + i) - mean) * rstd;

    STORE (dx + i, (LOAD (dy + i) * LOAD (w + i) - g_mean - xhat * gx_mean) * rstd);
  }
}

/* Rows are summed in runs of this many, the runs with compensation: gradients near zero decide the direction of Adam's
 * first steps, so their noise must not grow with the batch. */
#define RUN 16

/* all += run, with what rounding drops kept in `lost` for the next time (Kahan 1965). */
VEC_INLINE void
add_run (Vec *all, Vec *lost, Vec run)
{
  Vec y = run - *lost, sum = *all + y;

  *lost = (sum - *all) - y;
  *all = sum;
}

void
KERNEL (layer_norm_columns) (float *dw, float *db, const float *dy, const float *x, const float *mean,
                             const float *rstd, int64_t rows, int64_t c, int64_t from, int64_t to)
{
  FOR_VECTORS (i, to - from) {
    Vec w_all = { 0 }, b_all = { 0 }, w_lost = { 0 }, b_lost = { 0 };
    int64_t at = from + i;

    for (int64_t r0 = 0; r0 < rows; r0 += RUN) {
      Vec w_run = { 0 }, b_run = { 0 };
      int64_t end = r0 + RUN < rows ? r0 + RUN : rows;

      for (int64_t r = r0; r < end; r++) {
        Vec d = LOAD (dy + r * c + at);

        w_run += d * ((LOAD (x + r * c + at) - mean[r]) * rstd[r]);
        b_run += d;
      }
      add_run (&w_all, &w_lost, w_run);
      add_run (&b_all, &b_lost, b_run);
    }
    if (dw != NULL)
      STORE (dw + at, LOAD (dw + at) + w_all);
    if (db != NULL)
      STORE (db + at, LOAD (db + at) + b_all);
  }
}

void
KERNEL (column_sums) (float *out, const float *x, int64_t rows, int64_t c, int64_t from, int64_t to)
{
  FOR_VECTORS (i, to - from) {
    Vec all = { 0 }, lost = { 0 };
    int64_t at = from + i;

    for (int64_t r0 = 0; r0 < rows; r0 += RUN) {
      Vec run = { 0 };
      int64_t end = r0 + RUN < rows ? r0 + RUN : rows;

      for (int64_t r = r0; r < end; r++)
        run += LOAD (x + r * c + at);
      add_run (&all, &lost, run);
    }
    STORE (out + at, LOAD (out + at) + all);
  }
}
