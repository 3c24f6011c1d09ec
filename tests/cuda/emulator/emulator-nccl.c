/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "nccl.h"

/* NCCL, played: the id names a file that all processes map; it holds a barrier and a place for each one's numbers. */

#define PLACE_BYTES ((size_t) 16 << 20)
#define MOST 8

typedef struct {
  pthread_barrier_t barrier;
  int ready;
} Head;

struct SmbEmulatedComm {
  Head *head;
  char *places;
  int rank, size;
};

#define HEAD_BYTES ((sizeof (Head) + 4095) / 4096 * 4096)

ncclResult_t
ncclGetUniqueId (ncclUniqueId *id)
{
  int fd;

  memset (id, 0, sizeof *id);
  snprintf (id->internal, sizeof id->internal, "/dev/shm/smb-emulated-nccl-XXXXXX");
  fd = mkstemp (id->internal);
  if (fd < 0 || ftruncate (fd, (off_t) (HEAD_BYTES + MOST * PLACE_BYTES)) != 0)
    return ncclSystemError;
  close (fd);
  return ncclSuccess;
}

ncclResult_t
ncclCommInitRank (ncclComm_t *comm, int size, ncclUniqueId id, int rank)
{
  int fd = open (id.internal, O_RDWR | O_CLOEXEC);
  char *memory;

  if (fd < 0 || size > MOST)
    return ncclSystemError;
  memory = mmap (NULL, HEAD_BYTES + MOST * PLACE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close (fd);
  if (memory == MAP_FAILED)
    return ncclSystemError;
  *comm = calloc (1, sizeof **comm);
  (*comm)->head = (Head *) (void *) memory;
  (*comm)->places = memory + HEAD_BYTES;
  (*comm)->rank = rank;
  (*comm)->size = size;
  if (rank == 0) {
    pthread_barrierattr_t shared;

    pthread_barrierattr_init (&shared);
    pthread_barrierattr_setpshared (&shared, PTHREAD_PROCESS_SHARED);
    pthread_barrier_init (&(*comm)->head->barrier, &shared, (unsigned) size);
    __atomic_store_n (&(*comm)->head->ready, 1, __ATOMIC_RELEASE);
  }
  while (!__atomic_load_n (&(*comm)->head->ready, __ATOMIC_ACQUIRE))
    usleep (1000);
  pthread_barrier_wait (&(*comm)->head->barrier);
  if (rank == 0)
    unlink (id.internal);
  return ncclSuccess;
}

ncclResult_t
ncclCommDestroy (ncclComm_t comm)
{
  munmap (comm->head, HEAD_BYTES + MOST * PLACE_BYTES);
  free (comm);
  return ncclSuccess;
}

ncclResult_t
ncclAllGather (const void *own, void *all, size_t n, ncclDataType_t type, ncclComm_t comm, cudaStream_t stream)
{
  size_t bytes = n * sizeof (float);

  if (type != ncclFloat32 || bytes > PLACE_BYTES)
    return ncclSystemError;
  memcpy (comm->places + (size_t) comm->rank * PLACE_BYTES, own, bytes);
  pthread_barrier_wait (&comm->head->barrier);
  for (int i = 0; i < comm->size; i++)
    memcpy ((char *) all + (size_t) i * bytes, comm->places + (size_t) i * PLACE_BYTES, bytes);
  pthread_barrier_wait (&comm->head->barrier);
  return ncclSuccess;
}

const char *
ncclGetErrorString (ncclResult_t result)
{
  return result == ncclSuccess ? "no error" : "emulated failure";
}
