/* SPDX-License-Identifier: Apache-2.0 */
#include "cuda/cuda-private.h"

#include <stdlib.h>

/* Linear layers: products with the bias in their epilogue; the exact GELU (cuBLASLt's is the approximation by tanh) and
 * a ReLU that keeps NaN follow in one pass. In bfloat16 both factors are rounded once and sums stay float32; rows of
 * factors are padded to eight numbers, which the matrix units like. What an activation gives is nearly always the next
 * product's factor: the pass that makes it rounds it as well, and the next layer finds it where it is the very next
 * thing asked for. */

typedef struct {
  SmbPrecision precision;
  const float *w;  /* borrowed */
  SmbBf16 *halves; /* owned; NULL unless BF16 */
} Prepared;

static SmbStatus
check_precision (SmbCuda *cuda, SmbPrecision precision)
{
  if (precision == SMB_PRECISION_F32
      || (cuda->capability >= 80 && (precision == SMB_PRECISION_TF32 || precision == SMB_PRECISION_BF16)))
    return SMB_STATUS_OK;
  return smb_cuda_fail (cuda, SMB_STATUS_UNSUPPORTED,
                        "this card has no units for the precision asked for; choose f32.");
}

SmbStatus
smb_cuda_weight_prepare (void *ctx, const float *w, int64_t n_out, int64_t n_in, SmbPrecision precision,
                         void **prepared_out)
{
  SmbCuda *cuda = ctx;
  Prepared *prepared;
  void *halves = NULL;
  SmbStatus status = check_precision (cuda, precision);

  if (status == SMB_STATUS_OK && precision == SMB_PRECISION_BF16)
    status = smb_cuda_alloc (ctx, (size_t) n_out * (size_t) smb_round_up (n_in, 8) * sizeof (SmbBf16), &halves);
  if (status == SMB_STATUS_OK && halves != NULL)
    status = smb_cuda_to_bf16 (cuda, halves, w, n_out, n_in);
  prepared = status == SMB_STATUS_OK ? calloc (1, sizeof *prepared) : NULL;
  if (prepared == NULL) {
    smb_cuda_release (ctx, halves);
    return status != SMB_STATUS_OK
             ? status
             : smb_cuda_fail (cuda, SMB_STATUS_NO_MEMORY, "There is not enough memory to go on computing.");
  }
  *prepared = (Prepared){ precision, w, halves };
  cuda->epoch++; /* the same product may be of it from now on */
  *prepared_out = prepared;
  return SMB_STATUS_OK;
}

void
smb_cuda_weight_release (void *ctx, void *prepared)
{
  if (prepared != NULL)
    smb_cuda_release (ctx, ((Prepared *) prepared)->halves);
  free (prepared);
}

/* x (rows, n) in bfloat16 in a room. */
static SmbStatus
halve (SmbCuda *cuda, SmbCudaRoom room, const float *x, int64_t rows, int64_t n, const void **out)
{
  void *halves = NULL;
  SmbStatus status
    = smb_cuda_need_room (cuda, room, rows * smb_round_up (n, 8), sizeof (SmbBf16), &halves);

  *out = halves;
  return status == SMB_STATUS_OK ? smb_cuda_to_bf16 (cuda, halves, x, rows, n) : status;
}

/* The left factor likewise, unless the operation before this one has left it there. */
static SmbStatus
halve_left (SmbCuda *cuda, const float *x, int64_t rows, int64_t n, const void **out)
{
  if (cuda->halved.of != x || cuda->halved.rows != rows || cuda->halved.n != n
      || cuda->halved.turn + 1 != cuda->turn)
    return halve (cuda, SMB_CUDA_ROOM_LEFT, x, rows, n, out);
  *out = cuda->rooms[SMB_CUDA_ROOM_LEFT].data;
  return SMB_STATUS_OK;
}

/* y and, for whoever comes next, y in bfloat16. The product that was the left factor's is on its way before. */
static SmbStatus
finish (SmbCuda *cuda, const SmbLinearForward *a, const float *z, int halves)
{
  const int64_t padded = smb_round_up (a->n_out, 8);
  void *room = NULL;
  SmbStatus status = halves ? smb_cuda_need_room (cuda, SMB_CUDA_ROOM_LEFT, a->rows * padded, sizeof (SmbBf16), &room)
                            : SMB_STATUS_OK;

  if (status == SMB_STATUS_OK)
    status = smb_cuda_finish (cuda, a->y, room, z, a->residual, a->epilogue, a->rows, a->n_out);
  if (status == SMB_STATUS_OK && halves) {
    cuda->halved.of = a->y;
    cuda->halved.rows = a->rows;
    cuda->halved.n = a->n_out;
    cuda->halved.turn = cuda->turn;
  }
  return status;
}

/* The factors of a product of x (rows, n_in) and w (n_out, n_in)^T. */
static SmbStatus
forward_factors (SmbCuda *cuda, const SmbLinearForward *a, SmbCudaProduct *p)
{
  const Prepared *prepared = a->prepared;
  SmbPrecision precision = prepared != NULL ? prepared->precision : a->precision;
  SmbStatus status = check_precision (cuda, precision);

  p->a = a->x;
  p->b = prepared != NULL ? prepared->w : a->w;
  p->lda = p->ldb = a->n_in;
  p->tensor_f32 = precision == SMB_PRECISION_TF32;
  if (status != SMB_STATUS_OK || precision != SMB_PRECISION_BF16)
    return status;
  p->halves = 1;
  p->lda = p->ldb = p->k = smb_round_up (a->n_in, 8); /* the padding is zeros in both */
  status = halve_left (cuda, a->x, a->rows, a->n_in, &p->a);
  if (prepared != NULL)
    p->b = prepared->halves;
  else if (status == SMB_STATUS_OK)
    status = halve (cuda, SMB_CUDA_ROOM_RIGHT, a->w, a->n_out, a->n_in, &p->b);
  return status;
}

SmbStatus
smb_cuda_linear_forward (void *ctx, const SmbLinearForward *a)
{
  SmbCuda *cuda = ctx;
  const int plain = a->epilogue == SMB_EPILOGUE_NONE && a->before == NULL;
  SmbCudaProduct p = { .d = a->before != NULL ? a->before : a->y, .bias = a->bias, .m = a->rows, .n = a->n_out,
                       .k = a->n_in, .ldd = a->n_out, .trans_b = 1, .alpha = 1.0f, .beta = 1.0f };
  SmbStatus status;

  if (a->rows <= 0 || a->n_out <= 0)
    return SMB_STATUS_OK;
  status = smb_cuda_enter (cuda);
  if (plain)
    p.c = a->residual;
  else if (status == SMB_STATUS_OK && a->before == NULL && a->residual == a->y) /* the residual is still wanted */
    status = smb_cuda_need_room (cuda, SMB_CUDA_ROOM_RESULT, a->rows * a->n_out, sizeof (float), &p.d);
  if (status == SMB_STATUS_OK)
    status = forward_factors (cuda, a, &p);
  if (status == SMB_STATUS_OK)
    status = smb_cuda_product (cuda, &p);
  if (status == SMB_STATUS_OK && !plain)
    status = finish (cuda, a, p.d, p.halves && a->epilogue != SMB_EPILOGUE_NONE);
  return status;
}

/* Factors of the backward products in bfloat16, as far as they are needed. */
static SmbStatus
backward_halves (SmbCuda *cuda, const SmbLinearBackward *a, const void **dy, const void **x, const void **w)
{
  SmbStatus status = halve (cuda, SMB_CUDA_ROOM_LEFT, a->dy, a->rows, a->n_out, dy);

  if (status == SMB_STATUS_OK && a->dx != NULL)
    status = halve (cuda, SMB_CUDA_ROOM_RIGHT, a->w, a->n_out, a->n_in, w);
  if (status == SMB_STATUS_OK && a->dw != NULL)
    status = halve (cuda, SMB_CUDA_ROOM_THIRD, a->x, a->rows, a->n_in, x);
  return status;
}

SmbStatus
smb_cuda_linear_backward (void *ctx, const SmbLinearBackward *a)
{
  SmbCuda *cuda = ctx;
  const int halves = a->precision == SMB_PRECISION_BF16;
  const int64_t ld_out = halves ? smb_round_up (a->n_out, 8) : a->n_out;
  const int64_t ld_in = halves ? smb_round_up (a->n_in, 8) : a->n_in;
  const void *dy = a->dy, *x = a->x, *w = a->w;
  SmbCudaProduct p = { .ldd = a->n_in, .ldb = ld_in, .lda = ld_out, .n = a->n_in, .halves = halves,
                       .tensor_f32 = a->precision == SMB_PRECISION_TF32, .alpha = 1.0f, .beta = 1.0f };
  SmbStatus status = smb_cuda_enter (cuda);

  if (status == SMB_STATUS_OK)
    status = check_precision (cuda, a->precision);
  if (status == SMB_STATUS_OK && halves && (a->dx != NULL || a->dw != NULL))
    status = backward_halves (cuda, a, &dy, &x, &w);
  p.a = dy;
  if (status == SMB_STATUS_OK && a->dx != NULL) {
    p.d = a->dx;
    p.b = w;
    p.m = a->rows;
    p.k = a->n_out;
    status = smb_cuda_product (cuda, &p);
  }
  if (status == SMB_STATUS_OK && a->dw != NULL) {
    p.d = a->dw;
    p.c = a->dw;
    p.b = x;
    p.m = a->n_out;
    p.k = a->rows;
    p.trans_a = 1;
    status = smb_cuda_product (cuda, &p);
  }
  if (status == SMB_STATUS_OK && a->dbias != NULL)
    status = smb_cuda_column_sums (cuda, a->dbias, a->dy, a->rows, a->n_out);
  return status;
}

SmbStatus
smb_cuda_gemm (void *ctx, float *c, const float *a, const float *b, int64_t m, int64_t n, int64_t k, int trans_a,
               int trans_b, float alpha, float beta)
{
  SmbCuda *cuda = ctx;
  const SmbCudaProduct p = { .d = c, .a = a, .b = b, .c = beta != 0.0f ? c : NULL, .m = m, .n = n, .k = k,
                             .lda = trans_a ? m : k, .ldb = trans_b ? k : n, .ldd = n, .trans_a = trans_a,
                             .trans_b = trans_b, .alpha = alpha, .beta = beta };
  SmbStatus status = smb_cuda_enter (cuda);

  return m <= 0 || n <= 0 || status != SMB_STATUS_OK ? status : smb_cuda_product (cuda, &p);
}
