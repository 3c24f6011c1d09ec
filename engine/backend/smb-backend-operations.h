/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "backend/smb-backend-abi.h"

/* DO (name) for each operation of the table that every backend computes itself, so that a backend declares them all
 * and fills in the table from one list: the types are those of smb-backend-abi.h, which also says what each does. */
#define SMB_BACKEND_OPERATIONS(DO)                                                                                     \
  DO (fill) DO (weight_prepare) DO (weight_release) DO (linear_forward) DO (linear_backward) DO (gemm)                 \
  DO (attention_forward) DO (attention_backward) DO (layer_norm_forward) DO (layer_norm_backward) DO (gelu_forward)    \
  DO (gelu_backward) DO (relu_forward) DO (relu_backward) DO (unit_rows_forward) DO (unit_rows_backward) DO (axpy)     \
  DO (residual_add) DO (scale_samples) DO (patchify) DO (unpatchify) DO (gather_rows) DO (tokens_forward)              \
  DO (tokens_backward) DO (unshuffle_forward) DO (unshuffle_backward) DO (add_table) DO (mean_tokens_forward)          \
  DO (mean_tokens_backward) DO (take_row_forward) DO (take_row_backward) DO (recon_target) DO (recon_error)            \
  DO (recon_backward) DO (adamw) DO (ema) DO (sum_squares)

/* The function PREFIX##name of an operation, declared with the type of its place in the table. */
#define SMB_BACKEND_DECLARE(prefix, name) __typeof__ (*((SmbBackendAbi *) 0)->name) prefix##name;
