/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* A square of fixed size covered by a picture, or an icon in its middle where there is none. Decoration: screen readers
 * pass over it. */
#define SMB_TYPE_THUMBNAIL (smb_thumbnail_get_type ())
G_DECLARE_FINAL_TYPE (SmbThumbnail, smb_thumbnail, SMB, THUMBNAIL, GtkWidget)

/* texture NULL: the icon (NULL: nothing). */
void smb_thumbnail_set (SmbThumbnail *self, GdkTexture *texture, const char *icon_name);
/* A small sign in a corner of the picture, an icon's name; NULL: none. */
void smb_thumbnail_set_mark (SmbThumbnail *self, const char *icon_name);

G_END_DECLS
