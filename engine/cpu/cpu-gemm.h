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

/* A product of small matrices on the calling thread: p over the rows of x and over b, whose rows lie ldb apart: (n_out,
 * n_in), or (n_in, n_out) where trans_b is 0. `room`: 64-byte aligned, smb_cpu_small_bytes for as many or more. */
size_t smb_cpu_small_bytes (const SmbCpuLinear *k, int64_t rows, int64_t n_out, int64_t n_in);
void smb_cpu_small_product (const SmbCpuLinear *k, void *room, const SmbCpuProduct *p, const SmbCpuRows *x,
                            const float *b, int64_t ldb, int trans_b);

/* c (m,n) = alpha op(a) op(b) [+ c], in the number format of `k`, which can pack across. */
SmbStatus smb_cpu_gemm_with (SmbCpu *cpu, const SmbCpuLinear *k, float *c, const float *a, const float *b, int64_t m,
                             int64_t n, int64_t n_in, int trans_a, int trans_b, float alpha, int accumulate);
