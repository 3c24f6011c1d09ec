/* SPDX-License-Identifier: Apache-2.0 */
#include "smb-training-start.h"

#include "smb-dataset-maker.h"
#include "smb-landmark-choice.h"
#include "smb-training-plan.h"
#include "smb-training-split.h"

#include "learn/smb-dataset-split.h"
#include "train/smb-groups.h"
#include "weights/smb-model.h"

#include <glib/gi18n.h>

static const char *const sizes[] = { "tiny", "small", "base", "large", "huge" };
static const char *const degrades[] = { "strong", "medium", "light", "none" };

/* One dialog; lives as long as its form. */
typedef struct {
  SmbForm *form;
  SmbTrainingPlan *plan;
  SmbTrainingStarted started;
  gpointer user_data;

  GtkWidget *title, *data, *cropped, *weights, *file; /* lines of both */
  GPtrArray *paths; /* char*: what `weights` offers, NULL for a size or the line `file` */

  GtkWidget *cases, *within, *folder, *classes, *shares, *split_seed, *again, *gather, *stop, *bar,
      *split; /* of a fine-tuning */
  GtkWidget *blended, *degrade, *limits, *preset, *train, *blocks;
  SmbDatasetSummary *summary; /* NULL: no data set yet */
  char *gathered;             /* what was asked for then, as dup_asked gives it; NULL */
  GCancellable *cancel;       /* of the gathering going on; NULL */
  char *problem;              /* why the last one failed; NULL */
  gboolean proposed;          /* what `blended` says was not typed */

  GtkWidget *strategy, *ratio; /* of a pretraining */
  gboolean closed;             /* its widgets are gone; what still runs must not touch them */
} Dialog;

static void
dialog_free (Dialog *d)
{
  if (d->cancel != NULL)
    g_cancellable_cancel (d->cancel);
  g_clear_object (&d->cancel);
  g_clear_pointer (&d->paths, g_ptr_array_unref);
  smb_dataset_summary_free (d->summary);
  g_free (d->gathered);
  g_free (d->problem);
  g_free (d);
}

static void
on_closed (GtkWidget *form, Dialog *d)
{
  d->closed = TRUE;
  if (d->cancel != NULL)
    g_cancellable_cancel (d->cancel);
}

static Dialog *
dialog_new (GtkWindow *parent, const char *title, SmbTrainingStarted started, gpointer user_data)
{
  Dialog *d = g_new0 (Dialog, 1);

  d->form = smb_form_new (parent, title, _("Start"));
  d->started = started;
  d->user_data = user_data;
  g_object_set_data_full (G_OBJECT (d->form), "dialog", d, (GDestroyNotify) dialog_free);
  g_signal_connect (d->form, "destroy", G_CALLBACK (on_closed), d);
  gtk_window_set_default_size (GTK_WINDOW (d->form), 680, 690);
  return d;
}

/* "a; b" -> a, b. Free with g_strfreev. */
static GStrv
parts_of (GtkWidget *entry, const char *by)
{
  g_auto (GStrv) raw = g_strsplit (gtk_editable_get_text (GTK_EDITABLE (entry)), by, -1);
  g_autoptr (GStrvBuilder) b = g_strv_builder_new ();

  for (char **part = raw; *part != NULL; part++)
    if (*g_strstrip (*part) != '\0')
      g_strv_builder_add (b, *part);
  return g_strv_builder_end (b);
}

/* --- what it starts from --- */

static void
add_weights (Dialog *d, gboolean detector)
{
  g_autoptr (GPtrArray) models = smb_model_list (NULL), words = g_ptr_array_new_with_free_func (g_free);

  d->paths = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < models->len; i++) {
    const SmbModelInfo *model = g_ptr_array_index (models, i);
    const char *const networks[] = { model->mim_path, detector ? model->detector_path : NULL };

    for (guint k = 0; k < G_N_ELEMENTS (networks); k++)
      if (networks[k] != NULL) {
        g_ptr_array_add (
            words, g_strdup_printf (k == 0 ? _("%s: its pre-trained network") : _("%s: its detector"), model->title));
        g_ptr_array_add (d->paths, g_strdup (networks[k]));
      }
  }
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++) {
    g_ptr_array_add (words, g_strdup_printf (_("From nothing: a “%s” network"), sizes[i]));
    g_ptr_array_add (d->paths, NULL);
  }
  g_ptr_array_add (words, g_strdup (_("A weights file …")));
  g_ptr_array_add (words, NULL);
  d->weights = smb_form_add_drop_down (d->form, _("Starting from"), (const char *const *) words->pdata);
  d->file = smb_form_add_path (d->form, _("Weights file"), GTK_FILE_CHOOSER_ACTION_OPEN, FALSE, NULL);
}

static gboolean
is_file_chosen (const Dialog *d)
{
  return gtk_drop_down_get_selected (GTK_DROP_DOWN (d->weights)) == d->paths->len;
}

/* --init or --size; NULL with why. */
static char *
weights_argument (const Dialog *d, char **why)
{
  guint chosen = gtk_drop_down_get_selected (GTK_DROP_DOWN (d->weights));
  g_autofree char *file = smb_form_dup_text (d->file);

  if (is_file_chosen (d)) {
    if (*file == '\0')
      *why = g_strdup (_("Choose the weights file to start from."));
    return *file != '\0' ? g_strconcat ("--init=", file, NULL) : NULL;
  }
  if (g_ptr_array_index (d->paths, chosen) != NULL)
    return g_strconcat ("--init=", g_ptr_array_index (d->paths, chosen), NULL);
  return g_strconcat ("--size=", sizes[chosen + G_N_ELEMENTS (sizes) - d->paths->len], NULL);
}

static void
on_started (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SmbForm) form = user_data;
  Dialog *d = g_object_get_data (G_OBJECT (form), "dialog");
  g_autoptr (GError) error = NULL;
  g_autofree char *id = smb_training_plan_start_finish (result, &error);

  if (id != NULL)
    d->started (id, d->user_data);
  else if (!d->closed)
    smb_form_set_problem (form, error->message);
  if (id != NULL && !d->closed)
    gtk_window_destroy (GTK_WINDOW (form));
}

static void
on_accepted (SmbForm *form, Dialog *d)
{
  g_autofree char *title = smb_form_dup_text (d->title);

  smb_form_set_problem (form, _("Putting it into the queue …"));
  smb_training_plan_start (d->plan, *title != '\0' ? title : NULL, on_started, g_object_ref (form));
}

/* --- the data set of a fine-tuning --- */

static void
show_gathering (Dialog *d)
{
  gtk_widget_set_visible (d->bar, d->cancel != NULL);
  gtk_widget_set_visible (d->stop, d->cancel != NULL);
  gtk_widget_set_sensitive (d->gather, d->cancel == NULL);
}

#define PROPOSED "swapped"

/* One class cannot be told from anything: a name for forgeries made of it is proposed, and taken back from two. */
static void
propose_blended (Dialog *d)
{
  g_autofree char *now = smb_form_dup_text (d->blended);
  const gboolean alone = d->summary->classes[1] == NULL, ours = d->proposed && g_str_equal (now, PROPOSED);

  if (alone && *now == '\0')
    gtk_editable_set_text (GTK_EDITABLE (d->blended), PROPOSED);
  else if (!alone && ours)
    gtk_editable_set_text (GTK_EDITABLE (d->blended), "");
  d->proposed = alone && (*now == '\0' || ours);
}

/* Everything that decides what a data set holds, as one text. */
static char *
dup_asked (Dialog *d)
{
  GtkWidget *const lines[] = { d->data, d->cases, d->folder, d->classes, d->shares, d->split_seed },
                   *const checks[] = { d->again, d->within, d->cropped };
  g_autoptr (GString) out = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (lines); i++)
    g_string_append_printf (out, "%s\n", gtk_editable_get_text (GTK_EDITABLE (lines[i])));
  for (guint i = 0; i < G_N_ELEMENTS (checks); i++)
    g_string_append_c (out, gtk_check_button_get_active (GTK_CHECK_BUTTON (checks[i])) ? '1' : '0');
  return g_string_free (g_steal_pointer (&out), FALSE);
}

static void
on_gathered (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SmbForm) form = user_data;
  Dialog *d = g_object_get_data (G_OBJECT (form), "dialog");
  g_autoptr (GError) error = NULL;
  SmbDatasetSummary *summary = smb_dataset_make_finish (result, &error);

  if (d->closed) {
    smb_dataset_summary_free (summary);
    return;
  }
  g_clear_object (&d->cancel);
  show_gathering (d);
  smb_dataset_summary_free (d->summary);
  d->summary = summary;
  if (summary != NULL)
    propose_blended (d);
  smb_training_split_show (d->split, d->summary);
  d->problem = summary == NULL ? g_strdup (error->message) : NULL;
  smb_training_plan_refresh (d->plan);
}

static void
on_gathering (guint64 done, guint64 total, const char *what, gpointer user_data)
{
  Dialog *d = g_object_get_data (G_OBJECT (user_data), "dialog");
  g_autofree char *text
      = total > 0 ? g_strdup_printf (_("%s: %u of %u"), what, (guint) done, (guint) total) : g_strdup (what);

  if (d->closed)
    return;
  gtk_progress_bar_set_text (GTK_PROGRESS_BAR (d->bar), text);
  if (total > 0)
    gtk_progress_bar_set_fraction (GTK_PROGRESS_BAR (d->bar), (double) done / (double) total);
  else
    gtk_progress_bar_pulse (GTK_PROGRESS_BAR (d->bar));
}

static gboolean
read_shares (GtkWidget *entry, double shares[SMB_N_PARTS])
{
  g_auto (GStrv) parts = parts_of (entry, ",");

  for (int i = 0; i < SMB_N_PARTS; i++) {
    char *end = NULL;

    if (g_strv_length (parts) != SMB_N_PARTS)
      return FALSE;
    shares[i] = g_ascii_strtod (parts[i], &end);
    if (end == parts[i] || *end != '\0')
      return FALSE;
  }
  return TRUE;
}

static void
on_gather (GtkButton *button, Dialog *d)
{
  SmbDatasetOrder *order = g_new0 (SmbDatasetOrder, 1);
  g_auto (GStrv) classes = parts_of (d->classes, ",");

  order->sources = parts_of (d->data, ";");
  order->cases = parts_of (d->cases, ";");
  order->classes = classes[0] != NULL ? g_steal_pointer (&classes) : NULL;
  order->folder = smb_form_dup_text (d->folder);
  order->within_cases = gtk_check_button_get_active (GTK_CHECK_BUTTON (d->within));
  order->cropped = gtk_check_button_get_active (GTK_CHECK_BUTTON (d->cropped));
  order->divide = gtk_check_button_get_active (GTK_CHECK_BUTTON (d->again));
  order->seed = (guint64) gtk_spin_button_get_value (GTK_SPIN_BUTTON (d->split_seed));
  if ((order->sources[0] == NULL && order->cases[0] == NULL) || *order->folder == '\0'
      || !read_shares (d->shares, order->shares)) {
    smb_form_set_problem (
        d->form,
        _("Name folders or tables of labelled faces, or cases with labelled evidence, a folder for the data set, and three shares like 0.8, 0.1, 0.1."));
    smb_dataset_order_free (order);
    return;
  }
  d->cancel = g_cancellable_new ();
  g_clear_pointer (&d->problem, g_free);
  g_clear_pointer (&d->summary, smb_dataset_summary_free);
  g_free (d->gathered);
  d->gathered = dup_asked (d);
  smb_training_split_show (d->split, d->summary);
  show_gathering (d);
  smb_training_plan_refresh (d->plan);
  smb_dataset_make_async (order, on_gathering, d->cancel, on_gathered, g_object_ref (d->form));
}

static void
on_stop (GtkButton *button, Dialog *d)
{
  if (d->cancel != NULL)
    g_cancellable_cancel (d->cancel);
}

/* A folder for data sets that no other has. */
static char *
new_folder (void)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_local ();
  g_autofree char *name = g_date_time_format (now, "%Y-%m-%d-%H%M%S");

  return g_build_filename (g_get_user_data_dir (), "semblance", "datasets", name, NULL);
}

static void
add_data_lines (Dialog *d)
{
  g_autofree char *folder = new_folder ();
  GtkWidget *row = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);

  smb_form_add_head (d->form, _("Data"));
  d->data = smb_form_add_path (d->form, _("Labelled faces"), GTK_FILE_CHOOSER_ACTION_SELECT_FOLDER, TRUE,
                               _("folders class/…, CLASS=FOLDER, tables (.csv), or a data set; several: “;”"));
  d->cases = smb_form_add_path (d->form, _("Labelled evidence"), GTK_FILE_CHOOSER_ACTION_OPEN, TRUE,
                                _("case files (.smbcase) in which exhibits or faces are labelled; several: “;”"));
  d->folder = smb_form_add_path (d->form, _("Kept in"), GTK_FILE_CHOOSER_ACTION_SELECT_FOLDER, FALSE, NULL);
  gtk_editable_set_text (GTK_EDITABLE (d->folder), folder);
  d->classes = smb_form_add_entry (d->form, _("Classes"), NULL,
                                   _("in this order, the genuine one first: genuine, deepfake; empty: as found"));
  d->shares = smb_form_add_entry (d->form, _("Shares"), "0.8, 0.1, 0.1", NULL);
  gtk_widget_set_tooltip_text (d->shares, _("of training, validation and test"));
  d->split_seed = smb_form_add_number (d->form, _("Seed of the division"), 0, 1e9, 0);
  d->again = smb_form_add_check (d->form, _("Divide anew, even if the data came divided"), FALSE);
  d->within = smb_form_add_check (d->form, _("Exhibits of one case may come into different parts"), FALSE);
  d->cropped = smb_form_add_check (d->form, _("Every picture is a cropped face"), FALSE);
  d->gather = gtk_button_new_with_label (_("Gather faces"));
  d->stop = gtk_button_new_with_label (_("Stop gathering"));
  d->bar = gtk_progress_bar_new ();
  gtk_progress_bar_set_show_text (GTK_PROGRESS_BAR (d->bar), TRUE);
  gtk_widget_set_hexpand (d->bar, TRUE);
  gtk_widget_set_valign (d->bar, GTK_ALIGN_CENTER);
  gtk_accessible_update_property (GTK_ACCESSIBLE (d->bar), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Gathering faces"), -1);
  g_signal_connect (d->gather, "clicked", G_CALLBACK (on_gather), d);
  g_signal_connect (d->stop, "clicked", G_CALLBACK (on_stop), d);
  gtk_box_append (GTK_BOX (row), d->gather);
  gtk_box_append (GTK_BOX (row), d->bar);
  gtk_box_append (GTK_BOX (row), d->stop);
  smb_form_add_wide (d->form, row);
  d->split = gtk_box_new (GTK_ORIENTATION_VERTICAL, 4);
  smb_form_add_wide (d->form, d->split);
  show_gathering (d);
  smb_training_split_show (d->split, d->summary);
}

/* --- fine-tuning --- */

static GStrv
finetune_arguments (char **why, gpointer user_data)
{
  Dialog *d = user_data;
  g_autofree char *blended = smb_form_dup_text (d->blended), *title = smb_form_dup_text (d->title),
                  *limits = smb_form_dup_text (d->limits), *asked = dup_asked (d), *weights = NULL;
  SmbTrained trained = (SmbTrained) gtk_drop_down_get_selected (GTK_DROP_DOWN (d->train));
  g_autoptr (GPtrArray) out = g_ptr_array_new_with_free_func (g_free);

  if (d->summary == NULL)
    *why = g_strdup (d->cancel != NULL    ? _("Gathering faces …")
                     : d->problem != NULL ? d->problem
                                          : _("Name labelled faces or evidence and gather them."));
  else if (!g_str_equal (asked, d->gathered))
    *why = g_strdup (_("The data above were changed since they were gathered; gather the faces again."));
  else if (d->summary->classes[1] == NULL && *blended == '\0')
    *why = g_strdup (_("A detector tells at least two classes: name a class for self-blended forgeries."));
  else
    weights = weights_argument (d, why);
  if (weights == NULL)
    return NULL;
  g_ptr_array_add (out, g_strdup ("finetune"));
  g_ptr_array_add (out, g_steal_pointer (&weights));
  g_ptr_array_add (out, g_strdup_printf ("--preset=%s", gtk_drop_down_get_selected (GTK_DROP_DOWN (d->preset)) == 0
                                                            ? "published"
                                                            : "quick"));
  g_ptr_array_add (out, g_strdup_printf ("--train=%s", smb_trained_name (trained)));
  if (trained == SMB_TRAIN_LAST_BLOCKS)
    g_ptr_array_add (
        out, g_strdup_printf ("--last-blocks=%d", gtk_spin_button_get_value_as_int (GTK_SPIN_BUTTON (d->blocks))));
  if (trained == SMB_TRAIN_ADAPTER)
    g_ptr_array_add (out, g_strdup ("--adapter"));
  if (*blended != '\0')
    g_ptr_array_add (out, g_strconcat ("--self-blended=", blended, NULL));
  g_ptr_array_add (
      out, g_strconcat ("--degrade=", degrades[gtk_drop_down_get_selected (GTK_DROP_DOWN (d->degrade))], NULL));
  if (*title != '\0')
    g_ptr_array_add (out, g_strconcat ("--title=", title, NULL));
  if (*limits != '\0')
    g_ptr_array_add (out, g_strconcat ("--limits=", limits, NULL));
  g_ptr_array_add (out, g_canonicalize_filename (d->summary->folder, g_get_home_dir ()));
  g_ptr_array_add (out, NULL);
  return (GStrv) g_ptr_array_free (g_steal_pointer (&out), FALSE);
}

static void
show_lines (Dialog *d)
{
  smb_form_show_line (d->form, d->file, is_file_chosen (d));
  if (d->train != NULL)
    smb_form_show_line (d->form, d->blocks,
                        gtk_drop_down_get_selected (GTK_DROP_DOWN (d->train)) == SMB_TRAIN_LAST_BLOCKS);
}

static void
on_changed (SmbForm *form, Dialog *d)
{
  show_lines (d);
  smb_training_plan_refresh (d->plan);
}

static void
on_preset (GtkDropDown *preset, GParamSpec *property, Dialog *d)
{
  gboolean quick = gtk_drop_down_get_selected (preset) == 1;

  smb_training_plan_set (d->plan, quick ? 5 : 10, quick ? 32 : 64);
}

static void
show_dialog (Dialog *d)
{
  show_lines (d);
  smb_training_plan_refresh (d->plan);
  g_signal_connect (d->form, "changed", G_CALLBACK (on_changed), d);
  g_signal_connect (d->form, "accepted", G_CALLBACK (on_accepted), d);
  gtk_window_present (GTK_WINDOW (d->form));
}

void
smb_finetune_start_ask (GtkWindow *parent, SmbTrainingStarted started, gpointer user_data)
{
  Dialog *d = dialog_new (parent, _("Fine-tune a detector"), started, user_data);
  const char *const degraded[] = { _("Strongly: colour, blur, size, noise, JPEG"),
                                   _("Moderately: the same, seldom and little"),
                                   _("Lightly: colour and JPEG, as published"), _("Not at all"), NULL };
  const char *const presets[] = { _("The published recipe"), _("Quick, for small data"), NULL };
  const char *const trained[]
      = { [SMB_TRAIN_ALL] = _("All of the network"), [SMB_TRAIN_LAST_BLOCKS] = _("The last blocks"),
          [SMB_TRAIN_NORMS] = _("Its norms"),        [SMB_TRAIN_ADAPTER] = _("An FS-Adapter on it"),
          [SMB_TRAIN_HEAD] = _("The head alone"),    NULL };

  add_data_lines (d);
  smb_form_add_head (d->form, _("Training"));
  d->title = smb_form_add_entry (d->form, _("Title"), NULL, _("what people will call the model"));
  d->blended = smb_form_add_entry (d->form, _("Self-blended class"), NULL,
                                   _("forgeries made of the genuine faces; empty: none"));
  d->limits = smb_form_add_entry (d->form, _("Limits"), NULL, _("what the model cannot do, for its card"));
  d->degrade = smb_form_add_drop_down (d->form, _("Degraded"), degraded);
  gtk_widget_set_tooltip_text (d->degrade, _("So that no class is known by the quality of its pictures"));
  add_weights (d, TRUE);
  d->preset = smb_form_add_drop_down (d->form, _("Preset"), presets);
  d->train = smb_form_add_drop_down (d->form, _("What trains"), trained);
  d->blocks = smb_form_add_number (d->form, _("How many blocks"), 1, 48, 2);
  d->plan = smb_training_plan_new (d->form, 10, 64, finetune_arguments, d);
  g_signal_connect (d->preset, "notify::selected", G_CALLBACK (on_preset), d);
  show_dialog (d);
}

/* --- pretraining --- */

static const char *const strategies[] = { "crfr-p", "crfr-r", "frp", "fasking-i", "random" };

static GStrv
pretrain_arguments (char **why, gpointer user_data)
{
  Dialog *d = user_data;
  g_auto (GStrv) folders = parts_of (d->data, ";");
  g_autofree char *weights = NULL, *landmarks = smb_landmarks_dup_preferred ();
  g_autoptr (GPtrArray) out = g_ptr_array_new_with_free_func (g_free);

  if (folders[0] == NULL)
    *why = g_strdup (_("Name folders of pictures with genuine faces."));
  for (int i = 0; folders[i] != NULL && *why == NULL; i++) {
    g_autofree char *folder = g_canonicalize_filename (folders[i], g_get_home_dir ());

    if (!g_file_test (folder, G_FILE_TEST_IS_DIR))
      *why = g_strdup_printf (_("%s is no folder here. Name folders of pictures with genuine faces."), folder);
  }
  if (*why == NULL)
    weights = weights_argument (d, why);
  if (weights == NULL)
    return NULL;
  g_ptr_array_add (out, g_strdup ("pretrain"));
  g_ptr_array_add (out, g_steal_pointer (&weights));
  g_ptr_array_add (out, g_strconcat ("--mask-strategy=",
                                     strategies[gtk_drop_down_get_selected (GTK_DROP_DOWN (d->strategy))], NULL));
  g_ptr_array_add (
      out, g_strdup_printf ("--mask-ratio=0.%02d", gtk_spin_button_get_value_as_int (GTK_SPIN_BUTTON (d->ratio))));
  if (gtk_check_button_get_active (GTK_CHECK_BUTTON (d->cropped)))
    g_ptr_array_add (out, g_strdup ("--cropped"));
  if (landmarks != NULL)
    g_ptr_array_add (out, g_strconcat ("--landmarks=", landmarks, NULL));
  for (char **folder = folders; *folder != NULL; folder++)
    g_ptr_array_add (out, g_canonicalize_filename (*folder, g_get_home_dir ()));
  g_ptr_array_add (out, NULL);
  return (GStrv) g_ptr_array_free (g_steal_pointer (&out), FALSE);
}

void
smb_pretrain_start_ask (GtkWindow *parent, SmbTrainingStarted started, gpointer user_data)
{
  Dialog *d = dialog_new (parent, _("Pretrain a network"), started, user_data);
  const char *const words[] = { "CRFR-P", "CRFR-R", "FRP", "FasKing-I", _("Random"), NULL };

  smb_form_add_head (d->form, _("Data"));
  d->data = smb_form_add_path (d->form, _("Genuine faces"), GTK_FILE_CHOOSER_ACTION_SELECT_FOLDER, TRUE,
                               _("folders of pictures; several: “;”"));
  d->cropped = smb_form_add_check (d->form, _("Every picture is a cropped face"), FALSE);
  smb_form_add_head (d->form, _("Training"));
  d->title = smb_form_add_entry (d->form, _("Title"), NULL, NULL);
  add_weights (d, FALSE);
  d->strategy = smb_form_add_drop_down (d->form, _("Mask strategy"), words);
  d->ratio = smb_form_add_number (d->form, _("Hidden, in %"), 10, 95, 75);
  d->plan = smb_training_plan_new (d->form, 100, 64, pretrain_arguments, d);
  show_dialog (d);
}
