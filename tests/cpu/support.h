/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

#include "backend/smb-device.h"
#include "base/smb-rng.h"
#include "cpu/smb-cpu.h"

/* A bench runs one case of one operation on a context and checks it. bench_run runs the case with every instruction set
 * this processor has and with 1, 2 and 3 threads: twice each, to see that the same bytes come out, and compares the
 * thread counts with each other. Every buffer lies between guard bands that are checked when the case ends.
 *
 * SMB_TEST_DEVICE names another device to run the same cases on, "cuda:0". Buffers are the host's; ON (pointer) is the
 * same place in the device's memory, brought there just before, and bench_ok brings everything back. */
typedef struct {
  const SmbBackendAbi *abi;
  void *ctx;
  SmbDevice *device; /* NULL: the processor, whose memory is the host's */
  SmbRng rng;
  GPtrArray *buffers;
  GPtrArray *doubles;
  GArray *record; /* float: every value checked, in order */
  const char *what;
  double gradient_tolerance; /* GRADIENT_TOLERANCE at first */
} Bench;

typedef void (*BenchCase) (Bench *bench, const void *shape);

/* Before g_test_init's tests are added. Where the device named in the environment cannot be used, says why, as a
 * skipped test program does, and ends it. */
void bench_init (int *argc, char ***argv);
gboolean bench_is_cpu (void);
void bench_run (BenchCase run, const void *shape);

/* n floats between guard bands. Outputs start as NaN, so that a value that was not written is seen. */
float *bench_out (Bench *bench, gint64 n);
/* Normal numbers of the given deviation; *exact gets the same in double (may be NULL). */
float *bench_in (Bench *bench, gint64 n, double deviation, double **exact);
float *bench_in_exact (Bench *bench, gint64 n, const double *exact);
double *bench_double (Bench *bench, gint64 n);
/* k different numbers of [0, l) for each of b samples, in random order. */
gint32 *bench_index (Bench *bench, gint64 b, gint64 l, gint64 k);

/* The same place in the device's memory, for one operation; NULL stays. ON_ALL: a copy of an operation's arguments with
 * every pointer into a buffer replaced; valid until the case ends. */
void *bench_on (Bench *bench, const void *pointer);
const void *bench_on_all (Bench *bench, const void *arguments, gsize bytes);
#define ON(pointer) bench_on (t, (pointer))
#define ON_ALL(arguments) bench_on_all (t, &(arguments), sizeof (arguments))

void bench_ok (Bench *bench, SmbStatus status);
/* max |got - want| <= tolerance * max |want|, and nothing is NaN. */
void bench_expect (Bench *bench, const char *name, const float *got, const double *want, gint64 n, double tolerance);
/* Bit for bit. */
void bench_expect_same (Bench *bench, const char *name, const float *got, const float *want, gint64 n);

/* Compares a gradient with central differences of `loss`, a function of the doubles in `param` (changed and put back),
 * at up to `most` places. got = start + gradient; start NULL: overwritten. */
typedef double (*BenchLoss) (const void *user);
void bench_expect_gradient (Bench *bench, const char *name, const float *got, const double *start, double *param,
                            gint64 n, BenchLoss loss, const void *user, gint64 most);

#define FORWARD_TOLERANCE 1e-5
#define GRADIENT_TOLERANCE 1e-4
