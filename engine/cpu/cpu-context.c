/* SPDX-License-Identifier: Apache-2.0 */
#include "cpu/cpu-private.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Contexts, memory, and the table itself. */

#define ALIGNMENT  64
#define CHUNK_ROWS 1024

/* Failures before there is a context. */
static _Thread_local char early_error[256];

SmbStatus
smb_cpu_fail (SmbCpu *cpu, SmbStatus status, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  vsnprintf (cpu != NULL ? cpu->error : early_error, sizeof early_error, format, args);
  va_end (args);
  return status;
}

void *
smb_cpu_aligned (size_t count, size_t each_bytes)
{
  size_t bytes;

  if (__builtin_mul_overflow (count, each_bytes, &bytes) || bytes > SIZE_MAX - ALIGNMENT)
    return NULL;
  bytes = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  return aligned_alloc (ALIGNMENT, bytes > 0 ? bytes : ALIGNMENT);
}

SmbStatus
smb_cpu_need_scratch (SmbCpu *cpu, size_t floats)
{
  size_t each = (floats + 15) / 16 * 16, all;

  if (each <= cpu->scratch_each)
    return SMB_STATUS_OK;
  free (cpu->scratch);
  cpu->scratch = NULL;
  cpu->scratch_each = 0;
  if (each < floats || __builtin_mul_overflow (each, (size_t) cpu->threads, &all)
      || (cpu->scratch = smb_cpu_aligned (all, sizeof (float))) == NULL)
    return smb_cpu_fail (cpu, SMB_STATUS_NO_MEMORY,
                         "There is not enough memory for the intermediate results of %d threads; use a smaller batch "
                         "or close other programs.",
                         cpu->threads);
  cpu->scratch_each = each;
  return SMB_STATUS_OK;
}

SmbStatus
smb_cpu_need_room (SmbCpu *cpu, SmbCpuRoom room, int64_t count, size_t each_bytes)
{
  size_t bytes;

  if (!__builtin_mul_overflow ((size_t) count, each_bytes, &bytes) && bytes <= cpu->rooms[room].bytes)
    return SMB_STATUS_OK;
  free (cpu->rooms[room].data);
  cpu->rooms[room].data = smb_cpu_aligned ((size_t) count, each_bytes);
  cpu->rooms[room].bytes = cpu->rooms[room].data != NULL ? bytes : 0;
  if (cpu->rooms[room].data == NULL)
    return smb_cpu_fail (cpu, SMB_STATUS_NO_MEMORY,
                         "There is no memory for the intermediate results of %lld rows; use a smaller batch.",
                         (long long) count);
  return SMB_STATUS_OK;
}

static int
device_count (void)
{
  return 1;
}

static const char *
why (void)
{
  return "The processor is always there.";
}

/* The value of the first line of a file in /proc that starts with `key`; 0 if there is none. */
static int
proc_value (const char *path, const char *key, char *value, size_t size)
{
  FILE *file = fopen (path, "re");
  char line[512];
  int found = 0;

  if (file == NULL)
    return 0;
  while (!found && fgets (line, sizeof line, file) != NULL) {
    char *colon = strchr (line, ':');

    if (colon == NULL || strncmp (line, key, strlen (key)) != 0)
      continue;
    colon += 1 + strspn (colon + 1, " \t");
    colon[strcspn (colon, "\n")] = '\0';
    snprintf (value, size, "%s", colon);
    found = 1;
  }
  fclose (file);
  return found;
}

static const char *
isa_text (void)
{
  switch (smb_cpu_used_isa ()) {
  case SMB_CPU_ISA_AMX:
    return "AVX-512, AMX";
  case SMB_CPU_ISA_AVX512:
#ifdef SMB_CPU_X86
    return __builtin_cpu_supports ("avx512bf16") ? "AVX-512 BF16" : "AVX-512";
#endif
  case SMB_CPU_ISA_AVX2:
    return "AVX2";
  case SMB_CPU_ISA_BASE:
  default:
    return "no vector extensions";
  }
}

static SmbStatus
device_describe (int device, SmbDeviceInfo *out)
{
  char model[64], available[64];
  long pages = sysconf (_SC_PHYS_PAGES), page_bytes = sysconf (_SC_PAGESIZE);

  if (device != 0)
    return smb_cpu_fail (NULL, SMB_STATUS_NO_DEVICE, "There is no processor number %d; use 0.", device);
  if (!proc_value ("/proc/cpuinfo", "model name", model, sizeof model))
    snprintf (model, sizeof model, "CPU");
  *out = (SmbDeviceInfo){ .chunk_rows = CHUNK_ROWS };
  for (int p = SMB_PRECISION_F32; p <= SMB_PRECISION_INT8; p++)
    if (smb_cpu_linear_kernels (smb_cpu_used_isa (), (SmbPrecision) p) != NULL)
      out->precisions |= 1u << p;
  out->quick = smb_cpu_quick_precision (smb_cpu_used_isa ());
  snprintf (out->name, sizeof out->name, "%s, %s", model, isa_text ());
  if (pages > 0 && page_bytes > 0)
    out->total_bytes = (uint64_t) pages * (uint64_t) page_bytes;
  if (proc_value ("/proc/meminfo", "MemAvailable", available, sizeof available))
    out->free_bytes = strtoull (available, NULL, 10) * 1024;
  return SMB_STATUS_OK;
}

static void
context_free (void *ctx)
{
  SmbCpu *cpu = ctx;

  if (cpu == NULL)
    return;
  smb_cpu_pool_free (cpu->pool);
  free (cpu->scratch);
  for (int i = 0; i < SMB_CPU_N_ROOMS; i++)
    free (cpu->rooms[i].data);
  free (cpu);
}

static SmbStatus
context_new (int device, int threads, void **ctx_out)
{
  SmbCpu *cpu;

  if (device != 0)
    return smb_cpu_fail (NULL, SMB_STATUS_NO_DEVICE, "There is no processor number %d; use 0.", device);
  if (threads < 0 || threads > SMB_CPU_MAX_THREADS)
    return smb_cpu_fail (NULL, SMB_STATUS_FAILED, "%d threads cannot be used; choose 1 to %d, or 0 for all cores.",
                         threads, SMB_CPU_MAX_THREADS);
  cpu = calloc (1, sizeof *cpu);
  if (cpu == NULL)
    return smb_cpu_fail (NULL, SMB_STATUS_NO_MEMORY, "There is not enough memory to start computing.");
  cpu->isa = smb_cpu_used_isa ();
  cpu->k = smb_cpu_kernels (cpu->isa);
  cpu->threads = threads > 0 ? threads : smb_cpu_count_cores ();
  if (cpu->threads > 1 && (cpu->pool = smb_cpu_pool_new (cpu->threads)) == NULL) {
    smb_cpu_fail (NULL, SMB_STATUS_NO_MEMORY, "The system refuses to start %d threads; choose fewer.", cpu->threads);
    free (cpu);
    return SMB_STATUS_NO_MEMORY;
  }
  *ctx_out = cpu;
  return SMB_STATUS_OK;
}

static const char *
context_error (void *ctx)
{
  return ctx != NULL ? ((SmbCpu *) ctx)->error : early_error;
}

static SmbStatus
synchronise (void *ctx)
{
  return SMB_STATUS_OK; /* every function has finished when it returns */
}

static SmbStatus
alloc (void *ctx, size_t bytes, void **out)
{
  *out = smb_cpu_aligned (bytes, 1);
  if (*out == NULL)
    return smb_cpu_fail (ctx, SMB_STATUS_NO_MEMORY,
                         "There is no memory for %zu more bytes; use a smaller batch or close other programs.", bytes);
  return SMB_STATUS_OK;
}

static void
release (void *ctx, void *pointer)
{
  free (pointer);
}

static SmbStatus
copy (void *ctx, void *out, const void *in, size_t bytes)
{
  if (bytes > 0)
    memcpy (out, in, bytes);
  return SMB_STATUS_OK;
}

/* Processors reach each other through the host's memory already. */
static SmbStatus
group_id (void *ctx, uint8_t *id)
{
  return smb_cpu_fail (ctx, SMB_STATUS_UNSUPPORTED, "Sums over processes go through the host.");
}

static SmbStatus
group_join (void *ctx, const uint8_t *id, int rank, int size)
{
  return group_id (ctx, NULL);
}

static SmbStatus
group_sum (void *ctx, float *x, int64_t n)
{
  return group_id (ctx, NULL);
}

const SmbBackendAbi *
smb_cpu_backend (void)
{
#define ENTRY(name) .name = smb_cpu_##name,
  static const SmbBackendAbi abi = {
    .abi_version = SMB_BACKEND_ABI_VERSION,
    .struct_bytes = sizeof (SmbBackendAbi),
    .name = "cpu",
    .device_count = device_count,
    .why = why,
    .device_describe = device_describe,
    .context_new = context_new,
    .context_free = context_free,
    .context_error = context_error,
    .synchronise = synchronise,
    .alloc = alloc,
    .release = release,
    .upload = copy,
    .download = copy,
    .copy = copy,
    SMB_BACKEND_OPERATIONS (ENTRY)
    .group_id = group_id,
    .group_join = group_join,
    .group_sum = group_sum,
  };
#undef ENTRY

  return &abi;
}
