/* SPDX-License-Identifier: Apache-2.0 */
#include "examine/smb-ahead.h"

struct _SmbAhead {
  SmbAheadMake make;
  gpointer user_data;
  GDestroyNotify free_item;
  guint n_ready;
  GCancellable *cancellable; /* of the run; NULL: none */
  gulong run_cancelled;
  GCancellable *own; /* cancelled with the run, or when nobody wants more */
  GThread *thread;
  GMutex lock; /* of all below */
  GCond changed;
  GQueue ready;
  GError *failure;
  gboolean ended, unwanted;
};

/* Waits for room; FALSE: no more is wanted. */
static gboolean
await_room (SmbAhead *ahead)
{
  gboolean wanted;

  g_mutex_lock (&ahead->lock);
  while (ahead->ready.length >= ahead->n_ready && !ahead->unwanted)
    g_cond_wait (&ahead->changed, &ahead->lock);
  wanted = !ahead->unwanted;
  g_mutex_unlock (&ahead->lock);
  return wanted;
}

static gpointer
make_ahead (gpointer data)
{
  SmbAhead *ahead = data;
  GError *failure = NULL;
  gpointer item = NULL;

  do {
    item = ahead->make (ahead->user_data, ahead->own, &failure);
    g_mutex_lock (&ahead->lock);
    if (item != NULL)
      g_queue_push_tail (&ahead->ready, item);
    else
      ahead->ended = TRUE;
    ahead->failure = failure;
    g_cond_broadcast (&ahead->changed);
    g_mutex_unlock (&ahead->lock);
  } while (item != NULL && await_room (ahead));
  return NULL;
}

static void
cancel_own (GCancellable *cancellable, GCancellable *own)
{
  g_cancellable_cancel (own);
}

SmbAhead *
smb_ahead_new (SmbAheadMake make, gpointer user_data, GDestroyNotify free_item, guint n_ready,
               GCancellable *cancellable)
{
  SmbAhead *ahead = g_new0 (SmbAhead, 1);

  ahead->make = make;
  ahead->user_data = user_data;
  ahead->free_item = free_item;
  ahead->n_ready = n_ready;
  ahead->own = g_cancellable_new ();
  if (cancellable != NULL) {
    ahead->cancellable = g_object_ref (cancellable);
    ahead->run_cancelled = g_cancellable_connect (cancellable, G_CALLBACK (cancel_own), ahead->own, NULL);
  }
  g_mutex_init (&ahead->lock);
  g_cond_init (&ahead->changed);
  ahead->thread = g_thread_new ("ahead", make_ahead, ahead);
  return ahead;
}

gpointer
smb_ahead_next (SmbAhead *ahead, GError **error)
{
  gpointer item;

  g_mutex_lock (&ahead->lock);
  while (ahead->ready.length == 0 && !ahead->ended)
    g_cond_wait (&ahead->changed, &ahead->lock);
  item = g_queue_pop_head (&ahead->ready);
  if (item == NULL && ahead->failure != NULL)
    g_propagate_error (error, g_error_copy (ahead->failure));
  g_cond_broadcast (&ahead->changed);
  g_mutex_unlock (&ahead->lock);
  return item;
}

void
smb_ahead_free (SmbAhead *ahead)
{
  if (ahead == NULL)
    return;
  g_mutex_lock (&ahead->lock);
  ahead->unwanted = TRUE;
  g_cond_broadcast (&ahead->changed);
  g_mutex_unlock (&ahead->lock);
  g_cancellable_cancel (ahead->own);
  g_thread_join (ahead->thread);
  g_cancellable_disconnect (ahead->cancellable, ahead->run_cancelled);
  g_clear_object (&ahead->cancellable);
  g_object_unref (ahead->own);
  g_queue_clear_full (&ahead->ready, ahead->free_item);
  g_clear_error (&ahead->failure);
  g_mutex_clear (&ahead->lock);
  g_cond_clear (&ahead->changed);
  g_free (ahead);
}
