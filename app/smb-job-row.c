/* SPDX-License-Identifier: Apache-2.0 */
#include "smb-job-row.h"

#include <glib/gi18n.h>

struct _SmbJobRow {
  GtkWidget parent_instance;

  /* template widgets */
  GtkWidget *box;
  GtkLabel *title;
  GtkLabel *what;
  GtkLabel *status;
  GtkProgressBar *bar;
  GtkWidget *cancel;

  /* owned */
  SmbJob *job;
  gulong handler;
};

G_DEFINE_FINAL_TYPE (SmbJobRow, smb_job_row, GTK_TYPE_WIDGET)

static void
refresh (SmbJobRow *self)
{
  g_autofree char *what = smb_job_dup_what (self->job);
  g_autofree char *status = smb_job_dup_status (self->job);
  double fraction = smb_job_get_fraction (self->job);

  gtk_label_set_text (self->title, smb_job_get_title (self->job));
  gtk_label_set_text (self->what, what != NULL ? what : "");
  gtk_label_set_text (self->status, status);
  if (fraction >= 0.0)
    gtk_progress_bar_set_fraction (self->bar, fraction);
  else
    gtk_progress_bar_pulse (self->bar);
}

static void
on_cancel (GtkButton *button, SmbJobRow *self)
{
  g_cancellable_cancel (smb_job_get_cancellable (self->job));
  gtk_widget_set_sensitive (self->cancel, FALSE);
  gtk_label_set_text (self->what, _("Stopping after this step"));
}

static void
smb_job_row_dispose (GObject *object)
{
  SmbJobRow *self = SMB_JOB_ROW (object);

  if (self->job != NULL)
    g_clear_signal_handler (&self->handler, self->job);
  g_clear_object (&self->job);
  g_clear_pointer (&self->box, gtk_widget_unparent);
  G_OBJECT_CLASS (smb_job_row_parent_class)->dispose (object);
}

static void
smb_job_row_class_init (SmbJobRowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = smb_job_row_dispose;
  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BIN_LAYOUT);
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_GROUP);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/semblance/Semblance/smb-job-row.ui");
  gtk_widget_class_bind_template_child (widget_class, SmbJobRow, box);
  gtk_widget_class_bind_template_child (widget_class, SmbJobRow, title);
  gtk_widget_class_bind_template_child (widget_class, SmbJobRow, what);
  gtk_widget_class_bind_template_child (widget_class, SmbJobRow, status);
  gtk_widget_class_bind_template_child (widget_class, SmbJobRow, bar);
  gtk_widget_class_bind_template_child (widget_class, SmbJobRow, cancel);
  gtk_widget_class_bind_template_callback (widget_class, on_cancel);
}

static void
smb_job_row_init (SmbJobRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
smb_job_row_new (SmbJob *job)
{
  SmbJobRow *self = g_object_new (SMB_TYPE_JOB_ROW, NULL);

  self->job = g_object_ref (job);
  self->handler = g_signal_connect_swapped (job, "changed", G_CALLBACK (refresh), self);
  refresh (self);
  return GTK_WIDGET (self);
}
