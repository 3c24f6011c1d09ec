/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What happens to the sums of a product while they are in registers. */

#include "cpu/cpu-kernels.h"
#include "cpu/cpu-vector.h"

/* One vector of sums to its place: `at` in y, `column` among the outputs. Inside FOR_VECTORS. */
#define FINISH(p, sum, at, column)                                                                                     \
  do {                                                                                                                 \
    Vec z_ = (sum) * (p)->alpha, bell_;                                                                                \
                                                                                                                       \
    if ((p)->bias != NULL)                                                                                             \
      z_ += LOAD ((p)->bias + (column));                                                                               \
    if ((p)->before != NULL)                                                                                           \
      STORE ((p)->before + (at), z_);                                                                                  \
    if ((p)->epilogue == SMB_EPILOGUE_GELU)                                                                            \
      z_ *= vec_normal_cdf (z_, &bell_);                                                                               \
    else if ((p)->epilogue == SMB_EPILOGUE_RELU)                                                                       \
      z_ = vec_select (z_ < 0.0f, vec_of (0.0f), z_);                                                                  \
    if ((p)->residual != NULL)                                                                                         \
      z_ += LOAD ((p)->residual + (at));                                                                               \
    STORE ((p)->y + (at), z_);                                                                                         \
  } while (0)
