/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "model/smb-param-set.h"

G_BEGIN_DECLS

/* A pre-norm transformer block: x += attn (norm1 (x)); x += mlp (norm2 (x)), as in timm's ViT. */
typedef struct {
  SmbNorm norm1, norm2;
  SmbLinear qkv, proj, fc1, fc2;
  int heads;
} SmbBlock;

/* Blocks one after another: an encoder's or a decoder's. */
typedef struct {
  SmbBlock *blocks;
  int depth;
} SmbStack;

/* What the backward pass of a block needs; borrowed from the run. Under recomputation only `x` is kept. What stands
 * behind a norm or a GELU is not kept but made again of what stands before it: that costs next to nothing. */
typedef struct {
  SmbTensor *x, *mid;           /* (B,T,C) before the block, between its branches */
  SmbTensor *mean1, *rstd1, *mean2, *rstd2; /* (B,T) */
  SmbTensor *qkv, *lse, *mixed; /* (B,T,3C), (B,H,T), (B,T,C) the attention's output */
  SmbTensor *inner;             /* (B,T,rC) before GELU */
} SmbBlockTape;

/* Samples [from, from + n) of the `of` of a batch, in a block. */
typedef struct {
  int layer;
  gint64 from, n, of;
} SmbStackPart;

/* Called for each block that is tapped, during the forward or the backward pass, and each part of the batch in its order: the part's
 * attention (n,H,T,T) and, backward, the gradient of the loss with respect to it (else NULL). Valid during the call. */
typedef void (*SmbAttentionTap) (SmbExec *exec, const SmbStackPart *part, const SmbTensor *probs,
                                 const SmbTensor *dprobs, gpointer user_data);

/* Called likewise for every block: the mean over the heads of the part's attention, (n,T,T), and, backward, that of the
 * positive part of the attention times its gradient (else NULL). */
typedef void (*SmbMeanTap) (SmbExec *exec, const SmbStackPart *part, const SmbTensor *mean, const SmbTensor *relevance,
                            gpointer user_data);

/* How a stack runs. Zeros: inference, nothing kept. */
typedef struct {
  gboolean keep;         /* a backward pass follows */
  gboolean recompute;    /* keep only each block's input, compute the rest again when going back */
  int first;             /* gradients are wanted from this block on; what lies below is not kept */
  SmbTensor *const *gates; /* NULL, or 2 * depth factors (B) of the branches (stochastic depth); entries may be NULL */
  SmbAttentionTap tap;   /* NULL, or sees the attention: in the forward pass, or in the backward pass with `keep` */
  gpointer tap_data;
  SmbMeanTap mean_tap;   /* NULL, or sees what is left of the attention over the heads; in the same pass */
  const guint8 *tapped;  /* NULL: the tap sees every block; or depth flags: of the others no probabilities are formed */
} SmbStackRun;

typedef struct {
  SmbBlockTape *tapes; /* depth */
} SmbStackTape;

SmbStack smb_stack_bind (const SmbParamSet *set, const char *prefix, int depth, int heads, double eps);
void smb_stack_clear (SmbStack *stack);
SmbStackTape smb_stack_tape_new (const SmbStack *stack);
void smb_stack_tape_clear (SmbStackTape *tape);

/* x (B,T,C), overwritten where nothing is kept -> output (B,T,C): `x` itself, or scratch of the run. tape NULL unless
 * run->keep. */
SmbTensor *smb_stack_forward (SmbExec *exec, const SmbStack *stack, SmbTensor *x, const SmbStackRun *run,
                              SmbStackTape *tape);
/* d (B,T,C): gradient of the output, becomes the gradient of block run->first's input. */
void smb_stack_backward (SmbExec *exec, const SmbStack *stack, SmbTensor *d, const SmbStackRun *run,
                         const SmbStackTape *tape);

G_END_DECLS
