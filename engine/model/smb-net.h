/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gio/gio.h>

#include "model/smb-net-config.h"
#include "tensor/smb-tensor.h"

G_BEGIN_DECLS

/* A network for inference: weights on a device, packed for its products. One thread at a time. */
typedef struct _SmbNet SmbNet;

/* weights are referenced, not copied, while on the host. overrides as in smb_net_config_detect. Tensors the network
 * does not need are ignored (a pretrained file holds more than a classifier reads). */
SmbNet *smb_net_new (SmbDevice *device, SmbTensorDict *weights, const char *overrides, const char *name,
                     SmbPrecision precision, GError **error);
void smb_net_free (SmbNet *net);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SmbNet, smb_net_free)

const SmbNetConfig *smb_net_get_config (const SmbNet *net);
SmbNetKind smb_net_get_kind (const SmbNet *net);

typedef enum {
  SMB_WANT_RESULT = 0,         /* out.* of the network's end: logits, probabilities; latent, pred, patch_error … */
  SMB_WANT_ATTENTION = 1 << 0, /* attn.N, or attn.enc.N, attn.rep.N, attn.dec.N: (B,H,T,T) */
  SMB_WANT_IMAGES = 1 << 1,    /* out.image_pasted, out.image_decoded … */
  SMB_WANT_LOSSES = 1 << 2,    /* loss.* where the inputs allow */
  SMB_WANT_EXPLAIN = 1 << 3,   /* out.rollout*, out.relevance* (classifier); with ATTENTION attn_grad.N as well */
  SMB_WANT_ALL_VISIBLE = 1 << 4, /* out.latent_all_visible: a second pass with nothing hidden */
  SMB_WANT_ROLLOUT = 1 << 5, /* out.rollout* alone (classifier): of the attention only means over heads are formed */
} SmbNetWant;

/* Runs the network. inputs (host): "in.images" (B,3,H,W) normalised; online networks also "in.mask" (B,L), optionally
 * "in.region" (B,L) and "in.mask_ratio" (one number: floor (L (1 - ratio)) patches stay visible; left out: what the
 * mask leaves, or a quarter if it leaves about that); classifiers optionally "in.labels" (B). "in.layers" (any count of
 * numbers; left out: all) are the blocks whose attention SMB_WANT_ATTENTION is to give, of an online network those of
 * each of its stacks; of the others nothing is kept, and the probabilities are not even formed. Outputs (host, float32;
 * losses F64) carry the names of the reference fixtures.
 * target: for an online network, the target network whose features L_cl needs; may be NULL. Matches the reference to
 * 1e-5 relative in F32. Errors: MISMATCH (shape of an input, named), MEMORY, cancelled. */
SmbTensorDict *smb_net_forward (SmbNet *net, SmbNet *target, const SmbTensorDict *inputs, guint want,
                                GCancellable *cancellable, GError **error);

/* What a pass needs beside the weights. */
typedef struct {
  guint64 scratch_bytes; /* on the device, at its fullest */
  guint64 output_bytes;  /* on the host: results, and the means over heads that rollout and relevance rest on */
} SmbNetNeed;

/* What smb_net_forward of the same arguments will need, without running it; its errors. */
gboolean smb_net_plan (SmbNet *net, SmbNet *target, const SmbTensorDict *inputs, guint want, SmbNetNeed *need_out,
                       GError **error);

/* Fresh weights by FSFM's initialisation (xavier-uniform matrices, N(0, 0.02) tokens, sin-cos tables, head N(0, 2e-5)),
 * by SmbRng with this seed: the same on every machine. */
SmbTensorDict *smb_net_init_weights (const SmbNetConfig *config, SmbNetKind kind, guint64 seed);

G_END_DECLS
