/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Every error of the engine is of this domain (or of G_IO_ERROR for cancelling: G_IO_ERROR_CANCELLED).
 * The message names the file, tensor or setting, says what is wrong, and what can be done. */
#define SMB_ERROR (smb_error_quark ())

typedef enum {
  SMB_ERROR_FAILED,       /* none of the below */
  SMB_ERROR_NOT_FOUND,    /* file, model, case, face … is not there */
  SMB_ERROR_PERMISSION,   /* the system refuses to open or write it */
  SMB_ERROR_IO,           /* reading or writing broke off */
  SMB_ERROR_FORMAT,       /* malformed or truncated: the bytes are not what they should be */
  SMB_ERROR_UNSUPPORTED,  /* well-formed, but a kind this program does not handle */
  SMB_ERROR_LIMIT,        /* over a limit set against decompression bombs */
  SMB_ERROR_MEMORY,       /* not enough memory on the host or the device */
  SMB_ERROR_MISMATCH,     /* weights of another architecture, image of another size … */
  SMB_ERROR_NEWER,        /* written by a newer version of the program */
  SMB_ERROR_INTEGRITY,    /* a hash does not match what was recorded */
  SMB_ERROR_WORKER,       /* a worker process died or broke the protocol */
  SMB_ERROR_ARGUMENT,     /* a command-line argument or setting makes no sense */
} SmbError;

GQuark smb_error_quark (void);

/* A short machine-readable word for the error ("not-found", "format", "cancelled" …): the `code` of JSON errors.
 * Borrowed, static. */
const char *smb_error_code (const GError *error);

/* Sets an error from errno: picks the code (ENOENT -> NOT_FOUND, EACCES -> PERMISSION …) and writes
 * "‹path›: ‹what was being done›: ‹system's words›". Always returns FALSE, so callers can `return` it. */
gboolean smb_error_set_errno (GError **error, int errnum, const char *path, const char *doing);

/* The same of what GLib's file functions said (G_FILE_ERROR), which name neither a code of ours nor what to do. */
gboolean smb_error_set_file (GError **error, const GError *from, const char *path, const char *doing);

G_END_DECLS
