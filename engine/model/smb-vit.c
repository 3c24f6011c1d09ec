/* SPDX-License-Identifier: Apache-2.0 */
#include "model/smb-vit.h"

SmbVit
smb_vit_bind (const SmbParamSet *set, const SmbNetConfig *config)
{
  return (SmbVit){ .cls = smb_param_set_get (set, "cls_token"),
                   .pos = smb_param_set_get (set, "pos_embed"),
                   .proj = smb_linear_bind (set, "patch_embed.proj"),
                   .stack = smb_stack_bind (set, "blocks", config->depth, config->heads, config->ln_eps),
                   .patch_px = config->patch_px };
}

void
smb_vit_clear (SmbVit *vit)
{
  smb_stack_clear (&vit->stack);
}

static gboolean
embedding_trains (const SmbVit *vit)
{
  return vit->cls->grad != NULL || vit->pos->grad != NULL || vit->proj.w->grad != NULL || vit->proj.b->grad != NULL;
}

/* Only the visible patches are projected: the others would be thrown away. */
static SmbTensor *
visible_patches (SmbExec *exec, const SmbVit *vit, const SmbTensor *images, const SmbTensor *index, gint64 k)
{
  gint64 b = images->shape[0], p = vit->patch_px, pix = images->shape[1] * p * p;
  gint64 l = (images->shape[2] / p) * (images->shape[3] / p);
  SmbTensor *out = smb_take (exec, b, k, pix), *all;
  SmbExecMark mark = smb_exec_mark (exec);

  all = index != NULL ? smb_take (exec, b, l, pix) : out;
  smb_op_patchify (exec, all, images, vit->patch_px, SMB_PATCH_CHW);
  if (index != NULL)
    smb_op_gather_rows (exec, out, all, index);
  smb_exec_rewind (exec, mark);
  return out;
}

SmbTensor *
smb_vit_forward (SmbExec *exec, const SmbVit *vit, const SmbTensor *images, const SmbTensor *index,
                 const SmbStackRun *run, SmbVitTape *tape)
{
  gint64 b = images->shape[0], c = vit->cls->value->n, p = vit->patch_px;
  gint64 k = index != NULL ? index->shape[1] : (images->shape[2] / p) * (images->shape[3] / p);
  gboolean keep = run->keep && embedding_trains (vit);
  SmbTensor *x = smb_take (exec, b, k + 1, c), *patches, *projected;
  SmbExecMark mark = smb_exec_mark (exec);

  patches = visible_patches (exec, vit, images, index, k);
  if (keep)
    mark = smb_exec_mark (exec);
  projected = smb_take (exec, b, k, c);
  smb_linear_forward (exec, &vit->proj, projected, NULL, patches, NULL, SMB_EPILOGUE_NONE);
  smb_op_tokens (exec, x, projected, vit->cls->value, vit->pos->value, index);
  smb_exec_rewind (exec, mark);
  if (run->keep) {
    tape->patches = keep ? patches : NULL;
    tape->index = index;
    tape->stack = smb_stack_tape_new (&vit->stack);
  }
  return smb_stack_forward (exec, &vit->stack, x, run, run->keep ? &tape->stack : NULL);
}

void
smb_vit_backward (SmbExec *exec, const SmbVit *vit, SmbTensor *d, const SmbStackRun *run, const SmbVitTape *tape)
{
  SmbExecMark mark;
  SmbTensor *dprojected;

  smb_stack_backward (exec, &vit->stack, d, run, &tape->stack);
  if (!embedding_trains (vit))
    return;
  mark = smb_exec_mark (exec);
  dprojected = smb_take (exec, d->shape[0], d->shape[1] - 1, d->shape[2]);
  smb_op_tokens_backward (exec, dprojected, vit->cls->grad, vit->pos->grad, d, tape->index);
  smb_linear_backward (exec, &vit->proj, NULL, dprojected, tape->patches);
  smb_exec_rewind (exec, mark);
}
