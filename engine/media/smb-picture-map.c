/* SPDX-License-Identifier: Apache-2.0 */
#include "media/smb-picture-map.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <jpeglib.h>

#include "base/smb-error.h"

#define CANCEL_CHECK_ROWS 64
#define BLOCK 128 /* places whose medians are found together */

const char *
smb_picture_map_name (SmbPictureMapKind kind)
{
  static const char *const names[SMB_N_PICTURE_MAPS] = { "ela", "noise" };

  g_return_val_if_fail ((guint) kind < SMB_N_PICTURE_MAPS, "");
  return names[kind];
}

gboolean
smb_picture_map_from_name (const char *name, SmbPictureMapKind *kind)
{
  for (int i = 0; i < SMB_N_PICTURE_MAPS; i++)
    if (g_strcmp0 (name, smb_picture_map_name ((SmbPictureMapKind) i)) == 0) {
      *kind = (SmbPictureMapKind) i;
      return TRUE;
    }
  return FALSE;
}

void
smb_picture_map_free (SmbPictureMap *map)
{
  if (map == NULL)
    return;
  g_free (map->values);
  g_free (map);
}

/* An empty map for a picture of this size. */
static SmbPictureMap *
map_for (SmbPictureMapKind kind, int quality, int width, int height)
{
  SmbPictureMap *map = g_new0 (SmbPictureMap, 1);

  map->kind = kind;
  map->quality = quality;
  map->picture_width = width;
  map->picture_height = height;
  map->step_px = (MAX (width, height) + SMB_PICTURE_MAP_MAX_SIDE - 1) / SMB_PICTURE_MAP_MAX_SIDE;
  map->columns = (width + map->step_px - 1) / map->step_px;
  map->rows = (height + map->step_px - 1) / map->step_px;
  map->values = g_new0 (float, (gsize) map->columns * (gsize) map->rows);
  return map;
}

static void
measure_range (SmbPictureMap *map)
{
  map->min = INFINITY;
  map->max = -INFINITY;
  for (gsize i = 0; i < (gsize) map->columns * (gsize) map->rows; i++) {
    map->min = MIN (map->min, (double) map->values[i]);
    map->max = MAX (map->max, (double) map->values[i]);
  }
}

SmbPictureMap *
smb_picture_map_new (SmbPictureMapKind kind, int quality, int width, int height, int columns, int rows,
                     const float *values)
{
  g_autoptr (SmbPictureMap) map = NULL;
  gsize n;

  if ((guint) kind >= SMB_N_PICTURE_MAPS || width < 1 || height < 1)
    return NULL;
  map = map_for (kind, quality, width, height);
  n = (gsize) map->columns * (gsize) map->rows;
  if (map->columns != columns || map->rows != rows)
    return NULL;
  for (gsize i = 0; i < n; i++) {
    if (!isfinite (values[i]))
      return NULL;
    map->values[i] = values[i];
  }
  measure_range (map);
  return g_steal_pointer (&map);
}

static int
compare_floats (const void *a, const void *b)
{
  const float x = *(const float *) a, y = *(const float *) b;

  return (x > y) - (x < y);
}

double
smb_picture_map_percentile (const SmbPictureMap *map, double percent)
{
  const gsize n = (gsize) map->columns * (gsize) map->rows;
  g_autofree float *sorted = g_memdup2 (map->values, n * sizeof (float));

  qsort (sorted, n, sizeof (float), compare_floats);
  return (double) sorted[MIN ((gsize) (CLAMP (percent, 0, 100) / 100 * (double) n), n - 1)];
}

/* Adds one row of the picture: values of its pixels, which become means of `step` x `step` when the last is in. */
static void
add_row (SmbPictureMap *map, int y, const float *row)
{
  float *out = map->values + (gsize) (y / map->step_px) * (gsize) map->columns;

  for (int column = 0, x = 0; column < map->columns; column++) {
    const int end = MIN (x + map->step_px, map->picture_width);
    float sum = 0;

    for (; x < end; x++)
      sum += row[x];
    out[column] += sum;
  }
  if ((y + 1) % map->step_px != 0 && y + 1 != map->picture_height)
    return;
  for (int column = 0; column < map->columns; column++) {
    int width = MIN (map->step_px, map->picture_width - column * map->step_px);

    out[column] /= (float) (width * (y % map->step_px + 1));
  }
}

/* --- noise --- */

static float
luma (const guint8 *p)
{
  return 0.299f * (float) p[0] + 0.587f * (float) p[1] + 0.114f * (float) p[2];
}

/* Medians of nine values each, BLOCK places at a time, by nineteen exchanges (Devillard's network after Paeth): planes
 * (9, BLOCK) are put in disorder, the medians are in the fifth. */
static void
find_medians (float planes[9][BLOCK])
{
  static const guint8 pairs[][2] = { { 1, 2 }, { 4, 5 }, { 7, 8 }, { 0, 1 }, { 3, 4 }, { 6, 7 }, { 1, 2 },
                                     { 4, 5 }, { 7, 8 }, { 0, 3 }, { 5, 8 }, { 4, 7 }, { 3, 6 }, { 1, 4 },
                                     { 2, 5 }, { 4, 7 }, { 4, 2 }, { 6, 4 }, { 4, 2 } };

  for (guint i = 0; i < G_N_ELEMENTS (pairs); i++) {
    float *restrict a = planes[pairs[i][0]], *restrict b = planes[pairs[i][1]];

    for (int k = 0; k < BLOCK; k++) {
      const float low = a[k] < b[k] ? a[k] : b[k], high = a[k] < b[k] ? b[k] : a[k];

      a[k] = low;
      b[k] = high;
    }
  }
}

/* out (width): how far each pixel of the middle row lies from the median about it. */
static void
noise_of_row (float *out, const float *const rows[3], int width)
{
  float planes[9][BLOCK];

  for (int from = 0; from < width; from += BLOCK) {
    const int n = MIN (BLOCK, width - from);

    for (int k = 0; k < BLOCK; k++) {
      const int x = MIN (from + k, width - 1), left = MAX (x - 1, 0), right = MIN (x + 1, width - 1);

      for (int row = 0; row < 3; row++) {
        planes[3 * row][k] = rows[row][left];
        planes[3 * row + 1][k] = rows[row][x];
        planes[3 * row + 2][k] = rows[row][right];
      }
    }
    find_medians (planes);
    for (int k = 0; k < n; k++)
      out[from + k] = fabsf (rows[1][from + k] - planes[4][k]);
  }
}

static gboolean
fill_noise (SmbPictureMap *map, const SmbImage *image, GCancellable *cancellable, GError **error)
{
  const int width = image->width, height = image->height;
  const guint8 *pixels = smb_image_get_pixels (image);
  g_autofree float *ring = g_new (float, 3 * (gsize) width), *out = g_new0 (float, (gsize) width);

  for (int y = -1; y < height; y++) {
    /* Row y + 1 comes in; beyond the edge the last row stands again. */
    const int coming = CLAMP (y + 1, 0, height - 1);
    float *into = ring + (gsize) ((y + 1) % 3) * (gsize) width;

    for (int x = 0; x < width; x++)
      into[x] = luma (pixels + ((gsize) coming * (gsize) width + (gsize) x) * 3);
    if (y < 0)
      continue;
    if (y % CANCEL_CHECK_ROWS == 0 && g_cancellable_set_error_if_cancelled (cancellable, error))
      return FALSE;
    {
      const float *const rows[3] = { ring + (gsize) (MAX (y - 1, 0) % 3) * (gsize) width,
                                     ring + (gsize) (y % 3) * (gsize) width, into };

      noise_of_row (out, rows, width);
    }
    add_row (map, y, out);
  }
  return TRUE;
}

/* --- error level --- */

typedef struct {
  struct jpeg_compress_struct pack;
  struct jpeg_decompress_struct unpack;
  struct jpeg_error_mgr errors;
  jmp_buf jump;
  unsigned char *bytes; /* the packed picture */
  unsigned long n_bytes;
  guint8 *row;
  float *difference;
  gboolean cancelled;
} Level;

static void G_GNUC_NORETURN
leave (j_common_ptr jpeg)
{
  longjmp (((Level *) jpeg->client_data)->jump, 1);
}

static void
say_nothing (j_common_ptr jpeg)
{
}

static void
pack (Level *level, const SmbImage *image, int quality, GCancellable *cancellable)
{
  struct jpeg_compress_struct *jpeg = &level->pack;
  const guint8 *pixels = smb_image_get_pixels (image);

  jpeg_create_compress (jpeg);
  jpeg_mem_dest (jpeg, &level->bytes, &level->n_bytes);
  jpeg->image_width = (JDIMENSION) image->width;
  jpeg->image_height = (JDIMENSION) image->height;
  jpeg->input_components = 3;
  jpeg->in_color_space = JCS_RGB;
  jpeg_set_defaults (jpeg);
  jpeg_set_quality (jpeg, quality, TRUE);
  jpeg->dct_method = JDCT_ISLOW;
  jpeg_start_compress (jpeg, TRUE);
  while (jpeg->next_scanline < jpeg->image_height) {
    JSAMPROW row = (JSAMPROW) pixels + (gsize) jpeg->next_scanline * (gsize) image->width * 3;

    if (jpeg->next_scanline % CANCEL_CHECK_ROWS == 0 && g_cancellable_is_cancelled (cancellable)) {
      level->cancelled = TRUE;
      leave ((j_common_ptr) jpeg);
    }
    jpeg_write_scanlines (jpeg, &row, 1);
  }
  jpeg_finish_compress (jpeg);
}

static void
compare (Level *level, SmbPictureMap *map, const SmbImage *image, GCancellable *cancellable)
{
  struct jpeg_decompress_struct *jpeg = &level->unpack;
  const guint8 *pixels = smb_image_get_pixels (image);

  jpeg_create_decompress (jpeg);
  jpeg_mem_src (jpeg, level->bytes, level->n_bytes);
  jpeg_read_header (jpeg, TRUE);
  jpeg->out_color_space = JCS_RGB;
  jpeg->dct_method = JDCT_ISLOW;
  jpeg_start_decompress (jpeg);
  while (jpeg->output_scanline < jpeg->output_height) {
    const int y = (int) jpeg->output_scanline;
    const guint8 *row = pixels + (gsize) y * (gsize) image->width * 3;

    if (y % CANCEL_CHECK_ROWS == 0 && g_cancellable_is_cancelled (cancellable)) {
      level->cancelled = TRUE;
      leave ((j_common_ptr) jpeg);
    }
    jpeg_read_scanlines (jpeg, &level->row, 1);
    for (int x = 0; x < image->width; x++)
      level->difference[x]
          = (float) (abs (row[3 * x] - level->row[3 * x]) + abs (row[3 * x + 1] - level->row[3 * x + 1])
                     + abs (row[3 * x + 2] - level->row[3 * x + 2]))
            / 3.0f;
    add_row (map, y, level->difference);
  }
  jpeg_finish_decompress (jpeg);
}

static gboolean
fill_ela (SmbPictureMap *map, const SmbImage *image, GCancellable *cancellable, GError **error)
{
  Level *level = g_new0 (Level, 1);
  gboolean ok = FALSE;

  level->row = g_malloc ((gsize) image->width * 3);
  level->difference = g_new (float, (gsize) image->width);
  level->pack.err = level->unpack.err = jpeg_std_error (&level->errors);
  level->errors.error_exit = leave;
  level->errors.output_message = say_nothing;
  level->pack.client_data = level->unpack.client_data = level;
  if (setjmp (level->jump) == 0) {
    pack (level, image, map->quality, cancellable);
    compare (level, map, image, cancellable);
    ok = TRUE;
  } else if (level->cancelled)
    g_cancellable_set_error_if_cancelled (cancellable, error);
  else
    g_set_error_literal (error, SMB_ERROR, SMB_ERROR_MEMORY,
                         _ ("The picture could not be packed once more; close other programs and try again."));
  jpeg_destroy_compress (&level->pack);
  jpeg_destroy_decompress (&level->unpack);
  free (level->bytes);
  g_free (level->row);
  g_free (level->difference);
  g_free (level);
  return ok;
}

SmbPictureMap *
smb_picture_map_make (SmbPictureMapKind kind, int quality, const SmbImage *image, GCancellable *cancellable,
                      GError **error)
{
  g_autoptr (SmbPictureMap) map = NULL;
  gboolean ok;

  g_return_val_if_fail (image != NULL && (guint) kind < SMB_N_PICTURE_MAPS && quality >= 1 && quality <= 100, NULL);
  map = map_for (kind, quality, image->width, image->height);
  ok = kind == SMB_PICTURE_MAP_ELA ? fill_ela (map, image, cancellable, error)
                                   : fill_noise (map, image, cancellable, error);
  if (!ok)
    return NULL;
  measure_range (map);
  return g_steal_pointer (&map);
}
