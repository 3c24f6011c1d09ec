/* SPDX-License-Identifier: Apache-2.0 */
/* What the containers of GIF, BMP, WebP, HEIC and AVIF say before their decoders see them: size, bits, frames. Each
 * reader is bounded by the file's size and by a number of steps. */
#include "base/smb-error.h"
#include "media/picture-private.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <string.h>

#define MAX_STEPS 100000
#define MAX_BOX_DEPTH 4

static gboolean
fail_cut (PictureJob *job, GError **error)
{
  return picture_fail (job, error, SMB_ERROR_FORMAT,
                       _ ("the file is cut short before the picture begins; acquire it again from its source"));
}

/* --- GIF ------------------------------------------------------------------------------------- */

/* Bytes of a colour table by the flags of its descriptor. */
static guint64
table_bytes (guint8 flags)
{
  return (flags & 0x80) != 0 ? 3u << ((flags & 7) + 1) : 0;
}

/* Behind a chain of sub-blocks; beyond the file's end if it is cut short. */
static guint64
skip_sub_blocks (PictureJob *job, guint64 at)
{
  const guint8 *length;

  while ((length = picture_peek (job, at, 1)) != NULL && *length != 0)
    at += 1 + (guint64) *length;
  return length != NULL ? at + 1 : job->size_bytes + 1;
}

gboolean
picture_inspect_gif (PictureJob *job, guint64 *first_frame_end_out, GError **error)
{
  const guint8 *data = picture_peek (job, 0, 13);
  guint64 at, frames = 0;

  if (data == NULL)
    return fail_cut (job, error);
  if (!picture_check_size (job, picture_le16 (data + 6), picture_le16 (data + 8), error))
    return FALSE;
  job->info->bits = 8;
  at = 13 + table_bytes (data[10]);
  for (int step = 0; step < MAX_STEPS && (data = picture_peek (job, at, 1)) != NULL && *data != ';'; step++) {
    if (*data == '!')
      at = skip_sub_blocks (job, at + 2);
    else if (*data == ',' && (data = picture_peek (job, at, 10)) != NULL) {
      if (frames == 0 && !picture_check_size (job, picture_le16 (data + 5), picture_le16 (data + 7), error))
        return FALSE;
      at = skip_sub_blocks (job, at + 11 + table_bytes (data[9]));
      if (frames++ == 0 && at <= job->size_bytes)
        *first_frame_end_out = at;
    } else
      break;
  }
  if (frames > 1)
    picture_warn (job, _ ("The file is an animation of %" PRIu64 " frames; the first is shown."), frames);
  return TRUE;
}

/* --- BMP ------------------------------------------------------------------------------------- */

gboolean
picture_inspect_bmp (PictureJob *job, GError **error)
{
  const guint8 *data = picture_peek (job, 0, 30);
  gint64 width, height;

  if (data == NULL)
    return fail_cut (job, error);
  if (picture_le32 (data + 14) == 12) { /* the header of OS/2 */
    width = picture_le16 (data + 18);
    height = picture_le16 (data + 20);
    job->info->bits = picture_le16 (data + 24);
  } else {
    width = (gint32) picture_le32 (data + 18);
    height = (gint32) picture_le32 (data + 22);
    job->info->bits = picture_le16 (data + 28);
  }
  if (job->info->bits >= 16) /* bits of a pixel, and we tell those of a channel */
    job->info->bits = job->info->bits == 16 ? 5 : 8;
  /* A negative height means rows from the top. */
  if (!picture_check_size (job, (guint64) MAX (width, 0), (guint64) ABS (height), error))
    return FALSE;
  /* GdkPixbuf takes as much memory as the header claims to need, and as lies before the pixels. */
  if (picture_le32 (data + 10) > job->size_bytes || picture_le32 (data + 14) > job->size_bytes - 14)
    return fail_cut (job, error);
  return TRUE;
}

/* --- WebP ------------------------------------------------------------------------------------ */

/* Size of the first key frame; FALSE if `data` (10 bytes of a chunk's contents) is not one. */
static gboolean
webp_frame_size (const guint8 *name, const guint8 *data, guint32 *width, guint32 *height)
{
  if (memcmp (name, "VP8X", 4) == 0) {
    *width = picture_le24 (data + 4) + 1;
    *height = picture_le24 (data + 7) + 1;
  } else if (memcmp (name, "VP8L", 4) == 0) {
    guint32 packed = picture_le32 (data + 1);

    *width = (packed & 0x3fff) + 1;
    *height = (packed >> 14 & 0x3fff) + 1;
  } else if (memcmp (name, "VP8 ", 4) == 0) {
    *width = picture_le16 (data + 6) & 0x3fff;
    *height = picture_le16 (data + 8) & 0x3fff;
  } else
    return FALSE;
  return TRUE;
}

static void
webp_take_extra (PictureJob *job, const guint8 name[4], guint64 at, guint32 n_bytes)
{
  const guint8 *data;

  if (memcmp (name, "EXIF", 4) == 0 && n_bytes > 6 && n_bytes < PICTURE_MAX_EXIF_BYTES
      && (data = picture_peek (job, at, n_bytes)) != NULL) {
    gsize skip = memcmp (data, "Exif\0\0", 6) == 0 ? 6 : 0;

    job->info->orientation = picture_exif_orientation (data + skip, n_bytes - skip);
  } else if (memcmp (name, "ICCP", 4) == 0 && n_bytes <= PICTURE_MAX_ICC_BYTES && at + n_bytes <= job->size_bytes
             && job->icc == NULL) {
    g_autofree guint8 *profile = g_malloc (MAX (n_bytes, 1));

    if (picture_read (job, at, profile, n_bytes, NULL) == (gssize) n_bytes)
      job->icc = g_bytes_new_take (g_steal_pointer (&profile), n_bytes);
  }
}

gboolean
picture_inspect_webp (PictureJob *job, GError **error)
{
  const guint8 *head = picture_peek (job, 0, 12);
  guint64 at = 12, riff_end = head != NULL ? 8 + (guint64) picture_le32 (head + 4) : 0;
  guint32 width = 0, height = 0, frames = 0;

  job->info->bits = 8;
  for (int step = 0; step < MAX_STEPS; step++) {
    const guint8 *data = picture_peek (job, at, 8);
    guint8 name[4];
    guint32 n_bytes;

    if (data == NULL)
      break;
    memcpy (name, data, 4);
    n_bytes = picture_le32 (data + 4);
    if (width == 0 && (data = picture_peek (job, at + 8, 10)) != NULL)
      webp_frame_size (name, data, &width, &height);
    frames += memcmp (name, "ANMF", 4) == 0;
    webp_take_extra (job, name, at + 8, n_bytes);
    at += 8 + (guint64) n_bytes + (n_bytes & 1);
  }
  if (width == 0)
    return fail_cut (job, error);
  /* The loader would pass off what was in memory as the rows that never came. */
  if (riff_end > job->size_bytes)
    return picture_fail (job, error, SMB_ERROR_FORMAT,
                         _ ("the WebP is cut short: %" PRIu64 " of its %" PRIu64 " bytes are missing; "
                            "acquire it again from its source"),
                         riff_end - job->size_bytes, riff_end);
  if (frames > 1)
    picture_warn (job, _ ("The file is an animation of %u frames; the first is shown."), frames);
  return picture_check_size (job, width, height, error);
}

/* --- HEIC and AVIF --------------------------------------------------------------------------- */

typedef struct {
  guint32 width, height; /* the largest stated: items may be tiles of it */
  guint64 pixels;
  int bits;
} HeifFound;

static gboolean
is_holder (const guint8 name[4])
{
  return memcmp (name, "meta", 4) == 0 || memcmp (name, "iprp", 4) == 0 || memcmp (name, "ipco", 4) == 0;
}

/* The boxes from `at` to `end` (ISO/IEC 14496-12), into those that hold picture properties. */
static void
heif_walk (PictureJob *job, guint64 at, guint64 end, int depth, HeifFound *found)
{
  for (int step = 0; step < MAX_STEPS && end - at >= 8; step++) {
    const guint8 *data = picture_peek (job, at, 8);
    guint64 n_bytes, head = 8;
    guint8 name[4];

    if (data == NULL)
      return;
    n_bytes = picture_be32 (data);
    memcpy (name, data + 4, 4);
    if (n_bytes == 1 && (data = picture_peek (job, at + 8, 8)) != NULL) {
      n_bytes = (guint64) picture_be32 (data) << 32 | picture_be32 (data + 4);
      head = 16;
    } else if (n_bytes == 0)
      n_bytes = end - at;
    if (n_bytes < head || n_bytes > end - at)
      return;
    if (memcmp (name, "ispe", 4) == 0 && (data = picture_peek (job, at + head, 12)) != NULL) {
      guint32 width = picture_be32 (data + 4), height = picture_be32 (data + 8);

      if ((guint64) width * height >= found->pixels) {
        found->pixels = (guint64) width * height;
        found->width = width;
        found->height = height;
      }
    } else if (memcmp (name, "pixi", 4) == 0 && (data = picture_peek (job, at + head, 6)) != NULL)
      found->bits = MAX (found->bits, data[5]);
    else if (is_holder (name) && depth < MAX_BOX_DEPTH && n_bytes >= head + 4)
      heif_walk (job, at + head + (memcmp (name, "meta", 4) == 0 ? 4 : 0), at + n_bytes, depth + 1, found);
    at += n_bytes;
  }
}

gboolean
picture_inspect_heif (PictureJob *job, GError **error)
{
  HeifFound found = { 0 };
  const guint8 *brand = picture_peek (job, 8, 4);

  heif_walk (job, 0, job->size_bytes, 0, &found);
  if (brand == NULL || found.width == 0)
    return fail_cut (job, error);
  job->info->bits = found.bits;
  brand = picture_peek (job, 8, 4);
  if (brand != NULL && (memcmp (brand, "avis", 4) == 0 || memcmp (brand, "msf1", 4) == 0
                        || memcmp (brand, "hevc", 4) == 0))
    picture_warn (job, _ ("The file is a sequence of pictures; the one its maker chose for stills is shown."));
  return picture_check_size (job, found.width, found.height, error);
}
