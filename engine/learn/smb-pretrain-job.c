/* SPDX-License-Identifier: Apache-2.0 */
#include "learn/smb-pretrain-job.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/smb-error.h"
#include "base/smb-range.h"
#include "face/smb-face.h"
#include "learn/smb-checkpoint.h"
#include "learn/smb-pretrain-sheet.h"
#include "learn/smb-run-log.h"
#include "train/smb-schedule.h"
#include "weights/smb-weights-file.h"

/* Random numbers of an epoch's order, far from those of the iterations' masks. */
#define ORDER_STREAM ((guint64) 1 << 63)

typedef struct {
  const SmbPretrainPlan *plan;
  SmbDevice *device;
  const SmbFaceStore *faces;
  const char *folder;
  SmbPretrainer *trainer; /* owned */
  char *name;             /* owned: what the checkpoints of this training have in common */
  double mean[3], std[3], lr;
  guint64 epoch_iterations, iterations;
  int *order;             /* owned (n): of `order_epoch` */
  guint64 order_epoch;
  int first, own;         /* this process' images of a batch */
  SmbTensor *images;      /* owned (own,3,S,S) */
  guint8 *parsing, *mask, *region; /* owned, of the whole batch */
  guint64 loaded;         /* whose batch that is, counted from 1; 0: none's */
  FILE *log;              /* NULL where another process writes it */
} Job;

static void
job_clear (Job *job)
{
  g_clear_pointer (&job->trainer, smb_pretrainer_free);
  g_clear_pointer (&job->images, smb_tensor_unref);
  g_free (job->name);
  g_free (job->order);
  g_free (job->parsing);
  g_free (job->mask);
  g_free (job->region);
  if (job->log != NULL)
    fclose (job->log);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Job, job_clear)

SmbPretrainPlan
smb_pretrain_plan_default (void)
{
  return (SmbPretrainPlan){ .settings = smb_pretrain_settings_default (),
                            .epochs = 100,
                            .batch = 64,
                            .base_lr = 1.5e-4,
                            .warmup_epochs = NAN,
                            .momentum = 0.996,
                            .checkpoint_epochs = 1 };
}

guint64
smb_pretrain_plan_epoch_iterations (const SmbPretrainPlan *plan, gint64 n_faces)
{
  guint64 step = (guint64) plan->batch * (guint64) plan->settings.accumulate;

  return (guint64) n_faces / step * (guint64) plan->settings.accumulate;
}

static gboolean
writes (const Job *job)
{
  return smb_parallel_is_first (job->plan->settings.parallel);
}

static double
warmup_of (const SmbPretrainPlan *plan)
{
  return isnan (plan->warmup_epochs) ? plan->epochs / 10.0 : plan->warmup_epochs;
}

gboolean
smb_pretrain_plan_check (const SmbPretrainPlan *plan, GError **error)
{
  int share = plan->settings.parallel != NULL ? plan->settings.parallel->size : 1;

  const SmbRange ranges[] = { { "--epochs", plan->epochs, 1.0, INFINITY, FALSE, FALSE },
                              { "--batch", plan->batch, share, INFINITY, FALSE, FALSE },
                              { "--checkpoint-every", plan->checkpoint_epochs, 1.0, INFINITY, FALSE, FALSE },
                              { "--blr", plan->base_lr, 0.0, INFINITY, TRUE, FALSE },
                              { "--min-lr", plan->min_lr, 0.0, INFINITY, FALSE, FALSE },
                              { "--momentum", plan->momentum, 0.0, 1.0, FALSE, FALSE },
                              { "--warmup", warmup_of (plan), 0.0, INFINITY, FALSE, FALSE },
                              { "--mask-ratio", plan->settings.mask_ratio, 0.0, 1.0, TRUE, TRUE } };

  return smb_ranges_check (ranges, G_N_ELEMENTS (ranges), error) && smb_pretrain_settings_check (&plan->settings, error);
}

static gboolean
check_faces (const SmbPretrainPlan *plan, const SmbFaceStore *faces, const SmbNetConfig *config, GError **error)
{
  if (faces->size_px != config->image_px) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_MISMATCH,
                 _ ("The faces are %d pixels wide, but the network needs %d; gather them again."), faces->size_px,
                 config->image_px);
    return FALSE;
  }
  if (smb_pretrain_plan_epoch_iterations (plan, faces->n) > 0)
    return TRUE;
  g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT,
               _ ("%" PRId64 " faces are too few for a step of %d × %d; take a smaller batch, or accumulate fewer."), faces->n,
               plan->batch, plan->settings.accumulate);
  return FALSE;
}

/* Everything that decides what is computed, in words: a checkpoint of another training is told from ours by it. */
static char *
name_of (const Job *job)
{
  const SmbPretrainPlan *p = job->plan;
  const SmbPretrainSettings *s = &p->settings;
  g_autofree char *config = smb_net_config_to_json (smb_pretrainer_get_config (job->trainer));

  return g_strdup_printf (
      "faces %.16s, %d epochs of %" PRIu64 ", batch %d x %d, rate %.9g to %.9g after %.9g, momentum "
      "%.9g, %s %.9g, %s %.9g %.9g %.9g, betas %.9g %.9g, decay %.9g, clip %.9g, seed %" PRIu64
      ", mean %.9g %.9g %.9g, std %.9g %.9g %.9g, %s%s",
      job->faces->key, p->epochs, job->epoch_iterations, p->batch, s->accumulate, p->base_lr, p->min_lr, warmup_of (p),
      p->momentum, smb_mask_strategy_name (s->strategy), s->mask_ratio, smb_contrast_name (s->contrast),
      s->contrast_temperature, s->weight_region, s->weight_contrast, s->beta1, s->beta2, s->weight_decay, s->clip_norm,
      s->seed, job->mean[0], job->mean[1], job->mean[2], job->std[0], job->std[1], job->std[2],
      s->precision == SMB_PRECISION_BF16 ? "bf16, " : "", config);
}

static gboolean
go_on (Job *job, gboolean resume, GError **error)
{
  g_autofree char *torn = NULL;
  g_autofree char *newest = smb_checkpoint_newest_whole (job->folder, &torn);
  g_autofree char *path = newest != NULL ? g_build_filename (newest, "state.safetensors", NULL) : NULL;
  g_autoptr (SmbTensorDict) state = NULL;
  const char *name;

  if (newest == NULL)
    return TRUE;
  if (!resume) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT,
                 _ ("%s holds a training already; go on with --resume, or choose another folder."), job->folder);
    return FALSE;
  }
  if (torn != NULL)
    g_printerr ("%s\n", torn);
  state = smb_weights_read (path, error);
  if (state == NULL)
    return FALSE;
  name = smb_tensor_dict_get_meta (state, "training");
  if (g_strcmp0 (name, job->name) == 0)
    return smb_pretrainer_load (job->trainer, state, error);
  g_set_error (error, SMB_ERROR, SMB_ERROR_MISMATCH,
               _ ("%s: the checkpoint is of another training. It was “%s”; asked for is “%s”."), path,
               name != NULL ? name : "", job->name);
  return FALSE;
}

static gboolean
open_log (Job *job, GError **error)
{
  if (writes (job))
    job->log = smb_run_log_open (job->folder, smb_pretrainer_get_iteration (job->trainer), error);
  return !writes (job) || job->log != NULL;
}

static SmbTensorDict *
get_weights (Job *job, gboolean target, GError **error)
{
  SmbTensorDict *dict = smb_pretrainer_get_weights (job->trainer, target, error);
  g_autofree char *iteration = g_strdup_printf ("%" PRIu64, smb_pretrainer_get_iteration (job->trainer));

  if (dict == NULL)
    return NULL;
  smb_tensor_dict_set_meta (dict, "iteration", iteration);
  smb_tensor_dict_set_meta (dict, "training", job->name);
  return dict;
}

static gboolean
save (Job *job, GError **error)
{
  g_autoptr (SmbTensorDict) online = NULL, target = NULL, state = NULL;

  if (!writes (job))
    return TRUE;
  online = get_weights (job, FALSE, error);
  target = online != NULL ? get_weights (job, TRUE, error) : NULL;
  state = target != NULL ? smb_pretrainer_save (job->trainer, error) : NULL;
  if (state == NULL)
    return FALSE;
  smb_tensor_dict_set_meta (state, "training", job->name);
  if (!smb_pretrain_sheet_write (job->folder, job->device, online, job->faces, job->mean, job->std,
                                 job->plan->settings.strategy, job->plan->settings.mask_ratio, error))
    return FALSE;
  return smb_checkpoint_write (job->folder, smb_pretrainer_get_iteration (job->trainer),
                               (const SmbCheckpointPart[]) { { "online.safetensors", online },
                                                             { "target.safetensors", target },
                                                             { "state.safetensors", state } },
                               3, error);
}

/* What is left when all is done: the weights where anyone looks first. */
static gboolean
finish (Job *job, GError **error)
{
  g_autofree char *text = smb_learn_mean_std_text (job->mean, job->std);
  g_autofree char *stats = g_build_filename (job->folder, "pretrain_ds_mean_std.txt", NULL);

  for (int i = 0; i < 2 && writes (job); i++) {
    g_autofree char *path = g_build_filename (job->folder, i == 0 ? "online.safetensors" : "target.safetensors", NULL);
    g_autoptr (SmbTensorDict) dict = get_weights (job, i == 1, error);

    if (dict == NULL || !smb_weights_write (path, dict, error))
      return FALSE;
  }
  return !writes (job) || smb_learn_write_text (stats, text, error);
}

static void
draw_order (Job *job, guint64 epoch)
{
  SmbRng rng;

  if (job->order != NULL && job->order_epoch == epoch)
    return;
  if (job->order == NULL)
    job->order = g_new (int, job->faces->n);
  for (gint64 i = 0; i < job->faces->n; i++)
    job->order[i] = (int) i;
  smb_rng_init (&rng, job->plan->settings.seed, ORDER_STREAM + epoch);
  smb_rng_shuffle (&rng, job->order, (guint32) job->faces->n);
  job->order_epoch = epoch;
}

/* The images of this process and the masks of all. */
static void
load_batch (Job *job, guint64 iteration)
{
  const int side = job->faces->size_px, batch = job->plan->batch;
  gsize pixels = (gsize) side * (gsize) side;
  guint64 epoch = iteration / job->epoch_iterations, at = iteration % job->epoch_iterations * (guint64) batch;

  draw_order (job, epoch);
  for (int i = 0; i < batch; i++) {
    gsize face = (gsize) job->order[at + (guint64) i];

    memcpy (job->parsing + (gsize) i * pixels, job->faces->regions + face * pixels, pixels);
    if (i >= job->first && i < job->first + job->own)
      smb_face_normalise ((float *) job->images->data + (gsize) (i - job->first) * 3 * pixels,
                          job->faces->rgb + face * 3 * pixels, side, job->mean, job->std);
  }
  smb_pretrainer_draw_masks (job->trainer, iteration, job->mask, job->region, job->parsing, batch);
  job->loaded = iteration + 1;
}

/* The batch of an iteration, while the device works on the one before. */
static const SmbTensor *
next_images (gpointer user_data, guint64 iteration)
{
  Job *job = user_data;

  if (iteration >= job->iterations)
    return NULL;
  load_batch (job, iteration);
  return job->images;
}

static gboolean
write_point (Job *job, const SmbPretrainPoint *p, GError **error)
{
  if (job->log == NULL)
    return TRUE;
  smb_run_log_begin (job->log, p->iteration);
  smb_run_log_number (job->log, "iterations", (double) p->iterations);
  smb_run_log_number (job->log, "epoch", p->epoch);
  smb_run_log_number (job->log, "seconds", p->seconds);
  smb_run_log_number (job->log, "lr", p->lr);
  smb_run_log_number (job->log, "momentum", p->momentum);
  smb_run_log_number (job->log, "rec", p->losses.rec);
  smb_run_log_number (job->log, "region", p->losses.region);
  smb_run_log_number (job->log, "cl", p->losses.cl);
  smb_run_log_number (job->log, "total", p->losses.total);
  smb_run_log_number (job->log, "grad_norm", p->losses.grad_norm);
  smb_run_log_number (job->log, "images_per_second", p->images_per_second);
  fprintf (job->log, ",\"skipped\":%s", p->losses.skipped ? "true" : "false");
  return smb_run_log_end (job->log, job->folder, error);
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
step (Job *job, SmbPretrainPoint *point, GError **error)
{
  const SmbPretrainPlan *p = job->plan;
  guint64 iteration = smb_pretrainer_get_iteration (job->trainer);
  guint64 whole = iteration / (guint64) p->settings.accumulate * (guint64) p->settings.accumulate;
  gint64 began = g_get_monotonic_time ();
  int l = smb_net_config_get_patches (smb_pretrainer_get_config (job->trainer));

  /* The rate is set once a step, the momentum in every iteration, as in the official training. */
  point->lr = smb_schedule_lr ((double) whole / (double) job->epoch_iterations, job->lr, p->min_lr, warmup_of (p),
                               p->epochs);
  point->momentum = smb_schedule_momentum ((double) iteration, (double) job->iterations, p->momentum);
  if (job->loaded != iteration + 1)
    load_batch (job, iteration);
  if (!smb_pretrainer_step (job->trainer, job->images, job->mask + job->first * l, job->region + job->first * l,
                            point->lr, point->momentum, &point->losses, NULL, error))
    return FALSE;
  point->iteration = iteration + 1;
  point->iterations = job->iterations;
  point->epoch = (double) point->iteration / (double) job->epoch_iterations;
  point->seconds = (double) (g_get_monotonic_time () - began) / 1e6;
  point->images_per_second = p->batch / MAX (point->seconds, 1e-6);
  return write_point (job, point, error);
}

static gboolean
run (Job *job, SmbPretrainReport report, gpointer user_data, gboolean *stopped, GCancellable *cancellable,
     GError **error)
{
  guint64 every = (guint64) job->plan->checkpoint_epochs * job->epoch_iterations, done = 0;
  gboolean due = FALSE, stop = FALSE;

  while (smb_pretrainer_get_iteration (job->trainer) < job->iterations) {
    SmbPretrainPoint point = { 0 };
    gboolean last;

    if (!step (job, &point, error) || !asked_to_stop (job, ++done, cancellable, &stop, error))
      return FALSE;
    if (report != NULL)
      report (&point, user_data);
    last = point.iteration == job->iterations;
    due |= point.iteration % every == 0 || stop || last;
    /* Between the iterations of a step the gradients lie with each process: wait for its end. */
    if (due && (point.losses.stepped || job->plan->settings.accumulate == 1 || last)) {
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
prepare (Job *job, GError **error)
{
  const SmbPretrainPlan *p = job->plan;
  const SmbNetConfig *config = smb_pretrainer_get_config (job->trainer);
  const SmbParallel *parallel = p->settings.parallel;
  int l = smb_net_config_get_patches (config), side = config->image_px;

  if (!smb_pretrain_plan_check (p, error) || !check_faces (p, job->faces, config, error))
    return FALSE;
  if (parallel != NULL) {
    job->first = (int) ((gint64) p->batch * parallel->rank / parallel->size);
    job->own = (int) ((gint64) p->batch * (parallel->rank + 1) / parallel->size) - job->first;
  } else {
    job->own = p->batch;
  }
  if (p->measured) {
    memcpy (job->mean, p->mean, sizeof job->mean);
    memcpy (job->std, p->std, sizeof job->std);
  } else {
    smb_face_store_measure (job->faces, job->mean, job->std);
  }
  for (int c = 0; c < 3; c++)
    job->std[c] = MAX (job->std[c], 1e-6); /* a channel of one value only */
  job->lr = smb_schedule_scale_lr (p->base_lr, (double) p->batch * p->settings.accumulate);
  job->epoch_iterations = smb_pretrain_plan_epoch_iterations (p, job->faces->n);
  job->iterations = job->epoch_iterations * (guint64) p->epochs;
  job->name = name_of (job);
  job->images = smb_tensor_new (SMB_DTYPE_F32, 4, (const gint64[]) { job->own, config->chans, side, side });
  job->parsing = g_malloc ((gsize) p->batch * (gsize) side * (gsize) side);
  job->mask = g_malloc ((gsize) p->batch * (gsize) l);
  job->region = g_malloc ((gsize) p->batch * (gsize) l);
  smb_pretrainer_set_next (job->trainer, next_images, job);
  return TRUE;
}

/* Where the plan goes on with a training of the official scripts. */
static gboolean
start_from_checkpoint (Job *job, const SmbTensorDict *online, GError **error)
{
  const SmbPretrainPlan *p = job->plan;

  if (p->optimiser == NULL)
    return TRUE;
  if (p->epochs_done >= p->epochs) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT,
                 _ ("The checkpoint has %d epochs behind it already; plan more of them than that."), p->epochs_done);
    return FALSE;
  }
  if (!smb_pretrainer_load_checkpoint (job->trainer, online, p->optimiser, error))
    return FALSE;
  smb_pretrainer_set_iteration (job->trainer, (guint64) p->epochs_done * job->epoch_iterations);
  return TRUE;
}

gboolean
smb_pretrain_job_run (const SmbPretrainPlan *plan, SmbDevice *device, const SmbTensorDict *online,
                      const SmbTensorDict *target, const char *overrides, const SmbFaceStore *faces,
                      const char *folder, gboolean resume, SmbPretrainReport report, gpointer user_data,
                      gboolean *stopped, GCancellable *cancellable, GError **error)
{
  g_auto (Job) job = { .plan = plan, .device = device, .faces = faces, .folder = folder };

  *stopped = FALSE;
  job.trainer = smb_pretrainer_new (device, online, target, overrides, &plan->settings, error);
  if (job.trainer == NULL || !prepare (&job, error))
    return FALSE;
  if (g_mkdir_with_parents (folder, 0777) != 0)
    return smb_error_set_errno (error, errno, folder, _ ("making the folder"));
  return start_from_checkpoint (&job, online, error) && go_on (&job, resume, error) && open_log (&job, error)
         && run (&job, report, user_data, stopped, cancellable, error);
}
