/* SPDX-License-Identifier: Apache-2.0 */
#include "oracle.h"
#include "support.h"

#include <math.h>

/* The reconstruction loss and the optimiser. */

typedef struct {
  gint64 rows, pix;
} Shape;

static const Shape shapes[] = { { 1, 2 }, { 3, 27 }, { 20, 768 }, { 197, 75 } };

static void
target_case (Bench *t, const void *data)
{
  const Shape *s = data;
  gint64 n = s->rows * s->pix;

  for (int normalise = 0; normalise < 2; normalise++) {
    double *exact, *mean = bench_double (t, s->rows), *sd = bench_double (t, s->rows);
    float *target = bench_in (t, n, 0.5, &exact), *mean_got = bench_out (t, s->rows), *sd_got = bench_out (t, s->rows);

    if (s->rows > 1)
      for (gint64 i = 0; i < s->pix; i++) /* a flat patch must not divide by zero */
        target[i] = 0.25f, exact[i] = 0.25;
    bench_ok (t, t->abi->recon_target (t->ctx, ON (target), ON (mean_got), ON (sd_got), s->rows, s->pix, normalise));
    oracle_recon_target (exact, mean, sd, s->rows, s->pix, normalise);
    bench_expect (t, "target", target, exact, n, normalise ? FORWARD_TOLERANCE : 0);
    bench_expect (t, "mean", mean_got, mean, s->rows, FORWARD_TOLERANCE);
    bench_expect (t, "sd", sd_got, sd, s->rows, FORWARD_TOLERANCE);
  }
}

typedef struct {
  const Shape *s;
  const double *pred, *target, *weight;
  double *error;
} Loss;

static double
recon_loss (const void *user)
{
  const Loss *l = user;
  double sum = 0;

  oracle_recon_error (l->error, l->pred, l->target, l->s->rows, l->s->pix);
  for (gint64 r = 0; r < l->s->rows; r++)
    sum += l->weight[r] * l->error[r];
  return sum;
}

static void
error_case (Bench *t, const void *data)
{
  const Shape *s = data;
  gint64 n = s->rows * s->pix;
  double *pred_exact, *target_exact, *weight_exact, *want = bench_double (t, s->rows);
  const float *pred = bench_in (t, n, 1, &pred_exact), *target = bench_in (t, n, 1, &target_exact);
  const float *weight = bench_in (t, s->rows, 1, &weight_exact);
  float *error = bench_out (t, s->rows), *dpred = bench_out (t, n);
  Loss loss = { s, pred_exact, target_exact, weight_exact, want };

  bench_ok (t, t->abi->recon_error (t->ctx, ON (error), ON (pred), ON (target), s->rows, s->pix));
  oracle_recon_error (want, pred_exact, target_exact, s->rows, s->pix);
  bench_expect (t, "error", error, want, s->rows, FORWARD_TOLERANCE);
  bench_ok (t, t->abi->recon_backward (t->ctx, ON (dpred), ON (pred), ON (target), ON (weight), s->rows, s->pix));
  bench_expect_gradient (t, "dpred", dpred, NULL, pred_exact, n, recon_loss, &loss, 30);
}

static const gint64 sizes[] = { 1, 5, 64, 10007 };

static void
adamw_case (Bench *t, const void *data)
{
  gint64 n = *(const gint64 *) data;
  double *p, *m, *v, *g;
  SmbAdamW a = { .n = n, .lr = 1e-3, .beta1 = 0.9, .beta2 = 0.95, .eps = 1e-8, .weight_decay = 0.05,
                 .grad_scale = 0.7 };

  a.param = bench_in (t, n, 1, &p);
  a.m = bench_in (t, n, 0, &m);
  a.v = bench_in (t, n, 0, &v);
  a.grad = bench_in (t, n, 1, &g);
  for (a.t = 1; a.t <= 4; a.t++) {
    double c1 = 1 - pow (a.beta1, (double) a.t), c2 = 1 - pow (a.beta2, (double) a.t);

    bench_ok (t, t->abi->adamw (t->ctx, ON_ALL (a)));
    for (gint64 i = 0; i < n; i++) {
      double scaled = a.grad_scale * g[i];

      m[i] = a.beta1 * m[i] + (1 - a.beta1) * scaled;
      v[i] = a.beta2 * v[i] + (1 - a.beta2) * scaled * scaled;
      p[i] = p[i] * (1 - a.lr * a.weight_decay) - a.lr / c1 * m[i] / (sqrt (v[i]) / sqrt (c2) + a.eps);
    }
    bench_expect (t, "param", a.param, p, n, FORWARD_TOLERANCE);
    bench_expect (t, "m", a.m, m, n, FORWARD_TOLERANCE);
    bench_expect (t, "v", a.v, v, n, FORWARD_TOLERANCE);
  }
}

static void
ema_case (Bench *t, const void *data)
{
  gint64 n = *(const gint64 *) data;
  double *target_exact, *online_exact;
  float *target = bench_in (t, n, 1, &target_exact), *online = bench_in (t, n, 1, &online_exact);

  bench_ok (t, t->abi->ema (t->ctx, ON (target), ON (online), 0.996, n));
  for (gint64 i = 0; i < n; i++)
    target_exact[i] = 0.996 * target_exact[i] + (1 - 0.996) * online_exact[i];
  bench_expect (t, "target", target, target_exact, n, FORWARD_TOLERANCE);
  bench_ok (t, t->abi->ema (t->ctx, ON (target), ON (online), 0.0, n)); /* momentum 0: a copy */
  bench_expect (t, "copy", target, online_exact, n, 0);
}

static void
squares_case (Bench *t, const void *data)
{
  gint64 n = *(const gint64 *) data;
  double *exact, got, want = 0;
  const float *x = bench_in (t, n, 1, &exact);

  bench_ok (t, t->abi->sum_squares (t->ctx, &got, ON (x), n));
  for (gint64 i = 0; i < n; i++)
    want += exact[i] * exact[i];
  g_assert_cmpfloat_with_epsilon (got, want, 1e-12 * want);
  bench_ok (t, t->abi->sum_squares (t->ctx, &got, ON (x), 0));
  g_assert_cmpfloat (got, ==, 0.0);
}

static void
run_shapes (gconstpointer run)
{
  for (gsize i = 0; i < G_N_ELEMENTS (shapes); i++)
    bench_run ((BenchCase) run, &shapes[i]);
}

static void
run_sizes (gconstpointer run)
{
  for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++)
    bench_run ((BenchCase) run, &sizes[i]);
}

int
main (int argc, char **argv)
{
  bench_init (&argc, &argv);
  g_test_add_data_func ("/cpu/recon/target", (gconstpointer) target_case, run_shapes);
  g_test_add_data_func ("/cpu/recon/error", (gconstpointer) error_case, run_shapes);
  g_test_add_data_func ("/cpu/adamw", (gconstpointer) adamw_case, run_sizes);
  g_test_add_data_func ("/cpu/ema", (gconstpointer) ema_case, run_sizes);
  g_test_add_data_func ("/cpu/sum-squares", (gconstpointer) squares_case, run_sizes);
  return g_test_run ();
}
