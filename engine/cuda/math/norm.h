/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "cuda/math/host-device.h"

/* One element of a normalised row, and the terms of its gradient. */

SMB_HD float
smb_layer_norm_value (float x, float mean, float rstd, float w, float b)
{
  return (x - mean) * rstd * w + b;
}

/* dx of one element: g = dy w, and the means over the row of g and of g xhat. */
SMB_HD float
smb_layer_norm_slope (float dy, float w, float x, float mean, float rstd, float g_mean, float gx_mean)
{
  return (dy * w - g_mean - (x - mean) * rstd * gx_mean) * rstd;
}

/* The length a row is divided by: never less than 1e-12, and NaN where the row holds one. */
SMB_HD float
smb_unit_length (float squares)
{
  float norm = sqrtf (squares);

  return norm < 1e-12f ? 1e-12f : norm;
}
