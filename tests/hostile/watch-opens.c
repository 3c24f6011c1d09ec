/* SPDX-License-Identifier: Apache-2.0 */
/* watch-opens LIST FOLDER PROGRAM [ARGUMENT…]: runs the program and, with it, all that it starts. The kernel asks here
 * before every system call that opens, changes, renames or removes a file by its name; what is asked for a path that
 * begins with FOLDER is written to LIST, a line each: the call, its flags, the path. Everything is then let through. */
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <poll.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

/* Calls with a path, and where it and the flags are among their arguments; -1: no flags, the call itself is a change.
 */
static const struct {
  const char *name;
  int path, flags;
} calls[] = {
  { "open", 0, 1 },      { "openat", 1, 2 },  { "creat", 0, -1 },    { "truncate", 0, -1 },  { "unlink", 0, -1 },
  { "unlinkat", 1, -1 }, { "rename", 0, -1 }, { "renameat", 1, -1 }, { "renameat2", 1, -1 }, { "chmod", 0, -1 },
  { "fchmodat", 1, -1 }, { "chown", 0, -1 },  { "lchown", 0, -1 },   { "fchownat", 1, -1 },  { "utimensat", 1, -1 },
  { "utime", 0, -1 },    { "utimes", 0, -1 }, { "setxattr", 0, -1 }, { "lsetxattr", 0, -1 }, { "removexattr", 0, -1 },
  { "openat2", 1, -1 },  { "link", 0, -1 },   { "linkat", 1, -1 },
};

static void
send_fd (int socket, int fd)
{
  char byte = 0, space[CMSG_SPACE (sizeof fd)] = { 0 };
  struct iovec part = { &byte, 1 };
  struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof space };
  struct cmsghdr *header = CMSG_FIRSTHDR (&message);

  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN (sizeof fd);
  memcpy (CMSG_DATA (header), &fd, sizeof fd);
  if (sendmsg (socket, &message, 0) != 1)
    _exit (90);
}

static int
receive_fd (int socket)
{
  char byte, space[CMSG_SPACE (sizeof (int))];
  struct iovec part = { &byte, 1 };
  struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof space };
  int fd = -1;

  if (recvmsg (socket, &message, 0) == 1 && CMSG_FIRSTHDR (&message) != NULL)
    memcpy (&fd, CMSG_DATA (CMSG_FIRSTHDR (&message)), sizeof fd);
  return fd;
}

static void G_GNUC_NORETURN
be_watched (int socket, char **argv)
{
  scmp_filter_ctx filter = seccomp_init (SCMP_ACT_ALLOW);

  for (gsize i = 0; i < G_N_ELEMENTS (calls); i++) {
    int number = seccomp_syscall_resolve_name (calls[i].name);

    if (number != __NR_SCMP_ERROR && number >= 0 && seccomp_rule_add (filter, SCMP_ACT_NOTIFY, number, 0) != 0)
      _exit (91);
  }
  if (prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || seccomp_load (filter) != 0)
    _exit (92);
  send_fd (socket, seccomp_notify_fd (filter));
  close (socket);
  /* The way to the program is its own business. */
  execv (argv[0], argv);
  _exit (93);
}

static gboolean
read_path (pid_t pid, guint64 address, char path[4096])
{
  struct iovec here = { path, 4095 }, there = { (void *) (gsize) address, 4095 };
  gssize n = process_vm_readv (pid, &here, 1, &there, 1, 0);

  /* It may end at the end of a page. */
  if (n < 0) {
    there.iov_len = here.iov_len = 4096 - address % 4096;
    n = process_vm_readv (pid, &here, 1, &there, 1, 0);
  }
  if (n <= 0)
    return FALSE;
  path[n] = '\0';
  return TRUE;
}

static void
note (FILE *list, const char *folder, const struct seccomp_notif *asked)
{
  char path[4096];

  for (gsize i = 0; i < G_N_ELEMENTS (calls); i++) {
    if (seccomp_syscall_resolve_name (calls[i].name) != asked->data.nr)
      continue;
    if (!read_path ((pid_t) asked->pid, asked->data.args[calls[i].path], path)
        || strncmp (path, folder, strlen (folder)) != 0)
      return;
    fprintf (list, "%s %lld %s\n", calls[i].name,
             calls[i].flags >= 0 ? (long long) asked->data.args[calls[i].flags] : -1, path);
    fflush (list);
  }
}

int
main (int argc, char **argv)
{
  struct seccomp_notif *asked = NULL;
  struct seccomp_notif_resp *answer = NULL;
  int sockets[2], listener, status = 0;
  FILE *list;
  pid_t child;

  if (argc < 4 || socketpair (AF_UNIX, SOCK_STREAM, 0, sockets) != 0 || (list = fopen (argv[1], "w")) == NULL)
    return 94;
  child = fork ();
  if (child == 0)
    be_watched (sockets[0], argv + 3);
  close (sockets[0]);
  listener = receive_fd (sockets[1]);
  if (child < 0 || listener < 0 || seccomp_notify_alloc (&asked, &answer) != 0)
    return 95;
  for (;;) {
    struct pollfd wait = { .fd = listener, .events = POLLIN };

    if (poll (&wait, 1, -1) < 0 && errno == EINTR)
      continue;
    if ((wait.revents & POLLIN) == 0)
      break; /* nobody is left to ask */
    memset (asked, 0, sizeof *asked);
    if (seccomp_notify_receive (listener, asked) != 0)
      continue;
    note (list, argv[2], asked);
    memset (answer, 0, sizeof *answer);
    answer->id = asked->id;
    answer->flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    seccomp_notify_respond (listener, answer);
  }
  fclose (list);
  waitpid (child, &status, 0);
  return WIFEXITED (status) ? WEXITSTATUS (status) : 96;
}
