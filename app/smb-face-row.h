/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gtk/gtk.h>

#include "analysis/smb-analysis.h"
#include "case/smb-case-label.h"

G_BEGIN_DECLS

/* A face in the inspector's list: its crop, number, size, range, and its score or why there is none. */
#define SMB_TYPE_FACE_ROW (smb_face_row_get_type ())
G_DECLARE_FINAL_TYPE (SmbFaceRow, smb_face_row, SMB, FACE_ROW, GtkListBoxRow)

/* picture: NULL while it loads. label: what the face is said to be; NULL: nothing. */
GtkWidget *smb_face_row_new (const SmbAnalysis *analysis, guint index, SmbImage *picture, const SmbCaseLabel *label);

G_END_DECLS
