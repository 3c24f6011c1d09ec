/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Kernels on rows, on one thread. The kernel-*.c files are compiled once for each instruction set; a table of each is
 * chosen when a context is opened. Names carry the set's suffix so that the copies can live in one program. */

#include "backend/smb-backend-abi.h"

/* Numbers of one AdamW step, computed once in double. */
typedef struct {
  float keep;          /* 1 - lr wd */
  float beta1, rest1;  /* b1, 1 - b1 */
  float beta2, rest2;
  float step;          /* lr / c1 */
  float unbias;        /* 1 / sqrt (c2) */
  float eps, grad_scale;
} SmbCpuAdamStep;

/* Where the rows of a product go: y = epilogue (alpha x . w^T + bias) [+ residual]. */
typedef struct {
  float *y, *before;            /* before: NULL, or gets the value before the epilogue */
  const float *bias, *residual; /* or NULL; residual may be y */
  int64_t ldy;                  /* floats between rows of y, before and residual */
  int64_t n_in, n_out;
  float alpha;
  SmbEpilogue epilogue;
} SmbCpuProduct;

/* Products with packed weights, in one number format: ceil (n_out / panel) panels of panel_bytes each. */
typedef struct {
  int64_t panel;     /* outputs a panel */
  int64_t tile;      /* rows that are computed together: fewer cost as much */
  int64_t part;      /* how much of a long n_in is best summed at a time */
  int64_t most_n_in; /* 0: any */
  size_t (*panel_bytes) (int64_t n_in);
  /* Panels [panel0, panel1) of w (n_out, n_in), whose rows lie ldw apart. */
  void (*pack) (void *panels, const float *w, int64_t ldw, int64_t n_out, int64_t n_in, int64_t panel0, int64_t panel1);
  /* The same of w (n_in, n_out). NULL: this format is for inference alone. */
  void (*pack_across) (void *panels, const float *w, int64_t ldw, int64_t n_out, int64_t n_in, int64_t panel0,
                       int64_t panel1);
  /* The format's own form of rows of x, row_bytes apart; `forward` may read `spare` rows behind the last. convert NULL:
   * x itself will do. */
  int64_t spare;
  size_t (*row_bytes) (int64_t n_in);
  void (*convert) (void *rows, const float *x, int64_t ldx, int64_t n_in, int64_t count);
  /* The same of columns [0, count) of x (n_in, ldx); NULL as pack_across. */
  void (*turn) (void *rows, const float *x, int64_t ldx, int64_t n_in, int64_t count);
  /* Rows [row0, row1) of the product's outputs in panels [panel0, panel1); `rows`: row0 and what follows it, ld_bytes
   * apart; `panels`: all of them. */
  void (*forward) (const SmbCpuProduct *p, const void *panels, const void *rows, size_t ld_bytes, int64_t row0,
                   int64_t row1, int64_t panel0, int64_t panel1);
} SmbCpuLinear;

typedef struct {
  const SmbCpuLinear *linear; /* in float32 */

  /* Activations: y, dx may be an input. */
  void (*gelu) (float *y, const float *x, int64_t n);
  void (*gelu_grad) (float *dx, const float *dy, const float *x, int64_t n);
  void (*relu) (float *y, const float *x, int64_t n);
  void (*relu_grad) (float *dx, const float *dy, const float *y, int64_t n);

  /* Softmax of scale * row, in place; returns the log of the sum of exponentials. */
  float (*softmax) (float *row, float scale, int64_t n);
  /* row = exp (scale * row - lse) */
  void (*softmax_again) (float *row, float scale, float lse, int64_t n);
  /* ds = p (dp - delta) scale; ds may be dp. */
  void (*softmax_grad) (float *ds, const float *p, const float *dp, float delta, float scale, int64_t n);

  /* sum += max (0, p dp), NaN kept */
  void (*add_relevance) (float *sum, const float *p, const float *dp, int64_t n);

  /* One row of a layer norm. */
  void (*layer_norm) (float *y, float *mean, float *rstd, const float *x, const float *w, const float *b, int64_t c,
                      float eps);
  void (*layer_norm_grad) (float *dx, const float *dy, const float *x, const float *w, float mean, float rstd,
                           int64_t c);
  /* Columns [from, to) of dw += sum dy xhat, db += sum dy over all rows; either may be NULL. */
  void (*layer_norm_columns) (float *dw, float *db, const float *dy, const float *x, const float *mean,
                              const float *rstd, int64_t rows, int64_t c, int64_t from, int64_t to);
  /* Columns [from, to) of out += sum over rows of x (rows, c). */
  void (*column_sums) (float *out, const float *x, int64_t rows, int64_t c, int64_t from, int64_t to);

  float (*dot) (const float *a, const float *b, int64_t n);
  void (*moments) (float *mean, float *sum_of_squared_deviations, const float *x, int64_t n);
  float (*squared_distance) (const float *a, const float *b, int64_t n);
  double (*sum_squares) (const float *x, int64_t n);

  /* Element-wise: y may be an input. */
  void (*add) (float *y, const float *a, const float *b, int64_t n);            /* a + b */
  void (*add_scaled) (float *y, const float *a, float s, const float *b, int64_t n); /* a + s b */
  void (*scale) (float *y, float s, const float *x, int64_t n);
  void (*mix) (float *y, float s, const float *a, float t, const float *b, int64_t n); /* s a + t b */
  void (*adamw) (float *param, float *m, float *v, const float *grad, const SmbCpuAdamStep *step, int64_t n);
} SmbCpuKernels;
