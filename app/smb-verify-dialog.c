/* SPDX-License-Identifier: Apache-2.0 */
#include "smb-verify-dialog.h"

#include "smb-form.h"
#include "smb-format.h"
#include "smb-job-row.h"
#include "smb-label.h"

#include "examine/smb-examine-bundle.h"

#include <glib/gi18n.h>

/* One dialog; lives as long as its form, and as a trial that goes on. */
typedef struct {
  SmbForm *form;
  GtkWidget *bundle, *folder, *with_case, *working, *verdict, *list;
  SmbEngine *engine;
  char *case_path; /* NULL */
  SmbJob *job;     /* going on; NULL */
  gboolean closed; /* its widgets are gone */
} Dialog;

static void
dialog_free (gpointer data)
{
  Dialog *d = data;

  g_clear_object (&d->job);
  smb_engine_unref (d->engine);
  g_free (d->case_path);
  g_free (d);
}

/* A trial: what it was asked, and what came of it so far. */
typedef struct {
  char *path, *folder, *case_path;
  SmbEngine *engine;
  SmbJob *job;
  SmbBundle *bundle;   /* the outcomes borrow from it */
  GPtrArray *outcomes; /* SmbBundleOutcome* */
  guint n_done;
  gboolean good;
  char *log_problem; /* NULL: it holds, or was not asked for */
} Trial;

static void
trial_free (gpointer data)
{
  Trial *trial = data;

  g_ptr_array_unref (trial->outcomes);
  g_clear_pointer (&trial->bundle, smb_bundle_free);
  g_object_unref (trial->job);
  smb_engine_unref (trial->engine);
  g_free (trial->path);
  g_free (trial->folder);
  g_free (trial->case_path);
  g_free (trial->log_problem);
  g_free (trial);
}

static void
take_outcome (SmbBundleOutcome *outcome, gpointer user_data)
{
  Trial *trial = user_data;

  g_ptr_array_add (trial->outcomes, outcome);
  trial->n_done++;
}

/* Exhibit by exhibit; within one as far as it says. */
static void
tell (guint64 done, guint64 total, const char *what, gpointer user_data)
{
  const Trial *trial = user_data;
  const SmbBundleExhibit *exhibit
      = trial->bundle->exhibits->pdata[MIN (trial->n_done, trial->bundle->exhibits->len - 1)];
  g_autofree char *words = g_strdup_printf ("%s · %s", exhibit->exhibit, what);
  const guint64 part = total > 0 ? MIN (done * 100 / total, 100) : 0;

  smb_job_report (trial->job, trial->n_done * 100 + part, trial->bundle->exhibits->len * (guint64) 100, words);
}

static void
check_log (Trial *trial)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SmbCase) store = smb_case_open (trial->case_path, &error);

  if (store == NULL || !smb_examine_check_log (store, trial->bundle, &error))
    trial->log_problem = g_strdup (error->message);
}

static void
try_bundle (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  Trial *trial = task_data;
  const SmbBundleTrial how = { trial->folder, NULL, take_outcome, tell, trial };
  GError *error = NULL;

  trial->bundle = smb_examine_read_bundle (trial->path, &error);
  if (trial->bundle == NULL) {
    g_task_return_error (task, error);
    return;
  }
  if (trial->case_path != NULL)
    check_log (trial);
  if (smb_examine_check_bundle (trial->engine, trial->bundle, &how, &trial->good, cancellable, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static SmbState
state_of (SmbReproduction outcome)
{
  switch (outcome) {
  case SMB_REPRODUCED_EXACTLY:
    return (SmbState){ "smb-ok-symbolic", C_("verdict", "The same"), "ok" };
  case SMB_REPRODUCED_CLOSELY:
    return (SmbState){ "smb-ok-symbolic", _("The same within rounding"), "ok" };
  case SMB_NOT_REPRODUCED:
    return (SmbState){ "smb-alert-symbolic", _("Differs"), "alert" };
  case SMB_NOT_TRIED:
  default:
    return (SmbState){ "smb-missing-symbolic", _("Not tried"), "warning" };
  }
}

static void
add_line (GtkWidget *to, const char *text, const char *css)
{
  GtkWidget *label = smb_label_new (text, css);

  gtk_label_set_selectable (GTK_LABEL (label), TRUE);
  gtk_widget_set_can_focus (label, FALSE);
  gtk_box_append (GTK_BOX (to), label);
}

/* "hash", "result", "map F1 rollout" for people. */
static char *
title_of (const SmbBundleCheck *check)
{
  if (g_str_equal (check->what, "hash"))
    return g_strdup (_("The file"));
  if (g_str_equal (check->what, "result"))
    return g_strdup (_("Faces and scores"));
  return g_str_has_prefix (check->what, "map ") ? g_strdup_printf (_("Map of %s"), check->what + strlen ("map "))
                                                : g_strdup (check->what);
}

static char *
count_text (const SmbBundleCheck *check)
{
  if (check->largest > 0.0)
    return g_strdup_printf (_("%u numbers the same, %u close; the largest difference is %.3g."), check->n_exact,
                            check->n_close, check->largest);
  if (check->n_close > 0)
    return g_strdup_printf (_("%u numbers the same, %u close."), check->n_exact, check->n_close);
  return g_strdup_printf (ngettext ("%u number the same.", "%u numbers the same.", check->n_exact), check->n_exact);
}

static void
add_row (Dialog *d, SmbState state, const char *exhibit, const char *title, const SmbBundleCheck *check)
{
  GtkWidget *row = gtk_list_box_row_new (), *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 3);
  GtkWidget *line = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6), *words = gtk_label_new (title),
            *state_words = gtk_label_new (state.word);
  GtkWidget *icon = gtk_image_new_from_icon_name (state.icon), *name = gtk_label_new (exhibit);
  g_autofree char *spoken = g_strdup_printf ("%s, %s, %s", exhibit, title, state.word);

  gtk_widget_add_css_class (box, "training-row");
  gtk_widget_add_css_class (name, "strong");
  gtk_label_set_xalign (GTK_LABEL (words), 0.0f);
  gtk_label_set_ellipsize (GTK_LABEL (words), PANGO_ELLIPSIZE_END);
  gtk_widget_set_hexpand (words, TRUE);
  gtk_widget_add_css_class (icon, state.css);
  gtk_widget_add_css_class (state_words, state.css);
  gtk_box_append (GTK_BOX (line), name);
  gtk_box_append (GTK_BOX (line), words);
  gtk_box_append (GTK_BOX (line), icon);
  gtk_box_append (GTK_BOX (line), state_words);
  gtk_box_append (GTK_BOX (box), line);
  if (check != NULL && check->n_exact + check->n_close > 0) {
    g_autofree char *counted = count_text (check);

    add_line (box, counted, "dim");
  }
  if (check != NULL && check->why != NULL)
    add_line (box, check->why, state.css);
  for (guint i = 0; check != NULL && i < check->differences->len; i++)
    add_line (box, check->differences->pdata[i], "alert");
  if (check != NULL && check->n_differences > check->differences->len) {
    g_autofree char *more = g_strdup_printf (_("and %u more"), check->n_differences - check->differences->len);

    add_line (box, more, "alert");
  }
  gtk_list_box_row_set_child (GTK_LIST_BOX_ROW (row), box);
  gtk_list_box_row_set_activatable (GTK_LIST_BOX_ROW (row), FALSE);
  gtk_accessible_update_property (GTK_ACCESSIBLE (row), GTK_ACCESSIBLE_PROPERTY_LABEL, spoken, -1);
  gtk_list_box_append (GTK_LIST_BOX (d->list), row);
}

static void
show_outcomes (Dialog *d, const Trial *trial)
{
  if (trial->case_path != NULL && trial->bundle != NULL) {
    SmbBundleCheck log = { .why = trial->log_problem, .differences = g_ptr_array_new () };

    add_row (d, state_of (trial->log_problem == NULL ? SMB_REPRODUCED_EXACTLY : SMB_NOT_REPRODUCED), _("Case"),
             _("Audit log"), &log);
    g_ptr_array_unref (log.differences);
  }
  for (guint i = 0; i < trial->outcomes->len; i++) {
    const SmbBundleOutcome *outcome = trial->outcomes->pdata[i];

    for (guint k = 0; k < outcome->checks->len; k++) {
      const SmbBundleCheck *check = outcome->checks->pdata[k];
      g_autofree char *title = title_of (check);

      add_row (d, state_of (check->outcome), outcome->exhibit->exhibit, title, check);
    }
  }
  gtk_widget_set_visible (d->list, gtk_widget_get_first_child (d->list) != NULL);
}

static void
clear_list (Dialog *d)
{
  GtkWidget *row;

  while ((row = gtk_widget_get_first_child (d->list)) != NULL)
    gtk_list_box_remove (GTK_LIST_BOX (d->list), row);
  gtk_widget_set_visible (d->list, FALSE);
  gtk_widget_set_visible (d->verdict, FALSE);
}

static void
say (Dialog *d, const char *css, const char *text)
{
  static const char *const all[] = { "ok", "alert", "warning" };

  for (guint i = 0; i < G_N_ELEMENTS (all); i++)
    gtk_widget_remove_css_class (d->verdict, all[i]);
  gtk_widget_add_css_class (d->verdict, css);
  gtk_label_set_text (GTK_LABEL (d->verdict), text);
  gtk_widget_set_visible (d->verdict, TRUE);
}

static void
on_tried (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SmbForm) form = user_data;
  Dialog *d = g_object_get_data (G_OBJECT (form), "dialog");
  const Trial *trial = g_task_get_task_data (G_TASK (result));
  g_autoptr (GError) error = NULL;
  gboolean whole = g_task_propagate_boolean (G_TASK (result), &error);

  g_clear_object (&d->job);
  if (d->closed)
    return;
  gtk_box_remove (GTK_BOX (d->working), gtk_widget_get_first_child (d->working));
  show_outcomes (d, trial);
  if (!whole && g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    say (d, "warning", _("Cancelled: what is listed was tried before."));
  else if (!whole)
    say (d, "alert", error->message);
  else if (trial->good && trial->log_problem == NULL)
    say (d, "ok", _("The report holds: everything in it came out again."));
  else
    say (d, "alert", _("The report does not hold as it stands: see what differs, and what could not be tried."));
  smb_form_set_problem (form, NULL);
}

static void
on_accepted (SmbForm *form, Dialog *d)
{
  g_autofree char *path = smb_form_dup_text (d->bundle), *folder = smb_form_dup_text (d->folder);
  g_autoptr (GTask) task = NULL;
  Trial *trial = g_new0 (Trial, 1);
  GtkWidget *row;

  d->job = smb_job_new (_("Computing the report again"), 1);
  trial->path = g_canonicalize_filename (path, g_get_home_dir ());
  trial->folder = *folder != '\0' ? g_canonicalize_filename (folder, g_get_home_dir ()) : NULL;
  trial->case_path = d->with_case != NULL && gtk_check_button_get_active (GTK_CHECK_BUTTON (d->with_case))
                         ? g_strdup (d->case_path)
                         : NULL;
  trial->engine = smb_engine_ref (d->engine);
  trial->job = g_object_ref (d->job);
  trial->outcomes = g_ptr_array_new_with_free_func ((GDestroyNotify) smb_bundle_outcome_free);
  clear_list (d);
  row = smb_job_row_new (d->job);
  gtk_widget_set_hexpand (row, TRUE);
  gtk_box_append (GTK_BOX (d->working), row);
  smb_form_set_problem (form, _("Everything is computed again from the originals …"));
  task = g_task_new (NULL, smb_job_get_cancellable (d->job), on_tried, g_object_ref (form));
  g_task_set_task_data (task, trial, trial_free);
  g_task_run_in_thread (task, try_bundle);
}

static void
on_changed (SmbForm *form, Dialog *d)
{
  g_autofree char *path = smb_form_dup_text (d->bundle);

  if (d->job == NULL)
    smb_form_set_problem (form, *path == '\0' ? _("Choose the bundle (.json) that a report was saved as.") : NULL);
}

static void
on_closed (GtkWidget *form, Dialog *d)
{
  d->closed = TRUE;
  if (d->job != NULL)
    g_cancellable_cancel (smb_job_get_cancellable (d->job));
}

void
smb_verify_dialog_present (GtkWindow *parent, SmbEngine *engine, const char *case_path)
{
  Dialog *d = g_new0 (Dialog, 1);

  d->form = smb_form_new (parent, _("Verify a report"), _("Verify"));
  d->engine = smb_engine_ref (engine);
  d->case_path = g_strdup (case_path);
  g_object_set_data_full (G_OBJECT (d->form), "dialog", d, dialog_free);
  d->bundle
      = smb_form_add_path (d->form, _("Bundle"), GTK_FILE_CHOOSER_ACTION_OPEN, FALSE, _("a report saved as JSON"));
  d->folder = smb_form_add_path (d->form, _("Originals"), GTK_FILE_CHOOSER_ACTION_SELECT_FOLDER, FALSE,
                                 _("their folder; empty: where the bundle says"));
  if (case_path != NULL)
    d->with_case = smb_form_add_check (d->form, _("The audit log of this case must hold the report's last hash"), TRUE);
  d->working = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 0);
  smb_form_add_wide (d->form, d->working);
  d->verdict = gtk_label_new (NULL);
  gtk_label_set_xalign (GTK_LABEL (d->verdict), 0.0f);
  gtk_label_set_wrap (GTK_LABEL (d->verdict), TRUE);
  gtk_widget_add_css_class (d->verdict, "strong");
  smb_form_add_wide (d->form, d->verdict);
  d->list = gtk_list_box_new ();
  gtk_list_box_set_selection_mode (GTK_LIST_BOX (d->list), GTK_SELECTION_NONE);
  gtk_widget_add_css_class (d->list, "recent");
  gtk_accessible_update_property (GTK_ACCESSIBLE (d->list), GTK_ACCESSIBLE_PROPERTY_LABEL, _("What came out again"),
                                  -1);
  smb_form_add_wide (d->form, d->list);
  clear_list (d);
  g_signal_connect (d->form, "changed", G_CALLBACK (on_changed), d);
  g_signal_connect (d->form, "accepted", G_CALLBACK (on_accepted), d);
  g_signal_connect (d->form, "destroy", G_CALLBACK (on_closed), d);
  gtk_window_set_default_size (GTK_WINDOW (d->form), 760, 680);
  on_changed (d->form, d);
  gtk_window_present (GTK_WINDOW (d->form));
}
