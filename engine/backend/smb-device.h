/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

#include "backend/smb-backend-abi.h"

G_BEGIN_DECLS

/* A device opened for computing: a backend's table, its context, and what it says of itself. Reference counted.
 * One thread at a time may compute on it. */
typedef struct {
  const SmbBackendAbi *abi;
  void *ctx;
  char *id; /* "cpu", "cuda:0" */
  SmbDeviceInfo info;
} SmbDevice;

/* One line of smb_device_list. */
typedef struct {
  char *id;
  gboolean usable;
  char *reason; /* why it is not usable, in a sentence; NULL if it is */
  SmbDeviceInfo info;
} SmbDeviceListing;

/* Every device this machine offers, the CPU first; backends that cannot run here are listed with their reason. The
 * backend for graphics cards is a module, smb-cuda.so, looked for in the folder SMB_MODULE_DIR names in the environment
 * or where the program is installed; it is checked, loaded once and never unloaded.
 * Elements SmbDeviceListing*, freed with the array. */
GPtrArray *smb_device_list (void);

/* Opens "cpu" or "cuda:N"; "cuda" is the first card or, of several processes started together on this machine, the one
 * of this process's place among them. threads 0: one for each core. NULL with an error that says what to do. */
SmbDevice *smb_device_open (const char *id, int threads, GError **error);
SmbDevice *smb_device_ref (SmbDevice *device);
void smb_device_unref (SmbDevice *device);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SmbDevice, smb_device_unref)

G_END_DECLS
