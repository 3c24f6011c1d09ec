/* SPDX-License-Identifier: Apache-2.0 */
#include "smb-robustness-dialog.h"

#include "smb-format.h"
#include "smb-job-row.h"
#include "smb-plot.h"
#include "smb-session-robustness.h"
#include "smb-session-video.h"

#include <glib/gi18n.h>
#include <math.h>

struct _SmbRobustnessDialog {
  GtkWindow parent_instance;

  /* template widgets */
  GtkLabel *summary, *warning;
  GtkWidget *working, *results, *chart, *keep, *again;
  GtkGrid *table;

  /* owned */
  SmbSession *session;
  SmbJob *job; /* going on; NULL */
  SmbEnvelope *envelope;
  char *face; /* "F1, exhibit S-01" */
  SmbPlot *plot;
};

G_DEFINE_FINAL_TYPE (SmbRobustnessDialog, smb_robustness_dialog, GTK_TYPE_WINDOW)

static void
put (SmbRobustnessDialog *self, int column, int row, const char *text, const char *css)
{
  GtkWidget *label = gtk_label_new (text);

  gtk_label_set_xalign (GTK_LABEL (label), column == 0 ? 0.0f : 1.0f);
  gtk_widget_set_hexpand (label, column == 0);
  gtk_widget_add_css_class (label, "numeric");
  if (css != NULL)
    gtk_widget_add_css_class (label, css);
  gtk_grid_attach (self->table, label, column, row, 1, 1);
}

static char *
number (double value, const char *format)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  return g_strdup (isnan (value) ? _("none") : g_ascii_formatd (text, sizeof text, format, value));
}

static void
show_table (SmbRobustnessDialog *self)
{
  const char *const heads[] = { _("Degradation"), _("Level"), _("Score"), _("Change") };

  for (int i = 0; i < (int) G_N_ELEMENTS (heads); i++)
    put (self, i, 0, heads[i], "dim");
  for (guint i = 0; i < self->envelope->points->len; i++) {
    const SmbEnvelopePoint *point = &g_array_index (self->envelope->points, SmbEnvelopePoint, i);
    g_autofree char *level = number (point->level, "%g"), *score = number (point->score, "%.4f");
    g_autofree char *change = number (point->score - self->envelope->score, "%+.4f");
    const gboolean extreme = point->score == self->envelope->lowest || point->score == self->envelope->highest;
    const int row = (int) i + 1;

    put (self, 0, row, smb_envelope_kind_title (point->kind), NULL);
    put (self, 1, row, level, NULL);
    put (self, 2, row, score, extreme ? "strong" : NULL);
    put (self, 3, row, change, extreme ? "strong" : NULL);
  }
}

/* A line for each kind from the face as it is to the strongest. */
static void
show_chart (SmbRobustnessDialog *self)
{
  static const char *const names[] = { [SMB_ENVELOPE_JPEG] = N_("JPEG"), [SMB_ENVELOPE_RESIZE] = N_("resizing"),
                                       [SMB_ENVELOPE_BLUR] = N_("blur"), [SMB_ENVELOPE_NOISE] = N_("noise") };
  double step[SMB_N_ENVELOPE_KINDS] = { 0.0 };
  g_autofree char *words = NULL, *score = number (self->envelope->score, "%.4f");

  for (guint kind = 0; kind < SMB_N_ENVELOPE_KINDS; kind++) {
    smb_plot_set_line (self->plot, kind, _(names[kind]), TRUE);
    smb_plot_append (self->plot, kind, 0.0, self->envelope->score);
  }
  for (guint i = 0; i < self->envelope->points->len; i++) {
    const SmbEnvelopePoint *point = &g_array_index (self->envelope->points, SmbEnvelopePoint, i);

    smb_plot_append (self->plot, point->kind, step[point->kind] += 1.0, point->score);
  }
  words = g_strdup_printf (_("as it is: %s"), score);
  smb_plot_set_words (self->plot, words);
}

static char *
sentence (SmbRobustnessDialog *self)
{
  const SmbEnvelope *e = self->envelope;
  g_autofree char *score = number (e->score, "%.4f"), *lowest = number (e->lowest, "%.4f"),
                  *highest = number (e->highest, "%.4f");
  g_autofree char *by = number (MAX (e->highest - e->score, e->score - e->lowest), "%.4f");

  return g_strdup_printf (
      _("%s: the score is %s; over %u degradations it lies from %s to %s, so that it moves by %s at most."),
      self->face, score, e->points->len, lowest, highest, by);
}

static void
show (SmbRobustnessDialog *self)
{
  gtk_widget_set_visible (self->working, self->job != NULL);
  gtk_widget_set_visible (self->results, self->envelope != NULL);
  gtk_widget_set_sensitive (self->keep, self->envelope != NULL && !smb_session_get_read_only (self->session));
  gtk_widget_set_visible (self->again, self->job == NULL && self->envelope == NULL);
}

static void
on_measured (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SmbRobustnessDialog) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (SmbEnvelope) envelope = smb_session_measure_robustness_finish (result, &error);

  if (self->session == NULL)
    return; /* closed meanwhile */
  g_clear_object (&self->job);
  gtk_box_remove (GTK_BOX (self->working), gtk_widget_get_first_child (self->working));
  if (envelope != NULL) {
    g_autofree char *text = NULL;

    self->envelope = g_steal_pointer (&envelope);
    text = sentence (self);
    gtk_label_set_text (self->summary, text);
    show_chart (self);
    show_table (self);
  } else {
    gtk_label_set_text (self->summary,
                        g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED) ? _("Cancelled.") : error->message);
  }
  show (self);
}

static void
measure (SmbRobustnessDialog *self)
{
  GtkWidget *row;

  self->job = smb_job_new (_("Degrading the face"), 1);
  if (!smb_session_measure_robustness (self->session, self->job, on_measured, g_object_ref (self))) {
    g_clear_object (&self->job);
    gtk_label_set_text (self->summary, _("Choose a face whose picture is shown, then measure again."));
    show (self);
    g_object_unref (self);
    return;
  }
  gtk_label_set_text (self->summary, "");
  row = smb_job_row_new (self->job);
  gtk_widget_set_hexpand (row, TRUE);
  gtk_box_append (GTK_BOX (self->working), row);
  show (self);
}

static void
on_again (GtkButton *button, SmbRobustnessDialog *self)
{
  measure (self);
}

/* Every number goes along: the note stands alone in the report. */
static void
on_keep (GtkButton *button, SmbRobustnessDialog *self)
{
  g_autofree char *text = sentence (self);
  g_autoptr (GString) note = g_string_new (text);
  const SmbModelInfo *model = smb_session_get_model (self->session);

  for (guint i = 0; i < self->envelope->points->len; i++) {
    const SmbEnvelopePoint *point = &g_array_index (self->envelope->points, SmbEnvelopePoint, i);
    g_autofree char *level = number (point->level, "%g"), *score = number (point->score, "%.4f");

    g_string_append_printf (note, "\n%s %s: %s", smb_envelope_kind_title (point->kind), level, score);
  }
  g_string_append_printf (note, "\n");
  g_string_append_printf (note, _("Model: %s (%s)"), model->name, model->detector_sha256);
  smb_session_add_note (self->session, note->str);
  gtk_window_destroy (GTK_WINDOW (self));
}

static void
on_close (GtkButton *button, SmbRobustnessDialog *self)
{
  gtk_window_destroy (GTK_WINDOW (self));
}

static void
smb_robustness_dialog_dispose (GObject *object)
{
  SmbRobustnessDialog *self = SMB_ROBUSTNESS_DIALOG (object);

  if (self->job != NULL)
    g_cancellable_cancel (smb_job_get_cancellable (self->job));
  g_clear_object (&self->job);
  g_clear_object (&self->session);
  g_clear_pointer (&self->envelope, smb_envelope_free);
  g_clear_pointer (&self->face, g_free);
  G_OBJECT_CLASS (smb_robustness_dialog_parent_class)->dispose (object);
}

static void
smb_robustness_dialog_class_init (SmbRobustnessDialogClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = smb_robustness_dialog_dispose;
  gtk_widget_class_set_template_from_resource (widget_class, "/org/semblance/Semblance/smb-robustness-dialog.ui");
  gtk_widget_class_bind_template_child (widget_class, SmbRobustnessDialog, summary);
  gtk_widget_class_bind_template_child (widget_class, SmbRobustnessDialog, warning);
  gtk_widget_class_bind_template_child (widget_class, SmbRobustnessDialog, working);
  gtk_widget_class_bind_template_child (widget_class, SmbRobustnessDialog, results);
  gtk_widget_class_bind_template_child (widget_class, SmbRobustnessDialog, chart);
  gtk_widget_class_bind_template_child (widget_class, SmbRobustnessDialog, table);
  gtk_widget_class_bind_template_child (widget_class, SmbRobustnessDialog, keep);
  gtk_widget_class_bind_template_child (widget_class, SmbRobustnessDialog, again);
  gtk_widget_class_bind_template_callback (widget_class, on_again);
  gtk_widget_class_bind_template_callback (widget_class, on_keep);
  gtk_widget_class_bind_template_callback (widget_class, on_close);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Escape, 0, "window.close", NULL);
}

static void
smb_robustness_dialog_init (SmbRobustnessDialog *self)
{
  GtkWidget *plot;

  gtk_widget_init_template (GTK_WIDGET (self));
  plot = smb_plot_new (_("Score"));
  self->plot = SMB_PLOT (plot);
  smb_plot_set_x_title (self->plot, _("strength"));
  gtk_box_append (GTK_BOX (self->chart), plot);
}

SmbRobustnessDialog *
smb_robustness_dialog_new (GtkWindow *parent, SmbSession *session)
{
  SmbRobustnessDialog *self = g_object_new (SMB_TYPE_ROBUSTNESS_DIALOG, "transient-for", parent, NULL);
  const SmbModelInfo *model = smb_session_get_model (session);
  const SmbFaceResult *face = smb_session_get_face (session);
  const char *warning = model != NULL ? smb_model_warning (model->trained, TRUE) : NULL;

  self->session = g_object_ref (session);
  if (face != NULL) {
    g_autofree char *name = smb_format_face (face, (guint) smb_session_get_face_index (session));
    const char *exhibit = smb_exhibit_get_evidence (smb_session_get_exhibit (session))->exhibit;

    self->face = smb_session_get_video (session) != NULL
                     ? g_strdup_printf (_("%s in frame %u of exhibit %s"), name, smb_session_get_frame (session), exhibit)
                     : g_strdup_printf (_("%s of exhibit %s"), name, exhibit);
  }
  gtk_label_set_text (self->warning, warning != NULL ? warning : "");
  gtk_widget_set_visible (GTK_WIDGET (self->warning), warning != NULL);
  measure (self);
  return self;
}
