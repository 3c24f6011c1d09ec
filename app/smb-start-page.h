/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* Before a case is open: recent cases, new case, open case, the sample case. Signal "open-case" (path). */
#define SMB_TYPE_START_PAGE (smb_start_page_get_type ())
G_DECLARE_FINAL_TYPE (SmbStartPage, smb_start_page, SMB, START_PAGE, GtkWidget)

/* Reads the list of recent cases again. */
void smb_start_page_refresh (SmbStartPage *self);

G_END_DECLS
