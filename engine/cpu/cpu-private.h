/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

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
  float *scratch;        /* threads * scratch_each floats, grown on demand */
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

/* Does items [from, to) as thread `thread`. */
typedef void (*SmbCpuWork) (void *arg, int thread, int64_t from, int64_t to);
/* Splits [0, items) into one run of whole grains for each thread and waits for all. The split depends only on the
 * number of items, the grain and the number of threads, so that every reduction keeps its order. */
void smb_cpu_parallel (SmbCpu *cpu, int64_t items, int64_t grain, SmbCpuWork work, void *arg);

SmbCpuIsa smb_cpu_used_isa (void);
const SmbCpuKernels *smb_cpu_kernels (SmbCpuIsa isa);
/* NULL: not on this processor. */
const SmbCpuLinear *smb_cpu_linear_kernels (SmbCpuIsa isa, SmbPrecision precision);
int smb_cpu_count_cores (void);

/* The operations of the table, each documented in smb-backend-abi.h. */
SmbStatus smb_cpu_weight_prepare (void *ctx, const float *w, int64_t n_out, int64_t n_in, SmbPrecision precision,
                                  void **prepared_out);
void smb_cpu_weight_release (void *ctx, void *prepared);
SmbStatus smb_cpu_linear_forward (void *ctx, const SmbLinearForward *a);
SmbStatus smb_cpu_linear_backward (void *ctx, const SmbLinearBackward *a);
SmbStatus smb_cpu_gemm (void *ctx, float *c, const float *a, const float *b, int64_t m, int64_t n, int64_t k,
                        int trans_a, int trans_b, float alpha, float beta);
SmbStatus smb_cpu_attention_forward (void *ctx, const SmbAttentionForward *a);
SmbStatus smb_cpu_attention_backward (void *ctx, const SmbAttentionBackward *a);
SmbStatus smb_cpu_layer_norm_forward (void *ctx, float *y, float *mean, float *rstd, const float *x, const float *w,
                                      const float *b, int64_t rows, int64_t c, float eps);
SmbStatus smb_cpu_layer_norm_backward (void *ctx, float *dx, float *dw, float *db, const float *dy, const float *x,
                                       const float *w, const float *mean, const float *rstd, int64_t rows, int64_t c);
SmbStatus smb_cpu_unit_rows_forward (void *ctx, float *y, float *norm, const float *x, int64_t rows, int64_t c);
SmbStatus smb_cpu_unit_rows_backward (void *ctx, float *dx, const float *dy, const float *y, const float *norm,
                                      int64_t rows, int64_t c);
SmbStatus smb_cpu_gelu_forward (void *ctx, float *y, const float *x, int64_t n);
SmbStatus smb_cpu_gelu_backward (void *ctx, float *dx, const float *dy, const float *x, int64_t n);
SmbStatus smb_cpu_relu_forward (void *ctx, float *y, const float *x, int64_t n);
SmbStatus smb_cpu_relu_backward (void *ctx, float *dx, const float *dy, const float *y, int64_t n);
SmbStatus smb_cpu_fill (void *ctx, float *out, float value, int64_t n);
SmbStatus smb_cpu_axpy (void *ctx, float *y, float a, const float *x, int64_t n);
SmbStatus smb_cpu_residual_add (void *ctx, float *y, const float *x, const float *branch, const float *gate,
                                int64_t samples, int64_t per_sample);
SmbStatus smb_cpu_scale_samples (void *ctx, float *y, const float *x, const float *gate, int64_t samples,
                                 int64_t per_sample);
SmbStatus smb_cpu_add_table (void *ctx, float *x, const float *table, int64_t b, int64_t tc);
SmbStatus smb_cpu_patchify (void *ctx, float *out, const float *images, int64_t b, int64_t chans, int64_t height,
                            int64_t width, int64_t patch, SmbPatchOrder order);
SmbStatus smb_cpu_unpatchify (void *ctx, float *images, const float *patches, int64_t b, int64_t chans,
                              int64_t height, int64_t width, int64_t patch, SmbPatchOrder order);
SmbStatus smb_cpu_gather_rows (void *ctx, float *out, const float *x, const int32_t *index, int64_t b, int64_t l,
                               int64_t k, int64_t c);
SmbStatus smb_cpu_tokens_forward (void *ctx, float *out, const float *x, const float *cls, const float *pos,
                                  const int32_t *index, int64_t b, int64_t k, int64_t c);
SmbStatus smb_cpu_tokens_backward (void *ctx, float *dx, float *dcls, float *dpos, const float *dout,
                                   const int32_t *index, int64_t b, int64_t k, int64_t c);
SmbStatus smb_cpu_unshuffle_forward (void *ctx, float *out, const float *x, const float *mask, const float *pos,
                                     const int32_t *index, int64_t b, int64_t l, int64_t k, int64_t c);
SmbStatus smb_cpu_unshuffle_backward (void *ctx, float *dx, float *dmask, const float *dout, const int32_t *index,
                                      int64_t b, int64_t l, int64_t k, int64_t c);
SmbStatus smb_cpu_mean_tokens_forward (void *ctx, float *out, const float *x, int64_t b, int64_t t, int64_t c,
                                       int64_t first);
SmbStatus smb_cpu_mean_tokens_backward (void *ctx, float *dx, const float *dout, int64_t b, int64_t t, int64_t c,
                                        int64_t first);
SmbStatus smb_cpu_take_row_forward (void *ctx, float *out, const float *x, int64_t b, int64_t t, int64_t c,
                                    int64_t row);
SmbStatus smb_cpu_take_row_backward (void *ctx, float *dx, const float *dout, int64_t b, int64_t t, int64_t c,
                                     int64_t row);
SmbStatus smb_cpu_recon_target (void *ctx, float *target, float *mean, float *sd, int64_t rows, int64_t pix,
                                int normalise);
SmbStatus smb_cpu_recon_error (void *ctx, float *error, const float *pred, const float *target, int64_t rows,
                               int64_t pix);
SmbStatus smb_cpu_recon_backward (void *ctx, float *dpred, const float *pred, const float *target,
                                  const float *weight, int64_t rows, int64_t pix);
SmbStatus smb_cpu_adamw (void *ctx, const SmbAdamW *a);
SmbStatus smb_cpu_ema (void *ctx, float *target, const float *online, double momentum, int64_t n);
SmbStatus smb_cpu_sum_squares (void *ctx, double *host_out, const float *x, int64_t n);
