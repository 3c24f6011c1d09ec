/* SPDX-License-Identifier: Apache-2.0 */
#include "cpu/kernel-list.h"

#include "cpu/cpu-vector.h"

#include <math.h>

void
KERNEL (add) (float *y, const float *a, const float *b, int64_t n)
{
  FOR_VECTORS (i, n)
    STORE (y + i, LOAD (a + i) + LOAD (b + i));
}

void
KERNEL (add_scaled) (float *y, const float *a, float s, const float *b, int64_t n)
{
  FOR_VECTORS (i, n)
    STORE (y + i, LOAD (a + i) + s * LOAD (b + i));
}

void
KERNEL (scale) (float *y, float s, const float *x, int64_t n)
{
  FOR_VECTORS (i, n)
    STORE (y + i, s * LOAD (x + i));
}

void
KERNEL (mix) (float *y, float s, const float *a, float t, const float *b, int64_t n)
{
  FOR_VECTORS (i, n)
    STORE (y + i, s * LOAD (a + i) + t * LOAD (b + i));
}

float
KERNEL (dot) (const float *a, const float *b, int64_t n)
{
  Vec sums = { 0 };

  FOR_VECTORS (i, n)
    sums += LOAD (a + i) * LOAD (b + i);
  return vec_sum (sums);
}

float
KERNEL (squared_distance) (const float *a, const float *b, int64_t n)
{
  Vec sums = { 0 };

  FOR_VECTORS (i, n) {
    Vec d = LOAD (a + i) - LOAD (b + i);

    sums += d * d;
  }
  return vec_sum (sums);
}

double
KERNEL (sum_squares) (const float *x, int64_t n)
{
  double lanes[8] = { 0 }, sum = 0;
  int64_t i = 0;

  for (; i + 8 <= n; i += 8)
    for (int j = 0; j < 8; j++)
      lanes[j] += (double) x[i + j] * x[i + j];
  for (; i < n; i++)
    lanes[i & 7] += (double) x[i] * x[i];
  for (int j = 0; j < 8; j++)
    sum += lanes[j];
  return sum;
}

void
KERNEL (adamw) (float *param, float *m, float *v, const float *grad, const SmbCpuAdamStep *step, int64_t n)
{
  SmbCpuAdamStep s = *step;

  for (int64_t i = 0; i < n; i++) {
    float g = grad[i] * s.grad_scale;
    float mi = s.beta1 * m[i] + s.rest1 * g;
    float vi = s.beta2 * v[i] + s.rest2 * g * g;

    m[i] = mi;
    v[i] = vi;
    param[i] = param[i] * s.keep - s.step * mi / (sqrtf (vi) * s.unbias + s.eps);
  }
}
