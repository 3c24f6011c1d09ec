/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The mathematics of one element, in headers that are C as well as CUDA: the kernels use them, and tests/cuda compares
 * them with float64 on machines that have no graphics card. */

#include <math.h>
#include <stdint.h>
#include <string.h>

#ifdef __CUDACC__
#define SMB_HD static __host__ __device__ __forceinline__
#else
#define SMB_HD static inline __attribute__ ((unused))
#endif

SMB_HD int64_t
smb_ceil_div (int64_t n, int64_t by)
{
  return (n + by - 1) / by;
}

SMB_HD int64_t
smb_round_up (int64_t n, int64_t to)
{
  return smb_ceil_div (n, to) * to;
}
