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

/* The first factor of a product: `count` rows, which lie `ld` floats apart, or the columns of such rows. */
typedef struct {
  const float *x;
  int64_t ld, count;
  int turned;
} SmbCpuRows;

/* p over packed weights, split over the threads. */
SmbStatus smb_cpu_multiply (SmbCpu *cpu, const SmbCpuProduct *p, const SmbCpuRows *x, const SmbCpuPrepared *w);

/* c (m,n) = alpha op(a) op(b) [+ c], in the number format of `k`, which can pack across. */
SmbStatus smb_cpu_gemm_with (SmbCpu *cpu, const SmbCpuLinear *k, float *c, const float *a, const float *b, int64_t m,
                             int64_t n, int64_t n_in, int trans_a, int trans_b, float alpha, int accumulate);
