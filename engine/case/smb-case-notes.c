/* SPDX-License-Identifier: Apache-2.0 */
/* Notes (editable, every version stays in the log) and findings (never changed). */
#include "case/smb-case-private.h"

#include "base/smb-error.h"

#include <glib/gi18n-lib.h>

static gboolean
insert_note (SmbCase *store, SmbNote *note, GError **error)
{
  g_autofree char *exhibit = smb_case_dup_exhibit (store, note->evidence_id, error);
  g_autofree char *details = NULL;

  if (exhibit == NULL
      || !smb_case_run (store, error, "INSERT INTO note (evidence_id, made_us, author, text) VALUES (?1, ?2, ?3, ?4)",
                        "riss", note->evidence_id, note->made_us, note->author, note->text))
    return FALSE;
  note->id = sqlite3_last_insert_rowid (store->db);
  details = smb_case_details ("note", 'i', note->id, "text", 's', note->text, NULL);
  return smb_case_append_log (store, "note.add", exhibit, details, "note", note->id, error);
}

gboolean
smb_case_add_note (SmbCase *store, SmbNote *note, GError **error)
{
  g_return_val_if_fail (note != NULL, FALSE);
  if (!smb_case_check_text (_("The note"), note->text, SMB_CASE_MAX_TEXT_BYTES, TRUE, error)
      || !smb_case_check_text (_("The author of the note"), note->author, SMB_CASE_MAX_LINE_BYTES, FALSE, error)
      || !smb_case_begin (store, error))
    return FALSE;
  if (note->author == NULL)
    note->author = g_strdup (store->actor);
  if (note->made_us == 0)
    note->made_us = smb_case_now_us ();
  if (!smb_case_end (store, insert_note (store, note, error), error)) {
    note->id = 0;
    return FALSE;
  }
  return TRUE;
}

static gboolean
replace_note (SmbCase *store, gint64 note_id, const char *text, GError **error)
{
  g_autoptr (sqlite3_stmt) stmt
      = smb_case_query (store, error,
                        "SELECT note.text, evidence.exhibit FROM note LEFT JOIN evidence"
                        " ON evidence.id = note.evidence_id WHERE note.id = ?1",
                        "i", note_id);
  g_autofree char *old = NULL;
  g_autofree char *exhibit = NULL;
  g_autofree char *details = NULL;
  int got;

  if (stmt == NULL || (got = smb_case_step (store, stmt, error)) < 0)
    return FALSE;
  if (got == 0) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_NOT_FOUND,
                 _("%s has no note number %lld; reload the notes."), store->name, (long long) note_id);
    return FALSE;
  }
  old = smb_case_column_text (stmt, 0);
  exhibit = smb_case_column_text (stmt, 1);
  g_clear_pointer (&stmt, sqlite3_finalize);
  details = smb_case_details ("note", 'i', note_id, "old_text", 's', old, "text", 's', text, NULL);
  return smb_case_run (store, error, "UPDATE note SET text = ?1 WHERE id = ?2", "si", text, note_id)
         && smb_case_append_log (store, "note.edit", exhibit != NULL ? exhibit : "", details, "note", note_id, error);
}

gboolean
smb_case_edit_note (SmbCase *store, gint64 note_id, const char *text, GError **error)
{
  if (!smb_case_check_text (_("The note"), text, SMB_CASE_MAX_TEXT_BYTES, TRUE, error)
      || !smb_case_begin (store, error))
    return FALSE;
  return smb_case_end (store, replace_note (store, note_id, text, error), error);
}

GPtrArray *
smb_case_list_notes (SmbCase *store, gint64 evidence_id, GError **error)
{
  g_autoptr (GPtrArray) list = g_ptr_array_new_with_free_func ((GDestroyNotify) smb_note_free);
  g_autoptr (sqlite3_stmt) stmt
      = smb_case_query (store, error,
                        "SELECT id, coalesce (evidence_id, 0), made_us, author, text FROM note"
                        " WHERE ?1 = -1 OR coalesce (evidence_id, 0) = ?1 ORDER BY made_us, id",
                        "i", evidence_id);
  int got = -1;

  while (stmt != NULL && (got = smb_case_step (store, stmt, error)) > 0) {
    SmbNote *note = g_new0 (SmbNote, 1);

    note->id = sqlite3_column_int64 (stmt, 0);
    note->evidence_id = sqlite3_column_int64 (stmt, 1);
    note->made_us = sqlite3_column_int64 (stmt, 2);
    note->author = smb_case_column_text (stmt, 3);
    note->text = smb_case_column_text (stmt, 4);
    g_ptr_array_add (list, note);
  }
  return stmt == NULL || got < 0 ? NULL : g_steal_pointer (&list);
}

static gboolean
insert_finding (SmbCase *store, SmbFinding *finding, GError **error)
{
  g_autofree char *exhibit = smb_case_dup_exhibit (store, finding->evidence_id, error);
  g_autofree char *details = NULL;

  if (exhibit == NULL
      || !smb_case_run (store, error,
                        "INSERT INTO finding (evidence_id, analysis_id, made_us, kind, text, details)"
                        " VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                        "rrisss", finding->evidence_id, finding->analysis_id, finding->made_us, finding->kind,
                        finding->text, finding->details != NULL ? finding->details : "{}"))
    return FALSE;
  finding->id = sqlite3_last_insert_rowid (store->db);
  details
      = smb_case_details ("finding", 'i', finding->id, "kind", 's', finding->kind, "text", 's', finding->text, NULL);
  return smb_case_append_log (store, "finding.add", exhibit, details, "finding", finding->id, error);
}

gboolean
smb_case_add_finding (SmbCase *store, SmbFinding *finding, GError **error)
{
  g_return_val_if_fail (finding != NULL, FALSE);
  if (!smb_case_check_text (_("The kind of the finding"), finding->kind, SMB_CASE_MAX_LINE_BYTES, TRUE, error)
      || !smb_case_check_text (_("The finding"), finding->text, SMB_CASE_MAX_TEXT_BYTES, TRUE, error)
      || !smb_case_check_text (_("The details of the finding"), finding->details, SMB_CASE_MAX_DETAILS_BYTES, FALSE,
                               error)
      || !smb_case_begin (store, error))
    return FALSE;
  if (finding->made_us == 0)
    finding->made_us = smb_case_now_us ();
  if (!smb_case_end (store, insert_finding (store, finding, error), error)) {
    finding->id = 0;
    return FALSE;
  }
  return TRUE;
}

GPtrArray *
smb_case_list_findings (SmbCase *store, gint64 evidence_id, GError **error)
{
  g_autoptr (GPtrArray) list = g_ptr_array_new_with_free_func ((GDestroyNotify) smb_finding_free);
  g_autoptr (sqlite3_stmt) stmt = smb_case_query (
      store, error,
      "SELECT id, coalesce (evidence_id, 0), coalesce (analysis_id, 0), made_us, kind, text, details FROM finding"
      " WHERE ?1 = -1 OR coalesce (evidence_id, 0) = ?1 ORDER BY made_us, id",
      "i", evidence_id);
  int got = -1;

  while (stmt != NULL && (got = smb_case_step (store, stmt, error)) > 0) {
    SmbFinding *finding = g_new0 (SmbFinding, 1);

    finding->id = sqlite3_column_int64 (stmt, 0);
    finding->evidence_id = sqlite3_column_int64 (stmt, 1);
    finding->analysis_id = sqlite3_column_int64 (stmt, 2);
    finding->made_us = sqlite3_column_int64 (stmt, 3);
    finding->kind = smb_case_column_text (stmt, 4);
    finding->text = smb_case_column_text (stmt, 5);
    finding->details = smb_case_column_text (stmt, 6);
    g_ptr_array_add (list, finding);
  }
  return stmt == NULL || got < 0 ? NULL : g_steal_pointer (&list);
}
