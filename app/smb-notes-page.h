/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gtk/gtk.h>

#include "smb-session.h"

G_BEGIN_DECLS

/* Inspector: notes and findings of the exhibit, to read, write and edit. */
#define SMB_TYPE_NOTES_PAGE (smb_notes_page_get_type ())
G_DECLARE_FINAL_TYPE (SmbNotesPage, smb_notes_page, SMB, NOTES_PAGE, GtkWidget)

void smb_notes_page_set_session (SmbNotesPage *self, SmbSession *session);
void smb_notes_page_focus (SmbNotesPage *self);

G_END_DECLS
