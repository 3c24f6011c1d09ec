/* SPDX-License-Identifier: Apache-2.0 */
#include "smb-start-page.h"

#include "smb-recent.h"

#include <glib/gi18n.h>

struct _SmbStartPage {
  GtkWidget parent_instance;

  /* template widgets */
  GtkWidget *box;
  GtkListBox *recent;
  GtkStack *recent_stack;

  /* owned */
  GPtrArray *cases; /* SmbRecent*, row by row */
};

G_DEFINE_FINAL_TYPE (SmbStartPage, smb_start_page, GTK_TYPE_WIDGET)

static GtkWidget *
make_row (const SmbRecent *recent)
{
  GtkWidget *row = gtk_list_box_row_new ();
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 12);
  GtkWidget *words = gtk_box_new (GTK_ORIENTATION_VERTICAL, 1);
  GtkWidget *icon = gtk_image_new_from_icon_name ("smb-case-symbolic");
  GtkWidget *title = gtk_label_new (recent->title);
  g_autofree char *shown = g_filename_display_name (recent->path);
  GtkWidget *path = gtk_label_new (shown);
  g_autofree char *spoken = g_strdup_printf (_("Open %s"), recent->title);

  gtk_label_set_xalign (GTK_LABEL (title), 0.0f);
  gtk_label_set_ellipsize (GTK_LABEL (title), PANGO_ELLIPSIZE_END);
  gtk_label_set_xalign (GTK_LABEL (path), 0.0f);
  gtk_label_set_ellipsize (GTK_LABEL (path), PANGO_ELLIPSIZE_START);
  gtk_widget_add_css_class (title, "strong");
  gtk_widget_add_css_class (path, "caption");
  gtk_widget_add_css_class (path, "dim");
  gtk_widget_set_hexpand (words, TRUE);
  gtk_box_append (GTK_BOX (words), title);
  gtk_box_append (GTK_BOX (words), path);
  gtk_box_append (GTK_BOX (box), icon);
  gtk_box_append (GTK_BOX (box), words);
  gtk_list_box_row_set_child (GTK_LIST_BOX_ROW (row), box);
  gtk_widget_set_tooltip_text (row, shown);
  gtk_accessible_update_property (GTK_ACCESSIBLE (row), GTK_ACCESSIBLE_PROPERTY_LABEL, spoken, -1);
  return row;
}

static void
list_cases (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  g_task_return_pointer (task, smb_recent_list (), (GDestroyNotify) g_ptr_array_unref);
}

static void
on_listed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SmbStartPage *self = SMB_START_PAGE (source);
  GPtrArray *cases = g_task_propagate_pointer (G_TASK (result), NULL);
  GtkWidget *child;

  if (cases == NULL || self->box == NULL) {
    g_clear_pointer (&cases, g_ptr_array_unref);
    return;
  }
  g_clear_pointer (&self->cases, g_ptr_array_unref);
  self->cases = cases;
  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self->recent))) != NULL)
    gtk_list_box_remove (self->recent, child);
  for (guint i = 0; i < cases->len; i++)
    gtk_list_box_append (self->recent, make_row (cases->pdata[i]));
  gtk_stack_set_visible_child_name (self->recent_stack, cases->len > 0 ? "cases" : "none");
}

void
smb_start_page_refresh (SmbStartPage *self)
{
  g_autoptr (GTask) task = g_task_new (self, NULL, on_listed, NULL);

  g_task_run_in_thread (task, list_cases);
}

static void
on_row_activated (GtkListBox *list, GtkListBoxRow *row, SmbStartPage *self)
{
  guint index = (guint) gtk_list_box_row_get_index (row);

  if (self->cases != NULL && index < self->cases->len) {
    const SmbRecent *recent = self->cases->pdata[index];

    g_signal_emit_by_name (self, "open-case", recent->path);
  }
}

static void
smb_start_page_dispose (GObject *object)
{
  SmbStartPage *self = SMB_START_PAGE (object);

  g_clear_pointer (&self->box, gtk_widget_unparent);
  g_clear_pointer (&self->cases, g_ptr_array_unref);
  G_OBJECT_CLASS (smb_start_page_parent_class)->dispose (object);
}

static void
smb_start_page_class_init (SmbStartPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = smb_start_page_dispose;
  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BIN_LAYOUT);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/semblance/Semblance/smb-start-page.ui");
  gtk_widget_class_bind_template_child (widget_class, SmbStartPage, box);
  gtk_widget_class_bind_template_child (widget_class, SmbStartPage, recent);
  gtk_widget_class_bind_template_child (widget_class, SmbStartPage, recent_stack);
  gtk_widget_class_bind_template_callback (widget_class, on_row_activated);
  g_signal_new ("open-case", SMB_TYPE_START_PAGE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1,
                G_TYPE_STRING);
}

static void
smb_start_page_init (SmbStartPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  smb_start_page_refresh (self);
}
