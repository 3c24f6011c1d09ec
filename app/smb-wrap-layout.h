/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* Children side by side at their natural width, going on in a further row where the width ends: how a toolbar stays
 * whole in a narrow window. Rows are equally high; follows the text direction. */
#define SMB_TYPE_WRAP_LAYOUT (smb_wrap_layout_get_type ())
G_DECLARE_FINAL_TYPE (SmbWrapLayout, smb_wrap_layout, SMB, WRAP_LAYOUT, GtkLayoutManager)

G_END_DECLS
