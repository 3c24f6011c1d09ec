/* SPDX-License-Identifier: Apache-2.0 */
#include "tensor/smb-tensor.h"

SmbTensorDict *
smb_tensor_dict_new (void)
{
  SmbTensorDict *dict = g_atomic_rc_box_new0 (SmbTensorDict);

  dict->names = g_ptr_array_new_with_free_func (g_free);
  dict->tensors = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) smb_tensor_unref);
  dict->metadata = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return dict;
}

SmbTensorDict *
smb_tensor_dict_ref (SmbTensorDict *dict)
{
  return g_atomic_rc_box_acquire (dict);
}

static void
dict_clear (gpointer data)
{
  SmbTensorDict *dict = data;

  g_ptr_array_unref (dict->names);
  g_hash_table_unref (dict->tensors);
  g_hash_table_unref (dict->metadata);
}

void
smb_tensor_dict_unref (SmbTensorDict *dict)
{
  if (dict != NULL)
    g_atomic_rc_box_release_full (dict, dict_clear);
}

void
smb_tensor_dict_set (SmbTensorDict *dict, const char *name, SmbTensor *tensor)
{
  g_return_if_fail (name != NULL && tensor != NULL);
  smb_tensor_ref (tensor);
  if (g_hash_table_insert (dict->tensors, g_strdup (name), tensor))
    g_ptr_array_add (dict->names, g_strdup (name)); /* a new name goes last; a replaced one keeps its place */
}

SmbTensor *
smb_tensor_dict_get (const SmbTensorDict *dict, const char *name)
{
  return g_hash_table_lookup (dict->tensors, name);
}

guint
smb_tensor_dict_get_size (const SmbTensorDict *dict)
{
  return dict->names->len;
}

void
smb_tensor_dict_set_meta (SmbTensorDict *dict, const char *key, const char *value)
{
  g_hash_table_insert (dict->metadata, g_strdup (key), g_strdup (value));
}

const char *
smb_tensor_dict_get_meta (const SmbTensorDict *dict, const char *key)
{
  return g_hash_table_lookup (dict->metadata, key);
}
