/* SPDX-License-Identifier: Apache-2.0 */
#include "learn/smb-processes.h"

#include <gmodule.h>
#include <glib/gi18n-lib.h>

#include "base/smb-error.h"
#include "smb-config.h"

static const SmbProcessesTable *table;
static SmbParallel joined;

/* What the launchers tell each process: how many there are. */
static gboolean
are_many (void)
{
  static const char *const names[] = { "OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "MPI_LOCALNRANKS" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    const char *text = g_getenv (names[i]);

    if (text != NULL)
      return g_ascii_strtoull (text, NULL, 10) > 1;
  }
  return FALSE;
}

static const SmbProcessesTable *
load (GError **error)
{
  const char *built = g_getenv ("SMB_MPI_MODULE");
  g_autofree char *path = built != NULL ? g_strdup (built) : g_build_filename (SMB_PKGLIBEXECDIR, "smb-mpi.so", NULL);
  const SmbProcessesTable *found = NULL;
  gpointer entry = NULL;
  GModule *module;

  if (!g_file_test (path, G_FILE_TEST_EXISTS)) {
    g_set_error (
        error, SMB_ERROR, SMB_ERROR_UNSUPPORTED,
        _ ("This program was started as one of several processes, but its module for MPI is not installed (%s); "
           "build it with Open MPI, or start one process."),
        path);
    return NULL;
  }
  /* Global: Open MPI loads parts of its own, which look for its symbols. */
  module = g_module_open (path, 0);
  if (module == NULL) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_FAILED, _ ("%s: the module cannot be loaded: %s"), path,
                 g_module_error ());
    return NULL;
  }
  g_module_make_resident (module);
  if (g_module_symbol (module, SMB_PROCESSES_ENTRY, &entry) && entry != NULL)
    found = ((SmbProcessesEntry) entry) ();
  if (found != NULL && found->version == SMB_PROCESSES_VERSION && found->struct_bytes == sizeof *found)
    return found;
  g_set_error (error, SMB_ERROR, SMB_ERROR_MISMATCH,
               _ ("%s: the module was built for another version of this program; install the one that belongs to it."),
               path);
  return NULL;
}

gboolean
smb_processes_join (const SmbParallel **parallel, GError **error)
{
  char message[256] = "";

  *parallel = NULL;
  if (!are_many ())
    return TRUE;
  table = load (error);
  if (table == NULL)
    return FALSE;
  if (!table->join (&joined, message)) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_FAILED, _ ("MPI could not be started: %s"), message);
    return FALSE;
  }
  *parallel = &joined;
  return TRUE;
}

void
smb_processes_leave (const SmbParallel *parallel, gboolean failed)
{
  if (parallel != NULL)
    table->leave (failed);
}
