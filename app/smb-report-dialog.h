/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "smb-session.h"

G_BEGIN_DECLS

/* What goes into a report, how it will look, and the saving of it. What is saved is what was looked at: where the
 * choice or the case changed since, the preview is made anew first. */
#define SMB_TYPE_REPORT_DIALOG (smb_report_dialog_get_type ())
G_DECLARE_FINAL_TYPE (SmbReportDialog, smb_report_dialog, SMB, REPORT_DIALOG, GtkWindow)

SmbReportDialog *smb_report_dialog_new (GtkWindow *parent, SmbSession *session);

G_END_DECLS
