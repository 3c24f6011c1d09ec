/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "smb-session-video.h"

G_BEGIN_DECLS

/* How a video is analysed: which frames are scored, how often faces are looked for, all of it or a passage; the button
 * that starts it, and what the stored run had asked for. */
#define SMB_TYPE_VIDEO_FORM (smb_video_form_get_type ())
G_DECLARE_FINAL_TYPE (SmbVideoForm, smb_video_form, SMB, VIDEO_FORM, GtkWidget)

GtkWidget *smb_video_form_new (void);
void smb_video_form_set_session (SmbVideoForm *self, SmbSession *session);
/* Marks on the timeline, for "only the passage"; -1: none. */
void smb_video_form_set_marks (SmbVideoForm *self, int in, int out);

G_END_DECLS
