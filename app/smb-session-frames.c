/* SPDX-License-Identifier: Apache-2.0 */
/* Every frame of the video looked at, decoded once on request. */
#include "smb-session-video.h"

#include "smb-session-private.h"

#include <glib/gi18n.h>

typedef struct {
  SmbJob *job;
  SmbEngineVideo *video;
  SmbFrameTally *tally;
  GString *table;
} ListRequest;

static void
list_request_free (gpointer data)
{
  ListRequest *list = data;

  g_object_unref (list->job);
  smb_engine_video_unref (list->video);
  g_clear_pointer (&list->tally, smb_frame_tally_free);
  if (list->table != NULL)
    g_string_free (list->table, TRUE);
  g_free (list);
}

static gboolean
add_line (const SmbVideoFrame *frame, const SmbVideoSlot *slot, gboolean repeated, gpointer user_data, GError **error)
{
  ListRequest *list = user_data;
  g_autofree char *line = smb_frame_line (frame, slot, repeated);

  g_string_append (g_string_append (list->table, line), "\n");
  return TRUE;
}

static void
report_list (guint64 done, guint64 total, const char *what, gpointer user_data)
{
  const ListRequest *list = user_data;

  smb_job_report (list->job, done, total, what);
}

static void
work_list (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  ListRequest *list = task_data;
  g_autofree char *heading = smb_frame_line_heading ();
  GError *error = NULL;

  list->table = g_string_new (heading);
  g_string_append (list->table, "\n");
  list->tally = smb_video_look_at_frames (list->video, add_line, report_list, list, cancellable, &error);
  if (list->tally == NULL)
    g_task_return_error (task, error);
  else
    g_task_return_boolean (task, TRUE);
}

static void
on_listed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SmbSession *self = SMB_SESSION (source);
  ListRequest *list = g_task_get_task_data (G_TASK (result));
  g_autoptr (GError) error = NULL;
  guint position;

  if (g_list_store_find (self->jobs, list->job, &position))
    g_list_store_remove (self->jobs, position);
  if (!g_task_propagate_boolean (G_TASK (result), &error))
    smb_session_message_error (self, error);
  if (self->frames_job != list->job)
    return;
  g_clear_object (&self->frames_job);
  if (list->tally != NULL) {
    self->frame_tally = g_steal_pointer (&list->tally);
    self->frame_table = g_string_free_to_bytes (g_steal_pointer (&list->table));
  }
  smb_session_emit (self, SMB_SESSION_METADATA_CHANGED);
}

void
smb_session_list_frames (SmbSession *self)
{
  SmbEngineVideo *video = smb_session_get_video (self);
  g_autoptr (GTask) task = NULL;
  ListRequest *list;

  if (video == NULL || self->frames_job != NULL || self->frame_tally != NULL)
    return;
  self->frames_job = smb_job_new (_("Decoding every frame"), 1);
  list = g_new0 (ListRequest, 1);
  list->job = g_object_ref (self->frames_job);
  list->video = smb_engine_video_ref (video);
  g_list_store_append (self->jobs, list->job);
  task = g_task_new (self, smb_job_get_cancellable (list->job), on_listed, NULL);
  g_task_set_task_data (task, list, list_request_free);
  g_task_run_in_thread (task, work_list);
  smb_session_emit (self, SMB_SESSION_METADATA_CHANGED);
}

void
smb_session_forget_frames (SmbSession *self)
{
  if (self->frames_job != NULL)
    g_cancellable_cancel (smb_job_get_cancellable (self->frames_job));
  g_clear_object (&self->frames_job);
  g_clear_pointer (&self->frame_tally, smb_frame_tally_free);
  g_clear_pointer (&self->frame_table, g_bytes_unref);
}

gboolean
smb_session_is_listing_frames (SmbSession *self)
{
  return self->frames_job != NULL;
}

const SmbFrameTally *
smb_session_get_frame_tally (SmbSession *self)
{
  return self->frame_tally;
}

static void
on_saved (GObject *file, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SmbSession) self = SMB_SESSION (user_data);
  g_autofree char *name = g_file_get_parse_name (G_FILE (file));
  g_autoptr (GError) error = NULL;

  if (g_file_replace_contents_finish (G_FILE (file), result, NULL, &error)) {
    g_autofree char *text = g_strdup_printf (_("The list of frames was saved as %s."), name);

    smb_session_message (self, SMB_MESSAGE_INFO, text, NULL);
  } else {
    g_autofree char *text = g_strdup_printf (_("%s: the list of frames could not be saved (%s). Choose another folder."),
                                             name, error->message);

    smb_session_message (self, SMB_MESSAGE_ERROR, text, NULL);
  }
}

void
smb_session_save_frames (SmbSession *self, GFile *file)
{
  if (self->frame_table != NULL)
    g_file_replace_contents_bytes_async (file, self->frame_table, NULL, FALSE, G_FILE_CREATE_NONE, NULL, on_saved,
                                         g_object_ref (self));
}
