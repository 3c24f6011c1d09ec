/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "examine/smb-examine-video.h"
#include "examine/smb-video-frames.h"
#include "smb-case-thread.h"
#include "smb-live-run.h"
#include "smb-session.h"

G_BEGIN_DECLS

/* The video side of a session. Signals of the session: "video-changed" (opened, closed, analysed, tracks edited),
 * "video-progressed" (its analysis is under way and found more) and "frame-changed" (another frame's pixels are there).
 * UI thread only. */

/* The exhibit looked at, if it is a video and open; NULL otherwise. Borrowed. */
SmbEngineVideo *smb_session_get_video (SmbSession *self);
/* Its newest run, NULL if there is none; and its tracks after the analyst's edits (SmbTrackSummary*). */
SmbVideoState *smb_session_get_video_state (SmbSession *self);
GPtrArray *smb_session_get_tracks (SmbSession *self);

/* Whether it is being analysed now. */
gboolean smb_session_is_analysing_video (SmbSession *self);
/* Analyses it with these settings; goes on with its newest run if that was stopped and asked for the same. */
void smb_session_analyse_video (SmbSession *self, const SmbVideoSettings *settings);

guint smb_session_get_frame (SmbSession *self);
/* Asks for a frame. While one is being decoded only the newest wish is kept: whoever plays lags behind nothing. */
void smb_session_show_frame (SmbSession *self, guint k);
/* So many frames on from the one asked for last, which need not be shown yet: no step of somebody quick is lost. */
void smb_session_step_frame (SmbSession *self, int by);
gboolean smb_session_is_decoding (SmbSession *self);

/* Faces of what is on the screen: of the frame, or of the picture. NULL: none known. */
const SmbAnalysis *smb_session_get_analysis (SmbSession *self);
/* Which track face `index` of that analysis belongs to; 0: not a video. And the track whose face is chosen. */
guint smb_session_get_track_of_face (SmbSession *self, int index);
guint smb_session_get_selected_track (SmbSession *self);
void smb_session_select_track (SmbSession *self, guint number);

/* Adds a face that was missed, in the frame on the screen. */
void smb_session_draw_on_frame (SmbSession *self, SmbBox box);
void smb_session_edit_track (SmbSession *self, SmbTrackEditKind kind, guint track, guint other, guint k,
                             const char *text);

/* Decodes every frame of the video looked at, as a job; once it is through, "metadata-changed" and the tally is there
 * (borrowed), until another exhibit is looked at. */
void smb_session_list_frames (SmbSession *self);
gboolean smb_session_is_listing_frames (SmbSession *self);
const SmbFrameTally *smb_session_get_frame_tally (SmbSession *self);
/* The table of smb_frame_line; a message tells how it went. */
void smb_session_save_frames (SmbSession *self, GFile *file);

/* A small picture of frame k, for strips: `done` gets the session, k and the picture (borrowed), unless another exhibit
 * is looked at by then. Another call takes the place of one under way. */
typedef void (*SmbSessionThumbnail) (SmbSession *self, guint k, SmbImage *image, gpointer user_data);
void smb_session_fetch_thumbnails (SmbSession *self, const guint *frames, guint n, int max_side_px,
                                   SmbSessionThumbnail done, GObject *owner);

/* Inside the session only. */
void smb_session_open_exhibit (SmbSession *self);
void smb_session_close_video (SmbSession *self);
void smb_session_forget_frames (SmbSession *self);
void smb_session_stop_thumbnails (SmbSession *self);
void smb_session_reload_video (SmbSession *self);
void smb_session_view_picture (SmbSession *self);
void smb_session_take_frame (SmbSession *self, SmbTiles *tiles);
/* On the case thread: if the exhibit is a video, queues the task for the one thread that runs videos, which calls
 * `work` with a connection of its own and no thread, and TRUE: analysing takes minutes, and clicks must not wait for
 * it. Also TRUE where that fails. */
gboolean smb_session_defer_video (SmbSession *self, GTask *task, SmbCase *store, const SmbEvidence *evidence,
                                  SmbCaseWork work);
/* There: the whole analysis; the record stored. settings NULL: those of a run that was stopped, else the usual ones in
 * this precision. */
SmbCaseAnalysis *smb_session_work_video (SmbSession *self, SmbCase *store, const SmbModelInfo *model,
                                         const SmbEvidence *evidence, const SmbVideoSettings *settings,
                                         SmbPrecision precision, SmbJob *job, GCancellable *cancellable, GError **error);

/* What a run under way brought. */
typedef struct {
  gboolean all; /* everything so far, not only what is new */
  SmbVideoPass pass;
  GPtrArray *frames; /* SmbFrameFaces*; may be taken (set NULL) */
} SmbLivePortion;
void smb_session_take_live (SmbSession *self, SmbLiveRun *run, SmbLivePortion *portion);
/* This work on it has ended, well or badly: if it is what runs, what is stored counts again. */
void smb_session_end_live (SmbSession *self, gint64 evidence_id, SmbJob *job);

G_END_DECLS
