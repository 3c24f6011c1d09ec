/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gtk/gtk.h>

#include "base/smb-image.h"
#include "smb-viewport.h"

G_BEGIN_DECLS

/* A picture prepared for being drawn at any size: itself and its halves, quarters …, each cut into tiles of which only
 * those in view are handed to the renderer. Drawing costs by what is seen, whatever the picture's size; the smaller
 * levels take a third of the picture's own memory. Reference counted; immutable but for the textures at hand, which
 * only the UI thread touches. */
typedef struct _SmbTiles SmbTiles;

/* Reads the whole picture once; for a thread of its own. */
SmbTiles *smb_tiles_new (SmbImage *image);
SmbTiles *smb_tiles_ref (SmbTiles *tiles);
void smb_tiles_unref (SmbTiles *tiles);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SmbTiles, smb_tiles_unref)

SmbImage *smb_tiles_get_image (SmbTiles *tiles); /* borrowed */

/* Draws the part in sight. whole: where the whole picture lies, seen: what of that place is to be filled (both in the
 * snapshot's units); device_scale: device pixels for one unit. From four device pixels a picture pixel on, pixels are
 * drawn as sharp squares. */
void smb_tiles_snapshot (SmbTiles *tiles, GtkSnapshot *snapshot, SmbViewRect whole, SmbViewRect seen,
                         double device_scale);

/* The whole picture, no larger than 512 pixels a side; borrowed. */
GdkTexture *smb_tiles_get_small (SmbTiles *tiles);

G_END_DECLS
