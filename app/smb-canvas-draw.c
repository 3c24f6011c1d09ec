/* SPDX-License-Identifier: Apache-2.0 */
/* What the canvas shows, back to front: picture, map, boxes, labels, rubber band, overview, legend. */
#include "smb-canvas-private.h"

#include "explain/smb-overlay.h"

#include <glib/gi18n.h>
#include <math.h>

#define PX_PER_CELL 24
#define MARGIN 12.0f
#define OVERVIEW_SIDE 124.0
#define LEGEND_MIN_WIDTH 104.0f
#define LEGEND_MAX_WIDTH 152.0f
#define LEGEND_BAR_WIDTH 14.0f
#define LEGEND_BAR_HEIGHT 216.0f
#define HANDLE 7.0f

static const GdkRGBA label_ground = { 0.09f, 0.09f, 0.10f, 0.90f };
static const GdkRGBA label_text = { 1.0f, 1.0f, 1.0f, 1.0f };
static const GdkRGBA white = { 1.0f, 1.0f, 1.0f, 1.0f };

static GdkRGBA
named_colour (SmbCanvas *self, const char *name)
{
  GdkRGBA colour = { 0.5f, 0.5f, 0.5f, 1.0f };

  gtk_style_context_lookup_color (gtk_widget_get_style_context (GTK_WIDGET (self)), name, &colour);
  return colour;
}

static graphene_rect_t
to_rect (SmbViewRect rect)
{
  return GRAPHENE_RECT_INIT ((float) rect.x, (float) rect.y, (float) rect.width, (float) rect.height);
}

static PangoLayout *
make_layout (SmbCanvas *self, const char *text, int size_px, gboolean bold)
{
  PangoLayout *layout = gtk_widget_create_pango_layout (GTK_WIDGET (self), text);
  PangoFontDescription *font = pango_font_description_copy (
      pango_context_get_font_description (gtk_widget_get_pango_context (GTK_WIDGET (self))));
  PangoAttrList *attributes = pango_attr_list_new ();

  pango_font_description_set_absolute_size (font, size_px * PANGO_SCALE);
  pango_font_description_set_weight (font, bold ? PANGO_WEIGHT_SEMIBOLD : PANGO_WEIGHT_NORMAL);
  pango_layout_set_font_description (layout, font);
  pango_attr_list_insert (attributes, pango_attr_font_features_new ("tnum=1"));
  pango_layout_set_attributes (layout, attributes);
  pango_attr_list_unref (attributes);
  pango_font_description_free (font);
  return layout;
}

static void
append_layout (GtkSnapshot *snapshot, PangoLayout *layout, float x, float y, const GdkRGBA *colour)
{
  gtk_snapshot_save (snapshot);
  gtk_snapshot_translate (snapshot, &GRAPHENE_POINT_INIT (roundf (x), roundf (y)));
  gtk_snapshot_append_layout (snapshot, layout, colour);
  gtk_snapshot_restore (snapshot);
}

static void
append_rounded (GtkSnapshot *snapshot, graphene_rect_t rect, float radius, const GdkRGBA *colour)
{
  GskRoundedRect rounded;

  gsk_rounded_rect_init_from_rect (&rounded, &rect, radius);
  gtk_snapshot_push_rounded_clip (snapshot, &rounded);
  gtk_snapshot_append_color (snapshot, colour, &rect);
  gtk_snapshot_pop (snapshot);
}

static void
append_frame (GtkSnapshot *snapshot, graphene_rect_t rect, float width, float radius, const GdkRGBA *colour)
{
  GskRoundedRect rounded;
  float widths[4] = { width, width, width, width };
  GdkRGBA colours[4] = { *colour, *colour, *colour, *colour };

  gsk_rounded_rect_init_from_rect (&rounded, &rect, radius);
  gtk_snapshot_append_border (snapshot, &rounded, widths, colours);
}

/* The map's ends: its own smallest and largest value, so a scale for each face. */
static void
map_scale (const SmbMap *map, double *lo, double *hi)
{
  *lo = map->spec.kind == SMB_MAP_ERROR ? 0.0 : map->min;
  *hi = map->max;
}

static double
map_threshold (SmbCanvas *self)
{
  double lo, hi;

  if (self->look.threshold <= 0.0)
    return NAN;
  map_scale (self->map, &lo, &hi);
  return lo + self->look.threshold * (hi - lo);
}

static GdkTexture *
get_map_texture (SmbCanvas *self)
{
  int width, height;
  double lo, hi;
  guint8 *rgba;
  g_autoptr (GBytes) bytes = NULL;

  if (self->map_texture != NULL)
    return self->map_texture;
  width = self->map->rgb != NULL ? self->map->rgb_size : self->map->columns * PX_PER_CELL;
  height = self->map->rgb != NULL ? self->map->rgb_size : self->map->rows * PX_PER_CELL;
  map_scale (self->map, &lo, &hi);
  rgba = g_malloc ((gsize) width * (gsize) height * 4);
  smb_overlay_render (rgba, width, height, self->map, lo, hi, self->look.colours, 1.0, map_threshold (self));
  bytes = g_bytes_new_take (rgba, (gsize) width * (gsize) height * 4);
  self->map_texture = gdk_memory_texture_new (width, height, GDK_MEMORY_B8G8R8A8_PREMULTIPLIED, bytes,
                                              (gsize) width * 4);
  return self->map_texture;
}

static void
draw_boxes (SmbCanvas *self, GtkSnapshot *snapshot)
{
  GdkRGBA accent = named_colour (self, "smb_box");

  for (guint i = 0; i < self->faces->len; i++) {
    const SmbCanvasFace *face = &g_array_index (self->faces, SmbCanvasFace, i);
    SmbViewRect view = smb_viewport_rect_to_view (&self->viewport, face->box);
    graphene_rect_t rect = to_rect (view);
    gboolean selected = (int) i == self->selected;
    g_autoptr (PangoLayout) layout = NULL;
    graphene_rect_t label;
    int width, height;

    /* A dark line outside a bright one: seen on any picture. */
    append_frame (snapshot, GRAPHENE_RECT_INIT (rect.origin.x - 1, rect.origin.y - 1, rect.size.width + 2, rect.size.height + 2),
                  1, 0, &label_ground);
    append_frame (snapshot, rect, selected ? 2 : 1, 0, selected ? &accent : &white);
    for (int corner = 0; selected && corner < 8; corner++) {
      static const float at[8][2] = { { 0, 0 }, { .5f, 0 }, { 1, 0 }, { 1, .5f }, { 1, 1 }, { .5f, 1 }, { 0, 1 }, { 0, .5f } };
      graphene_rect_t handle = GRAPHENE_RECT_INIT (
          roundf (rect.origin.x + at[corner][0] * rect.size.width - HANDLE / 2),
          roundf (rect.origin.y + at[corner][1] * rect.size.height - HANDLE / 2), HANDLE, HANDLE);

      gtk_snapshot_append_color (snapshot, &label_ground, &handle);
      graphene_rect_inset (&handle, 1, 1);
      gtk_snapshot_append_color (snapshot, &white, &handle);
    }
    layout = make_layout (self, face->label, 12, selected);
    pango_layout_get_pixel_size (layout, &width, &height);
    label = GRAPHENE_RECT_INIT (rect.origin.x, rect.origin.y - (float) height - 8, (float) width + 12, (float) height + 4);
    label.origin.x = CLAMP (label.origin.x, 0, MAX (0, (float) self->viewport.view_width - label.size.width));
    if (label.origin.y < 0)
      label.origin.y = MAX (rect.origin.y + 6, 0);
    append_rounded (snapshot, label, 3, &label_ground);
    append_layout (snapshot, layout, label.origin.x + 6, label.origin.y + 2, &label_text);
  }
}

static void
draw_rubber (SmbCanvas *self, GtkSnapshot *snapshot)
{
  GdkRGBA accent = named_colour (self, "smb_box");
  SmbBox box;
  graphene_rect_t rect;

  if (!smb_viewport_square_from_drag (&self->viewport, self->rubber_x0, self->rubber_y0, self->rubber_x1,
                                      self->rubber_y1, 1, &box))
    return;
  rect = to_rect (smb_viewport_rect_to_view (&self->viewport, (SmbViewRect){ box.x, box.y, box.width, box.height }));
  append_frame (snapshot, GRAPHENE_RECT_INIT (rect.origin.x - 1, rect.origin.y - 1, rect.size.width + 2, rect.size.height + 2),
                1, 0, &label_ground);
  append_frame (snapshot, rect, 2, 0, &accent);
}

/* A sentence in the middle of an empty canvas, or at the top while drawing. */
static void
draw_sentence (SmbCanvas *self, GtkSnapshot *snapshot, const char *text, gboolean on_top)
{
  g_autoptr (PangoLayout) layout = make_layout (self, text, 13, FALSE);
  GdkRGBA colour = on_top ? label_text : named_colour (self, "smb_text");
  int width, height;
  float x, y;

  pango_layout_set_width (layout, (int) MAX (self->viewport.view_width - 48.0, 60.0) * PANGO_SCALE);
  pango_layout_set_wrap (layout, PANGO_WRAP_WORD_CHAR);
  pango_layout_set_alignment (layout, PANGO_ALIGN_CENTER);
  pango_layout_get_pixel_size (layout, NULL, &height);
  width = (int) MAX (self->viewport.view_width - 48.0, 60.0);
  x = ((float) self->viewport.view_width - (float) width) / 2;
  y = on_top ? MARGIN + 6 : ((float) self->viewport.view_height - (float) height) / 2;
  if (on_top) {
    PangoRectangle extents;

    pango_layout_get_pixel_extents (layout, NULL, &extents);
    append_rounded (snapshot,
                    GRAPHENE_RECT_INIT (x + (float) extents.x - 12, y - 6, (float) extents.width + 24, (float) height + 12),
                    6, &label_ground);
  }
  append_layout (snapshot, layout, x, y, &colour);
}

gboolean
smb_canvas_get_overview (SmbCanvas *self, SmbViewRect *rect)
{
  double scale;

  if (self->image == NULL || !smb_viewport_is_cropped (&self->viewport) || self->viewport.view_width < 360.0 ||
      self->viewport.view_height < 280.0)
    return FALSE;
  scale = OVERVIEW_SIDE / MAX (self->viewport.image_width, self->viewport.image_height);
  rect->width = self->viewport.image_width * scale;
  rect->height = self->viewport.image_height * scale;
  rect->x = MARGIN;
  if (gtk_widget_get_direction (GTK_WIDGET (self)) == GTK_TEXT_DIR_RTL)
    rect->x = self->viewport.view_width - MARGIN - rect->width;
  rect->y = self->viewport.view_height - MARGIN - rect->height;
  return TRUE;
}

static void
draw_overview (SmbCanvas *self, GtkSnapshot *snapshot)
{
  static const GdkRGBA shade = { 0.0f, 0.0f, 0.0f, 0.45f };
  SmbViewRect inset, seen;
  graphene_rect_t rect, window, face_rect;
  double scale;
  GdkRGBA accent = named_colour (self, "smb_box");

  if (!smb_canvas_get_overview (self, &inset))
    return;
  scale = inset.width / self->viewport.image_width;
  rect = to_rect (inset);
  seen = smb_viewport_get_visible (&self->viewport);
  window = GRAPHENE_RECT_INIT ((float) (inset.x + seen.x * scale), (float) (inset.y + seen.y * scale),
                               (float) (seen.width * scale), (float) (seen.height * scale));
  gtk_snapshot_append_texture (snapshot, self->texture, &rect);
  gtk_snapshot_append_color (snapshot, &shade, &rect);
  gtk_snapshot_push_clip (snapshot, &window);
  gtk_snapshot_append_texture (snapshot, self->texture, &rect);
  gtk_snapshot_pop (snapshot);
  for (guint i = 0; i < self->faces->len; i++) {
    SmbViewRect box = g_array_index (self->faces, SmbCanvasFace, i).box;

    face_rect = GRAPHENE_RECT_INIT ((float) (inset.x + box.x * scale), (float) (inset.y + box.y * scale),
                                    (float) (box.width * scale), (float) (box.height * scale));
    append_frame (snapshot, face_rect, 1, 0, (int) i == self->selected ? &accent : &white);
  }
  append_frame (snapshot, window, 2, 0, &white);
  append_frame (snapshot, rect, 1, 0, &label_ground);
}

/* Three significant figures: attention over 196 patches lives around 0.005, errors around 1. */
static char *
format_value (double value)
{
  if (fabs (value) >= 0.0995 || value == 0.0)
    return g_strdup_printf ("%.2f", value);
  if (fabs (value) >= 0.000995)
    return g_strdup_printf ("%.4f", value);
  return g_strdup_printf ("%.1e", value);
}

static void
draw_legend (SmbCanvas *self, GtkSnapshot *snapshot)
{
  gboolean rtl = gtk_widget_get_direction (GTK_WIDGET (self)) == GTK_TEXT_DIR_RTL;
  GdkRGBA ground = named_colour (self, "smb_card");
  GdkRGBA text = named_colour (self, "smb_text");
  GdkRGBA dim = named_colour (self, "smb_dim");
  GdkRGBA accent = named_colour (self, "smb_accent");
  g_autoptr (PangoLayout) title = make_layout (self, self->map_title, 12, TRUE);
  g_autoptr (PangoLayout) subtitle = make_layout (self, self->map_subtitle, 12, FALSE);
  g_autoptr (PangoLayout) foot = NULL;
  g_autoptr (GString) notes = g_string_new (NULL);
  gboolean grid = self->map->values != NULL;
  float bar_height = grid ? MIN (LEGEND_BAR_HEIGHT, MAX (60.0f, (float) self->viewport.view_height - 220.0f)) : 0.0f;
  float width;
  float x, y, bar_x, bar_y, height;
  int title_width, title_height, subtitle_width, subtitle_height, foot_height = 0;
  double lo, hi;

  map_scale (self->map, &lo, &hi);
  pango_layout_get_pixel_size (title, &title_width, NULL);
  pango_layout_get_pixel_size (subtitle, &subtitle_width, NULL);
  width = CLAMP ((float) MAX (title_width, subtitle_width) + 22, LEGEND_MIN_WIDTH, LEGEND_MAX_WIDTH);
  pango_layout_set_width (title, (int) (width - 20) * PANGO_SCALE);
  pango_layout_set_width (subtitle, (int) (width - 20) * PANGO_SCALE);
  pango_layout_get_pixel_size (title, NULL, &title_height);
  pango_layout_get_pixel_size (subtitle, NULL, &subtitle_height);
  if (grid) {
    g_string_append (notes, _("per-face scale"));
    if (self->look.threshold > 0.0) {
      g_autofree char *limit = format_value (map_threshold (self));

      g_string_append_c (notes, '\n');
      g_string_append_printf (notes, _("below %s hidden"), limit);
    }
    foot = make_layout (self, notes->str, 12, FALSE);
    pango_layout_set_width (foot, (int) (width - 20) * PANGO_SCALE);
    pango_layout_set_wrap (foot, PANGO_WRAP_WORD_CHAR);
    pango_layout_get_pixel_size (foot, NULL, &foot_height);
  }
  height = 10 + (float) (title_height + subtitle_height) + (grid ? 14 + bar_height + 12 + (float) foot_height : 0) + 8;
  x = rtl ? MARGIN : (float) self->viewport.view_width - MARGIN - width;
  y = MARGIN;
  append_rounded (snapshot, GRAPHENE_RECT_INIT (x, y, width, height), 6, &ground);
  append_layout (snapshot, title, x + 10, y + 8, &text);
  append_layout (snapshot, subtitle, x + 10, y + 8 + (float) title_height, &dim);
  if (!grid)
    return;
  bar_x = x + 16;
  bar_y = y + 10 + (float) (title_height + subtitle_height) + 14;
  for (int row = 0; row < (int) bar_height; row++) {
    guint8 rgb[3];
    double t = 1.0 - (row + 0.5) / bar_height;
    GdkRGBA colour;

    smb_colours_lookup (self->look.colours, t, rgb);
    colour = (GdkRGBA){ rgb[0] / 255.0f, rgb[1] / 255.0f, rgb[2] / 255.0f, t < self->look.threshold ? 0.35f : 1.0f };
    gtk_snapshot_append_color (snapshot, &colour, &GRAPHENE_RECT_INIT (bar_x, bar_y + (float) row, LEGEND_BAR_WIDTH, 1));
  }
  append_frame (snapshot, GRAPHENE_RECT_INIT (bar_x - 1, bar_y - 1, LEGEND_BAR_WIDTH + 2, bar_height + 2), 1, 0, &dim);
  for (int tick = 0; tick <= 4; tick++) {
    float at = bar_y + bar_height * (1.0f - (float) tick / 4.0f);
    g_autofree char *value = format_value (lo + (hi - lo) * tick / 4.0);
    g_autoptr (PangoLayout) number = make_layout (self, value, 12, FALSE);
    int number_height;

    pango_layout_get_pixel_size (number, NULL, &number_height);
    gtk_snapshot_append_color (snapshot, &text, &GRAPHENE_RECT_INIT (bar_x + LEGEND_BAR_WIDTH + 1, roundf (at) - 0.5f, 5, 1));
    append_layout (snapshot, number, bar_x + LEGEND_BAR_WIDTH + 10, at - (float) number_height / 2, &text);
  }
  if (self->look.threshold > 0.0) {
    float at = bar_y + bar_height * (1.0f - (float) self->look.threshold);
    cairo_t *cr = gtk_snapshot_append_cairo (snapshot, &GRAPHENE_RECT_INIT (x, at - 8, 16, 16));

    gdk_cairo_set_source_rgba (cr, &accent);
    cairo_move_to (cr, bar_x - 2, at);
    cairo_line_to (cr, bar_x - 9, at - 5);
    cairo_line_to (cr, bar_x - 9, at + 5);
    cairo_close_path (cr);
    cairo_fill (cr);
    cairo_destroy (cr);
  }
  append_layout (snapshot, foot, x + 10, bar_y + bar_height + 12, &dim);
}

void
smb_canvas_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  SmbCanvas *self = SMB_CANVAS (widget);
  SmbViewRect whole = { 0, 0, self->viewport.image_width, self->viewport.image_height };
  graphene_rect_t rect;

  if (self->texture == NULL) {
    if (self->message != NULL)
      draw_sentence (self, snapshot, self->message, FALSE);
    return;
  }
  rect = to_rect (smb_viewport_rect_to_view (&self->viewport, whole));
  gtk_snapshot_append_texture (snapshot, self->texture, &rect);
  if (self->map != NULL) {
    graphene_rect_t area = to_rect (smb_viewport_rect_to_view (&self->viewport, self->map_area));

    gtk_snapshot_push_opacity (snapshot, self->look.opacity);
    gtk_snapshot_append_texture (snapshot, get_map_texture (self), &area);
    gtk_snapshot_pop (snapshot);
  }
  draw_boxes (self, snapshot);
  if (self->has_rubber)
    draw_rubber (self, snapshot);
  draw_overview (self, snapshot);
  if (self->map != NULL && self->look.legend && !self->drawing && self->viewport.view_width > 300.0)
    draw_legend (self, snapshot);
  if (self->drawing)
    draw_sentence (self, snapshot,
                   _("Drag a square over the face. With the keyboard: arrows move it, Shift and arrows resize it, "
                     "Enter takes it, Escape puts the tool away."),
                   TRUE);
}
