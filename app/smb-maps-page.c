/* SPDX-License-Identifier: Apache-2.0 */
#include "smb-maps-page.h"

#include "explain/smb-overlay.h"
#include "smb-format.h"

#include <glib/gi18n.h>
#include <math.h>

#define N_KINDS 5
#define PREVIEW_PX 224

static const SmbMapKind kinds[N_KINDS] = { SMB_MAP_ATTENTION, SMB_MAP_ROLLOUT, SMB_MAP_MASKED_INPUT,
                                           SMB_MAP_RECONSTRUCTION, SMB_MAP_ERROR };

struct _SmbMapsPage {
  GtkWidget parent_instance;

  /* template widgets */
  GtkWidget *box;
  GtkStack *stack;
  GtkLabel *empty_text;
  GtkGrid *gallery;
  GtkLabel *about_title, *about_text, *about_range;
  GtkWidget *about_box;
  GtkSpinButton *ratio, *seed;

  /* owned */
  SmbSession *session;
  GSettings *settings;
  GtkWidget *buttons[N_KINDS];
  GtkWidget *pictures[N_KINDS];
  gboolean updating;
};

G_DEFINE_FINAL_TYPE (SmbMapsPage, smb_maps_page, GTK_TYPE_WIDGET)

/* The spec a preview shows: the chosen one of its kind, else the default with the page's seed and share. */
static SmbMapSpec
spec_of (SmbMapsPage *self, SmbMapKind kind)
{
  const SmbMapSpec *chosen = smb_session_get_map_spec (self->session);
  SmbMapSpec spec = smb_map_spec_default (kind);

  if (chosen != NULL && chosen->kind == kind)
    return *chosen;
  if (kind >= SMB_MAP_MASKED_INPUT) {
    spec.ratio = gtk_spin_button_get_value (self->ratio) / 100.0;
    spec.seed = (guint64) gtk_spin_button_get_value_as_int (self->seed);
  }
  return spec;
}

static GdkTexture *
render (SmbMapsPage *self, const SmbMap *map)
{
  guint8 *rgba = g_malloc ((gsize) PREVIEW_PX * PREVIEW_PX * 4);
  g_autofree char *name = g_settings_get_string (self->settings, "overlay-colours");
  SmbColours colours = SMB_COLOURS_VIRIDIS;
  g_autoptr (GBytes) bytes = NULL;

  smb_colours_from_name (name, &colours);
  smb_overlay_render (rgba, PREVIEW_PX, PREVIEW_PX, map, map->spec.kind == SMB_MAP_ERROR ? 0.0 : map->min, map->max,
                      colours, 1.0, NAN);
  bytes = g_bytes_new_take (rgba, (gsize) PREVIEW_PX * PREVIEW_PX * 4);
  return gdk_memory_texture_new (PREVIEW_PX, PREVIEW_PX, GDK_MEMORY_B8G8R8A8_PREMULTIPLIED, bytes, PREVIEW_PX * 4);
}

static void
show_about (SmbMapsPage *self)
{
  const SmbMapSpec *spec = smb_session_get_map_spec (self->session);
  const SmbMap *map = smb_session_get_map (self->session, NULL, NULL);
  g_autofree char *title = NULL;
  g_autofree char *subtitle = NULL;
  g_autofree char *range = NULL;

  gtk_widget_set_visible (self->about_box, spec != NULL);
  if (spec == NULL)
    return;
  subtitle = smb_format_map_subtitle (spec);
  title = g_strdup_printf ("%s, %s", smb_format_map_title (spec->kind), subtitle);
  gtk_label_set_text (self->about_title, title);
  gtk_label_set_text (self->about_text, smb_format_map_explanation (spec->kind));
  if (map != NULL && map->values != NULL)
    range = g_strdup_printf (_("%d × %d patches, values %.4g to %.4g"), map->columns, map->rows, map->min, map->max);
  gtk_label_set_text (self->about_range, range != NULL ? range : "");
  gtk_widget_set_visible (GTK_WIDGET (self->about_range), range != NULL);
}

/* Previews are computed only while the page is looked at. */
static void
refresh (SmbMapsPage *self)
{
  const SmbFaceResult *face = smb_session_get_face (self->session);
  const SmbMapSpec *chosen = smb_session_get_map_spec (self->session);

  gtk_stack_set_visible_child_name (self->stack, face != NULL ? "maps" : "empty");
  if (face == NULL || !gtk_widget_get_mapped (GTK_WIDGET (self)))
    return;
  self->updating = TRUE;
  if (chosen != NULL && chosen->kind >= SMB_MAP_MASKED_INPUT) {
    gtk_spin_button_set_value (self->ratio, chosen->ratio * 100.0);
    gtk_spin_button_set_value (self->seed, (double) chosen->seed);
  }
  for (int i = 0; i < N_KINDS; i++) {
    SmbMapSpec spec = spec_of (self, kinds[i]);
    const SmbMap *map = smb_session_peek_map (self->session, &spec);
    g_autoptr (GdkTexture) texture = map != NULL ? render (self, map) : NULL;

    gtk_picture_set_paintable (GTK_PICTURE (self->pictures[i]), GDK_PAINTABLE (texture));
    gtk_toggle_button_set_active (GTK_TOGGLE_BUTTON (self->buttons[i]), chosen != NULL && chosen->kind == kinds[i]);
  }
  self->updating = FALSE;
  show_about (self);
}

static void
on_toggled (GtkToggleButton *button, SmbMapsPage *self)
{
  if (self->updating)
    return;
  for (int i = 0; i < N_KINDS; i++) {
    if (GTK_WIDGET (button) == self->buttons[i]) {
      SmbMapSpec spec = spec_of (self, kinds[i]);

      smb_session_set_map_spec (self->session, gtk_toggle_button_get_active (button) ? &spec : NULL);
    }
  }
}

static void
on_masking_changed (GtkSpinButton *button, SmbMapsPage *self)
{
  const SmbMapSpec *chosen;

  if (self->updating || self->session == NULL)
    return;
  chosen = smb_session_get_map_spec (self->session);
  if (chosen != NULL && chosen->kind >= SMB_MAP_MASKED_INPUT) {
    SmbMapSpec spec = *chosen;

    spec.ratio = gtk_spin_button_get_value (self->ratio) / 100.0;
    spec.seed = (guint64) gtk_spin_button_get_value_as_int (self->seed);
    smb_session_set_map_spec (self->session, &spec);
  } else {
    refresh (self);
  }
}

static void
on_mapped (GtkWidget *widget, SmbMapsPage *self)
{
  if (self->session != NULL)
    refresh (self);
}

static void
on_colours_changed (GSettings *settings, const char *key, SmbMapsPage *self)
{
  if (self->session != NULL)
    refresh (self);
}

void
smb_maps_page_set_session (SmbMapsPage *self, SmbSession *session)
{
  self->session = g_object_ref (session);
  g_signal_connect_object (session, "map-changed", G_CALLBACK (refresh), self, G_CONNECT_SWAPPED);
  refresh (self);
}

static void
smb_maps_page_dispose (GObject *object)
{
  SmbMapsPage *self = SMB_MAPS_PAGE (object);

  if (self->settings != NULL)
    g_signal_handlers_disconnect_by_data (self->settings, self);
  g_clear_pointer (&self->box, gtk_widget_unparent);
  g_clear_object (&self->session);
  g_clear_object (&self->settings);
  G_OBJECT_CLASS (smb_maps_page_parent_class)->dispose (object);
}

static void
smb_maps_page_class_init (SmbMapsPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = smb_maps_page_dispose;
  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BIN_LAYOUT);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/semblance/Semblance/smb-maps-page.ui");
  gtk_widget_class_bind_template_child (widget_class, SmbMapsPage, box);
  gtk_widget_class_bind_template_child (widget_class, SmbMapsPage, stack);
  gtk_widget_class_bind_template_child (widget_class, SmbMapsPage, empty_text);
  gtk_widget_class_bind_template_child (widget_class, SmbMapsPage, gallery);
  gtk_widget_class_bind_template_child (widget_class, SmbMapsPage, about_box);
  gtk_widget_class_bind_template_child (widget_class, SmbMapsPage, about_title);
  gtk_widget_class_bind_template_child (widget_class, SmbMapsPage, about_text);
  gtk_widget_class_bind_template_child (widget_class, SmbMapsPage, about_range);
  gtk_widget_class_bind_template_child (widget_class, SmbMapsPage, ratio);
  gtk_widget_class_bind_template_child (widget_class, SmbMapsPage, seed);
  gtk_widget_class_bind_template_callback (widget_class, on_masking_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_mapped);
}

static void
smb_maps_page_init (SmbMapsPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  self->settings = g_settings_new ("org.semblance.Semblance");
  for (int i = 0; i < N_KINDS; i++) {
    const char *title = smb_format_map_title (kinds[i]);
    GtkWidget *content = gtk_box_new (GTK_ORIENTATION_VERTICAL, 4);
    GtkWidget *label = gtk_label_new (title);

    self->buttons[i] = gtk_toggle_button_new ();
    self->pictures[i] = gtk_picture_new ();
    gtk_picture_set_content_fit (GTK_PICTURE (self->pictures[i]), GTK_CONTENT_FIT_CONTAIN);
    gtk_picture_set_can_shrink (GTK_PICTURE (self->pictures[i]), TRUE);
    gtk_widget_set_size_request (self->pictures[i], 96, 96);
    gtk_widget_add_css_class (self->pictures[i], "map-preview");
    gtk_widget_add_css_class (self->buttons[i], "map-card");
    gtk_widget_add_css_class (label, "caption");
    gtk_label_set_ellipsize (GTK_LABEL (label), PANGO_ELLIPSIZE_END);
    gtk_box_append (GTK_BOX (content), self->pictures[i]);
    gtk_box_append (GTK_BOX (content), label);
    gtk_button_set_child (GTK_BUTTON (self->buttons[i]), content);
    gtk_accessible_update_property (GTK_ACCESSIBLE (self->buttons[i]), GTK_ACCESSIBLE_PROPERTY_LABEL, title, -1);
    g_signal_connect (self->buttons[i], "toggled", G_CALLBACK (on_toggled), self);
    gtk_grid_attach (self->gallery, self->buttons[i], i % 3, i / 3, 1, 1);
  }
  g_signal_connect (self->settings, "changed::overlay-colours", G_CALLBACK (on_colours_changed), self);
}
