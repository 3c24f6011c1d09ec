/* SPDX-License-Identifier: Apache-2.0 */
#include "backend/smb-backend-abi.h"

#include <stdio.h>

/* A module as small as can be. STUB_VERSION and STUB_BYTES are set by the build; one device, and no other works. */

const SmbBackendAbi *smb_backend_entry (void);

static int
device_count (void)
{
  return STUB_DEVICES;
}

static const char *
why (void)
{
  return "The stub has no devices.";
}

static SmbStatus
device_describe (int device, SmbDeviceInfo *out)
{
  if (device >= STUB_DEVICES)
    return SMB_STATUS_NO_DEVICE;
  *out = (SmbDeviceInfo){ .total_bytes = 12345 };
  snprintf (out->name, sizeof out->name, "stub %d", device);
  return SMB_STATUS_OK;
}

static SmbStatus
context_new (int device, int threads, void **ctx_out)
{
  static int token;

  *ctx_out = &token;
  return SMB_STATUS_OK;
}

static void
context_free (void *ctx)
{
}

static const char *
context_error (void *ctx)
{
  return "The stub has no such device.";
}

__attribute__ ((visibility ("default"))) const SmbBackendAbi *
smb_backend_entry (void)
{
  static const SmbBackendAbi abi = {
    .abi_version = STUB_VERSION,
    .struct_bytes = STUB_BYTES,
    .name = "cuda",
    .device_count = device_count,
    .why = why,
    .device_describe = device_describe,
    .context_new = context_new,
    .context_free = context_free,
    .context_error = context_error,
  };

  return &abi;
}
