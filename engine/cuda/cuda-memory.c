/* SPDX-License-Identifier: Apache-2.0 */
#include "cuda/cuda-private.h"

#include <stdlib.h>

/* Memory of the card that is kept for the next who asks, because getting it from the driver waits for the card. What is
 * released may still be read by launches before: they lie on the same stream as everything that will write to it. */

#define SMALL_UNIT 512
#define LARGE_UNIT ((size_t) 2 << 20)
#define MOST_WASTE 4 /* a kept block serves a request of at least three quarters of it */

typedef struct {
  void *data;
  size_t bytes;
  int used;
} Block;

struct SmbCudaPool {
  Block *blocks;
  size_t count, room;
};

SmbCudaPool *
smb_cuda_pool_new (void)
{
  return calloc (1, sizeof (SmbCudaPool));
}

void
smb_cuda_pool_free (SmbCudaPool *pool)
{
  if (pool == NULL)
    return;
  for (size_t i = 0; i < pool->count; i++)
    cudaFree (pool->blocks[i].data);
  free (pool->blocks);
  free (pool);
}

/* Gives everything kept back to the driver. */
static void
pool_trim (SmbCuda *cuda)
{
  SmbCudaPool *pool = cuda->pool;
  size_t left = 0;

  cudaStreamSynchronize (cuda->stream);
  for (size_t i = 0; i < pool->count; i++)
    if (pool->blocks[i].used)
      pool->blocks[left++] = pool->blocks[i];
    else
      cudaFree (pool->blocks[i].data);
  pool->count = left;
}

static Block *
find_kept (SmbCudaPool *pool, size_t bytes)
{
  Block *best = NULL;

  for (size_t i = 0; i < pool->count; i++) {
    Block *b = &pool->blocks[i];

    if (!b->used && b->bytes >= bytes && b->bytes - bytes <= b->bytes / MOST_WASTE
        && (best == NULL || b->bytes < best->bytes))
      best = b;
  }
  return best;
}

static SmbStatus
refuse (SmbCuda *cuda, size_t bytes)
{
  size_t left = 0, total = 0;

  cudaMemGetInfo (&left, &total);
  return smb_cuda_fail (cuda, SMB_STATUS_NO_MEMORY,
                        "the card has no memory for %zu more MiB (%zu of %zu are free); use a smaller batch or close "
                        "other programs on it.",
                        bytes >> 20, left >> 20, total >> 20);
}

SmbStatus
smb_cuda_alloc (void *ctx, size_t bytes, void **out)
{
  SmbCuda *cuda = ctx;
  SmbCudaPool *pool = cuda->pool;
  size_t unit = bytes >= LARGE_UNIT / 2 ? LARGE_UNIT : SMALL_UNIT, whole;
  SmbStatus status = smb_cuda_enter (cuda);
  cudaError_t result;
  Block *kept;

  *out = NULL;
  if (status != SMB_STATUS_OK)
    return status;
  if (__builtin_add_overflow (bytes > 0 ? bytes : 1, unit - 1, &whole))
    return refuse (cuda, bytes);
  whole -= whole % unit;
  kept = find_kept (pool, whole);
  if (kept != NULL) {
    kept->used = 1;
    *out = kept->data;
    return SMB_STATUS_OK;
  }
  if (pool->count == pool->room) {
    size_t room = pool->room > 0 ? 2 * pool->room : 64;
    Block *blocks = realloc (pool->blocks, room * sizeof *blocks);

    if (blocks == NULL)
      return smb_cuda_fail (cuda, SMB_STATUS_NO_MEMORY, "There is not enough memory to go on computing.");
    pool->blocks = blocks;
    pool->room = room;
  }
  result = cudaMalloc (out, whole);
  if (result == cudaErrorMemoryAllocation) {
    cudaGetLastError ();
    pool_trim (cuda);
    result = cudaMalloc (out, whole);
  }
  if (result == cudaErrorMemoryAllocation) {
    cudaGetLastError ();
    *out = NULL;
    return refuse (cuda, bytes);
  }
  if (result != cudaSuccess)
    return smb_cuda_check (cuda, result, "asking for memory");
  pool->blocks[pool->count++] = (Block){ *out, whole, 1 };
  return SMB_STATUS_OK;
}

void
smb_cuda_release (void *ctx, void *pointer)
{
  SmbCudaPool *pool = ((SmbCuda *) ctx)->pool;

  for (size_t i = 0; pointer != NULL && i < pool->count; i++)
    if (pool->blocks[i].data == pointer) {
      pool->blocks[i].used = 0;
      ((SmbCuda *) ctx)->epoch++;
    }
}

SmbStatus
smb_cuda_need_room (SmbCuda *cuda, SmbCudaRoom room, int64_t count, size_t each_bytes, void **out)
{
  SmbStatus status;
  size_t bytes;

  if (__builtin_mul_overflow ((size_t) count, each_bytes, &bytes))
    return refuse (cuda, SIZE_MAX);
  if (bytes > cuda->rooms[room].bytes) {
    smb_cuda_release (cuda, cuda->rooms[room].data);
    cuda->rooms[room].data = NULL;
    cuda->rooms[room].bytes = 0;
    status = smb_cuda_alloc (cuda, bytes, &cuda->rooms[room].data);
    if (status != SMB_STATUS_OK)
      return status;
    cuda->rooms[room].bytes = bytes;
  }
  *out = cuda->rooms[room].data;
  return SMB_STATUS_OK;
}
