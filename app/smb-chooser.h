/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* A modal file chooser that begins in the folder chosen from last, or at home. To be shown by the caller, who owns it. */
GtkFileChooserNative *smb_chooser_new (GtkWindow *parent, const char *title, GtkFileChooserAction action,
                                       const char *accept);

G_END_DECLS
