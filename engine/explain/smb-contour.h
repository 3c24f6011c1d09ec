/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "explain/smb-map.h"

G_BEGIN_DECLS

/* A stretch of a contour line; x and y in [0, 1] of the map's width and height. */
typedef struct {
  float x0, y0, x1, y1;
} SmbContourLine;

/* Where the map, interpolated as smb_overlay_render does, crosses `level` (map's units): marching squares (Lorensen and
 * Cline 1987, in the plane) over `steps` x `steps` squares, ambiguous ones decided by the mean of their corners.
 * Squares with a corner without a value hold no line, and neither does a picture. Array of SmbContourLine; free with
 * g_array_unref. steps from 1 to 1024. */
GArray *smb_contour_find (const SmbMap *map, double level, int steps);

G_END_DECLS
