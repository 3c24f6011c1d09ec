/* SPDX-License-Identifier: Apache-2.0 */
/* What is looked at: the exhibit, its pixels, the chosen face, its notes. */
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
  g_autoptr (SmbImage) image = NULL;
  GError *error = NULL;

  image = smb_examine_open_picture (store, self->engine, evidence, 0, g_task_get_cancellable (task), &error);
  if (image == NULL)
    g_task_return_error (task, error);
  else
    g_task_return_pointer (task, smb_tiles_new (image), (GDestroyNotify) smb_tiles_unref);
}

void
smb_session_push_picture (SmbSession *self, SmbExhibit *exhibit, GCancellable *cancellable, GAsyncReadyCallback done)
{
  smb_session_push (self, SMB_WORK_URGENT, cancellable, work_picture, done,
                    smb_evidence_copy (smb_exhibit_get_evidence (exhibit)), (GDestroyNotify) smb_evidence_free);
}

static void
on_picture (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SmbSession *self = SMB_SESSION (source);
  g_autoptr (GError) error = NULL;
  SmbTiles *tiles = g_task_propagate_pointer (G_TASK (result), &error);

  if (g_task_get_cancellable (G_TASK (result)) != self->viewing) {
    g_clear_pointer (&tiles, smb_tiles_unref);
    return;
  }
  if (tiles == NULL && g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  self->tiles = tiles;
  if (tiles == NULL)
    self->picture_problem = g_strdup (error->message);
  smb_session_emit (self, SMB_SESSION_PICTURE_CHANGED);
  smb_session_drop_maps (self);
  smb_session_emit (self, SMB_SESSION_MAP_CHANGED);
}

void
smb_session_view_picture (SmbSession *self)
{
  smb_session_push_picture (self, self->exhibit, self->viewing, on_picture);
}

/* A frame in place of the one before; the first is a picture like any other. */
void
smb_session_take_frame (SmbSession *self, SmbTiles *tiles)
{
  gboolean first = self->tiles == NULL;

  g_clear_pointer (&self->tiles, smb_tiles_unref);
  self->tiles = smb_tiles_ref (tiles);
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
  g_clear_pointer (&self->tiles, smb_tiles_unref);
  g_clear_pointer (&self->picture_problem, g_free);
  g_clear_pointer (&self->notes, g_ptr_array_unref);
  g_clear_pointer (&self->findings, g_ptr_array_unref);
  smb_session_drop_file (self);
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

SmbTiles *
smb_session_get_tiles (SmbSession *self)
{
  return self->tiles;
}

SmbImage *
smb_session_get_picture (SmbSession *self, const char **problem_out)
{
  if (problem_out != NULL)
    *problem_out = self->picture_problem;
  return self->tiles != NULL ? smb_tiles_get_image (self->tiles) : NULL;
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
  smb_session_other_replaced (self);
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
