/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gtk/gtk.h>

#include "case/smb-case.h"

G_BEGIN_DECLS

/* Asks for a new case's number, title, laboratory, examiner and place. Signal "create" (path): the answers are then had
 * with smb_new_case_dialog_dup_info. */
#define SMB_TYPE_NEW_CASE_DIALOG (smb_new_case_dialog_get_type ())
G_DECLARE_FINAL_TYPE (SmbNewCaseDialog, smb_new_case_dialog, SMB, NEW_CASE_DIALOG, GtkWindow)

SmbNewCaseDialog *smb_new_case_dialog_new (GtkWindow *parent);
SmbCaseInfo *smb_new_case_dialog_dup_info (SmbNewCaseDialog *self);

G_END_DECLS
