/* SPDX-License-Identifier: Apache-2.0 */
/* Stored runs and their faces. */
#include "case/smb-case-private.h"

#include "base/smb-error.h"

#include <glib/gi18n-lib.h>

static gboolean
check_new (const SmbCaseAnalysis *analysis, GError **error)
{
  return smb_case_check_text (_("The name of the model"), analysis->model_name, SMB_CASE_MAX_LINE_BYTES, TRUE, error)
         && smb_case_check_text (_("The settings of the analysis"), analysis->settings, SMB_CASE_MAX_TEXT_BYTES, TRUE,
                                 error)
         && smb_case_check_text (_("The program version"), analysis->program_version, SMB_CASE_MAX_LINE_BYTES, TRUE,
                                 error)
         && smb_case_check_text (_("The device"), analysis->device, SMB_CASE_MAX_LINE_BYTES, TRUE, error)
         && smb_case_check_text (_("The result of the analysis"), analysis->result, SMB_CASE_MAX_RESULT_BYTES, TRUE,
                                 error);
}

static gboolean
insert_face (SmbCase *store, const SmbCaseAnalysis *analysis, SmbCaseFace *face, GError **error)
{
  if (!smb_case_check_text (_("The label of a face"), face->label, SMB_CASE_MAX_LINE_BYTES, TRUE, error)
      || !smb_case_run (store, error,
                        "INSERT INTO face (analysis_id, evidence_id, x, y, width, height, dx, dy, dwidth, dheight,"
                        " confidence, origin, label) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
                        "iinnnnnnnndss", analysis->id, analysis->evidence_id, face->x, face->y, face->width,
                        face->height, face->dx, face->dy, face->dwidth, face->dheight, face->confidence, face->origin,
                        face->label))
    return FALSE;
  face->id = sqlite3_last_insert_rowid (store->db);
  face->evidence_id = analysis->evidence_id;
  return TRUE;
}

/* The region map that comes over to a new face from one of an earlier analysis. */
static gboolean
carry_regions (SmbCase *store, const char *exhibit, SmbCaseFace *face, GError **error)
{
  if (face->regions == NULL)
    return TRUE;
  face->regions->face_id = face->id;
  return smb_case_insert_regions (store, face->regions, "regions.carry", exhibit, face->label, face->regions->id,
                                  error);
}

static gboolean
insert_analysis (SmbCase *store, SmbCaseAnalysis *analysis, GPtrArray *faces, GError **error)
{
  g_autofree char *exhibit = smb_case_dup_exhibit (store, analysis->evidence_id, error);
  g_autofree char *details = NULL;

  if (exhibit == NULL)
    return FALSE;
  if (!smb_case_run (store, error,
                     "INSERT INTO analysis (evidence_id, made_us, model_name, model_sha256, mim_sha256, settings, seed,"
                     " program_version, device, result, highest_score, n_faces, trained, calibrated)"
                     " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
                     "rissssisssdnnn", analysis->evidence_id, analysis->made_us, analysis->model_name,
                     analysis->model_sha256, analysis->mim_sha256, analysis->settings, (gint64) analysis->seed,
                     analysis->program_version, analysis->device, analysis->result, analysis->highest_score,
                     analysis->n_faces, analysis->trained ? 1 : 0, analysis->calibrated ? 1 : 0))
    return FALSE;
  analysis->id = sqlite3_last_insert_rowid (store->db);
  for (guint i = 0; faces != NULL && i < faces->len; i++)
    if (!insert_face (store, analysis, g_ptr_array_index (faces, i), error))
      return FALSE;
  details = smb_case_details ("model", 's', analysis->model_name, "model_sha256", 's', analysis->model_sha256,
                              "mim_sha256", 's', analysis->mim_sha256, "settings", 's', analysis->settings, "faces",
                              'i', (gint64) analysis->n_faces, "highest_score", 'd', analysis->highest_score, NULL);
  if (!smb_case_append_log (store, "analysis.store", exhibit, details, "analysis", analysis->id, error))
    return FALSE;
  for (guint i = 0; faces != NULL && i < faces->len; i++)
    if (!carry_regions (store, exhibit, g_ptr_array_index (faces, i), error))
      return FALSE;
  return TRUE;
}

gboolean
smb_case_add_analysis (SmbCase *store, SmbCaseAnalysis *analysis, GPtrArray *faces, GError **error)
{
  g_return_val_if_fail (analysis != NULL && analysis->evidence_id != 0, FALSE);
  if (!check_new (analysis, error) || !smb_case_begin (store, error))
    return FALSE;
  if (analysis->made_us == 0)
    analysis->made_us = smb_case_now_us ();
  if (!smb_case_end (store, insert_analysis (store, analysis, faces, error), error)) {
    analysis->id = 0;
    return FALSE;
  }
  return TRUE;
}

GPtrArray *
smb_case_list_analyses (SmbCase *store, gint64 evidence_id, GError **error)
{
  g_autoptr (GPtrArray) list = g_ptr_array_new_with_free_func ((GDestroyNotify) smb_case_analysis_free);
  g_autoptr (sqlite3_stmt) stmt = smb_case_query (
      store, error,
      "SELECT id, evidence_id, made_us, model_name, model_sha256, mim_sha256, settings, seed, program_version, device,"
      " result, highest_score, n_faces, trained, calibrated FROM analysis WHERE ?1 = 0 OR evidence_id = ?1"
      " ORDER BY made_us DESC, id DESC",
      "i", evidence_id);
  int got = -1;

  while (stmt != NULL && (got = smb_case_step (store, stmt, error)) > 0) {
    SmbCaseAnalysis *analysis = g_new0 (SmbCaseAnalysis, 1);

    analysis->id = sqlite3_column_int64 (stmt, 0);
    analysis->evidence_id = sqlite3_column_int64 (stmt, 1);
    analysis->made_us = sqlite3_column_int64 (stmt, 2);
    analysis->model_name = smb_case_column_text (stmt, 3);
    analysis->model_sha256 = smb_case_column_text (stmt, 4);
    analysis->mim_sha256 = smb_case_column_text (stmt, 5);
    analysis->settings = smb_case_column_text (stmt, 6);
    analysis->seed = (guint64) sqlite3_column_int64 (stmt, 7);
    analysis->program_version = smb_case_column_text (stmt, 8);
    analysis->device = smb_case_column_text (stmt, 9);
    analysis->result = smb_case_column_text (stmt, 10);
    analysis->highest_score = smb_case_column_double (stmt, 11);
    analysis->n_faces = sqlite3_column_int (stmt, 12);
    analysis->trained = sqlite3_column_int (stmt, 13) != 0;
    analysis->calibrated = sqlite3_column_int (stmt, 14) != 0;
    g_ptr_array_add (list, analysis);
  }
  return stmt == NULL || got < 0 ? NULL : g_steal_pointer (&list);
}

GPtrArray *
smb_case_list_faces (SmbCase *store, gint64 analysis_id, GError **error)
{
  g_autoptr (GPtrArray) list = g_ptr_array_new_with_free_func ((GDestroyNotify) smb_case_face_free);
  g_autoptr (sqlite3_stmt) stmt = smb_case_query (
      store, error,
      "SELECT id, evidence_id, x, y, width, height, dx, dy, dwidth, dheight, confidence, origin, label"
      " FROM face WHERE analysis_id = ?1 ORDER BY id",
      "i", analysis_id);
  int got = -1;

  while (stmt != NULL && (got = smb_case_step (store, stmt, error)) > 0) {
    SmbCaseFace *face = g_new0 (SmbCaseFace, 1);

    face->id = sqlite3_column_int64 (stmt, 0);
    face->evidence_id = sqlite3_column_int64 (stmt, 1);
    face->x = sqlite3_column_int (stmt, 2);
    face->y = sqlite3_column_int (stmt, 3);
    face->width = sqlite3_column_int (stmt, 4);
    face->height = sqlite3_column_int (stmt, 5);
    face->dx = sqlite3_column_int (stmt, 6);
    face->dy = sqlite3_column_int (stmt, 7);
    face->dwidth = sqlite3_column_int (stmt, 8);
    face->dheight = sqlite3_column_int (stmt, 9);
    face->confidence = smb_case_column_double (stmt, 10);
    face->origin = smb_case_column_text (stmt, 11);
    face->label = smb_case_column_text (stmt, 12);
    g_ptr_array_add (list, face);
  }
  return stmt == NULL || got < 0 ? NULL : g_steal_pointer (&list);
}
