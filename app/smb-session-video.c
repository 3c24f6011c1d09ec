/* SPDX-License-Identifier: Apache-2.0 */
/* Videos: opened on the case thread, decoded frame by frame on another, shown as if they were pictures. */
#include "smb-session-video.h"

#include "case/smb-case-video.h"
#include "smb-session-private.h"

#include <glib/gi18n.h>
#include <math.h>

struct _SmbSessionVideo {
  SmbEngineVideo *video;
  SmbVideoState *state; /* NULL: never analysed */
  GPtrArray *tracks;
  guint frame;
  gboolean decoding;
  gint64 wanted; /* -1: nothing waits */
  guint asked;   /* for last: this frame is shown once nothing waits */
  SmbAnalysis *at_frame;
  GArray *track_of_face; /* guint */
  guint selected;        /* number of a track; 0: none */
};

/* The last reference closes it in the worker, which may take a while: not here. */
static gpointer
drop_video (gpointer video)
{
  smb_engine_video_unref (video);
  return NULL;
}

static void
session_video_free (SmbSessionVideo *video)
{
  g_thread_unref (g_thread_new ("close-video", drop_video, video->video));
  g_clear_pointer (&video->state, smb_video_state_free);
  g_clear_pointer (&video->tracks, g_ptr_array_unref);
  g_clear_pointer (&video->at_frame, smb_analysis_free);
  g_array_unref (video->track_of_face);
  g_free (video);
}

SmbEngineVideo *
smb_session_get_video (SmbSession *self)
{
  return self->video != NULL ? self->video->video : NULL;
}

SmbVideoState *
smb_session_get_video_state (SmbSession *self)
{
  return self->video != NULL ? self->video->state : NULL;
}

GPtrArray *
smb_session_get_tracks (SmbSession *self)
{
  return self->video != NULL ? self->video->tracks : NULL;
}

guint
smb_session_get_frame (SmbSession *self)
{
  return self->video != NULL ? self->video->frame : 0;
}

gboolean
smb_session_is_decoding (SmbSession *self)
{
  return self->video != NULL && self->video->decoding;
}

/* The faces that the run found in the frame on the screen. */
static const SmbFrameFaces *
faces_at (const SmbSessionVideo *video)
{
  const GPtrArray *frames = video->state != NULL ? video->state->progress->frames : NULL;
  guint low = 0, high = frames != NULL ? frames->len : 0;

  while (low < high) {
    guint middle = (low + high) / 2;

    if (((SmbFrameFaces *) frames->pdata[middle])->k < video->frame)
      low = middle + 1;
    else
      high = middle;
  }
  return frames != NULL && low < frames->len && ((SmbFrameFaces *) frames->pdata[low])->k == video->frame
             ? frames->pdata[low]
             : NULL;
}

static gboolean
is_listed (const SmbSessionVideo *video, guint number)
{
  for (guint i = 0; video->tracks != NULL && i < video->tracks->len; i++)
    if (((SmbTrackSummary *) video->tracks->pdata[i])->number == number)
      return TRUE;
  return FALSE;
}

/* What the faces of a frame are said in: the stored analysis, or as long as there is none the model that is running. */
static SmbAnalysis *
frame_analysis_new (SmbSession *self)
{
  const SmbAnalysis *whole = self->exhibit != NULL ? smb_exhibit_get_analysis (self->exhibit) : NULL;
  SmbAnalysis *analysis;

  if (whole != NULL) {
    analysis = smb_analysis_copy (whole);
    g_ptr_array_set_size (analysis->faces, 0);
    analysis->calibrated = FALSE; /* ratios are given for whole tracks, not for a frame of one */
    return analysis;
  }
  if (self->video->state == NULL || self->model == NULL
      || g_strcmp0 (self->video->state->model_sha256, self->model->detector_sha256) != 0)
    return NULL;
  analysis = smb_analysis_new ();
  analysis->width = smb_engine_video_get_width (self->video->video);
  analysis->height = smb_engine_video_get_height (self->video->video);
  analysis->model_name = g_strdup (self->model->name);
  analysis->model_sha256 = g_strdup (self->model->detector_sha256);
  analysis->mim_sha256 = g_strdup (self->model->mim_sha256);
  analysis->classes = self->model->classes != NULL ? g_strdupv (self->model->classes) : g_new0 (char *, 1);
  analysis->real_class = self->model->real_class;
  analysis->trained = self->model->trained;
  return analysis;
}

static void
rebuild_frame_analysis (SmbSession *self)
{
  SmbSessionVideo *video = self->video;
  const SmbFrameFaces *frame = faces_at (video);

  g_clear_pointer (&video->at_frame, smb_analysis_free);
  g_array_set_size (video->track_of_face, 0);
  self->face_index = -1;
  video->at_frame = frame_analysis_new (self);
  if (video->at_frame == NULL)
    return;
  for (guint i = 0; frame != NULL && i < frame->points->len; i++) {
    const SmbTrackPoint *point = frame->points->pdata[i];
    guint number = smb_track_edits_apply (video->state->edits, point->track, frame->k);
    SmbFaceResult *face;

    if (!is_listed (video, number))
      continue;
    face = smb_face_result_new (&point->face);
    face->track = number;
    face->score = point->score;
    if (point->probabilities != NULL) {
      face->n_classes = point->n_classes;
      face->probabilities = g_memdup2 (point->probabilities, (gsize) point->n_classes * sizeof (double));
    }
    face->outside = point->outside != NULL      ? g_strdup (point->outside)
                    : isnan (point->score) ? g_strdup (_("This frame is not among those that were scored."))
                                           : NULL;
    if (number == video->selected || video->selected == 0)
      self->face_index
          = video->selected == 0 && self->face_index >= 0 ? self->face_index : (int) video->at_frame->faces->len;
    g_ptr_array_add (video->at_frame->faces, face);
    g_array_append_val (video->track_of_face, number);
  }
}

const SmbAnalysis *
smb_session_get_analysis (SmbSession *self)
{
  if (self->video != NULL)
    return self->video->at_frame;
  return self->exhibit != NULL ? smb_exhibit_get_analysis (self->exhibit) : NULL;
}

guint
smb_session_get_track_of_face (SmbSession *self, int index)
{
  return self->video != NULL && index >= 0 && index < (int) self->video->track_of_face->len
             ? g_array_index (self->video->track_of_face, guint, index)
             : 0;
}

guint
smb_session_get_selected_track (SmbSession *self)
{
  return self->video != NULL ? self->video->selected : 0;
}

void
smb_session_select_track (SmbSession *self, guint number)
{
  if (self->video == NULL || number == self->video->selected)
    return;
  self->video->selected = number;
  rebuild_frame_analysis (self);
  smb_session_faces_replaced (self);
  smb_session_emit (self, SMB_SESSION_VIDEO_CHANGED);
}

/* Frames. */

typedef struct {
  SmbEngineVideo *video;
  guint k;
} FrameRequest;

static void
frame_request_free (gpointer data)
{
  FrameRequest *request = data;

  smb_engine_video_unref (request->video);
  g_free (request);
}

static void
decode_frame (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  const FrameRequest *request = task_data;
  GError *error = NULL;
  g_autoptr (SmbImage) image = smb_engine_video_get_frame (request->video, request->k, 0, cancellable, &error);

  if (image == NULL)
    g_task_return_error (task, error);
  else
    g_task_return_pointer (task, smb_tiles_new (image), (GDestroyNotify) smb_tiles_unref);
}

static void request_frame (SmbSession *self, guint k);

static void
on_frame (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SmbSession *self = SMB_SESSION (source);
  const FrameRequest *request = g_task_get_task_data (G_TASK (result));
  g_autoptr (GError) error = NULL;
  g_autoptr (SmbTiles) tiles = g_task_propagate_pointer (G_TASK (result), &error);
  SmbSessionVideo *video = self->video;

  if (video == NULL || video->video != request->video)
    return;
  video->decoding = FALSE;
  video->frame = request->k;
  if (tiles == NULL)
    smb_session_message_error (self, error);
  else {
    rebuild_frame_analysis (self);
    smb_session_take_frame (self, tiles);
  }
  if (video->wanted >= 0)
    request_frame (self, (guint) video->wanted);
}

static void
request_frame (SmbSession *self, guint k)
{
  FrameRequest *request = g_new0 (FrameRequest, 1);
  g_autoptr (GTask) task = g_task_new (self, self->viewing, on_frame, NULL);

  self->video->wanted = -1;
  self->video->decoding = TRUE;
  request->video = smb_engine_video_ref (self->video->video);
  request->k = k;
  g_task_set_task_data (task, request, frame_request_free);
  g_task_run_in_thread (task, decode_frame);
}

void
smb_session_show_frame (SmbSession *self, guint k)
{
  SmbSessionVideo *video = self->video;

  if (video == NULL || k >= smb_engine_video_get_n_frames (video->video))
    return;
  video->asked = k;
  if (video->decoding)
    video->wanted = k;
  else if (k != video->frame)
    request_frame (self, k);
}

void
smb_session_step_frame (SmbSession *self, int by)
{
  SmbSessionVideo *video = self->video;

  if (video != NULL)
    smb_session_show_frame (self, (guint) CLAMP ((gint64) video->asked + by, 0,
                                                 (gint64) smb_engine_video_get_n_frames (video->video) - 1));
}

/* Opening and the stored run. */

typedef struct {
  SmbEngineVideo *video;
  SmbTiles *first;
  SmbVideoState *state;
} Opened;

static void
opened_free (gpointer data)
{
  Opened *opened = data;

  g_clear_pointer (&opened->video, smb_engine_video_unref);
  g_clear_pointer (&opened->first, smb_tiles_unref);
  g_clear_pointer (&opened->state, smb_video_state_free);
  g_free (opened);
}

static void
work_open (GTask *task, SmbCaseThread *thread, SmbCase *store)
{
  SmbSession *self = g_task_get_source_object (task);
  const SmbEvidence *evidence = g_task_get_task_data (task);
  GCancellable *cancellable = g_task_get_cancellable (task);
  g_autofree char *facts = NULL;
  g_autoptr (SmbImage) first = NULL;
  Opened *opened = g_new0 (Opened, 1);
  GError *error = NULL;
  gboolean ok = smb_case_get_video (store, evidence->id, &facts, &error);

  if (ok && facts != NULL) {
    opened->video = smb_examine_open_video (store, self->engine, evidence, NULL, NULL, cancellable, &error);
    if (opened->video != NULL)
      first = smb_engine_video_get_frame (opened->video, 0, 0, cancellable, &error);
    if (first != NULL)
      opened->first = smb_tiles_new (first);
    ok = opened->first != NULL && smb_examine_load_video (store, evidence->id, &opened->state, &error);
  }
  if (ok)
    g_task_return_pointer (task, opened, opened_free);
  else {
    opened_free (opened);
    g_task_return_error (task, error);
  }
}

static void
summarise (SmbSessionVideo *video)
{
  g_clear_pointer (&video->tracks, g_ptr_array_unref);
  if (video->state != NULL)
    video->tracks = smb_video_state_summarise (video->state);
}

static void
take_state (SmbSession *self, SmbVideoState *state)
{
  SmbSessionVideo *video = self->video;

  g_clear_pointer (&video->state, smb_video_state_free);
  video->state = state;
  summarise (video);
  if (!is_listed (video, video->selected))
    video->selected
        = video->tracks != NULL && video->tracks->len > 0 ? ((SmbTrackSummary *) video->tracks->pdata[0])->number : 0;
  rebuild_frame_analysis (self);
}

/* A run under way. */

/* Of the exhibit looked at; NULL: none. */
static SmbLiveRun *
live_run (SmbSession *self)
{
  return self->exhibit != NULL ? g_hash_table_lookup (self->live_runs, &smb_exhibit_get_evidence (self->exhibit)->id)
                               : NULL;
}

gboolean
smb_session_is_analysing_video (SmbSession *self)
{
  return self->video != NULL && live_run (self) != NULL;
}

/* A state that begins with what the run has so far; what the analyst did with the tracks of the same run stays. */
static void
begin_live (SmbSession *self, const SmbVideoSettings *settings)
{
  SmbVideoState *state = g_new0 (SmbVideoState, 1), *before = self->video->state;

  state->settings = *settings;
  state->progress = smb_video_progress_new (settings);
  state->edits = before != NULL && !before->finished
                     ? g_ptr_array_ref (before->edits)
                     : g_ptr_array_new_with_free_func ((GDestroyNotify) smb_track_edit_free);
  state->model_name = g_strdup (self->model != NULL ? self->model->name : NULL);
  state->model_sha256 = g_strdup (self->model != NULL ? self->model->detector_sha256 : NULL);
  g_clear_pointer (&self->video->tracks, g_ptr_array_unref);
  g_clear_pointer (&self->video->state, smb_video_state_free);
  self->video->state = state;
}

void
smb_session_take_live (SmbSession *self, SmbLiveRun *run, SmbLivePortion *portion)
{
  const gint64 id = smb_live_run_get_evidence_id (run), before_us = g_get_monotonic_time ();
  const gboolean had_faces = smb_session_get_analysis (self) != NULL && smb_session_get_analysis (self)->faces->len > 0;

  if (self->thread == NULL)
    return;
  if (!g_hash_table_contains (self->live_runs, &id))
    g_hash_table_insert (self->live_runs, g_memdup2 (&id, sizeof id), smb_live_run_ref (run));
  if (self->video == NULL || live_run (self) != run) {
    smb_live_run_set_wanted (run, FALSE);
    return;
  }
  if (portion->all)
    begin_live (self, smb_live_run_get_settings (run));
  smb_video_progress_restore (self->video->state->progress, portion->pass, g_steal_pointer (&portion->frames), NULL, 0);
  summarise (self->video);
  if (self->video->selected == 0 && self->video->tracks->len > 0)
    self->video->selected = ((SmbTrackSummary *) self->video->tracks->pdata[0])->number;
  /* Faces on the screen stay as they are, with their maps; the stored result replaces them in the end. */
  if (!had_faces && faces_at (self->video) != NULL && faces_at (self->video)->points->len > 0) {
    rebuild_frame_analysis (self);
    smb_session_faces_replaced (self);
  }
  smb_session_emit (self, SMB_SESSION_VIDEO_PROGRESSED);
  smb_live_run_set_cost (run, g_get_monotonic_time () - before_us);
}

void
smb_session_end_live (SmbSession *self, gint64 evidence_id, SmbJob *job)
{
  const SmbLiveRun *run = g_hash_table_lookup (self->live_runs, &evidence_id);

  /* One that was cancelled while it waited leaves another that is under way alone. */
  if (run != NULL && smb_live_run_get_job (run) != job)
    return;
  g_hash_table_remove (self->live_runs, &evidence_id);
  if (self->exhibit != NULL && smb_exhibit_get_evidence (self->exhibit)->id == evidence_id)
    smb_session_reload_video (self);
}

static void
on_opened (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SmbSession *self = SMB_SESSION (source);
  g_autoptr (GError) error = NULL;
  Opened *opened = g_task_propagate_pointer (G_TASK (result), &error);

  if (g_task_get_cancellable (G_TASK (result)) != self->viewing
      || (opened == NULL && g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))) {
    g_clear_pointer (&opened, opened_free);
    return;
  }
  if (opened == NULL) {
    self->picture_problem = g_strdup (error->message);
    smb_session_emit (self, SMB_SESSION_PICTURE_CHANGED);
    return;
  }
  if (opened->video == NULL) {
    smb_session_view_picture (self);
    opened_free (opened);
    return;
  }
  self->video = g_new0 (SmbSessionVideo, 1);
  self->video->video = g_steal_pointer (&opened->video);
  self->video->wanted = -1;
  self->video->track_of_face = g_array_new (FALSE, FALSE, sizeof (guint));
  take_state (self, g_steal_pointer (&opened->state));
  smb_session_take_frame (self, opened->first);
  smb_session_emit (self, SMB_SESSION_VIDEO_CHANGED);
  opened_free (opened);
  if (live_run (self) != NULL)
    smb_live_run_set_wanted (live_run (self), TRUE);
}

void
smb_session_open_exhibit (SmbSession *self)
{
  smb_session_push (self, SMB_WORK_URGENT, self->viewing, work_open, on_opened,
                    smb_evidence_copy (smb_exhibit_get_evidence (self->exhibit)), (GDestroyNotify) smb_evidence_free);
}

void
smb_session_close_video (SmbSession *self)
{
  smb_session_forget_frames (self);
  smb_session_stop_thumbnails (self);
  if (self->video == NULL)
    return;
  g_clear_pointer (&self->video, session_video_free);
  smb_session_emit (self, SMB_SESSION_VIDEO_CHANGED);
}

static void
work_reload (GTask *task, SmbCaseThread *thread, SmbCase *store)
{
  const SmbEvidence *evidence = g_task_get_task_data (task);
  SmbVideoState *state = NULL;
  GError *error = NULL;

  if (smb_examine_load_video (store, evidence->id, &state, &error))
    g_task_return_pointer (task, state, (GDestroyNotify) smb_video_state_free);
  else
    g_task_return_error (task, error);
}

static void
on_reloaded (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SmbSession *self = SMB_SESSION (source);
  g_autoptr (GError) error = NULL;
  SmbVideoState *state = g_task_propagate_pointer (G_TASK (result), &error);

  if (error != NULL)
    smb_session_message_error (self, error);
  if (state == NULL || self->video == NULL || g_task_get_cancellable (G_TASK (result)) != self->viewing) {
    g_clear_pointer (&state, smb_video_state_free);
    return;
  }
  take_state (self, state);
  smb_session_faces_replaced (self);
  smb_session_emit (self, SMB_SESSION_VIDEO_CHANGED);
}

void
smb_session_reload_video (SmbSession *self)
{
  if (self->video != NULL)
    smb_session_push (self, SMB_WORK_URGENT, self->viewing, work_reload, on_reloaded,
                      smb_evidence_copy (smb_exhibit_get_evidence (self->exhibit)), (GDestroyNotify) smb_evidence_free);
}
