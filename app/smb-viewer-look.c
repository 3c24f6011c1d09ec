/* SPDX-License-Identifier: Apache-2.0 */
/* How a map is laid over the face: opacity, threshold, colours, contour lines, legend. */
#include "smb-viewer-private.h"

#include "smb-format.h"

#include <glib/gi18n.h>

static const SmbColours colour_maps[] = { SMB_COLOURS_VIRIDIS, SMB_COLOURS_CIVIDIS, SMB_COLOURS_MAGMA, SMB_COLOURS_GREY,
                                          SMB_COLOURS_DIVERGING };

static void
apply (SmbViewer *self)
{
  guint chosen = gtk_drop_down_get_selected (self->colours);
  SmbOverlayLook look = {
    .opacity = gtk_range_get_value (GTK_RANGE (self->opacity)) / 100.0,
    .threshold = gtk_range_get_value (GTK_RANGE (self->threshold)) / 100.0,
    .colours = colour_maps[chosen < G_N_ELEMENTS (colour_maps) ? chosen : 0],
    .legend = gtk_check_button_get_active (self->legend),
    .contours = gtk_check_button_get_active (self->contours),
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
  guint chosen = gtk_drop_down_get_selected (self->colours);

  apply (self);
  if (self->settings == NULL)
    return;
  g_settings_set_double (self->settings, "overlay-opacity", gtk_range_get_value (GTK_RANGE (self->opacity)) / 100.0);
  if (chosen < G_N_ELEMENTS (colour_maps))
    g_settings_set_string (self->settings, "overlay-colours", smb_colours_name (colour_maps[chosen]));
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
on_check_toggled (GtkCheckButton *button, SmbViewer *self)
{
  on_look_changed (self);
}

/* Only what means something for the maps in view. */
void
smb_viewer_show_look (SmbViewer *self)
{
  const SmbMapSpec *spec = smb_session_get_map_spec (self->session);
  SmbMapSpec other = { 0 };
  SmbOtherMap choice = smb_session_get_other_map_choice (self->session, &other);
  gboolean beside = !gtk_toggle_button_get_active (self->mode_one) && choice == SMB_OTHER_OWN;
  int whole;
  gboolean shown = spec != NULL || beside || smb_session_get_picture_map (self->session, &whole) != NULL;
  gboolean grid = (spec == NULL && shown) || (spec != NULL && !smb_map_kind_is_picture (spec->kind)) ||
                  (beside && !smb_map_kind_is_picture (other.kind));
  gboolean is_signed = spec != NULL && smb_map_kind_is_signed (spec->kind) && !beside;

  gtk_widget_set_visible (self->look_tools, shown);
  gtk_widget_set_sensitive (self->threshold_group, grid && !is_signed);
  gtk_widget_set_sensitive (self->colours_group, grid && !is_signed);
  /* A screen reader hears of a control's own state only, not of that it is in. */
  gtk_widget_set_sensitive (GTK_WIDGET (self->threshold), grid && !is_signed);
  gtk_widget_set_sensitive (GTK_WIDGET (self->colours), grid && !is_signed);
  gtk_widget_set_sensitive (GTK_WIDGET (self->contours), grid);
  gtk_widget_set_tooltip_text (self->colours_group,
                               is_signed ? _("A map with two signs keeps its two-sided colours.") : NULL);
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
smb_viewer_init_look (SmbViewer *self)
{
  g_autoptr (GtkStringList) colours = gtk_string_list_new (NULL);
  g_autoptr (GtkListItemFactory) factory = gtk_signal_list_item_factory_new ();
  g_autofree char *name = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (colour_maps); i++)
    gtk_string_list_append (colours, smb_format_colours (colour_maps[i]));
  g_signal_connect (factory, "setup", G_CALLBACK (on_colours_setup), self);
  g_signal_connect (factory, "bind", G_CALLBACK (on_colours_bind), self);
  gtk_drop_down_set_factory (self->colours, factory);
  gtk_drop_down_set_model (self->colours, G_LIST_MODEL (colours));
  self->settings = g_settings_new ("org.semblance.Semblance");
  name = g_settings_get_string (self->settings, "overlay-colours");
  gtk_range_set_value (GTK_RANGE (self->opacity), g_settings_get_double (self->settings, "overlay-opacity") * 100.0);
  choose_colours (self, name);
  apply (self);
}

void
smb_viewer_bind_look (GtkWidgetClass *widget_class)
{
  gtk_widget_class_bind_template_callback (widget_class, on_range_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_colours_chosen);
  gtk_widget_class_bind_template_callback (widget_class, on_check_toggled);
}
