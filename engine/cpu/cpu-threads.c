/* SPDX-License-Identifier: Apache-2.0 */
#include "cpu/cpu-private.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

/* A pool of threads that wait for one job at a time. Each knows its share from its own number alone, so nothing is
 * handed out in the order of arrival. */

struct SmbCpuPool {
  int threads; /* the caller included */
  pthread_t *handles;
  pthread_mutex_t lock;
  pthread_cond_t wake, done;
  atomic_uint turn;    /* counts jobs; a change wakes the threads */
  atomic_int busy;     /* threads that have not finished the present job */
  int stop;
  SmbCpuWork work;
  void *arg;
  int64_t items, grain;
  int parts;
};

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

static void
do_share (const SmbCpuPool *pool, int number)
{
  int64_t grains, from, to;

  if (number >= pool->parts)
    return;
  grains = (pool->items + pool->grain - 1) / pool->grain;
  from = grains * number / pool->parts * pool->grain;
  to = grains * (number + 1) / pool->parts * pool->grain;
  if (to > pool->items)
    to = pool->items;
  if (from < to)
    pool->work (pool->arg, number, from, to);
}

static void *
member_main (void *data)
{
  Member *member = data;
  SmbCpuPool *pool = member->pool;
  int number = member->number;
  unsigned seen = 0;

  free (member);
  for (;;) {
    for (int i = 0; i < LOOKS && atomic_load_explicit (&pool->turn, memory_order_acquire) == seen; i++)
      relax ();
    if (atomic_load_explicit (&pool->turn, memory_order_acquire) == seen) {
      pthread_mutex_lock (&pool->lock);
      while (atomic_load (&pool->turn) == seen)
        pthread_cond_wait (&pool->wake, &pool->lock);
      pthread_mutex_unlock (&pool->lock);
    }
    seen = atomic_load (&pool->turn);
    if (pool->stop)
      return NULL;
    do_share (pool, number);
    if (atomic_fetch_sub (&pool->busy, 1) == 1) {
      pthread_mutex_lock (&pool->lock);
      pthread_cond_signal (&pool->done);
      pthread_mutex_unlock (&pool->lock);
    }
  }
}

static void
next_turn (SmbCpuPool *pool)
{
  pthread_mutex_lock (&pool->lock);
  atomic_store (&pool->busy, pool->threads - 1);
  atomic_fetch_add (&pool->turn, 1);
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
  pool->stop = 1;
  next_turn (pool);
  for (int i = 1; i < pool->threads; i++)
    pthread_join (pool->handles[i], NULL);
  pthread_cond_destroy (&pool->wake);
  pthread_cond_destroy (&pool->done);
  pthread_mutex_destroy (&pool->lock);
  free (pool->handles);
  free (pool);
}

void
smb_cpu_parallel (SmbCpu *cpu, int64_t items, int64_t grain, SmbCpuWork work, void *arg)
{
  SmbCpuPool *pool = cpu->pool;
  int64_t grains = (items + grain - 1) / grain;

  if (items <= 0)
    return;
  if (pool == NULL || grains == 1) {
    work (arg, 0, 0, items);
    return;
  }
  pool->work = work;
  pool->arg = arg;
  pool->items = items;
  pool->grain = grain;
  pool->parts = grains < pool->threads ? (int) grains : pool->threads;
  next_turn (pool);
  do_share (pool, 0);
  for (int i = 0; i < LOOKS && atomic_load_explicit (&pool->busy, memory_order_acquire) > 0; i++)
    relax ();
  if (atomic_load (&pool->busy) > 0) {
    pthread_mutex_lock (&pool->lock);
    while (atomic_load (&pool->busy) > 0)
      pthread_cond_wait (&pool->done, &pool->lock);
    pthread_mutex_unlock (&pool->lock);
  }
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
