/* SPDX-License-Identifier: Apache-2.0 */
#include "cuda/cuda-private.h"

#include <stdlib.h>
#include <string.h>

/* Between the host and the card, through two pieces of page-locked memory in turn. An upload returns once its bytes lie
 * there: the caller prepares the next batch while the card still works on this one. */

#define PIECE ((size_t) 4 << 20)
#define PIECES 2

struct SmbCudaStaging {
  struct {
    void *data;
    cudaEvent_t done; /* the last transfer from or to it */
  } pieces[PIECES];
  int next;
};

void
smb_cuda_staging_free (SmbCudaStaging *staging)
{
  if (staging == NULL)
    return;
  for (int i = 0; i < PIECES; i++) {
    if (staging->pieces[i].done != NULL)
      cudaEventDestroy (staging->pieces[i].done);
    if (staging->pieces[i].data != NULL)
      cudaFreeHost (staging->pieces[i].data);
  }
  free (staging);
}

SmbCudaStaging *
smb_cuda_staging_new (void)
{
  SmbCudaStaging *staging = calloc (1, sizeof *staging);

  for (int i = 0; staging != NULL && i < PIECES; i++)
    if (cudaHostAlloc (&staging->pieces[i].data, PIECE, cudaHostAllocDefault) != cudaSuccess
        || cudaEventCreateWithFlags (&staging->pieces[i].done, cudaEventDisableTiming) != cudaSuccess) {
      smb_cuda_staging_free (staging);
      staging = NULL;
    }
  return staging;
}

SmbStatus
smb_cuda_upload (void *ctx, void *device, const void *host, size_t bytes)
{
  SmbCuda *cuda = ctx;
  SmbStatus status = smb_cuda_enter (cuda);

  if (status == SMB_STATUS_OK)
    status = smb_cuda_sequence_outside (cuda);
  for (size_t at = 0; status == SMB_STATUS_OK && at < bytes; at += PIECE) {
    SmbCudaStaging *s = cuda->staging;
    int i = s->next;
    size_t n = bytes - at < PIECE ? bytes - at : PIECE;

    s->next = (i + 1) % PIECES;
    status = smb_cuda_check (cuda, cudaEventSynchronize (s->pieces[i].done), "copying to the card");
    if (status != SMB_STATUS_OK)
      break;
    memcpy (s->pieces[i].data, (const char *) host + at, n);
    status = smb_cuda_check (
      cuda, cudaMemcpyAsync ((char *) device + at, s->pieces[i].data, n, cudaMemcpyHostToDevice, cuda->stream),
      "copying to the card");
    if (status == SMB_STATUS_OK)
      status = smb_cuda_check (cuda, cudaEventRecord (s->pieces[i].done, cuda->stream), "copying to the card");
  }
  return status;
}

/* One piece is on its way while the one before is put where it belongs. */
SmbStatus
smb_cuda_download (void *ctx, void *host, const void *device, size_t bytes)
{
  SmbCuda *cuda = ctx;
  SmbCudaStaging *s = cuda->staging;
  size_t pieces = (bytes + PIECE - 1) / PIECE;
  SmbStatus status = smb_cuda_enter (cuda);

  if (status == SMB_STATUS_OK)
    status = smb_cuda_sequence_outside (cuda);
  for (size_t p = 0; status == SMB_STATUS_OK && p < pieces + 1; p++) {
    if (p < pieces) {
      int i = (int) (p % PIECES);
      size_t at = p * PIECE, n = bytes - at < PIECE ? bytes - at : PIECE;

      status = smb_cuda_check (
        cuda, cudaMemcpyAsync (s->pieces[i].data, (const char *) device + at, n, cudaMemcpyDeviceToHost, cuda->stream),
        "copying from the card");
      if (status == SMB_STATUS_OK)
        status = smb_cuda_check (cuda, cudaEventRecord (s->pieces[i].done, cuda->stream), "copying from the card");
    }
    if (status == SMB_STATUS_OK && p > 0) {
      int i = (int) ((p - 1) % PIECES);
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
