/* SPDX-License-Identifier: Apache-2.0 */
#include "smb-matrix.h"

#include <glib/gi18n.h>
#include <math.h>

#define N SMB_N_COVERED_REGIONS
#define CELL_HEIGHT 24.0f
#define HEAD_HEIGHT 24.0f
#define LABEL_WIDTH 72.0f

struct _SmbMatrix {
  GtkWidget parent_instance;

  gboolean filled;
  SmbMeasure rise[N][N];
  int stands_out;
};

G_DEFINE_FINAL_TYPE (SmbMatrix, smb_matrix, GTK_TYPE_WIDGET)

static void
smb_matrix_measure (GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum, int *natural,
                    int *minimum_baseline, int *natural_baseline)
{
  *minimum = *natural = orientation == GTK_ORIENTATION_HORIZONTAL ? (int) LABEL_WIDTH + N * 40
                                                                  : (int) (HEAD_HEIGHT + N * CELL_HEIGHT) + 2;
}

static void
append_text (SmbMatrix *self, GtkSnapshot *snapshot, const char *text, graphene_rect_t cell, float align, gboolean bold,
             const GdkRGBA *colour)
{
  g_autoptr (PangoLayout) layout = gtk_widget_create_pango_layout (GTK_WIDGET (self), text);
  PangoAttrList *attributes = pango_attr_list_new ();
  int width, height;

  pango_attr_list_insert (attributes, pango_attr_size_new_absolute (12 * PANGO_SCALE));
  pango_attr_list_insert (attributes, pango_attr_font_features_new ("tnum=1"));
  if (bold)
    pango_attr_list_insert (attributes, pango_attr_weight_new (PANGO_WEIGHT_SEMIBOLD));
  pango_layout_set_attributes (layout, attributes);
  pango_attr_list_unref (attributes);
  pango_layout_set_ellipsize (layout, PANGO_ELLIPSIZE_END);
  pango_layout_set_width (layout, (int) (cell.size.width - 4) * PANGO_SCALE);
  pango_layout_get_pixel_size (layout, &width, &height);
  gtk_snapshot_save (snapshot);
  gtk_snapshot_translate (snapshot, &GRAPHENE_POINT_INIT (
                                        roundf (cell.origin.x + 2 + (cell.size.width - 4 - (float) width) * align),
                                        roundf (cell.origin.y + (cell.size.height - (float) height) / 2)));
  gtk_snapshot_append_layout (snapshot, layout, colour);
  gtk_snapshot_restore (snapshot);
}

/* The largest rise gives the deepest shade. */
static double
largest (SmbMatrix *self)
{
  double most = 0.0;

  for (int i = 0; i < N; i++)
    for (int j = 0; j < N; j++)
      most = fmax (most, fabs (self->rise[i][j].value));
  return most;
}

static graphene_rect_t
cell_at (GtkWidget *widget, int row, int column)
{
  float width = ((float) gtk_widget_get_width (widget) - LABEL_WIDTH) / N;

  if (gtk_widget_get_direction (widget) == GTK_TEXT_DIR_RTL)
    return GRAPHENE_RECT_INIT ((float) (N - 1 - column) * width, HEAD_HEIGHT + (float) row * CELL_HEIGHT, width,
                               CELL_HEIGHT);
  return GRAPHENE_RECT_INIT (LABEL_WIDTH + (float) column * width, HEAD_HEIGHT + (float) row * CELL_HEIGHT, width,
                             CELL_HEIGHT);
}

static void
append_cell (SmbMatrix *self, GtkSnapshot *snapshot, int row, int column, double most)
{
  GtkStyleContext *style = gtk_widget_get_style_context (GTK_WIDGET (self));
  graphene_rect_t cell = cell_at (GTK_WIDGET (self), row, column);
  double value = self->rise[row][column].value;
  double share = most > 0.0 && !isnan (value) ? CLAMP (value / most, 0.0, 1.0) : 0.0;
  gboolean framed = row != column && !isnan (value) && (row == self->stands_out || column == self->stands_out);
  GdkRGBA shade, text, on_shade, track;
  g_autofree char *number = NULL;

  gtk_style_context_lookup_color (style, "smb_accent", &shade);
  gtk_style_context_lookup_color (style, "smb_text", &text);
  gtk_style_context_lookup_color (style, "smb_on_accent", &on_shade);
  gtk_style_context_lookup_color (style, "smb_track", &track);
  graphene_rect_inset (&cell, 1, 1);
  if (isnan (value)) {
    gtk_snapshot_append_color (snapshot, &track, &cell);
    append_text (self, snapshot, row == column ? "" : "–", cell, 0.5f, FALSE, &text);
    return;
  }
  shade.alpha = (float) (0.08 + 0.87 * share);
  gtk_snapshot_append_color (snapshot, &shade, &cell);
  /* Not “-0.00”. */
  number = g_strdup_printf (fabs (value) >= 9.95 ? "%.0f" : "%.2f", fabs (value) < 0.005 ? 0.0 : value);
  append_text (self, snapshot, number, cell, 0.5f, framed, share > 0.55 ? &on_shade : &text);
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
  double most = largest (self);
  GdkRGBA text;

  if (!self->filled)
    return;
  gtk_style_context_lookup_color (gtk_widget_get_style_context (widget), "smb_text", &text);
  for (int i = 0; i < N; i++) {
    graphene_rect_t head = cell_at (widget, 0, i), label = cell_at (widget, i, 0);

    head.origin.y = 0;
    label.origin.x = rtl ? (float) gtk_widget_get_width (widget) - LABEL_WIDTH : 0;
    label.size.width = LABEL_WIDTH;
    append_text (self, snapshot, smb_region_title ((SmbRegion) i), head, 0.5f, i == self->stands_out, &text);
    append_text (self, snapshot, smb_region_title ((SmbRegion) i), label, rtl ? 1.0f : 0.0f, i == self->stands_out,
                 &text);
    for (int j = 0; j < N; j++)
      append_cell (self, snapshot, i, j, most);
  }
}

/* In words: what a pointer on a cell gets, and what a screen reader reads of all of them. */
static char *
describe_cell (SmbMatrix *self, int row, int column)
{
  const SmbMeasure *measure = &self->rise[row][column];

  if (isnan (measure->value))
    return g_strdup_printf (_("%s without %s: not measured"), smb_region_title ((SmbRegion) row),
                            smb_region_title ((SmbRegion) column));
  if (isnan (measure->z))
    return g_strdup_printf (_("The error of %s rises by %.2f when %s is hidden as well"),
                            smb_region_title ((SmbRegion) row), measure->value, smb_region_title ((SmbRegion) column));
  return g_strdup_printf (_("The error of %s rises by %.2f when %s is hidden as well, z %+.1f"),
                          smb_region_title ((SmbRegion) row), measure->value, smb_region_title ((SmbRegion) column),
                          measure->z);
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
