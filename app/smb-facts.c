/* SPDX-License-Identifier: Apache-2.0 */
#include "smb-facts.h"

#include "analysis/smb-settings-words.h"

struct _SmbFacts {
  GtkWidget parent_instance;

  /* owned */
  GtkWidget *grid;
  int n_rows;
};

G_DEFINE_FINAL_TYPE (SmbFacts, smb_facts, GTK_TYPE_WIDGET)

static void
smb_facts_dispose (GObject *object)
{
  SmbFacts *self = SMB_FACTS (object);

  g_clear_pointer (&self->grid, gtk_widget_unparent);
  G_OBJECT_CLASS (smb_facts_parent_class)->dispose (object);
}

static void
smb_facts_class_init (SmbFactsClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = smb_facts_dispose;
  gtk_widget_class_set_layout_manager_type (GTK_WIDGET_CLASS (klass), GTK_TYPE_BIN_LAYOUT);
}

static void
smb_facts_init (SmbFacts *self)
{
  self->grid = gtk_grid_new ();
  gtk_grid_set_column_spacing (GTK_GRID (self->grid), 12);
  gtk_grid_set_row_spacing (GTK_GRID (self->grid), 4);
  gtk_widget_set_parent (self->grid, GTK_WIDGET (self));
}

void
smb_facts_clear (SmbFacts *self)
{
  GtkWidget *child;

  while ((child = gtk_widget_get_first_child (self->grid)) != NULL)
    gtk_grid_remove (GTK_GRID (self->grid), child);
  self->n_rows = 0;
}

static void
attach (SmbFacts *self, const char *name, GtkWidget *value, const char *full)
{
  GtkWidget *label = gtk_label_new (name);

  gtk_label_set_xalign (GTK_LABEL (label), 0.0f);
  gtk_widget_set_valign (label, GTK_ALIGN_START);
  gtk_widget_add_css_class (label, "dim");
  gtk_widget_set_size_request (label, 104, -1);
  gtk_widget_set_hexpand (value, TRUE);
  gtk_widget_set_tooltip_text (value, full);
  gtk_grid_attach (GTK_GRID (self->grid), label, 0, self->n_rows, 1, 1);
  gtk_grid_attach (GTK_GRID (self->grid), value, 1, self->n_rows, 1, 1);
  self->n_rows++;
}

static GtkWidget *
value_label (const char *text)
{
  GtkWidget *label = gtk_label_new (text != NULL && *text != '\0' ? text : "–");
  g_autoptr (PangoAttrList) attributes = pango_attr_list_new ();

  /* A hash that is broken at the end of a line stays the hash it is. */
  pango_attr_list_insert (attributes, pango_attr_insert_hyphens_new (FALSE));
  gtk_label_set_attributes (GTK_LABEL (label), attributes);
  gtk_label_set_xalign (GTK_LABEL (label), 0.0f);
  gtk_label_set_wrap (GTK_LABEL (label), TRUE);
  gtk_label_set_wrap_mode (GTK_LABEL (label), PANGO_WRAP_WORD_CHAR);
  gtk_label_set_natural_wrap_mode (GTK_LABEL (label), GTK_NATURAL_WRAP_NONE);
  gtk_widget_add_css_class (label, "numeric");
  return label;
}

void
smb_facts_add (SmbFacts *self, const char *name, const char *value, const char *full)
{
  GtkWidget *label = value_label (value);

  gtk_label_set_selectable (GTK_LABEL (label), TRUE);
  /* Not only unfocusable: a label that can be selected would keep Tab from going past it. */
  gtk_widget_set_can_focus (label, FALSE);
  attach (self, name, label, full);
}

void
smb_facts_add_state (SmbFacts *self, const char *name, SmbState state, const char *full)
{
  GtkWidget *row = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 5);
  GtkWidget *icon = gtk_image_new_from_icon_name (state.icon);

  gtk_image_set_pixel_size (GTK_IMAGE (icon), 14);
  gtk_widget_set_valign (icon, GTK_ALIGN_CENTER);
  gtk_box_append (GTK_BOX (row), icon);
  gtk_box_append (GTK_BOX (row), value_label (state.word));
  smb_state_apply_class (row, &state);
  attach (self, name, row, full);
}

static void
add_setting (const char *name, const char *value, gpointer facts)
{
  smb_facts_add (facts, name, value, NULL);
}

void
smb_facts_add_settings (SmbFacts *self, const char *json)
{
  smb_settings_in_words (json, add_setting, self);
}
