/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "backend/smb-backend-abi.h"

/* The backend that is always there: own kernels, no library. Static, never freed. */
const SmbBackendAbi *smb_cpu_backend (void);

/* The instruction sets the own kernels are built for, slowest first. */
typedef enum {
  SMB_CPU_ISA_BASE = 0, /* what the compiler assumes for this architecture: SSE2 on x86-64 */
  SMB_CPU_ISA_AVX2,     /* x86-64-v3 */
  SMB_CPU_ISA_AVX512,   /* x86-64-v4 */
  SMB_CPU_ISA_AMX,      /* the same with tile registers, which the system must grant */
} SmbCpuIsa;

/* The best that both this build and this processor have. */
SmbCpuIsa smb_cpu_best_isa (void);

/* Limits contexts opened from now on to `isa` or below, in the whole process; for tests and for comparing. The default
 * is the best there is. Returns what will really be used. */
SmbCpuIsa smb_cpu_limit_isa (SmbCpuIsa isa);
