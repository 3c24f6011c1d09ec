/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* What a file of evidence may cost, a line for each limit (media/smb-limits.h): shown as they are in force, changed in
 * the user's file, which the command line reads as well. In force from the next file on. */
#define SMB_TYPE_LIMITS_LIST (smb_limits_list_get_type ())
G_DECLARE_FINAL_TYPE (SmbLimitsList, smb_limits_list, SMB, LIMITS_LIST, GtkBox)

G_END_DECLS
