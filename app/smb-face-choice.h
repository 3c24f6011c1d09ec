/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "smb-exhibit.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* Which faces of an exhibit are chosen: a check button for each face of its newest analysis, all chosen at first; none
 * where there are fewer than two. Follows the exhibit: analysed again, it lists the faces that were found now, and one
 * that lies where one lay that was not chosen is not chosen either. Emits "changed". */
#define SMB_TYPE_FACE_CHOICE (smb_face_choice_get_type ())
G_DECLARE_FINAL_TYPE (SmbFaceChoice, smb_face_choice, SMB, FACE_CHOICE, GtkBox)

/* exhibit: kept by a reference. */
GtkWidget *smb_face_choice_new (SmbExhibit *exhibit);
/* Adds the faces that are not chosen to left_out (SmbReportFace). */
void smb_face_choice_read (SmbFaceChoice *self, GArray *left_out);
/* A check button whose words are cut in the middle where they find no room. */
GtkWidget *smb_face_choice_check_new (const char *words, const char *tip, gboolean active);

G_END_DECLS
