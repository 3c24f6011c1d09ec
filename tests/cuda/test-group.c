/* SPDX-License-Identifier: Apache-2.0 */
/* Two processes with a card each, played, that sum what they have: the path a training over several cards takes. */
#include <glib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/smb-error.h"
#include "train/smb-parallel.h"

#define RANKS 2

/* What the launcher's library does for real processes: sums over pipes to and from the first. */
typedef struct {
  int to[2], from[2];
} Pipes;

static Pipes pipes;
static int rank;

static void
move (int fd, gpointer data, gsize bytes, gboolean out)
{
  for (gsize at = 0; at < bytes;) {
    gssize n = out ? write (fd, (char *) data + at, bytes - at) : read (fd, (char *) data + at, bytes - at);

    g_assert_cmpint (n, >, 0);
    at += (gsize) n;
  }
}

static gboolean
sum_over_pipes (gpointer user_data, float *values, gsize n, GError **error)
{
  g_autofree float *other = g_new (float, n);

  if (rank == 1) {
    move (pipes.to[1], values, n * sizeof *values, TRUE);
    move (pipes.from[0], values, n * sizeof *values, FALSE);
    return TRUE;
  }
  move (pipes.to[0], other, n * sizeof *other, FALSE);
  for (gsize i = 0; i < n; i++)
    values[i] += other[i];
  move (pipes.from[1], values, n * sizeof *values, TRUE);
  return TRUE;
}

static float
part (int of, gsize i)
{
  return (float) (of == 0 ? 1e7 : -1e7) + (float) (i % 1000) * (of == 0 ? 0.37f : 1.0f);
}

static void
one_process (const char *device_id, gboolean expect_joined)
{
  const SmbParallel parallel = { .rank = rank, .size = RANKS, .allreduce_sum = sum_over_pipes };
  const gsize n = (4u << 20) + 77; /* more than a piece */
  g_autofree float *x = g_new (float, n);
  g_autoptr (GError) error = NULL;
  g_autoptr (SmbDevice) device = smb_device_open (device_id, 1, &error);
  gboolean joined = FALSE;
  void *on_device = NULL;

  g_assert_no_error (error);
  g_assert_true (smb_parallel_join_device (&parallel, device, &joined, &error));
  g_assert_no_error (error);
  g_assert_cmpint (joined, ==, expect_joined);
  if (!joined)
    return;
  for (gsize i = 0; i < n; i++)
    x[i] = part (rank, i);
  g_assert_cmpint (device->abi->alloc (device->ctx, n * sizeof *x, &on_device), ==, SMB_STATUS_OK);
  g_assert_cmpint (device->abi->upload (device->ctx, on_device, x, n * sizeof *x), ==, SMB_STATUS_OK);
  g_assert_cmpint (device->abi->group_sum (device->ctx, on_device, (gint64) n), ==, SMB_STATUS_OK);
  g_assert_cmpint (device->abi->download (device->ctx, x, on_device, n * sizeof *x), ==, SMB_STATUS_OK);
  for (gsize i = 0; i < n; i++)
    g_assert_cmpfloat (x[i], ==, (float) ((double) part (0, i) + (double) part (1, i)));
  device->abi->release (device->ctx, on_device);
}

static void
two_processes (const char *device_id, gboolean expect_joined)
{
  int status = 0;
  pid_t child;

  g_assert_cmpint (pipe (pipes.to), ==, 0);
  g_assert_cmpint (pipe (pipes.from), ==, 0);
  child = fork ();
  g_assert_cmpint (child, >=, 0);
  if (child == 0) {
    rank = 1;
    alarm (60);
    one_process (device_id, expect_joined);
    _exit (0);
  }
  alarm (60);
  one_process (device_id, expect_joined);
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  alarm (0);
  g_assert_true (WIFEXITED (status) && WEXITSTATUS (status) == 0);
}

static void
cards_sum (void)
{
  two_processes ("cuda:0", TRUE);
}

static void
processors_leave_it_to_the_host (void)
{
  two_processes ("cpu", FALSE);
}

/* "cuda" without a number is the card of this process's place on the machine. */
static void
a_card_for_each (void)
{
  g_autoptr (SmbDevice) device = NULL;

  g_setenv ("SMB_EMULATED_CARDS", "3", TRUE);
  g_setenv ("OMPI_COMM_WORLD_LOCAL_RANK", "2", TRUE);
  device = smb_device_open ("cuda", 0, NULL);
  g_assert_nonnull (device);
  g_assert_cmpstr (device->id, ==, "cuda:2");
  g_unsetenv ("OMPI_COMM_WORLD_LOCAL_RANK");
  g_unsetenv ("SMB_EMULATED_CARDS");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/cuda/group/cards-sum", cards_sum);
  g_test_add_func ("/cuda/group/processors", processors_leave_it_to_the_host);
  g_test_add_func ("/cuda/group/a-card-for-each", a_card_for_each);
  return g_test_run ();
}
