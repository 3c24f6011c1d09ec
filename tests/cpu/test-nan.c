/* SPDX-License-Identifier: Apache-2.0 */
/* What is not a number must be seen where it was used, in backward passes too, and nowhere else: a kernel that
 * swallowed it would train on, one that spread it would spoil the batch. The lengths are odd, and the value lies in a
 * tail. */
#include "support.h"

#include <math.h>

/* Whether element i of a matrix of c columns is NaN exactly where (row, column) says; -1: in all. */
static void
expect_nan (Bench *t, const char *name, const float *got, gint64 n, gint64 c, gint64 row, gint64 column)
{
  for (gint64 i = 0; i < n; i++) {
    gboolean want = (row < 0 || i / c == row) && (column < 0 || i % c == column);

    if (!isnan (got[i]) != !want)
      g_error ("%s: %s: element %" G_GINT64_FORMAT " is %g", t->what, name, i, (double) got[i]);
  }
}

static void
gemm_case (Bench *t, const void *data)
{
  enum { M = 5, N = 19, K = 37 };
  float *a = bench_in (t, M * K, 1, NULL), *c = bench_out (t, M * N);

  a[3 * K + K - 1] = NAN;
  bench_ok (t, t->abi->gemm (t->ctx, ON (c), ON (a), ON (bench_in (t, N * K, 1, NULL)), M, N, K, 0, 1, 1.0f, 0.0f));
  expect_nan (t, "c", c, M * N, N, 3, -1);
}

static void
linear_backward_case (Bench *t, const void *data)
{
  enum { ROWS = 7, IN = 37, OUT = 21 };
  float *dy = bench_in (t, ROWS * OUT, 1, NULL);
  SmbLinearBackward a = { .rows = ROWS, .n_in = IN, .n_out = OUT };

  dy[5 * OUT + OUT - 1] = NAN;
  a.dx = bench_out (t, ROWS * IN);
  a.dw = bench_in (t, OUT * IN, 1, NULL);
  a.dbias = bench_in (t, OUT, 1, NULL);
  a.dy = dy;
  a.x = bench_in (t, ROWS * IN, 1, NULL);
  a.w = bench_in (t, OUT * IN, 1, NULL);
  bench_ok (t, t->abi->linear_backward (t->ctx, ON_ALL (a)));
  expect_nan (t, "dx", a.dx, ROWS * IN, IN, 5, -1);
  expect_nan (t, "dw", a.dw, OUT * IN, IN, OUT - 1, -1);
  expect_nan (t, "dbias", a.dbias, OUT, OUT, -1, OUT - 1);
}

/* One number of dy, of sample 0, head 0: its query's dq and every dk of the head, its channel of every dv; nothing of
 * head 1 nor of sample 1. */
static void
attention_backward_case (Bench *t, const void *data)
{
  enum { B = 2, T = 19, H = 2, D = 7, C = H * D };
  SmbAttentionForward f = { .b = B, .t = T, .h = H, .d = D };
  SmbAttentionBackward a = { .b = B, .t = T, .h = H, .d = D };
  float *dy = bench_in (t, B * T * C, 1, NULL);

  f.qkv = a.qkv = bench_in (t, B * T * 3 * C, 1, NULL);
  f.y = bench_out (t, B * T * C);
  f.lse = bench_out (t, B * H * T);
  bench_ok (t, t->abi->attention_forward (t->ctx, ON_ALL (f)));
  dy[(T - 1) * C + D - 1] = NAN;
  a.dy = dy;
  a.y = f.y;
  a.lse = f.lse;
  a.dqkv = bench_out (t, B * T * 3 * C);
  bench_ok (t, t->abi->attention_backward (t->ctx, ON_ALL (a)));
  for (gint64 i = 0; i < B * T * 3 * C; i++) {
    gint64 token = i / (3 * C) % T, part = i / C % 3, channel = i % C;
    gboolean want = i < T * 3 * C && channel < D && (part == 0 ? token == T - 1 : part == 1 ? TRUE : channel == D - 1);

    if (!isnan (((const float *) a.dqkv)[i]) != !want)
      g_error ("%s: dqkv[%d] is %g", t->what, (int) i, (double) ((const float *) a.dqkv)[i]);
  }
}

static void
norm_backward_case (Bench *t, const void *data)
{
  enum { ROWS = 3, C = 37 };
  const float *x = bench_in (t, ROWS * C, 1, NULL), *w = bench_in (t, C, 1, NULL);
  float *dy = bench_in (t, ROWS * C, 1, NULL), *y = bench_out (t, ROWS * C), *mean = bench_out (t, ROWS);
  float *rstd = bench_out (t, ROWS), *dx = bench_out (t, ROWS * C), *norm = bench_out (t, ROWS);
  float *dw = bench_in (t, C, 1, NULL), *db = bench_in (t, C, 1, NULL);

  dy[C + C - 1] = NAN;
  bench_ok (t, t->abi->layer_norm_forward (t->ctx, ON (y), SMB_NUMBER_F32, ON (mean), ON (rstd), ON (x), ON (w), ON (w),
                                           ROWS, C, 1e-6f));
  bench_ok (t, t->abi->layer_norm_backward (t->ctx, ON (dx), ON (dw), ON (db), ON (dy), SMB_NUMBER_F32, ON (x), ON (w),
                                            ON (mean), ON (rstd), ROWS, C));
  expect_nan (t, "dx", dx, ROWS * C, C, 1, -1);
  expect_nan (t, "dw", dw, C, C, -1, C - 1);
  expect_nan (t, "db", db, C, C, -1, C - 1);
  bench_ok (t, t->abi->unit_rows_forward (t->ctx, ON (y), ON (norm), ON (x), ROWS, C));
  bench_ok (t, t->abi->unit_rows_backward (t->ctx, ON (dx), ON (dy), ON (y), ON (norm), ROWS, C));
  expect_nan (t, "dx of unit rows", dx, ROWS * C, C, 1, -1);
}

static void
elements_case (Bench *t, const void *data)
{
  enum { N = 3 * 37, LAST = N - 1 };
  float *x = bench_in (t, N, 1, NULL), *y = bench_out (t, N), *gate = bench_in (t, 3, 1, NULL);
  float *good = bench_in (t, N, 1, NULL);

  x[LAST] = NAN;
  good[LAST] = 1;
  bench_ok (t, t->abi->relu_backward (t->ctx, ON (y), ON (x), ON (good), N));
  expect_nan (t, "relu backward", y, N, N, -1, LAST);
  bench_ok (t, t->abi->gelu_backward (t->ctx, ON (y), ON (x), ON (good), SMB_NUMBER_F32, N));
  expect_nan (t, "gelu backward", y, N, N, -1, LAST);
  bench_ok (t, t->abi->residual_add (t->ctx, ON (y), ON (good), ON (x), ON (gate), 3, 37));
  expect_nan (t, "residual", y, N, N, -1, LAST);
  bench_ok (t, t->abi->scale_samples (t->ctx, ON (y), ON (x), ON (gate), 3, 37));
  expect_nan (t, "scale", y, N, N, -1, LAST);
  bench_ok (t, t->abi->ema (t->ctx, ON (good), ON (x), 0.99, N));
  expect_nan (t, "moving average", good, N, N, -1, LAST);
  good[LAST] = 1;
  bench_ok (t, t->abi->axpy (t->ctx, ON (good), 0.5f, ON (x), N));
  expect_nan (t, "axpy", good, N, N, -1, LAST);
}

static void
layout_case (Bench *t, const void *data)
{
  enum { B = 2, L = 9, K = 4, C = 19 };
  static const gint32 visible[] = { 1, 4, 5, 8, 0, 2, 3, 7 };
  float *dout = bench_in (t, B * (1 + L) * C, 1, NULL), *dx = bench_out (t, B * (1 + L) * C);
  float *dcls = bench_in (t, C, 1, NULL), *dpos = bench_in (t, (1 + L) * C, 1, NULL), *dmask = bench_in (t, C, 1, NULL);
  gint32 *index = bench_index (t, B, L, K);

  for (int i = 0; i < B * K; i++)
    index[i] = visible[i];
  dout[(1 + K) * C + C - 1] = NAN; /* of sample 1: the class token */
  bench_ok (t, t->abi->tokens_backward (t->ctx, ON (dx), ON (dcls), ON (dpos), ON (dout), ON (index), B, K, C));
  expect_nan (t, "dx of tokens", dx, B * K * C, C, B * K, -1); /* none */
  expect_nan (t, "dcls", dcls, C, C, -1, C - 1);
  expect_nan (t, "dpos", dpos, (1 + L) * C, C, 0, C - 1);
  dout[(1 + K) * C + C - 1] = 0;
  dout[(1 + L) * C + (1 + 6) * C + C - 1] = NAN; /* of sample 1: patch 6, hidden */
  bench_ok (t, t->abi->unshuffle_backward (t->ctx, ON (dx), ON (dmask), ON (dout), ON (index), B, L, K, C));
  expect_nan (t, "dx of unshuffling", dx, B * (1 + K) * C, C, B * (1 + K), -1);
  expect_nan (t, "dmask", dmask, C, C, -1, C - 1);
  bench_ok (t, t->abi->mean_tokens_forward (t->ctx, ON (dx), ON (dout), B, 1 + L, C, 1));
  expect_nan (t, "mean", dx, B * C, C, 1, C - 1);
  bench_ok (t, t->abi->take_row_forward (t->ctx, ON (dx), ON (dout), B, 1 + L, C, 7));
  expect_nan (t, "row", dx, B * C, C, 1, C - 1);
}

static void
recon_case (Bench *t, const void *data)
{
  enum { ROWS = 4, PIX = 27 };
  float *pred = bench_in (t, ROWS * PIX, 1, NULL), *target = bench_in (t, ROWS * PIX, 1, NULL);
  float *weight = bench_in (t, ROWS, 1, NULL), *error = bench_out (t, ROWS), *dpred = bench_out (t, ROWS * PIX);
  float *mean = bench_out (t, ROWS), *sd = bench_out (t, ROWS);

  target[2 * PIX + PIX - 1] = NAN;
  bench_ok (t, t->abi->recon_target (t->ctx, ON (target), ON (mean), ON (sd), ROWS, PIX, 1));
  expect_nan (t, "target", target, ROWS * PIX, PIX, 2, -1);
  expect_nan (t, "mean", mean, ROWS, 1, 2, -1);
  expect_nan (t, "sd", sd, ROWS, 1, 2, -1);
  bench_ok (t, t->abi->recon_error (t->ctx, ON (error), ON (pred), ON (target), ROWS, PIX));
  expect_nan (t, "error", error, ROWS, 1, 2, -1);
  bench_ok (t, t->abi->recon_backward (t->ctx, ON (dpred), ON (pred), ON (target), ON (weight), ROWS, PIX));
  expect_nan (t, "dpred", dpred, ROWS * PIX, PIX, 2, -1);
}

static void
optim_case (Bench *t, const void *data)
{
  enum { N = 10007, AT = N - 2 };
  SmbAdamW a = { .n = N, .lr = 1e-3, .beta1 = 0.9, .beta2 = 0.95, .eps = 1e-8, .grad_scale = 1, .t = 1 };
  float *grad = bench_in (t, N, 1, NULL);
  double sum;

  grad[AT] = INFINITY;
  bench_ok (t, t->abi->sum_squares (t->ctx, &sum, ON (grad), N));
  g_assert_true (isinf (sum));
  grad[AT] = NAN;
  bench_ok (t, t->abi->sum_squares (t->ctx, &sum, ON (grad), N));
  g_assert_true (isnan (sum));
  a.grad = grad;
  a.param = bench_in (t, N, 1, NULL);
  a.m = bench_in (t, N, 0, NULL);
  a.v = bench_in (t, N, 0, NULL);
  bench_ok (t, t->abi->adamw (t->ctx, ON_ALL (a)));
  expect_nan (t, "param", a.param, N, N, -1, AT);
  expect_nan (t, "m", a.m, N, N, -1, AT);
  expect_nan (t, "v", a.v, N, N, -1, AT);
}

static void
run (gconstpointer run_case)
{
  bench_run ((BenchCase) run_case, NULL);
}

int
main (int argc, char **argv)
{
  bench_init (&argc, &argv);
  g_test_add_data_func ("/cpu/nan/gemm", (gconstpointer) gemm_case, run);
  g_test_add_data_func ("/cpu/nan/linear-backward", (gconstpointer) linear_backward_case, run);
  g_test_add_data_func ("/cpu/nan/attention-backward", (gconstpointer) attention_backward_case, run);
  g_test_add_data_func ("/cpu/nan/norm-backward", (gconstpointer) norm_backward_case, run);
  g_test_add_data_func ("/cpu/nan/elements", (gconstpointer) elements_case, run);
  g_test_add_data_func ("/cpu/nan/layout", (gconstpointer) layout_case, run);
  g_test_add_data_func ("/cpu/nan/reconstruction", (gconstpointer) recon_case, run);
  g_test_add_data_func ("/cpu/nan/optimisation", (gconstpointer) optim_case, run);
  return g_test_run ();
}
