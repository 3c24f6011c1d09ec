/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* The program: one engine, a window for each case, the command line `semblance [CASE|FILE…] [--sample]`. */
#define SMB_TYPE_APPLICATION (smb_application_get_type ())
G_DECLARE_FINAL_TYPE (SmbApplication, smb_application, SMB, APPLICATION, GtkApplication)

SmbApplication *smb_application_new (void);

G_END_DECLS
