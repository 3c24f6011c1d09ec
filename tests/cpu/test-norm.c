/* SPDX-License-Identifier: Apache-2.0 */
#include "oracle.h"
#include "support.h"

#include <math.h>

typedef struct {
  gint64 rows, c;
  double centre; /* far from zero: what one-pass variances lose */
} Shape;

static const Shape shapes[] = {
  { 1, 1, 0 }, { 1, 2, 0 }, { 3, 31, 0 }, { 197, 100, 0 }, { 300, 33, 5 }, { 2, 768, 0 }, { 5, 129, 100 },
};

static float *
inputs (Bench *t, const Shape *s, double **exact)
{
  double *x = bench_double (t, s->rows * s->c);

  for (gint64 i = 0; i < s->rows * s->c; i++)
    x[i] = (float) (s->centre + smb_rng_normal (&t->rng));
  *exact = x;
  return bench_in_exact (t, s->rows * s->c, x);
}

static void
layer_norm_case (Bench *t, const void *data)
{
  const Shape *s = data;
  gint64 n = s->rows * s->c;
  double *x_exact, *w_exact, *b_exact, *y = bench_double (t, n), *mean = bench_double (t, s->rows);
  double *rstd = bench_double (t, s->rows);
  const float *x = inputs (t, s, &x_exact), *w = bench_in (t, s->c, 1, &w_exact), *b = bench_in (t, s->c, 1, &b_exact);
  float *y_got = bench_out (t, n), *mean_got = bench_out (t, s->rows), *rstd_got = bench_out (t, s->rows);
  float *y_bare = bench_out (t, n);
  double eps = (float) 1e-6;

  bench_ok (t, t->abi->layer_norm_forward (t->ctx, ON (y_got), SMB_NUMBER_F32, ON (mean_got), ON (rstd_got), ON (x),
                                           ON (w), ON (b), s->rows, s->c, (float) eps));
  oracle_layer_norm (y, mean, rstd, x_exact, w_exact, b_exact, s->rows, s->c, eps);
  bench_expect (t, "y", y_got, y, n, s->centre > 50 ? 3e-5 : FORWARD_TOLERANCE);
  bench_expect (t, "mean", mean_got, mean, s->rows, FORWARD_TOLERANCE);
  bench_expect (t, "rstd", rstd_got, rstd, s->rows, FORWARD_TOLERANCE);
  bench_ok (t, t->abi->layer_norm_forward (t->ctx, ON (y_bare), SMB_NUMBER_F32, NULL, NULL, ON (x), ON (w), ON (b),
                                           s->rows, s->c, (float) eps));
  bench_expect_same (t, "y alone", y_bare, y_got, n);
}

typedef struct {
  const Shape *s;
  const double *x, *w, *b, *dy;
  double *y;
} Loss;

static double
layer_norm_loss (const void *user)
{
  const Loss *l = user;
  double sum = 0;

  oracle_layer_norm (l->y, NULL, NULL, l->x, l->w, l->b, l->s->rows, l->s->c, 1e-5);
  for (gint64 i = 0; i < l->s->rows * l->s->c; i++)
    sum += l->y[i] * l->dy[i];
  return sum;
}

static void
layer_norm_backward_case (Bench *t, const void *data)
{
  const Shape *s = data;
  gint64 n = s->rows * s->c;
  double *x_exact, *w_exact, *b_exact, *dy_exact, *dw_start, *db_start;
  const float *x = inputs (t, s, &x_exact), *w = bench_in (t, s->c, 1, &w_exact), *b = bench_in (t, s->c, 1, &b_exact);
  const float *dy = bench_in (t, n, 1, &dy_exact);
  float *y = bench_out (t, n), *mean = bench_out (t, s->rows), *rstd = bench_out (t, s->rows);
  float *dx = bench_out (t, n), *dw = bench_in (t, s->c, 1, &dw_start), *db = bench_in (t, s->c, 1, &db_start);
  float *dx_alone = bench_out (t, n);
  Loss loss = { s, x_exact, w_exact, b_exact, dy_exact, bench_double (t, n) };

  if (s->c < 3 || s->centre > 50)
    return; /* with one or two channels the gradient is zero but for rounding */
  bench_ok (t, t->abi->layer_norm_forward (t->ctx, ON (y), SMB_NUMBER_F32, ON (mean), ON (rstd), ON (x), ON (w), ON (b),
                                           s->rows, s->c, 1e-5f));
  bench_ok (t, t->abi->layer_norm_backward (t->ctx, ON (dx), ON (dw), ON (db), ON (dy), SMB_NUMBER_F32, ON (x), ON (w),
                                            ON (mean), ON (rstd), s->rows, s->c));
  bench_expect_gradient (t, "dx", dx, NULL, x_exact, n, layer_norm_loss, &loss, 25);
  bench_expect_gradient (t, "dw", dw, dw_start, w_exact, s->c, layer_norm_loss, &loss, 15);
  bench_expect_gradient (t, "db", db, db_start, b_exact, s->c, layer_norm_loss, &loss, 15);
  bench_ok (t, t->abi->layer_norm_backward (t->ctx, ON (dx_alone), NULL, NULL, ON (dy), SMB_NUMBER_F32, ON (x), ON (w),
                                            ON (mean), ON (rstd), s->rows, s->c));
  bench_expect_same (t, "dx alone", dx_alone, dx, n);
}

static void
unit_case (Bench *t, const void *data)
{
  const Shape *s = data;
  gint64 n = s->rows * s->c;
  double *x_exact, *y_exact = bench_double (t, n), *norm_exact = bench_double (t, s->rows);
  float *x = inputs (t, s, &x_exact), *y = bench_out (t, n), *norm = bench_out (t, s->rows);

  if (s->rows > 1)
    for (gint64 i = 0; i < s->c; i++) /* a row of zeros stays one */
      x[i] = 0, x_exact[i] = 0;
  bench_ok (t, t->abi->unit_rows_forward (t->ctx, ON (y), ON (norm), ON (x), s->rows, s->c));
  oracle_unit_rows (y_exact, norm_exact, x_exact, s->rows, s->c);
  bench_expect (t, "y", y, y_exact, n, FORWARD_TOLERANCE);
  bench_expect (t, "norm", norm, norm_exact, s->rows, FORWARD_TOLERANCE);
}

static double
unit_loss (const void *user)
{
  const Loss *l = user;
  double sum = 0;

  oracle_unit_rows (l->y, NULL, l->x, l->s->rows, l->s->c);
  for (gint64 i = 0; i < l->s->rows * l->s->c; i++)
    sum += l->y[i] * l->dy[i];
  return sum;
}

static void
unit_backward_case (Bench *t, const void *data)
{
  const Shape *s = data;
  gint64 n = s->rows * s->c;
  double *x_exact, *dy_exact;
  const float *x = inputs (t, s, &x_exact), *dy = bench_in (t, n, 1, &dy_exact);
  float *y = bench_out (t, n), *norm = bench_out (t, s->rows), *dx = bench_out (t, n);
  Loss loss = { .s = s, .x = x_exact, .dy = dy_exact, .y = bench_double (t, n) };

  if (s->c < 3)
    return; /* on a line the gradient is zero */
  bench_ok (t, t->abi->unit_rows_forward (t->ctx, ON (y), ON (norm), ON (x), s->rows, s->c));
  bench_ok (t, t->abi->unit_rows_backward (t->ctx, ON (dx), ON (dy), ON (y), ON (norm), s->rows, s->c));
  bench_expect_gradient (t, "dx", dx, NULL, x_exact, n, unit_loss, &loss, 30);
}

static void
nan_case (Bench *t, const void *data)
{
  float *x = bench_in (t, 3 * 37, 1, NULL), *y = bench_out (t, 3 * 37), *ones = bench_in (t, 37, 1, NULL);

  x[37 + 36] = NAN; /* in the last lane that counts */
  bench_ok (t, t->abi->layer_norm_forward (t->ctx, ON (y), SMB_NUMBER_F32, NULL, NULL, ON (x), ON (ones), ON (ones), 3,
                                           37, 1e-6f));
  for (int i = 0; i < 3 * 37; i++)
    g_assert_true (isnan (y[i]) == (i / 37 == 1));
  bench_ok (t, t->abi->unit_rows_forward (t->ctx, ON (y), NULL, ON (x), 3, 37));
  for (int i = 0; i < 3 * 37; i++)
    g_assert_true (isnan (y[i]) == (i / 37 == 1));
}

static void
run_shapes (gconstpointer run)
{
  for (gsize i = 0; i < G_N_ELEMENTS (shapes); i++)
    bench_run ((BenchCase) run, &shapes[i]);
}

static void
run_nan (void)
{
  bench_run (nan_case, NULL);
}

int
main (int argc, char **argv)
{
  bench_init (&argc, &argv);
  g_test_add_data_func ("/cpu/layer-norm/forward", (gconstpointer) layer_norm_case, run_shapes);
  g_test_add_data_func ("/cpu/layer-norm/backward", (gconstpointer) layer_norm_backward_case, run_shapes);
  g_test_add_data_func ("/cpu/unit-rows/forward", (gconstpointer) unit_case, run_shapes);
  g_test_add_data_func ("/cpu/unit-rows/backward", (gconstpointer) unit_backward_case, run_shapes);
  g_test_add_func ("/cpu/norm/nan", run_nan);
  return g_test_run ();
}
