/* SPDX-License-Identifier: Apache-2.0 */
/* What the canvas shows, back to front: pictures, maps, boxes, labels, the tool in hand, overview, legends. */
#include "smb-canvas-private.h"

#include <glib/gi18n.h>
#include <math.h>

#define OVERVIEW_SIDE 124.0
#define HANDLE 7.0f

static void
draw_face (SmbCanvas *self, GtkSnapshot *snapshot, SmbCanvasSide side, int index)
{
  const SmbCanvasLayer *layer = &self->layers[side];
  const SmbCanvasFace *face = &g_array_index (layer->faces, SmbCanvasFace, index);
  GdkRGBA accent = smb_canvas_named_colour (self, "smb_box");
  graphene_rect_t rect = smb_canvas_to_rect (smb_canvas_rect_to_view (self, side, face->box));
  gboolean selected = index == layer->selected;
  g_autoptr (PangoLayout) layout = NULL;
  graphene_rect_t label;
  int width, height;

  smb_canvas_append_outline (snapshot, rect, selected ? 2 : 1, selected ? &accent : &smb_canvas_white);
  for (int corner = 0; selected && side == SMB_SIDE_A && corner < 8; corner++) {
    static const float at[8][2]
        = { { 0, 0 }, { .5f, 0 }, { 1, 0 }, { 1, .5f }, { 1, 1 }, { .5f, 1 }, { 0, 1 }, { 0, .5f } };
    graphene_rect_t handle = GRAPHENE_RECT_INIT (
        roundf (rect.origin.x + at[corner][0] * rect.size.width - HANDLE / 2),
        roundf (rect.origin.y + at[corner][1] * rect.size.height - HANDLE / 2), HANDLE, HANDLE);

    gtk_snapshot_append_color (snapshot, &smb_canvas_ground, &handle);
    graphene_rect_inset (&handle, 1, 1);
    gtk_snapshot_append_color (snapshot, &smb_canvas_white, &handle);
  }
  layout = smb_canvas_make_layout (self, face->label, 12, selected);
  pango_layout_get_pixel_size (layout, &width, &height);
  label
      = GRAPHENE_RECT_INIT (rect.origin.x, rect.origin.y - (float) height - 8, (float) width + 12, (float) height + 4);
  label.origin.x = CLAMP (label.origin.x, 0, MAX (0, (float) self->viewport.view_width - label.size.width));
  if (label.origin.y < 0)
    label.origin.y = MAX (rect.origin.y + 6, 0);
  smb_canvas_append_rounded (snapshot, label, 3, &smb_canvas_ground);
  smb_canvas_append_layout (snapshot, layout, label.origin.x + 6, label.origin.y + 2, &smb_canvas_white);
}

/* Everything of one side, clipped to `clip`; x of the snapshot is that of side A's place. */
static void
draw_side (SmbCanvas *self, GtkSnapshot *snapshot, SmbCanvasSide side, SmbViewRect clip)
{
  const SmbCanvasLayer *layer = &self->layers[side];
  graphene_rect_t area = smb_canvas_to_rect (clip);
  SmbImage *image = smb_canvas_get_image (self, side);
  SmbViewRect whole;

  gtk_snapshot_push_clip (snapshot, &area);
  if (image == NULL) {
    if (layer->message != NULL)
      smb_canvas_append_sentence (self, snapshot, layer->message, FALSE);
    gtk_snapshot_pop (snapshot);
    return;
  }
  whole = smb_canvas_rect_to_view (self, side, (SmbViewRect){ 0, 0, image->width, image->height });
  smb_tiles_snapshot (layer->tiles, snapshot, whole, clip, gtk_widget_get_scale_factor (GTK_WIDGET (self)));
  smb_canvas_draw_map (self, snapshot, side);
  for (guint i = 0; i < layer->faces->len; i++)
    draw_face (self, snapshot, side, (int) i);
  gtk_snapshot_pop (snapshot);
}

gboolean
smb_canvas_get_overview (SmbCanvas *self, SmbViewRect *rect)
{
  double scale;

  if (self->layers[SMB_SIDE_A].tiles == NULL || !smb_viewport_is_cropped (&self->viewport) ||
      self->viewport.view_width < 360.0 || self->viewport.view_height < 280.0)
    return FALSE;
  scale = OVERVIEW_SIDE / MAX (self->viewport.image_width, self->viewport.image_height);
  rect->width = self->viewport.image_width * scale;
  rect->height = self->viewport.image_height * scale;
  rect->x = SMB_CANVAS_MARGIN;
  if (gtk_widget_get_direction (GTK_WIDGET (self)) == GTK_TEXT_DIR_RTL)
    rect->x = self->viewport.view_width - SMB_CANVAS_MARGIN - rect->width;
  rect->y = self->viewport.view_height - SMB_CANVAS_MARGIN - rect->height;
  return TRUE;
}

static void
draw_overview (SmbCanvas *self, GtkSnapshot *snapshot)
{
  static const GdkRGBA shade = { 0.0f, 0.0f, 0.0f, 0.45f };
  const SmbCanvasLayer *layer = &self->layers[SMB_SIDE_A];
  GdkRGBA accent = smb_canvas_named_colour (self, "smb_box");
  SmbViewRect inset, seen;
  graphene_rect_t rect, window, face_rect;
  GdkTexture *small;
  double scale;

  if (!smb_canvas_get_overview (self, &inset))
    return;
  small = smb_tiles_get_small (layer->tiles);
  scale = inset.width / self->viewport.image_width;
  rect = smb_canvas_to_rect (inset);
  seen = smb_viewport_get_visible (&self->viewport);
  window = GRAPHENE_RECT_INIT ((float) (inset.x + seen.x * scale), (float) (inset.y + seen.y * scale),
                               (float) (seen.width * scale), (float) (seen.height * scale));
  gtk_snapshot_append_texture (snapshot, small, &rect);
  gtk_snapshot_append_color (snapshot, &shade, &rect);
  gtk_snapshot_push_clip (snapshot, &window);
  gtk_snapshot_append_texture (snapshot, small, &rect);
  gtk_snapshot_pop (snapshot);
  for (guint i = 0; i < layer->faces->len; i++) {
    SmbViewRect box = g_array_index (layer->faces, SmbCanvasFace, i).box;

    face_rect = GRAPHENE_RECT_INIT ((float) (inset.x + box.x * scale), (float) (inset.y + box.y * scale),
                                    (float) (box.width * scale), (float) (box.height * scale));
    smb_canvas_append_frame (snapshot, face_rect, 1, 0, (int) i == layer->selected ? &accent : &smb_canvas_white);
  }
  smb_canvas_append_frame (snapshot, window, 2, 0, &smb_canvas_white);
  smb_canvas_append_frame (snapshot, rect, 1, 0, &smb_canvas_ground);
}

/* Which exhibit and map a side shows, where both are seen; in its upper corner. */
static void
draw_name (SmbCanvas *self, GtkSnapshot *snapshot, SmbCanvasSide side, float x, float width)
{
  const SmbCanvasLayer *layer = &self->layers[side];
  g_autoptr (GString) text = g_string_new (side == SMB_SIDE_A ? "A" : "B");
  g_autoptr (PangoLayout) layout = NULL;
  int text_width, text_height;
  graphene_rect_t ground;

  if (layer->name != NULL)
    g_string_append_printf (text, "  %s", layer->name);
  g_string_append_printf (text, "  %s", layer->map != NULL ? layer->map_title : _("no map"));
  layout = smb_canvas_make_layout (self, text->str, 12, TRUE);
  pango_layout_set_ellipsize (layout, PANGO_ELLIPSIZE_END);
  pango_layout_set_width (layout, (int) MAX (width - 40, 20) * PANGO_SCALE);
  pango_layout_get_pixel_size (layout, &text_width, &text_height);
  ground
      = GRAPHENE_RECT_INIT (x + SMB_CANVAS_MARGIN, SMB_CANVAS_MARGIN, (float) text_width + 16, (float) text_height + 6);
  smb_canvas_append_rounded (snapshot, ground, 4, &smb_canvas_ground);
  smb_canvas_append_layout (snapshot, layout, ground.origin.x + 8, ground.origin.y + 3, &smb_canvas_white);
}

static void
draw_divider (SmbCanvas *self, GtkSnapshot *snapshot, float x)
{
  float height = (float) self->viewport.view_height;

  gtk_snapshot_append_color (snapshot, &smb_canvas_ground, &GRAPHENE_RECT_INIT (x - 2, 0, 4, height));
  gtk_snapshot_append_color (snapshot, &smb_canvas_white, &GRAPHENE_RECT_INIT (x - 1, 0, 2, height));
  smb_canvas_append_rounded (snapshot, GRAPHENE_RECT_INIT (x - 7, height / 2 - 18, 14, 36), 7, &smb_canvas_ground);
  smb_canvas_append_rounded (snapshot, GRAPHENE_RECT_INIT (x - 5, height / 2 - 16, 10, 32), 5, &smb_canvas_white);
}

static void
draw_legend (SmbCanvas *self, GtkSnapshot *snapshot, SmbCanvasSide side, double right, double room)
{
  if (self->layers[side].map != NULL && self->look.legend && self->tool == SMB_TOOL_NONE && room > 300.0)
    smb_canvas_draw_legend (self, snapshot, side, (float) right);
}

static void
draw_both (SmbCanvas *self, GtkSnapshot *snapshot)
{
  const SmbViewport *viewport = &self->viewport;
  SmbViewRect whole = { 0, 0, viewport->view_width, viewport->view_height };
  double half = smb_canvas_get_half (self);
  GdkRGBA border = smb_canvas_named_colour (self, "smb_border");

  if (self->mode == SMB_CANVAS_BESIDE) {
    draw_side (self, snapshot, SMB_SIDE_A, whole);
    draw_legend (self, snapshot, SMB_SIDE_A, viewport->view_width, viewport->view_width);
    draw_name (self, snapshot, SMB_SIDE_A, 0, (float) viewport->view_width);
    gtk_snapshot_save (snapshot);
    gtk_snapshot_translate (snapshot, &GRAPHENE_POINT_INIT ((float) half, 0));
    draw_side (self, snapshot, SMB_SIDE_B, whole);
    draw_legend (self, snapshot, SMB_SIDE_B, viewport->view_width, viewport->view_width);
    draw_name (self, snapshot, SMB_SIDE_B, 0, (float) viewport->view_width);
    gtk_snapshot_restore (snapshot);
    gtk_snapshot_append_color (snapshot, &border,
                               &GRAPHENE_RECT_INIT ((float) half - 1, 0, 1, (float) viewport->view_height));
  } else if (self->mode == SMB_CANVAS_SWIPE) {
    double x = round (self->divider * viewport->view_width);

    draw_side (self, snapshot, SMB_SIDE_A, (SmbViewRect){ 0, 0, x, viewport->view_height });
    draw_side (self, snapshot, SMB_SIDE_B, (SmbViewRect){ x, 0, viewport->view_width - x, viewport->view_height });
    draw_divider (self, snapshot, (float) x);
    draw_legend (self, snapshot, self->layers[SMB_SIDE_B].map != NULL ? SMB_SIDE_B : SMB_SIDE_A, viewport->view_width,
                 viewport->view_width);
    draw_name (self, snapshot, SMB_SIDE_A, 0, (float) x);
    draw_name (self, snapshot, SMB_SIDE_B, (float) x, (float) (viewport->view_width - x));
  } else {
    SmbCanvasSide side = self->blink_second ? SMB_SIDE_B : SMB_SIDE_A;

    draw_side (self, snapshot, side, whole);
    draw_legend (self, snapshot, side, viewport->view_width, viewport->view_width);
    draw_name (self, snapshot, side, 0, (float) viewport->view_width);
  }
}

void
smb_canvas_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  SmbCanvas *self = SMB_CANVAS (widget);
  const SmbViewport *viewport = &self->viewport;
  const char *hint = smb_canvas_get_hint (self);

  if (self->mode != SMB_CANVAS_ONE && self->layers[SMB_SIDE_A].tiles != NULL) {
    draw_both (self, snapshot);
  } else {
    draw_side (self, snapshot, SMB_SIDE_A, (SmbViewRect){ 0, 0, viewport->view_width, viewport->view_height });
    draw_legend (self, snapshot, SMB_SIDE_A, viewport->view_width, viewport->view_width);
  }
  if (self->layers[SMB_SIDE_A].tiles == NULL)
    return;
  smb_canvas_draw_tool (self, snapshot);
  draw_overview (self, snapshot);
  if (hint != NULL)
    smb_canvas_append_sentence (self, snapshot, hint, TRUE);
}
