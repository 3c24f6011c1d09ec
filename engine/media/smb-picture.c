/* SPDX-License-Identifier: Apache-2.0 */
#include "media/smb-picture.h"

#include "base/smb-error.h"
#include "media/picture-private.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <sys/stat.h>

SmbPictureInfo *
smb_picture_info_new (void)
{
  SmbPictureInfo *info = g_new0 (SmbPictureInfo, 1);

  info->orientation = 1;
  info->format = g_strdup ("");
  info->warnings = g_new0 (char *, 1);
  return info;
}

void
smb_picture_info_free (SmbPictureInfo *info)
{
  if (info == NULL)
    return;
  g_free (info->format);
  g_strfreev (info->warnings);
  g_free (info);
}

gboolean
picture_check_file (PictureJob *job, GError **error)
{
  struct stat info;

  if (fstat (job->fd, &info) != 0)
    return smb_error_set_errno (error, errno, job->path, _ ("asking for its size"));
  if (S_ISDIR (info.st_mode))
    return picture_fail (job, error, SMB_ERROR_ARGUMENT, _ ("this is a folder; name the pictures in it"));
  if (!S_ISREG (info.st_mode))
    return picture_fail (job, error, SMB_ERROR_ARGUMENT,
                         _ ("this is a device or a pipe; copy its contents into a file first"));
  if (info.st_size == 0)
    return picture_fail (job, error, SMB_ERROR_FORMAT,
                         _ ("the file is empty (0 bytes); acquire it again from its source"));
  job->size_bytes = (guint64) info.st_size;
  if (job->size_bytes > job->limits->max_file_bytes)
    return picture_fail (job, error, SMB_ERROR_LIMIT,
                         _ ("the file has %" PRIu64 " bytes, over the limit of %" PRIu64
                            " for pictures; if you trust it, raise SEMBLANCE_MAX_FILE_MB"),
                         job->size_bytes, job->limits->max_file_bytes);
  return TRUE;
}

static gboolean
decode_kind (PictureJob *job, PictureKind kind, PicturePixels *pixels, GError **error)
{
  guint64 end = 0;

  switch (kind) {
  case PICTURE_JPEG:
    return picture_decode_jpeg (job, pixels, error);
  case PICTURE_PNG:
    if (!picture_inspect_png (job, error))
      return FALSE;
    break;
  case PICTURE_GIF:
    if (!picture_inspect_gif (job, &end, error))
      return FALSE;
    /* The end mark after the first frame keeps the loader from decoding a thousand more. */
    return picture_decode_pixbuf (job, kind, end, (const guint8 *) ";", end > 0 ? 1 : 0, pixels, error);
  case PICTURE_WEBP:
    if (!picture_inspect_webp (job, error))
      return FALSE;
    break;
  case PICTURE_HEIC:
  case PICTURE_AVIF:
    if (!picture_inspect_heif (job, error))
      return FALSE;
    break;
  case PICTURE_TIFF:
    if (!picture_inspect_tiff (job, error))
      return FALSE;
    break;
  case PICTURE_BMP:
    if (!picture_inspect_bmp (job, error))
      return FALSE;
    break;
  case PICTURE_PNM:
    break;
  }
  if (!picture_decode_pixbuf (job, kind, 0, NULL, 0, pixels, error))
    return FALSE;
  if (job->data_cut && job->interlaced)
    picture_warn_torn (job,
                       _ ("The file is cut short. The picture is stored coarse to fine: what is shown is coarser than it "
                          "was, all or in part."));
  else if (job->data_cut && !job->rows_missing)
    picture_warn_torn (job, _ ("The file is cut short in its picture data; the last row may be damaged."));
  if (job->end_missing)
    picture_warn (job, _ ("The file ends without its end mark; all rows of the picture are there."));
  return TRUE;
}

static SmbImage *
decode_job (PictureJob *job, GError **error)
{
  PicturePixels pixels = { 0 };
  PictureKind kind;
  g_autoptr (GBytes) bytes = NULL;
  SmbImage *image = NULL;

  if (!picture_check_file (job, error) || !picture_sniff (job, &kind, error))
    return NULL;
  g_free (job->info->format);
  job->info->format = g_strdup (picture_kind_name (kind));
  if (decode_kind (job, kind, &pixels, error)
      && (job->max_side_px <= 0 || picture_shrink (job, &pixels, job->max_side_px, error))
      && picture_convert_colours (job, &pixels, error)
      && picture_turn_upright (job, &pixels, job->turn > 0 ? job->turn : job->info->orientation, error)) {
    bytes = g_bytes_new_take (g_steal_pointer (&pixels.data), (gsize) pixels.width * (gsize) pixels.height * 3);
    image = smb_image_new (pixels.width, pixels.height, bytes);
  }
  g_free (pixels.data);
  return image;
}

SmbImage *
smb_picture_decode (int fd, const char *path, int max_side_px, const SmbPictureLimits *limits,
                    SmbPictureInfo **info_out, GCancellable *cancellable, GError **error)
{
  g_autoptr (SmbPictureInfo) info = smb_picture_info_new ();
  g_autoptr (GPtrArray) warnings = g_ptr_array_new_with_free_func (g_free);
  PictureJob job = { .fd = fd,
                     .path = path,
                     .limits = limits,
                     .max_side_px = max_side_px,
                     .cancellable = cancellable,
                     .info = info,
                     .warnings = warnings };
  SmbImage *image;

  g_return_val_if_fail (fd >= 0 && path != NULL && limits != NULL, NULL);
  if (info_out != NULL)
    *info_out = NULL;
  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return NULL;
  image = decode_job (&job, error);
  g_clear_pointer (&job.icc, g_bytes_unref);
  g_free (job.window);
  if (image != NULL && info_out != NULL) {
    g_ptr_array_add (warnings, NULL);
    g_strfreev (info->warnings);
    info->warnings = (char **) g_ptr_array_steal (warnings, NULL);
    *info_out = g_steal_pointer (&info);
  }
  return image;
}
