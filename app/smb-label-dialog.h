/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "smb-session.h"

G_BEGIN_DECLS

/* What exhibits are, or one face of one exhibit, and who is seen: what a detector can learn from. */
#define SMB_TYPE_LABEL_DIALOG (smb_label_dialog_get_type ())
G_DECLARE_FINAL_TYPE (SmbLabelDialog, smb_label_dialog, SMB, LABEL_DIALOG, GtkWindow)

/* exhibits: at least one SmbExhibit*; kept. */
SmbLabelDialog *smb_label_dialog_new (GtkWindow *parent, SmbSession *session, GPtrArray *exhibits);

G_END_DECLS
