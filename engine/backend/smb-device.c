/* SPDX-License-Identifier: Apache-2.0 */
#include "backend/smb-device.h"

#include <glib/gi18n-lib.h>

#include "base/smb-error.h"
#include "cpu/smb-cpu.h"
#include "backend/smb-module.h"

/* Devices by name. "cpu" is the first device of the static backend; "NAME:N" is device N of a loadable one. */

#define CUDA_NAME "cuda"

static void
listing_free (gpointer data)
{
  SmbDeviceListing *listing = data;

  g_free (listing->id);
  g_free (listing->reason);
  g_free (listing);
}

static void
add_listing (GPtrArray *list, char *id, const SmbBackendAbi *abi, int device)
{
  SmbDeviceListing *listing = g_new0 (SmbDeviceListing, 1);

  listing->id = id;
  listing->usable = abi->device_describe (device, &listing->info) == SMB_STATUS_OK;
  if (!listing->usable)
    listing->reason = g_strdup (abi->context_error (NULL));
  g_ptr_array_add (list, listing);
}

static void
add_unusable (GPtrArray *list, const char *id, const char *reason)
{
  SmbDeviceListing *listing = g_new0 (SmbDeviceListing, 1);

  listing->id = g_strdup (id);
  listing->reason = g_strdup (reason);
  g_ptr_array_add (list, listing);
}

GPtrArray *
smb_device_list (void)
{
  GPtrArray *list = g_ptr_array_new_with_free_func (listing_free);
  g_autoptr (GError) error = NULL;
  const SmbBackendAbi *cuda;
  int count;

  add_listing (list, g_strdup ("cpu"), smb_cpu_backend (), 0);
  cuda = smb_module_load (CUDA_NAME, &error);
  if (cuda == NULL) {
    add_unusable (list, CUDA_NAME, error->message);
    return list;
  }
  count = cuda->device_count ();
  if (count <= 0)
    add_unusable (list, CUDA_NAME, cuda->why ());
  for (int i = 0; i < count; i++)
    add_listing (list, g_strdup_printf ("%s:%d", CUDA_NAME, i), cuda, i);
  return list;
}

/* The table and the device number that an id names. */
static const SmbBackendAbi *
resolve (const char *id, int *device, GError **error)
{
  const char *place = g_getenv ("OMPI_COMM_WORLD_LOCAL_RANK");
  guint64 number = 0;

  *device = 0;
  if (g_strcmp0 (id, "cpu") == 0)
    return smb_cpu_backend ();
  if (g_strcmp0 (id, CUDA_NAME) == 0
      || (g_str_has_prefix (id, CUDA_NAME ":")
          && g_ascii_string_to_unsigned (id + strlen (CUDA_NAME ":"), 10, 0, G_MAXINT, &number, NULL))) {
    if (strchr (id, ':') == NULL && place != NULL) /* mpirun says so */
      g_ascii_string_to_unsigned (place, 10, 0, G_MAXINT, &number, NULL);
    *device = (int) number;
    return smb_module_load (CUDA_NAME, error);
  }
  g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT,
               _ ("There is no device “%s”: use “cpu”, or “cuda:0” for the first graphics card."), id);
  return NULL;
}

static void
set_status_error (GError **error, const char *id, SmbStatus status, const char *sentence)
{
  SmbError code = SMB_ERROR_FAILED;

  if (status == SMB_STATUS_NO_MEMORY)
    code = SMB_ERROR_MEMORY;
  else if (status == SMB_STATUS_NO_DEVICE)
    code = SMB_ERROR_NOT_FOUND;
  else if (status == SMB_STATUS_UNSUPPORTED)
    code = SMB_ERROR_UNSUPPORTED;
  g_set_error (error, SMB_ERROR, code, _ ("The device “%s” cannot be used: %s"), id, sentence);
}

SmbDevice *
smb_device_open (const char *id, int threads, GError **error)
{
  const SmbBackendAbi *abi;
  SmbDeviceInfo info = { 0 };
  SmbDevice *device;
  void *ctx = NULL;
  SmbStatus status;
  int number;

  g_return_val_if_fail (id != NULL, NULL);
  abi = resolve (id, &number, error);
  if (abi == NULL)
    return NULL;
  if (abi->device_count () <= 0) {
    set_status_error (error, id, SMB_STATUS_NO_DEVICE, abi->why ());
    return NULL;
  }
  status = abi->device_describe (number, &info);
  if (status == SMB_STATUS_OK)
    status = abi->context_new (number, threads, &ctx);
  if (status != SMB_STATUS_OK) {
    set_status_error (error, id, status, abi->context_error (NULL));
    return NULL;
  }
  device = g_atomic_rc_box_new0 (SmbDevice);
  device->abi = abi;
  device->ctx = ctx;
  device->id = abi == smb_cpu_backend () ? g_strdup ("cpu") : g_strdup_printf ("%s:%d", abi->name, number);
  device->info = info;
  return device;
}

SmbDevice *
smb_device_ref (SmbDevice *device)
{
  return g_atomic_rc_box_acquire (device);
}

static void
device_clear (gpointer data)
{
  SmbDevice *device = data;

  device->abi->context_free (device->ctx);
  g_free (device->id);
}

void
smb_device_unref (SmbDevice *device)
{
  g_atomic_rc_box_release_full (device, device_clear);
}
