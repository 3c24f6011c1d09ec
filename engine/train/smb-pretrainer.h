/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gio/gio.h>

#include "model/smb-loss.h"
#include "model/smb-mask.h"
#include "model/smb-net.h"
#include "train/smb-next-images.h"
#include "train/smb-parallel.h"

G_BEGIN_DECLS

/* FSFM's self-supervised pre-training, iteration by iteration: online and target network, the three losses, AdamW and
 * the moving average (arXiv 2412.12032, section 3; reference/README "Training"). Data loading and schedules are the
 * caller's. One thread at a time. */
typedef struct _SmbPretrainer SmbPretrainer;

typedef struct {
  SmbContrast contrast;
  double contrast_temperature;          /* InfoNCE */
  double weight_region, weight_contrast; /* 0.007, 0.1 */
  double mask_ratio;                    /* 0.75: the encoder sees (int) (L (1 - ratio)) patches; below 0: of masks that
                                         * are given, what they leave visible (smb_net_visible_index) */
  SmbMaskStrategy strategy;             /* for smb_pretrainer_draw_masks */
  double beta1, beta2, eps, weight_decay; /* 0.9, 0.95, 1e-8, 0.05 */
  double clip_norm;                     /* 1; 0: no clipping */
  int accumulate;                       /* iterations to one step of the optimiser */
  gboolean recompute;                   /* less memory, a third more time */
  SmbPrecision precision;               /* of the blocks' products: F32 or BF16; weights, gradients and moments are float32 */
  guint64 seed;
  const SmbParallel *parallel;          /* borrowed; NULL: this process alone */
} SmbPretrainSettings;

SmbPretrainSettings smb_pretrain_settings_default (void);

/* Whether they make sense; smb_pretrainer_new refuses those that do not. */
gboolean smb_pretrain_settings_check (const SmbPretrainSettings *settings, GError **error);

/* online is copied onto the device; target likewise, or, if NULL, made from the online network's tensors, as the
 * official start does. overrides as in smb_net_config_detect. */
SmbPretrainer *smb_pretrainer_new (SmbDevice *device, const SmbTensorDict *online, const SmbTensorDict *target,
                                   const char *overrides, const SmbPretrainSettings *settings, GError **error);
void smb_pretrainer_free (SmbPretrainer *trainer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SmbPretrainer, smb_pretrainer_free)

const SmbNetConfig *smb_pretrainer_get_config (const SmbPretrainer *trainer);
guint64 smb_pretrainer_get_iteration (const SmbPretrainer *trainer); /* iterations done, skipped ones included */

typedef struct {
  double rec, region, cl, total;
  double grad_norm;  /* before clipping; NAN in iterations that only accumulate */
  gboolean skipped;  /* L_cl was not finite: nothing changed but the count of iterations */
  gboolean stepped;  /* the optimiser took a step */
} SmbPretrainResult;

/* On a device that takes things while it computes, `next` is asked during each step, and what it gives is sent beside
 * the computing. Nothing else changes, not a byte of any result. */
void smb_pretrainer_set_next (SmbPretrainer *trainer, SmbNextImages next, gpointer user_data);

/* One iteration. images (B,chans,img,img) host float32, normalised; mask and region (B,L), 1 = hidden; lr and momentum
 * of this iteration. With settings.parallel, the batch is what all processes give together, in the order of their
 * ranks, and all have the same losses and weights afterwards. The target network follows in every iteration that is not
 * skipped, also in those that only accumulate. MEMORY: use a smaller batch; FAILED when the reconstruction loss is not
 * finite; cancelled (then nothing has changed but possibly accumulated gradients are lost). */
gboolean smb_pretrainer_step (SmbPretrainer *trainer, const SmbTensor *images, const guint8 *mask,
                              const guint8 *region, double lr, double momentum, SmbPretrainResult *result,
                              GCancellable *cancellable, GError **error);

/* Masks of an iteration, from the seed and its number alone: mask, region (B,L). One region for the whole
 * batch, as in the official training. parsing (B,img,img), classes 0 to 10; may be NULL for random masks. */
void smb_pretrainer_draw_masks (const SmbPretrainer *trainer, guint64 iteration, guint8 *mask, guint8 *region,
                                const guint8 *parsing, int batch);

/* Host copies: weights with "config" in the metadata (target TRUE: the target network's); gradients of the last step,
 * before clipping; everything needed to go on as if never stopped. NULL on a failed copy. */
SmbTensorDict *smb_pretrainer_get_weights (SmbPretrainer *trainer, gboolean target, GError **error);
SmbTensorDict *smb_pretrainer_get_gradients (SmbPretrainer *trainer, GError **error);
SmbTensorDict *smb_pretrainer_save (SmbPretrainer *trainer, GError **error);
/* Into a trainer made with the same settings and any weights of the same size. MISMATCH. */
gboolean smb_pretrainer_load (SmbPretrainer *trainer, const SmbTensorDict *state, GError **error);
/* The same from a checkpoint of the official scripts: its online network and its optimiser's state; the target network
 * stays, for it lies in a file of its own. The iterations done are the steps taken, unless it is said how many they are
 * (then from the start of a step). MISMATCH. */
gboolean smb_pretrainer_load_checkpoint (SmbPretrainer *trainer, const SmbTensorDict *online,
                                         const SmbTensorDict *optimiser, GError **error);
void smb_pretrainer_set_iteration (SmbPretrainer *trainer, guint64 iteration);

/* Bytes for a batch, all in all: weights, gradients, moments, activations; where the device computes in the host's
 * memory, what is copied there for a checkpoint, too. */
guint64 smb_pretrain_plan_bytes (SmbDevice *device, const SmbNetConfig *config, const SmbPretrainSettings *settings,
                                 int batch, GError **error);

/* The largest batch that fits, from what batches of one and of two need; 0 if none does. */
int smb_train_suggest_batch (guint64 bytes_of_one, guint64 bytes_of_two, guint64 available_bytes);

G_END_DECLS
