/* SPDX-License-Identifier: Apache-2.0 */
#include "cuda/cuda-private.h"

#include <stdlib.h>

/* Linear layers: products with the bias in their epilogue; the exact GELU (cuBLASLt's is the approximation by tanh) and
 * a ReLU that keeps NaN follow in one pass. In bfloat16 both factors are rounded once and sums stay float32. What lies in
 * memory as bfloat16 goes into a product as it is; what does not is rounded before, rows padded to eight numbers, which
 * the matrix units like. */

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

SmbStatus
smb_cuda_halves_of (SmbCuda *cuda, SmbCudaRoom room, const void *x, SmbNumber number, int64_t rows, int64_t n,
                    const void **out, int64_t *ld_out)
{
  void *halves = NULL;
  SmbStatus status;

  *ld_out = smb_round_up (n, 8);
  *out = x;
  if (number == SMB_NUMBER_BF16)
    return SMB_STATUS_OK;
  status = smb_cuda_need_room (cuda, room, rows * *ld_out, sizeof (SmbBf16), &halves);
  *out = halves;
  return status == SMB_STATUS_OK ? smb_cuda_to_bf16 (cuda, halves, x, rows, n) : status;
}

/* The factors of a product of x (rows, n_in) and w (n_out, n_in)^T, and its bias. */
static SmbStatus
forward_factors (SmbCuda *cuda, const SmbLinearForward *a, SmbCudaProduct *p)
{
  const Prepared *prepared = a->prepared;
  int64_t ld_bias;
  SmbPrecision precision = prepared != NULL ? prepared->precision : a->precision;
  SmbStatus status = check_precision (cuda, precision);

  p->a = a->x;
  p->b = prepared != NULL ? prepared->w : a->w;
  p->lda = p->ldb = a->n_in;
  p->tensor_f32 = precision == SMB_PRECISION_TF32;
  if (status != SMB_STATUS_OK || precision != SMB_PRECISION_BF16)
    return status;
  p->halves = 1;
  status = smb_cuda_halves_of (cuda, SMB_CUDA_ROOM_LEFT, a->x, a->x_number, a->rows, a->n_in, &p->a, &p->lda);
  p->ldb = p->k = p->lda; /* the padding is zeros in both */
  if (prepared != NULL)
    p->b = prepared->halves;
  else if (status == SMB_STATUS_OK)
    status = smb_cuda_halves_of (cuda, SMB_CUDA_ROOM_RIGHT, a->w, SMB_NUMBER_F32, a->n_out, a->n_in, &p->b, &p->ldb);
  if (status == SMB_STATUS_OK && a->bias != NULL && a->y_number == SMB_NUMBER_BF16)
    status = smb_cuda_halves_of (cuda, SMB_CUDA_ROOM_BIAS, a->bias, SMB_NUMBER_F32, 1, a->n_out, &p->bias, &ld_bias);
  p->d_halves = a->y_number == SMB_NUMBER_BF16;
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
  if (status != SMB_STATUS_OK || plain)
    return status;
  return a->y_number == SMB_NUMBER_BF16
           ? smb_cuda_finish_halves (cuda, a->y, p.d, a->epilogue, a->rows * a->n_out)
           : smb_cuda_finish (cuda, a->y, p.d, a->residual, a->epilogue, a->rows * a->n_out);
}

/* Factors of the backward products, as far as they are needed, with the distances between their rows. */
typedef struct {
  const void *dy, *x, *w;
  int64_t ld_dy, ld_x, ld_w;
} Factors;

static SmbStatus
backward_halves (SmbCuda *cuda, const SmbLinearBackward *a, Factors *f)
{
  SmbStatus status
    = smb_cuda_halves_of (cuda, SMB_CUDA_ROOM_LEFT, a->dy, a->dy_number, a->rows, a->n_out, &f->dy, &f->ld_dy);

  if (status == SMB_STATUS_OK && a->dx != NULL)
    status = smb_cuda_halves_of (cuda, SMB_CUDA_ROOM_RIGHT, a->w, SMB_NUMBER_F32, a->n_out, a->n_in, &f->w, &f->ld_w);
  if (status == SMB_STATUS_OK && a->dw != NULL)
    status = smb_cuda_halves_of (cuda, SMB_CUDA_ROOM_THIRD, a->x, a->x_number, a->rows, a->n_in, &f->x, &f->ld_x);
  return status;
}

SmbStatus
smb_cuda_linear_backward (void *ctx, const SmbLinearBackward *a)
{
  SmbCuda *cuda = ctx;
  const int halves = a->precision == SMB_PRECISION_BF16;
  Factors f = { a->dy, a->x, a->w, a->n_out, a->n_in, a->n_in };
  SmbCudaProduct p = { .ldd = a->n_in, .n = a->n_in, .halves = halves,
                       .tensor_f32 = a->precision == SMB_PRECISION_TF32, .alpha = 1.0f, .beta = 1.0f };
  SmbStatus status = smb_cuda_enter (cuda);

  if (status == SMB_STATUS_OK)
    status = check_precision (cuda, a->precision);
  if (status == SMB_STATUS_OK && halves && (a->dx != NULL || a->dw != NULL))
    status = backward_halves (cuda, a, &f);
  p.a = f.dy;
  p.lda = f.ld_dy;
  if (status == SMB_STATUS_OK && a->dx != NULL) {
    p.d = a->dx;
    p.d_halves = a->dx_number == SMB_NUMBER_BF16;
    p.b = f.w;
    p.ldb = f.ld_w;
    p.m = a->rows;
    p.k = a->n_out;
    status = smb_cuda_product (cuda, &p);
  }
  if (status == SMB_STATUS_OK && a->dw != NULL) {
    p.d = a->dw;
    p.d_halves = 0;
    p.c = a->dw;
    p.b = f.x;
    p.ldb = f.ld_x;
    p.m = a->n_out;
    p.k = a->rows;
    p.trans_a = 1;
    status = smb_cuda_product (cuda, &p);
  }
  if (status == SMB_STATUS_OK && a->dbias != NULL)
    status = smb_cuda_column_sums (cuda, a->dbias, a->dy, a->dy_number, a->rows, a->n_out);
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
