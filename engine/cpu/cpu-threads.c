/* SPDX-License-Identifier: Apache-2.0 */
#include "cpu/cpu-private.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

/* A pool of threads that wait for one job at a time. A job is cut into pieces by its size alone; whoever is free takes
 * the next, so that a thread whose processor is wanted by somebody else (the window, the decoder, another program), or
 * that sits on a slower core, holds up no more than the piece it has. What a piece computes does not depend on who does
 * it. */

struct SmbCpuPool {
  int threads; /* the caller included */
  pthread_t *handles;
  pthread_mutex_t lock;
  pthread_cond_t wake, done;
  atomic_uint_least64_t turn; /* the number of the job, PIECES_BITS up; below, its pieces that nobody has taken yet */
  atomic_int unfinished;      /* its pieces that are not done */
  atomic_int stop;
  /* The job. A piece that was taken keeps it as it is until that piece is done. */
  SmbCpuWork work;
  void *arg;
  int64_t items, grain;
  int pieces;
  int by_thread; /* `thread` is who works, not which piece it is */
};

#define PIECES_BITS 24
#define MOST_PIECES ((INT64_C (1) << PIECES_BITS) - 1)

typedef struct {
  SmbCpuPool *pool;
  int number;
} Member;

/* Looking for the next job this often before sleeping bridges the gap between two kernels (some tens of
 * microseconds) and no more: a processor that others want is given back. */
#define LOOKS 1000

static inline void
relax (void)
{
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause ();
#endif
}

/* The next piece of the job that is on; -1: all are taken. One who comes late finds none, or those of a later job. */
static int
take_piece (SmbCpuPool *pool)
{
  uint_least64_t turn = atomic_load_explicit (&pool->turn, memory_order_acquire);

  while ((turn & MOST_PIECES) != 0)
    if (atomic_compare_exchange_weak_explicit (&pool->turn, &turn, turn - 1, memory_order_acq_rel,
                                               memory_order_acquire))
      return pool->pieces - (int) (turn & MOST_PIECES);
  return -1;
}

static void
do_pieces (SmbCpuPool *pool, int number)
{
  int piece;

  while ((piece = take_piece (pool)) >= 0) {
    int64_t grains = (pool->items + pool->grain - 1) / pool->grain;
    int64_t from = grains * piece / pool->pieces * pool->grain, to = grains * (piece + 1) / pool->pieces * pool->grain;

    pool->work (pool->arg, pool->by_thread ? number : piece, from, to < pool->items ? to : pool->items);
    if (atomic_fetch_sub (&pool->unfinished, 1) == 1 && number > 0) {
      pthread_mutex_lock (&pool->lock);
      pthread_cond_signal (&pool->done);
      pthread_mutex_unlock (&pool->lock);
    }
  }
}

static uint_least64_t
job_of (SmbCpuPool *pool)
{
  return atomic_load_explicit (&pool->turn, memory_order_acquire) >> PIECES_BITS;
}

static void *
member_main (void *data)
{
  Member *member = data;
  SmbCpuPool *pool = member->pool;
  int number = member->number;
  uint_least64_t seen = 0;

  free (member);
  for (;;) {
    for (int i = 0; i < LOOKS && job_of (pool) == seen; i++)
      relax ();
    if (job_of (pool) == seen) {
      pthread_mutex_lock (&pool->lock);
      while (job_of (pool) == seen)
        pthread_cond_wait (&pool->wake, &pool->lock);
      pthread_mutex_unlock (&pool->lock);
    }
    seen = job_of (pool);
    if (atomic_load (&pool->stop))
      return NULL;
    do_pieces (pool, number);
  }
}

static void
next_job (SmbCpuPool *pool, int pieces)
{
  uint_least64_t job = job_of (pool) + 1;

  pthread_mutex_lock (&pool->lock);
  atomic_store (&pool->unfinished, pieces);
  atomic_store (&pool->turn, job << PIECES_BITS | (uint_least64_t) pieces);
  pthread_cond_broadcast (&pool->wake);
  pthread_mutex_unlock (&pool->lock);
}

SmbCpuPool *
smb_cpu_pool_new (int threads)
{
  SmbCpuPool *pool = calloc (1, sizeof *pool);

  if (pool == NULL)
    return NULL;
  pool->threads = 1;
  pthread_mutex_init (&pool->lock, NULL);
  pthread_cond_init (&pool->wake, NULL);
  pthread_cond_init (&pool->done, NULL);
  pool->handles = calloc ((size_t) threads, sizeof *pool->handles);
  for (int i = 1; pool->handles != NULL && i < threads; i++) {
    Member *member = malloc (sizeof *member);

    if (member == NULL)
      break;
    *member = (Member){ pool, i };
    if (pthread_create (&pool->handles[i], NULL, member_main, member) != 0) {
      free (member);
      break;
    }
    pool->threads++;
  }
  if (pool->threads < threads) { /* all or nothing: the number of threads fixes the order of sums */
    smb_cpu_pool_free (pool);
    return NULL;
  }
  return pool;
}

void
smb_cpu_pool_free (SmbCpuPool *pool)
{
  if (pool == NULL)
    return;
  atomic_store (&pool->stop, 1);
  next_job (pool, 0);
  for (int i = 1; i < pool->threads; i++)
    pthread_join (pool->handles[i], NULL);
  pthread_cond_destroy (&pool->wake);
  pthread_cond_destroy (&pool->done);
  pthread_mutex_destroy (&pool->lock);
  free (pool->handles);
  free (pool);
}

static void
run (SmbCpuPool *pool, int64_t pieces, int by_thread, int64_t items, int64_t grain, SmbCpuWork work, void *arg)
{
  pool->work = work;
  pool->arg = arg;
  pool->items = items;
  pool->grain = grain;
  pool->pieces = (int) pieces;
  pool->by_thread = by_thread;
  next_job (pool, pool->pieces);
  do_pieces (pool, 0);
  for (int i = 0; i < LOOKS && atomic_load_explicit (&pool->unfinished, memory_order_acquire) > 0; i++)
    relax ();
  if (atomic_load (&pool->unfinished) > 0) {
    pthread_mutex_lock (&pool->lock);
    while (atomic_load (&pool->unfinished) > 0)
      pthread_cond_wait (&pool->done, &pool->lock);
    pthread_mutex_unlock (&pool->lock);
  }
}

void
smb_cpu_parallel (SmbCpu *cpu, int64_t items, int64_t grain, SmbCpuWork work, void *arg)
{
  int64_t grains = (items + grain - 1) / grain;

  if (items <= 0)
    return;
  if (cpu->pool == NULL || grains == 1)
    work (arg, 0, 0, items);
  else
    run (cpu->pool, grains < cpu->threads ? grains : cpu->threads, 0, items, grain, work, arg);
}

void
smb_cpu_share_out (SmbCpu *cpu, int64_t items, SmbCpuWork work, void *arg)
{
  if (items <= 0)
    return;
  if (cpu->pool == NULL || items == 1)
    work (arg, 0, 0, items);
  else
    run (cpu->pool, items < MOST_PIECES ? items : MOST_PIECES, 1, items, 1, work, arg);
}

int
smb_cpu_count_cores (void)
{
  cpu_set_t set;
  int count = 0;

  CPU_ZERO (&set);
  if (sched_getaffinity (0, sizeof set, &set) == 0)
    count = CPU_COUNT (&set);
  if (count < 1)
    count = (int) sysconf (_SC_NPROCESSORS_ONLN);
  if (count < 1)
    count = 1;
  return count < SMB_CPU_MAX_THREADS ? count : SMB_CPU_MAX_THREADS;
}
