/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gtk/gtk.h>

#include "smb-session.h"

G_BEGIN_DECLS

/* The centre of the case window: tools for the overlay, the banner of states that change the meaning of everything
 * below, the canvas, the status row. */
#define SMB_TYPE_VIEWER (smb_viewer_get_type ())
G_DECLARE_FINAL_TYPE (SmbViewer, smb_viewer, SMB, VIEWER, GtkWidget)

void smb_viewer_set_session (SmbViewer *self, SmbSession *session);

/* The tool that changes the chosen face's box. */
void smb_viewer_correct_face (SmbViewer *self);
/* Two views side by side, or one again. */
void smb_viewer_compare (SmbViewer *self);
/* "in", "out", "fit", "full" (100 %), "face". */
void smb_viewer_zoom (SmbViewer *self, const char *how);

G_END_DECLS
