/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "learn/smb-face-store.h"
#include "train/smb-pretrainer.h"

G_BEGIN_DECLS

/* A whole pre-training: data in an order drawn from the seed, the published schedules for each iteration, a log, and
 * checkpoints to go on from. Its folder holds
 *   metrics.jsonl                one object an iteration
 *   reconstruction.ppm           what a few faces were made into at the last checkpoint (smb-pretrain-sheet.h)
 *   checkpoint-NNNNNNNN/         online, target, state .safetensors after that many iterations; the last two are kept
 *   online.safetensors, target.safetensors, pretrain_ds_mean_std.txt   when it is done */
typedef struct {
  SmbPretrainSettings settings; /* `parallel` also divides the batch */
  int epochs;
  int batch;          /* images an iteration, of all processes together; times settings.accumulate is one step */
  double base_lr;     /* for a step of 256 images */
  double min_lr, warmup_epochs, momentum; /* warm-up NAN: a tenth of the epochs */
  gboolean measured;  /* FALSE: mean and std are those of the data */
  double mean[3], std[3];
  int checkpoint_epochs; /* a checkpoint after every so many; the end and a stop have one anyway */
  const SmbTensorDict *optimiser; /* borrowed; NULL, or its state (smb_weights_read_optimiser) where the weights to
                                   * start from have `epochs_done` epochs behind them: the training goes on there */
  int epochs_done;
  guint64 stop_after;    /* iterations of this run, then stop as if asked to; 0: run to the end */
} SmbPretrainPlan;

SmbPretrainPlan smb_pretrain_plan_default (void); /* the published recipe, a tenth of the epochs to warm up */

typedef struct {
  guint64 iteration, iterations; /* done, in all */
  double epoch, lr, momentum, seconds, images_per_second;
  SmbPretrainResult losses;
} SmbPretrainPoint;

typedef void (*SmbPretrainReport) (const SmbPretrainPoint *point, gpointer user_data);

/* Iterations an epoch, a whole number of steps; what is left over of the data comes in another epoch's order. 0 if
 * there are too few faces for one step. */
guint64 smb_pretrain_plan_epoch_iterations (const SmbPretrainPlan *plan, gint64 n_faces);

/* Whether it makes sense, also before it waits in a queue; smb_pretrain_job_run refuses one that does not. */
gboolean smb_pretrain_plan_check (const SmbPretrainPlan *plan, GError **error);

/* Runs it. online: weights to start from; target: NULL, or the target network's. resume: go on from the newest
 * checkpoint in `folder`, which must be of the same plan and data (MISMATCH), else an error if there is one (ARGUMENT).
 * Cancelling ends at the next step with a checkpoint: TRUE with *stopped. The same plan, data and threads give the same
 * bytes, stopped in between or not. */
gboolean smb_pretrain_job_run (const SmbPretrainPlan *plan, SmbDevice *device, const SmbTensorDict *online,
                               const SmbTensorDict *target, const char *overrides, const SmbFaceStore *faces,
                               const char *folder, gboolean resume, SmbPretrainReport report, gpointer user_data,
                               gboolean *stopped, GCancellable *cancellable, GError **error);

G_END_DECLS
