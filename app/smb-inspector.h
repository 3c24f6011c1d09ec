/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gtk/gtk.h>

#include "smb-session.h"

G_BEGIN_DECLS

/* The right pane: pages on the exhibit looked at. */
#define SMB_TYPE_INSPECTOR (smb_inspector_get_type ())
G_DECLARE_FINAL_TYPE (SmbInspector, smb_inspector, SMB, INSPECTOR, GtkWidget)

void smb_inspector_set_session (SmbInspector *self, SmbSession *session);
/* "faces", "maps", "metadata", "notes". */
void smb_inspector_show_page (SmbInspector *self, const char *name);

G_END_DECLS
