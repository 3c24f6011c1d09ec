/* SPDX-License-Identifier: Apache-2.0 */
#include "tensor/smb-ops.h"

#include "tensor/smb-ops-private.h"

void
smb_op_linear (SmbExec *exec, SmbTensor *y, SmbTensor *before, const SmbTensor *x, const SmbTensor *w,
               const void *prepared, SmbPrecision precision, const SmbTensor *bias, const SmbTensor *residual,
               SmbEpilogue epilogue)
{
  gint64 n_out = w->rank > 0 ? w->shape[0] : 0, n_in = n_out > 0 ? w->n / n_out : 0, rows = ROWS (x);
  SmbLinearForward a = { .y = y->data, .before = DATA (before), .x = x->data, .w = w->data, .prepared = prepared,
                         .bias = DATA (bias), .residual = DATA (residual), .rows = rows, .n_in = n_in,
                         .n_out = n_out, .x_number = number_of (x), .y_number = number_of (y), .epilogue = epilogue,
                         .precision = precision };

  RUN_HALVES (exec, "linear",
       n_in > 0 && LAST (x) == n_in && y->n == rows * n_out && LAST (y) == n_out && HAS (before, y->n)
         && HAS (bias, n_out) && HAS (residual, y->n) && (before == NULL || before->dtype == y->dtype)
         && (residual == NULL || (residual->dtype == SMB_DTYPE_F32 && y->dtype == SMB_DTYPE_F32)),
       linear_forward (ctx, &a), y, x, w, bias);
}

void
smb_op_linear_backward (SmbExec *exec, SmbTensor *dx, SmbTensor *dw, SmbTensor *dbias, const SmbTensor *dy,
                        const SmbTensor *x, const SmbTensor *w, SmbPrecision precision)
{
  gint64 n_out = w->rank > 0 ? w->shape[0] : 0, n_in = n_out > 0 ? w->n / n_out : 0, rows = ROWS (x);
  SmbLinearBackward a = { .dx = DATA (dx), .dw = DATA (dw), .dbias = DATA (dbias), .dy = dy->data, .x = x->data,
                          .w = w->data, .rows = rows, .n_in = n_in, .n_out = n_out,
                          .dx_number = dx != NULL ? number_of (dx) : SMB_NUMBER_F32, .dy_number = number_of (dy),
                          .x_number = number_of (x), .precision = precision };

  if (dx == NULL && dw == NULL && dbias == NULL)
    return;
  RUN_HALVES (exec, "linear backward",
       n_in > 0 && LAST (x) == n_in && dy->n == rows * n_out && LAST (dy) == n_out && HAS (dx, x->n)
         && HAS (dw, w->n) && HAS (dbias, n_out),
       linear_backward (ctx, &a), dy, x, w);
}

void
smb_op_gemm (SmbExec *exec, SmbTensor *c, const SmbTensor *a, const SmbTensor *b, gboolean trans_a, gboolean trans_b,
             double alpha, double beta)
{
  gint64 m = a->shape[trans_a ? 1 : 0], k = a->shape[trans_a ? 0 : 1], n = b->shape[trans_b ? 0 : 1];

  RUN (exec, "gemm",
       a->rank == 2 && b->rank == 2 && b->shape[trans_b ? 1 : 0] == k && smb_tensor_shape_is (c, 2, m, n),
       gemm (ctx, c->data, a->data, b->data, m, n, k, trans_a, trans_b, (float) alpha, (float) beta), c, a, b);
}

static gboolean
attention_fits (const SmbTensor *y, const SmbTensor *probs, const SmbTensor *mean, const SmbTensor *lse,
                const SmbTensor *qkv, int heads)
{
  gint64 b, t, c;

  if (y->rank != 3 || heads < 1)
    return FALSE;
  b = y->shape[0];
  t = y->shape[1];
  c = y->shape[2];
  return c % heads == 0 && y->dtype == qkv->dtype && smb_tensor_shape_is (qkv, 3, b, t, 3 * c)
         && (probs == NULL || smb_tensor_shape_is (probs, 4, b, (gint64) heads, t, t))
         && (mean == NULL || smb_tensor_shape_is (mean, 3, b, t, t)) && HAS (lse, b * heads * t);
}

void
smb_op_attention (SmbExec *exec, SmbTensor *y, SmbTensor *probs, SmbTensor *mean, SmbTensor *lse, const SmbTensor *qkv,
                  int heads, SmbPrecision precision)
{
  SmbAttentionForward a = { .y = y->data, .probs = DATA (probs), .mean = DATA (mean), .lse = DATA (lse),
                            .qkv = qkv->data, .b = y->shape[0], .t = y->shape[1], .h = heads,
                            .d = LAST (y) / MAX (heads, 1), .number = number_of (y), .precision = precision };

  RUN_HALVES (exec, "attention", attention_fits (y, probs, mean, lse, qkv, heads), attention_forward (ctx, &a), y, qkv);
}

void
smb_op_attention_backward (SmbExec *exec, SmbTensor *dqkv, SmbTensor *dprobs, SmbTensor *relevance,
                           const SmbTensor *dy, const SmbTensor *y, const SmbTensor *qkv, const SmbTensor *lse,
                           int heads, SmbPrecision precision)
{
  SmbAttentionBackward a = { .dqkv = dqkv->data, .dprobs = DATA (dprobs), .relevance = DATA (relevance),
                             .dy = dy->data, .y = y->data, .qkv = qkv->data, .lse = lse->data, .b = y->shape[0],
                             .t = y->shape[1], .h = heads, .d = LAST (y) / MAX (heads, 1), .number = number_of (y),
                             .precision = precision };

  RUN_HALVES (exec, "attention backward",
       attention_fits (y, dprobs, relevance, lse, qkv, heads) && dy->n == y->n && dy->dtype == y->dtype
         && dqkv->n == qkv->n && dqkv->dtype == y->dtype,
       attention_backward (ctx, &a), y, qkv, lse);
}

void
smb_op_layer_norm (SmbExec *exec, SmbTensor *y, SmbTensor *mean, SmbTensor *rstd, const SmbTensor *x,
                   const SmbTensor *w, const SmbTensor *b, double eps)
{
  gint64 c = LAST (x), rows = ROWS (x);

  RUN_HALVES (exec, "layer norm",
       x->dtype == SMB_DTYPE_F32 && y->n == x->n && w->n == c && b->n == c && HAS (mean, rows) && HAS (rstd, rows),
       layer_norm_forward (ctx, y->data, number_of (y), DATA (mean), DATA (rstd), x->data, w->data, b->data, rows, c,
                           (float) eps),
       y, x, w, b);
}

void
smb_op_layer_norm_backward (SmbExec *exec, SmbTensor *dx, SmbTensor *dw, SmbTensor *db, const SmbTensor *dy,
                            const SmbTensor *x, const SmbTensor *w, const SmbTensor *mean, const SmbTensor *rstd)
{
  gint64 c = LAST (x), rows = ROWS (x);
  SmbExecMark mark = smb_exec_mark (exec);

  /* The backend always accumulates both; for a frozen norm they go into scratch that nobody reads. */
  if (dw == NULL) {
    dw = smb_exec_take_like (exec, w);
    smb_op_fill (exec, dw, 0.0f);
  }
  if (db == NULL) {
    db = smb_exec_take_like (exec, w);
    smb_op_fill (exec, db, 0.0f);
  }
  RUN_HALVES (exec, "layer norm backward",
       x->dtype == SMB_DTYPE_F32 && dx->dtype == SMB_DTYPE_F32 && dx->n == x->n && dy->n == x->n && w->n == c
         && dw->n == c && db->n == c && mean->n == rows && rstd->n == rows,
       layer_norm_backward (ctx, dx->data, dw->data, db->data, dy->data, number_of (dy), x->data, w->data, mean->data,
                            rstd->data,
                            rows, c),
       dx, dy, x, w, mean);
  smb_exec_rewind (exec, mark);
}

void
smb_op_gelu (SmbExec *exec, SmbTensor *y, const SmbTensor *x)
{
  RUN_HALVES (exec, "gelu", y->n == x->n && y->dtype == x->dtype,
              gelu_forward (ctx, y->data, x->data, number_of (x), x->n), y, x);
}

void
smb_op_gelu_backward (SmbExec *exec, SmbTensor *dx, const SmbTensor *dy, const SmbTensor *x)
{
  RUN_HALVES (exec, "gelu backward",
              dx->n == x->n && dy->n == x->n && dx->dtype == x->dtype && dy->dtype == x->dtype,
              gelu_backward (ctx, dx->data, dy->data, x->data, number_of (x), x->n), dx, dy, x);
}

void
smb_op_relu (SmbExec *exec, SmbTensor *y, const SmbTensor *x)
{
  RUN (exec, "relu", y->n == x->n, relu_forward (ctx, y->data, x->data, x->n), y, x);
}

void
smb_op_relu_backward (SmbExec *exec, SmbTensor *dx, const SmbTensor *dy, const SmbTensor *y)
{
  RUN (exec, "relu backward", dx->n == y->n && dy->n == y->n,
       relu_backward (ctx, dx->data, dy->data, y->data, y->n), dx, dy, y);
}

void
smb_op_unit_rows (SmbExec *exec, SmbTensor *y, SmbTensor *norm, const SmbTensor *x)
{
  RUN (exec, "unit rows", y->n == x->n && norm->n == ROWS (x),
       unit_rows_forward (ctx, y->data, norm->data, x->data, ROWS (x), LAST (x)), y, x, norm);
}

void
smb_op_unit_rows_backward (SmbExec *exec, SmbTensor *dx, const SmbTensor *dy, const SmbTensor *y,
                           const SmbTensor *norm)
{
  RUN (exec, "unit rows backward", dx->n == y->n && dy->n == y->n && norm->n == ROWS (y),
       unit_rows_backward (ctx, dx->data, dy->data, y->data, norm->data, ROWS (y), LAST (y)), dx, dy, y, norm);
}

void
smb_op_fill (SmbExec *exec, SmbTensor *y, float value)
{
  RUN (exec, "fill", TRUE, fill (ctx, y->data, value, y->n), y);
}

void
smb_op_copy (SmbExec *exec, SmbTensor *y, const SmbTensor *x)
{
  RUN (exec, "copy", y->n == x->n, copy (ctx, y->data, x->data, smb_tensor_get_bytes (x)), y, x);
}

void
smb_op_axpy (SmbExec *exec, SmbTensor *y, float a, const SmbTensor *x)
{
  RUN (exec, "axpy", y->n == x->n, axpy (ctx, y->data, a, x->data, x->n), y, x);
}

static gboolean
gate_fits (const SmbTensor *x, const SmbTensor *gate)
{
  return x->rank > 0 && x->shape[0] > 0 && HAS (gate, x->shape[0]);
}

void
smb_op_residual_add (SmbExec *exec, SmbTensor *y, const SmbTensor *x, const SmbTensor *branch, const SmbTensor *gate)
{
  RUN (exec, "residual add", gate_fits (x, gate) && y->n == x->n && branch->n == x->n,
       residual_add (ctx, y->data, x->data, branch->data, DATA (gate), x->shape[0], x->n / x->shape[0]), y, x, branch);
}

void
smb_op_scale_samples (SmbExec *exec, SmbTensor *y, const SmbTensor *x, const SmbTensor *gate)
{
  RUN (exec, "scale samples", gate_fits (x, gate) && y->n == x->n,
       scale_samples (ctx, y->data, x->data, gate->data, x->shape[0], x->n / x->shape[0]), y, x, gate);
}

void
smb_op_recon_target (SmbExec *exec, SmbTensor *target, SmbTensor *mean, SmbTensor *sd, gboolean normalise)
{
  RUN (exec, "reconstruction target", LAST (target) > 1 && mean->n == ROWS (target) && sd->n == ROWS (target),
       recon_target (ctx, target->data, mean->data, sd->data, ROWS (target), LAST (target), normalise), target, mean,
       sd);
}

void
smb_op_recon_error (SmbExec *exec, SmbTensor *error, const SmbTensor *pred, const SmbTensor *target)
{
  RUN (exec, "reconstruction error", pred->n == target->n && LAST (pred) == LAST (target) && error->n == ROWS (pred),
       recon_error (ctx, error->data, pred->data, target->data, ROWS (pred), LAST (pred)), error, pred, target);
}

void
smb_op_recon_backward (SmbExec *exec, SmbTensor *dpred, const SmbTensor *pred, const SmbTensor *target,
                       const SmbTensor *weight)
{
  RUN (exec, "reconstruction backward",
       dpred->n == pred->n && pred->n == target->n && LAST (pred) == LAST (target) && weight->n == ROWS (pred),
       recon_backward (ctx, dpred->data, pred->data, target->data, weight->data, ROWS (pred), LAST (pred)), dpred,
       pred, target, weight);
}

void
smb_op_adamw (SmbExec *exec, SmbTensor *param, SmbTensor *m, SmbTensor *v, const SmbTensor *grad,
              const SmbAdamW *rates)
{
  SmbAdamW a = *rates;

  a.param = param->data;
  a.m = m->data;
  a.v = v->data;
  a.grad = grad->data;
  a.n = param->n;
  RUN (exec, "adamw", m->n == param->n && v->n == param->n && grad->n == param->n, adamw (ctx, &a), param, m, v,
       grad);
}

void
smb_op_ema (SmbExec *exec, SmbTensor *target, const SmbTensor *online, double momentum)
{
  RUN (exec, "moving average", target->n == online->n, ema (ctx, target->data, online->data, momentum, target->n),
       target, online);
}

double
smb_op_sum_squares (SmbExec *exec, const SmbTensor *x)
{
  double sum = 0.0;

  RUN (exec, "sum of squares", TRUE, sum_squares (ctx, &sum, x->data, x->n), x);
  return sum;
}
