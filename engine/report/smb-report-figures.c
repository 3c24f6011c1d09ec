/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures with boxes, maps over faces, colour bars: drawn the same into a PDF page and into an HTML file's image. */
#include "report/smb-report-private.h"

#include "explain/smb-overlay.h"

#include <math.h>

#define MAP_OPACITY 0.7
#define OVERLAY_PX 256 /* resolution at which a grid of patches is drawn */

PangoLayout *
smb_report_layout (cairo_t *cr, const char *families, double size, gboolean bold, const char *text)
{
  PangoLayout *layout = pango_cairo_create_layout (cr);
  g_autoptr (PangoAttrList) attributes = pango_attr_list_new ();
  g_autoptr (PangoFontDescription) font = pango_font_description_new ();
  cairo_font_options_t *options = cairo_font_options_create ();

  cairo_font_options_set_hint_style (options, CAIRO_HINT_STYLE_NONE);
  cairo_font_options_set_hint_metrics (options, CAIRO_HINT_METRICS_OFF);
  cairo_font_options_set_antialias (options, CAIRO_ANTIALIAS_GRAY);
  pango_cairo_context_set_font_options (pango_layout_get_context (layout), options);
  cairo_font_options_destroy (options);
  pango_cairo_context_set_resolution (pango_layout_get_context (layout), 72.0);
  pango_layout_context_changed (layout);
  pango_font_description_set_family (font, families);
  pango_font_description_set_size (font, (int) lround (size * PANGO_SCALE));
  if (bold)
    pango_font_description_set_weight (font, PANGO_WEIGHT_BOLD);
  pango_layout_set_font_description (layout, font);
  pango_layout_set_wrap (layout, PANGO_WRAP_WORD_CHAR);
  /* A hyphen where a hash or a path wraps would look like one of its characters. */
  pango_attr_list_insert (attributes, pango_attr_insert_hyphens_new (FALSE));
  pango_layout_set_attributes (layout, attributes);
  pango_layout_set_text (layout, text, -1);
  return layout;
}

static cairo_surface_t *
surface_of_rgb (const guint8 *rgb, int width, int height)
{
  cairo_surface_t *surface = cairo_image_surface_create (CAIRO_FORMAT_RGB24, width, height);
  guint8 *pixels = cairo_image_surface_get_data (surface);
  int stride = cairo_image_surface_get_stride (surface);

  if (cairo_surface_status (surface) != CAIRO_STATUS_SUCCESS)
    return surface;
  cairo_surface_flush (surface);
  for (int y = 0; y < height; y++) {
    guint32 *row = (guint32 *) (gpointer) (pixels + (gsize) y * (gsize) stride);

    for (int x = 0; x < width; x++, rgb += 3)
      row[x] = (guint32) rgb[0] << 16 | (guint32) rgb[1] << 8 | rgb[2];
  }
  cairo_surface_mark_dirty (surface);
  return surface;
}

static void
paint_surface (cairo_t *cr, cairo_surface_t *surface, double x, double y, double width, double height)
{
  double columns = cairo_image_surface_get_width (surface);
  double rows = cairo_image_surface_get_height (surface);

  cairo_save (cr);
  cairo_rectangle (cr, x, y, width, height);
  cairo_clip (cr);
  cairo_translate (cr, x, y);
  cairo_scale (cr, width / columns, height / rows);
  cairo_set_source_surface (cr, surface, 0, 0);
  cairo_pattern_set_filter (cairo_get_source (cr), CAIRO_FILTER_GOOD);
  /* Without this the rim fades into the paper. */
  cairo_pattern_set_extend (cairo_get_source (cr), CAIRO_EXTEND_PAD);
  cairo_paint (cr);
  cairo_restore (cr);
}

void
smb_report_draw_image (cairo_t *cr, const SmbImage *image, double x, double y, double width, double height)
{
  g_autoptr (cairo_surface_t) surface = surface_of_rgb (smb_image_get_pixels (image), image->width, image->height);

  paint_surface (cr, surface, x, y, width, height);
}

gboolean
smb_report_map_has_scale (const SmbMap *map)
{
  return map->values != NULL && isfinite (map->min) && isfinite (map->max);
}

/* The part of the crop that the map is about, square of `size`. */
static void
draw_face_under (cairo_t *cr, const SmbImage *crop, const SmbMap *map, double attention_part, double x, double y,
                 double size)
{
  gboolean of_detector = smb_map_kind_is_of_detector (map->spec.kind);
  double part = of_detector && attention_part > 0.0 && attention_part < 1.0 ? attention_part : 1.0;
  double whole = size / part;
  double beyond = (whole - size) / 2;

  cairo_save (cr);
  cairo_rectangle (cr, x, y, size, size);
  cairo_clip (cr);
  smb_report_draw_image (cr, crop, x - beyond, y - beyond, whole, whole);
  cairo_restore (cr);
}

void
smb_report_draw_map (cairo_t *cr, const SmbImage *crop, const SmbMap *map, double attention_part, SmbColours colours,
                     double x, double y, double size)
{
  if (map->rgb != NULL) {
    g_autoptr (cairo_surface_t) surface = surface_of_rgb (map->rgb, map->rgb_size, map->rgb_size);

    paint_surface (cr, surface, x, y, size, size);
    return;
  }
  cairo_set_source_rgb (cr, 0.81, 0.82, 0.83);
  cairo_rectangle (cr, x, y, size, size);
  cairo_fill (cr);
  if (crop != NULL)
    draw_face_under (cr, crop, map, attention_part, x, y, size);
  if (smb_report_map_has_scale (map)) {
    g_autoptr (cairo_surface_t) surface = cairo_image_surface_create (CAIRO_FORMAT_ARGB32, OVERLAY_PX, OVERLAY_PX);

    /* The rows of ARGB32 have no padding, as the overlay wants it. */
    cairo_surface_flush (surface);
    smb_overlay_render (cairo_image_surface_get_data (surface), OVERLAY_PX, OVERLAY_PX, map, map->min, map->max,
                        colours, crop != NULL ? MAP_OPACITY : 1.0, NAN);
    cairo_surface_mark_dirty (surface);
    paint_surface (cr, surface, x, y, size, size);
  }
}

void
smb_report_draw_bar (cairo_t *cr, SmbColours colours, double x, double y, double width, double height)
{
  g_autoptr (cairo_surface_t) surface = NULL;
  guint8 row[256 * 3];

  for (int i = 0; i < 256; i++)
    smb_colours_lookup (colours, i / 255.0, row + 3 * i);
  surface = surface_of_rgb (row, 256, 1);
  paint_surface (cr, surface, x, y, width, height);
}

typedef struct {
  double x, y, width, height;
} Rect;

static gboolean
overlap (Rect a, Rect b)
{
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

/* Where a label of this size goes: the first place around the box that lies in the picture and touches no label placed
 * before; in a crowd the one above the box. */
static Rect
place_label (Rect box, double width, double height, Rect picture, GArray *taken)
{
  const double places[][2] = {
    { box.x, box.y - height },
    { box.x, box.y + box.height },
    { box.x + box.width - width, box.y - height },
    { box.x + box.width - width, box.y + box.height },
    { box.x, box.y },
    { box.x + box.width, box.y },
    { box.x - width, box.y },
  };
  Rect first = { 0 };

  for (gsize i = 0; i < G_N_ELEMENTS (places); i++) {
    Rect rect = { places[i][0], places[i][1], width, height };
    gboolean free = rect.y >= picture.y && rect.y + height <= picture.y + picture.height;

    rect.x = CLAMP (rect.x, picture.x, MAX (picture.x, picture.x + picture.width - width));
    if (i == 0) {
      first = rect;
      first.y = CLAMP (first.y, picture.y, MAX (picture.y, picture.y + picture.height - height));
    }
    for (guint k = 0; free && k < taken->len; k++)
      free = !overlap (rect, g_array_index (taken, Rect, k));
    if (free)
      return rect;
  }
  return first;
}

static void
draw_face_label (cairo_t *cr, const SmbFaceResult *result, guint index, Rect box, Rect picture, double font_px,
                 GArray *taken)
{
  g_autofree char *name = smb_report_face_label (index);
  g_autofree char *score = smb_report_score (result);
  g_autofree char *text = g_strdup_printf ("%s  %s", name, score);
  g_autoptr (PangoLayout) layout = smb_report_layout (cr, SMB_REPORT_SANS, font_px, TRUE, text);
  double pad = font_px * 0.3;
  int width, height;
  Rect rect;

  pango_layout_get_size (layout, &width, &height);
  rect = place_label (box, (double) width / PANGO_SCALE + 2 * pad, (double) height / PANGO_SCALE + pad, picture, taken);
  g_array_append_val (taken, rect);
  cairo_set_source_rgba (cr, 0.11, 0.12, 0.13, 0.88);
  cairo_rectangle (cr, rect.x, rect.y, rect.width, rect.height);
  cairo_fill (cr);
  cairo_set_source_rgb (cr, 1, 1, 1);
  cairo_move_to (cr, rect.x + pad, rect.y + pad / 2);
  pango_cairo_show_layout (cr, layout);
}

void
smb_report_draw_picture (cairo_t *cr, const SmbReportExhibit *exhibit, double x, double y, double width, double height,
                         double font_px)
{
  const SmbImage *picture = exhibit->picture;
  double scale = exhibit->picture_scale * width / picture->width;
  g_autoptr (GArray) taken = g_array_new (FALSE, FALSE, sizeof (Rect));
  Rect frame = { x, y, width, height };

  smb_report_draw_image (cr, picture, x, y, width, height);
  if (exhibit->analysis == NULL || exhibit->no_boxes)
    return;
  cairo_save (cr);
  cairo_rectangle (cr, x, y, width, height);
  cairo_clip (cr);
  for (int pass = 0; pass < 2; pass++) { /* labels last: over every box */
    for (guint i = 0; i < exhibit->analysis->faces->len; i++) {
      const SmbFaceResult *result = g_ptr_array_index (exhibit->analysis->faces, i);
      SmbBox b = result->face.box;
      Rect box = { x + b.x * scale, y + b.y * scale, b.width * scale, b.height * scale };

      if (!smb_report_shows (exhibit, i))
        continue;
      if (pass == 1) {
        draw_face_label (cr, result, i, box, frame, font_px, taken);
        continue;
      }
      /* White under the accent, so that the box shows on any ground. */
      cairo_rectangle (cr, box.x, box.y, box.width, box.height);
      cairo_set_source_rgb (cr, 1, 1, 1);
      cairo_set_line_width (cr, font_px * 0.34);
      cairo_stroke_preserve (cr);
      cairo_set_source_rgb (cr, 0x1a / 255.0, 0x5f / 255.0, 0xb4 / 255.0);
      cairo_set_line_width (cr, font_px * 0.17);
      cairo_stroke (cr);
    }
  }
  cairo_restore (cr);
}
