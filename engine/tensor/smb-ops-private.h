/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "tensor/smb-ops.h"

/* Values of a tensor that may be absent. */
#define DATA(tensor)  ((tensor) != NULL ? (float *) (tensor)->data : NULL)
#define INDEX(tensor) ((tensor) != NULL ? (const int32_t *) (tensor)->data : NULL)
#define LAST(tensor)  ((tensor)->rank > 0 ? (tensor)->shape[(tensor)->rank - 1] : 1)
#define ROWS(tensor)  (LAST (tensor) > 0 ? (tensor)->n / LAST (tensor) : 0)
#define HAS(tensor, count) ((tensor) == NULL || (tensor)->n == (count))

/* How the numbers of an activation lie in memory. */
static inline SmbNumber
number_of (const SmbTensor *tensor)
{
  return tensor->dtype == SMB_DTYPE_BF16 ? SMB_NUMBER_BF16 : SMB_NUMBER_F32;
}

/* Whether none of the tensors (NULL ends the list) is in bfloat16. */
static inline gboolean
none_halved (const SmbTensor *const *tensors)
{
  for (; *tensors != NULL; tensors++)
    if ((*tensors)->dtype == SMB_DTYPE_BF16)
      return FALSE;
  return TRUE;
}

/* Whether the device takes each of the tensors (NULL ends the list; float32 always) as it lies in memory. */
static inline gboolean
all_taken (SmbExec *exec, const SmbTensor *const *tensors)
{
  for (; *tensors != NULL; tensors++)
    if ((*tensors)->dtype == SMB_DTYPE_BF16
        && (!smb_exec_get_device (exec)->info.halves || LAST (*tensors) % SMB_HALVES_ROW != 0))
      return FALSE;
  return TRUE;
}

/* Checks, then calls `abi->call` with ctx, unless the run is dry or has failed. The tensors named last go into the
 * message of a misfit. */
#define RUN_HALVES(exec, operation, fits, call, ...)                                                                   \
  G_STMT_START                                                                                                         \
  {                                                                                                                    \
    if (!(fits) || !all_taken ((exec), (const SmbTensor *const[]){ __VA_ARGS__, NULL }))                               \
      smb_exec_misfit ((exec), operation, __VA_ARGS__, NULL);                                                          \
    else if (smb_exec_computes (exec)) {                                                                               \
      const SmbBackendAbi *abi = smb_exec_get_device (exec)->abi;                                                      \
      void *ctx = smb_exec_get_device (exec)->ctx;                                                                     \
      smb_exec_check ((exec), operation, abi->call);                                                                   \
    }                                                                                                                  \
  }                                                                                                                    \
  G_STMT_END

/* The same for an operation that takes float32 alone (and indices). */
#define RUN(exec, operation, fits, call, ...)                                                                          \
  RUN_HALVES (exec, operation, none_halved ((const SmbTensor *const[]){ __VA_ARGS__, NULL }) && (fits), call,          \
              __VA_ARGS__)
