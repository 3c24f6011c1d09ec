/* SPDX-License-Identifier: Apache-2.0 */
#include "media/smb-png.h"

#include "base/smb-error.h"

#include <gio/gio.h>
#include <glib/gi18n-lib.h>
#include <stdlib.h>
#include <string.h>

#define DEFLATE_LEVEL 6

enum { FILTER_NONE, FILTER_SUB, FILTER_UP, N_FILTERS };

/* CRC-32 as PNG wants it: polynomial 0xEDB88320, reflected. */
static guint32
crc_of (guint32 crc, const guint8 *data, gsize n_bytes)
{
  static guint32 table[256];
  static gsize ready;

  if (g_once_init_enter (&ready)) {
    for (guint32 i = 0; i < 256; i++) {
      guint32 value = i;

      for (int bit = 0; bit < 8; bit++)
        value = (value & 1) != 0 ? 0xEDB88320u ^ (value >> 1) : value >> 1;
      table[i] = value;
    }
    g_once_init_leave (&ready, 1);
  }
  crc = ~crc;
  for (gsize i = 0; i < n_bytes; i++)
    crc = table[(crc ^ data[i]) & 0xFF] ^ (crc >> 8);
  return ~crc;
}

static void
append_be32 (GByteArray *out, guint32 value)
{
  guint32 big = GUINT32_TO_BE (value);

  g_byte_array_append (out, (const guint8 *) &big, sizeof big);
}

static void
append_chunk (GByteArray *out, const char type[4], const guint8 *data, gsize n_bytes)
{
  guint32 crc = crc_of (crc_of (0, (const guint8 *) type, 4), data, n_bytes);

  append_be32 (out, (guint32) n_bytes);
  g_byte_array_append (out, (const guint8 *) type, 4);
  if (n_bytes > 0)
    g_byte_array_append (out, data, (guint) n_bytes);
  append_be32 (out, crc);
}

/* Filters a row all ways and keeps the one with the smallest sum of magnitudes, the usual guess at what packs best.
 * out: 1 + row_bytes. above: NULL for the first row. */
static void
filter_row (guint8 *out, const guint8 *row, const guint8 *above, gsize row_bytes, gsize pixel_bytes)
{
  guint64 best_sum = G_MAXUINT64;
  int best = FILTER_NONE;

  for (int filter = 0; filter < N_FILTERS; filter++) {
    guint64 sum = 0;

    for (gsize i = 0; i < row_bytes; i++) {
      guint8 left = i >= pixel_bytes ? row[i - pixel_bytes] : 0;
      guint8 up = above != NULL ? above[i] : 0;
      guint8 predicted = filter == FILTER_SUB ? left : filter == FILTER_UP ? up : 0;

      sum += (guint64) abs ((gint8) (guint8) (row[i] - predicted));
    }
    if (sum < best_sum) {
      best_sum = sum;
      best = filter;
    }
  }
  out[0] = (guint8) best;
  for (gsize i = 0; i < row_bytes; i++) {
    guint8 left = i >= pixel_bytes ? row[i - pixel_bytes] : 0;
    guint8 up = above != NULL ? above[i] : 0;

    out[1 + i] = (guint8) (row[i] - (best == FILTER_SUB ? left : best == FILTER_UP ? up : 0));
  }
}

/* Memory to memory: nothing here can fail but for a fault of this file. */
static GBytes *
deflate (const guint8 *data, gsize n_bytes)
{
  g_autoptr (GZlibCompressor) compressor = g_zlib_compressor_new (G_ZLIB_COMPRESSOR_FORMAT_ZLIB, DEFLATE_LEVEL);
  g_autoptr (GOutputStream) memory = g_memory_output_stream_new_resizable ();
  g_autoptr (GOutputStream) packed = g_converter_output_stream_new (memory, G_CONVERTER (compressor));
  g_autoptr (GError) error = NULL;

  if (!g_output_stream_write_all (packed, data, n_bytes, NULL, NULL, &error)
      || !g_output_stream_close (packed, NULL, &error)) {
    g_critical ("deflating in memory failed: %s", error->message);
    return NULL;
  }
  return g_memory_output_stream_steal_as_bytes (G_MEMORY_OUTPUT_STREAM (memory));
}

/* pixels: rows of width * channels samples of `bits`, those of 16 bits with the higher byte first. */
static GBytes *
encode (int width, int height, int channels, int bits, const guint8 *pixels)
{
  static const guint8 signature[8] = { 0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n' };
  static const guint8 colour_types[5] = { 0, 0, 4, 2, 6 };
  g_autoptr (GByteArray) out = g_byte_array_new ();
  g_autoptr (GByteArray) header = g_byte_array_new ();
  g_autofree guint8 *filtered = NULL;
  g_autoptr (GBytes) data = NULL;
  gsize row_bytes, n_packed;
  const guint8 *packed;

  row_bytes = (gsize) width * (gsize) channels * (gsize) bits / 8;
  filtered = g_malloc_n ((gsize) height, row_bytes + 1);
  for (gsize y = 0; y < (gsize) height; y++)
    filter_row (filtered + y * (row_bytes + 1), pixels + y * row_bytes, y > 0 ? pixels + (y - 1) * row_bytes : NULL,
                row_bytes, (gsize) channels * (gsize) bits / 8);
  data = deflate (filtered, (gsize) height * (row_bytes + 1));
  g_return_val_if_fail (data != NULL, NULL);
  packed = g_bytes_get_data (data, &n_packed);
  g_return_val_if_fail (n_packed <= G_MAXINT32, NULL);

  g_byte_array_append (out, signature, sizeof signature);
  append_be32 (header, (guint32) width);
  append_be32 (header, (guint32) height);
  /* Bit depth, colour type, then deflate, the five filters, no interlacing. */
  g_byte_array_append (header, (const guint8[]) { (guint8) bits, colour_types[channels], 0, 0, 0 }, 5);
  append_chunk (out, "IHDR", header->data, header->len);
  append_chunk (out, "IDAT", packed, n_packed);
  append_chunk (out, "IEND", NULL, 0);
  return g_byte_array_free_to_bytes (g_steal_pointer (&out));
}

GBytes *
smb_png_encode (int width, int height, int channels, const guint8 *pixels)
{
  g_return_val_if_fail (width > 0 && height > 0 && channels >= 1 && channels <= 4 && pixels != NULL, NULL);
  return encode (width, height, channels, 8, pixels);
}

static gboolean
write_bytes (const char *path, GBytes *bytes, GError **error)
{
  g_autoptr (GError) cause = NULL;
  gsize n_bytes;
  const char *data;

  g_return_val_if_fail (bytes != NULL, FALSE);
  data = g_bytes_get_data (bytes, &n_bytes);
  if (g_file_set_contents (path, data, (gssize) n_bytes, &cause))
    return TRUE;
  g_set_error (error, SMB_ERROR,
               g_error_matches (cause, G_FILE_ERROR, G_FILE_ERROR_ACCES) ? SMB_ERROR_PERMISSION : SMB_ERROR_IO,
               _ ("%s: the picture cannot be written: %s. Choose a folder that can be written to."), path,
               cause->message);
  return FALSE;
}

gboolean
smb_png_write (const char *path, int width, int height, int channels, const guint8 *pixels, GError **error)
{
  g_autoptr (GBytes) bytes = smb_png_encode (width, height, channels, pixels);

  return write_bytes (path, bytes, error);
}

gboolean
smb_png_write_grey16 (const char *path, int width, int height, const guint16 *values, GError **error)
{
  const gsize n = (gsize) width * (gsize) height;
  g_autofree guint8 *pixels = NULL;
  g_autoptr (GBytes) bytes = NULL;

  g_return_val_if_fail (width > 0 && height > 0 && values != NULL, FALSE);
  pixels = g_malloc0 (n * 2);
  for (gsize i = 0; i < n; i++) {
    pixels[2 * i] = (guint8) (values[i] >> 8);
    pixels[2 * i + 1] = (guint8) values[i];
  }
  bytes = encode (width, height, 1, 16, pixels);
  return write_bytes (path, bytes, error);
}

#define SIGNATURE_BYTES 8u
#define HEADER_BYTES 13u
#define CHUNK_BYTES 12u /* length, name, check sum */
#define COLOUR_GREY 0
#define COLOUR_PALETTE 3

static guint32
read_be32 (const guint8 *data)
{
  return (guint32) data[0] << 24 | (guint32) data[1] << 16 | (guint32) data[2] << 8 | (guint32) data[3];
}

/* The header as one of a picture with a palette, and the palette that shows each number as itself. */
static gboolean
append_numbers (GByteArray *out, const guint8 *header)
{
  guint8 changed[HEADER_BYTES], palette[256 * 3];
  const guint bits = header[8], colour = header[9];

  if ((colour != COLOUR_GREY && colour != COLOUR_PALETTE) || (bits != 1 && bits != 2 && bits != 4 && bits != 8))
    return FALSE;
  memcpy (changed, header, sizeof changed);
  changed[9] = COLOUR_PALETTE;
  for (guint i = 0; i < G_N_ELEMENTS (palette); i++)
    palette[i] = (guint8) (i / 3);
  append_chunk (out, "IHDR", changed, sizeof changed);
  append_chunk (out, "PLTE", palette, 3u << bits);
  return TRUE;
}

GBytes *
smb_png_show_numbers (GBytes *png)
{
  g_autoptr (GByteArray) out = g_byte_array_new ();
  gsize n_bytes, at = SIGNATURE_BYTES + CHUNK_BYTES + HEADER_BYTES;
  const guint8 *data = g_bytes_get_data (png, &n_bytes);

  if (n_bytes < at || n_bytes > G_MAXUINT / 2 || memcmp (data, "\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 16) != 0)
    return NULL;
  g_byte_array_append (out, data, SIGNATURE_BYTES);
  if (!append_numbers (out, data + 16))
    return NULL;
  while (n_bytes - at >= CHUNK_BYTES) {
    const guint8 *chunk = data + at;
    const gsize left = n_bytes - at - CHUNK_BYTES, length = read_be32 (chunk);

    if (length > left)
      break;
    if (memcmp (chunk + 4, "IDAT", 4) == 0 || memcmp (chunk + 4, "IEND", 4) == 0)
      g_byte_array_append (out, chunk, (guint) (length + CHUNK_BYTES));
    at += length + CHUNK_BYTES;
  }
  return g_byte_array_free_to_bytes (g_steal_pointer (&out));
}
