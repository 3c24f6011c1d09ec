/* SPDX-License-Identifier: Apache-2.0 */
/* The module that talks MPI. Sums are made here, not by MPI_Allreduce, whose order is the library's affair: the parts
 * come to the first process, are added in the order of the ranks, and the sum goes out again. */
#include <glib/gi18n-lib.h>
#include <gmodule.h>
#include <mpi.h>

#include "base/smb-error.h"
#include "learn/smb-processes.h"

#define CHUNK ((gsize) 1 << 20) /* floats at a time: bounds what the first process keeps */

G_MODULE_EXPORT const SmbProcessesTable *smb_processes_table (void);

static int rank, size;

static gboolean
sum_chunk (float *values, int n)
{
  const gboolean first = rank == 0;
  g_autofree float *parts = first ? g_new (float, (gsize) n * (gsize) size) : NULL;

  if (MPI_Gather (values, n, MPI_FLOAT, parts, n, MPI_FLOAT, 0, MPI_COMM_WORLD) != MPI_SUCCESS)
    return FALSE;
  for (int i = 0; first && i < n; i++) {
    double sum = 0.0;

    for (int r = 0; r < size; r++)
      sum += (double) parts[(gsize) r * (gsize) n + (gsize) i];
    values[i] = (float) sum;
  }
  return MPI_Bcast (values, n, MPI_FLOAT, 0, MPI_COMM_WORLD) == MPI_SUCCESS;
}

static gboolean
allreduce_sum (gpointer user_data, float *values, gsize n, GError **error)
{
  for (gsize at = 0; at < n; at += CHUNK)
    if (!sum_chunk (values + at, (int) MIN (CHUNK, n - at))) {
      g_set_error_literal (
          error, SMB_ERROR, SMB_ERROR_FAILED,
          _ ("Another process of this training could not be reached; go on from the last checkpoint with "
             "--resume."));
      return FALSE;
    }
  return TRUE;
}

static gboolean
join (SmbParallel *parallel, char message[256])
{
  int provided;

  if (MPI_Init_thread (NULL, NULL, MPI_THREAD_FUNNELED, &provided) != MPI_SUCCESS
      || MPI_Comm_set_errhandler (MPI_COMM_WORLD, MPI_ERRORS_RETURN) != MPI_SUCCESS
      || MPI_Comm_rank (MPI_COMM_WORLD, &rank) != MPI_SUCCESS || MPI_Comm_size (MPI_COMM_WORLD, &size) != MPI_SUCCESS) {
    g_strlcpy (message, "MPI_Init_thread", 256);
    return FALSE;
  }
  *parallel = (SmbParallel){ .rank = rank, .size = size, .allreduce_sum = allreduce_sum };
  return TRUE;
}

static void
leave (gboolean failed)
{
  if (failed)
    MPI_Abort (MPI_COMM_WORLD, 1);
  MPI_Finalize ();
}

const SmbProcessesTable *
smb_processes_table (void)
{
  static const SmbProcessesTable own = { SMB_PROCESSES_VERSION, sizeof own, join, leave };

  return &own;
}
