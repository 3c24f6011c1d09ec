/* SPDX-License-Identifier: Apache-2.0 */
/* bench-peak PRECISION THREADS: nothing but multiply-adds on registers, to measure what the processor can do at most,
 * by tile registers where there are any. How many operations a run has is printed first, in 10^9; PRECISION f32, bf16
 * or int8. */
#include "bench-loop.h"

#include "cpu/smb-cpu.h"

#include <stdio.h>
#include <stdlib.h>

#if defined(__x86_64__)
#include <immintrin.h>

#define ROUNDS 4000000
#define SUMS 24 /* independent sums: more than latency times throughput of any processor */

typedef double (*Burn) (void);

#define BURN(name, features, Vector, zero, step)                                                                       \
  __attribute__ ((target (features), noinline)) static double name (void)                                              \
  {                                                                                                                    \
    Vector s[SUMS], a = zero, b = zero;                                                                                \
    double out = 0;                                                                                                    \
                                                                                                                       \
    _Pragma ("GCC unroll 24") for (int i = 0; i < SUMS; i++)                                                           \
    {                                                                                                                  \
      s[i] = zero;                                                                                                     \
      __asm__ volatile ("" : "+v"(s[i])); /* nor one sum as another */                                               \
    }                                                                                                                  \
    for (int r = 0; r < ROUNDS; r++) {                                                                                 \
      __asm__ volatile ("" : "+v"(a), "+v"(b)); /* so that no round is as good as another */                           \
      _Pragma ("GCC unroll 24") for (int i = 0; i < SUMS; i++)                                                         \
        step (s[i], a, b);                                                                                             \
    }                                                                                                                  \
    _Pragma ("GCC unroll 24") for (int i = 0; i < SUMS; i++)                                                           \
      out += (double) s[i][0];                                                                                         \
    return out;                                                                                                        \
  }

#define STEP_F32_512(s, a, b) s = _mm512_fmadd_ps (a, b, s)
#define STEP_BF16(s, a, b) s = _mm512_dpbf16_ps (s, (__m512bh) (a), (__m512bh) (b))
/* In words of the processor: the compiler would copy every sum before and behind the intrinsic. */
#define STEP_INT8(s, a, b) __asm__ ("vpdpbusd %2, %1, %0" : "+v"(s) : "v"(a), "v"(b))
#define STEP_F32_256(s, a, b) s = _mm256_fmadd_ps (a, b, s)

BURN (burn_f32_512, "avx512f", __m512, _mm512_setzero_ps (), STEP_F32_512)
BURN (burn_bf16, "avx512f,avx512bf16", __m512, _mm512_setzero_ps (), STEP_BF16)
BURN (burn_int8, "avx512f,avx512vnni", __m512i, _mm512_setzero_si512 (), STEP_INT8)
#undef SUMS
#define SUMS 12
BURN (burn_f32_256, "avx2,fma", __m256, _mm256_setzero_ps (), STEP_F32_256)

#define TILE_ROUNDS 1000000

#define BURN_TILES(name, features, step)                                                                               \
  __attribute__ ((target ("amx-tile," features), noinline)) static double name (void)                                 \
  {                                                                                                                    \
    struct {                                                                                                           \
      guint8 palette, start_row, reserved[14];                                                                         \
      guint16 row_bytes[16];                                                                                           \
      guint8 rows[16];                                                                                                 \
    } config = { .palette = 1 };                                                                                       \
                                                                                                                       \
    for (int i = 0; i < 8; i++) {                                                                                      \
      config.row_bytes[i] = 64;                                                                                        \
      config.rows[i] = 16;                                                                                             \
    }                                                                                                                  \
    _tile_loadconfig (&config);                                                                                        \
    for (int r = 0; r < TILE_ROUNDS; r++) {                                                                            \
      step (0, 4, 6);                                                                                                  \
      step (1, 4, 7);                                                                                                  \
      step (2, 5, 6);                                                                                                  \
      step (3, 5, 7);                                                                                                  \
    }                                                                                                                  \
    _tile_release ();                                                                                                  \
    return 0;                                                                                                          \
  }

BURN_TILES (burn_bf16_tiles, "amx-bf16", _tile_dpbf16ps)
BURN_TILES (burn_int8_tiles, "amx-int8", _tile_dpbusd)

static double sink;

static gpointer
thread_main (gpointer data)
{
  sink += ((Burn) data) ();
  return NULL;
}

typedef struct {
  Burn burn;
  int threads;
} Job;

static void
once (gpointer data)
{
  Job *job = data;
  GThread *threads[256];

  for (int i = 1; i < job->threads; i++)
    threads[i] = g_thread_new ("burn", thread_main, (gpointer) job->burn);
  thread_main ((gpointer) job->burn);
  for (int i = 1; i < job->threads; i++)
    g_thread_join (threads[i]);
}

int
main (int argc, char **argv)
{
  Job job = { NULL, argc > 2 ? CLAMP (atoi (argv[2]), 1, 256) : 1 };
  const char *name = argc > 1 ? argv[1] : "";
  gboolean tiles = smb_cpu_best_isa () == SMB_CPU_ISA_AMX;
  double ops = 0;

  __builtin_cpu_init ();
  if (tiles && g_str_equal (name, "bf16")) {
    job.burn = burn_bf16_tiles;
    ops = 4.0 * 16 * 16 * 64 * TILE_ROUNDS / ROUNDS;
  } else if (tiles && g_str_equal (name, "int8")) {
    job.burn = burn_int8_tiles;
    ops = 4.0 * 16 * 16 * 128 * TILE_ROUNDS / ROUNDS;
  } else if (g_str_equal (name, "f32") && __builtin_cpu_supports ("avx512f")) {
    job.burn = burn_f32_512;
    ops = 24 * 32;
  } else if (g_str_equal (name, "f32") && __builtin_cpu_supports ("avx2") && __builtin_cpu_supports ("fma")) {
    job.burn = burn_f32_256;
    ops = 12 * 16;
  } else if (g_str_equal (name, "bf16") && __builtin_cpu_supports ("avx512bf16")) {
    job.burn = burn_bf16;
    ops = 24 * 64;
  } else if (g_str_equal (name, "int8") && __builtin_cpu_supports ("avx512vnni")) {
    job.burn = burn_int8;
    ops = 24 * 128;
  }
  if (job.burn == NULL) {
    fprintf (stderr, "bench-peak: this processor has no instructions for %s\n", name);
    return 1;
  }
  printf ("%.3f\n", ops * ROUNDS * job.threads / 1e9);
  bench_loop (once, &job);
  return 0;
}
#else
int
main (void)
{
  fprintf (stderr, "bench-peak: written for x86-64 only\n");
  return 1;
}
#endif
