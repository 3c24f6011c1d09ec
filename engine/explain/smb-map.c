/* SPDX-License-Identifier: Apache-2.0 */
#include "explain/smb-map.h"

#include <math.h>

static SmbMap *
map_new (const SmbMapSpec *spec)
{
  SmbMap *map = g_new0 (SmbMap, 1);

  map->spec = *spec;
  map->min = map->max = NAN;
  return map;
}

SmbMap *
smb_map_new_grid (const SmbMapSpec *spec, int rows, int columns, const float *values)
{
  SmbMap *map;
  gsize n;

  g_return_val_if_fail (spec != NULL && values != NULL && rows > 0 && columns > 0, NULL);
  n = (gsize) rows * (gsize) columns;
  map = map_new (spec);
  map->rows = rows;
  map->columns = columns;
  map->values = g_memdup2 (values, n * sizeof (float));
  /* fmin and fmax pass over NANs. */
  for (gsize i = 0; i < n; i++) {
    map->min = fmin (map->min, values[i]);
    map->max = fmax (map->max, values[i]);
  }
  return map;
}

SmbMap *
smb_map_new_rgb (const SmbMapSpec *spec, int size, const guint8 *rgb)
{
  SmbMap *map;

  g_return_val_if_fail (spec != NULL && rgb != NULL && size > 0, NULL);
  map = map_new (spec);
  map->rgb_size = size;
  map->rgb = g_memdup2 (rgb, (gsize) size * (gsize) size * 3);
  return map;
}

void
smb_map_take_note (SmbMap *map, char *note)
{
  g_return_if_fail (map != NULL && note != NULL);
  if (map->note != NULL) {
    char *both = g_strdup_printf ("%s %s", map->note, note);

    g_free (map->note);
    g_free (note);
    note = both;
  }
  map->note = note;
}

void
smb_map_free (SmbMap *map)
{
  if (map == NULL)
    return;
  g_free (map->values);
  g_free (map->deviation);
  g_free (map->count);
  g_free (map->rgb);
  g_free (map->faithfulness);
  g_free (map->note);
  g_free (map);
}
