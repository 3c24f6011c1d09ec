/* SPDX-License-Identifier: Apache-2.0 */
#include "base/smb-error.h"

#include <errno.h>
#include <gio/gio.h>
#include <glib/gi18n-lib.h>

G_DEFINE_QUARK (smb-error-quark, smb_error)

static const char *const codes[] = {
  "failed", "not-found", "permission", "io",    "format",    "unsupported", "limit",
  "memory", "mismatch",  "newer",      "integrity", "worker", "argument",
};

const char *
smb_error_code (const GError *error)
{
  g_return_val_if_fail (error != NULL, codes[0]);
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return "cancelled";
  if (error->domain == SMB_ERROR && error->code >= 0 && error->code < (int) G_N_ELEMENTS (codes))
    return codes[error->code];
  return codes[SMB_ERROR_FAILED];
}

static SmbError
code_of_errno (int errnum)
{
  switch (errnum) {
  case ENOENT:
  case ENOTDIR:
    return SMB_ERROR_NOT_FOUND;
  case EACCES:
  case EPERM:
  case EROFS:
    return SMB_ERROR_PERMISSION;
  case ENOMEM:
    return SMB_ERROR_MEMORY;
  case EFBIG:
  case EMFILE:
  case ENFILE:
    return SMB_ERROR_LIMIT;
  default:
    return SMB_ERROR_IO;
  }
}

/* What can be done about it; NULL: nothing that the number tells. */
static const char *
advice_of_errno (int errnum)
{
  switch (errnum) {
  case ENOENT:
  case ENOTDIR:
    return _ ("Check its name and its folder.");
  case EACCES:
  case EPERM:
    return _ ("Ask for the right to it, or choose another place.");
  case EROFS:
    return _ ("Choose a place that can be written to.");
  case ENOSPC:
  case EDQUOT:
    return _ ("Make room there, or choose another place.");
  case EFBIG:
    return _ ("Choose a place that takes files of this size.");
  case EIO:
    return _ ("The disk or the connection to it may be failing; try a copy of it.");
  default:
    return NULL;
  }
}

gboolean
smb_error_set_errno (GError **error, int errnum, const char *path, const char *doing)
{
  const char *advice = advice_of_errno (errnum);

  g_set_error (error, SMB_ERROR, code_of_errno (errnum), "%s: %s: %s%s%s", path, doing, g_strerror (errnum),
               advice != NULL ? ". " : "", advice != NULL ? advice : "");
  return FALSE;
}

gboolean
smb_error_set_file (GError **error, const GError *from, const char *path, const char *doing)
{
  static const struct {
    int code, errnum;
  } known[] = { { G_FILE_ERROR_NOENT, ENOENT }, { G_FILE_ERROR_NOTDIR, ENOTDIR }, { G_FILE_ERROR_ACCES, EACCES },
                { G_FILE_ERROR_PERM, EPERM },   { G_FILE_ERROR_ROFS, EROFS },     { G_FILE_ERROR_NOSPC, ENOSPC },
                { G_FILE_ERROR_IO, EIO },       { G_FILE_ERROR_ISDIR, EISDIR },   { G_FILE_ERROR_NOMEM, ENOMEM },
                { G_FILE_ERROR_MFILE, EMFILE }, { G_FILE_ERROR_NFILE, ENFILE },   { G_FILE_ERROR_LOOP, ELOOP } };

  for (guint i = 0; i < G_N_ELEMENTS (known); i++)
    if (g_error_matches (from, G_FILE_ERROR, known[i].code))
      return smb_error_set_errno (error, known[i].errnum, path, doing);
  g_set_error (error, SMB_ERROR, SMB_ERROR_IO, "%s: %s: %s", path, doing, from->message);
  return FALSE;
}
