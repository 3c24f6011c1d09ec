/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define SMB_SHA256_HEX_LEN 64

/* Bytes done and bytes in all; called on the calling thread about every 16 MiB. */
typedef void (*SmbHashProgress) (guint64 done_bytes, guint64 total_bytes, gpointer user_data);

/* A sum over bytes that come in parts. */
typedef struct _SmbSha256 SmbSha256;
SmbSha256 *smb_sha256_new (void);
void smb_sha256_free (SmbSha256 *sum);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SmbSha256, smb_sha256_free)
void smb_sha256_update (SmbSha256 *sum, const void *bytes, gsize n_bytes);
/* Of all since it was new or last asked, as 64 lower-case hex digits; it begins anew. Free with g_free. */
char *smb_sha256_finish (SmbSha256 *sum);

/* SHA-256 of the bytes, as 64 lower-case hex digits. Free with g_free. */
char *smb_sha256_of_bytes (const void *data, gsize n_bytes);

/* SHA-256 of everything a descriptor holds, from offset 0, by pread: the descriptor's position stays where it was and
 * the file is only read. `path` is for messages alone. Returns hex (g_free) or NULL with an error (IO, cancelled). */
char *smb_sha256_of_fd (int fd, const char *path, guint64 *n_bytes_out, GCancellable *cancellable,
                        SmbHashProgress progress, gpointer user_data, GError **error);

/* Opens read-only, hashes, closes. */
char *smb_sha256_of_file (const char *path, guint64 *n_bytes_out, GCancellable *cancellable, GError **error);

G_END_DECLS
