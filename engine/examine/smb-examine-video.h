/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "examine/smb-examine.h"
#include "worker/smb-engine-video.h"

G_BEGIN_DECLS

/* Frames a second at which numbered pictures are shown where nobody says otherwise. */
#define SMB_EXAMINE_PICTURE_RATE 25.0

/* "shots/frame-%04d.png" or "%d": numbered pictures instead of a file. A file of that very name comes first. */
gboolean smb_examine_is_pattern (const char *path);

/* Opens a video, an animated picture, or the pictures that a pattern names, for looking and computing. Errors: as
 * smb_engine_video_open; NOT_FOUND if a pattern fits no file. */
SmbEngineVideo *smb_examine_open_video_file (SmbEngine *engine, const char *path, double picture_rate, SmbProgress progress,
                                             gpointer user_data, GCancellable *cancellable, GError **error);

G_END_DECLS
