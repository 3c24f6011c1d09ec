/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "worker/smb-engine.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* Which file landmarks are found with, as the preferences say; SEMBLANCE_LANDMARKS goes before them. UI thread only. */

/* What the preferences say, as smb_landmarks_are_wanted takes it: NULL: SEMBLANCE_LANDMARKS, or Debian's file. */
char *smb_landmarks_dup_preferred (void);

/* Has the engine use the preferred file, now and whenever another is preferred, as long as `settings` lives. */
void smb_landmarks_follow (SmbEngine *engine, GSettings *settings);

/* The choice: what is used, a button for another file, one for Debian's. */
#define SMB_TYPE_LANDMARK_CHOICE (smb_landmark_choice_get_type ())
G_DECLARE_FINAL_TYPE (SmbLandmarkChoice, smb_landmark_choice, SMB, LANDMARK_CHOICE, GtkBox)

G_END_DECLS
