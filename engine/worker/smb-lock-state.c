/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/smb-lock-state.h"

/* By state; a state without the filter of calls has no text. */
static const char *const texts[] = {
  [SMB_LOCK_NONE] = "none",
  [SMB_LOCK_CALLS] = "seccomp",
  [SMB_LOCK_CALLS | SMB_LOCK_FILES] = "seccomp+landlock",
  [SMB_LOCK_CALLS | SMB_LOCK_ALONE] = "seccomp+namespaces",
  [SMB_LOCK_CALLS | SMB_LOCK_FILES | SMB_LOCK_ALONE] = "seccomp+landlock+namespaces",
};

const char *
smb_lock_state_to_text (SmbLockState state)
{
  return state < G_N_ELEMENTS (texts) && texts[state] != NULL ? texts[state] : texts[SMB_LOCK_NONE];
}

SmbLockState
smb_lock_state_from_text (const char *text)
{
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
    if (texts[i] != NULL && g_strcmp0 (text, texts[i]) == 0)
      return (SmbLockState) i;
  }
  return SMB_LOCK_NONE;
}
