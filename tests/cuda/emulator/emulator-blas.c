/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "cublasLt.h"

/* Products as cuBLASLt defines them: column by column, sums in double so that what is measured is the caller. It
 * refuses what the real one may crash on: pointers less aligned than the preferences promised, or a bias than the one
 * that was there when the product was chosen, leading dimensions that are too short. SMB_EMULATED_BLAS names what fails:
 * "create", "heuristic" (of the library), "none" (no way is found), "state" (one that is none), "memory" (of a product). */

struct SmbEmulatedBlas {
  int unused;
};

struct SmbEmulatedDesc {
  cublasOperation_t trans_a, trans_b;
  cublasLtEpilogue_t epilogue;
  const void *bias;
};

struct SmbEmulatedLayout {
  cudaDataType type;
  uint64_t rows, columns;
  int64_t ld;
};

struct SmbEmulatedPreference {
  uint32_t alignment[4];
};

static int
fails (const char *what)
{
  const char *name = getenv ("SMB_EMULATED_BLAS");

  return name != NULL && strcmp (name, what) == 0;
}

const char *
cublasLtGetStatusString (cublasStatus_t status)
{
  return status == CUBLAS_STATUS_SUCCESS ? "success" : "emulated failure";
}

cublasStatus_t
cublasLtCreate (cublasLtHandle_t *handle)
{
  if (fails ("create"))
    return CUBLAS_STATUS_ALLOC_FAILED;
  *handle = calloc (1, sizeof **handle);
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t
cublasLtDestroy (cublasLtHandle_t handle)
{
  free (handle);
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t
cublasLtMatmulDescCreate (cublasLtMatmulDesc_t *desc, cublasComputeType_t compute, cudaDataType scale)
{
  *desc = calloc (1, sizeof **desc);
  (*desc)->epilogue = CUBLASLT_EPILOGUE_DEFAULT;
  return scale == CUDA_R_32F ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_NOT_SUPPORTED;
}

cublasStatus_t
cublasLtMatmulDescDestroy (cublasLtMatmulDesc_t desc)
{
  free (desc);
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t
cublasLtMatmulDescSetAttribute (cublasLtMatmulDesc_t desc, cublasLtMatmulDescAttributes_t attribute, const void *value,
                                size_t bytes)
{
  void *to = attribute == CUBLASLT_MATMUL_DESC_TRANSA         ? (void *) &desc->trans_a
             : attribute == CUBLASLT_MATMUL_DESC_TRANSB       ? (void *) &desc->trans_b
             : attribute == CUBLASLT_MATMUL_DESC_EPILOGUE     ? (void *) &desc->epilogue
             : attribute == CUBLASLT_MATMUL_DESC_BIAS_POINTER ? (void *) &desc->bias
                                                              : NULL;

  if (to == NULL || bytes != (attribute == CUBLASLT_MATMUL_DESC_BIAS_POINTER ? sizeof (void *) : 4))
    return CUBLAS_STATUS_INVALID_VALUE;
  memcpy (to, value, bytes);
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t
cublasLtMatrixLayoutCreate (cublasLtMatrixLayout_t *layout, cudaDataType type, uint64_t rows, uint64_t columns,
                            int64_t ld)
{
  if (rows == 0 || columns == 0 || ld < (int64_t) rows)
    return CUBLAS_STATUS_INVALID_VALUE;
  *layout = calloc (1, sizeof **layout);
  **layout = (struct SmbEmulatedLayout){ type, rows, columns, ld };
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t
cublasLtMatrixLayoutDestroy (cublasLtMatrixLayout_t layout)
{
  free (layout);
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t
cublasLtMatmulPreferenceCreate (cublasLtMatmulPreference_t *preference)
{
  *preference = calloc (1, sizeof **preference);
  for (int i = 0; i < 4; i++)
    (*preference)->alignment[i] = 256; /* the real one's default */
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t
cublasLtMatmulPreferenceDestroy (cublasLtMatmulPreference_t preference)
{
  free (preference);
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t
cublasLtMatmulPreferenceSetAttribute (cublasLtMatmulPreference_t preference,
                                      cublasLtMatmulPreferenceAttributes_t attribute, const void *value, size_t bytes)
{
  int which = (int) attribute - CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES;

  if (bytes != (attribute == CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES ? sizeof (size_t) : sizeof (uint32_t)))
    return CUBLAS_STATUS_INVALID_VALUE;
  if (which >= 0 && which < 4)
    memcpy (&preference->alignment[which], value, bytes);
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t
cublasLtMatmulAlgoGetHeuristic (cublasLtHandle_t handle, cublasLtMatmulDesc_t desc, cublasLtMatrixLayout_t a,
                                cublasLtMatrixLayout_t b, cublasLtMatrixLayout_t c, cublasLtMatrixLayout_t d,
                                cublasLtMatmulPreference_t preference, int wanted,
                                cublasLtMatmulHeuristicResult_t *results, int *found)
{
  if (fails ("heuristic"))
    return CUBLAS_STATUS_INTERNAL_ERROR;
  memset (results, 0xff, sizeof *results);
  results[0].state = fails ("state") ? CUBLAS_STATUS_NOT_SUPPORTED : CUBLAS_STATUS_SUCCESS;
  if (results[0].state == CUBLAS_STATUS_SUCCESS) {
    memcpy (results[0].algo.alignment, preference->alignment, sizeof preference->alignment);
    results[0].algo.alignment[4] = 256;
    while ((uintptr_t) desc->bias % results[0].algo.alignment[4] != 0)
      results[0].algo.alignment[4] /= 2;
  }
  *found = wanted > 0 && !fails ("none");
  return CUBLAS_STATUS_SUCCESS;
}

static float
element (const void *matrix, const struct SmbEmulatedLayout *layout, cublasOperation_t trans, uint64_t row,
         uint64_t column)
{
  int64_t at = trans == CUBLAS_OP_T ? (int64_t) row * layout->ld + (int64_t) column
                                    : (int64_t) column * layout->ld + (int64_t) row;
  uint32_t bits;
  float value;

  if (layout->type == CUDA_R_32F)
    return ((const float *) matrix)[at];
  bits = (uint32_t) ((const uint16_t *) matrix)[at] << 16;
  memcpy (&value, &bits, sizeof value);
  return value;
}

/* op (matrix) as float32 rows, `count` of them. */
static float *
rows_of (const void *matrix, const struct SmbEmulatedLayout *layout, cublasOperation_t trans, uint64_t count,
         uint64_t depth, int columns)
{
  float *out = malloc ((count * depth + 1) * sizeof *out);

  for (uint64_t r = 0; r < count; r++)
    for (uint64_t k = 0; k < depth; k++)
      out[r * depth + k] = columns ? element (matrix, layout, trans, k, r) : element (matrix, layout, trans, r, k);
  return out;
}

static int
is_aligned (const void *pointer, uint32_t alignment)
{
  return (uintptr_t) pointer % alignment == 0;
}

/* A product with everything it was asked for with: the caller changes and frees what it named by handles. */
typedef struct {
  struct SmbEmulatedDesc desc;
  struct SmbEmulatedLayout a_layout, b_layout, c_layout, d_layout;
  float alpha, beta;
  const void *a, *b, *c;
  void *d;
} Product;

/* A bias has the numbers of the result. */
static float
bias_of (const Product *p, uint64_t i)
{
  const struct SmbEmulatedLayout layout = { p->d_layout.type, p->d_layout.rows, 1, (int64_t) p->d_layout.rows };

  return p->desc.epilogue == CUBLASLT_EPILOGUE_BIAS ? element (p->desc.bias, &layout, CUBLAS_OP_N, i, 0) : 0.0f;
}

static void
put (const Product *p, uint64_t row, uint64_t column, float value)
{
  const int64_t at = (int64_t) column * p->d_layout.ld + (int64_t) row;
  uint32_t bits;

  if (p->d_layout.type == CUDA_R_32F) {
    ((float *) p->d)[at] = value;
    return;
  }
  memcpy (&bits, &value, sizeof bits);
  if (value == value)
    bits += 0x7fff + (bits >> 16 & 1);
  else
    bits |= 0x400000;
  ((uint16_t *) p->d)[at] = (uint16_t) (bits >> 16);
}

static void
multiply (const void *arguments)
{
  const Product *p = arguments;
  uint64_t m = p->d_layout.rows, n = p->d_layout.columns;
  uint64_t k = p->desc.trans_a == CUBLAS_OP_T ? p->a_layout.rows : p->a_layout.columns;
  float *left, *right;

  smb_emulator_enter ();
  left = rows_of (p->a, &p->a_layout, p->desc.trans_a, m, k, 0);
  right = rows_of (p->b, &p->b_layout, p->desc.trans_b, n, k, 1);
  for (uint64_t j = 0; j < n; j++)
    for (uint64_t i = 0; i < m; i++) {
      double sum = 0;

      for (uint64_t x = 0; x < k; x++)
        sum += (double) left[i * k + x] * (double) right[j * k + x];
      sum *= p->alpha;
      if (p->beta != 0.0f)
        sum += (double) p->beta * element (p->c, &p->c_layout, CUBLAS_OP_N, i, j);
      put (p, i, j, (float) (sum + bias_of (p, i)));
    }
  free (left);
  free (right);
  smb_emulator_leave ();
}

cublasStatus_t
cublasLtMatmul (cublasLtHandle_t handle, cublasLtMatmulDesc_t desc, const void *alpha, const void *a,
                cublasLtMatrixLayout_t a_layout, const void *b, cublasLtMatrixLayout_t b_layout, const void *beta,
                const void *c, cublasLtMatrixLayout_t c_layout, void *d, cublasLtMatrixLayout_t d_layout,
                const cublasLtMatmulAlgo_t *algorithm, void *workspace, size_t workspace_bytes, cudaStream_t stream)
{
  uint64_t m = d_layout->rows, n = d_layout->columns;
  uint64_t k = desc->trans_a == CUBLAS_OP_T ? a_layout->rows : a_layout->columns;
  Product p;

  if (fails ("memory"))
    return CUBLAS_STATUS_ALLOC_FAILED;
  if (!is_aligned (a, algorithm->alignment[0]) || !is_aligned (b, algorithm->alignment[1])
      || !is_aligned (c, algorithm->alignment[2]) || !is_aligned (d, algorithm->alignment[3])
      || (desc->epilogue == CUBLASLT_EPILOGUE_BIAS && !is_aligned (desc->bias, algorithm->alignment[4]))
      || (desc->trans_a == CUBLAS_OP_T ? a_layout->columns : a_layout->rows) != m
      || (desc->trans_b == CUBLAS_OP_T ? b_layout->rows : b_layout->columns) != n
      || (desc->trans_b == CUBLAS_OP_T ? b_layout->columns : b_layout->rows) != k || a_layout->type != b_layout->type
      || c_layout->type != d_layout->type
      || (d_layout->type != CUDA_R_32F && (d_layout->type != CUDA_R_16BF || a_layout->type != CUDA_R_16BF))
      || (desc->epilogue == CUBLASLT_EPILOGUE_BIAS && desc->bias == NULL))
    return CUBLAS_STATUS_INVALID_VALUE;
  p = (Product){ *desc, *a_layout, *b_layout, *c_layout, *d_layout, *(const float *) alpha, *(const float *) beta, a, b,
                 c, d };
  smb_emulator_submit (stream, multiply, &p, sizeof p);
  return CUBLAS_STATUS_SUCCESS;
}
