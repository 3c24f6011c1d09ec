/* SPDX-License-Identifier: Apache-2.0 */
/* Statements, transactions, errors: the only talk with SQLite that the other files of this folder need. */
#include "case/smb-case-private.h"

#include "base/smb-error.h"

#include <glib/gi18n-lib.h>
#include <json-glib/json-glib.h>
#include <math.h>
#include <sys/timex.h>

const char *
smb_case_clock_source (void)
{
  struct timex state = { .modes = 0 };

  return adjtimex (&state) != -1 && (state.status & STA_UNSYNC) == 0 ? "system clock, synchronised"
                                                                     : "system clock, not synchronised";
}

gint64
smb_case_now_us (void)
{
  return g_get_real_time ();
}

gboolean
smb_case_set_db_error (SmbCase *store, GError **error)
{
  int code = sqlite3_errcode (store->db);

  switch (code & 0xff) {
  case SQLITE_BUSY:
  case SQLITE_LOCKED:
    g_set_error (error, SMB_ERROR, SMB_ERROR_IO,
                 _("%s is locked by another program; close the case there, or wait and try again."), store->name);
    break;
  case SQLITE_NOTADB:
    g_set_error (error, SMB_ERROR, SMB_ERROR_FORMAT,
                 _("%s is not a case file; choose a file made by this program (ending in .smbcase)."), store->name);
    break;
  case SQLITE_CORRUPT:
  case SQLITE_MISMATCH:
    g_set_error (error, SMB_ERROR, SMB_ERROR_FORMAT, _("%s is damaged (%s); restore it from a backup copy."),
                 store->name, sqlite3_errmsg (store->db));
    break;
  case SQLITE_READONLY:
  case SQLITE_PERM:
  case SQLITE_AUTH:
    g_set_error (error, SMB_ERROR, SMB_ERROR_PERMISSION,
                 _("%s is open for reading only; copy the case to a folder you may write to."), store->name);
    break;
  case SQLITE_FULL:
    g_set_error (error, SMB_ERROR, SMB_ERROR_IO,
                 _("%s: the disk is full; nothing was stored. Free some space and try again."), store->name);
    break;
  case SQLITE_CANTOPEN:
    g_set_error (error, SMB_ERROR, SMB_ERROR_PERMISSION,
                 _("%s cannot be opened (%s); check the permissions of the file and of its folder."), store->name,
                 sqlite3_errmsg (store->db));
    break;
  case SQLITE_NOMEM:
    g_set_error (error, SMB_ERROR, SMB_ERROR_MEMORY,
                 _("%s: not enough memory; nothing was stored. Close other programs and try again."), store->name);
    break;
  case SQLITE_TOOBIG:
    g_set_error (error, SMB_ERROR, SMB_ERROR_LIMIT,
                 _("%s: a text or record is longer than a case may hold; nothing was stored. Shorten it."),
                 store->name);
    break;
  case SQLITE_CONSTRAINT:
    g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT,
                 _("%s refuses this record (%s); nothing was stored. Correct the record and try again."), store->name,
                 sqlite3_errmsg (store->db));
    break;
  default:
    g_set_error (error, SMB_ERROR, SMB_ERROR_IO,
                 _("%s: reading or writing the case failed (%s); check the disk and try again."), store->name,
                 sqlite3_errmsg (store->db));
    break;
  }
  return FALSE;
}

gboolean
smb_case_exec (SmbCase *store, const char *sql, GError **error)
{
  if (sqlite3_exec (store->db, sql, NULL, NULL, NULL) != SQLITE_OK)
    return smb_case_set_db_error (store, error);
  return TRUE;
}

static int
bind_one (sqlite3_stmt *stmt, int at, char type, va_list *args)
{
  switch (type) {
  case 's': {
    const char *text = va_arg (*args, const char *);
    return text == NULL ? sqlite3_bind_null (stmt, at) : sqlite3_bind_text (stmt, at, text, -1, SQLITE_TRANSIENT);
  }
  case 'i':
    return sqlite3_bind_int64 (stmt, at, va_arg (*args, gint64));
  case 'n':
    return sqlite3_bind_int (stmt, at, va_arg (*args, int));
  case 'd': {
    double value = va_arg (*args, double);
    return isnan (value) ? sqlite3_bind_null (stmt, at) : sqlite3_bind_double (stmt, at, value);
  }
  case 'r': {
    gint64 id = va_arg (*args, gint64);
    return id == 0 ? sqlite3_bind_null (stmt, at) : sqlite3_bind_int64 (stmt, at, id);
  }
  default:
    g_return_val_if_reached (SQLITE_MISUSE);
  }
}

static sqlite3_stmt *
query_va (SmbCase *store, GError **error, const char *sql, const char *types, va_list *args)
{
  sqlite3_stmt *stmt = NULL;

  if (sqlite3_prepare_v2 (store->db, sql, -1, &stmt, NULL) != SQLITE_OK) {
    smb_case_set_db_error (store, error);
    return NULL;
  }
  for (int i = 0; types[i] != '\0'; i++) {
    if (bind_one (stmt, i + 1, types[i], args) != SQLITE_OK) {
      smb_case_set_db_error (store, error);
      sqlite3_finalize (stmt);
      return NULL;
    }
  }
  return stmt;
}

sqlite3_stmt *
smb_case_query (SmbCase *store, GError **error, const char *sql, const char *types, ...)
{
  sqlite3_stmt *stmt;
  va_list args;

  va_start (args, types);
  stmt = query_va (store, error, sql, types, &args);
  va_end (args);
  return stmt;
}

int
smb_case_step (SmbCase *store, sqlite3_stmt *stmt, GError **error)
{
  switch (sqlite3_step (stmt)) {
  case SQLITE_ROW:
    return 1;
  case SQLITE_DONE:
    return 0;
  default:
    smb_case_set_db_error (store, error);
    return -1;
  }
}

gboolean
smb_case_run (SmbCase *store, GError **error, const char *sql, const char *types, ...)
{
  g_autoptr (sqlite3_stmt) stmt = NULL;
  va_list args;
  int got;

  va_start (args, types);
  stmt = query_va (store, error, sql, types, &args);
  va_end (args);
  if (stmt == NULL)
    return FALSE;
  while ((got = smb_case_step (store, stmt, error)) > 0)
    ;
  return got == 0;
}

gboolean
smb_case_query_int (SmbCase *store, gint64 *out, gint64 missing, GError **error, const char *sql, const char *types,
                    ...)
{
  g_autoptr (sqlite3_stmt) stmt = NULL;
  va_list args;
  int got;

  va_start (args, types);
  stmt = query_va (store, error, sql, types, &args);
  va_end (args);
  if (stmt == NULL || (got = smb_case_step (store, stmt, error)) < 0)
    return FALSE;
  *out = got == 0 || sqlite3_column_type (stmt, 0) == SQLITE_NULL ? missing : sqlite3_column_int64 (stmt, 0);
  return TRUE;
}

char *
smb_case_column_text (sqlite3_stmt *stmt, int column)
{
  const char *text = (const char *) sqlite3_column_text (stmt, column);

  return text == NULL ? NULL : g_utf8_make_valid (text, sqlite3_column_bytes (stmt, column));
}

char *
smb_case_column_line (sqlite3_stmt *stmt, int column)
{
  char *text = smb_case_column_text (stmt, column);

  return text != NULL ? g_strdelimit (text, "\r\n", ' ') : NULL;
}

double
smb_case_column_double (sqlite3_stmt *stmt, int column)
{
  return sqlite3_column_type (stmt, column) == SQLITE_NULL ? NAN : sqlite3_column_double (stmt, column);
}

gboolean
smb_case_begin (SmbCase *store, GError **error)
{
  char sql[32];

  if (store->depth == 0)
    g_strlcpy (sql, "BEGIN IMMEDIATE", sizeof sql);
  else
    g_snprintf (sql, sizeof sql, "SAVEPOINT s%d", store->depth);
  if (!smb_case_exec (store, sql, error))
    return FALSE;
  store->depth++;
  return TRUE;
}

gboolean
smb_case_end (SmbCase *store, gboolean ok, GError **error)
{
  char sql[64];

  g_return_val_if_fail (store->depth > 0, FALSE);
  store->depth--;
  if (ok) {
    if (store->depth == 0)
      g_strlcpy (sql, "COMMIT", sizeof sql);
    else
      g_snprintf (sql, sizeof sql, "RELEASE s%d", store->depth);
    if (smb_case_exec (store, sql, error))
      return TRUE;
  }
  store->clock_noted = FALSE; /* its entry may be among what is undone */
  /* SQLite may have rolled back by itself (disk full); then there is nothing left to undo. */
  if (sqlite3_get_autocommit (store->db))
    return FALSE;
  if (store->depth == 0)
    g_strlcpy (sql, "ROLLBACK", sizeof sql);
  else
    g_snprintf (sql, sizeof sql, "ROLLBACK TO s%d; RELEASE s%d", store->depth, store->depth);
  sqlite3_exec (store->db, sql, NULL, NULL, NULL);
  return FALSE;
}

gboolean
smb_case_check_text (const char *what, const char *text, gsize max_bytes, gboolean required, GError **error)
{
  gsize n_bytes = text == NULL ? 0 : strlen (text);

  if (n_bytes == 0 && required) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT, _("%s is empty; fill it in."), what);
    return FALSE;
  }
  if (n_bytes > max_bytes) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_LIMIT, _("%s is longer than %zu bytes; shorten it."),
                 what, max_bytes);
    return FALSE;
  }
  if (n_bytes > 0 && !g_utf8_validate (text, (gssize) n_bytes, NULL)) {
    g_autofree char *shown = g_utf8_make_valid (text, (gssize) MIN (n_bytes, 200));

    g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT, _("%s (“%s”) is not valid UTF-8; write or rename it in UTF-8."),
                 what, shown);
    return FALSE;
  }
  return TRUE;
}

char *
smb_case_details (const char *key, ...)
{
  /* A tree map keeps the members sorted, which makes the text canonical. */
  g_autoptr (GTree) members = g_tree_new_full ((GCompareDataFunc) (void (*) (void)) g_strcmp0, NULL, NULL,
                                               (GDestroyNotify) json_node_unref);
  g_autoptr (JsonNode) root = json_node_new (JSON_NODE_OBJECT);
  JsonObject *object = json_object_new ();
  va_list args;

  va_start (args, key);
  for (; key != NULL; key = va_arg (args, const char *)) {
    int type = va_arg (args, int);
    JsonNode *node = json_node_alloc ();

    if (type == 's') {
      const char *text = va_arg (args, const char *);
      if (text != NULL)
        json_node_init_string (node, text);
      else
        json_node_init_null (node);
    } else if (type == 'i') {
      json_node_init_int (node, va_arg (args, gint64));
    } else {
      double value = va_arg (args, double);
      if (isfinite (value))
        json_node_init_double (node, value);
      else
        json_node_init_null (node);
    }
    g_tree_insert (members, (gpointer) key, node);
  }
  va_end (args);
  for (GTreeNode *at = g_tree_node_first (members); at != NULL; at = g_tree_node_next (at))
    json_object_set_member (object, g_tree_node_key (at), json_node_copy (g_tree_node_value (at)));
  json_node_take_object (root, object);
  return json_to_string (root, FALSE);
}
