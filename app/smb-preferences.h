/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* The look of the windows, and what this machine can compute on: the processor with its instruction sets, each graphics
 * card with its driver and free memory, or why it cannot be used. Devices are looked at in a thread. */
#define SMB_TYPE_PREFERENCES (smb_preferences_get_type ())
G_DECLARE_FINAL_TYPE (SmbPreferences, smb_preferences, SMB, PREFERENCES, GtkWindow)

SmbPreferences *smb_preferences_new (GtkWindow *parent);

G_END_DECLS
