/* SPDX-License-Identifier: Apache-2.0 */
/* In a build that watches threads, and in no other (see engine/base/meson.build): GLib's locks and queues are made of
 * system calls that the sanitizer cannot see, so that it would take everything they order for a race. These stand before
 * them and say what they order. */
#include <dlfcn.h>
#include <glib.h>

void __tsan_acquire (void *address);
void __tsan_release (void *address);

/* Asked for by name when a program is linked, or the linker might take all of these from GLib. */
extern const int smb_thread_locks;
const int smb_thread_locks = 1;

#define REAL(name) ((__typeof__ (&name)) dlsym (RTLD_NEXT, #name))

void
g_mutex_lock (GMutex *mutex)
{
  static __typeof__ (&g_mutex_lock) real;

  if (real == NULL)
    real = REAL (g_mutex_lock);
  real (mutex);
  __tsan_acquire (mutex);
}

void
g_mutex_unlock (GMutex *mutex)
{
  static __typeof__ (&g_mutex_unlock) real;

  if (real == NULL)
    real = REAL (g_mutex_unlock);
  __tsan_release (mutex);
  real (mutex);
}

void
g_cond_wait (GCond *cond, GMutex *mutex)
{
  __tsan_release (mutex);
  REAL (g_cond_wait) (cond, mutex);
  __tsan_acquire (mutex);
}

gboolean
g_cond_wait_until (GCond *cond, GMutex *mutex, gint64 end_time)
{
  gboolean woken;

  __tsan_release (mutex);
  woken = REAL (g_cond_wait_until) (cond, mutex, end_time);
  __tsan_acquire (mutex);
  return woken;
}

void
g_async_queue_push (GAsyncQueue *queue, gpointer data)
{
  __tsan_release (queue);
  REAL (g_async_queue_push) (queue, data);
}

gpointer
g_async_queue_pop (GAsyncQueue *queue)
{
  gpointer data = REAL (g_async_queue_pop) (queue);

  __tsan_acquire (queue);
  return data;
}

gboolean
g_atomic_ref_count_dec (gatomicrefcount *count)
{
  gboolean last;

  __tsan_release (count);
  last = REAL (g_atomic_ref_count_dec) (count);
  __tsan_acquire (count);
  return last;
}

/* Of a box that several threads hold: what its last holder clears. */
static _Thread_local GDestroyNotify clear_of_box;

static void
clear_box (gpointer box)
{
  GDestroyNotify clear = clear_of_box;

  __tsan_acquire (box);
  if (clear != NULL)
    clear (box);
}

void
g_atomic_rc_box_release_full (gpointer box, GDestroyNotify clear)
{
  __tsan_release (box);
  clear_of_box = clear;
  REAL (g_atomic_rc_box_release_full) (box, clear_box);
}

/* What a pool's threads run, told what came before it and heard of when it is done. */
typedef struct {
  GFunc run;
  gpointer user_data;
} PoolWork;

static void
run_work (gpointer data, gpointer user_data)
{
  PoolWork *work = user_data;

  __tsan_acquire (work);
  work->run (data, work->user_data);
  __tsan_release (work);
}

GThreadPool *
g_thread_pool_new (GFunc run, gpointer user_data, gint max_threads, gboolean exclusive, GError **error)
{
  PoolWork *work = g_new (PoolWork, 1); /* as long as the program: a pool may be left to end by itself */

  *work = (PoolWork){ run, user_data };
  return REAL (g_thread_pool_new) (run_work, work, max_threads, exclusive, error);
}

gboolean
g_thread_pool_push (GThreadPool *pool, gpointer data, GError **error)
{
  __tsan_release (pool->user_data);
  return REAL (g_thread_pool_push) (pool, data, error);
}

void
g_thread_pool_free (GThreadPool *pool, gboolean immediate, gboolean wait)
{
  gpointer work = pool->user_data;

  REAL (g_thread_pool_free) (pool, immediate, wait);
  if (wait)
    __tsan_acquire (work);
}

/* What is made once, by whoever comes first. */
gboolean
(g_once_init_enter) (volatile void *location)
{
  gboolean first = REAL (g_once_init_enter) (location);

  __tsan_acquire ((void *) location);
  return first;
}

void
(g_once_init_leave) (volatile void *location, gsize result)
{
  __tsan_release ((void *) location);
  REAL (g_once_init_leave) (location, result);
}
