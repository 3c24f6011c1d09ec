/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* As much of NCCL as engine/cuda calls, between processes of this machine that share a file (emulator-nccl.c). */

#include "cuda_runtime_api.h"

typedef enum { ncclSuccess = 0, ncclSystemError = 2 } ncclResult_t;
typedef enum { ncclFloat32 = 7 } ncclDataType_t;
typedef struct SmbEmulatedComm *ncclComm_t;
typedef struct {
  char internal[128];
} ncclUniqueId;

ncclResult_t ncclGetUniqueId (ncclUniqueId *id);
ncclResult_t ncclCommInitRank (ncclComm_t *comm, int size, ncclUniqueId id, int rank);
ncclResult_t ncclCommDestroy (ncclComm_t comm);
ncclResult_t ncclAllGather (const void *own, void *all, size_t n, ncclDataType_t type, ncclComm_t comm,
                            cudaStream_t stream);
const char *ncclGetErrorString (ncclResult_t result);
