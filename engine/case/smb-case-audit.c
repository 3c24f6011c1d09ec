/* SPDX-License-Identifier: Apache-2.0 */
/* The append-only log. An entry's hash is
 *
 *   SHA-256 ( N("semblance-audit-1") N(previous) N(seq) N(at_us) N(actor) N(action) N(subject) N(details) N(record) )
 *
 * where N(x) is the netstring of x: its length in bytes as decimal digits, ':', the bytes, ','. Numbers are written as
 * decimal digits. `previous` is the hash (64 hex digits) of entry seq - 1; that of entry 1 is 64 zeros. Lengths come
 * first, so no two different entries have the same encoding, and anyone can recompute the chain with a few lines. */
#include "case/smb-case-private.h"

#include "base/smb-error.h"
#include "base/smb-hash.h"

#include <glib/gi18n-lib.h>
#include <json-glib/json-glib.h>

#define GENESIS "0000000000000000000000000000000000000000000000000000000000000000"
#define COLUMNS "seq, at_us, actor, action, subject, details, record, previous, hash"

static void
update_bytes (SmbSha256 *sum, const void *bytes, int n_bytes)
{
  char prefix[16];
  int n = g_snprintf (prefix, sizeof prefix, "%d:", n_bytes);

  smb_sha256_update (sum, prefix, n);
  smb_sha256_update (sum, bytes, (gsize) n_bytes);
  smb_sha256_update (sum, ",", 1);
}

static void
update_text (SmbSha256 *sum, const char *text)
{
  update_bytes (sum, text, (int) strlen (text));
}

static void
update_int (SmbSha256 *sum, gint64 value)
{
  char text[24];

  g_snprintf (text, sizeof text, "%" G_GINT64_FORMAT, value);
  update_text (sum, text);
}

/* One entry and, with it, what the file says of its last entry. */
static gboolean
append_entry (SmbCase *store, const char *action, const char *subject, const char *details, const char *table,
              gint64 id, GError **error)
{
  g_autoptr (sqlite3_stmt) last = NULL;
  g_autoptr (SmbSha256) sum = smb_sha256_new ();
  g_autofree char *previous = NULL;
  g_autofree char *record = NULL, *hash = NULL;
  gint64 seq = 1, at_us = smb_case_now_us ();
  int got;

  record = table != NULL ? smb_case_describe_record (store, table, id, error) : g_strdup ("");
  last = record == NULL
             ? NULL
             : smb_case_query (store, error, "SELECT seq, hash FROM audit_log ORDER BY seq DESC LIMIT 1", "");
  if (last == NULL || (got = smb_case_step (store, last, error)) < 0)
    return FALSE;
  if (got > 0) {
    seq = sqlite3_column_int64 (last, 0) + 1;
    previous = smb_case_column_text (last, 1);
  } else {
    previous = g_strdup (GENESIS);
  }
  update_text (sum, "semblance-audit-1");
  update_text (sum, previous);
  update_int (sum, seq);
  update_int (sum, at_us);
  update_text (sum, store->actor);
  update_text (sum, action);
  update_text (sum, subject);
  update_text (sum, details);
  update_text (sum, record);
  hash = smb_sha256_finish (sum);
  return smb_case_run (store, error, "INSERT INTO audit_log (" COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                       "iisssssss", seq, at_us, store->actor, action, subject, details, record, previous, hash)
         && smb_case_run (store, error,
                          "INSERT INTO audit_head VALUES (1, ?1, ?2)"
                          " ON CONFLICT (id) DO UPDATE SET seq = excluded.seq, hash = excluded.hash",
                          "is", seq, hash);
}

/* The first entry of a connection is followed by what its clock is, if that is not what the log says already. */
static gboolean
note_clock (SmbCase *store, GError **error)
{
  const char *now = smb_case_clock_source ();
  g_autoptr (sqlite3_stmt) stmt = smb_case_query (
      store, error,
      "SELECT json_extract (details, '$.clock') FROM audit_log"
      " WHERE action IN ('case.create', 'clock.source') AND json_valid (details) ORDER BY seq DESC LIMIT 1",
      "");
  g_autofree char *known = NULL;
  g_autofree char *details = NULL;
  int got = stmt != NULL ? smb_case_step (store, stmt, error) : -1;

  if (got < 0)
    return FALSE;
  known = got > 0 ? smb_case_column_text (stmt, 0) : NULL;
  details = smb_case_details ("clock", 's', now, NULL);
  return g_strcmp0 (known, now) == 0 || append_entry (store, "clock.source", "", details, NULL, 0, error);
}

gboolean
smb_case_append_log (SmbCase *store, const char *action, const char *subject, const char *details, const char *table,
                     gint64 id, GError **error)
{
  if (!append_entry (store, action, subject, details, table, id, error)
      || (!store->clock_noted && !note_clock (store, error)))
    return FALSE;
  store->clock_noted = TRUE;
  return TRUE;
}

gboolean
smb_case_log (SmbCase *store, const char *action, const char *subject, const char *details, GError **error)
{
  g_return_val_if_fail (action != NULL, FALSE);
  if (details != NULL && details[0] != '\0') {
    g_autoptr (JsonNode) parsed = json_from_string (details, error);

    if (parsed == NULL) {
      g_prefix_error (error, _("The details of the log entry “%s” are not JSON: "), action);
      return FALSE;
    }
  } else
    details = NULL; /* of nothing json_from_string makes nothing, and no error */
  if (!smb_case_check_text (_("The action of a log entry"), action, SMB_CASE_MAX_LINE_BYTES, TRUE, error)
      || !smb_case_check_text (_("The subject of a log entry"), subject, SMB_CASE_MAX_PATH_BYTES, FALSE, error)
      || !smb_case_check_text (_("The details of a log entry"), details, SMB_CASE_MAX_DETAILS_BYTES, FALSE, error)
      || !smb_case_begin (store, error))
    return FALSE;
  return smb_case_end (store,
                       smb_case_append_log (store, action, subject != NULL ? subject : "",
                                            details != NULL ? details : "{}", NULL, 0, error),
                       error);
}

GPtrArray *
smb_case_list_log (SmbCase *store, GError **error)
{
  g_autoptr (GPtrArray) log = g_ptr_array_new_with_free_func ((GDestroyNotify) smb_audit_entry_free);
  g_autoptr (sqlite3_stmt) stmt = smb_case_query (store, error, "SELECT " COLUMNS " FROM audit_log ORDER BY seq", "");
  int got = -1;

  while (stmt != NULL && (got = smb_case_step (store, stmt, error)) > 0) {
    SmbAuditEntry *entry = g_new0 (SmbAuditEntry, 1);

    entry->seq = sqlite3_column_int64 (stmt, 0);
    entry->at_us = sqlite3_column_int64 (stmt, 1);
    entry->actor = smb_case_column_text (stmt, 2);
    entry->action = smb_case_column_text (stmt, 3);
    entry->subject = smb_case_column_text (stmt, 4);
    entry->details = smb_case_column_text (stmt, 5);
    entry->record = smb_case_column_text (stmt, 6);
    entry->previous = smb_case_column_text (stmt, 7);
    entry->hash = smb_case_column_text (stmt, 8);
    g_ptr_array_add (log, entry);
  }
  return stmt == NULL || got < 0 ? NULL : g_steal_pointer (&log);
}

/* The stored bytes as they are, not made valid: a changed byte must change the hash. */
static void
update_column (SmbSha256 *sum, sqlite3_stmt *stmt, int column)
{
  const void *text = sqlite3_column_text (stmt, column);

  update_bytes (sum, text != NULL ? text : "", sqlite3_column_bytes (stmt, column));
}

static gboolean
entry_is_intact (sqlite3_stmt *stmt, gint64 expected_seq, const char *previous)
{
  g_autoptr (SmbSha256) sum = smb_sha256_new ();
  static const int order[] = { 7, 0, 1, 2, 3, 4, 5, 6 }; /* previous, then the rest as in COLUMNS */
  g_autofree char *hash = NULL;

  update_text (sum, "semblance-audit-1");
  for (gsize i = 0; i < G_N_ELEMENTS (order); i++)
    update_column (sum, stmt, order[i]);
  hash = smb_sha256_finish (sum);
  return sqlite3_column_int64 (stmt, 0) == expected_seq
         && g_strcmp0 ((const char *) sqlite3_column_text (stmt, 7), previous) == 0
         && g_strcmp0 ((const char *) sqlite3_column_text (stmt, 8), hash) == 0;
}

/* The chain ends where the file says it ends. */
static gboolean
check_head (SmbCase *store, gint64 n, const char *head, GError **error)
{
  g_autoptr (sqlite3_stmt) stmt = smb_case_query (store, error, "SELECT seq, hash FROM audit_head", "");
  gint64 last = 0;
  int got = stmt != NULL ? smb_case_step (store, stmt, error) : -1;

  if (got < 0)
    return FALSE;
  if (got > 0)
    last = sqlite3_column_int64 (stmt, 0);
  if (last == n && g_strcmp0 ((const char *) sqlite3_column_text (stmt, 1), head) == 0)
    return TRUE;
  if (last > n)
    g_set_error (
        error, SMB_ERROR, SMB_ERROR_INTEGRITY,
        _ ("%s: the audit log was altered: entry %lld is missing (the log ends before it, but %lld were written). "
           "Compare with a backup copy."),
        store->name, (long long) n + 1, (long long) last);
  else
    g_set_error (
        error, SMB_ERROR, SMB_ERROR_INTEGRITY,
        _ ("%s: the audit log was altered: entry %lld is not the one that was written last. Compare with a backup "
           "copy."),
        store->name, (long long) (last > 0 && last < n ? last + 1 : n));
  return FALSE;
}

gboolean
smb_case_verify_log (SmbCase *store, char **head_out, gint64 *n_entries_out, GError **error)
{
  g_autoptr (sqlite3_stmt) stmt = smb_case_query (store, error, "SELECT " COLUMNS " FROM audit_log ORDER BY seq", "");
  g_autofree char *head = g_strdup (GENESIS);
  gint64 n = 0;
  int got = -1;

  while (stmt != NULL && (got = smb_case_step (store, stmt, error)) > 0) {
    gint64 seq = sqlite3_column_int64 (stmt, 0);

    if (!entry_is_intact (stmt, n + 1, head)) {
      g_autofree char *action = smb_case_column_text (stmt, 3);

      if (seq != n + 1)
        g_set_error (
            error, SMB_ERROR, SMB_ERROR_INTEGRITY,
            _ ("%s: the audit log was altered: entry %lld is missing (entry %lld follows in its place). Compare "
               "with a backup copy."),
            store->name, (long long) n + 1, (long long) seq);
      else
        g_set_error (error, SMB_ERROR, SMB_ERROR_INTEGRITY,
                     _("%s: the audit log was altered: entry %lld (%s) does not match its hash or the entry before it. "
                       "Compare with a backup copy."),
                     store->name, (long long) seq, action);
      return FALSE;
    }
    g_free (head);
    head = smb_case_column_text (stmt, 8);
    n++;
  }
  if (stmt == NULL || got < 0)
    return FALSE;
  if (n == 0) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_INTEGRITY,
                 _("%s: the audit log was altered: it is empty, but every case begins with an entry. Compare with a "
                   "backup copy."),
                 store->name);
    return FALSE;
  }
  if (!check_head (store, n, head, error))
    return FALSE;
  if (head_out != NULL)
    *head_out = g_steal_pointer (&head);
  if (n_entries_out != NULL)
    *n_entries_out = n;
  return TRUE;
}

gboolean
smb_case_find_log_hash (SmbCase *store, const char *head, gint64 *seq_out, GError **error)
{
  gint64 seq = 0;

  g_return_val_if_fail (head != NULL, FALSE);
  if (!smb_case_query_int (store, &seq, 0, error, "SELECT seq FROM audit_log WHERE hash = ?1", "s", head))
    return FALSE;
  if (seq == 0) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_NOT_FOUND,
                 _("%s: no entry of the audit log has the hash %s; entries were removed since that hash was noted, or "
                   "it belongs to another case."),
                 store->name, head);
    return FALSE;
  }
  if (seq_out != NULL)
    *seq_out = seq;
  return TRUE;
}
