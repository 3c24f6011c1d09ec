/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "smb-session.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* What the container of the video looked at says, and on request what decoding every frame of it shows. Not visible for
 * a picture. */
#define SMB_TYPE_VIDEO_FACTS_VIEW (smb_video_facts_view_get_type ())
G_DECLARE_FINAL_TYPE (SmbVideoFactsView, smb_video_facts_view, SMB, VIDEO_FACTS_VIEW, GtkWidget)

void smb_video_facts_view_set_session (SmbVideoFactsView *self, SmbSession *session);

G_END_DECLS
