/* SPDX-License-Identifier: Apache-2.0 */
#include "smb-cli-run.h"

#include "base/smb-error.h"
#include "learn/smb-job.h"

#include <glib/gi18n.h>
#include <signal.h>

#define PREFIX "semblance-cli: "

typedef struct {
  GSubprocess *process;
  GCancellable *cancellable;
  gulong handler;
  char *said;
} Run;

static void
run_free (Run *run)
{
  if (run->handler != 0)
    g_cancellable_disconnect (run->cancellable, run->handler);
  g_clear_object (&run->cancellable);
  g_clear_object (&run->process);
  g_free (run->said);
  g_free (run);
}

static void
on_cancelled (GCancellable *cancellable, GSubprocess *process)
{
  g_subprocess_send_signal (process, SIGTERM);
}

static GError *
error_of (const char *said)
{
  g_auto (GStrv) lines = g_strsplit (said, "\n", -1);
  const char *last = NULL;

  for (char **line = lines; *line != NULL; line++)
    if ((*line)[0] != '\0')
      last = *line;
  if (last == NULL)
    last = _("semblance-cli ended without a word.");
  return g_error_new_literal (SMB_ERROR, SMB_ERROR_FAILED,
                              g_str_has_prefix (last, PREFIX) ? last + strlen (PREFIX) : last);
}

static void
on_ended (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Run *run = g_task_get_task_data (task);
  g_autofree char *out = NULL;
  GError *error = NULL;

  if (!g_subprocess_communicate_utf8_finish (G_SUBPROCESS (source), result, &out, &run->said, &error))
    g_task_return_error (task, error);
  else if (g_cancellable_is_cancelled (run->cancellable))
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_CANCELLED, "%s", _("Cancelled."));
  else if (!g_subprocess_get_successful (G_SUBPROCESS (source)))
    g_task_return_error (task, error_of (run->said));
  else
    g_task_return_pointer (task, g_steal_pointer (&out), g_free);
}

void
smb_cli_run_async (const char *const *arguments, const char *cwd, GCancellable *cancellable, GAsyncReadyCallback done,
                   gpointer user_data)
{
  GTask *task = g_task_new (NULL, NULL, done, user_data);
  g_autoptr (GSubprocessLauncher) launcher
      = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE);
  g_autoptr (GPtrArray) command = g_ptr_array_new ();
  GError *error = NULL;
  g_autofree char *program = smb_job_program (&error);
  Run *run = g_new0 (Run, 1);

  g_task_set_task_data (task, run, (GDestroyNotify) run_free);
  g_ptr_array_add (command, program);
  for (; *arguments != NULL; arguments++)
    g_ptr_array_add (command, (gpointer) *arguments);
  g_ptr_array_add (command, NULL);
  if (cwd != NULL)
    g_subprocess_launcher_set_cwd (launcher, cwd);
  if (program != NULL)
    run->process = g_subprocess_launcher_spawnv (launcher, (const char *const *) command->pdata, &error);
  if (run->process == NULL) {
    g_task_return_error (task, error);
    g_object_unref (task);
    return;
  }
  g_subprocess_communicate_utf8_async (run->process, NULL, NULL, on_ended, task);
  if (cancellable != NULL) {
    run->cancellable = g_object_ref (cancellable);
    run->handler
        = g_cancellable_connect (cancellable, G_CALLBACK (on_cancelled), g_object_ref (run->process), g_object_unref);
  }
}

char *
smb_cli_run_finish (GAsyncResult *result, char **said, GError **error)
{
  Run *run = g_task_get_task_data (G_TASK (result));

  /* Cancelled after it ended, before this was asked. */
  if (g_cancellable_is_cancelled (run->cancellable)) {
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, _("Cancelled."));
    return NULL;
  }
  if (said != NULL)
    *said = g_steal_pointer (&run->said);
  return g_task_propagate_pointer (G_TASK (result), error);
}
