/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "backend/smb-backend-operations.h"
#include "cpu/cpu-kernels.h"
#include "cpu/smb-cpu.h"

#define SMB_CPU_MAX_THREADS 256

typedef struct SmbCpuPool SmbCpuPool;

/* Memory that the threads of one operation share, grown on demand. */
typedef enum {
  SMB_CPU_ROOM_ROWS,   /* activations in another number format, or transposed */
  SMB_CPU_ROOM_PANELS, /* weights packed for one product */
  SMB_CPU_N_ROOMS,
} SmbCpuRoom;

/* What context_new makes. */
typedef struct {
  SmbCpuIsa isa;          /* in use */
  const SmbCpuKernels *k; /* its kernels */
  SmbCpuPool *pool;
  int threads;
  float *scratch; /* threads * scratch_each floats, grown on demand */
  size_t scratch_each;
  struct {
    void *data;
    size_t bytes;
  } rooms[SMB_CPU_N_ROOMS];
  char error[256];
} SmbCpu;

/* Writes the sentence that context_error gives and returns `status`. cpu NULL: the thread's own sentence. */
SmbStatus smb_cpu_fail (SmbCpu *cpu, SmbStatus status, const char *format, ...) __attribute__ ((format (printf, 3, 4)));

/* Room for `floats` floats for each thread; its content does not survive the next call. */
SmbStatus smb_cpu_need_scratch (SmbCpu *cpu, size_t floats);
static inline float *
smb_cpu_scratch_of (const SmbCpu *cpu, int thread)
{
  return cpu->scratch + (size_t) thread * cpu->scratch_each;
}

/* count * each_bytes of a room; its content does not survive the next call for that room. */
SmbStatus smb_cpu_need_room (SmbCpu *cpu, SmbCpuRoom room, int64_t count, size_t each_bytes);

/* 64-byte aligned, not cleared; NULL if there is none or the size overflows. Freed with free (). */
void *smb_cpu_aligned (size_t count, size_t each_bytes);

/* Threads. The caller is thread 0; `pool` may be NULL for one thread. */
SmbCpuPool *smb_cpu_pool_new (int threads);
void smb_cpu_pool_free (SmbCpuPool *pool);

/* Does items [from, to). Of all that work at the same time, each has another `thread`, below the number of threads. */
typedef void (*SmbCpuWork) (void *arg, int thread, int64_t from, int64_t to);
/* Splits [0, items) into as many runs of whole grains as there are threads, `thread` being the number of the run, and
 * waits for all. The split depends only on the number of items, the grain and the number of threads, so that every
 * reduction keeps its order. */
void smb_cpu_parallel (SmbCpu *cpu, int64_t items, int64_t grain, SmbCpuWork work, void *arg);
/* For items that take long each and do not depend on each other: one at a time goes to whoever is free. */
void smb_cpu_share_out (SmbCpu *cpu, int64_t items, SmbCpuWork work, void *arg);

SmbCpuIsa smb_cpu_used_isa (void);
const SmbCpuKernels *smb_cpu_kernels (SmbCpuIsa isa);
/* NULL: not on this processor. */
const SmbCpuLinear *smb_cpu_linear_kernels (SmbCpuIsa isa, SmbPrecision precision);
/* BF16 where its kernels are quicker on this processor than float32's. */
SmbPrecision smb_cpu_quick_precision (SmbCpuIsa isa);
int smb_cpu_count_cores (void);

/* The operations of the table. */
#define DECLARE(name) SMB_BACKEND_DECLARE (smb_cpu_, name)
SMB_BACKEND_OPERATIONS (DECLARE)
#undef DECLARE
