/* SPDX-License-Identifier: Apache-2.0 */
/* semblance-cli jobs: trainings in the background, one after the other. */
#include "cli/cli.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/smb-error.h"
#include "cli/cli-train.h"
#include "learn/smb-job.h"

gboolean
smb_cli_start_job (const char *title, int argc, char **argv, GError **error)
{
  g_autoptr (GPtrArray) arguments = g_ptr_array_new ();
  g_autofree char *cwd = g_get_current_dir (), *long_out = NULL, *id = NULL;

  for (int i = 0; i < argc; i++) {
    if (strcmp (argv[i], "--background") == 0 || strcmp (argv[i], "--resume") == 0)
      continue;
    if ((strcmp (argv[i], "--out") == 0 || strcmp (argv[i], "-o") == 0) && i + 1 < argc) {
      long_out = g_strconcat ("--out=", argv[++i], NULL);
      g_ptr_array_add (arguments, long_out);
    } else {
      g_ptr_array_add (arguments, argv[i]);
    }
  }
  g_ptr_array_add (arguments, NULL);
  id = smb_job_add (title, (const char *const *) arguments->pdata, cwd, error);
  if (id != NULL)
    g_print (_ ("Job %s.\n"), id);
  return id != NULL;
}

static void
print_job (const SmbJob *job, gboolean all)
{
  g_print ("%s  %-10s %-9s", job->id, smb_job_state_title (job->state), job->kind);
  if (job->iterations > 0)
    g_print (_ ("  %" PRIu64 " of %" PRIu64), job->iteration, job->iterations);
  if (isfinite (job->loss))
    g_print (_ ("  loss %.4f"), job->loss);
  if (isfinite (job->auc))
    g_print (_ ("  AUC %.4f, EER %.4f"), job->auc, job->eer);
  if (job->state == SMB_JOB_RUNNING && isfinite (job->images_per_second))
    g_print (_ ("  %.1f images a second"), job->images_per_second);
  if (job->state == SMB_JOB_RUNNING && isfinite (job->seconds_left))
    g_print (_ ("  %.0f min left"), job->seconds_left / 60.0);
  if (job->title != NULL)
    g_print ("  %s", job->title);
  g_print ("\n");
  if (job->error != NULL)
    g_print ("      %s\n", job->error);
  if (!all)
    return;
  g_print (_ ("Folder: %s\nResult: %s\n"), job->folder, job->out);
  if (job->memory_bytes > 0)
    g_print (_ ("Memory: %.2f GB\n"), (double) job->memory_bytes / 1e9);
  g_print ("semblance-cli");
  for (char **argument = job->arguments; *argument != NULL; argument++) {
    g_autofree char *quoted = g_shell_quote (*argument);

    g_print (" %s", strpbrk (*argument, " \"'$\\{}()&;<>|*?") != NULL ? quoted : *argument);
  }
  g_print ("\n");
}

static int
failed (GError *error)
{
  smb_cli_print_error (error);
  return g_error_matches (error, SMB_ERROR, SMB_ERROR_ARGUMENT) ? SMB_EXIT_USAGE : SMB_EXIT_FAILED;
}

static int
list (gboolean json)
{
  g_autoptr (GPtrArray) jobs = smb_job_list ();

  smb_job_wake (NULL); /* what a reboot or a kill interrupted goes on */
  for (guint i = 0; i < jobs->len; i++) {
    const SmbJob *job = g_ptr_array_index (jobs, i);
    g_autoptr (JsonNode) node = json ? smb_job_to_json (job) : NULL;

    if (json)
      smb_cli_print_json (node, FALSE);
    else
      print_job (job, FALSE);
  }
  return SMB_EXIT_OK;
}

static int
show (const char *id, gboolean json)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SmbJob) job = smb_job_find (id, &error);
  g_autoptr (JsonNode) node = NULL;

  if (job == NULL)
    return failed (error);
  if (json) {
    node = smb_job_to_json (job);
    smb_cli_print_json (node, TRUE);
  } else {
    print_job (job, TRUE);
  }
  return SMB_EXIT_OK;
}

static int
move (const char *id, const char *places)
{
  g_autoptr (GError) error = NULL;
  gint64 n;

  if (!g_ascii_string_to_signed (places, 10, -1000, 1000, &n, NULL))
    return smb_cli_usage (_ ("“jobs move” takes a job and by how many places, like -1 or 2."));
  return smb_job_move (id, (int) n, &error) ? SMB_EXIT_OK : failed (error);
}

int
smb_cli_jobs (int argc, char **argv)
{
  static const struct {
    const char *name;
    gboolean (*act) (const char *id, GError **error);
  } acts[] = {
    { "pause", smb_job_pause }, { "resume", smb_job_resume }, { "cancel", smb_job_cancel }, { "remove", smb_job_remove }
  };
  gboolean json = FALSE;
  const GOptionEntry entries[] = {
    { "json", 0, 0, G_OPTION_ARG_NONE, &json, N_ ("One JSON object a job"), NULL },
    { NULL },
  };
  g_autoptr (GError) error = NULL;

  /* "move 3 -1": the places are no option. */
  if (argc == 4 && strcmp (argv[1], "move") == 0)
    return move (argv[2], argv[3]);
  if (!smb_cli_parse (
          &argc, &argv, entries, _ ("COMMAND [JOB…]"),
          _ ("Trainings that “finetune --background” and “pretrain --background” put into a queue: list, show JOB, pause JOB…, "
             "resume JOB…, cancel JOB…, remove JOB…, move JOB PLACES. They go on when this program has ended, one after the other.")))
    return SMB_EXIT_USAGE;
  if (argc == 2 && strcmp (argv[1], "list") == 0)
    return list (json);
  if (argc == 3 && strcmp (argv[1], "show") == 0)
    return show (argv[2], json);
  if (argc == 2 && strcmp (argv[1], "work") == 0) { /* started by smb_job_wake */
    smb_job_work ();
    return SMB_EXIT_OK;
  }
  for (guint i = 0; argc > 2 && i < G_N_ELEMENTS (acts); i++)
    if (strcmp (argv[1], acts[i].name) == 0) {
      for (int k = 2; k < argc; k++)
        if (!acts[i].act (argv[k], &error))
          return failed (error);
      return SMB_EXIT_OK;
    }
  return smb_cli_usage (_ (
      "“jobs” needs to be told what: list, show JOB, pause JOB, resume JOB, cancel JOB, remove JOB or move JOB PLACES."));
}
