/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "analysis/smb-track-score.h"
#include "examine/smb-video-profile.h"
#include "worker/smb-engine-frames.h"
#include "worker/smb-engine-video.h"

G_BEGIN_DECLS

/* The analysis of a video from frame to frame, without a case: decoding, detection and scoring overlap in three
 * workers; what is at hand at a time is bounded whatever the length, and what comes of it is the same whatever the
 * timing. */

typedef enum {
  SMB_VIDEO_SAMPLE_UNIFORM, /* n frames of each track, evenly spread, as published: linspace (first, last, n), truncated
                             */
  SMB_VIDEO_SAMPLE_EVERY,   /* every frame */
} SmbVideoSample;

typedef struct {
  SmbAnalysisSettings face;
  guint stride;      /* 5 */
  guint first, last; /* frames looked at; last G_MAXINT: to the end */
  SmbVideoSample sample;
  guint n_uniform;   /* 32 */
} SmbVideoSettings;

SmbVideoSettings smb_video_settings_default (void);
/* Canonical JSON: equal settings are equal bytes. Free with g_free. */
char *smb_video_settings_to_json (const SmbVideoSettings *settings);
gboolean smb_video_settings_from_json (SmbVideoSettings *settings, const char *text, GError **error);

typedef enum { SMB_VIDEO_FOLLOWING, SMB_VIDEO_SCORING } SmbVideoPass;

/* Work done so far, to show, to store and to go on from. */
typedef struct {
  GPtrArray *frames;   /* SmbFrameFaces* by number, from settings.first on without a gap but for damaged frames */
  SmbTracker *tracker; /* after the last of them */
  guint next;          /* the frame to follow next; behind the last: that pass is done */
  GHashTable *scored;  /* frames' numbers whose scoring is done */
  guint n_damaged;     /* frames that could not be decoded */
  double seconds;      /* that it took so far, in all the runs it was done in */
} SmbVideoProgress;

SmbVideoProgress *smb_video_progress_new (const SmbVideoSettings *settings);
void smb_video_progress_free (SmbVideoProgress *progress);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SmbVideoProgress, smb_video_progress_free)

typedef struct {
  /* A portion of frames is through this pass and part of `progress` now; called on the calling thread. FALSE with an
   * error stops the run. */
  gboolean (*portion) (SmbVideoPass pass, GPtrArray *frames, const SmbVideoProgress *progress, gpointer user_data,
                       GError **error);
  SmbProgress progress;
  gpointer user_data;
  SmbVideoProfile *profile; /* borrowed; what the run takes is added to it; NULL: not asked for */
} SmbVideoSink;

/* Goes on from `progress` until all is done. Cancelled or failed, what portions brought is in it and stays good. */
gboolean smb_video_run (SmbEngine *engine, const SmbModelInfo *model, SmbEngineVideo *video,
                        const SmbVideoSettings *settings, SmbVideoProgress *progress, const SmbVideoSink *sink,
                        GCancellable *cancellable, GError **error);

/* The first pass alone: faces found and followed, none scored, which takes no model. settings->sample must be
 * UNIFORM. */
gboolean smb_video_follow (SmbEngine *engine, SmbEngineVideo *video, const SmbVideoSettings *settings,
                           SmbVideoProgress *progress, const SmbVideoSink *sink, GCancellable *cancellable,
                           GError **error);

/* Numbers (guint) of the frames that a track is in, after edits (or NULL); detected: only those in which it was found,
 * not carried along. */
GArray *smb_video_track_frames (const SmbVideoProgress *progress, GPtrArray *edits, guint track, gboolean detected);
/* The i-th of n evenly spread over them: linspace (first, last, n), truncated to whole ones. */
guint smb_video_uniform_frame (const GArray *frames, guint i, guint n);

/* One portion of a stored run put back into `progress`: the frames as they were given to the sink (array of
 * SmbFrameFaces*, taken over), in the order in which they came. tracker (taken) and next: of the following pass; NULL
 * in the other. */
void smb_video_progress_restore (SmbVideoProgress *progress, SmbVideoPass pass, GPtrArray *frames, SmbTracker *tracker,
                                 guint next);

/* What is known of frame k; NULL: nothing. Borrowed. */
const SmbFrameFaces *smb_video_progress_find (const SmbVideoProgress *progress, guint k);

/* Frames of a portion: as many as fit into some 48 MB of pixels, at most 15. */
guint smb_video_portion (const SmbEngineVideo *video);

G_END_DECLS
