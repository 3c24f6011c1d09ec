/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "cuda/math/host-device.h"

/* Which element of a 16 x 8 product (16 deep, bfloat16) a lane's registers hold: the layout of mma.m16n8k16 in the PTX
 * manual. Each register of A and B holds two neighbours along the depth, each of C one number. */

SMB_HD int
smb_fragment_a_row (int lane, int reg)
{
  return lane / 4 + (reg & 1) * 8;
}

SMB_HD int
smb_fragment_a_depth (int lane, int reg)
{
  return lane % 4 * 2 + (reg >> 1) * 8;
}

SMB_HD int
smb_fragment_b_column (int lane)
{
  return lane / 4;
}

SMB_HD int
smb_fragment_b_depth (int lane, int reg)
{
  return lane % 4 * 2 + reg * 8;
}

SMB_HD int
smb_fragment_c_row (int lane, int reg)
{
  return lane / 4 + (reg >> 1) * 8;
}

SMB_HD int
smb_fragment_c_column (int lane, int reg)
{
  return lane % 4 * 2 + (reg & 1);
}
