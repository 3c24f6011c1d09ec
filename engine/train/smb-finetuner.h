/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gio/gio.h>

#include "model/smb-net.h"
#include "train/smb-augment.h"
#include "train/smb-groups.h"
#include "train/smb-next-images.h"
#include "train/smb-parallel.h"

G_BEGIN_DECLS

/* Fine-tuning of a downstream network, iteration by iteration (reference/README "Training", "FS-Adapter", "Mixing").
 * Data loading and schedules are the caller's. One thread at a time. */
typedef struct _SmbFinetuner SmbFinetuner;

typedef struct {
  SmbTrained trained;
  int last_blocks;            /* SMB_TRAIN_LAST_BLOCKS */
  double layer_decay;         /* 0.65 published; 1 for an adapter, all of whose layers are new */
  double weight_decay;        /* 0.05; 0 for an adapter */
  double beta1, beta2, eps;   /* 0.9, 0.999, 1e-8 */
  double clip_norm;           /* 0: no clipping, as published */
  double smoothing;           /* 0.1 */
  double drop_path;           /* 0.1: stochastic depth of the last block */
  /* Share of the patches that an image keeps in an iteration, drawn anew for each, at least one; 1 (published): all.
   * With half of them a step takes about half the time and memory (PatchDropout, arXiv 2208.07220). What is measured
   * or judged always sees all. */
  double keep_patches;
  SmbAugment augment;
  const double *class_weights; /* NULL, or one a class; copied */
  int real_class;
  double contrast_weight, contrast_temperature; /* real-anchor loss of an adapter: 0.01, 0.07 */
  /* Weight of a second cross entropy, over the patches: each is judged alone, by the network's own head, and told which
   * share of it was forged. 0 (published): none. Meant for forgeries that differ from the genuine in a seam only, an
   * idea of this project whose use has not been measured; for pooled networks without adapter, and batches that are not
   * mixed. */
  double patch_weight;
  int accumulate;
  gboolean recompute;
  SmbPrecision precision; /* of the blocks' products: F32 or BF16; weights, gradients and sums are float32 always */
  guint64 seed;
  /* NULL, or the other processes that train the same network, each with its share of every batch (borrowed). The loss
   * is that of the whole batch; images are erased and mixed, and branches dropped, within the share. */
  const SmbParallel *parallel;
} SmbFinetuneSettings;

/* The published values for a plain network, or for one with an adapter. Augmentation and drop path included. */
SmbFinetuneSettings smb_finetune_settings_default (SmbNetKind kind);

/* Whether they make sense; smb_finetuner_new refuses those that do not. */
gboolean smb_finetune_settings_check (const SmbFinetuneSettings *settings, GError **error);

/* weights: a classifier or an adapter network (smb_finetune_start makes one from a pre-trained file). */
SmbFinetuner *smb_finetuner_new (SmbDevice *device, const SmbTensorDict *weights, const char *overrides,
                                 const SmbFinetuneSettings *settings, GError **error);
void smb_finetuner_free (SmbFinetuner *tuner);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SmbFinetuner, smb_finetuner_free)

const SmbNetConfig *smb_finetuner_get_config (const SmbFinetuner *tuner);
SmbNetKind smb_finetuner_get_kind (const SmbFinetuner *tuner);
guint64 smb_finetuner_get_iteration (const SmbFinetuner *tuner);

typedef struct {
  double cross_entropy, contrastive, patches, total;
  double grad_norm; /* before clipping; NAN in iterations that only accumulate */
  gboolean stepped;
} SmbFinetuneResult;

/* As in the pretrainer: the images that the step will be given, before they are erased and mixed as the settings say. A
 * step that is told how to mix is given its images anew. */
void smb_finetuner_set_next (SmbFinetuner *tuner, SmbNextImages next, gpointer user_data);

/* One iteration. images (B,chans,img,img) host float32, normalised, untouched; labels (B); forged (B,L): the share of
 * each patch that is of the label's class and not genuine, needed with a patch_weight, else NULL; mix: how the batch is
 * mixed, or NULL to erase and mix as the settings say, by the seed and the iteration's number. The contrastive term
 * uses the labels before mixing. Errors as in smb_pretrainer_step. */
gboolean smb_finetuner_step (SmbFinetuner *tuner, const SmbTensor *images, const int *labels, const float *forged,
                             const SmbMix *mix, double lr, SmbFinetuneResult *result, GCancellable *cancellable,
                             GError **error);

/* Host copies; as in the pretrainer. */
SmbTensorDict *smb_finetuner_get_weights (SmbFinetuner *tuner, GError **error);
SmbTensorDict *smb_finetuner_get_gradients (SmbFinetuner *tuner, GError **error);
SmbTensorDict *smb_finetuner_save (SmbFinetuner *tuner, GError **error);
gboolean smb_finetuner_load (SmbFinetuner *tuner, const SmbTensorDict *state, GError **error);
gboolean smb_finetuner_load_checkpoint (SmbFinetuner *tuner, const SmbTensorDict *network,
                                        const SmbTensorDict *optimiser, GError **error);

/* Bytes for a batch, all in all, as in the pretrainer. */
guint64 smb_finetune_plan_bytes (SmbDevice *device, const SmbNetConfig *config, SmbNetKind kind,
                                 const SmbFinetuneSettings *settings, int batch, GError **error);

/* The network that smb_finetune_start makes of another (in `config`), before any weights of it are there. ARGUMENT error:
 * fewer than two classes, or a width that no adapter goes with. */
gboolean smb_finetune_start_config (SmbNetConfig *config, const char *name, SmbNetKind kind, int classes,
                                    gboolean global_pool, GError **error);

/* Weights to start from: fresh head (and adapter), everything else that fits taken from a pre-trained or fine-tuned
 * file; a position table of another size is resampled to the one `overrides` asks for ("img"). kind: classifier or
 * adapter. `name` for messages. */
SmbTensorDict *smb_finetune_start (const SmbTensorDict *from, const char *overrides, const char *name, SmbNetKind kind,
                                   int classes, gboolean global_pool, guint64 seed, GError **error);

G_END_DECLS
