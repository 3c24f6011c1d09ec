/* SPDX-License-Identifier: Apache-2.0 */
#include "smb-timeline-private.h"

#include <glib/gi18n.h>
#include <math.h>

#define SHORTEST_VIEW_FRAMES 12
#define WHEEL_STEP 1.25
#define MAX_THUMBNAILS 600 /* 9 MB */

G_DEFINE_FINAL_TYPE (SmbTimeline, smb_timeline, GTK_TYPE_WIDGET)

enum { SEEK, STEPPED, HOVERED, VIEW_CHANGED, N_SIGNALS };
static guint signals[N_SIGNALS];

gint64
smb_timeline_length_us (const SmbTimeline *self)
{
  const guint n = self->video != NULL ? smb_engine_video_get_n_frames (self->video) : 0;
  const SmbVideoSlot *slots = n > 0 ? smb_engine_video_get_slots (self->video) : NULL;

  return n > 0 ? MAX (slots[n - 1].time_us + slots[n - 1].duration_us, 1) : 1;
}

int
smb_timeline_right_px (const SmbTimeline *self)
{
  return self->series != NULL ? SMB_TIMELINE_SCALE_PX : SMB_TIMELINE_RIGHT_PX;
}

static double
plot_width (const SmbTimeline *self)
{
  return MAX (gtk_widget_get_width (GTK_WIDGET (self)) - SMB_TIMELINE_LEFT_PX - smb_timeline_right_px (self), 1);
}

double
smb_timeline_x_of (const SmbTimeline *self, gint64 time_us)
{
  return SMB_TIMELINE_LEFT_PX
         + ((double) time_us - self->begin_us) / (self->end_us - self->begin_us) * plot_width (self);
}

gint64
smb_timeline_time_at (const SmbTimeline *self, double x)
{
  return (gint64) (self->begin_us + (x - SMB_TIMELINE_LEFT_PX) / plot_width (self) * (self->end_us - self->begin_us));
}

static guint
frame_at (const SmbTimeline *self, double x)
{
  return smb_engine_video_frame_at (self->video, MAX (smb_timeline_time_at (self, x), 0));
}

static void
set_view (SmbTimeline *self, double begin_us, double end_us)
{
  const double length = (double) smb_timeline_length_us (self);
  const guint n = smb_engine_video_get_n_frames (self->video);
  double span = CLAMP (end_us - begin_us, MIN (length, length / n * SHORTEST_VIEW_FRAMES), length);

  self->begin_us = CLAMP (begin_us, 0.0, length - span);
  self->end_us = self->begin_us + span;
  gtk_widget_queue_draw (GTK_WIDGET (self));
  g_signal_emit (self, signals[VIEW_CHANGED], 0);
}

/* Keeps what lies under `at_us` where it is. */
static void
zoom_about (SmbTimeline *self, double at_us, double factor)
{
  set_view (self, at_us - (at_us - self->begin_us) / factor, at_us + (self->end_us - at_us) / factor);
}

void
smb_timeline_zoom (SmbTimeline *self, double factor)
{
  if (self->video == NULL)
    return;
  if (factor <= 0.0)
    set_view (self, 0.0, (double) smb_timeline_length_us (self));
  else
    zoom_about (self, (double) smb_engine_video_get_slots (self->video)[self->frame].time_us, factor);
}

static void
describe (SmbTimeline *self)
{
  g_autofree char *text = NULL;

  if (self->video != NULL)
    text = g_strdup_printf (_("Timeline, frame %u of %u"), self->frame, smb_engine_video_get_n_frames (self->video) - 1);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  text != NULL ? text : _("Timeline"), -1);
}

void
smb_timeline_set_video (SmbTimeline *self, SmbEngineVideo *video)
{
  g_clear_pointer (&self->video, smb_engine_video_unref);
  g_array_set_size (self->thumbnails, 0);
  smb_timeline_set_tracks (self, NULL, NULL, 0);
  self->frame = 0;
  self->hovered = self->mark_in = self->mark_out = -1;
  if (video != NULL) {
    self->video = smb_engine_video_ref (video);
    self->begin_us = 0.0;
    self->end_us = (double) smb_timeline_length_us (self);
  }
  describe (self);
  gtk_widget_queue_draw (GTK_WIDGET (self));
  g_signal_emit (self, signals[VIEW_CHANGED], 0);
}

void
smb_timeline_set_tracks (SmbTimeline *self, GPtrArray *frames, GPtrArray *tracks, guint selected)
{
  if (frames != NULL)
    g_ptr_array_ref (frames);
  if (tracks != NULL)
    g_ptr_array_ref (tracks);
  g_clear_pointer (&self->frames, g_ptr_array_unref);
  g_clear_pointer (&self->tracks, g_ptr_array_unref);
  self->frames = frames;
  self->tracks = tracks;
  self->selected = selected;
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

void
smb_timeline_set_series (SmbTimeline *self, GArray *samples, const char *title)
{
  g_autofree char *kept = g_strdup (title);

  if (samples != NULL)
    g_array_ref (samples);
  g_clear_pointer (&self->series, g_array_unref);
  g_free (self->series_title);
  self->series = samples;
  self->series_title = g_steal_pointer (&kept);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

void
smb_timeline_set_frame (SmbTimeline *self, guint k)
{
  double at;

  if (self->video == NULL || k == self->frame)
    return;
  self->frame = k;
  at = (double) smb_engine_video_get_slots (self->video)[k].time_us;
  /* What is looked at stays in view. */
  if (at < self->begin_us || at > self->end_us)
    set_view (self, at - (self->end_us - self->begin_us) / 2, at + (self->end_us - self->begin_us) / 2);
  describe (self);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

static void
clear_thumbnail (gpointer data)
{
  g_clear_object (&((SmbTimelineThumbnail *) data)->texture);
}

/* Where the thumbnail of frame k is, or belongs. */
static guint
thumbnail_place (const SmbTimeline *self, guint k)
{
  guint i = 0;

  while (i < self->thumbnails->len && g_array_index (self->thumbnails, SmbTimelineThumbnail, i).k < k)
    i++;
  return i;
}

static gboolean
has_thumbnail (const SmbTimeline *self, guint k)
{
  const guint i = thumbnail_place (self, k);

  return i < self->thumbnails->len && g_array_index (self->thumbnails, SmbTimelineThumbnail, i).k == k;
}

void
smb_timeline_add_thumbnail (SmbTimeline *self, guint k, SmbImage *image)
{
  SmbTimelineThumbnail thumbnail = { k, NULL };

  if (has_thumbnail (self, k))
    return;
  /* Whoever looks around for long does not fill the memory: every second one goes. */
  for (guint i = self->thumbnails->len >= MAX_THUMBNAILS ? MAX_THUMBNAILS : 0; i > 1; i -= 2)
    g_array_remove_index (self->thumbnails, i - 1);
  thumbnail.texture = gdk_memory_texture_new (image->width, image->height, GDK_MEMORY_R8G8B8, image->bytes,
                                              (gsize) image->width * 3);
  g_array_insert_val (self->thumbnails, thumbnail_place (self, k), thumbnail);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

double
smb_timeline_thumbnail_px (const SmbTimeline *self)
{
  const double aspect = (double) smb_engine_video_get_width (self->video) / smb_engine_video_get_height (self->video);

  return CLAMP ((SMB_TIMELINE_THUMB_PX - 4) * aspect, 8.0, 400.0);
}

const SmbTimelineThumbnail *
smb_timeline_thumbnail_at (const SmbTimeline *self, double x)
{
  const double reach_us = smb_timeline_thumbnail_px (self) / plot_width (self) * (self->end_us - self->begin_us);
  const SmbVideoSlot *slots = smb_engine_video_get_slots (self->video);
  const guint k = frame_at (self, x), place = thumbnail_place (self, k);
  const SmbTimelineThumbnail *nearest = NULL;
  double least_us = reach_us;

  /* The one of that very frame, or as long as it is not there one from close by. */
  for (guint i = place > 0 ? place - 1 : 0; i < MIN (place + 1, self->thumbnails->len); i++) {
    const SmbTimelineThumbnail *thumbnail = &g_array_index (self->thumbnails, SmbTimelineThumbnail, i);
    const double away_us = fabs ((double) (slots[thumbnail->k].time_us - slots[k].time_us));

    if (away_us < least_us || thumbnail->k == k) {
      least_us = away_us;
      nearest = thumbnail;
    }
  }
  return nearest;
}

GArray *
smb_timeline_list_wanted (SmbTimeline *self)
{
  GArray *wanted = g_array_new (FALSE, FALSE, sizeof (guint));
  double width, pitch;

  if (self->video == NULL)
    return wanted;
  width = plot_width (self);
  pitch = smb_timeline_thumbnail_px (self) + 1.0;
  for (int i = 0; i * pitch < width; i++) {
    const guint k = frame_at (self, SMB_TIMELINE_LEFT_PX + i * pitch);

    if (!has_thumbnail (self, k) && (wanted->len == 0 || g_array_index (wanted, guint, wanted->len - 1) != k))
      g_array_append_val (wanted, k);
  }
  return wanted;
}

void
smb_timeline_set_reading (SmbTimeline *self, const char *title, const char *text)
{
  g_autofree char *whole
      = title == NULL ? g_strdup ("") : text == NULL || *text == '\0' ? g_strdup (title) : g_strdup_printf ("%s · %s", title, text);

  g_free (self->reading_title);
  g_free (self->reading_text);
  self->reading_title = g_strdup (title);
  self->reading_text = g_strdup (text);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, whole, -1);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

void
smb_timeline_set_marks (SmbTimeline *self, int in, int out)
{
  self->mark_in = in;
  self->mark_out = out;
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

void
smb_timeline_track_colour (guint number, gboolean dark, GdkRGBA *out)
{
  const guint32 rgb = smb_track_colour (number, dark);

  *out = (GdkRGBA){ (float) (rgb >> 16) / 255.0f, (float) (rgb >> 8 & 0xff) / 255.0f, (float) (rgb & 0xff) / 255.0f,
                    1.0f };
}

static void
seek (SmbTimeline *self, guint k)
{
  g_signal_emit (self, signals[SEEK], 0, k);
}

static void
on_drag_begin (GtkGestureDrag *drag, double x, double y, SmbTimeline *self)
{
  gtk_widget_grab_focus (GTK_WIDGET (self));
  if (self->video != NULL)
    seek (self, frame_at (self, x));
}

static void
on_drag_update (GtkGestureDrag *drag, double dx, double dy, SmbTimeline *self)
{
  double x, y;

  if (self->video != NULL && gtk_gesture_drag_get_start_point (drag, &x, &y))
    seek (self, frame_at (self, x + dx));
}

static void
hover (SmbTimeline *self, int k)
{
  if (k == self->hovered)
    return;
  self->hovered = k;
  g_signal_emit (self, signals[HOVERED], 0, k);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

static void
on_motion (GtkEventControllerMotion *motion, double x, double y, SmbTimeline *self)
{
  if (self->video != NULL)
    hover (self, x >= SMB_TIMELINE_LEFT_PX ? (int) frame_at (self, x) : -1);
}

static void
on_leave (GtkEventControllerMotion *motion, SmbTimeline *self)
{
  hover (self, -1);
}

static gboolean
on_scroll (GtkEventControllerScroll *scroll, double dx, double dy, SmbTimeline *self)
{
  double span = self->end_us - self->begin_us;

  if (self->video == NULL)
    return FALSE;
  if (dx != 0.0)
    set_view (self, self->begin_us + dx * span / 10, self->end_us + dx * span / 10);
  else if (self->hovered >= 0)
    zoom_about (self, (double) smb_engine_video_get_slots (self->video)[self->hovered].time_us, pow (WHEEL_STEP, -dy));
  else
    smb_timeline_zoom (self, pow (WHEEL_STEP, -dy));
  return TRUE;
}

static gboolean
on_key (GtkEventControllerKey *controller, guint key, guint code, GdkModifierType state, SmbTimeline *self)
{
  const int step = (state & GDK_SHIFT_MASK) != 0 ? 10 : 1;

  if (self->video == NULL)
    return FALSE;
  switch (key) {
  case GDK_KEY_Left:
  case GDK_KEY_KP_Left:
    g_signal_emit (self, signals[STEPPED], 0, -step);
    return TRUE;
  case GDK_KEY_Right:
  case GDK_KEY_KP_Right:
    g_signal_emit (self, signals[STEPPED], 0, step);
    return TRUE;
  case GDK_KEY_Home:
    seek (self, 0);
    return TRUE;
  case GDK_KEY_End:
    seek (self, smb_engine_video_get_n_frames (self->video) - 1);
    return TRUE;
  default:
    return FALSE;
  }
}

static void
smb_timeline_measure (GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum, int *natural,
                      int *minimum_baseline, int *natural_baseline)
{
  *minimum = orientation == GTK_ORIENTATION_HORIZONTAL ? 160 : 150;
  *natural = orientation == GTK_ORIENTATION_HORIZONTAL ? 600 : 172;
}

static void
smb_timeline_size_allocate (GtkWidget *widget, int width, int height, int baseline)
{
  SmbTimeline *self = SMB_TIMELINE (widget);

  if (self->video != NULL && width != self->allocated_width)
    g_signal_emit (self, signals[VIEW_CHANGED], 0);
  self->allocated_width = width;
}

static void
smb_timeline_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  smb_timeline_draw (SMB_TIMELINE (widget), snapshot);
}

static void
smb_timeline_dispose (GObject *object)
{
  SmbTimeline *self = SMB_TIMELINE (object);

  g_clear_pointer (&self->video, smb_engine_video_unref);
  g_clear_pointer (&self->frames, g_ptr_array_unref);
  g_clear_pointer (&self->tracks, g_ptr_array_unref);
  g_clear_pointer (&self->thumbnails, g_array_unref);
  g_clear_pointer (&self->series, g_array_unref);
  g_clear_pointer (&self->series_title, g_free);
  g_clear_pointer (&self->reading_title, g_free);
  g_clear_pointer (&self->reading_text, g_free);
  G_OBJECT_CLASS (smb_timeline_parent_class)->dispose (object);
}

static void
smb_timeline_class_init (SmbTimelineClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = smb_timeline_dispose;
  widget_class->measure = smb_timeline_measure;
  widget_class->size_allocate = smb_timeline_size_allocate;
  widget_class->snapshot = smb_timeline_snapshot;
  gtk_widget_class_set_css_name (widget_class, "timeline");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_SLIDER);
  signals[SEEK]
      = g_signal_new ("seek", SMB_TYPE_TIMELINE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_UINT);
  signals[STEPPED]
      = g_signal_new ("stepped", SMB_TYPE_TIMELINE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_INT);
  signals[VIEW_CHANGED]
      = g_signal_new ("view-changed", SMB_TYPE_TIMELINE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[HOVERED]
      = g_signal_new ("hovered", SMB_TYPE_TIMELINE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_INT);
}

static void
smb_timeline_init (SmbTimeline *self)
{
  GtkGesture *drag = gtk_gesture_drag_new ();
  GtkEventController *motion = gtk_event_controller_motion_new ();
  GtkEventController *scroll = gtk_event_controller_scroll_new (GTK_EVENT_CONTROLLER_SCROLL_BOTH_AXES);
  GtkEventController *keys = gtk_event_controller_key_new ();

  self->thumbnails = g_array_new (FALSE, FALSE, sizeof (SmbTimelineThumbnail));
  g_array_set_clear_func (self->thumbnails, clear_thumbnail);
  self->hovered = self->mark_in = self->mark_out = -1;
  self->end_us = 1.0;
  gtk_widget_set_focusable (GTK_WIDGET (self), TRUE);
  gtk_widget_set_hexpand (GTK_WIDGET (self), TRUE);
  g_signal_connect (drag, "drag-begin", G_CALLBACK (on_drag_begin), self);
  g_signal_connect (drag, "drag-update", G_CALLBACK (on_drag_update), self);
  g_signal_connect (motion, "motion", G_CALLBACK (on_motion), self);
  g_signal_connect (motion, "leave", G_CALLBACK (on_leave), self);
  g_signal_connect (scroll, "scroll", G_CALLBACK (on_scroll), self);
  g_signal_connect (keys, "key-pressed", G_CALLBACK (on_key), self);
  gtk_widget_add_controller (GTK_WIDGET (self), GTK_EVENT_CONTROLLER (drag));
  gtk_widget_add_controller (GTK_WIDGET (self), motion);
  gtk_widget_add_controller (GTK_WIDGET (self), scroll);
  gtk_widget_add_controller (GTK_WIDGET (self), keys);
  describe (self);
}

GtkWidget *
smb_timeline_new (void)
{
  return g_object_new (SMB_TYPE_TIMELINE, NULL);
}
