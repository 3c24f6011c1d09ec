/* SPDX-License-Identifier: Apache-2.0 */
#include "train/smb-parallel.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "base/smb-error.h"

gboolean
smb_parallel_is_first (const SmbParallel *parallel)
{
  return parallel == NULL || parallel->rank == 0;
}

gboolean
smb_parallel_any (const SmbParallel *parallel, gboolean own, gboolean *any, GError **error)
{
  float count = own ? 1.0f : 0.0f;

  if (parallel != NULL && !parallel->allreduce_sum (parallel->user_data, &count, 1, error))
    return FALSE;
  *any = count > 0.0f;
  return TRUE;
}

gboolean
smb_parallel_place (const SmbParallel *parallel, gint64 own, gint64 *first, gint64 *total, GError **error)
{
  g_autofree float *counts = g_new0 (float, parallel->size);

  counts[parallel->rank] = (float) own;
  *first = *total = 0;
  if (!parallel->allreduce_sum (parallel->user_data, counts, (gsize) parallel->size, error))
    return FALSE;
  for (int i = 0; i < parallel->size; i++) {
    if (i < parallel->rank)
      *first += (gint64) counts[i];
    *total += (gint64) counts[i];
  }
  return TRUE;
}

float *
smb_parallel_gather (const SmbParallel *parallel, const float *rows, gint64 own, gint64 first, gint64 total,
                     gint64 width, GError **error)
{
  g_autofree float *all = g_new0 (float, total * width);

  memcpy (all + first * width, rows, (gsize) (own * width) * sizeof *rows);
  return parallel->allreduce_sum (parallel->user_data, all, (gsize) (total * width), error) ? g_steal_pointer (&all)
                                                                                           : NULL;
}

static gboolean
set_device_error (GError **error, const SmbDevice *device)
{
  g_set_error (error, SMB_ERROR, SMB_ERROR_FAILED, _ ("The device “%s” cannot be used: %s"), device->id,
               device->abi->context_error (device->ctx));
  return FALSE;
}

gboolean
smb_parallel_join_device (const SmbParallel *parallel, SmbDevice *device, gboolean *joined, GError **error)
{
  guint8 id[SMB_GROUP_ID_BYTES] = { 0 };
  float told[SMB_GROUP_ID_BYTES + 1] = { 0 }; /* the first process's id, byte by byte; how many cannot */
  SmbStatus status = device->abi->group_id (device->ctx, parallel->rank == 0 ? id : NULL);

  told[SMB_GROUP_ID_BYTES] = status != SMB_STATUS_OK;
  for (int i = 0; i < SMB_GROUP_ID_BYTES; i++)
    told[i] = id[i];
  if (!parallel->allreduce_sum (parallel->user_data, told, G_N_ELEMENTS (told), error))
    return FALSE;
  *joined = told[SMB_GROUP_ID_BYTES] == 0.0f;
  for (int i = 0; i < SMB_GROUP_ID_BYTES; i++)
    id[i] = (guint8) told[i];
  return !*joined || device->abi->group_join (device->ctx, id, parallel->rank, parallel->size) == SMB_STATUS_OK
         || set_device_error (error, device);
}

gboolean
smb_parallel_sum_gradients (const SmbParallel *parallel, gboolean joined, SmbOptimiser *optimiser, GError **error)
{
  for (guint i = 0; i < optimiser->slots->len; i++) {
    SmbTensor *gradient = ((SmbSlot *) g_ptr_array_index (optimiser->slots, i))->param->grad;
    SmbDevice *device = gradient->device;
    g_autoptr (SmbTensor) host = NULL;

    if (joined) {
      if (device->abi->group_sum (device->ctx, gradient->data, gradient->n) != SMB_STATUS_OK)
        return set_device_error (error, device);
      continue;
    }
    host = smb_tensor_download (gradient, error);

    if (host == NULL || !parallel->allreduce_sum (parallel->user_data, host->data, (gsize) host->n, error))
      return FALSE;
    if (device->abi->upload (device->ctx, gradient->data, host->data, smb_tensor_get_bytes (host)) != SMB_STATUS_OK) {
      g_set_error (error, SMB_ERROR, SMB_ERROR_FAILED, _ ("Copying to the device %s failed: %s"), device->id,
                   device->abi->context_error (device->ctx));
      return FALSE;
    }
  }
  return TRUE;
}
