/* SPDX-License-Identifier: Apache-2.0 */
#include "smb-new-case-dialog.h"

#include "smb-chooser.h"
#include "smb-form.h"
#include "smb-sample.h"

#include <glib/gi18n.h>

struct _SmbNewCaseDialog {
  GtkWindow parent_instance;

  /* template widgets */
  GtkEntry *number, *title, *laboratory, *examiner;
  GtkLabel *folder_name;
  GtkLabel *problem;
  GtkWidget *create;

  /* owned */
  GFile *folder;
  GtkFileChooserNative *chooser;
};

G_DEFINE_FINAL_TYPE (SmbNewCaseDialog, smb_new_case_dialog, GTK_TYPE_WINDOW)

/* The file's name from the case number: what a file system may refuse becomes a dash. */
static char *
dup_path (SmbNewCaseDialog *self)
{
  g_autofree char *number = smb_form_dup_text (GTK_WIDGET (self->number));
  g_autofree char *name = NULL;
  g_autoptr (GFile) file = NULL;

  g_strdelimit (number, "/\\:*?\"<>|\t\n", '-');
  if (number[0] == '.')
    number[0] = '-';
  name = g_strconcat (number, ".smbcase", NULL);
  file = g_file_get_child (self->folder, name);
  return g_file_get_path (file);
}

static void
refresh (SmbNewCaseDialog *self)
{
  g_autofree char *number = smb_form_dup_text (GTK_WIDGET (self->number));
  g_autofree char *title = smb_form_dup_text (GTK_WIDGET (self->title));
  g_autofree char *shown = g_file_get_parse_name (self->folder);

  gtk_label_set_text (self->folder_name, shown);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->folder_name), shown);
  gtk_widget_set_sensitive (self->create, *number != '\0' && *title != '\0');
  gtk_label_set_text (self->problem, *number == '\0' || *title == '\0' ? _("A case needs a number and a title.") : "");
}

static void
on_changed (GtkEditable *editable, SmbNewCaseDialog *self)
{
  refresh (self);
}

static void
on_folder_chosen (GtkNativeDialog *dialog, int response, SmbNewCaseDialog *self)
{
  if (response == GTK_RESPONSE_ACCEPT) {
    g_autoptr (GFile) file = gtk_file_chooser_get_file (GTK_FILE_CHOOSER (dialog));

    if (file != NULL) {
      g_set_object (&self->folder, file);
      refresh (self);
    }
  }
  g_clear_object (&self->chooser);
}

static void
on_choose_folder (GtkButton *button, SmbNewCaseDialog *self)
{
  g_clear_object (&self->chooser);
  self->chooser = smb_chooser_new (GTK_WINDOW (self), _("Where to keep the case"), GTK_FILE_CHOOSER_ACTION_SELECT_FOLDER,
                                   _("Choose"));
  g_signal_connect (self->chooser, "response", G_CALLBACK (on_folder_chosen), self);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (self->chooser));
}

static void
on_create (GtkButton *button, SmbNewCaseDialog *self)
{
  g_autofree char *path = dup_path (self);

  if (path == NULL) {
    gtk_label_set_text (self->problem, _("That folder is not on this machine. Choose a local one."));
    return;
  }
  g_signal_emit_by_name (self, "create", path);
  gtk_window_destroy (GTK_WINDOW (self));
}

static void
on_cancel (GtkButton *button, SmbNewCaseDialog *self)
{
  gtk_window_destroy (GTK_WINDOW (self));
}

SmbCaseInfo *
smb_new_case_dialog_dup_info (SmbNewCaseDialog *self)
{
  SmbCaseInfo *info = g_new0 (SmbCaseInfo, 1);

  info->number = smb_form_dup_text (GTK_WIDGET (self->number));
  info->title = smb_form_dup_text (GTK_WIDGET (self->title));
  info->laboratory = smb_form_dup_text (GTK_WIDGET (self->laboratory));
  info->examiner = smb_form_dup_text (GTK_WIDGET (self->examiner));
  info->created_us = g_get_real_time ();
  return info;
}

static void
smb_new_case_dialog_finalize (GObject *object)
{
  SmbNewCaseDialog *self = SMB_NEW_CASE_DIALOG (object);

  g_clear_object (&self->folder);
  g_clear_object (&self->chooser);
  G_OBJECT_CLASS (smb_new_case_dialog_parent_class)->finalize (object);
}

static void
smb_new_case_dialog_class_init (SmbNewCaseDialogClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = smb_new_case_dialog_finalize;
  g_signal_new ("create", SMB_TYPE_NEW_CASE_DIALOG, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1,
                G_TYPE_STRING);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/semblance/Semblance/smb-new-case-dialog.ui");
  gtk_widget_class_bind_template_child (widget_class, SmbNewCaseDialog, number);
  gtk_widget_class_bind_template_child (widget_class, SmbNewCaseDialog, title);
  gtk_widget_class_bind_template_child (widget_class, SmbNewCaseDialog, laboratory);
  gtk_widget_class_bind_template_child (widget_class, SmbNewCaseDialog, examiner);
  gtk_widget_class_bind_template_child (widget_class, SmbNewCaseDialog, folder_name);
  gtk_widget_class_bind_template_child (widget_class, SmbNewCaseDialog, problem);
  gtk_widget_class_bind_template_child (widget_class, SmbNewCaseDialog, create);
  gtk_widget_class_bind_template_callback (widget_class, on_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_choose_folder);
  gtk_widget_class_bind_template_callback (widget_class, on_create);
  gtk_widget_class_bind_template_callback (widget_class, on_cancel);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Escape, 0, "window.close", NULL);
}

static void
smb_new_case_dialog_init (SmbNewCaseDialog *self)
{
  g_autofree char *folder = smb_cases_folder ();

  gtk_widget_init_template (GTK_WIDGET (self));
  self->folder = g_file_new_for_path (folder);
  gtk_editable_set_text (GTK_EDITABLE (self->examiner), g_get_real_name ());
  refresh (self);
}

SmbNewCaseDialog *
smb_new_case_dialog_new (GtkWindow *parent)
{
  return g_object_new (SMB_TYPE_NEW_CASE_DIALOG, "transient-for", parent, NULL);
}
