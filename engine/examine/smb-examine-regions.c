/* SPDX-License-Identifier: Apache-2.0 */
/* Region maps between the case, which keeps texts, and the rooms that use them. */
#include "examine/smb-examine.h"

#include "base/smb-error.h"

#include <glib/gi18n-lib.h>

/* 0 with an error if there is no such face. */
static gint64
face_id (SmbCase *store, gint64 analysis_id, guint index, GError **error)
{
  g_autoptr (GPtrArray) faces = smb_case_list_faces (store, analysis_id, error);

  if (faces == NULL)
    return 0;
  if (index < faces->len)
    return ((SmbCaseFace *) g_ptr_array_index (faces, index))->id;
  g_set_error (error, SMB_ERROR, SMB_ERROR_NOT_FOUND, _ ("%s: the analysis has no face F%u; reload the faces."),
               smb_case_get_path (store), index + 1);
  return 0;
}

gboolean
smb_examine_get_regions (SmbCase *store, gint64 analysis_id, guint index, SmbRegions **regions_out, GError **error)
{
  const gint64 id = face_id (store, analysis_id, index, error);
  g_autoptr (SmbCaseRegions) stored = NULL;
  SmbRegionsOrigin origin;

  *regions_out = NULL;
  if (id == 0 || !smb_case_get_regions (store, id, &stored, error))
    return FALSE;
  if (stored == NULL)
    return TRUE;
  if (!smb_regions_origin_from_name (stored->origin, &origin))
    origin = SMB_REGIONS_BY_HAND;
  *regions_out = smb_regions_unpack (stored->classes, stored->size_px, origin, error);
  return *regions_out != NULL;
}

gboolean
smb_examine_set_regions (SmbCase *store, gint64 analysis_id, guint index, const SmbRegions *regions, GError **error)
{
  SmbCaseRegions record = { .face_id = face_id (store, analysis_id, index, error) };
  g_autofree char *packed = regions != NULL ? smb_regions_pack (regions) : NULL, *author = NULL;
  gboolean ok;

  if (record.face_id == 0)
    return FALSE;
  if (regions != NULL) {
    record.size_px = regions->size_px;
    record.origin = (char *) smb_regions_origin_name (regions->origin);
    record.classes = packed;
  }
  ok = smb_case_add_regions (store, &record, error);
  author = record.author;
  return ok;
}
