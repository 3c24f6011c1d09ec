/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "analysis/smb-track-likelihood.h"
#include "examine/smb-examine.h"
#include "examine/smb-video-run.h"
#include "worker/smb-engine-video.h"

G_BEGIN_DECLS

/* Frames a second at which numbered pictures are shown where nobody says otherwise. */
#define SMB_EXAMINE_PICTURE_RATE 25.0

/* "shots/frame-%04d.png" or "%d": numbered pictures instead of a file. A file of that very name comes first. */
gboolean smb_examine_is_pattern (const char *path);

/* The pattern that the numbered picture `path` is one of: the last number in its name; NULL: it has none. Free with
 * g_free. */
char *smb_examine_pattern_of (const char *path);
/* Takes the pictures of a pattern in as one exhibit, in the order of their numbers, shown `rate` a second: each is
 * hashed, and the exhibit's hash is that of the list of their hashes (smb_case_pictures_manifest). Else as
 * smb_examine_acquire. */
SmbEvidence *smb_examine_acquire_pictures (SmbCase *store, SmbEngine *engine, const char *pattern, double rate,
                                           SmbProgress progress, gpointer user_data, GCancellable *cancellable,
                                           GError **error);

/* Opens a video, an animated picture, or the pictures that a pattern names, for looking and computing. Errors: as
 * smb_engine_video_open; NOT_FOUND if a pattern fits no file. */
SmbEngineVideo *smb_examine_open_video_file (SmbEngine *engine, const char *path, double picture_rate,
                                             SmbProgress progress, gpointer user_data, GCancellable *cancellable,
                                             GError **error);

/* After a video's opening failed so: may the file be a picture? */
gboolean smb_examine_may_be_picture (const GError *video_failure);

/* The same for what may be either: NULL without an error if it is a picture (of a single frame, and its reader takes
 * it), or may be one (an opening that failed so), whose reader then says what is wrong. asked: a video is what is meant,
 * so that all of this is a video or an error. */
SmbEngineVideo *smb_examine_try_video (SmbEngine *engine, const char *path, double picture_rate, gboolean asked,
                                       SmbProgress progress, gpointer user_data, GCancellable *cancellable,
                                       GError **error);

/* Opens an exhibit that is a video, after checking its hash: INTEGRITY error if it differs. */
SmbEngineVideo *smb_examine_open_video (SmbCase *store, SmbEngine *engine, const SmbEvidence *evidence,
                                        SmbProgress progress, gpointer user_data, GCancellable *cancellable,
                                        GError **error);

/* A stored run: what was measured, and what analysts did with its tracks. */
typedef struct {
  gint64 run_id;
  char *model_name, *model_sha256;
  SmbVideoSettings settings;
  SmbVideoProgress *progress;
  GPtrArray *edits;  /* SmbTrackEdit* */
  gboolean finished; /* its analysis is stored */
  SmbTrackCalibration *calibration; /* that its model had for tracks when it was finished; NULL: none, or not finished */
} SmbVideoState;

void smb_video_state_free (SmbVideoState *state);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SmbVideoState, smb_video_state_free)

/* The newest run of an exhibit; *state_out NULL without an error: none yet. */
gboolean smb_examine_load_video (SmbCase *store, gint64 evidence_id, SmbVideoState **state_out, GError **error);

/* Its tracks (SmbTrackSummary*) after the analysts' changes, with what their scores are worth. */
GPtrArray *smb_video_state_summarise (const SmbVideoState *state);

/* A certain run of it; *state_out NULL without an error: the case holds no such run. */
gboolean smb_examine_load_video_run (SmbCase *store, gint64 evidence_id, gint64 run_id, SmbVideoState **state_out,
                                     GError **error);

/* Runs smb_video_run and stores what it brings as it comes; goes on with the exhibit's newest run if it is unfinished
 * and asked for the same, and begins another otherwise. At the end the analysis is stored with a face for each track.
 * *progress_out: what was done, also where it was cancelled. */
gboolean smb_examine_run_video (SmbCase *store, SmbEngine *engine, const SmbModelInfo *model,
                                const SmbEvidence *evidence, SmbEngineVideo *video, const SmbVideoSettings *settings,
                                const SmbVideoSink *sink, SmbVideoProgress **progress_out, GCancellable *cancellable,
                                GError **error);

/* What is kept of a run that is done: its tracks as the faces of an analysis, and "video" with all about them. edits:
 * may be NULL; run_id: 0, or of the case. NULL with an error: the model's calibration makes no sense. */
JsonNode *smb_examine_video_to_json (SmbEngine *engine, const SmbModelInfo *model, const SmbEngineVideo *video,
                                     const SmbVideoProgress *progress, GPtrArray *edits,
                                     const SmbVideoSettings *settings, gint64 run_id, GError **error);

/* An analyst's change, stored, logged and added to the state. See SmbTrackEdit. */
gboolean smb_examine_edit_track (SmbCase *store, SmbVideoState *state, SmbTrackEditKind kind, guint track, guint other,
                                 guint k, const char *text, GError **error);
/* A face that the detector missed, drawn by an analyst in frame k of a finished run: followed from there and scored
 * (smb_video_follow_drawn), kept as a track of its own, which can be merged like any other, and the analysis stored anew
 * with it; "track.draw" in the log: all of that or, if it cannot be stored, nothing; `state` is then to be loaded again.
 * Errors: ARGUMENT if the box misses the picture, there is no such frame, or the run is another model's or not
 * finished. */
gboolean smb_examine_draw_track (SmbCase *store, SmbEngine *engine, const SmbModelInfo *model,
                                 const SmbEvidence *evidence, SmbEngineVideo *video, SmbVideoState *state, guint k,
                                 SmbBox box, SmbProgress progress, gpointer user_data, GCancellable *cancellable,
                                 GError **error);
/* A number that no track has yet, for splitting. */
guint smb_video_state_next_number (const SmbVideoState *state);

G_END_DECLS
