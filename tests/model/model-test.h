/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "tensor/smb-tensor.h"

/* A dictionary from the reference's fixtures; ends the test if it cannot be read. */
SmbTensorDict *model_test_read (const char *name);
/* Instead of g_test_init: opens the processor with two threads, or what SMB_TEST_DEVICE names; SMB_TEST_ISA limits the
 * processor's kernels (base, avx2, avx512). Where that cannot be used, says why, as a skipped test program does, and
 * ends it. */
void model_test_init (int *argc, char ***argv);
/* What was opened; borrowed. */
SmbDevice *model_test_device (void);
/* Largest difference of two tensors of one shape, relative to the largest expected value. */
double model_test_distance (const SmbTensor *got, const SmbTensor *want);
/* Fails the test, naming the tensor, unless `got` holds it within `limit`. */
void model_test_near (const SmbTensorDict *got, const SmbTensorDict *want, const char *name, double limit);
/* Elements of `from` added to `into`, replacing what has the same name. */
void model_test_merge (SmbTensorDict *into, const SmbTensorDict *from);
