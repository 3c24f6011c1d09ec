/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "model-test.h"

/* |got - want| / |want| over one tensor (norms, as gradients are compared). */
double train_test_norm_distance (const SmbTensor *got, const SmbTensor *want);
/* Largest difference of two parameters relative to the largest value; of an attn.qkv.bias the key third is left out:
 * its gradient is mathematically zero and Adam makes steps of rounding noise. */
double train_test_param_distance (const char *name, const SmbTensor *got, const SmbTensor *want);
/* Every tensor of `want` against PREFIX-stripped `got`, which may hold more. */
void train_test_params_near (const SmbTensorDict *got, const SmbTensorDict *want, const char *prefix, double limit);
/* The same after one step of AdamW with learning rate lr from gradients scaled by `clip`. Where a gradient is no larger
 * than the rounding of the sums it is made of (a millionth of its tensor's largest), the step g / (|g| + 1e-8) turns
 * that rounding into any fraction of lr: such elements may lie so much further off. */
void train_test_step_near (const SmbTensorDict *got, const SmbTensorDict *want, const SmbTensorDict *gradients,
                           const char *prefix, double limit, double lr, double clip);
void train_test_gradients_near (const SmbTensorDict *got, const SmbTensorDict *want, const char *prefix, double limit);
/* Both hold the same names and bytes. */
void train_test_same_bytes (const SmbTensorDict *a, const SmbTensorDict *b);
