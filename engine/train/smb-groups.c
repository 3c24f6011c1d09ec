/* SPDX-License-Identifier: Apache-2.0 */
#include "train/smb-groups.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/smb-params.h"

static const char *const trained_names[] = { "all", "last-blocks", "norms", "adapter", "head" };

const char *
smb_trained_name (SmbTrained trained)
{
  g_return_val_if_fail ((guint) trained < G_N_ELEMENTS (trained_names), "");
  return trained_names[trained];
}

gboolean
smb_trained_from_name (const char *name, SmbTrained *out)
{
  for (guint i = 0; i < G_N_ELEMENTS (trained_names); i++)
    if (g_strcmp0 (name, trained_names[i]) == 0) {
      *out = (SmbTrained) i;
      return TRUE;
    }
  return FALSE;
}

static void
group_free (gpointer data)
{
  SmbGroup *group = data;

  g_ptr_array_unref (group->names);
  g_free (group);
}

static SmbGroup *
add_group (GPtrArray *groups, double lr_scale, double weight_decay)
{
  SmbGroup *group = g_new (SmbGroup, 1);

  *group = (SmbGroup){ lr_scale, weight_decay, g_ptr_array_new_with_free_func (g_free) };
  g_ptr_array_add (groups, group);
  return group;
}

GPtrArray *
smb_groups_pretrain (const SmbNetConfig *config, double weight_decay)
{
  GPtrArray *groups = g_ptr_array_new_with_free_func (group_free);
  g_autoptr (GPtrArray) rows = smb_params_table (config, SMB_NET_ONLINE);
  SmbGroup *plain = add_group (groups, 1.0, 0.0), *decayed = add_group (groups, 1.0, weight_decay);

  for (guint i = 0; i < rows->len; i++) {
    const SmbParamRow *row = g_ptr_array_index (rows, i);

    if (!smb_params_is_table (row->name))
      g_ptr_array_add ((row->rank == 1 ? plain : decayed)->names, g_strdup (row->name));
  }
  return groups;
}

/* Block of a name, -1 if it belongs to none. */
static int
block_of (const char *name)
{
  return g_str_has_prefix (name, "blocks.") ? (int) g_ascii_strtoull (name + strlen ("blocks."), NULL, 10) : -1;
}

static gboolean
is_embedding (const char *name)
{
  return g_str_equal (name, "cls_token") || g_str_equal (name, "pos_embed") || g_str_has_prefix (name, "patch_embed.");
}

static int
layer_of (const char *name, int depth)
{
  int block = block_of (name);

  return is_embedding (name) ? 0 : block >= 0 ? block + 1 : depth + 1;
}

static gboolean
is_final_norm (const char *name)
{
  return g_str_has_prefix (name, "norm.") || g_str_has_prefix (name, "fc_norm.");
}

static gboolean
trains (const char *name, SmbNetKind kind, SmbTrained trained, int last_blocks, int depth)
{
  gboolean head = g_str_has_prefix (name, "head.");

  if (kind == SMB_NET_ADAPTER) /* whatever is asked for: the backbone of such a network is frozen */
    trained = trained == SMB_TRAIN_HEAD ? SMB_TRAIN_HEAD : SMB_TRAIN_ADAPTER;
  switch (trained) {
  case SMB_TRAIN_ALL:
    return TRUE;
  case SMB_TRAIN_LAST_BLOCKS:
    return head || is_final_norm (name) || block_of (name) >= MAX (depth - last_blocks, 0);
  case SMB_TRAIN_NORMS:
    return head || is_final_norm (name) || strstr (name, ".norm1.") != NULL || strstr (name, ".norm2.") != NULL;
  case SMB_TRAIN_ADAPTER:
    return head || g_str_has_prefix (name, "adapter.") || g_str_has_prefix (name, "projector.");
  case SMB_TRAIN_HEAD:
    return head;
  default:
    g_return_val_if_reached (FALSE);
  }
}

GPtrArray *
smb_groups_finetune (const SmbNetConfig *config, SmbNetKind kind, SmbTrained trained, int last_blocks,
                     double weight_decay, double layer_decay)
{
  GPtrArray *groups = g_ptr_array_new_with_free_func (group_free);
  g_autoptr (GPtrArray) rows = smb_params_table (config, kind);
  g_autoptr (GHashTable) known = g_hash_table_new (NULL, NULL); /* 2 * layer + decayed + 1 -> group */

  for (guint i = 0; i < rows->len; i++) {
    const SmbParamRow *row = g_ptr_array_index (rows, i);
    int layer = layer_of (row->name, config->depth);
    gboolean decayed = row->rank != 1 && !g_str_equal (row->name, "pos_embed") && !g_str_equal (row->name, "cls_token");
    gpointer key = GINT_TO_POINTER (2 * layer + decayed + 1);
    SmbGroup *group = g_hash_table_lookup (known, key);

    if (!trains (row->name, kind, trained, last_blocks, config->depth))
      continue;
    if (group == NULL) {
      group = add_group (groups, pow (layer_decay, config->depth + 1 - layer), decayed ? weight_decay : 0.0);
      g_hash_table_insert (known, key, group);
    }
    g_ptr_array_add (group->names, g_strdup (row->name));
  }
  return groups;
}

int
smb_groups_first_block (const GPtrArray *groups, int depth)
{
  int first = depth;

  for (guint g = 0; g < groups->len; g++) {
    const SmbGroup *group = g_ptr_array_index (groups, g);

    for (guint i = 0; i < group->names->len; i++) {
      const char *name = g_ptr_array_index (group->names, i);
      int block = block_of (name);

      if (is_embedding (name))
        return 0;
      if (block >= 0)
        first = MIN (first, block);
    }
  }
  return first;
}
