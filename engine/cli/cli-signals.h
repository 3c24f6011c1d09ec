/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* SIGINT and SIGTERM cancel `stop`, once; the second ends the program. Signals the caller had ignored stay so. For one
 * cancellable in a program's life; it is kept. */
void smb_cli_stop_on_signals (GCancellable *stop);

G_END_DECLS
