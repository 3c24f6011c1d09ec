/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "cuda/math/host-device.h"

/* Phi (x) = erfc (-x / sqrt 2) / 2. The argument's rounding error is carried along: in the tail it would grow with x^2.
 * */
SMB_HD float
smb_normal_cdf (float x)
{
  const float root_half = 0.70710677f, root_half_rest = 1.2101617e-8f, two_over_root_pi = 1.1283792f;
  float z = -x * root_half, lost;

  if (!(fabsf (x) < 16.0f)) /* 0, 1, or NaN */
    return 0.5f * erfcf (z);
  lost = fmaf (-x, root_half, -z) - x * root_half_rest;
  return 0.5f * (erfcf (z) - two_over_root_pi * expf (-z * z) * lost);
}

SMB_HD float
smb_gelu (float x)
{
  return x * smb_normal_cdf (x);
}

/* d/dx x Phi (x) = Phi (x) + x phi (x), phi (x) = exp (-x^2 / 2) / sqrt (2 pi). */
SMB_HD float
smb_gelu_slope (float x)
{
  float bell = expf (-0.5f * x * x) * 0.39894228f;

  return smb_normal_cdf (x) + (bell == 0.0f ? 0.0f : x * bell);
}

SMB_HD float
smb_relu (float x)
{
  return x < 0.0f ? 0.0f : x; /* NaN stays */
}
