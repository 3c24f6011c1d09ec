/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gtk/gtk.h>

#include "analysis/smb-analysis.h"

G_BEGIN_DECLS

/* A face in the inspector's list: its crop, number, size, range, and its score or why there is none. */
#define SMB_TYPE_FACE_ROW (smb_face_row_get_type ())
G_DECLARE_FINAL_TYPE (SmbFaceRow, smb_face_row, SMB, FACE_ROW, GtkListBoxRow)

/* picture: NULL while it loads. */
GtkWidget *smb_face_row_new (const SmbAnalysis *analysis, guint index, SmbImage *picture);

G_END_DECLS
