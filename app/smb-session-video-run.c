/* SPDX-License-Identifier: Apache-2.0 */
/* The analysis of a video, as a unit of a batch: off the case thread, one at a time. */
#include "smb-session-video.h"

#include "case/smb-case-video.h"
#include "smb-session-private.h"

static void
report_job (guint64 done, guint64 total, const char *what, gpointer job)
{
  smb_job_report (job, done, total, what);
}

/* A task of the case thread that goes on in a thread of its own, with a connection of its own. */
typedef struct {
  GTask *task;
  char *path;
  SmbCaseWork work;
  gulong handler;
  int taken; /* atomic: by whoever answers the task */
} Deferred;

/* One that still waits need not wait to be told. */
static void
on_cancelled (GCancellable *cancellable, Deferred *deferred)
{
  if (g_atomic_int_compare_and_exchange (&deferred->taken, FALSE, TRUE))
    g_task_return_new_error (deferred->task, G_IO_ERROR, G_IO_ERROR_CANCELLED, "cancelled while it waited");
}

static void
run_deferred (gpointer data, gpointer user_data)
{
  Deferred *deferred = data;
  gboolean mine = g_atomic_int_compare_and_exchange (&deferred->taken, FALSE, TRUE);
  GError *error = NULL;
  SmbCase *store = mine ? smb_case_open (deferred->path, &error) : NULL;

  g_cancellable_disconnect (g_task_get_cancellable (deferred->task), deferred->handler);
  if (store != NULL) {
    smb_case_set_actor (store, g_object_get_data (G_OBJECT (deferred->task), "actor"));
    deferred->work (deferred->task, NULL, store);
    smb_case_close (store);
  } else if (mine)
    g_task_return_error (deferred->task, error);
  g_object_unref (deferred->task);
  g_free (deferred->path);
  g_free (deferred);
}

/* One video after the other, in the order asked for: each takes all cores, and two would share them and the memory. */
static GThreadPool *
get_queue (void)
{
  static GThreadPool *queue; /* UI and case threads of all sessions */

  if (g_once_init_enter (&queue)) {
    GThreadPool *made = g_thread_pool_new (run_deferred, NULL, 1, FALSE, NULL);

    g_once_init_leave (&queue, made);
    /* cppcheck-suppress memleak; the static variable has it, for the life of the process */
  }
  return queue;
}

gboolean
smb_session_defer_video (SmbSession *self, GTask *task, SmbCase *store, const SmbEvidence *evidence, SmbCaseWork work)
{
  g_autofree char *facts = NULL;
  g_autoptr (SmbCaseInfo) info = NULL;
  GError *error = NULL;
  Deferred *deferred;

  if (!smb_case_get_video (store, evidence->id, &facts, &error)
      || (facts != NULL && (info = smb_case_get_info (store, &error)) == NULL)) {
    g_task_return_error (task, error);
    return TRUE;
  }
  if (facts == NULL)
    return FALSE;
  g_object_set_data_full (G_OBJECT (task), "actor", g_strdup (info->examiner), g_free);
  deferred = g_new0 (Deferred, 1);
  deferred->task = g_object_ref (task);
  deferred->path = g_strdup (smb_case_get_path (store));
  deferred->work = work;
  deferred->handler = g_cancellable_connect (g_task_get_cancellable (task), G_CALLBACK (on_cancelled), deferred, NULL);
  g_thread_pool_push (get_queue (), deferred, NULL);
  return TRUE;
}

/* What a run that was stopped had asked for; else what is usual, in this precision. */
static gboolean
settings_to_go_on (SmbCase *store, const SmbModelInfo *model, const SmbEvidence *evidence, SmbPrecision precision,
                   SmbVideoSettings *settings, GError **error)
{
  g_autoptr (SmbVideoState) state = NULL;

  *settings = smb_video_settings_default ();
  settings->face.precision = precision;
  if (!smb_examine_load_video (store, evidence->id, &state, error))
    return FALSE;
  if (state != NULL && !state->finished && g_strcmp0 (state->model_sha256, model->detector_sha256) == 0)
    *settings = state->settings;
  return TRUE;
}

SmbCaseAnalysis *
smb_session_work_video (SmbSession *self, SmbCase *store, const SmbModelInfo *model, const SmbEvidence *evidence,
                        const SmbVideoSettings *asked, SmbPrecision precision, SmbJob *job, GCancellable *cancellable, GError **error)
{
  g_autoptr (SmbEngineVideo) video = NULL;
  g_autoptr (SmbVideoProgress) progress = NULL;
  g_autoptr (SmbLiveRun) live = NULL;
  g_autoptr (GPtrArray) analyses = NULL;
  SmbVideoSettings settings;
  SmbVideoSink sink = { .portion = smb_live_run_portion, .progress = smb_live_run_progress };

  if (asked != NULL)
    settings = *asked;
  else if (!settings_to_go_on (store, model, evidence, precision, &settings, error))
    return NULL;
  sink.user_data = live = smb_live_run_new (self, job, evidence->id, &settings);
  video = smb_examine_open_video (store, self->engine, evidence, report_job, job, cancellable, error);
  if (video == NULL
      || !smb_examine_run_video (store, self->engine, model, evidence, video, &settings, &sink, &progress, cancellable,
                                 error))
    return NULL;
  analyses = smb_case_list_analyses (store, evidence->id, error);
  return analyses != NULL && analyses->len > 0 ? g_ptr_array_steal_index (analyses, 0) : NULL;
}
