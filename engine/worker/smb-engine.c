/* SPDX-License-Identifier: Apache-2.0 */
/* Requests and answers. What a worker sends is judged as if it had been taken over by the evidence it reads. */
#include "worker/smb-engine.h"

#include "base/smb-error.h"
#include "media/smb-limits.h"
#include "smb-config.h"
#include "worker/smb-engine-private.h"
#include "worker/smb-worker-process.h"

#include <glib/gi18n-lib.h>

#define HELLO_TIMEOUT_MS 30000
#define SEND_TIMEOUT_MS 10000
#define CANCEL_GRACE_MS 2000
#define END_GRACE_MS 500
#define DEATH_GRACE_MS 1000
#define QUEUE_TICK_US (50 * 1000)

typedef struct {
  SmbWorkerProcess *process; /* NULL: not running */
  gboolean busy;
  guint32 last_id;
  SmbLockState lock; /* of `process`, as it says itself, before it has read anything */
  guint limits;      /* the stamp of those under which it was started */
} Slot;

struct _SmbEngine {
  gatomicrefcount references;
  int device;    /* atomic; a GQuark */
  int landmarks; /* likewise; 0: none was set */
  int threads;
  GMutex lock; /* of the slots; a busy slot's process belongs to the call that set it busy */
  GCond freed;
  Slot slots[4];
  GThread *ahead;        /* of smb_engine_call_ahead; NULL: none */
  GCancellable *no_more; /* of that thread */
};

static const char *const modes[] = { "decode", "compute", "weights", "compute" };

SmbEngine *
smb_engine_new (const char *device, int threads)
{
  SmbEngine *engine = g_new0 (SmbEngine, 1);

  g_atomic_ref_count_init (&engine->references);
  smb_engine_set_device (engine, device);
  engine->threads = threads;
  g_mutex_init (&engine->lock);
  g_cond_init (&engine->freed);
  return engine;
}

SmbEngine *
smb_engine_ref (SmbEngine *engine)
{
  g_atomic_ref_count_inc (&engine->references);
  return engine;
}

void
smb_engine_unref (SmbEngine *engine)
{
  if (!g_atomic_ref_count_dec (&engine->references))
    return;
  if (engine->ahead != NULL) {
    g_cancellable_cancel (engine->no_more);
    g_thread_join (engine->ahead);
    g_object_unref (engine->no_more);
  }
  for (guint i = 0; i < G_N_ELEMENTS (engine->slots); i++) {
    if (engine->slots[i].process != NULL)
      g_free (smb_worker_process_stop (engine->slots[i].process, END_GRACE_MS));
  }
  g_mutex_clear (&engine->lock);
  g_cond_clear (&engine->freed);
  g_free (engine);
}

const char *
smb_engine_get_device_name (const SmbEngine *engine)
{
  return g_quark_to_string ((GQuark) g_atomic_int_get (&engine->device));
}

void
smb_engine_set_device (SmbEngine *engine, const char *device)
{
  g_atomic_int_set (&engine->device, (int) g_quark_from_string (device != NULL ? device : "cpu"));
}

const char *
smb_engine_get_landmarks (const SmbEngine *engine)
{
  return g_quark_to_string ((GQuark) g_atomic_int_get (&engine->landmarks));
}

void
smb_engine_set_landmarks (SmbEngine *engine, const char *path)
{
  g_atomic_int_set (&engine->landmarks, (int) g_quark_from_string (path));
}

int
smb_engine_get_threads (const SmbEngine *engine)
{
  return engine->threads;
}

GPid
smb_engine_get_worker_pid (SmbEngine *engine, SmbEngineWorker worker)
{
  Slot *slot = &engine->slots[worker];
  GPid pid = 0;

  g_mutex_lock (&engine->lock);
  if (slot->process != NULL && smb_worker_process_is_alive (slot->process))
    pid = smb_worker_process_get_pid (slot->process);
  g_mutex_unlock (&engine->lock);
  return pid;
}

char *
smb_engine_clean_text (const char *text)
{
  GString *clean = g_string_new (NULL);

  for (const char *at = text; *at != '\0'; at = g_utf8_next_char (at)) {
    gunichar c = g_utf8_get_char (at);

    if (g_unichar_iscntrl (c) || g_unichar_type (c) == G_UNICODE_FORMAT)
      g_string_append_c (clean, ' ');
    else
      g_string_append_unichar (clean, c);
  }
  return g_string_free (clean, FALSE);
}

/* Waits for the worker to be free of other calls. */
static gboolean
occupy (SmbEngine *engine, Slot *slot, GCancellable *cancellable, GError **error)
{
  gboolean ok = TRUE;

  g_mutex_lock (&engine->lock);
  while (slot->busy && ok) {
    ok = !g_cancellable_set_error_if_cancelled (cancellable, error);
    if (ok)
      g_cond_wait_until (&engine->freed, &engine->lock, g_get_monotonic_time () + QUEUE_TICK_US);
  }
  if (ok)
    slot->busy = TRUE;
  g_mutex_unlock (&engine->lock);
  return ok;
}

static void
leave (SmbEngine *engine, Slot *slot)
{
  g_mutex_lock (&engine->lock);
  slot->busy = FALSE;
  g_cond_broadcast (&engine->freed);
  g_mutex_unlock (&engine->lock);
}

static void
set_process (SmbEngine *engine, Slot *slot, SmbWorkerProcess *process)
{
  g_mutex_lock (&engine->lock);
  slot->process = process;
  g_mutex_unlock (&engine->lock);
}

/* Ends the slot's worker; how it ended, in words. */
static char *
drop (SmbEngine *engine, Slot *slot, int grace_ms)
{
  SmbWorkerProcess *process = slot->process;

  set_process (engine, slot, NULL);
  return smb_worker_process_stop (process, grace_ms);
}

void
smb_engine_distrust (SmbEngine *engine, SmbEngineWorker worker)
{
  Slot *slot = &engine->slots[worker];

  occupy (engine, slot, NULL, NULL);
  if (slot->process != NULL)
    g_free (drop (engine, slot, 0));
  leave (engine, slot);
}

static gboolean
greet (SmbWorkerProcess *process, const char *mode, SmbLockState *lock_out, GError **error)
{
  SmbMessage *received = NULL;
  SmbReceive outcome =
    smb_message_receive (smb_worker_process_get_socket (process), HELLO_TIMEOUT_MS, NULL, &received, error);
  g_autoptr (SmbMessage) hello = received;

  if (outcome == SMB_RECEIVE_FAILED)
    return FALSE;
  if (outcome != SMB_RECEIVE_OK || hello->type != SMB_MESSAGE_HELLO
      || g_strcmp0 (smb_message_get_string (hello, "mode", NULL), mode) != 0) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_WORKER, _ ("the program semblance-worker does not answer"));
    return FALSE;
  }
  if (g_strcmp0 (smb_message_get_string (hello, "version", NULL), SMB_VERSION) != 0) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_WORKER,
                 _ ("the program semblance-worker is of another version than this one (%s); install Semblance again"),
                 SMB_VERSION);
    return FALSE;
  }
  *lock_out = smb_lock_state_from_text (smb_message_get_string (hello, "lock", NULL));
  if (*lock_out == SMB_LOCK_NONE && g_strcmp0 (g_getenv ("SEMBLANCE_ALLOW_UNSANDBOXED"), "1") != 0) {
    g_set_error_literal (error, SMB_ERROR, SMB_ERROR_WORKER,
                         _ ("this system does not let a process lock itself in (seccomp), so nothing is opened; use a "
                            "system that does, or, if you trust every file, allow it with --allow-unsandboxed or "
                            "SEMBLANCE_ALLOW_UNSANDBOXED=1"));
    return FALSE;
  }
  return TRUE;
}

/* A living worker in the slot, greeted; a dead one of an earlier call, and a decoder that has old limits, is cleared away
 * first. */
static gboolean
ensure_process (SmbEngine *engine, Slot *slot, SmbEngineWorker worker, GError **error)
{
  g_autofree char *program = NULL;
  g_autofree char *how = NULL;
  SmbWorkerProcess *process;
  guint limits = smb_limits_get_stamp (); /* before the worker is told them: at worst it is started once more */

  if (slot->process != NULL && smb_worker_process_is_alive (slot->process)
      && (worker != SMB_ENGINE_DECODE || slot->limits == limits))
    return TRUE;
  if (slot->process != NULL)
    g_free (drop (engine, slot, 0));
  program = smb_worker_process_find (error);
  if (program == NULL)
    return FALSE;
  process = smb_worker_process_start (program, modes[worker], error);
  if (process == NULL)
    return FALSE;
  if (greet (process, modes[worker], &slot->lock, error)) {
    set_process (engine, slot, process);
    slot->limits = limits;
    return TRUE;
  }
  how = smb_worker_process_stop (process, DEATH_GRACE_MS);
  g_prefix_error (error, "%s (%s): ", program, how);
  return FALSE;
}

gboolean
smb_engine_get_lock_state (SmbEngine *engine, SmbEngineWorker worker, SmbLockState *state_out, GError **error)
{
  Slot *slot = &engine->slots[worker];
  gboolean ok;

  if (!occupy (engine, slot, NULL, error))
    return FALSE;
  ok = ensure_process (engine, slot, worker, error);
  *state_out = slot->lock;
  leave (engine, slot);
  return ok;
}

static void
show_progress (const SmbEngineCall *call, const SmbMessage *message)
{
  g_autofree char *what = smb_engine_clean_text (smb_message_get_string (message, "what", ""));

  if (call->progress != NULL)
    call->progress ((guint64) MAX (smb_message_get_int (message, "done", 0), 0),
                    (guint64) MAX (smb_message_get_int (message, "total", 0), 0), what, call->user_data);
}

/* Listens until the answer to this request is there. Messages of earlier, cancelled requests are dropped. */
static SmbReceive
await_answer (Slot *slot, const SmbEngineCall *call, gint64 deadline_us, GCancellable *cancellable,
              SmbMessage **answer_out, GError **error)
{
  for (;;) {
    gint64 left_ms = MAX (deadline_us - g_get_monotonic_time (), 0) / 1000;
    SmbMessage *received = NULL;
    SmbReceive outcome = smb_message_receive (smb_worker_process_get_socket (slot->process),
                                              (int) MIN (left_ms, G_MAXINT), cancellable, &received, error);
    g_autoptr (SmbMessage) message = received;

    if (outcome != SMB_RECEIVE_OK)
      return outcome;
    if (message->id != slot->last_id && message->id < slot->last_id)
      continue;
    if (message->id == slot->last_id && message->type == SMB_MESSAGE_PROGRESS)
      show_progress (call, message);
    else if (message->id == slot->last_id
             && (message->type == SMB_MESSAGE_RESULT || message->type == SMB_MESSAGE_ERROR)) {
      *answer_out = g_steal_pointer (&message);
      return SMB_RECEIVE_OK;
    } else {
      g_set_error_literal (error, SMB_ERROR, SMB_ERROR_WORKER,
                           _ ("the worker broke the protocol: it answered what was not asked"));
      return SMB_RECEIVE_FAILED;
    }
  }
}

/* Asks the worker to stop; one that does not answer is ended. */
static void
cancel_call (SmbEngine *engine, Slot *slot, const SmbEngineCall *call)
{
  g_autoptr (SmbMessage) cancel = smb_message_new (SMB_MESSAGE_CANCEL, slot->last_id, NULL);
  SmbEngineCall quiet = { .worker = call->worker };
  SmbMessage *answer = NULL;

  if (!smb_message_send (smb_worker_process_get_socket (slot->process), cancel, CANCEL_GRACE_MS, NULL)
      || await_answer (slot, &quiet, g_get_monotonic_time () + CANCEL_GRACE_MS * 1000, NULL, &answer, NULL)
           != SMB_RECEIVE_OK)
    g_free (drop (engine, slot, 0));
  smb_message_free (answer);
}

/* The worker is gone, broken or stuck: one sentence for what happened. */
static void
set_death (SmbEngine *engine, Slot *slot, const SmbEngineCall *call, SmbReceive outcome, const GError *reason,
           GError **error)
{
  const char *const names[] = { _ ("the decoder"), _ ("the compute process"), _ ("the reader of weights"),
                                _ ("the finder of faces") };
  const char *who = names[call->worker];
  g_autofree char *how = drop (engine, slot, outcome == SMB_RECEIVE_CLOSED ? DEATH_GRACE_MS : 0);

  if (outcome == SMB_RECEIVE_TIMEOUT && call->time_setting != NULL)
    g_set_error (error, SMB_ERROR, SMB_ERROR_WORKER,
                 _ ("%s was stopped after %d seconds %s. If you trust the file, raise %s"), who,
                 call->timeout_ms / 1000, call->doing, call->time_setting);
  else if (outcome == SMB_RECEIVE_TIMEOUT)
    g_set_error (error, SMB_ERROR, SMB_ERROR_WORKER, _ ("%s was stopped after %d seconds %s"), who,
                 call->timeout_ms / 1000, call->doing);
  else if (outcome == SMB_RECEIVE_CLOSED || reason == NULL)
    g_set_error (error, SMB_ERROR, SMB_ERROR_WORKER, _ ("%s stopped (%s) %s"), who, how, call->doing);
  else
    g_set_error (error, SMB_ERROR, SMB_ERROR_WORKER, _ ("%s was stopped (%s) %s"), who, reason->message, call->doing);
}

static SmbMessage *
exchange (SmbEngine *engine, Slot *slot, const SmbEngineCall *call, const SmbMessage *request,
          GCancellable *cancellable, GError **error)
{
  g_autoptr (GError) failure = NULL;
  SmbMessage *answer = NULL;
  SmbReceive outcome = SMB_RECEIVE_CLOSED;

  if (smb_message_send (smb_worker_process_get_socket (slot->process), request, SEND_TIMEOUT_MS, &failure))
    outcome = await_answer (slot, call, g_get_monotonic_time () + (gint64) call->timeout_ms * 1000, cancellable,
                            &answer, &failure);
  else if (g_error_matches (failure, SMB_ERROR, SMB_ERROR_LIMIT)) {
    g_propagate_error (error, g_steal_pointer (&failure)); /* nothing was sent: the worker is well */
    return NULL;
  }
  if (outcome == SMB_RECEIVE_OK)
    return answer;
  if (g_error_matches (failure, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
    cancel_call (engine, slot, call);
    g_propagate_error (error, g_steal_pointer (&failure));
  } else
    set_death (engine, slot, call, outcome, failure, error);
  return NULL;
}

static gboolean
add_more (SmbMessage *request, const GArray *fds, GError **error)
{
  for (guint i = 0; fds != NULL && i < fds->len; i++)
    if (!smb_message_add_fd (request, g_array_index (fds, int, i), error))
      return FALSE;
  return TRUE;
}

SmbMessage *
smb_engine_call (SmbEngine *engine, const SmbEngineCall *call, GCancellable *cancellable, GError **error)
{
  g_autoptr (SmbMessage) request = smb_message_new (call->type, 0, call->body);
  g_autoptr (SmbMessage) answer = NULL;
  Slot *slot = &engine->slots[call->worker];

  if ((call->fd >= 0 && !smb_message_add_fd (request, call->fd, error))
      || (call->second_fd > 0 && !smb_message_add_fd (request, call->second_fd, error))
      || !add_more (request, call->more_fds, error) || !occupy (engine, slot, cancellable, error))
    return NULL;
  request->id = ++slot->last_id;
  if (!g_cancellable_set_error_if_cancelled (cancellable, error)
      && ensure_process (engine, slot, call->worker, error))
    answer = exchange (engine, slot, call, request, cancellable, error);
  leave (engine, slot);
  if (answer != NULL && answer->type == SMB_MESSAGE_ERROR) {
    GError *failure = smb_message_to_error (answer);
    g_autofree char *clean = smb_engine_clean_text (failure->message);

    g_set_error_literal (error, failure->domain, failure->code, clean);
    g_error_free (failure);
    return NULL;
  }
  return g_steal_pointer (&answer);
}

typedef struct {
  SmbEngine *engine; /* borrowed: it outlives its thread */
  SmbEngineCall call;
} Ahead;

static gpointer
call_ahead (gpointer data)
{
  g_autofree Ahead *ahead = data;

  smb_message_free (smb_engine_call (ahead->engine, &ahead->call, ahead->engine->no_more, NULL));
  return NULL;
}

void
smb_engine_call_ahead (SmbEngine *engine, const SmbEngineCall *call)
{
  Ahead *ahead;

  if (engine->ahead != NULL) {
    json_object_unref (call->body);
    return;
  }
  ahead = g_new (Ahead, 1);
  *ahead = (Ahead){ engine, *call };
  engine->no_more = g_cancellable_new ();
  engine->ahead = g_thread_new ("call-ahead", call_ahead, ahead);
}
