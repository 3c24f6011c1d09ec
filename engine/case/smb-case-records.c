/* SPDX-License-Identifier: Apache-2.0 */
/* Ties the records to the log. The log's chain alone shows only that the log is whole; since each entry also carries a
 * digest of the record it speaks for, a record changed behind the program's back no longer matches its newest entry.
 *
 * Digest: SHA-256 over the columns below, row after row: a letter ('n' NULL, 'i' integer, 'f' real, 't' text), then
 * the value as a netstring (reals with 17 significant digits). */
#include "case/smb-case-private.h"

#include "base/smb-error.h"
#include "base/smb-hash.h"

#include <glib/gi18n-lib.h>

/* Columns added by a later schema version get a digest of their own: these lists stay as they are. */
static const struct {
  const char *table;
  const char *list;
  const char *rows[2]; /* ?1 the id */
} kinds[] = {
  { "case_info",
    "SELECT id FROM case_info",
    { "SELECT number, title, laboratory, examiner, created_us FROM case_info WHERE id = ?1", NULL } },
  { "evidence",
    "SELECT id FROM evidence",
    { "SELECT exhibit, path, sha256, size_bytes, acquired_us, modified_us, format, width, height, problem, hash_state,"
      " verified_us, found_sha256 FROM evidence WHERE id = ?1",
      NULL } },
  { "analysis",
    "SELECT id FROM analysis",
    { "SELECT evidence_id, made_us, model_name, model_sha256, mim_sha256, settings, seed, program_version, device,"
      " result, highest_score, n_faces, trained, calibrated FROM analysis WHERE id = ?1",
      "SELECT id, evidence_id, x, y, width, height, dx, dy, dwidth, dheight, confidence, origin, label FROM face"
      " WHERE analysis_id = ?1 ORDER BY id" } },
  { "note", "SELECT id FROM note", { "SELECT evidence_id, made_us, author, text FROM note WHERE id = ?1", NULL } },
  { "finding",
    "SELECT id FROM finding",
    { "SELECT evidence_id, analysis_id, made_us, kind, text, details FROM finding WHERE id = ?1", NULL } },
  { "region_map",
    "SELECT id FROM region_map",
    { "SELECT face_id, made_us, author, size_px, origin, classes FROM region_map WHERE id = ?1", NULL } },
  /* One record for all the pictures of an exhibit, by the exhibit's number. */
  { "picture",
    "SELECT DISTINCT evidence_id FROM picture",
    { "SELECT position, name, sha256, size_bytes FROM picture WHERE evidence_id = ?1 ORDER BY position", NULL } },
  { "video", "SELECT id FROM video", { "SELECT evidence_id, facts FROM video WHERE id = ?1", NULL } },
  { "video_run",
    "SELECT id FROM video_run",
    { "SELECT evidence_id, made_us, model_name, model_sha256, settings, program_version, device FROM video_run WHERE id = ?1",
      NULL } },
  { "video_chunk",
    "SELECT id FROM video_chunk",
    { "SELECT run_id, pass, next, data FROM video_chunk WHERE id = ?1", NULL } },
  { "label",
    "SELECT id FROM label",
    { "SELECT evidence_id, face_id, made_us, author, class, identity FROM label WHERE id = ?1", NULL } },
  { "track_edit",
    "SELECT id FROM track_edit",
    { "SELECT run_id, made_us, author, kind, track, other, frame, text FROM track_edit WHERE id = ?1", NULL } },
};

static void
update_value (SmbSha256 *sum, sqlite3_stmt *stmt, int column)
{
  char number[40];
  char prefix[24];
  const char *bytes = number;
  char letter;
  int n_bytes;

  switch (sqlite3_column_type (stmt, column)) {
  case SQLITE_NULL:
    letter = 'n';
    n_bytes = 0;
    break;
  case SQLITE_INTEGER:
    letter = 'i';
    n_bytes = g_snprintf (number, sizeof number, "%" G_GINT64_FORMAT, (gint64) sqlite3_column_int64 (stmt, column));
    break;
  case SQLITE_FLOAT:
    letter = 'f';
    g_ascii_formatd (number, sizeof number, "%.17g", sqlite3_column_double (stmt, column));
    n_bytes = (int) strlen (number);
    break;
  default:
    letter = 't';
    bytes = (const char *) sqlite3_column_text (stmt, column);
    n_bytes = sqlite3_column_bytes (stmt, column);
    break;
  }
  smb_sha256_update (sum, prefix, g_snprintf (prefix, sizeof prefix, "%c%d:", letter, n_bytes));
  smb_sha256_update (sum, bytes, n_bytes);
  smb_sha256_update (sum, ",", 1);
}

char *
smb_case_describe_record (SmbCase *store, const char *table, gint64 id, GError **error)
{
  g_autoptr (SmbSha256) sum = smb_sha256_new ();
  g_autofree char *digest = NULL;
  gsize kind = 0;

  while (kind < G_N_ELEMENTS (kinds) && !g_str_equal (kinds[kind].table, table))
    kind++;
  g_return_val_if_fail (kind < G_N_ELEMENTS (kinds), NULL);
  for (int part = 0; part < 2 && kinds[kind].rows[part] != NULL; part++) {
    g_autoptr (sqlite3_stmt) stmt = smb_case_query (store, error, kinds[kind].rows[part], "i", id);
    int got = -1;

    while (stmt != NULL && (got = smb_case_step (store, stmt, error)) > 0)
      for (int column = 0; column < sqlite3_column_count (stmt); column++)
        update_value (sum, stmt, column);
    if (got < 0)
      return NULL;
  }
  digest = smb_sha256_finish (sum);
  return g_strdup_printf ("%s:%" G_GINT64_FORMAT ":%s", table, id, digest);
}

/* "table:id" -> the newest "table:id:digest" of the log. */
static GHashTable *
read_newest_records (SmbCase *store, GError **error)
{
  g_autoptr (GHashTable) newest = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_autoptr (sqlite3_stmt) stmt
      = smb_case_query (store, error, "SELECT record FROM audit_log WHERE record <> '' ORDER BY seq", "");
  int got = -1;

  while (stmt != NULL && (got = smb_case_step (store, stmt, error)) > 0) {
    g_autofree char *record = smb_case_column_text (stmt, 0);
    const char *colon = strrchr (record, ':');

    if (colon != NULL)
      g_hash_table_insert (newest, g_strndup (record, (gsize) (colon - record)), g_strdup (record));
  }
  return stmt == NULL || got < 0 ? NULL : g_steal_pointer (&newest);
}

static gboolean
verify_kind (SmbCase *store, gsize kind, GHashTable *newest, GError **error)
{
  g_autoptr (sqlite3_stmt) stmt = smb_case_query (store, error, kinds[kind].list, "");
  int got = -1;

  while (stmt != NULL && (got = smb_case_step (store, stmt, error)) > 0) {
    gint64 id = sqlite3_column_int64 (stmt, 0);
    g_autofree char *key = g_strdup_printf ("%s:%" G_GINT64_FORMAT, kinds[kind].table, id);
    g_autofree char *now = smb_case_describe_record (store, kinds[kind].table, id, error);

    if (now == NULL)
      return FALSE;
    if (g_strcmp0 (now, g_hash_table_lookup (newest, key)) != 0) {
      g_set_error (error, SMB_ERROR, SMB_ERROR_INTEGRITY,
                   g_hash_table_contains (newest, key)
                       ? _("%s: the record %s was altered since the log entry about it was written. Compare with a "
                           "backup copy.")
                       : _("%s: the record %s is not mentioned in the audit log. Compare with a backup copy."),
                   store->name, key);
      return FALSE;
    }
    g_hash_table_remove (newest, key);
  }
  return stmt != NULL && got == 0;
}

gboolean
smb_case_verify_records (SmbCase *store, GError **error)
{
  g_autoptr (GHashTable) newest = read_newest_records (store, error);
  GHashTableIter iter;
  gpointer key;

  if (newest == NULL)
    return FALSE;
  for (gsize kind = 0; kind < G_N_ELEMENTS (kinds); kind++)
    if (!verify_kind (store, kind, newest, error))
      return FALSE;
  g_hash_table_iter_init (&iter, newest);
  if (g_hash_table_iter_next (&iter, &key, NULL)) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_INTEGRITY,
                 _("%s: the record %s, which the audit log speaks of, is gone. Compare with a backup copy."),
                 store->name, (const char *) key);
    return FALSE;
  }
  return TRUE;
}

static gboolean
check_pages (SmbCase *store, GError **error)
{
  g_autoptr (sqlite3_stmt) stmt = smb_case_query (store, error, "PRAGMA integrity_check (1)", "");
  g_autoptr (sqlite3_stmt) keys = NULL;
  g_autofree char *answer = NULL;
  int got;

  if (stmt == NULL || smb_case_step (store, stmt, error) < 0)
    return FALSE;
  answer = smb_case_column_line (stmt, 0);
  if (g_strcmp0 (answer, "ok") != 0) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_FORMAT, _("%s is damaged (%s); restore it from a backup copy."),
                 store->name, answer != NULL ? answer : "");
    return FALSE;
  }
  keys = smb_case_query (store, error, "PRAGMA foreign_key_check", "");
  if (keys == NULL || (got = smb_case_step (store, keys, error)) < 0)
    return FALSE;
  if (got > 0) {
    g_autofree char *table = smb_case_column_text (keys, 0);
    g_autofree char *parent = smb_case_column_text (keys, 2);

    g_set_error (error, SMB_ERROR, SMB_ERROR_FORMAT,
                 _("%s is damaged (a record of “%s” points to one of “%s” that is not there); restore it from a backup "
                   "copy."),
                 store->name, table, parent);
    return FALSE;
  }
  return TRUE;
}

gboolean
smb_case_check (SmbCase *store, GError **error)
{
  g_autoptr (GError) undo = NULL;
  gboolean ok;

  /* One read transaction, so that log and records are of the same moment while others write. */
  if (!smb_case_exec (store, "BEGIN", error))
    return FALSE;
  ok = check_pages (store, error) && smb_case_verify_log (store, NULL, NULL, error)
       && smb_case_verify_records (store, error);
  return smb_case_exec (store, "ROLLBACK", ok ? error : &undo) && ok;
}
