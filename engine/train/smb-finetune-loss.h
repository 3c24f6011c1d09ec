/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "train/smb-finetuner.h"

G_BEGIN_DECLS

/* The losses of a fine-tuning's batch, from what was downloaded of the network, and their gradients. Where several
 * processes train, a batch is what all of them have: each gathers the others' rows, which are few numbers, and keeps
 * the gradient of its own. */
typedef struct {
  const SmbFinetuneSettings *settings;
  gint64 first, total;   /* own rows among those of all processes */
  const int *labels;     /* (B) before mixing */
  const double *targets; /* (B,K) */
  const float *forged;   /* (B,L), or NULL */
} SmbFinetuneBatch;

/* Cross entropy (with the settings' class weights) and, where z (B,P) is given, the real-anchor loss. Sets
 * r->cross_entropy, r->contrastive and r->total; dlogits (B,K) and dz (B,P) become the gradient of the total, divided
 * by the iterations of a step. *contrast: whether z has a gradient, which it has with a genuine face in the batch.
 * FALSE if the other processes cannot be reached. */
gboolean smb_finetune_loss (const SmbFinetuneBatch *batch, const SmbTensor *logits, const SmbTensor *z,
                            SmbTensor *dlogits, SmbTensor *dz, SmbFinetuneResult *r, gboolean *contrast,
                            GError **error);

/* The loss over single patches from their logits (B,L,K); adds to r->total, dlogits (B,L,K) as above. */
gboolean smb_finetune_loss_patches (const SmbFinetuneBatch *batch, const SmbTensor *logits, SmbTensor *dlogits,
                                    SmbFinetuneResult *r, GError **error);

G_END_DECLS
