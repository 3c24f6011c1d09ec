/* SPDX-License-Identifier: Apache-2.0 */
#include "bench-loop.h"

#include "base/smb-rng.h"

#include <stdio.h>

void
bench_loop (BenchOnce once, gpointer data)
{
  char line[64];

  once (data);
  printf ("ready\n");
  fflush (stdout);
  while (fgets (line, sizeof line, stdin) != NULL) {
    gint64 start_us = g_get_monotonic_time ();

    once (data);
    printf ("%.3f\n", (double) (g_get_monotonic_time () - start_us) / 1000.0);
    fflush (stdout);
  }
}

void
bench_noise (float *x, gsize n, guint64 seed)
{
  SmbRng rng;

  smb_rng_init (&rng, seed, 0);
  for (gsize i = 0; i < n; i++)
    x[i] = (float) (2.0 * smb_rng_uniform (&rng) - 1.0);
}
