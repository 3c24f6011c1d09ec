/* SPDX-License-Identifier: Apache-2.0 */
#include "cuda/cuda-private.h"

#include <stdio.h>

/* Which cards there are, and why one cannot be used. */

#define LEAST_CAPABILITY 75
#define BF16_CAPABILITY  80 /* TF32 as well */

static _Thread_local char why_text[256];

int
smb_cuda_device_count (void)
{
  int count = 0, driver = 0, wanted = CUDART_VERSION;
  cudaError_t result = cudaGetDeviceCount (&count);

  if (result == cudaSuccess && count > 0)
    return count;
  if (cudaDriverGetVersion (&driver) != cudaSuccess || driver == 0)
    snprintf (why_text, sizeof why_text,
              "no NVIDIA driver is installed; install it (on Debian: nvidia-driver) and start the machine again.");
  else if (result == cudaErrorInsufficientDriver)
    snprintf (why_text, sizeof why_text,
              "the NVIDIA driver is made for CUDA %d.%d, this program for CUDA %d.%d; install a newer driver.",
              driver / 1000, driver % 1000 / 10, wanted / 1000, wanted % 1000 / 10);
  else if (result == cudaSuccess || result == cudaErrorNoDevice)
    snprintf (why_text, sizeof why_text, "the NVIDIA driver finds no graphics card that this program may use.");
  else
    snprintf (why_text, sizeof why_text, "the NVIDIA driver does not answer (%s); start the machine again.",
              cudaGetErrorString (result));
  cudaGetLastError ();
  return -1;
}

const char *
smb_cuda_why (void)
{
  return why_text;
}

SmbStatus
smb_cuda_device_check (int device, struct cudaDeviceProp *p)
{
  int count = smb_cuda_device_count (), mode = cudaComputeModeDefault;

  if (count < 0)
    return smb_cuda_fail (NULL, SMB_STATUS_NO_DEVICE, "%s", why_text);
  if (device < 0 || device >= count)
    return smb_cuda_fail (NULL, SMB_STATUS_NO_DEVICE, "there is no graphics card number %d; this machine has 0 to %d.",
                          device, count - 1);
  if (cudaGetDeviceProperties (p, device) != cudaSuccess
      || cudaDeviceGetAttribute (&mode, cudaDevAttrComputeMode, device) != cudaSuccess)
    return smb_cuda_check (NULL, cudaGetLastError (), "asking the card what it is");
  if (p->major * 10 + p->minor < LEAST_CAPABILITY)
    return smb_cuda_fail (NULL, SMB_STATUS_UNSUPPORTED,
                          "the card %s is too old (compute capability %d.%d, 7.5 is needed); use another.", p->name,
                          p->major, p->minor);
  if (mode == cudaComputeModeProhibited)
    return smb_cuda_fail (NULL, SMB_STATUS_UNSUPPORTED,
                          "computing on the card %s is forbidden; its administrator can allow it (nvidia-smi -c 0).",
                          p->name);
  return SMB_STATUS_OK;
}

SmbStatus
smb_cuda_device_describe (int device, SmbDeviceInfo *out)
{
  struct cudaDeviceProp properties = { 0 };
  size_t free_bytes = 0, total_bytes = 0;
  int driver = 0;
  SmbStatus status = smb_cuda_device_check (device, &properties);

  if (status != SMB_STATUS_OK)
    return status;
  if (cudaSetDevice (device) != cudaSuccess || cudaMemGetInfo (&free_bytes, &total_bytes) != cudaSuccess
      || cudaDriverGetVersion (&driver) != cudaSuccess || smb_cuda_code_present () != cudaSuccess)
    return smb_cuda_check (NULL, cudaGetLastError (), "starting to compute on the card");
  *out = (SmbDeviceInfo){ .total_bytes = total_bytes, .free_bytes = free_bytes,
                          .precisions = 1u << SMB_PRECISION_F32, .quick = SMB_PRECISION_F32 };
  if (properties.major * 10 + properties.minor >= BF16_CAPABILITY) {
    out->precisions |= 1u << SMB_PRECISION_TF32 | 1u << SMB_PRECISION_BF16;
    out->quick = SMB_PRECISION_BF16;
    out->halves = 1;
  }
  snprintf (out->name, sizeof out->name, "%.64s, compute capability %d.%d, driver for CUDA %d.%d", properties.name,
            properties.major, properties.minor, driver / 1000, driver % 1000 / 10);
  return SMB_STATUS_OK;
}
