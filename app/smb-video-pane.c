/* SPDX-License-Identifier: Apache-2.0 */
#include "smb-video-pane.h"

#include "smb-session-video.h"
#include "smb-timeline.h"
#include "smb-video-form.h"

#include <glib/gi18n.h>
#include <math.h>

#define THUMBNAIL_PX 96
#define FETCH_AFTER_MS 200

struct _SmbVideoPane {
  GtkWidget parent_instance;

  /* built in init */
  GtkWidget *box;
  GtkWidget *play;
  GtkLabel *place, *reading, *score;
  SmbTimeline *timeline;
  SmbVideoForm *form;
  GtkDropDown *measure; /* drawn beside the score */

  /* owned */
  SmbSession *session;
  GArray *series;        /* of it, SmbTrackSample; NULL: none */
  SmbEngineVideo *shown; /* whose thumbnails are there */
  guint fetching;        /* more of them, soon; 0: not */
  int mark_in, mark_out;
  guint tick;            /* 0: not playing */
  gint64 started_us;     /* of the frame clock, when playing began */
  gint64 from_us, until_us;
  guint from_k;
  guint n_shown;         /* frames seen since then, for the read-out */
};

G_DEFINE_FINAL_TYPE (SmbVideoPane, smb_video_pane, GTK_TYPE_WIDGET)

static SmbEngineVideo *
get_video (SmbVideoPane *self)
{
  return self->session != NULL ? smb_session_get_video (self->session) : NULL;
}

static void
show_place (SmbVideoPane *self)
{
  SmbEngineVideo *video = get_video (self);
  guint k = self->session != NULL ? smb_session_get_frame (self->session) : 0;
  g_autofree char *text = NULL;

  if (video != NULL)
    text = g_strdup_printf (_("frame %u of %u · %.3f s"), k, smb_engine_video_get_n_frames (video) - 1,
                            (double) smb_engine_video_get_slots (video)[k].time_us / 1e6);
  gtk_label_set_text (self->place, text != NULL ? text : "");
  smb_timeline_set_frame (self->timeline, k);
}

/* The value of a curve in a frame; NAN: none. */
static double
value_at (const GArray *samples, guint k)
{
  for (guint i = 0; i < samples->len; i++)
    if (g_array_index (samples, SmbTrackSample, i).k == k)
      return g_array_index (samples, SmbTrackSample, i).score;
  return NAN;
}

/* Place in the drop-down, whose first entry is none: measure by measure, each region by region. FALSE: none is chosen.
 */
static gboolean
get_measure (SmbVideoPane *self, SmbMeasureKind *measure, SmbRegion *region)
{
  const guint chosen = gtk_drop_down_get_selected (self->measure);

  if (chosen == 0 || chosen > SMB_N_SAMPLED * SMB_N_COVERED_REGIONS)
    return FALSE;
  *measure = (SmbMeasureKind) ((chosen - 1) / SMB_N_COVERED_REGIONS);
  *region = (SmbRegion) ((chosen - 1) % SMB_N_COVERED_REGIONS);
  return TRUE;
}

/* "Coherency, eyes". */
static char *
measure_title (SmbMeasureKind measure, SmbRegion region)
{
  return g_strdup_printf ("%s, %s", smb_measure_title (measure), smb_region_title (region));
}

/* "key frame · T1 0.235": what is known of frame k besides its number and time. Free with g_free. */
static char *
describe_frame (SmbVideoPane *self, guint k)
{
  GPtrArray *tracks = smb_session_get_tracks (self->session);
  const SmbVideoSlot *slot = &smb_engine_video_get_slots (get_video (self))[k];
  g_autoptr (GPtrArray) parts = g_ptr_array_new_with_free_func (g_free);
  SmbMeasureKind measure;
  SmbRegion region;

  for (guint i = 0; tracks != NULL && i < tracks->len; i++) {
    const SmbTrackSummary *track = tracks->pdata[i];
    const double score = value_at (track->samples, k);

    if (!isnan (score))
      g_ptr_array_add (parts, g_strdup_printf ("T%u %.3f", track->number, score));
  }
  /* Which measure it is stands in the drop-down below. */
  if (self->series != NULL && get_measure (self, &measure, &region) && !isnan (value_at (self->series, k)))
    g_ptr_array_add (parts, g_strdup_printf ("%s %.4f", smb_region_title (region), value_at (self->series, k)));
  if ((slot->flags & SMB_VIDEO_SLOT_KEY) != 0)
    g_ptr_array_add (parts, g_strdup (_("key frame")));
  if ((slot->flags & SMB_VIDEO_SLOT_AFTER_GAP) != 0)
    g_ptr_array_add (parts, g_strdup (_("frames missing before it")));
  g_ptr_array_add (parts, NULL);
  return g_strjoinv (" · ", (char **) parts->pdata);
}

/* Of the frame on the screen. */
static void
show_reading (SmbVideoPane *self)
{
  g_autofree char *text = get_video (self) != NULL ? describe_frame (self, smb_session_get_frame (self->session)) : NULL;

  gtk_label_set_text (self->reading, text != NULL ? text : "");
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->reading), text);
}

static void
show_score (SmbVideoPane *self)
{
  GPtrArray *tracks = self->session != NULL ? smb_session_get_tracks (self->session) : NULL;
  guint selected = self->session != NULL ? smb_session_get_selected_track (self->session) : 0;
  g_autofree char *text = NULL;

  for (guint i = 0; tracks != NULL && i < tracks->len; i++) {
    const SmbTrackSummary *track = tracks->pdata[i];

    if (track->number == selected && track->score.n_scored > 0)
      text = g_strdup_printf (_("T%u: mean %.3f of %u frames · median %.3f · spread %.3f"), track->number,
                              track->score.mean, track->score.n_scored, track->score.median, track->score.deviation);
  }
  gtk_label_set_text (self->score, text != NULL ? text : "");
}

static void
set_playing (SmbVideoPane *self, gboolean playing)
{
  if (!playing && self->tick != 0) {
    gtk_widget_remove_tick_callback (GTK_WIDGET (self), self->tick);
    self->tick = 0;
  }
  gtk_button_set_icon_name (GTK_BUTTON (self->play),
                            self->tick != 0 || playing ? "smb-pause-symbolic" : "smb-play-symbolic");
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->play), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  playing ? _("Pause") : _("Play"), -1);
}

/* How well it kept up: whoever watches is told what was left out. */
static void
show_played (SmbVideoPane *self)
{
  const guint k = smb_session_get_frame (self->session), n_passed = k > self->from_k ? k - self->from_k : 0;
  g_autofree char *text = g_strdup_printf (
      ngettext ("played: %u of %u frame shown", "played: %u of %u frames shown", n_passed), self->n_shown, n_passed);

  gtk_label_set_text (self->reading, text);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->reading), text);
}

/* Where the clip should be by now. A frame is asked for only when the one before has been shown, so that a slow decoder
 * drops frames and keeps the time. */
static gboolean
play_on (GtkWidget *widget, GdkFrameClock *clock, gpointer data)
{
  SmbVideoPane *self = SMB_VIDEO_PANE (widget);
  SmbEngineVideo *video = get_video (self);
  gint64 now_us = gdk_frame_clock_get_frame_time (clock), at_us;

  if (self->started_us == 0)
    self->started_us = now_us;
  at_us = self->from_us + now_us - self->started_us;
  if (video == NULL || at_us >= self->until_us) {
    if (video != NULL)
      smb_session_show_frame (self->session, smb_engine_video_frame_at (video, self->until_us - 1));
    self->tick = 0;
    set_playing (self, FALSE);
    return G_SOURCE_REMOVE;
  }
  if (!smb_session_is_decoding (self->session))
    smb_session_show_frame (self->session, smb_engine_video_frame_at (video, at_us));
  return G_SOURCE_CONTINUE;
}

static void
on_play (GtkButton *button, SmbVideoPane *self)
{
  SmbEngineVideo *video = get_video (self);
  const SmbVideoSlot *slots;
  guint n, k, last;

  if (video == NULL)
    return;
  if (self->tick != 0) {
    set_playing (self, FALSE);
    return;
  }
  slots = smb_engine_video_get_slots (video);
  n = smb_engine_video_get_n_frames (video);
  k = smb_session_get_frame (self->session);
  last = self->mark_out >= 0 ? (guint) self->mark_out : n - 1;
  if (k >= last)
    k = self->mark_in >= 0 ? (guint) self->mark_in : 0;
  self->from_k = k;
  self->n_shown = k == smb_session_get_frame (self->session) ? 0 : (guint) -1; /* the first of it is yet to come */
  self->from_us = slots[k].time_us;
  self->until_us = slots[last].time_us + slots[last].duration_us;
  self->started_us = 0;
  self->tick = gtk_widget_add_tick_callback (GTK_WIDGET (self), play_on, NULL, NULL);
  set_playing (self, TRUE);
}

/* Whoever goes to a frame by hand plays no more, and need not be told of it any longer. */
static void
stop_playing (SmbVideoPane *self)
{
  set_playing (self, FALSE);
  self->started_us = 0;
  show_reading (self);
}

static void
step (SmbVideoPane *self, int by)
{
  if (get_video (self) == NULL)
    return;
  stop_playing (self);
  smb_session_step_frame (self->session, by);
}

static void
on_stepped (SmbTimeline *timeline, int by, SmbVideoPane *self)
{
  step (self, by);
}

static void
on_previous (GtkButton *button, SmbVideoPane *self)
{
  step (self, -1);
}

static void
on_next (GtkButton *button, SmbVideoPane *self)
{
  step (self, 1);
}

static void
on_seek (SmbTimeline *timeline, guint k, SmbVideoPane *self)
{
  stop_playing (self);
  smb_session_show_frame (self->session, k);
}

static void
on_hovered (SmbTimeline *timeline, int k, SmbVideoPane *self)
{
  SmbEngineVideo *video = get_video (self);
  g_autofree char *title = NULL, *text = NULL;

  if (video != NULL && k >= 0) {
    title = g_strdup_printf (_("frame %d · %.3f s"), k, (double) smb_engine_video_get_slots (video)[k].time_us / 1e6);
    text = describe_frame (self, (guint) k);
  }
  smb_timeline_set_reading (timeline, title, text);
}

/* A second press on the same place takes the mark away. */
static void
toggle_mark (SmbVideoPane *self, int *mark)
{
  int k = get_video (self) != NULL ? (int) smb_session_get_frame (self->session) : -1;

  *mark = *mark == k ? -1 : k;
  if (self->mark_in >= 0 && self->mark_out >= 0 && self->mark_in > self->mark_out)
    *(mark == &self->mark_in ? &self->mark_out : &self->mark_in) = -1;
  smb_timeline_set_marks (self->timeline, self->mark_in, self->mark_out);
  smb_video_form_set_marks (self->form, self->mark_in, self->mark_out);
}

static void
on_mark_in (GtkButton *button, SmbVideoPane *self)
{
  toggle_mark (self, &self->mark_in);
}

static void
on_mark_out (GtkButton *button, SmbVideoPane *self)
{
  toggle_mark (self, &self->mark_out);
}

static void
on_zoom_out (GtkButton *button, SmbVideoPane *self)
{
  smb_timeline_zoom (self->timeline, 0.5);
}

static void
on_zoom_in (GtkButton *button, SmbVideoPane *self)
{
  smb_timeline_zoom (self->timeline, 2.0);
}

static void
on_zoom_all (GtkButton *button, SmbVideoPane *self)
{
  smb_timeline_zoom (self->timeline, 0.0);
}

static void
on_thumbnail (SmbSession *session, guint k, SmbImage *image, gpointer pane)
{
  smb_timeline_add_thumbnail (SMB_VIDEO_PANE (pane)->timeline, k, image);
}

static gboolean
fetch_thumbnails (gpointer data)
{
  SmbVideoPane *self = data;
  g_autoptr (GArray) wanted = NULL;

  self->fetching = 0;
  if (get_video (self) == NULL)
    return G_SOURCE_REMOVE;
  wanted = smb_timeline_list_wanted (self->timeline);
  smb_session_fetch_thumbnails (self->session, (const guint *) wanted->data, wanted->len, THUMBNAIL_PX, on_thumbnail,
                                G_OBJECT (self));
  return G_SOURCE_REMOVE;
}

/* Not at every step of a zoom: where it comes to rest. */
static void
on_view_changed (SmbVideoPane *self)
{
  g_clear_handle_id (&self->fetching, g_source_remove);
  self->fetching = g_timeout_add (FETCH_AFTER_MS, fetch_thumbnails, self);
}

/* The measure chosen, of the track chosen or the first that has it. The choice is there where a run measured regions.
 */
static void
show_series (SmbVideoPane *self)
{
  SmbVideoState *state = smb_session_get_video_state (self->session);
  GPtrArray *tracks = smb_session_get_tracks (self->session);
  const guint selected = smb_session_get_selected_track (self->session);
  const SmbTrackSummary *shown = NULL;
  g_autofree char *title = NULL;
  SmbMeasureKind measure;
  SmbRegion region;

  for (guint i = 0; tracks != NULL && i < tracks->len; i++) {
    const SmbTrackSummary *track = tracks->pdata[i];

    if (track->regions != NULL && (shown == NULL || track->number == selected))
      shown = track;
  }
  g_clear_pointer (&self->series, g_array_unref);
  if (state != NULL && shown != NULL && get_measure (self, &measure, &region)) {
    g_autofree char *name = measure_title (measure, region);

    self->series = smb_track_region_series (state->progress->frames, state->edits, shown->number, measure, region);
    title = g_strdup_printf ("T%u: %s", shown->number, name);
  }
  gtk_widget_set_visible (GTK_WIDGET (self->measure), shown != NULL);
  smb_timeline_set_series (self->timeline, self->series, title);
}

static void
on_measure_chosen (GtkDropDown *drop_down, GParamSpec *pspec, SmbVideoPane *self)
{
  if (self->session != NULL)
    show_series (self);
}

static void
show_tracks (SmbVideoPane *self)
{
  SmbVideoState *state = smb_session_get_video_state (self->session);

  smb_timeline_set_tracks (self->timeline, state != NULL ? state->progress->frames : NULL,
                           smb_session_get_tracks (self->session), smb_session_get_selected_track (self->session));
  show_series (self);
  show_score (self);
  if (self->started_us == 0)
    show_reading (self);
}

static void
on_video_changed (SmbVideoPane *self)
{
  SmbEngineVideo *video = get_video (self);

  gtk_widget_set_visible (GTK_WIDGET (self), video != NULL);
  if (video != self->shown) {
    stop_playing (self);
    self->mark_in = self->mark_out = -1;
    self->shown = video; /* only compared, never used */
    smb_video_form_set_marks (self->form, -1, -1);
    smb_timeline_set_video (self->timeline, video);
  }
  show_tracks (self);
  show_place (self);
}

static void
on_frame_changed (SmbVideoPane *self)
{
  self->n_shown++;
  show_place (self);
  if (self->started_us == 0) {
    show_reading (self);
    return;
  }
  show_played (self);
  if (self->tick == 0)
    self->started_us = 0; /* that was the last one */
}

void
smb_video_pane_set_session (SmbVideoPane *self, SmbSession *session)
{
  g_return_if_fail (self->session == NULL);
  self->session = g_object_ref (session);
  g_signal_connect_object (session, "video-changed", G_CALLBACK (on_video_changed), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (session, "frame-changed", G_CALLBACK (on_frame_changed), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (session, "video-progressed", G_CALLBACK (show_tracks), self, G_CONNECT_SWAPPED);
  smb_video_form_set_session (self->form, session);
  on_video_changed (self);
}

static GtkWidget *
add_button (SmbVideoPane *self, GtkWidget *row, const char *icon, const char *label, const char *tip, GCallback clicked)
{
  GtkWidget *button = icon != NULL ? gtk_button_new_from_icon_name (icon) : gtk_button_new_with_label (label);

  gtk_widget_add_css_class (button, "flat");
  gtk_widget_set_valign (button, GTK_ALIGN_CENTER);
  gtk_widget_set_tooltip_text (button, tip);
  gtk_accessible_update_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL, tip, -1);
  g_signal_connect (button, "clicked", clicked, self);
  gtk_box_append (GTK_BOX (row), button);
  return button;
}

static GtkLabel *
add_label (GtkWidget *row, gboolean fill, const char *style)
{
  GtkWidget *label = gtk_label_new (NULL);

  gtk_widget_add_css_class (label, "numeric");
  if (style != NULL)
    gtk_widget_add_css_class (label, style);
  gtk_label_set_xalign (GTK_LABEL (label), 0.0f);
  gtk_label_set_ellipsize (GTK_LABEL (label), fill ? PANGO_ELLIPSIZE_END : PANGO_ELLIPSIZE_NONE);
  gtk_widget_set_hexpand (label, fill);
  gtk_box_append (GTK_BOX (row), label);
  return GTK_LABEL (label);
}

static gboolean
on_key (GtkEventControllerKey *controller, guint key, guint code, GdkModifierType state, SmbVideoPane *self)
{
  if (key != GDK_KEY_space || get_video (self) == NULL)
    return FALSE;
  on_play (NULL, self);
  return TRUE;
}

static void
smb_video_pane_dispose (GObject *object)
{
  SmbVideoPane *self = SMB_VIDEO_PANE (object);

  if (self->tick != 0)
    gtk_widget_remove_tick_callback (GTK_WIDGET (self), self->tick);
  self->tick = 0;
  g_clear_handle_id (&self->fetching, g_source_remove);
  g_clear_pointer (&self->box, gtk_widget_unparent);
  g_clear_pointer (&self->series, g_array_unref);
  g_clear_object (&self->session);
  G_OBJECT_CLASS (smb_video_pane_parent_class)->dispose (object);
}

static void
smb_video_pane_class_init (SmbVideoPaneClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = smb_video_pane_dispose;
  gtk_widget_class_set_layout_manager_type (GTK_WIDGET_CLASS (klass), GTK_TYPE_BIN_LAYOUT);
}

static GtkDropDown *
build_measures (SmbVideoPane *self)
{
  GtkStringList *names = gtk_string_list_new (NULL); /* the drop-down takes it */
  GtkWidget *drop_down;

  gtk_string_list_append (names, _("Score alone"));
  for (int measure = 0; measure < SMB_N_SAMPLED; measure++)
    for (int region = 0; region < SMB_N_COVERED_REGIONS; region++) {
      g_autofree char *title = measure_title ((SmbMeasureKind) measure, (SmbRegion) region);

      gtk_string_list_append (names, title);
    }
  drop_down = gtk_drop_down_new (G_LIST_MODEL (names), NULL);
  gtk_widget_set_tooltip_text (drop_down, _("What is drawn beside the score"));
  gtk_accessible_update_property (GTK_ACCESSIBLE (drop_down), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _("What is drawn beside the score"), -1);
  gtk_widget_set_valign (drop_down, GTK_ALIGN_CENTER);
  gtk_widget_set_visible (drop_down, FALSE);
  g_signal_connect (drop_down, "notify::selected", G_CALLBACK (on_measure_chosen), self);
  return GTK_DROP_DOWN (drop_down);
}

static void
smb_video_pane_init (SmbVideoPane *self)
{
  GtkWidget *row = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);
  GtkEventController *keys = gtk_event_controller_key_new ();

  self->box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 0);
  gtk_widget_add_css_class (self->box, "video-pane");
  gtk_widget_set_parent (self->box, GTK_WIDGET (self));
  gtk_widget_add_css_class (row, "video-tools");
  gtk_box_append (GTK_BOX (self->box), row);
  add_button (self, row, "smb-step-back-symbolic", NULL, _("One frame back (Left)"), G_CALLBACK (on_previous));
  self->play = add_button (self, row, "smb-play-symbolic", NULL, _("Play or pause (Space)"), G_CALLBACK (on_play));
  add_button (self, row, "smb-step-on-symbolic", NULL, _("One frame on (Right)"), G_CALLBACK (on_next));
  self->place = add_label (row, FALSE, "strong");
  gtk_label_set_width_chars (self->place, 18);
  self->reading = add_label (row, TRUE, "dim");
  add_button (self, row, NULL, _("In"), _("Mark the beginning of a passage here, or take the mark away"),
              G_CALLBACK (on_mark_in));
  add_button (self, row, NULL, _("Out"), _("Mark the end of a passage here, or take the mark away"),
              G_CALLBACK (on_mark_out));
  add_button (self, row, "smb-minus-symbolic", NULL, _("Show more of the timeline"), G_CALLBACK (on_zoom_out));
  add_button (self, row, "smb-add-symbolic", NULL, _("Show the timeline in more detail"), G_CALLBACK (on_zoom_in));
  add_button (self, row, NULL, _("All"), _("Show all of the timeline"), G_CALLBACK (on_zoom_all));
  self->timeline = SMB_TIMELINE (smb_timeline_new ());
  g_signal_connect (self->timeline, "seek", G_CALLBACK (on_seek), self);
  g_signal_connect (self->timeline, "stepped", G_CALLBACK (on_stepped), self);
  g_signal_connect (self->timeline, "hovered", G_CALLBACK (on_hovered), self);
  g_signal_connect_swapped (self->timeline, "view-changed", G_CALLBACK (on_view_changed), self);
  gtk_box_append (GTK_BOX (self->box), GTK_WIDGET (self->timeline));
  row = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);
  gtk_widget_add_css_class (row, "video-score");
  gtk_box_append (GTK_BOX (self->box), row);
  self->score = add_label (row, TRUE, "caption");
  row = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);
  gtk_widget_add_css_class (row, "video-tools");
  gtk_box_append (GTK_BOX (self->box), row);
  self->measure = build_measures (self);
  gtk_box_append (GTK_BOX (row), GTK_WIDGET (self->measure));
  self->form = SMB_VIDEO_FORM (smb_video_form_new ());
  gtk_widget_set_hexpand (GTK_WIDGET (self->form), TRUE);
  gtk_box_append (GTK_BOX (row), GTK_WIDGET (self->form));
  g_signal_connect (keys, "key-pressed", G_CALLBACK (on_key), self);
  gtk_widget_add_controller (GTK_WIDGET (self), keys);
  self->mark_in = self->mark_out = -1;
  gtk_widget_set_visible (GTK_WIDGET (self), FALSE);
}
