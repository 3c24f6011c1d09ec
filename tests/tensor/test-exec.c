/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <string.h>

#include "base/smb-error.h"
#include "tensor/smb-ops.h"

static SmbDevice *
cpu (void)
{
  static SmbDevice *device;
  GError *error = NULL;

  if (device == NULL)
    device = smb_device_open ("cpu", 1, &error);
  g_assert_no_error (error);
  return device;
}

static SmbTensor *
host (int rank, const gint64 *shape)
{
  SmbTensor *t = smb_tensor_new (SMB_DTYPE_F32, rank, shape);

  for (gint64 i = 0; i < t->n; i++)
    ((float *) t->data)[i] = (float) sin ((double) i);
  return t;
}

/* A small program, run dry and for real: y = x . w^T, with scratch taken and given back. */
static SmbTensor *
program (SmbExec *exec, const SmbTensor *x_host, const SmbTensor *w_host)
{
  SmbTensor *x = smb_exec_upload (exec, x_host), *w = smb_exec_upload (exec, w_host);
  SmbTensor *y = smb_take (exec, x->shape[0], w->shape[0]);
  SmbExecMark mark = smb_exec_mark (exec);
  SmbTensor *big = smb_take (exec, 1000);

  smb_op_fill (exec, big, 1.0f);
  smb_exec_rewind (exec, mark);
  smb_op_linear (exec, y, NULL, x, w, NULL, SMB_PRECISION_F32, NULL, NULL, SMB_EPILOGUE_NONE);
  return smb_exec_download (exec, y);
}

static void
test_plan_and_run (void)
{
  const gint64 xs[] = { 3, 5 }, ws[] = { 2, 5 };
  g_autoptr (SmbTensor) x = host (2, xs), w = host (2, ws), y = NULL;
  g_autoptr (SmbExec) exec = smb_exec_new (cpu ());
  GError *error = NULL;
  gsize planned;

  smb_exec_begin (exec, NULL, TRUE);
  g_assert_null (program (exec, x, w));
  g_assert_true (smb_exec_finish (exec, &error));
  planned = smb_exec_get_peak_bytes (exec);
  g_assert_cmpuint (planned, >=, 4000);
  g_assert_cmpuint (planned, <, 4500);
  g_assert_true (smb_exec_reserve (exec, &error));
  smb_exec_begin (exec, NULL, FALSE);
  y = program (exec, x, w);
  g_assert_true (smb_exec_finish (exec, &error));
  g_assert_cmpuint (smb_exec_get_peak_bytes (exec), ==, planned);
  for (int i = 0; i < 3; i++)
    for (int j = 0; j < 2; j++) {
      double sum = 0.0;

      for (int k = 0; k < 5; k++)
        sum += sin (i * 5 + k) * sin (j * 5 + k);
      g_assert_cmpfloat_with_epsilon ((double) ((float *) y->data)[i * 2 + j], sum, 1e-6);
    }
}

/* More than was planned is an error, not an overrun. */
static void
test_unplanned (void)
{
  g_autoptr (SmbExec) exec = smb_exec_new (cpu ());
  g_autoptr (GError) error = NULL;
  SmbTensor *t;

  smb_exec_begin (exec, NULL, FALSE);
  t = smb_take (exec, 64);
  smb_op_fill (exec, t, 1.0f);
  g_assert_false (smb_exec_finish (exec, &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_MEMORY);
}

/* The first misfit is kept, whatever follows. */
static void
test_sticky_misfit (void)
{
  g_autoptr (SmbExec) exec = smb_exec_new (cpu ());
  g_autoptr (GError) error = NULL;
  SmbTensor *x, *w, *y;

  smb_exec_begin (exec, NULL, TRUE);
  x = smb_take (exec, 3, 5);
  w = smb_take (exec, 2, 4);
  y = smb_take (exec, 3, 2);
  smb_op_linear (exec, y, NULL, x, w, NULL, SMB_PRECISION_F32, NULL, NULL, SMB_EPILOGUE_NONE);
  smb_op_copy (exec, x, w);
  g_assert_false (smb_exec_finish (exec, &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_MISMATCH);
  g_assert_nonnull (strstr (error->message, "linear"));
  g_assert_nonnull (strstr (error->message, "(2, 4)"));
}

#define MISFIT(call)                                                                                                   \
  G_STMT_START                                                                                                         \
  {                                                                                                                    \
    g_autoptr (GError) e = NULL;                                                                                       \
    smb_exec_begin (exec, NULL, TRUE);                                                                                 \
    SmbTensor *a = smb_take (exec, 2, 5, 6), *b = smb_take (exec, 2, 4, 6), *c = smb_take (exec, 6),                   \
              *n = smb_take (exec, 3), *images = smb_take (exec, 2, 3, 8, 9);                                          \
    (void) a, (void) b, (void) c, (void) n, (void) images;                                                             \
    call;                                                                                                              \
    g_assert_false (smb_exec_finish (exec, &e));                                                                       \
    g_assert_error (e, SMB_ERROR, SMB_ERROR_MISMATCH);                                                                 \
  }                                                                                                                    \
  G_STMT_END

static void
test_every_misfit (void)
{
  g_autoptr (SmbExec) exec = smb_exec_new (cpu ());
  const SmbAdamW rates = { 0 };

  MISFIT (smb_op_linear_backward (exec, a, NULL, NULL, a, b, c, SMB_PRECISION_F32));
  MISFIT (smb_op_gemm (exec, a, a, b, FALSE, TRUE, 1.0, 0.0));
  MISFIT (smb_op_attention (exec, a, NULL, NULL, NULL, b, 2, SMB_PRECISION_F32));
  MISFIT (smb_op_attention (exec, a, NULL, a, NULL, smb_take (exec, 2, 5, 18), 2, SMB_PRECISION_F32));
  MISFIT (smb_op_attention_backward (exec, a, NULL, NULL, a, a, b, n, 2, SMB_PRECISION_F32));
  MISFIT (smb_op_attention_backward (exec, smb_take (exec, 2, 5, 18), NULL, a, a, a, smb_take (exec, 2, 5, 18),
                                     smb_take (exec, 2, 2, 5), 2, SMB_PRECISION_F32));
  MISFIT (smb_op_layer_norm (exec, a, NULL, NULL, b, c, c, 1e-6));
  MISFIT (smb_op_layer_norm_backward (exec, a, NULL, NULL, a, a, c, n, n));
  MISFIT (smb_op_gelu (exec, a, b));
  MISFIT (smb_op_gelu_backward (exec, a, b, a));
  /* bfloat16 where the device keeps float32, and where an operation takes no other */
  MISFIT (smb_op_gelu (exec, smb_take_as (exec, SMB_DTYPE_BF16, 2, 8), smb_take_as (exec, SMB_DTYPE_BF16, 2, 8)));
  MISFIT (smb_op_layer_norm (exec, smb_take_as (exec, SMB_DTYPE_BF16, 2, 5, 6), NULL, NULL, a, c, c, 1e-6));
  MISFIT (smb_op_copy (exec, smb_take_as (exec, SMB_DTYPE_BF16, 6), c));
  MISFIT (smb_exec_download (exec, smb_take_as (exec, SMB_DTYPE_BF16, 6)));
  MISFIT (smb_op_relu (exec, a, b));
  MISFIT (smb_op_relu_backward (exec, a, a, b));
  MISFIT (smb_op_unit_rows (exec, a, n, a));
  MISFIT (smb_op_unit_rows_backward (exec, a, a, a, n));
  MISFIT (smb_op_copy (exec, a, b));
  MISFIT (smb_op_axpy (exec, a, 1.0f, b));
  MISFIT (smb_op_residual_add (exec, a, a, a, n));
  MISFIT (smb_op_scale_samples (exec, a, a, n));
  MISFIT (smb_op_patchify (exec, a, images, 4, SMB_PATCH_CHW));
  MISFIT (smb_op_unpatchify (exec, images, a, 4, SMB_PATCH_CHW));
  MISFIT (smb_op_gather_rows (exec, b, a, n));
  MISFIT (smb_op_tokens (exec, a, a, c, c, NULL));
  MISFIT (smb_op_tokens_backward (exec, a, NULL, NULL, a, NULL));
  MISFIT (smb_op_unshuffle (exec, b, a, c, NULL, n));
  MISFIT (smb_op_unshuffle_backward (exec, b, NULL, b, n));
  MISFIT (smb_op_add_table (exec, a, b));
  MISFIT (smb_op_mean_tokens (exec, c, a, 0));
  MISFIT (smb_op_mean_tokens_backward (exec, a, c, 0));
  MISFIT (smb_op_take_row (exec, c, a, 5));
  MISFIT (smb_op_take_row_backward (exec, a, c, 0));
  MISFIT (smb_op_drop_class (exec, a, a));
  MISFIT (smb_op_drop_class_backward (exec, a, a));
  MISFIT (smb_op_join_columns (exec, a, a, a));
  MISFIT (smb_op_recon_target (exec, a, n, n, TRUE));
  MISFIT (smb_op_recon_error (exec, n, a, b));
  MISFIT (smb_op_recon_backward (exec, a, a, b, n));
  MISFIT (smb_op_adamw (exec, a, b, a, a, &rates));
  MISFIT (smb_op_ema (exec, a, b, 0.5));
}

static void
test_gemm (void)
{
  const gint64 as[] = { 5, 3 }, bs[] = { 2, 5 };
  g_autoptr (SmbTensor) a = host (2, as), b = host (2, bs), c = NULL;
  g_autoptr (SmbExec) exec = smb_exec_new (cpu ());
  GError *error = NULL;

  for (int dry = 1; dry >= 0; dry--) {
    SmbTensor *x, *y, *z;

    smb_exec_begin (exec, NULL, dry);
    x = smb_exec_upload (exec, a);
    y = smb_exec_upload (exec, b);
    z = smb_take (exec, 3, 2);
    smb_op_fill (exec, z, 1.0f);
    smb_op_gemm (exec, z, x, y, TRUE, TRUE, 2.0, 3.0);
    c = smb_exec_download (exec, z);
    g_assert_true (smb_exec_finish (exec, &error));
    g_assert_true (smb_exec_reserve (exec, &error));
  }
  for (int i = 0; i < 3; i++)
    for (int j = 0; j < 2; j++) {
      double sum = 0.0;

      for (int k = 0; k < 5; k++)
        sum += sin (k * 3 + i) * sin (j * 5 + k);
      g_assert_cmpfloat_with_epsilon ((double) ((float *) c->data)[i * 2 + j], 2.0 * sum + 3.0, 1e-5);
    }
}

/* Joined columns come apart again; the class token goes and returns as zeros. */
static void
test_columns_and_class (void)
{
  const gint64 as[] = { 2, 3 }, bs[] = { 2, 2 }, ts[] = { 2, 3, 2 };
  g_autoptr (SmbTensor) a = host (2, as), b = host (2, bs), t = host (3, ts), back = NULL, joined = NULL, padded = NULL;
  g_autoptr (SmbExec) exec = smb_exec_new (cpu ());
  GError *error = NULL;

  for (int dry = 1; dry >= 0; dry--) {
    SmbTensor *x, *y, *both, *b2, *tokens, *dropped, *again;

    smb_exec_begin (exec, NULL, dry);
    x = smb_exec_upload (exec, a);
    y = smb_exec_upload (exec, b);
    tokens = smb_exec_upload (exec, t);
    both = smb_take (exec, 2, 5);
    b2 = smb_take (exec, 2, 2);
    dropped = smb_take (exec, 2, 2, 2);
    again = smb_take (exec, 2, 3, 2);
    smb_op_join_columns (exec, both, x, y);
    smb_op_split_columns (exec, NULL, b2, both);
    smb_op_drop_class (exec, dropped, tokens);
    smb_op_drop_class_backward (exec, again, dropped);
    joined = smb_exec_download (exec, both);
    back = smb_exec_download (exec, b2);
    padded = smb_exec_download (exec, again);
    g_assert_true (smb_exec_finish (exec, &error));
    g_assert_true (smb_exec_reserve (exec, &error));
  }
  g_assert_true (memcmp (back->data, b->data, smb_tensor_get_bytes (b)) == 0);
  g_assert_cmpfloat (((float *) joined->data)[5], ==, ((float *) a->data)[3]);
  for (int i = 0; i < 12; i++)
    g_assert_cmpfloat (((float *) padded->data)[i], ==, i % 6 < 2 ? 0.0f : ((float *) t->data)[i]);
}

static void
test_cancel (void)
{
  g_autoptr (SmbExec) exec = smb_exec_new (cpu ());
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  smb_exec_begin (exec, cancellable, FALSE);
  g_assert_true (smb_exec_is_live (exec));
  g_cancellable_cancel (cancellable);
  g_assert_false (smb_exec_is_live (exec));
  g_assert_false (smb_exec_finish (exec, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/tensor/exec/plan-and-run", test_plan_and_run);
  g_test_add_func ("/tensor/exec/unplanned", test_unplanned);
  g_test_add_func ("/tensor/exec/sticky-misfit", test_sticky_misfit);
  g_test_add_func ("/tensor/exec/every-misfit", test_every_misfit);
  g_test_add_func ("/tensor/exec/gemm", test_gemm);
  g_test_add_func ("/tensor/exec/columns-and-class", test_columns_and_class);
  g_test_add_func ("/tensor/exec/cancel", test_cancel);
  return g_test_run ();
}
