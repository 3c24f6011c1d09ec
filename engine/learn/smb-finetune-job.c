/* SPDX-License-Identifier: Apache-2.0 */
#include "learn/smb-finetune-job.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <inttypes.h>
#include <json-glib/json-glib.h>
#include <math.h>
#include <string.h>

#include "base/smb-error.h"
#include "base/smb-range.h"
#include "learn/smb-checkpoint.h"
#include "learn/smb-finetune-validate.h"
#include "learn/smb-model-card.h"
#include "learn/smb-run-log.h"
#include "train/smb-schedule.h"
#include "weights/smb-weights-file.h"

typedef struct {
  const SmbFinetunePlan *plan;
  SmbDevice *device;
  const SmbDataset *dataset;
  const char *folder;
  const SmbFinetuneReport *report;
  SmbFinetuner *tuner;     /* owned, like all below */
  SmbFeed *feed;
  struct {
    guint64 count;         /* whose batch was taken from the feed last, counted from 1; 0: none's */
    SmbTensor *images;     /* (B,3,S,S) over the feed's memory */
    const int *labels;
    const float *forged;
  } batch;
  SmbValidator *validator;
  char *name;              /* what the checkpoints of this training have in common */
  SmbTensorDict *best;
  double best_value;
  int best_epoch;
  double lr;
  guint64 epoch_iterations, iterations;
  FILE *log;
} Job;

static void
job_clear (Job *job)
{
  g_clear_pointer (&job->tuner, smb_finetuner_free);
  g_clear_pointer (&job->batch.images, smb_tensor_unref);
  g_clear_pointer (&job->feed, smb_feed_free);
  g_clear_pointer (&job->validator, smb_validator_free);
  g_clear_pointer (&job->best, smb_tensor_dict_unref);
  g_free (job->name);
  if (job->log != NULL)
    fclose (job->log);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Job, job_clear)

SmbFinetunePlan
smb_finetune_plan_default (SmbNetKind kind)
{
  SmbFinetunePlan plan
      = { .settings = smb_finetune_settings_default (kind),
          .feed = { .view = { .flip = 0.5, .zoom = 0.1 }, .batch = 64, .blend_class = -1, .grey = 0.3 },
          .epochs = 10,
          .base_lr = kind == SMB_NET_ADAPTER ? 5e-3 : 2.5e-4,
          .warmup_epochs = NAN,
          .checkpoint_epochs = 1 };

  smb_degrade_settings_from_name (&plan.feed.view.degrade, "strong");
  return plan;
}

static gboolean
writes (const Job *job)
{
  return smb_parallel_is_first (job->plan->settings.parallel);
}

static double
warmup_of (const SmbFinetunePlan *plan)
{
  return isnan (plan->warmup_epochs) ? MIN (5.0, plan->epochs / 2.0) : plan->warmup_epochs;
}

gboolean
smb_finetune_plan_check (const SmbFinetunePlan *p, GError **error)
{
  const SmbViewSettings *v = &p->feed.view;
  const SmbRange ranges[] = { { "--epochs", p->epochs, 1.0, INFINITY, FALSE, FALSE },
                              { "--batch", p->feed.batch, 2.0, INFINITY, FALSE, FALSE },
                              { "--checkpoint-every", p->checkpoint_epochs, 1.0, INFINITY, FALSE, FALSE },
                              { "--blr", p->base_lr, 0.0, INFINITY, TRUE, FALSE },
                              { "--min-lr", p->min_lr, 0.0, INFINITY, FALSE, FALSE },
                              { "--warmup", warmup_of (p), 0.0, INFINITY, FALSE, FALSE },
                              { "--zoom", v->zoom, 0.0, 0.5, FALSE, FALSE },
                              { "--ease", v->ease, 0.0, 1.0, FALSE, FALSE },
                              { "--cross", v->cross, 0.0, 1.0, FALSE, FALSE },
                              { "--grey", p->feed.grey, 0.0, 1.0, FALSE, FALSE },
                              { "flip", v->flip, 0.0, 1.0, FALSE, FALSE } };

  return smb_ranges_check (ranges, G_N_ELEMENTS (ranges), error) && smb_finetune_settings_check (&p->settings, error);
}

/* Everything that decides what is computed, in words: a checkpoint of another training is told from ours by it. */
static char *
name_of (const Job *job)
{
  const SmbFinetunePlan *p = job->plan;
  const SmbFinetuneSettings *s = &p->settings;
  const SmbViewSettings *v = &p->feed.view;
  const SmbDegradeSettings *d = &v->degrade;
  g_autofree char *config = smb_net_config_to_json (smb_finetuner_get_config (job->tuner));
  g_autofree char *data = smb_dataset_dup_key (job->dataset), *classes = g_strjoinv (",", (char **) p->classes);
  g_autofree char *patches = s->patch_weight > 0.0 ? g_strdup_printf ("patches %.9g, ", s->patch_weight) : NULL;
  g_autofree char *kept = s->keep_patches < 1.0 ? g_strdup_printf ("keep %.9g, ", s->keep_patches) : NULL;
  g_autofree char *ease = v->ease > 0.0 ? g_strdup_printf ("ease %.9g, ", v->ease) : NULL;
  g_autofree char *cross = v->cross > 0.0 ? g_strdup_printf ("cross %.9g, ", v->cross) : NULL;

  return g_strdup_printf (
      "data %.16s, classes %s, blended %d, train %s %d, %d epochs of %" PRIu64 ", batch %d x %d, rate "
      "%.9g to %.9g after %.9g, layer decay %.9g, decay %.9g, betas %.9g %.9g, clip %.9g, smoothing %.9g, "
      "drop path %.9g, erasing %.9g, mixup %.9g, cutmix %.9g, contrast %.9g %.9g, flip %.9g, zoom %.9g, "
      "grey %.9g, colour %.9g %.9g, blur %.9g %.9g, shrink %.9g %d, noise %.9g %.9g, jpeg %.9g %d, seed "
      "%" PRIu64 ", mean %.9g %.9g %.9g, std %.9g %.9g %.9g, %s%s%s%s%s%s",
      data, classes, p->feed.blend_class, smb_trained_name (s->trained), s->last_blocks, p->epochs,
      job->epoch_iterations, p->feed.batch, s->accumulate, p->base_lr, p->min_lr, warmup_of (p), s->layer_decay,
      s->weight_decay, s->beta1, s->beta2, s->clip_norm, s->smoothing, s->drop_path, s->augment.erasing,
      s->augment.mixup, s->augment.cutmix, s->contrast_weight, s->contrast_temperature, v->flip, v->zoom, p->feed.grey,
      d->colour, d->contrast, d->blur, d->max_sigma, d->shrink, d->min_px, d->noise, d->max_noise, d->jpeg,
      d->min_quality, s->seed, v->mean[0], v->mean[1], v->mean[2], v->std[0], v->std[1], v->std[2],
      s->precision == SMB_PRECISION_BF16 ? "bf16, " : "", patches != NULL ? patches : "", kept != NULL ? kept : "",
      ease != NULL ? ease : "", cross != NULL ? cross : "", config);
}

static gboolean
load_state (Job *job, const char *folder, GError **error)
{
  g_autofree char *path = g_build_filename (folder, "state.safetensors", NULL);
  g_autofree char *best = g_build_filename (folder, "best.safetensors", NULL);
  g_autoptr (SmbTensorDict) state = smb_weights_read (path, error);
  const char *name, *value, *epoch;

  if (state == NULL)
    return FALSE;
  name = smb_tensor_dict_get_meta (state, "training");
  value = smb_tensor_dict_get_meta (state, "best_value");
  epoch = smb_tensor_dict_get_meta (state, "best_epoch");
  if (g_strcmp0 (name, job->name) != 0) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_MISMATCH,
                 _ ("%s: the checkpoint is of another training. It was “%s”; asked for is “%s”."), path,
                 name != NULL ? name : "", job->name);
    return FALSE;
  }
  if (!smb_finetuner_load (job->tuner, state, error))
    return FALSE;
  if (value == NULL || epoch == NULL)
    return TRUE; /* stopped before the first epoch's end */
  job->best_value = g_ascii_strtod (value, NULL);
  job->best_epoch = (int) g_ascii_strtoll (epoch, NULL, 10);
  job->best = smb_weights_read (best, error);
  return job->best != NULL;
}

static gboolean
go_on (Job *job, gboolean resume, GError **error)
{
  g_autofree char *torn = NULL;
  g_autofree char *newest = smb_checkpoint_newest_whole (job->folder, &torn);

  if (newest == NULL)
    return TRUE;
  if (torn != NULL)
    g_printerr ("%s\n", torn);
  if (resume)
    return load_state (job, newest, error);
  g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT,
               _ ("%s holds a training already; go on with --resume, or choose another folder."), job->folder);
  return FALSE;
}

static void
set_numbers (SmbTensorDict *dict, const char *key, const double values[3])
{
  char a[3][G_ASCII_DTOSTR_BUF_SIZE];
  g_autofree char *text = NULL;

  for (int i = 0; i < 3; i++)
    g_ascii_dtostr (a[i], sizeof a[i], values[i]);
  text = g_strdup_printf ("[%s, %s, %s]", a[0], a[1], a[2]);
  smb_tensor_dict_set_meta (dict, key, text);
}

/* The weights as they are now, with all that is needed to use them. */
static SmbTensorDict *
get_weights (Job *job, GError **error)
{
  const SmbFinetunePlan *p = job->plan;
  SmbTensorDict *dict = smb_finetuner_get_weights (job->tuner, error);
  g_autofree char *iteration = g_strdup_printf ("%" PRIu64, smb_finetuner_get_iteration (job->tuner));
  g_autofree char *real = g_strdup_printf ("%d", job->dataset->real_class);
  g_autoptr (JsonNode) classes = json_node_new (JSON_NODE_ARRAY);
  g_autoptr (JsonArray) names = json_array_new ();
  g_autofree char *text = NULL;
  const struct {
    const char *key, *value;
  } texts[] = { { "licence", p->licence }, { "provenance", p->provenance }, { "title", p->title } };

  if (dict == NULL)
    return NULL;
  for (int i = 0; p->classes[i] != NULL; i++)
    json_array_add_string_element (names, p->classes[i]);
  json_node_set_array (classes, names);
  text = json_to_string (classes, FALSE);
  smb_tensor_dict_set_meta (dict, "classes", text);
  smb_tensor_dict_set_meta (dict, "real_class", real);
  smb_tensor_dict_set_meta (dict, "iteration", iteration);
  smb_tensor_dict_set_meta (dict, "training", job->name);
  smb_tensor_dict_set_meta (dict, "transform", "resize256-crop224");
  set_numbers (dict, "mean", p->feed.view.mean);
  set_numbers (dict, "std", p->feed.view.std);
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    if (texts[i].value != NULL)
      smb_tensor_dict_set_meta (dict, texts[i].key, texts[i].value);
  return dict;
}

static gboolean
save (Job *job, GError **error)
{
  g_autoptr (SmbTensorDict) weights = NULL, state = NULL;
  SmbCheckpointPart parts[3];
  guint n = 2;

  if (!writes (job))
    return TRUE;
  weights = get_weights (job, error);
  state = weights != NULL ? smb_finetuner_save (job->tuner, error) : NULL;
  if (state == NULL)
    return FALSE;
  smb_tensor_dict_set_meta (state, "training", job->name);
  parts[0] = (SmbCheckpointPart){ "weights.safetensors", weights };
  parts[1] = (SmbCheckpointPart){ "state.safetensors", state };
  if (job->best != NULL) {
    char value[G_ASCII_DTOSTR_BUF_SIZE];
    g_autofree char *epoch = g_strdup_printf ("%d", job->best_epoch);

    smb_tensor_dict_set_meta (state, "best_value", g_ascii_dtostr (value, sizeof value, job->best_value));
    smb_tensor_dict_set_meta (state, "best_epoch", epoch);
    parts[n++] = (SmbCheckpointPart){ "best.safetensors", job->best };
  }
  return smb_checkpoint_write (job->folder, smb_finetuner_get_iteration (job->tuner), parts, n, error);
}

static gboolean
write_point (Job *job, const SmbFinetunePoint *p, GError **error)
{
  if (!writes (job))
    return TRUE;
  smb_run_log_begin (job->log, p->iteration);
  smb_run_log_number (job->log, "iterations", (double) p->iterations);
  smb_run_log_number (job->log, "epoch", p->epoch);
  smb_run_log_number (job->log, "seconds", p->seconds);
  smb_run_log_number (job->log, "lr", p->lr);
  smb_run_log_number (job->log, "loss", p->losses.total);
  smb_run_log_number (job->log, "cross_entropy", p->losses.cross_entropy);
  smb_run_log_number (job->log, "contrastive", p->losses.contrastive);
  smb_run_log_number (job->log, "patches", p->losses.patches);
  smb_run_log_number (job->log, "grad_norm", p->losses.grad_norm);
  smb_run_log_number (job->log, "images_per_second", p->images_per_second);
  return smb_run_log_end (job->log, job->folder, error);
}

static void
take_batch (Job *job, guint64 iteration)
{
  const int side = job->plan->feed.view.image_px;
  const gint64 shape[] = { smb_feed_get_rows (job->feed), 3, side, side };
  const float *pixels;

  smb_feed_take (job->feed, iteration, &pixels, &job->batch.labels, &job->batch.forged);
  g_clear_pointer (&job->batch.images, smb_tensor_unref);
  job->batch.images = smb_tensor_new_borrowed (SMB_DTYPE_F32, 4, shape, pixels, NULL, NULL);
  job->batch.count = iteration + 1;
}

/* The batch of an iteration, while the device works on the one before. */
static const SmbTensor *
next_images (gpointer user_data, guint64 iteration)
{
  Job *job = user_data;

  if (iteration >= job->iterations)
    return NULL;
  take_batch (job, iteration);
  return job->batch.images;
}

static gboolean
step (Job *job, SmbFinetunePoint *point, GError **error)
{
  const SmbFinetunePlan *p = job->plan;
  guint64 iteration = smb_finetuner_get_iteration (job->tuner);
  guint64 whole = iteration / (guint64) p->settings.accumulate * (guint64) p->settings.accumulate;
  gint64 began = g_get_monotonic_time ();

  point->lr
      = smb_schedule_lr ((double) whole / (double) job->epoch_iterations, job->lr, p->min_lr, warmup_of (p), p->epochs);
  if (job->batch.count != iteration + 1)
    take_batch (job, iteration);
  if (!smb_finetuner_step (job->tuner, job->batch.images, job->batch.labels, job->batch.forged, NULL, point->lr,
                           &point->losses, NULL, error))
    return FALSE;
  point->iteration = iteration + 1;
  point->iterations = job->iterations;
  point->epoch = (double) point->iteration / (double) job->epoch_iterations;
  point->seconds = (double) (g_get_monotonic_time () - began) / 1e6;
  point->images_per_second = p->feed.batch / MAX (point->seconds, 1e-6);
  return write_point (job, point, error);
}

/* By the first process; the others wait for it in their next sum. */
static gboolean
validate (Job *job, GCancellable *cancellable, GError **error)
{
  g_autoptr (SmbTensorDict) weights = writes (job) ? get_weights (job, error) : NULL;
  SmbFinetuneEpoch epoch = { .epoch = (int) (smb_finetuner_get_iteration (job->tuner) / job->epoch_iterations) };
  g_autofree char *number = g_strdup_printf ("%d", epoch.epoch);

  if (!writes (job))
    return TRUE;
  if (weights == NULL
      || !smb_validator_run (job->validator, job->device, weights, job->folder, &epoch, cancellable, error))
    return FALSE;
  /* Without anything to compare, the last epoch is as good as any. */
  epoch.best = job->best == NULL || !(epoch.chosen_by <= job->best_value);
  if (epoch.best) {
    g_clear_pointer (&job->best, smb_tensor_dict_unref);
    smb_tensor_dict_set_meta (weights, "epoch", number);
    job->best = g_steal_pointer (&weights);
    job->best_value = epoch.chosen_by;
    job->best_epoch = epoch.epoch;
  }
  smb_run_log_begin (job->log, smb_finetuner_get_iteration (job->tuner));
  smb_validator_log (job->validator, job->log, &epoch);
  if (!smb_run_log_end (job->log, job->folder, error))
    return FALSE;
  if (job->report->epoch != NULL)
    job->report->epoch (&epoch, job->report->user_data);
  return TRUE;
}

static gboolean
finish (Job *job, GError **error)
{
  g_autofree char *path = g_build_filename (job->folder, "detector.safetensors", NULL);
  g_autoptr (JsonNode) card = NULL;

  if (!writes (job))
    return TRUE;
  card = smb_model_card_new (job->plan, job->dataset, job->name, job->best_epoch, job->best_value);
  return smb_model_card_write (job->folder, card, error) && smb_weights_write (path, job->best, error);
}

/* Every process must stop at the same iteration, whichever was asked. */
static gboolean
asked_to_stop (Job *job, guint64 done, GCancellable *cancellable, gboolean *stop, GError **error)
{
  gboolean asked = g_cancellable_is_cancelled (cancellable)
                   || (job->plan->stop_after > 0 && done >= job->plan->stop_after);

  return smb_parallel_any (job->plan->settings.parallel, asked, stop, error);
}

static gboolean
run (Job *job, gboolean *stopped, GCancellable *cancellable, GError **error)
{
  guint64 every = (guint64) job->plan->checkpoint_epochs * job->epoch_iterations, done = 0;
  gboolean due = FALSE, stop = FALSE, alone = job->plan->settings.parallel == NULL;

  while (smb_finetuner_get_iteration (job->tuner) < job->iterations) {
    SmbFinetunePoint point = { 0 };
    gboolean last;

    if (!step (job, &point, error))
      return FALSE;
    if (job->report->point != NULL)
      job->report->point (&point, job->report->user_data);
    last = point.iteration == job->iterations;
    if ((point.iteration % job->epoch_iterations == 0 && !validate (job, NULL, error))
        || !asked_to_stop (job, ++done, cancellable, &stop, error))
      return FALSE;
    due |= point.iteration % every == 0 || stop || last;
    /* Of several processes each has gradients of its own between the iterations of a step: wait for its end. */
    if (due && (alone || point.losses.stepped || last)) {
      if (!save (job, error))
        return FALSE;
      due = FALSE;
      *stopped = stop && !last;
      if (*stopped)
        return TRUE;
    }
  }
  return finish (job, error);
}

static gboolean
prepare (Job *job, const SmbTensorDict *start, const char *overrides, int threads, GError **error)
{
  const SmbFinetunePlan *p = job->plan;
  const SmbParallel *parallel = p->settings.parallel;
  int n = (int) g_strv_length ((char **) p->classes);
  SmbFeedSettings share = p->feed;

  job->tuner = smb_finetuner_new (job->device, start, overrides, &p->settings, error);
  if (job->tuner == NULL)
    return FALSE;
  if (n != smb_finetuner_get_config (job->tuner)->classes
      || p->feed.view.image_px != smb_finetuner_get_config (job->tuner)->image_px) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_MISMATCH,
                 _ ("The network tells %d classes in images of %d pixels, but the plan has %d classes and %d pixels."),
                 smb_finetuner_get_config (job->tuner)->classes, smb_finetuner_get_config (job->tuner)->image_px, n,
                 p->feed.view.image_px);
    return FALSE;
  }
  if (parallel != NULL) {
    share.rank = parallel->rank;
    share.processes = parallel->size;
  }
  job->feed = smb_feed_new (job->dataset, &share, threads, error);
  if (job->feed == NULL)
    return FALSE;
  job->validator = smb_validator_new (job->dataset, &p->feed, p->classes, threads);
  job->lr = smb_schedule_scale_lr (p->base_lr, (double) p->feed.batch * p->settings.accumulate);
  job->epoch_iterations = smb_feed_get_epoch_iterations (job->feed);
  job->iterations = job->epoch_iterations * (guint64) p->epochs;
  job->name = name_of (job);
  smb_finetuner_set_next (job->tuner, next_images, job);
  return TRUE;
}

gboolean
smb_finetune_job_run (const SmbFinetunePlan *plan, SmbDevice *device, const SmbTensorDict *start, const char *overrides,
                      const SmbDataset *dataset, const char *folder, gboolean resume, const SmbFinetuneReport *report,
                      gboolean *stopped, GCancellable *cancellable, GError **error)
{
  g_auto (Job) job = { .plan = plan, .device = device, .dataset = dataset, .folder = folder, .report = report };

  *stopped = FALSE;
  if (!smb_finetune_plan_check (plan, error) || !prepare (&job, start, overrides, 0, error))
    return FALSE;
  if (g_mkdir_with_parents (folder, 0777) != 0)
    return smb_error_set_errno (error, errno, folder, _ ("making the folder"));
  if (!go_on (&job, resume, error))
    return FALSE;
  job.log = writes (&job) ? smb_run_log_open (folder, smb_finetuner_get_iteration (job.tuner), error) : NULL;
  return (!writes (&job) || job.log != NULL) && run (&job, stopped, cancellable, error);
}
