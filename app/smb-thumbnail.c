/* SPDX-License-Identifier: Apache-2.0 */
#include "smb-thumbnail.h"

#define ICON_PX 16

struct _SmbThumbnail {
  GtkWidget parent_instance;

  /* owned */
  GdkTexture *texture;
  char *icon_name;
  int size_px;
};

G_DEFINE_FINAL_TYPE (SmbThumbnail, smb_thumbnail, GTK_TYPE_WIDGET)

enum { PROP_0, PROP_SIZE };

static void
smb_thumbnail_measure (GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum, int *natural,
                       int *minimum_baseline, int *natural_baseline)
{
  *minimum = *natural = SMB_THUMBNAIL (widget)->size_px;
}

/* Scaled to cover: the shorter side fits, the longer is cut evenly. */
static void
snapshot_texture (SmbThumbnail *self, GtkSnapshot *snapshot, float width, float height)
{
  float across = (float) gdk_texture_get_width (self->texture);
  float down = (float) gdk_texture_get_height (self->texture);
  float scale = MAX (width / across, height / down);

  gtk_snapshot_push_clip (snapshot, &GRAPHENE_RECT_INIT (0, 0, width, height));
  gtk_snapshot_append_texture (snapshot, self->texture,
                               &GRAPHENE_RECT_INIT ((width - across * scale) / 2, (height - down * scale) / 2,
                                                    across * scale, down * scale));
  gtk_snapshot_pop (snapshot);
}

static void
snapshot_icon (SmbThumbnail *self, GtkSnapshot *snapshot, float width, float height)
{
  GtkWidget *widget = GTK_WIDGET (self);
  g_autoptr (GtkIconPaintable) icon = NULL;
  GdkRGBA colour;

  icon = gtk_icon_theme_lookup_icon (gtk_icon_theme_get_for_display (gtk_widget_get_display (widget)),
                                     self->icon_name, NULL, ICON_PX, gtk_widget_get_scale_factor (widget),
                                     gtk_widget_get_direction (widget), GTK_ICON_LOOKUP_FORCE_SYMBOLIC);
  gtk_style_context_get_color (gtk_widget_get_style_context (widget), &colour);
  gtk_snapshot_save (snapshot);
  gtk_snapshot_translate (snapshot, &GRAPHENE_POINT_INIT ((width - ICON_PX) / 2, (height - ICON_PX) / 2));
  gtk_symbolic_paintable_snapshot_symbolic (GTK_SYMBOLIC_PAINTABLE (icon), snapshot, ICON_PX, ICON_PX, &colour, 1);
  gtk_snapshot_restore (snapshot);
}

static void
smb_thumbnail_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  SmbThumbnail *self = SMB_THUMBNAIL (widget);
  float width = (float) gtk_widget_get_width (widget);
  float height = (float) gtk_widget_get_height (widget);

  if (self->texture != NULL)
    snapshot_texture (self, snapshot, width, height);
  else if (self->icon_name != NULL)
    snapshot_icon (self, snapshot, width, height);
}

void
smb_thumbnail_set (SmbThumbnail *self, GdkTexture *texture, const char *icon_name)
{
  g_set_object (&self->texture, texture);
  g_free (self->icon_name);
  self->icon_name = g_strdup (icon_name);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

static void
smb_thumbnail_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  if (id == PROP_SIZE)
    SMB_THUMBNAIL (object)->size_px = g_value_get_int (value);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
smb_thumbnail_finalize (GObject *object)
{
  SmbThumbnail *self = SMB_THUMBNAIL (object);

  g_clear_object (&self->texture);
  g_clear_pointer (&self->icon_name, g_free);
  G_OBJECT_CLASS (smb_thumbnail_parent_class)->finalize (object);
}

static void
smb_thumbnail_class_init (SmbThumbnailClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = smb_thumbnail_finalize;
  G_OBJECT_CLASS (klass)->set_property = smb_thumbnail_set_property;
  widget_class->measure = smb_thumbnail_measure;
  widget_class->snapshot = smb_thumbnail_snapshot;
  gtk_widget_class_set_css_name (widget_class, "thumbnail");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_PRESENTATION);
  g_object_class_install_property (G_OBJECT_CLASS (klass), PROP_SIZE,
                                   g_param_spec_int ("size", NULL, NULL, 1, 1024, 54,
                                                     G_PARAM_WRITABLE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS));
}

static void
smb_thumbnail_init (SmbThumbnail *self)
{
  gtk_widget_set_overflow (GTK_WIDGET (self), GTK_OVERFLOW_HIDDEN);
}
