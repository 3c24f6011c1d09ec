/* SPDX-License-Identifier: Apache-2.0 */
/* Exhibits: taking in, listing, verification, moved files. */
#include "case/smb-case-private.h"

#include "base/smb-error.h"

#include <glib/gi18n-lib.h>

#define COLUMNS                                                                                                        \
  "id, exhibit, path, sha256, size_bytes, acquired_us, modified_us, format, width, height, problem, hash_state, "      \
  "verified_us, found_sha256, EXISTS (SELECT 1 FROM video WHERE video.evidence_id = evidence.id), "              \
  "(SELECT count (*) FROM picture WHERE picture.evidence_id = evidence.id)"

static gboolean
is_sha256 (const char *text)
{
  return text != NULL && strlen (text) == 64 && strspn (text, "0123456789abcdef") == 64;
}

static gboolean
check_sha256 (const char *text, GError **error)
{
  if (is_sha256 (text))
    return TRUE;
  g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT,
               _("“%s” is not a SHA-256 hash; it must be 64 hexadecimal digits in lower case."),
               text != NULL ? text : "");
  return FALSE;
}

char *
smb_case_dup_exhibit (SmbCase *store, gint64 evidence_id, GError **error)
{
  g_autoptr (sqlite3_stmt) stmt = NULL;
  int got;

  if (evidence_id == 0)
    return g_strdup ("");
  stmt = smb_case_query (store, error, "SELECT exhibit FROM evidence WHERE id = ?1", "i", evidence_id);
  if (stmt == NULL || (got = smb_case_step (store, stmt, error)) < 0)
    return NULL;
  if (got > 0)
    return smb_case_column_text (stmt, 0);
  g_set_error (error, SMB_ERROR, SMB_ERROR_NOT_FOUND,
               _("%s has no exhibit with the record number %lld; reload the list of evidence."), store->name,
               (long long) evidence_id);
  return NULL;
}

/* "S-01" … "S-99", "S-100" …: one more than the highest number so far, so that none is ever given twice. */
static char *
next_exhibit (SmbCase *store, GError **error)
{
  gint64 highest;

  if (!smb_case_query_int (store, &highest, 0, error,
                           "SELECT max (CAST (substr (exhibit, 3) AS INTEGER)) FROM evidence"
                           " WHERE exhibit GLOB 'S-[0-9]*' AND substr (exhibit, 3) NOT GLOB '*[^0-9]*'"
                           " AND length (exhibit) <= 11",
                           ""))
    return NULL;
  return g_strdup_printf ("S-%02" G_GINT64_FORMAT, highest + 1);
}

static gboolean
check_new (const SmbEvidence *evidence, GError **error)
{
  if (!smb_case_check_text (_("The exhibit number"), evidence->exhibit, SMB_CASE_MAX_LINE_BYTES,
                            evidence->exhibit != NULL, error)
      || !smb_case_check_text (_("The path of the evidence"), evidence->path, SMB_CASE_MAX_PATH_BYTES, TRUE, error)
      || !smb_case_check_text (_("The format"), evidence->format, SMB_CASE_MAX_LINE_BYTES, FALSE, error)
      || !smb_case_check_text (_("The description of the problem"), evidence->problem, SMB_CASE_MAX_TEXT_BYTES, FALSE,
                               error)
      || !check_sha256 (evidence->sha256, error))
    return FALSE;
  if (!g_path_is_absolute (evidence->path)) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT,
                 _("The path “%s” is not absolute; evidence is recorded by its full path."), evidence->path);
    return FALSE;
  }
  return TRUE;
}

/* The exhibit that has these bytes (and, if `path` is given, this path) already; NULL: none or error. */
static char *
find_same (SmbCase *store, const char *sha256, const char *path, GError **error)
{
  g_autoptr (sqlite3_stmt) stmt = smb_case_query (
      store, error, "SELECT exhibit FROM evidence WHERE sha256 = ?1 AND (?2 IS NULL OR path = ?2) ORDER BY id LIMIT 1",
      "ss", sha256, path);

  return stmt != NULL && smb_case_step (store, stmt, error) > 0 ? smb_case_column_text (stmt, 0) : NULL;
}

static gboolean
refuse_repeated (SmbCase *store, const SmbEvidence *evidence, const char *exhibit, GError **error)
{
  g_autoptr (GError) failure = NULL;
  g_autofree char *same = find_same (store, evidence->sha256, evidence->path, &failure);
  gint64 taken = 0;

  if (failure != NULL) {
    g_propagate_error (error, g_steal_pointer (&failure));
    return FALSE;
  }
  if (same != NULL) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT,
                 _("%s is in the case already, as exhibit %s with the same contents; it is not added again."),
                 evidence->path, same);
    return FALSE;
  }
  if (!smb_case_query_int (store, &taken, 0, error, "SELECT count (*) FROM evidence WHERE exhibit = ?1", "s", exhibit))
    return FALSE;
  if (taken > 0) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT,
                 _("The exhibit number %s is taken; choose another, or leave it to the program."), exhibit);
    return FALSE;
  }
  return TRUE;
}

static gboolean
insert_evidence (SmbCase *store, SmbEvidence *evidence, const char *exhibit, GError **error)
{
  g_autoptr (GError) failure = NULL;
  g_autofree char *twin = find_same (store, evidence->sha256, NULL, &failure);
  g_autofree char *details = NULL;
  gint64 acquired_us = evidence->acquired_us != 0 ? evidence->acquired_us : smb_case_now_us ();

  if (failure != NULL) {
    g_propagate_error (error, g_steal_pointer (&failure));
    return FALSE;
  }
  if (!smb_case_run (store, error,
                     "INSERT INTO evidence (exhibit, path, sha256, size_bytes, acquired_us, modified_us, format, width,"
                     " height, problem, hash_state, verified_us)"
                     " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
                     "sssiiisnnsni", exhibit, evidence->path, evidence->sha256, (gint64) evidence->size_bytes,
                     acquired_us, evidence->modified_us, evidence->format, evidence->width, evidence->height,
                     evidence->problem, (int) evidence->hash_state, evidence->verified_us))
    return FALSE;
  evidence->id = sqlite3_last_insert_rowid (store->db);
  evidence->acquired_us = acquired_us;
  details = smb_case_details ("path", 's', evidence->path, "sha256", 's', evidence->sha256, "size_bytes", 'i',
                              (gint64) evidence->size_bytes, "problem", 's', evidence->problem, "same_bytes_as", 's',
                              twin, NULL);
  return smb_case_append_log (store, "evidence.add", exhibit, details, "evidence", evidence->id, error);
}

gboolean
smb_case_add_evidence (SmbCase *store, SmbEvidence *evidence, GError **error)
{
  g_autofree char *exhibit = NULL;
  gboolean ok;

  g_return_val_if_fail (evidence != NULL, FALSE);
  if (!check_new (evidence, error) || !smb_case_begin (store, error))
    return FALSE;
  exhibit = evidence->exhibit != NULL ? g_strdup (evidence->exhibit) : next_exhibit (store, error);
  ok = exhibit != NULL && refuse_repeated (store, evidence, exhibit, error)
       && insert_evidence (store, evidence, exhibit, error)
       && smb_case_insert_pictures (store, evidence, exhibit, error);
  if (!smb_case_end (store, ok, error)) {
    evidence->id = 0;
    return FALSE;
  }
  if (evidence->exhibit == NULL)
    evidence->exhibit = g_steal_pointer (&exhibit);
  return TRUE;
}

/* Runs of digits compare as numbers: S-2 before S-10. */
static int
compare_natural (const char *a, const char *b)
{
  while (*a != '\0' && *b != '\0') {
    if (g_ascii_isdigit (*a) && g_ascii_isdigit (*b)) {
      gsize n_a, n_b;
      int order;

      while (*a == '0')
        a++;
      while (*b == '0')
        b++;
      n_a = strspn (a, "0123456789");
      n_b = strspn (b, "0123456789");
      if (n_a != n_b)
        return n_a < n_b ? -1 : 1;
      order = strncmp (a, b, n_a);
      if (order != 0)
        return order;
      a += n_a;
      b += n_b;
    } else if (*a != *b) {
      return (guchar) *a < (guchar) *b ? -1 : 1;
    } else {
      a++;
      b++;
    }
  }
  return (*a != '\0') - (*b != '\0');
}

static int
compare_exhibits (gconstpointer a, gconstpointer b)
{
  const SmbEvidence *left = *(SmbEvidence *const *) a;
  const SmbEvidence *right = *(SmbEvidence *const *) b;
  int order = compare_natural (left->exhibit, right->exhibit);

  return order != 0 ? order : (left->id > right->id) - (left->id < right->id);
}

GPtrArray *
smb_case_list_evidence (SmbCase *store, GError **error)
{
  g_autoptr (GPtrArray) list = g_ptr_array_new_with_free_func ((GDestroyNotify) smb_evidence_free);
  g_autoptr (sqlite3_stmt) stmt = smb_case_query (store, error, "SELECT " COLUMNS " FROM evidence", "");
  int got = -1;

  while (stmt != NULL && (got = smb_case_step (store, stmt, error)) > 0) {
    SmbEvidence *evidence = g_new0 (SmbEvidence, 1);

    evidence->id = sqlite3_column_int64 (stmt, 0);
    evidence->exhibit = smb_case_column_text (stmt, 1);
    evidence->path = smb_case_column_text (stmt, 2);
    evidence->sha256 = smb_case_column_text (stmt, 3);
    evidence->size_bytes = (guint64) sqlite3_column_int64 (stmt, 4);
    evidence->acquired_us = sqlite3_column_int64 (stmt, 5);
    evidence->modified_us = sqlite3_column_int64 (stmt, 6);
    evidence->format = smb_case_column_text (stmt, 7);
    evidence->width = sqlite3_column_int (stmt, 8);
    evidence->height = sqlite3_column_int (stmt, 9);
    evidence->problem = smb_case_column_text (stmt, 10);
    evidence->hash_state = (SmbHashState) CLAMP (sqlite3_column_int (stmt, 11), 0, SMB_HASH_UNREADABLE);
    evidence->verified_us = sqlite3_column_int64 (stmt, 12);
    evidence->found_sha256 = smb_case_column_text (stmt, 13);
    evidence->video = sqlite3_column_int (stmt, 14);
    evidence->n_pictures = (guint) sqlite3_column_int (stmt, 15);
    g_ptr_array_add (list, evidence);
  }
  if (stmt == NULL || got < 0)
    return NULL;
  g_ptr_array_sort (list, compare_exhibits);
  return g_steal_pointer (&list);
}

static const char *
state_word (SmbHashState state)
{
  static const char *const words[] = { "unverified", "verified", "altered", "missing", "unreadable" };

  return words[state];
}

/* Stores the finding that goes with a change for the worse. */
static gboolean
add_state_finding (SmbCase *store, gint64 evidence_id, const char *exhibit, SmbHashState state, const char *expected,
                   const char *found, GError **error)
{
  g_autofree char *text = NULL;
  g_autofree char *details = NULL;
  SmbFinding finding = { .evidence_id = evidence_id };

  if (state == SMB_HASH_ALTERED) {
    text = g_strdup_printf (_("The file of exhibit %s was altered after its acquisition: its SHA-256 is now %s."),
                            exhibit, found != NULL ? found : "?");
    finding.kind = (char *) "hash-mismatch";
  } else {
    text = g_strdup_printf (_("The file of exhibit %s is no longer where it was acquired."), exhibit);
    finding.kind = (char *) "file-missing";
  }
  details = smb_case_details ("acquired_sha256", 's', expected, "found_sha256", 's', found, NULL);
  finding.text = text;
  finding.details = details;
  return smb_case_add_finding (store, &finding, error);
}

gboolean
smb_case_set_hash_state (SmbCase *store, gint64 evidence_id, SmbHashState state, const char *found_sha256,
                         GError **error)
{
  g_autoptr (sqlite3_stmt) before = NULL;
  g_autofree char *exhibit = NULL;
  g_autofree char *expected = NULL;
  g_autofree char *found_before = NULL;
  g_autofree char *details = NULL;
  const char *found = state == SMB_HASH_ALTERED ? found_sha256 : NULL;
  gboolean changed = FALSE;
  gboolean ok;

  g_return_val_if_fail (evidence_id != 0 && state <= SMB_HASH_UNREADABLE, FALSE);
  if (found != NULL && !check_sha256 (found, error))
    return FALSE;
  if (!smb_case_begin (store, error))
    return FALSE;
  exhibit = smb_case_dup_exhibit (store, evidence_id, error);
  ok = exhibit != NULL;
  if (ok) {
    before = smb_case_query (store, error, "SELECT hash_state, sha256, found_sha256 FROM evidence WHERE id = ?1", "i",
                             evidence_id);
    ok = before != NULL && smb_case_step (store, before, error) > 0;
  }
  if (ok) {
    expected = smb_case_column_text (before, 1);
    found_before = smb_case_column_text (before, 2);
    /* Altered once more, to yet other bytes, is news as well. */
    changed = sqlite3_column_int (before, 0) != (int) state || g_strcmp0 (found_before, found) != 0;
    sqlite3_reset (before);
  }
  ok = ok
       && smb_case_run (store, error,
                        "UPDATE evidence SET hash_state = ?1, verified_us = ?2, found_sha256 = ?3 WHERE id = ?4",
                        "nisi", (int) state, smb_case_now_us (), found, evidence_id);
  if (ok) {
    details = smb_case_details ("state", 's', state_word (state), "found_sha256", 's', found_sha256, NULL);
    ok = smb_case_append_log (store, "evidence.verify", exhibit, details, "evidence", evidence_id, error);
  }
  if (ok && changed && (state == SMB_HASH_ALTERED || state == SMB_HASH_MISSING))
    ok = add_state_finding (store, evidence_id, exhibit, state, expected, found, error);
  return smb_case_end (store, ok, error);
}

static gboolean
relocate (SmbCase *store, gint64 evidence_id, const char *new_path, const char *new_sha256, GError **error)
{
  g_autoptr (sqlite3_stmt) stmt = smb_case_query (
      store, error, "SELECT exhibit, path, sha256 FROM evidence WHERE id = ?1", "i", evidence_id);
  g_autofree char *exhibit = NULL;
  g_autofree char *path = NULL;
  g_autofree char *sha256 = NULL;
  g_autofree char *details = NULL;

  if (stmt == NULL || smb_case_step (store, stmt, error) < 0)
    return FALSE;
  exhibit = smb_case_column_text (stmt, 0);
  path = smb_case_column_text (stmt, 1);
  sha256 = smb_case_column_text (stmt, 2);
  g_clear_pointer (&stmt, sqlite3_finalize);
  if (exhibit == NULL) {
    g_free (smb_case_dup_exhibit (store, evidence_id, error));
    return FALSE;
  }
  if (!g_str_equal (sha256, new_sha256)) {
    g_set_error (
        error, SMB_ERROR, SMB_ERROR_INTEGRITY,
        _ ("%s is not the file of exhibit %s: its SHA-256 is %s, but %s was acquired. Choose the original file, "
           "or add this one as a new exhibit."),
        new_path, exhibit, new_sha256, sha256);
    return FALSE;
  }
  details = smb_case_details ("from", 's', path, "to", 's', new_path, "sha256", 's', sha256, NULL);
  return smb_case_run (store, error,
                       "UPDATE evidence SET path = ?1, hash_state = ?2, verified_us = ?3, found_sha256 = NULL"
                       " WHERE id = ?4",
                       "snii", new_path, (int) SMB_HASH_VERIFIED, smb_case_now_us (), evidence_id)
         && smb_case_append_log (store, "evidence.relocate", exhibit, details, "evidence", evidence_id, error);
}

gboolean
smb_case_relocate_evidence (SmbCase *store, gint64 evidence_id, const char *new_path, const char *new_sha256,
                            GError **error)
{
  g_return_val_if_fail (evidence_id != 0, FALSE);
  if (!smb_case_check_text (_("The path of the evidence"), new_path, SMB_CASE_MAX_PATH_BYTES, TRUE, error)
      || !check_sha256 (new_sha256, error))
    return FALSE;
  if (!g_path_is_absolute (new_path)) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT,
                 _("The path “%s” is not absolute; evidence is recorded by its full path."), new_path);
    return FALSE;
  }
  if (!smb_case_begin (store, error))
    return FALSE;
  return smb_case_end (store, relocate (store, evidence_id, new_path, new_sha256, error), error);
}
