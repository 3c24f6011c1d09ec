/* SPDX-License-Identifier: Apache-2.0 */
#include "train/smb-pretrainer.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/smb-error.h"
#include "base/smb-range.h"
#include "model/smb-mim-net.h"
#include "model/smb-net-inputs.h"
#include "model/smb-params.h"
#include "train/smb-iteration.h"

struct _SmbPretrainer {
  SmbPretrainSettings settings;
  SmbNetConfig config;
  SmbExec *exec;            /* owned, like all below */
  SmbParamSet *online_set, *target_set;
  SmbMimNet online, target;
  SmbOptimiser *optimiser;  /* NULL in a plan */
  guint64 iteration;
  int accumulated;          /* iterations since the last step */
  SmbAhead ahead;
  gboolean joined;          /* the devices of all processes reach each other */
};

/* One iteration on its way through a dry and a real run. */
typedef struct {
  SmbPretrainer *trainer;
  SmbTensor *images, *index, *all; /* host */
  const guint8 *mask, *region;     /* (B,L); NULL in a plan */
  SmbPretrainResult *result;
  gboolean sent;                   /* the images are on the device already */
  gint64 first, total;             /* own images among those of all processes */
} Job;

/* What the losses are made of, of the whole batch: errors, mask, region (B,L), vectors (B,P). */
typedef struct {
  float *error, *cl, *target_cl; /* owned */
  guint8 *mask, *region;         /* owned */
} Whole;

static void
whole_clear (Whole *w)
{
  g_free (w->error);
  g_free (w->cl);
  g_free (w->target_cl);
  g_free (w->mask);
  g_free (w->region);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Whole, whole_clear)

SmbPretrainSettings
smb_pretrain_settings_default (void)
{
  return (SmbPretrainSettings){ .contrast = SMB_CONTRAST_SIMSIAM,
                                .contrast_temperature = 0.2,
                                .weight_region = 0.007,
                                .weight_contrast = 0.1,
                                .mask_ratio = 0.75,
                                .strategy = SMB_MASK_CRFR_P,
                                .beta1 = 0.9,
                                .beta2 = 0.95,
                                .eps = 1e-8,
                                .weight_decay = 0.05,
                                .clip_norm = 1.0,
                                .accumulate = 1 };
}

gboolean
smb_pretrain_settings_check (const SmbPretrainSettings *s, GError **error)
{
  const SmbRange ranges[] = { { "--accumulate", s->accumulate, 1.0, INFINITY, FALSE, FALSE },
                              { "--mask-ratio", s->mask_ratio, s->mask_ratio < 0.0 ? -INFINITY : 0.0, 1.0, TRUE, TRUE },
                              { "temperature", s->contrast_temperature, 0.0, INFINITY, TRUE, FALSE },
                              { "beta1", s->beta1, 0.0, 1.0, FALSE, TRUE },
                              { "beta2", s->beta2, 0.0, 1.0, FALSE, TRUE },
                              { "epsilon", s->eps, 0.0, INFINITY, TRUE, FALSE },
                              { "--weight-decay", s->weight_decay, 0.0, INFINITY, FALSE, FALSE },
                              { "--clip", s->clip_norm, 0.0, INFINITY, FALSE, FALSE },
                              { "--weight-region", s->weight_region, -INFINITY, INFINITY, FALSE, FALSE },
                              { "--weight-contrast", s->weight_contrast, -INFINITY, INFINITY, FALSE, FALSE } };

  return smb_ranges_check (ranges, G_N_ELEMENTS (ranges), error);
}

/* The target's tensors by name out of an online network's. */
static gboolean
detect (SmbPretrainer *t, const SmbTensorDict *online, const SmbTensorDict *target, const char *overrides,
        GError **error)
{
  SmbNetConfig of_target;
  SmbNetKind kind;

  if (!smb_net_config_detect (&t->config, &kind, online, overrides, _ ("the online network"), error))
    return FALSE;
  if (kind != SMB_NET_ONLINE) {
    g_set_error_literal (error, SMB_ERROR, SMB_ERROR_MISMATCH,
                         _ ("Pre-training needs an online network with its pixel decoder; these weights hold another "
                            "kind."));
    return FALSE;
  }
  if (target == NULL)
    return TRUE;
  if (!smb_net_config_detect (&of_target, &kind, target, overrides, _ ("the target network"), error))
    return FALSE;
  if (kind == SMB_NET_TARGET && of_target.dim == t->config.dim && of_target.depth == t->config.depth
      && of_target.patch_px == t->config.patch_px && of_target.rep_depth == t->config.rep_depth
      && of_target.heads == t->config.heads && of_target.rep_heads == t->config.rep_heads
      && of_target.image_px == t->config.image_px && of_target.proj_out == t->config.proj_out
      && of_target.proj_hidden == t->config.proj_hidden)
    return TRUE;
  g_set_error_literal (error, SMB_ERROR, SMB_ERROR_MISMATCH,
                       _ ("The target network is of another size or kind than the online network."));
  return FALSE;
}

SmbPretrainer *
smb_pretrainer_new (SmbDevice *device, const SmbTensorDict *online, const SmbTensorDict *target, const char *overrides,
                    const SmbPretrainSettings *settings, GError **error)
{
  g_autoptr (SmbPretrainer) t = g_new0 (SmbPretrainer, 1);
  g_autoptr (GPtrArray) groups = NULL;

  t->settings = *settings;
  if (!smb_pretrain_settings_check (settings, error) || !detect (t, online, target, overrides, error))
    return NULL;
  t->exec = smb_exec_new (device);
  t->online_set = smb_param_set_new (device, online, &t->config, SMB_NET_ONLINE, SMB_PARAMS_WRITABLE,
                                     settings->precision, _ ("the online network"), error);
  if (t->online_set == NULL)
    return NULL;
  t->target_set = smb_param_set_new (device, target != NULL ? target : online, &t->config, SMB_NET_TARGET,
                                     SMB_PARAMS_WRITABLE, settings->precision, _ ("the target network"), error);
  if (t->target_set == NULL)
    return NULL;
  groups = smb_groups_pretrain (&t->config, settings->weight_decay);
  t->optimiser = smb_optimiser_new (t->online_set, groups, settings->beta1, settings->beta2, settings->eps, t->exec,
                                    error);
  if (t->optimiser == NULL)
    return NULL;
  t->online = smb_mim_net_bind (t->online_set, &t->config, SMB_NET_ONLINE);
  t->target = smb_mim_net_bind (t->target_set, &t->config, SMB_NET_TARGET);
  if (settings->parallel != NULL && !smb_parallel_join_device (settings->parallel, device, &t->joined, error))
    return NULL;
  return g_steal_pointer (&t);
}

void
smb_pretrainer_free (SmbPretrainer *t)
{
  if (t == NULL)
    return;
  smb_mim_net_clear (&t->online);
  smb_mim_net_clear (&t->target);
  smb_optimiser_free (t->optimiser);
  smb_param_set_free (t->online_set);
  smb_param_set_free (t->target_set);
  smb_exec_free (t->exec);
  g_free (t);
}

const SmbNetConfig *
smb_pretrainer_get_config (const SmbPretrainer *trainer)
{
  return &trainer->config;
}

guint64
smb_pretrainer_get_iteration (const SmbPretrainer *trainer)
{
  return trainer->iteration;
}

/* The target's contrastive vectors (B,P) on the host; NULL in a dry run. */
static SmbTensor *
target_vectors (SmbExec *exec, const Job *job, const SmbTensor *images, const SmbTensor *all)
{
  SmbExecMark mark = smb_exec_mark (exec);
  SmbMimRun run = { 0 };
  SmbMimOut out = smb_mim_net_forward (exec, &job->trainer->target, images, all, TRUE, &run, NULL);
  SmbTensor *cl = smb_exec_download (exec, out.cl);

  smb_exec_rewind (exec, mark);
  return cl;
}

static gsize
count (const guint8 *flags, gsize n)
{
  gsize sum = 0;

  for (gsize i = 0; i < n; i++)
    sum += flags[i] != 0;
  return sum;
}

/* Flags (B,L) of all processes. */
static guint8 *
gather_flags (const SmbParallel *parallel, const Job *job, const guint8 *flags, gint64 b, gint64 l, GError **error)
{
  g_autofree float *own = g_new (float, b * l), *all = NULL;
  g_autofree guint8 *out = g_new (guint8, job->total * l);

  for (gint64 i = 0; i < b * l; i++)
    /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): only a dry run has none */
    own[i] = flags[i] != 0;
  all = smb_parallel_gather (parallel, own, b, job->first, job->total, l, error);
  for (gint64 i = 0; all != NULL && i < job->total * l; i++)
    out[i] = all[i] != 0.0f;
  return all != NULL ? g_steal_pointer (&out) : NULL;
}

static gboolean
gather (Whole *w, const Job *job, const SmbTensor *errors, const SmbTensor *cl, const SmbTensor *target_cl,
        GError **error)
{
  const SmbParallel *parallel = job->trainer->settings.parallel;
  gint64 b = errors->shape[0], l = errors->shape[1], p = cl->shape[1];

  if (parallel == NULL) {
    w->error = g_memdup2 (errors->data, smb_tensor_get_bytes (errors));
    w->cl = g_memdup2 (cl->data, smb_tensor_get_bytes (cl));
    w->target_cl = g_memdup2 (target_cl->data, smb_tensor_get_bytes (target_cl));
    w->mask = g_memdup2 (job->mask, (gsize) (b * l));
    w->region = g_memdup2 (job->region, (gsize) (b * l));
    return TRUE;
  }
  return (w->error = smb_parallel_gather (parallel, errors->data, b, job->first, job->total, l, error)) != NULL
         && (w->cl = smb_parallel_gather (parallel, cl->data, b, job->first, job->total, p, error)) != NULL
         && (w->target_cl = smb_parallel_gather (parallel, target_cl->data, b, job->first, job->total, p, error))
                != NULL
         && (w->mask = gather_flags (parallel, job, job->mask, b, l, error)) != NULL
         && (w->region = gather_flags (parallel, job, job->region, b, l, error)) != NULL;
}

/* Losses of the whole batch from downloaded errors and vectors, and what they send back to this process' share: weight
 * (B,L) of each patch's error, dcl (B,P). FALSE: no backward pass (dry runs go on). */
static gboolean
measure (SmbExec *exec, const Job *job, const SmbTensor *error, const SmbTensor *cl, const SmbTensor *target_cl,
         SmbTensor *weight, SmbTensor *dcl)
{
  const SmbPretrainSettings *s = &job->trainer->settings;
  SmbPretrainResult *r = job->result;
  gint64 l = weight->shape[1], p = dcl->shape[1];
  gsize n = (gsize) weight->n, all = (gsize) (job->total * l), hidden, covered;
  double share = 1.0 / s->accumulate;
  g_autofree float *slope = g_new (float, job->total * p);
  g_auto (Whole) w = { 0 };
  GError *failure = NULL;

  if (!gather (&w, job, error, cl, target_cl, &failure)) {
    smb_exec_fail (exec, failure);
    return FALSE;
  }
  hidden = MAX (count (w.mask, all), 1);
  covered = MAX (count (w.region, all), 1);
  /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): only a dry run has none */
  r->rec = smb_loss_masked_mean (w.error, w.mask, all);
  r->region = smb_loss_masked_mean (w.error, w.region, all);
  r->cl = smb_loss_contrast (s->contrast, w.cl, w.target_cl, (int) job->total, (int) p, s->contrast_temperature, slope);
  r->total = r->rec + s->weight_region * r->region + s->weight_contrast * r->cl;
  r->skipped = !isfinite (r->cl);
  if (!isfinite (r->rec) || !isfinite (r->region)) {
    smb_exec_fail (exec, g_error_new (SMB_ERROR, SMB_ERROR_FAILED,
                                      _ ("The reconstruction loss of iteration %" PRIu64
                                         " is not a finite number; lower the learning rate or check the images."),
                                      job->trainer->iteration));
    return FALSE;
  }
  for (gsize i = 0; i < n; i++)
    ((float *) weight->data)[i] = (float) (share * ((job->mask[i] ? 1.0 / (double) hidden : 0.0)
                                                    + (job->region[i] ? s->weight_region / (double) covered : 0.0)));
  for (gint64 i = 0; i < dcl->n; i++)
    ((float *) dcl->data)[i] = slope[job->first * p + i] * (float) (share * s->weight_contrast);
  return !r->skipped;
}

static void
iteration_pass (SmbExec *exec, gconstpointer data)
{
  const Job *job = data;
  SmbPretrainer *t = job->trainer;
  SmbStackRun keep = { .keep = TRUE, .recompute = t->settings.recompute };
  SmbMimRun run = { keep, keep, keep };
  SmbMimTape tape = { 0 };
  SmbTensor *images = job->sent ? smb_exec_upload_sent (exec, job->images) : smb_exec_upload (exec, job->images);
  SmbTensor *index = smb_exec_upload (exec, job->index), *all = smb_exec_upload (exec, job->all);
  g_autoptr (SmbTensor) target_cl = target_vectors (exec, job, images, all);
  SmbMimOut out = smb_mim_net_forward (exec, &t->online, images, index, FALSE, &run, &tape);
  gint64 b = out.pred->shape[0], l = out.pred->shape[1];
  const gint64 weight_shape[] = { b, l };
  SmbTensor *goal = smb_exec_take_like (exec, out.pred), *mean = smb_take (exec, b, l), *sd = smb_take (exec, b, l);
  SmbTensor *error = smb_take (exec, b, l);
  g_autoptr (SmbTensor) weight = smb_tensor_new (SMB_DTYPE_F32, 2, weight_shape);
  g_autoptr (SmbTensor) dcl = smb_tensor_new (SMB_DTYPE_F32, 2, out.cl->shape), host_error = NULL, host_cl = NULL;

  smb_op_patchify (exec, goal, images, t->config.patch_px, SMB_PATCH_HWC);
  smb_op_recon_target (exec, goal, mean, sd, t->config.norm_pix);
  smb_op_recon_error (exec, error, out.pred, goal);
  host_error = smb_exec_download (exec, error);
  host_cl = smb_exec_download (exec, out.cl);
  if (smb_exec_is_dry (exec)
      || (smb_exec_is_live (exec) && measure (exec, job, host_error, host_cl, target_cl, weight, dcl))) {
    SmbTensor *dpred = smb_exec_take_like (exec, out.pred);

    smb_op_recon_backward (exec, dpred, out.pred, goal, smb_exec_upload (exec, weight));
    smb_mim_net_backward (exec, &t->online, &out, dpred, smb_exec_upload (exec, dcl), &run, &tape);
  }
  smb_mim_tape_clear (&tape);
}

static void
send_next (SmbExec *exec, gconstpointer data)
{
  SmbPretrainer *t = ((const Job *) data)->trainer;
  const SmbTensor *images = t->ahead.next != NULL ? t->ahead.next (t->ahead.user_data, t->iteration + 1) : NULL;

  if (images == NULL || !smb_exec_send_ahead (exec, images))
    return;
  t->ahead.from = images->data;
  t->ahead.iteration = t->iteration + 1;
}

static gboolean
finish_iteration (SmbPretrainer *t, double lr, double momentum, SmbPretrainResult *r, GError **error)
{
  if (!smb_iteration_count (t->settings.parallel, t->joined, t->optimiser, t->settings.accumulate, &t->accumulated,
                            &r->stepped, error))
    return FALSE;
  smb_exec_begin (t->exec, NULL, FALSE); /* from here on nothing stops half-way */
  if (r->stepped)
    r->grad_norm = smb_iteration_step (t->exec, t->optimiser, t->settings.clip_norm, lr);
  for (guint i = 0; i < t->target_set->params->len; i++) {
    SmbParam *param = g_ptr_array_index (t->target_set->params, i);

    smb_op_ema (t->exec, param->value, smb_param_set_get (t->online_set, param->name)->value, momentum);
  }
  t->iteration++;
  return smb_exec_finish (t->exec, error);
}

static gboolean
make_job (Job *job, SmbPretrainer *t, const SmbTensor *images, const guint8 *mask, const guint8 *region,
          GError **error)
{
  gint64 b, l = smb_net_config_get_patches (&t->config);
  g_autofree guint8 *nothing = NULL;

  if (!smb_iteration_check_images (&t->config, images, error))
    return FALSE;
  b = images->shape[0];
  nothing = g_new0 (guint8, b * l);
  job->trainer = t;
  job->images = (SmbTensor *) images;
  job->mask = mask;
  job->region = region;
  job->index = smb_net_visible_index (mask != NULL ? mask : nothing, b, l, t->settings.mask_ratio, error);
  job->all = job->index != NULL ? smb_net_visible_index (nothing, b, l, 0.0, error) : NULL;
  return job->all != NULL;
}

static void
job_clear (Job *job)
{
  g_clear_pointer (&job->index, smb_tensor_unref);
  g_clear_pointer (&job->all, smb_tensor_unref);
}

void
smb_pretrainer_set_next (SmbPretrainer *t, SmbNextImages next, gpointer user_data)
{
  t->ahead = (SmbAhead){ .next = next, .user_data = user_data };
}

gboolean
smb_pretrainer_step (SmbPretrainer *t, const SmbTensor *images, const guint8 *mask, const guint8 *region, double lr,
                     double momentum, SmbPretrainResult *result, GCancellable *cancellable, GError **error)
{
  Job job = { .result = result };
  gboolean done;

  *result = (SmbPretrainResult){ .grad_norm = NAN };
  if (!make_job (&job, t, images, mask, region, error)) {
    job_clear (&job);
    return FALSE;
  }
  job.total = images->shape[0];
  if (t->settings.parallel != NULL
      && !smb_parallel_place (t->settings.parallel, images->shape[0], &job.first, &job.total, error)) {
    job_clear (&job);
    return FALSE;
  }
  job.sent = smb_ahead_use (&t->ahead, t->iteration, images);
  done = smb_iteration_run (t->exec, t->optimiser, iteration_pass, send_next, &job, &t->accumulated, cancellable,
                            error);
  job_clear (&job);
  if (!done)
    return FALSE;
  if (result->skipped) {
    t->iteration++;
    return TRUE;
  }
  return finish_iteration (t, lr, momentum, result, error);
}

void
smb_pretrainer_draw_masks (const SmbPretrainer *t, guint64 iteration, guint8 *mask, guint8 *region,
                           const guint8 *parsing, int batch)
{
  int l = smb_net_config_get_patches (&t->config), chosen = SMB_REGION_RANDOM;
  gsize pixels = (gsize) t->config.image_px * (gsize) t->config.image_px;
  g_autofree guint8 *member = g_malloc ((gsize) SMB_N_REGIONS * (gsize) l);
  SmbRng rng;

  g_return_if_fail (t->settings.mask_ratio > 0.0);
  smb_rng_init (&rng, t->settings.seed, iteration);
  if (t->settings.strategy == SMB_MASK_CRFR_P || t->settings.strategy == SMB_MASK_CRFR_R)
    chosen = (int) smb_rng_below (&rng, SMB_REGION_SKIN);
  for (int i = 0; i < batch; i++) {
    if (parsing != NULL)
      smb_region_membership (member, parsing + (gsize) i * pixels, t->config.image_px, t->config.patch_px);
    smb_mask_draw (mask + i * l, region + i * l, &rng, t->settings.strategy, chosen, parsing != NULL ? member : NULL, l,
                   t->settings.mask_ratio);
  }
}

static void
set_meta_number (SmbTensorDict *dict, const char *key, guint64 value)
{
  g_autofree char *text = g_strdup_printf ("%" G_GUINT64_FORMAT, value);

  smb_tensor_dict_set_meta (dict, key, text);
}

SmbTensorDict *
smb_pretrainer_get_weights (SmbPretrainer *t, gboolean target, GError **error)
{
  g_autoptr (SmbTensorDict) dict = smb_tensor_dict_new ();
  g_autofree char *json = smb_net_config_to_json (&t->config);

  smb_tensor_dict_set_meta (dict, "config", json);
  return smb_params_download (target ? t->target_set : t->online_set, FALSE, "", dict, error) ? g_steal_pointer (&dict)
                                                                                              : NULL;
}

SmbTensorDict *
smb_pretrainer_get_gradients (SmbPretrainer *t, GError **error)
{
  g_autoptr (SmbTensorDict) dict = smb_tensor_dict_new ();

  return smb_params_download (t->online_set, TRUE, "", dict, error) ? g_steal_pointer (&dict) : NULL;
}

SmbTensorDict *
smb_pretrainer_save (SmbPretrainer *t, GError **error)
{
  g_autoptr (SmbTensorDict) state = smb_tensor_dict_new ();
  g_autofree char *json = smb_net_config_to_json (&t->config);

  smb_tensor_dict_set_meta (state, "config", json);
  set_meta_number (state, "iteration", t->iteration);
  set_meta_number (state, "accumulated", (guint64) t->accumulated);
  set_meta_number (state, "seed", t->settings.seed);
  if (!smb_params_download (t->online_set, FALSE, "online.", state, error)
      || !smb_params_download (t->target_set, FALSE, "target.", state, error)
      || (t->accumulated > 0 && !smb_params_download (t->online_set, TRUE, "grad.", state, error))
      || !smb_optimiser_save (t->optimiser, state, error))
    return NULL;
  return g_steal_pointer (&state);
}

gboolean
smb_pretrainer_load (SmbPretrainer *t, const SmbTensorDict *state, GError **error)
{
  const char *iteration = smb_tensor_dict_get_meta (state, "iteration");
  const char *accumulated = smb_tensor_dict_get_meta (state, "accumulated");
  const char *seed = smb_tensor_dict_get_meta (state, "seed");
  guint64 in_sum = 0;

  if (iteration == NULL || seed == NULL || accumulated == NULL
      || !g_ascii_string_to_unsigned (iteration, 10, 0, G_MAXUINT64, &t->iteration, NULL)
      || !g_ascii_string_to_unsigned (seed, 10, 0, G_MAXUINT64, &t->settings.seed, NULL)
      || !g_ascii_string_to_unsigned (accumulated, 10, 0, (guint64) t->settings.accumulate - 1, &in_sum, NULL)) {
    g_set_error_literal (error, SMB_ERROR, SMB_ERROR_MISMATCH,
                         _ ("This file is no saved state of a pre-training with these settings."));
    return FALSE;
  }
  t->accumulated = (int) in_sum;
  return smb_params_restore (t->online_set, FALSE, "online.", state, error)
         && smb_params_restore (t->target_set, FALSE, "target.", state, error)
         && (in_sum == 0 || smb_params_restore (t->online_set, TRUE, "grad.", state, error))
         && smb_optimiser_load (t->optimiser, state, error);
}

gboolean
smb_pretrainer_load_checkpoint (SmbPretrainer *t, const SmbTensorDict *online, const SmbTensorDict *optimiser,
                                GError **error)
{
  if (!smb_params_restore (t->online_set, FALSE, "", online, error)
      || !smb_optimiser_load_checkpoint (t->optimiser, optimiser, error))
    return FALSE;
  t->iteration = (guint64) smb_optimiser_get_steps (t->optimiser) * (guint64) t->settings.accumulate;
  t->accumulated = 0;
  return TRUE;
}

void
smb_pretrainer_set_iteration (SmbPretrainer *t, guint64 iteration)
{
  g_return_if_fail (t->accumulated == 0 && iteration % (guint64) t->settings.accumulate == 0);
  t->iteration = iteration;
}

guint64
smb_pretrain_plan_bytes (SmbDevice *device, const SmbNetConfig *config, const SmbPretrainSettings *settings, int batch,
                         GError **error)
{
  g_autoptr (SmbPretrainer) t = g_new0 (SmbPretrainer, 1);
  g_autoptr (GPtrArray) groups = smb_groups_pretrain (config, 0.0);
  const gint64 shape[] = { batch, config->chans, config->image_px, config->image_px };
  g_autoptr (SmbTensor) images = NULL;
  Job job = { 0 };
  guint64 bytes = 0, weights, optimiser;

  g_return_val_if_fail (batch >= 1, 0);
  t->settings = *settings;
  t->config = *config;
  t->exec = smb_exec_new (device);
  t->online_set = smb_param_set_new_planned (device, config, SMB_NET_ONLINE, settings->precision);
  t->target_set = smb_param_set_new_planned (device, config, SMB_NET_TARGET, settings->precision);
  smb_iteration_plan_gradients (t->online_set, groups);
  t->online = smb_mim_net_bind (t->online_set, config, SMB_NET_ONLINE);
  t->target = smb_mim_net_bind (t->target_set, config, SMB_NET_TARGET);
  images = smb_tensor_new_borrowed (SMB_DTYPE_F32, 4, shape, NULL, NULL, NULL);
  if (make_job (&job, t, images, NULL, NULL, error)) {
    smb_exec_begin (t->exec, NULL, TRUE);
    iteration_pass (t->exec, &job);
    weights = 4 * (guint64) (smb_params_count (config, SMB_NET_ONLINE) + smb_params_count (config, SMB_NET_TARGET));
    optimiser = smb_optimiser_plan_bytes (t->online_set, groups);
    if (smb_exec_finish (t->exec, error))
      bytes = smb_exec_get_peak_bytes (t->exec) + optimiser + weights + smb_iteration_plan_ahead (t->exec, images)
              + smb_train_plan_host_bytes (device, weights, optimiser, 4 * (guint64) images->n);
  }
  job_clear (&job);
  return bytes;
}

int
smb_train_suggest_batch (guint64 bytes_of_one, guint64 bytes_of_two, guint64 available_bytes)
{
  guint64 each = bytes_of_two > bytes_of_one ? bytes_of_two - bytes_of_one : 1;

  if (bytes_of_one == 0 || available_bytes < bytes_of_one)
    return 0;
  return (int) MIN (1 + (available_bytes - bytes_of_one) / each, 65536);
}
