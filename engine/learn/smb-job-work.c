/* SPDX-License-Identifier: Apache-2.0 */
/* The process that works the queue off: it starts a training, waits, writes down how it ended, starts the next. */
#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/smb-error.h"
#include "learn/smb-checkpoint.h"
#include "learn/smb-job-private.h"

#define LOOK_EVERY_US 300000
#define MAX_ATTEMPTS 5
#define LOG_TAIL_BYTES 4096
#define NICER 10

/* The queue's own lock: whoever holds it works the queue off. -1: somebody else does. */
static int
take_queue (void)
{
  g_autofree char *folder = smb_jobs_folder (), *path = g_build_filename (folder, "queue", NULL);
  int fd = g_mkdir_with_parents (folder, 0755) == 0 ? open (path, O_RDWR | O_CREAT | O_CLOEXEC, 0644) : -1;

  if (fd >= 0 && flock (fd, LOCK_EX | LOCK_NB) == 0)
    return fd;
  if (fd >= 0)
    close (fd);
  return -1;
}

static gboolean
is_due (const SmbJobFile *f)
{
  return f->end == SMB_END_NONE && (f->wish == SMB_WISH_RUN || smb_job_is_running (f->folder, NULL));
}

/* The job to do: one that runs already (its keeper was killed), else the first in the queue. */
static SmbJobFile *
next_job (void)
{
  g_autoptr (GPtrArray) ids = smb_jobs_ids ();
  g_autoptr (SmbJobFile) best = NULL;
  gboolean best_runs = FALSE;

  for (guint i = 0; i < ids->len; i++) {
    g_autoptr (SmbJobFile) f = smb_job_file_read (g_ptr_array_index (ids, i), NULL);
    gboolean runs = f != NULL && smb_job_is_running (f->folder, NULL);

    if (f == NULL || !is_due (f) || (best != NULL && (best_runs || (!runs && f->order >= best->order))))
      continue;
    g_clear_pointer (&best, smb_job_file_free);
    best = g_steal_pointer (&f);
    best_runs = runs;
  }
  return g_steal_pointer (&best);
}

/* In the child: what it writes goes to the log; the lock stays open in it for as long as it lives. */
typedef struct {
  int lock, log;
} Child;

/* A training takes hours and every core; whoever looks at evidence meanwhile should not wait for it. Where the kernel
 * shares time among sessions first (autogroups), "nice" alone would count only inside this one. */
static void
give_way (void)
{
  static const char number[] = G_STRINGIFY (NICER);
  int group = open ("/proc/self/autogroup", O_WRONLY | O_CLOEXEC);

  nice (NICER);
  if (group >= 0) {
    /* No more than a wish. Not dprintf: between fork and exec another thread's locks may be held. */
    (void) !write (group, number, sizeof number - 1);
    close (group);
  }
}

static void
set_up_child (gpointer data)
{
  const Child *child = data;

  setsid ();
  give_way ();
  dup2 (child->log, STDOUT_FILENO);
  dup2 (child->log, STDERR_FILENO);
  fcntl (child->lock, F_SETFD, 0);
}

static GStrv
command_of (const SmbJobFile *f, GError **error)
{
  g_autoptr (GStrvBuilder) b = g_strv_builder_new ();
  g_autofree char *program = smb_job_program (error);

  if (program == NULL)
    return NULL;
  g_strv_builder_add (b, program);
  g_strv_builder_addv (b, (const char **) f->arguments);
  g_strv_builder_add (b, "--resume");
  return g_strv_builder_end (b);
}

static gboolean
start (const SmbJobFile *f, GPid *pid, GError **error)
{
  g_autofree char *lock = g_build_filename (f->folder, "lock", NULL),
                  *log = g_build_filename (f->folder, "log.txt", NULL);
  g_autofree char *file = g_build_filename (f->folder, "pid", NULL), *number = NULL;
  g_auto (GStrv) command = command_of (f, error);
  g_autoptr (GError) local = NULL;
  Child child = { -1, -1 };
  gboolean good;

  if (command == NULL)
    return FALSE;
  child.lock = open (lock, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  child.log = open (log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  good = child.lock >= 0 && child.log >= 0 && flock (child.lock, LOCK_EX | LOCK_NB) == 0;
  if (!good)
    smb_error_set_errno (error, errno, f->folder, _ ("starting the job"));
  else if (!(good = g_spawn_async (f->cwd, command, NULL, G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_LEAVE_DESCRIPTORS_OPEN,
                                   set_up_child, &child, pid, &local)))
    g_set_error (error, SMB_ERROR, SMB_ERROR_FAILED, _ ("Job %s could not be started: %s"), f->id, local->message);
  if (child.lock >= 0)
    close (child.lock); /* the child's stays */
  if (child.log >= 0)
    close (child.log);
  if (!good)
    return FALSE;
  number = g_strdup_printf ("%d\n", (int) *pid);
  return smb_learn_write_text (file, number, error);
}

/* The last thing the training said. Free with g_free. */
static char *
last_words (const SmbJobFile *f)
{
  g_autofree char *path = g_build_filename (f->folder, "log.txt", NULL), *text = NULL;
  g_auto (GStrv) lines = NULL;
  const char *last = NULL;
  gsize length;

  if (!g_file_get_contents (path, &text, &length, NULL) || !g_utf8_validate (text, (gssize) length, NULL))
    return NULL;
  lines = g_strsplit (length > LOG_TAIL_BYTES ? text + length - LOG_TAIL_BYTES : text, "\n", -1);
  for (char **line = lines; *line != NULL; line++)
    if ((*line)[0] != '\0')
      last = *line;
  return last != NULL && g_str_has_prefix (last, "semblance-cli: ") ? g_strdup (last + strlen ("semblance-cli: "))
                                                                    : g_strdup (last);
}

static void
fail (SmbJobFile *f, char *reason)
{
  f->end = SMB_END_FAILED;
  g_free (f->error);
  f->error = reason != NULL ? reason : g_strdup (_ ("The training ended without a word; its log may say more."));
}

/* Writes down how a training ended. status: of waitpid, or -1 if it was another's child. */
static void
conclude (const char *id, int status)
{
  int lock = smb_jobs_lock (NULL);
  g_autoptr (SmbJobFile) f = smb_job_file_read (id, NULL);

  if (f != NULL && f->end == SMB_END_NONE) {
    if (smb_job_has_result (f))
      f->end = SMB_END_FINISHED;
    else if (f->wish == SMB_WISH_CANCEL)
      f->end = SMB_END_CANCELLED;
    else if (status != -1 && WIFEXITED (status) && WEXITSTATUS (status) != 0)
      fail (f, last_words (f));
    else if (f->wish == SMB_WISH_RUN && f->attempts >= MAX_ATTEMPTS)
      fail (f, g_strdup_printf (_ ("It was killed or died %d times without getting further."), MAX_ATTEMPTS));
    if (f->end != SMB_END_NONE)
      f->ended_s = g_get_real_time () / G_USEC_PER_SEC;
    smb_job_file_write (f, NULL);
  }
  if (lock >= 0)
    close (lock);
}

/* Asks the training to stop if that is wished; TRUE once it was. */
static gboolean
pass_on_wish (const SmbJobFile *f, gboolean asked)
{
  g_autoptr (SmbJobFile) now = smb_job_file_read (f->id, NULL);
  GPid pid = 0;

  if (asked || now == NULL || now->wish == SMB_WISH_RUN || !smb_job_is_running (f->folder, &pid) || pid <= 1)
    return asked;
  kill (pid, SIGTERM);
  return TRUE;
}

static void
wait_for (const SmbJobFile *f, GPid pid)
{
  gboolean asked = FALSE;
  int status = -1;

  for (;;) {
    pid_t ended = pid > 0 ? waitpid (pid, &status, WNOHANG) : 0;

    if (ended == pid && pid > 0)
      break;
    if ((ended < 0 && errno != EINTR) || (pid <= 0 && !smb_job_is_running (f->folder, NULL))) {
      status = -1;
      break;
    }
    asked = pass_on_wish (f, asked);
    g_usleep (LOOK_EVERY_US);
  }
  conclude (f->id, status);
}

/* Counts the starts that lead nowhere. */
static gboolean
begin (SmbJobFile *f)
{
  int lock = smb_jobs_lock (NULL);
  g_autoptr (SmbJobFile) now = smb_job_file_read (f->id, NULL);
  gboolean good = now != NULL && now->end == SMB_END_NONE && now->wish == SMB_WISH_RUN;

  if (good) {
    gint64 progress = smb_job_get_progress (now);

    now->attempts = progress > now->progress ? 1 : now->attempts + 1;
    now->progress = progress;
    good = smb_job_file_write (now, NULL);
  }
  if (lock >= 0)
    close (lock);
  return good;
}

static void
do_job (SmbJobFile *f)
{
  g_autoptr (GError) error = NULL;
  GPid pid = 0;

  if (!smb_job_is_running (f->folder, NULL)) {
    if (!begin (f))
      return;
    if (!start (f, &pid, &error)) {
      int lock = smb_jobs_lock (NULL);

      fail (f, g_strdup (error->message));
      f->ended_s = g_get_real_time () / G_USEC_PER_SEC;
      smb_job_file_write (f, NULL);
      if (lock >= 0)
        close (lock);
      return;
    }
  }
  wait_for (f, pid);
}

static void
work_off (void)
{
  for (;;) {
    g_autoptr (SmbJobFile) f = next_job ();

    if (f == NULL)
      break;
    do_job (f);
  }
}

void
smb_job_work (void)
{
  g_autoptr (SmbJobFile) more = NULL;

  /* What was added between the last look and letting go of the queue found it still held: look again. */
  do {
    int queue = take_queue ();

    if (queue < 0)
      break;
    work_off ();
    close (queue);
    g_clear_pointer (&more, smb_job_file_free);
  } while ((more = next_job ()) != NULL);
}

static void
leave_session (gpointer unused)
{
  setsid ();
}

gboolean
smb_job_wake (GError **error)
{
  g_autoptr (SmbJobFile) f = next_job ();
  g_autofree char *program = NULL;
  g_autoptr (GError) local = NULL;
  int queue;

  if (f == NULL)
    return TRUE;
  queue = take_queue ();
  if (queue < 0)
    return TRUE; /* it is worked off */
  close (queue);
  program = smb_job_program (error);
  if (program == NULL)
    return FALSE;
  /* Without DO_NOT_REAP the one in between is waited for by GLib, and the worker belongs to nobody. */
  if (g_spawn_async ("/", (char *[]) { program, (char *) "jobs", (char *) "work", NULL }, NULL,
                     G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL, leave_session, NULL, NULL, &local))
    return TRUE;
  g_set_error (error, SMB_ERROR, SMB_ERROR_FAILED, _ ("The queue of jobs could not be started: %s"), local->message);
  return FALSE;
}
