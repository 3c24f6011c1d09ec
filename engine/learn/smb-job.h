/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gio/gio.h>
#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* Trainings as jobs, worked off one after the other by processes that outlive the program that made them. A job is a
 * folder of the user's data folder, "semblance/jobs/ID" (or of $SEMBLANCE_JOBS): job.json   what is to be done and what
 * became of it        log.txt    what the training said lock       held by the process that trains run/       its own
 * folder: metrics.jsonl, checkpoints, result Everything here only reads and writes small files and may be called from
 * any thread and process at any time; nothing waits for a training. A job that fails, crashes or is killed never holds
 * up the next: what was killed goes on from its last checkpoint, to the same bytes, and what dies five times without
 * getting further has failed. */

typedef enum {
  SMB_JOB_QUEUED,
  SMB_JOB_RUNNING,
  SMB_JOB_PAUSING,    /* asked to; it stops after the step, with a checkpoint */
  SMB_JOB_PAUSED,
  SMB_JOB_CANCELLING,
  SMB_JOB_CANCELLED,  /* what it has learnt stays in its folder, and it may be resumed */
  SMB_JOB_FINISHED,
  SMB_JOB_FAILED,
} SmbJobState;

const char *smb_job_state_name (SmbJobState state);  /* "queued" …, as in JSON; static */
const char *smb_job_state_title (SmbJobState state); /* translated */

typedef struct {
  char *id;          /* "0001" */
  char *folder, *out; /* the job's own, and that of the training */
  char *kind;        /* "finetune", "pretrain" */
  char *title;
  GStrv arguments;   /* of semblance-cli, the command first */
  char *cwd;
  char *error;       /* why it failed; NULL */
  SmbJobState state;
  double order;      /* the lowest is next */
  gint64 created_s, ended_s; /* Unix time; 0: not yet */
  GPid pid;          /* 0: none */
  /* from the newest lines of the log; NAN and 0 where there are none yet */
  guint64 iteration, iterations;
  double epoch, loss, lr, images_per_second, seconds_left;
  double auc, eer;   /* of the last validation */
  guint64 memory_bytes; /* resident, while it runs */
} SmbJob;

void smb_job_free (SmbJob *job);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SmbJob, smb_job_free)

/* All jobs (SmbJob*), those not ended first, by their order, then the others, the newest first. Damaged ones are left
 * out. */
GPtrArray *smb_job_list (void);
SmbJob *smb_job_find (const char *id, GError **error);
/* {"id", "kind", "title", "state", "folder", "out", "arguments", "iteration", … as above}. */
JsonNode *smb_job_to_json (const SmbJob *job);

/* Puts a training at the end of the queue and sees to it that the queue is worked off. arguments: of semblance-cli, the
 * command first, without --out and --resume unless out is to be another folder than the job's. Returns its id (g_free).
 */
char *smb_job_add (const char *title, const char *const *arguments, const char *cwd, GError **error);

gboolean smb_job_pause (const char *id, GError **error);
/* A paused, cancelled or failed one goes on from its last checkpoint when its turn comes. */
gboolean smb_job_resume (const char *id, GError **error);
gboolean smb_job_cancel (const char *id, GError **error);
/* Moves a job that has not ended by so many places, towards the front if negative. */
gboolean smb_job_move (const char *id, int places, GError **error);
/* Takes an ended job off the list, with its folder; a training's folder elsewhere stays. */
gboolean smb_job_remove (const char *id, GError **error);

/* Whole lines of the training's metrics from *offset on (array of JsonNode* objects; at most 10,000), which moves
 * behind them; start with 0. If the log became shorter (a checkpoint was gone back to), *offset begins anew and
 * *restarted is set. */
GPtrArray *smb_job_read_metrics (const SmbJob *job, goffset *offset, gboolean *restarted);

/* Starts a process that works the queue off if there is anything to do and none does so; comes back at once. */
gboolean smb_job_wake (GError **error);
/* semblance-cli, which trains: beside this program, installed, or named in $SEMBLANCE_CLI; NULL with NOT_FOUND. Free
 * with g_free. */
char *smb_job_program (GError **error);
/* What that process does: works the queue off in the foreground. */
void smb_job_work (void);

G_END_DECLS
