/* SPDX-License-Identifier: Apache-2.0 */
/* Two threads: one listens, so that a cancelling message or the end of the other side is noticed at once; the main one
 * works. */
#include "worker/smb-worker.h"

#include "base/smb-error.h"
#include "smb-config.h"

#include <glib/gi18n-lib.h>
#include <unistd.h>

#define PROGRESS_TIMEOUT_MS 1000

struct _SmbWorker {
  int socket;
  GAsyncQueue *requests; /* Request* */
  GMutex lock;           /* of the two below */
  guint32 last_id;
  GCancellable *last_cancellable;
  guint32 current_id; /* main thread only */
};

typedef struct {
  SmbMessage *message;
  GCancellable *cancellable;
} Request;

static void
request_free (Request *request)
{
  smb_message_free (request->message);
  g_object_unref (request->cancellable);
  g_free (request);
}

static void
cancel_request (SmbWorker *worker, guint32 id)
{
  g_autoptr (GCancellable) cancellable = NULL;

  g_mutex_lock (&worker->lock);
  if (worker->last_id == id && worker->last_cancellable != NULL)
    cancellable = g_object_ref (worker->last_cancellable);
  g_mutex_unlock (&worker->lock);
  if (cancellable != NULL)
    g_cancellable_cancel (cancellable);
}

static void
queue_request (SmbWorker *worker, SmbMessage *message)
{
  Request *request = g_new0 (Request, 1);

  request->message = message;
  request->cancellable = g_cancellable_new ();
  g_mutex_lock (&worker->lock);
  worker->last_id = message->id;
  g_set_object (&worker->last_cancellable, request->cancellable);
  g_mutex_unlock (&worker->lock);
  g_async_queue_push (worker->requests, request);
  /* cppcheck-suppress memleak; the queue has it */
}

static gpointer
listen_to_parent (gpointer data)
{
  SmbWorker *worker = data;

  for (;;) {
    SmbMessage *message = NULL;
    g_autoptr (GError) error = NULL;
    SmbReceive outcome = smb_message_receive (worker->socket, -1, NULL, &message, &error);

    /* Nobody is left to work for: no tidying up, which could hang in a library that is busy. */
    if (outcome != SMB_RECEIVE_OK)
      _exit (outcome == SMB_RECEIVE_CLOSED ? 0 : 3);
    if (message->type == SMB_MESSAGE_CANCEL) {
      cancel_request (worker, message->id);
      smb_message_free (message);
    } else
      queue_request (worker, message);
  }
  return NULL;
}

void
smb_worker_report (SmbWorker *worker, guint64 done, guint64 total, const char *what)
{
  JsonObject *body = json_object_new ();
  g_autoptr (SmbMessage) message = NULL;

  json_object_set_int_member (body, "done", (gint64) MIN (done, G_MAXINT64));
  json_object_set_int_member (body, "total", (gint64) MIN (total, G_MAXINT64));
  json_object_set_string_member (body, "what", what);
  message = smb_message_new (SMB_MESSAGE_PROGRESS, worker->current_id, body);
  smb_message_send (worker->socket, message, PROGRESS_TIMEOUT_MS, NULL);
}

static void
send_or_die (SmbWorker *worker, const SmbMessage *message)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SmbMessage) excuse = NULL;

  if (smb_message_send (worker->socket, message, -1, &error))
    return;
  /* Too large to send is an answer like any other; a broken socket is the end. */
  if (!g_error_matches (error, SMB_ERROR, SMB_ERROR_LIMIT))
    _exit (3);
  excuse = smb_message_new_error (message->id, error);
  if (!smb_message_send (worker->socket, excuse, -1, NULL))
    _exit (3);
}

void
smb_worker_run (int socket, const char *mode, SmbLockState lock, SmbWorkerHandler handler, gpointer user_data)
{
  SmbWorker *worker = g_new0 (SmbWorker, 1);
  JsonObject *hello_body = json_object_new ();
  g_autoptr (SmbMessage) hello = NULL;

  worker->socket = socket;
  worker->requests = g_async_queue_new ();
  g_mutex_init (&worker->lock);
  json_object_set_string_member (hello_body, "mode", mode);
  json_object_set_string_member (hello_body, "version", SMB_VERSION);
  json_object_set_string_member (hello_body, "lock", smb_lock_state_to_text (lock));
  hello = smb_message_new (SMB_MESSAGE_HELLO, 0, hello_body);
  send_or_die (worker, hello);
  g_thread_unref (g_thread_new ("listen", listen_to_parent, worker));
  for (;;) {
    Request *request = g_async_queue_pop (worker->requests);
    g_autoptr (GError) error = NULL;
    g_autoptr (SmbMessage) answer = NULL;

    worker->current_id = request->message->id;
    answer = handler (worker, request->message, request->cancellable, user_data, &error);
    if (answer == NULL)
      answer = smb_message_new_error (worker->current_id, error);
    request_free (request); /* the evidence is closed before the other end hears that it was read */
    send_or_die (worker, answer);
  }
}
