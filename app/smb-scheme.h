/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* Light or dark: the setting "colour-scheme", and under "system" what the desktop prefers (the settings portal, then
 * GNOME's own key, then GTK's). Loads the style sheets for the display and keeps them right. */
#define SMB_TYPE_SCHEME (smb_scheme_get_type ())
G_DECLARE_FINAL_TYPE (SmbScheme, smb_scheme, SMB, SCHEME, GObject)

SmbScheme *smb_scheme_new (GdkDisplay *display, GSettings *settings);

G_END_DECLS
