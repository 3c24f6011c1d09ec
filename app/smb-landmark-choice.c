/* SPDX-License-Identifier: Apache-2.0 */
#include "smb-landmark-choice.h"

#include "smb-chooser.h"
#include "smb-label.h"

#include <glib/gi18n.h>

#define LANDMARKS "landmark-file"
#define ENVIRONMENT "SEMBLANCE_LANDMARKS"

struct _SmbLandmarkChoice {
  GtkBox parent_instance;

  /* borrowed */
  GtkLabel *used;
  GtkWidget *choose, *installed;

  /* owned */
  GSettings *settings;
  GtkFileChooserNative *chooser; /* NULL: not open */
};

G_DEFINE_FINAL_TYPE (SmbLandmarkChoice, smb_landmark_choice, GTK_TYPE_BOX)

static char *
dup_preferred (GSettings *settings)
{
  g_autofree char *file = g_settings_get_string (settings, LANDMARKS);

  return g_getenv (ENVIRONMENT) == NULL && file[0] != '\0' ? g_steal_pointer (&file) : NULL;
}

char *
smb_landmarks_dup_preferred (void)
{
  g_autoptr (GSettings) settings = g_settings_new ("org.semblance.Semblance");

  return dup_preferred (settings);
}

static void
on_preferred (GSettings *settings, const char *key, gpointer engine)
{
  g_autofree char *file = dup_preferred (settings);

  smb_engine_set_landmarks (engine, file);
}

static void
drop_engine (gpointer engine, GClosure *closure)
{
  smb_engine_unref (engine);
}

void
smb_landmarks_follow (SmbEngine *engine, GSettings *settings)
{
  g_signal_connect_data (settings, "changed::" LANDMARKS, G_CALLBACK (on_preferred), smb_engine_ref (engine), drop_engine,
                         0);
  on_preferred (settings, LANDMARKS, engine);
}

static void
refresh (SmbLandmarkChoice *self)
{
  g_autofree char *file = g_settings_get_string (self->settings, LANDMARKS);
  const char *said = g_getenv (ENVIRONMENT);
  g_autofree char *text = NULL;

  if (said != NULL)
    text = g_strdup_printf (_("%s, as SEMBLANCE_LANDMARKS says"), said);
  else
    text = file[0] != '\0' ? g_filename_display_name (file) : g_strdup (_("Debian's file, or a template where it is missing"));
  gtk_label_set_label (self->used, text);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->used), text);
  gtk_widget_set_sensitive (self->choose, said == NULL);
  gtk_widget_set_visible (self->installed, said == NULL && file[0] != '\0');
}

static void
on_chosen (GtkNativeDialog *dialog, int response, SmbLandmarkChoice *self)
{
  g_autoptr (GFile) file
      = response == GTK_RESPONSE_ACCEPT ? gtk_file_chooser_get_file (GTK_FILE_CHOOSER (dialog)) : NULL;
  g_autofree char *path = file != NULL ? g_file_get_path (file) : NULL;

  if (path != NULL && g_utf8_validate (path, -1, NULL))
    g_settings_set_string (self->settings, LANDMARKS, path);
  else if (path != NULL)
    gtk_label_set_label (self->used, _("That file's name is not UTF-8; rename it."));
  g_clear_object (&self->chooser);
}

static void
on_choose (GtkButton *button, SmbLandmarkChoice *self)
{
  GtkFileFilter *predictors = gtk_file_filter_new ();

  g_clear_object (&self->chooser);
  self->chooser = smb_chooser_new (GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (self))), _("Landmark predictor"),
                                   GTK_FILE_CHOOSER_ACTION_OPEN, _("Use"));
  gtk_file_filter_set_name (predictors, _("68-point predictors (.dat)"));
  gtk_file_filter_add_pattern (predictors, "*.dat");
  gtk_file_chooser_add_filter (GTK_FILE_CHOOSER (self->chooser), predictors);
  g_signal_connect_object (self->chooser, "response", G_CALLBACK (on_chosen), self, 0);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (self->chooser));
}

static void
on_installed (GtkButton *button, SmbLandmarkChoice *self)
{
  g_settings_reset (self->settings, LANDMARKS);
}

static void
smb_landmark_choice_dispose (GObject *object)
{
  SmbLandmarkChoice *self = SMB_LANDMARK_CHOICE (object);

  g_clear_object (&self->chooser);
  g_clear_object (&self->settings);
  G_OBJECT_CLASS (smb_landmark_choice_parent_class)->dispose (object);
}

static void
smb_landmark_choice_class_init (SmbLandmarkChoiceClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = smb_landmark_choice_dispose;
}

static GtkWidget *
add_button (GtkWidget *row, const char *label, GCallback on_clicked, SmbLandmarkChoice *self)
{
  GtkWidget *button = gtk_button_new_with_label (label);

  g_signal_connect_object (button, "clicked", on_clicked, self, 0);
  gtk_box_append (GTK_BOX (row), button);
  return button;
}

static void
smb_landmark_choice_init (SmbLandmarkChoice *self)
{
  GtkWidget *row = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 12), *words = gtk_box_new (GTK_ORIENTATION_VERTICAL, 3),
            *used = smb_label_new ("", "dim");

  self->settings = g_settings_new ("org.semblance.Semblance");
  self->used = GTK_LABEL (used);
  gtk_label_set_ellipsize (self->used, PANGO_ELLIPSIZE_START);
  gtk_widget_set_hexpand (words, TRUE);
  gtk_box_append (GTK_BOX (words), smb_label_new (_("Landmarks are found with"), "strong"));
  gtk_box_append (GTK_BOX (words), used);
  gtk_box_append (GTK_BOX (row), words);
  self->installed = add_button (row, _("Debian's"), G_CALLBACK (on_installed), self);
  self->choose = add_button (row, _("Choose …"), G_CALLBACK (on_choose), self);
  gtk_widget_set_valign (self->installed, GTK_ALIGN_CENTER);
  gtk_widget_set_valign (self->choose, GTK_ALIGN_CENTER);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->choose), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _("Choose a landmark predictor"), -1);
  gtk_box_append (GTK_BOX (self), row);
  g_signal_connect_object (self->settings, "changed::" LANDMARKS, G_CALLBACK (refresh), self, G_CONNECT_SWAPPED);
  refresh (self);
}
