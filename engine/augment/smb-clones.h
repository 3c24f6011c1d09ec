/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A function built twice, for processors with and without AVX2; the one that fits is taken when the program starts.
 * Both compute the same: products are not fused (-ffp-contract=off), and nothing is summed in another order. A program
 * that watches its threads cannot choose: its choice would be watched before the watcher is there. */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_THREAD__)
#define SMB_CLONES __attribute__ ((target_clones ("avx2", "default")))
#else
#define SMB_CLONES
#endif
