/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define SMB_REGIONS_MIN_SIDE_PX 8
#define SMB_REGIONS_MAX_SIDE_PX 8192

/* Square and within the limits, else a MISMATCH naming the file. */
gboolean smb_regions_check_size (const char *path, gint64 width, gint64 height, GError **error);

G_END_DECLS
