/* SPDX-License-Identifier: Apache-2.0 */
/* How a picture's file was packed: a JPEG's tables and sampling, and whether any kind holds a C2PA manifest. Headers
 * alone are looked at; every length is checked against the file. */
#include <stdlib.h>
#include <string.h>

#include "media/picture-private.h"
#include "media/smb-metadata.h"

/* Segments before the picture data; files of cameras have a few dozen. */
#define MAX_SEGMENTS 2000
#define MAX_HEAD_BYTES (64u << 20)
#define MAX_CHUNKS 100000

enum {
  MARKER_SOF0 = 0xc0,
  MARKER_SOF2 = 0xc2,
  MARKER_SOI = 0xd8,
  MARKER_EOI = 0xd9,
  MARKER_SOS = 0xda,
  MARKER_DQT = 0xdb,
  MARKER_APP11 = 0xeb
};

/* ISO/IEC 10918-1, annex K.1, rows of 8; the Independent JPEG Group's program scales these. */
static const guint8 standard[2][64]
    = { { 16, 11,  10,  16, 24, 40, 51, 61, 12,  12,  14,  19,  26, 58, 60, 55,  14,  13,  16,  24, 40, 57,
          69, 56,  14,  17, 22, 29, 51, 87, 80,  62,  18,  22,  37, 56, 68, 109, 103, 77,  24,  35, 55, 64,
          81, 104, 113, 92, 49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98,  112, 100, 103, 99 },
        { 17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99,
          99, 99, 47, 66, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
          99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99 } };

/* Place in rows of 8 of the n-th value in a file. */
static const guint8 zigzag[64]
    = { 0,  1,  8,  16, 9,  2,  3,  10, 17, 24, 32, 25, 18, 11, 4,  5,  12, 19, 26, 33, 40, 48,
        41, 34, 27, 20, 13, 6,  7,  14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23,
        30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63 };

/* The quality whose table lies nearest, by the sum of differences. */
static void
estimate_quality (SmbQuantTable *table)
{
  const guint8 *base = standard[table->id == 0 ? 0 : 1];
  long best = G_MAXLONG;

  for (int quality = 1; quality <= 100; quality++) {
    const int scale = quality < 50 ? 5000 / quality : 200 - 2 * quality;
    long off = 0;

    for (int i = 0; i < 64; i++)
      off += labs (CLAMP ((base[i] * scale + 50) / 100, 1, 255) - (long) table->values[i]);
    if (off < best) {
      best = off;
      table->quality = quality;
      table->exact = off == 0;
    }
  }
}

static void
read_tables (const guint8 *data, gsize n_bytes, SmbMetadata *metadata)
{
  while (n_bytes >= 1 && metadata->tables->len < SMB_METADATA_MAX_TABLES) {
    SmbQuantTable table = { .id = data[0] & 15, .bits = data[0] >> 4 == 0 ? 8 : 16 };
    const gsize needed = 1 + 64 * (gsize) table.bits / 8;

    if (n_bytes < needed)
      return;
    for (int i = 0; i < 64; i++)
      table.values[zigzag[i]] = table.bits == 8 ? data[1 + i] : picture_be16 (data + 1 + 2 * i);
    estimate_quality (&table);
    g_array_append_val (metadata->tables, table);
    data += needed;
    n_bytes -= needed;
  }
}

/* From a frame header: 4:2:0 and the like, from the first and second component's factors. */
static void
read_frame (const guint8 *data, gsize n_bytes, SmbMetadata *metadata)
{
  const int components = n_bytes >= 6 ? data[5] : 0;

  g_clear_pointer (&metadata->sampling, g_free);
  if (n_bytes < 6 + 3 * (gsize) components)
    return;
  if (components == 1)
    metadata->sampling = g_strdup ("grey");
  if (components >= 3) {
    const int h = data[7] >> 4, v = data[7] & 15, ch = data[10] >> 4, cv = data[10] & 15;

    if (h > 0 && ch > 0 && cv > 0 && h % ch == 0 && v % cv == 0 && h / ch <= 4 && v / cv <= 2)
      metadata->sampling = g_strdup_printf ("4:%d:%d", 4 * ch / h, v / cv == 2 ? 0 : 4 * ch / h);
    else
      metadata->sampling = g_strdup_printf ("%dx%d, %dx%d", h, v, ch, cv);
  }
}

/* Whether a JUMBF segment (ISO/IEC 19566-5) holds C2PA's manifest store; only its first part names the box. */
static void
read_jumbf (const guint8 *data, gsize n_bytes, SmbMetadata *metadata)
{
  if (n_bytes < 16 || memcmp (data, "JP", 2) != 0 || memcmp (data + 12, "jumb", 4) != 0)
    return;
  if (metadata->c2pa == SMB_C2PA_PRESENT || memmem (data, MIN (n_bytes, 256), "c2pa", 4) != NULL) {
    metadata->c2pa = SMB_C2PA_PRESENT;
    metadata->c2pa_bytes += n_bytes;
  }
}

static void
read_segment (guint8 marker, const guint8 *data, gsize n_bytes, SmbMetadata *metadata)
{
  if (marker == MARKER_DQT)
    read_tables (data, n_bytes, metadata);
  else if (marker == MARKER_APP11)
    read_jumbf (data, n_bytes, metadata);
  else if (marker >= MARKER_SOF0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc) {
    metadata->progressive = marker == MARKER_SOF2;
    read_frame (data, n_bytes, metadata);
  }
}

GBytes *
picture_read_jpeg_head (PictureJob *job, SmbMetadata *metadata)
{
  static const guint8 end[] = { 0xff, MARKER_EOI };
  g_autoptr (GByteArray) head = g_byte_array_new ();
  guint64 at = 2;

  metadata->c2pa = SMB_C2PA_ABSENT;
  g_byte_array_append (head, (const guint8[]) { 0xff, MARKER_SOI }, 2);
  for (int n = 0; n < MAX_SEGMENTS && head->len < MAX_HEAD_BYTES; n++) {
    const guint8 *mark = picture_peek (job, at, 4);
    const guint8 *whole;
    guint8 marker;
    gsize n_bytes;

    if (mark == NULL || mark[0] != 0xff)
      return NULL;
    if (mark[1] == 0xff) { /* filling */
      at++;
      continue;
    }
    marker = mark[1];
    n_bytes = picture_be16 (mark + 2);
    /* The longest segment, with its mark, is two bytes more than the window: then its last two are not looked at. */
    whole = n_bytes >= 2 ? picture_peek (job, at, MIN (n_bytes + 2, PICTURE_WINDOW_BYTES)) : NULL;
    if (whole == NULL)
      return NULL;
    if (n_bytes + 2 <= PICTURE_WINDOW_BYTES) {
      read_segment (marker, whole + 4, n_bytes - 2, metadata);
      g_byte_array_append (head, whole, (guint) n_bytes + 2);
    }
    at += n_bytes + 2;
    if (marker == MARKER_SOS) {
      g_byte_array_append (head, end, sizeof end);
      return g_byte_array_free_to_bytes (g_steal_pointer (&head));
    }
  }
  return NULL;
}

static void
note_manifest (SmbMetadata *metadata, guint64 n_bytes)
{
  metadata->c2pa = SMB_C2PA_PRESENT;
  metadata->c2pa_bytes += n_bytes;
}

/* Chunks of four letters and a length, from `at`: PNG's (length first, then a sum of four bytes) or RIFF's (length
 * after, filled to even). */
static void
walk_chunks (PictureJob *job, guint64 at, gboolean png, SmbMetadata *metadata)
{
  for (int n = 0; n < MAX_CHUNKS; n++) {
    const guint8 *header = picture_peek (job, at, 8);
    guint64 n_bytes;

    if (header == NULL)
      return;
    n_bytes = png ? picture_be32 (header) : picture_le32 (header + 4);
    if (memcmp (png ? header + 4 : header, png ? "caBX" : "C2PA", 4) == 0)
      note_manifest (metadata, n_bytes);
    at += 8 + n_bytes + (png ? 4 : n_bytes % 2);
  }
}

/* Boxes of an ISO base media file, outermost. */
static void
walk_boxes (PictureJob *job, SmbMetadata *metadata)
{
  static const guint8 c2pa[16]
      = { 0xd8, 0xfe, 0xc3, 0xd6, 0x1b, 0x0e, 0x48, 0x3c, 0x92, 0x97, 0x58, 0x28, 0x87, 0x7e, 0xc4, 0x81 };
  guint64 at = 0;

  for (int n = 0; n < MAX_CHUNKS; n++) {
    const guint8 *header = picture_peek (job, at, 8), *name;
    guint64 n_bytes, header_bytes = 8;

    if (header == NULL)
      return;
    n_bytes = picture_be32 (header);
    name = picture_peek (job, at, 16);
    if (n_bytes == 1 && name != NULL) {
      n_bytes = (guint64) picture_be32 (name + 8) << 32 | picture_be32 (name + 12);
      header_bytes = 16;
    }
    name = picture_peek (job, at, header_bytes + 16);
    if (name != NULL && memcmp (name + 4, "uuid", 4) == 0 && memcmp (name + header_bytes, c2pa, sizeof c2pa) == 0)
      note_manifest (metadata, n_bytes);
    if (n_bytes < header_bytes || n_bytes > job->size_bytes - at)
      return;
    at += n_bytes;
  }
}

void
picture_find_manifest (PictureJob *job, PictureKind kind, SmbMetadata *metadata)
{
  metadata->c2pa = SMB_C2PA_ABSENT;
  if (kind == PICTURE_PNG)
    walk_chunks (job, 8, TRUE, metadata);
  else if (kind == PICTURE_WEBP)
    walk_chunks (job, 12, FALSE, metadata);
  else if (kind == PICTURE_HEIC || kind == PICTURE_AVIF)
    walk_boxes (job, metadata);
  else
    metadata->c2pa = SMB_C2PA_NOT_SOUGHT;
}
