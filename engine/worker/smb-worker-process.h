/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* A running semblance-worker, seen from the program that started it. It has its own process group (a terminal's Ctrl-C
 * does not reach it), nothing open but the socket and the standard streams, and dies with this process. */
typedef struct _SmbWorkerProcess SmbWorkerProcess;

/* The program: $SEMBLANCE_WORKER; else beside the running program; else in the build folder it was built in; else
 * where it is installed. Free with g_free. NOT_FOUND names the places. */
char *smb_worker_process_find (GError **error);

/* Starts `program mode`. Errors: WORKER. */
SmbWorkerProcess *smb_worker_process_start (const char *program, const char *mode, GError **error);
int smb_worker_process_get_socket (const SmbWorkerProcess *process);
GPid smb_worker_process_get_pid (const SmbWorkerProcess *process);
gboolean smb_worker_process_is_alive (SmbWorkerProcess *process);

/* Closes the socket, waits up to grace_ms for the worker to end by itself, kills it otherwise, frees everything.
 * Returns how it ended, in words ("signal 11, Segmentation fault"); free with g_free. */
char *smb_worker_process_stop (SmbWorkerProcess *process, int grace_ms);

G_END_DECLS
