/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "weights/smb-weights-file.h"

G_BEGIN_DECLS

/* What the tests of this room share. */

/* SMB_FIXTURES/reference/NAME; free with g_free. */
char *fixture_path (const char *name);
/* Reads it; an error fails the test. */
SmbTensorDict *fixture_read (const char *name);

/* Same type, shape and bytes. */
void assert_tensors_same (const char *name, const SmbTensor *a, const SmbTensor *b);
/* Same names in the same order, same tensors; names of `b` carry `prefix`, its others are passed over. */
void assert_dicts_same (const SmbTensorDict *a, const SmbTensorDict *b, const char *prefix);

/* An error of the engine whose message is one sentence or two that name the file and hold no control character. */
void assert_sentence (const GError *error, const char *path);

/* Reads it from a file of its own (removed again), touches every byte of what comes out, and checks the error's words
 * if none does. Returns whether it could be read. */
gboolean read_hostile (const void *data, gsize n_bytes);

G_END_DECLS
