/* SPDX-License-Identifier: Apache-2.0 */
/* Does the file end before its container says? FFmpeg reads what is there and keeps quiet. */
#include "media/video-private.h"

#include <string.h>

#define MAX_BOXES 100000
#define EBML_SEGMENT 0x18538067u

static guint64
big_endian (const guint8 *p, int n_bytes)
{
  guint64 value = 0;

  for (int i = 0; i < n_bytes; i++)
    value = value << 8 | p[i];
  return value;
}

/* ISO/IEC 14496-12, 4.2: boxes one after the other, each with its size. */
static gboolean
boxes_are_cut (PictureJob *job)
{
  guint64 at = 0;

  for (guint i = 0; i < MAX_BOXES && at < job->size_bytes; i++) {
    const guint8 *head = picture_peek (job, at, 8);
    guint64 size;

    if (head == NULL)
      return TRUE;
    size = picture_be32 (head);
    if (size == 0)
      return FALSE; /* to the end of the file */
    if (size == 1) {
      head = picture_peek (job, at, 16);
      if (head == NULL)
        return TRUE;
      size = big_endian (head + 8, 8);
    }
    if (size < 8 || size > job->size_bytes - at)
      return TRUE;
    at += size;
  }
  return FALSE;
}

/* RFC 8794, 4: a number whose first bits say how long it is; *length_out 0 if it is not there. All ones: unknown. */
static guint64
ebml_number (PictureJob *job, guint64 at, int *length_out)
{
  const guint8 *first = picture_peek (job, at, 1);
  guint64 value;
  int length = 1;

  *length_out = 0;
  if (first == NULL || *first == 0)
    return 0;
  while ((*first << length & 0x100) == 0)
    length++;
  first = picture_peek (job, at, (gsize) length);
  if (first == NULL)
    return 0;
  value = big_endian (first, length) & ((G_GUINT64_CONSTANT (1) << (7 * length)) - 1);
  *length_out = length;
  return value == (G_GUINT64_CONSTANT (1) << (7 * length)) - 1 ? G_MAXUINT64 : value;
}

static gboolean
segment_is_cut (PictureJob *job)
{
  int length;
  guint64 header = ebml_number (job, 4, &length), at = 4 + (guint64) length + header, size;
  const guint8 *id;

  if (length == 0 || header > job->size_bytes)
    return TRUE;
  id = picture_peek (job, at, 4);
  if (id == NULL || picture_be32 (id) != EBML_SEGMENT)
    return FALSE;
  size = ebml_number (job, at + 4, &length);
  return size != G_MAXUINT64
         && (length == 0 || size > job->size_bytes - MIN (job->size_bytes, at + 4 + (guint64) length));
}

gboolean
video_is_cut (SmbVideo *video)
{
  PictureJob *job = &video->job;
  const guint8 *head = picture_peek (job, 0, 12);

  if (head == NULL)
    return FALSE;
  if (memcmp (head + 4, "ftyp", 4) == 0 || memcmp (head + 4, "moov", 4) == 0)
    return boxes_are_cut (job);
  if (memcmp (head, "\x1a\x45\xdf\xa3", 4) == 0)
    return segment_is_cut (job);
  if (memcmp (head, "RIFF", 4) == 0)
    return picture_le32 (head + 4) > 0 && (guint64) picture_le32 (head + 4) + 8 > job->size_bytes;
  return FALSE;
}
