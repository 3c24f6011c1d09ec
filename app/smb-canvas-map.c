/* SPDX-License-Identifier: Apache-2.0 */
/* A map over the face: its scale, colours, contour lines and legend. */
#include "smb-canvas-private.h"

#include "explain/smb-contour.h"
#include "smb-format.h"
#include "smb-map-texture.h"

#include <glib/gi18n.h>
#include <math.h>

#define MAP_PX 384 /* a map's texture has about so many pixels a side */
#define CONTOUR_STEPS 112
#define N_CONTOURS 3
#define LEGEND_MIN_WIDTH 104.0f
#define LEGEND_MAX_WIDTH 152.0f
#define LEGEND_BAR_WIDTH 14.0f
#define LEGEND_BAR_HEIGHT 216.0f

void
smb_canvas_layer_forget_map (SmbCanvasLayer *layer)
{
  g_clear_object (&layer->map_texture);
  g_clear_pointer (&layer->contours, g_array_unref);
}

/* Two maps of one kind that are compared share a scale. */
static gboolean
shares_scale (SmbCanvas *self)
{
  const SmbMap *a = self->layers[SMB_SIDE_A].map, *b = self->layers[SMB_SIDE_B].map;

  return self->mode != SMB_CANVAS_ONE && a != NULL && b != NULL && a->values != NULL && b->values != NULL &&
         a->spec.kind == b->spec.kind;
}

gboolean
smb_canvas_get_scale_ends (SmbCanvas *self, SmbCanvasSide side, double *lo, double *hi)
{
  const SmbMap *map = self->layers[side].map;

  if (map == NULL || map->values == NULL)
    return FALSE;
  smb_map_get_ends (map, lo, hi);
  if (shares_scale (self)) {
    double other_lo, other_hi;

    smb_map_get_ends (self->layers[1 - side].map, &other_lo, &other_hi);
    *lo = MIN (*lo, other_lo);
    *hi = MAX (*hi, other_hi);
  }
  return TRUE;
}

/* NAN: nothing is hidden. Half of a signed map lies below any threshold, so it has none. */
static double
threshold_of (SmbCanvas *self, SmbCanvasSide side)
{
  double lo, hi;

  if (self->look.threshold <= 0.0 || !smb_canvas_get_scale_ends (self, side, &lo, &hi) ||
      smb_map_kind_is_signed (self->layers[side].map->spec.kind))
    return NAN;
  return lo + self->look.threshold * (hi - lo);
}

static GdkTexture *
get_texture (SmbCanvas *self, SmbCanvasSide side)
{
  SmbCanvasLayer *layer = &self->layers[side];
  double lo = 0.0, hi = 0.0;

  smb_canvas_get_scale_ends (self, side, &lo, &hi);
  if (layer->map_texture == NULL)
    layer->map_texture
        = smb_map_texture_new (layer->map, lo, hi, self->look.colours, threshold_of (self, side), MAP_PX);
  return layer->map_texture;
}

/* Quarters of the scale, and the threshold if there is one. */
static void
find_contours (SmbCanvas *self, SmbCanvasSide side)
{
  SmbCanvasLayer *layer = &self->layers[side];
  double lo, hi, threshold = threshold_of (self, side);

  layer->contours = g_array_new (FALSE, FALSE, sizeof (SmbContourLine));
  if (!smb_canvas_get_scale_ends (self, side, &lo, &hi) || !(hi > lo))
    return;
  for (int i = 0; i <= N_CONTOURS; i++) {
    double level = i == 0 ? threshold : lo + (hi - lo) * i / (N_CONTOURS + 1);
    g_autoptr (GArray) lines = NULL;

    if (isnan (level) || (i > 0 && level < threshold))
      continue;
    lines = smb_contour_find (layer->map, level, CONTOUR_STEPS);
    g_array_append_vals (layer->contours, lines->data, lines->len);
  }
}

static void
draw_contours (SmbCanvas *self, GtkSnapshot *snapshot, SmbCanvasSide side, graphene_rect_t area)
{
  SmbCanvasLayer *layer = &self->layers[side];
  cairo_t *cr;

  if (layer->contours == NULL)
    find_contours (self, side);
  if (layer->contours->len == 0)
    return;
  cr = gtk_snapshot_append_cairo (snapshot, &area);
  for (guint i = 0; i < layer->contours->len; i++) {
    const SmbContourLine *line = &g_array_index (layer->contours, SmbContourLine, i);

    cairo_move_to (cr, area.origin.x + line->x0 * area.size.width, area.origin.y + line->y0 * area.size.height);
    cairo_line_to (cr, area.origin.x + line->x1 * area.size.width, area.origin.y + line->y1 * area.size.height);
  }
  cairo_set_line_cap (cr, CAIRO_LINE_CAP_ROUND);
  cairo_set_source_rgba (cr, 0, 0, 0, 0.55);
  cairo_set_line_width (cr, 2.5);
  cairo_stroke_preserve (cr);
  gdk_cairo_set_source_rgba (cr, &smb_canvas_white);
  cairo_set_line_width (cr, 1.0);
  cairo_stroke (cr);
  cairo_destroy (cr);
}

void
smb_canvas_draw_map (SmbCanvas *self, GtkSnapshot *snapshot, SmbCanvasSide side)
{
  SmbCanvasLayer *layer = &self->layers[side];
  graphene_rect_t area;

  /* Regions are painted on the face itself. */
  if (layer->map == NULL || self->tool == SMB_TOOL_BRUSH)
    return;
  area = smb_canvas_to_rect (smb_canvas_rect_to_view (self, side, layer->map_area));
  gtk_snapshot_push_opacity (snapshot, self->look.opacity);
  gtk_snapshot_append_texture (snapshot, get_texture (self, side), &area);
  gtk_snapshot_pop (snapshot);
  if (self->look.contours && layer->map->values != NULL)
    draw_contours (self, snapshot, side, area);
}

static void
draw_bar (SmbCanvas *self, GtkSnapshot *snapshot, SmbCanvasSide side, float x, float y, float height)
{
  const SmbMap *map = self->layers[side].map;
  SmbColours colours = smb_map_get_colours (map, self->look.colours);
  GdkRGBA text = smb_canvas_named_colour (self, "smb_text");
  GdkRGBA dim = smb_canvas_named_colour (self, "smb_dim");
  double threshold = threshold_of (self, side);
  double lo = 0.0, hi = 0.0;

  smb_canvas_get_scale_ends (self, side, &lo, &hi);
  for (int row = 0; row < (int) height; row++) {
    guint8 rgb[3];
    double t = 1.0 - (row + 0.5) / height;
    GdkRGBA colour;

    smb_colours_lookup (colours, t, rgb);
    colour = (GdkRGBA){ rgb[0] / 255.0f, rgb[1] / 255.0f, rgb[2] / 255.0f,
                        lo + t * (hi - lo) < threshold ? 0.35f : 1.0f };
    gtk_snapshot_append_color (snapshot, &colour, &GRAPHENE_RECT_INIT (x, y + (float) row, LEGEND_BAR_WIDTH, 1));
  }
  smb_canvas_append_frame (snapshot, GRAPHENE_RECT_INIT (x - 1, y - 1, LEGEND_BAR_WIDTH + 2, height + 2), 1, 0, &dim);
  for (int tick = 0; tick <= 4; tick++) {
    float at = y + height * (1.0f - (float) tick / 4.0f);
    double at_tick = lo + (hi - lo) * tick / 4.0;
    /* Ends that differ by little need more digits to differ at all. */
    gboolean close = hi - lo < 0.05 * MAX (fabs (lo), fabs (hi));
    g_autofree char *value = close ? g_strdup_printf ("%.5g", at_tick) : smb_format_value (at_tick);
    g_autoptr (PangoLayout) number = smb_canvas_make_layout (self, value, 12, FALSE);
    int number_height;

    pango_layout_get_pixel_size (number, NULL, &number_height);
    gtk_snapshot_append_color (snapshot, &text,
                               &GRAPHENE_RECT_INIT (x + LEGEND_BAR_WIDTH + 1, roundf (at) - 0.5f, 5, 1));
    smb_canvas_append_layout (snapshot, number, x + LEGEND_BAR_WIDTH + 10, at - (float) number_height / 2, &text);
  }
  if (!isnan (threshold) && hi > lo) {
    float at = y + height * (float) (1.0 - (threshold - lo) / (hi - lo));
    cairo_t *cr = gtk_snapshot_append_cairo (snapshot, &GRAPHENE_RECT_INIT (x - 16, at - 8, 16, 16));
    GdkRGBA accent = smb_canvas_named_colour (self, "smb_accent");

    gdk_cairo_set_source_rgba (cr, &accent);
    cairo_move_to (cr, x - 2, at);
    cairo_line_to (cr, x - 9, at - 5);
    cairo_line_to (cr, x - 9, at + 5);
    cairo_close_path (cr);
    cairo_fill (cr);
    cairo_destroy (cr);
  }
}

/* How the colours came about, below the bar. */
static char *
make_foot (SmbCanvas *self, SmbCanvasSide side)
{
  SmbImage *image = smb_canvas_get_image (self, side);
  /* A map as wide as the picture is of the picture, not of a face. */
  gboolean whole = image != NULL && self->layers[side].map_area.width >= image->width;
  GString *text = g_string_new (shares_scale (self) ? _("same scale on both sides")
                                : whole             ? _("scale of this picture")
                                                    : _("per-face scale"));
  double threshold = threshold_of (self, side);

  if (!isnan (threshold)) {
    g_autofree char *limit = smb_format_value (threshold);

    g_string_append_c (text, '\n');
    g_string_append_printf (text, _("below %s hidden"), limit);
  }
  return g_string_free (text, FALSE);
}

/* right: where the legend's side of the view ends. */
void
smb_canvas_draw_legend (SmbCanvas *self, GtkSnapshot *snapshot, SmbCanvasSide side, float right)
{
  const SmbCanvasLayer *layer = &self->layers[side];
  gboolean rtl = gtk_widget_get_direction (GTK_WIDGET (self)) == GTK_TEXT_DIR_RTL;
  GdkRGBA ground = smb_canvas_named_colour (self, "smb_card");
  GdkRGBA text = smb_canvas_named_colour (self, "smb_text");
  GdkRGBA dim = smb_canvas_named_colour (self, "smb_dim");
  g_autoptr (PangoLayout) title = smb_canvas_make_layout (self, layer->map_title, 12, TRUE);
  g_autoptr (PangoLayout) subtitle = smb_canvas_make_layout (self, layer->map_subtitle, 12, FALSE);
  g_autoptr (PangoLayout) foot = NULL;
  gboolean grid = layer->map->values != NULL;
  float bar_height = grid ? MIN (LEGEND_BAR_HEIGHT, MAX (60.0f, (float) self->viewport.view_height - 220.0f)) : 0.0f;
  int title_width, title_height, subtitle_width, subtitle_height, foot_height = 0;
  float width, x, bar_y, height;

  pango_layout_get_pixel_size (title, &title_width, NULL);
  pango_layout_get_pixel_size (subtitle, &subtitle_width, NULL);
  width = CLAMP ((float) MAX (title_width, subtitle_width) + 22, LEGEND_MIN_WIDTH, LEGEND_MAX_WIDTH);
  pango_layout_set_width (title, (int) (width - 20) * PANGO_SCALE);
  pango_layout_set_width (subtitle, (int) (width - 20) * PANGO_SCALE);
  pango_layout_set_wrap (title, PANGO_WRAP_WORD_CHAR);
  pango_layout_set_wrap (subtitle, PANGO_WRAP_WORD_CHAR);
  pango_layout_get_pixel_size (title, NULL, &title_height);
  pango_layout_get_pixel_size (subtitle, NULL, &subtitle_height);
  if (grid) {
    g_autofree char *words = make_foot (self, side);

    foot = smb_canvas_make_layout (self, words, 12, FALSE);
    pango_layout_set_width (foot, (int) (width - 20) * PANGO_SCALE);
    pango_layout_set_wrap (foot, PANGO_WRAP_WORD_CHAR);
    pango_layout_get_pixel_size (foot, NULL, &foot_height);
  }
  height = 10 + (float) (title_height + subtitle_height) + (grid ? 14 + bar_height + 12 + (float) foot_height : 0) + 8;
  x = rtl ? right - (float) self->viewport.view_width + SMB_CANVAS_MARGIN : right - SMB_CANVAS_MARGIN - width;
  smb_canvas_append_rounded (snapshot, GRAPHENE_RECT_INIT (x, SMB_CANVAS_MARGIN, width, height), 6, &ground);
  smb_canvas_append_layout (snapshot, title, x + 10, SMB_CANVAS_MARGIN + 8, &text);
  smb_canvas_append_layout (snapshot, subtitle, x + 10, SMB_CANVAS_MARGIN + 8 + (float) title_height, &dim);
  if (!grid)
    return;
  bar_y = SMB_CANVAS_MARGIN + 10 + (float) (title_height + subtitle_height) + 14;
  draw_bar (self, snapshot, side, x + 16, bar_y, bar_height);
  smb_canvas_append_layout (snapshot, foot, x + 10, bar_y + bar_height + 12, &dim);
}
