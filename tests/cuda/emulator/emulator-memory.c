/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "cuda_runtime_api.h"

/* The card's side of the runtime: one or more cards (SMB_EMULATED_CARDS) of compute capability SMB_EMULATED_CAPABILITY,
 * 90 by default, with SMB_EMULATED_MIB of memory; of the host's none can be page-locked where SMB_EMULATED_LOCKED is 0.
 * With SMB_EMULATED_GUARD=1 that memory can be read and written by
 * kernels and copies only: a host that touches it dies, as it does with a real card. */

#define ARENA ((size_t) 16 << 30) /* addresses, not memory */
#define UNIT  4096
#define FILLED ((size_t) 4 << 20) /* of a piece: pages that nobody writes cost nothing */

typedef struct {
  size_t at, bytes;
} Piece;

static char *arena;
static Piece *pieces; /* in use, by address */
static size_t n_pieces, room, used, high;
static int depth;
static cudaError_t last = cudaSuccess;

static long
setting (const char *name, long otherwise)
{
  const char *text = getenv (name);

  return text != NULL ? atol (text) : otherwise;
}

static size_t
total_bytes (void)
{
  return (size_t) setting ("SMB_EMULATED_MIB", 2048) << 20;
}

static void
protect (int how)
{
  if (high > 0 && mprotect (arena, high, how) != 0) {
    perror ("emulator: mprotect");
    abort ();
  }
}

static int
is_guarded (void)
{
  static int guarded = -1;

  if (guarded < 0)
    guarded = (int) setting ("SMB_EMULATED_GUARD", 0);
  return guarded;
}

void
smb_emulator_enter (void)
{
  if (depth++ == 0 && is_guarded ())
    protect (PROT_READ | PROT_WRITE);
}

void
smb_emulator_leave (void)
{
  if (--depth == 0 && is_guarded ())
    protect (PROT_NONE);
}

cudaError_t
smb_emulator_result (cudaError_t error)
{
  if (error != cudaSuccess)
    last = error;
  return error;
}

/* The first gap that is large enough; between two pieces a page stays out of bounds. */
cudaError_t
cudaMalloc (void **pointer, size_t bytes)
{
  size_t need = (bytes + UNIT - 1) / UNIT * UNIT, at = 0, i = 0;

  if (smb_emulator_spoils_capture ())
    return smb_emulator_result (cudaErrorStreamCaptureUnsupported);
  if (bytes > total_bytes () || used + need > total_bytes ())
    return smb_emulator_result (cudaErrorMemoryAllocation);
  if (arena == NULL) {
    arena = mmap (NULL, ARENA, is_guarded () ? PROT_NONE : PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (arena == MAP_FAILED)
      abort ();
  }
  while (i < n_pieces && pieces[i].at < at + need + UNIT) {
    at = pieces[i].at + pieces[i].bytes + UNIT;
    i++;
  }
  if (at + need + UNIT > ARENA)
    return smb_emulator_result (cudaErrorMemoryAllocation);
  if (n_pieces == room) {
    room = room > 0 ? 2 * room : 64;
    pieces = realloc (pieces, room * sizeof *pieces);
  }
  memmove (&pieces[i + 1], &pieces[i], (n_pieces - i) * sizeof *pieces);
  pieces[i] = (Piece){ at, need };
  n_pieces++;
  used += need;
  if (at + need > high)
    high = at + need;
  *pointer = arena + at;
  smb_emulator_enter ();
  memset (*pointer, 0xff, need < FILLED ? need : FILLED); /* NaN */
  smb_emulator_leave ();
  return cudaSuccess;
}

cudaError_t
cudaFree (void *pointer)
{
  if (smb_emulator_spoils_capture ())
    return smb_emulator_result (cudaErrorStreamCaptureUnsupported);
  smb_emulator_finish (); /* the real one waits as well */
  for (size_t i = 0; i < n_pieces; i++)
    if (arena + pieces[i].at == (char *) pointer) {
      used -= pieces[i].bytes;
      madvise (pointer, pieces[i].bytes, MADV_DONTNEED);
      memmove (&pieces[i], &pieces[i + 1], (n_pieces - i - 1) * sizeof *pieces);
      n_pieces--;
      return cudaSuccess;
    }
  return pointer == NULL ? cudaSuccess : smb_emulator_result (cudaErrorInvalidValue);
}

typedef struct {
  void *out;
  const void *in;
  size_t bytes;
} Copy;

static void
copy (const void *arguments)
{
  const Copy *c = arguments;

  smb_emulator_enter ();
  memcpy (c->out, c->in, c->bytes);
  smb_emulator_leave ();
}

cudaError_t
cudaMemcpyAsync (void *out, const void *in, size_t bytes, cudaMemcpyKind kind, cudaStream_t stream)
{
  const int out_here = (char *) out >= arena && (char *) out < arena + ARENA;
  const int in_here = (const char *) in >= arena && (const char *) in < arena + ARENA;

  if (out_here != (kind != cudaMemcpyDeviceToHost) || in_here != (kind != cudaMemcpyHostToDevice))
    return smb_emulator_result (cudaErrorInvalidValue);
  smb_emulator_submit (stream, copy, &(const Copy){ out, in, bytes }, sizeof (Copy));
  return cudaSuccess;
}

cudaError_t
cudaMemGetInfo (size_t *left, size_t *total)
{
  *total = total_bytes ();
  *left = *total - used;
  return cudaSuccess;
}

cudaError_t
cudaHostAlloc (void **pointer, size_t bytes, unsigned flags)
{
  *pointer = setting ("SMB_EMULATED_LOCKED", 1) != 0 ? malloc (bytes) : NULL;
  return *pointer != NULL ? cudaSuccess : smb_emulator_result (cudaErrorMemoryAllocation);
}

cudaError_t
cudaFreeHost (void *pointer)
{
  free (pointer);
  return cudaSuccess;
}

cudaError_t
cudaGetDeviceCount (int *count)
{
  *count = (int) setting ("SMB_EMULATED_CARDS", 1);
  return *count > 0 ? cudaSuccess : smb_emulator_result (cudaErrorNoDevice);
}

cudaError_t
cudaDriverGetVersion (int *version)
{
  *version = CUDART_VERSION;
  return cudaSuccess;
}

cudaError_t
cudaGetDeviceProperties (struct cudaDeviceProp *properties, int device)
{
  long capability = setting ("SMB_EMULATED_CAPABILITY", 90);

  snprintf (properties->name, sizeof properties->name, "processor playing a card");
  properties->major = (int) capability / 10;
  properties->minor = (int) capability % 10;
  return cudaSuccess;
}

cudaError_t
cudaDeviceGetAttribute (int *value, cudaDeviceAttr attribute, int device)
{
  *value = attribute == cudaDevAttrMaxSharedMemoryPerBlockOptin
             ? (setting ("SMB_EMULATED_CAPABILITY", 90) >= 80 ? 99 << 10 : 64 << 10) /* the least of such cards */
             : cudaComputeModeDefault;
  return cudaSuccess;
}

cudaError_t
cudaSetDevice (int device)
{
  return device >= 0 && device < setting ("SMB_EMULATED_CARDS", 1) ? cudaSuccess
                                                                   : smb_emulator_result (cudaErrorInvalidDevice);
}

const char *
cudaGetErrorString (cudaError_t error)
{
  return error == cudaErrorMemoryAllocation ? "out of memory" : "emulated failure";
}

cudaError_t
cudaGetLastError (void)
{
  cudaError_t error = last;

  last = cudaSuccess;
  return error;
}

cudaError_t
cudaPeekAtLastError (void)
{
  return last;
}
