/* SPDX-License-Identifier: Apache-2.0 */
/* Labels of exhibits and faces; every one is kept. */
#include "case/smb-case-label.h"

#include "base/smb-error.h"
#include "case/smb-case-private.h"

#include <glib/gi18n-lib.h>

void
smb_case_label_free (SmbCaseLabel *label)
{
  if (label == NULL)
    return;
  g_free (label->face);
  g_free (label->author);
  g_free (label->class);
  g_free (label->identity);
  g_free (label);
}

/* "F1" of a face of this exhibit, "" for none; NULL with an error. */
static char *
dup_face_label (SmbCase *store, const SmbCaseLabel *label, GError **error)
{
  g_autoptr (sqlite3_stmt) stmt = NULL;
  int got;

  if (label->face_id == 0)
    return g_strdup ("");
  stmt = smb_case_query (store, error, "SELECT label FROM face WHERE id = ?1 AND evidence_id = ?2", "ii",
                         label->face_id, label->evidence_id);
  if (stmt == NULL || (got = smb_case_step (store, stmt, error)) < 0)
    return NULL;
  if (got > 0)
    return smb_case_column_text (stmt, 0);
  g_set_error (error, SMB_ERROR, SMB_ERROR_NOT_FOUND, _ ("%s: the exhibit has no face number %lld; reload the faces."),
               store->name, (long long) label->face_id);
  return NULL;
}

static gboolean
insert_label (SmbCase *store, SmbCaseLabel *label, GError **error)
{
  g_autofree char *exhibit = smb_case_dup_exhibit (store, label->evidence_id, error);
  g_autofree char *face = exhibit != NULL ? dup_face_label (store, label, error) : NULL;
  g_autofree char *details = NULL;

  if (face == NULL
      || !smb_case_run (store, error,
                        "INSERT INTO label (evidence_id, face_id, made_us, author, class, identity)"
                        " VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                        "irisss", label->evidence_id, label->face_id, label->made_us, label->author, label->class,
                        label->identity))
    return FALSE;
  label->id = sqlite3_last_insert_rowid (store->db);
  details = smb_case_details ("face", 's', face, "class", 's', label->class, "identity", 's', label->identity, NULL);
  return smb_case_append_log (store, label->class[0] != '\0' ? "label.set" : "label.clear", exhibit, details, "label",
                              label->id, error);
}

gboolean
smb_case_check_class (const char *name, GError **error)
{
  if (!smb_case_check_text (_ ("The label's class"), name, SMB_CASE_MAX_LINE_BYTES, FALSE, error))
    return FALSE;
  if (strpbrk (name, "=,\n") == NULL)
    return TRUE;
  g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT,
               _ ("“%s” cannot be the name of a class: leave out commas, equals signs and line breaks."), name);
  return FALSE;
}

gboolean
smb_case_add_label (SmbCase *store, SmbCaseLabel *label, GError **error)
{
  g_return_val_if_fail (label != NULL && label->evidence_id != 0, FALSE);
  if (label->class == NULL)
    label->class = g_strdup ("");
  if (label->identity == NULL)
    label->identity = g_strdup ("");
  if (!smb_case_check_class (label->class, error)
      || !smb_case_check_text (_ ("The label's identity"), label->identity, SMB_CASE_MAX_LINE_BYTES, FALSE, error)
      || !smb_case_check_text (_ ("The author of the label"), label->author, SMB_CASE_MAX_LINE_BYTES, FALSE, error))
    return FALSE;
  if (!smb_case_begin (store, error))
    return FALSE;
  if (label->author == NULL)
    label->author = g_strdup (store->actor);
  if (label->made_us == 0)
    label->made_us = smb_case_now_us ();
  if (!smb_case_end (store, insert_label (store, label, error), error)) {
    label->id = 0;
    return FALSE;
  }
  return TRUE;
}

GPtrArray *
smb_case_list_labels (SmbCase *store, gint64 evidence_id, GError **error)
{
  g_autoptr (GPtrArray) list = g_ptr_array_new_with_free_func ((GDestroyNotify) smb_case_label_free);
  g_autoptr (sqlite3_stmt) stmt = smb_case_query (
      store, error,
      "SELECT l.id, l.evidence_id, coalesce (l.face_id, 0), l.made_us, l.author, l.class, l.identity,"
      " coalesce (f.analysis_id, 0), f.label FROM label AS l LEFT JOIN face AS f ON f.id = l.face_id"
      " WHERE (?1 = 0 OR l.evidence_id = ?1) AND l.class <> '' AND l.id = (SELECT max (id) FROM label AS other"
      " WHERE other.evidence_id = l.evidence_id AND other.face_id IS l.face_id)"
      " ORDER BY l.evidence_id, coalesce (l.face_id, 0)",
      "i", evidence_id);
  int got = -1;

  while (stmt != NULL && (got = smb_case_step (store, stmt, error)) > 0) {
    SmbCaseLabel *label = g_new0 (SmbCaseLabel, 1);

    label->id = sqlite3_column_int64 (stmt, 0);
    label->evidence_id = sqlite3_column_int64 (stmt, 1);
    label->face_id = sqlite3_column_int64 (stmt, 2);
    label->made_us = sqlite3_column_int64 (stmt, 3);
    label->author = smb_case_column_text (stmt, 4);
    label->class = smb_case_column_text (stmt, 5);
    label->identity = smb_case_column_text (stmt, 6);
    label->analysis_id = sqlite3_column_int64 (stmt, 7);
    label->face = smb_case_column_text (stmt, 8);
    g_ptr_array_add (list, label);
  }
  return stmt == NULL || got < 0 ? NULL : g_steal_pointer (&list);
}
