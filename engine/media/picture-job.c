/* SPDX-License-Identifier: Apache-2.0 */
/* What every kind of picture needs: reading, numbers, limits, sentences. */
#include "base/smb-error.h"
#include "media/picture-private.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <unistd.h>

gssize
picture_read (PictureJob *job, guint64 offset, guint8 *out, gsize n_bytes, GError **error)
{
  gsize got = 0;

  while (got < n_bytes) {
    gssize n = pread (job->fd, out + got, n_bytes - got, (off_t) (offset + got));

    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0) {
      smb_error_set_errno (error, errno, job->path, _ ("reading"));
      return -1;
    }
    if (n == 0)
      break;
    got += (gsize) n;
  }
  return (gssize) got;
}

const guint8 *
picture_peek (PictureJob *job, guint64 offset, gsize n_bytes)
{
  gssize got;

  g_return_val_if_fail (n_bytes <= PICTURE_WINDOW_BYTES, NULL);
  if (offset > job->size_bytes || n_bytes > job->size_bytes - offset)
    return NULL;
  if (job->window != NULL && offset >= job->window_at && offset - job->window_at + n_bytes <= job->window_bytes)
    return job->window + (offset - job->window_at);
  if (job->window == NULL)
    job->window = g_malloc (PICTURE_WINDOW_BYTES);
  got = picture_read (job, offset, job->window, PICTURE_WINDOW_BYTES, NULL);
  job->window_at = offset;
  job->window_bytes = (gsize) MAX (got, 0);
  return n_bytes <= job->window_bytes ? job->window : NULL;
}

void
picture_warn (PictureJob *job, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  g_ptr_array_add (job->warnings, g_strdup_vprintf (format, args));
  va_end (args);
}

void
picture_warn_torn (PictureJob *job, const char *format, ...)
{
  va_list args;

  job->info->torn = TRUE;
  va_start (args, format);
  g_ptr_array_add (job->warnings, g_strdup_vprintf (format, args));
  va_end (args);
}

gboolean
picture_fail (PictureJob *job, GError **error, int code, const char *format, ...)
{
  g_autofree char *sentence = NULL;
  va_list args;

  va_start (args, format);
  sentence = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, SMB_ERROR, code, "%s: %s", job->path, sentence);
  return FALSE;
}

gboolean
picture_fail_memory (PictureJob *job, GError **error)
{
  return picture_fail (
      job, error, SMB_ERROR_MEMORY,
      _ ("not enough memory to decode it; if you trust the file, raise SEMBLANCE_MAX_MEMORY_MB or close "
         "other programs"));
}

gboolean
picture_check_size (PictureJob *job, guint64 width, guint64 height, GError **error)
{
  const SmbPictureLimits *limits = job->limits;

  if (width == 0 || height == 0)
    return picture_fail (job, error, SMB_ERROR_FORMAT, _ ("its header says that it has no width or no height; the file "
                                                          "is damaged"));
  if (width > (guint64) limits->max_side_px || height > (guint64) limits->max_side_px)
    return picture_fail (job, error, SMB_ERROR_LIMIT,
                         _ ("its header says %" PRIu64 " × %" PRIu64 " pixels; no side may be longer "
                            "than %d. If you trust the file, raise SEMBLANCE_MAX_SIDE_PX"),
                         width, height, limits->max_side_px);
  if (width * height > limits->max_pixels)
    return picture_fail (job, error, SMB_ERROR_LIMIT,
                         _ ("its header says %" PRIu64 " × %" PRIu64 " pixels, over the limit of "
                            "%" PRIu64 " megapixels. If you trust the file, raise SEMBLANCE_MAX_MEGAPIXELS"),
                         width, height, limits->max_pixels / 1000000);
  return TRUE;
}

gboolean
picture_alloc (PictureJob *job, PicturePixels *pixels, int width, int height, int channels, GError **error)
{
  gsize n_bytes = (gsize) width * (gsize) height * (gsize) channels;

  *pixels = (PicturePixels){ .width = width, .height = height, .channels = channels, .data = g_try_malloc (n_bytes) };
  return pixels->data != NULL || picture_fail_memory (job, error);
}

guint32
picture_be32 (const guint8 *p)
{
  return (guint32) p[0] << 24 | (guint32) p[1] << 16 | (guint32) p[2] << 8 | p[3];
}

guint32
picture_le32 (const guint8 *p)
{
  return (guint32) p[3] << 24 | (guint32) p[2] << 16 | (guint32) p[1] << 8 | p[0];
}

guint32
picture_le24 (const guint8 *p)
{
  return (guint32) p[2] << 16 | (guint32) p[1] << 8 | p[0];
}

guint16
picture_be16 (const guint8 *p)
{
  return (guint16) (p[0] << 8 | p[1]);
}

guint16
picture_le16 (const guint8 *p)
{
  return (guint16) (p[1] << 8 | p[0]);
}
