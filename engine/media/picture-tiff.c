/* SPDX-License-Identifier: Apache-2.0 */
/* The first directory of a TIFF structure: of a TIFF file, and of the EXIF block other formats carry. */
#include "base/smb-error.h"
#include "media/picture-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define TAG_WIDTH 256
#define TAG_HEIGHT 257
#define TAG_BITS 258
#define TAG_ORIENTATION 274
#define TYPE_SHORT 3
#define TYPE_LONG 4
#define ENTRY_BYTES 12u
/* More entries than this in the first directory are not looked at. */
#define MAX_ENTRIES 1024u

static guint32
u32 (const guint8 *p, gboolean little)
{
  return little ? picture_le32 (p) : picture_be32 (p);
}

static guint16
u16 (const guint8 *p, gboolean little)
{
  return little ? picture_le16 (p) : picture_be16 (p);
}

/* Byte order and offset of the first directory; FALSE if these 8 bytes are no TIFF header. */
static gboolean
read_header (const guint8 *head, gboolean *little, guint32 *directory)
{
  if (memcmp (head, "II*\0", 4) != 0 && memcmp (head, "MM\0*", 4) != 0)
    return FALSE;
  *little = head[0] == 'I';
  *directory = u32 (head + 4, *little);
  return TRUE;
}

/* A number that fits into its entry; FALSE if it is none. */
static gboolean
entry_number (const guint8 *entry, gboolean little, guint32 *out)
{
  switch (u16 (entry + 2, little)) {
  case TYPE_SHORT:
    *out = u16 (entry + 8, little);
    return TRUE;
  case TYPE_LONG:
    *out = u32 (entry + 8, little);
    return TRUE;
  default:
    return FALSE;
  }
}

int
picture_exif_orientation (const guint8 *tiff, gsize n_bytes)
{
  gboolean little;
  guint32 at, n_entries, value;

  if (n_bytes < 8 || !read_header (tiff, &little, &at) || at > n_bytes - 2)
    return 1;
  n_entries = MIN (u16 (tiff + at, little), MAX_ENTRIES);
  at += 2;
  for (guint32 i = 0; i < n_entries && n_bytes - at >= ENTRY_BYTES; i++, at += ENTRY_BYTES) {
    if (u16 (tiff + at, little) == TAG_ORIENTATION && entry_number (tiff + at, little, &value))
      return value >= 1 && value <= 8 ? (int) value : 1;
  }
  return 1;
}

gboolean
picture_inspect_tiff (PictureJob *job, GError **error)
{
  const guint8 *data = picture_peek (job, 0, 8);
  guint32 width = 0, height = 0, bits_at = 0, at, n_entries;
  gboolean little;

  if (data == NULL || !read_header (data, &little, &at) || (data = picture_peek (job, at, 2)) == NULL)
    return picture_fail (job, error, SMB_ERROR_FORMAT, _ ("the TIFF is cut short: its directory is missing; acquire it "
                                                          "again from its source"));
  n_entries = MIN (u16 (data, little), MAX_ENTRIES);
  job->info->bits = 1; /* the default of the tag */
  for (guint32 i = 0; i < n_entries; i++) {
    guint32 value;

    data = picture_peek (job, (guint64) at + 2 + (guint64) i * ENTRY_BYTES, ENTRY_BYTES);
    if (data == NULL)
      return picture_fail (job, error, SMB_ERROR_FORMAT, _ ("the TIFF is cut short in its directory; acquire it again "
                                                            "from its source"));
    if (!entry_number (data, little, &value))
      continue;
    if (u16 (data, little) == TAG_WIDTH)
      width = value;
    else if (u16 (data, little) == TAG_HEIGHT)
      height = value;
    else if (u16 (data, little) == TAG_BITS && u32 (data + 4, little) <= 2)
      job->info->bits = (int) (value & 0xffff);
    else if (u16 (data, little) == TAG_ORIENTATION && value >= 1 && value <= 8)
      job->info->orientation = (int) value;
    else if (u16 (data, little) == TAG_BITS)
      bits_at = u32 (data + 8, little);
  }
  if (bits_at != 0 && (data = picture_peek (job, bits_at, 2)) != NULL)
    job->info->bits = u16 (data, little);
  data = picture_peek (job, (guint64) at + 2 + (guint64) n_entries * ENTRY_BYTES, 4);
  if (data != NULL && u32 (data, little) != 0)
    picture_warn (job, _ ("The file holds several pages; the first is shown."));
  return picture_check_size (job, width, height, error);
}
