/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "smb-session.h"

G_BEGIN_DECLS

/* How far the chosen face's score moves when its picture is degraded: measured as soon as it opens, as a chart and a
 * table, which can be written into the exhibit's notes. */
#define SMB_TYPE_ROBUSTNESS_DIALOG (smb_robustness_dialog_get_type ())
G_DECLARE_FINAL_TYPE (SmbRobustnessDialog, smb_robustness_dialog, SMB, ROBUSTNESS_DIALOG, GtkWindow)

SmbRobustnessDialog *smb_robustness_dialog_new (GtkWindow *parent, SmbSession *session);

G_END_DECLS
