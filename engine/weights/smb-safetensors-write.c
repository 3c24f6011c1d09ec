/* SPDX-License-Identifier: Apache-2.0 */
#include "weights/smb-weights-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define HEADER_ALIGNMENT 8

gboolean
smb_weights_write_all (int fd, const void *data, gsize n_bytes, const char *path, GError **error)
{
  const guint8 *at = data;

  while (n_bytes > 0) {
    gssize put = write (fd, at, MIN (n_bytes, (gsize) 1 << 30));

    if (put < 0 && errno == EINTR)
      continue;
    if (put < 0)
      return smb_error_set_errno (error, errno, path, _ ("writing"));
    at += put;
    n_bytes -= (gsize) put;
  }
  return TRUE;
}

static gboolean
sync_folder_of (const char *path, GError **error)
{
  g_autofree char *folder = g_path_get_dirname (path);
  int fd = open (folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  /* Some file systems cannot sync a folder and say so with EINVAL; then there is nothing to wait for. */
  gboolean good = fd >= 0 && (fsync (fd) == 0 || errno == EINVAL);

  if (!good)
    smb_error_set_errno (error, errno, folder, _ ("making the new file's name last"));
  if (fd >= 0)
    close (fd);
  return good;
}

gboolean
smb_weights_replace_file (const char *path, SmbFillFile fill, gpointer user_data, GError **error)
{
  g_autofree char *temporary = g_strconcat (path, ".XXXXXX", NULL);
  int fd = g_mkstemp_full (temporary, O_WRONLY | O_CLOEXEC, 0666);
  gboolean good;

  if (fd < 0)
    return smb_error_set_errno (error, errno, path, _ ("creating a file beside it"));
  good = fill (fd, path, user_data, error);
  if (good && fsync (fd) != 0)
    good = smb_error_set_errno (error, errno, path, _ ("writing"));
  if (close (fd) != 0 && good)
    good = smb_error_set_errno (error, errno, path, _ ("writing"));
  if (good && g_rename (temporary, path) != 0)
    good = smb_error_set_errno (error, errno, path, _ ("putting the finished file in place"));
  if (!good) {
    g_unlink (temporary);
    return FALSE;
  }
  return sync_folder_of (path, error);
}

static void
append_json_string (GString *out, const char *text)
{
  g_string_append_c (out, '"');
  for (; *text != '\0'; text++) {
    guchar c = (guchar) *text;

    if (c == '"' || c == '\\')
      g_string_append_printf (out, "\\%c", c);
    else if (c < 0x20)
      g_string_append_printf (out, "\\u%04x", c);
    else
      g_string_append_c (out, (char) c);
  }
  g_string_append_c (out, '"');
}

static void
append_metadata (GString *out, GHashTable *metadata)
{
  g_autoptr (GList) keys = g_list_sort (g_hash_table_get_keys (metadata), (GCompareFunc) strcmp);

  g_string_append (out, "\"__metadata__\":{");
  for (GList *at = keys; at != NULL; at = at->next) {
    if (at != keys)
      g_string_append_c (out, ',');
    append_json_string (out, at->data);
    g_string_append_c (out, ':');
    append_json_string (out, g_hash_table_lookup (metadata, at->data));
  }
  g_string_append_c (out, '}');
}

/* Wide elements first: with the data beginning at a multiple of eight every tensor is aligned for its type, and there
 * need be no gap, which the format forbids. Stable, so F32 alone stays in the dictionary's order. */
static GPtrArray *
storage_order (const SmbTensorDict *dict)
{
  GPtrArray *order = g_ptr_array_new ();

  for (gsize width = 8; width > 0; width /= 2) {
    for (guint i = 0; i < dict->names->len; i++) {
      const char *name = g_ptr_array_index (dict->names, i);

      if (smb_dtype_size_bytes (smb_tensor_dict_get (dict, name)->dtype) == width)
        g_ptr_array_add (order, (gpointer) name);
    }
  }
  return order;
}

static GString *
header_of (const SmbTensorDict *dict, GPtrArray *order)
{
  g_autoptr (GHashTable) places = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_free);
  GString *out = g_string_new ("{");
  guint64 at = 0;

  for (guint i = 0; i < order->len; i++) {
    const char *name = g_ptr_array_index (order, i);

    g_hash_table_insert (places, (gpointer) name, g_memdup2 (&at, sizeof at));
    at += smb_tensor_get_bytes (smb_tensor_dict_get (dict, name));
  }
  if (g_hash_table_size (dict->metadata) > 0)
    append_metadata (out, dict->metadata);
  for (guint i = 0; i < dict->names->len; i++) {
    const char *name = g_ptr_array_index (dict->names, i);
    const SmbTensor *tensor = smb_tensor_dict_get (dict, name);
    guint64 begin = *(const guint64 *) g_hash_table_lookup (places, name);

    if (out->len > 1)
      g_string_append_c (out, ',');
    append_json_string (out, name);
    g_string_append_printf (out, ":{\"dtype\":\"%s\",\"shape\":[", smb_dtype_name (tensor->dtype));
    for (int d = 0; d < tensor->rank; d++)
      g_string_append_printf (out, "%s%" G_GINT64_FORMAT, d > 0 ? "," : "", tensor->shape[d]);
    g_string_append_printf (out, "],\"data_offsets\":[%" G_GUINT64_FORMAT ",%" G_GUINT64_FORMAT "]}", begin,
                            begin + smb_tensor_get_bytes (tensor));
  }
  g_string_append_c (out, '}');
  while (out->len % HEADER_ALIGNMENT != 0)
    g_string_append_c (out, ' ');
  return out;
}

static gboolean
fill_safetensors (int fd, const char *path, gpointer user_data, GError **error)
{
  const SmbTensorDict *dict = user_data;
  g_autoptr (GPtrArray) order = storage_order (dict);
  g_autoptr (GString) header = header_of (dict, order);
  guint64 length = GUINT64_TO_LE ((guint64) header->len);

  if (!smb_weights_write_all (fd, &length, sizeof length, path, error) ||
      !smb_weights_write_all (fd, header->str, header->len, path, error))
    return FALSE;
  for (guint i = 0; i < order->len; i++) {
    SmbTensor *tensor = smb_tensor_dict_get (dict, g_ptr_array_index (order, i));
    g_autoptr (SmbTensor) host = tensor->device != NULL ? smb_tensor_download (tensor, error) : smb_tensor_ref (tensor);

    if (host == NULL || !smb_weights_write_all (fd, host->data, smb_tensor_get_bytes (host), path, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
check_text (const char *text, const char *path, GError **error)
{
  if (g_utf8_validate (text, -1, NULL))
    return TRUE;
  g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT, _ ("%s: not written, because a name or an entry of the metadata "
                                                        "is not UTF-8. Rename it first."), path);
  return FALSE;
}

static gboolean
check_texts (const SmbTensorDict *dict, const char *path, GError **error)
{
  GHashTableIter iter;
  gpointer key, value;

  g_hash_table_iter_init (&iter, dict->metadata);
  while (g_hash_table_iter_next (&iter, &key, &value)) {
    if (!check_text (key, path, error) || !check_text (value, path, error))
      return FALSE;
  }
  for (guint i = 0; i < dict->names->len; i++) {
    const char *name = g_ptr_array_index (dict->names, i);

    if (!check_text (name, path, error))
      return FALSE;
    if (strcmp (name, "__metadata__") == 0) {
      g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT, _ ("%s: not written, because no tensor of a .safetensors file "
                                                            "may be named “__metadata__”. Rename it first."), path);
      return FALSE;
    }
  }
  return TRUE;
}

gboolean
smb_weights_write (const char *path, const SmbTensorDict *dict, GError **error)
{
  return check_texts (dict, path, error)
         && smb_weights_replace_file (path, fill_safetensors, (gpointer) dict, error);
}

int
smb_weights_write_memory (const SmbTensorDict *dict, const char *path, GError **error)
{
  int fd;

  if (!check_texts (dict, path, error))
    return -1;
  fd = memfd_create ("semblance-weights", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd < 0) {
    smb_error_set_errno (error, errno, path, _ ("asking for memory"));
    return -1;
  }
  if (!fill_safetensors (fd, path, (gpointer) dict, error)) {
    close (fd);
    return -1;
  }
  if (fcntl (fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) != 0) {
    smb_error_set_errno (error, errno, path, _ ("sealing its memory"));
    close (fd);
    return -1;
  }
  return fd;
}
