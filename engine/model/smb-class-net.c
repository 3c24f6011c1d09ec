/* SPDX-License-Identifier: Apache-2.0 */
#include "model/smb-class-net.h"

SmbClassNet
smb_class_net_bind (const SmbParamSet *set, const SmbNetConfig *config, SmbNetKind kind)
{
  SmbClassNet net = { .pooled = config->global_pool,
                      .adapter = kind == SMB_NET_ADAPTER,
                      .classes = config->classes,
                      .patches = smb_net_config_get_patches (config),
                      .vit = smb_vit_bind (set, config),
                      .norm = smb_norm_bind (set, config->global_pool ? "fc_norm" : "norm", config->ln_eps),
                      .head = smb_linear_bind (set, "head") };

  if (net.adapter) {
    net.narrow = smb_linear_bind (set, "adapter.linear1");
    net.widen = smb_linear_bind (set, "adapter.linear2");
    net.projector = smb_linear_bind (set, "projector");
  }
  return net;
}

void
smb_class_net_clear (SmbClassNet *net)
{
  smb_vit_clear (&net->vit);
}

void
smb_class_tape_clear (SmbClassTape *tape)
{
  smb_stack_tape_clear (&tape->vit.stack);
}

static void
adapt (SmbExec *exec, const SmbClassNet *net, SmbClassOut *out, SmbClassTape *t)
{
  gint64 b = out->feature->shape[0], c = out->feature->shape[1], n = net->narrow.w->value->shape[0];
  SmbTensor *raw;

  out->bottleneck = smb_take (exec, b, n);
  out->adapted = smb_take (exec, b, c);
  out->projection = smb_take (exec, b, n);
  raw = smb_take (exec, b, n);
  t->joined = smb_take (exec, b, 2 * c);
  t->projection_norm = smb_take (exec, b);
  smb_linear_forward (exec, &net->narrow, out->bottleneck, NULL, out->feature, NULL, SMB_EPILOGUE_RELU);
  smb_linear_forward (exec, &net->widen, out->adapted, NULL, out->bottleneck, NULL, SMB_EPILOGUE_RELU);
  smb_linear_forward (exec, &net->projector, raw, NULL, out->bottleneck, NULL, SMB_EPILOGUE_NONE);
  smb_op_unit_rows (exec, out->projection, t->projection_norm, raw);
  smb_op_join_columns (exec, t->joined, out->feature, out->adapted);
}

SmbClassOut
smb_class_net_forward (SmbExec *exec, const SmbClassNet *net, const SmbTensor *images, const SmbTensor *index,
                       const SmbStackRun *run, SmbClassTape *tape)
{
  gint64 b = images->shape[0], c = net->vit.cls->value->n;
  SmbClassTape local = { 0 }, *t = tape != NULL ? tape : &local;
  SmbClassOut out = { .logits = smb_take (exec, b, net->classes), .feature = smb_take (exec, b, c) };
  SmbExecMark mark;

  t->pooled = smb_take (exec, b, c);
  t->mean = smb_take (exec, b);
  t->rstd = smb_take (exec, b);
  mark = smb_exec_mark (exec);
  t->tokens = smb_vit_forward (exec, &net->vit, images, index, run, tape != NULL ? &tape->vit : NULL);
  if (net->pooled)
    smb_op_mean_tokens (exec, t->pooled, t->tokens, 1); /* of the patches: the class token stays out */
  else
    smb_op_take_row (exec, t->pooled, t->tokens, 0);
  if (tape == NULL)
    smb_exec_rewind (exec, mark);
  smb_norm_forward (exec, &net->norm, out.feature, t->mean, t->rstd, t->pooled);
  if (net->adapter)
    adapt (exec, net, &out, t);
  smb_linear_forward (exec, &net->head, out.logits, NULL, net->adapter ? t->joined : out.feature, NULL,
                      SMB_EPILOGUE_NONE);
  return out;
}

SmbTensor *
smb_class_net_judge_patches (SmbExec *exec, const SmbClassNet *net, SmbClassTape *t)
{
  gint64 b = t->tokens->shape[0], l = t->tokens->shape[1] - 1, c = t->tokens->shape[2];
  SmbTensor *logits = smb_take (exec, b, l, net->classes);

  t->patches = smb_take (exec, b, l, c);
  t->patch_normed = smb_take (exec, b, l, c);
  t->patch_mean = smb_take (exec, b, l);
  t->patch_rstd = smb_take (exec, b, l);
  smb_op_drop_class (exec, t->patches, t->tokens);
  smb_norm_forward (exec, &net->norm, t->patch_normed, t->patch_mean, t->patch_rstd, t->patches);
  smb_linear_forward (exec, &net->head, logits, NULL, t->patch_normed, NULL, SMB_EPILOGUE_NONE);
  return logits;
}

/* d (B,1+K,C) += through head and norm of the single patches; NULL: only the head's own gradient is wanted */
static void
patches_backward (SmbExec *exec, const SmbClassNet *net, SmbTensor *d, const SmbTensor *dpatches,
                  const SmbClassTape *tape)
{
  SmbExecMark mark = smb_exec_mark (exec);
  SmbTensor *dnormed = smb_exec_take_like (exec, tape->patches), *dtokens = smb_exec_take_like (exec, tape->patches);
  SmbTensor *whole = smb_exec_take_like (exec, tape->tokens);

  smb_linear_backward (exec, &net->head, dnormed, dpatches, tape->patch_normed);
  if (d != NULL) {
    smb_norm_backward (exec, &net->norm, dtokens, dnormed, tape->patches, tape->patch_mean, tape->patch_rstd);
    smb_op_drop_class_backward (exec, whole, dtokens);
    smb_op_axpy (exec, d, 1.0f, whole);
  }
  smb_exec_rewind (exec, mark);
}

/* dfeature (B,C) = through head and adapter */
static void
adapter_backward (SmbExec *exec, const SmbClassNet *net, const SmbClassOut *out, SmbTensor *dfeature,
                  const SmbTensor *dlogits, const SmbTensor *dprojection, const SmbClassTape *tape)
{
  SmbTensor *djoined = smb_exec_take_like (exec, tape->joined), *dadapted = smb_exec_take_like (exec, dfeature);
  SmbTensor *dbottleneck = smb_exec_take_like (exec, out->bottleneck);
  SmbTensor *draw = smb_exec_take_like (exec, out->bottleneck), *dback = smb_exec_take_like (exec, out->bottleneck);
  SmbTensor *through = smb_exec_take_like (exec, dfeature);

  smb_linear_backward (exec, &net->head, djoined, dlogits, tape->joined);
  smb_op_split_columns (exec, dfeature, dadapted, djoined);
  smb_op_relu_backward (exec, dadapted, dadapted, out->adapted);
  smb_linear_backward (exec, &net->widen, dbottleneck, dadapted, out->bottleneck);
  if (dprojection != NULL) {
    smb_op_unit_rows_backward (exec, draw, dprojection, out->projection, tape->projection_norm);
    smb_linear_backward (exec, &net->projector, dback, draw, out->bottleneck);
    smb_op_axpy (exec, dbottleneck, 1.0f, dback);
  }
  smb_op_relu_backward (exec, dbottleneck, dbottleneck, out->bottleneck);
  smb_linear_backward (exec, &net->narrow, through, dbottleneck, out->feature);
  smb_op_axpy (exec, dfeature, 1.0f, through);
}

static gboolean
encoder_is_asked (const SmbClassNet *net, const SmbStackRun *run)
{
  return run->first < net->vit.stack.depth || net->vit.pos->grad != NULL || net->vit.cls->grad != NULL
         || net->vit.proj.w->grad != NULL || net->norm.w->grad != NULL || net->norm.b->grad != NULL;
}

void
smb_class_net_backward (SmbExec *exec, const SmbClassNet *net, const SmbClassOut *out, const SmbTensor *dlogits,
                        const SmbTensor *dprojection, const SmbTensor *dpatches, const SmbStackRun *run,
                        const SmbClassTape *tape)
{
  SmbExecMark mark = smb_exec_mark (exec);
  SmbTensor *dfeature = smb_exec_take_like (exec, out->feature), *dpooled = smb_exec_take_like (exec, out->feature);
  SmbTensor *d;

  if (net->adapter)
    adapter_backward (exec, net, out, dfeature, dlogits, dprojection, tape);
  else
    smb_linear_backward (exec, &net->head, dfeature, dlogits, out->feature);
  if (encoder_is_asked (net, run)) {
    d = smb_exec_take_like (exec, tape->tokens);
    smb_norm_backward (exec, &net->norm, dpooled, dfeature, tape->pooled, tape->mean, tape->rstd);
    if (net->pooled)
      smb_op_mean_tokens_backward (exec, d, dpooled, 1);
    else
      smb_op_take_row_backward (exec, d, dpooled, 0);
    if (dpatches != NULL)
      patches_backward (exec, net, d, dpatches, tape);
    smb_vit_backward (exec, &net->vit, d, run, &tape->vit);
  } else if (dpatches != NULL) {
    patches_backward (exec, net, NULL, dpatches, tape);
  }
  smb_exec_rewind (exec, mark);
}
