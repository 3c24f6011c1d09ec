/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "train/smb-parallel.h"

G_BEGIN_DECLS

/* The processes this one was started with (`mpirun -n N …`). *parallel NULL: it is alone. Else a table to train with,
 * borrowed until the program ends. The way to talk is a module of its own, smb-mpi.so, loaded only when it is needed,
 * so that the program does without MPI where it is not installed; SMB_MPI_MODULE in the environment names it in a run
 * from the build folder. Errors: UNSUPPORTED (started by mpirun, but the module is not there), FAILED. */
gboolean smb_processes_join (const SmbParallel **parallel, GError **error);

/* Takes leave of the others. failed: they are ended too, for they would wait for ever; does not return then. */
void smb_processes_leave (const SmbParallel *parallel, gboolean failed);

/* The module's entry point. */
typedef struct {
  guint32 version, struct_bytes;
  gboolean (*join) (SmbParallel *parallel, char message[256]);
  void (*leave) (gboolean failed);
} SmbProcessesTable;
#define SMB_PROCESSES_VERSION 1u
#define SMB_PROCESSES_ENTRY "smb_processes_table"
typedef const SmbProcessesTable *(*SmbProcessesEntry) (void);

G_END_DECLS
