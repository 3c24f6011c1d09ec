/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gtk/gtk.h>

#include "explain/smb-map.h"
#include "face/smb-regions.h"

G_BEGIN_DECLS

/* How maps are coloured, the same everywhere in the window. */

/* The ends of a map's own scale: an error begins at 0, a signed map has 0 in the middle, all else lies between its own
 * smallest and largest value. */
void smb_map_get_ends (const SmbMap *map, double *lo_out, double *hi_out);

/* The colours a map is drawn with when `chosen` is what the examiner likes: signed maps need two sides. */
SmbColours smb_map_get_colours (const SmbMap *map, SmbColours chosen);

/* A map as a texture of about side_px pixels a side, at full opacity; see smb_overlay_render. */
GdkTexture *smb_map_texture_new (const SmbMap *map, double lo, double hi, SmbColours chosen, double threshold,
                                 int side_px);

/* The same with the map's own ends. */
GdkTexture *smb_map_preview_new (const SmbMap *map, SmbColours chosen, int side_px);

/* Regions in their colours; what is none of the face's parts stays transparent. */
GdkTexture *smb_regions_texture_new (const SmbRegions *regions);

/* The colours stored in the settings. */
SmbColours smb_map_colours_from_settings (GSettings *settings);

G_END_DECLS
