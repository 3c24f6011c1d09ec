/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the files of this folder share. The host's part is C (cuda-*.c), the kernels with the functions that launch them
 * are CUDA (cuda-*.cu). Nothing here may see GLib: the only header from outside this folder is the ABI's. */

#include <cublasLt.h>
#include <cuda_runtime_api.h>

#include "backend/smb-backend-operations.h"
#include "cuda/math/bf16.h"

#ifdef __cplusplus
extern "C" {
#endif

#define SMB_CUDA_MAX_BLOCKS 65535 /* of one dimension of a grid; kernels over elements go round */

typedef struct SmbCudaPool SmbCudaPool;
typedef struct SmbCudaPlans SmbCudaPlans;
typedef struct SmbCudaGroup SmbCudaGroup;
typedef struct SmbCudaSequences SmbCudaSequences;
typedef struct SmbCudaAhead SmbCudaAhead;

/* Memory of the device that operations use between launches, grown on demand; its content does not survive the next
 * operation that asks for the same. */
typedef enum {
  SMB_CUDA_ROOM_LEFT,   /* a factor in another number format */
  SMB_CUDA_ROOM_RIGHT,
  SMB_CUDA_ROOM_THIRD,
  SMB_CUDA_ROOM_BIAS,   /* likewise */
  SMB_CUDA_ROOM_RESULT, /* a product before its epilogue */
  SMB_CUDA_ROOM_SUMS,   /* partial sums */
  SMB_CUDA_ROOM_PLACES, /* of tokens */
  SMB_CUDA_ROOM_BLAS,   /* cuBLASLt's own */
  SMB_CUDA_ROOM_AHEAD,  /* what was sent beside the operations: written by another stream, and kept until it is taken */
  SMB_CUDA_N_ROOMS,
} SmbCudaRoom;

/* Page-locked memory through which bytes go, in pieces that take turns. */
#define SMB_CUDA_PIECES 2
typedef struct {
  struct {
    void *data;
    cudaEvent_t done; /* the last transfer from or to it */
  } pieces[SMB_CUDA_PIECES];
  int next;
} SmbCudaPieces;

/* What context_new makes. One stream: operations follow each other, the host runs ahead. Beside it there is only the one
 * of `ahead`. */
typedef struct {
  int device;
  int capability; /* 90 for 9.0 */
  size_t most_shared; /* bytes of shared memory that a block may have */
  cudaStream_t stream;
  cublasLtHandle_t blas;
  SmbCudaPool *pool;
  SmbCudaPlans *plans;
  SmbCudaPieces staging;
  SmbCudaSequences *sequences;
  SmbCudaAhead *ahead; /* NULL until something is sent ahead */
  uint64_t epoch; /* changes when an address may come to mean something else */
  SmbCudaGroup *group; /* NULL: this process alone */
  struct {
    void *data;
    size_t bytes;
  } rooms[SMB_CUDA_N_ROOMS];
  char error[256];
} SmbCuda;

/* Writes the sentence that context_error gives and returns `status`. cuda NULL: the thread's own sentence. */
SmbStatus smb_cuda_fail (SmbCuda *cuda, SmbStatus status, const char *format, ...)
  __attribute__ ((format (printf, 3, 4)));
/* OK for cudaSuccess, else the status and a sentence that says what was being done. */
SmbStatus smb_cuda_check (SmbCuda *cuda, cudaError_t result, const char *what);
/* After a launch. */
SmbStatus smb_cuda_launched (SmbCuda *cuda, const char *what);
/* Makes the context's device the thread's. Every operation begins with it. */
SmbStatus smb_cuda_enter (SmbCuda *cuda);

/* Devices (cuda-device.c). */
int smb_cuda_device_count (void);
const char *smb_cuda_why (void);
SmbStatus smb_cuda_device_describe (int device, SmbDeviceInfo *out);
/* Whether this module can compute on the device; the reason goes into the thread's own sentence. */
SmbStatus smb_cuda_device_check (int device, struct cudaDeviceProp *properties);
/* Whether the module holds code for the current device (cuda-activation.cu, which has the smallest kernel). */
cudaError_t smb_cuda_code_present (void);

/* Memory (cuda-memory.c). */
SmbCudaPool *smb_cuda_pool_new (void);
void smb_cuda_pool_free (SmbCudaPool *pool);
SmbStatus smb_cuda_alloc (void *ctx, size_t bytes, void **out);
void smb_cuda_release (void *ctx, void *pointer);
SmbStatus smb_cuda_need_room (SmbCuda *cuda, SmbCudaRoom room, int64_t count, size_t each_bytes, void **out);
/* What was made before a failure is the caller's to clear. */
SmbStatus smb_cuda_pieces_make (SmbCuda *cuda, SmbCudaPieces *pieces);
void smb_cuda_pieces_clear (SmbCudaPieces *pieces); /* nothing is on its way */
/* On the stream; returns once `host` may change. */
SmbStatus smb_cuda_pieces_send (SmbCuda *cuda, SmbCudaPieces *pieces, cudaStream_t stream, void *device,
                                const void *host, size_t bytes);
SmbStatus smb_cuda_upload (void *ctx, void *device, const void *host, size_t bytes);
SmbStatus smb_cuda_download (void *ctx, void *host, const void *device, size_t bytes);
SmbStatus smb_cuda_copy (void *ctx, void *out, const void *in, size_t bytes);

/* Uploads beside the operations (cuda-ahead.c). */
void smb_cuda_ahead_free (SmbCudaAhead *ahead);
SmbStatus smb_cuda_upload_ahead (void *ctx, const void *host, size_t bytes);
SmbStatus smb_cuda_upload_take (void *ctx, void *out, size_t bytes);

/* Sequences (cuda-sequence.c). */
SmbCudaSequences *smb_cuda_sequences_new (void);
void smb_cuda_sequences_free (SmbCudaSequences *sequences); /* the stream is idle */
SmbStatus smb_cuda_sequence_begin (void *ctx, uint64_t key, int *known_out);
SmbStatus smb_cuda_sequence_end (void *ctx, int complete);
/* FAILED within a sequence, where nothing may wait for the card. */
SmbStatus smb_cuda_sequence_outside (SmbCuda *cuda);

/* Processes (cuda-group.c). */
SmbStatus smb_cuda_group_id (void *ctx, uint8_t *id);
SmbStatus smb_cuda_group_join (void *ctx, const uint8_t *id, int rank, int size);
SmbStatus smb_cuda_group_sum (void *ctx, float *x, int64_t n);
void smb_cuda_group_leave (SmbCudaGroup *group);
/* out (n) = the sum of parts (size, n), in their order (cuda-optim.cu). */
SmbStatus smb_cuda_sum_parts (SmbCuda *cuda, float *out, const float *parts, int64_t n, int size);

/* Products (cuda-product.c). Matrices as the table has them, row by row:
 * d (m,n; rows ldd apart) = alpha op(a) op(b) [+ bias (n)] [+ beta c], c laid out as d and possibly d itself. */
typedef struct {
  void *d;
  const void *a, *b, *c; /* c NULL: no beta */
  const void *bias;      /* NULL: none; numbers as d's */
  int64_t m, n, k, lda, ldb, ldd;
  int trans_a, trans_b;
  int halves;     /* a and b are bfloat16 */
  int d_halves;   /* so are d and c, else float32; a and b are as well then */
  int tensor_f32; /* float32 factors may be rounded to TF32 */
  float alpha, beta;
} SmbCudaProduct;

SmbCudaPlans *smb_cuda_plans_new (void);
void smb_cuda_plans_free (SmbCudaPlans *plans);
SmbStatus smb_cuda_product (SmbCuda *cuda, const SmbCudaProduct *p);
/* OK for success, else the status and a sentence that says what was being done. */
SmbStatus smb_cuda_blas_check (SmbCuda *cuda, cublasStatus_t result, const char *what);

/* Between kernels of this folder; shapes as in the table. */
/* out (rows, n rounded up to 8) = x (rows, n) in bfloat16, zeros behind n. */
SmbStatus smb_cuda_to_bf16 (SmbCuda *cuda, SmbBf16 *out, const float *x, int64_t rows, int64_t n);
/* y = epilogue (z) + residual (NULL: 0); any two may be the same. */
SmbStatus smb_cuda_finish (SmbCuda *cuda, float *y, const float *z, const float *residual, SmbEpilogue epilogue,
                           int64_t n);
/* y = epilogue (z), n a multiple of 8; they may be the same. */
SmbStatus smb_cuda_finish_halves (SmbCuda *cuda, SmbBf16 *y, const SmbBf16 *z, SmbEpilogue epilogue, int64_t n);
/* out (c) += column sums of x (rows, c). */
SmbStatus smb_cuda_column_sums (SmbCuda *cuda, float *out, const void *x, SmbNumber number, int64_t rows, int64_t c);
/* x (rows, n) in bfloat16, rows *ld_out apart: x itself where it is, else in a room. */
SmbStatus smb_cuda_halves_of (SmbCuda *cuda, SmbCudaRoom room, const void *x, SmbNumber number, int64_t rows, int64_t n,
                              const void **out, int64_t *ld_out);
/* The two arithmetics of attention: float32, and bfloat16 on the matrix units. states: room for two numbers a query
 * where probabilities or their mean are asked for; delta: one number a query. */
SmbStatus smb_cuda_attention_forward_f32 (SmbCuda *cuda, const SmbAttentionForward *a, void *states);
SmbStatus smb_cuda_attention_backward_f32 (SmbCuda *cuda, const SmbAttentionBackward *a, const float *delta);
SmbStatus smb_cuda_attention_forward_bf16 (SmbCuda *cuda, const SmbAttentionForward *a, void *states);
SmbStatus smb_cuda_attention_backward_bf16 (SmbCuda *cuda, const SmbAttentionBackward *a, const float *delta);

/* The operations of the table. */
#define DECLARE(name) SMB_BACKEND_DECLARE (smb_cuda_, name)
SMB_BACKEND_OPERATIONS (DECLARE)
#undef DECLARE

/* What the module exports. */
const SmbBackendAbi *smb_backend_entry (void);

#ifdef __cplusplus
}
#endif
