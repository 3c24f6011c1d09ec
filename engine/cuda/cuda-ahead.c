/* SPDX-License-Identifier: Apache-2.0 */
#include "cuda/cuda-private.h"

#include <stdlib.h>

/* Bytes that go to the card while it computes, on a stream of their own, through page-locked memory of their own, into
 * a room that no operation touches. Two events keep the streams in order: what is taken out of the room has arrived,
 * and what is written into it is written after the last was taken out. */

struct SmbCudaAhead {
  cudaStream_t stream;
  cudaEvent_t arrived; /* on `stream`: the room is full */
  cudaEvent_t drained; /* on the stream of the operations: the room may be filled */
  SmbCudaPieces pieces;
  size_t bytes; /* in the room or on their way there; 0: none */
};

void
smb_cuda_ahead_free (SmbCudaAhead *a)
{
  if (a == NULL)
    return;
  if (a->stream != NULL)
    cudaStreamSynchronize (a->stream);
  smb_cuda_pieces_clear (&a->pieces);
  if (a->arrived != NULL)
    cudaEventDestroy (a->arrived);
  if (a->drained != NULL)
    cudaEventDestroy (a->drained);
  if (a->stream != NULL)
    cudaStreamDestroy (a->stream);
  free (a);
}

static SmbStatus
make (SmbCuda *cuda)
{
  SmbCudaAhead *a = calloc (1, sizeof *a);
  SmbStatus status;

  if (a == NULL)
    return smb_cuda_fail (cuda, SMB_STATUS_NO_MEMORY, "There is not enough memory to go on computing.");
  status = smb_cuda_check (cuda, cudaStreamCreateWithFlags (&a->stream, cudaStreamNonBlocking), "making a stream");
  if (status == SMB_STATUS_OK)
    status = smb_cuda_check (cuda, cudaEventCreateWithFlags (&a->arrived, cudaEventDisableTiming), "making an event");
  if (status == SMB_STATUS_OK)
    status = smb_cuda_check (cuda, cudaEventCreateWithFlags (&a->drained, cudaEventDisableTiming), "making an event");
  if (status == SMB_STATUS_OK)
    status = smb_cuda_pieces_make (cuda, &a->pieces);
  if (status == SMB_STATUS_OK)
    cuda->ahead = a;
  else
    smb_cuda_ahead_free (a);
  return status;
}

/* The room for so many bytes. Where it moves, the old one must not be written to any longer, and the new one may still
 * be read by operations that had it before. */
static SmbStatus
need_room (SmbCuda *cuda, size_t bytes, void **room)
{
  SmbStatus status = SMB_STATUS_OK;

  if (bytes <= cuda->rooms[SMB_CUDA_ROOM_AHEAD].bytes) {
    *room = cuda->rooms[SMB_CUDA_ROOM_AHEAD].data;
    return SMB_STATUS_OK;
  }
  status = smb_cuda_check (cuda, cudaStreamSynchronize (cuda->ahead->stream), "copying to the card");
  if (status == SMB_STATUS_OK)
    status = smb_cuda_need_room (cuda, SMB_CUDA_ROOM_AHEAD, (int64_t) bytes, 1, room);
  if (status == SMB_STATUS_OK)
    status = smb_cuda_check (cuda, cudaEventRecord (cuda->ahead->drained, cuda->stream), "copying to the card");
  return status;
}

SmbStatus
smb_cuda_upload_ahead (void *ctx, const void *host, size_t bytes)
{
  SmbCuda *cuda = ctx;
  void *room = NULL;
  SmbStatus status = smb_cuda_enter (cuda);

  if (status == SMB_STATUS_OK)
    status = smb_cuda_sequence_outside (cuda);
  if (status == SMB_STATUS_OK && cuda->ahead == NULL)
    status = make (cuda);
  if (status != SMB_STATUS_OK)
    return status;
  cuda->ahead->bytes = 0;
  status = need_room (cuda, bytes, &room);
  if (status == SMB_STATUS_OK)
    status = smb_cuda_check (cuda, cudaStreamWaitEvent (cuda->ahead->stream, cuda->ahead->drained, 0),
                             "copying to the card");
  if (status == SMB_STATUS_OK)
    status = smb_cuda_pieces_send (cuda, &cuda->ahead->pieces, cuda->ahead->stream, room, host, bytes);
  if (status == SMB_STATUS_OK)
    status = smb_cuda_check (cuda, cudaEventRecord (cuda->ahead->arrived, cuda->ahead->stream), "copying to the card");
  if (status == SMB_STATUS_OK)
    cuda->ahead->bytes = bytes;
  return status;
}

SmbStatus
smb_cuda_upload_take (void *ctx, void *out, size_t bytes)
{
  SmbCuda *cuda = ctx;
  SmbStatus status = smb_cuda_enter (cuda);

  if (status == SMB_STATUS_OK)
    status = smb_cuda_sequence_outside (cuda);
  if (status != SMB_STATUS_OK)
    return status;
  if (cuda->ahead == NULL || bytes == 0 || cuda->ahead->bytes != bytes)
    return smb_cuda_fail (cuda, SMB_STATUS_FAILED,
                          "%zu bytes were to have been sent to the card beforehand; this is a mistake in the program.",
                          bytes);
  cuda->ahead->bytes = 0;
  status = smb_cuda_check (cuda, cudaStreamWaitEvent (cuda->stream, cuda->ahead->arrived, 0), "copying to the card");
  if (status == SMB_STATUS_OK)
    status = smb_cuda_copy (cuda, out, cuda->rooms[SMB_CUDA_ROOM_AHEAD].data, bytes);
  return status == SMB_STATUS_OK
           ? smb_cuda_check (cuda, cudaEventRecord (cuda->ahead->drained, cuda->stream), "copying to the card")
           : status;
}
