/* SPDX-License-Identifier: Apache-2.0 */
#include "backend/smb-module.h"

#include <glib/gi18n-lib.h>
#include <gmodule.h>

#include "base/smb-error.h"
#include "smb-config.h"

static GMutex lock;
static GHashTable *loaded; /* path -> const SmbBackendAbi*; under `lock` */

static const SmbBackendAbi *
check_table (const SmbBackendAbi *abi, const char *path, GError **error)
{
  if (abi == NULL) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_MISMATCH, _ ("%s: the module offers no backend; install it anew."), path);
    return NULL;
  }
  if (abi->abi_version != SMB_BACKEND_ABI_VERSION || abi->struct_bytes != sizeof (SmbBackendAbi)) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_MISMATCH,
                 _ ("%s: the module was built for another version of this program (interface %u, this program has %u); "
                    "install the module that belongs to it."),
                 path, abi->abi_version, SMB_BACKEND_ABI_VERSION);
    return NULL;
  }
  return abi;
}

static const SmbBackendAbi *
open_module (const char *path, GError **error)
{
  GModule *module = g_module_open (path, G_MODULE_BIND_LOCAL);
  gpointer symbol = NULL;

  if (module == NULL) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_FAILED, _ ("%s: the module cannot be loaded: %s"), path,
                 g_module_error ());
    return NULL;
  }
  g_module_make_resident (module); /* its threads and exit handlers outlive any use of it */
  if (!g_module_symbol (module, SMB_BACKEND_ENTRY_NAME, &symbol) || symbol == NULL) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_MISMATCH,
                 _ ("%s: this is not a backend of this program (it has no %s); install it anew."), path,
                 SMB_BACKEND_ENTRY_NAME);
    return NULL;
  }
  return check_table (((SmbBackendEntry) symbol) (), path, error);
}

const SmbBackendAbi *
smb_module_load (const char *name, GError **error)
{
  const char *folder = g_getenv ("SMB_MODULE_DIR");
  g_autofree char *file = g_strdup_printf ("smb-%s.so", name);
  g_autofree char *path = g_build_filename (folder != NULL ? folder : SMB_PKGLIBEXECDIR, file, NULL);
  const SmbBackendAbi *abi;

  if (!g_file_test (path, G_FILE_TEST_EXISTS)) {
    g_autofree char *upper = g_ascii_strup (name, -1);

    g_set_error (error, SMB_ERROR, SMB_ERROR_NOT_FOUND, _ ("the %s module is not installed"), upper);
    return NULL;
  }
  g_mutex_lock (&lock);
  if (loaded == NULL)
    loaded = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  abi = g_hash_table_lookup (loaded, path);
  if (abi == NULL) {
    abi = open_module (path, error);
    if (abi != NULL)
      g_hash_table_insert (loaded, g_steal_pointer (&path), (gpointer) abi);
  }
  g_mutex_unlock (&lock);
  return abi;
}
