/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gtk/gtk.h>

#include "smb-session.h"

G_BEGIN_DECLS

/* Inspector: what is known of the exhibit's file, its integrity, its picture, and of the stored analysis. */
#define SMB_TYPE_METADATA_PAGE (smb_metadata_page_get_type ())
G_DECLARE_FINAL_TYPE (SmbMetadataPage, smb_metadata_page, SMB, METADATA_PAGE, GtkWidget)

void smb_metadata_page_set_session (SmbMetadataPage *self, SmbSession *session);

G_END_DECLS
