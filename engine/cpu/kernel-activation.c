/* SPDX-License-Identifier: Apache-2.0 */
#include "cpu/kernel-list.h"

#include "cpu/cpu-vector.h"

/* x Phi (x): the exact GELU. */
void
KERNEL (gelu) (float *y, const float *x, int64_t n)
{
  FOR_VECTORS (i, n) {
    Vec v = LOAD (x + i), bell;

    STORE (y + i, v * vec_normal_cdf (v, &bell));
  }
}

/* d/dx x Phi (x) = Phi (x) + x phi (x), phi (x) = exp (-x^2 / 2) / sqrt (2 pi). */
void
KERNEL (gelu_grad) (float *dx, const float *dy, const float *x, int64_t n)
{
  FOR_VECTORS (i, n) {
    Vec v = LOAD (x + i), bell, cdf = vec_normal_cdf (v, &bell);

    STORE (dx + i, LOAD (dy + i) * (cdf + v * (bell * 0.398942280f)));
  }
}

void
KERNEL (relu) (float *y, const float *x, int64_t n)
{
  FOR_VECTORS (i, n) {
    Vec v = LOAD (x + i);

    STORE (y + i, vec_select (v < 0.0f, vec_of (0.0f), v)); /* NaN stays */
  }
}

void
KERNEL (relu_grad) (float *dx, const float *dy, const float *y, int64_t n)
{
  FOR_VECTORS (i, n)
    STORE (dx + i, vec_select (LOAD (y + i) > 0.0f, LOAD (dy + i), vec_of (0.0f)));
}
