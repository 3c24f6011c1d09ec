/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/smb-lock-state.h"

static const char *const texts[] = {
  [SMB_LOCK_NONE] = "none",
  [SMB_LOCK_CALLS] = "seccomp",
  [SMB_LOCK_CALLS_AND_FILES] = "seccomp+landlock",
};

const char *
smb_lock_state_to_text (SmbLockState state)
{
  return texts[state];
}

SmbLockState
smb_lock_state_from_text (const char *text)
{
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
    if (g_strcmp0 (text, texts[i]) == 0)
      return (SmbLockState) i;
  }
  return SMB_LOCK_NONE;
}
