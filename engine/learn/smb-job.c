/* SPDX-License-Identifier: Apache-2.0 */
#include "learn/smb-job.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/smb-error.h"
#include "base/smb-json-part.h"
#include "learn/smb-job-private.h"

/* As much of the end of a log as is looked at for where a training is: more than a validation's line. */
#define TAIL_BYTES (64 << 10)
#define MAX_LINES 10000

static const struct {
  const char *name, *title;
} states[] = {
  [SMB_JOB_QUEUED] = { "queued", N_ ("Waiting") },         [SMB_JOB_RUNNING] = { "running", N_ ("Running") },
  [SMB_JOB_PAUSING] = { "pausing", N_ ("Pausing") },       [SMB_JOB_PAUSED] = { "paused", N_ ("Paused") },
  [SMB_JOB_CANCELLING] = { "cancelling", N_ ("Cancelling") }, [SMB_JOB_CANCELLED] = { "cancelled", N_ ("Cancelled") },
  [SMB_JOB_FINISHED] = { "finished", N_ ("Finished") },    [SMB_JOB_FAILED] = { "failed", N_ ("Failed") },
};

const char *
smb_job_state_name (SmbJobState state)
{
  return states[state].name;
}

const char *
smb_job_state_title (SmbJobState state)
{
  return _ (states[state].title);
}

void
smb_job_free (SmbJob *job)
{
  if (job == NULL)
    return;
  g_free (job->id);
  g_free (job->folder);
  g_free (job->out);
  g_free (job->kind);
  g_free (job->title);
  g_free (job->cwd);
  g_free (job->error);
  g_strfreev (job->arguments);
  g_free (job);
}

static SmbJobState
state_of (const SmbJobFile *f, gboolean running)
{
  if (running)
    return f->wish == SMB_WISH_PAUSE    ? SMB_JOB_PAUSING
           : f->wish == SMB_WISH_CANCEL ? SMB_JOB_CANCELLING
                                        : SMB_JOB_RUNNING;
  if (f->end != SMB_END_NONE)
    return f->end == SMB_END_FINISHED ? SMB_JOB_FINISHED
           : f->end == SMB_END_FAILED ? SMB_JOB_FAILED
                                      : SMB_JOB_CANCELLED;
  return f->wish == SMB_WISH_PAUSE ? SMB_JOB_PAUSED : f->wish == SMB_WISH_CANCEL ? SMB_JOB_CANCELLED : SMB_JOB_QUEUED;
}

static void
take_line (SmbJob *job, const char *line)
{
  g_autoptr (JsonNode) node = json_from_string (line, NULL);
  JsonObject *of = node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
  JsonObject *validation = smb_json_find_object (of, "validation");

  if (of == NULL)
    return;
  if (validation != NULL) {
    job->auc = smb_json_find_number (validation, "auc");
    job->eer = smb_json_find_number (validation, "eer");
    return;
  }
  job->iteration = (guint64) MAX (0, smb_json_find_int (of, "iteration", 0));
  job->iterations = (guint64) MAX (0, smb_json_find_int (of, "iterations", (gint64) job->iterations));
  job->epoch = smb_json_find_number (of, "epoch");
  job->loss = smb_json_find_number (of, json_object_has_member (of, "loss") ? "loss" : "total");
  job->lr = smb_json_find_number (of, "lr");
  job->images_per_second = smb_json_find_number (of, "images_per_second");
  job->seconds_left = job->iterations > job->iteration
                          ? (double) (job->iterations - job->iteration) * smb_json_find_number (of, "seconds")
                          : 0.0;
}

static FILE *
open_metrics (const SmbJob *job, goffset *length)
{
  g_autofree char *path = g_build_filename (job->out, "metrics.jsonl", NULL);
  FILE *file = fopen (path, "re");
  struct stat info;

  *length = file != NULL && fstat (fileno (file), &info) == 0 ? info.st_size : 0;
  return file;
}

/* Where the training is, from the end of its log. */
static void
read_tail (SmbJob *job)
{
  goffset length;
  FILE *file = open_metrics (job, &length);
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;
  goffset from = MAX (length - TAIL_BYTES, 0);
  gsize n;

  if (file == NULL)
    return;
  text = g_malloc ((gsize) (length - from) + 1);
  n = fseeko (file, from, SEEK_SET) == 0 ? fread (text, 1, (gsize) (length - from), file) : 0;
  fclose (file);
  text[n] = '\0';
  lines = g_strsplit (text, "\n", -1);
  for (guint i = from > 0; lines[i] != NULL && lines[i + 1] != NULL;
       i++) /* the last is not whole, the first may not be */
    take_line (job, lines[i]);
}

static guint64
memory_of (GPid pid)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/status", (int) pid), *text = NULL;
  const char *at = pid > 0 && g_file_get_contents (path, &text, NULL, NULL) ? strstr (text, "VmRSS:") : NULL;

  return at != NULL ? g_ascii_strtoull (at + strlen ("VmRSS:"), NULL, 10) * 1024 : 0;
}

static SmbJob *
job_of (const SmbJobFile *f)
{
  SmbJob *job = g_new0 (SmbJob, 1);
  gboolean running = smb_job_is_running (f->folder, &job->pid);

  job->id = g_strdup (f->id);
  job->folder = g_strdup (f->folder);
  job->out = g_strdup (f->out);
  job->kind = g_strdup (f->kind);
  job->title = g_strdup (f->title);
  job->cwd = g_strdup (f->cwd);
  job->error = g_strdup (f->error);
  job->arguments = g_strdupv (f->arguments);
  job->state = state_of (f, running);
  job->order = f->order;
  job->created_s = f->created_s;
  job->ended_s = f->ended_s;
  job->epoch = job->loss = job->lr = job->images_per_second = job->seconds_left = job->auc = job->eer = NAN;
  read_tail (job);
  job->memory_bytes = running ? memory_of (job->pid) : 0;
  return job;
}

SmbJob *
smb_job_find (const char *id, GError **error)
{
  g_autoptr (SmbJobFile) f = smb_job_file_read (id, error);

  return f != NULL ? job_of (f) : NULL;
}

static gboolean
has_ended (const SmbJob *job)
{
  return job->state == SMB_JOB_CANCELLED || job->state == SMB_JOB_FINISHED || job->state == SMB_JOB_FAILED;
}

static int
in_order (gconstpointer a, gconstpointer b)
{
  const SmbJob *x = *(SmbJob *const *) a, *y = *(SmbJob *const *) b;

  if (has_ended (x) != has_ended (y))
    return has_ended (x) ? 1 : -1;
  if (has_ended (x))
    return x->ended_s != y->ended_s ? (x->ended_s > y->ended_s ? -1 : 1) : strcmp (y->id, x->id);
  return x->order != y->order ? (x->order < y->order ? -1 : 1) : strcmp (x->id, y->id);
}

GPtrArray *
smb_job_list (void)
{
  GPtrArray *jobs = g_ptr_array_new_with_free_func ((GDestroyNotify) smb_job_free);
  g_autoptr (GPtrArray) ids = smb_jobs_ids ();

  for (guint i = 0; i < ids->len; i++) {
    SmbJob *job = smb_job_find (g_ptr_array_index (ids, i), NULL);

    if (job != NULL)
      g_ptr_array_add (jobs, job);
  }
  g_ptr_array_sort (jobs, in_order);
  return jobs;
}

JsonNode *
smb_job_to_json (const SmbJob *job)
{
  g_autoptr (JsonBuilder) b = json_builder_new ();
  const struct {
    const char *key;
    gint64 value;
  } counts[] = { { "created", job->created_s }, { "ended", job->ended_s }, { "pid", job->pid },
                 { "iteration", (gint64) job->iteration }, { "iterations", (gint64) job->iterations },
                 { "memory_bytes", (gint64) job->memory_bytes } };

  json_builder_begin_object (b);
  smb_json_add_text (b, "id", job->id);
  smb_json_add_text (b, "kind", job->kind);
  smb_json_add_text (b, "title", job->title);
  smb_json_add_text (b, "state", smb_job_state_name (job->state));
  smb_json_add_text (b, "error", job->error);
  smb_json_add_text (b, "folder", job->folder);
  smb_json_add_text (b, "out", job->out);
  json_builder_set_member_name (b, "arguments");
  json_builder_begin_array (b);
  for (int i = 0; job->arguments[i] != NULL; i++)
    json_builder_add_string_value (b, job->arguments[i]);
  json_builder_end_array (b);
  for (guint i = 0; i < G_N_ELEMENTS (counts); i++) {
    json_builder_set_member_name (b, counts[i].key);
    json_builder_add_int_value (b, counts[i].value);
  }
  smb_json_add_number (b, "epoch", job->epoch);
  smb_json_add_number (b, "loss", job->loss);
  smb_json_add_number (b, "lr", job->lr);
  smb_json_add_number (b, "images_per_second", job->images_per_second);
  smb_json_add_number (b, "seconds_left", job->seconds_left);
  smb_json_add_number (b, "auc", job->auc);
  smb_json_add_number (b, "eer", job->eer);
  json_builder_end_object (b);
  return json_builder_get_root (b);
}

GPtrArray *
smb_job_read_metrics (const SmbJob *job, goffset *offset, gboolean *restarted)
{
  GPtrArray *out = g_ptr_array_new_with_free_func ((GDestroyNotify) json_node_unref);
  goffset length;
  FILE *file = open_metrics (job, &length);
  char *line = NULL;
  size_t size = 0;
  ssize_t n;

  *restarted = *offset > length;
  if (*restarted)
    *offset = 0;
  if (file == NULL)
    return out;
  if (fseeko (file, *offset, SEEK_SET) == 0)
    while (out->len < MAX_LINES && (n = getline (&line, &size, file)) > 0 && line[n - 1] == '\n') {
      JsonNode *node = json_from_string (line, NULL);

      *offset += n;
      if (node != NULL && JSON_NODE_HOLDS_OBJECT (node))
        g_ptr_array_add (out, node);
      else if (node != NULL)
        json_node_unref (node);
    }
  free (line);
  fclose (file);
  return out;
}

static double
last_order (void)
{
  g_autoptr (GPtrArray) ids = smb_jobs_ids ();
  double last = 0.0;

  for (guint i = 0; i < ids->len; i++) {
    g_autoptr (SmbJobFile) f = smb_job_file_read (g_ptr_array_index (ids, i), NULL);

    if (f != NULL)
      last = MAX (last, f->order);
  }
  return last;
}

/* A new folder; ids are never used again while a folder of theirs is there. */
static gboolean
make_folder (SmbJobFile *f, GError **error)
{
  g_autofree char *jobs = smb_jobs_folder ();
  g_autoptr (GPtrArray) ids = smb_jobs_ids ();
  guint64 next = ids->len > 0 ? g_ascii_strtoull (g_ptr_array_index (ids, ids->len - 1), NULL, 10) + 1 : 1;
  g_autofree char *lock = NULL;
  int fd;

  f->id = g_strdup_printf (SMB_JOB_ID_FORMAT, next);
  f->folder = g_build_filename (jobs, f->id, NULL);
  lock = g_build_filename (f->folder, "lock", NULL);
  if (g_mkdir (f->folder, 0755) != 0 || (fd = open (lock, O_RDWR | O_CREAT | O_CLOEXEC, 0644)) < 0)
    return smb_error_set_errno (error, errno, f->folder, _ ("making the job's folder"));
  close (fd);
  return TRUE;
}

char *
smb_job_add (const char *title, const char *const *arguments, const char *cwd, GError **error)
{
  g_autoptr (SmbJobFile) f = g_new0 (SmbJobFile, 1);
  g_autoptr (GStrvBuilder) all = g_strv_builder_new ();
  int lock = smb_jobs_lock (error);
  gboolean good;

  if (lock < 0)
    return NULL;
  f->kind = g_strdup (arguments[0]);
  f->title = g_strdup (title);
  f->cwd = g_strdup (cwd);
  f->order = last_order () + 1.0;
  f->created_s = g_get_real_time () / G_USEC_PER_SEC;
  f->progress = -1;
  for (; *arguments != NULL; arguments++) {
    g_strv_builder_add (all, *arguments);
    if (g_str_has_prefix (*arguments, "--out="))
      f->out = g_canonicalize_filename (*arguments + strlen ("--out="), cwd);
  }
  good = make_folder (f, error);
  if (good && f->out == NULL) {
    g_autofree char *option = g_strdup_printf ("--out=%s/run", f->folder);

    f->out = g_build_filename (f->folder, "run", NULL);
    g_strv_builder_add (all, option);
  }
  f->arguments = g_strv_builder_end (all);
  good = good && smb_job_file_write (f, error);
  close (lock);
  return good && smb_job_wake (error) ? g_strdup (f->id) : NULL;
}

/* Changes a job's file under the lock; FALSE with the sentence if it cannot be now. */
static gboolean
change (const char *id, gboolean (*how) (SmbJobFile *f, gboolean running, GError **error), GError **error)
{
  int lock = smb_jobs_lock (error);
  g_autoptr (SmbJobFile) f = NULL;
  gboolean good;

  if (lock < 0)
    return FALSE;
  f = smb_job_file_read (id, error);
  good = f != NULL && how (f, smb_job_is_running (f->folder, NULL), error) && smb_job_file_write (f, error);
  close (lock);
  return good && smb_job_wake (error);
}

static gboolean
refuse (GError **error, const char *sentence)
{
  g_set_error_literal (error, SMB_ERROR, SMB_ERROR_ARGUMENT, sentence);
  return FALSE;
}

static gboolean
to_pause (SmbJobFile *f, gboolean running, GError **error)
{
  if (f->end != SMB_END_NONE)
    return refuse (error, _ ("The job has ended and cannot be paused."));
  f->wish = SMB_WISH_PAUSE;
  return TRUE;
}

static gboolean
to_resume (SmbJobFile *f, gboolean running, GError **error)
{
  if (f->end == SMB_END_FINISHED)
    return refuse (error, _ ("The job is finished; there is nothing to go on with."));
  f->wish = SMB_WISH_RUN;
  f->end = SMB_END_NONE;
  f->ended_s = 0;
  f->attempts = 0;
  g_clear_pointer (&f->error, g_free);
  return TRUE;
}

static gboolean
to_cancel (SmbJobFile *f, gboolean running, GError **error)
{
  if (f->end != SMB_END_NONE)
    return refuse (error, _ ("The job has ended already."));
  f->wish = SMB_WISH_CANCEL;
  if (!running) {
    f->end = SMB_END_CANCELLED;
    f->ended_s = g_get_real_time () / G_USEC_PER_SEC;
  }
  return TRUE;
}

gboolean
smb_job_pause (const char *id, GError **error)
{
  return change (id, to_pause, error);
}

gboolean
smb_job_resume (const char *id, GError **error)
{
  return change (id, to_resume, error);
}

gboolean
smb_job_cancel (const char *id, GError **error)
{
  return change (id, to_cancel, error);
}

gboolean
smb_job_move (const char *id, int places, GError **error)
{
  int lock = smb_jobs_lock (error);
  g_autoptr (SmbJobFile) moved = NULL;
  g_autoptr (GPtrArray) jobs = NULL;
  gboolean good;
  guint n = 0, at = G_MAXUINT, to;

  if (lock < 0)
    return FALSE;
  moved = smb_job_file_read (id, error);
  if (moved == NULL) {
    close (lock);
    return FALSE;
  }
  jobs = smb_job_list ();
  for (; n < jobs->len && !has_ended (g_ptr_array_index (jobs, n)); n++)
    if (strcmp (((SmbJob *) g_ptr_array_index (jobs, n))->id, moved->id) == 0)
      at = n;
  good = at != G_MAXUINT;
  if (good) {
    to = (guint) CLAMP ((int) at + places, 0, (int) n - 1);
    g_ptr_array_insert (jobs, (int) to, g_ptr_array_steal_index (jobs, at));
  } else {
    g_set_error (error, SMB_ERROR, SMB_ERROR_NOT_FOUND, _ ("There is no job “%s” in the queue."), id);
  }
  for (guint i = 0; good && i < n; i++) { /* numbered anew from 1 */
    g_autoptr (SmbJobFile) f = smb_job_file_read (((SmbJob *) g_ptr_array_index (jobs, i))->id, error);

    good = f != NULL;
    if (good && f->order != i + 1.0) {
      f->order = i + 1.0;
      good = smb_job_file_write (f, error);
    }
  }
  close (lock);
  return good;
}

/* Plain folders, not followed through links. */
static void
remove_tree (const char *path)
{
  g_autoptr (GDir) dir = g_file_test (path, G_FILE_TEST_IS_SYMLINK) ? NULL : g_dir_open (path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL) {
    g_autofree char *inner = g_build_filename (path, name, NULL);

    remove_tree (inner);
  }
  g_remove (path);
}

gboolean
smb_job_remove (const char *id, GError **error)
{
  int lock = smb_jobs_lock (error);
  g_autoptr (SmbJobFile) f = NULL;
  gboolean good;

  if (lock < 0)
    return FALSE;
  f = smb_job_file_read (id, error);
  good = f != NULL && (f->end != SMB_END_NONE || refuse (error, _ ("The job has not ended; cancel it first.")))
         && (!smb_job_is_running (f->folder, NULL)
             || refuse (error, _ ("The job is still running; try again when it has stopped.")));
  if (good)
    remove_tree (f->folder);
  close (lock);
  return good;
}
