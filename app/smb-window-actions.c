/* SPDX-License-Identifier: Apache-2.0 */
/* What the window's buttons, menu and keys do. */
#include "smb-window-private.h"

#include "smb-chooser.h"
#include "smb-label-dialog.h"
#include "smb-report-dialog.h"
#include "smb-robustness-dialog.h"
#include "smb-session-video.h"
#include "smb-verify-dialog.h"

#include <glib/gi18n.h>

#define BOTH_PANES_PX 1060

void
smb_window_show_pane (SmbWindow *self, const char *action, gboolean shown)
{
  GtkWidget *pane
      = g_str_equal (action, "win.show-inspector") ? GTK_WIDGET (self->inspector) : GTK_WIDGET (self->evidence);
  GtkWidget *toggle = pane == GTK_WIDGET (self->inspector) ? self->inspector_toggle : self->evidence_toggle;

  gtk_widget_set_visible (pane, shown);
  gtk_toggle_button_set_active (GTK_TOGGLE_BUTTON (toggle), shown);
}

static void
toggle_pane (GtkWidget *widget, const char *action, GVariant *parameter)
{
  SmbWindow *self = SMB_WINDOW (widget);
  GtkWidget *pane
      = g_str_equal (action, "win.show-inspector") ? GTK_WIDGET (self->inspector) : GTK_WIDGET (self->evidence);

  smb_window_show_pane (self, action, !gtk_widget_get_visible (pane));
  /* Both panes would leave a narrow window no room for the picture. */
  if (gtk_widget_get_visible (pane) && gtk_widget_get_width (widget) < BOTH_PANES_PX)
    smb_window_show_pane (self, g_str_equal (action, "win.show-inspector") ? "win.show-evidence" : "win.show-inspector",
                          FALSE);
}

void
smb_window_update_actions (SmbWindow *self)
{
  static const char *const reading[] = { "win.zoom",           "win.page",    "win.search",    "win.show-evidence",
                                         "win.show-inspector", "win.compare", "win.robustness" };
  static const char *const writing[]
      = { "win.add-evidence",     "win.add-folder", "win.add-pictures", "win.analyse",  "win.analyse-again",
          "win.analyse-selected", "win.verify",     "win.report",       "win.draw-box", "win.correct-box",
          "win.label",            "win.clear-labels" };
  gboolean open = self->session != NULL && smb_session_get_info (self->session) != NULL;
  gboolean writable = open && !smb_session_get_read_only (self->session);

  for (guint i = 0; i < G_N_ELEMENTS (reading); i++)
    gtk_widget_action_set_enabled (GTK_WIDGET (self), reading[i], open);
  for (guint i = 0; i < G_N_ELEMENTS (writing); i++)
    gtk_widget_action_set_enabled (GTK_WIDGET (self), writing[i], writable);
  gtk_widget_set_visible (self->compare_button, open);
  gtk_widget_set_visible (self->evidence_toggle, open);
  gtk_widget_set_visible (self->inspector_toggle, open);
  gtk_widget_set_visible (self->add_button, open);
  gtk_widget_set_visible (self->analyse_button, open);
  gtk_widget_set_visible (self->report_button, open);
}

static void
on_files_chosen (GtkNativeDialog *dialog, int response, SmbWindow *self)
{
  if (response == GTK_RESPONSE_ACCEPT) {
    g_autoptr (GListModel) chosen = gtk_file_chooser_get_files (GTK_FILE_CHOOSER (dialog));
    g_autoptr (GPtrArray) files = g_ptr_array_new_with_free_func (g_object_unref);

    for (guint i = 0; i < g_list_model_get_n_items (chosen); i++)
      g_ptr_array_add (files, g_list_model_get_item (chosen, i));
    smb_window_add_files (self, files);
  }
  g_clear_object (&self->chooser);
}

static void
run_chooser (SmbWindow *self, const char *title, GtkFileChooserAction action, const char *accept, GCallback done)
{
  if (self->chooser != NULL)
    gtk_native_dialog_destroy (GTK_NATIVE_DIALOG (self->chooser));
  g_clear_object (&self->chooser);
  self->chooser = smb_chooser_new (GTK_WINDOW (self), title, action, accept);
  g_signal_connect (self->chooser, "response", done, self);
}

static void
add_evidence (GtkWidget *widget, const char *action, GVariant *parameter)
{
  SmbWindow *self = SMB_WINDOW (widget);
  g_autoptr (GtkFileFilter) pictures = gtk_file_filter_new ();
  g_autoptr (GtkFileFilter) all = gtk_file_filter_new ();

  run_chooser (self, _("Add evidence"), GTK_FILE_CHOOSER_ACTION_OPEN, _("Add"), G_CALLBACK (on_files_chosen));
  gtk_file_chooser_set_select_multiple (GTK_FILE_CHOOSER (self->chooser), TRUE);
  /* Suspect files may carry any name: all of them are shown first. */
  gtk_file_filter_set_name (all, _("All files"));
  gtk_file_filter_add_pattern (all, "*");
  gtk_file_filter_set_name (pictures, _("Images and videos"));
  gtk_file_filter_add_mime_type (pictures, "image/*");
  gtk_file_filter_add_mime_type (pictures, "video/*");
  gtk_file_chooser_add_filter (GTK_FILE_CHOOSER (self->chooser), all);
  gtk_file_chooser_add_filter (GTK_FILE_CHOOSER (self->chooser), pictures);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (self->chooser));
}

static void
add_folder (GtkWidget *widget, const char *action, GVariant *parameter)
{
  SmbWindow *self = SMB_WINDOW (widget);

  run_chooser (self, _("Add a folder of evidence"), GTK_FILE_CHOOSER_ACTION_SELECT_FOLDER, _("Add"),
               G_CALLBACK (on_files_chosen));
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (self->chooser));
}

static void
on_pictures_chosen (GtkNativeDialog *dialog, int response, SmbWindow *self)
{
  g_autoptr (GFile) file
      = response == GTK_RESPONSE_ACCEPT ? gtk_file_chooser_get_file (GTK_FILE_CHOOSER (dialog)) : NULL;
  g_autofree char *path = file != NULL ? g_file_get_path (file) : NULL;
  const char *rate = gtk_file_chooser_get_choice (GTK_FILE_CHOOSER (dialog), "rate");

  if (path != NULL)
    smb_session_add_pictures (self->session, path,
                              rate != NULL ? g_ascii_strtod (rate, NULL) : SMB_EXAMINE_PICTURE_RATE);
  g_clear_object (&self->chooser);
}

static void
add_pictures (GtkWidget *widget, const char *action, GVariant *parameter)
{
  /* The usual one first: that is what GTK's own dialog begins with. */
  static const char *const rates[]
      = { "25", "23.976", "24", "29.97", "30", "50", "59.94", "60", "1", "5", "10", "12", "15", "20", NULL };
  SmbWindow *self = SMB_WINDOW (widget);
  g_autoptr (GtkFileFilter) pictures = gtk_file_filter_new ();

  run_chooser (self, _("Choose one of the numbered pictures"), GTK_FILE_CHOOSER_ACTION_OPEN, _("Add all of them"),
               G_CALLBACK (on_pictures_chosen));
  gtk_file_filter_set_name (pictures, _("Images"));
  gtk_file_filter_add_mime_type (pictures, "image/*");
  gtk_file_chooser_add_filter (GTK_FILE_CHOOSER (self->chooser), pictures);
  gtk_file_chooser_add_choice (GTK_FILE_CHOOSER (self->chooser), "rate", _("Pictures a second"), (const char **) rates,
                               (const char **) rates);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (self->chooser));
}

static void
analyse (GtkWidget *widget, const char *action, GVariant *parameter)
{
  smb_session_analyse (SMB_WINDOW (widget)->session, NULL, g_str_equal (action, "win.analyse-again"));
}

/* What is selected in the list; NULL, which was said, if nothing is. */
static GPtrArray *
get_selected (SmbWindow *self)
{
  g_autoptr (GPtrArray) exhibits = smb_evidence_pane_dup_selected (self->evidence);

  if (exhibits->len > 0)
    return g_steal_pointer (&exhibits);
  smb_window_message (self, SMB_MESSAGE_INFO, _("Choose an exhibit in the list first."));
  return NULL;
}

static void
analyse_selected (GtkWidget *widget, const char *action, GVariant *parameter)
{
  SmbWindow *self = SMB_WINDOW (widget);
  g_autoptr (GPtrArray) exhibits = get_selected (self);

  if (exhibits != NULL)
    smb_session_analyse (self->session, exhibits, TRUE);
}

static void
label (GtkWidget *widget, const char *action, GVariant *parameter)
{
  SmbWindow *self = SMB_WINDOW (widget);
  g_autoptr (GPtrArray) exhibits = get_selected (self);

  if (exhibits != NULL)
    gtk_window_present (GTK_WINDOW (smb_label_dialog_new (GTK_WINDOW (self), self->session, exhibits)));
}

static void
clear_labels (GtkWidget *widget, const char *action, GVariant *parameter)
{
  SmbWindow *self = SMB_WINDOW (widget);
  g_autoptr (GPtrArray) exhibits = get_selected (self);

  if (exhibits != NULL)
    smb_session_clear_labels (self->session, exhibits);
}

static void
verify (GtkWidget *widget, const char *action, GVariant *parameter)
{
  smb_session_verify_all (SMB_WINDOW (widget)->session);
}

static void
report (GtkWidget *widget, const char *action, GVariant *parameter)
{
  gtk_window_present (GTK_WINDOW (smb_report_dialog_new (GTK_WINDOW (widget), SMB_WINDOW (widget)->session)));
}

/* Without a case too. */
static void
verify_report (GtkWidget *widget, const char *action, GVariant *parameter)
{
  SmbWindow *self = SMB_WINDOW (widget);

  smb_verify_dialog_present (GTK_WINDOW (self), self->engine,
                             self->session != NULL ? smb_session_get_path (self->session) : NULL);
}

static void
robustness (GtkWidget *widget, const char *action, GVariant *parameter)
{
  SmbWindow *self = SMB_WINDOW (widget);

  if (smb_session_get_face (self->session) == NULL || smb_session_get_picture (self->session, NULL) == NULL)
    smb_window_message (self, SMB_MESSAGE_INFO, _("Choose a face that was scored first."));
  else
    gtk_window_present (GTK_WINDOW (smb_robustness_dialog_new (GTK_WINDOW (self), self->session)));
}

static void
draw_box (GtkWidget *widget, const char *action, GVariant *parameter)
{
  SmbWindow *self = SMB_WINDOW (widget);

  if (smb_session_get_picture (self->session, NULL) == NULL) {
    smb_window_message (self, SMB_MESSAGE_INFO, _("Choose an exhibit that can be shown, then draw on it."));
    return;
  }
  smb_session_set_tool (self->session, SMB_TOOL_BOX);
}

static void
correct_box (GtkWidget *widget, const char *action, GVariant *parameter)
{
  SmbWindow *self = SMB_WINDOW (widget);

  if (smb_session_get_face (self->session) == NULL || smb_session_get_picture (self->session, NULL) == NULL) {
    smb_window_message (self, SMB_MESSAGE_INFO, _("Choose the face whose box is to be corrected."));
    return;
  }
  smb_session_set_tool (self->session, SMB_TOOL_BOX);
  smb_viewer_correct_face (self->viewer);
}

static void
compare (GtkWidget *widget, const char *action, GVariant *parameter)
{
  smb_viewer_compare (SMB_WINDOW (widget)->viewer);
}

static void
zoom (GtkWidget *widget, const char *action, GVariant *parameter)
{
  smb_viewer_zoom (SMB_WINDOW (widget)->viewer, g_variant_get_string (parameter, NULL));
}

static void
show_page (GtkWidget *widget, const char *action, GVariant *parameter)
{
  SmbWindow *self = SMB_WINDOW (widget);

  smb_window_show_pane (self, "win.show-inspector", TRUE);
  smb_inspector_show_page (self->inspector, g_variant_get_string (parameter, NULL));
}

static void
search (GtkWidget *widget, const char *action, GVariant *parameter)
{
  SmbWindow *self = SMB_WINDOW (widget);

  smb_window_show_pane (self, "win.show-evidence", TRUE);
  smb_evidence_pane_focus_search (self->evidence);
}

void
smb_window_install_actions (GtkWidgetClass *widget_class)
{
  gtk_widget_class_install_action (widget_class, "win.show-evidence", NULL, toggle_pane);
  gtk_widget_class_install_action (widget_class, "win.show-inspector", NULL, toggle_pane);
  gtk_widget_class_install_action (widget_class, "win.add-evidence", NULL, add_evidence);
  gtk_widget_class_install_action (widget_class, "win.add-folder", NULL, add_folder);
  gtk_widget_class_install_action (widget_class, "win.add-pictures", NULL, add_pictures);
  gtk_widget_class_install_action (widget_class, "win.analyse", NULL, analyse);
  gtk_widget_class_install_action (widget_class, "win.analyse-again", NULL, analyse);
  gtk_widget_class_install_action (widget_class, "win.analyse-selected", NULL, analyse_selected);
  gtk_widget_class_install_action (widget_class, "win.label", NULL, label);
  gtk_widget_class_install_action (widget_class, "win.clear-labels", NULL, clear_labels);
  gtk_widget_class_install_action (widget_class, "win.verify", NULL, verify);
  gtk_widget_class_install_action (widget_class, "win.report", NULL, report);
  gtk_widget_class_install_action (widget_class, "win.verify-report", NULL, verify_report);
  gtk_widget_class_install_action (widget_class, "win.robustness", NULL, robustness);
  gtk_widget_class_install_action (widget_class, "win.draw-box", NULL, draw_box);
  gtk_widget_class_install_action (widget_class, "win.correct-box", NULL, correct_box);
  gtk_widget_class_install_action (widget_class, "win.compare", NULL, compare);
  gtk_widget_class_install_action (widget_class, "win.zoom", "s", zoom);
  gtk_widget_class_install_action (widget_class, "win.page", "s", show_page);
  gtk_widget_class_install_action (widget_class, "win.search", NULL, search);
}
