/* SPDX-License-Identifier: Apache-2.0 */
/* Batches over exhibits and files. Each unit is a piece of work of its own, so that clicks overtake between two, a bad
 * unit is a sentence, and the batch goes on. */
#include "smb-computing.h"
#include "smb-session-private.h"
#include "smb-session-video.h"

#include <glib/gi18n.h>

#define MAX_FILES 20000
#define MAX_DEPTH 32

/* One unit's data. */
typedef struct {
  SmbJob *job;
  SmbEvidence *evidence; /* or */
  char *path;
  const SmbModelInfo *model; /* the session's, which the task keeps */
  GArray *drawn;             /* SmbBox, or NULL */
  SmbVideoSettings *video;   /* NULL: not said */
  SmbPrecision precision;    /* as the preferences said when it was asked for */
  gboolean select_last;      /* the new face is the one to look at */
  double rate;               /* > 0: the path is a pattern of pictures, shown so many a second */
} Unit;

static void
unit_free (gpointer data)
{
  Unit *unit = data;

  g_clear_object (&unit->job);
  g_clear_pointer (&unit->evidence, smb_evidence_free);
  g_clear_pointer (&unit->drawn, g_array_unref);
  g_free (unit->video);
  g_free (unit->path);
  g_free (unit);
}

static Unit *
unit_new (SmbJob *job, const SmbEvidence *evidence, const char *path)
{
  Unit *unit = g_new0 (Unit, 1);

  unit->job = g_object_ref (job);
  unit->evidence = evidence != NULL ? smb_evidence_copy (evidence) : NULL;
  unit->path = g_strdup (path);
  unit->precision = smb_computing_get_precision ();
  return unit;
}

SmbJob *
smb_session_start_job (SmbSession *self, const char *title, guint total)
{
  g_autoptr (SmbJob) job = smb_job_new (title, total);

  g_list_store_append (self->jobs, job);
  return job; /* the list keeps it */
}

void
smb_session_end_job (SmbSession *self, SmbJob *job)
{
  guint position;

  if (g_list_store_find (self->jobs, job, &position))
    g_list_store_remove (self->jobs, position);
}

static gboolean
was_cancelled (const GError *error)
{
  return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void
report_progress (guint64 done, guint64 total, const char *what, gpointer user_data)
{
  smb_job_report (user_data, done, total, what);
}

/* Taking in. */

static void
work_acquire (GTask *task, SmbCaseThread *thread, SmbCase *store)
{
  SmbSession *self = g_task_get_source_object (task);
  Unit *unit = g_task_get_task_data (task);
  g_autofree char *name = g_filename_display_basename (unit->path);
  GError *error = NULL;
  SmbEvidence *evidence;

  smb_job_report (unit->job, 0, 1, name);
  if (unit->rate > 0)
    evidence = smb_examine_acquire_pictures (store, self->engine, unit->path, unit->rate, report_progress, unit->job,
                                             g_task_get_cancellable (task), &error);
  else
    evidence = smb_examine_acquire (store, self->engine, unit->path, g_task_get_cancellable (task), &error);
  if (evidence == NULL)
    g_task_return_error (task, error);
  else
    g_task_return_pointer (task, evidence, (GDestroyNotify) smb_evidence_free);
}

static void
on_acquired (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SmbSession *self = SMB_SESSION (source);
  Unit *unit = g_task_get_task_data (G_TASK (result));
  g_autoptr (GError) error = NULL;
  SmbEvidence *evidence = g_task_propagate_pointer (G_TASK (result), &error);

  if (evidence != NULL) {
    g_autoptr (SmbExhibit) exhibit = smb_exhibit_new (evidence);

    g_list_store_append (self->exhibits, exhibit);
    smb_job_set_total (unit->job, smb_job_get_total (unit->job) + 1);
    smb_session_push_verify (self, unit->job, exhibit);
    if (evidence->problem != NULL)
      smb_session_message (self, SMB_MESSAGE_WARNING, evidence->problem, NULL);
  } else {
    smb_session_message_error (self, error);
  }
  if (smb_job_step (unit->job))
    smb_session_end_job (self, unit->job);
  smb_session_refresh_log (self);
  smb_session_emit (self, SMB_SESSION_EXHIBITS_CHANGED);
}

typedef struct {
  GPtrArray *files; /* GFile* asked for */
  GPtrArray *paths; /* char* found */
  guint n_skipped;
  gboolean too_many;
} Listing;

static void
listing_free (gpointer data)
{
  Listing *listing = data;

  g_clear_pointer (&listing->files, g_ptr_array_unref);
  g_clear_pointer (&listing->paths, g_ptr_array_unref);
  g_free (listing);
}

static int
compare_paths (gconstpointer a, gconstpointer b)
{
  return g_strcmp0 (*(const char *const *) a, *(const char *const *) b);
}

/* Pictures in a folder, by what their name claims; links are not followed, so that a loop cannot trap the search. */
static void
list_folder (Listing *listing, const char *folder, int depth, GCancellable *cancellable)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  const char *name;

  if (dir == NULL || depth > MAX_DEPTH)
    return;
  while ((name = g_dir_read_name (dir)) != NULL)
    g_ptr_array_add (names, g_build_filename (folder, name, NULL));
  g_ptr_array_sort (names, compare_paths);
  for (guint i = 0; i < names->len && !g_cancellable_is_cancelled (cancellable); i++) {
    const char *path = names->pdata[i];
    g_autofree char *base = g_path_get_basename (path);
    g_autofree char *type = NULL;

    if (base[0] == '.' || g_file_test (path, G_FILE_TEST_IS_SYMLINK))
      continue;
    if (g_file_test (path, G_FILE_TEST_IS_DIR)) {
      list_folder (listing, path, depth + 1, cancellable);
      continue;
    }
    type = g_content_type_guess (path, NULL, 0, NULL);
    if (!g_content_type_is_mime_type (type, "image/*") && !g_content_type_is_mime_type (type, "video/*"))
      listing->n_skipped++;
    else if (listing->paths->len >= MAX_FILES)
      listing->too_many = TRUE;
    else
      g_ptr_array_add (listing->paths, g_strdup (path));
  }
}

static void
list_files (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  Listing *listing = task_data;

  for (guint i = 0; i < listing->files->len; i++) {
    g_autofree char *path = g_file_get_path (listing->files->pdata[i]);

    if (path == NULL)
      listing->n_skipped++;
    else if (g_file_test (path, G_FILE_TEST_IS_DIR))
      list_folder (listing, path, 0, cancellable);
    else
      g_ptr_array_add (listing->paths, g_steal_pointer (&path));
  }
  g_task_return_boolean (task, TRUE);
}

static void
on_listed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SmbSession *self = SMB_SESSION (source);
  g_autoptr (SmbJob) job = user_data;
  Listing *listing = g_task_get_task_data (G_TASK (result));

  if (!g_task_propagate_boolean (G_TASK (result), NULL) || listing->paths->len == 0) {
    smb_session_end_job (self, job);
    if (!g_cancellable_is_cancelled (smb_job_get_cancellable (job)))
      smb_session_message (self, SMB_MESSAGE_WARNING,
                           _("No pictures were found there. Choose image files, or a folder that holds some."), NULL);
    return;
  }
  if (listing->too_many)
    smb_session_message (self, SMB_MESSAGE_WARNING,
                         _("The folder holds more pictures than one addition takes; add the rest by subfolder."), NULL);
  else if (listing->n_skipped > 0) {
    g_autofree char *text = g_strdup_printf (
        ngettext ("%u other file in the folder is not a picture and was left out.",
                  "%u other files in the folder are not pictures and were left out.", listing->n_skipped),
        listing->n_skipped);

    smb_session_message (self, SMB_MESSAGE_INFO, text, NULL);
  }
  smb_job_set_total (job, listing->paths->len);
  for (guint i = 0; i < listing->paths->len; i++)
    smb_session_push (self, SMB_WORK_BACKGROUND, smb_job_get_cancellable (job), work_acquire, on_acquired,
                      unit_new (job, NULL, listing->paths->pdata[i]), unit_free);
}

/* What is taken in is judged next: the network loads while files are hashed and shown. */
static void
load_ahead (SmbSession *self)
{
  SmbAnalysisSettings settings = smb_analysis_settings_default ();

  settings.precision = smb_computing_get_precision ();
  if (self->model != NULL && self->model->detector_path != NULL)
    smb_engine_prepare (self->engine, self->model, &settings);
}

void
smb_session_add_files (SmbSession *self, GPtrArray *files)
{
  Listing *listing;
  SmbJob *job;
  g_autoptr (GTask) task = NULL;

  if (self->info == NULL || files->len == 0)
    return;
  load_ahead (self);
  job = smb_session_start_job (self, _("Adding evidence"), 0);
  listing = g_new0 (Listing, 1);
  listing->files = g_ptr_array_ref (files);
  listing->paths = g_ptr_array_new_with_free_func (g_free);
  task = g_task_new (self, smb_job_get_cancellable (job), on_listed, g_object_ref (job));
  g_task_set_task_data (task, listing, listing_free);
  g_task_run_in_thread (task, list_files);
}

void
smb_session_add_pictures (SmbSession *self, const char *path, double rate)
{
  g_autofree char *pattern = smb_examine_pattern_of (path);
  SmbJob *job;
  Unit *unit;

  if (self->info == NULL)
    return;
  if (pattern == NULL) {
    smb_session_message (self, SMB_MESSAGE_WARNING,
                         _("The name of that picture has no number; choose one of a row of numbered pictures."), NULL);
    return;
  }
  load_ahead (self);
  job = smb_session_start_job (self, _("Adding evidence"), 1);
  unit = unit_new (job, NULL, pattern);
  unit->rate = rate;
  smb_session_push (self, SMB_WORK_BACKGROUND, smb_job_get_cancellable (job), work_acquire, on_acquired, unit,
                    unit_free);
}

/* Analysing. */

typedef struct {
  SmbCaseAnalysis *stored;
  SmbAnalysis *analysis;
} Analysed;

static void
analysed_free (gpointer data)
{
  Analysed *analysed = data;

  g_clear_pointer (&analysed->stored, smb_case_analysis_free);
  g_clear_pointer (&analysed->analysis, smb_analysis_free);
  g_free (analysed);
}

static void
work_analyse (GTask *task, SmbCaseThread *thread, SmbCase *store)
{
  SmbSession *self = g_task_get_source_object (task);
  Unit *unit = g_task_get_task_data (task);
  SmbAnalysisSettings settings = smb_analysis_settings_default ();
  g_autoptr (JsonNode) node = NULL;
  Analysed *analysed;
  GError *error = NULL;

  if (thread != NULL && smb_session_defer_video (self, task, store, unit->evidence, work_analyse))
    return;
  analysed = g_new0 (Analysed, 1);
  settings.detect_too = unit->drawn != NULL;
  settings.precision = unit->precision;
  if (thread == NULL)
    analysed->stored = smb_session_work_video (self, store, unit->model, unit->evidence, unit->video,
                                               unit->precision, unit->job, g_task_get_cancellable (task), &error);
  else
    analysed->stored = smb_examine_analyze (store, self->engine, unit->model, unit->evidence, unit->drawn, &settings,
                                            report_progress, unit->job, g_task_get_cancellable (task), &error);
  if (analysed->stored != NULL)
    node = json_from_string (analysed->stored->result, &error);
  if (node != NULL)
    analysed->analysis = smb_analysis_from_json (node, &error);
  if (analysed->analysis == NULL) {
    analysed_free (analysed);
    g_task_return_error (task, error);
    return;
  }
  g_task_return_pointer (task, analysed, analysed_free);
}

static void
on_analysed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SmbSession *self = SMB_SESSION (source);
  Unit *unit = g_task_get_task_data (G_TASK (result));
  SmbExhibit *exhibit = smb_session_find_exhibit (self, unit->evidence->id);
  g_autoptr (GError) error = NULL;
  Analysed *analysed = g_task_propagate_pointer (G_TASK (result), &error);

  if (analysed != NULL && exhibit != NULL) {
    smb_exhibit_take_analysis (exhibit, g_steal_pointer (&analysed->stored), g_steal_pointer (&analysed->analysis));
    if (unit->select_last && exhibit == self->exhibit)
      smb_session_select_face (self, smb_exhibit_get_n_faces (exhibit) - 1);
  } else if (error != NULL && !was_cancelled (error)) {
    if (exhibit != NULL)
      smb_exhibit_set_failure (exhibit, error->message);
    smb_session_message_error (self, error);
  }
  g_clear_pointer (&analysed, analysed_free);
  smb_session_end_live (self, unit->evidence->id, unit->job);
  if (smb_job_step (unit->job))
    smb_session_end_job (self, unit->job);
  smb_session_refresh_log (self);
  smb_session_emit (self, SMB_SESSION_EXHIBITS_CHANGED);
}

/* FALSE, having said why, if there is nothing to judge with. */
static gboolean
has_detector (SmbSession *self)
{
  if (self->model != NULL && self->model->detector_path != NULL)
    return TRUE;
  smb_session_message (self, SMB_MESSAGE_ERROR,
                       self->model_problem != NULL
                           ? self->model_problem
                           : _("There is no model with a detector. Import one with “semblance-cli model import”."),
                       NULL);
  return FALSE;
}

static gboolean
is_wanted (SmbSession *self, SmbExhibit *exhibit, gboolean again)
{
  const SmbCaseAnalysis *stored = smb_exhibit_get_stored (exhibit);

  if (smb_exhibit_get_evidence (exhibit)->problem != NULL)
    return FALSE;
  return again || stored == NULL || g_strcmp0 (stored->model_sha256, self->model->detector_sha256) != 0;
}

/* The boxes drawn by hand so far; NULL if there are none. The newest analysis is the one that counts, so each takes
 * them over: it holds what the detector finds and every drawn box. */
static GArray *
dup_drawn (SmbExhibit *exhibit)
{
  const SmbAnalysis *analysis = smb_exhibit_get_analysis (exhibit);
  g_autoptr (GArray) drawn = g_array_new (FALSE, FALSE, sizeof (SmbBox));

  for (guint i = 0; analysis != NULL && i < analysis->faces->len; i++) {
    const SmbFaceResult *face = analysis->faces->pdata[i];

    if (face->face.origin == SMB_FACE_DRAWN)
      g_array_append_val (drawn, face->face.box);
  }
  return drawn->len > 0 ? g_steal_pointer (&drawn) : NULL;
}

void
smb_session_analyse (SmbSession *self, GPtrArray *exhibits, gboolean again)
{
  g_autoptr (GPtrArray) wanted = g_ptr_array_new_with_free_func (g_object_unref);
  guint n = exhibits != NULL ? exhibits->len : g_list_model_get_n_items (G_LIST_MODEL (self->exhibits));
  SmbJob *job;

  if (!has_detector (self))
    return;
  for (guint i = 0; i < n; i++) {
    g_autoptr (SmbExhibit) exhibit = exhibits != NULL ? g_object_ref (exhibits->pdata[i])
                                                      : g_list_model_get_item (G_LIST_MODEL (self->exhibits), i);

    if (is_wanted (self, exhibit, again))
      g_ptr_array_add (wanted, g_steal_pointer (&exhibit));
  }
  if (wanted->len == 0) {
    smb_session_message (self, SMB_MESSAGE_INFO,
                         n == 0 ? _("There is nothing to analyse yet. Add evidence first.")
                                : _("Everything that can be read is already analysed with this model. "
                                    "“Analyse again” in the menu repeats it."),
                         NULL);
    return;
  }
  job = smb_session_start_job (self, _("Analysing"), wanted->len);
  for (guint i = 0; i < wanted->len; i++) {
    Unit *unit = unit_new (job, smb_exhibit_get_evidence (wanted->pdata[i]), NULL);

    unit->model = self->model;
    unit->drawn = dup_drawn (wanted->pdata[i]);
    smb_session_push (self, SMB_WORK_BACKGROUND, smb_job_get_cancellable (job), work_analyse, on_analysed, unit,
                      unit_free);
  }
}

void
smb_session_analyse_video (SmbSession *self, const SmbVideoSettings *settings)
{
  Unit *unit;
  SmbJob *job;

  if (self->video == NULL || smb_session_is_analysing_video (self) || !has_detector (self))
    return;
  job = smb_session_start_job (self, _("Analysing"), 1);
  unit = unit_new (job, smb_exhibit_get_evidence (self->exhibit), NULL);
  unit->model = self->model;
  unit->video = g_memdup2 (settings, sizeof *settings);
  smb_session_push (self, SMB_WORK_BACKGROUND, smb_job_get_cancellable (job), work_analyse, on_analysed, unit,
                    unit_free);
}

static void
judge_drawn (SmbSession *self, int replaced, SmbBox box)
{
  const SmbAnalysis *analysis = self->exhibit != NULL ? smb_exhibit_get_analysis (self->exhibit) : NULL;
  const SmbFaceResult *old = analysis != NULL && replaced >= 0 && replaced < (int) analysis->faces->len
                                 ? analysis->faces->pdata[replaced]
                                 : NULL;
  Unit *unit;
  SmbJob *job;

  if (self->exhibit == NULL || !has_detector (self))
    return;
  if (self->video != NULL) {
    if (old != NULL)
      smb_session_message (
          self, SMB_MESSAGE_INFO,
          _("Boxes of a video's tracks come from following them; draw another beside them, and merge the tracks."),
          NULL);
    else
      smb_session_draw_on_frame (self, box);
    return;
  }
  job = smb_session_start_job (self, old != NULL ? _("Judging the corrected face") : _("Judging the drawn face"), 1);
  unit = unit_new (job, smb_exhibit_get_evidence (self->exhibit), NULL);
  unit->model = self->model;
  unit->drawn = dup_drawn (self->exhibit);
  if (unit->drawn == NULL)
    unit->drawn = g_array_new (FALSE, FALSE, sizeof (SmbBox));
  for (guint i = unit->drawn->len; old != NULL && old->face.origin == SMB_FACE_DRAWN && i-- > 0;) {
    SmbBox earlier = g_array_index (unit->drawn, SmbBox, i);

    if (earlier.x == old->face.box.x && earlier.y == old->face.box.y && earlier.width == old->face.box.width)
      g_array_remove_index (unit->drawn, i);
  }
  g_array_append_val (unit->drawn, box);
  unit->select_last = TRUE;
  smb_session_push (self, SMB_WORK_NORMAL, smb_job_get_cancellable (job), work_analyse, on_analysed, unit, unit_free);
}

void
smb_session_add_drawn_face (SmbSession *self, SmbBox box)
{
  judge_drawn (self, -1, box);
}

void
smb_session_correct_face (SmbSession *self, int index, SmbBox box)
{
  judge_drawn (self, index, box);
}
