/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gio/gio.h>

#include "worker/smb-lock-state.h"
#include "worker/smb-message.h"

G_BEGIN_DECLS

/* The worker's side of the socket pair; for the program semblance-worker alone. */
typedef struct _SmbWorker SmbWorker;

/* Answers one request: a message of type RESULT, or NULL with an error, which is sent in its place. Called on the main
 * thread, one request at a time; `cancellable` is cancelled by a message that arrives meanwhile. */
typedef SmbMessage *(*SmbWorkerHandler) (SmbWorker *worker, SmbMessage *request, GCancellable *cancellable,
                                         gpointer user_data, GError **error);

/* Greets, then answers requests until the other end closes; ends the process, whatever it is doing, when that happens.
 * Never returns. */
void smb_worker_run (int socket, const char *mode, SmbLockState lock, SmbWorkerHandler handler, gpointer user_data)
  G_GNUC_NORETURN;

/* From within a handler: how far it is. What the other end makes of it is its affair; failures are ignored. */
void smb_worker_report (SmbWorker *worker, guint64 done, guint64 total, const char *what);

typedef enum { SMB_WORKER_DECODE, SMB_WORKER_COMPUTE, SMB_WORKER_WEIGHTS } SmbWorkerMode;

/* The one place where a worker gives up what it does not need, before it reads anything: it dies with its parent, can
 * gain no privileges, writes no core (evidence would be in it), and, unless it computes, may take only
 * `max_memory_bytes` of address space and a few descriptors; then the walls of smb-lock-state.h go up, as far as the
 * system lets them. Decoding, everything that is loaded when first needed must be loaded already (smb_picture_prepare).
 * An error if the system refuses the limits; what became of the walls is *state_out, for the greeting: whether that is
 * enough is for the program to decide. */
gboolean smb_worker_lock_in (SmbWorkerMode mode, guint64 max_memory_bytes, SmbLockState *state_out, GError **error);

/* Lets the next request have as much processor time as is set for its kind (smb_decode_limits_get; weights: 300 s);
 * then the system ends the process. FALSE if the settings make no sense. */
typedef enum {
  SMB_WORKER_READ_PICTURE,
  SMB_WORKER_READ_VIDEO,
  SMB_WORKER_READ_FRAMES,
  SMB_WORKER_READ_WEIGHTS,
} SmbWorkerReading;
gboolean smb_worker_allow_cpu (SmbWorkerReading reading, GError **error);

/* How a worker that runs out of the memory it may take ends itself. */
#define SMB_WORKER_EXIT_MEMORY 70

SmbMessage *smb_worker_decode (SmbWorker *worker, SmbMessage *request, GCancellable *cancellable, gpointer limits,
                               GError **error);
/* Videos that stay open between requests, by the number the program gave them; the least used is closed when there are
 * too many. */
SmbMessage *smb_worker_video (SmbWorker *worker, SmbMessage *request, GCancellable *cancellable, GError **error);

/* A weights file in, its tensors as .safetensors in a sealed memory descriptor out. */
SmbMessage *smb_worker_weights (SmbWorker *worker, SmbMessage *request, GCancellable *cancellable, gpointer nothing,
                                GError **error);

/* What the compute worker keeps between requests. */
typedef struct _SmbWorkerCompute SmbWorkerCompute;
SmbWorkerCompute *smb_worker_compute_new (void);
SmbMessage *smb_worker_compute (SmbWorker *worker, SmbMessage *request, GCancellable *cancellable, gpointer compute,
                                GError **error);

G_END_DECLS
