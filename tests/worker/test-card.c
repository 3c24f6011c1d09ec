/* SPDX-License-Identifier: Apache-2.0 */
/* The compute worker's walls with a graphics card and without one, seen from inside. What NVIDIA's driver does before
 * it answers must be possible where there is a card: it names its threads and listens at a socket without a file, and
 * where it may not do either there is no card for the program. */
#include "worker/worker-lock.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { HELD = 0, NO_LANDLOCK = 254 };

/* Where it is not so, the child ends with the line's number, less what would not fit an exit status. */
#define CHECK(expression)                                                                                              \
  do {                                                                                                                 \
    if (!(expression))                                                                                                 \
      _exit (__LINE__ % 200 + 1);                                                                                      \
  } while (0)
#define REFUSED(call) ((call) == -1 && errno == EACCES)

static gpointer
wait_for_name (gpointer data)
{
  g_mutex_lock (data); /* held by whoever names this thread */
  g_mutex_unlock (data);
  return NULL;
}

/* As the C library names a thread that is not the caller's: through /proc. */
static int
name_thread (void)
{
  pthread_t thread;
  GMutex named;
  int failed;

  g_mutex_init (&named);
  g_mutex_lock (&named);
  CHECK (pthread_create (&thread, NULL, wait_for_name, &named) == 0);
  failed = pthread_setname_np (thread, "named");
  g_mutex_unlock (&named);
  pthread_join (thread, NULL);
  return failed;
}

/* The same as such a name's socket, which no file goes by. */
static socklen_t
nameless (struct sockaddr_un *address)
{
  memset (address, 0, sizeof *address);
  address->sun_family = AF_UNIX;
  snprintf (address->sun_path + 1, sizeof address->sun_path - 1, "semblance-test-%d", (int) getpid ());
  return (socklen_t) (offsetof (struct sockaddr_un, sun_path) + 1 + strlen (address->sun_path + 1));
}

static void
look_around (gboolean card)
{
  const char *const files[] = { "/proc/self/comm", "/proc/self/oom_score_adj", "/proc/self/coredump_filter" };
  struct sockaddr_un address;
  const socklen_t address_bytes = nameless (&address);
  int landlock, fd, ends[2];

  CHECK (prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
  landlock = smb_worker_landlock (SMB_WORKER_COMPUTE, card);
  CHECK (smb_worker_filter_calls (SMB_WORKER_COMPUTE, card, NULL));
  CHECK (REFUSED (socket (AF_INET, SOCK_STREAM, 0)) && REFUSED (socket (AF_INET6, SOCK_DGRAM, 0)));
  CHECK (REFUSED (socket (AF_NETLINK, SOCK_RAW, 0)) && REFUSED (socket (AF_INET, SOCK_SEQPACKET, 0)));
  CHECK (REFUSED (socket (AF_UNIX, SOCK_STREAM, 0)) && REFUSED (socket (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)));
  CHECK (REFUSED (socket (AF_UNIX, SOCK_RAW, 0)));
  CHECK (REFUSED (socketpair (AF_UNIX, SOCK_DGRAM, 0, ends)) && REFUSED (socketpair (AF_UNIX, SOCK_RAW, 0, ends)));
  CHECK (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
  fd = socket (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  CHECK (card ? fd >= 0 : fd == -1 && errno == EACCES);
  if (card)
    CHECK (bind (fd, (struct sockaddr *) &address, address_bytes) == 0 && listen (fd, 1) == 0);
  else
    CHECK (REFUSED (bind (ends[0], (struct sockaddr *) &address, address_bytes)) && REFUSED (listen (ends[0], 1)));
  CHECK (REFUSED (accept (fd, NULL, NULL)) && REFUSED (accept4 (fd, NULL, NULL, SOCK_CLOEXEC)));
  CHECK (REFUSED (connect (ends[0], (struct sockaddr *) &address, address_bytes)));
  if (landlock == 0)
    _exit (NO_LANDLOCK);
  CHECK (name_thread () == (card ? 0 : EACCES));
  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
    CHECK (REFUSED (open (files[i], O_RDWR | O_CLOEXEC)));
  CHECK (REFUSED (open ("/tmp", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600)));
  _exit (HELD);
}

/* In a child, for there is no way back. */
static void
test_walls (gconstpointer card)
{
  pid_t child = fork ();
  int status = 0;

  g_assert_cmpint (child, >=, 0);
  if (child == 0)
    look_around (card != NULL);
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_assert_true (WIFEXITED (status));
  if (WEXITSTATUS (status) == NO_LANDLOCK)
    g_test_skip ("this kernel has no Landlock: of the walls only the filter of calls was looked at");
  else
    g_assert_cmpint (WEXITSTATUS (status), ==, HELD);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/worker/card/with", "card", test_walls);
  g_test_add_data_func ("/worker/card/without", NULL, test_walls);
  return g_test_run ();
}
