/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

#include "base/smb-image.h"
#include "explain/smb-map.h"

G_BEGIN_DECLS

/* Pictures of maps as the terminal writes them: without Cairo, which the command line does not use. RGB, 3 bytes a
 * pixel, rows without padding; free with g_free. */

#define SMB_CLI_LEGEND_HEIGHT_PX 40

/* The map of numbers in colours, width x height, and under it a bar of the colour map with the numbers at its two
 * ends and in its middle: (height + SMB_CLI_LEGEND_HEIGHT_PX, width, 3). Places without a number are a chequer. */
guint8 *smb_cli_map_picture (const SmbMap *map, SmbColours colours, int width, int height);

/* The map over the face it was made of, with the same legend; face: (size_px, size_px, 3). */
guint8 *smb_cli_map_overlay (const SmbMap *map, SmbColours colours, double opacity, const guint8 *face, int size_px);

/* As smb_map_to_npy. IO or PERMISSION error. */
gboolean smb_cli_map_write_npy (const char *path, const SmbMap *map, GError **error);

/* The values as grey of 16 bits, 0 at `lo` to 65535 at `hi` (lo == hi: all 0); places without a number are 0. */
gboolean smb_cli_map_write_png16 (const char *path, const SmbMap *map, double lo, double hi, GError **error);

G_END_DECLS
