/* SPDX-License-Identifier: Apache-2.0 */
#include "train/smb-finetuner.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/smb-error.h"
#include "base/smb-range.h"
#include "model/smb-class-net.h"
#include "model/smb-params.h"
#include "train/smb-finetune-loss.h"
#include "train/smb-iteration.h"
#include "train/smb-schedule.h"

/* Streams of random numbers of one iteration; which patches are kept has one far from them, so that they are the same
 * whether it is used or not. */
enum { STREAM_AUGMENT, STREAM_DEPTH, N_STREAMS };
#define PATCH_STREAM ((guint64) 1 << 60)

struct _SmbFinetuner {
  SmbFinetuneSettings settings;
  double *class_weights;   /* owned, or NULL */
  SmbNetConfig config;
  SmbNetKind kind;
  SmbExec *exec;           /* owned, like all below */
  SmbParamSet *set;
  SmbClassNet net;
  SmbOptimiser *optimiser; /* NULL in a plan */
  int first;               /* lowest block that trains */
  guint64 iteration;
  int accumulated;
  gboolean genuine_seen;   /* since the last step: the contrastive projector has a gradient */
  SmbAhead ahead;
  SmbMix ahead_mix;        /* how what was sent ahead has been mixed */
  gboolean joined;         /* the devices of all processes reach each other */
};

typedef struct {
  SmbFinetuner *tuner;
  const SmbTensor *images;   /* host, augmented; `sent`: only their shape */
  gboolean sent;             /* the augmented images are on the device already */
  SmbTensor **gates;         /* host (B), 2 * depth, entries NULL; NULL: no stochastic depth */
  SmbTensor *index;          /* host (B,K), the patches kept; NULL: all */
  SmbFinetuneBatch batch;    /* empty in a plan */
  SmbFinetuneResult *result;
} Job;

SmbFinetuneSettings
smb_finetune_settings_default (SmbNetKind kind)
{
  gboolean adapter = kind == SMB_NET_ADAPTER;

  return (SmbFinetuneSettings){ .trained = adapter ? SMB_TRAIN_ADAPTER : SMB_TRAIN_ALL,
                                .last_blocks = 1,
                                .layer_decay = adapter ? 1.0 : 0.65,
                                .weight_decay = adapter ? 0.0 : 0.05,
                                .beta1 = 0.9,
                                .beta2 = 0.999,
                                .eps = 1e-8,
                                .smoothing = 0.1,
                                .drop_path = 0.1,
                                .keep_patches = 1.0,
                                .augment
                                = { .erasing = 0.25, .mixup = adapter ? 0.8 : 0.0, .cutmix = adapter ? 1.0 : 0.0 },
                                .contrast_weight = adapter ? 0.01 : 0.0,
                                .contrast_temperature = 0.07,
                                .accumulate = 1 };
}

gboolean
smb_finetune_settings_check (const SmbFinetuneSettings *s, GError **error)
{
  const SmbRange ranges[] = { { "--accumulate", s->accumulate, 1.0, INFINITY, FALSE, FALSE },
                              { "--last-blocks", s->last_blocks, 0.0, INFINITY, FALSE, FALSE },
                              { "--layer-decay", s->layer_decay, 0.0, 1.0, FALSE, FALSE },
                              { "--weight-decay", s->weight_decay, 0.0, INFINITY, FALSE, FALSE },
                              { "beta1", s->beta1, 0.0, 1.0, FALSE, TRUE },
                              { "beta2", s->beta2, 0.0, 1.0, FALSE, TRUE },
                              { "epsilon", s->eps, 0.0, INFINITY, TRUE, FALSE },
                              { "--clip", s->clip_norm, 0.0, INFINITY, FALSE, FALSE },
                              { "--smoothing", s->smoothing, 0.0, 1.0, FALSE, TRUE },
                              { "--drop-path", s->drop_path, 0.0, 1.0, FALSE, TRUE },
                              { "--erasing", s->augment.erasing, 0.0, 1.0, FALSE, FALSE },
                              { "--mixup", s->augment.mixup, 0.0, INFINITY, FALSE, FALSE },
                              { "--cutmix", s->augment.cutmix, 0.0, INFINITY, FALSE, FALSE },
                              { "--keep-patches", s->keep_patches, 0.0, 1.0, TRUE, FALSE },
                              { "--weight-contrast", s->contrast_weight, -INFINITY, INFINITY, FALSE, FALSE },
                              { "temperature", s->contrast_temperature, 0.0, INFINITY, TRUE, FALSE },
                              { "--weight-patches", s->patch_weight, 0.0, INFINITY, FALSE, FALSE } };

  return smb_ranges_check (ranges, G_N_ELEMENTS (ranges), error);
}

static GPtrArray *
groups_of (const SmbFinetuner *t)
{
  return smb_groups_finetune (&t->config, t->kind, t->settings.trained, t->settings.last_blocks,
                              t->settings.weight_decay, t->settings.layer_decay);
}

SmbFinetuner *
smb_finetuner_new (SmbDevice *device, const SmbTensorDict *weights, const char *overrides,
                   const SmbFinetuneSettings *settings, GError **error)
{
  g_autoptr (SmbFinetuner) t = g_new0 (SmbFinetuner, 1);
  g_autoptr (GPtrArray) groups = NULL;

  t->settings = *settings;
  if (!smb_finetune_settings_check (settings, error)
      || !smb_net_config_detect (&t->config, &t->kind, weights, overrides, _ ("the network"), error))
    return NULL;
  if (t->kind != SMB_NET_CLASSIFIER && t->kind != SMB_NET_ADAPTER) {
    g_set_error_literal (error, SMB_ERROR, SMB_ERROR_MISMATCH,
                         _ ("Fine-tuning needs a network with a classifier's head; start one from these weights "
                            "first."));
    return NULL;
  }
  if (settings->patch_weight > 0.0
      && (t->kind != SMB_NET_CLASSIFIER || !t->config.global_pool || settings->augment.mixup > 0.0
          || settings->augment.cutmix > 0.0)) {
    g_set_error_literal (
        error, SMB_ERROR, SMB_ERROR_ARGUMENT,
        _ ("Patches can be judged alone only in a network that pools them, has no adapter, and sees batches that "
           "are not mixed; leave the weight of the patches, mixup and cutmix at 0."));
    return NULL;
  }
  if (settings->class_weights != NULL)
    t->class_weights = g_memdup2 (settings->class_weights, (gsize) t->config.classes * sizeof (double));
  t->settings.class_weights = t->class_weights;
  t->exec = smb_exec_new (device);
  t->set = smb_param_set_new (device, weights, &t->config, t->kind, SMB_PARAMS_WRITABLE, settings->precision,
                              _ ("the network"), error);
  if (t->set == NULL)
    return NULL;
  groups = groups_of (t);
  t->first = smb_groups_first_block (groups, t->config.depth);
  t->optimiser = smb_optimiser_new (t->set, groups, settings->beta1, settings->beta2, settings->eps, t->exec, error);
  if (t->optimiser == NULL)
    return NULL;
  t->net = smb_class_net_bind (t->set, &t->config, t->kind);
  if (settings->parallel != NULL && !smb_parallel_join_device (settings->parallel, device, &t->joined, error))
    return NULL;
  return g_steal_pointer (&t);
}

void
smb_finetuner_free (SmbFinetuner *t)
{
  if (t == NULL)
    return;
  smb_class_net_clear (&t->net);
  smb_optimiser_free (t->optimiser);
  smb_param_set_free (t->set);
  smb_exec_free (t->exec);
  g_free (t->class_weights);
  g_free (t);
}

const SmbNetConfig *
smb_finetuner_get_config (const SmbFinetuner *tuner)
{
  return &tuner->config;
}

SmbNetKind
smb_finetuner_get_kind (const SmbFinetuner *tuner)
{
  return tuner->kind;
}

guint64
smb_finetuner_get_iteration (const SmbFinetuner *tuner)
{
  return tuner->iteration;
}

/* Once all parts of the loss are summed. */
static void
check_loss (SmbExec *exec, const Job *job)
{
  /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): only a dry run has none */
  if (!isfinite (job->result->total))
    smb_exec_fail (exec, g_error_new (SMB_ERROR, SMB_ERROR_FAILED,
                                      _ ("The loss of iteration %" PRIu64
                                         " is not a finite number; lower the learning rate or check the images."),
                                      job->tuner->iteration));
}

/* The gradient (B,K,classes) on the device of a loss over single patches; NULL if there is none. */
static SmbTensor *
judge_patches (SmbExec *exec, const Job *job, SmbClassTape *tape)
{
  SmbFinetuner *t = job->tuner;
  g_autoptr (SmbTensor) logits = NULL, dlogits = NULL;
  GError *failure = NULL;
  SmbTensor *judged;

  if (!(t->settings.patch_weight > 0.0))
    return NULL;
  judged = smb_class_net_judge_patches (exec, &t->net, tape);
  dlogits = smb_tensor_new (SMB_DTYPE_F32, 3, judged->shape);
  logits = smb_exec_download (exec, judged);
  if (smb_exec_is_live (exec) && !smb_finetune_loss_patches (&job->batch, logits, dlogits, job->result, &failure))
    smb_exec_fail (exec, failure);
  return smb_exec_upload (exec, dlogits);
}

static void
iteration_pass (SmbExec *exec, gconstpointer data)
{
  const Job *job = data;
  SmbFinetuner *t = job->tuner;
  int n_gates = job->gates != NULL ? 2 * t->config.depth : 0;
  g_autofree SmbTensor **gates = g_new0 (SmbTensor *, n_gates + 1);
  SmbStackRun run = { .keep = TRUE, .recompute = t->settings.recompute, .first = t->first,
                      .gates = n_gates > 0 ? gates : NULL };
  SmbClassTape tape = { 0 };
  SmbTensor *images = job->sent ? smb_exec_upload_sent (exec, job->images) : smb_exec_upload (exec, job->images);
  SmbTensor *index, *z, *dz_device = NULL, *dlogits_device, *dpatches;
  g_autoptr (SmbTensor) logits = NULL, vectors = NULL, dlogits = NULL, dz = NULL;
  GError *failure = NULL;
  SmbClassOut out;
  gboolean contrast;

  for (int i = 0; i < n_gates; i++)
    gates[i] = job->gates[i] != NULL ? smb_exec_upload (exec, job->gates[i]) : NULL;
  index = job->index != NULL ? smb_exec_upload (exec, job->index) : NULL;
  out = smb_class_net_forward (exec, &t->net, images, index, &run, &tape);
  z = t->net.adapter && t->settings.contrast_weight > 0.0 ? out.projection : NULL;
  dlogits = smb_tensor_new (SMB_DTYPE_F32, 2, out.logits->shape);
  dz = z != NULL ? smb_tensor_new (SMB_DTYPE_F32, 2, z->shape) : NULL;
  logits = smb_exec_download (exec, out.logits);
  vectors = z != NULL ? smb_exec_download (exec, z) : NULL;
  contrast = z != NULL;
  if (smb_exec_is_live (exec)) {
    if (!smb_finetune_loss (&job->batch, logits, vectors, dlogits, dz, job->result, &contrast, &failure))
      smb_exec_fail (exec, failure);
    t->genuine_seen |= contrast;
  }
  dlogits_device = smb_exec_upload (exec, dlogits);
  if (contrast)
    dz_device = smb_exec_upload (exec, dz);
  dpatches = judge_patches (exec, job, &tape);
  if (smb_exec_is_live (exec))
    check_loss (exec, job);
  smb_class_net_backward (exec, &t->net, &out, dlogits_device, dz_device, dpatches, &run, &tape);
  smb_class_tape_clear (&tape);
}

/* Without a genuine face in the batch the projector has no gradient at all, and its state rests. */
static void
rest_projector (SmbFinetuner *t)
{
  for (guint i = 0; i < t->optimiser->slots->len; i++) {
    SmbSlot *slot = g_ptr_array_index (t->optimiser->slots, i);

    slot->resting
        = t->kind == SMB_NET_ADAPTER && !t->genuine_seen && g_str_has_prefix (slot->param->name, "projector.");
  }
  t->genuine_seen = FALSE;
}

static gboolean
finish_iteration (SmbFinetuner *t, double lr, SmbFinetuneResult *r, GError **error)
{
  if (!smb_iteration_count (t->settings.parallel, t->joined, t->optimiser, t->settings.accumulate, &t->accumulated,
                            &r->stepped, error))
    return FALSE;
  smb_exec_begin (t->exec, NULL, FALSE); /* from here on nothing stops half-way */
  if (r->stepped) {
    rest_projector (t);
    r->grad_norm = smb_iteration_step (t->exec, t->optimiser, t->settings.clip_norm, lr);
  }
  t->iteration++;
  return smb_exec_finish (t->exec, error);
}

static gboolean
check_batch (const SmbFinetuner *t, const SmbTensor *images, const int *labels, GError **error)
{
  if (!smb_iteration_check_images (&t->config, images, error))
    return FALSE;
  for (gint64 i = 0; i < images->shape[0]; i++)
    if (labels[i] < 0 || labels[i] >= t->config.classes) {
      g_set_error (error, SMB_ERROR, SMB_ERROR_MISMATCH,
                   _ ("Image %d is labelled as class %d, but the network's classes are 0 to %d."), (int) i, labels[i],
                   t->config.classes - 1);
      return FALSE;
    }
  return TRUE;
}

/* A stream of random numbers of an iteration, another one in each process. */
static void
begin_stream (const SmbFinetuner *t, guint64 stream, SmbRng *rng)
{
  guint64 rank = t->settings.parallel != NULL ? (guint64) t->settings.parallel->rank : 0;

  smb_rng_init (rng, t->settings.seed, (rank << 48) + stream);
}

/* The batch of an iteration as the network sees it, and how it was mixed. */
static SmbTensor *
augment (const SmbFinetuner *t, guint64 iteration, const SmbTensor *images, SmbMix *mix, gboolean given)
{
  SmbTensor *copy = smb_tensor_new (SMB_DTYPE_F32, 4, images->shape);
  int b = (int) images->shape[0], chans = t->config.chans, side = t->config.image_px;
  SmbRng rng;

  memcpy (copy->data, images->data, smb_tensor_get_bytes (copy));
  if (!given) {
    begin_stream (t, iteration * N_STREAMS + STREAM_AUGMENT, &rng);
    smb_augment_erase (copy->data, b, chans, side, side, t->settings.augment.erasing, &rng);
    *mix = smb_augment_draw_mix (&t->settings.augment, side, side, &rng);
  }
  smb_mix_images (copy->data, b, chans, side, side, mix);
  return copy;
}

/* Factors of the branches: 0 with the block's rate, else 1 / (1 - rate); NULL without stochastic depth. */
static SmbTensor **
draw_gates (const SmbFinetuner *t, gint64 b)
{
  SmbTensor **gates;
  SmbRng rng;

  if (t->settings.drop_path <= 0.0)
    return NULL;
  gates = g_new0 (SmbTensor *, 2 * t->config.depth + 1);
  begin_stream (t, t->iteration * N_STREAMS + STREAM_DEPTH, &rng);
  for (int i = 0; i < 2 * t->config.depth; i++) {
    double rate = smb_schedule_drop_path (t->settings.drop_path, i / 2, t->config.depth);

    if (rate <= 0.0)
      continue;
    gates[i] = smb_tensor_new (SMB_DTYPE_F32, 1, &b);
    for (gint64 k = 0; k < b; k++)
      ((float *) gates[i]->data)[k] = smb_rng_uniform (&rng) < rate ? 0.0f : (float) (1.0 / (1.0 - rate));
  }
  return gates;
}

/* (B,K): the patches that each image keeps, in their order; NULL: all. */
static SmbTensor *
draw_patches (const SmbFinetuner *t, gint64 b)
{
  int l = smb_net_config_get_patches (&t->config);
  gint64 shape[] = { b, MAX (1, (int) lround (t->settings.keep_patches * l)) };
  g_autofree gint32 *order = g_new (gint32, l);
  SmbTensor *index;
  SmbRng rng;

  if (shape[1] == l)
    return NULL;
  index = smb_tensor_new (SMB_DTYPE_I32, 2, shape);
  begin_stream (t, PATCH_STREAM + t->iteration, &rng);
  for (gint64 i = 0; i < b; i++) {
    gint32 *row = (gint32 *) index->data + i * shape[1];
    gint64 kept = 0;

    for (gint32 j = 0; j < l; j++)
      order[j] = j < (gint32) shape[1];
    smb_rng_shuffle (&rng, order, (guint32) l);
    for (gint32 j = 0; j < l; j++)
      if (order[j] != 0)
        row[kept++] = j;
  }
  return index;
}

/* Of what is told of all patches (B,L), that of those kept; owned. */
static float *
of_patches_kept (const float *told, const SmbTensor *index, int l)
{
  const gint32 *at = index->data;
  float *kept = g_new (float, index->n);

  for (gint64 i = 0; i < index->n; i++)
    kept[i] = told[i / index->shape[1] * l + at[i]];
  return kept;
}

static void
free_gates (SmbTensor **gates, int depth)
{
  for (int i = 0; gates != NULL && i < 2 * depth; i++)
    g_clear_pointer (&gates[i], smb_tensor_unref);
  g_free (gates);
}

static void
send_next (SmbExec *exec, gconstpointer data)
{
  SmbFinetuner *t = ((const Job *) data)->tuner;
  const SmbTensor *images = t->ahead.next != NULL ? t->ahead.next (t->ahead.user_data, t->iteration + 1) : NULL;
  SmbMix how = { .lambda = 1.0 };
  g_autoptr (SmbTensor) batch = NULL;

  if (images == NULL)
    return;
  batch = augment (t, t->iteration + 1, images, &how, FALSE);
  if (!smb_exec_send_ahead (exec, batch))
    return;
  t->ahead.from = images->data;
  t->ahead.iteration = t->iteration + 1;
  t->ahead_mix = how;
}

void
smb_finetuner_set_next (SmbFinetuner *t, SmbNextImages next, gpointer user_data)
{
  t->ahead = (SmbAhead){ .next = next, .user_data = user_data };
}

gboolean
smb_finetuner_step (SmbFinetuner *t, const SmbTensor *images, const int *labels, const float *forged, const SmbMix *mix,
                    double lr, SmbFinetuneResult *result, GCancellable *cancellable, GError **error)
{
  SmbMix how = mix != NULL ? *mix : (SmbMix){ .lambda = 1.0 };
  g_autoptr (SmbTensor) batch = NULL, index = NULL;
  g_autofree double *targets = NULL;
  g_autofree float *kept = NULL;
  Job job = { .tuner = t, .result = result,
              .batch = { .settings = &t->settings, .total = images->shape[0], .labels = labels, .forged = forged } };
  gboolean done;

  g_return_val_if_fail (forged != NULL || !(t->settings.patch_weight > 0.0), FALSE);
  *result = (SmbFinetuneResult){ .grad_norm = NAN };
  if (!check_batch (t, images, labels, error)
      || (t->settings.parallel != NULL
          && !smb_parallel_place (t->settings.parallel, images->shape[0], &job.batch.first, &job.batch.total, error)))
    return FALSE;
  job.sent = smb_ahead_use (&t->ahead, t->iteration, images) && mix == NULL;
  if (job.sent) {
    how = t->ahead_mix;
    job.images = images;
  } else {
    job.images = batch = augment (t, t->iteration, images, &how, mix != NULL);
  }
  job.gates = draw_gates (t, images->shape[0]);
  job.index = index = draw_patches (t, images->shape[0]);
  if (index != NULL && forged != NULL)
    job.batch.forged = kept = of_patches_kept (forged, index, smb_net_config_get_patches (&t->config));
  job.batch.targets = targets = g_new (double, images->shape[0] * t->config.classes);
  smb_mix_targets (targets, labels, (int) images->shape[0], t->config.classes, t->settings.smoothing, how.lambda);
  done = smb_iteration_run (t->exec, t->optimiser, iteration_pass, send_next, &job, &t->accumulated, cancellable,
                            error);
  free_gates (job.gates, t->config.depth);
  return done && finish_iteration (t, lr, result, error);
}

SmbTensorDict *
smb_finetuner_get_weights (SmbFinetuner *t, GError **error)
{
  g_autoptr (SmbTensorDict) dict = smb_tensor_dict_new ();
  g_autofree char *json = smb_net_config_to_json (&t->config);

  smb_tensor_dict_set_meta (dict, "config", json);
  return smb_params_download (t->set, FALSE, "", dict, error) ? g_steal_pointer (&dict) : NULL;
}

SmbTensorDict *
smb_finetuner_get_gradients (SmbFinetuner *t, GError **error)
{
  g_autoptr (SmbTensorDict) dict = smb_tensor_dict_new ();

  return smb_params_download (t->set, TRUE, "", dict, error) ? g_steal_pointer (&dict) : NULL;
}

SmbTensorDict *
smb_finetuner_save (SmbFinetuner *t, GError **error)
{
  g_autoptr (SmbTensorDict) state = smb_tensor_dict_new ();
  g_autofree char *json = smb_net_config_to_json (&t->config);
  g_autofree char *position = g_strdup_printf ("%" G_GUINT64_FORMAT " %d %d %" G_GUINT64_FORMAT, t->iteration,
                                               t->accumulated, t->genuine_seen, t->settings.seed);

  smb_tensor_dict_set_meta (state, "config", json);
  smb_tensor_dict_set_meta (state, "position", position); /* iteration, accumulated, genuine seen, seed */
  if (!smb_params_download (t->set, FALSE, "param.", state, error)
      || (t->accumulated > 0 && !smb_params_download (t->set, TRUE, "grad.", state, error))
      || !smb_optimiser_save (t->optimiser, state, error))
    return NULL;
  return g_steal_pointer (&state);
}

gboolean
smb_finetuner_load (SmbFinetuner *t, const SmbTensorDict *state, GError **error)
{
  const char *position = smb_tensor_dict_get_meta (state, "position");
  g_auto (GStrv) parts = g_strsplit (position != NULL ? position : "", " ", 5);
  guint64 accumulated = 0, genuine = 0;

  if (g_strv_length (parts) != 4 || !g_ascii_string_to_unsigned (parts[0], 10, 0, G_MAXUINT64, &t->iteration, NULL)
      || !g_ascii_string_to_unsigned (parts[1], 10, 0, (guint64) t->settings.accumulate - 1, &accumulated, NULL)
      || !g_ascii_string_to_unsigned (parts[2], 10, 0, 1, &genuine, NULL)
      || !g_ascii_string_to_unsigned (parts[3], 10, 0, G_MAXUINT64, &t->settings.seed, NULL)) {
    g_set_error_literal (error, SMB_ERROR, SMB_ERROR_MISMATCH,
                         _ ("This file is no saved state of a fine-tuning with these settings."));
    return FALSE;
  }
  t->accumulated = (int) accumulated;
  t->genuine_seen = genuine != 0;
  return smb_params_restore (t->set, FALSE, "param.", state, error)
         && (accumulated == 0 || smb_params_restore (t->set, TRUE, "grad.", state, error))
         && smb_optimiser_load (t->optimiser, state, error);
}

gboolean
smb_finetuner_load_checkpoint (SmbFinetuner *t, const SmbTensorDict *network, const SmbTensorDict *optimiser,
                               GError **error)
{
  if (!smb_params_restore (t->set, FALSE, "", network, error)
      || !smb_optimiser_load_checkpoint (t->optimiser, optimiser, error))
    return FALSE;
  t->iteration = (guint64) smb_optimiser_get_steps (t->optimiser) * (guint64) t->settings.accumulate;
  t->accumulated = 0;
  t->genuine_seen = FALSE;
  return TRUE;
}

guint64
smb_finetune_plan_bytes (SmbDevice *device, const SmbNetConfig *config, SmbNetKind kind,
                         const SmbFinetuneSettings *settings, int batch, GError **error)
{
  g_autoptr (SmbFinetuner) t = g_new0 (SmbFinetuner, 1);
  const gint64 shape[] = { batch, config->chans, config->image_px, config->image_px };
  g_autoptr (SmbTensor) images = smb_tensor_new_borrowed (SMB_DTYPE_F32, 4, shape, NULL, NULL, NULL);
  g_autoptr (SmbTensor) index = NULL;
  g_autoptr (GPtrArray) groups = NULL;
  Job job = { .tuner = t, .images = images };
  guint64 bytes = 0, weights, optimiser;

  g_return_val_if_fail (batch >= 1 && (kind == SMB_NET_CLASSIFIER || kind == SMB_NET_ADAPTER), 0);
  t->settings = *settings;
  t->config = *config;
  t->kind = kind;
  t->exec = smb_exec_new (device);
  t->set = smb_param_set_new_planned (device, config, kind, settings->precision);
  groups = groups_of (t);
  t->first = smb_groups_first_block (groups, config->depth);
  smb_iteration_plan_gradients (t->set, groups);
  t->net = smb_class_net_bind (t->set, config, kind);
  job.gates = draw_gates (t, batch);
  job.index = index = draw_patches (t, batch);
  smb_exec_begin (t->exec, NULL, TRUE);
  iteration_pass (t->exec, &job);
  weights = 4 * (guint64) smb_params_count (config, kind);
  optimiser = smb_optimiser_plan_bytes (t->set, groups);
  if (smb_exec_finish (t->exec, error)) /* of the batch there is a copy to be augmented */
    bytes = smb_exec_get_peak_bytes (t->exec) + optimiser + weights + smb_iteration_plan_ahead (t->exec, images)
            + smb_train_plan_host_bytes (device, weights, optimiser, 2 * 4 * (guint64) images->n);
  free_gates (job.gates, config->depth);
  return bytes;
}
