/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/smb-worker-process.h"

#include "base/smb-error.h"
#include "media/smb-limits.h"
#include "smb-config.h"
#include "worker/smb-worker.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define SOCKET_IN_CHILD 3

struct _SmbWorkerProcess {
  char *program, *mode;
  int socket;       /* ours */
  int child_socket; /* the worker's, until it has been started */
  GThread *keeper;
  GMutex lock;
  GCond changed;
  enum { STARTING, RUNNING, ENDED, NOT_STARTED } state;
  GPid pid;
  int wait_status;
  int spawn_errno;
};

char *
smb_worker_process_find (GError **error)
{
  /* From build/engine/cli, build/app and build/tests/ROOM to build/engine/worker. */
  static const char *const beside[] = { "semblance-worker", "../worker/semblance-worker",
                                        "../engine/worker/semblance-worker", "../../engine/worker/semblance-worker" };
  const char *set = g_getenv ("SEMBLANCE_WORKER");
  g_autofree char *self = g_file_read_link ("/proc/self/exe", NULL);
  g_autofree char *folder = self != NULL ? g_path_get_dirname (self) : NULL;

  if (set != NULL && *set != '\0') {
    if (g_file_test (set, G_FILE_TEST_IS_EXECUTABLE))
      return g_strdup (set);
    g_set_error (error, SMB_ERROR, SMB_ERROR_NOT_FOUND,
                 _ ("%s: there is no such program; correct SEMBLANCE_WORKER or leave it out"), set);
    return NULL;
  }
  for (guint i = 0; folder != NULL && i < G_N_ELEMENTS (beside); i++) {
    g_autofree char *path = g_build_filename (folder, beside[i], NULL);

    if (g_file_test (path, G_FILE_TEST_IS_EXECUTABLE) && !g_file_test (path, G_FILE_TEST_IS_DIR))
      return g_steal_pointer (&path);
  }
  if (g_file_test (SMB_PKGLIBEXECDIR "/semblance-worker", G_FILE_TEST_IS_EXECUTABLE))
    return g_strdup (SMB_PKGLIBEXECDIR "/semblance-worker");
  g_set_error (error, SMB_ERROR, SMB_ERROR_NOT_FOUND,
               _ ("the program semblance-worker is neither in %s nor in %s; install Semblance again"),
               folder != NULL ? folder : "?", SMB_PKGLIBEXECDIR);
  return NULL;
}

static int
spawn (SmbWorkerProcess *self)
{
  char number[] = G_STRINGIFY (SOCKET_IN_CHILD);
  char *argv[] = { self->program, self->mode, number, NULL };
  g_auto (GStrv) env = g_get_environ ();
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  sigset_t none, defaults;
  int failed;

  /* dlib brings OpenBLAS with it, whose threads nobody needs: their stacks would count against the worker's memory. */
  env = smb_limits_add_to_environ (g_environ_setenv (env, "OPENBLAS_NUM_THREADS", "1", TRUE));
  sigemptyset (&none);
  sigfillset (&defaults);
  sigdelset (&defaults, SIGKILL);
  sigdelset (&defaults, SIGSTOP);
  posix_spawn_file_actions_init (&actions);
  posix_spawnattr_init (&attributes);
  posix_spawn_file_actions_addopen (&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen (&actions, 1, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_adddup2 (&actions, self->child_socket, SOCKET_IN_CHILD);
  posix_spawn_file_actions_addclosefrom_np (&actions, SOCKET_IN_CHILD + 1);
  posix_spawnattr_setsigmask (&attributes, &none);
  posix_spawnattr_setsigdefault (&attributes, &defaults);
  posix_spawnattr_setpgroup (&attributes, 0);
  posix_spawnattr_setflags (&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  failed = posix_spawn (&self->pid, self->program, &actions, &attributes, argv, env);
  posix_spawnattr_destroy (&attributes);
  posix_spawn_file_actions_destroy (&actions);
  return failed;
}

/* Starts the worker and waits for its end, all in one thread: the worker asks to be killed when the thread that started
 * it is gone, so that thread must live as long as the worker. */
static gpointer
keep (gpointer data)
{
  SmbWorkerProcess *self = data;
  siginfo_t info;
  int status = 0;

  self->spawn_errno = spawn (self);
  close (self->child_socket);
  g_mutex_lock (&self->lock);
  self->state = self->spawn_errno == 0 ? RUNNING : NOT_STARTED;
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
  if (self->spawn_errno != 0)
    return NULL;
  /* Its end is noticed without burying it; that happens under the lock, so that whoever holds the lock and sees it
   * running may signal it: its number cannot be another's yet. */
  while (waitid (P_PID, (id_t) self->pid, &info, WEXITED | WNOWAIT) != 0 && errno == EINTR)
    ;
  g_mutex_lock (&self->lock);
  self->state = ENDED;
  self->wait_status = waitpid (self->pid, &status, 0) == self->pid ? status : 0;
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
  return NULL;
}

SmbWorkerProcess *
smb_worker_process_start (const char *program, const char *mode, GError **error)
{
  SmbWorkerProcess *self;
  int sockets[2];
  gboolean started;

  if (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0) {
    smb_error_set_errno (error, errno, program, _ ("making a socket pair"));
    return NULL;
  }
  self = g_new0 (SmbWorkerProcess, 1);
  self->program = g_strdup (program);
  self->mode = g_strdup (mode);
  self->socket = sockets[0];
  /* Copying a descriptor onto itself would leave it closed on exec in older C libraries: keep clear of its number. */
  self->child_socket = fcntl (sockets[1], F_DUPFD_CLOEXEC, SOCKET_IN_CHILD + 1);
  close (sockets[1]);
  g_mutex_init (&self->lock);
  g_cond_init (&self->changed);
  self->keeper = g_thread_new ("worker-keeper", keep, self);
  g_mutex_lock (&self->lock);
  while (self->state == STARTING)
    g_cond_wait (&self->changed, &self->lock);
  started = self->state != NOT_STARTED;
  g_mutex_unlock (&self->lock);
  if (!started) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_WORKER, _ ("%s: cannot be started: %s; install Semblance again"), program,
                 g_strerror (self->spawn_errno));
    g_free (smb_worker_process_stop (self, 0));
    return NULL;
  }
  return self;
}

int
smb_worker_process_get_socket (const SmbWorkerProcess *self)
{
  return self->socket;
}

GPid
smb_worker_process_get_pid (const SmbWorkerProcess *self)
{
  return self->pid;
}

gboolean
smb_worker_process_is_alive (SmbWorkerProcess *self)
{
  gboolean alive;

  g_mutex_lock (&self->lock);
  alive = self->state == RUNNING;
  g_mutex_unlock (&self->lock);
  return alive;
}

static char *
how_it_ended (const SmbWorkerProcess *self)
{
  int status = self->wait_status;

  if (self->state == NOT_STARTED)
    return g_strdup (_ ("not started"));
  if (WIFSIGNALED (status) && WTERMSIG (status) == SIGXCPU)
    return g_strdup (
        _ ("over its limit of processor time; if you trust the file, raise SEMBLANCE_MAX_SECONDS, for a video "
           "SEMBLANCE_MAX_VIDEO_SECONDS"));
  if (WIFSIGNALED (status) && WTERMSIG (status) == SIGSYS)
    return g_strdup (_ ("signal 31: it tried what its lock forbids; the file may be an attack"));
  if (WIFSIGNALED (status) && WTERMSIG (status) == SIGKILL)
    return g_strdup (_ ("signal 9: ended from outside, or the system ran out of memory"));
  if (WIFSIGNALED (status))
    return g_strdup_printf (_ ("signal %d: %s"), WTERMSIG (status), strsignal (WTERMSIG (status)));
  if (WEXITSTATUS (status) == SMB_WORKER_EXIT_MEMORY)
    return g_strdup (_ ("over its limit of memory; if you trust the file, raise SEMBLANCE_MAX_MEMORY_MB"));
  return g_strdup_printf (_ ("exit status %d"), WEXITSTATUS (status));
}

char *
smb_worker_process_stop (SmbWorkerProcess *self, int grace_ms)
{
  gint64 deadline_us = g_get_monotonic_time () + (gint64) grace_ms * 1000;
  char *words;

  close (self->socket);
  g_mutex_lock (&self->lock);
  while (self->state == RUNNING && g_cond_wait_until (&self->changed, &self->lock, deadline_us))
    ;
  if (self->state == RUNNING)
    kill (self->pid, SIGKILL);
  g_mutex_unlock (&self->lock);
  g_thread_join (self->keeper);
  words = how_it_ended (self);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->changed);
  g_free (self->program);
  g_free (self->mode);
  g_free (self);
  return words;
}
