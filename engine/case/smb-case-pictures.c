/* SPDX-License-Identifier: Apache-2.0 */
/* The numbered pictures that an exhibit can be made of. */
#include "case/smb-case-private.h"

#include "base/smb-error.h"

#include <glib/gi18n-lib.h>

char *
smb_case_pictures_manifest (GPtrArray *pictures)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < pictures->len; i++) {
    const SmbCasePicture *picture = pictures->pdata[i];

    g_string_append_printf (text, "%s  %s\n", picture->sha256, picture->name);
  }
  return g_string_free (text, FALSE);
}

static gboolean
insert_picture (SmbCase *store, gint64 evidence_id, guint position, const SmbCasePicture *picture, GError **error)
{
  return smb_case_check_text (_ ("The name of a picture"), picture->name, SMB_CASE_MAX_LINE_BYTES, TRUE, error)
         && smb_case_run (
             store, error,
             "INSERT INTO picture (evidence_id, position, name, sha256, size_bytes) VALUES (?1, ?2, ?3, ?4, ?5)",
             "inssi", evidence_id, (int) position, picture->name, picture->sha256, (gint64) picture->size_bytes);
}

gboolean
smb_case_insert_pictures (SmbCase *store, SmbEvidence *evidence, const char *exhibit, GError **error)
{
  const guint n = evidence->pictures != NULL ? evidence->pictures->len : 0;
  g_autofree char *details = NULL;

  for (guint i = 0; i < n; i++)
    if (!insert_picture (store, evidence->id, i, evidence->pictures->pdata[i], error))
      return FALSE;
  evidence->n_pictures = n;
  if (n == 0)
    return TRUE;
  details = smb_case_details ("pictures", 'i', (gint64) n, NULL);
  return smb_case_append_log (store, "evidence.pictures", exhibit, details, "picture", evidence->id, error);
}

GPtrArray *
smb_case_list_pictures (SmbCase *store, gint64 evidence_id, GError **error)
{
  g_autoptr (GPtrArray) list = g_ptr_array_new_with_free_func ((GDestroyNotify) smb_case_picture_free);
  g_autoptr (sqlite3_stmt) stmt = smb_case_query (
      store, error, "SELECT name, sha256, size_bytes FROM picture WHERE evidence_id = ?1 ORDER BY position", "i",
      evidence_id);
  int got = -1;

  while (stmt != NULL && (got = smb_case_step (store, stmt, error)) > 0) {
    SmbCasePicture *picture = g_new0 (SmbCasePicture, 1);

    picture->name = smb_case_column_text (stmt, 0);
    picture->sha256 = smb_case_column_text (stmt, 1);
    picture->size_bytes = (guint64) sqlite3_column_int64 (stmt, 2);
    g_ptr_array_add (list, picture);
  }
  return stmt == NULL || got < 0 ? NULL : g_steal_pointer (&list);
}
