/* SPDX-License-Identifier: Apache-2.0 */
#include "cpu/cpu-private.h"

#include <stdatomic.h>

#ifdef SMB_CPU_X86
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

/* Chooses among the copies of the kernels that the build made. */

extern const SmbCpuKernels smb_cpu_table_base;
#ifdef SMB_CPU_X86
extern const SmbCpuKernels smb_cpu_table_avx2, smb_cpu_table_avx512;
extern const SmbCpuLinear smb_cpu_linear_bf16, smb_cpu_linear_bf16_amx, smb_cpu_linear_int8, smb_cpu_linear_int8_amx;
#endif

static atomic_int limit = SMB_CPU_ISA_AMX;

#ifdef SMB_CPU_X86
/* Tile registers are eight kilobytes that a context switch must save: Linux gives them to a process that asks. */
static int
may_use_tiles (void)
{
  static atomic_int known = -1;
  unsigned eax, ebx, ecx, edx = 0;
  const unsigned needed = 1u << 22 | 1u << 24 | 1u << 25; /* AMX-BF16, AMX-TILE, AMX-INT8 */
  const long request = 0x1023, tile_data = 18;            /* ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA */

  if (atomic_load (&known) < 0)
    atomic_store (&known, __get_cpuid_count (7, 0, &eax, &ebx, &ecx, &edx) && (edx & needed) == needed
                            && syscall (SYS_arch_prctl, request, tile_data) == 0);
  return atomic_load (&known);
}
#endif

SmbCpuIsa
smb_cpu_best_isa (void)
{
#ifdef SMB_CPU_X86
  __builtin_cpu_init ();
  if (__builtin_cpu_supports ("avx512f") && __builtin_cpu_supports ("avx512bw")
      && __builtin_cpu_supports ("avx512cd") && __builtin_cpu_supports ("avx512dq")
      && __builtin_cpu_supports ("avx512vl"))
    return __builtin_cpu_supports ("avx512bf16") && __builtin_cpu_supports ("avx512vnni") && may_use_tiles ()
             ? SMB_CPU_ISA_AMX
             : SMB_CPU_ISA_AVX512;
  if (__builtin_cpu_supports ("avx2") && __builtin_cpu_supports ("fma") && __builtin_cpu_supports ("bmi")
      && __builtin_cpu_supports ("bmi2"))
    return SMB_CPU_ISA_AVX2;
#endif
  return SMB_CPU_ISA_BASE;
}

SmbCpuIsa
smb_cpu_used_isa (void)
{
  int best = (int) smb_cpu_best_isa (), most = atomic_load (&limit);

  return (SmbCpuIsa) (best < most ? best : most);
}

SmbCpuIsa
smb_cpu_limit_isa (SmbCpuIsa isa)
{
  atomic_store (&limit, (int) isa);
  return smb_cpu_used_isa ();
}

SmbPrecision
smb_cpu_quick_precision (SmbCpuIsa isa)
{
#ifdef SMB_CPU_X86
  /* Without tiles, Intel's vdpbf16ps gives half of what float32's multiply-adds give (measured on an Emerald Rapids). */
  if (isa == SMB_CPU_ISA_AMX
      || (smb_cpu_linear_kernels (isa, SMB_PRECISION_BF16) != NULL && !__builtin_cpu_is ("intel")))
    return SMB_PRECISION_BF16;
#endif
  return SMB_PRECISION_F32;
}

const SmbCpuKernels *
smb_cpu_kernels (SmbCpuIsa isa)
{
#ifdef SMB_CPU_X86
  if (isa >= SMB_CPU_ISA_AVX512)
    return &smb_cpu_table_avx512;
  if (isa == SMB_CPU_ISA_AVX2)
    return &smb_cpu_table_avx2;
#endif
  return &smb_cpu_table_base;
}

const SmbCpuLinear *
smb_cpu_linear_kernels (SmbCpuIsa isa, SmbPrecision precision)
{
  if (precision == SMB_PRECISION_F32)
    return smb_cpu_kernels (isa)->linear;
#ifdef SMB_CPU_X86
  if (precision == SMB_PRECISION_BF16 && isa == SMB_CPU_ISA_AMX)
    return &smb_cpu_linear_bf16_amx;
  if (precision == SMB_PRECISION_BF16 && isa == SMB_CPU_ISA_AVX512 && __builtin_cpu_supports ("avx512bf16"))
    return &smb_cpu_linear_bf16;
  if (precision == SMB_PRECISION_INT8 && isa == SMB_CPU_ISA_AMX)
    return &smb_cpu_linear_int8_amx;
  if (precision == SMB_PRECISION_INT8 && isa >= SMB_CPU_ISA_AVX512 && __builtin_cpu_supports ("avx512vnni"))
    return &smb_cpu_linear_int8;
#endif
  return NULL;
}
