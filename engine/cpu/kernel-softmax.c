/* SPDX-License-Identifier: Apache-2.0 */
#include "cpu/kernel-list.h"

#include "cpu/cpu-vector.h"

#include <math.h>

float
KERNEL (softmax) (float *row, float scale, int64_t n)
{
  Vec top = vec_of (-INFINITY), sums = { 0 };
  float most = -INFINITY, sum, lanes[LANES];
  int64_t i;

  for (i = 0; i + LANES <= n; i += LANES) {
    Vec x = vec_load (row + i) * scale;

    vec_store (row + i, x);
    top = vec_max (top, x);
  }
  memcpy (lanes, &top, sizeof lanes);
  for (int j = 0; j < LANES; j++)
    most = lanes[j] > most || lanes[j] != lanes[j] ? lanes[j] : most;
  for (; i < n; i++) {
    row[i] *= scale;
    most = row[i] > most || row[i] != row[i] ? row[i] : most;
  }
  for (i = 0; i + LANES <= n; i += LANES) {
    Vec e = vec_exp_negative (vec_load (row + i) - most);

    vec_store (row + i, e);
    sums += e;
  }
  if (i < n) {
    Vec e = vec_exp_negative (vec_load_some (row + i, n - i) - most);

    vec_store_some (row + i, e, n - i);
    sums += vec_load_some (row + i, n - i); /* zeros, not exponentials, behind the end */
  }
  sum = vec_sum (sums);
  KERNEL (scale) (row, 1.0f / sum, row, n);
  return most + logf (sum);
}

void
KERNEL (softmax_again) (float *row, float scale, float lse, int64_t n)
{
  FOR_VECTORS (i, n)
    STORE (row + i, vec_exp_negative (LOAD (row + i) * scale - lse));
}

void
KERNEL (softmax_grad) (float *ds, const float *p, const float *dp, float delta, float scale, int64_t n)
{
  FOR_VECTORS (i, n)
    STORE (ds + i, LOAD (p + i) * (LOAD (dp + i) - delta) * scale);
}

void
KERNEL (add_relevance) (float *sum, const float *p, const float *dp, int64_t n)
{
  FOR_VECTORS (i, n) {
    Vec both = LOAD (p + i) * LOAD (dp + i);

    STORE (sum + i, LOAD (sum + i) + vec_select (both < 0.0f, vec_of (0.0f), both));
  }
}
