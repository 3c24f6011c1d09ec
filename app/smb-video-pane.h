/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gtk/gtk.h>

#include "smb-session.h"

G_BEGIN_DECLS

/* Below the viewer, where the exhibit is a video: playing and stepping, what frame it is, marks, and the timeline.
 * Plays at the clip's own speed by its own times; frames that would come late are left out. */
#define SMB_TYPE_VIDEO_PANE (smb_video_pane_get_type ())
G_DECLARE_FINAL_TYPE (SmbVideoPane, smb_video_pane, SMB, VIDEO_PANE, GtkWidget)

void smb_video_pane_set_session (SmbVideoPane *self, SmbSession *session);

G_END_DECLS
