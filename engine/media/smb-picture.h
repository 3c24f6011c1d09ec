/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gio/gio.h>

#include "base/smb-image.h"

G_BEGIN_DECLS

/* Still pictures out of descriptors whose bytes nobody trusts. Runs in the decode worker. */

/* What a picture's file says of itself, besides its pixels. */
typedef struct {
  char *format;    /* "JPEG", "PNG", "GIF", "BMP", "TIFF", "WebP", "HEIC", "AVIF", "PNM" */
  int orientation; /* EXIF 1..8; pixels are already upright */
  int bits;        /* per channel in the file; 0: the file does not say */
  int width, height; /* upright, of the whole picture, also where a thumbnail was asked for */
  char **warnings; /* translated sentences: what is missing, damaged or was changed for showing; NULL-terminated */
  gboolean torn;   /* cut short or damaged so that pixels are missing or may be wrong: to be seen, not to be learnt from */
} SmbPictureInfo;

SmbPictureInfo *smb_picture_info_new (void); /* orientation 1, no warnings */
void smb_picture_info_free (SmbPictureInfo *info);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SmbPictureInfo, smb_picture_info_free)

/* Against decompression bombs: what is larger is refused before memory for its pixels is taken. */
typedef struct {
  guint64 max_pixels;     /* 200,000,000 */
  int max_side_px;        /* 65,500 */
  guint64 max_file_bytes; /* 1 GiB */
} SmbPictureLimits;

/* The defaults above, or what is set (smb-limits.h): SEMBLANCE_MAX_MEGAPIXELS, SEMBLANCE_MAX_SIDE_PX,
 * SEMBLANCE_MAX_FILE_MB. A value out of range is an ARGUMENT error. */
gboolean smb_picture_limits_get (SmbPictureLimits *limits, GError **error);

/* Loads what every kind of picture needs (readers are modules, loaded when first used), so that a process which then
 * gives up the right to open files can still decode. What is not installed is passed over. */
void smb_picture_prepare (void);

/* Decodes to upright 8-bit sRGB: by content, never by name. From offset 0 by pread, so the descriptor's position stays.
 * `path` is for messages alone. max_side_px > 0: no side of the result is longer (area average; JPEG is decoded small).
 * EXIF orientation is applied, an embedded colour profile is converted from, what is see-through is laid over white,
 * of an animation the first frame is taken; each that changes pixels is a sentence in info->warnings. A file cut short
 * gives what is there, the rest grey, with a warning.
 * info_out may be NULL; with an error it stays NULL.
 * Errors: FORMAT (not a picture, damaged, empty), UNSUPPORTED (a kind not read here), LIMIT, ARGUMENT (folder, device),
 * MEMORY, IO, cancelled. */
SmbImage *smb_picture_decode (int fd, const char *path, int max_side_px, const SmbPictureLimits *limits,
                              SmbPictureInfo **info_out, GCancellable *cancellable, GError **error);

G_END_DECLS
