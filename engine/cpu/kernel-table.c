/* SPDX-License-Identifier: Apache-2.0 */
#include "cpu/kernel-list.h"

const SmbCpuKernels KERNEL (table) = {
  .linear = &KERNEL (linear),
  .gelu = KERNEL (gelu),
  .gelu_grad = KERNEL (gelu_grad),
  .relu = KERNEL (relu),
  .relu_grad = KERNEL (relu_grad),
  .softmax = KERNEL (softmax),
  .softmax_again = KERNEL (softmax_again),
  .softmax_grad = KERNEL (softmax_grad),
  .add_relevance = KERNEL (add_relevance),
  .layer_norm = KERNEL (layer_norm),
  .layer_norm_grad = KERNEL (layer_norm_grad),
  .layer_norm_columns = KERNEL (layer_norm_columns),
  .column_sums = KERNEL (column_sums),
  .dot = KERNEL (dot),
  .moments = KERNEL (moments),
  .squared_distance = KERNEL (squared_distance),
  .sum_squares = KERNEL (sum_squares),
  .add = KERNEL (add),
  .add_scaled = KERNEL (add_scaled),
  .scale = KERNEL (scale),
  .mix = KERNEL (mix),
  .adamw = KERNEL (adamw),
};
