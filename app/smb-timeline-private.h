/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "smb-timeline.h"

G_BEGIN_DECLS

#define SMB_TIMELINE_THUMB_PX 44
#define SMB_TIMELINE_RULER_PX 18
#define SMB_TIMELINE_LEFT_PX  34 /* for the scale's numbers */
#define SMB_TIMELINE_RIGHT_PX 10
#define SMB_TIMELINE_SCALE_PX 46 /* at the right, where a series has a scale of its own */

struct _SmbTimeline {
  GtkWidget parent_instance;

  /* owned */
  SmbEngineVideo *video;
  GPtrArray *frames, *tracks;
  GArray *thumbnails; /* SmbTimelineThumbnail, in the order of their frames */
  GArray *series;     /* SmbTrackSample; NULL: none */
  char *series_title;
  char *reading_title, *reading_text; /* of the frame under the pointer; NULL: none */

  guint selected; /* number of a track; 0: none */
  guint frame;
  int hovered, mark_in, mark_out;
  double begin_us, end_us; /* what is shown */
  int allocated_width;
};

typedef struct {
  guint k;
  GdkTexture *texture;
} SmbTimelineThumbnail;

/* Thumbnails stand side by side, each for the frame at its left edge. */
double smb_timeline_thumbnail_px (const SmbTimeline *self);
/* The one to be drawn at x; NULL: not there yet. */
const SmbTimelineThumbnail *smb_timeline_thumbnail_at (const SmbTimeline *self, double x);
int smb_timeline_right_px (const SmbTimeline *self); /* what is left free there */
double smb_timeline_x_of (const SmbTimeline *self, gint64 time_us);
gint64 smb_timeline_time_at (const SmbTimeline *self, double x);
gint64 smb_timeline_length_us (const SmbTimeline *self);
/* smb-timeline-draw.c */
void smb_timeline_draw (SmbTimeline *self, GtkSnapshot *snapshot);

G_END_DECLS
