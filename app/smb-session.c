/* SPDX-License-Identifier: Apache-2.0 */
#include "smb-session-private.h"
#include "smb-session-video.h"

#include "base/smb-error.h"

#include <errno.h>
#include <glib/gi18n.h>

G_DEFINE_FINAL_TYPE (SmbSession, smb_session, G_TYPE_OBJECT)

static guint signals[SMB_SESSION_N_SIGNALS];

static void
smb_session_finalize (GObject *object)
{
  SmbSession *self = SMB_SESSION (object);

  smb_session_close (self);
  g_clear_pointer (&self->engine, smb_engine_unref);
  g_clear_object (&self->exhibits);
  g_clear_object (&self->jobs);
  g_clear_pointer (&self->info, smb_case_info_free);
  g_clear_pointer (&self->path, g_free);
  g_clear_pointer (&self->model, smb_model_info_free);
  g_clear_pointer (&self->model_problem, g_free);
  g_clear_pointer (&self->model_limits, smb_card_limits_free);
  g_clear_pointer (&self->configs, g_free);
  g_clear_pointer (&self->log_head, g_free);
  g_clear_pointer (&self->log_problem, g_free);
  g_clear_object (&self->exhibit);
  g_clear_object (&self->viewing);
  g_clear_pointer (&self->tiles, smb_tiles_unref);
  g_clear_pointer (&self->picture_problem, g_free);
  g_clear_pointer (&self->notes, g_ptr_array_unref);
  g_clear_pointer (&self->findings, g_ptr_array_unref);
  smb_session_drop_file (self);
  g_clear_object (&self->maps);
  g_clear_object (&self->other_maps);
  g_clear_pointer (&self->regions, smb_regions_free);
  g_clear_pointer (&self->own_regions, smb_regions_free);
  g_clear_pointer (&self->edited_regions, smb_regions_free);
  g_clear_pointer (&self->strokes, g_ptr_array_unref);
  g_clear_object (&self->regions_viewing);
  g_clear_pointer (&self->live_runs, g_hash_table_unref);
  G_OBJECT_CLASS (smb_session_parent_class)->finalize (object);
}

static void
smb_session_class_init (SmbSessionClass *klass)
{
  static const char *const names[SMB_SESSION_N_SIGNALS] = {
    "opened",        "open-failed",   "exhibits-changed", "exhibit-changed", "picture-changed", "faces-changed",
    "map-changed",   "other-changed", "tool-changed",     "regions-changed", "metadata-changed", "notes-changed",
    "labels-changed", "model-changed", "log-changed",     "video-changed",    "frame-changed",   "video-progressed",
  };

  G_OBJECT_CLASS (klass)->finalize = smb_session_finalize;
  for (int i = 0; i < SMB_SESSION_MESSAGE; i++) {
    if (i == SMB_SESSION_OPEN_FAILED)
      signals[i] = g_signal_new (names[i], SMB_TYPE_SESSION, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1,
                                 G_TYPE_STRING);
    else
      signals[i] = g_signal_new (names[i], SMB_TYPE_SESSION, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  }
  signals[SMB_SESSION_MESSAGE] = g_signal_new ("message", SMB_TYPE_SESSION, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                               G_TYPE_NONE, 3, G_TYPE_INT, G_TYPE_STRING, G_TYPE_STRING);
}

static void
smb_session_init (SmbSession *self)
{
  self->thread = smb_case_thread_new ();
  self->exhibits = g_list_store_new (SMB_TYPE_EXHIBIT);
  self->jobs = g_list_store_new (SMB_TYPE_JOB);
  self->face_index = -1;
  self->live_runs = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, (GDestroyNotify) smb_live_run_unref);
}

SmbSession *
smb_session_new (SmbEngine *engine)
{
  SmbSession *self = g_object_new (SMB_TYPE_SESSION, NULL);

  self->engine = smb_engine_ref (engine);
  smb_session_drop_file (self);
  smb_session_init_maps (self);
  smb_session_init_paint (self);
  return self;
}

void
smb_session_close (SmbSession *self)
{
  guint n_jobs = g_list_model_get_n_items (G_LIST_MODEL (self->jobs));

  if (self->thread == NULL)
    return;
  for (guint i = 0; i < n_jobs; i++) {
    g_autoptr (SmbJob) job = g_list_model_get_item (G_LIST_MODEL (self->jobs), i);

    g_cancellable_cancel (smb_job_get_cancellable (job));
  }
  if (self->viewing != NULL)
    g_cancellable_cancel (self->viewing);
  smb_map_store_set_face (self->maps, NULL, NULL, (SmbBox){ 0 }, NULL);
  smb_session_clear_other (self);
  smb_session_forget_report (self);
  if (self->regions_viewing != NULL)
    g_cancellable_cancel (self->regions_viewing);
  smb_session_close_video (self);
  g_clear_pointer (&self->thread, smb_case_thread_free);
}

void
smb_session_emit (SmbSession *self, SmbSessionSignal signal)
{
  g_signal_emit (self, signals[signal], 0);
}

void
smb_session_message (SmbSession *self, SmbMessageKind kind, const char *text, const char *uri)
{
  g_signal_emit (self, signals[SMB_SESSION_MESSAGE], 0, kind, text, uri);
}

void
smb_session_message_error (SmbSession *self, const GError *error)
{
  if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    smb_session_message (self, SMB_MESSAGE_ERROR, error->message, NULL);
}

void
smb_session_push (SmbSession *self, SmbWorkPriority priority, GCancellable *cancellable, SmbCaseWork work,
                  GAsyncReadyCallback done, gpointer data, GDestroyNotify free_data)
{
  GTask *task;

  if (self->thread == NULL) {
    if (free_data != NULL)
      free_data (data);
    return;
  }
  task = g_task_new (self, cancellable, done, NULL);
  g_task_set_task_data (task, data, free_data);
  smb_case_thread_push (self->thread, priority, task, work);
}

SmbEvidence *
smb_evidence_copy (const SmbEvidence *evidence)
{
  SmbEvidence *copy = g_new0 (SmbEvidence, 1);

  *copy = *evidence;
  copy->exhibit = g_strdup (evidence->exhibit);
  copy->path = g_strdup (evidence->path);
  copy->sha256 = g_strdup (evidence->sha256);
  copy->format = g_strdup (evidence->format);
  copy->problem = g_strdup (evidence->problem);
  copy->found_sha256 = g_strdup (evidence->found_sha256);
  copy->pictures = NULL;
  return copy;
}

SmbExhibit *
smb_session_find_exhibit (SmbSession *self, gint64 evidence_id)
{
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->exhibits));

  for (guint i = 0; i < n; i++) {
    g_autoptr (SmbExhibit) exhibit = g_list_model_get_item (G_LIST_MODEL (self->exhibits), i);

    if (smb_exhibit_get_evidence (exhibit)->id == evidence_id)
      return exhibit; /* the list keeps it */
  }
  return NULL;
}

/* The log's head. Recomputing the whole chain is what makes the shown word "intact" true. */

typedef struct {
  char *head;
  char *problem;
} LogState;

static void
log_state_free (gpointer data)
{
  LogState *state = data;

  g_free (state->head);
  g_free (state->problem);
  g_free (state);
}

static void
work_log (GTask *task, SmbCaseThread *thread, SmbCase *store)
{
  g_autoptr (GError) error = NULL;
  LogState *state = g_new0 (LogState, 1);
  gint64 n_entries = 0;

  if (store == NULL)
    state->problem = g_strdup (_("No case is open."));
  else if (!smb_case_verify_log (store, &state->head, &n_entries, &error))
    state->problem = g_strdup (error->message);
  g_task_return_pointer (task, state, log_state_free);
}

static void
on_log (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SmbSession *self = SMB_SESSION (source);
  LogState *state = g_task_propagate_pointer (G_TASK (result), NULL);

  self->log_pending = FALSE;
  if (state == NULL)
    return;
  g_free (self->log_head);
  g_free (self->log_problem);
  self->log_head = g_steal_pointer (&state->head);
  self->log_problem = g_steal_pointer (&state->problem);
  self->log_check = self->log_problem == NULL ? SMB_CHECK_OK : SMB_CHECK_BAD;
  log_state_free (state);
  smb_session_emit (self, SMB_SESSION_LOG_CHANGED);
}

void
smb_session_refresh_log (SmbSession *self)
{
  if (self->log_pending)
    return;
  self->log_pending = TRUE;
  smb_session_push (self, SMB_WORK_NORMAL, NULL, work_log, on_log, NULL, NULL);
}

/* Opening and creating. */

typedef struct {
  char *path;
  SmbCaseInfo *info; /* NULL: open */
} OpenRequest;

typedef struct {
  char *path;
  SmbCaseInfo *info;
  gboolean read_only;
  GPtrArray *exhibits;
} OpenReply;

static void
open_request_free (gpointer data)
{
  OpenRequest *request = data;

  g_free (request->path);
  g_clear_pointer (&request->info, smb_case_info_free);
  g_free (request);
}

static void
open_reply_free (gpointer data)
{
  OpenReply *reply = data;

  g_free (reply->path);
  g_clear_pointer (&reply->info, smb_case_info_free);
  g_clear_pointer (&reply->exhibits, g_ptr_array_unref);
  g_free (reply);
}

/* The newest stored analysis of each exhibit, read back from its JSON. */
static gboolean
attach_analyses (SmbCase *store, GPtrArray *exhibits, GError **error)
{
  for (guint i = 0; i < exhibits->len; i++) {
    SmbExhibit *exhibit = exhibits->pdata[i];
    g_autoptr (GPtrArray) list = NULL;
    g_autoptr (JsonNode) node = NULL;
    SmbAnalysis *analysis;
    SmbCaseAnalysis *newest;

    list = smb_case_list_analyses (store, smb_exhibit_get_evidence (exhibit)->id, error);
    if (list == NULL)
      return FALSE;
    if (list->len == 0)
      continue;
    newest = list->pdata[0];
    node = json_from_string (newest->result, error);
    if (node == NULL)
      return FALSE;
    analysis = smb_analysis_from_json (node, error);
    if (analysis == NULL)
      return FALSE;
    g_ptr_array_set_free_func (list, NULL);
    for (guint k = 1; k < list->len; k++)
      smb_case_analysis_free (list->pdata[k]);
    smb_exhibit_take_analysis (exhibit, newest, analysis);
  }
  return TRUE;
}

static void
work_open (GTask *task, SmbCaseThread *thread, SmbCase *current)
{
  OpenRequest *request = g_task_get_task_data (task);
  g_autoptr (GPtrArray) evidence = NULL;
  g_autoptr (SmbCase) store = NULL;
  g_autofree char *folder = g_path_get_dirname (request->path);
  OpenReply *reply;
  GError *error = NULL;

  if (request->info != NULL) {
    if (g_mkdir_with_parents (folder, 0700) != 0)
      smb_error_set_errno (&error, errno, folder, _("making the folder"));
    else
      store = smb_case_create (request->path, request->info, &error);
  } else {
    store = smb_case_open (request->path, &error);
  }
  if (store == NULL) {
    g_task_return_error (task, error);
    return;
  }
  reply = g_new0 (OpenReply, 1);
  reply->path = g_strdup (smb_case_get_path (store));
  reply->read_only = smb_case_get_read_only (store);
  reply->exhibits = g_ptr_array_new_with_free_func (g_object_unref);
  reply->info = smb_case_get_info (store, &error);
  if (reply->info != NULL)
    evidence = smb_case_list_evidence (store, &error);
  if (evidence != NULL) {
    if (reply->info->examiner != NULL && *reply->info->examiner != '\0')
      smb_case_set_actor (store, reply->info->examiner);
    g_ptr_array_set_free_func (evidence, NULL);
    for (guint i = 0; i < evidence->len; i++)
      g_ptr_array_add (reply->exhibits, smb_exhibit_new (evidence->pdata[i]));
  }
  if (evidence == NULL || !attach_analyses (store, reply->exhibits, &error)) {
    open_reply_free (reply);
    g_task_return_error (task, error);
    return;
  }
  smb_case_thread_adopt (thread, g_steal_pointer (&store));
  g_task_return_pointer (task, reply, open_reply_free);
}

static void
on_opened (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SmbSession *self = SMB_SESSION (source);
  g_autoptr (GError) error = NULL;
  OpenReply *reply = g_task_propagate_pointer (G_TASK (result), &error);

  if (reply == NULL) {
    if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
      g_signal_emit (self, signals[SMB_SESSION_OPEN_FAILED], 0, error->message);
    return;
  }
  self->path = g_steal_pointer (&reply->path);
  self->info = g_steal_pointer (&reply->info);
  self->read_only = reply->read_only;
  g_list_store_splice (self->exhibits, 0, 0, reply->exhibits->pdata, reply->exhibits->len);
  open_reply_free (reply);
  smb_session_emit (self, SMB_SESSION_OPENED);
  smb_session_load_labels (self);
  smb_session_refresh_log (self);
  smb_session_find_model (self);
  smb_session_verify_all (self);
}

static void
push_open (SmbSession *self, const char *path, SmbCaseInfo *info)
{
  OpenRequest *request = g_new0 (OpenRequest, 1);

  request->path = g_strdup (path);
  request->info = info;
  smb_session_push (self, SMB_WORK_URGENT, NULL, work_open, on_opened, request, open_request_free);
}

void
smb_session_create_case (SmbSession *self, const char *path, SmbCaseInfo *info)
{
  g_return_if_fail (info != NULL);
  push_open (self, path, info);
}

void
smb_session_open_case (SmbSession *self, const char *path)
{
  push_open (self, path, NULL);
}

const SmbCaseInfo *
smb_session_get_info (SmbSession *self)
{
  return self->info;
}

const char *
smb_session_get_path (SmbSession *self)
{
  return self->path;
}

gboolean
smb_session_get_read_only (SmbSession *self)
{
  return self->read_only;
}

GListModel *
smb_session_get_exhibits (SmbSession *self)
{
  return G_LIST_MODEL (self->exhibits);
}

GListModel *
smb_session_get_jobs (SmbSession *self)
{
  return G_LIST_MODEL (self->jobs);
}

guint
smb_session_count_hash_state (SmbSession *self, SmbHashState state)
{
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->exhibits));
  guint count = 0;

  for (guint i = 0; i < n; i++) {
    g_autoptr (SmbExhibit) exhibit = g_list_model_get_item (G_LIST_MODEL (self->exhibits), i);

    if (smb_exhibit_get_evidence (exhibit)->hash_state == state)
      count++;
  }
  return count;
}

const char *
smb_session_get_log_head (SmbSession *self, SmbCheck *check_out)
{
  if (check_out != NULL)
    *check_out = self->log_check;
  return self->log_head;
}

const char *
smb_session_get_log_problem (SmbSession *self)
{
  return self->log_problem;
}
