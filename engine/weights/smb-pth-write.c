/* SPDX-License-Identifier: Apache-2.0 */
#include <glib/gi18n-lib.h>
#include <string.h>

#include "weights/smb-weights-private.h"
#include "weights/smb-zip.h"

/* Facts of the formats: PKWARE's APPNOTE.TXT 4.3 (ZIP), Python's Lib/pickletools.py (opcodes), torch/serialization.py.
 */
#define ALIGNMENT 64u /* of tensors in the file, so that they can be mapped */
#define FOLDER "archive/"
#define DOS_DATE 0x0021u /* 1 January 1980: the same weights give the same bytes */

/* An archive as it grows. */
typedef struct {
  int fd;
  const char *path;
  guint64 at;
  GByteArray *directory;
  guint n_records;
} Archive;

static void
put16 (GByteArray *out, guint v)
{
  g_byte_array_append (out, (const guint8[]) { (guint8) (v & 0xFF), (guint8) (v >> 8 & 0xFF) }, 2);
}

static void
put32 (GByteArray *out, guint32 v)
{
  put16 (out, v & 0xFFFF);
  put16 (out, v >> 16);
}

/* What a local header and a line of the directory have in common: version, flags, method, time, date, CRC, sizes, name.
 */
static void
put_common (GByteArray *out, guint32 crc, guint32 n_bytes, gsize n_name, guint n_extra)
{
  put16 (out, 20);
  put16 (out, 0);
  put16 (out, 0);
  put16 (out, 0);
  put16 (out, DOS_DATE);
  put32 (out, crc);
  put32 (out, n_bytes);
  put32 (out, n_bytes);
  put16 (out, (guint) n_name);
  put16 (out, n_extra);
}

static gboolean
add_record (Archive *a, const char *name, const void *data, gsize n_bytes, GError **error)
{
  g_autofree char *full = g_strconcat (FOLDER, name, NULL);
  gsize n_name = strlen (full), begins = (gsize) a->at + 30 + n_name + 4;
  guint pad = (guint) ((ALIGNMENT - begins % ALIGNMENT) % ALIGNMENT);
  guint32 crc = smb_zip_crc32 (data, n_bytes);
  g_autoptr (GByteArray) local = g_byte_array_new ();
  const guint8 zeros[ALIGNMENT] = { 0 };

  if (a->at + n_bytes + 1024 > G_MAXUINT32)
    return smb_weights_fail (
        error, SMB_ERROR_LIMIT, a->path,
        _ ("the weights are larger than the 4 GB that this form of file can hold; use .safetensors"));
  put32 (local, 0x04034b50);
  put_common (local, crc, (guint32) n_bytes, n_name, pad + 4);
  g_byte_array_append (local, (const guint8 *) full, (guint) n_name);
  put16 (local, 0x4246); /* "FB": padding, as torch.save names it */
  put16 (local, pad);
  g_byte_array_append (local, zeros, pad);
  put32 (a->directory, 0x02014b50);
  put16 (a->directory, 20);
  put_common (a->directory, crc, (guint32) n_bytes, n_name, 0);
  put16 (a->directory, 0);
  put16 (a->directory, 0);
  put16 (a->directory, 0);
  put32 (a->directory, 0);
  put32 (a->directory, (guint32) a->at);
  g_byte_array_append (a->directory, (const guint8 *) full, (guint) n_name);
  a->n_records++;
  a->at += local->len + n_bytes;
  return smb_weights_write_all (a->fd, local->data, local->len, a->path, error)
         && smb_weights_write_all (a->fd, data, n_bytes, a->path, error);
}

static gboolean
finish (Archive *a, GError **error)
{
  guint32 begins = (guint32) a->at, n_bytes = a->directory->len;

  put32 (a->directory, 0x06054b50);
  put16 (a->directory, 0);
  put16 (a->directory, 0);
  put16 (a->directory, a->n_records);
  put16 (a->directory, a->n_records);
  put32 (a->directory, n_bytes);
  put32 (a->directory, begins);
  put16 (a->directory, 0);
  return smb_weights_write_all (a->fd, a->directory->data, a->directory->len, a->path, error);
}

/* Opcodes of protocol 2. */
static void
put_op (GByteArray *out, char op)
{
  g_byte_array_append (out, (const guint8 *) &op, 1);
}

static void
put_text (GByteArray *out, const char *text)
{
  put_op (out, 'X');
  put32 (out, (guint32) strlen (text));
  g_byte_array_append (out, (const guint8 *) text, (guint) strlen (text));
}

static void
put_global (GByteArray *out, const char *module, const char *name)
{
  g_autofree char *line = g_strdup_printf ("c%s\n%s\n", module, name);

  g_byte_array_append (out, (const guint8 *) line, (guint) strlen (line));
}

/* Of any sign and size: LONG1. */
static void
put_whole (GByteArray *out, gint64 value)
{
  g_byte_array_append (out, (const guint8[]) { 0x8a, 8 }, 2);
  for (int i = 0; i < 8; i++)
    put_op (out, (char) (value >> (8 * i) & 0xFF));
}

static void
put_empty_ordered (GByteArray *out)
{
  put_global (out, "collections", "OrderedDict");
  put_op (out, ')');
  put_op (out, 'R');
}

static void
put_shape (GByteArray *out, const SmbTensor *t, gboolean strides)
{
  put_op (out, '(');
  for (int i = 0; i < t->rank; i++) {
    gint64 value = t->shape[i];

    if (strides) {
      value = 1;
      for (int k = i + 1; k < t->rank; k++)
        value *= t->shape[k];
    }
    put_whole (out, value);
  }
  put_op (out, 't');
}

/* _rebuild_tensor_v2 (storage, 0, shape, strides, False, OrderedDict ()) */
static void
put_tensor (GByteArray *out, const SmbTensor *t, guint key)
{
  g_autofree char *text = g_strdup_printf ("%u", key);

  put_global (out, "torch._utils", "_rebuild_tensor_v2");
  put_op (out, '(');
  put_op (out, '(');
  put_text (out, "storage");
  put_global (out, "torch", "FloatStorage");
  put_text (out, text);
  put_text (out, "cpu");
  put_whole (out, t->n);
  put_op (out, 't');
  put_op (out, 'Q');
  put_whole (out, 0);
  put_shape (out, t, FALSE);
  put_shape (out, t, TRUE);
  put_op (out, (char) 0x89);
  put_empty_ordered (out);
  put_op (out, 't');
  put_op (out, 'R');
}

static void
put_metadata (GByteArray *out, const SmbTensorDict *dict)
{
  g_autoptr (GList) keys = g_list_sort (g_hash_table_get_keys (dict->metadata), (GCompareFunc) strcmp);
  const char *epoch = smb_tensor_dict_get_meta (dict, "epoch");
  gint64 value;

  if (epoch != NULL && g_ascii_string_to_signed (epoch, 10, 0, G_MAXINT32, &value, NULL)) {
    put_text (out, "epoch");
    put_whole (out, value);
  }
  put_text (out, "semblance");
  put_op (out, '}');
  put_op (out, '(');
  for (GList *at = keys; at != NULL; at = at->next) {
    put_text (out, at->data);
    put_text (out, g_hash_table_lookup (dict->metadata, at->data));
  }
  put_op (out, 'u');
}

static GByteArray *
make_pickle (const SmbTensorDict *dict)
{
  GByteArray *out = g_byte_array_new ();

  g_byte_array_append (out, (const guint8[]) { 0x80, 2 }, 2);
  put_op (out, '}');
  put_op (out, '(');
  put_text (out, "model");
  put_empty_ordered (out);
  put_op (out, '(');
  for (guint i = 0; i < dict->names->len; i++) {
    const char *name = g_ptr_array_index (dict->names, i);

    put_text (out, name);
    put_tensor (out, smb_tensor_dict_get (dict, name), i);
  }
  put_op (out, 'u');
  put_metadata (out, dict);
  put_op (out, 'u');
  put_op (out, '.');
  return out;
}

static gboolean
fill (int fd, const char *path, gpointer user_data, GError **error)
{
  const SmbTensorDict *dict = user_data;
  g_autoptr (GByteArray) directory = g_byte_array_new (), pickle = make_pickle (dict);
  Archive a = { .fd = fd, .path = path, .directory = directory };

  if (!add_record (&a, "data.pkl", pickle->data, pickle->len, error))
    return FALSE;
  for (guint i = 0; i < dict->names->len; i++) {
    g_autoptr (SmbTensor) values = smb_tensor_to_f32 (smb_tensor_dict_get (dict, g_ptr_array_index (dict->names, i)));
    g_autofree char *name = g_strdup_printf ("data/%u", i);

    if (!add_record (&a, name, values->data, smb_tensor_get_bytes (values), error))
      return FALSE;
  }
  return add_record (&a, "version", "3\n", 2, error) && finish (&a, error);
}

gboolean
smb_weights_write_pth (const char *path, const SmbTensorDict *dict, GError **error)
{
  return smb_weights_replace_file (path, fill, (gpointer) dict, error);
}
