/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gtk/gtk.h>

#include "smb-session.h"

G_BEGIN_DECLS

/* Inspector: the faces of an exhibit, class probabilities of the chosen one, and the model they come from. */
#define SMB_TYPE_FACES_PAGE (smb_faces_page_get_type ())
G_DECLARE_FINAL_TYPE (SmbFacesPage, smb_faces_page, SMB, FACES_PAGE, GtkWidget)

void smb_faces_page_set_session (SmbFacesPage *self, SmbSession *session);

G_END_DECLS
