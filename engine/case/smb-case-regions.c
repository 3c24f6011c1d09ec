/* SPDX-License-Identifier: Apache-2.0 */
/* Region maps of faces that an examiner corrected; every version is kept. */
#include "case/smb-case-private.h"

#include "base/smb-error.h"

#include <glib/gi18n-lib.h>

static gboolean
check_new (const SmbCaseRegions *regions, GError **error)
{
  return smb_case_check_text (_ ("The region map"), regions->classes, SMB_CASE_MAX_RESULT_BYTES, regions->size_px > 0,
                              error)
         && smb_case_check_text (_ ("The origin of the region map"), regions->origin, SMB_CASE_MAX_LINE_BYTES,
                                 regions->size_px > 0, error)
         && smb_case_check_text (_ ("The author of the region map"), regions->author, SMB_CASE_MAX_LINE_BYTES, FALSE,
                                 error);
}

gboolean
smb_case_insert_regions (SmbCase *store, SmbCaseRegions *regions, const char *action, const char *exhibit,
                         const char *label, gint64 carried_from, GError **error)
{
  g_autofree char *details = NULL;

  if (!check_new (regions, error)
      || !smb_case_run (store, error,
                        "INSERT INTO region_map (face_id, made_us, author, size_px, origin, classes)"
                        " VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                        "iisnss", regions->face_id, regions->made_us, regions->author, regions->size_px,
                        regions->origin != NULL ? regions->origin : "",
                        regions->classes != NULL ? regions->classes : ""))
    return FALSE;
  regions->id = sqlite3_last_insert_rowid (store->db);
  details = carried_from != 0
                ? smb_case_details ("face", 's', label, "from", 'i', carried_from, "origin", 's', regions->origin,
                                    "author", 's', regions->author, "size_px", 'i', (gint64) regions->size_px, NULL)
                : smb_case_details ("face", 's', label, "origin", 's', regions->origin, "size_px", 'i',
                                    (gint64) regions->size_px, NULL);
  return smb_case_append_log (store, action, exhibit, details, "region_map", regions->id, error);
}

static gboolean
insert_edited (SmbCase *store, SmbCaseRegions *regions, GError **error)
{
  g_autoptr (sqlite3_stmt) stmt
      = smb_case_query (store, error,
                        "SELECT evidence.exhibit, face.label FROM face JOIN evidence ON evidence.id = face.evidence_id"
                        " WHERE face.id = ?1",
                        "i", regions->face_id);
  g_autofree char *exhibit = NULL, *label = NULL;
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
  return smb_case_insert_regions (store, regions, regions->size_px > 0 ? "regions.edit" : "regions.reset", exhibit,
                                  label, 0, error);
}

gboolean
smb_case_add_regions (SmbCase *store, SmbCaseRegions *regions, GError **error)
{
  g_return_val_if_fail (regions != NULL && regions->size_px >= 0, FALSE);
  if (!check_new (regions, error) || !smb_case_begin (store, error))
    return FALSE;
  if (regions->author == NULL)
    regions->author = g_strdup (store->actor);
  if (regions->made_us == 0)
    regions->made_us = smb_case_now_us ();
  if (!smb_case_end (store, insert_edited (store, regions, error), error)) {
    regions->id = 0;
    return FALSE;
  }
  return TRUE;
}

/* id, face_id, made_us, author, size_px, origin, classes from the first column on. */
static SmbCaseRegions *
read_regions (sqlite3_stmt *stmt)
{
  SmbCaseRegions *regions = g_new0 (SmbCaseRegions, 1);

  regions->id = sqlite3_column_int64 (stmt, 0);
  regions->face_id = sqlite3_column_int64 (stmt, 1);
  regions->made_us = sqlite3_column_int64 (stmt, 2);
  regions->author = smb_case_column_text (stmt, 3);
  regions->size_px = sqlite3_column_int (stmt, 4);
  regions->origin = smb_case_column_text (stmt, 5);
  regions->classes = smb_case_column_text (stmt, 6);
  return regions;
}

gboolean
smb_case_get_regions (SmbCase *store, gint64 face_id, SmbCaseRegions **regions_out, GError **error)
{
  g_autoptr (sqlite3_stmt) stmt = smb_case_query (
      store, error,
      "SELECT id, face_id, made_us, author, size_px, origin, classes FROM region_map WHERE face_id = ?1"
      " ORDER BY id DESC LIMIT 1",
      "i", face_id);
  int got;

  *regions_out = NULL;
  if (stmt == NULL || (got = smb_case_step (store, stmt, error)) < 0)
    return FALSE;
  if (got > 0 && sqlite3_column_int (stmt, 4) > 0)
    *regions_out = read_regions (stmt);
  return TRUE;
}

GPtrArray *
smb_case_list_regions (SmbCase *store, gint64 evidence_id, GError **error)
{
  g_autoptr (GPtrArray) list = g_ptr_array_new_with_free_func ((GDestroyNotify) smb_case_face_free);
  g_autoptr (sqlite3_stmt) stmt = smb_case_query (
      store, error,
      "SELECT map.id, map.face_id, map.made_us, map.author, map.size_px, map.origin, map.classes, face.x, face.y,"
      " face.width, face.height, face.label FROM region_map AS map JOIN face ON face.id = map.face_id"
      " WHERE face.evidence_id = ?1 ORDER BY map.id DESC",
      "i", evidence_id);
  int got = -1;

  while (stmt != NULL && (got = smb_case_step (store, stmt, error)) > 0) {
    SmbCaseFace *face = g_new0 (SmbCaseFace, 1);

    face->regions = read_regions (stmt);
    face->id = face->regions->face_id;
    face->evidence_id = evidence_id;
    face->x = sqlite3_column_int (stmt, 7);
    face->y = sqlite3_column_int (stmt, 8);
    face->width = sqlite3_column_int (stmt, 9);
    face->height = sqlite3_column_int (stmt, 10);
    face->label = smb_case_column_text (stmt, 11);
    g_ptr_array_add (list, face);
  }
  return stmt == NULL || got < 0 ? NULL : g_steal_pointer (&list);
}
