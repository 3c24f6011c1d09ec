/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Runs semblance-cli beside the window: what takes long, or must be exactly what the command line does. */

/* arguments: the command first. Cancelling ends it as an interrupt would. */
void smb_cli_run_async (const char *const *arguments, const char *cwd, GCancellable *cancellable,
                        GAsyncReadyCallback done, gpointer user_data);
/* What it wrote on standard output and, where said (may be NULL), on standard error; NULL with its own last sentence as
 * the error. */
char *smb_cli_run_finish (GAsyncResult *result, char **said, GError **error);

G_END_DECLS
