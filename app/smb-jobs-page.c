/* SPDX-License-Identifier: Apache-2.0 */
#include "smb-jobs-page.h"

#include "smb-training-row.h"
#include "smb-training-start.h"
#include "smb-training-view.h"

#include <glib/gi18n.h>

struct _SmbJobsPage {
  GtkWidget parent_instance;

  /* template widgets */
  GtkWidget *box;
  GtkListBox *list;
  GtkStack *stack;
  GtkLabel *count;
  SmbTrainingView *view;

  SmbTrainingWatch *watch; /* owned */
  char *wanted;            /* to be chosen when it appears; NULL */
};

G_DEFINE_FINAL_TYPE (SmbJobsPage, smb_jobs_page, GTK_TYPE_WIDGET)

static SmbTrainingRow *
row_at (SmbJobsPage *self, guint i)
{
  return SMB_TRAINING_ROW (gtk_list_box_get_row_at_index (self->list, (int) i));
}

/* Whether the rows are of these jobs in this order. */
static gboolean
is_as_listed (SmbJobsPage *self, const GPtrArray *jobs)
{
  for (guint i = 0; i < jobs->len; i++) {
    GtkListBoxRow *row = gtk_list_box_get_row_at_index (self->list, (int) i);

    if (row == NULL
        || g_strcmp0 (smb_training_row_get_id (SMB_TRAINING_ROW (row)),
                      ((const SmbJob *) g_ptr_array_index (jobs, i))->id)
               != 0)
      return FALSE;
  }
  return gtk_list_box_get_row_at_index (self->list, (int) jobs->len) == NULL;
}

static char *
dup_chosen (SmbJobsPage *self)
{
  GtkListBoxRow *row = gtk_list_box_get_selected_row (self->list);

  return row != NULL ? g_strdup (smb_training_row_get_id (SMB_TRAINING_ROW (row))) : NULL;
}

static void
choose (SmbJobsPage *self, const char *id)
{
  for (guint i = 0; gtk_list_box_get_row_at_index (self->list, (int) i) != NULL; i++)
    if (g_strcmp0 (smb_training_row_get_id (row_at (self, i)), id) == 0)
      gtk_list_box_select_row (self->list, GTK_LIST_BOX_ROW (row_at (self, i)));
}

/* What there is to watch before anything was chosen: the job that runs, else the first. */
static int
find_running (const GPtrArray *jobs)
{
  for (guint i = 0; i < jobs->len; i++)
    if (((const SmbJob *) g_ptr_array_index (jobs, i))->state == SMB_JOB_RUNNING)
      return (int) i;
  return 0;
}

/* The rows anew; the choice stays, and so does the keyboard if it was in the list. */
static void
list_anew (SmbJobsPage *self, const GPtrArray *jobs)
{
  g_autofree char *chosen = self->wanted != NULL ? g_strdup (self->wanted) : dup_chosen (self);
  gboolean focused = gtk_widget_get_focus_child (GTK_WIDGET (self->list)) != NULL;
  GtkListBoxRow *row;

  while ((row = gtk_list_box_get_row_at_index (self->list, 0)) != NULL)
    gtk_list_box_remove (self->list, GTK_WIDGET (row));
  for (guint i = 0; i < jobs->len; i++)
    gtk_list_box_append (self->list, smb_training_row_new (g_ptr_array_index (jobs, i)));
  choose (self, chosen);
  if (gtk_list_box_get_selected_row (self->list) == NULL && jobs->len > 0)
    gtk_list_box_select_row (self->list, gtk_list_box_get_row_at_index (self->list, find_running (jobs)));
  row = gtk_list_box_get_selected_row (self->list);
  if (self->wanted != NULL && row != NULL
      && g_strcmp0 (smb_training_row_get_id (SMB_TRAINING_ROW (row)), self->wanted) == 0)
    g_clear_pointer (&self->wanted, g_free);
  if (focused && row != NULL)
    gtk_widget_grab_focus (GTK_WIDGET (row));
}

static void
on_looked (SmbTrainingWatch *watch, const SmbTrainingLook *look, SmbJobsPage *self)
{
  g_autofree char *count = g_strdup_printf (ngettext ("%u job", "%u jobs", look->jobs->len), look->jobs->len);

  if (is_as_listed (self, look->jobs))
    for (guint i = 0; i < look->jobs->len; i++)
      smb_training_row_update (row_at (self, i), g_ptr_array_index (look->jobs, i));
  else
    list_anew (self, look->jobs);
  if (look->jobs->len == 0) /* the next one may get the number of the last */
    smb_training_watch_set_job (self->watch, NULL);
  gtk_label_set_text (self->count, count);
  gtk_stack_set_visible_child_name (self->stack, look->jobs->len > 0 ? "job" : "empty");
}

static void
on_selected (GtkListBox *list, GtkListBoxRow *row, SmbJobsPage *self)
{
  if (row != NULL)
    smb_training_watch_set_job (self->watch, smb_training_row_get_id (SMB_TRAINING_ROW (row)));
}

static void
on_add_model (SmbTrainingView *view, const char *path, const char *title, SmbJobsPage *self)
{
  g_signal_emit_by_name (self, "add-model", path, title);
}

static void
on_failed (SmbTrainingWatch *watch, const char *sentence, SmbJobsPage *self)
{
  g_signal_emit_by_name (self, "failed", sentence);
}

void
smb_jobs_page_choose (SmbJobsPage *self, const char *id)
{
  g_free (self->wanted);
  self->wanted = g_strdup (id);
  choose (self, id);
}

static void
on_started (const char *id, gpointer user_data)
{
  smb_jobs_page_choose (user_data, id);
}

static void
start (GtkWidget *widget, const char *action, GVariant *parameter)
{
  GtkWindow *window = GTK_WINDOW (gtk_widget_get_root (widget));

  if (g_str_equal (action, "jobs.finetune"))
    smb_finetune_start_ask (window, on_started, widget);
  else
    smb_pretrain_start_ask (window, on_started, widget);
}

static void
smb_jobs_page_map (GtkWidget *widget)
{
  GTK_WIDGET_CLASS (smb_jobs_page_parent_class)->map (widget);
  smb_training_watch_set_active (SMB_JOBS_PAGE (widget)->watch, TRUE);
}

static void
smb_jobs_page_unmap (GtkWidget *widget)
{
  if (SMB_JOBS_PAGE (widget)->watch != NULL)
    smb_training_watch_set_active (SMB_JOBS_PAGE (widget)->watch, FALSE);
  GTK_WIDGET_CLASS (smb_jobs_page_parent_class)->unmap (widget);
}

static void
smb_jobs_page_dispose (GObject *object)
{
  SmbJobsPage *self = SMB_JOBS_PAGE (object);

  if (self->watch != NULL)
    smb_training_watch_set_active (self->watch, FALSE);
  g_clear_pointer (&self->box, gtk_widget_unparent);
  g_clear_object (&self->watch);
  g_clear_pointer (&self->wanted, g_free);
  G_OBJECT_CLASS (smb_jobs_page_parent_class)->dispose (object);
}

static void
smb_jobs_page_class_init (SmbJobsPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = smb_jobs_page_dispose;
  widget_class->map = smb_jobs_page_map;
  widget_class->unmap = smb_jobs_page_unmap;
  g_type_ensure (SMB_TYPE_TRAINING_VIEW);
  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BIN_LAYOUT);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/semblance/Semblance/smb-jobs-page.ui");
  gtk_widget_class_bind_template_child (widget_class, SmbJobsPage, box);
  gtk_widget_class_bind_template_child (widget_class, SmbJobsPage, list);
  gtk_widget_class_bind_template_child (widget_class, SmbJobsPage, stack);
  gtk_widget_class_bind_template_child (widget_class, SmbJobsPage, count);
  gtk_widget_class_bind_template_child (widget_class, SmbJobsPage, view);
  gtk_widget_class_bind_template_callback (widget_class, on_selected);
  gtk_widget_class_install_action (widget_class, "jobs.finetune", NULL, start);
  gtk_widget_class_install_action (widget_class, "jobs.pretrain", NULL, start);
  g_signal_new ("add-model", SMB_TYPE_JOBS_PAGE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 2, G_TYPE_STRING,
                G_TYPE_STRING);
  g_signal_new ("failed", SMB_TYPE_JOBS_PAGE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
}

static void
smb_jobs_page_init (SmbJobsPage *self)
{
  self->watch = smb_training_watch_new ();
  gtk_widget_init_template (GTK_WIDGET (self));
  smb_training_view_set_watch (self->view, self->watch);
  g_signal_connect_object (self->view, "add-model", G_CALLBACK (on_add_model), self, 0);
  g_signal_connect_object (self->watch, "looked", G_CALLBACK (on_looked), self, 0);
  g_signal_connect_object (self->watch, "failed", G_CALLBACK (on_failed), self, 0);
}
