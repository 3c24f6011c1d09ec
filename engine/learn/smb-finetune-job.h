/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "learn/smb-feed.h"
#include "learn/smb-score.h"
#include "train/smb-finetuner.h"

G_BEGIN_DECLS

/* A whole fine-tuning: batches from a data set's training part, the published schedule, validation after every epoch,
 * the weights of the best one kept. Its folder holds metrics.jsonl            one object an iteration, and one an epoch
 * with "validation" checkpoint-NNNNNNNN/     weights, best, state .safetensors; the last two are kept worst.safetensors
 * the faces the last validation was most wrong about (smb-finetune-worst.h) detector.safetensors     when it is done:
 * the best epoch's weights, with classes and normalisation in its metadata card.json                what it was made of
 * (smb-model-card.h) */
typedef struct {
  SmbFinetuneSettings settings; /* `parallel` also divides the batch */
  SmbFeedSettings feed;      /* what is left 0 is filled in from the rest: n_classes, seed, image_px */
  int epochs;
  double base_lr;            /* for a step of 256 images */
  double min_lr, warmup_epochs; /* warm-up NAN: half of the epochs, at most 5 */
  int checkpoint_epochs;
  guint64 stop_after;        /* iterations of this run, then stop as if asked to; 0: run to the end */
  const char *const *classes; /* NULL-terminated: the data set's, then that of the self-blended ones */
  const char *licence, *provenance, *title; /* for the weights' metadata; NULL: left out */
  const char *init, *init_sha256, *limits;  /* for the card: what it started from, what it cannot do; may be NULL */
} SmbFinetunePlan;

/* The published recipe for a plain network or one with an adapter; batch 64, 10 epochs, "strong" degradation. */
SmbFinetunePlan smb_finetune_plan_default (SmbNetKind kind);

typedef struct {
  guint64 iteration, iterations; /* done, in all */
  double epoch, lr, seconds, images_per_second;
  SmbFinetuneResult losses;
} SmbFinetunePoint;

/* After an epoch, on the validation part: all forged classes against the genuine one, and each alone. */
typedef struct {
  int epoch;               /* from 1 */
  double loss, auc, eer, accuracy;
  const double *class_auc; /* (classes); NAN for the genuine one and those without faces */
  double chosen_by;        /* mean of class_auc: what the best epoch is chosen by */
  gboolean best;
} SmbFinetuneEpoch;

typedef struct {
  void (*point) (const SmbFinetunePoint *point, gpointer user_data); /* may be NULL, like the other */
  void (*epoch) (const SmbFinetuneEpoch *epoch, gpointer user_data);
  gpointer user_data;
} SmbFinetuneReport;

/* Whether it makes sense, also before it waits in a queue; smb_finetune_job_run refuses one that does not. */
gboolean smb_finetune_plan_check (const SmbFinetunePlan *plan, GError **error);

/* Runs it. start: a classifier's or adapter's weights (smb_finetune_start). resume, cancelling and *stopped as in
 * smb_pretrain_job_run; the same plan, data and threads give the same bytes, stopped in between or not. */
gboolean smb_finetune_job_run (const SmbFinetunePlan *plan, SmbDevice *device, const SmbTensorDict *start,
                               const char *overrides, const SmbDataset *dataset, const char *folder, gboolean resume,
                               const SmbFinetuneReport *report, gboolean *stopped, GCancellable *cancellable,
                               GError **error);

G_END_DECLS
