/* SPDX-License-Identifier: Apache-2.0 */
/* The active model: found, described, and its weights checked against its card, all off the UI thread. */
#include "smb-session-private.h"

#include "smb-format.h"
#include "weights/smb-weights-file.h"

#include <glib/gi18n.h>

static void
work_find (GTask *task, SmbCaseThread *thread, SmbCase *store)
{
  GError *error = NULL;
  SmbModelInfo *model = smb_model_find (NULL, &error);

  if (model == NULL)
    g_task_return_error (task, error);
  else
    g_task_return_pointer (task, model, (GDestroyNotify) smb_model_info_free);
}

/* Runs beside the case: hashing weights must not hold up the examiner. */
static void
check_weights (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  const SmbModelInfo *model = task_data;
  GError *error = NULL;

  if (smb_model_verify (model, cancellable, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
on_checked (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SmbSession *self = SMB_SESSION (source);
  g_autoptr (GError) error = NULL;

  if (g_task_propagate_boolean (G_TASK (result), &error)) {
    self->model_check = SMB_CHECK_OK;
  } else {
    self->model_check = SMB_CHECK_BAD;
    g_free (self->model_problem);
    self->model_problem = g_strdup (error->message);
  }
  smb_session_emit (self, SMB_SESSION_MODEL_CHANGED);
}

/* How many layers and heads there are to choose from stands in the weights' shapes. */
static void
read_config (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  const SmbModelInfo *model = task_data;
  const char *paths[] = { model->detector_path, model->mim_path };
  g_autofree SmbNetConfig *configs = g_new0 (SmbNetConfig, G_N_ELEMENTS (paths));
  GError *error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (paths); i++) {
    g_autoptr (SmbTensorDict) weights = NULL;
    g_autofree char *name = NULL;
    SmbNetKind kind;

    if (paths[i] == NULL)
      continue;
    name = g_path_get_basename (paths[i]);
    weights = smb_weights_read (paths[i], &error);
    if (weights == NULL || !smb_net_config_detect (&configs[i], &kind, weights, NULL, name, &error)) {
      g_task_return_error (task, error);
      return;
    }
  }
  g_task_return_pointer (task, g_steal_pointer (&configs), g_free);
}

static void
on_config (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SmbSession *self = SMB_SESSION (source);
  g_autoptr (GError) error = NULL;

  self->configs = g_task_propagate_pointer (G_TASK (result), &error);
  if (self->configs == NULL)
    smb_session_message_error (self, error);
  smb_session_emit (self, SMB_SESSION_MODEL_CHANGED);
}

/* A card names every picture its model learned from: a megabyte and more. */
static void
read_limits (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  g_task_return_pointer (task, smb_card_limits_read (task_data, smb_format_class),
                         (GDestroyNotify) smb_card_limits_free);
}

static void
on_limits (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SmbSession *self = SMB_SESSION (source);

  self->model_limits = g_task_propagate_pointer (G_TASK (result), NULL);
  smb_session_emit (self, SMB_SESSION_MODEL_CHANGED);
}

static void
on_found (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SmbSession *self = SMB_SESSION (source);
  g_autoptr (GError) error = NULL;

  self->model = g_task_propagate_pointer (G_TASK (result), &error);
  if (self->model == NULL) {
    if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
      self->model_problem = g_strdup (error->message);
      smb_session_message_error (self, error);
    }
  } else {
    g_autoptr (GTask) check = g_task_new (self, NULL, on_checked, NULL);
    g_autoptr (GTask) limits = g_task_new (self, NULL, on_limits, NULL);

    /* The session outlives its tasks, and the model the session never replaces. */
    g_task_set_task_data (check, self->model, NULL);
    g_task_run_in_thread (check, check_weights);
    g_task_set_task_data (limits, self->model, NULL);
    g_task_run_in_thread (limits, read_limits);
    if (self->model->detector_path != NULL || self->model->mim_path != NULL) {
      g_autoptr (GTask) config = g_task_new (self, NULL, on_config, NULL);

      g_task_set_task_data (config, self->model, NULL);
      g_task_run_in_thread (config, read_config);
    }
  }
  smb_session_emit (self, SMB_SESSION_MODEL_CHANGED);
  smb_session_faces_replaced (self);
}

void
smb_session_find_model (SmbSession *self)
{
  smb_session_push (self, SMB_WORK_NORMAL, NULL, work_find, on_found, NULL, NULL);
}

const SmbModelInfo *
smb_session_get_model (SmbSession *self)
{
  return self->model;
}

const SmbCardLimits *
smb_session_get_model_limits (SmbSession *self)
{
  return self->model_limits;
}

const char *
smb_session_get_model_problem (SmbSession *self)
{
  return self->model_problem;
}

const SmbNetConfig *
smb_session_get_detector_config (SmbSession *self)
{
  return self->configs != NULL && self->model->detector_path != NULL ? &self->configs[0] : NULL;
}

const SmbNetConfig *
smb_session_get_mim_config (SmbSession *self)
{
  return self->configs != NULL && self->model->mim_path != NULL ? &self->configs[1] : NULL;
}

SmbCheck
smb_session_get_model_check (SmbSession *self)
{
  return self->model_check;
}
