/* SPDX-License-Identifier: Apache-2.0 */
#include "explain/smb-overlay.h"

#include <math.h>
#include <string.h>

/* Where a pixel falls among the cells along one axis: between the centres of `low` and `high`, at `t` of the way; `own`
 * is the cell it lies in. */
typedef struct {
  int low, high, own;
  double t;
} Tap;

static Tap
tap_at (double position, int n)
{
  double centred = position - 0.5;
  Tap tap;

  tap.own = CLAMP ((int) floor (position), 0, n - 1);
  tap.low = (int) floor (centred);
  tap.t = centred - tap.low;
  tap.high = CLAMP (tap.low + 1, 0, n - 1);
  tap.low = CLAMP (tap.low, 0, n - 1);
  return tap;
}

static Tap *
taps_new (int n_px, int n_cells)
{
  Tap *taps = g_new (Tap, n_px);

  for (int i = 0; i < n_px; i++)
    taps[i] = tap_at ((i + 0.5) * n_cells / n_px, n_cells);
  return taps;
}

static double
grid_value (const SmbMap *map, const Tap *row, const Tap *column)
{
  const float *values = map->values;
  const int ys[2] = { row->low, row->high }, xs[2] = { column->low, column->high };
  const double wy[2] = { 1 - row->t, row->t }, wx[2] = { 1 - column->t, column->t };
  double sum = 0, weight = 0;

  if (isnan (values[(gsize) row->own * (gsize) map->columns + (gsize) column->own]))
    return NAN;
  for (int j = 0; j < 2; j++)
    for (int i = 0; i < 2; i++) {
      float v = values[(gsize) ys[j] * (gsize) map->columns + (gsize) xs[i]];

      if (!isnan (v)) {
        sum += wy[j] * wx[i] * v;
        weight += wy[j] * wx[i];
      }
    }
  /* The own cell always weighs at least a quarter. */
  return sum / weight;
}

static void
put (guint8 *px, const double rgb[3], double opacity)
{
  px[0] = (guint8) (rgb[2] * opacity + 0.5);
  px[1] = (guint8) (rgb[1] * opacity + 0.5);
  px[2] = (guint8) (rgb[0] * opacity + 0.5);
  px[3] = (guint8) (255 * opacity + 0.5);
}

static void
render_grid (guint8 *rgba, int width, int height, const SmbMap *map, double lo, double hi, SmbColours colours,
             double opacity, double threshold)
{
  g_autofree Tap *rows = taps_new (height, map->rows);
  g_autofree Tap *columns = taps_new (width, map->columns);
  guint8 table[256][4] = { 0 };

  for (int i = 0; i < 256; i++) {
    guint8 rgb[3];

    smb_colours_lookup (colours, i / 255.0, rgb);
    put (table[i], (const double[3]){ rgb[0], rgb[1], rgb[2] }, opacity);
  }
  for (int y = 0; y < height; y++)
    for (int x = 0; x < width; x++) {
      double v = grid_value (map, &rows[y], &columns[x]);
      double t = hi > lo ? CLAMP ((v - lo) / (hi - lo), 0.0, 1.0) : 0.0;

      if (!isnan (v) && !(v < threshold))
        memcpy (rgba + ((gsize) y * (gsize) width + (gsize) x) * 4, table[(int) (t * 255 + 0.5)], 4);
    }
}

static void
render_picture (guint8 *rgba, int width, int height, const SmbMap *map, double opacity)
{
  g_autofree Tap *rows = taps_new (height, map->rgb_size);
  g_autofree Tap *columns = taps_new (width, map->rgb_size);
  gsize stride = (gsize) map->rgb_size * 3;

  for (int y = 0; y < height; y++)
    for (int x = 0; x < width; x++) {
      const guint8 *above = map->rgb + (gsize) rows[y].low * stride, *below = map->rgb + (gsize) rows[y].high * stride;
      gsize left = (gsize) columns[x].low * 3, right = (gsize) columns[x].high * 3;
      double tx = columns[x].t, ty = rows[y].t, rgb[3];

      for (gsize c = 0; c < 3; c++)
        rgb[c] = (1 - ty) * ((1 - tx) * above[left + c] + tx * above[right + c])
                 + ty * ((1 - tx) * below[left + c] + tx * below[right + c]);
      put (rgba + ((gsize) y * (gsize) width + (gsize) x) * 4, rgb, opacity);
    }
}

void
smb_overlay_render (guint8 *rgba, int width, int height, const SmbMap *map, double lo, double hi, SmbColours colours,
                    double opacity, double threshold)
{
  g_return_if_fail (rgba != NULL && map != NULL && width > 0 && height > 0);
  g_return_if_fail (opacity >= 0 && opacity <= 1);
  memset (rgba, 0, (gsize) width * (gsize) height * 4);
  if (map->values != NULL)
    render_grid (rgba, width, height, map, lo, hi, colours, opacity, threshold);
  else
    render_picture (rgba, width, height, map, opacity);
}

double
smb_overlay_value_at (const SmbMap *map, double x, double y)
{
  Tap row, column;

  g_return_val_if_fail (map != NULL, NAN);
  if (map->values == NULL || !(x >= 0 && x <= 1 && y >= 0 && y <= 1))
    return NAN;
  row = tap_at (y * map->rows, map->rows);
  column = tap_at (x * map->columns, map->columns);
  return grid_value (map, &row, &column);
}
