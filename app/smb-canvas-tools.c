/* SPDX-License-Identifier: Apache-2.0 */
/* The tools that work on side A's picture: squares by hand, patches, the brush. */
#include "smb-canvas-private.h"

#include <glib/gi18n.h>
#include <math.h>

#define MIN_BOX_PX 16
#define REACH 8.0 /* how near a handle the pointer must be, in view pixels */

const char *
smb_canvas_get_hint (SmbCanvas *self)
{
  switch (self->tool) {
    case SMB_TOOL_BOX:
      return _("Drag a square over the face. With the keyboard: arrows move it, Shift and arrows resize it, "
               "Enter takes it, Escape puts the tool away.");
    case SMB_TOOL_PICK:
      return _("Click the patch whose view is to be shown. With the keyboard: arrows, then Enter. Escape puts the tool "
               "away.");
    case SMB_TOOL_PATCHES:
      return _("Click or drag over patches to hide them or show them again. With the keyboard: arrows, then Space. "
               "Escape puts the tool away.");
    case SMB_TOOL_BRUSH:
    case SMB_TOOL_NONE:
    default:
      return NULL;
  }
}

void
smb_canvas_set_tool (SmbCanvas *self, SmbTool tool)
{
  if (self->tool == tool)
    return;
  self->tool = tool;
  self->has_rubber = FALSE;
  self->correcting = self->cursor = -1;
  gtk_widget_set_cursor_from_name (GTK_WIDGET (self), tool != SMB_TOOL_NONE ? "crosshair" : NULL);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

SmbTool
smb_canvas_get_tool (SmbCanvas *self)
{
  return self->tool;
}

void
smb_canvas_set_patch_grid (SmbCanvas *self, int n, SmbViewRect area)
{
  if (n != self->grid) {
    g_clear_pointer (&self->marked, g_free);
    self->picked = self->cursor = -1;
  }
  self->grid = n;
  self->grid_area = area;
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

void
smb_canvas_set_marks (SmbCanvas *self, const guint8 *marked, int picked)
{
  g_clear_pointer (&self->marked, g_free);
  if (marked != NULL)
    self->marked = g_memdup2 (marked, (gsize) self->grid * (gsize) self->grid);
  self->picked = picked < self->grid * self->grid ? picked : -1;
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

void
smb_canvas_set_paint (SmbCanvas *self, GdkTexture *paint, SmbViewRect area, double radius_px)
{
  g_set_object (&self->paint, paint);
  self->paint_area = area;
  self->brush_px = radius_px;
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

/* Squares. */

static void
finish_box (SmbCanvas *self)
{
  int index = self->correcting;
  SmbBox box;

  if (!smb_viewport_square_from_drag (&self->viewport, self->rubber_x0, self->rubber_y0, self->rubber_x1,
                                      self->rubber_y1, MIN_BOX_PX, &box)) {
    self->has_rubber = FALSE;
    self->correcting = -1;
    gtk_widget_queue_draw (GTK_WIDGET (self));
    return;
  }
  smb_canvas_set_tool (self, SMB_TOOL_NONE);
  self->has_rubber = FALSE;
  self->correcting = -1;
  if (index >= 0)
    g_signal_emit_by_name (self, "box-corrected", index, box.x, box.y, box.width);
  else
    g_signal_emit_by_name (self, "box-drawn", box.x, box.y, box.width);
}

/* Which of the chosen face's eight handles lies there, clockwise from the top left; -1: none. */
static int
handle_at (SmbCanvas *self, double x, double y)
{
  static const double at[8][2] = { { 0, 0 }, { .5, 0 }, { 1, 0 }, { 1, .5 }, { 1, 1 }, { .5, 1 }, { 0, 1 }, { 0, .5 } };
  const SmbCanvasLayer *layer = &self->layers[SMB_SIDE_A];
  SmbViewRect rect;

  if (layer->selected < 0 || layer->selected >= (int) layer->faces->len)
    return -1;
  rect = smb_canvas_rect_to_view (self, SMB_SIDE_A, g_array_index (layer->faces, SmbCanvasFace, layer->selected).box);
  for (int i = 0; i < 8; i++) {
    if (fabs (rect.x + at[i][0] * rect.width - x) <= REACH && fabs (rect.y + at[i][1] * rect.height - y) <= REACH)
      return i;
  }
  return -1;
}

/* The corner across from a handle stays. */
static void
start_correcting (SmbCanvas *self, int handle)
{
  const SmbCanvasLayer *layer = &self->layers[SMB_SIDE_A];
  SmbViewRect box = g_array_index (layer->faces, SmbCanvasFace, layer->selected).box;
  gboolean right = handle >= 2 && handle <= 4, bottom = handle >= 4 && handle <= 6;

  self->correcting = layer->selected;
  self->has_rubber = TRUE;
  self->rubber_x0 = right || handle == 1 || handle == 5 ? box.x : box.x + box.width;
  self->rubber_y0 = bottom || handle == 3 || handle == 7 ? box.y : box.y + box.height;
  self->rubber_x1 = 2.0 * box.x + box.width - self->rubber_x0;
  self->rubber_y1 = 2.0 * box.y + box.height - self->rubber_y0;
}

void
smb_canvas_correct_face (SmbCanvas *self, int index)
{
  const SmbCanvasLayer *layer = &self->layers[SMB_SIDE_A];
  SmbViewRect box;

  if (index < 0 || index >= (int) layer->faces->len)
    return;
  smb_canvas_set_tool (self, SMB_TOOL_BOX);
  box = g_array_index (layer->faces, SmbCanvasFace, index).box;
  self->correcting = index;
  self->has_rubber = TRUE;
  self->rubber_x0 = box.x;
  self->rubber_y0 = box.y;
  self->rubber_x1 = box.x + box.width;
  self->rubber_y1 = box.y + box.height;
}

/* Without a pointer: arrows start a square in the middle, move it, with Shift resize it; Enter takes it. */
static gboolean
box_by_key (SmbCanvas *self, guint key, GdkModifierType state)
{
  double step = MAX (4.0 / self->viewport.scale, 1.0);
  double dx = (key == GDK_KEY_Right) - (key == GDK_KEY_Left);
  double dy = (key == GDK_KEY_Down) - (key == GDK_KEY_Up);

  if (key == GDK_KEY_Return || key == GDK_KEY_KP_Enter) {
    if (self->has_rubber)
      finish_box (self);
    return GDK_EVENT_STOP;
  }
  if (dx == 0.0 && dy == 0.0)
    return GDK_EVENT_PROPAGATE;
  if (!self->has_rubber) {
    double half = MIN (self->viewport.image_width, self->viewport.image_height) / 8.0;

    self->rubber_x0 = self->viewport.centre_x - half;
    self->rubber_y0 = self->viewport.centre_y - half;
    self->rubber_x1 = self->viewport.centre_x + half;
    self->rubber_y1 = self->viewport.centre_y + half;
    self->has_rubber = TRUE;
  } else if ((state & GDK_SHIFT_MASK) != 0) {
    double side = MAX (self->rubber_x1 - self->rubber_x0 + 2.0 * step * (dx + dy), MIN_BOX_PX);

    self->rubber_x1 = self->rubber_x0 + side;
    self->rubber_y1 = self->rubber_y0 + side;
  } else {
    self->rubber_x0 += dx * step;
    self->rubber_x1 += dx * step;
    self->rubber_y0 += dy * step;
    self->rubber_y1 += dy * step;
  }
  gtk_widget_queue_draw (GTK_WIDGET (self));
  return GDK_EVENT_STOP;
}

static void
draw_rubber (SmbCanvas *self, GtkSnapshot *snapshot)
{
  GdkRGBA accent = smb_canvas_named_colour (self, "smb_box");
  SmbBox box;
  SmbViewRect rect;

  if (!smb_viewport_square_from_drag (&self->viewport, self->rubber_x0, self->rubber_y0, self->rubber_x1,
                                      self->rubber_y1, 1, &box))
    return;
  rect = smb_canvas_rect_to_view (self, SMB_SIDE_A, (SmbViewRect){ box.x, box.y, box.width, box.height });
  smb_canvas_append_outline (snapshot, smb_canvas_to_rect (rect), 2, &accent);
}

/* Patches. */

static int
patch_at (SmbCanvas *self, double x, double y)
{
  double image_x, image_y, u, v;

  if (self->grid < 1)
    return -1;
  smb_canvas_to_side (self, SMB_SIDE_A, x, y, &image_x, &image_y);
  u = (image_x - self->grid_area.x) / self->grid_area.width * self->grid;
  v = (image_y - self->grid_area.y) / self->grid_area.height * self->grid;
  return u >= 0.0 && v >= 0.0 && u < self->grid && v < self->grid ? (int) v * self->grid + (int) u : -1;
}

static gboolean
is_marked (SmbCanvas *self, int patch)
{
  return self->marked != NULL && self->marked[patch] != 0;
}

static gboolean
patch_by_key (SmbCanvas *self, guint key)
{
  int dx = (key == GDK_KEY_Right) - (key == GDK_KEY_Left), dy = (key == GDK_KEY_Down) - (key == GDK_KEY_Up);
  gboolean takes = key == GDK_KEY_Return || key == GDK_KEY_KP_Enter || key == GDK_KEY_space;

  if (self->grid < 1 || (dx == 0 && dy == 0 && !takes))
    return GDK_EVENT_PROPAGATE;
  if (self->cursor < 0) {
    self->cursor = self->picked >= 0 ? self->picked : self->grid * self->grid / 2 + self->grid / 2;
  } else if (!takes) {
    int column = CLAMP (self->cursor % self->grid + dx, 0, self->grid - 1);
    int row = CLAMP (self->cursor / self->grid + dy, 0, self->grid - 1);

    self->cursor = row * self->grid + column;
  } else if (self->tool == SMB_TOOL_PICK) {
    g_signal_emit_by_name (self, "patch-picked", self->cursor);
  } else {
    g_signal_emit_by_name (self, "patch-marked", self->cursor, !is_marked (self, self->cursor));
  }
  gtk_widget_queue_draw (GTK_WIDGET (self));
  return GDK_EVENT_STOP;
}

static graphene_rect_t
patch_rect (graphene_rect_t area, int grid, int patch)
{
  const int row = patch / grid, column = patch % grid;
  const float side = area.size.width / (float) grid;

  return GRAPHENE_RECT_INIT (area.origin.x + side * (float) column, area.origin.y + side * (float) row, side, side);
}

static void
draw_patches (SmbCanvas *self, GtkSnapshot *snapshot)
{
  static const GdkRGBA line = { 1, 1, 1, 0.35f };
  static const GdkRGBA hidden = { 0.09f, 0.09f, 0.10f, 0.72f };
  const int grid = self->grid;
  GdkRGBA accent = smb_canvas_named_colour (self, "smb_box");
  graphene_rect_t area = smb_canvas_to_rect (smb_canvas_rect_to_view (self, SMB_SIDE_A, self->grid_area));

  for (int patch = 0; self->tool == SMB_TOOL_PATCHES && patch < grid * grid; patch++) {
    graphene_rect_t rect = patch_rect (area, grid, patch);

    if (is_marked (self, patch))
      gtk_snapshot_append_color (snapshot, &hidden, &rect);
  }
  for (int i = 0; (self->tool == SMB_TOOL_PICK || self->tool == SMB_TOOL_PATCHES) && i <= grid; i++) {
    float at = area.size.width * (float) i / (float) grid;

    gtk_snapshot_append_color (snapshot, &line,
                               &GRAPHENE_RECT_INIT (area.origin.x + at, area.origin.y, 1, area.size.height));
    gtk_snapshot_append_color (snapshot, &line,
                               &GRAPHENE_RECT_INIT (area.origin.x, area.origin.y + at, area.size.width, 1));
  }
  if (self->picked >= 0 && (self->tool == SMB_TOOL_NONE || self->tool == SMB_TOOL_PICK))
    smb_canvas_append_outline (snapshot, patch_rect (area, grid, self->picked), 2, &accent);
  if (self->cursor >= 0)
    smb_canvas_append_outline (snapshot, patch_rect (area, grid, self->cursor), 2, &smb_canvas_white);
}

/* The brush. */

static void
stroke_to (SmbCanvas *self, double x, double y)
{
  double image_x, image_y;

  smb_canvas_to_side (self, SMB_SIDE_A, x, y, &image_x, &image_y);
  g_signal_emit_by_name (self, "stroke", self->stroke_x, self->stroke_y, image_x, image_y);
  self->stroke_x = image_x;
  self->stroke_y = image_y;
}

static gboolean
brush_by_key (SmbCanvas *self, guint key)
{
  double dx = (key == GDK_KEY_Right) - (key == GDK_KEY_Left), dy = (key == GDK_KEY_Down) - (key == GDK_KEY_Up);

  if (dx == 0.0 && dy == 0.0 && key != GDK_KEY_space)
    return GDK_EVENT_PROPAGATE;
  if (self->pointer_x < 0.0) {
    self->pointer_x = self->viewport.view_width / 2.0;
    self->pointer_y = self->viewport.view_height / 2.0;
  }
  if (key == GDK_KEY_space) {
    smb_canvas_to_side (self, SMB_SIDE_A, self->pointer_x, self->pointer_y, &self->stroke_x, &self->stroke_y);
    stroke_to (self, self->pointer_x, self->pointer_y);
  }
  self->pointer_x = CLAMP (self->pointer_x + dx * 4.0, 0.0, self->viewport.view_width);
  self->pointer_y = CLAMP (self->pointer_y + dy * 4.0, 0.0, self->viewport.view_height);
  gtk_widget_queue_draw (GTK_WIDGET (self));
  return GDK_EVENT_STOP;
}

static void
draw_brush (SmbCanvas *self, GtkSnapshot *snapshot)
{
  graphene_rect_t area = smb_canvas_to_rect (smb_canvas_rect_to_view (self, SMB_SIDE_A, self->paint_area));
  float radius = (float) (self->brush_px * self->viewport.scale);
  graphene_rect_t circle;

  gtk_snapshot_push_opacity (snapshot, 0.6);
  gtk_snapshot_append_texture (snapshot, self->paint, &area);
  gtk_snapshot_pop (snapshot);
  if (self->tool != SMB_TOOL_BRUSH || self->pointer_x < 0.0)
    return;
  circle
      = GRAPHENE_RECT_INIT ((float) self->pointer_x - radius, (float) self->pointer_y - radius, 2 * radius, 2 * radius);
  smb_canvas_append_frame (snapshot, circle, 1, radius, &smb_canvas_white);
  graphene_rect_inset (&circle, -1, -1);
  smb_canvas_append_frame (snapshot, circle, 1, radius + 1, &smb_canvas_ground);
}

/* All of them. */

void
smb_canvas_draw_tool (SmbCanvas *self, GtkSnapshot *snapshot)
{
  if (self->paint != NULL)
    draw_brush (self, snapshot);
  if (self->grid > 0)
    draw_patches (self, snapshot);
  if (self->has_rubber)
    draw_rubber (self, snapshot);
}

gboolean
smb_canvas_tool_press (SmbCanvas *self, double x, double y)
{
  int handle, patch;

  if (smb_canvas_side_at (self, x) != SMB_SIDE_A)
    return FALSE;
  switch (self->tool) {
    case SMB_TOOL_BOX:
      smb_canvas_to_side (self, SMB_SIDE_A, x, y, &self->rubber_x0, &self->rubber_y0);
      self->rubber_x1 = self->rubber_x0;
      self->rubber_y1 = self->rubber_y0;
      self->has_rubber = TRUE;
      return TRUE;
    case SMB_TOOL_PICK:
    case SMB_TOOL_PATCHES:
      patch = patch_at (self, x, y);
      if (patch < 0)
        return FALSE;
      if (self->tool == SMB_TOOL_PICK) {
        g_signal_emit_by_name (self, "patch-picked", patch);
      } else {
        self->marking = !is_marked (self, patch);
        self->cursor = patch;
        g_signal_emit_by_name (self, "patch-marked", patch, self->marking);
      }
      return TRUE;
    case SMB_TOOL_BRUSH:
      smb_canvas_to_side (self, SMB_SIDE_A, x, y, &self->stroke_x, &self->stroke_y);
      stroke_to (self, x, y);
      return TRUE;
    case SMB_TOOL_NONE:
    default:
      handle = handle_at (self, x, y);
      if (handle >= 0)
        start_correcting (self, handle);
      return handle >= 0;
  }
}

void
smb_canvas_tool_drag (SmbCanvas *self, double x, double y)
{
  int patch;

  if (self->has_rubber) {
    smb_canvas_to_side (self, SMB_SIDE_A, x, y, &self->rubber_x1, &self->rubber_y1);
  } else if (self->tool == SMB_TOOL_PATCHES) {
    patch = patch_at (self, x, y);
    if (patch >= 0 && patch != self->cursor) {
      self->cursor = patch;
      if (is_marked (self, patch) != self->marking)
        g_signal_emit_by_name (self, "patch-marked", patch, self->marking);
    }
  } else if (self->tool == SMB_TOOL_BRUSH) {
    stroke_to (self, x, y);
  }
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

void
smb_canvas_tool_release (SmbCanvas *self, double x, double y)
{
  if (self->has_rubber)
    finish_box (self);
}

gboolean
smb_canvas_tool_key (SmbCanvas *self, guint key, GdkModifierType state)
{
  if (self->tool == SMB_TOOL_NONE)
    return GDK_EVENT_PROPAGATE;
  if (key == GDK_KEY_Escape) {
    smb_canvas_set_tool (self, SMB_TOOL_NONE);
    g_signal_emit_by_name (self, "tool-dropped");
    return GDK_EVENT_STOP;
  }
  switch (self->tool) {
    case SMB_TOOL_BOX:
      return box_by_key (self, key, state);
    case SMB_TOOL_BRUSH:
      return brush_by_key (self, key);
    case SMB_TOOL_PICK:
    case SMB_TOOL_PATCHES:
    case SMB_TOOL_NONE:
    default:
      return patch_by_key (self, key);
  }
}

void
smb_canvas_tool_hover (SmbCanvas *self, double x, double y)
{
  const char *cursor = self->tool != SMB_TOOL_NONE ? "crosshair" : NULL;
  int cell = -1;

  if (self->tool == SMB_TOOL_NONE && handle_at (self, x, y) >= 0)
    cursor = "move";
  if (self->mode == SMB_CANVAS_SWIPE && fabs (x - self->divider * self->viewport.view_width) <= REACH)
    cursor = "col-resize";
  gtk_widget_set_cursor_from_name (GTK_WIDGET (self), cursor);
  if (self->tool == SMB_TOOL_PICK || self->tool == SMB_TOOL_PATCHES) {
    cell = patch_at (self, x, y);
    if (cell != self->cursor) {
      self->cursor = cell;
      gtk_widget_queue_draw (GTK_WIDGET (self));
    }
  } else if (self->tool == SMB_TOOL_BRUSH) {
    gtk_widget_queue_draw (GTK_WIDGET (self));
  }
}
