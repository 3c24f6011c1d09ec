/* SPDX-License-Identifier: Apache-2.0 */
#include "smb-heads-grid.h"

#include "smb-format.h"
#include "smb-map-texture.h"

#include <glib/gi18n.h>

#define PREVIEW_PX 84
#define COLUMNS 4

struct _SmbHeadsGrid {
  GtkWidget parent_instance;

  /* owned */
  GtkWidget *box;
  GtkLabel *title;
  GtkGrid *grid;
  SmbSession *session;
  GSettings *settings;
  int n_heads; /* buttons there are */
};

G_DEFINE_FINAL_TYPE (SmbHeadsGrid, smb_heads_grid, GTK_TYPE_WIDGET)

static void
on_clicked (GtkButton *button, SmbHeadsGrid *self)
{
  SmbMapSpec spec = smb_session_make_spec (self->session, SMB_MAP_ATTENTION);

  spec.head = GPOINTER_TO_INT (g_object_get_data (G_OBJECT (button), "head"));
  smb_session_set_map_spec (self->session, &spec);
  g_signal_emit_by_name (self, "picked");
}

static void
make_buttons (SmbHeadsGrid *self, int n_heads)
{
  GtkWidget *child;

  if (n_heads == self->n_heads)
    return;
  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self->grid))) != NULL)
    gtk_grid_remove (self->grid, child);
  self->n_heads = n_heads;
  for (int head = 0; head < n_heads; head++) {
    g_autofree char *name = g_strdup_printf (_("Head %d"), head + 1);
    GtkWidget *button = gtk_button_new ();
    GtkWidget *content = gtk_box_new (GTK_ORIENTATION_VERTICAL, 4);
    GtkWidget *picture = gtk_picture_new ();
    GtkWidget *label = gtk_label_new (name);

    gtk_widget_set_size_request (picture, PREVIEW_PX, PREVIEW_PX);
    gtk_picture_set_can_shrink (GTK_PICTURE (picture), TRUE);
    gtk_widget_add_css_class (picture, "map-preview");
    gtk_widget_add_css_class (label, "caption");
    gtk_widget_add_css_class (button, "map-card");
    gtk_box_append (GTK_BOX (content), picture);
    gtk_box_append (GTK_BOX (content), label);
    gtk_button_set_child (GTK_BUTTON (button), content);
    gtk_accessible_update_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
    g_object_set_data (G_OBJECT (button), "head", GINT_TO_POINTER (head));
    g_object_set_data (G_OBJECT (button), "picture", picture);
    g_signal_connect (button, "clicked", G_CALLBACK (on_clicked), self);
    gtk_grid_attach (self->grid, button, head % COLUMNS, head / COLUMNS, 1, 1);
  }
}

static void
refresh (SmbHeadsGrid *self)
{
  const SmbNetConfig *config;
  SmbMapSpec spec;
  SmbColours colours;
  g_autofree char *title = NULL;
  SmbMapStore *maps;

  if (self->session == NULL || !gtk_widget_get_mapped (GTK_WIDGET (self)))
    return;
  config = smb_session_get_detector_config (self->session);
  spec = smb_session_make_spec (self->session, SMB_MAP_ATTENTION);
  maps = smb_session_get_maps (self->session);
  make_buttons (self, config != NULL ? config->heads : 0);
  if (config == NULL || smb_session_get_face (self->session) == NULL) {
    gtk_label_set_text (self->title, _("Attention belongs to a face. Choose one first."));
    return;
  }
  title = spec.layer < 0 ? g_strdup (_("Heads of the last layer"))
                         : g_strdup_printf (_("Heads of layer %d"), spec.layer + 1);
  gtk_label_set_text (self->title, title);
  smb_map_store_ask_heads (maps, &spec);
  colours = smb_map_colours_from_settings (self->settings);
  for (GtkWidget *button = gtk_widget_get_first_child (GTK_WIDGET (self->grid)); button != NULL;
       button = gtk_widget_get_next_sibling (button)) {
    const SmbMap *map;
    g_autoptr (GdkTexture) texture = NULL;

    spec.head = GPOINTER_TO_INT (g_object_get_data (G_OBJECT (button), "head"));
    map = smb_map_store_get (maps, &spec);
    if (map != NULL)
      texture = smb_map_preview_new (map, colours, PREVIEW_PX * 2);
    gtk_picture_set_paintable (g_object_get_data (G_OBJECT (button), "picture"), GDK_PAINTABLE (texture));
  }
}

static void
on_mapped (SmbHeadsGrid *self)
{
  refresh (self);
}

void
smb_heads_grid_set_session (SmbHeadsGrid *self, SmbSession *session)
{
  self->session = g_object_ref (session);
  g_signal_connect_object (session, "map-changed", G_CALLBACK (refresh), self, G_CONNECT_SWAPPED);
}

static void
smb_heads_grid_dispose (GObject *object)
{
  SmbHeadsGrid *self = SMB_HEADS_GRID (object);

  g_clear_pointer (&self->box, gtk_widget_unparent);
  g_clear_object (&self->session);
  g_clear_object (&self->settings);
  G_OBJECT_CLASS (smb_heads_grid_parent_class)->dispose (object);
}

static void
smb_heads_grid_class_init (SmbHeadsGridClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = smb_heads_grid_dispose;
  gtk_widget_class_set_layout_manager_type (GTK_WIDGET_CLASS (klass), GTK_TYPE_BIN_LAYOUT);
  g_signal_new ("picked", SMB_TYPE_HEADS_GRID, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
smb_heads_grid_init (SmbHeadsGrid *self)
{
  GtkWidget *scroller = gtk_scrolled_window_new ();

  self->settings = g_settings_new ("org.semblance.Semblance");
  self->box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 6);
  self->title = GTK_LABEL (gtk_label_new (NULL));
  self->grid = GTK_GRID (gtk_grid_new ());
  gtk_label_set_xalign (self->title, 0.0f);
  gtk_widget_add_css_class (GTK_WIDGET (self->title), "strong");
  gtk_grid_set_column_spacing (self->grid, 6);
  gtk_grid_set_row_spacing (self->grid, 6);
  gtk_scrolled_window_set_policy (GTK_SCROLLED_WINDOW (scroller), GTK_POLICY_NEVER, GTK_POLICY_AUTOMATIC);
  gtk_scrolled_window_set_propagate_natural_height (GTK_SCROLLED_WINDOW (scroller), TRUE);
  gtk_scrolled_window_set_max_content_height (GTK_SCROLLED_WINDOW (scroller), 420);
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (scroller), GTK_WIDGET (self->grid));
  gtk_box_append (GTK_BOX (self->box), GTK_WIDGET (self->title));
  gtk_box_append (GTK_BOX (self->box), scroller);
  gtk_widget_set_parent (self->box, GTK_WIDGET (self));
  g_signal_connect (self, "map", G_CALLBACK (on_mapped), NULL);
}
