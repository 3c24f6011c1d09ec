/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* What stands between a worker and the rest of the machine, as it says in its greeting. */
typedef enum {
  SMB_LOCK_NONE,            /* nothing: the system refuses the filter of system calls */
  SMB_LOCK_CALLS,           /* a filter of system calls (seccomp) */
  SMB_LOCK_CALLS_AND_FILES, /* that, and the kernel refuses files and ports whatever call asks for them (Landlock) */
} SmbLockState;

/* "none", "seccomp", "seccomp+landlock": for greetings, logs and JSON; not translated. */
const char *smb_lock_state_to_text (SmbLockState state);
/* What is not one of them is SMB_LOCK_NONE. */
SmbLockState smb_lock_state_from_text (const char *text);

G_END_DECLS
