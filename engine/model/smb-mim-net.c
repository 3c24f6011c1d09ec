/* SPDX-License-Identifier: Apache-2.0 */
#include "model/smb-mim-net.h"

static SmbMlpHead
bind_head (const SmbParamSet *set, const char *prefix, double eps)
{
  g_autofree char *first = g_strconcat (prefix, ".projection_head.0", NULL);
  g_autofree char *norm = g_strconcat (prefix, ".projection_head.1", NULL);
  g_autofree char *last = g_strconcat (prefix, ".projection_head.3", NULL);

  return (SmbMlpHead){ smb_linear_bind (set, first), smb_linear_bind (set, last), smb_norm_bind (set, norm, eps) };
}

SmbMimNet
smb_mim_net_bind (const SmbParamSet *set, const SmbNetConfig *c, SmbNetKind kind)
{
  SmbMimNet net = { .online = kind == SMB_NET_ONLINE,
                    .proj_out = c->proj_out,
                    .patches = smb_net_config_get_patches (c),
                    .pix = c->patch_px * c->patch_px * c->chans,
                    .vit = smb_vit_bind (set, c),
                    .norm = smb_norm_bind (set, "norm", c->ln_eps),
                    .rep_norm = smb_norm_bind (set, "rep_decoder_norm", c->ln_eps),
                    .mask = smb_param_set_get (set, "mask_token"),
                    .rep_pos = smb_param_set_get (set, "rep_decoder_pos_embed"),
                    .rep_embed = smb_linear_bind (set, "rep_decoder_embed"),
                    .rep_pred = smb_linear_bind (set, "rep_decoder_pred"),
                    .rep = smb_stack_bind (set, "rep_decoder_blocks", c->rep_depth, c->rep_heads, c->ln_eps),
                    .projector = bind_head (set, "projector", c->mlp_head_ln_eps) };

  if (net.online) {
    net.predictor = bind_head (set, "predictor", c->mlp_head_ln_eps);
    net.dec_pos = smb_param_set_get (set, "decoder_pos_embed");
    net.dec_embed = smb_linear_bind (set, "decoder_embed");
    net.dec = smb_stack_bind (set, "decoder_blocks", c->dec_depth, c->dec_heads, c->ln_eps);
    net.dec_norm = smb_norm_bind (set, "decoder_norm", c->ln_eps);
    net.dec_pred = smb_linear_bind (set, "decoder_pred");
  }
  return net;
}

void
smb_mim_net_clear (SmbMimNet *net)
{
  smb_vit_clear (&net->vit);
  smb_stack_clear (&net->rep);
  smb_stack_clear (&net->dec);
}

void
smb_mim_tape_clear (SmbMimTape *tape)
{
  smb_stack_tape_clear (&tape->vit.stack);
  smb_stack_tape_clear (&tape->rep);
  smb_stack_tape_clear (&tape->dec);
}

/* Scratch goes back at once unless the backward pass needs it. */
static void
release (SmbExec *exec, SmbExecMark mark, const SmbMimTape *tape)
{
  if (tape == NULL)
    smb_exec_rewind (exec, mark);
}

static void
norm_forward (SmbExec *exec, const SmbNorm *norm, SmbTensor *y, SmbTensor *x, SmbNormTape *tape)
{
  if (tape != NULL) {
    gint64 rows = x->n / norm->w->value->n;

    *tape = (SmbNormTape){ x, smb_take (exec, rows), smb_take (exec, rows) };
  }
  smb_norm_forward (exec, norm, y, tape != NULL ? tape->mean : NULL, tape != NULL ? tape->rstd : NULL, x);
}

static void
norm_backward (SmbExec *exec, const SmbNorm *norm, SmbTensor *dx, const SmbTensor *dy, const SmbNormTape *tape)
{
  smb_norm_backward (exec, norm, dx, dy, tape->x, tape->mean, tape->rstd);
}

/* y (B,out) */
static void
head_forward (SmbExec *exec, const SmbMlpHead *head, SmbTensor *y, SmbTensor *x, SmbMlpHeadTape *tape)
{
  gint64 b = x->shape[0], hidden = head->first.w->value->shape[0];
  SmbExecMark mark = smb_exec_mark (exec);
  SmbMlpHeadTape t = { .x = x,
                       .hidden = smb_take (exec, b, hidden),
                       .mean = smb_take (exec, b),
                       .rstd = smb_take (exec, b),
                       .relu = smb_take (exec, b, hidden) };

  smb_linear_forward (exec, &head->first, t.hidden, NULL, x, NULL, SMB_EPILOGUE_NONE);
  smb_norm_forward (exec, &head->norm, t.relu, t.mean, t.rstd, t.hidden);
  smb_op_relu (exec, t.relu, t.relu);
  smb_linear_forward (exec, &head->last, y, NULL, t.relu, NULL, SMB_EPILOGUE_NONE);
  if (tape != NULL)
    *tape = t;
  else
    smb_exec_rewind (exec, mark);
}

static void
head_backward (SmbExec *exec, const SmbMlpHead *head, SmbTensor *dx, const SmbTensor *dy, const SmbMlpHeadTape *tape)
{
  SmbExecMark mark = smb_exec_mark (exec);
  SmbTensor *drelu = smb_exec_take_like (exec, tape->relu), *dhidden = smb_exec_take_like (exec, tape->hidden);

  smb_linear_backward (exec, &head->last, drelu, dy, tape->relu);
  smb_op_relu_backward (exec, drelu, drelu, tape->relu);
  smb_norm_backward (exec, &head->norm, dhidden, drelu, tape->hidden, tape->mean, tape->rstd);
  smb_linear_backward (exec, &head->first, dx, dhidden, tape->x);
  smb_exec_rewind (exec, mark);
}

SmbTensor *
smb_mim_net_encode (SmbExec *exec, const SmbMimNet *net, const SmbTensor *images, const SmbTensor *index,
                    const SmbStackRun *run, SmbMimTape *tape)
{
  gint64 k = index != NULL ? index->shape[1] : net->patches;
  SmbTensor *latent = smb_take (exec, images->shape[0], k + 1, net->mask->value->n), *x;
  SmbExecMark mark = smb_exec_mark (exec);

  x = smb_vit_forward (exec, &net->vit, images, index, run, tape != NULL ? &tape->vit : NULL);
  norm_forward (exec, &net->norm, latent, x, tape != NULL ? &tape->norm : NULL);
  release (exec, mark, tape);
  return latent;
}

/* Representation decoder: embed, then insert mask tokens; rep (B,1+L,C). */
static void
rep_decode (SmbExec *exec, const SmbMimNet *net, SmbTensor *rep, SmbTensor *latent, const SmbTensor *index,
            const SmbStackRun *run, SmbMimTape *tape)
{
  SmbExecMark mark = smb_exec_mark (exec);
  SmbTensor *full = smb_exec_take_like (exec, rep), *normed = smb_exec_take_like (exec, rep);
  SmbTensor *embedded = smb_exec_take_like (exec, latent);

  smb_linear_forward (exec, &net->rep_embed, embedded, NULL, latent, NULL, SMB_EPILOGUE_NONE);
  smb_op_unshuffle (exec, full, embedded, net->mask->value, net->rep_pos->value, index);
  if (tape != NULL)
    tape->rep = smb_stack_tape_new (&net->rep);
  full = smb_stack_forward (exec, &net->rep, full, run, tape != NULL ? &tape->rep : NULL);
  norm_forward (exec, &net->rep_norm, normed, full, tape != NULL ? &tape->rep_norm : NULL);
  smb_linear_forward (exec, &net->rep_pred, rep, NULL, normed, NULL, SMB_EPILOGUE_NONE);
  if (tape != NULL)
    tape->rep_normed = normed;
  release (exec, mark, tape);
}

/* Pixel decoder: insert mask tokens, then embed; pred (B,L,pix), the class token dropped before the last layer, which
 * works row by row. */
static void
pixel_decode (SmbExec *exec, const SmbMimNet *net, SmbTensor *pred, SmbTensor *latent, const SmbTensor *index,
              const SmbStackRun *run, SmbMimTape *tape)
{
  gint64 b = latent->shape[0], l = net->patches, c = latent->shape[2], d = net->dec_embed.w->value->shape[0];
  SmbExecMark mark = smb_exec_mark (exec);
  SmbTensor *full = smb_take (exec, b, l + 1, c), *x = smb_take (exec, b, l + 1, d);
  SmbTensor *normed = smb_take (exec, b, l + 1, d), *dropped = smb_take (exec, b, l, d);

  smb_op_unshuffle (exec, full, latent, net->mask->value, NULL, index);
  smb_linear_forward (exec, &net->dec_embed, x, NULL, full, NULL, SMB_EPILOGUE_NONE);
  smb_op_add_table (exec, x, net->dec_pos->value);
  if (tape != NULL)
    tape->dec = smb_stack_tape_new (&net->dec);
  x = smb_stack_forward (exec, &net->dec, x, run, tape != NULL ? &tape->dec : NULL);
  norm_forward (exec, &net->dec_norm, normed, x, tape != NULL ? &tape->dec_norm : NULL);
  smb_op_drop_class (exec, dropped, normed);
  smb_linear_forward (exec, &net->dec_pred, pred, NULL, dropped, NULL, SMB_EPILOGUE_NONE);
  if (tape != NULL) {
    tape->dec_full = full;
    tape->dec_dropped = dropped;
  }
  release (exec, mark, tape);
}

/* Contrastive feature: the mean over all tokens, the class token included, through the heads. */
static void
project (SmbExec *exec, const SmbMimNet *net, SmbMimOut *out, SmbMimTape *tape)
{
  gint64 b = out->rep->shape[0];
  SmbExecMark mark = smb_exec_mark (exec);
  SmbTensor *pooled = smb_take (exec, b, out->rep->shape[2]), *norm = smb_take (exec, b);
  SmbTensor *predicted = net->online ? smb_take (exec, b, net->proj_out) : out->proj;

  smb_op_mean_tokens (exec, pooled, out->rep, 0);
  head_forward (exec, &net->projector, out->proj, pooled, tape != NULL ? &tape->projector : NULL);
  if (net->online)
    head_forward (exec, &net->predictor, predicted, out->proj, tape != NULL ? &tape->predictor : NULL);
  smb_op_unit_rows (exec, out->cl, norm, predicted);
  if (tape != NULL)
    tape->cl_norm = norm;
  release (exec, mark, tape);
}

SmbMimOut
smb_mim_net_forward (SmbExec *exec, const SmbMimNet *net, const SmbTensor *images, const SmbTensor *index,
                     gboolean all_visible, const SmbMimRun *run, SmbMimTape *tape)
{
  gint64 b = images->shape[0], c = net->mask->value->n;
  SmbMimOut out = { .rep = smb_take (exec, b, net->patches + 1, c),
                    .proj = smb_take (exec, b, net->proj_out),
                    .cl = smb_take (exec, b, net->proj_out) };

  if (net->online)
    out.pred = smb_take (exec, b, net->patches, net->pix);
  if (tape != NULL)
    tape->index = index;
  out.latent = smb_mim_net_encode (exec, net, images, all_visible ? NULL : index, &run->enc, tape);
  rep_decode (exec, net, out.rep, out.latent, index, &run->rep, tape);
  project (exec, net, &out, tape);
  if (net->online)
    pixel_decode (exec, net, out.pred, out.latent, index, &run->dec, tape);
  return out;
}

/* dlatent (B,1+K,C) = gradient through the pixel decoder */
static void
pixel_backward (SmbExec *exec, const SmbMimNet *net, SmbTensor *dlatent, const SmbTensor *dpred, const SmbMimRun *run,
                const SmbMimTape *tape)
{
  SmbExecMark mark = smb_exec_mark (exec);
  SmbTensor *dfull = smb_exec_take_like (exec, tape->dec_full),
            *ddropped = smb_exec_take_like (exec, tape->dec_dropped);
  SmbTensor *dnormed = smb_exec_take_like (exec, tape->dec_norm.x), *dx = smb_exec_take_like (exec, dnormed);

  smb_linear_backward (exec, &net->dec_pred, ddropped, dpred, tape->dec_dropped);
  smb_op_drop_class_backward (exec, dnormed, ddropped);
  norm_backward (exec, &net->dec_norm, dx, dnormed, &tape->dec_norm);
  smb_stack_backward (exec, &net->dec, dx, &run->dec, &tape->dec);
  smb_linear_backward (exec, &net->dec_embed, dfull, dx, tape->dec_full);
  smb_op_unshuffle_backward (exec, dlatent, net->mask->grad, dfull, tape->index);
  smb_exec_rewind (exec, mark);
}

/* dlatent (B,1+K,C) += gradient through predictor, projector and representation decoder */
static void
rep_backward (SmbExec *exec, const SmbMimNet *net, const SmbMimOut *out, SmbTensor *dlatent, const SmbTensor *dcl,
              const SmbMimRun *run, const SmbMimTape *tape)
{
  SmbExecMark mark = smb_exec_mark (exec);
  SmbTensor *dpredicted = smb_exec_take_like (exec, out->cl), *dproj = smb_exec_take_like (exec, out->proj);
  SmbTensor *dpooled = smb_exec_take_like (exec, tape->projector.x), *drep = smb_exec_take_like (exec, out->rep);
  SmbTensor *dnormed = smb_exec_take_like (exec, out->rep), *dembedded = smb_exec_take_like (exec, dlatent);
  SmbTensor *through = smb_exec_take_like (exec, dlatent);

  smb_op_unit_rows_backward (exec, dpredicted, dcl, out->cl, tape->cl_norm);
  head_backward (exec, &net->predictor, dproj, dpredicted, &tape->predictor);
  head_backward (exec, &net->projector, dpooled, dproj, &tape->projector);
  smb_op_mean_tokens_backward (exec, drep, dpooled, 0);
  smb_linear_backward (exec, &net->rep_pred, dnormed, drep, tape->rep_normed);
  norm_backward (exec, &net->rep_norm, drep, dnormed, &tape->rep_norm);
  smb_stack_backward (exec, &net->rep, drep, &run->rep, &tape->rep);
  smb_op_unshuffle_backward (exec, dembedded, net->mask->grad, drep, tape->index);
  smb_linear_backward (exec, &net->rep_embed, through, dembedded, out->latent);
  smb_op_axpy (exec, dlatent, 1.0f, through);
  smb_exec_rewind (exec, mark);
}

void
smb_mim_net_backward (SmbExec *exec, const SmbMimNet *net, const SmbMimOut *out, const SmbTensor *dpred,
                      const SmbTensor *dcl, const SmbMimRun *run, const SmbMimTape *tape)
{
  SmbExecMark mark = smb_exec_mark (exec);
  SmbTensor *dlatent = smb_exec_take_like (exec, out->latent), *dx = smb_exec_take_like (exec, out->latent);

  pixel_backward (exec, net, dlatent, dpred, run, tape);
  rep_backward (exec, net, out, dlatent, dcl, run, tape);
  norm_backward (exec, &net->norm, dx, dlatent, &tape->norm);
  smb_vit_backward (exec, &net->vit, dx, &run->enc, &tape->vit);
  smb_exec_rewind (exec, mark);
}
