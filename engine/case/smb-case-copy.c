/* SPDX-License-Identifier: Apache-2.0 */
/* Whole copies of a case that may be in use. */
#include "case/smb-case-private.h"

#include "base/smb-error.h"
#include "base/smb-hash.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <unistd.h>

gboolean
smb_case_copy_into (SmbCase *store, const char *name, GError **error)
{
  sqlite3 *copy = NULL;
  sqlite3_backup *backup;
  int result = sqlite3_open_v2 (name, &copy, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);

  if (result == SQLITE_OK) {
    backup = sqlite3_backup_init (copy, "main", store->db, "main");
    if (backup != NULL)
      sqlite3_backup_step (backup, -1);
    result = backup == NULL ? sqlite3_errcode (copy) : sqlite3_backup_finish (backup);
  }
  /* A copy that is the only file need not wait for a companion when it is read. */
  if (result == SQLITE_OK)
    result = sqlite3_exec (copy, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL);
  sqlite3_close (copy);
  if (result == SQLITE_OK)
    return TRUE;
  g_set_error_literal (error, SMB_ERROR, SMB_ERROR_IO, sqlite3_errstr (result));
  return FALSE;
}

static gboolean
log_copy (SmbCase *store, const char *path, GError **error)
{
  g_autofree char *absolute = g_canonicalize_filename (path, NULL);
  g_autofree char *name = g_path_get_basename (path);
  g_autofree char *valid_name = g_utf8_make_valid (name, -1), *valid_path = g_utf8_make_valid (absolute, -1);
  g_autofree char *sha256 = smb_sha256_of_file (path, NULL, NULL, error);
  g_autofree char *details = NULL;

  if (sha256 == NULL)
    return FALSE;
  details = smb_case_details ("path", 's', valid_path, "sha256", 's', sha256, NULL);
  return smb_case_log (store, "case.copy", valid_name, details, error);
}

gboolean
smb_case_save_copy (SmbCase *store, const char *path, GError **error)
{
  g_autofree char *shown = g_filename_display_name (path);
  g_autoptr (GError) why = NULL;
  int fd = open (path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0644);

  if (fd < 0 && errno == EEXIST) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT,
                 _("%s exists already and is not overwritten; choose another name for the copy."), shown);
    return FALSE;
  }
  if (fd < 0)
    return smb_error_set_errno (error, errno, shown, _("creating the copy"));
  close (fd);
  if (!smb_case_copy_into (store, path, &why)) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_IO,
                 _("%s: the copy could not be written (%s); free some space or choose another place."), shown,
                 why->message);
    g_unlink (path);
    return FALSE;
  }
  return store->read_only || log_copy (store, path, error);
}
