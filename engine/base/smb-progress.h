/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* How far a long piece of work is. `done` of `total` units (total 0: unknown), `what` a short translated phrase
 * ("Looking for faces") that lives only during the call. Called on the thread that works. */
typedef void (*SmbProgress) (guint64 done, guint64 total, const char *what, gpointer user_data);

G_END_DECLS
