/* SPDX-License-Identifier: Apache-2.0 */
#include "smb-models-page.h"

#include "smb-chooser.h"
#include "smb-format.h"
#include "smb-model-acts.h"
#include "smb-model-view.h"

#include "learn/smb-model-card.h"

#include <glib/gi18n.h>

struct _SmbModelsPage {
  GtkWidget parent_instance;

  /* template widgets */
  GtkWidget *box;
  GtkListBox *list;
  GtkLabel *title, *progress;
  GtkStack *stack;
  GtkScrolledWindow *scrolled;
  GtkWidget *use, *evaluate, *working, *stop;

  SmbModelView *view;
  GPtrArray *models;    /* SmbModelFacts*, row by row */
  char *chosen;         /* name; NULL */
  GCancellable *cancel; /* of the measuring going on; NULL */
  GtkFileChooserNative *chooser;
};

G_DEFINE_FINAL_TYPE (SmbModelsPage, smb_models_page, GTK_TYPE_WIDGET)

static void
list_models (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  GPtrArray *out = g_ptr_array_new_with_free_func ((GDestroyNotify) smb_model_facts_free);
  g_autoptr (GPtrArray) found = smb_model_list (NULL);
  g_autofree char *chosen = smb_model_dup_active ();
  g_autoptr (SmbModelInfo) active = smb_model_find (NULL, NULL);

  g_ptr_array_set_free_func (found, NULL); /* each goes into its facts */
  for (guint i = 0; i < found->len; i++) {
    SmbModelFacts *facts = g_new0 (SmbModelFacts, 1);
    g_autoptr (GError) error = NULL;

    facts->info = g_ptr_array_index (found, i);
    facts->active = active != NULL && g_strcmp0 (active->folder, facts->info->folder) == 0;
    facts->by_default = facts->active && chosen == NULL;
    facts->active = facts->active && chosen != NULL;
    facts->card = smb_model_card_read (facts->info->folder, &error);
    facts->card_text = facts->card != NULL ? smb_model_card_to_text (facts->info, facts->card) : NULL;
    facts->limits = smb_card_limits_read (facts->info, smb_format_class);
    facts->problem = error != NULL ? g_strdup (error->message) : NULL;
    facts->against = facts->active ? g_ptr_array_new () : smb_model_card_gates (facts->info, active);
    g_ptr_array_add (out, facts);
  }
  g_task_return_pointer (task, out, (GDestroyNotify) g_ptr_array_unref);
}

static const SmbModelFacts *
find (SmbModelsPage *self, const char *name)
{
  for (guint i = 0; self->models != NULL && i < self->models->len; i++) {
    const SmbModelFacts *facts = g_ptr_array_index (self->models, i);

    if (name != NULL ? g_strcmp0 (facts->info->name, name) == 0 : facts->active || facts->by_default)
      return facts;
  }
  return NULL;
}

static void
show (SmbModelsPage *self)
{
  const SmbModelFacts *facts = self->chosen != NULL ? find (self, self->chosen) : NULL, *active = find (self, NULL);

  gtk_stack_set_visible_child_name (self->stack, facts != NULL ? "model" : "empty");
  gtk_widget_set_sensitive (self->use, facts != NULL && !facts->active);
  gtk_widget_set_sensitive (self->evaluate,
                            facts != NULL && facts->info->detector_path != NULL && self->cancel == NULL);
  gtk_label_set_text (self->title, facts != NULL ? facts->info->title : "");
  if (facts != NULL)
    smb_model_view_show (self->view, facts, active != facts ? active : NULL);
}

/* What there is to know at a glance. */
static SmbState
state_of (const SmbModelFacts *facts)
{
  if (facts->active)
    return (SmbState){ "smb-ok-symbolic", _("In use"), "ok" };
  if (facts->by_default)
    return (SmbState){ "smb-unverified-symbolic", _("Used by default"), "dim" };
  if (!facts->info->trained)
    return (SmbState){ "smb-warning-symbolic", _("Untrained"), "warning" };
  return facts->info->calibrated ? (SmbState){ "smb-ok-symbolic", _("Calibrated"), "dim" }
                                 : (SmbState){ "smb-unverified-symbolic", _("Not calibrated"), "dim" };
}

static GtkWidget *
make_row (const SmbModelFacts *facts)
{
  const SmbState state = state_of (facts);
  GtkWidget *row = gtk_list_box_row_new (), *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 3);
  GtkWidget *title = gtk_label_new (facts->info->title), *line = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 5);
  GtkWidget *icon = gtk_image_new_from_icon_name (state.icon);
  GtkWidget *word = gtk_label_new (state.word), *name = gtk_label_new (facts->info->name);
  g_autofree char *spoken = g_strdup_printf ("%s, %s, %s", facts->info->title, state.word, facts->info->name);

  gtk_widget_add_css_class (box, "training-row");
  gtk_widget_add_css_class (title, "strong");
  gtk_widget_add_css_class (line, state.css);
  gtk_widget_add_css_class (word, "caption");
  gtk_widget_add_css_class (name, "caption");
  gtk_widget_add_css_class (name, "dim");
  gtk_image_set_pixel_size (GTK_IMAGE (icon), 14);
  gtk_label_set_xalign (GTK_LABEL (title), 0.0f);
  gtk_label_set_xalign (GTK_LABEL (name), 0.0f);
  gtk_label_set_ellipsize (GTK_LABEL (title), PANGO_ELLIPSIZE_END);
  gtk_label_set_ellipsize (GTK_LABEL (name), PANGO_ELLIPSIZE_END);
  gtk_box_append (GTK_BOX (line), icon);
  gtk_box_append (GTK_BOX (line), word);
  gtk_box_append (GTK_BOX (box), title);
  gtk_box_append (GTK_BOX (box), line);
  gtk_box_append (GTK_BOX (box), name);
  gtk_list_box_row_set_child (GTK_LIST_BOX_ROW (row), box);
  g_object_set_data_full (G_OBJECT (row), "model", g_strdup (facts->info->name), g_free);
  gtk_accessible_update_property (GTK_ACCESSIBLE (row), GTK_ACCESSIBLE_PROPERTY_LABEL, spoken, -1);
  return row;
}

static void
on_listed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SmbModelsPage *self = SMB_MODELS_PAGE (source);
  g_autofree char *chosen = g_strdup (self->chosen);
  GtkListBoxRow *row;

  if (self->box == NULL)
    return;
  g_clear_pointer (&self->models, g_ptr_array_unref);
  self->models = g_task_propagate_pointer (G_TASK (result), NULL);
  while ((row = gtk_list_box_get_row_at_index (self->list, 0)) != NULL)
    gtk_list_box_remove (self->list, GTK_WIDGET (row));
  for (guint i = 0; i < self->models->len; i++) {
    const SmbModelFacts *facts = g_ptr_array_index (self->models, i);
    GtkWidget *made = make_row (facts);

    gtk_list_box_append (self->list, made);
    if (chosen != NULL ? g_strcmp0 (chosen, facts->info->name) == 0 : facts->active || facts->by_default)
      gtk_list_box_select_row (self->list, GTK_LIST_BOX_ROW (made));
  }
  show (self);
}

static void
refresh (SmbModelsPage *self)
{
  g_autoptr (GTask) task = g_task_new (self, NULL, on_listed, NULL);

  g_task_run_in_thread (task, list_models);
}

static void
on_selected (GtkListBox *list, GtkListBoxRow *row, SmbModelsPage *self)
{
  if (row == NULL)
    return;
  g_free (self->chosen);
  self->chosen = g_strdup (g_object_get_data (G_OBJECT (row), "model"));
  show (self);
}

static void
on_imported (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SmbModelsPage) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autofree char *name = smb_model_act_finish (result, &error);

  if (name == NULL) {
    g_signal_emit_by_name (self, "failed", error->message);
    return;
  }
  g_free (self->chosen);
  self->chosen = g_steal_pointer (&name);
  refresh (self);
}

void
smb_models_page_import (SmbModelsPage *self, const char *path, const char *title)
{
  smb_model_import_ask (GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (self))), path, title, on_imported,
                        g_object_ref (self));
}

static void
on_file_chosen (GtkNativeDialog *dialog, int response, SmbModelsPage *self)
{
  if (response == GTK_RESPONSE_ACCEPT) {
    g_autoptr (GFile) file = gtk_file_chooser_get_file (GTK_FILE_CHOOSER (dialog));
    g_autofree char *path = file != NULL ? g_file_get_path (file) : NULL;

    if (path != NULL)
      smb_models_page_import (self, path, NULL);
  }
  g_clear_object (&self->chooser);
}

static void
on_import (GtkButton *button, SmbModelsPage *self)
{
  g_autoptr (GtkFileFilter) weights = gtk_file_filter_new (), all = gtk_file_filter_new ();

  g_clear_object (&self->chooser);
  self->chooser = smb_chooser_new (GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (self))), _("Import weights"),
                                   GTK_FILE_CHOOSER_ACTION_OPEN, _("Import"));
  gtk_file_filter_set_name (weights, _("Weights (.safetensors, .pth)"));
  gtk_file_filter_add_pattern (weights, "*.safetensors");
  gtk_file_filter_add_pattern (weights, "*.pth");
  gtk_file_filter_add_pattern (weights, "*.pt");
  gtk_file_filter_set_name (all, _("All files"));
  gtk_file_filter_add_pattern (all, "*");
  gtk_file_chooser_add_filter (GTK_FILE_CHOOSER (self->chooser), weights);
  gtk_file_chooser_add_filter (GTK_FILE_CHOOSER (self->chooser), all);
  g_signal_connect_object (self->chooser, "response", G_CALLBACK (on_file_chosen), self, 0);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (self->chooser));
}

static void
on_used (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SmbModelsPage) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autofree char *name = smb_model_act_finish (result, &error);

  if (name != NULL) {
    g_autofree char *said
        = g_strdup_printf (_("“%s” is now in use. Cases that are open keep the model they were opened with."), name);

    g_signal_emit_by_name (self, "said", said);
  } else {
    g_signal_emit_by_name (self, "failed", error->message);
  }
  refresh (self);
}

static void
on_use (GtkButton *button, SmbModelsPage *self)
{
  const SmbModelFacts *facts = find (self, self->chosen);

  if (facts != NULL)
    smb_model_use_ask (GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (self))), facts->info->name, facts->against, on_used,
                       g_object_ref (self));
}

static void
on_measured (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SmbModelsPage) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autofree char *name = smb_model_act_finish (result, &error);

  g_clear_object (&self->cancel);
  if (self->box == NULL)
    return;
  gtk_widget_set_visible (self->working, FALSE);
  if (name == NULL && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    g_signal_emit_by_name (self, "failed", error->message);
  refresh (self);
}

static void
on_measuring (const char *what, gpointer user_data)
{
  SmbModelsPage *self = user_data;

  gtk_label_set_text (self->progress, what);
  gtk_widget_set_visible (self->working, TRUE);
  gtk_widget_set_sensitive (self->evaluate, FALSE);
}

/* Whether it can be measured beside the other: an untrained one too, whose numbers say what chance gives on this data. */
static gboolean
is_comparable (const SmbModelFacts *active, const SmbModelFacts *facts)
{
  return active != NULL && active != facts && active->info->detector_path != NULL;
}

static void
on_evaluate (GtkButton *button, SmbModelsPage *self)
{
  const SmbModelFacts *facts = find (self, self->chosen), *active = find (self, NULL);

  if (facts == NULL || self->cancel != NULL)
    return;
  self->cancel = g_cancellable_new ();
  smb_model_measure_ask (GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (self))), facts->info->name,
                         is_comparable (active, facts) ? active->info->name : NULL, on_measuring, self->cancel,
                         on_measured, g_object_ref (self));
}

static void
on_stop (GtkButton *button, SmbModelsPage *self)
{
  if (self->cancel != NULL)
    g_cancellable_cancel (self->cancel);
}

static void
smb_models_page_map (GtkWidget *widget)
{
  GTK_WIDGET_CLASS (smb_models_page_parent_class)->map (widget);
  refresh (SMB_MODELS_PAGE (widget));
}

static void
smb_models_page_dispose (GObject *object)
{
  SmbModelsPage *self = SMB_MODELS_PAGE (object);

  if (self->cancel != NULL)
    g_cancellable_cancel (self->cancel);
  g_clear_pointer (&self->box, gtk_widget_unparent);
  g_clear_pointer (&self->models, g_ptr_array_unref);
  g_clear_pointer (&self->chosen, g_free);
  g_clear_object (&self->chooser);
  G_OBJECT_CLASS (smb_models_page_parent_class)->dispose (object);
}

static void
smb_models_page_class_init (SmbModelsPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = smb_models_page_dispose;
  widget_class->map = smb_models_page_map;
  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BIN_LAYOUT);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/semblance/Semblance/smb-models-page.ui");
  gtk_widget_class_bind_template_child (widget_class, SmbModelsPage, box);
  gtk_widget_class_bind_template_child (widget_class, SmbModelsPage, list);
  gtk_widget_class_bind_template_child (widget_class, SmbModelsPage, title);
  gtk_widget_class_bind_template_child (widget_class, SmbModelsPage, progress);
  gtk_widget_class_bind_template_child (widget_class, SmbModelsPage, stack);
  gtk_widget_class_bind_template_child (widget_class, SmbModelsPage, scrolled);
  gtk_widget_class_bind_template_child (widget_class, SmbModelsPage, use);
  gtk_widget_class_bind_template_child (widget_class, SmbModelsPage, evaluate);
  gtk_widget_class_bind_template_child (widget_class, SmbModelsPage, working);
  gtk_widget_class_bind_template_child (widget_class, SmbModelsPage, stop);
  gtk_widget_class_bind_template_callback (widget_class, on_selected);
  gtk_widget_class_bind_template_callback (widget_class, on_import);
  gtk_widget_class_bind_template_callback (widget_class, on_use);
  gtk_widget_class_bind_template_callback (widget_class, on_evaluate);
  gtk_widget_class_bind_template_callback (widget_class, on_stop);
  g_signal_new ("failed", SMB_TYPE_MODELS_PAGE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
  g_signal_new ("said", SMB_TYPE_MODELS_PAGE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
}

static void
smb_models_page_init (SmbModelsPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  self->view = SMB_MODEL_VIEW (smb_model_view_new ());
  gtk_scrolled_window_set_child (self->scrolled, GTK_WIDGET (self->view));
}
