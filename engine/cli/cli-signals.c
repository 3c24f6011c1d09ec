/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli-signals.h"

#include <errno.h>
#include <glib-unix.h>
#include <signal.h>
#include <unistd.h>

static const int numbers[] = { SIGINT, SIGTERM };

/* Cancelling takes a lock, which a signal's handler must not: it wakes a thread. Blocking the signals and waiting for
 * them would not do: a library's threads are older than our mask, and the kernel would end the program through one of
 * them. */
static int wake[2] = { -1, -1 };

static void
on_signal (int number)
{
  const char byte = 1;
  int before = errno;

  for (gsize i = 0; i < G_N_ELEMENTS (numbers); i++)
    signal (numbers[i], SIG_DFL);
  if (write (wake[1], &byte, 1) < 0)
    _exit (1);
  errno = before;
}

static gpointer
wait_to_cancel (gpointer data)
{
  g_autoptr (GCancellable) stop = data;
  gssize got;
  char byte;

  do
    got = read (wake[0], &byte, 1);
  while (got < 0 && errno == EINTR);
  if (got == 1)
    g_cancellable_cancel (stop);
  return NULL;
}

void
smb_cli_stop_on_signals (GCancellable *stop)
{
  struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART }, before;

  g_return_if_fail (wake[0] < 0);
  if (!g_unix_open_pipe (wake, FD_CLOEXEC, NULL))
    return; /* the signals end the program, as they would without us */
  g_thread_unref (g_thread_new ("signals", wait_to_cancel, g_object_ref (stop)));
  for (gsize i = 0; i < G_N_ELEMENTS (numbers); i++)
    if (sigaction (numbers[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
      sigaction (numbers[i], &action, NULL);
}
