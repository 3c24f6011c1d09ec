/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli-map-picture.h"

#include "base/smb-error.h"
#include "explain/smb-map-file.h"
#include "explain/smb-overlay.h"
#include "media/smb-png.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#define BAR_HEIGHT_PX 14
#define CHEQUER_PX 8
#define GLYPH_ROWS 5
#define GLYPH_COLUMNS 3
#define GLYPH_SCALE 3
#define GLYPH_ADVANCE_PX ((GLYPH_COLUMNS + 1) * GLYPH_SCALE)

/* The few signs numbers are made of, three columns by five rows; a set bit is ink, the highest of three the leftmost.
 */
static const struct {
  char sign;
  guint8 rows[GLYPH_ROWS];
} glyphs[] = {
  { '0', { 7, 5, 5, 5, 7 } }, { '1', { 2, 6, 2, 2, 7 } }, { '2', { 7, 1, 7, 4, 7 } }, { '3', { 7, 1, 3, 1, 7 } },
  { '4', { 5, 5, 7, 1, 1 } }, { '5', { 7, 4, 7, 1, 7 } }, { '6', { 7, 4, 7, 5, 7 } }, { '7', { 7, 1, 1, 2, 2 } },
  { '8', { 7, 5, 7, 5, 7 } }, { '9', { 7, 5, 7, 1, 7 } }, { '.', { 0, 0, 0, 0, 2 } }, { '-', { 0, 0, 7, 0, 0 } },
  { '+', { 0, 2, 7, 2, 0 } }, { 'e', { 0, 7, 7, 4, 7 } }, { 'n', { 0, 6, 5, 5, 5 } }, { 'a', { 0, 3, 5, 5, 3 } },
};

static void
put_pixel (guint8 *rgb, int width, int x, int y, const guint8 colour[3])
{
  memcpy (rgb + ((gsize) y * (gsize) width + (gsize) x) * 3, colour, 3);
}

static void
draw_number (guint8 *rgb, int width, int x, int y, const char *text)
{
  static const guint8 ink[3] = { 29, 30, 33 };

  for (; *text != '\0'; text++, x += GLYPH_ADVANCE_PX)
    for (guint g = 0; g < G_N_ELEMENTS (glyphs); g++)
      for (int row = 0; glyphs[g].sign == *text && row < GLYPH_ROWS * GLYPH_SCALE; row++)
        for (int column = 0; column < GLYPH_COLUMNS * GLYPH_SCALE; column++)
          if ((glyphs[g].rows[row / GLYPH_SCALE] >> (GLYPH_COLUMNS - 1 - column / GLYPH_SCALE) & 1) != 0
              && x + column >= 0 && x + column < width)
            put_pixel (rgb, width, x + column, y + row, ink);
}

/* Fills the rows below the picture. */
static void
draw_legend (guint8 *rgb, int width, int height, const SmbMap *map, SmbColours colours)
{
  const double places[3] = { 0.0, 0.5, 1.0 };

  memset (rgb + (gsize) width * (gsize) height * 3, 0xFF, (gsize) width * SMB_CLI_LEGEND_HEIGHT_PX * 3);
  for (int x = 0; x < width; x++) {
    guint8 colour[3];

    smb_colours_lookup (colours, width > 1 ? (double) x / (width - 1) : 0.0, colour);
    for (int y = 0; y < BAR_HEIGHT_PX; y++)
      put_pixel (rgb, width, x, height + 2 + y, colour);
  }
  for (guint i = 0; i < G_N_ELEMENTS (places); i++) {
    char text[G_ASCII_DTOSTR_BUF_SIZE];
    int text_px;

    g_ascii_formatd (text, sizeof text, "%.3g", map->min + places[i] * (map->max - map->min));
    text_px = (int) strlen (text) * GLYPH_ADVANCE_PX - GLYPH_SCALE;
    draw_number (rgb, width, (int) (places[i] * (width - text_px)), height + 2 + BAR_HEIGHT_PX + 5, text);
  }
}

/* Puts a rendered overlay (premultiplied B, G, R, A) over what rgb holds. */
static void
put_over (guint8 *rgb, const guint8 *bgra, int width, int height)
{
  for (gsize i = 0; i < (gsize) width * (gsize) height; i++) {
    const guint8 *over = bgra + i * 4;
    guint8 *under = rgb + i * 3;

    for (int c = 0; c < 3; c++)
      /* NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): the caller has painted all of it */
      under[c] = (guint8) MIN (over[2 - c] + (under[c] * (255 - over[3]) + 127) / 255, 255);
  }
}

static guint8 *
render (const SmbMap *map, SmbColours colours, double opacity, const guint8 *face, int width, int height)
{
  guint8 *rgb = g_malloc ((gsize) width * (gsize) (height + SMB_CLI_LEGEND_HEIGHT_PX) * 3);
  g_autofree guint8 *bgra = g_malloc ((gsize) width * (gsize) height * 4);

  smb_overlay_render (bgra, width, height, map, map->min, map->max, colours, opacity, NAN);
  if (face != NULL)
    memcpy (rgb, face, (gsize) width * (gsize) height * 3);
  else
    for (int y = 0; y < height; y++)
      for (int x = 0; x < width; x++) {
        guint8 grey = (x / CHEQUER_PX + y / CHEQUER_PX) % 2 == 0 ? 0xE0 : 0xC4;

        put_pixel (rgb, width, x, y, (const guint8[]) { grey, grey, grey });
      }
  put_over (rgb, bgra, width, height);
  draw_legend (rgb, width, height, map, colours);
  return rgb;
}

guint8 *
smb_cli_map_picture (const SmbMap *map, SmbColours colours, int width, int height)
{
  return render (map, colours, 1.0, NULL, width, height);
}

guint8 *
smb_cli_map_overlay (const SmbMap *map, SmbColours colours, double opacity, const guint8 *face, int size_px)
{
  return render (map, colours, opacity, face, size_px, size_px);
}

gboolean
smb_cli_map_write_npy (const char *path, const SmbMap *map, GError **error)
{
  g_autoptr (GBytes) bytes = smb_map_to_npy (map);
  g_autoptr (GError) cause = NULL;

  if (g_file_set_contents (path, g_bytes_get_data (bytes, NULL), (gssize) g_bytes_get_size (bytes), &cause))
    return TRUE;
  g_set_error (
      error, SMB_ERROR, g_error_matches (cause, G_FILE_ERROR, G_FILE_ERROR_ACCES) ? SMB_ERROR_PERMISSION : SMB_ERROR_IO,
      _ ("%s: the numbers cannot be written: %s. Choose a folder that can be written to."), path, cause->message);
  return FALSE;
}

gboolean
smb_cli_map_write_png16 (const char *path, const SmbMap *map, double lo, double hi, GError **error)
{
  g_autofree guint16 *values = smb_map_to_levels (map, lo, hi);

  return smb_png_write_grey16 (path, map->columns, map->rows, values, error);
}
