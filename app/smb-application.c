/* SPDX-License-Identifier: Apache-2.0 */
#include "smb-application.h"

#include "smb-accessible.h"
#include "smb-config.h"
#include "smb-chooser.h"
#include "smb-computing.h"
#include "smb-landmark-choice.h"
#include "smb-learn-window.h"
#include "smb-new-case-dialog.h"
#include "smb-preferences.h"
#include "smb-scheme.h"
#include "smb-window.h"

#include <glib/gi18n.h>

struct _SmbApplication {
  GtkApplication parent_instance;

  /* owned */
  SmbEngine *engine;
  GSettings *settings;
  SmbScheme *scheme;
  GtkFileChooserNative *chooser;
};

G_DEFINE_FINAL_TYPE (SmbApplication, smb_application, GTK_TYPE_APPLICATION)

/* The window for cases that was used last, NULL if there is none. */
static SmbWindow *
last_window (SmbApplication *self)
{
  for (GList *item = gtk_application_get_windows (GTK_APPLICATION (self)); item != NULL; item = item->next)
    if (SMB_IS_WINDOW (item->data))
      return SMB_WINDOW (item->data);
  return NULL;
}

/* A window without a case: the last one if it has none, else a new one. */
static SmbWindow *
free_window (SmbApplication *self)
{
  SmbWindow *window = last_window (self);

  if (window != NULL && !smb_window_has_case (window))
    return window;
  window = smb_window_new (GTK_APPLICATION (self), self->engine);
  gtk_window_present (GTK_WINDOW (window));
  return window;
}

static void
on_create (SmbNewCaseDialog *dialog, const char *path, SmbApplication *self)
{
  smb_window_create_case (free_window (self), path, smb_new_case_dialog_dup_info (dialog));
}

static void
new_case (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  SmbApplication *self = user_data;
  SmbNewCaseDialog *dialog = smb_new_case_dialog_new (gtk_application_get_active_window (GTK_APPLICATION (self)));

  g_signal_connect_object (dialog, "create", G_CALLBACK (on_create), self, 0);
  gtk_window_present (GTK_WINDOW (dialog));
}

static void
on_case_chosen (GtkNativeDialog *dialog, int response, SmbApplication *self)
{
  if (response == GTK_RESPONSE_ACCEPT) {
    g_autoptr (GFile) file = gtk_file_chooser_get_file (GTK_FILE_CHOOSER (dialog));
    g_autofree char *path = file != NULL ? g_file_get_path (file) : NULL;

    if (path != NULL)
      smb_window_open_case (free_window (self), path);
  }
  g_clear_object (&self->chooser);
}

static void
open_case (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  SmbApplication *self = user_data;
  g_autoptr (GtkFileFilter) cases = gtk_file_filter_new ();
  g_autoptr (GtkFileFilter) all = gtk_file_filter_new ();

  g_clear_object (&self->chooser);
  self->chooser = smb_chooser_new (gtk_application_get_active_window (GTK_APPLICATION (self)), _("Open case"),
                                   GTK_FILE_CHOOSER_ACTION_OPEN, _("Open"));
  gtk_file_filter_set_name (cases, _("Cases"));
  gtk_file_filter_add_pattern (cases, "*.smbcase");
  gtk_file_filter_set_name (all, _("All files"));
  gtk_file_filter_add_pattern (all, "*");
  gtk_file_chooser_add_filter (GTK_FILE_CHOOSER (self->chooser), cases);
  gtk_file_chooser_add_filter (GTK_FILE_CHOOSER (self->chooser), all);
  g_signal_connect (self->chooser, "response", G_CALLBACK (on_case_chosen), self);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (self->chooser));
}

static void
sample_case (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  smb_window_open_sample (free_window (user_data));
}

static void
learn (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  smb_learn_window_present (user_data, g_variant_get_string (parameter, NULL));
}

static void
preferences (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  gtk_window_present (GTK_WINDOW (smb_preferences_new (gtk_application_get_active_window (user_data))));
}

static void
about (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  GtkApplication *app = user_data;
  GtkAboutDialog *dialog = GTK_ABOUT_DIALOG (gtk_about_dialog_new ());
  const char *parts[] = {
    _("dlib: face detector, Boost Software License 1.0"),
    _("dlib's facial landmarks from Debian's libdlib-data, where installed: trained on iBUG 300-W, whose terms exclude commercial use"),
    _("OpenBLAS (BSD), SQLite (public domain), libjpeg-turbo (BSD), Little CMS (MIT), zlib (zlib)"),
    _("GTK, Cairo, Pango, JSON-GLib, Nettle, libseccomp (LGPL), FFmpeg (GPL as Debian builds it), gexiv2 and Exiv2 (GPL)"),
    NULL,
  };

  gtk_about_dialog_set_program_name (dialog, "Semblance");
  gtk_about_dialog_set_version (dialog, SMB_VERSION);
  gtk_about_dialog_set_logo_icon_name (dialog, "org.semblance.Semblance");
  gtk_about_dialog_set_comments (
      dialog, _("Tells whether the faces in a picture are genuine, and shows why. Models bring licences of their own; "
                 "each is named wherever its numbers appear."));
  gtk_about_dialog_set_license_type (dialog, GTK_LICENSE_APACHE_2_0);
  gtk_about_dialog_add_credit_section (dialog, _("Parts and their licences"), parts);
  gtk_window_set_transient_for (GTK_WINDOW (dialog), gtk_application_get_active_window (app));
  gtk_window_set_modal (GTK_WINDOW (dialog), TRUE);
  gtk_window_present (GTK_WINDOW (dialog));
}

static void
quit (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  GList *windows;

  /* Window by window, so that each closes its case. */
  while ((windows = gtk_application_get_windows (GTK_APPLICATION (user_data))) != NULL) {
    GtkWindow *window = windows->data;

    gtk_window_close (window);
    if (gtk_application_get_windows (GTK_APPLICATION (user_data)) != NULL &&
        gtk_application_get_windows (GTK_APPLICATION (user_data))->data == window)
      gtk_window_destroy (window);
  }
}

static void
smb_application_startup (GApplication *application)
{
  static const GActionEntry entries[] = {
    { "new-case", new_case, NULL, NULL, NULL },   { "open-case", open_case, NULL, NULL, NULL },
    { "sample-case", sample_case, NULL, NULL, NULL }, { "about", about, NULL, NULL, NULL },
    { "learn", learn, "s", NULL, NULL },          { "quit", quit, NULL, NULL, NULL },
    { "preferences", preferences, NULL, NULL, NULL },
  };
  static const struct {
    const char *action;
    const char *const keys[3];
  } keys[] = {
    { "app.new-case", { "<Control>n" } },
    { "app.open-case", { "<Control>o" } },
    { "app.quit", { "<Control>q" } },
    { "app.preferences", { "<Control>comma" } },
    { "app.learn::jobs", { "<Control>j" } },
    { "app.learn::models", { "<Control>m" } },
    { "window.close", { "<Control>w" } },
    { "win.add-evidence", { "<Control>i" } },
    { "win.analyse", { "<Control>Return", "F5" } },
    { "win.report", { "<Control>e" } },
    { "win.label", { "<Control>l" } },
    { "win.search", { "<Control>f" } },
    { "win.draw-box", { "<Control>b" } },
    { "win.show-evidence", { "F9" } },
    { "win.show-inspector", { "<Shift>F9" } },
    { "win.zoom::in", { "<Control>plus", "<Control>equal" } },
    { "win.zoom::out", { "<Control>minus" } },
    { "win.zoom::fit", { "<Control>0" } },
    { "win.zoom::full", { "<Control>1" } },
    { "win.zoom::face", { "<Control>2" } },
    { "win.compare", { "<Control>k" } },
    { "win.page::faces", { "<Alt>1" } },
    { "win.page::maps", { "<Alt>2" } },
    { "win.page::regions", { "<Alt>3" } },
    { "win.page::metadata", { "<Alt>4" } },
    { "win.page::notes", { "<Alt>5" } },
    { "win.show-help-overlay", { "<Control>question", "F1" } },
  };
  SmbApplication *self = SMB_APPLICATION (application);
  g_autoptr (GAction) scheme = NULL;

  G_APPLICATION_CLASS (smb_application_parent_class)->startup (application);
  g_action_map_add_action_entries (G_ACTION_MAP (self), entries, G_N_ELEMENTS (entries), self);
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    gtk_application_set_accels_for_action (GTK_APPLICATION (self), keys[i].action, keys[i].keys);
  self->settings = g_settings_new ("org.semblance.Semblance");
  scheme = g_settings_create_action (self->settings, "colour-scheme");
  g_action_map_add_action (G_ACTION_MAP (self), scheme);
  smb_accessible_name_parts ();
  gtk_window_set_default_icon_name ("org.semblance.Semblance");
  gtk_icon_theme_add_resource_path (gtk_icon_theme_get_for_display (gdk_display_get_default ()),
                                    "/org/semblance/Semblance/icons");
  self->scheme = smb_scheme_new (gdk_display_get_default (), self->settings);
  self->engine = smb_engine_new (NULL, 0);
  smb_computing_follow_device (self->engine, self->settings);
  smb_landmarks_follow (self->engine, self->settings);
}

static void
smb_application_activate (GApplication *application)
{
  SmbWindow *window = last_window (SMB_APPLICATION (application));

  if (window == NULL)
    window = free_window (SMB_APPLICATION (application));
  gtk_window_present (GTK_WINDOW (window));
}

/* A case opens; anything else is evidence for the case in front. */
static int
smb_application_command_line (GApplication *application, GApplicationCommandLine *line)
{
  SmbApplication *self = SMB_APPLICATION (application);
  GVariantDict *options = g_application_command_line_get_options_dict (line);
  g_autoptr (GPtrArray) evidence = g_ptr_array_new_with_free_func (g_object_unref);
  g_autofree const char **names = NULL;

  g_application_activate (application);
  if (g_variant_dict_contains (options, "sample"))
    smb_window_open_sample (free_window (self));
  if (g_variant_dict_lookup (options, G_OPTION_REMAINING, "^a&ay", &names)) {
    for (guint i = 0; names[i] != NULL; i++) {
      g_autoptr (GFile) file = g_application_command_line_create_file_for_arg (line, names[i]);
      g_autofree char *path = g_file_get_path (file);

      if (path != NULL && g_str_has_suffix (path, ".smbcase"))
        smb_window_open_case (free_window (self), path);
      else
        g_ptr_array_add (evidence, g_steal_pointer (&file));
    }
  }
  if (evidence->len > 0)
    smb_window_add_files (last_window (self), evidence);
  return 0;
}

static void
smb_application_shutdown (GApplication *application)
{
  SmbApplication *self = SMB_APPLICATION (application);

  g_clear_object (&self->chooser);
  g_clear_object (&self->scheme);
  g_clear_object (&self->settings);
  g_clear_pointer (&self->engine, smb_engine_unref);
  G_APPLICATION_CLASS (smb_application_parent_class)->shutdown (application);
}

static void
smb_application_class_init (SmbApplicationClass *klass)
{
  GApplicationClass *application_class = G_APPLICATION_CLASS (klass);

  application_class->startup = smb_application_startup;
  application_class->activate = smb_application_activate;
  application_class->command_line = smb_application_command_line;
  application_class->shutdown = smb_application_shutdown;
}

static void
smb_application_init (SmbApplication *self)
{
  static const GOptionEntry options[] = {
    { "sample", 0, 0, G_OPTION_ARG_NONE, NULL, N_("Open the sample case"), NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, NULL, NULL, N_("[CASE|FILE…]") },
    { NULL },
  };

  g_application_add_main_option_entries (G_APPLICATION (self), options);
}

SmbApplication *
smb_application_new (void)
{
  return g_object_new (SMB_TYPE_APPLICATION, "application-id", "org.semblance.Semblance", "flags",
                       G_APPLICATION_HANDLES_COMMAND_LINE, "resource-base-path", "/org/semblance/Semblance", NULL);
}
