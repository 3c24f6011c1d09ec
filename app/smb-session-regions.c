/* SPDX-License-Identifier: Apache-2.0 */
/* The regions of the chosen face: as the program draws them or the examiner left them, and what is measured of them. */
#include "smb-session-private.h"

/* The face's own regions, stored with it in the case. */

typedef struct {
  gint64 analysis_id;
  guint index;
  SmbRegions *regions; /* to be stored; NULL: read them, or back to the program's (back) */
  gboolean back;
} OwnRequest;

static void
own_request_free (gpointer data)
{
  OwnRequest *request = data;

  g_clear_pointer (&request->regions, smb_regions_free);
  g_free (request);
}

static OwnRequest *
own_request_new (SmbSession *self)
{
  const SmbCaseAnalysis *stored = self->exhibit != NULL ? smb_exhibit_get_stored (self->exhibit) : NULL;
  OwnRequest *request;

  if (stored == NULL || self->face_index < 0)
    return NULL;
  request = g_new0 (OwnRequest, 1);
  request->analysis_id = stored->id;
  request->index = (guint) self->face_index;
  return request;
}

static void
work_read_own (GTask *task, SmbCaseThread *thread, SmbCase *store)
{
  const OwnRequest *request = g_task_get_task_data (task);
  SmbRegions *regions = NULL;
  GError *error = NULL;

  if (!smb_examine_get_regions (store, request->analysis_id, request->index, &regions, &error))
    g_task_return_error (task, error);
  else
    g_task_return_pointer (task, regions, (GDestroyNotify) smb_regions_free);
}

/* What a thread found, if the face is still the one it was asked about; NULL otherwise, having said what went wrong. */
static SmbRegions *
take_regions (SmbSession *self, GAsyncResult *result)
{
  g_autoptr (GError) error = NULL;
  SmbRegions *regions = g_task_propagate_pointer (G_TASK (result), &error);

  if (g_task_get_cancellable (G_TASK (result)) != self->regions_viewing)
    g_clear_pointer (&regions, smb_regions_free);
  else if (error != NULL)
    smb_session_message_error (self, error);
  return regions;
}

/* Maps that rest on regions are made anew with these. */
static void
use_own (SmbSession *self, SmbRegions *regions)
{
  const SmbFaceResult *face = smb_session_get_face (self);

  g_clear_pointer (&self->own_regions, smb_regions_free);
  self->own_regions = regions;
  smb_session_forget_report (self);
  if (face != NULL)
    smb_map_store_set_face (self->maps, self->model, self->tiles, face->face.box, regions);
  smb_session_emit (self, SMB_SESSION_REGIONS_CHANGED);
  smb_session_emit (self, SMB_SESSION_MAP_CHANGED);
}

static void
on_own_read (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SmbRegions *regions = take_regions (SMB_SESSION (source), result);

  if (regions != NULL)
    use_own (SMB_SESSION (source), regions);
}

static void
work_write_own (GTask *task, SmbCaseThread *thread, SmbCase *store)
{
  const OwnRequest *request = g_task_get_task_data (task);
  GError *error = NULL;

  if (smb_examine_set_regions (store, request->analysis_id, request->index, request->regions, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
on_own_written (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SmbSession *self = SMB_SESSION (source);
  g_autoptr (GError) error = NULL;

  if (!g_task_propagate_boolean (G_TASK (result), &error))
    smb_session_message_error (self, error);
  smb_session_refresh_log (self);
}

static void
write_own (SmbSession *self, const SmbRegions *regions)
{
  OwnRequest *request = own_request_new (self);

  if (request == NULL)
    return;
  if (regions != NULL)
    request->regions = smb_regions_resize (regions, regions->size_px);
  smb_session_push (self, SMB_WORK_URGENT, NULL, work_write_own, on_own_written, request, own_request_free);
}

gboolean
smb_session_get_regions_own (SmbSession *self)
{
  return self->own_regions != NULL;
}

void
smb_session_restore_regions (SmbSession *self)
{
  smb_session_discard_paint (self);
  if (self->own_regions == NULL)
    return;
  write_own (self, NULL);
  use_own (self, NULL);
}

void
smb_session_keep_paint (SmbSession *self)
{
  SmbRegions *regions = g_steal_pointer (&self->edited_regions);

  if (regions == NULL)
    return;
  smb_session_discard_paint (self);
  write_own (self, regions);
  use_own (self, regions);
}

/* A map made elsewhere. */

typedef struct {
  SmbEngine *engine;
  char *path;
} ImportRequest;

static void
import_request_free (gpointer data)
{
  ImportRequest *request = data;

  smb_engine_unref (request->engine);
  g_free (request->path);
  g_free (request);
}

static void
read_import (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  const ImportRequest *request = task_data;
  GError *error = NULL;
  SmbRegions *regions = smb_examine_read_regions (request->engine, request->path, cancellable, &error);

  if (regions == NULL)
    g_task_return_error (task, error);
  else
    g_task_return_pointer (task, regions, (GDestroyNotify) smb_regions_free);
}

static void
on_imported (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SmbSession *self = SMB_SESSION (source);
  SmbRegions *regions = take_regions (self, result);

  if (regions == NULL)
    return;
  smb_session_discard_paint (self);
  write_own (self, regions);
  use_own (self, regions);
}

void
smb_session_import_regions (SmbSession *self, const char *path)
{
  ImportRequest *request;
  g_autoptr (GTask) task = NULL;

  if (smb_session_get_face (self) == NULL || self->regions_viewing == NULL)
    return;
  request = g_new0 (ImportRequest, 1);
  request->engine = smb_engine_ref (self->engine);
  request->path = g_strdup (path);
  task = g_task_new (self, self->regions_viewing, on_imported, NULL);
  g_task_set_task_data (task, request, import_request_free);
  g_task_run_in_thread (task, read_import);
}

/* The program's own map of regions. */

typedef struct {
  SmbEngine *engine;
  const SmbModelInfo *model; /* the session's, which the task keeps */
  SmbTiles *tiles;
  SmbBox box;
  SmbRegions *regions;
  SmbSession *session; /* which the task keeps */
  guint64 done, total;
} FaceRequest;

static void
face_request_free (gpointer data)
{
  FaceRequest *request = data;

  smb_engine_unref (request->engine);
  smb_tiles_unref (request->tiles);
  g_clear_pointer (&request->regions, smb_regions_free);
  g_free (request);
}

/* NULL without a face that can be computed on. */
static FaceRequest *
face_request_new (SmbSession *self)
{
  const SmbFaceResult *face = smb_session_get_face (self);
  FaceRequest *request;

  if (face == NULL || self->tiles == NULL || self->model == NULL)
    return NULL;
  request = g_new0 (FaceRequest, 1);
  request->engine = smb_engine_ref (self->engine);
  request->model = self->model;
  request->tiles = smb_tiles_ref (self->tiles);
  request->box = face->face.box;
  request->session = self;
  if (self->own_regions != NULL)
    request->regions = smb_regions_resize (self->own_regions, self->own_regions->size_px);
  return request;
}

static void
compute_region_map (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  const FaceRequest *request = task_data;
  const SmbMapJob job = { .box = request->box };
  GError *error = NULL;
  SmbRegions *regions;

  if (g_task_return_error_if_cancelled (task))
    return;
  regions = smb_engine_region_map (request->engine, request->model, smb_tiles_get_image (request->tiles), &job,
                                   cancellable, &error);
  if (regions == NULL)
    g_task_return_error (task, error);
  else
    g_task_return_pointer (task, regions, (GDestroyNotify) smb_regions_free);
}

static void
on_region_map (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SmbSession *self = SMB_SESSION (source);
  SmbRegions *regions = take_regions (self, result);

  if (g_task_get_cancellable (G_TASK (result)) != self->regions_viewing)
    return;
  g_clear_pointer (&self->regions, smb_regions_free);
  self->regions = regions;
  smb_session_emit (self, SMB_SESSION_REGIONS_CHANGED);
}

const SmbRegions *
smb_session_get_regions (SmbSession *self)
{
  FaceRequest *request;
  g_autoptr (GTask) task = NULL;

  if (self->edited_regions != NULL)
    return self->edited_regions;
  if (self->own_regions != NULL)
    return self->own_regions;
  if (self->regions != NULL || self->regions_asked)
    return self->regions;
  request = face_request_new (self);
  if (request == NULL)
    return NULL;
  self->regions_asked = TRUE;
  g_clear_pointer (&request->regions, smb_regions_free);
  task = g_task_new (self, self->regions_viewing, on_region_map, NULL);
  g_task_set_task_data (task, request, face_request_free);
  g_task_run_in_thread (task, compute_region_map);
  return NULL;
}

/* The table and the matrix. */

void
smb_session_forget_report (SmbSession *self)
{
  if (self->reporting != NULL)
    g_cancellable_cancel (self->reporting);
  g_clear_object (&self->reporting);
  g_clear_pointer (&self->region_report, smb_region_report_free);
  g_clear_pointer (&self->report_problem, g_free);
  self->report_state = (SmbMapState){ 0 };
}

typedef struct {
  SmbSession *session;
  GCancellable *cancellable;
  guint64 done, total;
} Progress;

static void
progress_free (gpointer data)
{
  Progress *progress = data;

  g_object_unref (progress->session);
  g_object_unref (progress->cancellable);
  g_free (progress);
}

static gboolean
show_progress (gpointer data)
{
  Progress *progress = data;
  SmbSession *self = progress->session;

  if (progress->cancellable == self->reporting && self->report_state.busy) {
    self->report_state.done = progress->done;
    self->report_state.total = progress->total;
    smb_session_emit (self, SMB_SESSION_REGIONS_CHANGED);
  }
  return G_SOURCE_REMOVE;
}

static void
on_progress (guint64 done, guint64 total, const char *what, gpointer user_data)
{
  GTask *task = user_data;
  Progress *progress = g_new0 (Progress, 1);

  progress->session = g_object_ref (g_task_get_source_object (task));
  progress->cancellable = g_object_ref (g_task_get_cancellable (task));
  progress->done = done;
  progress->total = total;
  g_idle_add_full (G_PRIORITY_DEFAULT_IDLE, show_progress, progress, progress_free);
  /* cppcheck-suppress memleak; the idle source has it */
}

static void
compute_report (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  const FaceRequest *request = task_data;
  const SmbMapJob job
      = { .box = request->box, .regions = request->regions, .progress = on_progress, .user_data = task };
  const SmbRegionSettings settings = smb_region_settings_default ();
  GError *error = NULL;
  SmbRegionReport *report;

  if (g_task_return_error_if_cancelled (task))
    return;
  report = smb_engine_regions (request->engine, request->model, smb_tiles_get_image (request->tiles), &job, &settings,
                               cancellable, &error);
  if (report == NULL)
    g_task_return_error (task, error);
  else
    g_task_return_pointer (task, report, (GDestroyNotify) smb_region_report_free);
}

static void
on_report (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SmbSession *self = SMB_SESSION (source);
  g_autoptr (GError) error = NULL;
  SmbRegionReport *report = g_task_propagate_pointer (G_TASK (result), &error);

  if (g_task_get_cancellable (G_TASK (result)) != self->reporting) {
    g_clear_pointer (&report, smb_region_report_free);
    return;
  }
  self->report_state.busy = FALSE;
  self->region_report = report;
  if (report == NULL && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    self->report_problem = g_strdup (error->message);
  self->report_state.problem = self->report_problem;
  smb_session_emit (self, SMB_SESSION_REGIONS_CHANGED);
}

const SmbRegionReport *
smb_session_get_region_report (SmbSession *self, SmbMapState *state)
{
  const SmbFaceResult *face = smb_session_get_face (self);

  *state = self->report_state;
  if (self->region_report != NULL)
    return self->region_report;
  /* What the analysis measured holds as long as nobody corrected the regions. */
  return face != NULL && self->own_regions == NULL ? face->regions : NULL;
}

void
smb_session_measure_regions (SmbSession *self)
{
  FaceRequest *request = face_request_new (self);
  g_autoptr (GTask) task = NULL;

  if (request == NULL)
    return;
  smb_session_forget_report (self);
  self->reporting = g_cancellable_new ();
  self->report_state.busy = TRUE;
  task = g_task_new (self, self->reporting, on_report, NULL);
  g_task_set_task_data (task, request, face_request_free);
  g_task_run_in_thread (task, compute_report);
  smb_session_emit (self, SMB_SESSION_REGIONS_CHANGED);
}

void
smb_session_stop_regions (SmbSession *self)
{
  if (!self->report_state.busy)
    return;
  self->report_state.stopped = TRUE;
  g_cancellable_cancel (self->reporting);
}

/* The face or its box is another. */
void
smb_session_drop_regions (SmbSession *self)
{
  OwnRequest *request;

  if (self->regions_viewing != NULL)
    g_cancellable_cancel (self->regions_viewing);
  g_clear_object (&self->regions_viewing);
  self->regions_viewing = g_cancellable_new ();
  g_clear_pointer (&self->regions, smb_regions_free);
  g_clear_pointer (&self->own_regions, smb_regions_free);
  self->regions_asked = FALSE;
  smb_session_forget_report (self);
  smb_session_forget_paint (self);
  if (self->tool != SMB_TOOL_NONE)
    smb_session_set_tool (self, SMB_TOOL_NONE);
  request = own_request_new (self);
  if (request != NULL)
    smb_session_push (self, SMB_WORK_URGENT, self->regions_viewing, work_read_own, on_own_read, request,
                      own_request_free);
  smb_session_emit (self, SMB_SESSION_REGIONS_CHANGED);
}
