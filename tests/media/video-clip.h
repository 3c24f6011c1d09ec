/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

/* Clips made with the ffmpeg program when a test needs them, in a folder that is removed at the end. */

/* Runs `ffmpeg -y ARGUMENTS… FOLDER/name`; arguments are separated by blanks. Returns the path (g_free); NULL if this
 * ffmpeg lacks the encoder, which `optional` allows. */
char *video_clip_make (const char *folder, const char *name, gboolean optional, const char *arguments, ...)
    G_GNUC_PRINTF (4, 5);
/* Frames that the ffprobe program decodes of it. */
guint video_clip_count_frames (const char *path);
/* First n bytes of a file as a new one beside it. */
char *video_clip_cut (const char *path, double share);
void video_clip_remove_folder (const char *folder);
