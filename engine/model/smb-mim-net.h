/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "model/smb-vit.h"

G_BEGIN_DECLS

/* FSFM's pre-training networks (arXiv 2412.12032, section 3): the online one, and the target one without predictor and
 * pixel decoder. */

/* Projector or predictor: Linear, LayerNorm, ReLU, Linear. */
typedef struct {
  SmbLinear first, last;
  SmbNorm norm;
} SmbMlpHead;

typedef struct {
  SmbTensor *x, *hidden, *mean, *rstd, *relu;
} SmbMlpHeadTape;

typedef struct {
  gboolean online;
  int proj_out, patches, pix;
  SmbVit vit;
  SmbNorm norm, rep_norm, dec_norm;
  SmbParam *mask, *rep_pos, *dec_pos;
  SmbLinear rep_embed, rep_pred, dec_embed, dec_pred;
  SmbStack rep, dec;
  SmbMlpHead projector, predictor;
} SmbMimNet;

/* How its three stacks run. */
typedef struct {
  SmbStackRun enc, rep, dec;
} SmbMimRun;

/* Results; scratch of the run. */
typedef struct {
  SmbTensor *latent; /* (B,1+K,C) */
  SmbTensor *rep;    /* (B,1+L,C) */
  SmbTensor *proj;   /* (B,P) */
  SmbTensor *cl;     /* (B,P), unit rows: of the predictor's output, or the target's projector's */
  SmbTensor *pred;   /* (B,L,pix), online only */
} SmbMimOut;

/* Kept for the backward pass. A norm's tape: its input and what it measured. */
typedef struct {
  SmbTensor *x, *mean, *rstd;
} SmbNormTape;

typedef struct {
  SmbVitTape vit;
  SmbStackTape rep, dec;
  SmbNormTape norm, rep_norm, dec_norm;
  const SmbTensor *index;
  SmbTensor *rep_normed, *dec_full, *dec_dropped, *cl_norm;
  SmbMlpHeadTape projector, predictor;
} SmbMimTape;

SmbMimNet smb_mim_net_bind (const SmbParamSet *set, const SmbNetConfig *config, SmbNetKind kind);
void smb_mim_net_clear (SmbMimNet *net);

/* images (B,chans,H,W); index (B,K) int32: the visible patches; all_visible: index is 0 … L-1, so that nothing need be
 * gathered. tape NULL for inference. */
SmbMimOut smb_mim_net_forward (SmbExec *exec, const SmbMimNet *net, const SmbTensor *images, const SmbTensor *index,
                               gboolean all_visible, const SmbMimRun *run, SmbMimTape *tape);
/* The encoder alone with its norm: (B,1+K,C). */
SmbTensor *smb_mim_net_encode (SmbExec *exec, const SmbMimNet *net, const SmbTensor *images, const SmbTensor *index,
                               const SmbStackRun *run, SmbMimTape *tape);
/* dpred (B,L,pix), dcl (B,P): gradients of out->pred and out->cl. Accumulates the parameters' gradients. */
void smb_mim_net_backward (SmbExec *exec, const SmbMimNet *net, const SmbMimOut *out, const SmbTensor *dpred,
                           const SmbTensor *dcl, const SmbMimRun *run, const SmbMimTape *tape);
void smb_mim_tape_clear (SmbMimTape *tape);

G_END_DECLS
