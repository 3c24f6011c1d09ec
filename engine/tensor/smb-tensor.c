/* SPDX-License-Identifier: Apache-2.0 */
#include "tensor/smb-tensor.h"

#include <glib/gi18n-lib.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/smb-error.h"

#define ALIGNMENT_BYTES 64

static const struct {
  const char *name;
  gsize bytes;
} dtypes[] = {
  [SMB_DTYPE_F32] = { "F32", 4 }, [SMB_DTYPE_F64] = { "F64", 8 }, [SMB_DTYPE_F16] = { "F16", 2 },
  [SMB_DTYPE_BF16] = { "BF16", 2 }, [SMB_DTYPE_I64] = { "I64", 8 }, [SMB_DTYPE_I32] = { "I32", 4 },
  [SMB_DTYPE_I16] = { "I16", 2 }, [SMB_DTYPE_I8] = { "I8", 1 }, [SMB_DTYPE_U8] = { "U8", 1 },
  [SMB_DTYPE_BOOL] = { "BOOL", 1 },
};

gsize
smb_dtype_size_bytes (SmbDtype dtype)
{
  g_return_val_if_fail ((guint) dtype < G_N_ELEMENTS (dtypes), 0);
  return dtypes[dtype].bytes;
}

const char *
smb_dtype_name (SmbDtype dtype)
{
  g_return_val_if_fail ((guint) dtype < G_N_ELEMENTS (dtypes), "");
  return dtypes[dtype].name;
}

/* A tensor without memory; NULL if the shape makes no sense or its bytes do not fit an address. */
static SmbTensor *
new_shaped (SmbDtype dtype, int rank, const gint64 *shape)
{
  SmbTensor *tensor;
  gint64 n = 1, bytes;

  g_return_val_if_fail (rank >= 0 && rank <= SMB_MAX_RANK && (guint) dtype < G_N_ELEMENTS (dtypes), NULL);
  for (int i = 0; i < rank; i++) {
    g_return_val_if_fail (shape[i] >= 0, NULL);
    g_return_val_if_fail (!__builtin_mul_overflow (n, shape[i], &n), NULL);
  }
  g_return_val_if_fail (!__builtin_mul_overflow (n, (gint64) dtypes[dtype].bytes, &bytes), NULL);
  tensor = g_atomic_rc_box_new0 (SmbTensor);
  tensor->dtype = dtype;
  tensor->rank = rank;
  for (int i = 0; i < rank; i++)
    tensor->shape[i] = shape[i];
  tensor->n = n;
  return tensor;
}

SmbTensor *
smb_tensor_new (SmbDtype dtype, int rank, const gint64 *shape)
{
  SmbTensor *tensor = new_shaped (dtype, rank, shape);
  gsize bytes;

  if (tensor == NULL)
    return NULL;
  bytes = MAX (smb_tensor_get_bytes (tensor), 1);
  bytes = (bytes + ALIGNMENT_BYTES - 1) & ~(gsize) (ALIGNMENT_BYTES - 1);
  tensor->data = aligned_alloc (ALIGNMENT_BYTES, bytes);
  if (tensor->data == NULL)
    g_error ("no memory left for a tensor of %" G_GSIZE_FORMAT " bytes", bytes); /* as GLib's own allocation does */
  memset (tensor->data, 0, bytes);
  tensor->owner = tensor->data;
  tensor->owner_free = free;
  return tensor;
}

SmbTensor *
smb_tensor_new_borrowed (SmbDtype dtype, int rank, const gint64 *shape, const void *data, gpointer owner,
                         GDestroyNotify owner_free)
{
  SmbTensor *tensor = new_shaped (dtype, rank, shape);

  if (tensor == NULL)
    return NULL;
  tensor->data = (void *) data;
  tensor->owner = owner;
  tensor->owner_free = owner_free;
  return tensor;
}

SmbTensor *
smb_tensor_new_on (SmbDevice *device, int rank, const gint64 *shape, GError **error)
{
  SmbTensor *tensor;
  SmbStatus status;

  g_return_val_if_fail (device != NULL, NULL);
  tensor = new_shaped (SMB_DTYPE_F32, rank, shape);
  if (tensor == NULL)
    return NULL;
  status = device->abi->alloc (device->ctx, MAX (smb_tensor_get_bytes (tensor), 4), &tensor->data);
  if (status != SMB_STATUS_OK) {
    g_autofree char *size = g_format_size (smb_tensor_get_bytes (tensor));

    g_set_error (error, SMB_ERROR, SMB_ERROR_MEMORY,
                 _ ("The device %s has no %s of memory left (%s). Use a smaller batch or another device."),
                 device->id, size, device->abi->context_error (device->ctx));
    smb_tensor_unref (tensor);
    return NULL;
  }
  tensor->device = smb_device_ref (device);
  return tensor;
}

SmbTensor *
smb_tensor_ref (SmbTensor *tensor)
{
  return g_atomic_rc_box_acquire (tensor);
}

static void
tensor_clear (gpointer data)
{
  SmbTensor *tensor = data;

  if (tensor->owner_free != NULL)
    tensor->owner_free (tensor->owner);
  else if (tensor->device != NULL && tensor->owner == NULL && tensor->data != NULL)
    tensor->device->abi->release (tensor->device->ctx, tensor->data);
  g_clear_pointer (&tensor->device, smb_device_unref);
}

void
smb_tensor_unref (SmbTensor *tensor)
{
  if (tensor != NULL)
    g_atomic_rc_box_release_full (tensor, tensor_clear);
}

gsize
smb_tensor_get_bytes (const SmbTensor *tensor)
{
  return (gsize) tensor->n * dtypes[tensor->dtype].bytes;
}

void
smb_tensor_release_pages (const SmbTensor *tensor)
{
  gsize page = (gsize) sysconf (_SC_PAGESIZE);
  gsize from = ((gsize) tensor->data + page - 1) & ~(page - 1);
  gsize to = ((gsize) tensor->data + smb_tensor_get_bytes (tensor)) & ~(page - 1);

  /* Whole pages only: those at the ends are shared with the neighbours. That it fails only costs memory. */
  if (tensor->mapped && to > from)
    madvise ((void *) from, to - from, MADV_DONTNEED);
}

gboolean
smb_tensor_shape_is (const SmbTensor *tensor, int rank, ...)
{
  gboolean same = tensor->rank == rank;
  va_list args;

  va_start (args, rank);
  for (int i = 0; same && i < rank; i++) {
    gint64 want = va_arg (args, gint64);

    same = want < 0 || want == tensor->shape[i];
  }
  va_end (args);
  return same;
}

char *
smb_tensor_dup_shape_text (const SmbTensor *tensor)
{
  GString *text = g_string_new ("(");

  for (int i = 0; i < tensor->rank; i++)
    g_string_append_printf (text, "%s%" G_GINT64_FORMAT, i > 0 ? ", " : "", tensor->shape[i]);
  g_string_append_c (text, ')');
  return g_string_free (text, FALSE);
}

static SmbTensor *
borrow (SmbTensor *base, int rank, const gint64 *shape)
{
  return smb_tensor_new_borrowed (base->dtype, rank, shape, base->data, smb_tensor_ref (base),
                                  (GDestroyNotify) smb_tensor_unref);
}

SmbTensor *
smb_tensor_reshape (SmbTensor *tensor, int rank, const gint64 *shape)
{
  SmbTensor *view = borrow (tensor, rank, shape);

  g_return_val_if_fail (view != NULL, NULL);
  if (view->n != tensor->n) {
    smb_tensor_unref (view);
    g_return_val_if_reached (NULL);
  }
  if (tensor->device != NULL)
    view->device = smb_device_ref (tensor->device);
  return view;
}

SmbTensor *
smb_tensor_part (SmbTensor *tensor, gint64 from, gint64 n)
{
  gint64 shape[SMB_MAX_RANK], each = tensor->rank > 0 && tensor->shape[0] > 0 ? tensor->n / tensor->shape[0] : 0;
  SmbTensor *view;

  g_return_val_if_fail (tensor->rank > 0 && from >= 0 && n >= 0 && from + n <= tensor->shape[0], NULL);
  memcpy (shape, tensor->shape, (gsize) tensor->rank * sizeof shape[0]);
  shape[0] = n;
  view = borrow (tensor, tensor->rank, shape);
  if (view->data != NULL)
    view->data = (char *) view->data + (gsize) (from * each) * smb_dtype_size_bytes (tensor->dtype);
  if (tensor->device != NULL)
    view->device = smb_device_ref (tensor->device);
  return view;
}

SmbTensor *
smb_tensor_upload (const SmbTensor *host, SmbDevice *device, GError **error)
{
  SmbTensor *tensor;

  g_return_val_if_fail (host->device == NULL && host->dtype == SMB_DTYPE_F32, NULL);
  tensor = smb_tensor_new_on (device, host->rank, host->shape, error);
  if (tensor == NULL)
    return NULL;
  if (device->abi->upload (device->ctx, tensor->data, host->data, smb_tensor_get_bytes (host)) != SMB_STATUS_OK) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_FAILED, _ ("Copying to the device %s failed: %s"), device->id,
                 device->abi->context_error (device->ctx));
    smb_tensor_unref (tensor);
    return NULL;
  }
  return tensor;
}

SmbTensor *
smb_tensor_on_device (SmbTensor *host, SmbDevice *device, GError **error)
{
  SmbTensor *view;

  g_return_val_if_fail (host->device == NULL && host->dtype == SMB_DTYPE_F32, NULL);
  if (g_strcmp0 (device->abi->name, "cpu") != 0)
    return smb_tensor_upload (host, device, error);
  view = borrow (host, host->rank, host->shape); /* the processor computes in host memory: nothing to copy */
  view->device = smb_device_ref (device);
  return view;
}

SmbTensor *
smb_tensor_download (const SmbTensor *tensor, GError **error)
{
  SmbDevice *device = tensor->device;
  SmbTensor *host;

  g_return_val_if_fail (device != NULL && tensor->dtype == SMB_DTYPE_F32, NULL);
  host = smb_tensor_new (SMB_DTYPE_F32, tensor->rank, tensor->shape);
  if (device->abi->download (device->ctx, host->data, tensor->data, smb_tensor_get_bytes (tensor)) != SMB_STATUS_OK) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_FAILED, _ ("Copying from the device %s failed: %s"), device->id,
                 device->abi->context_error (device->ctx));
    smb_tensor_unref (host);
    return NULL;
  }
  return host;
}
