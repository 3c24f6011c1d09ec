/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "cpu/cpu-private.h"

/* Below so many multiplications waking threads would cost more than it saves. */
#define SMB_CPU_SMALL 1e5

/* What weight_prepare makes. */
typedef struct {
  const SmbCpuLinear *k;
  int64_t n_out, n_in, n_panels;
  void *panels;
} SmbCpuPrepared;

/* One layer over weights that are packed; `a`'s own are not looked at. */
SmbStatus smb_cpu_packed_forward (SmbCpu *cpu, const SmbLinearForward *a, const SmbCpuPrepared *prepared);
