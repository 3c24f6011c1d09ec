/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A file system between SQLite and the real one that fails when told to and remembers what has not reached the disk
 * yet. One case at a time, one thread. */

#include <glib.h>
#include <sqlite3.h>

/* Makes it the default one; for the whole program, before anything is opened. Memory is watched too. */
void fault_vfs_install (void);

/* What fails, once, and with what. */
typedef enum {
  FAULT_NONE,
  FAULT_WRITE,      /* the `at`th write: an error of the disk */
  FAULT_TORN_WRITE, /* the `at`th write: only half of it is done, then the error */
  FAULT_SYNC,       /* the `at`th sync */
  FAULT_MEMORY,     /* the `at`th allocation */
  FAULT_FULL,       /* every write from now on that makes the files together larger than `at` bytes: the disk is full */
} Fault;

/* Counts begin anew. */
void fault_vfs_arm (Fault fault, guint64 at);
/* Whether the armed fault has happened; FAULT_FULL: at least once. */
gboolean fault_vfs_struck (void);

/* --- power loss --- */

/* From now on a picture of the disk is taken after every so many writes, syncs, truncations and deletions. */
typedef void (*FaultMoment) (gpointer user_data);
void fault_vfs_watch (FaultMoment moment, gpointer user_data);
void fault_vfs_forget (void);

/* From within `moment`: writes to `folder` what a power failure right now would leave of every file: what was synced,
 * and of what came later any part, sector by sector, in any order. */
void fault_vfs_leave_disk (const char *folder, guint64 seed);
