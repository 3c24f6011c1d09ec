/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* The window of learning, which belongs to no case: the trainings and the library of models. There is one of it. */
#define SMB_TYPE_LEARN_WINDOW (smb_learn_window_get_type ())
G_DECLARE_FINAL_TYPE (SmbLearnWindow, smb_learn_window, SMB, LEARN_WINDOW, GtkApplicationWindow)

/* Shows the application's, made when first asked for. page: "jobs", "models". */
void smb_learn_window_present (GtkApplication *application, const char *page);

G_END_DECLS
