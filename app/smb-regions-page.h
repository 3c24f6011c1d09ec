/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gtk/gtk.h>

#include "smb-session.h"

G_BEGIN_DECLS

/* Page of the inspector: how good the face is, what is measured of its regions, and the brush that corrects them. */
#define SMB_TYPE_REGIONS_PAGE (smb_regions_page_get_type ())
G_DECLARE_FINAL_TYPE (SmbRegionsPage, smb_regions_page, SMB, REGIONS_PAGE, GtkWidget)

void smb_regions_page_set_session (SmbRegionsPage *self, SmbSession *session);

G_END_DECLS
