/* SPDX-License-Identifier: Apache-2.0 */
#include "oracle.h"
#include "support.h"

#include <float.h>
#include <math.h>

typedef struct {
  gint64 b, t, h, d;
  double deviation; /* large: one probability near 1 */
  SmbPrecision precision;
} Shape;

/* Factors in bfloat16 where the device takes them so. */
#define BF16_TOLERANCE 1e-2

static const Shape small[] = {
  { 1, 1, 1, 1, 1 }, { 2, 5, 3, 7, 1 }, { 1, 17, 2, 64, 1 }, { 3, 33, 1, 16, 0.1 }, { 1, 23, 2, 8, 6 },
};
static const Shape large[] = { { 1, 197, 2, 32, 1 }, { 1, 300, 1, 20, 1 } };
static const Shape halves[] = {
  { 2, 5, 3, 7, 1, SMB_PRECISION_BF16 },
  { 1, 64, 2, 64, 1, SMB_PRECISION_BF16 },
  { 1, 70, 1, 96, 1, SMB_PRECISION_BF16 },
  { 1, 197, 1, 64, 1, SMB_PRECISION_BF16 },
};

static double
tolerance_of (const Shape *s)
{
  return s->precision == SMB_PRECISION_BF16 ? BF16_TOLERANCE : FORWARD_TOLERANCE;
}

static void
forward_case (Bench *t, const void *data)
{
  const Shape *s = data;
  gint64 c = s->h * s->d, out = s->b * s->t * c, rows = s->b * s->h * s->t;
  double *exact, *y = bench_double (t, out), *probs = bench_double (t, rows * s->t), *lse = bench_double (t, rows);
  SmbAttentionForward a = { .b = s->b, .t = s->t, .h = s->h, .d = s->d, .precision = s->precision }, bare;

  a.qkv = bench_in (t, s->b * s->t * 3 * c, s->deviation, &exact);
  a.y = bench_out (t, out);
  a.probs = bench_out (t, rows * s->t);
  a.lse = bench_out (t, rows);
  bench_ok (t, t->abi->attention_forward (t->ctx, ON_ALL (a)));
  oracle_attention (y, probs, lse, exact, s->b, s->t, s->h, s->d);
  bench_expect (t, "y", a.y, y, out, tolerance_of (s));
  bench_expect (t, "probs", a.probs, probs, rows * s->t, tolerance_of (s));
  bench_expect (t, "lse", a.lse, lse, rows, tolerance_of (s));
  for (gint64 r = 0; r < rows; r++) { /* an invariant that needs no oracle */
    double sum = 0;

    for (gint64 j = 0; j < s->t; j++)
      sum += a.probs[r * s->t + j];
    g_assert_cmpfloat_with_epsilon (sum, 1.0, 2e-6);
  }
  bare = a;
  bare.y = bench_out (t, out);
  bare.probs = bare.lse = NULL;
  bench_ok (t, t->abi->attention_forward (t->ctx, ON_ALL (bare)));
  bench_expect_same (t, "y without probs", bare.y, a.y, out);
}

/* The mean over heads: with and without the probabilities that it is the mean of, it and all beside it the same bytes.
 */
static void
mean_case (Bench *t, const void *data)
{
  const Shape *s = data;
  gint64 c = s->h * s->d, out = s->b * s->t * c, square = s->t * s->t, rows = s->b * s->h * s->t;
  double *exact, *y = bench_double (t, out), *probs = bench_double (t, rows * s->t);
  double *mean = bench_double (t, s->b * square), *of_probs = bench_double (t, s->b * square);
  SmbAttentionForward a = { .b = s->b, .t = s->t, .h = s->h, .d = s->d, .precision = s->precision }, both, plain;

  a.qkv = bench_in (t, s->b * s->t * 3 * c, s->deviation, &exact);
  plain = both = a;
  a.y = bench_out (t, out);
  a.mean = bench_out (t, s->b * square);
  bench_ok (t, t->abi->attention_forward (t->ctx, ON_ALL (a)));
  both.y = bench_out (t, out);
  both.mean = bench_out (t, s->b * square);
  both.probs = bench_out (t, rows * s->t);
  both.lse = bench_out (t, rows);
  bench_ok (t, t->abi->attention_forward (t->ctx, ON_ALL (both)));
  plain.y = bench_out (t, out);
  plain.probs = bench_out (t, rows * s->t);
  plain.lse = bench_out (t, rows);
  bench_ok (t, t->abi->attention_forward (t->ctx, ON_ALL (plain)));
  oracle_attention (y, probs, NULL, exact, s->b, s->t, s->h, s->d);
  for (gint64 i = 0; i < s->b * square; i++) {
    mean[i] = of_probs[i] = 0;
    for (gint64 h = 0; h < s->h; h++) {
      gint64 at = (i / square * s->h + h) * square + i % square;

      mean[i] += probs[at] / (double) s->h;
      of_probs[i] += (double) both.probs[at] / (double) s->h;
    }
    /* Of positive numbers, a rounding a head. */
    g_assert_cmpfloat_with_epsilon ((double) both.mean[i], of_probs[i],
                                    of_probs[i] * (double) (s->h + 1) * (double) FLT_EPSILON + (double) FLT_MIN);
  }
  bench_expect (t, "mean", a.mean, mean, s->b * square, tolerance_of (s));
  bench_expect_same (t, "mean with probs", both.mean, a.mean, s->b * square);
  bench_expect_same (t, "y with mean alone", a.y, plain.y, out);
  bench_expect_same (t, "y with mean and probs", both.y, plain.y, out);
  bench_expect_same (t, "probs with mean", both.probs, plain.probs, rows * s->t);
  bench_expect_same (t, "lse with mean", both.lse, plain.lse, rows);
}

typedef struct {
  const Shape *s;
  const double *qkv, *dy, *probs;
  double *y;
} Loss;

static double
weighted_output (const void *user)
{
  const Loss *l = user;
  double sum = 0;

  oracle_attention (l->y, NULL, NULL, l->qkv, l->s->b, l->s->t, l->s->h, l->s->d);
  for (gint64 i = 0; i < l->s->b * l->s->t * l->s->h * l->s->d; i++)
    sum += l->y[i] * l->dy[i];
  return sum;
}

/* The loss as a function of free probabilities: what d loss / d probs means. */
static double
weighted_output_of_probs (const void *user)
{
  const Loss *l = user;
  gint64 t = l->s->t, h = l->s->h, d = l->s->d, c = h * d;
  double sum = 0;

  for (gint64 b = 0; b < l->s->b; b++)
    for (gint64 n = 0; n < h; n++)
      for (gint64 i = 0; i < t; i++)
        for (gint64 j = 0; j < t; j++)
          for (gint64 x = 0; x < d; x++)
            sum += l->probs[((b * h + n) * t + i) * t + j] * l->qkv[(b * t + j) * 3 * c + 2 * c + n * d + x]
                   * l->dy[(b * t + i) * c + n * d + x];
  return sum;
}

static void
backward_case (Bench *t, const void *data)
{
  const Shape *s = data;
  gint64 c = s->h * s->d, out = s->b * s->t * c, rows = s->b * s->h * s->t;
  double *exact, *dy, *probs = bench_double (t, rows * s->t), *y = bench_double (t, out);
  SmbAttentionForward f = { .b = s->b, .t = s->t, .h = s->h, .d = s->d, .precision = s->precision };
  SmbAttentionBackward a = { .b = s->b, .t = s->t, .h = s->h, .d = s->d, .precision = s->precision }, bare;
  Loss loss = { .s = s, .y = y, .probs = probs };
  gint64 places = s->t > 100 ? 4 : 40;

  if (s->precision == SMB_PRECISION_BF16)
    t->gradient_tolerance = 2 * BF16_TOLERANCE;
  f.qkv = a.qkv = bench_in (t, s->b * s->t * 3 * c, s->deviation, &exact);
  f.y = bench_out (t, out);
  f.lse = bench_out (t, rows);
  bench_ok (t, t->abi->attention_forward (t->ctx, ON_ALL (f)));
  a.dy = bench_in (t, out, 1, &dy);
  a.y = f.y;
  a.lse = f.lse;
  a.dqkv = bench_out (t, s->b * s->t * 3 * c);
  a.dprobs = bench_out (t, rows * s->t);
  bench_ok (t, t->abi->attention_backward (t->ctx, ON_ALL (a)));
  loss.qkv = exact;
  loss.dy = dy;
  bench_expect_gradient (t, "dqkv", a.dqkv, NULL, exact, s->b * s->t * 3 * c, weighted_output, &loss, places);
  oracle_attention (y, probs, NULL, exact, s->b, s->t, s->h, s->d);
  bench_expect_gradient (t, "dprobs", a.dprobs, NULL, probs, rows * s->t, weighted_output_of_probs, &loss, places);
  bare = a;
  bare.dprobs = NULL;
  bare.dqkv = bench_out (t, s->b * s->t * 3 * c);
  bench_ok (t, t->abi->attention_backward (t->ctx, ON_ALL (bare)));
  bench_expect_same (t, "dqkv without dprobs", bare.dqkv, a.dqkv, s->b * s->t * 3 * c);
}

/* The mean over heads of max (0, probs dprobs), against float64, against the two squares that it is made of, and beside
 * them the same bytes. */
static void
relevance_case (Bench *t, const void *data)
{
  const Shape *s = data;
  gint64 c = s->h * s->d, out = s->b * s->t * c, rows = s->b * s->h * s->t, square = s->t * s->t;
  double *exact, *dy, *probs = bench_double (t, rows * s->t), *y = bench_double (t, out);
  double *want = bench_double (t, s->b * square), *of_squares = bench_double (t, s->b * square);
  SmbAttentionForward f = { .b = s->b, .t = s->t, .h = s->h, .d = s->d, .precision = s->precision };
  SmbAttentionBackward a = { .b = s->b, .t = s->t, .h = s->h, .d = s->d, .precision = s->precision }, alone;
  double tolerance = s->precision == SMB_PRECISION_BF16 ? 2 * BF16_TOLERANCE : FORWARD_TOLERANCE, most = 0;

  f.qkv = a.qkv = bench_in (t, s->b * s->t * 3 * c, s->deviation, &exact);
  f.y = bench_out (t, out);
  f.lse = bench_out (t, rows);
  f.probs = bench_out (t, rows * s->t);
  bench_ok (t, t->abi->attention_forward (t->ctx, ON_ALL (f)));
  a.dy = bench_in (t, out, 1, &dy);
  a.y = f.y;
  a.lse = f.lse;
  alone = a;
  a.dqkv = bench_out (t, s->b * s->t * 3 * c);
  a.dprobs = bench_out (t, rows * s->t);
  a.relevance = bench_out (t, s->b * square);
  bench_ok (t, t->abi->attention_backward (t->ctx, ON_ALL (a)));
  alone.dqkv = bench_out (t, s->b * s->t * 3 * c);
  alone.relevance = bench_out (t, s->b * square);
  bench_ok (t, t->abi->attention_backward (t->ctx, ON_ALL (alone)));
  oracle_attention (y, probs, NULL, exact, s->b, s->t, s->h, s->d);
  for (gint64 i = 0; i < s->b * square; i++) {
    want[i] = of_squares[i] = 0;
    for (gint64 n = 0; n < s->h; n++) {
      gint64 b = i / square, at = (b * s->h + n) * square + i % square, query = i % square / s->t, key = i % s->t;
      double dp = 0;

      for (gint64 x = 0; x < s->d; x++)
        dp += dy[(b * s->t + query) * c + n * s->d + x] * exact[(b * s->t + key) * 3 * c + 2 * c + n * s->d + x];
      want[i] += fmax (probs[at] * dp, 0) / (double) s->h;
      of_squares[i] += fmax ((double) f.probs[at] * (double) a.dprobs[at], 0) / (double) s->h;
    }
    most = fmax (most, want[i]);
  }
  bench_expect (t, "relevance", a.relevance, want, s->b * square, tolerance);
  for (gint64 i = 0; i < s->b * square; i++) /* probabilities made again from lse, which may be large */
    g_assert_cmpfloat_with_epsilon ((double) a.relevance[i], of_squares[i], 1e-5 * most);
  bench_expect_same (t, "relevance without dprobs", alone.relevance, a.relevance, s->b * square);
  bench_expect_same (t, "dqkv with relevance", alone.dqkv, a.dqkv, s->b * s->t * 3 * c);
}

/* A NaN in one sample's input is seen in that sample's output and in no other. */
static void
nan_case (Bench *t, const void *data)
{
  SmbAttentionForward a = { .b = 2, .t = 19, .h = 2, .d = 8 };
  gint64 out = 19 * 16;
  float *qkv = bench_in (t, 2 * 19 * 48, 1, NULL);

  qkv[3 * 48 + 16 + 2] = NAN; /* a key of head 0 */
  a.qkv = qkv;
  a.y = bench_out (t, 2 * out);
  a.mean = bench_out (t, 2 * 19 * 19);
  bench_ok (t, t->abi->attention_forward (t->ctx, ON_ALL (a)));
  for (gint64 i = 0; i < 2 * out; i++)
    g_assert_true (isnan (((const float *) a.y)[i]) == (i < out && i % 16 < 8));
  for (gint64 i = 0; i < 2 * 19 * 19; i++)
    g_assert_true (isnan (a.mean[i]) == (i < 19 * 19));
}

/* Nor does it become a zero in the relevance, where all that is not positive does. */
static void
nan_relevance_case (Bench *t, const void *data)
{
  SmbAttentionForward f = { .b = 2, .t = 19, .h = 2, .d = 8 };
  SmbAttentionBackward a = { .b = 2, .t = 19, .h = 2, .d = 8 };
  float *dy = bench_in (t, 2 * 19 * 16, 1, NULL);

  f.qkv = a.qkv = bench_in (t, 2 * 19 * 48, 1, NULL);
  f.y = bench_out (t, 2 * 19 * 16);
  f.lse = bench_out (t, 2 * 2 * 19);
  bench_ok (t, t->abi->attention_forward (t->ctx, ON_ALL (f)));
  dy[5 * 16 + 8 + 3] = NAN; /* of a query, head 1 */
  a.dy = dy;
  a.y = f.y;
  a.lse = f.lse;
  a.dqkv = bench_out (t, 2 * 19 * 48);
  a.relevance = bench_out (t, 2 * 19 * 19);
  bench_ok (t, t->abi->attention_backward (t->ctx, ON_ALL (a)));
  for (gint64 i = 0; i < 2 * 19 * 19; i++)
    g_assert_true (isnan (a.relevance[i]) == (i / 19 == 5));
}

static void
run_small (gconstpointer run)
{
  for (gsize i = 0; i < G_N_ELEMENTS (small); i++)
    bench_run ((BenchCase) run, &small[i]);
}

static void
run_large (gconstpointer run)
{
  for (gsize i = 0; i < G_N_ELEMENTS (large); i++)
    bench_run ((BenchCase) run, &large[i]);
}

static void
run_halves (gconstpointer run)
{
  for (gsize i = 0; i < G_N_ELEMENTS (halves); i++)
    bench_run ((BenchCase) run, &halves[i]);
}

static void
run_nan (void)
{
  bench_run (nan_case, NULL);
  bench_run (nan_relevance_case, NULL);
}

int
main (int argc, char **argv)
{
  bench_init (&argc, &argv);
  g_test_add_data_func ("/cpu/attention/forward", (gconstpointer) forward_case, run_small);
  g_test_add_data_func ("/cpu/attention/forward/197", (gconstpointer) forward_case, run_large);
  g_test_add_data_func ("/cpu/attention/mean", (gconstpointer) mean_case, run_small);
  g_test_add_data_func ("/cpu/attention/mean/197", (gconstpointer) mean_case, run_large);
  g_test_add_data_func ("/cpu/attention/mean/bf16", (gconstpointer) mean_case, run_halves);
  g_test_add_data_func ("/cpu/attention/backward", (gconstpointer) backward_case, run_small);
  g_test_add_data_func ("/cpu/attention/backward/197", (gconstpointer) backward_case, run_large);
  g_test_add_data_func ("/cpu/attention/forward/bf16", (gconstpointer) forward_case, run_halves);
  g_test_add_data_func ("/cpu/attention/backward/bf16", (gconstpointer) backward_case, run_halves);
  g_test_add_data_func ("/cpu/attention/relevance", (gconstpointer) relevance_case, run_small);
  g_test_add_data_func ("/cpu/attention/relevance/197", (gconstpointer) relevance_case, run_large);
  g_test_add_data_func ("/cpu/attention/relevance/bf16", (gconstpointer) relevance_case, run_halves);
  g_test_add_func ("/cpu/attention/nan", run_nan);
  return g_test_run ();
}
