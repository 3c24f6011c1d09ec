/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The kernels of cpu-kernels.h under the name they have in the copy being compiled. SMB_ISA is set by the build: base,
 * avx2 or avx512. */

#include "cpu/cpu-kernels.h"

#include <stddef.h>

#define SUFFIXED_(name, suffix) name##_##suffix
#define SUFFIXED(name, suffix) SUFFIXED_ (name, suffix)
#define KERNEL(name) SUFFIXED (smb_cpu_##name, SMB_ISA)

extern const SmbCpuKernels KERNEL (table);
extern const SmbCpuLinear KERNEL (linear);

void KERNEL (gelu) (float *y, const float *x, int64_t n);
void KERNEL (gelu_grad) (float *dx, const float *dy, const float *x, int64_t n);
void KERNEL (relu) (float *y, const float *x, int64_t n);
void KERNEL (relu_grad) (float *dx, const float *dy, const float *y, int64_t n);
float KERNEL (softmax) (float *row, float scale, int64_t n);
void KERNEL (softmax_again) (float *row, float scale, float lse, int64_t n);
void KERNEL (softmax_grad) (float *ds, const float *p, const float *dp, float delta, float scale, int64_t n);
void KERNEL (add_relevance) (float *sum, const float *p, const float *dp, int64_t n);
void KERNEL (layer_norm) (float *y, float *mean, float *rstd, const float *x, const float *w, const float *b,
                          int64_t c, float eps);
void KERNEL (layer_norm_grad) (float *dx, const float *dy, const float *x, const float *w, float mean, float rstd,
                               int64_t c);
void KERNEL (layer_norm_columns) (float *dw, float *db, const float *dy, const float *x, const float *mean,
                                  const float *rstd, int64_t rows, int64_t c, int64_t from, int64_t to);
void KERNEL (column_sums) (float *out, const float *x, int64_t rows, int64_t c, int64_t from, int64_t to);
float KERNEL (dot) (const float *a, const float *b, int64_t n);
void KERNEL (moments) (float *mean, float *sum_of_squared_deviations, const float *x, int64_t n);
float KERNEL (squared_distance) (const float *a, const float *b, int64_t n);
double KERNEL (sum_squares) (const float *x, int64_t n);
void KERNEL (add) (float *y, const float *a, const float *b, int64_t n);
void KERNEL (add_scaled) (float *y, const float *a, float s, const float *b, int64_t n);
void KERNEL (scale) (float *y, float s, const float *x, int64_t n);
void KERNEL (mix) (float *y, float s, const float *a, float t, const float *b, int64_t n);
void KERNEL (adamw) (float *param, float *m, float *v, const float *grad, const SmbCpuAdamStep *step, int64_t n);
