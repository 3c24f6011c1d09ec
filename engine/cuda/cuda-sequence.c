/* SPDX-License-Identifier: Apache-2.0 */
#include "cuda/cuda-private.h"

#include <stdlib.h>
#include <string.h>

/* Sequences of operations that come again, kept as graphs. The first time one runs as ever: rooms grow, products are
 * chosen, code is loaded, which a stream that is being captured may not do. The second time it is captured, and from
 * then on the card gets it in one piece. A graph holds addresses, so that none is good any longer once memory has been
 * given back (`epoch`). Whatever goes wrong with a graph is no failure of the operations: they are asked for again. */

#define MOST_KEPT     8 /* the one not used for longest goes */
#define MOST_FAILURES 3 /* then no more is captured */

typedef enum { OUTSIDE, AS_EVER, CAPTURED, LEFT_OUT } State;

typedef struct {
  uint64_t key, used;
  cudaGraphExec_t graph; /* NULL: run as ever once */
} Kept;

struct SmbCudaSequences {
  Kept kept[MOST_KEPT];
  int count, current; /* current: index, meaningful within a sequence */
  State state;
  int failures;
  uint64_t epoch, clock;
};

SmbCudaSequences *
smb_cuda_sequences_new (void)
{
  return calloc (1, sizeof (SmbCudaSequences));
}

/* The stream has run dry before: a graph must not go while the card works on it. */
static void
forget (SmbCudaSequences *s, int i)
{
  if (s->kept[i].graph != NULL)
    cudaGraphExecDestroy (s->kept[i].graph);
  s->kept[i] = s->kept[--s->count];
}

void
smb_cuda_sequences_free (SmbCudaSequences *s)
{
  while (s != NULL && s->count > 0)
    forget (s, 0);
  free (s);
}

SmbStatus
smb_cuda_sequence_outside (SmbCuda *cuda)
{
  return cuda->sequences->state == OUTSIDE
           ? SMB_STATUS_OK
           : smb_cuda_fail (cuda, SMB_STATUS_FAILED,
                            "a repeated sequence of operations waits for the card; this is a mistake in the program.");
}

/* The place of a key; a new one's if it is not known. */
static int
place_of (SmbCuda *cuda, uint64_t key, int *known)
{
  SmbCudaSequences *s = cuda->sequences;
  int oldest = 0;

  for (int i = 0; i < s->count; i++) {
    if (s->kept[i].key == key) {
      *known = 1;
      return i;
    }
    if (s->kept[i].used < s->kept[oldest].used)
      oldest = i;
  }
  *known = 0;
  if (s->count == MOST_KEPT) {
    cudaStreamSynchronize (cuda->stream);
    forget (s, oldest);
  }
  s->kept[s->count] = (Kept){ .key = key };
  return s->count++;
}

SmbStatus
smb_cuda_sequence_begin (void *ctx, uint64_t key, int *known_out)
{
  SmbCuda *cuda = ctx;
  SmbCudaSequences *s = cuda->sequences;
  SmbStatus status = smb_cuda_enter (cuda);
  int known;

  *known_out = 0;
  if (status == SMB_STATUS_OK)
    status = smb_cuda_sequence_outside (cuda);
  if (status != SMB_STATUS_OK)
    return status;
  if (s->epoch != cuda->epoch && s->count > 0) {
    cudaStreamSynchronize (cuda->stream);
    while (s->count > 0)
      forget (s, 0);
  }
  s->epoch = cuda->epoch;
  s->current = place_of (cuda, key, &known);
  s->kept[s->current].used = ++s->clock;
  s->state = AS_EVER;
  if (s->kept[s->current].graph != NULL) {
    s->state = LEFT_OUT;
    *known_out = 1;
  } else if (known && s->failures < MOST_FAILURES) {
    if (cudaStreamBeginCapture (cuda->stream, cudaStreamCaptureModeThreadLocal) == cudaSuccess) {
      s->state = CAPTURED;
    } else {
      cudaGetLastError ();
      s->failures++;
    }
  }
  return SMB_STATUS_OK;
}

/* Nothing of the sequence has been computed: what is wrong with the card, if anything is, the operations will say. */
static SmbStatus
give_up (SmbCuda *cuda)
{
  SmbCudaSequences *s = cuda->sequences;

  cudaStreamSynchronize (cuda->stream);
  forget (s, s->current);
  s->failures++;
  cudaGetLastError ();
  smb_cuda_fail (cuda, SMB_STATUS_REPEAT, "the card does not take a repeated sequence of operations in one piece.");
  return SMB_STATUS_REPEAT;
}

static SmbStatus
start (SmbCuda *cuda)
{
  SmbCudaSequences *s = cuda->sequences;

  return cudaGraphLaunch (s->kept[s->current].graph, cuda->stream) == cudaSuccess ? SMB_STATUS_OK : give_up (cuda);
}

/* What was captured becomes a graph, if it is whole and everything it points to is still there. */
static SmbStatus
keep (SmbCuda *cuda, int complete)
{
  SmbCudaSequences *s = cuda->sequences;
  Kept *kept = &s->kept[s->current];
  cudaGraph_t graph = NULL;
  int good = cudaStreamEndCapture (cuda->stream, &graph) == cudaSuccess && graph != NULL && complete
             && s->epoch == cuda->epoch;

  if (good && cudaGraphInstantiateWithFlags (&kept->graph, graph, 0) != cudaSuccess) {
    kept->graph = NULL;
    good = 0;
  }
  if (graph != NULL)
    cudaGraphDestroy (graph);
  return good ? start (cuda) : give_up (cuda);
}

SmbStatus
smb_cuda_sequence_end (void *ctx, int complete)
{
  SmbCuda *cuda = ctx;
  SmbCudaSequences *s = cuda->sequences;
  const State state = s->state;
  SmbStatus status = smb_cuda_enter (cuda);

  s->state = OUTSIDE;
  if (status != SMB_STATUS_OK)
    return status;
  switch (state) {
  case OUTSIDE:
    return smb_cuda_fail (cuda, SMB_STATUS_FAILED,
                          "a repeated sequence of operations ends that did not begin; this is a mistake in the "
                          "program.");
  case AS_EVER:
    if (!complete) { /* not all of it has been loaded and chosen */
      cudaStreamSynchronize (cuda->stream);
      forget (s, s->current);
    }
    return SMB_STATUS_OK;
  case CAPTURED:
    return keep (cuda, complete);
  default:
    return complete ? start (cuda) : SMB_STATUS_OK;
  }
}
