/* SPDX-License-Identifier: Apache-2.0 */
#include "case/smb-case-video.h"

#include "case/smb-case-private.h"

#include "base/smb-error.h"

#include <glib/gi18n-lib.h>

void
smb_case_video_run_free (SmbCaseVideoRun *run)
{
  if (run == NULL)
    return;
  g_free (run->model_name);
  g_free (run->model_sha256);
  g_free (run->settings);
  g_free (run->program_version);
  g_free (run->device);
  g_free (run);
}

void
smb_case_video_chunk_free (SmbCaseVideoChunk *chunk)
{
  if (chunk == NULL)
    return;
  g_free (chunk->data);
  g_free (chunk);
}

void
smb_case_track_edit_free (SmbCaseTrackEdit *edit)
{
  if (edit == NULL)
    return;
  g_free (edit->author);
  g_free (edit->kind);
  g_free (edit->text);
  g_free (edit);
}

static gboolean
insert_video (SmbCase *store, gint64 evidence_id, const char *facts, GError **error)
{
  g_autofree char *exhibit = smb_case_dup_exhibit (store, evidence_id, error);

  return exhibit != NULL
         && smb_case_run (store, error, "INSERT INTO video (id, evidence_id, facts) VALUES (?1, ?1, ?2)", "is",
                          evidence_id, facts)
         && smb_case_append_log (store, "video.facts", exhibit, "{}", "video", evidence_id, error);
}

gboolean
smb_case_add_video (SmbCase *store, gint64 evidence_id, const char *facts, GError **error)
{
  g_return_val_if_fail (evidence_id != 0, FALSE);
  if (!smb_case_check_text (_ ("The facts of the video"), facts, SMB_CASE_MAX_DETAILS_BYTES, TRUE, error)
      || !smb_case_begin (store, error))
    return FALSE;
  return smb_case_end (store, insert_video (store, evidence_id, facts, error), error);
}

gboolean
smb_case_get_video (SmbCase *store, gint64 evidence_id, char **facts_out, GError **error)
{
  g_autoptr (sqlite3_stmt) stmt
      = smb_case_query (store, error, "SELECT facts FROM video WHERE evidence_id = ?1", "i", evidence_id);
  int got;

  *facts_out = NULL;
  if (stmt == NULL || (got = smb_case_step (store, stmt, error)) < 0)
    return FALSE;
  if (got > 0)
    *facts_out = smb_case_column_text (stmt, 0);
  return TRUE;
}

static gboolean
insert_run (SmbCase *store, SmbCaseVideoRun *run, GError **error)
{
  g_autofree char *exhibit = smb_case_dup_exhibit (store, run->evidence_id, error);
  g_autofree char *details = NULL;

  if (exhibit == NULL
      || !smb_case_run (
          store, error,
          "INSERT INTO video_run (evidence_id, made_us, model_name, model_sha256, settings, program_version, device)"
          " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
          "iisssss", run->evidence_id, run->made_us, run->model_name, run->model_sha256, run->settings,
          run->program_version, run->device))
    return FALSE;
  run->id = sqlite3_last_insert_rowid (store->db);
  details = smb_case_details ("model", 's', run->model_name, "model_sha256", 's', run->model_sha256, "settings", 's',
                              run->settings, NULL);
  return smb_case_append_log (store, "video.run", exhibit, details, "video_run", run->id, error);
}

gboolean
smb_case_add_video_run (SmbCase *store, SmbCaseVideoRun *run, GError **error)
{
  g_return_val_if_fail (run != NULL && run->evidence_id != 0, FALSE);
  if (!smb_case_check_text (_ ("The name of the model"), run->model_name, SMB_CASE_MAX_LINE_BYTES, TRUE, error)
      || !smb_case_check_text (_ ("The settings of the analysis"), run->settings, SMB_CASE_MAX_TEXT_BYTES, TRUE, error)
      || !smb_case_begin (store, error))
    return FALSE;
  if (run->made_us == 0)
    run->made_us = smb_case_now_us ();
  return smb_case_end (store, insert_run (store, run, error), error);
}

GPtrArray *
smb_case_list_video_runs (SmbCase *store, gint64 evidence_id, GError **error)
{
  g_autoptr (GPtrArray) list = g_ptr_array_new_with_free_func ((GDestroyNotify) smb_case_video_run_free);
  g_autoptr (sqlite3_stmt) stmt
      = smb_case_query (store, error,
                        "SELECT id, evidence_id, made_us, model_name, model_sha256, settings, program_version, device"
                        " FROM video_run WHERE evidence_id = ?1 ORDER BY id DESC",
                        "i", evidence_id);
  int got = -1;

  while (stmt != NULL && (got = smb_case_step (store, stmt, error)) > 0) {
    SmbCaseVideoRun *run = g_new0 (SmbCaseVideoRun, 1);

    run->id = sqlite3_column_int64 (stmt, 0);
    run->evidence_id = sqlite3_column_int64 (stmt, 1);
    run->made_us = sqlite3_column_int64 (stmt, 2);
    run->model_name = smb_case_column_text (stmt, 3);
    run->model_sha256 = smb_case_column_text (stmt, 4);
    run->settings = smb_case_column_text (stmt, 5);
    run->program_version = smb_case_column_text (stmt, 6);
    run->device = smb_case_column_text (stmt, 7);
    g_ptr_array_add (list, run);
  }
  return stmt == NULL || got < 0 ? NULL : g_steal_pointer (&list);
}

/* "S-01" of the exhibit a run is about. */
static char *
exhibit_of_run (SmbCase *store, gint64 run_id, GError **error)
{
  gint64 evidence_id;

  if (!smb_case_query_int (store, &evidence_id, 0, error, "SELECT evidence_id FROM video_run WHERE id = ?1", "i",
                           run_id))
    return NULL;
  if (evidence_id != 0)
    return smb_case_dup_exhibit (store, evidence_id, error);
  g_set_error (error, SMB_ERROR, SMB_ERROR_NOT_FOUND, _ ("%s has no such analysis of a video; open the case again."),
               store->name);
  return NULL;
}

static gboolean
insert_chunk (SmbCase *store, SmbCaseVideoChunk *chunk, GError **error)
{
  g_autofree char *exhibit = exhibit_of_run (store, chunk->run_id, error);
  g_autofree char *details = NULL;

  if (exhibit == NULL
      || !smb_case_run (store, error, "INSERT INTO video_chunk (run_id, pass, next, data) VALUES (?1, ?2, ?3, ?4)",
                        "inis", chunk->run_id, chunk->pass, chunk->next, chunk->data))
    return FALSE;
  chunk->id = sqlite3_last_insert_rowid (store->db);
  details = smb_case_details ("run", 'i', chunk->run_id, "pass", 'i', (gint64) chunk->pass, "next_frame", 'i',
                              chunk->next, NULL);
  return smb_case_append_log (store, "video.frames", exhibit, details, "video_chunk", chunk->id, error);
}

gboolean
smb_case_add_video_chunk (SmbCase *store, SmbCaseVideoChunk *chunk, GError **error)
{
  g_return_val_if_fail (chunk != NULL && chunk->run_id != 0, FALSE);
  if (!smb_case_check_text (_ ("The result of the analysis"), chunk->data, SMB_CASE_MAX_RESULT_BYTES, TRUE, error)
      || !smb_case_begin (store, error))
    return FALSE;
  return smb_case_end (store, insert_chunk (store, chunk, error), error);
}

GPtrArray *
smb_case_list_video_chunks (SmbCase *store, gint64 run_id, GError **error)
{
  g_autoptr (GPtrArray) list = g_ptr_array_new_with_free_func ((GDestroyNotify) smb_case_video_chunk_free);
  g_autoptr (sqlite3_stmt) stmt = smb_case_query (
      store, error, "SELECT id, pass, next, data FROM video_chunk WHERE run_id = ?1 ORDER BY id", "i", run_id);
  int got = -1;

  while (stmt != NULL && (got = smb_case_step (store, stmt, error)) > 0) {
    SmbCaseVideoChunk *chunk = g_new0 (SmbCaseVideoChunk, 1);

    chunk->id = sqlite3_column_int64 (stmt, 0);
    chunk->run_id = run_id;
    chunk->pass = sqlite3_column_int (stmt, 1);
    chunk->next = sqlite3_column_int64 (stmt, 2);
    chunk->data = smb_case_column_text (stmt, 3);
    g_ptr_array_add (list, chunk);
  }
  return stmt == NULL || got < 0 ? NULL : g_steal_pointer (&list);
}

static gboolean
insert_edit (SmbCase *store, SmbCaseTrackEdit *edit, GError **error)
{
  g_autofree char *exhibit = exhibit_of_run (store, edit->run_id, error);
  g_autofree char *details = NULL;
  g_autofree char *action = g_strdup_printf ("track.%s", edit->kind);

  if (exhibit == NULL
      || !smb_case_run (store, error,
                        "INSERT INTO track_edit (run_id, made_us, author, kind, track, other, frame, text)"
                        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                        "iissnnis", edit->run_id, edit->made_us, edit->author, edit->kind, edit->track, edit->other,
                        edit->frame, edit->text))
    return FALSE;
  edit->id = sqlite3_last_insert_rowid (store->db);
  details = smb_case_details ("run", 'i', edit->run_id, "track", 'i', (gint64) edit->track, "other", 'i',
                              (gint64) edit->other, "frame", 'i', edit->frame, "text", 's', edit->text, NULL);
  return smb_case_append_log (store, action, exhibit, details, "track_edit", edit->id, error);
}

gboolean
smb_case_add_track_edit (SmbCase *store, SmbCaseTrackEdit *edit, GError **error)
{
  g_return_val_if_fail (edit != NULL && edit->run_id != 0 && edit->kind != NULL, FALSE);
  if (!smb_case_check_text (_ ("The name of a track"), edit->text, SMB_CASE_MAX_LINE_BYTES, FALSE, error)
      || !smb_case_begin (store, error))
    return FALSE;
  if (edit->made_us == 0)
    edit->made_us = smb_case_now_us ();
  if (edit->author == NULL)
    edit->author = g_strdup (store->actor);
  if (edit->text == NULL)
    edit->text = g_strdup ("");
  return smb_case_end (store, insert_edit (store, edit, error), error);
}

GPtrArray *
smb_case_list_track_edits (SmbCase *store, gint64 run_id, GError **error)
{
  g_autoptr (GPtrArray) list = g_ptr_array_new_with_free_func ((GDestroyNotify) smb_case_track_edit_free);
  g_autoptr (sqlite3_stmt) stmt = smb_case_query (
      store, error,
      "SELECT id, made_us, author, kind, track, other, frame, text FROM track_edit WHERE run_id = ?1 ORDER BY id", "i",
      run_id);
  int got = -1;

  while (stmt != NULL && (got = smb_case_step (store, stmt, error)) > 0) {
    SmbCaseTrackEdit *edit = g_new0 (SmbCaseTrackEdit, 1);

    edit->id = sqlite3_column_int64 (stmt, 0);
    edit->run_id = run_id;
    edit->made_us = sqlite3_column_int64 (stmt, 1);
    edit->author = smb_case_column_text (stmt, 2);
    edit->kind = smb_case_column_text (stmt, 3);
    edit->track = sqlite3_column_int (stmt, 4);
    edit->other = sqlite3_column_int (stmt, 5);
    edit->frame = sqlite3_column_int64 (stmt, 6);
    edit->text = smb_case_column_text (stmt, 7);
    g_ptr_array_add (list, edit);
  }
  return stmt == NULL || got < 0 ? NULL : g_steal_pointer (&list);
}
