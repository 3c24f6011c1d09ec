/* SPDX-License-Identifier: Apache-2.0 */
#include "cuda/cuda-private.h"

#include <stdlib.h>
#include <string.h>

/* Products through cuBLASLt. It counts matrices column by column: a matrix of ours is to it the transposed one, so that
 * d = a b is asked for as d^T = b^T a^T, and a bias over our columns is its bias over rows. What it answers for a shape
 * (a plan) is kept: asking takes longer than a small product. Of its ways to split a sum only those are allowed that
 * add the parts in a fixed order. */

#define MOST_PLANS      512 /* shapes; all are forgotten beyond */
#define MOST_ALIGNMENT  256
#define WORKSPACE_BYTES ((size_t) 32 << 20)

/* What a plan depends on. Compared as bytes: there is none between or behind its members. */
typedef struct {
  int64_t m, n, k, lda, ldb, ldd;
  int32_t trans_a, trans_b, halves, d_halves, tensor_f32, accumulate;
  uint32_t align_a, align_b, align_c, align_d, align_bias; /* align_bias 0: there is none */
  uint32_t unused;
} Key;

_Static_assert (sizeof (Key) == 6 * sizeof (int64_t) + 12 * sizeof (int32_t), "a key has no bytes but its members'");

typedef struct {
  Key key;
  cublasLtMatmulDesc_t operation;
  cublasLtMatrixLayout_t a, b, d;
  cublasLtMatmulAlgo_t algorithm;
} Plan;

struct SmbCudaPlans {
  Plan plans[MOST_PLANS];
  int count;
};

SmbCudaPlans *
smb_cuda_plans_new (void)
{
  return calloc (1, sizeof (SmbCudaPlans));
}

static void
plan_clear (Plan *plan)
{
  if (plan->operation != NULL)
    cublasLtMatmulDescDestroy (plan->operation);
  if (plan->a != NULL)
    cublasLtMatrixLayoutDestroy (plan->a);
  if (plan->b != NULL)
    cublasLtMatrixLayoutDestroy (plan->b);
  if (plan->d != NULL)
    cublasLtMatrixLayoutDestroy (plan->d);
  memset (plan, 0, sizeof *plan);
}

static void
plans_clear (SmbCudaPlans *plans)
{
  for (int i = 0; i < plans->count; i++)
    plan_clear (&plans->plans[i]);
  plans->count = 0;
}

void
smb_cuda_plans_free (SmbCudaPlans *plans)
{
  if (plans == NULL)
    return;
  plans_clear (plans);
  free (plans);
}

static uint32_t
alignment_of (const void *pointer)
{
  uintptr_t address = (uintptr_t) pointer | MOST_ALIGNMENT;

  return (uint32_t) (address & -address);
}

static Key
key_of (const SmbCudaProduct *p)
{
  Key key;

  memset (&key, 0, sizeof key);
  key.m = p->m;
  key.n = p->n;
  key.k = p->k;
  key.lda = p->lda;
  key.ldb = p->ldb;
  key.ldd = p->ldd;
  key.trans_a = p->trans_a != 0;
  key.trans_b = p->trans_b != 0;
  key.halves = p->halves;
  key.d_halves = p->d_halves;
  key.tensor_f32 = p->tensor_f32;
  key.accumulate = p->c != NULL;
  key.align_a = alignment_of (p->a);
  key.align_b = alignment_of (p->b);
  key.align_c = alignment_of (p->c != NULL ? p->c : p->d);
  key.align_d = alignment_of (p->d);
  key.align_bias = p->bias != NULL ? alignment_of (p->bias) : 0; /* what is chosen rests on where it lies */
  return key;
}

#define SET_DESC(plan, name, value)                                                                                    \
  (cublasLtMatmulDescSetAttribute ((plan)->operation, name, &(value), sizeof (value)) == CUBLAS_STATUS_SUCCESS)

/* Its first factor is our b, its second our a. */
static int
plan_describe (Plan *plan)
{
  const Key *k = &plan->key;
  const cublasOperation_t first = k->trans_b ? CUBLAS_OP_T : CUBLAS_OP_N;
  const cublasOperation_t second = k->trans_a ? CUBLAS_OP_T : CUBLAS_OP_N;
  const cublasLtEpilogue_t epilogue = k->align_bias != 0 ? CUBLASLT_EPILOGUE_BIAS : CUBLASLT_EPILOGUE_DEFAULT;
  const cudaDataType factors = k->halves ? CUDA_R_16BF : CUDA_R_32F;
  const cudaDataType result = k->d_halves ? CUDA_R_16BF : CUDA_R_32F; /* the bias is as the result */
  const cublasComputeType_t compute = k->tensor_f32 ? CUBLAS_COMPUTE_32F_FAST_TF32 : CUBLAS_COMPUTE_32F;

  return cublasLtMatmulDescCreate (&plan->operation, compute, CUDA_R_32F) == CUBLAS_STATUS_SUCCESS
         && SET_DESC (plan, CUBLASLT_MATMUL_DESC_TRANSA, first) && SET_DESC (plan, CUBLASLT_MATMUL_DESC_TRANSB, second)
         && SET_DESC (plan, CUBLASLT_MATMUL_DESC_EPILOGUE, epilogue)
         && cublasLtMatrixLayoutCreate (&plan->a, factors, (uint64_t) (k->trans_b ? k->k : k->n),
                                        (uint64_t) (k->trans_b ? k->n : k->k), k->ldb)
              == CUBLAS_STATUS_SUCCESS
         && cublasLtMatrixLayoutCreate (&plan->b, factors, (uint64_t) (k->trans_a ? k->m : k->k),
                                        (uint64_t) (k->trans_a ? k->k : k->m), k->lda)
              == CUBLAS_STATUS_SUCCESS
         && cublasLtMatrixLayoutCreate (&plan->d, result, (uint64_t) k->n, (uint64_t) k->m, k->ldd)
              == CUBLAS_STATUS_SUCCESS;
}

#define SET_PREFERENCE(preference, name, value)                                                                        \
  (cublasLtMatmulPreferenceSetAttribute ((preference), name, &(value), sizeof (value)) == CUBLAS_STATUS_SUCCESS)

static cublasStatus_t
plan_choose (SmbCuda *cuda, Plan *plan, const void *bias)
{
  const size_t workspace = WORKSPACE_BYTES;
  const uint32_t splits = CUBLASLT_REDUCTION_SCHEME_NONE | CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE;
  cublasLtMatmulPreference_t preference = NULL;
  cublasLtMatmulHeuristicResult_t found;
  cublasStatus_t result = cublasLtMatmulPreferenceCreate (&preference);
  int count = 0;

  if (result != CUBLAS_STATUS_SUCCESS)
    return result;
  if ((bias == NULL || SET_DESC (plan, CUBLASLT_MATMUL_DESC_BIAS_POINTER, bias))
      && SET_PREFERENCE (preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, workspace)
      && SET_PREFERENCE (preference, CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK, splits)
      && SET_PREFERENCE (preference, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, plan->key.align_b)
      && SET_PREFERENCE (preference, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES, plan->key.align_a)
      && SET_PREFERENCE (preference, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, plan->key.align_c)
      && SET_PREFERENCE (preference, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, plan->key.align_d))
    result = cublasLtMatmulAlgoGetHeuristic (cuda->blas, plan->operation, plan->a, plan->b, plan->d, plan->d,
                                             preference, 1, &found, &count);
  else
    result = CUBLAS_STATUS_INVALID_VALUE;
  cublasLtMatmulPreferenceDestroy (preference);
  if (result != CUBLAS_STATUS_SUCCESS || count < 1)
    return result != CUBLAS_STATUS_SUCCESS ? result : CUBLAS_STATUS_NOT_SUPPORTED;
  if (found.state == CUBLAS_STATUS_SUCCESS)
    plan->algorithm = found.algo;
  return found.state;
}

/* The plan for a product, made if it is the first of its kind. */
static cublasStatus_t
plan_for (SmbCuda *cuda, const SmbCudaProduct *p, Plan **plan_out)
{
  SmbCudaPlans *plans = cuda->plans;
  const Key key = key_of (p);
  cublasStatus_t result;
  Plan *plan;

  for (int i = 0; i < plans->count; i++)
    if (memcmp (&plans->plans[i].key, &key, sizeof key) == 0) {
      *plan_out = &plans->plans[i];
      return CUBLAS_STATUS_SUCCESS;
    }
  if (plans->count == MOST_PLANS)
    plans_clear (plans);
  plan = &plans->plans[plans->count];
  plan->key = key;
  result = plan_describe (plan) ? plan_choose (cuda, plan, p->bias) : CUBLAS_STATUS_INVALID_VALUE;
  if (result != CUBLAS_STATUS_SUCCESS) {
    plan_clear (plan);
    return result;
  }
  plans->count++;
  *plan_out = plan;
  return CUBLAS_STATUS_SUCCESS;
}

SmbStatus
smb_cuda_blas_check (SmbCuda *cuda, cublasStatus_t result, const char *what)
{
  if (result == CUBLAS_STATUS_SUCCESS)
    return SMB_STATUS_OK;
  cudaGetLastError (); /* so that the next operation does not find what it left */
  if (result == CUBLAS_STATUS_ALLOC_FAILED)
    return smb_cuda_check (cuda, cudaErrorMemoryAllocation, what);
  return smb_cuda_fail (cuda, SMB_STATUS_FAILED,
                        "cuBLASLt failed (%s: %s); start the program again, or install cuBLAS as it came with CUDA.",
                        what, cublasLtGetStatusString (result));
}

SmbStatus
smb_cuda_product (SmbCuda *cuda, const SmbCudaProduct *p)
{
  const float beta = p->c != NULL ? p->beta : 0.0f;
  void *workspace = NULL;
  cublasStatus_t result;
  Plan *plan = NULL;
  SmbStatus status = smb_cuda_need_room (cuda, SMB_CUDA_ROOM_BLAS, 1, WORKSPACE_BYTES, &workspace);

  if (status != SMB_STATUS_OK)
    return status;
  result = plan_for (cuda, p, &plan);
  if (result == CUBLAS_STATUS_SUCCESS && p->bias != NULL
      && !SET_DESC (plan, CUBLASLT_MATMUL_DESC_BIAS_POINTER, p->bias))
    result = CUBLAS_STATUS_INVALID_VALUE;
  if (result == CUBLAS_STATUS_SUCCESS)
    result = cublasLtMatmul (cuda->blas, plan->operation, &p->alpha, p->b, plan->a, p->a, plan->b, &beta,
                             p->c != NULL ? p->c : p->d, plan->d, p->d, plan->d, &plan->algorithm, workspace,
                             WORKSPACE_BYTES, cuda->stream);
  if (result == CUBLAS_STATUS_NOT_SUPPORTED || result == CUBLAS_STATUS_INVALID_VALUE
      || result == CUBLAS_STATUS_ARCH_MISMATCH)
    return smb_cuda_fail (cuda, SMB_STATUS_UNSUPPORTED,
                          "cuBLASLt has no way to multiply %lld x %lld by %lld x %lld numbers on this card; choose "
                          "another precision or device.",
                          (long long) p->m, (long long) p->k, (long long) p->k, (long long) p->n);
  return smb_cuda_blas_check (cuda, result, "a product");
}
