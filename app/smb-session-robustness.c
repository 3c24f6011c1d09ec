/* SPDX-License-Identifier: Apache-2.0 */
#include "smb-session-robustness.h"

#include "smb-session-private.h"
#include "smb-session-video.h"

typedef struct {
  SmbEngine *engine;
  const SmbModelInfo *model; /* the session's, which the task keeps */
  SmbTiles *tiles;
  SmbBox box;
  SmbAnalysisSettings settings;
  SmbJob *job;
} Request;

static void
request_free (gpointer data)
{
  Request *request = data;

  smb_engine_unref (request->engine);
  smb_tiles_unref (request->tiles);
  g_object_unref (request->job);
  g_free (request);
}

static void
tell_job (guint64 done, guint64 total, const char *what, gpointer user_data)
{
  smb_job_report (user_data, done, total, what);
}

static void
compute (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  const Request *request = task_data;
  GError *error = NULL;
  SmbEnvelope *envelope
      = smb_examine_envelope (request->engine, request->model, smb_tiles_get_image (request->tiles), request->box,
                              &request->settings, tell_job, request->job, cancellable, &error);

  if (envelope == NULL)
    g_task_return_error (task, error);
  else
    g_task_return_pointer (task, envelope, (GDestroyNotify) smb_envelope_free);
}

gboolean
smb_session_measure_robustness (SmbSession *self, SmbJob *job, GAsyncReadyCallback done, gpointer user_data)
{
  const SmbFaceResult *face = smb_session_get_face (self);
  const SmbAnalysis *analysis = smb_session_get_analysis (self);
  const SmbVideoState *video = smb_session_get_video_state (self);
  g_autoptr (GTask) task = NULL;
  Request *request;

  if (face == NULL || self->tiles == NULL || self->model == NULL)
    return FALSE;
  request = g_new0 (Request, 1);
  request->engine = smb_engine_ref (self->engine);
  request->model = self->model;
  request->tiles = smb_tiles_ref (self->tiles);
  request->box = face->face.box;
  request->job = g_object_ref (job);
  /* A video's settings are others: how its run scores faces is among them. */
  if (analysis == NULL || analysis->settings == NULL
      || !smb_analysis_settings_from_json (&request->settings, analysis->settings, NULL))
    request->settings = video != NULL ? video->settings.face : smb_analysis_settings_default ();
  task = g_task_new (self, smb_job_get_cancellable (job), done, user_data);
  g_task_set_task_data (task, request, request_free);
  g_task_run_in_thread (task, compute);
  return TRUE;
}

SmbEnvelope *
smb_session_measure_robustness_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
