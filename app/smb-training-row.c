/* SPDX-License-Identifier: Apache-2.0 */
#include "smb-training-row.h"

#include <glib/gi18n.h>
#include <inttypes.h>
#include <math.h>

struct _SmbTrainingRow {
  GtkListBoxRow parent_instance;

  /* template widgets */
  GtkLabel *title, *what, *state_word, *status;
  GtkImage *state_icon;
  GtkWidget *state;
  GtkProgressBar *bar;

  char *id;
};

G_DEFINE_FINAL_TYPE (SmbTrainingRow, smb_training_row, GTK_TYPE_LIST_BOX_ROW)

SmbState
smb_state_of_training (SmbJobState state)
{
  static const struct {
    const char *icon, *css;
  } looks[] = {
    [SMB_JOB_QUEUED] = { "smb-unverified-symbolic", "dim" },   [SMB_JOB_RUNNING] = { "smb-play-symbolic", "ok" },
    [SMB_JOB_PAUSING] = { "smb-pause-symbolic", "warning" },   [SMB_JOB_PAUSED] = { "smb-pause-symbolic", "warning" },
    [SMB_JOB_CANCELLING] = { "smb-close-symbolic", "dim" },    [SMB_JOB_CANCELLED] = { "smb-close-symbolic", "dim" },
    [SMB_JOB_FINISHED] = { "smb-ok-symbolic", "ok" },          [SMB_JOB_FAILED] = { "smb-alert-symbolic", "alert" },
  };

  return (SmbState){ looks[state].icon, smb_job_state_title (state), looks[state].css };
}

const char *
smb_format_training_kind (const SmbJob *job)
{
  return g_strcmp0 (job->kind, "pretrain") == 0 ? _("Pretraining") : _("Fine-tuning");
}

char *
smb_format_training_title (const SmbJob *job)
{
  if (job->title != NULL && *job->title != '\0')
    return g_strdup (job->title);
  return g_strdup_printf ("%s %s", smb_format_training_kind (job), job->id);
}

char *
smb_format_time_left (double seconds)
{
  int minutes;

  if (!isfinite (seconds) || seconds < 0.0 || seconds > 1e8)
    return NULL;
  minutes = (int) (seconds / 60.0);
  if (seconds < 90.0)
    return g_strdup_printf (_("%.0f s left"), seconds);
  if (minutes < 60)
    return g_strdup_printf (_("%d min left"), minutes);
  return g_strdup_printf (_("%d h %d min left"), minutes / 60, minutes % 60);
}

void
smb_training_row_update (SmbTrainingRow *self, const SmbJob *job)
{
  g_autofree char *title = smb_format_training_title (job), *spoken = NULL, *left = NULL;
  g_autoptr (GString) status = g_string_new (NULL);
  SmbState state = smb_state_of_training (job->state);
  double fraction = job->iterations > 0 ? (double) job->iteration / (double) job->iterations : 0.0;

  if (job->iterations > 0)
    g_string_append_printf (status, _("%.0f %%"), fraction * 100.0);
  if (isfinite (job->auc))
    g_string_append_printf (status, _(" · AUC %.3f"), job->auc);
  else if (isfinite (job->loss))
    g_string_append_printf (status, _(" · loss %.3f"), job->loss);
  left = job->state == SMB_JOB_RUNNING ? smb_format_time_left (job->seconds_left) : NULL;
  if (left != NULL)
    g_string_append_printf (status, " · %s", left);
  gtk_label_set_text (self->title, title);
  gtk_label_set_text (self->what, smb_format_training_kind (job));
  gtk_label_set_text (self->state_word, state.word);
  gtk_image_set_from_icon_name (self->state_icon, state.icon);
  smb_state_apply_class (self->state, &state);
  gtk_label_set_text (self->status, status->str);
  gtk_progress_bar_set_fraction (self->bar, CLAMP (fraction, 0.0, 1.0));
  spoken = g_strdup_printf ("%s, %s, %s", title, state.word, status->str);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, spoken, -1);
}

const char *
smb_training_row_get_id (SmbTrainingRow *self)
{
  return self->id;
}

static void
smb_training_row_finalize (GObject *object)
{
  g_free (SMB_TRAINING_ROW (object)->id);
  G_OBJECT_CLASS (smb_training_row_parent_class)->finalize (object);
}

static void
smb_training_row_class_init (SmbTrainingRowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = smb_training_row_finalize;
  gtk_widget_class_set_template_from_resource (widget_class, "/org/semblance/Semblance/smb-training-row.ui");
  gtk_widget_class_bind_template_child (widget_class, SmbTrainingRow, title);
  gtk_widget_class_bind_template_child (widget_class, SmbTrainingRow, what);
  gtk_widget_class_bind_template_child (widget_class, SmbTrainingRow, state);
  gtk_widget_class_bind_template_child (widget_class, SmbTrainingRow, state_icon);
  gtk_widget_class_bind_template_child (widget_class, SmbTrainingRow, state_word);
  gtk_widget_class_bind_template_child (widget_class, SmbTrainingRow, status);
  gtk_widget_class_bind_template_child (widget_class, SmbTrainingRow, bar);
}

static void
smb_training_row_init (SmbTrainingRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
smb_training_row_new (const SmbJob *job)
{
  SmbTrainingRow *self = g_object_new (SMB_TYPE_TRAINING_ROW, NULL);

  self->id = g_strdup (job->id);
  smb_training_row_update (self, job);
  return GTK_WIDGET (self);
}
