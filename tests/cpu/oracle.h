/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdint.h>

#include "backend/smb-backend-abi.h"

/* Every operation again, written from its formula in float64 with plain loops: slow, and independent of the engine.
 * Shapes and arguments as in smb-backend-abi.h. */

void oracle_gemm (double *c, const double *a, const double *b, int64_t m, int64_t n, int64_t k, int trans_a,
                  int trans_b, double alpha, double beta);
void oracle_linear (double *y, double *before, const double *x, const double *w, const double *bias,
                    const double *residual, int64_t rows, int64_t n_in, int64_t n_out, SmbEpilogue epilogue);
void oracle_attention (double *y, double *probs, double *lse, const double *qkv, int64_t b, int64_t t, int64_t h,
                       int64_t d);
void oracle_layer_norm (double *y, double *mean, double *rstd, const double *x, const double *w, const double *bias,
                        int64_t rows, int64_t c, double eps);
double oracle_gelu (double x);
void oracle_unit_rows (double *y, double *norm, const double *x, int64_t rows, int64_t c);
void oracle_patchify (double *out, const double *images, int64_t b, int64_t chans, int64_t height, int64_t width,
                      int64_t patch, SmbPatchOrder order);
void oracle_tokens (double *out, const double *x, const double *cls, const double *pos, const int32_t *index,
                    int64_t b, int64_t k, int64_t c);
void oracle_unshuffle (double *out, const double *x, const double *mask, const double *pos, const int32_t *index,
                       int64_t b, int64_t l, int64_t k, int64_t c);
void oracle_mean_tokens (double *out, const double *x, int64_t b, int64_t t, int64_t c, int64_t first);
void oracle_recon_target (double *target, double *mean, double *sd, int64_t rows, int64_t pix, int normalise);
void oracle_recon_error (double *error, const double *pred, const double *target, int64_t rows, int64_t pix);
