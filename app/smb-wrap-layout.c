/* SPDX-License-Identifier: Apache-2.0 */
#include "smb-wrap-layout.h"

struct _SmbWrapLayout {
  GtkLayoutManager parent_instance;

  int spacing;
  int row_height;
};

G_DEFINE_FINAL_TYPE (SmbWrapLayout, smb_wrap_layout, GTK_TYPE_LAYOUT_MANAGER)

enum { PROP_0, PROP_SPACING, PROP_ROW_HEIGHT, N_PROPS };
static GParamSpec *properties[N_PROPS];

static int
natural_width (GtkWidget *child)
{
  int natural;

  gtk_widget_measure (child, GTK_ORIENTATION_HORIZONTAL, -1, NULL, &natural, NULL, NULL);
  return natural;
}

static GtkSizeRequestMode
smb_wrap_layout_get_request_mode (GtkLayoutManager *manager, GtkWidget *widget)
{
  return GTK_SIZE_REQUEST_HEIGHT_FOR_WIDTH;
}

static int
count_rows (SmbWrapLayout *self, GtkWidget *widget, int width)
{
  int rows = 0, used = 0;

  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child)) {
    int wanted;

    if (!gtk_widget_should_layout (child))
      continue;
    wanted = natural_width (child);
    if (rows == 0 || used + self->spacing + wanted > width) {
      rows++;
      used = wanted;
    } else {
      used += self->spacing + wanted;
    }
  }
  return rows;
}

static void
smb_wrap_layout_measure (GtkLayoutManager *manager, GtkWidget *widget, GtkOrientation orientation, int for_size,
                         int *minimum, int *natural, int *minimum_baseline, int *natural_baseline)
{
  SmbWrapLayout *self = SMB_WRAP_LAYOUT (manager);
  int widest = 0, sum = 0;

  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child)) {
    if (gtk_widget_should_layout (child)) {
      int wanted = natural_width (child);

      widest = MAX (widest, wanted);
      sum += (sum > 0 ? self->spacing : 0) + wanted;
    }
  }
  if (orientation == GTK_ORIENTATION_HORIZONTAL) {
    *minimum = widest;
    *natural = sum;
  } else {
    *minimum = *natural = count_rows (self, widget, for_size < 0 ? G_MAXINT : for_size) * self->row_height;
  }
}

static void
smb_wrap_layout_allocate (GtkLayoutManager *manager, GtkWidget *widget, int width, int height, int baseline)
{
  SmbWrapLayout *self = SMB_WRAP_LAYOUT (manager);
  gboolean rtl = gtk_widget_get_direction (widget) == GTK_TEXT_DIR_RTL;
  int x = 0, y = 0;
  gboolean first = TRUE;

  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child)) {
    GtkAllocation at;
    int wanted, tall;

    if (!gtk_widget_should_layout (child))
      continue;
    wanted = natural_width (child);
    gtk_widget_measure (child, GTK_ORIENTATION_VERTICAL, wanted, NULL, &tall, NULL, NULL);
    tall = MIN (tall, self->row_height);
    if (!first && x + self->spacing + wanted > width) {
      x = 0;
      y += self->row_height;
      first = TRUE;
    }
    if (!first)
      x += self->spacing;
    if (gtk_widget_get_halign (child) == GTK_ALIGN_END)
      x = MAX (x, width - wanted);
    at.x = rtl ? width - x - wanted : x;
    at.y = y + (self->row_height - tall) / 2;
    at.width = wanted;
    at.height = tall;
    gtk_widget_size_allocate (child, &at, -1);
    x += wanted;
    first = FALSE;
  }
}

static void
smb_wrap_layout_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  SmbWrapLayout *self = SMB_WRAP_LAYOUT (object);

  switch (id) {
    case PROP_SPACING:
      self->spacing = g_value_get_int (value);
      break;
    case PROP_ROW_HEIGHT:
      self->row_height = g_value_get_int (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
}

static void
smb_wrap_layout_class_init (SmbWrapLayoutClass *klass)
{
  GtkLayoutManagerClass *layout_class = GTK_LAYOUT_MANAGER_CLASS (klass);

  G_OBJECT_CLASS (klass)->set_property = smb_wrap_layout_set_property;
  layout_class->get_request_mode = smb_wrap_layout_get_request_mode;
  layout_class->measure = smb_wrap_layout_measure;
  layout_class->allocate = smb_wrap_layout_allocate;
  properties[PROP_SPACING] = g_param_spec_int ("spacing", NULL, NULL, 0, 100, 12,
                                               G_PARAM_WRITABLE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);
  properties[PROP_ROW_HEIGHT] = g_param_spec_int ("row-height", NULL, NULL, 1, 200, 42,
                                                  G_PARAM_WRITABLE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (G_OBJECT_CLASS (klass), N_PROPS, properties);
}

static void
smb_wrap_layout_init (SmbWrapLayout *self)
{
}
