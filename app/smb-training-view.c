/* SPDX-License-Identifier: Apache-2.0 */
#include "smb-training-view.h"

#include "smb-facts.h"
#include "smb-plot.h"
#include "smb-training-row.h"

#include <glib/gi18n.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#define EXAMPLE_PX 112

struct _SmbTrainingView {
  GtkWidget parent_instance;

  /* template widgets */
  GtkWidget *box;
  GtkLabel *title, *state_word, *error, *progress_text, *log;
  GtkImage *state_icon;
  GtkWidget *state, *error_box, *log_box, *examples_box, *sheet_box;
  GtkWidget *pause, *resume, *cancel, *remove, *up, *down, *add_model;
  GtkProgressBar *bar;
  SmbFacts *facts;
  GtkFlowBox *plots, *examples;
  GtkPicture *sheet;

  GtkWidget *loss, *rates, *learning_rate; /* in `plots` */
  SmbTrainingWatch *watch; /* owned */
  char *id, *result; /* the weights it made; NULL: none yet */
  char *facts_shown; /* all of them, as one text */
  double best_auc;
};

G_DEFINE_FINAL_TYPE (SmbTrainingView, smb_training_view, GTK_TYPE_WIDGET)

static gboolean
move_up (const char *id, GError **error)
{
  return smb_job_move (id, -1, error);
}

static gboolean
move_down (const char *id, GError **error)
{
  return smb_job_move (id, 1, error);
}

static void
on_act (GtkWidget *button, SmbTrainingView *self)
{
  const struct {
    GtkWidget *button;
    SmbTrainingAct act;
  } acts[] = { { self->pause, smb_job_pause }, { self->resume, smb_job_resume }, { self->cancel, smb_job_cancel },
               { self->remove, smb_job_remove }, { self->up, move_up }, { self->down, move_down } };

  for (guint i = 0; self->id != NULL && i < G_N_ELEMENTS (acts); i++)
    if (acts[i].button == button)
      smb_training_watch_act (self->watch, self->id, acts[i].act);
}

static void
on_add_model (GtkWidget *button, SmbTrainingView *self)
{
  if (self->result != NULL)
    g_signal_emit_by_name (self, "add-model", self->result, gtk_label_get_text (self->title));
}

/* Which acts make sense now; position among those not ended, of so many. */
static void
show_acts (SmbTrainingView *self, const SmbJob *job, guint position, guint n)
{
  SmbJobState s = job->state;
  gboolean ended = s == SMB_JOB_FINISHED || s == SMB_JOB_FAILED || s == SMB_JOB_CANCELLED;

  gtk_widget_set_visible (self->pause, s == SMB_JOB_RUNNING || s == SMB_JOB_QUEUED);
  gtk_widget_set_visible (self->resume,
                          s == SMB_JOB_PAUSED || s == SMB_JOB_PAUSING || s == SMB_JOB_FAILED || s == SMB_JOB_CANCELLED);
  gtk_widget_set_visible (self->cancel, !ended);
  gtk_widget_set_sensitive (self->cancel, s != SMB_JOB_CANCELLING);
  gtk_widget_set_visible (self->remove, ended);
  gtk_widget_set_visible (self->add_model, s == SMB_JOB_FINISHED);
  g_free (self->result);
  self->result = g_build_filename (
      job->out, g_strcmp0 (job->kind, "pretrain") == 0 ? "online.safetensors" : "detector.safetensors", NULL);
  gtk_widget_set_visible (self->up, !ended);
  gtk_widget_set_visible (self->down, !ended);
  gtk_widget_set_sensitive (self->up, position > 0);
  gtk_widget_set_sensitive (self->down, position + 1 < n);
}

/* As a shell would take it: a title holds spaces. */
static char *
dup_command (const SmbJob *job)
{
  g_autoptr (GStrvBuilder) b = g_strv_builder_new ();
  g_auto (GStrv) words = NULL;

  for (char **word = job->arguments; *word != NULL; word++) {
    g_autofree char *quoted = g_shell_quote (*word);
    gboolean plain = strpbrk (*word, " \t\n'\"\\$`&|;<>()*?[]{}!#~") == NULL && **word != '\0';

    g_strv_builder_add (b, plain ? *word : quoted);
  }
  words = g_strv_builder_end (b);
  return g_strjoinv (" ", words);
}

/* Only when they change: what is selected or read aloud must not go away every second. */
static void
show_facts (SmbTrainingView *self, const SmbJob *job)
{
  g_autofree char *begun = smb_format_time (job->created_s * G_USEC_PER_SEC),
                  *ended = smb_format_time (job->ended_s * G_USEC_PER_SEC);
  g_autofree char *out = g_filename_display_name (job->out);
  g_autofree char *command = dup_command (job);

  g_autofree char *now = g_strconcat (begun, ended, out, command, NULL);

  if (g_strcmp0 (now, self->facts_shown) == 0)
    return;
  g_free (self->facts_shown);
  self->facts_shown = g_steal_pointer (&now);
  smb_facts_clear (self->facts);
  smb_facts_add (self->facts, _("Queued"), begun, NULL);
  if (job->ended_s > 0)
    smb_facts_add (self->facts, _("Ended"), ended, NULL);
  smb_facts_add (self->facts, _("Folder"), out, out);
  smb_facts_add (self->facts, _("Command"), command, command);
}

static void
show_job (SmbTrainingView *self, const SmbJob *job)
{
  g_autofree char *title = smb_format_training_title (job), *left = NULL;
  g_autoptr (GString) text = g_string_new (NULL);
  SmbState state = smb_state_of_training (job->state);

  gtk_label_set_text (self->title, title);
  gtk_label_set_text (self->state_word, state.word);
  gtk_image_set_from_icon_name (self->state_icon, state.icon);
  smb_state_apply_class (self->state, &state);
  gtk_widget_set_visible (self->error_box, job->error != NULL);
  gtk_label_set_text (self->error, job->error != NULL ? job->error : "");
  if (job->iterations > 0)
    g_string_append_printf (text, _("%" PRIu64 " of %" PRIu64 " steps"), job->iteration, job->iterations);
  else
    g_string_append (text, job->state == SMB_JOB_QUEUED ? _("Waits for its turn") : _("No step yet"));
  if (isfinite (job->epoch))
    g_string_append_printf (text, _(" · epoch %.2f"), job->epoch);
  left = job->state == SMB_JOB_RUNNING ? smb_format_time_left (job->seconds_left) : NULL;
  if (left != NULL)
    g_string_append_printf (text, " · %s", left);
  if (isfinite (job->images_per_second))
    g_string_append_printf (text, _(" · %.1f images a second"), job->images_per_second);
  if (job->memory_bytes > 0) {
    g_autofree char *memory = g_format_size (job->memory_bytes);

    g_string_append_printf (text, _(" · %s of memory"), memory);
  }
  gtk_label_set_text (self->progress_text, text->str);
  gtk_progress_bar_set_fraction (self->bar,
                                 job->iterations > 0 ? (double) job->iteration / (double) job->iterations : 0.0);
  show_facts (self, job);
}

static void
forget (SmbTrainingView *self)
{
  smb_plot_clear (SMB_PLOT (self->loss));
  smb_plot_clear (SMB_PLOT (self->rates));
  smb_plot_clear (SMB_PLOT (self->learning_rate));
  gtk_label_set_text (self->log, "");
  gtk_widget_set_visible (self->log_box, FALSE);
  gtk_widget_set_visible (self->examples_box, FALSE);
  gtk_widget_set_visible (self->sheet_box, FALSE);
  self->best_auc = NAN;
}

static void
add_curves (SmbTrainingView *self, const SmbTrainingLook *look)
{
  g_autofree char *words = NULL;

  for (guint i = 0; i < look->points->len; i++) {
    const SmbTrainingPoint *p = &g_array_index (look->points, SmbTrainingPoint, i);

    smb_plot_append (SMB_PLOT (self->loss), 0, p->iteration, p->loss);
    smb_plot_append (SMB_PLOT (self->learning_rate), 0, p->iteration, p->lr);
    if (i + 1 == look->points->len) {
      g_autofree char *lr = g_strdup_printf ("%.3g", p->lr);

      smb_plot_set_words (SMB_PLOT (self->learning_rate), lr);
    }
  }
  for (guint i = 0; i < look->epochs->len; i++) {
    const SmbTrainingEpoch *e = &g_array_index (look->epochs, SmbTrainingEpoch, i);

    smb_plot_append (SMB_PLOT (self->loss), 1, e->iteration, e->loss);
    smb_plot_append (SMB_PLOT (self->rates), 0, e->iteration, e->auc);
    smb_plot_append (SMB_PLOT (self->rates), 1, e->iteration, e->eer);
    if (isfinite (e->auc) && !(e->auc <= self->best_auc))
      self->best_auc = e->auc;
    g_free (words);
    words = g_strdup_printf (_("best AUC %.3f"), self->best_auc);
  }
  if (look->points->len + look->epochs->len > 0)
    smb_plot_set_words (SMB_PLOT (self->loss), NULL);
  if (words != NULL)
    smb_plot_set_words (SMB_PLOT (self->rates), words);
}

/* An image, not a picture: that would ask for the width of what it shows, and leave room for half as many beside it. */
static GtkWidget *
example_picture (void)
{
  GtkWidget *picture = gtk_image_new ();

  gtk_image_set_pixel_size (GTK_IMAGE (picture), EXAMPLE_PX);
  gtk_widget_add_css_class (picture, "map-preview");
  return picture;
}

static GtkWidget *
example_label (const char *css)
{
  GtkWidget *label = gtk_label_new (NULL);

  gtk_label_set_xalign (GTK_LABEL (label), 0.0f);
  gtk_label_set_max_width_chars (GTK_LABEL (label), 28);
  gtk_widget_add_css_class (label, "caption");
  gtk_widget_add_css_class (label, css);
  return label;
}

/* Face, map, words, file: filled in by fill_example. */
static GtkWidget *
make_example (void)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 3), *pictures = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 3);
  GtkWidget *words = example_label ("numeric"), *file = example_label ("dim");

  gtk_box_append (GTK_BOX (pictures), example_picture ());
  gtk_box_append (GTK_BOX (pictures), example_picture ());
  gtk_label_set_wrap (GTK_LABEL (words), TRUE);
  gtk_label_set_ellipsize (GTK_LABEL (file), PANGO_ELLIPSIZE_MIDDLE);
  gtk_box_append (GTK_BOX (box), pictures);
  gtk_box_append (GTK_BOX (box), words);
  gtk_box_append (GTK_BOX (box), file);
  return box;
}

static void
fill_example (GtkWidget *box, const SmbTrainingExample *example)
{
  GtkWidget *face = gtk_widget_get_first_child (gtk_widget_get_first_child (box)),
            *map = gtk_widget_get_next_sibling (face);
  GtkWidget *file = gtk_widget_get_last_child (box), *words = gtk_widget_get_prev_sibling (file);
  g_autofree char *name = g_path_get_basename (example->file), *shown = g_filename_display_name (name);

  gtk_image_set_from_paintable (GTK_IMAGE (face), GDK_PAINTABLE (example->face));
  gtk_image_set_from_paintable (GTK_IMAGE (map), GDK_PAINTABLE (example->map));
  gtk_widget_set_visible (map, example->map != NULL);
  gtk_label_set_text (GTK_LABEL (words), example->words);
  gtk_label_set_text (GTK_LABEL (file), shown);
  gtk_widget_set_tooltip_text (file, example->file);
  gtk_accessible_update_property (GTK_ACCESSIBLE (face), GTK_ACCESSIBLE_PROPERTY_LABEL, example->words, -1);
  gtk_accessible_update_property (GTK_ACCESSIBLE (map), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _("Relevance for the class it was taken for"), -1);
}

/* In place: what is read aloud must not go away with every validation. */
static void
show_examples (SmbTrainingView *self, const GPtrArray *examples)
{
  GtkFlowBoxChild *child;

  while (gtk_flow_box_get_child_at_index (self->examples, (int) examples->len) != NULL)
    gtk_flow_box_remove (self->examples,
                         GTK_WIDGET (gtk_flow_box_get_child_at_index (self->examples, (int) examples->len)));
  for (guint i = 0; i < examples->len; i++) {
    child = gtk_flow_box_get_child_at_index (self->examples, (int) i);
    if (child == NULL) {
      gtk_flow_box_append (self->examples, make_example ());
      child = gtk_flow_box_get_child_at_index (self->examples, (int) i);
      gtk_widget_set_focusable (GTK_WIDGET (child), FALSE);
    }
    fill_example (gtk_flow_box_child_get_child (child), g_ptr_array_index (examples, i));
  }
  gtk_widget_set_visible (self->examples_box, examples->len > 0);
}

static void
on_looked (SmbTrainingWatch *watch, const SmbTrainingLook *look, SmbTrainingView *self)
{
  guint waiting = 0, position = 0;
  const SmbJob *job = NULL;

  for (guint i = 0; i < look->jobs->len; i++) {
    const SmbJob *other = g_ptr_array_index (look->jobs, i);

    waiting += other->state != SMB_JOB_FINISHED && other->state != SMB_JOB_FAILED && other->state != SMB_JOB_CANCELLED;
    if (g_strcmp0 (other->id, look->id) == 0) {
      job = other;
      position = i;
    }
  }
  if (job == NULL)
    return;
  g_free (self->id);
  self->id = g_strdup (job->id);
  if (look->anew) {
    forget (self);
    gtk_widget_set_visible (self->rates, g_strcmp0 (job->kind, "pretrain") != 0);
    gtk_widget_set_visible (gtk_widget_get_parent (self->rates), g_strcmp0 (job->kind, "pretrain") != 0);
  }
  show_job (self, job);
  show_acts (self, job, position, waiting);
  add_curves (self, look);
  if (look->log != NULL) {
    gtk_label_set_text (self->log, look->log);
    gtk_widget_set_visible (self->log_box, *look->log != '\0');
  }
  if (look->sheet != NULL) {
    gtk_picture_set_paintable (self->sheet, GDK_PAINTABLE (look->sheet));
    gtk_widget_set_visible (self->sheet_box, TRUE);
  }
  if (look->examples != NULL)
    show_examples (self, look->examples);
}

void
smb_training_view_set_watch (SmbTrainingView *self, SmbTrainingWatch *watch)
{
  self->watch = g_object_ref (watch);
  g_signal_connect_object (watch, "looked", G_CALLBACK (on_looked), self, 0);
}

static void
add_plot (SmbTrainingView *self, GtkWidget *plot)
{
  smb_plot_set_x_title (SMB_PLOT (plot), _("step"));
  smb_plot_set_range (SMB_PLOT (plot), 0.0, NAN, NAN, NAN);
  gtk_flow_box_append (self->plots, plot);
  gtk_widget_set_focusable (gtk_widget_get_parent (plot), FALSE);
}

static void
smb_training_view_dispose (GObject *object)
{
  SmbTrainingView *self = SMB_TRAINING_VIEW (object);

  g_clear_pointer (&self->box, gtk_widget_unparent);
  g_clear_object (&self->watch);
  g_clear_pointer (&self->id, g_free);
  g_clear_pointer (&self->result, g_free);
  g_clear_pointer (&self->facts_shown, g_free);
  G_OBJECT_CLASS (smb_training_view_parent_class)->dispose (object);
}

static void
smb_training_view_class_init (SmbTrainingViewClass *klass)
{
  static const struct {
    const char *name;
    gssize offset;
  } children[] = {
#define CHILD(member) { #member, G_STRUCT_OFFSET (SmbTrainingView, member) }
    CHILD (box),          CHILD (title),     CHILD (state),     CHILD (state_icon),
    CHILD (state_word),   CHILD (error),     CHILD (error_box), CHILD (progress_text),
    CHILD (bar),          CHILD (facts),     CHILD (plots),     CHILD (examples),
    CHILD (examples_box), CHILD (sheet),     CHILD (sheet_box), CHILD (log),
    CHILD (log_box),      CHILD (pause),     CHILD (resume),    CHILD (cancel),
    CHILD (remove),       CHILD (add_model), CHILD (up),        CHILD (down),
#undef CHILD
  };
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = smb_training_view_dispose;
  g_type_ensure (SMB_TYPE_FACTS);
  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BIN_LAYOUT);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/semblance/Semblance/smb-training-view.ui");
  for (guint i = 0; i < G_N_ELEMENTS (children); i++)
    gtk_widget_class_bind_template_child_full (widget_class, children[i].name, FALSE, children[i].offset);
  gtk_widget_class_bind_template_callback (widget_class, on_act);
  gtk_widget_class_bind_template_callback (widget_class, on_add_model);
  g_signal_new ("add-model", SMB_TYPE_TRAINING_VIEW, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 2,
                G_TYPE_STRING, G_TYPE_STRING);
}

static void
smb_training_view_init (SmbTrainingView *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  self->best_auc = NAN;
  self->loss = smb_plot_new (_("Loss"));
  self->rates = smb_plot_new (_("Validation"));
  self->learning_rate = smb_plot_new (_("Learning rate"));
  add_plot (self, self->loss);
  add_plot (self, self->rates);
  add_plot (self, self->learning_rate);
  smb_plot_set_line (SMB_PLOT (self->loss), 0, _("training"), FALSE);
  smb_plot_set_line (SMB_PLOT (self->loss), 1, _("validation"), TRUE);
  smb_plot_set_line (SMB_PLOT (self->rates), 0, _("AUC"), TRUE);
  smb_plot_set_line (SMB_PLOT (self->rates), 1, _("EER"), TRUE);
  smb_plot_set_range (SMB_PLOT (self->rates), 0.0, NAN, 0.0, 1.0);
  smb_plot_set_empty (SMB_PLOT (self->loss), _("No step yet"));
  smb_plot_set_empty (SMB_PLOT (self->learning_rate), _("No step yet"));
  smb_plot_set_empty (SMB_PLOT (self->rates), _("After the first epoch"));
}
