/* SPDX-License-Identifier: Apache-2.0 */
/* Wheel, pinch, drag, click and keys on the canvas. */
#include "smb-canvas-private.h"

#include <math.h>

#define ZOOM_STEP 1.25
#define DIVIDER_REACH 8.0
#define PAN_STEP 48.0

static void
zoom_at (SmbCanvas *self, double scale, double x, double y)
{
  if (self->layers[SMB_SIDE_A].tiles == NULL)
    return;
  if (smb_canvas_side_at (self, x) == SMB_SIDE_B)
    x -= smb_canvas_get_half (self);
  smb_viewport_zoom_at (&self->viewport, scale, x, y);
  smb_canvas_view_changed (self);
}

static gboolean
on_scroll (GtkEventControllerScroll *scroll, double dx, double dy, SmbCanvas *self)
{
  zoom_at (self, self->viewport.scale * pow (ZOOM_STEP, -dy), MAX (self->pointer_x, 0.0), MAX (self->pointer_y, 0.0));
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
  smb_canvas_view_changed (self);
}

static void
on_drag_begin (GtkGestureDrag *drag, double x, double y, SmbCanvas *self)
{
  SmbViewRect inset;

  gtk_widget_grab_focus (GTK_WIDGET (self));
  self->drag_x = self->drag_y = 0.0;
  self->drag = SMB_DRAG_NONE;
  if (self->layers[SMB_SIDE_A].tiles == NULL)
    return;
  if (smb_canvas_get_overview (self, &inset) && contains (inset, x, y)) {
    self->drag = SMB_DRAG_OVERVIEW;
    jump_to_overview (self, x, y);
  } else if (self->mode == SMB_CANVAS_SWIPE &&
             fabs (x - self->divider * self->viewport.view_width) <= DIVIDER_REACH) {
    self->drag = SMB_DRAG_DIVIDER;
  } else {
    self->drag = smb_canvas_tool_press (self, x, y) ? SMB_DRAG_TOOL : SMB_DRAG_PICTURE;
  }
}

static void
move_divider (SmbCanvas *self, double share)
{
  self->divider = CLAMP (share, 0.0, 1.0);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

static void
on_drag_update (GtkGestureDrag *drag, double dx, double dy, SmbCanvas *self)
{
  double x, y;

  if (!gtk_gesture_drag_get_start_point (drag, &x, &y))
    return;
  switch (self->drag) {
    case SMB_DRAG_OVERVIEW:
      jump_to_overview (self, x + dx, y + dy);
      break;
    case SMB_DRAG_DIVIDER:
      move_divider (self, (x + dx) / MAX (self->viewport.view_width, 1.0));
      break;
    case SMB_DRAG_TOOL:
      self->pointer_x = x + dx;
      self->pointer_y = y + dy;
      smb_canvas_tool_drag (self, x + dx, y + dy);
      break;
    case SMB_DRAG_PICTURE:
      smb_viewport_pan (&self->viewport, dx - self->drag_x, dy - self->drag_y);
      self->drag_x = dx;
      self->drag_y = dy;
      smb_canvas_view_changed (self);
      break;
    case SMB_DRAG_NONE:
    default:
      break;
  }
}

/* The innermost box under a picture point: a small face before the large one behind it. */
static int
face_at (SmbCanvas *self, double x, double y)
{
  GArray *faces = self->layers[SMB_SIDE_A].faces;
  int found = -1;
  double smallest = INFINITY;

  for (guint i = 0; i < faces->len; i++) {
    const SmbCanvasFace *face = &g_array_index (faces, SmbCanvasFace, i);

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
  SmbCanvasDrag kind = self->drag;
  double x, y, image_x, image_y;
  int face;

  self->drag = SMB_DRAG_NONE;
  if (!gtk_gesture_drag_get_start_point (drag, &x, &y))
    return;
  if (kind == SMB_DRAG_TOOL) {
    smb_canvas_tool_release (self, x + dx, y + dy);
  } else if (kind == SMB_DRAG_PICTURE && hypot (dx, dy) < 4.0 && smb_canvas_side_at (self, x) == SMB_SIDE_A) {
    smb_viewport_to_image (&self->viewport, x, y, &image_x, &image_y);
    face = face_at (self, image_x, image_y);
    if (face >= 0)
      g_signal_emit_by_name (self, "face-activated", face);
  }
}

static void
on_motion (GtkEventControllerMotion *motion, double x, double y, SmbCanvas *self)
{
  SmbCanvasSide side = smb_canvas_side_at (self, x);
  SmbImage *image = smb_canvas_get_image (self, side);
  double image_x, image_y;

  self->pointer_x = x;
  self->pointer_y = y;
  if (self->layers[SMB_SIDE_A].tiles == NULL)
    return;
  smb_canvas_tool_hover (self, x, y);
  smb_canvas_to_side (self, side, x, y, &image_x, &image_y);
  if (image == NULL || image_x < 0.0 || image_y < 0.0 || image_x >= image->width || image_y >= image->height)
    g_signal_emit_by_name (self, "hover", side, -1.0, -1.0);
  else
    g_signal_emit_by_name (self, "hover", side, image_x, image_y);
}

static void
on_leave (GtkEventControllerMotion *motion, SmbCanvas *self)
{
  self->pointer_x = self->pointer_y = -1.0;
  gtk_widget_queue_draw (GTK_WIDGET (self));
  g_signal_emit_by_name (self, "hover", SMB_SIDE_A, -1.0, -1.0);
}

static gboolean
on_key (GtkEventControllerKey *controller, guint key, guint code, GdkModifierType state, SmbCanvas *self)
{
  if (self->layers[SMB_SIDE_A].tiles == NULL || (state & (GDK_CONTROL_MASK | GDK_ALT_MASK)) != 0)
    return GDK_EVENT_PROPAGATE;
  if (smb_canvas_tool_key (self, key, state))
    return GDK_EVENT_STOP;
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
    case GDK_KEY_bracketleft:
    case GDK_KEY_bracketright:
      move_divider (self, self->divider + (key == GDK_KEY_bracketright ? 0.05 : -0.05));
      return GDK_EVENT_STOP;
    case GDK_KEY_Left:
    case GDK_KEY_Right:
    case GDK_KEY_Up:
    case GDK_KEY_Down:
      smb_viewport_pan (&self->viewport, PAN_STEP * ((key == GDK_KEY_Left) - (key == GDK_KEY_Right)),
                        PAN_STEP * ((key == GDK_KEY_Up) - (key == GDK_KEY_Down)));
      smb_canvas_view_changed (self);
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
