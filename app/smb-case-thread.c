/* SPDX-License-Identifier: Apache-2.0 */
#include "smb-case-thread.h"

typedef struct {
  SmbWorkPriority priority;
  guint64 number; /* first come, first served within a priority */
  GTask *task;    /* NULL: the thread ends */
  SmbCaseWork work;
} Item;

struct _SmbCaseThread {
  GThread *thread;
  GAsyncQueue *queue;
  guint64 n_pushed;

  /* owned by the thread itself */
  SmbCase *store;
};

static int
compare_items (gconstpointer a, gconstpointer b, gpointer user_data)
{
  const Item *first = a;
  const Item *second = b;

  if (first->priority != second->priority)
    return first->priority < second->priority ? -1 : 1;
  return first->number < second->number ? -1 : (first->number > second->number ? 1 : 0);
}

static gpointer
run (gpointer data)
{
  SmbCaseThread *self = data;
  gboolean going = TRUE;

  while (going) {
    g_autofree Item *item = g_async_queue_pop (self->queue);

    if (item->task == NULL) {
      going = FALSE;
      continue;
    }
    if (!g_task_return_error_if_cancelled (item->task))
      item->work (item->task, self, self->store);
    g_object_unref (item->task);
  }
  g_clear_pointer (&self->store, smb_case_close);
  return NULL;
}

SmbCaseThread *
smb_case_thread_new (void)
{
  SmbCaseThread *self = g_new0 (SmbCaseThread, 1);

  self->queue = g_async_queue_new ();
  self->thread = g_thread_new ("case", run, self);
  return self;
}

static void
push_item (SmbCaseThread *self, SmbWorkPriority priority, GTask *task, SmbCaseWork work)
{
  Item *item = g_new0 (Item, 1);

  item->priority = priority;
  item->number = self->n_pushed++;
  item->task = task;
  item->work = work;
  g_async_queue_push_sorted (self->queue, item, compare_items, NULL);
  /* cppcheck-suppress memleak; the queue has it */
}

void
smb_case_thread_push (SmbCaseThread *self, SmbWorkPriority priority, GTask *task, SmbCaseWork work)
{
  g_return_if_fail (G_IS_TASK (task));
  push_item (self, priority, task, work);
}

void
smb_case_thread_adopt (SmbCaseThread *self, SmbCase *store)
{
  g_clear_pointer (&self->store, smb_case_close);
  self->store = store;
}

void
smb_case_thread_free (SmbCaseThread *self)
{
  Item *item;

  /* Behind everything already queued: each of those still gets its answer. */
  push_item (self, SMB_WORK_BACKGROUND, NULL, NULL);
  g_thread_join (g_steal_pointer (&self->thread));
  while ((item = g_async_queue_try_pop (self->queue)) != NULL) {
    if (item->task != NULL)
      g_task_return_new_error (item->task, G_IO_ERROR, G_IO_ERROR_CANCELLED, "The case was closed.");
    g_clear_object (&item->task);
    g_free (item);
  }
  g_async_queue_unref (self->queue);
  g_free (self);
}
