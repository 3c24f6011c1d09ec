/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "explain/smb-map.h"

G_BEGIN_DECLS

/* Draws a map stretched over width x height pixels: rgba (height, width, 4) is overwritten with premultiplied bytes in
 * the order B, G, R, A (CAIRO_FORMAT_ARGB32, GDK_MEMORY_B8G8R8A8_PREMULTIPLIED on little-endian machines), rows without
 * padding.
 * A grid's cells are squares of equal size whose values sit at their centres; between centres the value is bilinear,
 * at the rim it stays that of the rim. lo and hi (in the map's units) are the ends of the colour map, values beyond are
 * clamped; lo == hi colours everything as `lo`. opacity in [0, 1] applies to every pixel drawn.
 * Transparent stay: the pixels of a cell without a value (NAN; its neighbours are never blended into it, nor it into
 * them), and those whose value is below `threshold` (map's units; NAN: no threshold).
 * A picture (map->rgb) is stretched bilinearly; colours, lo, hi and threshold mean nothing to it. */
void smb_overlay_render (guint8 *rgba, int width, int height, const SmbMap *map, double lo, double hi,
                         SmbColours colours, double opacity, double threshold);

/* The value shown at a place of the map, x and y in [0, 1] of its width and height, interpolated as above: what a
 * read-out under the pointer prints. NAN where there is none, outside, and for pictures. */
double smb_overlay_value_at (const SmbMap *map, double x, double y);

G_END_DECLS
