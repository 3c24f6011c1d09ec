/* SPDX-License-Identifier: Apache-2.0 */
#include <glib/gi18n-lib.h>
#include <string.h>

#include "base/smb-error.h"
#include "model/smb-params.h"
#include "model/smb-pos-embed.h"
#include "train/smb-finetuner.h"

/* The stored tensor in the place of a fresh one, if it fits there; else NULL. Owned. */
static SmbTensor *
fitting (SmbTensor *stored, const SmbTensor *fresh, const char *name, const SmbNetConfig *config)
{
  g_autoptr (SmbTensor) plain = NULL;

  if (stored == NULL)
    return NULL;
  plain = smb_tensor_to_f32 (stored);
  if (g_str_equal (name, "pos_embed") && plain->shape[1] != fresh->shape[1])
    return smb_pos_embed_resample (plain, smb_net_config_get_grid (config));
  if (plain->rank != fresh->rank
      || memcmp (plain->shape, fresh->shape, (gsize) plain->rank * sizeof *plain->shape) != 0)
    return NULL;
  return g_steal_pointer (&plain);
}

gboolean
smb_finetune_start_config (SmbNetConfig *config, const char *name, SmbNetKind kind, int classes, gboolean global_pool,
                           GError **error)
{
  g_return_val_if_fail (kind == SMB_NET_CLASSIFIER || kind == SMB_NET_ADAPTER, FALSE);
  if (classes < 2 || (kind == SMB_NET_ADAPTER && config->dim % 4 != 0)) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT,
                 _ ("%s: a classifier needs two classes or more, and an adapter a width that divides by 4."), name);
    return FALSE;
  }
  config->classes = classes;
  config->global_pool = global_pool;
  config->adapter_dim = kind == SMB_NET_ADAPTER ? config->dim / 4 : 0;
  config->rep_depth = config->rep_heads = config->dec_dim = config->dec_depth = config->dec_heads = 0;
  config->proj_hidden = config->proj_out = 0;
  return TRUE;
}

SmbTensorDict *
smb_finetune_start (const SmbTensorDict *from, const char *overrides, const char *name, SmbNetKind kind, int classes,
                    gboolean global_pool, guint64 seed, GError **error)
{
  g_autoptr (SmbTensorDict) weights = NULL;
  SmbNetConfig config;
  SmbNetKind found;

  if (!smb_net_config_detect (&config, &found, from, overrides, name, error)
      || !smb_finetune_start_config (&config, name, kind, classes, global_pool, error))
    return NULL;
  weights = smb_net_init_weights (&config, kind, seed);
  for (guint i = 0; i < weights->names->len; i++) {
    const char *tensor = g_ptr_array_index (weights->names, i);
    g_autoptr (SmbTensor) taken = fitting (smb_tensor_dict_get (from, tensor), smb_tensor_dict_get (weights, tensor),
                                           tensor, &config);

    if (taken != NULL)
      smb_tensor_dict_set (weights, tensor, taken);
  }
  return g_steal_pointer (&weights);
}
