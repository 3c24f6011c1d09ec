/* SPDX-License-Identifier: Apache-2.0 */
/* Wheel, pinch, drag, click and keys on the canvas. */
#include "smb-canvas-private.h"

#include <math.h>

#define ZOOM_STEP 1.25
#define MIN_BOX_PX 16
#define PAN_STEP 48.0

static void
view_changed (SmbCanvas *self)
{
  gtk_widget_queue_draw (GTK_WIDGET (self));
  g_signal_emit_by_name (self, "view-changed");
}

static void
zoom_at (SmbCanvas *self, double scale, double x, double y)
{
  if (self->image == NULL)
    return;
  smb_viewport_zoom_at (&self->viewport, scale, x, y);
  view_changed (self);
}

static gboolean
on_scroll (GtkEventControllerScroll *scroll, double dx, double dy, SmbCanvas *self)
{
  zoom_at (self, self->viewport.scale * pow (ZOOM_STEP, -dy), self->pointer_x, self->pointer_y);
  return GDK_EVENT_STOP;
}

static void
on_pinch_begin (GtkGesture *gesture, GdkEventSequence *sequence, SmbCanvas *self)
{
  self->pinch_start_scale = self->viewport.scale;
}

static void
on_pinch (GtkGestureZoom *gesture, double scale, SmbCanvas *self)
{
  double x, y;

  if (gtk_gesture_get_bounding_box_center (GTK_GESTURE (gesture), &x, &y))
    zoom_at (self, self->pinch_start_scale * scale, x, y);
}

static gboolean
contains (SmbViewRect rect, double x, double y)
{
  return x >= rect.x && y >= rect.y && x < rect.x + rect.width && y < rect.y + rect.height;
}

/* The overview's point becomes the middle of the view. */
static void
jump_to_overview (SmbCanvas *self, double x, double y)
{
  SmbViewRect inset;

  if (!smb_canvas_get_overview (self, &inset))
    return;
  smb_viewport_centre_on (&self->viewport, (x - inset.x) / inset.width * self->viewport.image_width,
                          (y - inset.y) / inset.height * self->viewport.image_height);
  view_changed (self);
}

static void
on_drag_begin (GtkGestureDrag *drag, double x, double y, SmbCanvas *self)
{
  SmbViewRect inset;

  gtk_widget_grab_focus (GTK_WIDGET (self));
  self->drag_x = self->drag_y = 0.0;
  self->dragging_overview = smb_canvas_get_overview (self, &inset) && contains (inset, x, y);
  if (self->dragging_overview) {
    jump_to_overview (self, x, y);
  } else if (self->drawing && self->image != NULL) {
    smb_viewport_to_image (&self->viewport, x, y, &self->rubber_x0, &self->rubber_y0);
    self->rubber_x1 = self->rubber_x0;
    self->rubber_y1 = self->rubber_y0;
    self->has_rubber = TRUE;
  }
}

static void
on_drag_update (GtkGestureDrag *drag, double dx, double dy, SmbCanvas *self)
{
  double x, y;

  if (self->image == NULL || !gtk_gesture_drag_get_start_point (drag, &x, &y))
    return;
  if (self->dragging_overview) {
    jump_to_overview (self, x + dx, y + dy);
  } else if (self->drawing) {
    smb_viewport_to_image (&self->viewport, x + dx, y + dy, &self->rubber_x1, &self->rubber_y1);
    gtk_widget_queue_draw (GTK_WIDGET (self));
  } else {
    smb_viewport_pan (&self->viewport, dx - self->drag_x, dy - self->drag_y);
    self->drag_x = dx;
    self->drag_y = dy;
    view_changed (self);
  }
}

static void
finish_box (SmbCanvas *self)
{
  SmbBox box;

  if (smb_viewport_square_from_drag (&self->viewport, self->rubber_x0, self->rubber_y0, self->rubber_x1,
                                     self->rubber_y1, MIN_BOX_PX, &box)) {
    smb_canvas_set_drawing (self, FALSE);
    g_signal_emit_by_name (self, "box-drawn", box.x, box.y, box.width);
  } else {
    self->has_rubber = FALSE;
    gtk_widget_queue_draw (GTK_WIDGET (self));
  }
}

/* The innermost box under a picture point: a small face before the large one behind it. */
static int
face_at (SmbCanvas *self, double x, double y)
{
  int found = -1;
  double smallest = INFINITY;

  for (guint i = 0; i < self->faces->len; i++) {
    const SmbCanvasFace *face = &g_array_index (self->faces, SmbCanvasFace, i);

    if (contains (face->box, x, y) && face->box.width < smallest) {
      smallest = face->box.width;
      found = (int) i;
    }
  }
  return found;
}

static void
on_drag_end (GtkGestureDrag *drag, double dx, double dy, SmbCanvas *self)
{
  double x, y;

  if (self->dragging_overview || self->image == NULL || !gtk_gesture_drag_get_start_point (drag, &x, &y)) {
    self->dragging_overview = FALSE;
    return;
  }
  if (self->drawing) {
    if (self->has_rubber)
      finish_box (self);
  } else if (hypot (dx, dy) < 4.0) {
    double image_x, image_y;
    int face;

    smb_viewport_to_image (&self->viewport, x, y, &image_x, &image_y);
    face = face_at (self, image_x, image_y);
    if (face >= 0)
      g_signal_emit_by_name (self, "face-activated", face);
  }
}

static void
on_motion (GtkEventControllerMotion *motion, double x, double y, SmbCanvas *self)
{
  double image_x, image_y;

  self->pointer_x = x;
  self->pointer_y = y;
  if (self->image == NULL)
    return;
  smb_viewport_to_image (&self->viewport, x, y, &image_x, &image_y);
  if (image_x < 0.0 || image_y < 0.0 || image_x >= self->image->width || image_y >= self->image->height)
    g_signal_emit_by_name (self, "hover", -1.0, -1.0);
  else
    g_signal_emit_by_name (self, "hover", image_x, image_y);
}

static void
on_leave (GtkEventControllerMotion *motion, SmbCanvas *self)
{
  g_signal_emit_by_name (self, "hover", -1.0, -1.0);
}

/* Without a pointer: arrows start a box in the middle, move it, with Shift resize it; Enter takes it. */
static gboolean
draw_by_key (SmbCanvas *self, guint key, GdkModifierType state)
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

static gboolean
on_key (GtkEventControllerKey *controller, guint key, guint code, GdkModifierType state, SmbCanvas *self)
{
  if (self->image == NULL || (state & (GDK_CONTROL_MASK | GDK_ALT_MASK)) != 0)
    return GDK_EVENT_PROPAGATE;
  if (self->drawing && key == GDK_KEY_Escape) {
    smb_canvas_set_drawing (self, FALSE);
    return GDK_EVENT_STOP;
  }
  if (self->drawing)
    return draw_by_key (self, key, state);
  switch (key) {
    case GDK_KEY_plus:
    case GDK_KEY_equal:
    case GDK_KEY_KP_Add:
      smb_canvas_zoom_by (self, ZOOM_STEP);
      return GDK_EVENT_STOP;
    case GDK_KEY_minus:
    case GDK_KEY_KP_Subtract:
      smb_canvas_zoom_by (self, 1.0 / ZOOM_STEP);
      return GDK_EVENT_STOP;
    case GDK_KEY_0:
      smb_canvas_fit (self);
      return GDK_EVENT_STOP;
    case GDK_KEY_1:
      smb_canvas_set_scale (self, 1.0);
      return GDK_EVENT_STOP;
    case GDK_KEY_Left:
    case GDK_KEY_Right:
    case GDK_KEY_Up:
    case GDK_KEY_Down:
      smb_viewport_pan (&self->viewport, PAN_STEP * ((key == GDK_KEY_Left) - (key == GDK_KEY_Right)),
                        PAN_STEP * ((key == GDK_KEY_Up) - (key == GDK_KEY_Down)));
      view_changed (self);
      return GDK_EVENT_STOP;
    default:
      return GDK_EVENT_PROPAGATE;
  }
}

void
smb_canvas_add_controllers (SmbCanvas *self)
{
  GtkWidget *widget = GTK_WIDGET (self);
  GtkEventController *scroll = gtk_event_controller_scroll_new (GTK_EVENT_CONTROLLER_SCROLL_VERTICAL);
  GtkEventController *motion = gtk_event_controller_motion_new ();
  GtkEventController *key = gtk_event_controller_key_new ();
  GtkGesture *pinch = gtk_gesture_zoom_new ();
  GtkGesture *drag = gtk_gesture_drag_new ();

  g_signal_connect (scroll, "scroll", G_CALLBACK (on_scroll), self);
  g_signal_connect (motion, "enter", G_CALLBACK (on_motion), self);
  g_signal_connect (motion, "motion", G_CALLBACK (on_motion), self);
  g_signal_connect (motion, "leave", G_CALLBACK (on_leave), self);
  g_signal_connect (key, "key-pressed", G_CALLBACK (on_key), self);
  g_signal_connect (pinch, "begin", G_CALLBACK (on_pinch_begin), self);
  g_signal_connect (pinch, "scale-changed", G_CALLBACK (on_pinch), self);
  g_signal_connect (drag, "drag-begin", G_CALLBACK (on_drag_begin), self);
  g_signal_connect (drag, "drag-update", G_CALLBACK (on_drag_update), self);
  g_signal_connect (drag, "drag-end", G_CALLBACK (on_drag_end), self);
  gtk_widget_add_controller (widget, scroll);
  gtk_widget_add_controller (widget, motion);
  gtk_widget_add_controller (widget, key);
  gtk_widget_add_controller (widget, GTK_EVENT_CONTROLLER (pinch));
  gtk_widget_add_controller (widget, GTK_EVENT_CONTROLLER (drag));
}
