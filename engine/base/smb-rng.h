/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Counter-based random numbers: Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3").
 * (seed, stream) names a sequence; the same pair gives the same numbers on every machine, whatever else ran before,
 * and `counter` is all there is to save for resuming. Use one stream for each purpose (masks, dropout, augmentation of
 * sample i …) so that threads need not share a generator. A plain value: copy it, no freeing. */
typedef struct {
  guint64 seed;
  guint64 stream;
  guint64 counter; /* blocks of four drawn so far */
  guint32 block[4];
  guint32 left; /* values of `block` not handed out yet */
} SmbRng;

void smb_rng_init (SmbRng *rng, guint64 seed, guint64 stream);

/* Uniform over all 32-bit values. */
guint32 smb_rng_u32 (SmbRng *rng);
/* Uniform in [0, n), unbiased (Lemire's rejection). n > 0. */
guint32 smb_rng_below (SmbRng *rng, guint32 n);
/* Uniform in [0, 1), 53 bits. */
double smb_rng_uniform (SmbRng *rng);
/* Normal with mean 0 and deviation 1 (Box-Muller, one value a call, so that the sequence has no hidden state). */
double smb_rng_normal (SmbRng *rng);
/* Beta(a, b) by two gamma draws (Marsaglia and Tsang 2000). a, b > 0. */
double smb_rng_beta (SmbRng *rng, double a, double b);
/* Fisher-Yates shuffle of n ints in place. */
void smb_rng_shuffle (SmbRng *rng, int *values, guint32 n);

G_END_DECLS
