/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "model/smb-net-config.h"

G_BEGIN_DECLS

/* What of a downstream network trains. */
typedef enum {
  SMB_TRAIN_ALL,
  SMB_TRAIN_LAST_BLOCKS, /* the last k blocks, the norm behind them and the head */
  SMB_TRAIN_NORMS,       /* every LayerNorm and the head */
  SMB_TRAIN_ADAPTER,     /* FS-Adapter, its projector and the head; the only choice for such a network */
  SMB_TRAIN_HEAD,        /* the head alone */
} SmbTrained;

const char *smb_trained_name (SmbTrained trained); /* "all", "last-blocks", "norms", "adapter", "head"; static */
gboolean smb_trained_from_name (const char *name, SmbTrained *out);

/* Parameters with the same factor of the learning rate and the same decay. */
typedef struct {
  double lr_scale, weight_decay;
  GPtrArray *names; /* char* */
} SmbGroup;

/* Pre-training (array of SmbGroup*): the one-dimensional parameters, undecayed, then all others, the tokens among them;
 * the position tables are frozen. */
GPtrArray *smb_groups_pretrain (const SmbNetConfig *config, double weight_decay);

/* Fine-tuning: one group for each layer and kind (decayed or not) in order of first appearance; the factor is
 * layer_decay^(depth + 1 - layer) with the embeddings as layer 0, block i as i + 1 and the rest as depth + 1.
 * One-dimensional parameters, cls_token and pos_embed are not decayed. */
GPtrArray *smb_groups_finetune (const SmbNetConfig *config, SmbNetKind kind, SmbTrained trained, int last_blocks,
                                double weight_decay, double layer_decay);

/* The lowest block that holds a parameter of the groups; 0 if the embeddings do; depth if no block does. */
int smb_groups_first_block (const GPtrArray *groups, int depth);

G_END_DECLS
