/* SPDX-License-Identifier: Apache-2.0 */
#include "smb-tiles.h"

#include <math.h>

#define TILE_PX     512
#define SMALL_PX    512
#define MAX_LEVELS  16
#define SHARP_SCALE 4.0
/* As many as four large screens show; those out of sight go first. */
#define MAX_TEXTURES 192

typedef struct {
  GBytes *bytes; /* (height, width, 3) */
  int width, height;
} Level;

typedef struct {
  GdkTexture *texture;
  guint64 seen; /* number of the drawing that used it last */
} Tile;

struct _SmbTiles {
  SmbImage *image;
  Level levels[MAX_LEVELS];
  int n_levels;
  GHashTable *textures; /* level, row and column to Tile */
  GdkTexture *small;
  guint64 drawings;
};

static void
tile_free (gpointer data)
{
  g_object_unref (((Tile *) data)->texture);
  g_free (data);
}

/* Mean of 2 x 2; an odd last row or column is taken twice. */
static GBytes *
halve (const Level *from, int width, int height)
{
  const guint8 *source = g_bytes_get_data (from->bytes, NULL);
  gsize stride = (gsize) from->width * 3;
  guint8 *target = g_malloc ((gsize) width * (gsize) height * 3);

  for (int y = 0; y < height; y++) {
    const guint8 *above = source + (gsize) (2 * y) * stride;
    const guint8 *below = 2 * y + 1 < from->height ? above + stride : above;
    guint8 *out = target + (gsize) y * (gsize) width * 3;

    for (int x = 0; x < width; x++) {
      gsize left = (gsize) (2 * x) * 3;
      gsize right = 2 * x + 1 < from->width ? left + 3 : left;

      for (gsize c = 0; c < 3; c++)
        out[(gsize) x * 3 + c]
            = (guint8) ((above[left + c] + above[right + c] + below[left + c] + below[right + c] + 2) / 4);
    }
  }
  return g_bytes_new_take (target, (gsize) width * (gsize) height * 3);
}

SmbTiles *
smb_tiles_new (SmbImage *image)
{
  SmbTiles *tiles = g_atomic_rc_box_new0 (SmbTiles);

  tiles->image = smb_image_ref (image);
  tiles->levels[0] = (Level){ g_bytes_ref (image->bytes), image->width, image->height };
  tiles->n_levels = 1;
  while (tiles->n_levels < MAX_LEVELS) {
    const Level *last = &tiles->levels[tiles->n_levels - 1];
    Level next = { .width = (last->width + 1) / 2, .height = (last->height + 1) / 2 };

    if (MAX (last->width, last->height) <= TILE_PX / 2)
      break;
    next.bytes = halve (last, next.width, next.height);
    tiles->levels[tiles->n_levels++] = next;
  }
  tiles->textures = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, tile_free);
  return tiles;
}

SmbTiles *
smb_tiles_ref (SmbTiles *tiles)
{
  return g_atomic_rc_box_acquire (tiles);
}

static void
tiles_clear (gpointer data)
{
  SmbTiles *tiles = data;

  for (int i = 0; i < tiles->n_levels; i++)
    g_bytes_unref (tiles->levels[i].bytes);
  g_clear_pointer (&tiles->textures, g_hash_table_unref);
  g_clear_object (&tiles->small);
  smb_image_unref (tiles->image);
}

void
smb_tiles_unref (SmbTiles *tiles)
{
  g_atomic_rc_box_release_full (tiles, tiles_clear);
}

SmbImage *
smb_tiles_get_image (SmbTiles *tiles)
{
  return tiles->image;
}

/* Shares the level's bytes: a tile is a window on them. */
static GdkTexture *
new_texture (const Level *level, int x, int y, int width, int height)
{
  gsize stride = (gsize) level->width * 3;
  gsize offset = (gsize) y * stride + (gsize) x * 3;
  gsize size = (gsize) (height - 1) * stride + (gsize) width * 3;
  g_autoptr (GBytes) bytes = g_bytes_new_from_bytes (level->bytes, offset, size);

  return gdk_memory_texture_new (width, height, GDK_MEMORY_R8G8B8, bytes, stride);
}

static GdkTexture *
get_texture (SmbTiles *tiles, int level, int column, int row)
{
  const Level *from = &tiles->levels[level];
  gint64 key = ((gint64) level << 48) | ((gint64) row << 24) | column;
  Tile *tile = g_hash_table_lookup (tiles->textures, &key);

  if (tile == NULL) {
    gint64 *own = g_new (gint64, 1);
    int x = column * TILE_PX, y = row * TILE_PX;

    *own = key;
    tile = g_new0 (Tile, 1);
    tile->texture = new_texture (from, x, y, MIN (TILE_PX, from->width - x), MIN (TILE_PX, from->height - y));
    g_hash_table_insert (tiles->textures, own, tile);
  }
  tile->seen = tiles->drawings;
  return tile->texture;
}

static gboolean
is_out_of_sight (gpointer key, gpointer value, gpointer tiles)
{
  return ((Tile *) value)->seen != ((SmbTiles *) tiles)->drawings;
}

/* Edges on whole device pixels, so that neighbours meet without a seam. */
static double
snap (double at, double device_scale)
{
  return round (at * device_scale) / device_scale;
}

static void
draw_tiles (SmbTiles *tiles, GtkSnapshot *snapshot, SmbViewRect whole, SmbViewRect seen, double device_scale,
            int number)
{
  const Level *level = &tiles->levels[number];
  double sx = whole.width / level->width, sy = whole.height / level->height;
  int first_column = MAX ((int) floor ((seen.x - whole.x) / sx / TILE_PX), 0);
  int first_row = MAX ((int) floor ((seen.y - whole.y) / sy / TILE_PX), 0);
  int end_column
      = MIN ((int) ceil ((seen.x + seen.width - whole.x) / sx / TILE_PX), (level->width + TILE_PX - 1) / TILE_PX);
  int end_row
      = MIN ((int) ceil ((seen.y + seen.height - whole.y) / sy / TILE_PX), (level->height + TILE_PX - 1) / TILE_PX);

  for (int row = first_row; row < end_row; row++) {
    for (int column = first_column; column < end_column; column++) {
      double x0 = snap (whole.x + column * TILE_PX * sx, device_scale);
      double y0 = snap (whole.y + row * TILE_PX * sy, device_scale);
      double x1 = snap (whole.x + MIN ((column + 1) * TILE_PX, level->width) * sx, device_scale);
      double y1 = snap (whole.y + MIN ((row + 1) * TILE_PX, level->height) * sy, device_scale);

      gtk_snapshot_append_texture (snapshot, get_texture (tiles, number, column, row),
                                   &GRAPHENE_RECT_INIT ((float) x0, (float) y0, (float) (x1 - x0), (float) (y1 - y0)));
    }
  }
}

/* The few pixels in sight, each a square. */
static void
draw_pixels (SmbTiles *tiles, GtkSnapshot *snapshot, SmbViewRect whole, SmbViewRect seen)
{
  const guint8 *rgb = smb_image_get_pixels (tiles->image);
  double sx = whole.width / tiles->image->width, sy = whole.height / tiles->image->height;
  int x0 = MAX ((int) floor ((seen.x - whole.x) / sx), 0), y0 = MAX ((int) floor ((seen.y - whole.y) / sy), 0);
  int x1 = MIN ((int) ceil ((seen.x + seen.width - whole.x) / sx), tiles->image->width);
  int y1 = MIN ((int) ceil ((seen.y + seen.height - whole.y) / sy), tiles->image->height);
  cairo_surface_t *surface;
  cairo_t *cr;
  guint8 *data;
  int stride;

  if (x1 <= x0 || y1 <= y0)
    return;
  surface = cairo_image_surface_create (CAIRO_FORMAT_RGB24, x1 - x0, y1 - y0);
  data = cairo_image_surface_get_data (surface);
  stride = cairo_image_surface_get_stride (surface);
  for (int y = y0; data != NULL && y < y1; y++) {
    guint32 *out = (guint32 *) (gpointer) (data + (gsize) (y - y0) * (gsize) stride);
    const guint8 *in = rgb + ((gsize) y * (gsize) tiles->image->width + (gsize) x0) * 3;

    for (int x = 0; x < x1 - x0; x++, in += 3)
      out[x] = ((guint32) in[0] << 16) | ((guint32) in[1] << 8) | in[2];
  }
  cairo_surface_mark_dirty (surface);
  cr = gtk_snapshot_append_cairo (snapshot, &GRAPHENE_RECT_INIT ((float) seen.x, (float) seen.y, (float) seen.width,
                                                                 (float) seen.height));
  cairo_translate (cr, whole.x + x0 * sx, whole.y + y0 * sy);
  cairo_scale (cr, sx, sy);
  cairo_set_source_surface (cr, surface, 0, 0);
  cairo_pattern_set_filter (cairo_get_source (cr), CAIRO_FILTER_NEAREST);
  cairo_paint (cr);
  cairo_destroy (cr);
  cairo_surface_destroy (surface);
}

void
smb_tiles_snapshot (SmbTiles *tiles, GtkSnapshot *snapshot, SmbViewRect whole, SmbViewRect seen, double device_scale)
{
  double scale = whole.width / tiles->image->width * device_scale;
  double right = MIN (seen.x + seen.width, whole.x + whole.width),
         bottom = MIN (seen.y + seen.height, whole.y + whole.height);
  int number = 0;

  seen.x = MAX (seen.x, whole.x);
  seen.y = MAX (seen.y, whole.y);
  seen.width = right - seen.x;
  seen.height = bottom - seen.y;
  if (seen.width <= 0.0 || seen.height <= 0.0)
    return;
  tiles->drawings++;
  if (scale >= SHARP_SCALE) {
    draw_pixels (tiles, snapshot, whole, seen);
    return;
  }
  /* The smallest level that has at least a pixel for every pixel of the screen. */
  while (number + 1 < tiles->n_levels && scale * (double) (2 << number) <= 1.0)
    number++;
  draw_tiles (tiles, snapshot, whole, seen, device_scale, number);
  if (g_hash_table_size (tiles->textures) > MAX_TEXTURES)
    g_hash_table_foreach_remove (tiles->textures, is_out_of_sight, tiles);
}

GdkTexture *
smb_tiles_get_small (SmbTiles *tiles)
{
  int number = 0;

  while (number + 1 < tiles->n_levels && MAX (tiles->levels[number].width, tiles->levels[number].height) > SMALL_PX)
    number++;
  if (tiles->small == NULL)
    tiles->small
        = new_texture (&tiles->levels[number], 0, 0, tiles->levels[number].width, tiles->levels[number].height);
  return tiles->small;
}
