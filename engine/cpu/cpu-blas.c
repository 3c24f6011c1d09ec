/* SPDX-License-Identifier: Apache-2.0 */
#include "cpu/cpu-private.h"

#include <cblas.h>
#include <stdlib.h>
#include <string.h>

/* OpenBLAS picks its kernels by the processor's model number when it is loaded. A version older than the processor may
 * fall back to kernels of half the speed, so the processor's flags decide here: with AVX-512 there, kernels without
 * AVX-512 are replaced. These two functions choose anew; only builds for several processors have them. */
extern void gotoblas_dynamic_init (void) __attribute__ ((weak));
extern void gotoblas_dynamic_quit (void) __attribute__ ((weak));

#define CORE_VARIABLE "OPENBLAS_CORETYPE"

#ifdef SMB_CPU_X86
static int
core_has_avx512 (const char *core)
{
  static const char *const known[] = { "skylakex", "cooperlake", "sapphirerapids" };

  for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
    if (strcasecmp (core, known[i]) == 0)
      return 1;
  return 0;
}
#endif

/* Before main, while no other thread can be reading the environment that is changed for a moment. Our own threads
 * share the work (cpu-threads.c), so OpenBLAS shall use the thread that calls it and no other. */
__attribute__ ((constructor)) static void
choose_core (void)
{
#ifdef SMB_CPU_X86
  if (getenv (CORE_VARIABLE) == NULL && gotoblas_dynamic_init != NULL && gotoblas_dynamic_quit != NULL
      && smb_cpu_best_isa () >= SMB_CPU_ISA_AVX512 && !core_has_avx512 (openblas_get_corename ())) {
    setenv (CORE_VARIABLE, "SkylakeX", 1);
    gotoblas_dynamic_quit ();
    gotoblas_dynamic_init ();
    unsetenv (CORE_VARIABLE);
  }
#endif
  openblas_set_num_threads (1);
}

const char *
smb_cpu_blas_core (void)
{
  return openblas_get_corename ();
}

void
smb_cpu_sgemm (float *c, int64_t ldc, const float *a, int64_t lda, const float *b, int64_t ldb, int64_t m, int64_t n,
               int64_t k, int trans_a, int trans_b, float alpha, float beta)
{
  cblas_sgemm (CblasRowMajor, trans_a ? CblasTrans : CblasNoTrans, trans_b ? CblasTrans : CblasNoTrans,
               (blasint) m, (blasint) n, (blasint) k, alpha, a, (blasint) lda, b, (blasint) ldb, beta, c,
               (blasint) ldc);
}
