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
  if (result == cudaErrorNoKernelImageForDevice || result == cudaErrorUnsupportedPtxVersion)
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
  smb_cuda_plans_free (cuda->plans);
  smb_cuda_staging_free (cuda->staging);
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
  if (cublasLtCreate (&cuda->blas) != CUBLAS_STATUS_SUCCESS)
    return smb_cuda_fail (cuda, SMB_STATUS_FAILED, "cuBLASLt could not be started; install it as it came with CUDA.");
  cuda->pool = smb_cuda_pool_new ();
  cuda->plans = smb_cuda_plans_new ();
  cuda->staging = smb_cuda_staging_new ();
  if (cuda->pool == NULL || cuda->plans == NULL || cuda->staging == NULL)
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

  return status != SMB_STATUS_OK ? status
                                 : smb_cuda_check (cuda, cudaStreamSynchronize (cuda->stream), "waiting for results");
}

__attribute__ ((visibility ("default"))) const SmbBackendAbi *
smb_backend_entry (void)
{
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
    .fill = smb_cuda_fill,
    .weight_prepare = smb_cuda_weight_prepare,
    .weight_release = smb_cuda_weight_release,
    .linear_forward = smb_cuda_linear_forward,
    .linear_backward = smb_cuda_linear_backward,
    .gemm = smb_cuda_gemm,
    .attention_forward = smb_cuda_attention_forward,
    .attention_backward = smb_cuda_attention_backward,
    .layer_norm_forward = smb_cuda_layer_norm_forward,
    .layer_norm_backward = smb_cuda_layer_norm_backward,
    .gelu_forward = smb_cuda_gelu_forward,
    .gelu_backward = smb_cuda_gelu_backward,
    .relu_forward = smb_cuda_relu_forward,
    .relu_backward = smb_cuda_relu_backward,
    .unit_rows_forward = smb_cuda_unit_rows_forward,
    .unit_rows_backward = smb_cuda_unit_rows_backward,
    .axpy = smb_cuda_axpy,
    .residual_add = smb_cuda_residual_add,
    .scale_samples = smb_cuda_scale_samples,
    .patchify = smb_cuda_patchify,
    .unpatchify = smb_cuda_unpatchify,
    .gather_rows = smb_cuda_gather_rows,
    .tokens_forward = smb_cuda_tokens_forward,
    .tokens_backward = smb_cuda_tokens_backward,
    .unshuffle_forward = smb_cuda_unshuffle_forward,
    .unshuffle_backward = smb_cuda_unshuffle_backward,
    .add_table = smb_cuda_add_table,
    .mean_tokens_forward = smb_cuda_mean_tokens_forward,
    .mean_tokens_backward = smb_cuda_mean_tokens_backward,
    .take_row_forward = smb_cuda_take_row_forward,
    .take_row_backward = smb_cuda_take_row_backward,
    .recon_target = smb_cuda_recon_target,
    .recon_error = smb_cuda_recon_error,
    .recon_backward = smb_cuda_recon_backward,
    .adamw = smb_cuda_adamw,
    .ema = smb_cuda_ema,
    .sum_squares = smb_cuda_sum_squares,
    .group_id = smb_cuda_group_id,
    .group_join = smb_cuda_group_join,
    .group_sum = smb_cuda_group_sum,
  };

  return &abi;
}
