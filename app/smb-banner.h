/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gtk/gtk.h>

#include "smb-session.h"

G_BEGIN_DECLS

/* One line across the window: an icon and a sentence, perhaps a button, perhaps a close button. Hidden without text. */
#define SMB_TYPE_BANNER (smb_banner_get_type ())
G_DECLARE_FINAL_TYPE (SmbBanner, smb_banner, SMB, BANNER, GtkWidget)

/* A standing state; text NULL hides it. */
void smb_banner_set_state (SmbBanner *self, SmbMessageKind kind, const char *text);

/* A message that can be dismissed, shown above earlier ones. No warning or error is lost before it was dismissed, and
 * the same sentence is not shown twice in a row.
 * uri: what the button "Open" opens; NULL: no button. */
void smb_banner_add_message (SmbBanner *self, SmbMessageKind kind, const char *text, const char *uri);

G_END_DECLS
