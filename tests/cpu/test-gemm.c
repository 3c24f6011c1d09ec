/* SPDX-License-Identifier: Apache-2.0 */
#include "oracle.h"
#include "support.h"

#include <math.h>
#include <string.h>

typedef struct {
  gint64 m, n, k;
} Shape;

static const Shape shapes[] = { { 1, 1, 1 },   { 1, 7, 33 },  { 197, 50, 70 }, { 64, 129, 65 },
                                { 5, 300, 3 }, { 33, 1, 17 }, { 3, 5, 9001 } /* several parts */ };
static const Shape layers[] = { { 1, 1, 1 }, { 1, 7, 33 }, { 213, 20, 31 }, { 40, 65, 48 }, { 33, 1, 17 } };

static void
gemm_case (Bench *t, const void *data)
{
  const Shape *s = data;

  for (int trans = 0; trans < 4; trans++)
    for (int variant = 0; variant < 3; variant++) {
      double *a_exact, *b_exact, *c_exact, alpha = variant == 0 ? 1.0 : 0.75, beta = variant == 2 ? 1.0 : 0.0;
      const float *a = bench_in (t, s->m * s->k, 1, &a_exact), *b = bench_in (t, s->n * s->k, 1, &b_exact);
      float *c = bench_in (t, s->m * s->n, 1, &c_exact);

      if (beta == 0) /* overwritten, whatever was there */
        for (gint64 i = 0; i < s->m * s->n; i++)
          c[i] = NAN;
      bench_ok (t, t->abi->gemm (t->ctx, ON (c), ON (a), ON (b), s->m, s->n, s->k, trans & 1, trans >> 1, (float) alpha,
                                 (float) beta));
      oracle_gemm (c_exact, a_exact, b_exact, s->m, s->n, s->k, trans & 1, trans >> 1, alpha, beta);
      bench_expect (t, "c", c, c_exact, s->m * s->n, FORWARD_TOLERANCE);
    }
}

/* Every combination of bias, residual (elsewhere, or y itself), kept value, epilogue and prepared weights. */
static void
linear_case (Bench *t, const void *data)
{
  const Shape *s = data;
  gint64 all = s->m * s->n;

  for (int variant = 0; variant < 72; variant++) {
    int residual_kind = variant % 3, with_bias = variant / 3 % 2, keep = variant / 6 % 2, prepared = variant / 12 % 2;
    double *x_exact, *w_exact, *b_exact, *r_exact, *y_exact = bench_double (t, all), *z_exact = bench_double (t, all);
    SmbLinearForward a = { .rows = s->m, .n_in = s->k, .n_out = s->n, .epilogue = (SmbEpilogue) (variant / 24) };
    void *handle = NULL;
    float *residual;

    a.x = bench_in (t, s->m * s->k, 1, &x_exact);
    a.w = bench_in (t, s->n * s->k, 1, &w_exact);
    a.bias = bench_in (t, s->n, 1, &b_exact);
    residual = bench_in (t, all, 1, &r_exact);
    a.y = residual_kind == 2 ? residual : bench_out (t, all);
    a.residual = residual_kind > 0 ? residual : NULL;
    a.before = keep ? bench_out (t, all) : NULL;
    if (!with_bias)
      a.bias = NULL;
    if (prepared) {
      bench_ok (t, t->abi->weight_prepare (t->ctx, ON (a.w), s->n, s->k, SMB_PRECISION_F32, &handle));
      a.w = NULL;
      a.prepared = handle;
    }
    bench_ok (t, t->abi->linear_forward (t->ctx, ON_ALL (a)));
    oracle_linear (y_exact, z_exact, x_exact, w_exact, with_bias ? b_exact : NULL, residual_kind > 0 ? r_exact : NULL,
                   s->m, s->k, s->n, a.epilogue);
    bench_expect (t, "y", a.y, y_exact, all, FORWARD_TOLERANCE);
    if (keep)
      bench_expect (t, "before", a.before, z_exact, all, FORWARD_TOLERANCE);
    t->abi->weight_release (t->ctx, handle);
  }
}

/* The nearest bfloat16, ties to even. */
static double
to_bf16 (double x)
{
  float f = (float) x;
  guint32 bits;

  memcpy (&bits, &f, sizeof bits);
  bits = (bits + 0x7fff + (bits >> 16 & 1)) & 0xffff0000u;
  memcpy (&f, &bits, sizeof f);
  return f;
}

/* Weights on 255 steps around 0. */
static void
to_int8_weights (double *w, gint64 n)
{
  double most = 0, scale;

  for (gint64 i = 0; i < n; i++)
    most = MAX (most, fabs (w[i]));
  scale = most / 127;
  for (gint64 i = 0; i < n && scale > 0; i++)
    w[i] = scale * rint (w[i] / scale);
}

/* Activations on 256 steps from the least to the greatest, one of them 0. */
static void
to_int8_row (double *x, gint64 n)
{
  double low = 0, high = 0, scale, zero;

  for (gint64 i = 0; i < n; i++) {
    low = MIN (low, x[i]);
    high = MAX (high, x[i]);
  }
  scale = (high - low) / 255;
  if (!(scale > 0))
    return;
  zero = rint (-low / scale);
  for (gint64 i = 0; i < n; i++)
    x[i] = scale * (CLAMP (rint (x[i] / scale) + zero, 0, 255) - zero);
}

/* What the format does to both factors, told from outside; the sums themselves are as good as in float32. A number that
 * falls on the edge between two steps may go either way: `slack` allows a few such. */
static void
low_precision_case (Bench *t, const void *data)
{
  const Shape *s = data;
  gint64 all = s->m * s->n;
  SmbDeviceInfo info;

  bench_ok (t, t->abi->device_describe (0, &info));
  for (int variant = 0; variant < 36; variant++) { /* the third: weights packed for the one product */
    SmbPrecision precision = variant % 3 != 1 ? SMB_PRECISION_BF16 : SMB_PRECISION_INT8;
    double *x, *w, *b, *r, *y = bench_double (t, all), *z = bench_double (t, all);
    double slack = precision == SMB_PRECISION_BF16 ? FORWARD_TOLERANCE : 2e-3;
    int with_residual = variant / 3 % 2, keep = variant / 6 % 2, prepared = variant % 3 < 2;
    SmbLinearForward a = { .rows = s->m, .n_in = s->k, .n_out = s->n, .epilogue = (SmbEpilogue) (variant / 12) };
    void *handle = NULL;
    float *residual;

    a.x = bench_in (t, s->m * s->k, 1, &x);
    a.w = bench_in (t, s->n * s->k, 0.1, &w);
    a.bias = bench_in (t, s->n, 1, &b);
    residual = bench_in (t, all, 1, &r);
    a.y = with_residual ? residual : bench_out (t, all);
    a.residual = with_residual ? residual : NULL;
    a.before = keep ? bench_out (t, all) : NULL;
    if ((info.precisions & (1u << precision)) == 0)
      continue;
    if (prepared) {
      bench_ok (t, t->abi->weight_prepare (t->ctx, ON (a.w), s->n, s->k, precision, &handle));
      a.w = NULL;
      a.prepared = handle;
    } else {
      a.precision = precision;
    }
    bench_ok (t, t->abi->linear_forward (t->ctx, ON_ALL (a)));
    for (gint64 i = 0; precision == SMB_PRECISION_BF16 && i < s->m * s->k; i++)
      x[i] = to_bf16 (x[i]);
    for (gint64 i = 0; precision == SMB_PRECISION_BF16 && i < s->n * s->k; i++)
      w[i] = to_bf16 (w[i]);
    for (gint64 i = 0; precision == SMB_PRECISION_INT8 && i < s->m; i++)
      to_int8_row (x + i * s->k, s->k);
    for (gint64 i = 0; precision == SMB_PRECISION_INT8 && i < s->n; i++)
      to_int8_weights (w + i * s->k, s->k);
    oracle_linear (y, z, x, w, b, with_residual ? r : NULL, s->m, s->k, s->n, a.epilogue);
    bench_expect (t, "y", a.y, y, all, slack);
    if (keep)
      bench_expect (t, "before", a.before, z, all, slack);
    t->abi->weight_release (t->ctx, handle);
  }
}

typedef struct {
  const Shape *s;
  const double *x, *w, *bias, *dy;
  double *y;
} LinearLoss;

static double
linear_loss (const void *user)
{
  const LinearLoss *l = user;
  double sum = 0;

  oracle_linear (l->y, NULL, l->x, l->w, l->bias, NULL, l->s->m, l->s->k, l->s->n, SMB_EPILOGUE_NONE);
  for (gint64 i = 0; i < l->s->m * l->s->n; i++)
    sum += l->y[i] * l->dy[i];
  return sum;
}

static void
linear_backward_case (Bench *t, const void *data)
{
  const Shape *s = data;
  double *x, *w, *bias, *dy, *dw_start, *db_start;
  SmbLinearBackward a = { .rows = s->m, .n_in = s->k, .n_out = s->n };
  LinearLoss loss = { .s = s, .y = bench_double (t, s->m * s->n) };
  SmbLinearBackward only = { 0 };
  float *dx_alone;

  a.x = bench_in (t, s->m * s->k, 1, &x);
  a.w = bench_in (t, s->n * s->k, 1, &w);
  bench_in (t, s->n, 1, &bias);
  a.dy = bench_in (t, s->m * s->n, 1, &dy);
  a.dx = bench_out (t, s->m * s->k);
  a.dw = bench_in (t, s->n * s->k, 1, &dw_start);
  a.dbias = bench_in (t, s->n, 1, &db_start);
  bench_ok (t, t->abi->linear_backward (t->ctx, ON_ALL (a)));
  loss.x = x;
  loss.w = w;
  loss.bias = bias;
  loss.dy = dy;
  bench_expect_gradient (t, "dx", a.dx, NULL, x, s->m * s->k, linear_loss, &loss, 10);
  bench_expect_gradient (t, "dw", a.dw, dw_start, w, s->n * s->k, linear_loss, &loss, 10);
  bench_expect_gradient (t, "dbias", a.dbias, db_start, bias, s->n, linear_loss, &loss, 10);

  dx_alone = bench_out (t, s->m * s->k); /* the others may be left out */
  only = a;
  only.dx = dx_alone;
  only.dw = only.dbias = NULL;
  bench_ok (t, t->abi->linear_backward (t->ctx, ON_ALL (only)));
  bench_expect_same (t, "dx alone", dx_alone, a.dx, s->m * s->k);
}

/* Both factors of each product rounded; the sums, and what is added to, in float32. */
static void
bf16_backward_case (Bench *t, const void *data)
{
  const Shape *s = data;
  double *x, *w, *dy, *dw, *dx = bench_double (t, s->m * s->k);
  SmbLinearBackward a = { .rows = s->m, .n_in = s->k, .n_out = s->n, .precision = SMB_PRECISION_BF16 };
  SmbDeviceInfo info;

  a.x = bench_in (t, s->m * s->k, 1, &x);
  a.w = bench_in (t, s->n * s->k, 1, &w);
  a.dy = bench_in (t, s->m * s->n, 1, &dy);
  a.dx = bench_out (t, s->m * s->k);
  a.dw = bench_in (t, s->n * s->k, 1, &dw);
  bench_ok (t, t->abi->device_describe (0, &info));
  if ((info.precisions & (1u << SMB_PRECISION_BF16)) == 0) {
    g_assert_cmpint (t->abi->linear_backward (t->ctx, ON_ALL (a)), ==, SMB_STATUS_UNSUPPORTED);
    return;
  }
  bench_ok (t, t->abi->linear_backward (t->ctx, ON_ALL (a)));
  for (gint64 i = 0; i < s->m * s->k; i++)
    x[i] = to_bf16 (x[i]);
  for (gint64 i = 0; i < s->n * s->k; i++)
    w[i] = to_bf16 (w[i]);
  for (gint64 i = 0; i < s->m * s->n; i++)
    dy[i] = to_bf16 (dy[i]);
  oracle_gemm (dx, dy, w, s->m, s->k, s->n, 0, 0, 1, 0);
  oracle_gemm (dw, dy, x, s->n, s->k, s->m, 1, 0, 1, 1);
  bench_expect (t, "dx", a.dx, dx, s->m * s->k, FORWARD_TOLERANCE);
  bench_expect (t, "dw", a.dw, dw, s->n * s->k, FORWARD_TOLERANCE);
}

static void
nan_case (Bench *t, const void *data)
{
  SmbDeviceInfo info;

  bench_ok (t, t->abi->device_describe (0, &info));
  for (int p = -1; p <= SMB_PRECISION_INT8; p++) { /* -1: not prepared */
    SmbLinearForward a = { .rows = 3, .n_in = 40, .n_out = 20, .epilogue = SMB_EPILOGUE_GELU };
    float *x = bench_in (t, 3 * 40, 1, NULL);
    void *handle = NULL;

    x[1 * 40 + 7] = NAN;
    a.x = x;
    a.w = bench_in (t, 20 * 40, 1, NULL);
    a.y = bench_out (t, 3 * 20);
    if (p >= 0 && (info.precisions & (1u << p)) == 0)
      continue;
    if (p >= 0)
      bench_ok (t, t->abi->weight_prepare (t->ctx, ON (a.w), 20, 40, (SmbPrecision) p, &handle));
    a.prepared = handle;
    bench_ok (t, t->abi->linear_forward (t->ctx, ON_ALL (a)));
    for (int i = 0; i < 60; i++)
      g_assert_true (isnan (((const float *) a.y)[i]) == (i / 20 == 1));
    t->abi->weight_release (t->ctx, handle);
  }
}

/* Rows of one value, of zeros, of huge and of tiny numbers. */
static void
odd_rows_case (Bench *t, const void *data)
{
  static const double rows[] = { 0, 1, -1, 1e30, -1e-36 };
  SmbDeviceInfo info;

  bench_ok (t, t->abi->device_describe (0, &info));
  for (int p = 0; p <= SMB_PRECISION_INT8; p++) {
    SmbLinearForward a = { .rows = 5, .n_in = 36, .n_out = 3 };
    double *x = bench_double (t, 5 * 36), *w, *y = bench_double (t, 15);
    void *handle = NULL;

    for (int i = 0; i < 5 * 36; i++)
      x[i] = rows[i / 36];
    a.x = bench_in_exact (t, 5 * 36, x);
    a.w = bench_in (t, 3 * 36, 1, &w);
    a.y = bench_out (t, 15);
    if ((info.precisions & (1u << p)) == 0)
      continue;
    bench_ok (t, t->abi->weight_prepare (t->ctx, ON (a.w), 3, 36, (SmbPrecision) p, &handle));
    a.prepared = handle;
    bench_ok (t, t->abi->linear_forward (t->ctx, ON_ALL (a)));
    oracle_linear (y, NULL, x, w, NULL, NULL, 5, 36, 3, SMB_EPILOGUE_NONE);
    for (int r = 0; r < 4; r++)
      bench_expect (t, "y", (float *) a.y + 3 * r, y + 3 * r, 3, 0.02);
    for (int i = 12; i < 15; i++)
      g_assert_cmpfloat (fabs (((const float *) a.y)[i]), <, 1e-33); /* too small for any scale: as good as 0 */
    t->abi->weight_release (t->ctx, handle);
  }
}

static void
prepare_refuses (void)
{
  const SmbBackendAbi *abi = smb_cpu_backend ();
  void *ctx = NULL, *prepared = NULL;
  float w[4] = { 0 };
  SmbDeviceInfo info;

  g_assert_cmpint (abi->context_new (0, 1, &ctx), ==, SMB_STATUS_OK);
  g_assert_cmpint (abi->device_describe (0, &info), ==, SMB_STATUS_OK);
  for (int p = SMB_PRECISION_F32; p <= SMB_PRECISION_INT8; p++) {
    SmbStatus status = abi->weight_prepare (ctx, w, 2, 2, (SmbPrecision) p, &prepared);

    g_assert_cmpint (status, ==, info.precisions & (1u << p) ? SMB_STATUS_OK : SMB_STATUS_UNSUPPORTED);
    if (status == SMB_STATUS_OK)
      abi->weight_release (ctx, prepared);
    else
      g_assert_cmpuint (strlen (abi->context_error (ctx)), >, 20);
  }
  abi->context_free (ctx);
}

static void
run_shapes (gconstpointer run)
{
  for (gsize i = 0; i < G_N_ELEMENTS (shapes); i++)
    bench_run ((BenchCase) run, &shapes[i]);
}

static void
run_layers (gconstpointer run)
{
  for (gsize i = 0; i < G_N_ELEMENTS (layers); i++)
    bench_run ((BenchCase) run, &layers[i]);
}

static void
run_bf16_backward (void)
{
  static const Shape several_parts = { 1100, 7, 5 };

  run_layers ((gconstpointer) bf16_backward_case);
  bench_run (bf16_backward_case, &several_parts);
}

static void
run_odd_rows (void)
{
  bench_run (odd_rows_case, NULL);
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
  g_test_add_data_func ("/cpu/gemm", (gconstpointer) gemm_case, run_shapes);
  g_test_add_data_func ("/cpu/linear/forward", (gconstpointer) linear_case, run_layers);
  g_test_add_data_func ("/cpu/linear/low-precision", (gconstpointer) low_precision_case, run_layers);
  g_test_add_func ("/cpu/linear/odd-rows", run_odd_rows);
  g_test_add_data_func ("/cpu/linear/backward", (gconstpointer) linear_backward_case, run_layers);
  g_test_add_func ("/cpu/linear/backward-bf16", run_bf16_backward);
  g_test_add_func ("/cpu/linear/nan", run_nan);
  if (bench_is_cpu ())
    g_test_add_func ("/cpu/linear/refusals", prepare_refuses);
  return g_test_run ();
}
