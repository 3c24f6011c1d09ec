/* SPDX-License-Identifier: Apache-2.0 */
#include "base/smb-hash.h"

#include "base/smb-error.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK_BYTES (1u << 20)
#define PROGRESS_EVERY_BYTES (16u << 20)

char *
smb_sha256_of_bytes (const void *data, gsize n_bytes)
{
  return g_compute_checksum_for_data (G_CHECKSUM_SHA256, data, n_bytes);
}

char *
smb_sha256_of_fd (int fd, const char *path, guint64 *n_bytes_out, GCancellable *cancellable,
                  SmbHashProgress progress, gpointer user_data, GError **error)
{
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
  g_autofree guint8 *chunk = g_malloc (CHUNK_BYTES);
  struct stat info;
  guint64 at = 0;

  if (fstat (fd, &info) != 0) {
    smb_error_set_errno (error, errno, path, "reading its size");
    return NULL;
  }
  for (;;) {
    gssize got;

    if (g_cancellable_set_error_if_cancelled (cancellable, error))
      return NULL;
    got = pread (fd, chunk, CHUNK_BYTES, (off_t) at);
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0) {
      smb_error_set_errno (error, errno, path, "reading");
      return NULL;
    }
    if (got == 0)
      break;
    g_checksum_update (sum, chunk, got);
    at += (guint64) got;
    if (progress != NULL && (at % PROGRESS_EVERY_BYTES == 0))
      progress (at, (guint64) info.st_size, user_data);
  }
  if (n_bytes_out != NULL)
    *n_bytes_out = at;
  return g_strdup (g_checksum_get_string (sum));
}

char *
smb_sha256_of_file (const char *path, guint64 *n_bytes_out, GCancellable *cancellable, GError **error)
{
  int fd = open (path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
  char *hex;

  if (fd < 0) {
    smb_error_set_errno (error, errno, path, "opening for reading");
    return NULL;
  }
  hex = smb_sha256_of_fd (fd, path, n_bytes_out, cancellable, NULL, NULL, error);
  close (fd);
  return hex;
}
