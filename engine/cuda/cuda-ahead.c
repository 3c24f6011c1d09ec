/* SPDX-License-Identifier: Apache-2.0 */
#include "cuda/cuda-private.h"

#include <stdlib.h>
#include <string.h>

/* Bytes that go to the card while it computes, on a stream of their own, through page-locked memory of their own, into
 * a room that no operation touches. Two events keep the streams in order: what is taken out of the room has arrived,
 * and what is written into it is written after the last was taken out. */

#define PIECE ((size_t) 4 << 20)
#define PIECES 2

struct SmbCudaAhead {
  cudaStream_t stream;
  cudaEvent_t arrived; /* on `stream`: the room is full */
  cudaEvent_t drained; /* on the stream of the operations: the room may be filled */
  struct {
    void *data;
    cudaEvent_t done; /* the last transfer from it */
  } pieces[PIECES];
  int next;
  size_t bytes; /* in the room or on their way there; 0: none */
};

void
smb_cuda_ahead_free (SmbCudaAhead *a)
{
  if (a == NULL)
    return;
  if (a->stream != NULL)
    cudaStreamSynchronize (a->stream);
  for (int i = 0; i < PIECES; i++) {
    if (a->pieces[i].done != NULL)
      cudaEventDestroy (a->pieces[i].done);
    if (a->pieces[i].data != NULL)
      cudaFreeHost (a->pieces[i].data);
  }
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
  for (int i = 0; status == SMB_STATUS_OK && i < PIECES; i++) {
    status = smb_cuda_check (cuda, cudaHostAlloc (&a->pieces[i].data, PIECE, cudaHostAllocDefault),
                             "locking memory for transfers");
    if (status == SMB_STATUS_OK)
      status = smb_cuda_check (cuda, cudaEventCreateWithFlags (&a->pieces[i].done, cudaEventDisableTiming),
                               "making an event");
  }
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

static SmbStatus
send (SmbCuda *cuda, char *to, const char *from, size_t n)
{
  SmbCudaAhead *a = cuda->ahead;
  int i = a->next;
  SmbStatus status = smb_cuda_check (cuda, cudaEventSynchronize (a->pieces[i].done), "copying to the card");

  if (status != SMB_STATUS_OK)
    return status;
  memcpy (a->pieces[i].data, from, n);
  a->next = (i + 1) % PIECES;
  status = smb_cuda_check (cuda, cudaMemcpyAsync (to, a->pieces[i].data, n, cudaMemcpyHostToDevice, a->stream),
                           "copying to the card");
  return status == SMB_STATUS_OK
           ? smb_cuda_check (cuda, cudaEventRecord (a->pieces[i].done, a->stream), "copying to the card")
           : status;
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
  for (size_t at = 0; status == SMB_STATUS_OK && at < bytes; at += PIECE)
    status = send (cuda, (char *) room + at, (const char *) host + at, bytes - at < PIECE ? bytes - at : PIECE);
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
