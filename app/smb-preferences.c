/* SPDX-License-Identifier: Apache-2.0 */
#include "smb-preferences.h"

#include "backend/smb-device.h"
#include "smb-computing.h"
#include "smb-label.h"
#include "smb-landmark-choice.h"
#include "smb-limits-list.h"

#include <glib/gi18n.h>

struct _SmbPreferences {
  GtkWindow parent_instance;

  /* template widgets */
  GtkDropDown *scheme;
  SmbComputingChoice *computing;
  GtkListBox *devices;
  GtkWidget *looking, *again;

  /* owned */
  GSettings *settings;
};

G_DEFINE_FINAL_TYPE (SmbPreferences, smb_preferences, GTK_TYPE_WINDOW)

static const char *const schemes[] = { "system", "light", "dark" };

static void
add_device (SmbPreferences *self, const SmbDeviceListing *listing)
{
  GtkWidget *row = gtk_list_box_row_new (), *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 3);
  GtkWidget *head = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6), *name;
  GtkWidget *icon = gtk_image_new_from_icon_name (listing->usable ? "smb-ok-symbolic" : "smb-warning-symbolic");
  g_autofree char *all = g_format_size (listing->info.total_bytes), *left = g_format_size (listing->info.free_bytes),
                  *text = NULL, *spoken = NULL;

  text = listing->usable ? g_strdup_printf (_("%s of %s of memory are free"), left, all)
                         : g_strdup_printf (_("Cannot be used: %s"), listing->reason);
  name = smb_label_new (listing->usable ? listing->info.name : listing->id, "strong");
  spoken = g_strdup_printf ("%s, %s", listing->usable ? listing->info.name : listing->id, text);
  gtk_widget_set_hexpand (name, TRUE);
  gtk_widget_add_css_class (icon, listing->usable ? "ok" : "warning");
  gtk_widget_set_valign (icon, GTK_ALIGN_START);
  gtk_box_append (GTK_BOX (head), name);
  if (listing->usable)
    gtk_box_append (GTK_BOX (head), smb_label_new (listing->id, "dim"));
  gtk_box_append (GTK_BOX (head), icon);
  gtk_box_append (GTK_BOX (box), head);
  gtk_box_append (GTK_BOX (box), smb_label_new (text, "dim"));
  gtk_list_box_row_set_child (GTK_LIST_BOX_ROW (row), box);
  gtk_list_box_row_set_activatable (GTK_LIST_BOX_ROW (row), FALSE);
  gtk_accessible_update_property (GTK_ACCESSIBLE (row), GTK_ACCESSIBLE_PROPERTY_LABEL, spoken, -1);
  gtk_list_box_append (self->devices, row);
}

/* The module for graphics cards may have to be loaded: not on the window's thread. */
static void
list_devices (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  g_task_return_pointer (task, smb_device_list (), (GDestroyNotify) g_ptr_array_unref);
}

static void
on_devices (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SmbPreferences *self = SMB_PREFERENCES (source);
  g_autoptr (GPtrArray) devices = g_task_propagate_pointer (G_TASK (result), NULL);
  GtkWidget *row;

  if (self->settings == NULL)
    return; /* closed meanwhile */
  while ((row = gtk_widget_get_first_child (GTK_WIDGET (self->devices))) != NULL)
    gtk_list_box_remove (self->devices, row);
  for (guint i = 0; i < devices->len; i++)
    add_device (self, g_ptr_array_index (devices, i));
  smb_computing_choice_set_devices (self->computing, devices);
  gtk_widget_set_visible (self->looking, FALSE);
  gtk_widget_set_visible (GTK_WIDGET (self->devices), TRUE);
  gtk_widget_set_sensitive (self->again, TRUE);
}

static void
look (SmbPreferences *self)
{
  g_autoptr (GTask) task = g_task_new (self, NULL, on_devices, NULL);

  gtk_widget_set_sensitive (self->again, FALSE);
  g_task_run_in_thread (task, list_devices);
}

static void
on_again (GtkButton *button, SmbPreferences *self)
{
  look (self);
}

static void
on_scheme (GtkDropDown *scheme, GParamSpec *property, SmbPreferences *self)
{
  if (self->settings != NULL)
    g_settings_set_string (self->settings, "colour-scheme", schemes[gtk_drop_down_get_selected (scheme)]);
}

static void
on_close (GtkButton *button, SmbPreferences *self)
{
  gtk_window_destroy (GTK_WINDOW (self));
}

static void
smb_preferences_dispose (GObject *object)
{
  g_clear_object (&SMB_PREFERENCES (object)->settings);
  G_OBJECT_CLASS (smb_preferences_parent_class)->dispose (object);
}

static void
smb_preferences_class_init (SmbPreferencesClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = smb_preferences_dispose;
  g_type_ensure (SMB_TYPE_COMPUTING_CHOICE);
  g_type_ensure (SMB_TYPE_LANDMARK_CHOICE);
  g_type_ensure (SMB_TYPE_LIMITS_LIST);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/semblance/Semblance/smb-preferences.ui");
  gtk_widget_class_bind_template_child (widget_class, SmbPreferences, scheme);
  gtk_widget_class_bind_template_child (widget_class, SmbPreferences, computing);
  gtk_widget_class_bind_template_child (widget_class, SmbPreferences, devices);
  gtk_widget_class_bind_template_child (widget_class, SmbPreferences, looking);
  gtk_widget_class_bind_template_child (widget_class, SmbPreferences, again);
  gtk_widget_class_bind_template_callback (widget_class, on_scheme);
  gtk_widget_class_bind_template_callback (widget_class, on_again);
  gtk_widget_class_bind_template_callback (widget_class, on_close);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Escape, 0, "window.close", NULL);
}

static void
smb_preferences_init (SmbPreferences *self)
{
  g_autoptr (GSettings) settings = g_settings_new ("org.semblance.Semblance");
  g_autofree char *scheme = g_settings_get_string (settings, "colour-scheme");

  gtk_widget_init_template (GTK_WIDGET (self));
  for (guint i = 0; i < G_N_ELEMENTS (schemes); i++)
    if (g_str_equal (scheme, schemes[i]))
      gtk_drop_down_set_selected (self->scheme, i);
  self->settings = g_steal_pointer (&settings);
  look (self);
}

SmbPreferences *
smb_preferences_new (GtkWindow *parent)
{
  return g_object_new (SMB_TYPE_PREFERENCES, "transient-for", parent, NULL);
}
