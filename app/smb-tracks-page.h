/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gtk/gtk.h>

#include "smb-session.h"

G_BEGIN_DECLS

/* The face tracks of a video: which there are, what each comes to, and what an analyst may do with them: name, merge,
 * split at the frame on the screen. */
#define SMB_TYPE_TRACKS_PAGE (smb_tracks_page_get_type ())
G_DECLARE_FINAL_TYPE (SmbTracksPage, smb_tracks_page, SMB, TRACKS_PAGE, GtkWidget)

void smb_tracks_page_set_session (SmbTracksPage *self, SmbSession *session);

G_END_DECLS
