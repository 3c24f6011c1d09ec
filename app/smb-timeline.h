/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gtk/gtk.h>

#include "analysis/smb-track-score.h"
#include "worker/smb-engine-video.h"

G_BEGIN_DECLS

/* A video from left to right: thumbnails, key frames, cuts and gaps, the score of every track with its spread, the
 * longest run above a track's own level, the marks, the frame looked at. Wheel zooms about the pointer, drag and click
 * seek, arrow keys step one frame (with Shift ten), Home and End go to the ends.
 *
 * Signals: "seek" (guint frame), "stepped" (int frames, from the one sought last), "hovered" (int frame; -1: the pointer
 * left), "view-changed" (zoomed, moved, resized: other thumbnails are wanted). */
#define SMB_TYPE_TIMELINE (smb_timeline_get_type ())
G_DECLARE_FINAL_TYPE (SmbTimeline, smb_timeline, SMB, TIMELINE, GtkWidget)

GtkWidget *smb_timeline_new (void);
/* NULL: none. Borrowed things are kept by reference. */
void smb_timeline_set_video (SmbTimeline *self, SmbEngineVideo *video);
/* frames: SmbFrameFaces*, for the cuts; tracks: SmbTrackSummary*. Either may be NULL. */
void smb_timeline_set_tracks (SmbTimeline *self, GPtrArray *frames, GPtrArray *tracks, guint selected);
/* A second curve, dashed, with a scale of its own at the right: SmbTrackSample by time, kept by reference; NULL: none.
 */
void smb_timeline_set_series (SmbTimeline *self, GArray *samples, const char *title);
void smb_timeline_set_frame (SmbTimeline *self, guint k);
/* One more thumbnail, of frame k. */
void smb_timeline_add_thumbnail (SmbTimeline *self, guint k, SmbImage *image);
/* The frames (guint) whose thumbnails would fill what is shown and are not there yet. */
GArray *smb_timeline_list_wanted (SmbTimeline *self);
/* What is told beside the pointer of the frame under it, and to screen readers; title NULL: nothing. */
void smb_timeline_set_reading (SmbTimeline *self, const char *title, const char *text);
/* -1: none. */
void smb_timeline_set_marks (SmbTimeline *self, int in, int out);
void smb_timeline_zoom (SmbTimeline *self, double factor); /* about the frame looked at; 0: all of it */
/* The colour that stands for a track, here and in lists. */
void smb_timeline_track_colour (guint number, gboolean dark, GdkRGBA *out);

G_END_DECLS
