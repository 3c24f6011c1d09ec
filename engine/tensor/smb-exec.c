/* SPDX-License-Identifier: Apache-2.0 */
#include "tensor/smb-exec.h"

#include <glib/gi18n-lib.h>
#include <stdarg.h>
#include <string.h>

#include "base/smb-error.h"
#include "tensor/smb-block-cache.h"

#define ALIGNMENT_BYTES 64

struct _SmbExec {
  SmbDevice *device;         /* owned */
  GCancellable *cancellable; /* borrowed */
  GError *error;             /* owned: the first */
  SmbTensor *block;          /* owned, or NULL */
  SmbBlockCache *results;    /* memory of what is downloaded; keeps no more than a run gives */
  GPtrArray *tensors;        /* views handed out, in order */
  gsize used, peak;          /* bytes of the block */
  gsize outputs;             /* bytes on the host */
  gboolean dry;
  gboolean in_sequence, left_out; /* left_out: the device has kept the sequence */
  gboolean must_repeat, no_sequences;
};

SmbExec *
smb_exec_new (SmbDevice *device)
{
  SmbExec *exec = g_new0 (SmbExec, 1);

  exec->device = smb_device_ref (device);
  exec->results = smb_block_cache_new ();
  exec->tensors = g_ptr_array_new_with_free_func ((GDestroyNotify) smb_tensor_unref);
  return exec;
}

void
smb_exec_free (SmbExec *exec)
{
  if (exec == NULL)
    return;
  g_ptr_array_unref (exec->tensors);
  g_clear_pointer (&exec->block, smb_tensor_unref);
  smb_block_cache_set_limit (exec->results, 0); /* results that live on give theirs back to the system */
  smb_block_cache_unref (exec->results);
  g_clear_error (&exec->error);
  smb_device_unref (exec->device);
  g_free (exec);
}

SmbDevice *
smb_exec_get_device (SmbExec *exec)
{
  return exec->device;
}

void
smb_exec_begin (SmbExec *exec, GCancellable *cancellable, gboolean dry)
{
  g_clear_error (&exec->error);
  g_ptr_array_set_size (exec->tensors, 0);
  exec->cancellable = cancellable;
  exec->used = exec->peak = exec->outputs = 0;
  exec->dry = dry;
  if (!dry) {
    exec->no_sequences = exec->must_repeat;
    exec->must_repeat = FALSE;
  }
}

gsize
smb_exec_get_peak_bytes (SmbExec *exec)
{
  return exec->peak;
}

gsize
smb_exec_get_output_bytes (SmbExec *exec)
{
  return exec->outputs;
}

gboolean
smb_exec_reserve (SmbExec *exec, GError **error)
{
  gint64 n = (gint64) ((exec->peak + 3) / 4);

  smb_block_cache_set_limit (exec->results, exec->outputs);
  if (exec->block != NULL && exec->block->n >= n)
    return TRUE;
  g_ptr_array_set_size (exec->tensors, 0);
  g_clear_pointer (&exec->block, smb_tensor_unref);
  exec->block = smb_tensor_new_on (exec->device, 1, &n, error);
  return exec->block != NULL;
}

gboolean
smb_exec_finish (SmbExec *exec, GError **error)
{
  g_return_val_if_fail (!exec->must_repeat, FALSE);
  if (exec->error == NULL && !exec->dry)
    smb_exec_check (exec, "synchronise", exec->device->abi->synchronise (exec->device->ctx));
  exec->cancellable = NULL;
  if (exec->error == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&exec->error));
  return FALSE;
}

gboolean
smb_exec_is_live (SmbExec *exec)
{
  if (exec->error == NULL)
    g_cancellable_set_error_if_cancelled (exec->cancellable, &exec->error);
  return exec->error == NULL && !exec->dry && !exec->must_repeat;
}

gboolean
smb_exec_computes (SmbExec *exec)
{
  return smb_exec_is_live (exec) && !exec->left_out;
}

gboolean
smb_exec_is_dry (SmbExec *exec)
{
  return exec->dry;
}

void
smb_exec_fail (SmbExec *exec, GError *error)
{
  if (exec->error == NULL)
    exec->error = error;
  else
    g_error_free (error);
}

void
smb_exec_check (SmbExec *exec, const char *operation, SmbStatus status)
{
  if (status == SMB_STATUS_OK || exec->error != NULL)
    return;
  g_set_error (&exec->error, SMB_ERROR,
               status == SMB_STATUS_NO_MEMORY     ? SMB_ERROR_MEMORY
               : status == SMB_STATUS_UNSUPPORTED ? SMB_ERROR_UNSUPPORTED
                                                  : SMB_ERROR_FAILED,
               _ ("The operation %s failed on the device %s: %s"), operation, exec->device->id,
               exec->device->abi->context_error (exec->device->ctx));
}

void
smb_exec_misfit (SmbExec *exec, const char *operation, ...)
{
  g_autoptr (GString) shapes = g_string_new (NULL);
  const SmbTensor *tensor;
  va_list args;

  if (exec->error != NULL)
    return;
  va_start (args, operation);
  while ((tensor = va_arg (args, const SmbTensor *)) != NULL) {
    g_autofree char *text = smb_tensor_dup_shape_text (tensor);

    g_string_append_printf (shapes, "%s%s", shapes->len > 0 ? ", " : "", text);
  }
  va_end (args);
  g_set_error (&exec->error, SMB_ERROR, SMB_ERROR_MISMATCH,
               _ ("The operation %s got tensors that do not fit each other: %s."), operation, shapes->str);
}

SmbTensor *
smb_exec_take_shape (SmbExec *exec, SmbDtype dtype, int rank, const gint64 *shape)
{
  SmbTensor *tensor = smb_tensor_new_borrowed (dtype, rank, shape, NULL, exec, NULL);
  gsize bytes = (smb_tensor_get_bytes (tensor) + ALIGNMENT_BYTES - 1) & ~(gsize) (ALIGNMENT_BYTES - 1);

  if (!exec->dry && exec->error == NULL) {
    if (exec->block == NULL || exec->used + bytes > (gsize) exec->block->n * 4)
      g_set_error (&exec->error, SMB_ERROR, SMB_ERROR_MEMORY,
                   _ ("The work area on the device %s is smaller than this run needs; plan it again for this batch."),
                   exec->device->id);
    else
      tensor->data = (char *) exec->block->data + exec->used;
  }
  exec->used += bytes;
  exec->peak = MAX (exec->peak, exec->used);
  tensor->device = smb_device_ref (exec->device);
  g_ptr_array_add (exec->tensors, tensor);
  return tensor;
}

SmbTensor *
smb_exec_take_like (SmbExec *exec, const SmbTensor *tensor)
{
  return smb_exec_take_shape (exec, tensor->dtype, tensor->rank, tensor->shape);
}

SmbTensor *
smb_exec_view_shape (SmbExec *exec, SmbTensor *tensor, int rank, const gint64 *shape)
{
  SmbTensor *view = smb_tensor_reshape (tensor, rank, shape);

  g_ptr_array_add (exec->tensors, view);
  return view;
}

SmbTensor *
smb_exec_view_part (SmbExec *exec, SmbTensor *tensor, gint64 from, gint64 n)
{
  SmbTensor *view = smb_tensor_part (tensor, from, n);

  g_ptr_array_add (exec->tensors, view);
  return view;
}

SmbTensor *
smb_exec_upload (SmbExec *exec, const SmbTensor *host)
{
  SmbTensor *tensor = smb_exec_take_shape (exec, host->dtype, host->rank, host->shape);

  if (host->device != NULL || (host->dtype != SMB_DTYPE_F32 && host->dtype != SMB_DTYPE_I32))
    smb_exec_misfit (exec, "upload", host, NULL);
  else if (smb_exec_is_live (exec) && host->n > 0)
    smb_exec_check (exec, "upload",
                    exec->device->abi->upload (exec->device->ctx, tensor->data, host->data,
                                               smb_tensor_get_bytes (host)));
  return tensor;
}

gboolean
smb_exec_sends_ahead (SmbExec *exec)
{
  return exec->device->abi->upload_ahead != NULL;
}

gboolean
smb_exec_send_ahead (SmbExec *exec, const SmbTensor *host)
{
  SmbStatus status;

  g_return_val_if_fail (host->device == NULL && host->n > 0, FALSE);
  if (!smb_exec_sends_ahead (exec) || !smb_exec_is_live (exec))
    return FALSE;
  status = exec->device->abi->upload_ahead (exec->device->ctx, host->data, smb_tensor_get_bytes (host));
  if (status != SMB_STATUS_NO_MEMORY)
    smb_exec_check (exec, "upload", status);
  return status == SMB_STATUS_OK;
}

SmbTensor *
smb_exec_upload_sent (SmbExec *exec, const SmbTensor *like)
{
  SmbTensor *tensor = smb_exec_take_like (exec, like);

  if (smb_exec_is_live (exec))
    smb_exec_check (exec, "upload",
                    exec->device->abi->upload_take (exec->device->ctx, tensor->data, smb_tensor_get_bytes (tensor)));
  return tensor;
}

SmbTensor *
smb_exec_download (SmbExec *exec, const SmbTensor *tensor)
{
  SmbTensor *host;

  if (!smb_exec_is_live (exec))
    return NULL;
  host = smb_block_cache_take_tensor (exec->results, tensor->rank, tensor->shape);
  smb_exec_check (exec, "download",
                  exec->device->abi->download (exec->device->ctx, host->data, tensor->data,
                                               smb_tensor_get_bytes (tensor)));
  if (exec->error != NULL)
    g_clear_pointer (&host, smb_tensor_unref);
  return host;
}

void
smb_exec_output (SmbExec *exec, SmbTensorDict *dict, const char *name, const SmbTensor *tensor)
{
  g_autoptr (SmbTensor) host = smb_exec_download (exec, tensor);

  exec->outputs += smb_tensor_get_bytes (tensor);
  if (host != NULL)
    smb_tensor_dict_set (dict, name, host);
}

void
smb_exec_output_part (SmbExec *exec, SmbTensorDict *dict, const char *name, const SmbTensor *part, gint64 from,
                      gint64 of)
{
  SmbTensor *whole;

  exec->outputs += smb_tensor_get_bytes (part);
  if (!smb_exec_is_live (exec))
    return;
  if (from == 0) {
    gint64 shape[SMB_MAX_RANK];

    memcpy (shape, part->shape, sizeof shape);
    shape[0] = of;
    whole = smb_block_cache_take_tensor (exec->results, part->rank, shape);
    smb_tensor_dict_set (dict, name, whole);
    smb_tensor_unref (whole);
  }
  whole = smb_tensor_dict_get (dict, name);
  smb_exec_check (exec, "download",
                  exec->device->abi->download (
                      exec->device->ctx,
                      (char *) whole->data + (gsize) from * (smb_tensor_get_bytes (part) / (gsize) part->shape[0]),
                      part->data, smb_tensor_get_bytes (part)));
}

SmbExecMark
smb_exec_mark (SmbExec *exec)
{
  return (SmbExecMark){ exec->used, exec->tensors->len };
}

void
smb_exec_rewind (SmbExec *exec, SmbExecMark mark)
{
  g_return_if_fail (mark.used_bytes <= exec->used && mark.n_tensors <= exec->tensors->len);
  exec->used = mark.used_bytes;
  g_ptr_array_set_size (exec->tensors, (int) mark.n_tensors);
}

static void
mix (guint64 *key, guint64 value)
{
  *key = (*key ^ value) * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);
  *key ^= *key >> 29;
}

void
smb_exec_sequence_begin (SmbExec *exec, gconstpointer owner, ...)
{
  const SmbBackendAbi *abi = exec->device->abi;
  const SmbTensor *tensor;
  guint64 key = 0;
  int known = 0;
  va_list args;

  g_return_if_fail (!exec->in_sequence);
  if (abi->sequence_begin == NULL || exec->no_sequences || !smb_exec_is_live (exec))
    return;
  mix (&key, (guintptr) owner);
  mix (&key, (guintptr) exec->block->data);
  mix (&key, exec->used);
  va_start (args, owner);
  while ((tensor = va_arg (args, const SmbTensor *)) != NULL) {
    mix (&key, (guintptr) tensor->data);
    mix (&key, (guint64) tensor->rank);
    for (int i = 0; i < tensor->rank; i++)
      mix (&key, (guint64) tensor->shape[i]);
  }
  va_end (args);
  smb_exec_check (exec, "sequence", abi->sequence_begin (exec->device->ctx, key, &known));
  exec->in_sequence = exec->error == NULL;
  exec->left_out = exec->in_sequence && known != 0;
}

void
smb_exec_sequence_end (SmbExec *exec)
{
  SmbStatus status;

  if (!exec->in_sequence)
    return;
  exec->in_sequence = exec->left_out = FALSE;
  status = exec->device->abi->sequence_end (exec->device->ctx, exec->error == NULL);
  if (status != SMB_STATUS_REPEAT) {
    smb_exec_check (exec, "sequence", status);
  } else if (!g_error_matches (exec->error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
    g_clear_error (&exec->error); /* perhaps only because of the sequence: the next run will tell */
    exec->must_repeat = TRUE;
  }
}

gboolean
smb_exec_must_repeat (SmbExec *exec)
{
  return exec->must_repeat;
}
