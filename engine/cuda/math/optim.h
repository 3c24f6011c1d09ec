/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "cuda/math/host-device.h"

/* Numbers of one AdamW step, computed once in double. */
typedef struct {
  float keep; /* 1 - lr wd */
  float beta1, rest1, beta2, rest2;
  float step;   /* lr / c1 */
  float unbias; /* 1 / sqrt (c2) */
  float eps, grad_scale;
} SmbAdamNumbers;

SMB_HD SmbAdamNumbers
smb_adam_numbers (double lr, double beta1, double beta2, double eps, double weight_decay, double grad_scale, int64_t t)
{
  double c1 = 1.0 - pow (beta1, (double) t), c2 = 1.0 - pow (beta2, (double) t);
  SmbAdamNumbers numbers;

  numbers.keep = (float) (1.0 - lr * weight_decay);
  numbers.beta1 = (float) beta1;
  numbers.rest1 = (float) (1.0 - beta1);
  numbers.beta2 = (float) beta2;
  numbers.rest2 = (float) (1.0 - beta2);
  numbers.step = (float) (lr / c1);
  numbers.unbias = (float) (1.0 / sqrt (c2));
  numbers.eps = (float) eps;
  numbers.grad_scale = (float) grad_scale;
  return numbers;
}

SMB_HD void
smb_adam_update (float *param, float *m, float *v, float grad, const SmbAdamNumbers *s)
{
  float g = grad * s->grad_scale;
  float mi = s->beta1 * *m + s->rest1 * g, vi = s->beta2 * *v + s->rest2 * g * g;

  *m = mi;
  *v = vi;
  *param = *param * s->keep - s->step * mi / (sqrtf (vi) * s->unbias + s->eps);
}
