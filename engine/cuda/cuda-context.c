/* SPDX-License-Identifier: Apache-2.0 */
#include "cuda/cuda-private.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* Contexts, what went wrong, and the table itself. */

/* Failures before there is a context. */
static _Thread_local char early_error[sizeof ((SmbCuda *) 0)->error];

SmbStatus
smb_cuda_fail (SmbCuda *cuda, SmbStatus status, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  vsnprintf (cuda != NULL ? cuda->error : early_error, sizeof early_error, format, args);
  va_end (args);
  return status;
}

SmbStatus
smb_cuda_check (SmbCuda *cuda, cudaError_t result, const char *what)
{
  if (result == cudaSuccess)
    return SMB_STATUS_OK;
  cudaGetLastError (); /* so that the next operation does not find it again */
  if (result == cudaErrorMemoryAllocation)
    return smb_cuda_fail (cuda, SMB_STATUS_NO_MEMORY,
                          "the card has no memory left (%s); use a smaller batch or close other programs on it.", what);
  if (result == cudaErrorNoKernelImageForDevice || result == cudaErrorInvalidDeviceFunction
      || result == cudaErrorUnsupportedPtxVersion)
    return smb_cuda_fail (cuda, SMB_STATUS_UNSUPPORTED,
                          "this program was built without code for this card; install a newer driver or build it for "
                          "the card (meson option nvidia_archs).");
  if (result == cudaErrorDevicesUnavailable)
    return smb_cuda_fail (cuda, SMB_STATUS_FAILED, "another program has the card for itself; wait for it to end.");
  return smb_cuda_fail (cuda, SMB_STATUS_FAILED, "the card failed (%s: %s); start the program again.", what,
                        cudaGetErrorString (result));
}

SmbStatus
smb_cuda_launched (SmbCuda *cuda, const char *what)
{
  return smb_cuda_check (cuda, cudaPeekAtLastError (), what);
}

SmbStatus
smb_cuda_enter (SmbCuda *cuda)
{
  return smb_cuda_check (cuda, cudaSetDevice (cuda->device), "turning to the card");
}

static void
context_free (void *ctx)
{
  SmbCuda *cuda = ctx;

  if (cuda == NULL)
    return;
  cudaSetDevice (cuda->device);
  if (cuda->stream != NULL)
    cudaStreamSynchronize (cuda->stream);
  smb_cuda_group_leave (cuda->group);
  smb_cuda_ahead_free (cuda->ahead);
  smb_cuda_sequences_free (cuda->sequences);
  smb_cuda_plans_free (cuda->plans);
  smb_cuda_pieces_clear (&cuda->staging);
  smb_cuda_pool_free (cuda->pool);
  if (cuda->blas != NULL)
    cublasLtDestroy (cuda->blas);
  if (cuda->stream != NULL)
    cudaStreamDestroy (cuda->stream);
  free (cuda);
}

static SmbStatus
context_fill (SmbCuda *cuda)
{
  int most_shared = 0;
  SmbStatus status = smb_cuda_enter (cuda);

  if (status == SMB_STATUS_OK)
    status = smb_cuda_check (cuda, smb_cuda_code_present (), "looking for code for this card");
  if (status == SMB_STATUS_OK)
    status = smb_cuda_check (cuda, cudaStreamCreateWithFlags (&cuda->stream, cudaStreamNonBlocking), "making a stream");
  if (status == SMB_STATUS_OK)
    status = smb_cuda_check (
      cuda, cudaDeviceGetAttribute (&most_shared, cudaDevAttrMaxSharedMemoryPerBlockOptin, cuda->device),
      "asking for the shared memory");
  if (status != SMB_STATUS_OK)
    return status;
  cuda->most_shared = (size_t) most_shared;
  status = smb_cuda_blas_check (cuda, cublasLtCreate (&cuda->blas), "starting");
  if (status == SMB_STATUS_OK)
    status = smb_cuda_pieces_make (cuda, &cuda->staging);
  if (status != SMB_STATUS_OK)
    return status;
  cuda->pool = smb_cuda_pool_new ();
  cuda->plans = smb_cuda_plans_new ();
  cuda->sequences = smb_cuda_sequences_new ();
  if (cuda->pool == NULL || cuda->plans == NULL || cuda->sequences == NULL)
    return smb_cuda_fail (cuda, SMB_STATUS_NO_MEMORY, "There is not enough memory to start computing.");
  return SMB_STATUS_OK;
}

static SmbStatus
context_new (int device, int threads, void **ctx_out)
{
  struct cudaDeviceProp properties;
  SmbStatus status = smb_cuda_device_check (device, &properties);
  SmbCuda *cuda;

  if (status != SMB_STATUS_OK)
    return status;
  cuda = calloc (1, sizeof *cuda);
  if (cuda == NULL)
    return smb_cuda_fail (NULL, SMB_STATUS_NO_MEMORY, "There is not enough memory to start computing.");
  cuda->device = device;
  cuda->capability = properties.major * 10 + properties.minor;
  status = context_fill (cuda);
  if (status != SMB_STATUS_OK) {
    smb_cuda_fail (NULL, status, "%s", cuda->error);
    context_free (cuda);
    return status;
  }
  *ctx_out = cuda;
  return SMB_STATUS_OK;
}

static const char *
context_error (void *ctx)
{
  return ctx != NULL ? ((SmbCuda *) ctx)->error : early_error;
}

static SmbStatus
synchronise (void *ctx)
{
  SmbCuda *cuda = ctx;
  SmbStatus status = smb_cuda_enter (cuda);

  if (status == SMB_STATUS_OK)
    status = smb_cuda_sequence_outside (cuda);
  return status != SMB_STATUS_OK ? status
                                 : smb_cuda_check (cuda, cudaStreamSynchronize (cuda->stream), "waiting for results");
}

__attribute__ ((visibility ("default"))) const SmbBackendAbi *
smb_backend_entry (void)
{
#define ENTRY(name) .name = smb_cuda_##name,
  static const SmbBackendAbi abi = {
    .abi_version = SMB_BACKEND_ABI_VERSION,
    .struct_bytes = sizeof (SmbBackendAbi),
    .name = "cuda",
    .device_count = smb_cuda_device_count,
    .why = smb_cuda_why,
    .device_describe = smb_cuda_device_describe,
    .context_new = context_new,
    .context_free = context_free,
    .context_error = context_error,
    .synchronise = synchronise,
    .alloc = smb_cuda_alloc,
    .release = smb_cuda_release,
    .upload = smb_cuda_upload,
    .download = smb_cuda_download,
    .copy = smb_cuda_copy,
    .upload_ahead = smb_cuda_upload_ahead,
    .upload_take = smb_cuda_upload_take,
    .sequence_begin = smb_cuda_sequence_begin,
    .sequence_end = smb_cuda_sequence_end,
    SMB_BACKEND_OPERATIONS (ENTRY)
    .group_id = smb_cuda_group_id,
    .group_join = smb_cuda_group_join,
    .group_sum = smb_cuda_group_sum,
  };
#undef ENTRY

  return &abi;
}
