/* SPDX-License-Identifier: Apache-2.0 */
/* What is left of the world once a worker has left it, seen from inside, before any other wall stands. */
#include "worker/worker-lock.h"

#include <net/if.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

enum { HELD = 10, NOT_PERMITTED = 20 };

/* In a child, for there is no way back. */
static int
look_around (void)
{
  struct if_nameindex *interfaces;
  guint n_interfaces = 0;

  if (!smb_worker_leave_world ())
    return NOT_PERMITTED;
  if (access ("/etc/passwd", F_OK) == 0 || access ("/proc", F_OK) == 0 || access ("/..", W_OK) == 0)
    return 1;
  if (g_file_set_contents ("/written", "x", 1, NULL))
    return 2;
  if (mount ("again", "/", "tmpfs", 0, NULL) == 0 || chroot ("/") == 0 || sethostname ("x", 1) == 0)
    return 3;
  interfaces = if_nameindex ();
  while (interfaces != NULL && interfaces[n_interfaces].if_index != 0)
    n_interfaces++;
  if (interfaces != NULL)
    if_freenameindex (interfaces);
  return n_interfaces <= 1 ? HELD : 4; /* its own loopback, which is down */
}

static void
test_empty (void)
{
  pid_t child = fork ();
  int status = 0;

  g_assert_cmpint (child, >=, 0);
  if (child == 0)
    _exit (look_around ());
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_assert_true (WIFEXITED (status));
  if (WEXITSTATUS (status) == NOT_PERMITTED)
    g_test_skip ("this system lets no ordinary user have namespaces");
  else
    g_assert_cmpint (WEXITSTATUS (status), ==, HELD);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/worker/namespaces/empty", test_empty);
  return g_test_run ();
}
