/* SPDX-License-Identifier: Apache-2.0 */
/* What an analyst does with the tracks of a video: merging, splitting, naming, and faces drawn on a frame. */
#include "smb-session-video.h"

#include "smb-session-private.h"

#include <glib/gi18n.h>

typedef struct {
  SmbEvidence *evidence;
  SmbTrackEditKind kind;
  guint track, other, k;
  char *text;
} EditRequest;

static void
edit_request_free (gpointer data)
{
  EditRequest *edit = data;

  smb_evidence_free (edit->evidence);
  g_free (edit->text);
  g_free (edit);
}

static void
work_edit (GTask *task, SmbCaseThread *thread, SmbCase *store)
{
  const EditRequest *edit = g_task_get_task_data (task);
  g_autoptr (SmbVideoState) state = NULL;
  GError *error = NULL;

  if (smb_examine_load_video (store, edit->evidence->id, &state, &error) && state != NULL
      && smb_examine_edit_track (store, state, edit->kind, edit->track,
                                 edit->kind == SMB_TRACK_SPLIT ? smb_video_state_next_number (state) : edit->other,
                                 edit->k, edit->text, &error))
    g_task_return_boolean (task, TRUE);
  else if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_boolean (task, FALSE);
}

static void
on_edited (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SmbSession *self = SMB_SESSION (source);
  g_autoptr (GError) error = NULL;

  if (!g_task_propagate_boolean (G_TASK (result), &error) && error != NULL)
    smb_session_message_error (self, error);
  smb_session_reload_video (self);
  smb_session_refresh_log (self);
}

void
smb_session_edit_track (SmbSession *self, SmbTrackEditKind kind, guint track, guint other, guint k, const char *text)
{
  EditRequest *edit;

  if (self->video == NULL)
    return;
  edit = g_new0 (EditRequest, 1);
  edit->evidence = smb_evidence_copy (smb_exhibit_get_evidence (self->exhibit));
  edit->kind = kind;
  edit->track = track;
  edit->other = other;
  edit->k = k;
  edit->text = g_strdup (text);
  smb_session_push (self, SMB_WORK_URGENT, NULL, work_edit, on_edited, edit, edit_request_free);
}

/* A face drawn on the frame on the screen. */

typedef struct {
  SmbJob *job;
  SmbEvidence *evidence;
  SmbEngineVideo *video;
  const SmbModelInfo *model; /* the session's, which the task keeps */
  guint k;
  SmbBox box;
  SmbCaseAnalysis *stored;
  SmbAnalysis *analysis;
} DrawRequest;

static void
draw_request_free (gpointer data)
{
  DrawRequest *draw = data;

  g_object_unref (draw->job);
  smb_evidence_free (draw->evidence);
  smb_engine_video_unref (draw->video);
  g_clear_pointer (&draw->stored, smb_case_analysis_free);
  g_clear_pointer (&draw->analysis, smb_analysis_free);
  g_free (draw);
}

static void
report_draw (guint64 done, guint64 total, const char *what, gpointer job)
{
  smb_job_report (job, done, total, what);
}

static void
work_draw (GTask *task, SmbCaseThread *thread, SmbCase *store)
{
  SmbSession *self = g_task_get_source_object (task);
  GCancellable *cancellable = g_task_get_cancellable (task);
  DrawRequest *draw = g_task_get_task_data (task);
  g_autoptr (SmbVideoState) state = NULL;
  g_autoptr (GPtrArray) analyses = NULL;
  g_autoptr (JsonNode) node = NULL;
  GError *error = NULL;

  /* A face is followed through many frames: like the analysis of a video this does not keep the case's thread. */
  if (thread != NULL && smb_session_defer_video (self, task, store, draw->evidence, work_draw))
    return;
  if (smb_examine_load_video (store, draw->evidence->id, &state, &error) && state != NULL
      && smb_examine_draw_track (store, self->engine, draw->model, draw->evidence, draw->video, state, draw->k,
                                 draw->box, report_draw, draw->job, cancellable, &error))
    analyses = smb_case_list_analyses (store, draw->evidence->id, &error);
  if (analyses != NULL && analyses->len > 0) {
    draw->stored = g_ptr_array_steal_index (analyses, 0);
    node = json_from_string (draw->stored->result, &error);
  }
  if (node != NULL)
    draw->analysis = smb_analysis_from_json (node, &error);
  if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_boolean (task, draw->analysis != NULL);
}

static void
on_drawn (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SmbSession *self = SMB_SESSION (source);
  DrawRequest *draw = g_task_get_task_data (G_TASK (result));
  SmbExhibit *exhibit = smb_session_find_exhibit (self, draw->evidence->id);
  g_autoptr (GError) error = NULL;
  guint position;

  if (g_task_propagate_boolean (G_TASK (result), &error) && exhibit != NULL)
    smb_exhibit_take_analysis (exhibit, g_steal_pointer (&draw->stored), g_steal_pointer (&draw->analysis));
  else if (error != NULL)
    smb_session_message_error (self, error);
  if (g_list_store_find (self->jobs, draw->job, &position))
    g_list_store_remove (self->jobs, position);
  if (exhibit != NULL && exhibit == self->exhibit)
    smb_session_reload_video (self);
  smb_session_refresh_log (self);
  smb_session_emit (self, SMB_SESSION_EXHIBITS_CHANGED);
}

void
smb_session_draw_on_frame (SmbSession *self, SmbBox box)
{
  SmbVideoState *state = smb_session_get_video_state (self);
  DrawRequest *draw;

  if (state == NULL || !state->finished || smb_session_is_analysing_video (self)) {
    smb_session_message (self, SMB_MESSAGE_INFO,
                         _("Analyse this video first; then faces that were missed can be drawn on its frames."), NULL);
    return;
  }
  draw = g_new0 (DrawRequest, 1);
  draw->job = smb_job_new (_("Following and judging the drawn face"), 1);
  draw->evidence = smb_evidence_copy (smb_exhibit_get_evidence (self->exhibit));
  draw->video = smb_engine_video_ref (smb_session_get_video (self));
  draw->model = self->model;
  draw->k = smb_session_get_frame (self);
  draw->box = box;
  g_list_store_append (self->jobs, draw->job);
  smb_session_push (self, SMB_WORK_NORMAL, smb_job_get_cancellable (draw->job), work_draw, on_drawn, draw,
                    draw_request_free);
}
