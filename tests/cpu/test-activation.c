/* SPDX-License-Identifier: Apache-2.0 */
#include "oracle.h"
#include "support.h"

#include <math.h>
#include <string.h>

static const gint64 sizes[] = { 1, 7, 16, 33, 20011 };

/* Every element by its own measure, over the whole range: relative to its own size where that is a normal number. */
static void
gelu_case (Bench *t, const void *data)
{
  gint64 n = *(const gint64 *) data;
  double *x_exact, *y_exact = bench_double (t, n);
  float *x = bench_in (t, n, 3, &x_exact), *y = bench_out (t, n);

  for (gint64 i = 0; i < n; i++)
    y_exact[i] = oracle_gelu (x_exact[i]);
  bench_ok (t, t->abi->gelu_forward (t->ctx, ON (y), ON (x), SMB_NUMBER_F32, n));
  bench_expect (t, "y", y, y_exact, n, 1e-6);
  for (gint64 i = 0; i < n; i++)
    if (x_exact[i] > -5)
      g_assert_cmpfloat_with_epsilon (y[i], y_exact[i], 3e-6 * fabs (y_exact[i]));
  bench_ok (t, t->abi->gelu_forward (t->ctx, ON (x), ON (x), SMB_NUMBER_F32, n));
  bench_expect_same (t, "in place", x, y, n);
}

typedef struct {
  gint64 n;
  const double *x, *dy;
} Loss;

static double
gelu_loss (const void *user)
{
  const Loss *l = user;
  double sum = 0;

  for (gint64 i = 0; i < l->n; i++)
    sum += oracle_gelu (l->x[i]) * l->dy[i];
  return sum;
}

static void
gelu_backward_case (Bench *t, const void *data)
{
  gint64 n = *(const gint64 *) data;
  double *x_exact, *dy_exact;
  float *x = bench_in (t, n, 2, &x_exact), *dy = bench_in (t, n, 1, &dy_exact), *dx = bench_out (t, n);
  Loss loss = { n, x_exact, dy_exact };

  bench_ok (t, t->abi->gelu_backward (t->ctx, ON (dx), ON (dy), ON (x), SMB_NUMBER_F32, n));
  bench_expect_gradient (t, "dx", dx, NULL, x_exact, n, gelu_loss, &loss, 60);
  bench_ok (t, t->abi->gelu_backward (t->ctx, ON (dy), ON (dy), ON (x), SMB_NUMBER_F32, n));
  bench_expect_same (t, "in place", dy, dx, n);
}

static double
relu_loss (const void *user)
{
  const Loss *l = user;
  double sum = 0;

  for (gint64 i = 0; i < l->n; i++)
    sum += (l->x[i] > 0 ? l->x[i] : 0) * l->dy[i];
  return sum;
}

static void
relu_case (Bench *t, const void *data)
{
  gint64 n = *(const gint64 *) data;
  double *x_exact, *dy_exact, *y_exact = bench_double (t, n);
  float *x = bench_in (t, n, 1, &x_exact), *dy = bench_in (t, n, 1, &dy_exact);
  float *y = bench_out (t, n), *dx = bench_out (t, n);
  Loss loss = { n, x_exact, dy_exact };

  for (gint64 i = 0; i < n; i++)
    y_exact[i] = x_exact[i] > 0 ? x_exact[i] : 0;
  bench_ok (t, t->abi->relu_forward (t->ctx, ON (y), ON (x), n));
  bench_expect (t, "y", y, y_exact, n, 0);
  bench_ok (t, t->abi->relu_backward (t->ctx, ON (dx), ON (dy), ON (y), n));
  bench_expect_gradient (t, "dx", dx, NULL, x_exact, n, relu_loss, &loss, 60);
  bench_ok (t, t->abi->relu_forward (t->ctx, ON (x), ON (x), n));
  bench_expect_same (t, "forward in place", x, y, n);
  bench_ok (t, t->abi->relu_backward (t->ctx, ON (dy), ON (dy), ON (y), n));
  bench_expect_same (t, "backward in place", dy, dx, n);
}

static void
extremes_case (Bench *t, const void *data)
{
  static const float special[] = { 0.0f, -0.0f, 1e-38f, -1e-38f, 1e-20f, 9.0f, -9.0f, -13.1f, -20.0f, 3e38f, -3e38f };
  float *x = bench_in (t, 40, 1, NULL), *y = bench_out (t, 40), *dy = bench_out (t, 40), *dx = bench_out (t, 40);

  memcpy (x, special, sizeof special);
  for (int i = 0; i < 40; i++)
    dy[i] = 1;
  x[30] = NAN;
  x[39] = INFINITY;
  bench_ok (t, t->abi->gelu_forward (t->ctx, ON (y), ON (x), SMB_NUMBER_F32, 40));
  bench_ok (t, t->abi->gelu_backward (t->ctx, ON (dx), ON (dy), ON (x), SMB_NUMBER_F32, 40));
  for (int i = 0; i < (int) G_N_ELEMENTS (special); i++) {
    g_assert_cmpfloat_with_epsilon (y[i], oracle_gelu (special[i]), 1e-6 * fabs (oracle_gelu (special[i])) + 1e-30);
    g_assert_false (isnan (dx[i]));
  }
  g_assert_true (isnan (y[30]) && isnan (dx[30]));
  g_assert_true (isinf (y[39]));
  bench_ok (t, t->abi->relu_forward (t->ctx, ON (y), ON (x), 40));
  g_assert_true (isnan (y[30]));
}

static void
element_case (Bench *t, const void *data)
{
  gint64 per = *(const gint64 *) data, samples = 3, n = per * samples;
  double *x_exact, *b_exact, *g_exact, *want = bench_double (t, n);
  float *x = bench_in (t, n, 1, &x_exact), *branch = bench_in (t, n, 1, &b_exact), *y = bench_out (t, n);
  float *gate = bench_in (t, samples, 1, &g_exact), *held = bench_in_exact (t, n, b_exact);
  float *table = bench_in_exact (t, per, b_exact);

  gate[1] = 0;
  g_exact[1] = 0;
  for (gint64 i = 0; i < n; i++)
    want[i] = x_exact[i] + g_exact[i / per] * b_exact[i];
  bench_ok (t, t->abi->residual_add (t->ctx, ON (y), ON (x), ON (branch), ON (gate), samples, per));
  bench_expect (t, "residual", y, want, n, FORWARD_TOLERANCE);
  bench_ok (t, t->abi->residual_add (t->ctx, ON (held), ON (x), ON (held), ON (gate), samples, per));
  bench_expect_same (t, "residual over the branch", held, y, n);
  for (gint64 i = 0; i < n; i++)
    want[i] = x_exact[i] + b_exact[i];
  bench_ok (t, t->abi->residual_add (t->ctx, ON (y), ON (x), ON (branch), NULL, samples, per));
  bench_expect (t, "residual without gates", y, want, n, FORWARD_TOLERANCE);
  bench_ok (t, t->abi->residual_add (t->ctx, ON (x), ON (x), ON (branch), NULL, samples, per));
  bench_expect_same (t, "residual in place", x, y, n);
  for (gint64 i = 0; i < n; i++)
    want[i] = g_exact[i / per] * b_exact[i];
  bench_ok (t, t->abi->scale_samples (t->ctx, ON (y), ON (branch), ON (gate), samples, per));
  bench_expect (t, "scale", y, want, n, FORWARD_TOLERANCE);
  for (gint64 i = 0; i < n; i++)
    want[i] = y[i] - 0.3 * b_exact[i];
  bench_ok (t, t->abi->axpy (t->ctx, ON (y), -0.3f, ON (branch), n));
  bench_expect (t, "axpy", y, want, n, FORWARD_TOLERANCE);
  for (gint64 i = 0; i < n; i++)
    want[i] = b_exact[i] + b_exact[i % per];
  bench_ok (t, t->abi->add_table (t->ctx, ON (branch), ON (table), samples, per));
  bench_expect (t, "table", branch, want, n, FORWARD_TOLERANCE);
  for (gint64 i = 0; i < n; i++)
    want[i] = 2.5;
  bench_ok (t, t->abi->fill (t->ctx, ON (y), 2.5f, n));
  bench_expect (t, "fill", y, want, n, 0);
  bench_ok (t, t->abi->copy (t->ctx, ON (y), ON (x), (gsize) n * sizeof (float)));
  bench_expect_same (t, "copy", y, x, n);
}

static void
run_sizes (gconstpointer run)
{
  for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++)
    bench_run ((BenchCase) run, &sizes[i]);
}

static void
run_extremes (void)
{
  bench_run (extremes_case, NULL);
}

int
main (int argc, char **argv)
{
  bench_init (&argc, &argv);
  g_test_add_data_func ("/cpu/gelu/forward", (gconstpointer) gelu_case, run_sizes);
  g_test_add_data_func ("/cpu/gelu/backward", (gconstpointer) gelu_backward_case, run_sizes);
  g_test_add_func ("/cpu/gelu/extremes", run_extremes);
  g_test_add_data_func ("/cpu/relu", (gconstpointer) relu_case, run_sizes);
  g_test_add_data_func ("/cpu/element-wise", (gconstpointer) element_case, run_sizes);
  return g_test_run ();
}
