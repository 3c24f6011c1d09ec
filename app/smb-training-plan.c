/* SPDX-License-Identifier: Apache-2.0 */
#include "smb-training-plan.h"

#include "smb-cli-run.h"

#include "backend/smb-device.h"
#include "base/smb-json-part.h"
#include "learn/smb-job.h"

#include <glib/gi18n.h>
#include <json-glib/json-glib.h>

#define SETTLE_MS 500

struct _SmbTrainingPlan {
  SmbForm *form; /* not owned */
  GtkWidget *device, *precision, *epochs, *batch, *seed, *memory, *others, *smaller;
  GPtrArray *devices; /* SmbDeviceListing*, the usable ones; NULL until they are known */
  SmbTrainingArguments arguments;
  gpointer user_data;
  guint source;
  GCancellable *cancel; /* of the question asked */
  int fits;             /* the batch offered */
};

static const char *const precisions[] = { "f32", "bf16", "auto" };

/* Everything, device and all. */
static GStrv
all_arguments (SmbTrainingPlan *plan, char **why)
{
  g_auto (GStrv) own = plan->devices != NULL ? plan->arguments (why, plan->user_data) : NULL;
  g_autoptr (GStrvBuilder) b = g_strv_builder_new ();
  guint device = gtk_drop_down_get_selected (GTK_DROP_DOWN (plan->device));
  char *texts[5];

  if (plan->devices == NULL || plan->devices->len <= device)
    *why = g_strdup (_("Looking at this machine's devices …"));
  if (own == NULL || *why != NULL)
    return NULL;
  texts[0] = g_strconcat ("--device=", ((SmbDeviceListing *) g_ptr_array_index (plan->devices, device))->id, NULL);
  texts[1]
      = g_strconcat ("--precision=", precisions[gtk_drop_down_get_selected (GTK_DROP_DOWN (plan->precision))], NULL);
  texts[2] = g_strdup_printf ("--epochs=%d", gtk_spin_button_get_value_as_int (GTK_SPIN_BUTTON (plan->epochs)));
  texts[3] = g_strdup_printf ("--batch=%d", gtk_spin_button_get_value_as_int (GTK_SPIN_BUTTON (plan->batch)));
  texts[4] = g_strdup_printf ("--seed=%d", gtk_spin_button_get_value_as_int (GTK_SPIN_BUTTON (plan->seed)));
  g_strv_builder_add (b, own[0]);
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
    g_strv_builder_add (b, texts[i]);
    g_free (texts[i]);
  }
  g_strv_builder_addv (b, (const char **) own + 1);
  return g_strv_builder_end (b);
}

static void
show_plan (SmbTrainingPlan *plan, const char *text)
{
  g_autoptr (JsonNode) root = json_from_string (text, NULL);
  JsonObject *of = root != NULL && JSON_NODE_HOLDS_OBJECT (root) ? json_node_get_object (root) : NULL;
  guint64 bytes = (guint64) smb_json_find_int (of, "bytes", 0);
  guint64 left = (guint64) smb_json_find_int (of, "free_bytes", 0);
  g_autofree char *takes = g_format_size (bytes), *of_all = g_format_size (left), *sentence = NULL, *offer = NULL,
                  *longer = NULL;

  plan->fits = (int) smb_json_find_int (of, "largest_batch", 0);
  sentence = g_strdup_printf (_("Takes %s of memory; %s are free. The largest batch that fits is %d."), takes, of_all,
                              plan->fits);
  if (left == 0 || bytes <= left) {
    if (smb_json_find_boolean (of, "recompute"))
      longer = g_strconcat (sentence, " ", _("To fit, much is computed twice: it takes a third more time."), NULL);
    smb_form_set_note (plan->form, longer != NULL ? longer : sentence);
    return;
  }
  gtk_label_set_text (GTK_LABEL (plan->memory), sentence);
  if (plan->fits > 0) {
    offer = g_strdup_printf (_("Take a batch of %d"), plan->fits);
    gtk_button_set_label (GTK_BUTTON (plan->smaller), offer);
    gtk_widget_set_visible (plan->smaller, TRUE);
  }
  smb_form_set_problem (
      plan->form, plan->fits > 0 ? _("That batch does not fit into memory; take a smaller one.")
                                 : _("Not even one image at a time fits into memory; choose a smaller network."));
}

static void
on_planned (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SmbTrainingPlan *plan = user_data;
  g_autoptr (GError) error = NULL;
  g_autofree char *out = smb_cli_run_finish (result, NULL, &error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return; /* another was asked, or the form is gone */
  if (out != NULL)
    show_plan (plan, out);
  else
    smb_form_set_problem (plan->form, error->message);
}

static gboolean
ask (gpointer data)
{
  SmbTrainingPlan *plan = data;
  g_autofree char *why = NULL;
  g_auto (GStrv) arguments = all_arguments (plan, &why);
  g_autoptr (GStrvBuilder) b = g_strv_builder_new ();
  g_auto (GStrv) question = NULL;

  plan->source = 0;
  if (arguments == NULL) {
    smb_form_set_problem (plan->form, why);
    return G_SOURCE_REMOVE;
  }
  g_strv_builder_add_many (b, arguments[0], "--plan", "--json", NULL);
  g_strv_builder_addv (b, (const char **) arguments + 1);
  question = g_strv_builder_end (b);
  plan->cancel = g_cancellable_new ();
  smb_cli_run_async ((const char *const *) question, NULL, plan->cancel, on_planned, plan);
  return G_SOURCE_REMOVE;
}

void
smb_training_plan_refresh (SmbTrainingPlan *plan)
{
  g_clear_handle_id (&plan->source, g_source_remove);
  if (plan->cancel != NULL)
    g_cancellable_cancel (plan->cancel);
  g_clear_object (&plan->cancel);
  gtk_widget_set_visible (plan->smaller, FALSE);
  gtk_label_set_text (GTK_LABEL (plan->memory), "");
  smb_form_set_problem (plan->form, _("Working out what memory it takes …"));
  plan->source = g_timeout_add (SETTLE_MS, ask, plan);
}

static void
on_smaller (GtkButton *button, SmbTrainingPlan *plan)
{
  gtk_spin_button_set_value (GTK_SPIN_BUTTON (plan->batch), plan->fits);
}

void
smb_training_plan_set (SmbTrainingPlan *plan, int epochs, int batch)
{
  gtk_spin_button_set_value (GTK_SPIN_BUTTON (plan->epochs), epochs);
  gtk_spin_button_set_value (GTK_SPIN_BUTTON (plan->batch), batch);
}

/* The module for graphics cards may have to be loaded: not on the window's thread. */
static void
list_devices (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  g_task_return_pointer (task, smb_device_list (), (GDestroyNotify) g_ptr_array_unref);
}

static void
on_devices (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SmbTrainingPlan *plan = g_object_get_data (source, "plan");
  GPtrArray *devices = g_task_propagate_pointer (G_TASK (result), NULL);
  g_autoptr (GtkStringList) names = gtk_string_list_new (NULL);
  g_autoptr (GString) others = g_string_new (NULL);

  if (plan == NULL) { /* the form is gone */
    g_ptr_array_unref (devices);
    return;
  }
  for (guint i = 0; i < devices->len;) {
    const SmbDeviceListing *d = g_ptr_array_index (devices, i);
    g_autofree char *left = g_format_size (d->info.free_bytes), *all = g_format_size (d->info.total_bytes),
                    *name = NULL;

    if (d->usable) {
      name = g_strdup_printf (_("%s: %s, %s of %s free"), d->id, d->info.name, left, all);
      gtk_string_list_append (names, name);
      i++;
      continue;
    }
    g_string_append_printf (others, "%s%s: %s", others->len > 0 ? "\n" : "", d->id, d->reason);
    g_ptr_array_remove_index (devices, i);
  }
  plan->devices = devices;
  gtk_drop_down_set_model (GTK_DROP_DOWN (plan->device), G_LIST_MODEL (names));
  gtk_label_set_text (GTK_LABEL (plan->others), others->str);
  gtk_widget_set_visible (plan->others, others->len > 0);
  smb_training_plan_refresh (plan);
}

typedef struct {
  GStrv arguments;
  char *title, *cwd;
} Start;

static void
start_free (Start *start)
{
  g_strfreev (start->arguments);
  g_free (start->title);
  g_free (start->cwd);
  g_free (start);
}

static void
add_job (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  const Start *start = task_data;
  GError *error = NULL;
  char *id = smb_job_add (start->title, (const char *const *) start->arguments, start->cwd, &error);

  if (id != NULL)
    g_task_return_pointer (task, id, g_free);
  else
    g_task_return_error (task, error);
}

void
smb_training_plan_start (SmbTrainingPlan *plan, const char *title, GAsyncReadyCallback done, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, NULL, done, user_data);
  g_autofree char *why = NULL;
  Start *start = g_new0 (Start, 1);

  start->arguments = all_arguments (plan, &why);
  start->title = g_strdup (title);
  start->cwd = g_strdup (g_get_home_dir ());
  g_task_set_task_data (task, start, (GDestroyNotify) start_free);
  if (start->arguments == NULL)
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "%s", why);
  else
    g_task_run_in_thread (task, add_job);
}

char *
smb_training_plan_start_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
on_destroyed (GtkWidget *form, gpointer unused)
{
  g_object_set_data (G_OBJECT (form), "plan", NULL);
}

static void
plan_free (SmbTrainingPlan *plan)
{
  g_clear_handle_id (&plan->source, g_source_remove);
  if (plan->cancel != NULL)
    g_cancellable_cancel (plan->cancel);
  g_clear_object (&plan->cancel);
  g_clear_pointer (&plan->devices, g_ptr_array_unref);
  g_free (plan);
}

SmbTrainingPlan *
smb_training_plan_new (SmbForm *form, int epochs, int batch, SmbTrainingArguments arguments, gpointer user_data)
{
  SmbTrainingPlan *plan = g_new0 (SmbTrainingPlan, 1);
  const char *const words[] = { _("float32 (exact)"), _("bfloat16"), _("what is fast here"), NULL };
  const char *const none[] = { _("Looking at this machine's devices …"), NULL };
  g_autoptr (GTask) task = g_task_new (form, NULL, on_devices, NULL);

  plan->form = form;
  plan->arguments = arguments;
  plan->user_data = user_data;
  g_object_set_data_full (G_OBJECT (form), "plan", plan, (GDestroyNotify) plan_free);
  g_signal_connect (form, "destroy", G_CALLBACK (on_destroyed), NULL);
  plan->epochs = smb_form_add_number (form, _("Epochs"), 1, 10000, epochs);
  plan->batch = smb_form_add_number (form, _("Batch"), 1, 4096, batch);
  plan->seed = smb_form_add_number (form, _("Seed"), 0, 1e9, 0);
  plan->precision = smb_form_add_drop_down (form, _("Precision"), words);
  plan->device = smb_form_add_drop_down (form, _("Device"), none);
  plan->others = gtk_label_new (NULL);
  plan->memory = gtk_label_new (NULL);
  plan->smaller = gtk_button_new ();
  gtk_widget_set_visible (plan->others, FALSE);
  gtk_widget_set_visible (plan->smaller, FALSE);
  gtk_widget_set_halign (plan->smaller, GTK_ALIGN_START);
  for (guint i = 0; i < 2; i++) {
    GtkWidget *label = i == 0 ? plan->others : plan->memory;

    gtk_label_set_xalign (GTK_LABEL (label), 0.0f);
    gtk_label_set_wrap (GTK_LABEL (label), TRUE);
    gtk_widget_add_css_class (label, "caption");
    gtk_widget_add_css_class (label, "dim");
    smb_form_add_wide (form, label);
  }
  smb_form_add_wide (form, plan->smaller);
  g_signal_connect (plan->smaller, "clicked", G_CALLBACK (on_smaller), plan);
  g_task_run_in_thread (task, list_devices);
  return plan;
}
