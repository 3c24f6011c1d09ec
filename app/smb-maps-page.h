/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gtk/gtk.h>

#include "smb-session.h"

G_BEGIN_DECLS

/* Inspector: every map of the chosen face side by side, what it means, and the settings of the reconstruction. */
#define SMB_TYPE_MAPS_PAGE (smb_maps_page_get_type ())
G_DECLARE_FINAL_TYPE (SmbMapsPage, smb_maps_page, SMB, MAPS_PAGE, GtkWidget)

void smb_maps_page_set_session (SmbMapsPage *self, SmbSession *session);

G_END_DECLS
