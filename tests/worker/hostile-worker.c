/* SPDX-License-Identifier: Apache-2.0 */
/* A decoder that locks itself in like the real one and is then taken over: does what HOSTILE_WORKER says. What it gets
 * away with it answers as an error of the code ARGUMENT. */
#include "base/smb-error.h"
#include "faulty.h"
#include "worker/smb-worker.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static gboolean
misbehave (const char *how)
{
  char *const argv[] = { (char *) "/bin/true", NULL };
  int ends[2];

  if (g_str_equal (how, "open"))
    return open ("/etc/passwd", O_RDONLY) >= 0;
  if (g_str_equal (how, "open-again")) {
    signal (SIGSYS, SIG_IGN);
    return open ("/etc/passwd", O_RDONLY) >= 0;
  }
  if (g_str_equal (how, "write"))
    return open (g_getenv ("HOSTILE_TARGET"), O_WRONLY | O_CREAT, 0600) >= 0;
  if (g_str_equal (how, "raw-open"))
    return syscall (SYS_openat2, AT_FDCWD, "/etc/passwd", NULL, 0) >= 0;
  if (g_str_equal (how, "unlink"))
    return unlink (g_getenv ("HOSTILE_TARGET")) == 0;
  if (g_str_equal (how, "rename"))
    return rename (g_getenv ("HOSTILE_TARGET"), "/tmp/semblance-must-not-be") == 0;
  if (g_str_equal (how, "socket"))
    return socket (AF_INET, SOCK_STREAM, 0) >= 0;
  if (g_str_equal (how, "socketpair"))
    return socketpair (AF_UNIX, SOCK_STREAM, 0, ends) == 0;
  if (g_str_equal (how, "fork"))
    return fork () >= 0;
  if (g_str_equal (how, "vfork"))
    return syscall (SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL) >= 0;
  if (g_str_equal (how, "exec"))
    return execv (argv[0], argv) == 0;
  if (g_str_equal (how, "kill"))
    return kill (getppid (), 0) == 0;
  if (g_str_equal (how, "code"))
    return mmap (NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
  if (g_str_equal (how, "code-later"))
    return mprotect (mmap (NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), 4096,
                     PROT_READ | PROT_EXEC) == 0;
  if (g_str_equal (how, "spin")) {
    g_return_val_if_fail (smb_worker_allow_cpu (SMB_WORKER_READ_PICTURE, NULL), FALSE);
    for (volatile guint turns = 0;; turns++)
      ;
  }
  be_faulty (how);
  return TRUE;
}

static SmbMessage *
answer (SmbWorker *worker, SmbMessage *request, GCancellable *cancellable, gpointer user_data, GError **error)
{
  const char *how = g_getenv ("HOSTILE_WORKER");
  gboolean got_away = misbehave (how);

  g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT, "%s: %s", how, got_away ? "got away with it" : strerror (errno));
  return NULL;
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  SmbWorkerMode mode = SMB_WORKER_COMPUTE;
  SmbLockState lock;

  if (argc == 3 && !g_str_equal (argv[1], "compute"))
    mode = g_str_equal (argv[1], "decode") ? SMB_WORKER_DECODE : SMB_WORKER_WEIGHTS;
  if (!smb_worker_lock_in (mode, (guint64) 4 << 30, &lock, &error))
    return 2;
  smb_worker_run ((int) strtol (argv[2], NULL, 10), argv[1], lock, answer, NULL);
}
