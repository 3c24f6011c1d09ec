/* SPDX-License-Identifier: Apache-2.0 */
/* Pixels to pixels: smaller, upright. */
#include "base/smb-error.h"
#include "media/picture-private.h"

#include <string.h>

#define CANCEL_CHECK_ROWS 64

/* Where output pixel i begins and ends among n_in inputs, in 1/65536 of an input pixel. */
static void
span (int i, int n_in, int n_out, gint64 *begin, gint64 *end)
{
  *begin = ((gint64) i * n_in << 16) / n_out;
  *end = ((gint64) (i + 1) * n_in << 16) / n_out;
}

/* Mean over the rectangle of inputs that an output pixel covers, partly covered ones by their share. */
static void
shrink_row (const PicturePixels *in, guint8 *out, int y, int width, int height)
{
  int channels = in->channels;
  gint64 y0, y1;

  span (y, in->height, height, &y0, &y1);
  for (int x = 0; x < width; x++) {
    double sums[4] = { 0 };
    gint64 x0, x1;
    double area;

    span (x, in->width, width, &x0, &x1);
    area = (double) (x1 - x0) * (double) (y1 - y0);
    for (gint64 v = y0 >> 16; v << 16 < y1; v++) {
      double share_y = (double) (MIN (y1, (v + 1) << 16) - MAX (y0, v << 16));
      const guint8 *row = in->data + (gsize) v * (gsize) in->width * (gsize) channels;

      for (gint64 u = x0 >> 16; u << 16 < x1; u++) {
        double share = share_y * (double) (MIN (x1, (u + 1) << 16) - MAX (x0, u << 16));

        for (int c = 0; c < channels; c++)
          sums[c] += share * row[u * channels + c];
      }
    }
    for (int c = 0; c < channels; c++)
      out[x * channels + c] = (guint8) (sums[c] / area + 0.5);
  }
}

gboolean
picture_shrink (PictureJob *job, PicturePixels *pixels, int max_side_px, GError **error)
{
  int longer = MAX (pixels->width, pixels->height);
  PicturePixels small;
  int width, height;

  if (longer <= max_side_px)
    return TRUE;
  width = MAX ((int) ((gint64) pixels->width * max_side_px / longer), 1);
  height = MAX ((int) ((gint64) pixels->height * max_side_px / longer), 1);
  if (!picture_alloc (job, &small, width, height, pixels->channels, error))
    return FALSE;
  for (int y = 0; y < height; y++) {
    if (y % CANCEL_CHECK_ROWS == 0 && g_cancellable_set_error_if_cancelled (job->cancellable, error)) {
      g_free (small.data);
      return FALSE;
    }
    shrink_row (pixels, small.data + (gsize) y * (gsize) width * (gsize) pixels->channels, y, width, height);
  }
  g_free (pixels->data);
  *pixels = small;
  return TRUE;
}

/* Rotates by half in place: the only turn of whole pictures that needs no second copy. */
static void
turn_half (PicturePixels *pixels)
{
  gsize n = (gsize) pixels->width * (gsize) pixels->height;

  for (gsize i = 0, j = n - 1; i < j; i++, j--) {
    guint8 t[3];

    memcpy (t, pixels->data + i * 3, 3);
    memcpy (pixels->data + i * 3, pixels->data + j * 3, 3);
    memcpy (pixels->data + j * 3, t, 3);
  }
}

static void
mirror_rows (PicturePixels *pixels)
{
  for (int y = 0; y < pixels->height; y++) {
    guint8 *row = pixels->data + (gsize) y * (gsize) pixels->width * 3;

    for (int i = 0, j = pixels->width - 1; i < j; i++, j--) {
      guint8 t[3];

      memcpy (t, row + i * 3, 3);
      memcpy (row + i * 3, row + j * 3, 3);
      memcpy (row + j * 3, t, 3);
    }
  }
}

/* Rows become columns. */
static gboolean
transpose (PictureJob *job, PicturePixels *pixels, GError **error)
{
  PicturePixels turned;

  if (!picture_alloc (job, &turned, pixels->height, pixels->width, 3, error))
    return FALSE;
  for (int y = 0; y < turned.height; y++) {
    guint8 *out = turned.data + (gsize) y * (gsize) turned.width * 3;
    const guint8 *in = pixels->data + (gsize) y * 3;

    for (int x = 0; x < turned.width; x++)
      memcpy (out + x * 3, in + (gsize) x * (gsize) pixels->width * 3, 3);
  }
  g_free (pixels->data);
  *pixels = turned;
  return TRUE;
}

/* EXIF 2.32, 4.6.4 A, tag 274: where row 0 and column 0 of what is stored lie in what was seen.
 * 2 mirrored, 3 half turn, 4 both, 5 transposed, 6 quarter turn clockwise to show, 7 anti-transposed, 8
 * counter-clockwise. */
gboolean
picture_turn_upright (PictureJob *job, PicturePixels *pixels, int orientation, GError **error)
{
  int width = job->info->width;

  if (orientation >= 5 && orientation <= 8) {
    if (!transpose (job, pixels, error))
      return FALSE;
    job->info->width = job->info->height;
    job->info->height = width;
  }
  if (orientation == 3 || orientation == 4 || orientation == 7 || orientation == 8)
    turn_half (pixels);
  if (orientation == 2 || orientation == 4 || orientation == 6 || orientation == 8)
    mirror_rows (pixels);
  return TRUE;
}
