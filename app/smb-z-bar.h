/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* A z-score as a bar to the left or right of 0, with a mark at 2; beyond 5 it is cut. */
#define SMB_TYPE_Z_BAR (smb_z_bar_get_type ())
G_DECLARE_FINAL_TYPE (SmbZBar, smb_z_bar, SMB, Z_BAR, GtkWidget)

/* z NAN: no bar. spoken: what a screen reader says. */
GtkWidget *smb_z_bar_new (double z, const char *spoken);

G_END_DECLS
