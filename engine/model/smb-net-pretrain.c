/* SPDX-License-Identifier: Apache-2.0 */
#include <glib/gi18n-lib.h>

#include "base/smb-error.h"
#include "model/smb-loss.h"
#include "model/smb-net-inputs.h"
#include "model/smb-net-private.h"
#include "model/smb-reconstruction.h"

#define WEIGHT_REGION 0.007
#define WEIGHT_CONTRAST 0.1

typedef struct {
  SmbNet *net;
  guint want;
  SmbTensorDict *outputs;
  SmbTensor *images, *index; /* host */
  const guint8 *layers;      /* flags of those whose attention is wanted; NULL: all */
} Job;

typedef struct {
  SmbTensorDict *outputs;
  const char *part;
} Tap;

static void
keep_attention (SmbExec *exec, const SmbStackPart *part, const SmbTensor *probs, const SmbTensor *dprobs,
                gpointer user_data)
{
  const Tap *tap = user_data;
  g_autofree char *name = g_strdup_printf ("attn.%s.%d", tap->part, part->layer);

  smb_exec_output_part (exec, tap->outputs, name, probs, part->from, part->of);
}

/* Error of every patch under one kind of target; and, for the network's own kind, the target and what it measured. */
static void
measure_patches (SmbExec *exec, Job *job, const SmbTensor *images, const SmbTensor *pred, gboolean normalise)
{
  gboolean own = normalise == job->net->config.norm_pix;
  SmbExecMark mark = smb_exec_mark (exec);
  SmbTensor *target = smb_exec_take_like (exec, pred), *error = smb_take (exec, pred->shape[0], pred->shape[1]);
  SmbTensor *mean = smb_take (exec, pred->shape[0], pred->shape[1], 1), *sd = smb_exec_take_like (exec, mean);

  smb_op_patchify (exec, target, images, job->net->config.patch_px, SMB_PATCH_HWC);
  smb_op_recon_target (exec, target, mean, sd, normalise);
  smb_op_recon_error (exec, error, pred, target);
  smb_exec_output (exec, job->outputs, own ? "out.patch_error" : "other.patch_error", error);
  if (own) {
    smb_exec_output (exec, job->outputs, "out.patch_mean", mean);
    smb_exec_output (exec, job->outputs, "out.patch_sd", sd);
    if (normalise)
      smb_exec_output (exec, job->outputs, "out.recon_target", target);
  }
  smb_exec_rewind (exec, mark);
}

static void
online_pass (SmbExec *exec, gpointer user_data)
{
  Job *job = user_data;
  Tap enc = { job->outputs, "enc" }, rep = { job->outputs, "rep" }, dec = { job->outputs, "dec" };
  SmbAttentionTap tap = job->want & SMB_WANT_ATTENTION ? keep_attention : NULL;
  SmbMimRun run = { .enc = { .tap = tap, .tap_data = &enc, .tapped = job->layers },
                    .rep = { .tap = tap, .tap_data = &rep, .tapped = job->layers },
                    .dec = { .tap = tap, .tap_data = &dec, .tapped = job->layers } };
  SmbTensor *images = smb_exec_upload (exec, job->images), *index = smb_exec_upload (exec, job->index);
  SmbMimOut out;

  if (tap == NULL)
    smb_net_pass_begin (job->net, exec, images, index);
  out = smb_mim_net_forward (exec, &job->net->mim, images, index, FALSE, &run, NULL);
  smb_net_pass_end (exec);
  smb_exec_output (exec, job->outputs, "out.latent", out.latent);
  smb_exec_output (exec, job->outputs, "out.rep", out.rep);
  smb_exec_output (exec, job->outputs, "out.proj", out.proj);
  smb_exec_output (exec, job->outputs, "out.cl", out.cl);
  smb_exec_output (exec, job->outputs, "out.pred", out.pred);
  measure_patches (exec, job, images, out.pred, job->net->config.norm_pix);
  if (job->want & SMB_WANT_LOSSES)
    measure_patches (exec, job, images, out.pred, !job->net->config.norm_pix);
  if (job->want & SMB_WANT_ALL_VISIBLE) {
    SmbStackRun plain = { 0 };

    smb_exec_output (exec, job->outputs, "out.latent_all_visible",
                     smb_mim_net_encode (exec, &job->net->mim, images, NULL, &plain, NULL));
  }
}

static void
target_pass (SmbExec *exec, gpointer user_data)
{
  Job *job = user_data;
  SmbMimRun run = { 0 };
  SmbTensor *images = smb_exec_upload (exec, job->images), *index = smb_exec_upload (exec, job->index);
  SmbMimOut out;

  smb_net_pass_begin (job->net, exec, images, index);
  out = smb_mim_net_forward (exec, &job->net->mim, images, index, TRUE, &run, NULL);
  smb_net_pass_end (exec);
  smb_exec_output (exec, job->outputs, "out.target_latent", out.latent);
  smb_exec_output (exec, job->outputs, "out.target_rep", out.rep);
  smb_exec_output (exec, job->outputs, "out.target_proj", out.proj);
  smb_exec_output (exec, job->outputs, "out.target_cl", out.cl);
}

gboolean
smb_net_forward_target (SmbNet *net, const SmbTensorDict *inputs, SmbTensorDict *outputs, GCancellable *cancellable,
                        GError **error)
{
  int l = smb_net_config_get_patches (&net->config);
  g_autoptr (SmbTensor) images = smb_net_input_images (inputs, &net->config, error), index = NULL;
  g_autofree guint8 *nothing_hidden = NULL;
  Job job = { .net = net, .outputs = outputs, .images = images };

  if (images == NULL)
    return FALSE;
  nothing_hidden = g_new0 (guint8, images->shape[0] * l);
  index = smb_net_visible_index (nothing_hidden, images->shape[0], l, 0.0, error);
  job.index = index;
  return index != NULL && smb_net_run (net, target_pass, &job, cancellable, error);
}

static double
masked_mean (const SmbTensorDict *outputs, const char *name, const guint8 *chosen)
{
  const SmbTensor *error = smb_tensor_dict_get (outputs, name);

  return smb_loss_masked_mean (error->data, chosen, (gsize) error->n);
}

static void
add_losses (SmbTensorDict *outputs, const guint8 *mask, const guint8 *region)
{
  const SmbTensor *cl = smb_tensor_dict_get (outputs, "out.cl"), *target = smb_tensor_dict_get (outputs,
                                                                                                "out.target_cl");
  double rec = masked_mean (outputs, "out.patch_error", mask), total = rec;

  smb_net_output_scalar (outputs, "loss.rec", rec);
  smb_net_output_scalar (outputs, "loss.rec_other_norm_pix", masked_mean (outputs, "other.patch_error", mask));
  if (region != NULL) {
    double of_region = masked_mean (outputs, "out.patch_error", region);

    smb_net_output_scalar (outputs, "loss.region", of_region);
    smb_net_output_scalar (outputs, "loss.region_other_norm_pix", masked_mean (outputs, "other.patch_error", region));
    total += WEIGHT_REGION * of_region;
  }
  if (target != NULL) {
    double contrast = smb_loss_contrast (SMB_CONTRAST_SIMSIAM, cl->data, target->data, (int) cl->shape[0],
                                         (int) cl->shape[1], 1.0, NULL);

    smb_net_output_scalar (outputs, "loss.cl", contrast);
    smb_net_output_scalar (outputs, "loss.total", total + WEIGHT_CONTRAST * contrast);
  }
}

static void
add_image (SmbTensorDict *outputs, const char *name, SmbTensor *image)
{
  smb_tensor_dict_set (outputs, name, image);
  smb_tensor_unref (image);
}

static void
add_images (SmbTensorDict *outputs, const SmbTensor *images, const guint8 *mask, const SmbNetConfig *config)
{
  const SmbTensor *pred = smb_tensor_dict_get (outputs, "out.pred");
  const float *mean = smb_tensor_dict_get (outputs, "out.patch_mean")->data;
  const float *sd = smb_tensor_dict_get (outputs, "out.patch_sd")->data;
  int p = config->patch_px;

  if (!config->norm_pix) {
    add_image (outputs, "out.image_pasted", smb_reconstruct (images, pred, NULL, NULL, mask, p));
    return;
  }
  add_image (outputs, "out.image_pasted", smb_reconstruct (images, pred, mean, sd, mask, p));
  add_image (outputs, "out.image_decoded", smb_reconstruct (images, pred, mean, sd, NULL, p));
  add_image (outputs, "out.image_pasted_without_denormalisation",
             smb_reconstruct (images, pred, NULL, NULL, mask, p));
}

static void
forget (SmbTensorDict *outputs, const char *name)
{
  guint at;

  if (g_hash_table_remove (outputs->tensors, name)
      && g_ptr_array_find_with_equal_func (outputs->names, name, g_str_equal, &at))
    g_ptr_array_remove_index (outputs->names, at);
}

static int
deepest (const SmbNetConfig *config)
{
  return MAX (config->depth, MAX (config->rep_depth, config->dec_depth));
}

gboolean
smb_net_forward_online (SmbNet *net, SmbNet *target, const SmbTensorDict *inputs, guint want, SmbTensorDict *outputs,
                        GCancellable *cancellable, GError **error)
{
  int l = smb_net_config_get_patches (&net->config);
  g_autoptr (SmbTensor) images = smb_net_input_images (inputs, &net->config, error), index = NULL;
  g_autofree guint8 *mask = NULL, *region = NULL, *layers = NULL;
  g_autoptr (GError) local = NULL;
  Job job = { .net = net, .want = want, .outputs = outputs, .images = images };
  double ratio;

  if (images == NULL || !smb_net_input_scalar (inputs, "in.mask_ratio", -1.0, &ratio, error))
    return FALSE;
  mask = smb_net_input_flags (inputs, "in.mask", images->shape[0], l, FALSE, error);
  if (mask == NULL)
    return FALSE;
  region = smb_net_input_flags (inputs, "in.region", images->shape[0], l, TRUE, &local);
  if (local == NULL)
    layers = smb_net_input_layers (inputs, deepest (&net->config), &local);
  if (local != NULL) {
    g_propagate_error (error, g_steal_pointer (&local));
    return FALSE;
  }
  job.layers = layers;
  job.index = index = smb_net_visible_index (mask, images->shape[0], l, ratio, error);
  if (index == NULL || (target != NULL && !smb_net_forward_target (target, inputs, outputs, cancellable, error))
      || !smb_net_run (net, online_pass, &job, cancellable, error))
    return FALSE;
  if (net->planning)
    return TRUE;
  if (target != NULL && net->config.proj_out != target->config.proj_out) {
    g_set_error_literal (error, SMB_ERROR, SMB_ERROR_MISMATCH,
                         _ ("The online and the target network project to vectors of different lengths; they do not "
                            "belong together."));
    return FALSE;
  }
  if (want & SMB_WANT_LOSSES)
    add_losses (outputs, mask, region);
  if (want & SMB_WANT_IMAGES)
    add_images (outputs, images, mask, &net->config);
  forget (outputs, "other.patch_error");
  return TRUE;
}
