/* SPDX-License-Identifier: Apache-2.0 */
#include "smb-faces-page.h"

#include "smb-bar.h"
#include "smb-face-row.h"
#include "smb-facts.h"
#include "smb-format.h"
#include "smb-session-video.h"

#include <glib/gi18n.h>
#include <math.h>

struct _SmbFacesPage {
  GtkWidget parent_instance;

  /* template widgets */
  GtkWidget *box;
  GtkLabel *count;
  GtkWidget *correct;
  GtkStack *stack;
  GtkListBox *faces;
  GtkLabel *empty_text;
  GtkWidget *empty_analyse;
  GtkWidget *scores;
  GtkLabel *scores_title;
  GtkGrid *bars;
  GtkLabel *scores_note, *range_note;
  GtkWidget *limits, *measured_row, *limits_more;
  GtkImage *measured_icon;
  GtkLabel *measured, *limits_words;
  GtkWidget *model_box;
  GtkLabel *model_title;
  SmbFacts *model_facts;

  /* owned */
  SmbSession *session;
  gboolean updating;
};

G_DEFINE_FINAL_TYPE (SmbFacesPage, smb_faces_page, GTK_TYPE_WIDGET)

static const SmbAnalysis *
get_analysis (SmbFacesPage *self)
{
  return smb_session_get_analysis (self->session);
}

static void
clear_children (GtkWidget *parent, void (*remove) (GtkWidget *parent, GtkWidget *child))
{
  GtkWidget *child;

  while ((child = gtk_widget_get_first_child (parent)) != NULL)
    remove (parent, child);
}

static void
remove_from_list (GtkWidget *parent, GtkWidget *child)
{
  gtk_list_box_remove (GTK_LIST_BOX (parent), child);
}

static void
remove_from_grid (GtkWidget *parent, GtkWidget *child)
{
  gtk_grid_remove (GTK_GRID (parent), child);
}

/* What an empty list means, and what to do about it. */
static void
show_empty (SmbFacesPage *self, const SmbAnalysis *analysis)
{
  SmbExhibit *exhibit = smb_session_get_exhibit (self->session);
  const char *text;
  gboolean can_analyse = FALSE;

  if (exhibit == NULL) {
    text = _("Choose an exhibit to see its faces.");
  } else if (smb_exhibit_get_evidence (exhibit)->problem != NULL) {
    text = smb_exhibit_get_evidence (exhibit)->problem;
  } else if (smb_exhibit_get_failure (exhibit) != NULL) {
    text = smb_exhibit_get_failure (exhibit);
    can_analyse = TRUE;
  } else if (analysis == NULL) {
    text = _("This exhibit has not been analysed yet.");
    can_analyse = TRUE;
  } else {
    text = _("The detector found no face. If there is one, draw a box around it.");
  }
  gtk_label_set_text (self->empty_text, text);
  gtk_widget_set_visible (self->empty_analyse, can_analyse);
}

static gboolean
is_video (SmbFacesPage *self)
{
  SmbExhibit *exhibit = smb_session_get_exhibit (self->session);

  return exhibit != NULL && smb_exhibit_get_evidence (exhibit)->video;
}

/* What must be said of a face's score. */
static const char *
warning_of (SmbFacesPage *self, const SmbAnalysis *analysis)
{
  if (analysis->trained && is_video (self))
    return _("The raw score of one frame: likelihood ratios are of whole tracks (Tracks page).");
  return smb_model_warning (analysis->trained, analysis->calibrated);
}

static void
show_bars (SmbFacesPage *self, const SmbAnalysis *analysis)
{
  const SmbFaceResult *face = analysis != NULL ? smb_session_get_face (self->session) : NULL;
  int best;
  g_autofree char *title = NULL;
  g_autofree char *which = NULL;
  g_autofree char *likelihood = NULL, *quality = NULL;
  const char *note;

  clear_children (GTK_WIDGET (self->bars), remove_from_grid);
  gtk_widget_set_visible (self->scores, face != NULL);
  if (face == NULL)
    return;
  which = smb_format_face (face, (guint) smb_session_get_face_index (self->session));
  title = g_strdup_printf (_("Class probabilities, %s"), which);
  gtk_label_set_text (self->scores_title, title);
  best = smb_face_result_get_best (face);
  for (int i = 0; best >= 0 && i < face->n_classes; i++) {
    const char *name = smb_format_class (analysis->classes[i]);
    g_autofree char *number = g_strdup_printf ("%.2f", face->probabilities[i]);
    g_autofree char *spoken = g_strdup_printf (_("%s: %s"), name, number);
    GtkWidget *label = gtk_label_new (name);
    GtkWidget *bar = smb_bar_new (face->probabilities[i], i == best, spoken);
    GtkWidget *value = gtk_label_new (number);

    gtk_label_set_xalign (GTK_LABEL (label), 0.0f);
    gtk_label_set_xalign (GTK_LABEL (value), 1.0f);
    gtk_widget_set_hexpand (bar, TRUE);
    gtk_widget_set_valign (bar, GTK_ALIGN_CENTER);
    gtk_widget_add_css_class (value, "numeric");
    if (i == best) {
      gtk_widget_add_css_class (label, "strong");
      gtk_widget_add_css_class (value, "strong");
    }
    gtk_grid_attach (self->bars, label, 0, i, 1, 1);
    gtk_grid_attach (self->bars, bar, 1, i, 1, 1);
    gtk_grid_attach (self->bars, value, 2, i, 1, 1);
  }
  note = best < 0 || isnan (face->score) ? face->outside : warning_of (self, analysis);
  if (note == NULL)
    note = likelihood = smb_likelihood_sentence (&face->likelihood);
  gtk_label_set_text (self->scores_note, note != NULL ? note : "");
  gtk_widget_set_visible (GTK_WIDGET (self->scores_note), note != NULL);
  quality = face->quality_notes != NULL && face->outside == NULL ? g_strjoinv (" ", face->quality_notes) : g_strdup ("");
  gtk_label_set_text (self->range_note, quality);
  gtk_widget_set_visible (GTK_WIDGET (self->range_note), *quality != '\0');
}

/* A score is not read without what the model is worth: in short, and the card's own words on demand. */
static void
show_limits (SmbFacesPage *self, const SmbAnalysis *analysis)
{
  const SmbModelInfo *model = smb_session_get_model (self->session);
  const SmbCardLimits *limits = smb_session_get_model_limits (self->session);
  gboolean other = analysis != NULL && model != NULL && g_strcmp0 (model->detector_sha256, analysis->model_sha256) != 0;
  const char *measured = NULL, *words = NULL;
  SmbState state = { "smb-range-symbolic", NULL, "dim" };

  if (other) {
    measured = _("Scored with another model than the one in use: what that one cannot tell stands on its page.");
  } else if (limits != NULL) {
    measured = limits->measured;
    words = limits->limits;
    if (limits->poor)
      state = (SmbState){ "smb-warning-symbolic", NULL, "warning" };
  }
  gtk_widget_set_visible (self->limits, measured != NULL || words != NULL);
  gtk_widget_set_visible (self->measured_row, measured != NULL);
  gtk_image_set_from_icon_name (self->measured_icon, state.icon);
  smb_state_apply_class (self->measured_row, &state);
  gtk_label_set_text (self->measured, measured != NULL ? measured : "");
  gtk_widget_set_visible (self->limits_more, words != NULL);
  gtk_label_set_text (self->limits_words, words != NULL ? words : "");
}

/* Of a video's frame: the calibration is that of the whole tracks. */
static SmbState
calibration_state (SmbFacesPage *self, const SmbAnalysis *analysis)
{
  const SmbModelInfo *model = smb_session_get_model (self->session);
  const SmbAnalysis *whole = is_video (self) ? smb_exhibit_get_analysis (smb_session_get_exhibit (self->session)) : NULL;

  if (!is_video (self))
    return (analysis != NULL ? analysis->calibrated : model != NULL && model->calibrated)
               ? (SmbState){ "smb-ok-symbolic", _("Calibrated"), "ok" }
               : (SmbState){ "smb-range-symbolic", _("None: raw scores"), "dim" };
  return (whole != NULL ? whole->calibrated : model != NULL && model->track_calibration != NULL)
             ? (SmbState){ "smb-ok-symbolic", _("Calibrated for tracks"), "ok" }
             : (SmbState){ "smb-range-symbolic", _("None for tracks: raw scores"), "dim" };
}

static void
show_model (SmbFacesPage *self, const SmbAnalysis *analysis)
{
  const SmbModelInfo *model = smb_session_get_model (self->session);
  const char *name = analysis != NULL ? analysis->model_name : (model != NULL ? model->name : NULL);
  const char *detector = analysis != NULL ? analysis->model_sha256 : (model != NULL ? model->detector_sha256 : NULL);
  const char *mim = analysis != NULL ? analysis->mim_sha256 : (model != NULL ? model->mim_sha256 : NULL);
  gboolean trained = analysis != NULL ? analysis->trained : (model != NULL && model->trained);
  gboolean current = model != NULL && g_strcmp0 (model->detector_sha256, detector) == 0;
  g_autofree char *detector_brief = smb_format_short_hash (detector);
  g_autofree char *mim_brief = smb_format_short_hash (mim);

  smb_facts_clear (self->model_facts);
  gtk_widget_set_visible (self->model_box, name != NULL);
  if (name == NULL)
    return;
  gtk_label_set_text (self->model_title, analysis != NULL ? _("Analysed with") : _("Active model"));
  smb_facts_add (self->model_facts, _("Model"), current && model->title != NULL ? model->title : name, NULL);
  smb_facts_add_state (self->model_facts, _("Training"),
                       trained ? (SmbState){ "smb-ok-symbolic", _("Trained"), "ok" }
                               : (SmbState){ "smb-warning-symbolic", _("Untrained"), "warning" },
                       NULL);
  smb_facts_add_state (self->model_facts, _("Calibration"), calibration_state (self, analysis), NULL);
  if (detector != NULL)
    smb_facts_add (self->model_facts, _("Detector"), detector_brief, detector);
  if (mim != NULL)
    smb_facts_add (self->model_facts, _("Reconstruction"), mim_brief, mim);
  if (current) {
    SmbCheck check = smb_session_get_model_check (self->session);

    smb_facts_add_state (self->model_facts, _("Weights"),
                         check == SMB_CHECK_OK
                             ? (SmbState){ "smb-ok-symbolic", _("Match their card"), "ok" }
                             : (check == SMB_CHECK_BAD
                                    ? (SmbState){ "smb-alert-symbolic", _("Do not match"), "alert" }
                                    : (SmbState){ "smb-unverified-symbolic", _("Being checked"), "dim" }),
                         smb_session_get_model_problem (self->session));
    if (model->licence != NULL)
      smb_facts_add (self->model_facts, _("Licence"), model->licence, model->provenance);
  }
  if (analysis != NULL) {
    g_autofree char *seconds = g_strdup_printf (_("%.2f s"), analysis->seconds);

    smb_facts_add (self->model_facts, _("Device"), analysis->device, NULL);
    /* Not known while a video is being analysed, nor of one analysed before it was measured. */
    if (analysis->seconds > 0)
      smb_facts_add (self->model_facts, _("Took"), seconds, NULL);
    smb_facts_add (self->model_facts, _("Version"), analysis->program_version, analysis->settings);
  }
}

/* What the face is said to be: of a video's frame, what its track is. NULL: nothing. */
static const SmbCaseLabel *
get_label (SmbFacesPage *self, const SmbAnalysis *analysis, guint index)
{
  SmbExhibit *exhibit = smb_session_get_exhibit (self->session);
  guint track = ((SmbFaceResult *) analysis->faces->pdata[index])->track;
  int face = track != 0 ? smb_exhibit_find_track (exhibit, track) : (int) index;

  return face >= 0 ? smb_exhibit_get_label (exhibit, face) : NULL;
}

static void
show_faces (SmbFacesPage *self)
{
  const SmbAnalysis *analysis = get_analysis (self);
  SmbImage *picture = smb_session_get_picture (self->session, NULL);
  int chosen = smb_session_get_face_index (self->session);
  guint n = analysis != NULL ? analysis->faces->len : 0;
  g_autofree char *count = g_strdup_printf ("%u", n);

  self->updating = TRUE;
  clear_children (GTK_WIDGET (self->faces), remove_from_list);
  for (guint i = 0; i < n; i++) {
    GtkWidget *row = smb_face_row_new (analysis, i, picture, get_label (self, analysis, i));

    gtk_list_box_append (self->faces, row);
    if ((int) i == chosen)
      gtk_list_box_select_row (self->faces, GTK_LIST_BOX_ROW (row));
  }
  self->updating = FALSE;
  gtk_label_set_text (self->count, n > 0 ? count : "");
  gtk_widget_set_visible (self->correct, chosen >= 0 && n > 0);
  gtk_stack_set_visible_child_name (self->stack, n > 0 ? "faces" : "empty");
  if (n == 0)
    show_empty (self, analysis);
  show_bars (self, analysis);
  show_limits (self, analysis);
  show_model (self, analysis);
}

static void
on_row_selected (GtkListBox *list, GtkListBoxRow *row, SmbFacesPage *self)
{
  if (!self->updating && row != NULL)
    smb_session_select_face (self->session, gtk_list_box_row_get_index (row));
}

void
smb_faces_page_set_session (SmbFacesPage *self, SmbSession *session)
{
  self->session = g_object_ref (session);
  g_signal_connect_object (session, "faces-changed", G_CALLBACK (show_faces), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (session, "picture-changed", G_CALLBACK (show_faces), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (session, "labels-changed", G_CALLBACK (show_faces), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (session, "model-changed", G_CALLBACK (show_faces), self, G_CONNECT_SWAPPED);
  show_faces (self);
}

static void
smb_faces_page_dispose (GObject *object)
{
  SmbFacesPage *self = SMB_FACES_PAGE (object);

  /* Rows going away would otherwise choose another face. */
  self->updating = TRUE;
  g_clear_pointer (&self->box, gtk_widget_unparent);
  g_clear_object (&self->session);
  G_OBJECT_CLASS (smb_faces_page_parent_class)->dispose (object);
}

static void
smb_faces_page_class_init (SmbFacesPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = smb_faces_page_dispose;
  g_type_ensure (SMB_TYPE_FACTS);
  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BIN_LAYOUT);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/semblance/Semblance/smb-faces-page.ui");
  gtk_widget_class_bind_template_child (widget_class, SmbFacesPage, box);
  gtk_widget_class_bind_template_child (widget_class, SmbFacesPage, count);
  gtk_widget_class_bind_template_child (widget_class, SmbFacesPage, correct);
  gtk_widget_class_bind_template_child (widget_class, SmbFacesPage, stack);
  gtk_widget_class_bind_template_child (widget_class, SmbFacesPage, faces);
  gtk_widget_class_bind_template_child (widget_class, SmbFacesPage, empty_text);
  gtk_widget_class_bind_template_child (widget_class, SmbFacesPage, empty_analyse);
  gtk_widget_class_bind_template_child (widget_class, SmbFacesPage, scores);
  gtk_widget_class_bind_template_child (widget_class, SmbFacesPage, scores_title);
  gtk_widget_class_bind_template_child (widget_class, SmbFacesPage, bars);
  gtk_widget_class_bind_template_child (widget_class, SmbFacesPage, scores_note);
  gtk_widget_class_bind_template_child (widget_class, SmbFacesPage, range_note);
  gtk_widget_class_bind_template_child (widget_class, SmbFacesPage, limits);
  gtk_widget_class_bind_template_child (widget_class, SmbFacesPage, measured_row);
  gtk_widget_class_bind_template_child (widget_class, SmbFacesPage, measured_icon);
  gtk_widget_class_bind_template_child (widget_class, SmbFacesPage, measured);
  gtk_widget_class_bind_template_child (widget_class, SmbFacesPage, limits_more);
  gtk_widget_class_bind_template_child (widget_class, SmbFacesPage, limits_words);
  gtk_widget_class_bind_template_child (widget_class, SmbFacesPage, model_box);
  gtk_widget_class_bind_template_child (widget_class, SmbFacesPage, model_title);
  gtk_widget_class_bind_template_child (widget_class, SmbFacesPage, model_facts);
  gtk_widget_class_bind_template_callback (widget_class, on_row_selected);
}

static void
smb_faces_page_init (SmbFacesPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}
