/* SPDX-License-Identifier: Apache-2.0 */
#include "oracle.h"
#include "support.h"

#include <math.h>

typedef struct {
  gint64 b, chans, height, width, patch;
} Picture;

static const Picture pictures[] = { { 1, 1, 1, 1, 1 }, { 2, 3, 12, 20, 4 }, { 1, 3, 28, 14, 14 }, { 3, 2, 9, 15, 3 } };

static void
patch_case (Bench *t, const void *data)
{
  const Picture *s = data;
  gint64 n = s->b * s->chans * s->height * s->width;
  double *exact, *want = bench_double (t, n);
  const float *images = bench_in (t, n, 1, &exact);

  for (int order = SMB_PATCH_CHW; order <= SMB_PATCH_HWC; order++) {
    float *out = bench_out (t, n), *back = bench_out (t, n);

    bench_ok (t, t->abi->patchify (t->ctx, ON (out), ON (images), s->b, s->chans, s->height, s->width, s->patch,
                                   (SmbPatchOrder) order));
    oracle_patchify (want, exact, s->b, s->chans, s->height, s->width, s->patch, (SmbPatchOrder) order);
    bench_expect (t, "patches", out, want, n, 0);
    bench_ok (t, t->abi->unpatchify (t->ctx, ON (back), ON (out), s->b, s->chans, s->height, s->width, s->patch,
                                     (SmbPatchOrder) order));
    bench_expect_same (t, "there and back", back, images, n);
  }
}

typedef struct {
  gint64 b, l, k, c;
} Shape;

static const Shape shapes[]
    = { { 1, 1, 1, 1 }, { 2, 9, 4, 33 }, { 3, 25, 25, 17 }, { 2, 196, 49, 40 }, { 5, 7, 1, 130 } };

typedef struct {
  const Shape *s;
  const double *x, *cls, *pos, *dout;
  const gint32 *index;
  double *out;
  gint64 n, first;
} Loss;

static double
dot (const double *a, const double *b, gint64 n)
{
  double sum = 0;

  for (gint64 i = 0; i < n; i++)
    sum += a[i] * b[i];
  return sum;
}

static double
tokens_loss (const void *user)
{
  const Loss *l = user;

  oracle_tokens (l->out, l->x, l->cls, l->pos, l->index, l->s->b, l->s->k, l->s->c);
  return dot (l->out, l->dout, l->n);
}

static void
tokens_case (Bench *t, const void *data)
{
  const Shape *s = data;

  for (int with_index = 0; with_index < 2; with_index++) {
    gint64 n = s->b * (1 + s->k) * s->c, places = (1 + s->l) * s->c;
    double *x_exact, *cls_exact, *pos_exact, *dout_exact, *dcls_start, *dpos_start, *want = bench_double (t, n);
    gint32 *index = with_index ? bench_index (t, s->b, s->l, s->k) : NULL;
    const float *x = bench_in (t, s->b * s->k * s->c, 1, &x_exact), *cls = bench_in (t, s->c, 1, &cls_exact);
    const float *pos = bench_in (t, places, 1, &pos_exact), *dout = bench_in (t, n, 1, &dout_exact);
    float *out = bench_out (t, n), *dx = bench_out (t, s->b * s->k * s->c), *alone = bench_out (t, s->b * s->k * s->c);
    float *dcls = bench_in (t, s->c, 1, &dcls_start), *dpos = bench_in (t, places, 1, &dpos_start);
    Loss loss = { s, x_exact, cls_exact, pos_exact, dout_exact, index, want, n, 0 };

    bench_ok (t, t->abi->tokens_forward (t->ctx, ON (out), ON (x), ON (cls), ON (pos), ON (index), s->b, s->k, s->c));
    oracle_tokens (want, x_exact, cls_exact, pos_exact, index, s->b, s->k, s->c);
    bench_expect (t, "out", out, want, n, FORWARD_TOLERANCE);
    bench_ok (t, t->abi->tokens_backward (t->ctx, ON (dx), ON (dcls), ON (dpos), ON (dout), ON (index), s->b, s->k,
                                          s->c));
    bench_expect_gradient (t, "dx", dx, NULL, x_exact, s->b * s->k * s->c, tokens_loss, &loss, 20);
    bench_expect_gradient (t, "dcls", dcls, dcls_start, cls_exact, s->c, tokens_loss, &loss, 20);
    bench_expect_gradient (t, "dpos", dpos, dpos_start, pos_exact, places, tokens_loss, &loss, 20);
    bench_ok (t, t->abi->tokens_backward (t->ctx, ON (alone), NULL, NULL, ON (dout), ON (index), s->b, s->k, s->c));
    bench_expect_same (t, "dx alone", alone, dx, s->b * s->k * s->c);
  }
}

static double
unshuffle_loss (const void *user)
{
  const Loss *l = user;

  oracle_unshuffle (l->out, l->x, l->cls, l->pos, l->index, l->s->b, l->s->l, l->s->k, l->s->c);
  return dot (l->out, l->dout, l->n);
}

static void
unshuffle_case (Bench *t, const void *data)
{
  const Shape *s = data;
  gint64 n = s->b * (1 + s->l) * s->c, in = s->b * (1 + s->k) * s->c;
  double *x_exact, *mask_exact, *pos_exact, *dout_exact, *dmask_start, *want = bench_double (t, n);
  gint32 *index = bench_index (t, s->b, s->l, s->k);
  const float *x = bench_in (t, in, 1, &x_exact), *mask = bench_in (t, s->c, 1, &mask_exact);
  const float *pos = bench_in (t, (1 + s->l) * s->c, 1, &pos_exact), *dout = bench_in (t, n, 1, &dout_exact);
  float *out = bench_out (t, n), *dx = bench_out (t, in), *dmask = bench_in (t, s->c, 1, &dmask_start);
  Loss loss = { s, x_exact, mask_exact, pos_exact, dout_exact, index, want, n, 0 };

  bench_ok (t, t->abi->unshuffle_forward (t->ctx, ON (out), ON (x), ON (mask), ON (pos), ON (index), s->b, s->l, s->k,
                                          s->c));
  oracle_unshuffle (want, x_exact, mask_exact, pos_exact, index, s->b, s->l, s->k, s->c);
  bench_expect (t, "out", out, want, n, FORWARD_TOLERANCE);
  bench_ok (t, t->abi->unshuffle_forward (t->ctx, ON (out), ON (x), ON (mask), NULL, ON (index), s->b, s->l, s->k,
                                          s->c));
  oracle_unshuffle (want, x_exact, mask_exact, NULL, index, s->b, s->l, s->k, s->c);
  bench_expect (t, "out without positions", out, want, n, 0);
  bench_ok (t, t->abi->unshuffle_backward (t->ctx, ON (dx), ON (dmask), ON (dout), ON (index), s->b, s->l, s->k, s->c));
  bench_expect_gradient (t, "dx", dx, NULL, x_exact, in, unshuffle_loss, &loss, 20);
  bench_expect_gradient (t, "dmask", dmask, dmask_start, mask_exact, s->c, unshuffle_loss, &loss, 20);
}

static void
gather_case (Bench *t, const void *data)
{
  const Shape *s = data;
  gint64 n = s->b * s->k * s->c;
  double *exact, *want = bench_double (t, n);
  gint32 *index = bench_index (t, s->b, s->l, s->k);
  const float *x = bench_in (t, s->b * s->l * s->c, 1, &exact);
  float *out = bench_out (t, n);

  for (gint64 i = 0; i < n; i++) {
    gint64 row = i / s->c;

    want[i] = exact[(row / s->k * s->l + index[row]) * s->c + i % s->c];
  }
  bench_ok (t, t->abi->gather_rows (t->ctx, ON (out), ON (x), ON (index), s->b, s->l, s->k, s->c));
  bench_expect (t, "rows", out, want, n, 0);
}

static double
mean_loss (const void *user)
{
  const Loss *l = user;

  oracle_mean_tokens (l->out, l->x, l->s->b, l->s->l, l->s->c, l->first);
  return dot (l->out, l->dout, l->n);
}

static void
pool_case (Bench *t, const void *data)
{
  const Shape *s = data;
  gint64 n = s->b * s->c, in = s->b * s->l * s->c;
  double *x_exact, *dout_exact, *want = bench_double (t, n), *row_gradient = bench_double (t, in);
  const float *x = bench_in (t, in, 1, &x_exact), *dout = bench_in (t, n, 1, &dout_exact);
  float *out = bench_out (t, n), *dx = bench_out (t, in);
  gint64 row = s->l - 1;

  for (gint64 first = 0; first < MIN (s->l, 2); first++) {
    Loss loss = { .s = s, .x = x_exact, .dout = dout_exact, .out = want, .n = n, .first = first };

    bench_ok (t, t->abi->mean_tokens_forward (t->ctx, ON (out), ON (x), s->b, s->l, s->c, first));
    oracle_mean_tokens (want, x_exact, s->b, s->l, s->c, first);
    bench_expect (t, "mean", out, want, n, FORWARD_TOLERANCE);
    bench_ok (t, t->abi->mean_tokens_backward (t->ctx, ON (dx), ON (dout), s->b, s->l, s->c, first));
    bench_expect_gradient (t, "dx of mean", dx, NULL, x_exact, in, mean_loss, &loss, 30);
  }
  for (gint64 i = 0; i < n; i++) {
    gint64 at = (i / s->c * s->l + row) * s->c + i % s->c;

    want[i] = x_exact[at];
    row_gradient[at] = dout_exact[i];
  }
  bench_ok (t, t->abi->take_row_forward (t->ctx, ON (out), ON (x), s->b, s->l, s->c, row));
  bench_expect (t, "row", out, want, n, 0);
  bench_ok (t, t->abi->take_row_backward (t->ctx, ON (dx), ON (dout), s->b, s->l, s->c, row));
  bench_expect (t, "dx of row", dx, row_gradient, in, 0);
}

static void
run_pictures (gconstpointer run)
{
  for (gsize i = 0; i < G_N_ELEMENTS (pictures); i++)
    bench_run ((BenchCase) run, &pictures[i]);
}

static void
run_shapes (gconstpointer run)
{
  for (gsize i = 0; i < G_N_ELEMENTS (shapes); i++)
    bench_run ((BenchCase) run, &shapes[i]);
}

int
main (int argc, char **argv)
{
  bench_init (&argc, &argv);
  g_test_add_data_func ("/cpu/layout/patches", (gconstpointer) patch_case, run_pictures);
  g_test_add_data_func ("/cpu/layout/gather", (gconstpointer) gather_case, run_shapes);
  g_test_add_data_func ("/cpu/layout/tokens", (gconstpointer) tokens_case, run_shapes);
  g_test_add_data_func ("/cpu/layout/unshuffle", (gconstpointer) unshuffle_case, run_shapes);
  g_test_add_data_func ("/cpu/layout/pool", (gconstpointer) pool_case, run_shapes);
  return g_test_run ();
}
