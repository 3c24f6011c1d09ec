/* SPDX-License-Identifier: Apache-2.0 */
#include "learn/smb-table.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "base/smb-error.h"

#define MAX_BYTES (64 << 20)
#define BOM "\xef\xbb\xbf"

void
smb_table_free (SmbTable *table)
{
  if (table == NULL)
    return;
  g_strfreev (table->columns);
  g_clear_pointer (&table->rows, g_ptr_array_unref);
  g_free (table);
}

static char
separator_of (const char *text)
{
  gsize counts[3] = { 0 };
  int best = 0;

  for (; *text != '\0' && *text != '\n'; text++)
    for (int i = 0; i < 3; i++)
      counts[i] += *text == ",;\t"[i];
  for (int i = 1; i < 3; i++)
    if (counts[i] > counts[best])
      best = i;
  return ",;\t"[best];
}

/* The cell at *at, which moves to the separator or line's end behind it. NULL: a quote stays open. */
static char *
read_cell (const char **at, char separator, int *line)
{
  g_autoptr (GString) cell = g_string_new (NULL);
  gboolean quoted = **at == '"';

  if (quoted)
    (*at)++;
  for (;; (*at)++) {
    char c = **at;

    if (quoted && c == '"') {
      if ((*at)[1] == '"')
        (*at)++;
      else
        quoted = FALSE;
      if (!quoted)
        continue;
    } else if (c == '\0') {
      if (quoted)
        return NULL;
      break;
    } else if (!quoted && (c == separator || c == '\n' || c == '\r')) {
      break;
    }
    *line += c == '\n';
    g_string_append_c (cell, c);
  }
  return g_string_free (g_steal_pointer (&cell), FALSE);
}

static GStrv
read_row (const char **at, char separator, int *line)
{
  g_autoptr (GStrvBuilder) cells = g_strv_builder_new ();

  for (;;) {
    g_autofree char *cell = read_cell (at, separator, line);

    if (cell == NULL)
      return NULL;
    g_strv_builder_add (cells, cell);
    if (**at != separator)
      break;
    (*at)++;
  }
  if (**at == '\r')
    (*at)++;
  if (**at == '\n')
    (*at)++;
  ++*line;
  return g_strv_builder_end (cells);
}

static gboolean
parse (SmbTable *table, const char *path, const char *text, GError **error)
{
  const char *at = g_str_has_prefix (text, BOM) ? text + strlen (BOM) : text;
  char separator = separator_of (at);
  int line = 1;

  while (*at != '\0') {
    int first = line;
    g_auto (GStrv) row = read_row (&at, separator, &line);

    if (row == NULL) {
      g_set_error (error, SMB_ERROR, SMB_ERROR_FORMAT, _ ("%s, line %d: a quote is opened and never closed."), path,
                   first);
      return FALSE;
    }
    if (g_strv_length (row) == 1 && row[0][0] == '\0')
      continue; /* an empty line */
    if (table->columns == NULL) {
      table->columns = g_steal_pointer (&row);
    } else if (g_strv_length (row) == g_strv_length (table->columns)) {
      g_ptr_array_add (table->rows, g_steal_pointer (&row));
    } else {
      g_set_error (error, SMB_ERROR, SMB_ERROR_FORMAT,
                   _ ("%s, line %d: has %u columns, but the first line names %u; quote cells that hold the separator."),
                   path, first, g_strv_length (row), g_strv_length (table->columns));
      return FALSE;
    }
  }
  if (table->columns != NULL)
    return TRUE;
  g_set_error (error, SMB_ERROR, SMB_ERROR_FORMAT, _ ("%s: is empty; its first line should name the columns."), path);
  return FALSE;
}

SmbTable *
smb_table_read (const char *path, GError **error)
{
  g_autoptr (SmbTable) table = g_new0 (SmbTable, 1);
  g_autoptr (GError) local = NULL;
  g_autofree char *text = NULL;
  gsize length;

  table->rows = g_ptr_array_new_with_free_func ((GDestroyNotify) g_strfreev);
  if (!g_file_get_contents (path, &text, &length, &local)) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_IO, _ ("%s: the table cannot be read: %s"), path, local->message);
    return NULL;
  }
  if (length > MAX_BYTES || !g_utf8_validate (text, (gssize) length, NULL)) {
    g_set_error (error, SMB_ERROR, length > MAX_BYTES ? SMB_ERROR_LIMIT : SMB_ERROR_FORMAT,
                 _ ("%s: is no table of UTF-8 text of at most 64 MiB; save it as CSV in UTF-8."), path);
    return NULL;
  }
  return parse (table, path, text, error) ? g_steal_pointer (&table) : NULL;
}

int
smb_table_find (const SmbTable *table, const char *const *names)
{
  for (; *names != NULL; names++)
    for (int i = 0; table->columns[i] != NULL; i++)
      if (g_ascii_strcasecmp (table->columns[i], *names) == 0)
        return i;
  return -1;
}
