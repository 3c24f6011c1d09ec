/* SPDX-License-Identifier: Apache-2.0 */
#include "cuda/cuda-private.h"

#include <string.h>

/* Between the host and the card, through two pieces of page-locked memory in turn. An upload returns once its bytes lie
 * there: the caller prepares the next batch while the card still works on this one. */

#define PIECE ((size_t) 4 << 20)

SmbStatus
smb_cuda_pieces_make (SmbCuda *cuda, SmbCudaPieces *p)
{
  SmbStatus status = SMB_STATUS_OK;

  for (int i = 0; status == SMB_STATUS_OK && i < SMB_CUDA_PIECES; i++) {
    cudaError_t result = cudaHostAlloc (&p->pieces[i].data, PIECE, cudaHostAllocDefault);

    if (result == cudaErrorMemoryAllocation) { /* of the host's memory, not of the card's */
      cudaGetLastError ();
      p->pieces[i].data = NULL;
      return smb_cuda_fail (cuda, SMB_STATUS_NO_MEMORY,
                            "this machine has not enough memory to exchange data with the card; close other programs.");
    }
    status = smb_cuda_check (cuda, result, "locking memory for transfers");
    if (status == SMB_STATUS_OK)
      status = smb_cuda_check (cuda, cudaEventCreateWithFlags (&p->pieces[i].done, cudaEventDisableTiming),
                               "making an event");
  }
  return status;
}

void
smb_cuda_pieces_clear (SmbCudaPieces *p)
{
  for (int i = 0; i < SMB_CUDA_PIECES; i++) {
    if (p->pieces[i].done != NULL)
      cudaEventDestroy (p->pieces[i].done);
    if (p->pieces[i].data != NULL)
      cudaFreeHost (p->pieces[i].data);
  }
  memset (p, 0, sizeof *p);
}

static SmbStatus
send (SmbCuda *cuda, SmbCudaPieces *p, cudaStream_t stream, char *to, const char *from, size_t n)
{
  const int i = p->next;
  SmbStatus status = smb_cuda_check (cuda, cudaEventSynchronize (p->pieces[i].done), "copying to the card");

  if (status != SMB_STATUS_OK)
    return status;
  p->next = (i + 1) % SMB_CUDA_PIECES;
  memcpy (p->pieces[i].data, from, n);
  status = smb_cuda_check (cuda, cudaMemcpyAsync (to, p->pieces[i].data, n, cudaMemcpyHostToDevice, stream),
                           "copying to the card");
  return status == SMB_STATUS_OK
           ? smb_cuda_check (cuda, cudaEventRecord (p->pieces[i].done, stream), "copying to the card")
           : status;
}

SmbStatus
smb_cuda_pieces_send (SmbCuda *cuda, SmbCudaPieces *p, cudaStream_t stream, void *device, const void *host,
                      size_t bytes)
{
  SmbStatus status = SMB_STATUS_OK;

  for (size_t at = 0; status == SMB_STATUS_OK && at < bytes; at += PIECE)
    status = send (cuda, p, stream, (char *) device + at, (const char *) host + at,
                   bytes - at < PIECE ? bytes - at : PIECE);
  return status;
}

SmbStatus
smb_cuda_upload (void *ctx, void *device, const void *host, size_t bytes)
{
  SmbCuda *cuda = ctx;
  SmbStatus status = smb_cuda_enter (cuda);

  if (status == SMB_STATUS_OK)
    status = smb_cuda_sequence_outside (cuda);
  return status == SMB_STATUS_OK ? smb_cuda_pieces_send (cuda, &cuda->staging, cuda->stream, device, host, bytes)
                                 : status;
}

/* One piece is on its way while the one before is put where it belongs. */
SmbStatus
smb_cuda_download (void *ctx, void *host, const void *device, size_t bytes)
{
  SmbCuda *cuda = ctx;
  SmbCudaPieces *s = &cuda->staging;
  size_t pieces = (bytes + PIECE - 1) / PIECE;
  SmbStatus status = smb_cuda_enter (cuda);

  if (status == SMB_STATUS_OK)
    status = smb_cuda_sequence_outside (cuda);
  for (size_t p = 0; status == SMB_STATUS_OK && p < pieces + 1; p++) {
    if (p < pieces) {
      int i = (int) (p % SMB_CUDA_PIECES);
      size_t at = p * PIECE, n = bytes - at < PIECE ? bytes - at : PIECE;

      status = smb_cuda_check (
        cuda, cudaMemcpyAsync (s->pieces[i].data, (const char *) device + at, n, cudaMemcpyDeviceToHost, cuda->stream),
        "copying from the card");
      if (status == SMB_STATUS_OK)
        status = smb_cuda_check (cuda, cudaEventRecord (s->pieces[i].done, cuda->stream), "copying from the card");
    }
    if (status == SMB_STATUS_OK && p > 0) {
      int i = (int) ((p - 1) % SMB_CUDA_PIECES);
      size_t at = (p - 1) * PIECE, n = bytes - at < PIECE ? bytes - at : PIECE;

      status = smb_cuda_check (cuda, cudaEventSynchronize (s->pieces[i].done), "copying from the card");
      if (status == SMB_STATUS_OK)
        memcpy ((char *) host + at, s->pieces[i].data, n);
    }
  }
  return status;
}

SmbStatus
smb_cuda_copy (void *ctx, void *out, const void *in, size_t bytes)
{
  SmbCuda *cuda = ctx;
  SmbStatus status = smb_cuda_enter (cuda);

  if (status == SMB_STATUS_OK && bytes > 0)
    status = smb_cuda_check (cuda, cudaMemcpyAsync (out, in, bytes, cudaMemcpyDeviceToDevice, cuda->stream), "copying");
  return status;
}
