/* SPDX-License-Identifier: Apache-2.0 */
#include "smb-map-texture.h"

#include "explain/smb-overlay.h"

#include <math.h>

void
smb_map_get_ends (const SmbMap *map, double *lo, double *hi)
{
  *lo = map->min;
  *hi = map->max;
  if (smb_map_kind_is_signed (map->spec.kind)) {
    *hi = MAX (fabs (map->min), fabs (map->max));
    *lo = -*hi;
  } else if (map->spec.kind == SMB_MAP_ERROR || map->spec.kind == SMB_MAP_ABSOLUTE_ERROR ||
             map->spec.kind == SMB_MAP_SSIM || map->spec.kind == SMB_MAP_COVERAGE) {
    *lo = 0.0;
  }
}

SmbColours
smb_map_get_colours (const SmbMap *map, SmbColours chosen)
{
  return smb_map_kind_is_signed (map->spec.kind) ? SMB_COLOURS_DIVERGING : chosen;
}

GdkTexture *
smb_map_texture_new (const SmbMap *map, double lo, double hi, SmbColours chosen, double threshold, int side_px)
{
  g_autoptr (GBytes) bytes = NULL;
  int width, height;
  guint8 *rgba;

  if (map->rgb != NULL) {
    width = height = map->rgb_size;
  } else {
    width = map->columns * MAX (side_px / map->columns, 1);
    height = map->rows * MAX (side_px / map->rows, 1);
  }
  rgba = g_malloc ((gsize) width * (gsize) height * 4);
  smb_overlay_render (rgba, width, height, map, lo, hi, smb_map_get_colours (map, chosen), 1.0, threshold);
  bytes = g_bytes_new_take (rgba, (gsize) width * (gsize) height * 4);
  return gdk_memory_texture_new (width, height, GDK_MEMORY_B8G8R8A8_PREMULTIPLIED, bytes, (gsize) width * 4);
}

GdkTexture *
smb_map_preview_new (const SmbMap *map, SmbColours chosen, int side_px)
{
  double lo = 0.0, hi = 0.0;

  if (map->values != NULL)
    smb_map_get_ends (map, &lo, &hi);
  return smb_map_texture_new (map, lo, hi, chosen, NAN, side_px);
}

GdkTexture *
smb_regions_texture_new (const SmbRegions *regions)
{
  const gsize size = (gsize) regions->size_px;
  guint8 *rgba = g_malloc0 (size * size * 4);
  g_autoptr (GBytes) bytes = NULL;

  for (gsize i = 0; i < size * size; i++) {
    guint8 rgb[3];

    if (regions->classes[i] == SMB_CLASS_BACKGROUND)
      continue;
    smb_region_class_colour ((SmbRegionClass) regions->classes[i], rgb);
    rgba[i * 4] = rgb[0];
    rgba[i * 4 + 1] = rgb[1];
    rgba[i * 4 + 2] = rgb[2];
    rgba[i * 4 + 3] = 255;
  }
  bytes = g_bytes_new_take (rgba, size * size * 4);
  return gdk_memory_texture_new (regions->size_px, regions->size_px, GDK_MEMORY_R8G8B8A8, bytes, size * 4);
}

SmbColours
smb_map_colours_from_settings (GSettings *settings)
{
  g_autofree char *name = g_settings_get_string (settings, "overlay-colours");
  SmbColours colours = SMB_COLOURS_VIRIDIS;

  smb_colours_from_name (name, &colours);
  return colours;
}
