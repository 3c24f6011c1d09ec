/* SPDX-License-Identifier: Apache-2.0 */
#include "weights/smb-weights-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* The header is JSON of one fixed form, {"name": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}, …} with an
 * optional "__metadata__" of strings. A scanner for that form alone needs no recursion, sees every duplicate, and
 * takes numbers as the digits they are. */

#define MAX_TENSORS 65536
#define MAX_METADATA 4096

typedef struct {
  const char *start, *at, *end;
  const char *path;
  GError **error;
} Scan;

static gboolean
fail_at (Scan *scan, const char *what)
{
  return smb_weights_fail (scan->error, SMB_ERROR_FORMAT, scan->path, _ ("its header is broken at byte %zu: %s"),
                           (gsize) (scan->at - scan->start), what);
}

static void
skip_space (Scan *scan)
{
  while (scan->at < scan->end && strchr (" \t\n\r", *scan->at) != NULL && *scan->at != '\0')
    scan->at++;
}

static gboolean
peek (Scan *scan, char c)
{
  skip_space (scan);
  return scan->at < scan->end && *scan->at == c;
}

static gboolean
expect (Scan *scan, char c)
{
  if (peek (scan, c)) {
    scan->at++;
    return TRUE;
  } else {
    g_autofree char *what = g_strdup_printf (_ ("“%c” is missing"), c);

    return fail_at (scan, what);
  }
}

/* After an item: TRUE with *more telling whether a comma follows, or the closing bracket does. */
static gboolean
next_item (Scan *scan, char close, gboolean *more)
{
  *more = peek (scan, ',');
  if (*more) {
    scan->at++;
    return TRUE;
  }
  return expect (scan, close);
}

static gboolean
scan_hex4 (Scan *scan, gunichar *value)
{
  *value = 0;
  if (scan->end - scan->at < 4)
    return fail_at (scan, _ ("an escape is cut short"));
  for (int i = 0; i < 4; i++) {
    int digit = g_ascii_xdigit_value (*scan->at);

    if (digit < 0)
      return fail_at (scan, _ ("an escape is not hexadecimal"));
    *value = *value * 16 + (gunichar) digit;
    scan->at++;
  }
  return TRUE;
}

/* What follows a backslash. */
static gboolean
scan_escape (Scan *scan, GString *text)
{
  static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
  const char *known;
  gunichar c, low;

  if (scan->at == scan->end)
    return fail_at (scan, _ ("a string does not end"));
  if (*scan->at != 'u') {
    known = *scan->at != '\0' ? strchr (from, *scan->at) : NULL;
    if (known == NULL)
      return fail_at (scan, _ ("an escape is unknown"));
    g_string_append_c (text, to[known - from]);
    scan->at++;
    return TRUE;
  }
  scan->at++;
  if (!scan_hex4 (scan, &c))
    return FALSE;
  if (c >= 0xD800 && c < 0xDC00) {
    if (scan->end - scan->at < 2 || scan->at[0] != '\\' || scan->at[1] != 'u')
      return fail_at (scan, _ ("half of a surrogate pair is missing"));
    scan->at += 2;
    if (!scan_hex4 (scan, &low))
      return FALSE;
    if (low < 0xDC00 || low > 0xDFFF)
      return fail_at (scan, _ ("half of a surrogate pair is missing"));
    c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
  }
  if (c == 0 || (c >= 0xDC00 && c < 0xE000))
    return fail_at (scan, _ ("an escape stands for no character"));
  g_string_append_unichar (text, c);
  return TRUE;
}

static char *
scan_string (Scan *scan)
{
  g_autoptr (GString) text = NULL;

  if (!expect (scan, '"'))
    return NULL;
  text = g_string_new (NULL);
  while (scan->at < scan->end && *scan->at != '"') {
    const char *from = scan->at;

    if ((guchar) *scan->at < 0x20) {
      fail_at (scan, _ ("a control character stands in a string"));
      return NULL;
    }
    if (*scan->at == '\\') {
      scan->at++;
      if (!scan_escape (scan, text))
        return NULL;
      continue;
    }
    while (scan->at < scan->end && *scan->at != '"' && *scan->at != '\\' && (guchar) *scan->at >= 0x20)
      scan->at++;
    g_string_append_len (text, from, scan->at - from);
  }
  if (scan->at == scan->end) {
    fail_at (scan, _ ("a string does not end"));
    return NULL;
  }
  scan->at++;
  return g_string_free (g_steal_pointer (&text), FALSE);
}

/* Digits only: no sign, no fraction, no exponent, no leading zero. */
static gboolean
scan_whole (Scan *scan, guint64 *value)
{
  const char *from;

  skip_space (scan);
  from = scan->at;
  *value = 0;
  while (scan->at < scan->end && g_ascii_isdigit (*scan->at)) {
    if (__builtin_mul_overflow (*value, (guint64) 10, value) ||
        __builtin_add_overflow (*value, (guint64) (*scan->at - '0'), value))
      return fail_at (scan, _ ("a number does not fit 64 bits"));
    scan->at++;
  }
  if (scan->at == from || (scan->at - from > 1 && *from == '0') ||
      (scan->at < scan->end && strchr (".eE+-", *scan->at) != NULL && *scan->at != '\0'))
    return fail_at (scan, _ ("a whole number of 0 or more is expected"));
  return TRUE;
}

static gboolean
scan_dtype (Scan *scan, SmbDtype *dtype)
{
  /* Types of the format that no weights of this program's networks come in. */
  static const char *const others[] = { "U16",     "U32",     "U64", "F8_E4M3", "F8_E5M2", "F8_E8M0",
                                        "F6_E2M3", "F6_E3M2", "F4",  "C64",     NULL };
  g_autofree char *name = scan_string (scan), *quoted = NULL;

  if (name == NULL)
    return FALSE;
  if (smb_weights_dtype_from_name (name, dtype))
    return TRUE;
  quoted = smb_weights_quote (name, strlen (name));
  if (g_strv_contains (others, name))
    return smb_weights_fail (scan->error, SMB_ERROR_UNSUPPORTED, scan->path, _ ("it holds numbers of type %s"), quoted);
  return smb_weights_fail (scan->error, SMB_ERROR_FORMAT, scan->path, _ ("its header names a type “%s” that does not "
                                                                         "exist"), quoted);
}

static gboolean
scan_shape (Scan *scan, SmbSafetensorsEntry *entry)
{
  gboolean more = TRUE;
  guint64 size;

  entry->rank = 0;
  if (!expect (scan, '['))
    return FALSE;
  if (peek (scan, ']')) {
    scan->at++;
    return TRUE;
  }
  while (more) {
    if (!scan_whole (scan, &size))
      return FALSE;
    if (size > G_MAXINT64)
      return fail_at (scan, _ ("a dimension does not fit 63 bits"));
    if (entry->rank == SMB_MAX_RANK)
      return smb_weights_fail (scan->error, SMB_ERROR_LIMIT, scan->path,
                               _ ("a tensor has more than %d dimensions"), SMB_MAX_RANK);
    entry->shape[entry->rank++] = (gint64) size;
    if (!next_item (scan, ']', &more))
      return FALSE;
  }
  return TRUE;
}

static gboolean
scan_offsets (Scan *scan, SmbSafetensorsEntry *entry)
{
  return expect (scan, '[') && scan_whole (scan, &entry->begin) && expect (scan, ',') &&
         scan_whole (scan, &entry->end) && expect (scan, ']');
}

/* {"dtype": …, "shape": …, "data_offsets": …}, each once, in any order. */
static gboolean
scan_entry (Scan *scan, SmbSafetensorsEntry *entry)
{
  static const char *const fields[] = { "dtype", "shape", "data_offsets" };
  guint seen = 0;
  gboolean more = TRUE;

  if (!expect (scan, '{'))
    return FALSE;
  while (more) {
    g_autofree char *key = scan_string (scan);
    guint field = 0;
    gboolean good;

    if (key == NULL || !expect (scan, ':'))
      return FALSE;
    while (field < G_N_ELEMENTS (fields) && strcmp (fields[field], key) != 0)
      field++;
    if (field == G_N_ELEMENTS (fields))
      return fail_at (scan, _ ("a tensor has an unknown field"));
    if (seen & 1u << field)
      return fail_at (scan, _ ("a tensor has a field twice"));
    seen |= 1u << field;
    good = field == 0   ? scan_dtype (scan, &entry->dtype)
           : field == 1 ? scan_shape (scan, entry)
                        : scan_offsets (scan, entry);
    if (!good || !next_item (scan, '}', &more))
      return FALSE;
  }
  return seen == 7 || fail_at (scan, _ ("a tensor lacks its type, its shape or its place"));
}

/* The shape must account for exactly the bytes of the range. */
static gboolean
check_entry (Scan *scan, const SmbSafetensorsEntry *entry, guint64 data_bytes)
{
  g_autofree char *name = smb_weights_quote (entry->name, strlen (entry->name));
  gint64 bytes = (gint64) smb_dtype_size_bytes (entry->dtype);

  for (int i = 0; i < entry->rank; i++) {
    if (__builtin_mul_overflow (bytes, entry->shape[i], &bytes))
      return smb_weights_fail (scan->error, SMB_ERROR_FORMAT, scan->path,
                               _ ("the shape of tensor “%s” is larger than any memory"), name);
  }
  if (entry->begin > entry->end || entry->end > data_bytes)
    return smb_weights_fail (scan->error, SMB_ERROR_FORMAT, scan->path, _ ("tensor “%s” lies outside the file"), name);
  if (entry->end - entry->begin != (guint64) bytes)
    return smb_weights_fail (scan->error, SMB_ERROR_FORMAT, scan->path,
                             _ ("the shape of tensor “%s” does not match its number of bytes"), name);
  return TRUE;
}

static gboolean
scan_metadata (Scan *scan, GHashTable *metadata)
{
  gboolean more;

  if (!expect (scan, '{'))
    return FALSE;
  more = !peek (scan, '}');
  if (!more)
    scan->at++;
  while (more) {
    g_autofree char *key = scan_string (scan), *value = NULL;

    if (key == NULL || !expect (scan, ':') || (value = scan_string (scan)) == NULL)
      return FALSE;
    if (g_hash_table_contains (metadata, key))
      return fail_at (scan, _ ("an entry of the metadata stands there twice"));
    if (g_hash_table_size (metadata) == MAX_METADATA)
      return smb_weights_fail (scan->error, SMB_ERROR_LIMIT, scan->path, _ ("more than %d entries of metadata"),
                               MAX_METADATA);
    g_hash_table_insert (metadata, g_steal_pointer (&key), g_steal_pointer (&value));
    if (!next_item (scan, '}', &more))
      return FALSE;
  }
  return TRUE;
}

static void
entry_free (gpointer data)
{
  SmbSafetensorsEntry *entry = data;

  g_free (entry->name);
  g_free (entry);
}

static int
compare_places (gconstpointer a, gconstpointer b)
{
  const SmbSafetensorsEntry *x = *(const SmbSafetensorsEntry *const *) a, *y = *(const SmbSafetensorsEntry *const *) b;

  if (x->begin != y->begin)
    return x->begin < y->begin ? -1 : 1;
  return x->end != y->end ? (x->end < y->end ? -1 : 1) : 0;
}

/* Laid end to end the tensors must fill the data exactly. */
static gboolean
check_places (Scan *scan, GPtrArray *entries, guint64 data_bytes)
{
  g_autoptr (GPtrArray) sorted = g_ptr_array_sized_new (entries->len);
  guint64 at = 0;

  for (guint i = 0; i < entries->len; i++)
    g_ptr_array_add (sorted, g_ptr_array_index (entries, i));
  g_ptr_array_sort (sorted, compare_places);
  for (guint i = 0; i < sorted->len; i++) {
    const SmbSafetensorsEntry *entry = g_ptr_array_index (sorted, i);

    if (entry->begin != at) {
      g_autofree char *name = smb_weights_quote (entry->name, strlen (entry->name));

      return smb_weights_fail (scan->error, SMB_ERROR_FORMAT, scan->path,
                               entry->begin < at ? _ ("tensor “%s” overlaps the one before it")
                                                 : _ ("there are unused bytes before tensor “%s”"), name);
    }
    at = entry->end;
  }
  return at == data_bytes || smb_weights_fail (scan->error, SMB_ERROR_FORMAT, scan->path,
                                               _ ("there are unused bytes behind the last tensor"));
}

static gboolean
scan_header (Scan *scan, guint64 data_bytes, GPtrArray *entries, GHashTable *metadata)
{
  g_autoptr (GHashTable) names = g_hash_table_new (g_str_hash, g_str_equal); /* borrowed from entries */
  gboolean more, had_metadata = FALSE;

  if (scan->at == scan->end || *scan->at != '{')
    return fail_at (scan, _ ("it does not begin with “{”"));
  scan->at++;
  more = !peek (scan, '}');
  if (!more)
    scan->at++;
  while (more) {
    g_autofree char *key = scan_string (scan);

    if (key == NULL || !expect (scan, ':'))
      return FALSE;
    if (g_hash_table_contains (names, key) || (had_metadata && strcmp (key, "__metadata__") == 0)) {
      g_autofree char *name = smb_weights_quote (key, strlen (key));

      return smb_weights_fail (scan->error, SMB_ERROR_FORMAT, scan->path, _ ("its header names “%s” twice"), name);
    }
    if (strcmp (key, "__metadata__") == 0) {
      had_metadata = TRUE;
      if (!scan_metadata (scan, metadata))
        return FALSE;
    } else {
      SmbSafetensorsEntry *entry = g_new0 (SmbSafetensorsEntry, 1);

      g_ptr_array_add (entries, entry);
      entry->name = g_steal_pointer (&key);
      g_hash_table_add (names, entry->name);
      if (entries->len > MAX_TENSORS)
        return smb_weights_fail (scan->error, SMB_ERROR_LIMIT, scan->path, _ ("more than %d tensors"), MAX_TENSORS);
      if (!scan_entry (scan, entry) || !check_entry (scan, entry, data_bytes))
        return FALSE;
    }
    if (!next_item (scan, '}', &more))
      return FALSE;
  }
  skip_space (scan);
  return scan->at == scan->end || fail_at (scan, _ ("there is text behind the closing “}”"));
}

gboolean
smb_safetensors_parse_header (const char *text, gsize n_bytes, guint64 data_bytes, GPtrArray **entries,
                              GHashTable **metadata, const char *path, GError **error)
{
  g_autoptr (GPtrArray) list = g_ptr_array_new_with_free_func (entry_free);
  g_autoptr (GHashTable) meta = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  Scan scan = { text, text, text + n_bytes, path, error };

  if (!g_utf8_validate_len (text, n_bytes, &scan.at))
    return fail_at (&scan, _ ("the text is not UTF-8"));
  scan.at = text;
  if (!scan_header (&scan, data_bytes, list, meta) || !check_places (&scan, list, data_bytes))
    return FALSE;
  *entries = g_steal_pointer (&list);
  *metadata = g_steal_pointer (&meta);
  return TRUE;
}
