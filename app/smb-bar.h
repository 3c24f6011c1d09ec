/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* A probability as a bar from 0 to 1. */
#define SMB_TYPE_BAR (smb_bar_get_type ())
G_DECLARE_FINAL_TYPE (SmbBar, smb_bar, SMB, BAR, GtkWidget)

/* strong: in the accent colour. */
GtkWidget *smb_bar_new (double value, gboolean strong, const char *accessible_label);

G_END_DECLS
