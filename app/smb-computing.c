/* SPDX-License-Identifier: Apache-2.0 */
#include "smb-computing.h"

#include "analysis/smb-settings-words.h"
#include "smb-label.h"

#include <glib/gi18n.h>

#define DEVICE "analysis-device"
#define PRECISION "analysis-precision"

struct _SmbComputingChoice {
  GtkBox parent_instance;

  /* borrowed */
  GtkDropDown *device, *precision;

  /* owned */
  GSettings *settings;
  GPtrArray *devices;   /* SmbDeviceListing; NULL: not known yet */
  GPtrArray *ids;       /* char*, as the drop-down has them */
  GArray *precisions;   /* SmbPrecision, likewise */
  gboolean filling;     /* a choice changes because it is shown, not because somebody changed it */
};

G_DEFINE_FINAL_TYPE (SmbComputingChoice, smb_computing_choice, GTK_TYPE_BOX)

SmbPrecision
smb_computing_get_precision (void)
{
  g_autoptr (GSettings) settings = g_settings_new ("org.semblance.Semblance");
  g_autofree char *name = g_settings_get_string (settings, PRECISION);
  SmbPrecision precision = SMB_PRECISION_F32;

  if (!smb_precision_from_name (name, &precision))
    g_warning ("the schema allows no precision “%s”", name);
  return precision;
}

static void
on_device_preferred (GSettings *settings, const char *key, gpointer engine)
{
  g_autofree char *device = g_settings_get_string (settings, DEVICE);

  smb_engine_set_device (engine, device);
}

static void
drop_engine (gpointer engine, GClosure *closure)
{
  smb_engine_unref (engine);
}

void
smb_computing_follow_device (SmbEngine *engine, GSettings *settings)
{
  g_signal_connect_data (settings, "changed::" DEVICE, G_CALLBACK (on_device_preferred), smb_engine_ref (engine),
                         drop_engine, 0);
  on_device_preferred (settings, DEVICE, engine);
}

/* Shows these words in place of the former ones, the one at `chosen` chosen. */
static void
fill (SmbComputingChoice *self, GtkDropDown *drop_down, GStrvBuilder *words, guint chosen)
{
  g_auto (GStrv) lines = g_strv_builder_end (words);
  g_autoptr (GtkStringList) list = gtk_string_list_new ((const char *const *) lines);

  self->filling = TRUE;
  gtk_drop_down_set_model (drop_down, G_LIST_MODEL (list));
  gtk_drop_down_set_selected (drop_down, chosen);
  self->filling = FALSE;
  gtk_widget_set_sensitive (GTK_WIDGET (drop_down), g_strv_length (lines) > 1);
}

/* All that the device has; a preference that it lacks is left as it is, and said. */
static void
fill_precisions (SmbComputingChoice *self, const SmbDeviceListing *device)
{
  g_autoptr (GStrvBuilder) words = g_strv_builder_new ();
  g_autofree char *preferred = g_settings_get_string (self->settings, PRECISION);
  guint chosen = 0;

  g_array_set_size (self->precisions, 0);
  for (SmbPrecision p = SMB_PRECISION_F32; p <= SMB_PRECISION_INT8; p++) {
    const gboolean has = device != NULL && (device->info.precisions & (1u << p)) != 0;
    const gboolean is_preferred = g_str_equal (smb_precision_name (p), preferred);
    g_autofree char *lacking = NULL;

    if (!has && !is_preferred)
      continue;
    if (is_preferred)
      chosen = self->precisions->len;
    if (!has)
      lacking = g_strdup_printf (_("%s: not on this device"), smb_precision_words (smb_precision_name (p)));
    g_strv_builder_add (words, lacking != NULL ? lacking : smb_precision_words (smb_precision_name (p)));
    g_array_append_val (self->precisions, p);
  }
  fill (self, self->precision, words, chosen);
}

static void
fill_devices (SmbComputingChoice *self)
{
  g_autoptr (GStrvBuilder) words = g_strv_builder_new ();
  g_autofree char *preferred = g_settings_get_string (self->settings, DEVICE);
  const SmbDeviceListing *chosen = NULL;
  guint at = 0;

  g_ptr_array_set_size (self->ids, 0);
  for (guint i = 0; i < self->devices->len; i++) {
    const SmbDeviceListing *listing = self->devices->pdata[i];
    g_autofree char *text = NULL;

    if (!listing->usable)
      continue;
    if (g_str_equal (listing->id, preferred)) {
      chosen = listing;
      at = self->ids->len;
    }
    text = g_strdup_printf ("%s: %s", listing->id, listing->info.name);
    g_strv_builder_add (words, text);
    g_ptr_array_add (self->ids, g_strdup (listing->id));
  }
  if (chosen == NULL) {
    g_autofree char *text = g_strdup_printf (_("%s: cannot be used now"), preferred);

    at = self->ids->len;
    g_strv_builder_add (words, text);
    g_ptr_array_add (self->ids, g_strdup (preferred));
  }
  fill (self, self->device, words, at);
  fill_precisions (self, chosen);
}

void
smb_computing_choice_set_devices (SmbComputingChoice *self, GPtrArray *devices)
{
  g_clear_pointer (&self->devices, g_ptr_array_unref);
  self->devices = g_ptr_array_ref (devices);
  fill_devices (self);
}

static void
on_device (GtkDropDown *drop_down, GParamSpec *property, SmbComputingChoice *self)
{
  const guint chosen = gtk_drop_down_get_selected (drop_down);

  if (self->filling || chosen >= self->ids->len)
    return;
  g_settings_set_string (self->settings, DEVICE, self->ids->pdata[chosen]);
  fill_devices (self);
}

static void
on_precision (GtkDropDown *drop_down, GParamSpec *property, SmbComputingChoice *self)
{
  const guint chosen = gtk_drop_down_get_selected (drop_down);

  if (!self->filling && chosen < self->precisions->len)
    g_settings_set_string (self->settings, PRECISION,
                           smb_precision_name (g_array_index (self->precisions, SmbPrecision, chosen)));
}

static GtkDropDown *
add_choice (SmbComputingChoice *self, const char *caption, GCallback on_chosen)
{
  GtkWidget *row = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 12), *label = smb_label_new (caption, "strong"),
            *drop_down = gtk_drop_down_new (NULL, NULL);

  gtk_widget_set_hexpand (label, TRUE);
  gtk_widget_set_sensitive (drop_down, FALSE);
  gtk_accessible_update_property (GTK_ACCESSIBLE (drop_down), GTK_ACCESSIBLE_PROPERTY_LABEL, caption, -1);
  g_signal_connect_object (drop_down, "notify::selected", on_chosen, self, 0);
  gtk_box_append (GTK_BOX (row), label);
  gtk_box_append (GTK_BOX (row), drop_down);
  gtk_box_append (GTK_BOX (self), row);
  return GTK_DROP_DOWN (drop_down);
}

static void
smb_computing_choice_finalize (GObject *object)
{
  SmbComputingChoice *self = SMB_COMPUTING_CHOICE (object);

  g_object_unref (self->settings);
  g_clear_pointer (&self->devices, g_ptr_array_unref);
  g_ptr_array_unref (self->ids);
  g_array_unref (self->precisions);
  G_OBJECT_CLASS (smb_computing_choice_parent_class)->finalize (object);
}

static void
smb_computing_choice_class_init (SmbComputingChoiceClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = smb_computing_choice_finalize;
}

static void
smb_computing_choice_init (SmbComputingChoice *self)
{
  self->settings = g_settings_new ("org.semblance.Semblance");
  self->ids = g_ptr_array_new_with_free_func (g_free);
  self->precisions = g_array_new (FALSE, FALSE, sizeof (SmbPrecision));
  gtk_orientable_set_orientation (GTK_ORIENTABLE (self), GTK_ORIENTATION_VERTICAL);
  gtk_box_set_spacing (GTK_BOX (self), 6);
  self->device = add_choice (self, _("Analyses are computed on"), G_CALLBACK (on_device));
  self->precision = add_choice (self, _("Precision of analyses"), G_CALLBACK (on_precision));
  gtk_box_append (GTK_BOX (self),
                  smb_label_new (_("Rounded products can be quicker and change scores a little. Both are stored with every "
                                   "analysis and printed in reports."),
                                 "dim"));
}
