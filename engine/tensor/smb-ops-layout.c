/* SPDX-License-Identifier: Apache-2.0 */
#include "tensor/smb-ops.h"

#include "tensor/smb-ops-private.h"

static gboolean
patches_fit (const SmbTensor *patches, const SmbTensor *images, int patch_px)
{
  gint64 grid_h, grid_w;

  if (images->rank != 4 || patch_px < 1 || images->shape[2] % patch_px != 0 || images->shape[3] % patch_px != 0)
    return FALSE;
  grid_h = images->shape[2] / patch_px;
  grid_w = images->shape[3] / patch_px;
  return smb_tensor_shape_is (patches, 3, images->shape[0], grid_h * grid_w,
                              images->shape[1] * patch_px * patch_px);
}

void
smb_op_patchify (SmbExec *exec, SmbTensor *patches, const SmbTensor *images, int patch_px, SmbPatchOrder order)
{
  RUN (exec, "patchify", patches_fit (patches, images, patch_px),
       patchify (ctx, patches->data, images->data, images->shape[0], images->shape[1], images->shape[2],
                 images->shape[3], patch_px, order),
       patches, images);
}

void
smb_op_unpatchify (SmbExec *exec, SmbTensor *images, const SmbTensor *patches, int patch_px, SmbPatchOrder order)
{
  RUN (exec, "unpatchify", patches_fit (patches, images, patch_px),
       unpatchify (ctx, images->data, patches->data, images->shape[0], images->shape[1], images->shape[2],
                   images->shape[3], patch_px, order),
       images, patches);
}

/* index (B,K) int32 */
static gboolean
index_fits (const SmbTensor *index, gint64 b, gint64 k)
{
  return index == NULL || (index->dtype == SMB_DTYPE_I32 && smb_tensor_shape_is (index, 2, b, k));
}

void
smb_op_gather_rows (SmbExec *exec, SmbTensor *out, const SmbTensor *x, const SmbTensor *index)
{
  RUN (exec, "gather rows",
       x->rank == 3 && out->rank == 3 && out->shape[0] == x->shape[0] && LAST (out) == LAST (x)
         && index != NULL && index_fits (index, out->shape[0], out->shape[1]),
       gather_rows (ctx, out->data, x->data, INDEX (index), x->shape[0], x->shape[1], out->shape[1], LAST (x)), out,
       x, index);
}

void
smb_op_tokens (SmbExec *exec, SmbTensor *out, const SmbTensor *x, const SmbTensor *cls, const SmbTensor *pos,
               const SmbTensor *index)
{
  RUN (exec, "tokens",
       x->rank == 3 && smb_tensor_shape_is (out, 3, x->shape[0], x->shape[1] + 1, LAST (x)) && cls->n == LAST (x)
         && pos->n % LAST (x) == 0 && (index != NULL || pos->n / LAST (x) == x->shape[1] + 1)
         && index_fits (index, x->shape[0], x->shape[1]),
       tokens_forward (ctx, out->data, x->data, cls->data, pos->data, INDEX (index), x->shape[0], x->shape[1],
                       LAST (x)),
       out, x, cls, pos);
}

void
smb_op_tokens_backward (SmbExec *exec, SmbTensor *dx, SmbTensor *dcls, SmbTensor *dpos, const SmbTensor *dout,
                        const SmbTensor *index)
{
  gint64 k = dout->rank == 3 ? dout->shape[1] - 1 : -1;

  RUN (exec, "tokens backward",
       k >= 0 && (dx == NULL || smb_tensor_shape_is (dx, 3, dout->shape[0], k, LAST (dout)))
         && HAS (dcls, LAST (dout))
         && (dpos == NULL || (dpos->n % LAST (dout) == 0 && (index != NULL || dpos->n / LAST (dout) == k + 1)))
         && index_fits (index, dout->shape[0], k),
       tokens_backward (ctx, DATA (dx), DATA (dcls), DATA (dpos), dout->data, INDEX (index), dout->shape[0], k,
                        LAST (dout)),
       dout, dx, dpos);
}

void
smb_op_unshuffle (SmbExec *exec, SmbTensor *out, const SmbTensor *x, const SmbTensor *mask, const SmbTensor *pos,
                  const SmbTensor *index)
{
  gint64 k = x->rank == 3 ? x->shape[1] - 1 : -1;

  RUN (exec, "unshuffle",
       k >= 0 && out->rank == 3 && out->shape[0] == x->shape[0] && out->shape[1] > k && LAST (out) == LAST (x)
         && mask->n == LAST (x) && HAS (pos, out->shape[1] * LAST (x)) && index != NULL
         && index_fits (index, x->shape[0], k),
       unshuffle_forward (ctx, out->data, x->data, mask->data, DATA (pos), INDEX (index), x->shape[0],
                          out->shape[1] - 1, k, LAST (x)),
       out, x, mask, index);
}

void
smb_op_unshuffle_backward (SmbExec *exec, SmbTensor *dx, SmbTensor *dmask, const SmbTensor *dout,
                           const SmbTensor *index)
{
  gint64 k = dx->rank == 3 ? dx->shape[1] - 1 : -1;

  RUN (exec, "unshuffle backward",
       k >= 0 && dout->rank == 3 && dout->shape[0] == dx->shape[0] && dout->shape[1] > k && LAST (dout) == LAST (dx)
         && HAS (dmask, LAST (dx)) && index != NULL && index_fits (index, dx->shape[0], k),
       unshuffle_backward (ctx, dx->data, DATA (dmask), dout->data, INDEX (index), dx->shape[0], dout->shape[1] - 1,
                           k, LAST (dx)),
       dx, dout, index);
}

void
smb_op_add_table (SmbExec *exec, SmbTensor *x, const SmbTensor *table)
{
  RUN (exec, "add table", x->rank > 1 && x->shape[0] > 0 && table->n == x->n / x->shape[0],
       add_table (ctx, x->data, table->data, x->shape[0], table->n), x, table);
}

static gboolean
pooled_fits (const SmbTensor *out, const SmbTensor *x, int row)
{
  return x->rank == 3 && row >= 0 && row < x->shape[1] && smb_tensor_shape_is (out, 2, x->shape[0], x->shape[2]);
}

void
smb_op_mean_tokens (SmbExec *exec, SmbTensor *out, const SmbTensor *x, int first)
{
  RUN (exec, "mean of tokens", pooled_fits (out, x, first),
       mean_tokens_forward (ctx, out->data, x->data, x->shape[0], x->shape[1], x->shape[2], first), out, x);
}

void
smb_op_mean_tokens_backward (SmbExec *exec, SmbTensor *dx, const SmbTensor *dout, int first)
{
  RUN (exec, "mean of tokens backward", pooled_fits (dout, dx, first),
       mean_tokens_backward (ctx, dx->data, dout->data, dx->shape[0], dx->shape[1], dx->shape[2], first), dx, dout);
}

void
smb_op_take_row (SmbExec *exec, SmbTensor *out, const SmbTensor *x, int row)
{
  RUN (exec, "take row", pooled_fits (out, x, row),
       take_row_forward (ctx, out->data, x->data, x->shape[0], x->shape[1], x->shape[2], row), out, x);
}

void
smb_op_take_row_backward (SmbExec *exec, SmbTensor *dx, const SmbTensor *dout, int row)
{
  RUN (exec, "take row backward", pooled_fits (dout, dx, row),
       take_row_backward (ctx, dx->data, dout->data, dx->shape[0], dx->shape[1], dx->shape[2], row), dx, dout);
}

void
smb_op_drop_class (SmbExec *exec, SmbTensor *out, const SmbTensor *x)
{
  smb_op_tokens_backward (exec, out, NULL, NULL, x, NULL); /* the same movement of rows */
}

void
smb_op_drop_class_backward (SmbExec *exec, SmbTensor *dx, const SmbTensor *dout)
{
  SmbExecMark mark = smb_exec_mark (exec);
  SmbTensor *zeros = smb_take (exec, dx->shape[1], LAST (dx)), *first = smb_take (exec, LAST (dx));

  smb_op_fill (exec, zeros, 0.0f);
  smb_op_fill (exec, first, 0.0f);
  smb_op_tokens (exec, dx, dout, first, zeros, NULL);
  smb_exec_rewind (exec, mark);
}

/* Copies columns [from, from + n) of x (B, wide) out of or into a tensor (B, n), row by row. */
static void
move_columns (SmbExec *exec, const char *operation, const SmbTensor *narrow, const SmbTensor *wide, gint64 from,
              gboolean into_wide)
{
  gint64 n = LAST (narrow);

  for (gint64 b = 0; b < wide->shape[0]; b++) {
    float *w = smb_exec_is_live (exec) ? (float *) wide->data + b * LAST (wide) + from : NULL;
    float *s = smb_exec_is_live (exec) ? (float *) narrow->data + b * n : NULL;

    RUN (exec, operation, from + n <= LAST (wide) && narrow->shape[0] == wide->shape[0],
         copy (ctx, into_wide ? w : s, into_wide ? s : w, (gsize) n * sizeof (float)), wide, narrow);
  }
}

void
smb_op_join_columns (SmbExec *exec, SmbTensor *out, const SmbTensor *a, const SmbTensor *b)
{
  if (LAST (a) + LAST (b) != LAST (out)) {
    smb_exec_misfit (exec, "join columns", out, a, b, NULL);
    return;
  }
  move_columns (exec, "join columns", a, out, 0, TRUE);
  move_columns (exec, "join columns", b, out, LAST (a), TRUE);
}

void
smb_op_split_columns (SmbExec *exec, SmbTensor *a, SmbTensor *b, const SmbTensor *x)
{
  if (a != NULL)
    move_columns (exec, "split columns", a, x, 0, FALSE);
  if (b != NULL)
    move_columns (exec, "split columns", b, x, LAST (x) - LAST (b), FALSE);
}
