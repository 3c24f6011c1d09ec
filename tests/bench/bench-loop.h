/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

/* A candidate of the benchmark is a process that is told when to run: it prints "ready" once everything is loaded, then
 * for each line on its input runs once and prints the milliseconds that took. So several candidates, of this program
 * and of others, take turns on one machine under the same conditions (tests/bench/bench.py). */
typedef void (*BenchOnce) (gpointer data);

/* Runs `once` a first time to warm up; returns when the input ends. */
void bench_loop (BenchOnce once, gpointer data);

/* What is random in benchmarks comes from here: values between -1 and 1. */
void bench_noise (float *x, gsize n, guint64 seed);
