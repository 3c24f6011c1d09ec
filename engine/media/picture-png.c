/* SPDX-License-Identifier: Apache-2.0 */
/* A walk through the chunks of a PNG (ISO/IEC 15948) before any decoder sees them: readers differ in which damage they
 * swallow, and a check sum that does not match is damage. */
#include "base/smb-error.h"
#include "media/picture-private.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <string.h>
#include <zlib.h>

#define SIGNATURE_BYTES 8u
#define HEADER_BYTES 13u
#define SRGB_GAMMA 45455u

typedef struct {
  guint64 at;   /* of its length field */
  guint32 n_bytes;
  char name[5];
  gboolean intact; /* check sum matches */
} Chunk;

typedef enum { CHUNK_OK, CHUNK_CUT, CHUNK_FAILED } ChunkOutcome;

typedef struct {
  gboolean header, palette, data, end, profile;
  guint32 gamma, frames;
} Found;

/* Reads a chunk through, check sum and all. */
static ChunkOutcome
read_chunk (PictureJob *job, guint64 at, Chunk *chunk, GError **error)
{
  const guint8 *data = picture_peek (job, at, 8);
  guint64 left;
  uLong sum;

  *chunk = (Chunk){ .at = at };
  if (data == NULL)
    return CHUNK_CUT;
  chunk->n_bytes = picture_be32 (data);
  for (int i = 0; i < 4; i++) {
    if (!g_ascii_isalpha (data[4 + i])) {
      picture_fail (job, error, SMB_ERROR_FORMAT, _ ("the PNG is damaged: no chunk begins at byte %" PRIu64),
                    at);
      return CHUNK_FAILED;
    }
    chunk->name[i] = (char) data[4 + i];
  }
  if (chunk->n_bytes > 0x7fffffffu) {
    picture_fail (job, error, SMB_ERROR_FORMAT, _ ("the PNG is damaged: its chunk %s claims an impossible length"),
                  chunk->name);
    return CHUNK_FAILED;
  }
  sum = crc32 (crc32 (0, NULL, 0), data + 4, 4);
  at += 8;
  for (left = chunk->n_bytes; left > 0;) {
    gsize step = (gsize) MIN (left, PICTURE_WINDOW_BYTES);

    if (g_cancellable_set_error_if_cancelled (job->cancellable, error))
      return CHUNK_FAILED;
    if ((data = picture_peek (job, at, step)) == NULL)
      return CHUNK_CUT;
    sum = crc32 (sum, data, (uInt) step);
    at += step;
    left -= step;
  }
  if ((data = picture_peek (job, at, 4)) == NULL)
    return CHUNK_CUT;
  chunk->intact = picture_be32 (data) == (guint32) sum;
  return CHUNK_OK;
}

static gboolean
bits_fit_colour (guint bits, guint colour)
{
  switch (colour) {
  case 0: /* grey */
    return bits == 1 || bits == 2 || bits == 4 || bits == 8 || bits == 16;
  case 3: /* palette */
    return bits == 1 || bits == 2 || bits == 4 || bits == 8;
  case 2: /* RGB */
  case 4: /* grey and alpha */
  case 6: /* RGB and alpha */
    return bits == 8 || bits == 16;
  default:
    return FALSE;
  }
}

static gboolean
check_header (PictureJob *job, const Chunk *chunk, GError **error)
{
  const guint8 *data = picture_peek (job, chunk->at + 8, MIN (chunk->n_bytes, HEADER_BYTES));

  if (strcmp (chunk->name, "IHDR") != 0 || chunk->n_bytes != HEADER_BYTES || data == NULL)
    return picture_fail (job, error, SMB_ERROR_FORMAT, _ ("the PNG is damaged: it does not begin with its header"));
  if (data[9] > 6 || data[9] == 1 || data[9] == 5)
    return picture_fail (job, error, SMB_ERROR_FORMAT, _ ("the PNG is damaged: there is no colour type %u"), data[9]);
  if (!bits_fit_colour (data[8], data[9]))
    return picture_fail (job, error, SMB_ERROR_FORMAT,
                         _ ("the PNG is damaged: %u bits do not go with colour type %u"), data[8], data[9]);
  if (data[10] != 0 || data[11] != 0 || data[12] > 1)
    return picture_fail (job, error, SMB_ERROR_FORMAT,
                         _ ("the PNG is damaged: unknown compression, filter or interlacing"));
  job->info->bits = data[8];
  job->interlaced = data[12] == 1;
  return picture_check_size (job, picture_be32 (data), picture_be32 (data + 4), error);
}

static gboolean
is_named (const Chunk *chunk, const char *name)
{
  return strcmp (chunk->name, name) == 0;
}

static gboolean
take_chunk (PictureJob *job, const Chunk *chunk, Found *found, GError **error)
{
  const guint8 *data;

  if (!chunk->intact && g_ascii_isupper (chunk->name[0]))
    return picture_fail (job, error, SMB_ERROR_FORMAT,
                         _ ("the PNG is damaged: the check sum of its chunk %s at byte %" PRIu64
                            " does not match; acquire it again from its source"),
                         chunk->name, chunk->at);
  if (!chunk->intact) {
    picture_warn (job,
                  _ ("The check sum of the chunk %s does not match; this part of the file, not needed for the pixels, "
                     "is damaged."),
                  chunk->name);
    return TRUE;
  }
  if (!found->header) {
    found->header = TRUE;
    return check_header (job, chunk, error);
  }
  if (is_named (chunk, "IDAT"))
    found->data |= chunk->n_bytes > 0;
  else if (is_named (chunk, "IEND"))
    found->end = TRUE;
  else if (is_named (chunk, "iCCP") || is_named (chunk, "sRGB"))
    found->profile = TRUE;
  else if (is_named (chunk, "gAMA") && chunk->n_bytes == 4 && (data = picture_peek (job, chunk->at + 8, 4)) != NULL)
    found->gamma = picture_be32 (data);
  else if (is_named (chunk, "acTL") && chunk->n_bytes == 8 && (data = picture_peek (job, chunk->at + 8, 8)) != NULL)
    found->frames = picture_be32 (data);
  else if (is_named (chunk, "eXIf") && chunk->n_bytes < PICTURE_MAX_EXIF_BYTES
           && (data = picture_peek (job, chunk->at + 8, chunk->n_bytes)) != NULL)
    job->info->orientation = picture_exif_orientation (data, chunk->n_bytes);
  return TRUE;
}

gboolean
picture_inspect_png (PictureJob *job, GError **error)
{
  guint64 at = SIGNATURE_BYTES;
  Found found = { 0 };

  while (!found.end) {
    Chunk chunk;
    ChunkOutcome outcome = read_chunk (job, at, &chunk, error);

    if (outcome == CHUNK_FAILED)
      return FALSE;
    if (outcome == CHUNK_CUT) {
      job->data_cut = is_named (&chunk, "IDAT");
      job->end_missing = !job->data_cut;
      found.data |= job->data_cut;
      break;
    }
    if (!take_chunk (job, &chunk, &found, error))
      return FALSE;
    at += 12 + (guint64) chunk.n_bytes;
  }
  if ((job->data_cut || job->end_missing) && (!found.header || !found.data))
    return picture_fail (job, error, SMB_ERROR_FORMAT,
                         _ ("the PNG is cut short before the picture begins; acquire it again from its source"));
  if (!found.data)
    return picture_fail (job, error, SMB_ERROR_FORMAT, _ ("the PNG is damaged: it holds no picture data"));
  if (found.frames > 1)
    picture_warn (job, _ ("The file is an animation of %u frames; the first is shown."), found.frames);
  if (!found.profile && found.gamma != 0 && ABS ((int) MIN (found.gamma, 1000000u) - (int) SRGB_GAMMA) > 1000)
    picture_warn (job,
                  _ ("The file asks for a gamma of %.3f, which is not applied; colours are shown as they are stored."),
                  found.gamma / 100000.0);
  return TRUE;
}
