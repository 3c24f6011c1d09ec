/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gtk/gtk.h>

#include "smb-exhibit.h"

G_BEGIN_DECLS

/* One exhibit in the evidence list: thumbnail, number, type, name, hash state, faces, highest score. */
#define SMB_TYPE_EVIDENCE_ROW (smb_evidence_row_get_type ())
G_DECLARE_FINAL_TYPE (SmbEvidenceRow, smb_evidence_row, SMB, EVIDENCE_ROW, GtkWidget)

GtkWidget *smb_evidence_row_new (void);
/* NULL unbinds. */
void smb_evidence_row_set_exhibit (SmbEvidenceRow *self, SmbExhibit *exhibit);

G_END_DECLS
