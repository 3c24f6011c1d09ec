/* SPDX-License-Identifier: Apache-2.0 */
#include "smb-session-report.h"

#include "smb-session-private.h"

#include <glib/gi18n.h>
#include <string.h>

#define SHOWN_TEXT_CHARS 60000
#define SHOWN_STRING_CHARS 160

typedef struct {
  SmbReportChoice *choice; /* of a preview, or */
  SmbReportPreview *preview; /* of a writing */
  char *path;                /* of the case, or of the report */
  char *examiner;
  SmbJob *job;
  const SmbModelInfo *model; /* the session's, which the task keeps */
} Work;

static void
work_free (gpointer data)
{
  Work *work = data;

  g_clear_pointer (&work->choice, smb_report_choice_free);
  g_clear_pointer (&work->preview, smb_report_preview_unref);
  g_clear_object (&work->job);
  g_free (work->path);
  g_free (work->examiner);
  g_free (work);
}

SmbReportChoice *
smb_report_choice_new (void)
{
  SmbReportChoice *choice = g_new0 (SmbReportChoice, 1);

  choice->evidence_ids = g_array_new (FALSE, FALSE, sizeof (gint64));
  choice->left_out = g_array_new (FALSE, FALSE, sizeof (SmbReportFace));
  choice->specs = g_array_new (FALSE, FALSE, sizeof (SmbMapSpec));
  return choice;
}

void
smb_report_choice_free (SmbReportChoice *choice)
{
  g_array_unref (choice->evidence_ids);
  g_array_unref (choice->left_out);
  g_array_unref (choice->specs);
  g_free (choice);
}

static void
preview_clear (gpointer data)
{
  SmbReportPreview *preview = data;

  g_clear_pointer (&preview->pages, smb_report_pages_unref);
  g_clear_pointer (&preview->draft, smb_report_draft_free);
  g_free (preview->text);
}

SmbReportPreview *
smb_report_preview_ref (SmbReportPreview *preview)
{
  return g_atomic_rc_box_acquire (preview);
}

void
smb_report_preview_unref (SmbReportPreview *preview)
{
  g_atomic_rc_box_release_full (preview, preview_clear);
}

static void
tell_job (guint64 done, guint64 total, const char *what, gpointer user_data)
{
  smb_job_report (user_data, done, total, what);
}

/* The bytes of maps are nothing to read: the longest texts keep their beginning. */
static void
shorten (JsonNode *node)
{
  if (JSON_NODE_HOLDS_ARRAY (node)) {
    JsonArray *array = json_node_get_array (node);

    for (guint i = 0; i < json_array_get_length (array); i++)
      shorten (json_array_get_element (array, i));
  } else if (JSON_NODE_HOLDS_OBJECT (node)) {
    g_autoptr (GList) members = json_object_get_values (json_node_get_object (node));

    for (GList *at = members; at != NULL; at = at->next)
      shorten (at->data);
  } else if (json_node_get_value_type (node) == G_TYPE_STRING
             && g_utf8_strlen (json_node_get_string (node), -1) > SHOWN_STRING_CHARS) {
    g_autofree char *begin = g_utf8_substring (json_node_get_string (node), 0, SHOWN_STRING_CHARS / 2);
    g_autofree char *whole = g_strdup_printf (_("%s … (%zu bytes)"), begin, strlen (json_node_get_string (node)));

    json_node_set_string (node, whole);
  }
}

/* Lines that a person can read, however long the bundle. */
static void
set_text (SmbReportPreview *preview)
{
  g_autoptr (GBytes) bundle = smb_report_draft_make_bundle (preview->draft);
  const char *data = g_bytes_get_data (bundle, &preview->n_bundle_bytes);
  g_autofree char *compact = g_strndup (data, preview->n_bundle_bytes), *whole = NULL;
  g_autoptr (JsonNode) node = json_from_string (compact, NULL);

  shorten (node);
  whole = json_to_string (node, TRUE);
  preview->cut = g_utf8_strlen (whole, -1) > SHOWN_TEXT_CHARS;
  preview->text = preview->cut ? g_utf8_substring (whole, 0, SHOWN_TEXT_CHARS) : g_steal_pointer (&whole);
}

static void
make_preview (GTask *task, SmbSession *self, SmbCase *store)
{
  Work *work = g_task_get_task_data (task);
  const SmbReportChoice *choice = work->choice;
  const SmbReportWish wish = { .model = work->model,
                               .evidence_ids = (const gint64 *) (gpointer) choice->evidence_ids->data,
                               .n_evidence = choice->evidence_ids->len,
                               .left_out = (const SmbReportFace *) (gpointer) choice->left_out->data,
                               .n_left_out = choice->left_out->len,
                               .specs = (const SmbMapSpec *) (gpointer) choice->specs->data,
                               .n_specs = choice->specs->len,
                               .check = choice->check };
  g_autoptr (SmbReportPreview) preview = g_atomic_rc_box_new0 (SmbReportPreview);
  GError *error = NULL;

  preview->draft
      = smb_report_draft_new (store, self->engine, &wish, tell_job, work->job, g_task_get_cancellable (task), &error);
  if (preview->draft != NULL)
    preview->pages = smb_report_draft_make_pages (preview->draft, &error);
  if (preview->pages == NULL) {
    g_task_return_error (task, error);
    return;
  }
  set_text (preview);
  g_task_return_pointer (task, g_steal_pointer (&preview), (GDestroyNotify) smb_report_preview_unref);
}

/* In a thread and with a connection of its own: it takes minutes, which what is looked at meanwhile need not wait. */
static void
work_preview (GTask *task, gpointer session, gpointer data, GCancellable *cancellable)
{
  const Work *work = data;
  GError *error = NULL;
  g_autoptr (SmbCase) store = smb_case_open (work->path, &error);

  if (store == NULL) {
    g_task_return_error (task, error);
    return;
  }
  if (work->examiner != NULL && work->examiner[0] != '\0')
    smb_case_set_actor (store, work->examiner);
  make_preview (task, session, store);
}

void
smb_session_preview_report (SmbSession *self, SmbReportChoice *choice, SmbJob *job, GAsyncReadyCallback done,
                            gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, smb_job_get_cancellable (job), done, user_data);
  Work *work = g_new0 (Work, 1);

  work->choice = choice;
  work->job = g_object_ref (job);
  work->model = choice->specs->len > 0 ? self->model : NULL;
  work->path = g_strdup (self->path);
  work->examiner = g_strdup (self->info->examiner);
  g_task_set_task_data (task, work, work_free);
  g_task_run_in_thread (task, work_preview);
}

SmbReportPreview *
smb_session_preview_report_finish (GAsyncResult *result, GError **error)
{
  SmbSession *self = g_task_get_source_object (G_TASK (result));

  smb_session_refresh_log (self);
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
work_write (GTask *task, SmbCaseThread *thread, SmbCase *store)
{
  Work *work = g_task_get_task_data (task);
  GError *error = NULL;

  if (smb_report_draft_write (work->preview->draft, store, work->path, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

void
smb_session_write_report (SmbSession *self, SmbReportPreview *preview, const char *path, GAsyncReadyCallback done,
                          gpointer user_data)
{
  GTask *task = g_task_new (self, NULL, done, user_data);
  Work *work = g_new0 (Work, 1);

  work->preview = smb_report_preview_ref (preview);
  work->path = g_strdup (path);
  g_task_set_task_data (task, work, work_free);
  if (self->thread != NULL) {
    smb_case_thread_push (self->thread, SMB_WORK_NORMAL, task, work_write);
    return;
  }
  g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_CANCELLED, "%s", _("Cancelled."));
  g_object_unref (task);
}

gboolean
smb_session_write_report_finish (GAsyncResult *result, GError **error)
{
  SmbSession *self = g_task_get_source_object (G_TASK (result));
  const Work *work = g_task_get_task_data (G_TASK (result));

  if (!g_task_propagate_boolean (G_TASK (result), error))
    return FALSE;
  {
    g_autofree char *name = g_filename_display_basename (work->path);
    g_autofree char *text = g_strdup_printf (_("The report was saved as %s."), name);
    g_autofree char *uri = g_filename_to_uri (work->path, NULL, NULL);

    smb_session_message (self, SMB_MESSAGE_OK, text, uri);
  }
  smb_session_refresh_log (self);
  return TRUE;
}
