/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gtk/gtk.h>

#include "smb-session.h"

G_BEGIN_DECLS

/* The window: the start page, or one case with its panes. */
#define SMB_TYPE_WINDOW (smb_window_get_type ())
G_DECLARE_FINAL_TYPE (SmbWindow, smb_window, SMB, WINDOW, GtkApplicationWindow)

SmbWindow *smb_window_new (GtkApplication *application, SmbEngine *engine);

gboolean smb_window_has_case (SmbWindow *self);
void smb_window_open_case (SmbWindow *self, const char *path);
void smb_window_create_case (SmbWindow *self, const char *path, SmbCaseInfo *info); /* takes info */
/* Opens the sample case, making it first if need be. */
void smb_window_open_sample (SmbWindow *self);
/* Takes files into the open case; without one it says what to do. files: GFile*. */
void smb_window_add_files (SmbWindow *self, GPtrArray *files);
void smb_window_message (SmbWindow *self, SmbMessageKind kind, const char *text);

G_END_DECLS
