/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The seam between the engine and what computes: a table of plain C functions. A backend (engine/cpu, engine/cuda)
 * includes this header and its own files, nothing else of the engine; the engine reaches a backend only through this
 * table. Shapes are checked once, above, in engine/tensor: a backend may trust its arguments.
 *
 * Conventions
 *  - Matrices and tensors are float32, row-major, contiguous, in memory of the backend's device unless said otherwise.
 *    Those given as void * are what the number format beside them says.
 *    Outputs come first. Buffers never overlap unless "in place" is allowed in the comment.
 *  - "=" overwrites, "+=" accumulates. Gradients of parameters accumulate; gradients of activations overwrite.
 *  - B batch, T tokens, C channels, H heads, D = C / H, L patches, K kept patches, P patch side in pixels.
 *  - Every function is called by one thread at a time for one context; it may use threads of its own inside.
 *  - Reductions have a fixed order for a given shape and thread count: same input, same bytes.
 *  - A function that fails returns a status and leaves a sentence in context_error; its outputs are undefined. */

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SMB_BACKEND_ABI_VERSION 10u
#define SMB_GROUP_ID_BYTES 128

typedef enum {
  SMB_STATUS_OK = 0,
  SMB_STATUS_NO_MEMORY,   /* the device has not enough memory: the caller may retry with a smaller batch */
  SMB_STATUS_NO_DEVICE,   /* no such device, or no driver */
  SMB_STATUS_UNSUPPORTED, /* this backend has no such kernel */
  SMB_STATUS_FAILED,
  SMB_STATUS_REPEAT,      /* of sequence_end alone: nothing was computed, and the caller calls the operations again */
} SmbStatus;

/* Arithmetic of the linear layers: of the factors of their products. Sums, results and everything else stay float32. */
typedef enum {
  SMB_PRECISION_F32 = 0,
  SMB_PRECISION_TF32,
  SMB_PRECISION_BF16,
  SMB_PRECISION_INT8,
} SmbPrecision;

/* How the numbers of an activation lie in memory. BF16: rounded to the nearest, where SmbDeviceInfo.halves is set and
 * the operation's precision, if it has one, is BF16; rows of such matrices are multiples of 8 numbers long and begin at
 * multiples of 16 bytes. Sums and what is not stored stay float32. */
typedef enum {
  SMB_NUMBER_F32 = 0,
  SMB_NUMBER_BF16,
} SmbNumber;

typedef enum {
  SMB_EPILOGUE_NONE = 0,
  SMB_EPILOGUE_GELU, /* exact: 0.5 z (1 + erf (z / sqrt 2)) */
  SMB_EPILOGUE_RELU,
} SmbEpilogue;

typedef enum {
  SMB_PATCH_CHW = 0, /* channel, row, column: what the patch projection's weights expect */
  SMB_PATCH_HWC,     /* row, column, channel: what reconstruction targets and decoder_pred use */
} SmbPatchOrder;

typedef struct {
  char name[128];         /* "AMD EPYC 9654, AVX-512 BF16" */
  uint64_t total_bytes;   /* memory of the device; 0 if unknown */
  uint64_t free_bytes;
  uint32_t precisions;    /* bit (1u << SmbPrecision) for each that works here */
  SmbPrecision quick;     /* BF16 where its products are quicker than float32's, else F32 */
  int halves;             /* whether it takes activations as SMB_NUMBER_BF16 */
  uint32_t chunk_rows; /* tokens that are best taken through a block at a time, so that they stay in a cache; 0: all */
} SmbDeviceInfo;

/* y (rows, n_out) = epilogue (x (rows, n_in) . w (n_out, n_in)^T + bias) [+ residual (rows, n_out)] */
typedef struct {
  void *y;
  void *before; /* NULL, or (rows, n_out): the value before the epilogue, kept for the backward pass */
  const void *x;
  const float *w;        /* may be NULL if `prepared` is given */
  const void *prepared;  /* NULL, or what weight_prepare made of w */
  const float *bias;     /* NULL, or (n_out) */
  const float *residual; /* NULL, or (rows, n_out); may be y itself; only where y is float32 */
  int64_t rows, n_in, n_out;
  SmbNumber x_number, y_number; /* of x; of y and `before` */
  SmbEpilogue epilogue;
  SmbPrecision precision; /* without `prepared`: F32, or BF16 where the device has it */
} SmbLinearForward;

/* dx = dy . w;   dw += dy^T . x;   dbias += column sums of dy. Any output may be NULL. dy is already behind the
 * epilogue (see gelu_backward). */
typedef struct {
  void *dx;     /* (rows, n_in) */
  float *dw;    /* (n_out, n_in) */
  float *dbias; /* (n_out) */
  const void *dy, *x;
  const float *w;
  int64_t rows, n_in, n_out;
  SmbNumber dx_number, dy_number, x_number;
  SmbPrecision precision; /* of the products: F32, or BF16 where the device has it */
} SmbLinearBackward;

/* softmax (q k^T / sqrt D) v per head.  qkv (B,T,3C): the channels of a token are q, k, v, each [head][D]. */
typedef struct {
  void *y;      /* (B,T,C) */
  float *probs; /* NULL, or (B,H,T,T): row = query, column = key */
  float *mean;  /* NULL, or (B,T,T): the mean of probs over the heads, added in their order; probs need not be asked for */
  float *lse;   /* NULL, or (B,H,T): log of the sum of exponentials of each row, all the backward pass needs */
  const void *qkv;
  int64_t b, t, h, d;
  SmbNumber number; /* of qkv and y */
  SmbPrecision precision; /* of the two products; INT8 counts as BF16 where the device has it, else as F32 */
} SmbAttentionForward;

typedef struct {
  void *dqkv;    /* (B,T,3C) = */
  float *dprobs; /* NULL, or (B,H,T,T) = d loss / d probs */
  float *relevance; /* NULL, or (B,T,T) = the mean over the heads, added in their order, of max (0, probs dprobs), NaN
                     * kept; dprobs need not be asked for */
  const void *dy, *y, *qkv;
  const float *lse;
  int64_t b, t, h, d;
  SmbNumber number; /* of dqkv, dy, y and qkv */
  SmbPrecision precision; /* of the products */
} SmbAttentionBackward;

/* AdamW with decoupled decay (Loshchilov and Hutter 2019), PyTorch's order: decay first.
 * g' = grad_scale g;  m = b1 m + (1-b1) g';  v = b2 v + (1-b2) g'^2;
 * p = p (1 - lr wd) - lr / c1 * m / (sqrt (v) / sqrt (c2) + eps),  c1 = 1 - b1^t,  c2 = 1 - b2^t. */
typedef struct {
  float *param, *m, *v;
  const float *grad;
  int64_t n;
  double lr, beta1, beta2, eps, weight_decay, grad_scale;
  int64_t t; /* 1 for the first step */
} SmbAdamW;

typedef struct SmbBackendAbi {
  uint32_t abi_version; /* SMB_BACKEND_ABI_VERSION: others are refused */
  uint32_t struct_bytes;
  const char *name; /* "cpu", "cuda" */

  /* Devices and contexts. device_count < 0: the backend cannot run here; why() says so in a sentence. */
  int (*device_count) (void);
  const char *(*why) (void);
  SmbStatus (*device_describe) (int device, SmbDeviceInfo *out);
  SmbStatus (*context_new) (int device, int threads, void **ctx_out); /* threads 0: as many as cores */
  void (*context_free) (void *ctx);
  const char *(*context_error) (void *ctx); /* the last failure in a sentence; borrowed until the next call */
  SmbStatus (*synchronise) (void *ctx);

  /* Memory. alloc gives at least 64-byte alignment and does not clear. Host pointers are ordinary memory. */
  SmbStatus (*alloc) (void *ctx, size_t bytes, void **out);
  void (*release) (void *ctx, void *pointer);
  SmbStatus (*upload) (void *ctx, void *device, const void *host, size_t bytes);
  SmbStatus (*download) (void *ctx, void *host, const void *device, size_t bytes);
  SmbStatus (*copy) (void *ctx, void *out, const void *in, size_t bytes);
  SmbStatus (*fill) (void *ctx, float *out, float value, int64_t n);
  /* Bytes that go to the device beside what it is computing. Both NULL: there is only `upload`. upload_ahead puts them
   * into memory of the backend's own and returns once `host` may change; upload_take: out = them, in the order of the
   * operations, as by copy. There is one place for them: what was not taken is lost to the next upload_ahead. */
  SmbStatus (*upload_ahead) (void *ctx, const void *host, size_t bytes);
  SmbStatus (*upload_take) (void *ctx, void *out, size_t bytes);

  /* Operations that come again and again, which a device may be given in one piece (CUDA graphs). Both NULL: it does not
   * keep any. What is called between begin and end goes by a key: the same key promises the same operations with the
   * same arguments, pointers included; what lies in the memory may be other. *known_out: they have been kept, the
   * caller leaves them out, and end starts them. In between there are products, attention, norms, element-wise
   * operations, layout, `copy` and `fill` alone: no memory is asked for or given back, nothing goes to the host or comes
   * from it. complete 0: not everything was called; the sequence is forgotten, and what it would have written undefined.
   * After REPEAT the caller calls the operations outside a sequence. */
  SmbStatus (*sequence_begin) (void *ctx, uint64_t key, int *known_out);
  SmbStatus (*sequence_end) (void *ctx, int complete);

  /* Products. w stays unchanged until weight_release: a backend may keep it instead of a copy. */
  SmbStatus (*weight_prepare) (void *ctx, const float *w, int64_t n_out, int64_t n_in, SmbPrecision precision,
                               void **prepared_out);
  void (*weight_release) (void *ctx, void *prepared);
  SmbStatus (*linear_forward) (void *ctx, const SmbLinearForward *a);
  SmbStatus (*linear_backward) (void *ctx, const SmbLinearBackward *a);
  /* c (m,n) = alpha op(a) op(b) + beta c; op transposes where trans_* is not 0. a is (m,k) or, transposed, (k,m). */
  SmbStatus (*gemm) (void *ctx, float *c, const float *a, const float *b, int64_t m, int64_t n, int64_t k,
                     int trans_a, int trans_b, float alpha, float beta);

  /* Attention. */
  SmbStatus (*attention_forward) (void *ctx, const SmbAttentionForward *a);
  SmbStatus (*attention_backward) (void *ctx, const SmbAttentionBackward *a);

  /* Norms and activations. mean, rstd (rows) may be NULL in forward. In backward they are needed; dw, db += . */
  SmbStatus (*layer_norm_forward) (void *ctx, void *y, SmbNumber y_number, float *mean, float *rstd, const float *x,
                                   const float *w, const float *b, int64_t rows, int64_t c, float eps);
  SmbStatus (*layer_norm_backward) (void *ctx, float *dx, float *dw, float *db, const void *dy, SmbNumber dy_number,
                                    const float *x, const float *w, const float *mean, const float *rstd, int64_t rows,
                                    int64_t c);
  /* All in one number format. In place allowed. */
  SmbStatus (*gelu_forward) (void *ctx, void *y, const void *x, SmbNumber number, int64_t n);
  SmbStatus (*gelu_backward) (void *ctx, void *dx, const void *dy, const void *x, SmbNumber number,
                              int64_t n); /* dx may be dy */
  SmbStatus (*relu_forward) (void *ctx, float *y, const float *x, int64_t n);                     /* in place allowed */
  SmbStatus (*relu_backward) (void *ctx, float *dx, const float *dy, const float *y, int64_t n);  /* dx may be dy */
  /* y = x / max (|x|, 1e-12) a row; norm (rows) kept for backward: dx = (dy - y (y . dy)) / norm. */
  SmbStatus (*unit_rows_forward) (void *ctx, float *y, float *norm, const float *x, int64_t rows, int64_t c);
  SmbStatus (*unit_rows_backward) (void *ctx, float *dx, const float *dy, const float *y, const float *norm,
                                   int64_t rows, int64_t c);

  /* Element-wise. */
  SmbStatus (*axpy) (void *ctx, float *y, float a, const float *x, int64_t n); /* y += a x */
  /* y = x + gate[sample] * branch (residual with stochastic depth); gate NULL: 1. y may be x or branch. */
  SmbStatus (*residual_add) (void *ctx, float *y, const float *x, const float *branch, const float *gate,
                             int64_t samples, int64_t per_sample);
  /* y = gate[sample] * x; y may be x. */
  SmbStatus (*scale_samples) (void *ctx, float *y, const float *x, const float *gate, int64_t samples,
                              int64_t per_sample);

  /* Layout. Patches go row by row over the grid; index (B,K) int32 in [0, L). */
  SmbStatus (*patchify) (void *ctx, float *out, const float *images, int64_t b, int64_t chans, int64_t height,
                         int64_t width, int64_t patch, SmbPatchOrder order); /* (B,L,chans P P) from (B,chans,H,W) */
  SmbStatus (*unpatchify) (void *ctx, float *images, const float *patches, int64_t b, int64_t chans, int64_t height,
                           int64_t width, int64_t patch, SmbPatchOrder order);
  SmbStatus (*gather_rows) (void *ctx, float *out, const float *x, const int32_t *index, int64_t b, int64_t l,
                            int64_t k, int64_t c); /* out (B,K,C) = x[b, index[b,k]] of (B,L,C) */
  /* out (B,1+K,C): row 0 = cls + pos[0]; row 1+k = x[b,k] + pos[1 + index[b,k]]. index NULL: k itself.
   * cls (C), x (B,K,C), pos (1+L,C). */
  SmbStatus (*tokens_forward) (void *ctx, float *out, const float *x, const float *cls, const float *pos,
                               const int32_t *index, int64_t b, int64_t k, int64_t c);
  /* dx (B,K,C) = ; dcls (C) += ; dpos (1+L,C) += . Any may be NULL. */
  SmbStatus (*tokens_backward) (void *ctx, float *dx, float *dcls, float *dpos, const float *dout,
                                const int32_t *index, int64_t b, int64_t k, int64_t c);
  /* out (B,1+L,C): row 0 = x[b,0]; row 1+index[b,k] = x[b,1+k]; mask (C) elsewhere; then + pos (1+L,C) if not NULL.
   * x (B,1+K,C). */
  SmbStatus (*unshuffle_forward) (void *ctx, float *out, const float *x, const float *mask, const float *pos,
                                  const int32_t *index, int64_t b, int64_t l, int64_t k, int64_t c);
  /* dx (B,1+K,C) = ; dmask (C) += . */
  SmbStatus (*unshuffle_backward) (void *ctx, float *dx, float *dmask, const float *dout, const int32_t *index,
                                   int64_t b, int64_t l, int64_t k, int64_t c);
  SmbStatus (*add_table) (void *ctx, float *x, const float *table, int64_t b, int64_t tc); /* x (B,tc) += table (tc) */
  /* out (B,C) = mean over tokens first..T-1 of x (B,T,C); backward: dx = dout / (T - first), 0 before `first`. */
  SmbStatus (*mean_tokens_forward) (void *ctx, float *out, const float *x, int64_t b, int64_t t, int64_t c,
                                    int64_t first);
  SmbStatus (*mean_tokens_backward) (void *ctx, float *dx, const float *dout, int64_t b, int64_t t, int64_t c,
                                     int64_t first);
  /* out (B,C) = x[b, row]; backward: dx = dout at that row, 0 elsewhere. */
  SmbStatus (*take_row_forward) (void *ctx, float *out, const float *x, int64_t b, int64_t t, int64_t c, int64_t row);
  SmbStatus (*take_row_backward) (void *ctx, float *dx, const float *dout, int64_t b, int64_t t, int64_t c,
                                  int64_t row);

  /* Reconstruction loss of masked image modelling. target is HWC patches; with `normalise`, in place, each patch
   * becomes (t - mean) / sd, sd = sqrt (unbiased variance + 1e-6); mean and sd (rows) are written either way. */
  SmbStatus (*recon_target) (void *ctx, float *target, float *mean, float *sd, int64_t rows, int64_t pix,
                             int normalise);
  SmbStatus (*recon_error) (void *ctx, float *error, const float *pred, const float *target, int64_t rows,
                            int64_t pix); /* error (rows) = mean over pix of (pred - target)^2 */
  SmbStatus (*recon_backward) (void *ctx, float *dpred, const float *pred, const float *target, const float *weight,
                               int64_t rows, int64_t pix); /* dpred = weight[row] * 2 / pix * (pred - target) */

  /* Optimisation. */
  SmbStatus (*adamw) (void *ctx, const SmbAdamW *a);
  SmbStatus (*ema) (void *ctx, float *target, const float *online, double momentum, int64_t n); /* t = m t + (1-m) o */
  SmbStatus (*sum_squares) (void *ctx, double *host_out, const float *x, int64_t n); /* float64 sum, fixed order */

  /* Several processes on one training, each with a device of its own. UNSUPPORTED: sums must go through the host. One
   * makes the id and passes it on (id NULL: only asks whether it could); then all join at the same time, `rank` of
   * `size`. */
  SmbStatus (*group_id) (void *ctx, uint8_t *id /* SMB_GROUP_ID_BYTES */);
  SmbStatus (*group_join) (void *ctx, const uint8_t *id, int rank, int size);
  SmbStatus (*group_sum) (void *ctx, float *x, int64_t n); /* x = the sum over all, in the order of the ranks */
} SmbBackendAbi;

/* What a loadable module exports under this very name. */
typedef const SmbBackendAbi *(*SmbBackendEntry) (void);
#define SMB_BACKEND_ENTRY_NAME "smb_backend_entry"

#ifdef __cplusplus
}
#endif
