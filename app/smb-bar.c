/* SPDX-License-Identifier: Apache-2.0 */
#include "smb-bar.h"

struct _SmbBar {
  GtkWidget parent_instance;

  double value;
  gboolean strong;
};

G_DEFINE_FINAL_TYPE (SmbBar, smb_bar, GTK_TYPE_WIDGET)

static void
smb_bar_measure (GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum, int *natural,
                 int *minimum_baseline, int *natural_baseline)
{
  *minimum = orientation == GTK_ORIENTATION_HORIZONTAL ? 40 : 8;
  *natural = orientation == GTK_ORIENTATION_HORIZONTAL ? 150 : 8;
}

static void
smb_bar_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  SmbBar *self = SMB_BAR (widget);
  GtkStyleContext *style = gtk_widget_get_style_context (widget);
  float width = (float) gtk_widget_get_width (widget);
  float height = (float) gtk_widget_get_height (widget);
  float filled = width * (float) CLAMP (self->value, 0.0, 1.0);
  gboolean rtl = gtk_widget_get_direction (widget) == GTK_TEXT_DIR_RTL;
  GdkRGBA track = { 0.5f, 0.5f, 0.5f, 1.0f };
  GdkRGBA fill = track;
  float y = (float) (int) ((height - 8) / 2);

  gtk_style_context_lookup_color (style, "smb_track", &track);
  gtk_style_context_lookup_color (style, self->strong ? "smb_accent" : "smb_dim", &fill);
  gtk_snapshot_append_color (snapshot, &track, &GRAPHENE_RECT_INIT (0, y, width, 8));
  gtk_snapshot_append_color (snapshot, &fill, &GRAPHENE_RECT_INIT (rtl ? width - filled : 0, y, filled, 8));
}

static void
smb_bar_class_init (SmbBarClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  widget_class->measure = smb_bar_measure;
  widget_class->snapshot = smb_bar_snapshot;
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_METER);
}

static void
smb_bar_init (SmbBar *self)
{
}

GtkWidget *
smb_bar_new (double value, gboolean strong, const char *accessible_label)
{
  SmbBar *self = g_object_new (SMB_TYPE_BAR, NULL);

  self->value = value;
  self->strong = strong;
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, accessible_label,
                                  GTK_ACCESSIBLE_PROPERTY_VALUE_MIN, 0.0, GTK_ACCESSIBLE_PROPERTY_VALUE_MAX, 1.0,
                                  GTK_ACCESSIBLE_PROPERTY_VALUE_NOW, value, -1);
  return GTK_WIDGET (self);
}
