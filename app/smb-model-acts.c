/* SPDX-License-Identifier: Apache-2.0 */
#include "smb-model-acts.h"

#include "smb-cli-run.h"
#include "smb-form.h"

#include "base/smb-json-part.h"
#include "learn/smb-dataset-places.h"
#include "learn/smb-model-card.h"
#include "weights/smb-model.h"

#include <glib/gi18n.h>

#define AGAINST_COLUMNS 56 /* a wrapped sentence is as tall as it is narrow */

/* A question and what follows from it; lives as long as its form or, once that is accepted, its task. */
typedef struct {
  SmbForm *form; /* not owned */
  GtkWidget *name, *title, *classes, *licence, *reason, *data, *blended, *calibrate, *tracks,
      *also; /* lines, as the act has them */
  char *path, *model, *in_use, *override;
  GAsyncReadyCallback done;
  void (*begun) (const char *what, gpointer user_data);
  gpointer user_data;
  GTask *task;
  GPtrArray *commands; /* GStrv: still to be run */
  GPtrArray *words;    /* char*: what each does */
  char *texts[4];      /* name, title, classes, licence, for the thread */
} Act;

static void
act_free (Act *act)
{
  g_free (act->path);
  g_free (act->model);
  g_free (act->in_use);
  g_free (act->override);
  g_clear_pointer (&act->commands, g_ptr_array_unref);
  g_clear_pointer (&act->words, g_ptr_array_unref);
  for (guint i = 0; i < G_N_ELEMENTS (act->texts); i++)
    g_free (act->texts[i]);
  g_free (act);
}

char *
smb_model_act_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

/* The form went without being accepted. */
static void
on_dropped (GtkWidget *form, Act *act)
{
  if (act->form == NULL)
    return; /* accepted: the task has it */
  if (act->begun != NULL) {
    g_autoptr (GTask) task = g_task_new (NULL, NULL, act->done, act->user_data);

    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_CANCELLED, "%s", _("Cancelled."));
  } else {
    g_object_unref (act->user_data);
  }
  act_free (act);
}

static GTask *
accept (Act *act, GCancellable *cancellable)
{
  GTask *task = g_task_new (NULL, cancellable, act->done, act->user_data);
  GtkWindow *form = GTK_WINDOW (act->form);

  act->form = NULL;
  act->task = task;
  g_task_set_task_data (task, act, (GDestroyNotify) act_free);
  gtk_window_destroy (form);
  return task;
}

static Act *
act_new (SmbForm *form, GAsyncReadyCallback done, gpointer user_data)
{
  Act *act = g_new0 (Act, 1);

  act->form = form;
  act->done = done;
  act->user_data = user_data;
  g_signal_connect (form, "destroy", G_CALLBACK (on_dropped), act);
  return act;
}

static char *
text_or_null (GtkWidget *entry)
{
  char *text = smb_form_dup_text (entry);

  if (*text == '\0')
    g_clear_pointer (&text, g_free);
  return text;
}

/* --- import --- */

static void
do_import (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  const Act *act = task_data;
  g_auto (GStrv) classes = act->texts[2] != NULL ? g_strsplit (act->texts[2], ",", -1) : NULL;
  const SmbModelImport how = { .name = act->texts[0],
                               .title = act->texts[1],
                               .classes = (const char *const *) classes,
                               .real_class = -1,
                               .licence = act->texts[3] };
  GError *error = NULL;
  g_autoptr (SmbModelInfo) info = NULL;

  for (char **c = classes; c != NULL && *c != NULL; c++)
    g_strstrip (*c);
  info = smb_model_import (act->path, &how, &error);
  if (info != NULL)
    g_task_return_pointer (task, g_strdup (info->name), g_free);
  else
    g_task_return_error (task, error);
}

static void
on_import_accepted (SmbForm *form, Act *act)
{
  g_autoptr (GTask) task = NULL;
  GtkWidget *lines[] = { act->name, act->title, act->classes, act->licence };

  for (guint i = 0; i < G_N_ELEMENTS (lines); i++)
    act->texts[i] = text_or_null (lines[i]);
  task = accept (act, NULL);
  g_task_run_in_thread (task, do_import);
}

static void
on_import_changed (SmbForm *form, Act *act)
{
  g_autofree char *name = smb_form_dup_text (act->name);

  smb_form_set_problem (form,
                        *name == '\0' ? _("A model needs a name: lower-case letters, digits, “-”, “_”, “.”.") : NULL);
}

/* A name as the library allows, of a title: letters without their marks, one dash for whatever else stands between. */
static char *
name_of (const char *title)
{
  g_autofree char *ascii = g_str_to_ascii (title, NULL), *lower = g_ascii_strdown (ascii, -1);
  g_autoptr (GString) out = g_string_new (NULL);

  for (const char *at = lower; *at != '\0'; at++)
    if (g_ascii_isalnum (*at) || *at == '_' || *at == '.')
      g_string_append_c (out, *at);
    else if (out->len > 0 && out->str[out->len - 1] != '-')
      g_string_append_c (out, '-');
  while (out->len > 0 && out->str[out->len - 1] == '-')
    g_string_truncate (out, out->len - 1);
  return g_string_free (g_steal_pointer (&out), FALSE);
}

void
smb_model_import_ask (GtkWindow *parent, const char *path, const char *title, GAsyncReadyCallback done,
                      gpointer user_data)
{
  SmbForm *form = smb_form_new (parent, _("Import a model"), _("Import"));
  Act *act = act_new (form, done, user_data);
  g_autofree char *base = g_path_get_basename (path), *shown = g_filename_display_name (base), *name = NULL;
  char *dot = strrchr (shown, '.');
  GtkWidget *file = gtk_label_new (path);

  if (dot != NULL && dot > shown)
    *dot = '\0';
  name = name_of (title != NULL ? title : shown);
  act->path = g_strdup (path);
  gtk_label_set_ellipsize (GTK_LABEL (file), PANGO_ELLIPSIZE_START);
  gtk_label_set_xalign (GTK_LABEL (file), 0.0f);
  gtk_widget_add_css_class (file, "dim");
  smb_form_add_wide (form, file);
  act->name = smb_form_add_entry (form, _("Name"), name, NULL);
  act->title = smb_form_add_entry (form, _("Title"), title != NULL ? title : shown, NULL);
  act->classes = smb_form_add_entry (form, _("Classes"), NULL,
                                     _("in the network's order: genuine, deepfake; empty: as the file says"));
  act->licence = smb_form_add_entry (form, _("Licence"), NULL, _("as the file says; FSFM's own weights: CC-BY-NC-4.0"));
  g_signal_connect (form, "changed", G_CALLBACK (on_import_changed), act);
  g_signal_connect (form, "accepted", G_CALLBACK (on_import_accepted), act);
  on_import_changed (form, act);
  gtk_window_present (GTK_WINDOW (form));
}

/* --- use --- */

static void
do_use (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  const Act *act = task_data;
  GError *error = NULL;
  g_autoptr (SmbModelInfo) info = smb_model_find (act->model, &error);

  if (info != NULL && smb_model_use (info, act->override, &error))
    g_task_return_pointer (task, g_strdup (info->name), g_free);
  else
    g_task_return_error (task, error);
}

static void
on_use_accepted (SmbForm *form, Act *act)
{
  g_autoptr (GTask) task = NULL;

  act->override = text_or_null (act->reason);
  task = accept (act, NULL);
  g_task_run_in_thread (task, do_use);
}

static void
on_use_changed (SmbForm *form, Act *act)
{
  g_autofree char *reason = smb_form_dup_text (act->reason);

  smb_form_set_problem (
      form, *reason == '\0' ? _("To use it all the same, say why: the reason is written down with your act.") : NULL);
}

void
smb_model_use_ask (GtkWindow *parent, const char *name, const GPtrArray *against, GAsyncReadyCallback done,
                   gpointer user_data)
{
  SmbForm *form;
  Act *act;

  if (against->len == 0) { /* nothing to ask */
    g_autoptr (GTask) task = g_task_new (NULL, NULL, done, user_data);

    act = g_new0 (Act, 1);
    act->model = g_strdup (name);
    g_task_set_task_data (task, act, (GDestroyNotify) act_free);
    g_task_run_in_thread (task, do_use);
    return;
  }
  form = smb_form_new (parent, _("Not fit for use"), _("Use anyway"));
  act = act_new (form, done, user_data);
  act->model = g_strdup (name);
  for (guint i = 0; i < against->len; i++) {
    GtkWidget *label = gtk_label_new (g_ptr_array_index ((GPtrArray *) against, i));

    gtk_label_set_xalign (GTK_LABEL (label), 0.0f);
    gtk_label_set_wrap (GTK_LABEL (label), TRUE);
    gtk_label_set_width_chars (GTK_LABEL (label), AGAINST_COLUMNS);
    gtk_widget_add_css_class (label, "warning");
    smb_form_add_wide (form, label);
  }
  act->reason = smb_form_add_entry (form, _("Reason"), NULL, NULL);
  g_signal_connect (form, "changed", G_CALLBACK (on_use_changed), act);
  g_signal_connect (form, "accepted", G_CALLBACK (on_use_accepted), act);
  on_use_changed (form, act);
  gtk_window_present (GTK_WINDOW (form));
}

/* --- evaluate and calibrate --- */

static void run_next (Act *act);

static void
on_run (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Act *act = user_data;
  GError *error = NULL;
  g_autofree char *out = smb_cli_run_finish (result, NULL, &error);

  if (out != NULL) {
    run_next (act);
    return;
  }
  g_task_return_error (act->task, error);
  g_object_unref (act->task);
}

/* One command after the other; what one has stored stays if a later one fails. */
static void
run_next (Act *act)
{
  g_auto (GStrv) command = NULL;
  g_autofree char *words = NULL;

  if (act->commands->len == 0) {
    g_task_return_pointer (act->task, g_strdup (act->model), g_free);
    g_object_unref (act->task);
    return;
  }
  command = g_ptr_array_steal_index (act->commands, 0);
  words = g_ptr_array_steal_index (act->words, 0);
  act->begun (words, act->user_data);
  smb_cli_run_async ((const char *const *) command, NULL, g_task_get_cancellable (act->task), on_run, act);
}

static void
add_command (Act *act, char *words, const char *command, const char *option, const char *model, const char *part,
             const char *data, const char *blended)
{
  g_autoptr (GStrvBuilder) b = g_strv_builder_new ();
  g_autofree char *of_model = g_strconcat ("--model=", model, NULL), *of_part = g_strconcat ("--part=", part, NULL);
  g_autofree char *of_blended = blended != NULL ? g_strconcat ("--self-blended=", blended, NULL) : NULL;

  g_strv_builder_add_many (b, command, of_model, of_part, NULL);
  if (option != NULL)
    g_strv_builder_add (b, option);
  if (of_blended != NULL)
    g_strv_builder_add (b, of_blended);
  g_strv_builder_add_many (b, "--", data, NULL);
  g_ptr_array_add (act->commands, g_strv_builder_end (b));
  g_ptr_array_add (act->words, words);
}

/* The model on everything that the one in use was measured on. */
static void
add_old_data (Act *act)
{
  g_autofree char *of_model = g_strconcat ("--model=", act->model, NULL),
                  *as = g_strconcat ("--as=", act->in_use, NULL);
  const char *const command[] = { "evaluate", of_model, "--card", as, NULL };

  g_ptr_array_add (act->commands, g_strdupv ((char **) command));
  g_ptr_array_add (act->words, g_strdup_printf (_ ("Evaluating “%s” on the data of “%s” …"), act->model, act->in_use));
}

/* How many evaluations of the model were made on data sets that are still here. */
static guint
count_known (const char *name)
{
  g_autoptr (SmbModelInfo) model = name != NULL ? smb_model_find (name, NULL) : NULL;
  g_autoptr (JsonNode) card = model != NULL ? smb_model_card_read (model->folder, NULL) : NULL;
  g_autoptr (GPtrArray) on = smb_measured_on (card);
  guint known = 0;

  for (guint i = 0; i < on->len; i++)
    known += ((const SmbMeasuredOn *) g_ptr_array_index (on, i))->folder != NULL;
  return known;
}

/* What the form begins with: the data set that the model learned from, whose test part it never saw, if that is still
 * here; and the class that it was shown only as self-blended faces. */
static void
propose_data (Act *act)
{
  g_autoptr (SmbModelInfo) model = smb_model_find (act->model, NULL);
  g_autoptr (JsonNode) card = model != NULL ? smb_model_card_read (model->folder, NULL) : NULL;
  JsonObject *root = card != NULL && JSON_NODE_HOLDS_OBJECT (card) ? json_node_get_object (card) : NULL,
             *data = smb_json_find_object (root, "data"), *faces = smb_json_find_object (data, "faces");
  const char *key = smb_json_find_text (data, "key", NULL);
  g_autofree char *folder = key != NULL ? smb_dataset_place_find (key) : NULL;

  if (folder != NULL)
    gtk_editable_set_text (GTK_EDITABLE (act->data), folder);
  for (int i = 0; folder != NULL && faces != NULL && model->classes != NULL && model->classes[i] != NULL; i++)
    if (!json_object_has_member (faces, model->classes[i]))
      gtk_editable_set_text (GTK_EDITABLE (act->blended), model->classes[i]);
}

static void
on_measure_accepted (SmbForm *form, Act *act)
{
  g_autofree char *data = smb_form_dup_text (act->data), *blended = text_or_null (act->blended);
  gboolean calibrate = gtk_check_button_get_active (GTK_CHECK_BUTTON (act->calibrate));
  GCancellable *cancellable = g_object_get_data (G_OBJECT (form), "cancellable");

  act->commands = g_ptr_array_new_with_free_func ((GDestroyNotify) g_strfreev);
  act->words = g_ptr_array_new_with_free_func (g_free);
  add_command (act, g_strdup_printf (_("Evaluating “%s” …"), act->model), "evaluate", "--card", act->model, "test", data,
               blended);
  if (act->in_use != NULL)
    add_command (act, g_strdup_printf (_("Evaluating “%s” on the same faces …"), act->in_use), "evaluate", "--card",
                 act->in_use, "test", data, blended);
  if (gtk_check_button_get_active (GTK_CHECK_BUTTON (act->also)))
    add_old_data (act);
  /* Last, since too few faces stop it, and that must not stop the comparison. */
  if (calibrate)
    add_command (act, g_strdup_printf (_("Calibrating “%s” …"), act->model), "calibrate", NULL, act->model, "val", data,
                 blended);
  if (gtk_check_button_get_active (GTK_CHECK_BUTTON (act->tracks)))
    add_command (act, g_strdup_printf (_("Calibrating “%s” for tracks …"), act->model), "calibrate", "--by=video",
                 act->model, "val", data, NULL);
  accept (act, cancellable);
  run_next (act);
}

static void
on_measure_changed (SmbForm *form, Act *act)
{
  g_autofree char *data = smb_form_dup_text (act->data), *file = g_build_filename (data, "dataset.json", NULL);

  if (*data == '\0')
    smb_form_set_problem (form, _("Choose the folder of a data set with a test part it did not learn from."));
  else if (!g_file_test (file, G_FILE_TEST_EXISTS))
    smb_form_set_problem (form, _("That folder holds no data set; a data set is made when a training is started."));
  else
    smb_form_set_problem (form, NULL);
}

void
smb_model_measure_ask (GtkWindow *parent, const char *name, const char *in_use,
                       void (*begun) (const char *what, gpointer user_data), GCancellable *cancellable,
                       GAsyncReadyCallback done, gpointer user_data)
{
  SmbForm *form = smb_form_new (parent, _("Evaluate and calibrate"), _("Evaluate"));
  Act *act = act_new (form, done, user_data);
  guint known = count_known (in_use);

  act->model = g_strdup (name);
  act->in_use = g_strdup (in_use);
  act->begun = begun;
  g_object_set_data_full (G_OBJECT (form), "cancellable", g_object_ref (cancellable), g_object_unref);
  act->data = smb_form_add_path (form, _("Data set"), GTK_FILE_CHOOSER_ACTION_SELECT_FOLDER, FALSE, NULL);
  act->blended = smb_form_add_entry (form, _("Self-blended class"), NULL,
                                     _("forgeries made of the genuine faces too; empty: none"));
  act->calibrate = smb_form_add_check (form, _("Calibrate on the validation part"), TRUE);
  act->tracks = smb_form_add_check (form, _("Calibrate for tracks too: the data set holds videos"), FALSE);
  act->also = smb_form_add_check (form, _ ("Also on the data that the model in use was measured on"), known > 0);
  gtk_widget_set_sensitive (act->also, known > 0);
  if (known == 0)
    gtk_widget_set_tooltip_text (act->also, _ ("The model in use was not measured on data of this machine."));
  g_signal_connect (form, "changed", G_CALLBACK (on_measure_changed), act);
  g_signal_connect (form, "accepted", G_CALLBACK (on_measure_accepted), act);
  propose_data (act);
  on_measure_changed (form, act);
  gtk_window_present (GTK_WINDOW (form));
}
