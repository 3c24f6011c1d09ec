/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <sys/stat.h>

G_BEGIN_DECLS

/* Which files this process has hashed, and what they were then, so that looking at an exhibit again need not read all
 * of it again. A file counts as unchanged while device, inode, size and the times of its last change of contents and of
 * state, to the nanosecond, are those of the hashing; and only if it had rested for two seconds by then, since a write
 * within the same tick of the clock leaves no trace in its times. Whoever can write to the disk past the file system is
 * noticed by a verification only, which always reads every byte. Thread-safe. */

/* The hash (64 hexadecimal digits) that the open file is known to have; NULL: it must be read. g_free. */
char *smb_seen_files_lookup (int fd);
/* before: fstat of fd before it was read; kept only if it still says the same. */
void smb_seen_files_add (int fd, const struct stat *before, const char *sha256);

G_END_DECLS
