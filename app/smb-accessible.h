/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* Gives the parts of GTK's own widgets that take the focus the names of the widgets they are parts of: the button
 * within a drop-down, an expander's title. Without it a screen reader reads the name of their type. Once, at the
 * start. */
void smb_accessible_name_parts (void);

G_END_DECLS
