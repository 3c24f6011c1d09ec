/* SPDX-License-Identifier: Apache-2.0 */
#include "weights/smb-pickle-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

gboolean
smb_pickle_fail (SmbPickleMachine *machine, SmbError code, const char *what)
{
  return smb_weights_fail (machine->error, code, machine->path, "%s", what);
}

SmbPickleValue *
smb_pickle_new_value (SmbPickleMachine *machine, SmbPickleKind kind)
{
  SmbPickleValue *value;

  if (machine->pickle->values->len == SMB_PICKLE_MAX_VALUES) {
    smb_pickle_fail (machine, SMB_ERROR_LIMIT, _ ("its pickle holds more than a million values"));
    return NULL;
  }
  value = g_new0 (SmbPickleValue, 1);
  value->kind = kind;
  g_ptr_array_add (machine->pickle->values, value);
  return value;
}

SmbPickleValue *
smb_pickle_new_text (SmbPickleMachine *machine, SmbPickleKind kind, const void *bytes, gsize n)
{
  SmbPickleValue *value;

  /* Python's texts may hold NUL (protocol 2 writes bytes so) and halves of surrogate pairs (names of files that are no
   * UTF-8): no text for us, but nothing wrong either where none is needed. */
  if (kind == SMB_PICKLE_TEXT && !g_utf8_validate_len (bytes, n, NULL))
    kind = SMB_PICKLE_BYTES;
  value = smb_pickle_new_value (machine, kind);
  if (value != NULL) {
    value->text.bytes = bytes;
    value->text.n = n;
  }
  return value;
}

gboolean
smb_pickle_add_items (SmbPickleMachine *machine, SmbPickleValue *to, SmbPickleValue **items, guint n)
{
  if (n > SMB_PICKLE_MAX_ITEMS - machine->pickle->n_items)
    return smb_pickle_fail (machine, SMB_ERROR_LIMIT, _ ("the lists and dictionaries of its pickle are too long"));
  machine->pickle->n_items += n;
  if (n > to->n_room - to->n_items) {
    to->n_room = to->n_items == 0 ? n : MAX (to->n_items + n, 2 * to->n_room);
    to->items = g_renew (SmbPickleValue *, to->items, to->n_room);
  }
  if (n > 0)
    memcpy (to->items + to->n_items, items, n * sizeof *items);
  to->n_items += n;
  return TRUE;
}

gboolean
smb_pickle_add_pairs (SmbPickleMachine *machine, SmbPickleValue *to, SmbPickleValue **items, guint n)
{
  if (n % 2 != 0)
    return smb_pickle_fail (machine, SMB_ERROR_FORMAT, _ ("a dictionary in its pickle has a key without a value"));
  for (guint i = 0; i < n; i += 2) {
    SmbPickleKind kind = items[i]->kind;

    if (kind == SMB_PICKLE_LIST || kind == SMB_PICKLE_DICT || kind == SMB_PICKLE_SET ||
        kind == SMB_PICKLE_NAMESPACE || kind == SMB_PICKLE_STORAGE)
      return smb_pickle_fail (machine, SMB_ERROR_FORMAT, _ ("a dictionary in its pickle has a key that cannot be one"));
  }
  return smb_pickle_add_items (machine, to, items, n);
}

/* Depth first without recursion: `mark` is 0 unseen, 1 on the way down to here, 2 done with `height` known. A value met
 * again on the way down holds itself; a value done already is not walked again, so sharing costs nothing. */
gboolean
smb_pickle_check_nesting (SmbPickleMachine *machine, SmbPickleValue *root)
{
  SmbPickleValue *way[SMB_PICKLE_MAX_DEPTH];
  guint next[SMB_PICKLE_MAX_DEPTH];
  guint n = 1;

  way[0] = root;
  next[0] = 0;
  root->mark = 1;
  while (n > 0) {
    SmbPickleValue *value = way[n - 1], *item;

    if (next[n - 1] == value->n_items) {
      value->mark = 2;
      n--;
      if (n > 0)
        way[n - 1]->height = (guint16) MAX (way[n - 1]->height, value->height + 1);
      continue;
    }
    item = value->items[next[n - 1]++];
    if (item->mark == 1)
      return smb_pickle_fail (machine, SMB_ERROR_FORMAT, _ ("an object of its pickle holds itself"));
    if (item->mark == 2)
      value->height = (guint16) MAX (value->height, item->height + 1);
    if (n + (item->mark == 2 ? item->height : 0u) >= SMB_PICKLE_MAX_DEPTH)
      return smb_pickle_fail (machine, SMB_ERROR_LIMIT, _ ("the objects of its pickle are nested too deep"));
    if (item->mark == 0) {
      item->mark = 1;
      way[n] = item;
      next[n++] = 0;
    }
  }
  return TRUE;
}

static void
value_free (gpointer data)
{
  SmbPickleValue *value = data;

  if (value->kind == SMB_PICKLE_STORAGE)
    g_free (value->storage.key);
  g_free (value->items);
  g_free (value);
}

static SmbPickle *
pickle_new (GBytes *bytes)
{
  SmbPickle *pickle = g_new0 (SmbPickle, 1);

  pickle->bytes = g_bytes_ref (bytes);
  pickle->values = g_ptr_array_new_with_free_func (value_free);
  pickle->made = g_string_chunk_new (256);
  pickle->storages = g_hash_table_new (g_str_hash, g_str_equal);
  return pickle;
}

void
smb_pickle_free (SmbPickle *pickle)
{
  if (pickle == NULL)
    return;
  g_hash_table_unref (pickle->storages);
  g_ptr_array_unref (pickle->values);
  g_string_chunk_free (pickle->made);
  g_bytes_unref (pickle->bytes);
  g_free (pickle);
}

SmbPickle *
smb_pickle_parse (GBytes *bytes, gsize offset, gsize n_bytes, gsize *used, const char *path, GError **error)
{
  g_autoptr (SmbPickle) pickle = pickle_new (bytes);
  g_autoptr (GPtrArray) stack = g_ptr_array_new (), memo = g_ptr_array_new ();
  g_autoptr (GArray) marks = g_array_new (FALSE, FALSE, sizeof (guint));
  const guint8 *start = (const guint8 *) g_bytes_get_data (bytes, NULL) + offset;
  SmbPickleMachine machine = {
    .pickle = pickle, .at = start, .end = start + MIN (n_bytes, SMB_PICKLE_MAX_BYTES),
    .stack = stack,   .marks = marks, .memo = memo, .path = path, .error = error,
  };

  if (!smb_pickle_run (&machine))
    return NULL;
  *used = (gsize) (machine.at - start);
  return g_steal_pointer (&pickle);
}

const SmbPickleValue *
smb_pickle_get_root (const SmbPickle *pickle)
{
  return pickle->root;
}

const SmbPickleStorage *
smb_pickle_get_storage (const SmbPickle *pickle, const char *key)
{
  const SmbPickleValue *value = g_hash_table_lookup (pickle->storages, key);

  return value != NULL ? &value->storage : NULL;
}

gboolean
smb_pickle_value_is_text (const SmbPickleValue *value, const char *text)
{
  return value->kind == SMB_PICKLE_TEXT && value->text.n == strlen (text) &&
         memcmp (value->text.bytes, text, value->text.n) == 0;
}

const SmbPickleValue *
smb_pickle_value_lookup (const SmbPickleValue *value, const char *key)
{
  if (value->kind != SMB_PICKLE_DICT && value->kind != SMB_PICKLE_NAMESPACE)
    return NULL;
  for (guint i = value->n_items; i > 0; i -= 2) {
    if (smb_pickle_value_is_text (value->items[i - 2], key))
      return value->items[i - 1];
  }
  return NULL;
}

char *
smb_pickle_value_dup_scalar (const SmbPickleValue *value)
{
  char number[G_ASCII_DTOSTR_BUF_SIZE];

  switch (value->kind) {
  case SMB_PICKLE_BOOL:
    return g_strdup (value->whole ? "true" : "false");
  case SMB_PICKLE_INT:
    return g_strdup_printf ("%" G_GINT64_FORMAT, value->whole);
  case SMB_PICKLE_FLOAT:
    for (int digits = 15; digits <= 17; digits++) {
      g_autofree char *format = g_strdup_printf ("%%.%dg", digits);

      g_ascii_formatd (number, sizeof number, format, value->real);
      if (g_ascii_strtod (number, NULL) == value->real)
        break;
    }
    return g_strdup (number);
  case SMB_PICKLE_TEXT:
    return g_strndup (value->text.bytes, value->text.n);
  default:
    return NULL;
  }
}
