/* SPDX-License-Identifier: Apache-2.0 */
#include "smb-window-private.h"

#include "smb-format.h"
#include "smb-new-case-dialog.h"
#include "smb-recent.h"
#include "smb-sample.h"

#include <glib/gi18n.h>

G_DEFINE_FINAL_TYPE (SmbWindow, smb_window, GTK_TYPE_APPLICATION_WINDOW)

/* Below these widths a pane gives way to the picture; the examiner can bring it back. */
#define NARROW_PX 1120
#define VERY_NARROW_PX 760

void
smb_window_message (SmbWindow *self, SmbMessageKind kind, const char *text)
{
  smb_banner_add_message (self->messages, kind, text, NULL);
}

static void
on_message (SmbSession *session, int kind, const char *text, const char *uri, SmbWindow *self)
{
  smb_banner_add_message (self->messages, (SmbMessageKind) kind, text, uri);
}

static void
show_titles (SmbWindow *self)
{
  const SmbCaseInfo *info = self->session != NULL ? smb_session_get_info (self->session) : NULL;
  g_autofree char *subtitle = NULL;
  g_autofree char *title = NULL;

  if (info == NULL) {
    gtk_label_set_text (self->title, "Semblance");
    gtk_widget_set_visible (GTK_WIDGET (self->subtitle), FALSE);
    gtk_window_set_title (GTK_WINDOW (self), "Semblance");
    return;
  }
  subtitle = smb_format_join (info->number, info->laboratory);
  if (smb_session_get_read_only (self->session)) {
    g_autofree char *plain = g_steal_pointer (&subtitle);

    subtitle = smb_format_join (plain, _("read-only"));
  }
  gtk_label_set_text (self->title, info->title);
  gtk_label_set_text (self->subtitle, subtitle != NULL ? subtitle : "");
  gtk_widget_set_visible (GTK_WIDGET (self->subtitle), subtitle != NULL); /* or the title stands too high */
  title = g_strdup_printf ("%s – Semblance", info->title);
  gtk_window_set_title (GTK_WINDOW (self), title);
}

static void
remember_case (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  const SmbRecent *recent = task_data;
  GError *error = NULL;

  if (smb_recent_add (recent->path, recent->title, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
on_remembered (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  if (!g_task_propagate_boolean (G_TASK (result), &error))
    smb_window_message (SMB_WINDOW (source), SMB_MESSAGE_WARNING, error->message);
}

static void
on_opened (SmbSession *session, SmbWindow *self)
{
  const SmbCaseInfo *info = smb_session_get_info (session);
  SmbRecent *recent = g_new0 (SmbRecent, 1);
  g_autoptr (GTask) task = g_task_new (self, NULL, on_remembered, NULL);

  recent->path = g_strdup (smb_session_get_path (session));
  recent->title = smb_format_join (info->number, info->title);
  g_task_set_task_data (task, recent, (GDestroyNotify) smb_recent_free);
  g_task_run_in_thread (task, remember_case);
  gtk_stack_set_visible_child_name (self->stack, "case");
  show_titles (self);
  smb_window_update_actions (self);
  if (self->pending_files != NULL) {
    smb_session_add_files (session, self->pending_files);
    g_clear_pointer (&self->pending_files, g_ptr_array_unref);
  }
}

static void
on_open_failed (SmbSession *session, const char *message, SmbWindow *self)
{
  smb_window_message (self, SMB_MESSAGE_ERROR, message);
  g_clear_pointer (&self->pending_files, g_ptr_array_unref);
  self->analyse_when_added = FALSE;
  g_signal_handlers_disconnect_by_data (session, self);
  smb_session_close (session);
  g_clear_object (&self->session);
  smb_window_update_actions (self);
}

/* The sample case analyses itself once its pictures are in and the model is known. */
static void
on_progress (SmbSession *session, SmbWindow *self)
{
  if (!self->analyse_when_added || smb_session_get_model (session) == NULL ||
      g_list_model_get_n_items (smb_session_get_exhibits (session)) == 0 ||
      g_list_model_get_n_items (smb_session_get_jobs (session)) > 0)
    return;
  self->analyse_when_added = FALSE;
  smb_session_analyse (session, NULL, FALSE);
}

static void
on_jobs_changed (GListModel *jobs, guint position, guint removed, guint added, SmbWindow *self)
{
  if (self->session != NULL)
    on_progress (self->session, self);
}

static SmbSession *
start_session (SmbWindow *self)
{
  g_return_val_if_fail (self->session == NULL, NULL);
  self->session = smb_session_new (self->engine);
  g_signal_connect (self->session, "message", G_CALLBACK (on_message), self);
  g_signal_connect (self->session, "opened", G_CALLBACK (on_opened), self);
  g_signal_connect (self->session, "open-failed", G_CALLBACK (on_open_failed), self);
  g_signal_connect (self->session, "exhibits-changed", G_CALLBACK (on_progress), self);
  g_signal_connect (self->session, "model-changed", G_CALLBACK (on_progress), self);
  g_signal_connect_object (smb_session_get_jobs (self->session), "items-changed", G_CALLBACK (on_jobs_changed), self,
                           0);
  return self->session;
}

/* The panes follow the session that opened; a session that could not open never reaches them. */
static void
attach_panes (SmbSession *session, SmbWindow *self)
{
  smb_viewer_set_session (self->viewer, session);
  smb_inspector_set_session (self->inspector, session);
  smb_evidence_pane_set_session (self->evidence, session);
}

gboolean
smb_window_has_case (SmbWindow *self)
{
  return self->session != NULL;
}

void
smb_window_open_case (SmbWindow *self, const char *path)
{
  SmbSession *session = start_session (self);

  g_signal_connect (session, "opened", G_CALLBACK (attach_panes), self);
  smb_session_open_case (session, path);
}

void
smb_window_create_case (SmbWindow *self, const char *path, SmbCaseInfo *info)
{
  SmbSession *session = start_session (self);

  g_signal_connect (session, "opened", G_CALLBACK (attach_panes), self);
  smb_session_create_case (session, path, info);
}

void
smb_window_open_sample (SmbWindow *self)
{
  g_autofree char *path = smb_sample_case_path ();
  g_autoptr (GError) error = NULL;
  SmbCaseInfo *info;

  if (g_file_test (path, G_FILE_TEST_EXISTS)) {
    self->analyse_when_added = TRUE;
    smb_window_open_case (self, path);
    return;
  }
  g_clear_pointer (&self->pending_files, g_ptr_array_unref);
  self->pending_files = smb_sample_list (&error);
  if (self->pending_files == NULL) {
    smb_window_message (self, SMB_MESSAGE_ERROR, error->message);
    return;
  }
  self->analyse_when_added = TRUE;
  info = g_new0 (SmbCaseInfo, 1);
  info->number = g_strdup ("SC-2026-001");
  info->title = g_strdup (_("Sample case"));
  info->laboratory = g_strdup (_("Laboratory North"));
  info->examiner = g_strdup (g_get_real_name ());
  info->created_us = g_get_real_time ();
  smb_window_create_case (self, path, info);
}

static gpointer
copy_file (gconstpointer file, gpointer user_data)
{
  return g_object_ref ((gpointer) file);
}

/* Files named beside a case that is still opening. */
static void
keep_for_later (SmbWindow *self, GPtrArray *files)
{
  if (self->pending_files == NULL)
    self->pending_files = g_ptr_array_new_with_free_func (g_object_unref);
  g_ptr_array_extend (self->pending_files, files, copy_file, NULL);
}

void
smb_window_add_files (SmbWindow *self, GPtrArray *files)
{
  if (self->session != NULL && smb_session_get_info (self->session) != NULL)
    smb_session_add_files (self->session, files);
  else if (self->session != NULL)
    keep_for_later (self, files);
  else
    smb_window_message (self, SMB_MESSAGE_INFO,
                        _("Evidence belongs to a case. Make a new case or open one, then add the files."));
}

static void
on_open_recent (SmbStartPage *start, const char *path, SmbWindow *self)
{
  smb_window_open_case (self, path);
}

static gboolean
on_drop (GtkDropTarget *target, const GValue *value, double x, double y, SmbWindow *self)
{
  GSList *list = gdk_file_list_get_files (g_value_get_boxed (value));
  g_autoptr (GPtrArray) files = g_ptr_array_new_with_free_func (g_object_unref);

  for (GSList *item = list; item != NULL; item = item->next)
    g_ptr_array_add (files, g_object_ref (item->data));
  g_slist_free (list);
  smb_window_add_files (self, files);
  return TRUE;
}

/* Panes give way as the window narrows and return as it widens; in between the examiner decides. Not while sizes are
 * being given out: what is shown must not change under GTK's hands. */
static gboolean
fold_panes (gpointer data)
{
  SmbWindow *self = data;
  gboolean narrow = gtk_widget_get_width (GTK_WIDGET (self)) < NARROW_PX;
  gboolean very_narrow = gtk_widget_get_width (GTK_WIDGET (self)) < VERY_NARROW_PX;

  self->fold_source = 0;
  if (narrow != self->narrow)
    smb_window_show_pane (self, "win.show-inspector", !narrow);
  if (very_narrow != self->very_narrow)
    smb_window_show_pane (self, "win.show-evidence", !very_narrow);
  self->narrow = narrow;
  self->very_narrow = very_narrow;
  return G_SOURCE_REMOVE;
}

static void
smb_window_size_allocate (GtkWidget *widget, int width, int height, int baseline)
{
  SmbWindow *self = SMB_WINDOW (widget);
  gboolean narrow = width < NARROW_PX;
  gboolean very_narrow = width < VERY_NARROW_PX;

  GTK_WIDGET_CLASS (smb_window_parent_class)->size_allocate (widget, width, height, baseline);
  if ((narrow != self->narrow || very_narrow != self->very_narrow) && self->fold_source == 0)
    self->fold_source = g_idle_add (fold_panes, self);
}

static gboolean
smb_window_close_request (GtkWindow *window)
{
  SmbWindow *self = SMB_WINDOW (window);
  int width, height;

  gtk_window_get_default_size (window, &width, &height);
  g_settings_set_boolean (self->settings, "window-maximized", gtk_window_is_maximized (window));
  if (!gtk_window_is_maximized (window) && width >= 360 && height >= 294) {
    g_settings_set_int (self->settings, "window-width", width);
    g_settings_set_int (self->settings, "window-height", height);
  }
  gtk_widget_set_visible (GTK_WIDGET (self), FALSE);
  return GTK_WINDOW_CLASS (smb_window_parent_class)->close_request (window);
}

static void
smb_window_dispose (GObject *object)
{
  SmbWindow *self = SMB_WINDOW (object);

  if (self->session != NULL) {
    g_signal_handlers_disconnect_by_data (self->session, self);
    smb_session_close (self->session);
  }
  g_clear_object (&self->session);
  g_clear_handle_id (&self->fold_source, g_source_remove);
  g_clear_object (&self->chooser);
  g_clear_object (&self->settings);
  g_clear_pointer (&self->pending_files, g_ptr_array_unref);
  g_clear_pointer (&self->engine, smb_engine_unref);
  G_OBJECT_CLASS (smb_window_parent_class)->dispose (object);
}

static void
smb_window_class_init (SmbWindowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = smb_window_dispose;
  widget_class->size_allocate = smb_window_size_allocate;
  GTK_WINDOW_CLASS (klass)->close_request = smb_window_close_request;
  g_type_ensure (SMB_TYPE_BANNER);
  g_type_ensure (SMB_TYPE_START_PAGE);
  g_type_ensure (SMB_TYPE_EVIDENCE_PANE);
  g_type_ensure (SMB_TYPE_VIEWER);
  g_type_ensure (SMB_TYPE_INSPECTOR);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/semblance/Semblance/smb-window.ui");
  gtk_widget_class_bind_template_child (widget_class, SmbWindow, evidence_toggle);
  gtk_widget_class_bind_template_child (widget_class, SmbWindow, inspector_toggle);
  gtk_widget_class_bind_template_child (widget_class, SmbWindow, add_button);
  gtk_widget_class_bind_template_child (widget_class, SmbWindow, analyse_button);
  gtk_widget_class_bind_template_child (widget_class, SmbWindow, compare_button);
  gtk_widget_class_bind_template_child (widget_class, SmbWindow, report_button);
  gtk_widget_class_bind_template_child (widget_class, SmbWindow, title);
  gtk_widget_class_bind_template_child (widget_class, SmbWindow, subtitle);
  gtk_widget_class_bind_template_child (widget_class, SmbWindow, messages);
  gtk_widget_class_bind_template_child (widget_class, SmbWindow, stack);
  gtk_widget_class_bind_template_child (widget_class, SmbWindow, evidence);
  gtk_widget_class_bind_template_child (widget_class, SmbWindow, viewer);
  gtk_widget_class_bind_template_child (widget_class, SmbWindow, inspector);
  gtk_widget_class_bind_template_callback (widget_class, on_open_recent);
  smb_window_install_actions (widget_class);
}

static void
smb_window_init (SmbWindow *self)
{
  GtkDropTarget *drop = gtk_drop_target_new (GDK_TYPE_FILE_LIST, GDK_ACTION_COPY);

  gtk_widget_init_template (GTK_WIDGET (self));
  self->settings = g_settings_new ("org.semblance.Semblance");
  gtk_window_set_default_size (GTK_WINDOW (self), g_settings_get_int (self->settings, "window-width"),
                               g_settings_get_int (self->settings, "window-height"));
  if (g_settings_get_boolean (self->settings, "window-maximized"))
    gtk_window_maximize (GTK_WINDOW (self));
  g_signal_connect (drop, "drop", G_CALLBACK (on_drop), self);
  gtk_widget_add_controller (GTK_WIDGET (self), GTK_EVENT_CONTROLLER (drop));
  show_titles (self);
  smb_window_update_actions (self);
}

SmbWindow *
smb_window_new (GtkApplication *application, SmbEngine *engine)
{
  SmbWindow *self = g_object_new (SMB_TYPE_WINDOW, "application", application, NULL);

  self->engine = smb_engine_ref (engine);
  return self;
}
