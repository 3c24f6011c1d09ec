/* SPDX-License-Identifier: Apache-2.0 */
#include "weights/smb-weights-private.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <string.h>

#define LENGTH_BYTES 8
/* The header of the largest published network takes 100 kB. */
#define MAX_HEADER_BYTES (16u << 20)

SmbTensorDict *
smb_safetensors_read (GBytes *bytes, const char *path, GError **error)
{
  gsize n_bytes;
  const guint8 *data = g_bytes_get_data (bytes, &n_bytes);
  g_autoptr (GPtrArray) entries = NULL;
  g_autoptr (GHashTable) metadata = NULL;
  g_autoptr (SmbTensorDict) dict = NULL;
  GHashTableIter iter;
  gpointer key, value;
  guint64 header_bytes;

  if (n_bytes < LENGTH_BYTES) {
    smb_weights_fail (error, SMB_ERROR_FORMAT, path, _ ("it is shorter than the length of its header"));
    return NULL;
  }
  memcpy (&header_bytes, data, LENGTH_BYTES);
  header_bytes = GUINT64_FROM_LE (header_bytes);
  if (header_bytes > n_bytes - LENGTH_BYTES) {
    smb_weights_fail (error, SMB_ERROR_FORMAT, path, _ ("its header ends behind the file"));
    return NULL;
  }
  if (header_bytes > MAX_HEADER_BYTES) {
    smb_weights_fail (error, SMB_ERROR_LIMIT, path, _ ("a header of %" PRIu64 " bytes"), header_bytes);
    return NULL;
  }
  if (!smb_safetensors_parse_header ((const char *) data + LENGTH_BYTES, header_bytes,
                                     n_bytes - LENGTH_BYTES - header_bytes, &entries, &metadata, path, error))
    return NULL;
  dict = smb_tensor_dict_new ();
  for (guint i = 0; i < entries->len; i++) {
    const SmbSafetensorsEntry *entry = g_ptr_array_index (entries, i);
    g_autoptr (SmbTensor) tensor = smb_weights_tensor_over (bytes, LENGTH_BYTES + header_bytes + entry->begin,
                                                            entry->dtype, entry->rank, entry->shape);

    smb_tensor_dict_set (dict, entry->name, tensor);
  }
  g_hash_table_iter_init (&iter, metadata);
  while (g_hash_table_iter_next (&iter, &key, &value))
    smb_tensor_dict_set_meta (dict, key, value);
  return g_steal_pointer (&dict);
}
