/* SPDX-License-Identifier: Apache-2.0 */
#include "smb-matrix.h"

#include "smb-format.h"

#include <glib/gi18n.h>
#include <math.h>

#define N SMB_N_COVERED_REGIONS
#define CELL_HEIGHT 24.0f
#define HEAD_HEIGHT 24.0f
#define PADDING 1.0f
#define NAME_PX 12
#define NUMBER_PX 11
/* Where z's have the deepest shade. */
#define Z_AT_END 4.0
/* The widest number a cell is sure to hold. */
#define WIDEST "-0.000"

struct _SmbMatrix {
  GtkWidget parent_instance;

  gboolean filled;
  gboolean by_z; /* cells are shaded by how unusual they are, else by their values */
  SmbMeasure rise[N][N];
  int stands_out;
};

G_DEFINE_FINAL_TYPE (SmbMatrix, smb_matrix, GTK_TYPE_WIDGET)

static PangoLayout *
make_layout (GtkWidget *widget, const char *text, int size_px, gboolean bold)
{
  PangoLayout *layout = gtk_widget_create_pango_layout (widget, text);
  PangoAttrList *attributes = pango_attr_list_new ();

  pango_attr_list_insert (attributes, pango_attr_size_new_absolute (size_px * PANGO_SCALE));
  pango_attr_list_insert (attributes, pango_attr_font_features_new ("tnum=1"));
  if (bold)
    pango_attr_list_insert (attributes, pango_attr_weight_new (PANGO_WEIGHT_SEMIBOLD));
  pango_layout_set_attributes (layout, attributes);
  pango_attr_list_unref (attributes);
  return layout;
}

/* With room at both sides. */
static float
width_of (GtkWidget *widget, const char *text, int size_px, gboolean bold)
{
  g_autoptr (PangoLayout) layout = make_layout (widget, text, size_px, bold);
  int width;

  pango_layout_get_pixel_size (layout, &width, NULL);
  return (float) width + 2 * PADDING;
}

/* Columns are as wide as their names, the first as the widest of them; their sum. */
static float
get_widths (GtkWidget *widget, float columns[N], float *labels)
{
  const float number = width_of (widget, WIDEST, NUMBER_PX, FALSE);
  float sum = 0;

  *labels = 0;
  for (int i = 0; i < N; i++) {
    /* Bold: a region's name takes no more room when it begins to stand out. */
    const float name = width_of (widget, smb_region_title ((SmbRegion) i), NAME_PX, TRUE);

    columns[i] = MAX (name, number);
    *labels = MAX (*labels, name);
    sum += columns[i];
  }
  return sum + *labels;
}

/* Nothing is cut off: the widget is at least as wide as its words and numbers in any language. */
static void
smb_matrix_measure (GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum, int *natural,
                    int *minimum_baseline, int *natural_baseline)
{
  float columns[N], labels;

  *minimum = *natural = orientation == GTK_ORIENTATION_HORIZONTAL ? (int) ceilf (get_widths (widget, columns, &labels))
                                                                  : (int) (HEAD_HEIGHT + N * CELL_HEIGHT) + 2;
}

static void
append_text (SmbMatrix *self, GtkSnapshot *snapshot, const char *text, int size_px, graphene_rect_t cell, float align,
             gboolean bold, const GdkRGBA *colour)
{
  g_autoptr (PangoLayout) layout = make_layout (GTK_WIDGET (self), text, size_px, bold);
  int width, height;

  pango_layout_get_pixel_size (layout, &width, &height);
  gtk_snapshot_save (snapshot);
  gtk_snapshot_translate (
      snapshot,
      &GRAPHENE_POINT_INIT (roundf (cell.origin.x + PADDING + (cell.size.width - 2 * PADDING - (float) width) * align),
                            roundf (cell.origin.y + (cell.size.height - (float) height) / 2)));
  gtk_snapshot_append_layout (snapshot, layout, colour);
  gtk_snapshot_restore (snapshot);
}

char *
smb_matrix_format (double value)
{
  /* Not “-0.000”. */
  return g_strdup_printf (fabs (value) >= 9.95 ? "%.1f" : "%.3f", fabs (value) < 0.0005 ? 0.0 : value);
}

/* How deep a cell's shade is, 0 to 1. */
static double
get_share (SmbMatrix *self, const SmbMeasure *measure)
{
  double most = 0.0;

  if (self->by_z)
    return isnan (measure->z) ? 0.0 : CLAMP (fabs (measure->z) / Z_AT_END, 0.0, 1.0);
  for (int i = 0; i < N; i++)
    for (int j = 0; j < N; j++)
      most = fmax (most, fabs (self->rise[i][j].value));
  return most > 0.0 ? CLAMP (measure->value / most, 0.0, 1.0) : 0.0;
}

/* The names of the rows, when column is -1. What room there is beyond the words goes to the columns alike. */
static graphene_rect_t
cell_at (GtkWidget *widget, int row, int column)
{
  const float whole = (float) gtk_widget_get_width (widget);
  float columns[N], labels, more = (whole - get_widths (widget, columns, &labels)) / N;
  float x = 0, width = labels;

  for (int i = 0; i <= column; i++) {
    x += i == 0 ? labels : columns[i - 1] + more;
    width = columns[i] + more;
  }
  if (gtk_widget_get_direction (widget) == GTK_TEXT_DIR_RTL)
    x = whole - x - width;
  return GRAPHENE_RECT_INIT (x, HEAD_HEIGHT + (float) row * CELL_HEIGHT, width, CELL_HEIGHT);
}

static void
append_cell (SmbMatrix *self, GtkSnapshot *snapshot, int row, int column)
{
  GtkStyleContext *style = gtk_widget_get_style_context (GTK_WIDGET (self));
  graphene_rect_t cell = cell_at (GTK_WIDGET (self), row, column);
  const SmbMeasure *measure = &self->rise[row][column];
  gboolean framed = row != column && !isnan (measure->value) && (row == self->stands_out || column == self->stands_out);
  double share;
  GdkRGBA shade, text, on_shade, track;
  g_autofree char *number = NULL;

  gtk_style_context_lookup_color (style, "smb_accent", &shade);
  gtk_style_context_lookup_color (style, "smb_text", &text);
  gtk_style_context_lookup_color (style, "smb_on_accent", &on_shade);
  gtk_style_context_lookup_color (style, "smb_track", &track);
  graphene_rect_inset (&cell, 1, 1);
  if (isnan (measure->value)) {
    gtk_snapshot_append_color (snapshot, &track, &cell);
    append_text (self, snapshot, row == column ? "" : "–", NUMBER_PX, cell, 0.5f, FALSE, &text);
    return;
  }
  share = get_share (self, measure);
  shade.alpha = (float) (0.08 + 0.87 * share);
  gtk_snapshot_append_color (snapshot, &shade, &cell);
  number = smb_matrix_format (measure->value);
  append_text (self, snapshot, number, NUMBER_PX, cell, 0.5f, FALSE, share > 0.55 ? &on_shade : &text);
  if (framed) {
    GskRoundedRect rounded;
    float widths[4] = { 2, 2, 2, 2 };
    GdkRGBA colours[4] = { text, text, text, text };

    gsk_rounded_rect_init_from_rect (&rounded, &cell, 0);
    gtk_snapshot_append_border (snapshot, &rounded, widths, colours);
  }
}

static void
smb_matrix_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  SmbMatrix *self = SMB_MATRIX (widget);
  gboolean rtl = gtk_widget_get_direction (widget) == GTK_TEXT_DIR_RTL;
  GdkRGBA text;

  if (!self->filled)
    return;
  gtk_style_context_lookup_color (gtk_widget_get_style_context (widget), "smb_text", &text);
  for (int i = 0; i < N; i++) {
    const char *name = smb_region_title ((SmbRegion) i);

    append_text (self, snapshot, name, NAME_PX, cell_at (widget, -1, i), 0.5f, i == self->stands_out, &text);
    append_text (self, snapshot, name, NAME_PX, cell_at (widget, i, -1), rtl ? 1.0f : 0.0f, i == self->stands_out,
                 &text);
    for (int j = 0; j < N; j++)
      append_cell (self, snapshot, i, j);
  }
}

/* In words: what a pointer on a cell gets, and what a screen reader reads of all of them. */
static char *
describe_cell (SmbMatrix *self, int row, int column)
{
  const SmbMeasure *measure = &self->rise[row][column];
  g_autofree char *value = smb_format_value (measure->value);

  if (isnan (measure->value))
    return g_strdup_printf (_("%s without %s: not measured"), smb_region_title ((SmbRegion) row),
                            smb_region_title ((SmbRegion) column));
  if (isnan (measure->z))
    return g_strdup_printf (_("The error of %s rises by %s when %s is hidden as well"),
                            smb_region_title ((SmbRegion) row), value, smb_region_title ((SmbRegion) column));
  return g_strdup_printf (_("The error of %s rises by %s when %s is hidden as well, z %+.1f"),
                          smb_region_title ((SmbRegion) row), value, smb_region_title ((SmbRegion) column), measure->z);
}

static gboolean
on_query_tooltip (GtkWidget *widget, int x, int y, gboolean keyboard, GtkTooltip *tooltip)
{
  SmbMatrix *self = SMB_MATRIX (widget);

  for (int i = 0; self->filled && !keyboard && i < N; i++)
    for (int j = 0; j < N; j++) {
      graphene_rect_t cell = cell_at (widget, i, j);

      if (i != j && graphene_rect_contains_point (&cell, &GRAPHENE_POINT_INIT ((float) x, (float) y))) {
        g_autofree char *text = describe_cell (self, i, j);

        gtk_tooltip_set_text (tooltip, text);
        return TRUE;
      }
    }
  return FALSE;
}

void
smb_matrix_set_report (SmbMatrix *self, const SmbRegionReport *report)
{
  g_autoptr (GString) spoken = g_string_new (_("How hiding one region makes another harder to explain"));

  self->filled = report != NULL;
  if (report != NULL) {
    memcpy (self->rise, report->rise, sizeof self->rise);
    self->stands_out = report->stands_out;
    self->by_z = report->reference_sha256 != NULL;
    for (int i = 0; i < N; i++)
      for (int j = 0; j < N; j++) {
        g_autofree char *text = i != j ? describe_cell (self, i, j) : NULL;

        if (text != NULL)
          g_string_append_printf (spoken, "; %s", text);
      }
  }
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, spoken->str, -1);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

static void
smb_matrix_class_init (SmbMatrixClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  widget_class->measure = smb_matrix_measure;
  widget_class->snapshot = smb_matrix_snapshot;
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_IMG);
}

static void
smb_matrix_init (SmbMatrix *self)
{
  self->stands_out = -1;
  gtk_widget_set_has_tooltip (GTK_WIDGET (self), TRUE);
  g_signal_connect (self, "query-tooltip", G_CALLBACK (on_query_tooltip), NULL);
}
