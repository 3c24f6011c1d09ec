/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "model/smb-stack.h"

G_BEGIN_DECLS

/* The encoder all networks share: patch projection, positions, class token, blocks; the norm behind it is not part. */
typedef struct {
  SmbParam *cls, *pos;
  SmbLinear proj;
  SmbStack stack;
  int patch_px;
} SmbVit;

typedef struct {
  SmbTensor *patches; /* (B,K,chans P P) */
  const SmbTensor *index;
  SmbStackTape stack;
} SmbVitTape;

SmbVit smb_vit_bind (const SmbParamSet *set, const SmbNetConfig *config);
void smb_vit_clear (SmbVit *vit);

/* images (B,chans,H,W), index (B,K) int32 of the visible patches or NULL for all -> raw output of the last block
 * (B,1+K,C), class token first; scratch of the run. */
SmbTensor *smb_vit_forward (SmbExec *exec, const SmbVit *vit, const SmbTensor *images, const SmbTensor *index,
                            const SmbStackRun *run, SmbVitTape *tape);
/* d (B,1+K,C): gradient of that output; overwritten. */
void smb_vit_backward (SmbExec *exec, const SmbVit *vit, SmbTensor *d, const SmbStackRun *run, const SmbVitTape *tape);

G_END_DECLS
