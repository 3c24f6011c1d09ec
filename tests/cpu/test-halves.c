/* SPDX-License-Identifier: Apache-2.0 */
#include "oracle.h"
#include "support.h"

#include <math.h>
#include <string.h>

/* Activations that lie in memory as bfloat16 (SMB_NUMBER_BF16), where the device takes them: against the oracle on the
 * same numbers, and against the same operation on float32. */

#define ROUNDED 0.005 /* of the largest: one rounding of a result, and of a bias */

/* n numbers in bfloat16, packed into the floats of a buffer; *exact gets them in double. */
static const void *
halves_in (Bench *t, gint64 n, double deviation, double **exact)
{
  double *numbers = bench_double (t, n), *packed = bench_double (t, n / 2);

  for (gint64 i = 0; i < n; i++) {
    float value = (float) (deviation * smb_rng_normal (&t->rng));
    guint32 bits;

    memcpy (&bits, &value, sizeof bits);
    bits &= 0xffff0000u;
    memcpy (&value, &bits, sizeof value);
    numbers[i] = value;
  }
  for (gint64 i = 0; i < n / 2; i++) {
    float low = (float) numbers[2 * i], high = (float) numbers[2 * i + 1], pair;
    guint32 bits[2];

    memcpy (&bits[0], &low, sizeof low);
    memcpy (&bits[1], &high, sizeof high);
    bits[1] |= bits[0] >> 16;
    memcpy (&pair, &bits[1], sizeof pair);
    packed[i] = pair;
  }
  *exact = numbers;
  return bench_in_exact (t, n / 2, packed);
}

/* The same in float32. */
static const float *
rounded_in (Bench *t, gint64 n, double deviation, double **exact)
{
  halves_in (t, n, deviation, exact);
  return bench_in_exact (t, n, *exact);
}

/* What lies in a buffer of n numbers in bfloat16. */
static const float *
halves_out (Bench *t, const float *buffer, gint64 n)
{
  const guint16 *halves = (const guint16 *) buffer;
  float *out = bench_out (t, n);

  for (gint64 i = 0; i < n; i++) {
    guint32 bits = (guint32) halves[i] << 16;

    memcpy (&out[i], &bits, sizeof bits);
  }
  return out;
}

static const double *
as_doubles (Bench *t, const float *x, gint64 n)
{
  double *out = bench_double (t, n);

  for (gint64 i = 0; i < n; i++)
    out[i] = x[i];
  return out;
}

/* FALSE, and the test is said to be skipped, where activations stay float32. */
static gboolean
takes_halves (Bench *t)
{
  if (t->device != NULL && t->device->info.halves)
    return TRUE;
  g_test_skip ("this device keeps activations in float32");
  return FALSE;
}

typedef struct {
  gint64 rows, n_in, n_out;
} Linear;

static const Linear linears[] = { { 1, 8, 8 }, { 5, 24, 16 }, { 70, 64, 192 } };

static void
linear_forward_case (Bench *t, const void *data)
{
  const Linear *s = data;
  static const SmbEpilogue epilogues[] = { SMB_EPILOGUE_NONE, SMB_EPILOGUE_GELU, SMB_EPILOGUE_RELU };
  gint64 n = s->rows * s->n_out;
  double *x_exact, *w_exact, *bias_exact, *residual_exact, *y = bench_double (t, n), *before = bench_double (t, n);
  const void *x = halves_in (t, s->rows * s->n_in, 1, &x_exact);
  const float *w = rounded_in (t, s->n_in * s->n_out, 0.3, &w_exact), *bias = bench_in (t, s->n_out, 1, &bias_exact);
  const float *residual = bench_in (t, n, 1, &residual_exact);

  if (!takes_halves (t))
    return;
  for (guint e = 0; e < G_N_ELEMENTS (epilogues); e++)
    for (int keep = 0; keep < 2; keep++) {
      float *got = bench_out (t, n / 2), *kept = keep ? bench_out (t, n / 2) : NULL;
      SmbLinearForward a = { .y = got, .before = kept, .x = x, .w = w, .bias = bias, .rows = s->rows, .n_in = s->n_in,
                             .n_out = s->n_out, .x_number = SMB_NUMBER_BF16, .y_number = SMB_NUMBER_BF16,
                             .epilogue = epilogues[e], .precision = SMB_PRECISION_BF16 };

      oracle_linear (y, before, x_exact, w_exact, bias_exact, NULL, s->rows, s->n_in, s->n_out, epilogues[e]);
      bench_ok (t, t->abi->linear_forward (t->ctx, ON_ALL (a)));
      bench_expect (t, "y", halves_out (t, got, n), y, n, 2 * ROUNDED);
      if (keep)
        bench_expect (t, "before", halves_out (t, kept, n), before, n, ROUNDED);
    }
  { /* into the stream between blocks, which stays float32 */
    float *got = bench_out (t, n);
    SmbLinearForward a = { .y = got, .x = x, .w = w, .bias = bias, .residual = residual, .rows = s->rows,
                           .n_in = s->n_in, .n_out = s->n_out, .x_number = SMB_NUMBER_BF16,
                           .precision = SMB_PRECISION_BF16 };

    oracle_linear (y, before, x_exact, w_exact, bias_exact, residual_exact, s->rows, s->n_in, s->n_out,
                   SMB_EPILOGUE_NONE);
    bench_ok (t, t->abi->linear_forward (t->ctx, ON_ALL (a)));
    bench_expect (t, "y in float32", got, y, n, FORWARD_TOLERANCE);
  }
}

static void
linear_backward_case (Bench *t, const void *data)
{
  const Linear *s = data;
  gint64 n_x = s->rows * s->n_in, n_y = s->rows * s->n_out, n_w = s->n_in * s->n_out;
  double *x_exact, *dy_exact, *w_exact, *dx = bench_double (t, n_x), *dw = bench_double (t, n_w);
  double *dbias = bench_double (t, s->n_out);
  const void *x = halves_in (t, n_x, 1, &x_exact), *dy = halves_in (t, n_y, 1, &dy_exact);
  const float *w = rounded_in (t, n_w, 0.3, &w_exact), *dy_float = bench_in_exact (t, n_y, dy_exact);

  if (!takes_halves (t))
    return;
  oracle_gemm (dx, dy_exact, w_exact, s->rows, s->n_in, s->n_out, 0, 0, 1, 0);
  oracle_gemm (dw, dy_exact, x_exact, s->n_out, s->n_in, s->rows, 1, 0, 1, 0);
  for (gint64 i = 0; i < n_y; i++)
    dbias[i % s->n_out] += dy_exact[i];
  for (int halves = 0; halves < 2; halves++) {
    float *dx_got = bench_out (t, n_x / 2), *dw_got = bench_out (t, n_w), *dbias_got = bench_out (t, s->n_out);
    SmbLinearBackward a = { .dx = dx_got, .dw = dw_got, .dbias = dbias_got, .dy = halves ? dy : dy_float, .x = x, .w = w,
                            .rows = s->rows, .n_in = s->n_in, .n_out = s->n_out, .dx_number = SMB_NUMBER_BF16,
                            .dy_number = halves ? SMB_NUMBER_BF16 : SMB_NUMBER_F32, .x_number = SMB_NUMBER_BF16,
                            .precision = SMB_PRECISION_BF16 };

    memset (dw_got, 0, (gsize) n_w * sizeof *dw_got);
    memset (dbias_got, 0, (gsize) s->n_out * sizeof *dbias_got);
    bench_ok (t, t->abi->linear_backward (t->ctx, ON_ALL (a)));
    bench_expect (t, "dx", halves_out (t, dx_got, n_x), dx, n_x, ROUNDED);
    bench_expect (t, "dw", dw_got, dw, n_w, GRADIENT_TOLERANCE);
    bench_expect (t, "dbias", dbias_got, dbias, s->n_out, GRADIENT_TOLERANCE);
  }
}

static void
norm_case (Bench *t, const void *data)
{
  const Linear *s = data;
  gint64 n = s->rows * s->n_in, c = s->n_in;
  double *x_exact, *w_exact, *b_exact, *dy_exact, *y = bench_double (t, n);
  const float *x = bench_in (t, n, 1, &x_exact), *w = bench_in (t, c, 1, &w_exact), *b = bench_in (t, c, 1, &b_exact);
  const void *dy = halves_in (t, n, 1, &dy_exact);
  const float *dy_float = bench_in_exact (t, n, dy_exact);
  float *y_got = bench_out (t, n / 2), *mean = bench_out (t, s->rows), *rstd = bench_out (t, s->rows);
  float *grads[2][3];

  if (!takes_halves (t))
    return;
  bench_ok (t, t->abi->layer_norm_forward (t->ctx, ON (y_got), SMB_NUMBER_BF16, ON (mean), ON (rstd), ON (x), ON (w),
                                           ON (b), s->rows, c, 1e-6f));
  oracle_layer_norm (y, NULL, NULL, x_exact, w_exact, b_exact, s->rows, c, (double) 1e-6f);
  bench_expect (t, "y", halves_out (t, y_got, n), y, n, ROUNDED);
  for (int halves = 0; halves < 2; halves++) {
    float **g = grads[halves];

    g[0] = bench_out (t, n);
    for (int i = 1; i < 3; i++) {
      g[i] = bench_out (t, c);
      memset (g[i], 0, (gsize) c * sizeof (float));
    }
    bench_ok (t, t->abi->layer_norm_backward (t->ctx, ON (g[0]), ON (g[1]), ON (g[2]),
                                              halves ? ON (dy) : ON (dy_float),
                                              halves ? SMB_NUMBER_BF16 : SMB_NUMBER_F32, ON (x), ON (w), ON (mean),
                                              ON (rstd), s->rows, c));
  }
  for (int i = 0; i < 3; i++) /* the same numbers in, the same arithmetic */
    bench_expect_same (t, "gradients", grads[1][i], grads[0][i], i == 0 ? n : c);
}

static void
gelu_case (Bench *t, const void *data)
{
  const Linear *s = data;
  gint64 n = s->rows * s->n_in;
  double *x_exact, *dy_exact, *y = bench_double (t, n);
  const void *x = halves_in (t, n, 2, &x_exact), *dy = halves_in (t, n, 1, &dy_exact);
  const float *x_float = bench_in_exact (t, n, x_exact), *dy_float = bench_in_exact (t, n, dy_exact);
  float *got = bench_out (t, n / 2), *dx = bench_out (t, n / 2), *dx_float = bench_out (t, n);

  if (!takes_halves (t))
    return;
  for (gint64 i = 0; i < n; i++)
    y[i] = oracle_gelu (x_exact[i]);
  bench_ok (t, t->abi->gelu_forward (t->ctx, ON (got), ON (x), SMB_NUMBER_BF16, n));
  bench_expect (t, "y", halves_out (t, got, n), y, n, ROUNDED);
  bench_ok (t, t->abi->gelu_backward (t->ctx, ON (dx), ON (dy), ON (x), SMB_NUMBER_BF16, n));
  bench_ok (t, t->abi->gelu_backward (t->ctx, ON (dx_float), ON (dy_float), ON (x_float), SMB_NUMBER_F32, n));
  bench_expect (t, "dx", halves_out (t, dx, n), as_doubles (t, dx_float, n), n, ROUNDED);
  bench_ok (t, t->abi->gelu_backward (t->ctx, ON (dy), ON (dy), ON (x), SMB_NUMBER_BF16, n));
  bench_expect_same (t, "dx in place", dy, dx, n / 2);
}

/* Heads that fill a tile, that fill none, and whose rows begin anywhere. */
typedef struct {
  gint64 b, t, h, d;
} Attention;

static const Attention attentions[] = { { 2, 5, 1, 8 }, { 1, 70, 2, 64 }, { 1, 33, 2, 12 }, { 2, 9, 8, 3 }, { 1, 66, 1, 72 } };

static void
attention_case (Bench *t, const void *data)
{
  const Attention *s = data;
  gint64 n = s->b * s->t * s->h * s->d, square = s->b * s->h * s->t * s->t, rows = s->b * s->h * s->t;
  double *qkv_exact, *dy_exact, *y = bench_double (t, n), *probs = bench_double (t, square);
  const void *qkv = halves_in (t, 3 * n, 1, &qkv_exact), *dy = halves_in (t, n, 1, &dy_exact);
  const float *qkv_float = bench_in_exact (t, 3 * n, qkv_exact), *dy_float = bench_in_exact (t, n, dy_exact);
  float *y_got = bench_out (t, n / 2), *probs_got = bench_out (t, square), *lse = bench_out (t, rows);
  float *y_float = bench_out (t, n), *lse_float = bench_out (t, rows);
  float *dqkv = bench_out (t, 3 * n / 2), *dqkv_float = bench_out (t, 3 * n);
  SmbAttentionForward a = { .y = y_got, .probs = probs_got, .lse = lse, .qkv = qkv, .b = s->b, .t = s->t, .h = s->h,
                            .d = s->d, .number = SMB_NUMBER_BF16, .precision = SMB_PRECISION_BF16 };
  SmbAttentionForward a_float = { .y = y_float, .lse = lse_float, .qkv = qkv_float, .b = s->b, .t = s->t, .h = s->h,
                                  .d = s->d, .precision = SMB_PRECISION_BF16 };
  SmbAttentionBackward g = { .dqkv = dqkv, .dy = dy, .y = y_got, .qkv = qkv, .lse = lse, .b = s->b, .t = s->t,
                             .h = s->h, .d = s->d, .number = SMB_NUMBER_BF16, .precision = SMB_PRECISION_BF16 };
  SmbAttentionBackward g_float = { .dqkv = dqkv_float, .dy = dy_float, .y = y_float, .qkv = qkv_float,
                                   .lse = lse_float, .b = s->b, .t = s->t, .h = s->h, .d = s->d,
                                   .precision = SMB_PRECISION_BF16 };

  if (!takes_halves (t))
    return;
  oracle_attention (y, probs, NULL, qkv_exact, s->b, s->t, s->h, s->d);
  bench_ok (t, t->abi->attention_forward (t->ctx, ON_ALL (a)));
  bench_expect (t, "y", halves_out (t, y_got, n), y, n, 2 * ROUNDED);
  bench_expect (t, "probs", probs_got, probs, square, FORWARD_TOLERANCE);
  bench_ok (t, t->abi->attention_forward (t->ctx, ON_ALL (a_float)));
  bench_expect_same (t, "lse", lse, lse_float, rows);
  bench_ok (t, t->abi->attention_backward (t->ctx, ON_ALL (g)));
  bench_ok (t, t->abi->attention_backward (t->ctx, ON_ALL (g_float)));
  bench_expect (t, "dqkv", halves_out (t, dqkv, 3 * n), as_doubles (t, dqkv_float, 3 * n), 3 * n, 2 * ROUNDED);
}

/* A case over its shapes. */
typedef struct {
  BenchCase run;
  const char *shapes;
  gsize each, count;
} Cases;

#define CASES(run, shapes) { run, (const char *) (shapes), sizeof (shapes)[0], G_N_ELEMENTS (shapes) }

static void
run_cases (gconstpointer data)
{
  const Cases *cases = data;

  for (gsize i = 0; i < cases->count; i++)
    bench_run (cases->run, cases->shapes + i * cases->each);
}

int
main (int argc, char **argv)
{
  static const Cases forward = CASES (linear_forward_case, linears), backward = CASES (linear_backward_case, linears);
  static const Cases norm = CASES (norm_case, linears), gelu = CASES (gelu_case, linears);
  static const Cases attention = CASES (attention_case, attentions);

  bench_init (&argc, &argv);
  g_test_add_data_func ("/halves/linear/forward", &forward, run_cases);
  g_test_add_data_func ("/halves/linear/backward", &backward, run_cases);
  g_test_add_data_func ("/halves/layer-norm", &norm, run_cases);
  g_test_add_data_func ("/halves/gelu", &gelu, run_cases);
  g_test_add_data_func ("/halves/attention", &attention, run_cases);
  return g_test_run ();
}
