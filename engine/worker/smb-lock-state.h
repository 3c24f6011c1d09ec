/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* What stands between a worker and the rest of the machine, as it says in its greeting. Without the filter of system
 * calls the rest counts for nothing: then it is SMB_LOCK_NONE. */
typedef enum {
  SMB_LOCK_NONE = 0,
  SMB_LOCK_CALLS = 1 << 0, /* a filter of system calls (seccomp) */
  SMB_LOCK_FILES = 1 << 1, /* the kernel refuses files and ports whatever call asks for them (Landlock) */
  SMB_LOCK_ALONE = 1 << 2, /* an empty root folder, no network, a user without rights (namespaces) */
} SmbLockState;

/* "none", "seccomp", "seccomp+landlock", "seccomp+landlock+namespaces" …: for greetings, logs and JSON; not
 * translated. */
const char *smb_lock_state_to_text (SmbLockState state);
/* What is not one of them is SMB_LOCK_NONE. */
SmbLockState smb_lock_state_from_text (const char *text);

G_END_DECLS
