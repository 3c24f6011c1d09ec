/* SPDX-License-Identifier: Apache-2.0 */
#include "smb-z-bar.h"

#include <math.h>

#define HEIGHT 8
#define REACH 5.0 /* z at the right end */
#define LEFT 2.0  /* how far it goes to the left of 0 */
#define UNUSUAL 2.0

struct _SmbZBar {
  GtkWidget parent_instance;

  double z;
};

G_DEFINE_FINAL_TYPE (SmbZBar, smb_z_bar, GTK_TYPE_WIDGET)

static void
smb_z_bar_measure (GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum, int *natural,
                   int *minimum_baseline, int *natural_baseline)
{
  *minimum = *natural = orientation == GTK_ORIENTATION_HORIZONTAL ? 56 : HEIGHT;
}

static float
place (double z, float width)
{
  return width * (float) ((CLAMP (z, -LEFT, REACH) + LEFT) / (REACH + LEFT));
}

static void
smb_z_bar_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  SmbZBar *self = SMB_Z_BAR (widget);
  GtkStyleContext *style = gtk_widget_get_style_context (widget);
  float width = (float) gtk_widget_get_width (widget), height = (float) gtk_widget_get_height (widget);
  float zero = roundf (place (0.0, width)), two = roundf (place (UNUSUAL, width));
  GdkRGBA track, bar, text, dim;

  gtk_style_context_lookup_color (style, "smb_track", &track);
  gtk_style_context_lookup_color (style, "smb_dim", &dim);
  gtk_style_context_lookup_color (style, "smb_text", &text);
  gtk_style_context_lookup_color (style, fabs (self->z) >= UNUSUAL ? "smb_accent" : "smb_dim", &bar);
  gtk_snapshot_append_color (snapshot, &track, &GRAPHENE_RECT_INIT (0, 1, width, height - 2));
  if (!isnan (self->z)) {
    float end = place (self->z, width);

    gtk_snapshot_append_color (snapshot, &bar,
                               &GRAPHENE_RECT_INIT (MIN (zero, end), 1, MAX (fabsf (end - zero), 1), height - 2));
  }
  gtk_snapshot_append_color (snapshot, &text, &GRAPHENE_RECT_INIT (zero, 0, 1, height));
  gtk_snapshot_append_color (snapshot, &dim, &GRAPHENE_RECT_INIT (two, 0, 1, height));
}

static void
smb_z_bar_class_init (SmbZBarClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  widget_class->measure = smb_z_bar_measure;
  widget_class->snapshot = smb_z_bar_snapshot;
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_IMG);
}

static void
smb_z_bar_init (SmbZBar *self)
{
  gtk_widget_set_valign (GTK_WIDGET (self), GTK_ALIGN_CENTER);
  gtk_widget_set_hexpand (GTK_WIDGET (self), TRUE);
}

GtkWidget *
smb_z_bar_new (double z, const char *spoken)
{
  SmbZBar *self = g_object_new (SMB_TYPE_Z_BAR, NULL);

  self->z = z;
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, spoken, -1);
  return GTK_WIDGET (self);
}
