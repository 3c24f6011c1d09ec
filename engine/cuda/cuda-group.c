/* SPDX-License-Identifier: Apache-2.0 */
#include "cuda/cuda-private.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#ifdef SMB_CUDA_NCCL
#include <nccl.h>
#endif

/* Several processes with a card each, through NCCL, which is looked for when it is first wanted: a machine with one
 * card needs none. NCCL's own sums come in an order that depends on how the cards are wired; so the parts are only
 * brought together by it, and added here in the order of the ranks. */

#ifdef SMB_CUDA_NCCL

#define PIECE ((int64_t) 4 << 20) /* numbers at a time: bounds the memory for the parts */

_Static_assert (sizeof (ncclUniqueId) == SMB_GROUP_ID_BYTES, "an id of NCCL fills ours");

static struct {
  void *library;
  ncclResult_t (*get_id) (ncclUniqueId *id);
  ncclResult_t (*join) (ncclComm_t *comm, int size, ncclUniqueId id, int rank);
  ncclResult_t (*leave) (ncclComm_t comm);
  ncclResult_t (*gather) (const void *own, void *all, size_t n, ncclDataType_t type, ncclComm_t comm,
                          cudaStream_t stream);
  const char *(*error_text) (ncclResult_t result);
} nccl;

struct SmbCudaGroup {
  ncclComm_t comm;
  int size;
};

static void *
symbol (const char *name)
{
  return nccl.library != NULL ? dlsym (nccl.library, name) : NULL;
}

static SmbStatus
load (SmbCuda *cuda)
{
  if (nccl.library == NULL) {
    nccl.library = dlopen ("libnccl.so.2", RTLD_NOW | RTLD_LOCAL);
    *(void **) &nccl.get_id = symbol ("ncclGetUniqueId");
    *(void **) &nccl.join = symbol ("ncclCommInitRank");
    *(void **) &nccl.leave = symbol ("ncclCommDestroy");
    *(void **) &nccl.gather = symbol ("ncclAllGather");
    *(void **) &nccl.error_text = symbol ("ncclGetErrorString");
  }
  if (nccl.get_id != NULL && nccl.join != NULL && nccl.leave != NULL && nccl.gather != NULL && nccl.error_text != NULL)
    return SMB_STATUS_OK;
  return smb_cuda_fail (cuda, SMB_STATUS_UNSUPPORTED,
                        "the library libnccl.so.2 is not installed; sums over processes go through the host.");
}

static SmbStatus
check (SmbCuda *cuda, ncclResult_t result)
{
  return result == ncclSuccess
           ? SMB_STATUS_OK
           : smb_cuda_fail (cuda, SMB_STATUS_FAILED,
                            "the cards of this training do not reach each other (NCCL: %s); go on from the last "
                            "checkpoint with --resume.",
                            nccl.error_text (result));
}

SmbStatus
smb_cuda_group_id (void *ctx, uint8_t *id)
{
  ncclUniqueId made;
  SmbStatus status = load (ctx);

  if (status != SMB_STATUS_OK || id == NULL)
    return status;
  status = check (ctx, nccl.get_id (&made));
  if (status == SMB_STATUS_OK)
    memcpy (id, &made, sizeof made);
  return status;
}

SmbStatus
smb_cuda_group_join (void *ctx, const uint8_t *id, int rank, int size)
{
  SmbCuda *cuda = ctx;
  SmbCudaGroup *group = calloc (1, sizeof *group);
  ncclUniqueId made;
  SmbStatus status = load (cuda);

  if (group == NULL)
    return smb_cuda_fail (cuda, SMB_STATUS_NO_MEMORY, "There is not enough memory to go on computing.");
  if (status == SMB_STATUS_OK)
    status = smb_cuda_enter (cuda);
  memcpy (&made, id, sizeof made);
  if (status == SMB_STATUS_OK)
    status = check (cuda, nccl.join (&group->comm, size, made, rank));
  if (status != SMB_STATUS_OK) {
    free (group);
    return status;
  }
  smb_cuda_group_leave (cuda->group);
  group->size = size;
  cuda->group = group;
  return SMB_STATUS_OK;
}

void
smb_cuda_group_leave (SmbCudaGroup *group)
{
  if (group != NULL)
    nccl.leave (group->comm);
  free (group);
}

SmbStatus
smb_cuda_group_sum (void *ctx, float *x, int64_t n)
{
  SmbCuda *cuda = ctx;
  const int64_t piece = n < PIECE ? n : PIECE;
  void *parts = NULL;
  SmbStatus status = smb_cuda_enter (cuda);

  if (cuda->group == NULL)
    return smb_cuda_fail (cuda, SMB_STATUS_FAILED, "a sum over processes was asked for before they joined.");
  if (status == SMB_STATUS_OK && n > 0)
    status = smb_cuda_need_room (cuda, SMB_CUDA_ROOM_RESULT, piece * cuda->group->size, sizeof (float), &parts);
  for (int64_t at = 0; status == SMB_STATUS_OK && at < n; at += piece) {
    const int64_t count = n - at < piece ? n - at : piece;

    status = check (cuda, nccl.gather (x + at, parts, (size_t) count, ncclFloat32, cuda->group->comm, cuda->stream));
    if (status == SMB_STATUS_OK)
      status = smb_cuda_sum_parts (cuda, x + at, parts, count, cuda->group->size);
  }
  return status;
}

#else

SmbStatus
smb_cuda_group_id (void *ctx, uint8_t *id)
{
  return smb_cuda_fail (ctx, SMB_STATUS_UNSUPPORTED,
                        "this program was built without NCCL; sums over processes go through the host.");
}

SmbStatus
smb_cuda_group_join (void *ctx, const uint8_t *id, int rank, int size)
{
  return smb_cuda_group_id (ctx, NULL);
}

void
smb_cuda_group_leave (SmbCudaGroup *group)
{
}

SmbStatus
smb_cuda_group_sum (void *ctx, float *x, int64_t n)
{
  return smb_cuda_group_id (ctx, NULL);
}

#endif
