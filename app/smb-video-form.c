/* SPDX-License-Identifier: Apache-2.0 */
#include "smb-video-form.h"

#include "analysis/smb-settings-words.h"
#include "smb-computing.h"

#include <glib/gi18n.h>

struct _SmbVideoForm {
  GtkWidget parent_instance;

  /* built in init */
  GtkWidget *box;
  GtkLabel *state;
  GtkMenuButton *menu;
  GtkDropDown *sample;
  GtkWidget *uniform, *stride; /* spin buttons */
  GtkCheckButton *passage, *regions;
  GtkButton *analyse;

  /* owned */
  GSettings *preferences;
  SmbSession *session;
  SmbEngineVideo *shown; /* only compared: whose run the fields were filled from */
  gint64 shown_run;
  int mark_in, mark_out;
};

G_DEFINE_FINAL_TYPE (SmbVideoForm, smb_video_form, GTK_TYPE_WIDGET)

enum { UNIFORM, EVERY };

static SmbVideoSettings
asked_for (SmbVideoForm *self)
{
  SmbVideoSettings settings = smb_video_settings_default ();

  settings.sample
      = gtk_drop_down_get_selected (self->sample) == EVERY ? SMB_VIDEO_SAMPLE_EVERY : SMB_VIDEO_SAMPLE_UNIFORM;
  settings.n_uniform = (guint) gtk_spin_button_get_value_as_int (GTK_SPIN_BUTTON (self->uniform));
  settings.face.precision = smb_computing_get_precision ();
  settings.stride = (guint) gtk_spin_button_get_value_as_int (GTK_SPIN_BUTTON (self->stride));
  if (gtk_check_button_get_active (self->regions))
    settings.face.region_draws = smb_region_settings_default ().draws;
  if (gtk_check_button_get_active (self->passage)) {
    settings.first = self->mark_in >= 0 ? (guint) self->mark_in : 0;
    settings.last = self->mark_out >= 0 ? (guint) self->mark_out : G_MAXINT;
  }
  return settings;
}

static gboolean
is_same (const SmbVideoSettings *a, const SmbVideoSettings *b)
{
  g_autofree char *left = smb_video_settings_to_json (a), *right = smb_video_settings_to_json (b);

  return g_str_equal (left, right);
}

/* "every frame · frames 100 to 250". */
static char *
describe (const SmbVideoSettings *settings, guint n_frames)
{
  GString *text = g_string_new (NULL);

  if (settings->sample == SMB_VIDEO_SAMPLE_EVERY)
    g_string_append (text, _("every frame scored"));
  else
    g_string_append_printf (
        text, ngettext ("%u frame of each track scored", "%u frames of each track scored", settings->n_uniform),
        settings->n_uniform);
  g_string_append_printf (
      text,
      ngettext (" · faces looked for in every frame", " · faces looked for in every %uth frame", settings->stride),
      settings->stride);
  if (settings->first > 0 || settings->last < n_frames - 1)
    g_string_append_printf (text, _(" · frames %u to %u"), settings->first, MIN (settings->last, n_frames - 1));
  if (settings->face.region_draws > 0)
    g_string_append (text, _(" · regions measured"));
  if (settings->face.precision != SMB_PRECISION_F32)
    g_string_append_printf (text, " · %s", smb_precision_words (smb_precision_name (settings->face.precision)));
  return g_string_free (text, FALSE);
}

static void
refresh (SmbVideoForm *self)
{
  SmbEngineVideo *video = smb_session_get_video (self->session);
  SmbVideoState *state = smb_session_get_video_state (self->session);
  const SmbVideoSettings asked = asked_for (self);
  gboolean running = smb_session_is_analysing_video (self->session);
  g_autofree char *how = NULL, *text = NULL, *spoken = NULL;
  const char *label;

  if (video == NULL)
    return;
  if (state != NULL)
    how = describe (&state->settings, smb_engine_video_get_n_frames (video));
  if (running)
    text = g_strdup_printf (_("Being analysed: %s"), how != NULL ? how : "");
  else if (state == NULL)
    text = g_strdup (_("Not analysed yet"));
  else if (state->finished)
    text = g_strdup (how);
  else
    text = g_strdup_printf (_("Stopped after frame %u: %s"), state->progress->next > 0 ? state->progress->next - 1 : 0,
                            how);
  gtk_label_set_text (self->state, text);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->state), text);
  gtk_widget_set_sensitive (self->uniform, asked.sample == SMB_VIDEO_SAMPLE_UNIFORM);
  gtk_widget_set_sensitive (GTK_WIDGET (self->passage), self->mark_in >= 0 || self->mark_out >= 0);
  gtk_widget_set_sensitive (GTK_WIDGET (self->analyse), !running && !smb_session_get_read_only (self->session));
  label = state != NULL && !running && !state->finished && is_same (&state->settings, &asked) ? _("Go on")
                                                                                              : _("Analyse");
  spoken = g_strdup_printf (_("%s (this video)"), label);
  gtk_button_set_label (self->analyse, label);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->analyse), GTK_ACCESSIBLE_PROPERTY_LABEL, spoken, -1);
}

/* Another video, or a newer run of it: the fields say what it was asked for. */
static void
on_video (SmbVideoForm *self)
{
  SmbEngineVideo *video = smb_session_get_video (self->session);
  SmbVideoState *state = smb_session_get_video_state (self->session);
  const gint64 run = state != NULL ? state->run_id : 0;
  const SmbVideoSettings usual = smb_video_settings_default (), *settings = state != NULL ? &state->settings : &usual;

  if (video != self->shown || run != self->shown_run) {
    self->shown = video;
    self->shown_run = run;
    gtk_drop_down_set_selected (self->sample, settings->sample == SMB_VIDEO_SAMPLE_EVERY ? EVERY : UNIFORM);
    gtk_spin_button_set_value (GTK_SPIN_BUTTON (self->uniform), settings->n_uniform);
    gtk_spin_button_set_value (GTK_SPIN_BUTTON (self->stride), settings->stride);
    gtk_check_button_set_active (self->regions, settings->face.region_draws > 0);
  }
  refresh (self);
}

static void
on_analyse (SmbVideoForm *self)
{
  SmbVideoState *state = smb_session_get_video_state (self->session);
  SmbVideoSettings settings = asked_for (self);

  /* Going on with a passage whose marks are gone by now. */
  if (state != NULL && !state->finished && !gtk_check_button_get_active (self->passage)) {
    SmbVideoSettings whole = state->settings;

    whole.first = settings.first;
    whole.last = settings.last;
    if (is_same (&whole, &settings))
      settings = state->settings;
  }
  gtk_menu_button_popdown (self->menu);
  smb_session_analyse_video (self->session, &settings);
}

void
smb_video_form_set_session (SmbVideoForm *self, SmbSession *session)
{
  g_return_if_fail (self->session == NULL);
  self->session = g_object_ref (session);
  g_signal_connect_object (session, "video-changed", G_CALLBACK (on_video), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (session, "video-progressed", G_CALLBACK (refresh), self, G_CONNECT_SWAPPED);
  on_video (self);
}

void
smb_video_form_set_marks (SmbVideoForm *self, int in, int out)
{
  self->mark_in = in;
  self->mark_out = out;
  gtk_check_button_set_active (self->passage, in >= 0 || out >= 0);
  if (self->session != NULL)
    refresh (self);
}

static void
add_field (GtkGrid *grid, int row, const char *text, GtkWidget *field)
{
  GtkWidget *label = gtk_label_new (text);

  gtk_label_set_xalign (GTK_LABEL (label), 0.0f);
  gtk_accessible_update_property (GTK_ACCESSIBLE (field), GTK_ACCESSIBLE_PROPERTY_LABEL, text, -1);
  gtk_grid_attach (grid, label, 0, row, 1, 1);
  gtk_grid_attach (grid, field, 1, row, 1, 1);
}

static GtkWidget *
build_fields (SmbVideoForm *self)
{
  const char *const samples[] = { _("Spread over each track"), _("Every frame"), NULL };
  GtkGrid *grid = GTK_GRID (gtk_grid_new ());
  GtkWidget *popover = gtk_popover_new ();

  gtk_grid_set_row_spacing (grid, 6);
  gtk_grid_set_column_spacing (grid, 12);
  gtk_widget_set_margin_top (GTK_WIDGET (grid), 6);
  gtk_widget_set_margin_bottom (GTK_WIDGET (grid), 6);
  gtk_widget_set_margin_start (GTK_WIDGET (grid), 6);
  gtk_widget_set_margin_end (GTK_WIDGET (grid), 6);
  self->sample = GTK_DROP_DOWN (gtk_drop_down_new_from_strings (samples));
  self->uniform = gtk_spin_button_new_with_range (1, 100000, 1);
  self->stride = gtk_spin_button_new_with_range (1, 1000, 1);
  gtk_spin_button_set_value (GTK_SPIN_BUTTON (self->uniform), smb_video_settings_default ().n_uniform);
  gtk_spin_button_set_value (GTK_SPIN_BUTTON (self->stride), smb_video_settings_default ().stride);
  self->passage
      = GTK_CHECK_BUTTON (gtk_check_button_new_with_label (_("Only the passage between the marks In and Out")));
  self->regions = GTK_CHECK_BUTTON (
      gtk_check_button_new_with_label (_("Measure the regions of every frame scored (takes much longer)")));
  add_field (grid, 0, _("Frames scored"), GTK_WIDGET (self->sample));
  add_field (grid, 1, _("Frames of each track"), self->uniform);
  add_field (grid, 2, _("Look for faces every so many frames"), self->stride);
  gtk_grid_attach (grid, GTK_WIDGET (self->passage), 0, 3, 2, 1);
  gtk_grid_attach (grid, GTK_WIDGET (self->regions), 0, 4, 2, 1);
  gtk_popover_set_child (GTK_POPOVER (popover), GTK_WIDGET (grid));
  g_signal_connect_swapped (self->sample, "notify::selected", G_CALLBACK (refresh), self);
  g_signal_connect_swapped (self->uniform, "value-changed", G_CALLBACK (refresh), self);
  g_signal_connect_swapped (self->stride, "value-changed", G_CALLBACK (refresh), self);
  g_signal_connect_swapped (self->passage, "toggled", G_CALLBACK (refresh), self);
  g_signal_connect_swapped (self->regions, "toggled", G_CALLBACK (refresh), self);
  return popover;
}

/* What was asked for in another precision does not go on but begins anew. */
static void
on_precision (SmbVideoForm *self)
{
  if (self->session != NULL)
    refresh (self);
}

static void
smb_video_form_dispose (GObject *object)
{
  SmbVideoForm *self = SMB_VIDEO_FORM (object);

  g_clear_pointer (&self->box, gtk_widget_unparent);
  g_clear_object (&self->preferences);
  g_clear_object (&self->session);
  G_OBJECT_CLASS (smb_video_form_parent_class)->dispose (object);
}

static void
smb_video_form_class_init (SmbVideoFormClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = smb_video_form_dispose;
  gtk_widget_class_set_layout_manager_type (GTK_WIDGET_CLASS (klass), GTK_TYPE_BIN_LAYOUT);
}

static void
smb_video_form_init (SmbVideoForm *self)
{
  self->mark_in = self->mark_out = -1;
  self->preferences = g_settings_new ("org.semblance.Semblance");
  g_signal_connect_object (self->preferences, "changed::analysis-precision", G_CALLBACK (on_precision), self,
                           G_CONNECT_SWAPPED);
  self->box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);
  gtk_widget_set_parent (self->box, GTK_WIDGET (self));
  self->state = GTK_LABEL (gtk_label_new (NULL));
  gtk_label_set_ellipsize (self->state, PANGO_ELLIPSIZE_END);
  gtk_label_set_xalign (self->state, 1.0f);
  gtk_widget_set_hexpand (GTK_WIDGET (self->state), TRUE);
  gtk_widget_add_css_class (GTK_WIDGET (self->state), "dim");
  gtk_widget_add_css_class (GTK_WIDGET (self->state), "caption");
  gtk_box_append (GTK_BOX (self->box), GTK_WIDGET (self->state));
  self->menu = GTK_MENU_BUTTON (gtk_menu_button_new ());
  gtk_menu_button_set_label (self->menu, _("How"));
  gtk_menu_button_set_popover (self->menu, build_fields (self));
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->menu), _("Which frames are analysed"));
  gtk_widget_set_valign (GTK_WIDGET (self->menu), GTK_ALIGN_CENTER);
  gtk_box_append (GTK_BOX (self->box), GTK_WIDGET (self->menu));
  self->analyse = GTK_BUTTON (gtk_button_new_with_label (_("Analyse")));
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->analyse), _("Analyse this video so"));
  gtk_widget_set_valign (GTK_WIDGET (self->analyse), GTK_ALIGN_CENTER);
  g_signal_connect_swapped (self->analyse, "clicked", G_CALLBACK (on_analyse), self);
  gtk_box_append (GTK_BOX (self->box), GTK_WIDGET (self->analyse));
}

GtkWidget *
smb_video_form_new (void)
{
  return g_object_new (SMB_TYPE_VIDEO_FORM, NULL);
}
