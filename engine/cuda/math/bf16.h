/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "cuda/math/host-device.h"

/* bfloat16 as its bits: float32 rounded to the nearest, ties to even; NaN stays NaN, what is too large becomes
 * infinity. */
typedef uint16_t SmbBf16;

SMB_HD SmbBf16
smb_bf16_of (float x)
{
  uint32_t bits;

  memcpy (&bits, &x, sizeof bits);
  if ((bits & 0x7fffffffu) > 0x7f800000u)
    return (SmbBf16) (bits >> 16 | 0x40u);
  return (SmbBf16) ((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16);
}

SMB_HD float
smb_bf16_value (SmbBf16 b)
{
  uint32_t bits = (uint32_t) b << 16;
  float x;

  memcpy (&x, &bits, sizeof x);
  return x;
}

/* Two neighbours in one word, the first in the low half: what the matrix units take. */
SMB_HD uint32_t
smb_bf16_pair (float first, float second)
{
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
  uint32_t pair;

  asm ("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(pair) : "f"(second), "f"(first));
  return pair;
#else
  return (uint32_t) smb_bf16_of (first) | (uint32_t) smb_bf16_of (second) << 16;
#endif
}
