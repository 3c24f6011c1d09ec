/* SPDX-License-Identifier: Apache-2.0 */
#include "smb-tracks-page.h"

#include "smb-bar.h"
#include "smb-facts.h"
#include "smb-session-video.h"
#include "smb-timeline.h"

#include <glib/gi18n.h>
#include <math.h>

struct _SmbTracksPage {
  GtkWidget parent_instance;

  /* built in init */
  GtkWidget *box;
  GtkLabel *count;
  GtkListBox *list;
  GtkLabel *empty;
  GtkWidget *tools, *facts_box;
  GtkEntry *name;
  GtkDropDown *others;
  GtkWidget *merge, *split;
  SmbFacts *facts;

  /* owned */
  SmbSession *session;
  GArray *other_numbers; /* guint, as the drop-down lists them */
  gboolean updating;
};

G_DEFINE_FINAL_TYPE (SmbTracksPage, smb_tracks_page, GTK_TYPE_WIDGET)

static char *
title_of (const SmbTrackSummary *track)
{
  return track->name != NULL ? g_strdup_printf ("T%u  %s", track->number, track->name)
                             : g_strdup_printf ("T%u", track->number);
}

static const SmbTrackSummary *
selected_track (SmbTracksPage *self)
{
  GPtrArray *tracks = smb_session_get_tracks (self->session);

  for (guint i = 0; tracks != NULL && i < tracks->len; i++)
    if (((SmbTrackSummary *) tracks->pdata[i])->number == smb_session_get_selected_track (self->session))
      return tracks->pdata[i];
  return NULL;
}

static void
draw_dot (GtkDrawingArea *area, cairo_t *cr, int width, int height, gpointer number)
{
  GdkRGBA ground = { 1, 1, 1, 1 }, colour;

  gtk_style_context_lookup_color (gtk_widget_get_style_context (GTK_WIDGET (area)), "smb_pane", &ground);
  smb_timeline_track_colour (GPOINTER_TO_UINT (number), ground.red + ground.green + ground.blue < 1.5f, &colour);
  gdk_cairo_set_source_rgba (cr, &colour);
  cairo_arc (cr, width / 2.0, height / 2.0, 5.0, 0, 2 * G_PI);
  cairo_fill (cr);
}

static GtkWidget *
label_new (const char *text, float xalign, const char *style)
{
  GtkWidget *label = gtk_label_new (text);

  gtk_label_set_xalign (GTK_LABEL (label), xalign);
  gtk_label_set_ellipsize (GTK_LABEL (label), PANGO_ELLIPSIZE_END);
  gtk_widget_add_css_class (label, "numeric");
  if (style != NULL)
    gtk_widget_add_css_class (label, style);
  return label;
}

static GtkWidget *
row_new (const SmbTrackSummary *track)
{
  GtkWidget *row = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 10), *middle = gtk_box_new (GTK_ORIENTATION_VERTICAL, 1);
  GtkWidget *end = gtk_box_new (GTK_ORIENTATION_VERTICAL, 1), *dot = gtk_drawing_area_new ();
  g_autofree char *title = title_of (track);
  g_autofree char *when
      = g_strdup_printf (ngettext ("%.2f to %.2f s · %u frame, found in %u", "%.2f to %.2f s · %u frames, found in %u",
                                   track->n_points),
                         (double) track->first_us / 1e6, (double) track->last_us / 1e6, track->n_points,
                         track->n_detected);
  g_autofree char *score
      = track->score.n_scored > 0 ? g_strdup_printf ("%.2f", track->score.mean) : g_strdup (_("n/a"));
  g_autofree char *spread
      = track->score.n_scored > 0 ? g_strdup_printf ("± %.2f", track->score.deviation) : g_strdup (_("no score"));

  gtk_drawing_area_set_content_width (GTK_DRAWING_AREA (dot), 12);
  gtk_drawing_area_set_content_height (GTK_DRAWING_AREA (dot), 12);
  gtk_drawing_area_set_draw_func (GTK_DRAWING_AREA (dot), draw_dot, GUINT_TO_POINTER (track->number), NULL);
  gtk_widget_set_valign (dot, GTK_ALIGN_CENTER);
  gtk_widget_add_css_class (row, "track-row");
  gtk_widget_set_hexpand (middle, TRUE);
  gtk_widget_set_valign (middle, GTK_ALIGN_CENTER);
  gtk_widget_set_valign (end, GTK_ALIGN_CENTER);
  gtk_box_append (GTK_BOX (middle), label_new (title, 0.0f, "strong"));
  gtk_box_append (GTK_BOX (middle), label_new (when, 0.0f, "dim"));
  gtk_box_append (GTK_BOX (end), label_new (score, 1.0f, "score"));
  gtk_box_append (GTK_BOX (end), label_new (spread, 1.0f, "dim"));
  gtk_box_append (GTK_BOX (row), dot);
  gtk_box_append (GTK_BOX (row), middle);
  gtk_box_append (GTK_BOX (row), end);
  return row;
}

static void
show_others (SmbTracksPage *self, GPtrArray *tracks, const SmbTrackSummary *chosen)
{
  g_autoptr (GtkStringList) names = gtk_string_list_new (NULL);

  g_array_set_size (self->other_numbers, 0);
  for (guint i = 0; tracks != NULL && i < tracks->len; i++) {
    const SmbTrackSummary *track = tracks->pdata[i];
    g_autofree char *title = title_of (track);

    if (track == chosen)
      continue;
    gtk_string_list_append (names, title);
    g_array_append_val (self->other_numbers, track->number);
  }
  gtk_drop_down_set_model (self->others, G_LIST_MODEL (names));
  gtk_widget_set_sensitive (GTK_WIDGET (self->others), self->other_numbers->len > 0);
  gtk_widget_set_sensitive (self->merge, self->other_numbers->len > 0);
}

static void
add_number (SmbFacts *facts, const char *name, double value)
{
  g_autofree char *text = isnan (value) ? g_strdup ("—") : g_strdup_printf ("%.3f", value);

  smb_facts_add (facts, name, text, NULL);
}

/* What the score is worth by the calibration that the model had for tracks. */
static void
show_likelihoods (SmbTracksPage *self, const SmbTrackSummary *track)
{
  const SmbVideoState *state = smb_session_get_video_state (self->session);
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint s = 0; s < SMB_N_SERIES; s++) {
    g_autofree char *likelihood = smb_track_likelihood_text (track, (SmbSeriesStatistic) s);

    if (likelihood != NULL)
      g_string_append_printf (text, "%s%s", text->len > 0 ? "\n" : "", likelihood);
  }
  if (text->len == 0)
    g_string_append (text, state == NULL || !state->finished ? _("told when the analysis is done")
                           : state->calibration == NULL       ? smb_track_calibration_missing ()
                                                              : _("none: no frame was scored"));
  smb_facts_add (self->facts, _("Likelihood ratio"), text->str, NULL);
}

static void
show_facts (SmbTracksPage *self, const SmbTrackSummary *track)
{
  const SmbTrackScore *score = &track->score;
  g_autofree char *scored = g_strdup_printf ("%u", score->n_scored);
  g_autofree char *run = NULL;
  g_autofree char *range = NULL;

  smb_facts_clear (self->facts);
  smb_facts_add (self->facts, _("Frames scored"), scored, NULL);
  add_number (self->facts, _("Mean (published score)"), score->mean);
  add_number (self->facts, _("Median"), score->median);
  add_number (self->facts, _("Mean of the highest tenth"), score->top);
  add_number (self->facts, _("Spread"), score->deviation);
  if (score->n_scored > 0) {
    range = g_strdup_printf (_("%.3f to %.3f"), score->lowest, score->highest);
    smb_facts_add (self->facts, _("Range"), range, NULL);
  }
  run = score->run_n > 0 ? g_strdup_printf (_("from %.2f to %.2f s (frames %u to %u): %.3f, elsewhere %.3f"),
                                            (double) score->run_start_us / 1e6, (double) score->run_end_us / 1e6,
                                            score->run_first, score->run_last, score->run_mean, score->rest_mean)
                         : g_strdup (_("none"));
  smb_facts_add (self->facts, _("Longest run above its level"), run, NULL);
  show_likelihoods (self, track);
}

static void
show_tracks (SmbTracksPage *self)
{
  GPtrArray *tracks = smb_session_get_tracks (self->session);
  const SmbTrackSummary *chosen = selected_track (self);
  g_autofree char *count = tracks != NULL ? g_strdup_printf ("%u", tracks->len) : NULL;
  GtkWidget *child;

  self->updating = TRUE;
  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self->list))) != NULL)
    gtk_list_box_remove (self->list, child);
  for (guint i = 0; tracks != NULL && i < tracks->len; i++) {
    gtk_list_box_append (self->list, row_new (tracks->pdata[i]));
    if (tracks->pdata[i] == (gpointer) chosen)
      gtk_list_box_select_row (self->list, gtk_list_box_get_row_at_index (self->list, (int) i));
  }
  gtk_label_set_text (self->count, count != NULL ? count : "");
  gtk_label_set_text (self->empty, smb_session_get_video (self->session) == NULL
                                       ? _("Tracks belong to videos. Choose a video to see whose faces it shows.")
                                   : tracks == NULL ? _("This video has not been analysed yet.")
                                                    : _("No face was found in the frames looked at."));
  gtk_widget_set_visible (GTK_WIDGET (self->empty), tracks == NULL || tracks->len == 0);
  gtk_widget_set_visible (self->tools, chosen != NULL);
  gtk_widget_set_visible (self->facts_box, chosen != NULL);
  if (chosen != NULL) {
    gtk_editable_set_text (GTK_EDITABLE (self->name), chosen->name != NULL ? chosen->name : "");
    show_others (self, tracks, chosen);
    show_facts (self, chosen);
  }
  self->updating = FALSE;
}

/* While a video is being analysed its tracks grow; who is at work on this page is not disturbed. */
static void
on_progressed (SmbTracksPage *self)
{
  if (gtk_widget_get_focus_child (GTK_WIDGET (self)) == NULL)
    show_tracks (self);
}

static void
on_row (GtkListBox *list, GtkListBoxRow *row, SmbTracksPage *self)
{
  GPtrArray *tracks = smb_session_get_tracks (self->session);

  if (row == NULL || self->updating || tracks == NULL || gtk_list_box_row_get_index (row) >= (int) tracks->len)
    return;
  smb_session_select_track (self->session,
                            ((SmbTrackSummary *) tracks->pdata[gtk_list_box_row_get_index (row)])->number);
}

/* To where the track is seen best. */
static void
on_row_activated (GtkListBox *list, GtkListBoxRow *row, SmbTracksPage *self)
{
  const SmbTrackSummary *track = selected_track (self);

  if (track != NULL)
    smb_session_show_frame (self->session, track->best_k);
}

static void
on_name (SmbTracksPage *self)
{
  const SmbTrackSummary *track = selected_track (self);
  const char *name = gtk_editable_get_text (GTK_EDITABLE (self->name));

  if (track != NULL && g_strcmp0 (name, track->name != NULL ? track->name : "") != 0)
    smb_session_edit_track (self->session, SMB_TRACK_NAME, track->number, 0, 0, name);
}

static void
on_merge (SmbTracksPage *self)
{
  const SmbTrackSummary *track = selected_track (self);
  guint at = gtk_drop_down_get_selected (self->others);

  if (track != NULL && at < self->other_numbers->len)
    smb_session_edit_track (self->session, SMB_TRACK_MERGE, track->number,
                            g_array_index (self->other_numbers, guint, at), 0, NULL);
}

static void
on_split (SmbTracksPage *self)
{
  const SmbTrackSummary *track = selected_track (self);
  guint k = smb_session_get_frame (self->session);

  if (track == NULL)
    return;
  if (k <= track->first || k > track->last)
    smb_session_message (self->session, SMB_MESSAGE_INFO,
                         _("Go to a frame inside the track: it is split before that frame."), NULL);
  else
    smb_session_edit_track (self->session, SMB_TRACK_SPLIT, track->number, 0, k, NULL);
}

void
smb_tracks_page_set_session (SmbTracksPage *self, SmbSession *session)
{
  g_return_if_fail (self->session == NULL);
  self->session = g_object_ref (session);
  g_signal_connect_object (session, "video-changed", G_CALLBACK (show_tracks), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (session, "video-progressed", G_CALLBACK (on_progressed), self, G_CONNECT_SWAPPED);
  show_tracks (self);
}

static void
smb_tracks_page_dispose (GObject *object)
{
  SmbTracksPage *self = SMB_TRACKS_PAGE (object);

  g_clear_pointer (&self->box, gtk_widget_unparent);
  g_clear_object (&self->session);
  g_clear_pointer (&self->other_numbers, g_array_unref);
  G_OBJECT_CLASS (smb_tracks_page_parent_class)->dispose (object);
}

static void
smb_tracks_page_class_init (SmbTracksPageClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = smb_tracks_page_dispose;
  gtk_widget_class_set_layout_manager_type (GTK_WIDGET_CLASS (klass), GTK_TYPE_BIN_LAYOUT);
}

static GtkWidget *
button_new (SmbTracksPage *self, const char *text, const char *tip, GCallback clicked)
{
  GtkWidget *button = gtk_button_new_with_label (text);

  gtk_widget_set_tooltip_text (button, tip);
  g_signal_connect_swapped (button, "clicked", clicked, self);
  return button;
}

static void
build_tools (SmbTracksPage *self)
{
  GtkGrid *grid = GTK_GRID (gtk_grid_new ());

  self->tools = GTK_WIDGET (grid);
  gtk_widget_add_css_class (self->tools, "section");
  gtk_grid_set_row_spacing (grid, 6);
  gtk_grid_set_column_spacing (grid, 6);
  self->name = GTK_ENTRY (gtk_entry_new ());
  gtk_entry_set_placeholder_text (self->name, _("Name of the person"));
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->name), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Name of the track"),
                                  -1);
  gtk_widget_set_hexpand (GTK_WIDGET (self->name), TRUE);
  g_signal_connect_swapped (self->name, "activate", G_CALLBACK (on_name), self);
  gtk_grid_attach (grid, GTK_WIDGET (self->name), 0, 0, 1, 1);
  gtk_grid_attach (grid, button_new (self, _("Name"), _("Give the track this name"), G_CALLBACK (on_name)), 1, 0, 1,
                   1);
  self->others = GTK_DROP_DOWN (gtk_drop_down_new (NULL, NULL));
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->others), GTK_ACCESSIBLE_PROPERTY_LABEL, _("The other track"),
                                  -1);
  gtk_grid_attach (grid, GTK_WIDGET (self->others), 0, 1, 1, 1);
  self->merge = button_new (self, _("Merge into"), _("The chosen track is the same person as this one"),
                            G_CALLBACK (on_merge));
  gtk_grid_attach (grid, self->merge, 1, 1, 1, 1);
  self->split = button_new (self, _("Split before this frame"),
                            _("From the frame on the screen on it is somebody else"), G_CALLBACK (on_split));
  gtk_grid_attach (grid, self->split, 0, 2, 2, 1);
  gtk_box_append (GTK_BOX (self->box), self->tools);
}

static void
smb_tracks_page_init (SmbTracksPage *self)
{
  GtkWidget *head = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6), *title = gtk_label_new (_("Tracks"));

  self->other_numbers = g_array_new (FALSE, FALSE, sizeof (guint));
  self->box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 0);
  gtk_widget_set_parent (self->box, GTK_WIDGET (self));
  gtk_widget_add_css_class (head, "section-head");
  gtk_widget_add_css_class (title, "strong");
  gtk_box_append (GTK_BOX (head), title);
  self->count = GTK_LABEL (label_new (NULL, 0.0f, "dim"));
  gtk_box_append (GTK_BOX (head), GTK_WIDGET (self->count));
  gtk_box_append (GTK_BOX (self->box), head);
  self->list = GTK_LIST_BOX (gtk_list_box_new ());
  gtk_list_box_set_activate_on_single_click (self->list, FALSE);
  gtk_widget_add_css_class (GTK_WIDGET (self->list), "faces");
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->list), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Tracks"), -1);
  g_signal_connect (self->list, "row-selected", G_CALLBACK (on_row), self);
  g_signal_connect (self->list, "row-activated", G_CALLBACK (on_row_activated), self);
  gtk_box_append (GTK_BOX (self->box), GTK_WIDGET (self->list));
  self->empty = GTK_LABEL (gtk_label_new (NULL));
  gtk_label_set_wrap (self->empty, TRUE);
  gtk_widget_add_css_class (GTK_WIDGET (self->empty), "empty-state");
  gtk_box_append (GTK_BOX (self->box), GTK_WIDGET (self->empty));
  build_tools (self);
  self->facts_box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 6);
  gtk_widget_add_css_class (self->facts_box, "section");
  self->facts = g_object_new (SMB_TYPE_FACTS, NULL);
  gtk_box_append (GTK_BOX (self->facts_box), GTK_WIDGET (self->facts));
  gtk_box_append (GTK_BOX (self->box), self->facts_box);
}
