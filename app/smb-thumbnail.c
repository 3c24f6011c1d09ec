/* SPDX-License-Identifier: Apache-2.0 */
#include "smb-thumbnail.h"

#define ICON_PX 16
#define MARK_PX 12
#define MARK_GROUND_PX 18

struct _SmbThumbnail {
  GtkWidget parent_instance;

  /* owned */
  GdkTexture *texture;
  char *icon_name;
  const char *mark; /* interned */
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
snapshot_icon (SmbThumbnail *self, GtkSnapshot *snapshot, const char *name, int size_px, const GdkRGBA *colour, float x,
               float y)
{
  GtkWidget *widget = GTK_WIDGET (self);
  g_autoptr (GtkIconPaintable) icon = gtk_icon_theme_lookup_icon (
      gtk_icon_theme_get_for_display (gtk_widget_get_display (widget)), name, NULL, size_px,
      gtk_widget_get_scale_factor (widget), gtk_widget_get_direction (widget), GTK_ICON_LOOKUP_FORCE_SYMBOLIC);

  gtk_snapshot_save (snapshot);
  gtk_snapshot_translate (snapshot, &GRAPHENE_POINT_INIT (x, y));
  gtk_symbolic_paintable_snapshot_symbolic (GTK_SYMBOLIC_PAINTABLE (icon), snapshot, size_px, size_px, colour, 1);
  gtk_snapshot_restore (snapshot);
}

/* White on a dark ground, so that it shows on any picture. */
static void
snapshot_mark (SmbThumbnail *self, GtkSnapshot *snapshot, float height)
{
  static const GdkRGBA ground = { 0.07f, 0.08f, 0.09f, 0.8f }, white = { 1, 1, 1, 1 };
  const float top = height - MARK_GROUND_PX, inset = (MARK_GROUND_PX - MARK_PX) / 2.0f;

  gtk_snapshot_append_color (snapshot, &ground, &GRAPHENE_RECT_INIT (0, top, MARK_GROUND_PX, MARK_GROUND_PX));
  snapshot_icon (self, snapshot, self->mark, MARK_PX, &white, inset, top + inset);
}

static void
smb_thumbnail_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  SmbThumbnail *self = SMB_THUMBNAIL (widget);
  float width = (float) gtk_widget_get_width (widget);
  float height = (float) gtk_widget_get_height (widget);

  if (self->texture != NULL)
    snapshot_texture (self, snapshot, width, height);
  else if (self->icon_name != NULL) {
    GdkRGBA colour;

    gtk_style_context_get_color (gtk_widget_get_style_context (widget), &colour);
    snapshot_icon (self, snapshot, self->icon_name, ICON_PX, &colour, (width - ICON_PX) / 2, (height - ICON_PX) / 2);
  }
  if (self->texture != NULL && self->mark != NULL)
    snapshot_mark (self, snapshot, height);
}

void
smb_thumbnail_set_mark (SmbThumbnail *self, const char *icon_name)
{
  self->mark = g_intern_string (icon_name);
  gtk_widget_queue_draw (GTK_WIDGET (self));
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
  g_object_class_install_property (
      G_OBJECT_CLASS (klass), PROP_SIZE,
      g_param_spec_int ("size", NULL, NULL, 1, 1024, 54,
                        G_PARAM_WRITABLE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS));
}

static void
smb_thumbnail_init (SmbThumbnail *self)
{
  gtk_widget_set_overflow (GTK_WIDGET (self), GTK_OVERFLOW_HIDDEN);
}
