/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "model/smb-vit.h"

G_BEGIN_DECLS

/* The downstream network: encoder on all patches, pooled feature, head; with an FS-Adapter (arXiv 2510.10663) the head
 * sees [feature, adapted feature] and a projection feeds the contrastive loss. */
typedef struct {
  gboolean pooled, adapter;
  int classes, patches;
  SmbVit vit;
  SmbNorm norm; /* fc_norm, or norm */
  SmbLinear head;
  SmbLinear narrow, widen, projector; /* adapter */
} SmbClassNet;

/* Results; scratch of the run. The last three only with an adapter. */
typedef struct {
  SmbTensor *logits;     /* (B,classes) */
  SmbTensor *feature;    /* (B,C) */
  SmbTensor *bottleneck; /* (B,N) */
  SmbTensor *adapted;    /* (B,C) */
  SmbTensor *projection; /* (B,N), unit rows */
} SmbClassOut;

typedef struct {
  SmbVitTape vit;
  SmbTensor *tokens, *pooled, *mean, *rstd, *joined, *projection_norm;
  SmbTensor *patches, *patch_normed, *patch_mean, *patch_rstd; /* smb_class_net_judge_patches */
} SmbClassTape;

SmbClassNet smb_class_net_bind (const SmbParamSet *set, const SmbNetConfig *config, SmbNetKind kind);
void smb_class_net_clear (SmbClassNet *net);

/* images (B,chans,H,W); index (B,K) int32 of the patches that are looked at, or NULL for all L. tape NULL for
 * inference. */
SmbClassOut smb_class_net_forward (SmbExec *exec, const SmbClassNet *net, const SmbTensor *images,
                                   const SmbTensor *index, const SmbStackRun *run, SmbClassTape *tape);
/* Logits (B,K,classes) of every patch looked at by itself: the network's own norm and head on its token in place of the
 * mean of all. After a forward pass of a pooled network without adapter; adds to its tape. */
SmbTensor *smb_class_net_judge_patches (SmbExec *exec, const SmbClassNet *net, SmbClassTape *tape);
/* dlogits (B,classes); dprojection (B,N) or NULL: no contrastive gradient, the projector's is left alone; dpatches
 * (B,K,classes) or NULL: patches were not judged. The encoder is gone through unless nothing in it asks for a gradient
 * (run->first = depth and its embedding and norm frozen). */
void smb_class_net_backward (SmbExec *exec, const SmbClassNet *net, const SmbClassOut *out, const SmbTensor *dlogits,
                             const SmbTensor *dprojection, const SmbTensor *dpatches, const SmbStackRun *run,
                             const SmbClassTape *tape);
void smb_class_tape_clear (SmbClassTape *tape);

G_END_DECLS
