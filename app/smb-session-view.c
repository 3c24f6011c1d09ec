/* SPDX-License-Identifier: Apache-2.0 */
/* What is looked at: the exhibit, its pixels, the chosen face, its maps, its notes. */
#include "smb-session-private.h"
#include "smb-session-video.h"

#include <glib/gi18n.h>

GdkTexture *
smb_texture_from_image (SmbImage *image)
{
  return gdk_memory_texture_new (image->width, image->height, GDK_MEMORY_R8G8B8, image->bytes,
                                 (gsize) image->width * 3);
}

/* Pixels. */

static void
work_picture (GTask *task, SmbCaseThread *thread, SmbCase *store)
{
  SmbSession *self = g_task_get_source_object (task);
  const SmbEvidence *evidence = g_task_get_task_data (task);
  GError *error = NULL;
  SmbImage *image;

  image = smb_examine_open_picture (store, self->engine, evidence, 0, g_task_get_cancellable (task), &error);
  if (image == NULL)
    g_task_return_error (task, error);
  else
    g_task_return_pointer (task, image, (GDestroyNotify) smb_image_unref);
}

static void
on_picture (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SmbSession *self = SMB_SESSION (source);
  g_autoptr (GError) error = NULL;
  SmbImage *image = g_task_propagate_pointer (G_TASK (result), &error);

  if (g_task_get_cancellable (G_TASK (result)) != self->viewing) {
    g_clear_pointer (&image, smb_image_unref);
    return;
  }
  if (image == NULL && g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  self->picture = image;
  if (image == NULL)
    self->picture_problem = g_strdup (error->message);
  smb_session_emit (self, SMB_SESSION_PICTURE_CHANGED);
  smb_session_emit (self, SMB_SESSION_MAP_CHANGED);
}

void
smb_session_push_picture (SmbSession *self)
{
  smb_session_push (self, SMB_WORK_URGENT, self->viewing, work_picture, on_picture,
                    smb_evidence_copy (smb_exhibit_get_evidence (self->exhibit)), (GDestroyNotify) smb_evidence_free);
}

/* A frame in place of the one before; the first is a picture like any other. */
void
smb_session_take_frame (SmbSession *self, SmbImage *image)
{
  gboolean first = self->picture == NULL;

  g_clear_pointer (&self->picture, smb_image_unref);
  self->picture = smb_image_ref (image);
  smb_session_emit (self, first ? SMB_SESSION_PICTURE_CHANGED : SMB_SESSION_FRAME_CHANGED);
  smb_session_faces_replaced (self);
}

/* Notes and findings. */

typedef struct {
  GPtrArray *notes, *findings;
} Notes;

static void
notes_free (gpointer data)
{
  Notes *notes = data;

  g_clear_pointer (&notes->notes, g_ptr_array_unref);
  g_clear_pointer (&notes->findings, g_ptr_array_unref);
  g_free (notes);
}

static void
work_notes (GTask *task, SmbCaseThread *thread, SmbCase *store)
{
  const SmbEvidence *evidence = g_task_get_task_data (task);
  Notes *notes = g_new0 (Notes, 1);
  GError *error = NULL;

  notes->notes = smb_case_list_notes (store, evidence->id, &error);
  if (notes->notes != NULL)
    notes->findings = smb_case_list_findings (store, evidence->id, &error);
  if (error != NULL) {
    notes_free (notes);
    g_task_return_error (task, error);
    return;
  }
  g_task_return_pointer (task, notes, notes_free);
}

static void
on_notes (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SmbSession *self = SMB_SESSION (source);
  g_autoptr (GError) error = NULL;
  Notes *notes = g_task_propagate_pointer (G_TASK (result), &error);

  if (notes == NULL) {
    smb_session_message_error (self, error);
    return;
  }
  if (g_task_get_cancellable (G_TASK (result)) == self->viewing) {
    g_clear_pointer (&self->notes, g_ptr_array_unref);
    g_clear_pointer (&self->findings, g_ptr_array_unref);
    self->notes = g_steal_pointer (&notes->notes);
    self->findings = g_steal_pointer (&notes->findings);
    smb_session_emit (self, SMB_SESSION_NOTES_CHANGED);
  }
  notes_free (notes);
}

void
smb_session_reload_notes (SmbSession *self)
{
  if (self->exhibit == NULL)
    return;
  smb_session_push (self, SMB_WORK_URGENT, self->viewing, work_notes, on_notes,
                    smb_evidence_copy (smb_exhibit_get_evidence (self->exhibit)), (GDestroyNotify) smb_evidence_free);
}

typedef struct {
  gint64 evidence_id, note_id; /* note_id 0: a new one */
  gboolean finding;
  char *author;
  char *text;
} NoteRequest;

static void
note_request_free (gpointer data)
{
  NoteRequest *request = data;

  g_free (request->author);
  g_free (request->text);
  g_free (request);
}

static void
work_write_note (GTask *task, SmbCaseThread *thread, SmbCase *store)
{
  NoteRequest *request = g_task_get_task_data (task);
  GError *error = NULL;
  gboolean done;

  if (request->finding) {
    SmbFinding finding = { .evidence_id = request->evidence_id, .kind = (char *) "examiner", .text = request->text,
                           .made_us = g_get_real_time () };

    done = smb_case_add_finding (store, &finding, &error);
  } else if (request->note_id != 0) {
    done = smb_case_edit_note (store, request->note_id, request->text, &error);
  } else {
    SmbNote note = { .evidence_id = request->evidence_id, .author = request->author, .text = request->text,
                     .made_us = g_get_real_time () };

    done = smb_case_add_note (store, &note, &error);
  }
  if (done)
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
on_note_written (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SmbSession *self = SMB_SESSION (source);
  g_autoptr (GError) error = NULL;

  if (!g_task_propagate_boolean (G_TASK (result), &error))
    smb_session_message_error (self, error);
  smb_session_reload_notes (self);
  smb_session_refresh_log (self);
}

static void
push_note (SmbSession *self, gint64 note_id, gboolean finding, const char *text)
{
  NoteRequest *request;

  if (self->exhibit == NULL || self->info == NULL)
    return;
  request = g_new0 (NoteRequest, 1);
  request->evidence_id = smb_exhibit_get_evidence (self->exhibit)->id;
  request->note_id = note_id;
  request->finding = finding;
  request->author = g_strdup (self->info->examiner);
  request->text = g_strdup (text);
  smb_session_push (self, SMB_WORK_URGENT, NULL, work_write_note, on_note_written, request, note_request_free);
}

void
smb_session_add_note (SmbSession *self, const char *text)
{
  push_note (self, 0, FALSE, text);
}

void
smb_session_edit_note (SmbSession *self, gint64 note_id, const char *text)
{
  push_note (self, note_id, FALSE, text);
}

void
smb_session_add_finding (SmbSession *self, const char *text)
{
  push_note (self, 0, TRUE, text);
}

GPtrArray *
smb_session_get_notes (SmbSession *self)
{
  return self->notes;
}

GPtrArray *
smb_session_get_findings (SmbSession *self)
{
  return self->findings;
}

/* The exhibit and the face. */

static void
on_exhibit_changed (SmbExhibit *exhibit, SmbSession *self)
{
  smb_session_faces_replaced (self);
}

void
smb_session_select_exhibit (SmbSession *self, SmbExhibit *exhibit)
{
  if (exhibit == self->exhibit)
    return;
  if (self->exhibit != NULL)
    g_clear_signal_handler (&self->exhibit_handler, self->exhibit);
  g_set_object (&self->exhibit, exhibit);
  if (self->viewing != NULL)
    g_cancellable_cancel (self->viewing);
  g_clear_object (&self->viewing);
  self->viewing = g_cancellable_new ();
  smb_session_close_video (self);
  g_clear_pointer (&self->picture, smb_image_unref);
  g_clear_pointer (&self->picture_problem, g_free);
  g_clear_pointer (&self->notes, g_ptr_array_unref);
  g_clear_pointer (&self->findings, g_ptr_array_unref);
  self->face_index = -1;
  smb_session_drop_maps (self);
  smb_session_emit (self, SMB_SESSION_EXHIBIT_CHANGED);
  smb_session_emit (self, SMB_SESSION_PICTURE_CHANGED);
  smb_session_emit (self, SMB_SESSION_NOTES_CHANGED);
  if (exhibit != NULL) {
    self->exhibit_handler = g_signal_connect (exhibit, "changed", G_CALLBACK (on_exhibit_changed), self);
    smb_session_open_exhibit (self);
    smb_session_reload_notes (self);
  }
  smb_session_faces_replaced (self);
}

SmbExhibit *
smb_session_get_exhibit (SmbSession *self)
{
  return self->exhibit;
}

SmbImage *
smb_session_get_picture (SmbSession *self, const char **problem_out)
{
  if (problem_out != NULL)
    *problem_out = self->picture_problem;
  return self->picture;
}

/* A new analysis may have moved or removed the chosen face: choose again, and forget maps of a box that is gone. */
void
smb_session_faces_replaced (SmbSession *self)
{
  const SmbAnalysis *analysis = smb_session_get_analysis (self);
  int n_faces = analysis != NULL ? (int) analysis->faces->len : 0;

  if (self->face_index >= n_faces)
    self->face_index = n_faces - 1;
  if (self->face_index < 0 && n_faces > 0)
    self->face_index = 0;
  smb_session_drop_maps (self);
  smb_session_emit (self, SMB_SESSION_FACES_CHANGED);
  smb_session_emit (self, SMB_SESSION_MAP_CHANGED);
}

void
smb_session_select_face (SmbSession *self, int index)
{
  guint track = smb_session_get_track_of_face (self, index);

  if (index == self->face_index)
    return;
  if (track != 0 && track != smb_session_get_selected_track (self)) {
    smb_session_select_track (self, track);
    return;
  }
  self->face_index = index;
  smb_session_faces_replaced (self);
}

int
smb_session_get_face_index (SmbSession *self)
{
  return self->face_index;
}

const SmbFaceResult *
smb_session_get_face (SmbSession *self)
{
  const SmbAnalysis *analysis = smb_session_get_analysis (self);

  if (analysis == NULL || self->face_index < 0 || self->face_index >= (int) analysis->faces->len)
    return NULL;
  return analysis->faces->pdata[self->face_index];
}

/* Maps. */

void
smb_session_drop_maps (SmbSession *self)
{
  if (self->mapping != NULL)
    g_cancellable_cancel (self->mapping);
  g_clear_object (&self->mapping);
  self->mapping = g_cancellable_new ();
  g_hash_table_remove_all (self->maps);
  g_hash_table_remove_all (self->maps_asked);
  g_clear_pointer (&self->map_problem, g_free);
}

typedef struct {
  SmbEngine *engine;
  const SmbModelInfo *model; /* the session's, which the task keeps */
  SmbImage *image;
  SmbBox box;
  SmbMapSpec spec;
} MapRequest;

static void
map_request_free (gpointer data)
{
  MapRequest *request = data;

  smb_engine_unref (request->engine);
  smb_image_unref (request->image);
  g_free (request);
}

static void
compute_map (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  MapRequest *request = task_data;
  g_autoptr (GPtrArray) maps = NULL;
  GError *error = NULL;

  if (g_task_return_error_if_cancelled (task))
    return;
  maps = smb_engine_maps (request->engine, request->model, request->image, request->box, &request->spec, 1,
                          cancellable, &error);
  if (maps == NULL)
    g_task_return_error (task, error);
  else
    g_task_return_pointer (task, g_steal_pointer (&maps), (GDestroyNotify) g_ptr_array_unref);
}

static void
on_map (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SmbSession *self = SMB_SESSION (source);
  MapRequest *request = g_task_get_task_data (G_TASK (result));
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) maps = g_task_propagate_pointer (G_TASK (result), &error);

  if (g_task_get_cancellable (G_TASK (result)) != self->mapping)
    return;
  if (maps == NULL || maps->len == 0) {
    g_free (self->map_problem);
    self->map_problem = g_strdup (error != NULL ? error->message : _("The engine answered without a map."));
  } else {
    /* The array owns its maps: take the one out before it goes. */
    SmbMap *map = g_ptr_array_steal_index (maps, 0);

    g_hash_table_replace (self->maps, smb_map_spec_to_text (&request->spec), map);
  }
  smb_session_emit (self, SMB_SESSION_MAP_CHANGED);
}

const SmbMap *
smb_session_peek_map (SmbSession *self, const SmbMapSpec *spec)
{
  g_autofree char *key = smb_map_spec_to_text (spec);
  const SmbMap *map = g_hash_table_lookup (self->maps, key);
  const SmbFaceResult *face = smb_session_get_face (self);
  g_autoptr (GTask) task = NULL;
  MapRequest *request;

  if (map != NULL || self->picture == NULL || self->model == NULL || face == NULL ||
      g_hash_table_contains (self->maps_asked, key))
    return map;
  g_hash_table_add (self->maps_asked, g_steal_pointer (&key));
  request = g_new0 (MapRequest, 1);
  request->engine = smb_engine_ref (self->engine);
  request->model = self->model;
  request->image = smb_image_ref (self->picture);
  request->box = face->face.box;
  request->spec = *spec;
  task = g_task_new (self, self->mapping, on_map, NULL);
  g_task_set_task_data (task, request, map_request_free);
  g_task_run_in_thread (task, compute_map);
  return NULL;
}

void
smb_session_set_map_spec (SmbSession *self, const SmbMapSpec *spec)
{
  self->map_shown = spec != NULL;
  if (spec != NULL)
    self->map_spec = *spec;
  smb_session_emit (self, SMB_SESSION_MAP_CHANGED);
}

const SmbMapSpec *
smb_session_get_map_spec (SmbSession *self)
{
  return self->map_shown ? &self->map_spec : NULL;
}

const SmbMap *
smb_session_get_map (SmbSession *self, gboolean *busy_out, const char **problem_out)
{
  const SmbMap *map = NULL;

  if (self->map_shown)
    map = smb_session_peek_map (self, &self->map_spec);
  if (busy_out != NULL) {
    g_autofree char *key = smb_map_spec_to_text (&self->map_spec);

    *busy_out = self->map_shown && map == NULL && self->map_problem == NULL &&
                g_hash_table_contains (self->maps_asked, key);
  }
  if (problem_out != NULL)
    *problem_out = map == NULL ? self->map_problem : NULL;
  return map;
}
