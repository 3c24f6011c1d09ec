/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gio/gio.h>

#include "tensor/smb-tensor.h"

G_BEGIN_DECLS

/* A run of operations on a device: remembers the first error, watches a cancellable, and hands out scratch memory from
 * one block planned ahead. After the first error every operation is a no-op, so that the caller checks once, at the
 * end (smb_exec_finish).
 *
 * The block is planned by running the same code twice: a dry run (smb_exec_begin with dry TRUE) checks every shape and
 * adds up what the block must hold but computes nothing; smb_exec_reserve allocates it; the real run follows. So memory
 * is known before anything starts. Host arithmetic between operations must ask smb_exec_is_live. One thread at a time.
 */
typedef struct _SmbExec SmbExec;

/* A place in the block to return to. */
typedef struct {
  gsize used_bytes;
  guint n_tensors;
} SmbExecMark;

SmbExec *smb_exec_new (SmbDevice *device);
void smb_exec_free (SmbExec *exec);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SmbExec, smb_exec_free)

SmbDevice *smb_exec_get_device (SmbExec *exec); /* borrowed */

/* Starts a run: forgets the error and everything taken. cancellable may be NULL and is borrowed until finish. */
void smb_exec_begin (SmbExec *exec, GCancellable *cancellable, gboolean dry);
/* What the last run held at its fullest. */
gsize smb_exec_get_peak_bytes (SmbExec *exec);
/* What the last run gave to dictionaries, or, dry, would give: host memory beside the block. */
gsize smb_exec_get_output_bytes (SmbExec *exec);
/* Makes the block at least as large as the last run's peak. MEMORY error. */
gboolean smb_exec_reserve (SmbExec *exec, GError **error);
/* Ends a run: TRUE if all went well, else FALSE with the first error. */
gboolean smb_exec_finish (SmbExec *exec, GError **error);
/* The run has not failed and is not dry: host code may read and write values. Also polls the cancellable. */
gboolean smb_exec_is_live (SmbExec *exec);
gboolean smb_exec_is_dry (SmbExec *exec);
/* Makes `error` (consumed) the run's error unless there is one. */
void smb_exec_fail (SmbExec *exec, GError *error);

/* Scratch of unset values, borrowed: valid until the run ends or is rewound behind it. Never NULL. */
SmbTensor *smb_exec_take_shape (SmbExec *exec, SmbDtype dtype, int rank, const gint64 *shape);
/* smb_take (exec, b, t, c): float32 with the dimensions as arguments; smb_take_as (exec, dtype, b, t, c): of a dtype. */
#define smb_take(exec, ...) smb_take_as (exec, SMB_DTYPE_F32, __VA_ARGS__)
#define smb_take_as(exec, dtype, ...)                                                                                  \
  smb_exec_take_shape ((exec), (dtype), (int) (sizeof ((gint64[]){ __VA_ARGS__ }) / sizeof (gint64)),                  \
                       (const gint64[]){ __VA_ARGS__ })
SmbTensor *smb_exec_take_like (SmbExec *exec, const SmbTensor *tensor);
/* The same bytes as another shape; borrowed like scratch. */
SmbTensor *smb_exec_view_shape (SmbExec *exec, SmbTensor *tensor, int rank, const gint64 *shape);
#define smb_view(exec, tensor, ...)                                                                                    \
  smb_exec_view_shape ((exec), (tensor), (int) (sizeof ((gint64[]){ __VA_ARGS__ }) / sizeof (gint64)),                 \
                       (const gint64[]){ __VA_ARGS__ })
/* Entries [from, from + n) along the first dimension; borrowed like scratch. */
SmbTensor *smb_exec_view_part (SmbExec *exec, SmbTensor *tensor, gint64 from, gint64 n);
/* Scratch filled from a host tensor: float32, or int32 for indices. */
SmbTensor *smb_exec_upload (SmbExec *exec, const SmbTensor *host);
/* Whether the device takes things beside what it computes. If so: sends it values that a later upload, of another run,
 * is to have, and returns at once, so that the device need not wait for them then; FALSE if it has no memory for them,
 * and then nothing is sent. `host` may change afterwards. */
gboolean smb_exec_sends_ahead (SmbExec *exec);
gboolean smb_exec_send_ahead (SmbExec *exec, const SmbTensor *host);
/* smb_exec_upload of what was sent last; `like` has its shape. */
SmbTensor *smb_exec_upload_sent (SmbExec *exec, const SmbTensor *like);
/* A host copy of a float32 tensor; NULL when the run is dry or has failed. */
SmbTensor *smb_exec_download (SmbExec *exec, const SmbTensor *tensor);
/* Adds a host copy to a dictionary; only counted when dry, nothing when failed. */
void smb_exec_output (SmbExec *exec, SmbTensorDict *dict, const char *name, const SmbTensor *tensor);
/* The same a part at a time: `part` is the entries from `from` on of a tensor that has `of` along its first dimension.
 * Parts come in their order. */
void smb_exec_output_part (SmbExec *exec, SmbTensorDict *dict, const char *name, const SmbTensor *part, gint64 from,
                           gint64 of);

SmbExecMark smb_exec_mark (SmbExec *exec);
void smb_exec_rewind (SmbExec *exec, SmbExecMark mark);

/* Operations between begin and end are the same, with the same places of the same shapes, whenever `owner` and the
 * tensors (their shape and place; the list ends with NULL) are: a device that keeps such sequences is then given them in
 * one piece. Nothing is uploaded or downloaded in between. A device may find that it cannot: then the rest of the run
 * does nothing, smb_exec_must_repeat is TRUE, and the caller, instead of finishing, begins the run again, where there
 * are no sequences. */
void smb_exec_sequence_begin (SmbExec *exec, gconstpointer owner, ...) G_GNUC_NULL_TERMINATED;
void smb_exec_sequence_end (SmbExec *exec);
gboolean smb_exec_must_repeat (SmbExec *exec);

/* For the operations (smb-ops): whether to call the backend. Not in a sequence that the device has kept. */
gboolean smb_exec_computes (SmbExec *exec);
/* For the operations (smb-ops): report a status of the backend under the operation's name, or a shape that does not
 * fit (the tensors' shapes go into the message; NULL-terminated). */
void smb_exec_check (SmbExec *exec, const char *operation, SmbStatus status);
void smb_exec_misfit (SmbExec *exec, const char *operation, ...) G_GNUC_NULL_TERMINATED;

G_END_DECLS
