/* SPDX-License-Identifier: Apache-2.0 */
#include "smb-canvas-private.h"

#include "explain/smb-overlay.h"
#include "smb-format.h"

#include <glib/gi18n.h>
#include <math.h>

#define BLINK_MS 700

G_DEFINE_FINAL_TYPE (SmbCanvas, smb_canvas, GTK_TYPE_WIDGET)

static void
clear_face (gpointer data)
{
  SmbCanvasFace *face = data;

  g_free (face->label);
}

static void
smb_canvas_dispose (GObject *object)
{
  SmbCanvas *self = SMB_CANVAS (object);

  g_clear_handle_id (&self->blink_source, g_source_remove);
  G_OBJECT_CLASS (smb_canvas_parent_class)->dispose (object);
}

static void
smb_canvas_finalize (GObject *object)
{
  SmbCanvas *self = SMB_CANVAS (object);

  for (int side = 0; side < SMB_N_SIDES; side++) {
    SmbCanvasLayer *layer = &self->layers[side];

    g_clear_pointer (&layer->tiles, smb_tiles_unref);
    g_free (layer->message);
    g_free (layer->name);
    g_clear_pointer (&layer->faces, g_array_unref);
    g_clear_pointer (&layer->map, smb_map_free);
    g_free (layer->map_title);
    g_free (layer->map_subtitle);
    smb_canvas_layer_forget_map (layer);
  }
  g_free (self->marked);
  g_clear_object (&self->paint);
  G_OBJECT_CLASS (smb_canvas_parent_class)->finalize (object);
}

static void
smb_canvas_measure (GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum, int *natural,
                    int *minimum_baseline, int *natural_baseline)
{
  *minimum = orientation == GTK_ORIENTATION_HORIZONTAL ? 240 : 160;
  *natural = orientation == GTK_ORIENTATION_HORIZONTAL ? 640 : 480;
}

double
smb_canvas_get_half (SmbCanvas *self)
{
  return self->mode == SMB_CANVAS_BESIDE ? self->viewport.view_width + 1.0 : 0.0;
}

static void
share_out (SmbCanvas *self, int width, int height)
{
  smb_viewport_set_view (&self->viewport, self->mode == SMB_CANVAS_BESIDE ? floor ((width - 1) / 2.0) : width, height);
}

static void
smb_canvas_size_allocate (GtkWidget *widget, int width, int height, int baseline)
{
  SmbCanvas *self = SMB_CANVAS (widget);

  share_out (self, width, height);
  g_signal_emit_by_name (self, "view-changed");
}

static void
add_signal (const char *name, guint n, const GType types[])
{
  g_signal_newv (name, SMB_TYPE_CANVAS, G_SIGNAL_RUN_LAST, NULL, NULL, NULL, NULL, G_TYPE_NONE, n, (GType *) types);
}

static void
smb_canvas_class_init (SmbCanvasClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = smb_canvas_dispose;
  G_OBJECT_CLASS (klass)->finalize = smb_canvas_finalize;
  widget_class->measure = smb_canvas_measure;
  widget_class->size_allocate = smb_canvas_size_allocate;
  widget_class->snapshot = smb_canvas_snapshot;
  gtk_widget_class_set_css_name (widget_class, "canvas");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_IMG);
  add_signal ("view-changed", 0, NULL);
  add_signal ("tool-dropped", 0, NULL);
  add_signal ("hover", 3, (const GType[]){ G_TYPE_INT, G_TYPE_DOUBLE, G_TYPE_DOUBLE });
  add_signal ("face-activated", 1, (const GType[]){ G_TYPE_INT });
  add_signal ("box-drawn", 3, (const GType[]){ G_TYPE_INT, G_TYPE_INT, G_TYPE_INT });
  add_signal ("box-corrected", 4, (const GType[]){ G_TYPE_INT, G_TYPE_INT, G_TYPE_INT, G_TYPE_INT });
  add_signal ("patch-picked", 1, (const GType[]){ G_TYPE_INT });
  add_signal ("patch-marked", 2, (const GType[]){ G_TYPE_INT, G_TYPE_BOOLEAN });
  add_signal ("stroke", 4, (const GType[]){ G_TYPE_DOUBLE, G_TYPE_DOUBLE, G_TYPE_DOUBLE, G_TYPE_DOUBLE });
}

static void
smb_canvas_init (SmbCanvas *self)
{
  for (int side = 0; side < SMB_N_SIDES; side++) {
    self->layers[side].faces = g_array_new (FALSE, TRUE, sizeof (SmbCanvasFace));
    g_array_set_clear_func (self->layers[side].faces, clear_face);
    self->layers[side].selected = -1;
  }
  self->look = (SmbOverlayLook){ .opacity = 0.6, .colours = SMB_COLOURS_VIRIDIS, .legend = TRUE };
  self->viewport.scale = 1.0;
  self->viewport.fit = TRUE;
  self->divider = 0.5;
  self->picked = self->cursor = self->correcting = -1;
  self->pointer_x = self->pointer_y = -1.0;
  gtk_widget_set_focusable (GTK_WIDGET (self), TRUE);
  gtk_widget_set_overflow (GTK_WIDGET (self), GTK_OVERFLOW_HIDDEN);
  smb_canvas_add_controllers (self);
}

SmbImage *
smb_canvas_get_image (SmbCanvas *self, SmbCanvasSide side)
{
  return self->layers[side].tiles != NULL ? smb_tiles_get_image (self->layers[side].tiles) : NULL;
}

/* Where things lie. */

static const SmbCanvasFace *
chosen_face (const SmbCanvasLayer *layer)
{
  return layer->selected >= 0 && layer->selected < (int) layer->faces->len
             ? &g_array_index (layer->faces, SmbCanvasFace, layer->selected)
             : NULL;
}

void
smb_canvas_get_alignment (SmbCanvas *self, double *scale, double *x, double *y)
{
  SmbImage *a = smb_canvas_get_image (self, SMB_SIDE_A), *b = smb_canvas_get_image (self, SMB_SIDE_B);
  const SmbCanvasFace *face_a = chosen_face (&self->layers[SMB_SIDE_A]);
  const SmbCanvasFace *face_b = chosen_face (&self->layers[SMB_SIDE_B]);

  *scale = 1.0;
  *x = *y = 0.0;
  if (a == NULL || b == NULL || a == b)
    return;
  if (face_a != NULL && face_b != NULL) {
    *scale = face_b->box.width / MAX (face_a->box.width, 1.0);
    *x = face_b->box.x - face_a->box.x * *scale;
    *y = face_b->box.y - face_a->box.y * *scale;
  } else {
    *scale = (double) b->width / a->width;
    *y = (b->height - a->height * *scale) / 2.0;
  }
}

SmbViewRect
smb_canvas_rect_to_view (SmbCanvas *self, SmbCanvasSide side, SmbViewRect rect)
{
  if (side == SMB_SIDE_B) {
    double scale, x, y;

    smb_canvas_get_alignment (self, &scale, &x, &y);
    rect = (SmbViewRect){ (rect.x - x) / scale, (rect.y - y) / scale, rect.width / scale, rect.height / scale };
  }
  return smb_viewport_rect_to_view (&self->viewport, rect);
}

SmbCanvasSide
smb_canvas_side_at (SmbCanvas *self, double x)
{
  switch (self->mode) {
    case SMB_CANVAS_BESIDE:
      return x >= smb_canvas_get_half (self) ? SMB_SIDE_B : SMB_SIDE_A;
    case SMB_CANVAS_SWIPE:
      return x >= self->divider * self->viewport.view_width ? SMB_SIDE_B : SMB_SIDE_A;
    case SMB_CANVAS_BLINK:
      return self->blink_second ? SMB_SIDE_B : SMB_SIDE_A;
    case SMB_CANVAS_ONE:
    default:
      return SMB_SIDE_A;
  }
}

void
smb_canvas_to_side (SmbCanvas *self, SmbCanvasSide side, double x, double y, double *side_x, double *side_y)
{
  if (side == SMB_SIDE_B && self->mode == SMB_CANVAS_BESIDE)
    x -= smb_canvas_get_half (self);
  smb_viewport_to_image (&self->viewport, x, y, side_x, side_y);
  if (side == SMB_SIDE_B) {
    double scale, x0, y0;

    smb_canvas_get_alignment (self, &scale, &x0, &y0);
    *side_x = *side_x * scale + x0;
    *side_y = *side_y * scale + y0;
  }
}

/* What a screen reader says of the picture as a whole. */
static void
describe (SmbCanvas *self)
{
  const SmbCanvasLayer *layer = &self->layers[SMB_SIDE_A];
  SmbImage *image = smb_canvas_get_image (self, SMB_SIDE_A);
  g_autoptr (GString) text = g_string_new (NULL);

  if (image == NULL) {
    g_string_append (text, layer->message != NULL ? layer->message : _("No picture"));
  } else {
    g_string_append_printf (text, _("Picture, %d by %d pixels"), image->width, image->height);
    for (guint i = 0; i < layer->faces->len; i++)
      g_string_append_printf (text, "; %s", g_array_index (layer->faces, SmbCanvasFace, i).label);
    if (layer->map != NULL)
      g_string_append_printf (text, _("; overlay %s"), layer->map_title);
    if (self->mode != SMB_CANVAS_ONE && self->layers[SMB_SIDE_B].name != NULL)
      g_string_append_printf (text, _("; compared with %s, %s"), self->layers[SMB_SIDE_B].name,
                              self->layers[SMB_SIDE_B].map != NULL ? self->layers[SMB_SIDE_B].map_title : _("no map"));
  }
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, text->str, -1);
}

static void
redraw (SmbCanvas *self)
{
  describe (self);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

void
smb_canvas_set_picture (SmbCanvas *self, SmbCanvasSide side, SmbTiles *tiles, const char *message)
{
  SmbCanvasLayer *layer = &self->layers[side];

  if (tiles != NULL && tiles == layer->tiles)
    return;
  g_clear_pointer (&layer->tiles, smb_tiles_unref);
  g_free (layer->message);
  layer->message = g_strdup (message);
  if (tiles != NULL) {
    SmbImage *image = smb_tiles_get_image (tiles);

    layer->tiles = smb_tiles_ref (tiles);
    /* The next frame of a video does not move the view. */
    if (side == SMB_SIDE_A
        && (self->viewport.image_width != image->width || self->viewport.image_height != image->height))
      smb_viewport_set_image (&self->viewport, image->width, image->height);
  }
  redraw (self);
  g_signal_emit_by_name (self, "view-changed");
}

void
smb_canvas_set_name (SmbCanvas *self, SmbCanvasSide side, const char *name)
{
  g_free (self->layers[side].name);
  self->layers[side].name = g_strdup (name);
  redraw (self);
}

static char *
face_label (const SmbAnalysis *analysis, guint index)
{
  const SmbFaceResult *face = analysis->faces->pdata[index];
  g_autofree char *name = smb_format_face (face, index);

  if (smb_face_result_get_best (face) < 0 || isnan (face->score))
    return g_strdup_printf (_("%s  n/a"), name);
  return g_strdup_printf (_("%s  score %.2f"), name, face->score);
}

void
smb_canvas_set_faces (SmbCanvas *self, SmbCanvasSide side, const SmbAnalysis *analysis, int selected)
{
  SmbCanvasLayer *layer = &self->layers[side];

  g_array_set_size (layer->faces, 0);
  for (guint i = 0; analysis != NULL && i < analysis->faces->len; i++) {
    const SmbFaceResult *result = analysis->faces->pdata[i];
    SmbBox box = result->face.box;
    SmbCanvasFace face = { .box = { box.x, box.y, box.width, box.height }, .label = face_label (analysis, i) };

    g_array_append_val (layer->faces, face);
  }
  layer->selected = selected;
  if (side == SMB_SIDE_A && self->correcting >= 0) {
    self->correcting = -1;
    self->has_rubber = FALSE;
  }
  redraw (self);
}

void
smb_canvas_set_map (SmbCanvas *self, SmbCanvasSide side, const SmbMap *map, SmbViewRect area, const char *title,
                    const char *subtitle)
{
  SmbCanvasLayer *layer = &self->layers[side];

  g_clear_pointer (&layer->map, smb_map_free);
  g_free (layer->map_title);
  g_free (layer->map_subtitle);
  layer->map_title = g_strdup (title);
  layer->map_subtitle = g_strdup (subtitle);
  if (map != NULL)
    layer->map = map->rgb != NULL ? smb_map_new_rgb (&map->spec, map->rgb_size, map->rgb)
                                  : smb_map_new_grid (&map->spec, map->rows, map->columns, map->values);
  layer->map_area = area;
  /* Either side's scale may depend on the other. */
  smb_canvas_layer_forget_map (&self->layers[SMB_SIDE_A]);
  smb_canvas_layer_forget_map (&self->layers[SMB_SIDE_B]);
  redraw (self);
}

void
smb_canvas_set_look (SmbCanvas *self, const SmbOverlayLook *look)
{
  if (self->look.threshold != look->threshold || self->look.colours != look->colours) {
    smb_canvas_layer_forget_map (&self->layers[SMB_SIDE_A]);
    smb_canvas_layer_forget_map (&self->layers[SMB_SIDE_B]);
  }
  self->look = *look;
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

static gboolean
on_blink (gpointer data)
{
  SmbCanvas *self = data;

  self->blink_second = !self->blink_second;
  gtk_widget_queue_draw (GTK_WIDGET (self));
  return G_SOURCE_CONTINUE;
}

void
smb_canvas_set_mode (SmbCanvas *self, SmbCanvasMode mode)
{
  if (self->mode == mode)
    return;
  self->mode = mode;
  self->blink_second = FALSE;
  g_clear_handle_id (&self->blink_source, g_source_remove);
  if (mode == SMB_CANVAS_BLINK)
    self->blink_source = g_timeout_add (BLINK_MS, on_blink, self);
  smb_canvas_layer_forget_map (&self->layers[SMB_SIDE_A]);
  smb_canvas_layer_forget_map (&self->layers[SMB_SIDE_B]);
  share_out (self, gtk_widget_get_width (GTK_WIDGET (self)), gtk_widget_get_height (GTK_WIDGET (self)));
  describe (self);
  smb_canvas_view_changed (self);
}

/* Looking. */

const SmbViewport *
smb_canvas_get_viewport (SmbCanvas *self)
{
  return &self->viewport;
}

void
smb_canvas_view_changed (SmbCanvas *self)
{
  gtk_widget_queue_draw (GTK_WIDGET (self));
  g_signal_emit_by_name (self, "view-changed");
}

void
smb_canvas_fit (SmbCanvas *self)
{
  smb_viewport_fit (&self->viewport);
  smb_canvas_view_changed (self);
}

void
smb_canvas_set_scale (SmbCanvas *self, double scale)
{
  smb_viewport_zoom_at (&self->viewport, scale, self->viewport.view_width / 2.0, self->viewport.view_height / 2.0);
  smb_canvas_view_changed (self);
}

void
smb_canvas_zoom_by (SmbCanvas *self, double factor)
{
  smb_canvas_set_scale (self, self->viewport.scale * factor);
}

void
smb_canvas_show_face (SmbCanvas *self, int index)
{
  const SmbCanvasLayer *layer = &self->layers[SMB_SIDE_A];
  const SmbCanvasFace *face;
  double scale;

  if (layer->tiles == NULL || index < 0 || index >= (int) layer->faces->len)
    return;
  face = &g_array_index (layer->faces, SmbCanvasFace, index);
  /* The face takes about a half of the view: its surroundings matter to an examiner. */
  scale = 0.5 * MIN (self->viewport.view_width, self->viewport.view_height) / MAX (face->box.width, 1.0);
  smb_viewport_zoom_at (&self->viewport, MAX (scale, smb_viewport_get_fit_scale (&self->viewport)), 0.0, 0.0);
  smb_viewport_centre_on (&self->viewport, face->box.x + face->box.width / 2.0, face->box.y + face->box.height / 2.0);
  smb_canvas_view_changed (self);
}

double
smb_canvas_get_map_value (SmbCanvas *self, SmbCanvasSide side, double x, double y, int *row_out, int *column_out)
{
  const SmbCanvasLayer *layer = &self->layers[side];
  double u, v;

  if (layer->map == NULL || layer->map->values == NULL || layer->map_area.width <= 0.0 || layer->map_area.height <= 0.0)
    return NAN;
  u = (x - layer->map_area.x) / layer->map_area.width;
  v = (y - layer->map_area.y) / layer->map_area.height;
  if (u < 0.0 || v < 0.0 || u >= 1.0 || v >= 1.0)
    return NAN;
  if (row_out != NULL)
    *row_out = (int) (v * layer->map->rows);
  if (column_out != NULL)
    *column_out = (int) (u * layer->map->columns);
  return smb_overlay_value_at (layer->map, u, v);
}

GdkTexture *
smb_canvas_render (SmbCanvas *self, double factor)
{
  int width = gtk_widget_get_width (GTK_WIDGET (self)), height = gtk_widget_get_height (GTK_WIDGET (self));
  g_autoptr (GtkSnapshot) snapshot = gtk_snapshot_new ();
  g_autoptr (GskRenderNode) node = NULL;
  g_autoptr (GskRenderer) renderer = gsk_cairo_renderer_new ();
  GdkRGBA ground = smb_canvas_named_colour (self, "smb_canvas");
  GdkTexture *texture;

  if (self->layers[SMB_SIDE_A].tiles == NULL || width < 1 || height < 1 || !gsk_renderer_realize (renderer, NULL, NULL))
    return NULL;
  gtk_snapshot_scale (snapshot, (float) factor, (float) factor);
  gtk_snapshot_append_color (snapshot, &ground, &GRAPHENE_RECT_INIT (0, 0, (float) width, (float) height));
  smb_canvas_snapshot (GTK_WIDGET (self), snapshot);
  node = gtk_snapshot_to_node (snapshot);
  texture = gsk_renderer_render_texture (
      renderer, node, &GRAPHENE_RECT_INIT (0, 0, (float) (width * factor), (float) (height * factor)));
  gsk_renderer_unrealize (renderer);
  return texture;
}
