/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "media/smb-picture.h"

G_BEGIN_DECLS

/* The pieces smb_picture_decode is made of; for engine/media alone. */

typedef enum {
  PICTURE_JPEG,
  PICTURE_PNG,
  PICTURE_GIF,
  PICTURE_BMP,
  PICTURE_TIFF,
  PICTURE_WEBP,
  PICTURE_HEIC,
  PICTURE_AVIF,
  PICTURE_PNM,
} PictureKind;

#define PICTURE_WINDOW_BYTES (64u << 10)
/* Profiles of cameras and displays take a few KiB, of presses up to 2 MiB. */
#define PICTURE_MAX_ICC_BYTES (4u << 20)
#define PICTURE_MAX_EXIF_BYTES (64u << 10)

/* One file being decoded. */
typedef struct {
  int fd;
  const char *path;
  guint64 size_bytes;
  const SmbPictureLimits *limits;
  int max_side_px;
  GCancellable *cancellable;

  SmbPictureInfo *info;
  GPtrArray *warnings; /* char* */
  GBytes *icc;         /* embedded profile, or NULL */
  int turn;            /* as an EXIF orientation: what is left to do to the decoded rows; 0: info->orientation */

  gboolean data_cut;     /* the file ends in the middle of its picture data … */
  gboolean interlaced;   /* stored coarse to fine */
  gboolean end_missing;  /* … or before its end mark */
  gboolean rows_missing; /* a warning already says how many */

  guint8 *window; /* PICTURE_WINDOW_BYTES of the file, see picture_peek */
  guint64 window_at;
  gsize window_bytes;
} PictureJob;

/* Pixels on their way: rows without padding. channels 3: RGB; 4: CMYK as JPEG files of print hold it (255: no ink). */
typedef struct {
  int width, height, channels;
  guint8 *data;
} PicturePixels;

/* n bytes (at most PICTURE_WINDOW_BYTES) of the file at `offset`; borrowed until the next call. NULL if the file ends
 * before, or reading fails. */
const guint8 *picture_peek (PictureJob *job, guint64 offset, gsize n_bytes);
/* Up to n bytes into `out`: how many, 0 at the end, -1 with an error. */
gssize picture_read (PictureJob *job, guint64 offset, guint8 *out, gsize n_bytes, GError **error);
void picture_warn (PictureJob *job, const char *format, ...) G_GNUC_PRINTF (2, 3);
/* The same of pixels that are missing or may be wrong. */
void picture_warn_torn (PictureJob *job, const char *format, ...) G_GNUC_PRINTF (2, 3);
/* Sets "PATH: sentence". Always FALSE. */
gboolean picture_fail (PictureJob *job, GError **error, int code, const char *format, ...) G_GNUC_PRINTF (4, 5);
/* Sets the MEMORY error. Always FALSE. */
gboolean picture_fail_memory (PictureJob *job, GError **error);
/* Only a file with bytes in it can be a picture; notes its size. */
gboolean picture_check_file (PictureJob *job, GError **error);
/* Compares a picture's size, as its file states it, with the limits. */
gboolean picture_check_size (PictureJob *job, guint64 width, guint64 height, GError **error);
/* Memory for the pixels; the error names the size. */
gboolean picture_alloc (PictureJob *job, PicturePixels *pixels, int width, int height, int channels, GError **error);

/* Big- and little-endian numbers of a buffer. */
guint32 picture_be32 (const guint8 *p);
guint32 picture_le32 (const guint8 *p);
guint32 picture_le24 (const guint8 *p);
guint16 picture_be16 (const guint8 *p);
guint16 picture_le16 (const guint8 *p);

/* Which kind by the first bytes; FORMAT or UNSUPPORTED naming what the file is instead. */
gboolean picture_sniff (PictureJob *job, PictureKind *kind_out, GError **error);
/* "JPEG" …: not translated. */
const char *picture_kind_name (PictureKind kind);

/* EXIF orientation of a TIFF structure in memory; 1 if it states none. */
int picture_exif_orientation (const guint8 *tiff, gsize n_bytes);

/* Looks through the container before any decoder sees it: size against the limits, bits, orientation, frames. */
gboolean picture_inspect_png (PictureJob *job, GError **error);
gboolean picture_inspect_gif (PictureJob *job, guint64 *first_frame_end_out, GError **error);
gboolean picture_inspect_webp (PictureJob *job, GError **error);
gboolean picture_inspect_heif (PictureJob *job, GError **error);
gboolean picture_inspect_tiff (PictureJob *job, GError **error);
gboolean picture_inspect_bmp (PictureJob *job, GError **error);

gboolean picture_decode_jpeg (PictureJob *job, PicturePixels *out, GError **error);
/* Every other kind. Feeds the loader the file up to `end` (0: all of it), then n_tail bytes of `tail`. */
gboolean picture_decode_pixbuf (PictureJob *job, PictureKind kind, guint64 end, const guint8 *tail, gsize n_tail,
                                PicturePixels *out, GError **error);

/* Of a JPEG: tables, sampling, a manifest; the file up to its first scan and an end mark, which is all that a reader of
 * metadata needs, or NULL if it does not get so far. */
struct _SmbMetadata;
GBytes *picture_read_jpeg_head (PictureJob *job, struct _SmbMetadata *metadata);
/* A C2PA manifest of the other kinds. */
void picture_find_manifest (PictureJob *job, PictureKind kind, struct _SmbMetadata *metadata);

/* Each replaces the pixels in place (freeing what it had). */
gboolean picture_shrink (PictureJob *job, PicturePixels *pixels, int max_side_px, GError **error);
gboolean picture_convert_colours (PictureJob *job, PicturePixels *pixels, GError **error);
gboolean picture_turn_upright (PictureJob *job, PicturePixels *pixels, int orientation, GError **error);

G_END_DECLS
