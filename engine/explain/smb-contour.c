/* SPDX-License-Identifier: Apache-2.0 */
#include "explain/smb-contour.h"

#include <math.h>

#include "explain/smb-overlay.h"

/* Where between a and b the level lies, 0 to 1. */
static float
crossing (float a, float b, double level)
{
  return a == b ? 0.5f : (float) CLAMP ((level - a) / ((double) b - a), 0.0, 1.0);
}

/* corners: top left, top right, bottom right, bottom left; x, y: of the square's top left. */
static void
add_square (GArray *lines, const float corners[4], double level, float x, float y, float side)
{
  const float at[4][2] = { { x + side * crossing (corners[0], corners[1], level), y },
                           { x + side, y + side * crossing (corners[1], corners[2], level) },
                           { x + side * crossing (corners[3], corners[2], level), y + side },
                           { x, y + side * crossing (corners[0], corners[3], level) } };
  int edges[4], n = 0;

  for (int edge = 0; edge < 4; edge++) {
    if ((corners[edge] >= level) != (corners[(edge + 1) % 4] >= level))
      edges[n++] = edge;
  }
  /* Two opposite corners above: the middle says whether they belong together, or else each is cut off by itself. */
  if (n == 4) {
    gboolean joined = ((double) corners[0] + corners[1] + corners[2] + corners[3]) / 4.0 >= level;

    if (joined != (corners[0] >= level)) {
      edges[1] = 3;
      edges[2] = 1;
      edges[3] = 2;
    }
  }
  for (int i = 0; i + 1 < n; i += 2) {
    SmbContourLine line = { at[edges[i]][0], at[edges[i]][1], at[edges[i + 1]][0], at[edges[i + 1]][1] };

    g_array_append_val (lines, line);
  }
}

GArray *
smb_contour_find (const SmbMap *map, double level, int steps)
{
  GArray *lines = g_array_new (FALSE, FALSE, sizeof (SmbContourLine));
  const float side = 1.0f / (float) steps;
  g_autofree float *values = NULL;
  const gsize pitch = (gsize) steps + 1;

  g_return_val_if_fail (map != NULL && steps >= 1 && steps <= 1024, lines);
  if (map->values == NULL || !isfinite (level))
    return lines;
  values = g_new (float, pitch * pitch);
  for (int j = 0; j <= steps; j++)
    for (int i = 0; i <= steps; i++)
      values[(gsize) j * pitch + (gsize) i]
          = (float) smb_overlay_value_at (map, (double) i / steps, (double) j / steps);
  for (int j = 0; j < steps; j++)
    for (int i = 0; i < steps; i++) {
      const float *above = values + (gsize) j * pitch + (gsize) i, *below = above + pitch;
      const float corners[4] = { above[0], above[1], below[1], below[0] };

      if (!isnan (corners[0]) && !isnan (corners[1]) && !isnan (corners[2]) && !isnan (corners[3]))
        add_square (lines, corners, level, (float) i * side, (float) j * side, side);
    }
  return lines;
}
