/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A fuzz target is a file with one function; libFuzzer calls it with what it makes up, replay.c with kept files. */

#include <glib.h>
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t n_bytes);
int LLVMFuzzerInitialize (int *argc, char ***argv);

/* A memory descriptor holding a copy; to be closed. */
int fuzz_memory_fd (const uint8_t *data, size_t n_bytes);
/* An error, if there is one, must be fit for a person: not empty, one line. */
void fuzz_check_error (const GError *error);
