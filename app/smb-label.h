/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* Text that begins at the left and wraps wherever it must. css: a class, or NULL. */
GtkWidget *smb_label_new (const char *text, const char *css);

G_END_DECLS
