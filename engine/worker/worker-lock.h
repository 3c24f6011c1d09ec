/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "worker/smb-worker.h"

G_BEGIN_DECLS

/* The walls smb_worker_lock_in is made of; for engine/worker alone. They hold for every thread there will be, and for
 * good. */

/* Where this is, there is a graphics card and its driver. */
#define SMB_WORKER_CARD "/dev/nvidiactl"

/* A build that watches its own memory or threads (./dev test --sanitize=…), whose worker could otherwise neither begin nor
 * say what was found. Only the compiler can set what is asked here: no other build has what hangs on it. */
#if defined (__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SMB_WORKER_WATCHED
#endif
#endif
#if defined (__SANITIZE_ADDRESS__) || defined (__SANITIZE_THREAD__)
#define SMB_WORKER_WATCHED
#endif

/* Everything but computing: into namespaces of its own, with an empty root folder, no network and no privileges. FALSE
 * if the system does not let an ordinary user do so, or threads are running already. */
gboolean smb_worker_leave_world (void);

/* Decoding and reading weights: any system call not on the list ends the process (SIGSYS). Computing: sockets,
 * programs, processes, settings of the system, changes to files and folders and every opening for writing are refused
 * (EACCES). With a graphics card whatever may be a device is opened for writing, and there is a kind of socket, to be
 * listened at and no more. Errors: WORKER. */
gboolean smb_worker_filter_calls (SmbWorkerMode mode, gboolean card, GError **error);

/* Decoding and reading weights: no files, ports or foreign processes. Computing: files are read only, but for devices
 * and, with a graphics card, what /proc knows of the process's own threads. Returns the version of the kernel's
 * interface, 0 if it has none. */
int smb_worker_landlock (SmbWorkerMode mode, gboolean card);

G_END_DECLS
