/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

#include "tensor/smb-tensor.h"

G_BEGIN_DECLS

typedef enum {
  SMB_NET_ONLINE,     /* encoder, rep decoder, pixel decoder, projector, predictor */
  SMB_NET_TARGET,     /* encoder, rep decoder, projector */
  SMB_NET_CLASSIFIER, /* downstream ViT with head */
  SMB_NET_ADAPTER,    /* downstream ViT with FS-Adapter */
} SmbNetKind;

/* Size and habits of a network: FSFM's table (arXiv 2412.12032, section 3; reference/README "Behaviours"). */
typedef struct {
  int image_px, patch_px, chans;
  int dim, depth, heads, mlp_ratio;
  int rep_depth, rep_heads;
  int dec_dim, dec_depth, dec_heads;
  int proj_hidden, proj_out;
  int classes;
  int adapter_dim;      /* width of the FS-Adapter's bottleneck */
  gboolean global_pool; /* mean of the patch tokens and fc_norm; else norm and the class token */
  gboolean norm_pix;    /* reconstruction targets normalised per patch */
  double ln_eps;        /* 1e-6 */
  double mlp_head_ln_eps; /* 1e-5: inside projector and predictor */
} SmbNetConfig;

int smb_net_config_get_grid (const SmbNetConfig *config);    /* patches a side */
int smb_net_config_get_patches (const SmbNetConfig *config); /* L = grid * grid */

/* Reads kind and size from the names and shapes of the weights. What shapes cannot tell (heads, pooling, norm_pix)
 * comes, in this order, from `overrides` (JSON object text, may be NULL), from the "config" entry of the weights'
 * metadata (and its "norm_pix"), from the published sizes. Weights of another architecture, or shapes that do not fit
 * each other, are SMB_ERROR_MISMATCH naming the tensor. `name` is the file's name for messages. */
gboolean smb_net_config_detect (SmbNetConfig *config, SmbNetKind *kind, const SmbTensorDict *weights,
                                const char *overrides, const char *name, GError **error);

/* Compact JSON with the keys of the reference's config ("img", "patch", "dim" …). Free with g_free. */
char *smb_net_config_to_json (const SmbNetConfig *config);

G_END_DECLS
