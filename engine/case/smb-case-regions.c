/* SPDX-License-Identifier: Apache-2.0 */
/* Region maps of faces that an examiner corrected; every version is kept. */
#include "case/smb-case-private.h"

#include "base/smb-error.h"

#include <glib/gi18n-lib.h>

static gboolean
insert_regions (SmbCase *store, SmbCaseRegions *regions, GError **error)
{
  g_autoptr (sqlite3_stmt) stmt
      = smb_case_query (store, error,
                        "SELECT evidence.exhibit, face.label FROM face JOIN evidence ON evidence.id = face.evidence_id"
                        " WHERE face.id = ?1",
                        "i", regions->face_id);
  g_autofree char *exhibit = NULL, *label = NULL, *details = NULL;
  int got;

  if (stmt == NULL || (got = smb_case_step (store, stmt, error)) < 0)
    return FALSE;
  if (got == 0) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_NOT_FOUND, _("%s has no face number %lld; reload the faces."), store->name,
                 (long long) regions->face_id);
    return FALSE;
  }
  exhibit = smb_case_column_text (stmt, 0);
  label = smb_case_column_text (stmt, 1);
  g_clear_pointer (&stmt, sqlite3_finalize);
  if (!smb_case_run (store, error,
                     "INSERT INTO region_map (face_id, made_us, author, size_px, origin, classes)"
                     " VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                     "iisnss", regions->face_id, regions->made_us, regions->author, regions->size_px,
                     regions->origin != NULL ? regions->origin : "", regions->classes != NULL ? regions->classes : ""))
    return FALSE;
  regions->id = sqlite3_last_insert_rowid (store->db);
  details = smb_case_details ("face", 's', label, "origin", 's', regions->origin, "size_px", 'i',
                              (gint64) regions->size_px, NULL);
  return smb_case_append_log (store, regions->size_px > 0 ? "regions.edit" : "regions.reset", exhibit, details,
                              "region_map", regions->id, error);
}

gboolean
smb_case_add_regions (SmbCase *store, SmbCaseRegions *regions, GError **error)
{
  g_return_val_if_fail (regions != NULL && regions->size_px >= 0, FALSE);
  if (!smb_case_check_text (_("The region map"), regions->classes, SMB_CASE_MAX_RESULT_BYTES, regions->size_px > 0, error)
      || !smb_case_check_text (_("The origin of the region map"), regions->origin, SMB_CASE_MAX_LINE_BYTES,
                               regions->size_px > 0, error)
      || !smb_case_check_text (_("The author of the region map"), regions->author, SMB_CASE_MAX_LINE_BYTES, FALSE, error)
      || !smb_case_begin (store, error))
    return FALSE;
  if (regions->author == NULL)
    regions->author = g_strdup (store->actor);
  if (regions->made_us == 0)
    regions->made_us = smb_case_now_us ();
  if (!smb_case_end (store, insert_regions (store, regions, error), error)) {
    regions->id = 0;
    return FALSE;
  }
  return TRUE;
}

gboolean
smb_case_get_regions (SmbCase *store, gint64 face_id, SmbCaseRegions **regions_out, GError **error)
{
  g_autoptr (sqlite3_stmt) stmt
      = smb_case_query (store, error,
                        "SELECT id, face_id, made_us, author, size_px, origin, classes FROM region_map WHERE face_id = ?1"
                        " ORDER BY id DESC LIMIT 1",
                        "i", face_id);
  int got;

  *regions_out = NULL;
  if (stmt == NULL || (got = smb_case_step (store, stmt, error)) < 0)
    return FALSE;
  if (got > 0 && sqlite3_column_int (stmt, 4) > 0) {
    SmbCaseRegions *regions = g_new0 (SmbCaseRegions, 1);

    regions->id = sqlite3_column_int64 (stmt, 0);
    regions->face_id = sqlite3_column_int64 (stmt, 1);
    regions->made_us = sqlite3_column_int64 (stmt, 2);
    regions->author = smb_case_column_text (stmt, 3);
    regions->size_px = sqlite3_column_int (stmt, 4);
    regions->origin = smb_case_column_text (stmt, 5);
    regions->classes = smb_case_column_text (stmt, 6);
    *regions_out = regions;
  }
  return TRUE;
}
