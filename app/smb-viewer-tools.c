/* SPDX-License-Identifier: Apache-2.0 */
/* The tool rows above the canvas: which map, of which layer and head, and how it is laid over the face. */
#include "smb-viewer-private.h"

#include "smb-format.h"

#include <glib/gi18n.h>

/* Order of the drop-down; the first entry is "None". */
static const SmbMapKind map_kinds[] = { SMB_MAP_ATTENTION, SMB_MAP_ROLLOUT, SMB_MAP_RECONSTRUCTION, SMB_MAP_ERROR,
                                        SMB_MAP_MASKED_INPUT };
static const SmbColours colour_maps[] = { SMB_COLOURS_VIRIDIS, SMB_COLOURS_CIVIDIS, SMB_COLOURS_MAGMA,
                                          SMB_COLOURS_GREY };

static void
on_map_chosen (GtkDropDown *drop_down, GParamSpec *pspec, SmbViewer *self)
{
  guint chosen = gtk_drop_down_get_selected (self->map);
  guint layer = gtk_drop_down_get_selected (self->layer);
  guint head = gtk_drop_down_get_selected (self->head);
  const SmbMapSpec *current;
  SmbMapSpec spec;

  if (self->updating || self->session == NULL || chosen == GTK_INVALID_LIST_POSITION)
    return;
  if (chosen == 0) {
    smb_session_set_map_spec (self->session, NULL);
    return;
  }
  spec = smb_map_spec_default (map_kinds[chosen - 1]);
  current = smb_session_get_map_spec (self->session);
  /* Seed and share hidden, chosen on the Maps page, hold for all three maps of one reconstruction. */
  if (current != NULL && current->kind >= SMB_MAP_MASKED_INPUT && spec.kind >= SMB_MAP_MASKED_INPUT) {
    spec.seed = current->seed;
    spec.ratio = current->ratio;
  }
  if (spec.kind == SMB_MAP_ATTENTION && layer != GTK_INVALID_LIST_POSITION && head != GTK_INVALID_LIST_POSITION) {
    spec.layer = (int) layer - 1;
    spec.head = (int) head - 1;
  }
  smb_session_set_map_spec (self->session, &spec);
}

void
smb_viewer_apply_look (SmbViewer *self)
{
  guint chosen = gtk_drop_down_get_selected (self->colours);
  SmbOverlayLook look = {
    .opacity = gtk_range_get_value (GTK_RANGE (self->opacity)) / 100.0,
    .threshold = gtk_range_get_value (GTK_RANGE (self->threshold)) / 100.0,
    .colours = colour_maps[chosen < G_N_ELEMENTS (colour_maps) ? chosen : 0],
    .legend = gtk_check_button_get_active (self->legend),
  };
  g_autofree char *opacity = g_strdup_printf (_("%.0f %%"), look.opacity * 100.0);
  g_autofree char *threshold = g_strdup_printf ("%.2f", look.threshold);

  gtk_label_set_text (self->opacity_text, opacity);
  gtk_label_set_text (self->threshold_text, threshold);
  smb_canvas_set_look (self->canvas, &look);
}

static void
on_look_changed (SmbViewer *self)
{
  smb_viewer_apply_look (self);
  if (self->settings != NULL) {
    guint chosen = gtk_drop_down_get_selected (self->colours);

    g_settings_set_double (self->settings, "overlay-opacity", gtk_range_get_value (GTK_RANGE (self->opacity)) / 100.0);
    if (chosen < G_N_ELEMENTS (colour_maps))
      g_settings_set_string (self->settings, "overlay-colours", smb_colours_name (colour_maps[chosen]));
  }
}

static void
on_range_changed (GtkRange *range, SmbViewer *self)
{
  on_look_changed (self);
}

static void
on_colours_chosen (GtkDropDown *drop_down, GParamSpec *pspec, SmbViewer *self)
{
  on_look_changed (self);
}

static void
on_legend_toggled (GtkCheckButton *button, SmbViewer *self)
{
  on_look_changed (self);
}

/* As many layers and heads as the network has. */
void
smb_viewer_show_depth (SmbViewer *self)
{
  const SmbNetConfig *config = smb_session_get_detector_config (self->session);
  g_autoptr (GtkStringList) layers = gtk_string_list_new (NULL);
  g_autoptr (GtkStringList) heads = gtk_string_list_new (NULL);

  self->updating = TRUE;
  gtk_string_list_append (layers, _("Last"));
  gtk_string_list_append (heads, _("Mean"));
  for (int i = 0; config != NULL && i < config->depth; i++)
    gtk_string_list_take (layers, g_strdup_printf ("%d", i + 1));
  for (int i = 0; config != NULL && i < config->heads; i++)
    gtk_string_list_take (heads, g_strdup_printf ("%d", i + 1));
  gtk_drop_down_set_model (self->layer, G_LIST_MODEL (layers));
  gtk_drop_down_set_model (self->head, G_LIST_MODEL (heads));
  self->updating = FALSE;
}

/* Controls follow the session: a map may also be chosen on the Maps page. */
void
smb_viewer_show_tools (SmbViewer *self)
{
  const SmbMapSpec *spec = smb_session_get_map_spec (self->session);
  guint position = 0;
  gboolean grid = spec != NULL && spec->kind != SMB_MAP_MASKED_INPUT && spec->kind != SMB_MAP_RECONSTRUCTION;

  for (guint i = 0; spec != NULL && i < G_N_ELEMENTS (map_kinds); i++) {
    if (map_kinds[i] == spec->kind)
      position = i + 1;
  }
  self->updating = TRUE;
  gtk_drop_down_set_selected (self->map, position);
  if (spec != NULL && spec->kind == SMB_MAP_ATTENTION) {
    gtk_drop_down_set_selected (self->layer, (guint) (spec->layer + 1));
    gtk_drop_down_set_selected (self->head, (guint) (spec->head + 1));
  }
  self->updating = FALSE;
  gtk_widget_set_sensitive (self->layer_group, spec != NULL && spec->kind == SMB_MAP_ATTENTION);
  gtk_widget_set_sensitive (self->head_group, spec != NULL && spec->kind == SMB_MAP_ATTENTION);
  gtk_widget_set_sensitive (self->look_tools, spec != NULL);
  gtk_widget_set_sensitive (self->threshold_group, grid);
  gtk_widget_set_sensitive (self->colours_group, grid);
}

static void
choose_colours (SmbViewer *self, const char *name)
{
  SmbColours wanted = SMB_COLOURS_VIRIDIS;

  if (!smb_colours_from_name (name, &wanted))
    return;
  for (guint i = 0; i < G_N_ELEMENTS (colour_maps); i++) {
    if (colour_maps[i] == wanted)
      gtk_drop_down_set_selected (self->colours, i);
  }
}

/* A strip of the colours beside their name. */
static void
on_colours_setup (GtkSignalListItemFactory *factory, GtkListItem *item, SmbViewer *self)
{
  GtkWidget *row = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 8);
  GtkWidget *strip = gtk_picture_new ();

  gtk_picture_set_content_fit (GTK_PICTURE (strip), GTK_CONTENT_FIT_FILL);
  gtk_picture_set_can_shrink (GTK_PICTURE (strip), TRUE);
  gtk_widget_set_size_request (strip, 36, 12);
  gtk_widget_set_valign (strip, GTK_ALIGN_CENTER);
  gtk_box_append (GTK_BOX (row), strip);
  gtk_box_append (GTK_BOX (row), gtk_label_new (NULL));
  gtk_list_item_set_child (item, row);
}

static GdkTexture *
colour_strip (SmbColours colours)
{
  const int steps = 36;
  guint8 *rgb = g_malloc ((gsize) steps * 3);
  g_autoptr (GBytes) bytes = NULL;

  for (int i = 0; i < steps; i++)
    smb_colours_lookup (colours, (i + 0.5) / steps, rgb + i * 3);
  bytes = g_bytes_new_take (rgb, (gsize) steps * 3);
  return gdk_memory_texture_new (steps, 1, GDK_MEMORY_R8G8B8, bytes, (gsize) steps * 3);
}

static void
on_colours_bind (GtkSignalListItemFactory *factory, GtkListItem *item, SmbViewer *self)
{
  GtkWidget *strip = gtk_widget_get_first_child (gtk_list_item_get_child (item));
  SmbColours colours = SMB_COLOURS_VIRIDIS;
  const char *title = gtk_string_object_get_string (gtk_list_item_get_item (item));
  g_autoptr (GdkTexture) texture = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (colour_maps); i++) {
    if (g_strcmp0 (smb_format_colours (colour_maps[i]), title) == 0)
      colours = colour_maps[i];
  }
  texture = colour_strip (colours);
  gtk_picture_set_paintable (GTK_PICTURE (strip), GDK_PAINTABLE (texture));
  gtk_label_set_text (GTK_LABEL (gtk_widget_get_next_sibling (strip)), title);
}

void
smb_viewer_init_tools (SmbViewer *self)
{
  g_autoptr (GtkStringList) maps = gtk_string_list_new (NULL);
  g_autoptr (GtkStringList) colours = gtk_string_list_new (NULL);
  g_autoptr (GtkListItemFactory) factory = gtk_signal_list_item_factory_new ();
  g_autofree char *name = NULL;

  gtk_string_list_append (maps, _("None"));
  for (guint i = 0; i < G_N_ELEMENTS (map_kinds); i++)
    gtk_string_list_append (maps, smb_format_map_title (map_kinds[i]));
  for (guint i = 0; i < G_N_ELEMENTS (colour_maps); i++)
    gtk_string_list_append (colours, smb_format_colours (colour_maps[i]));
  g_signal_connect (factory, "setup", G_CALLBACK (on_colours_setup), self);
  g_signal_connect (factory, "bind", G_CALLBACK (on_colours_bind), self);
  gtk_drop_down_set_factory (self->colours, factory);
  gtk_drop_down_set_model (self->map, G_LIST_MODEL (maps));
  gtk_drop_down_set_model (self->colours, G_LIST_MODEL (colours));
  self->settings = g_settings_new ("org.semblance.Semblance");
  name = g_settings_get_string (self->settings, "overlay-colours");
  gtk_range_set_value (GTK_RANGE (self->opacity), g_settings_get_double (self->settings, "overlay-opacity") * 100.0);
  choose_colours (self, name);
}

void
smb_viewer_bind_tools (GtkWidgetClass *widget_class)
{
  gtk_widget_class_bind_template_callback (widget_class, on_map_chosen);
  gtk_widget_class_bind_template_callback (widget_class, on_range_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_colours_chosen);
  gtk_widget_class_bind_template_callback (widget_class, on_legend_toggled);
}
