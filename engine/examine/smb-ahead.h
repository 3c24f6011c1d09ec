/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* One stage of a pipeline: a thread that makes items one after the other, a bounded number of them ahead of whoever
 * takes them. Items come out in the order in which they were made, whatever the timing. */
typedef struct _SmbAhead SmbAhead;

/* On the stage's own thread: the next item; NULL with an error, or without one after the last. */
typedef gpointer (*SmbAheadMake) (gpointer user_data, GCancellable *cancellable, GError **error);

/* At most n_ready items lie ready while the next is being made. user_data: borrowed until smb_ahead_free, and used by
 * the thread alone until then. cancellable: of the whole run, or NULL; `make` is given one of its own that follows it. */
SmbAhead *smb_ahead_new (SmbAheadMake make, gpointer user_data, GDestroyNotify free_item, guint n_ready,
                         GCancellable *cancellable);
/* Waits for the next item; NULL as from `make`, again and again. */
gpointer smb_ahead_next (SmbAhead *ahead, GError **error);
void smb_ahead_free (SmbAhead *ahead); /* cancels and waits for what is being made */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SmbAhead, smb_ahead_free)

G_END_DECLS
