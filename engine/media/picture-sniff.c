/* SPDX-License-Identifier: Apache-2.0 */
/* What a file is by its first bytes. A name's ending proves nothing: "holiday.jpg" may be anything. */
#include "base/smb-error.h"
#include "media/picture-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define SNIFF_BYTES 512u

typedef struct {
  guint offset;
  const char *bytes;
  guint n_bytes;
} Magic;

#define MAGIC(offset, text) { offset, text, sizeof (text) - 1 }

static const struct {
  Magic magic;
  PictureKind kind;
} kinds[] = {
  { MAGIC (0, "\xff\xd8\xff"), PICTURE_JPEG },
  { MAGIC (0, "\x89PNG\r\n\x1a\n"), PICTURE_PNG },
  { MAGIC (0, "GIF87a"), PICTURE_GIF },
  { MAGIC (0, "GIF89a"), PICTURE_GIF },
  { MAGIC (0, "II*\0"), PICTURE_TIFF },
  { MAGIC (0, "MM\0*"), PICTURE_TIFF },
  { MAGIC (8, "WEBP"), PICTURE_WEBP },
  { MAGIC (4, "ftypavif"), PICTURE_AVIF },
  { MAGIC (4, "ftypavis"), PICTURE_AVIF },
  { MAGIC (4, "ftypheic"), PICTURE_HEIC },
  { MAGIC (4, "ftypheix"), PICTURE_HEIC },
  { MAGIC (4, "ftyphevc"), PICTURE_HEIC },
  { MAGIC (4, "ftyphevx"), PICTURE_HEIC },
  { MAGIC (4, "ftypheim"), PICTURE_HEIC },
  { MAGIC (4, "ftypheis"), PICTURE_HEIC },
  { MAGIC (4, "ftypmif1"), PICTURE_HEIC },
  { MAGIC (4, "ftypmsf1"), PICTURE_HEIC },
  { MAGIC (0, "BM"), PICTURE_BMP },
};

/* The words follow "this is …". */
typedef struct {
  Magic magic;
  const char *what;
} Other;

static const Other videos[] = {
  { MAGIC (8, "AVI "), N_ ("a video (AVI)") },
  { MAGIC (0, "\x1a\x45\xdf\xa3"), N_ ("a video (Matroska or WebM)") },
  { MAGIC (4, "ftyp"), N_ ("a video (MP4 or QuickTime)") },
  { MAGIC (4, "moov"), N_ ("a video (QuickTime)") },
  { MAGIC (0, "\0\0\x01\xba"), N_ ("a video (MPEG)") },
};

/* Files people take for pictures. */
static const Other others[] = {
  { MAGIC (0, "%PDF"), N_ ("a PDF document") },
  { MAGIC (0, "PK\x03\x04"), N_ ("a ZIP archive or an office document") },
  { MAGIC (0, "\x1f\x8b"), N_ ("a gzip archive") },
  { MAGIC (0, "7z\xbc\xaf\x27\x1c"), N_ ("a 7-Zip archive") },
  { MAGIC (0, "Rar!"), N_ ("a RAR archive") },
  { MAGIC (0, "\x7f" "ELF"), N_ ("a program") },
  { MAGIC (0, "MZ"), N_ ("a Windows program") },
  { MAGIC (0, "SQLite format 3"), N_ ("a database") },
  { MAGIC (0, "8BPS"), N_ ("a Photoshop document") },
  { MAGIC (0, "\0\0\0\x0cjP  "), N_ ("a JPEG 2000 picture") },
  { MAGIC (0, "\xff\x4f\xff\x51"), N_ ("a JPEG 2000 picture") },
  { MAGIC (0, "\xff\x0a"), N_ ("a JPEG XL picture") },
  { MAGIC (0, "\0\0\0\x0cJXL "), N_ ("a JPEG XL picture") },
  { MAGIC (0, "\0\0\x01\0"), N_ ("a Windows icon") },
  { MAGIC (0, "<svg"), N_ ("a drawing (SVG), not a photograph") },
  { MAGIC (0, "<!DOCTYPE html"), N_ ("a web page") },
  { MAGIC (0, "<html"), N_ ("a web page") },
  { MAGIC (0, "<?xml"), N_ ("an XML document") },
  { MAGIC (0, "{\\rtf"), N_ ("a text document (RTF)") },
};

static gboolean
matches (const Magic *magic, const guint8 *data, gsize n_bytes)
{
  return magic->offset + magic->n_bytes <= n_bytes && memcmp (data + magic->offset, magic->bytes, magic->n_bytes) == 0;
}

/* P1 to P6, then white space or a comment. */
static gboolean
is_pnm (const guint8 *data, gsize n_bytes)
{
  return n_bytes >= 3 && data[0] == 'P' && data[1] >= '1' && data[1] <= '6'
         && (g_ascii_isspace (data[2]) || data[2] == '#');
}

static gboolean
is_text (const guint8 *data, gsize n_bytes)
{
  const char *end;

  for (gsize i = 0; i < n_bytes; i++) {
    if (data[i] < 0x20 && !g_ascii_isspace (data[i]))
      return FALSE;
  }
  /* A character may be cut at the end of what was looked at. */
  return g_utf8_validate ((const char *) data, (gssize) n_bytes, &end) || (const char *) data + n_bytes - end < 4;
}

/* A PNG signature that a transfer in text mode has spoilt still begins with these. */
static gboolean
is_spoilt_png (const guint8 *data, gsize n_bytes)
{
  return n_bytes >= 8
         && (memcmp (data + 1, "PNG", 3) == 0 || (data[0] == 0x89 && memcmp (data + 4, "\r\n\x1a\n", 4) == 0));
}

gboolean
picture_sniff (PictureJob *job, PictureKind *kind_out, GError **error)
{
  gsize n_bytes = (gsize) MIN (job->size_bytes, SNIFF_BYTES);
  const guint8 *data = picture_peek (job, 0, n_bytes);

  if (data == NULL)
    return picture_fail (job, error, SMB_ERROR_IO, _ ("its first bytes cannot be read; check the disk it lies on"));
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++) {
    if (matches (&kinds[i].magic, data, n_bytes)
        && (kinds[i].kind != PICTURE_WEBP || memcmp (data, "RIFF", 4) == 0)) {
      *kind_out = kinds[i].kind;
      return TRUE;
    }
  }
  if (is_pnm (data, n_bytes)) {
    *kind_out = PICTURE_PNM;
    return TRUE;
  }
  if (is_spoilt_png (data, n_bytes))
    return picture_fail (job, error, SMB_ERROR_FORMAT,
                         _ ("this was a PNG picture, but its signature is damaged, as by a transfer in text mode; "
                            "acquire it again from its source"));
  for (guint i = 0; i < G_N_ELEMENTS (videos); i++)
    if (matches (&videos[i].magic, data, n_bytes))
      return picture_fail (
          job, error, SMB_ERROR_UNSUPPORTED,
          _ ("this is %s, and a picture is needed here; take a frame of it, as “semblance-cli frames” writes it"),
          _ (videos[i].what));
  for (guint i = 0; i < G_N_ELEMENTS (others); i++) {
    if (matches (&others[i].magic, data, n_bytes))
      return picture_fail (
          job, error, SMB_ERROR_UNSUPPORTED,
          _ ("this is %s, whatever its name says; add a JPEG, PNG, TIFF, WebP, HEIC, AVIF, GIF, BMP or "
             "PNM picture"),
          _ (others[i].what));
  }
  if (is_text (data, n_bytes))
    return picture_fail (job, error, SMB_ERROR_FORMAT, _ ("this is text, whatever its name says; add a picture or a video"));
  return picture_fail (job, error, SMB_ERROR_FORMAT,
                       _ ("these bytes are no picture this program knows (JPEG, PNG, TIFF, WebP, HEIC, AVIF, GIF, BMP, "
                          "PNM)"));
}

const char *
picture_kind_name (PictureKind kind)
{
  static const char *const names[] = { "JPEG", "PNG", "GIF", "BMP", "TIFF", "WebP", "HEIC", "AVIF", "PNM" };

  return names[kind];
}
