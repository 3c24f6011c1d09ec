/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gtk/gtk.h>

#include "smb-job.h"

G_BEGIN_DECLS

/* A job under way: what, how far, rate, time left, cancel. */
#define SMB_TYPE_JOB_ROW (smb_job_row_get_type ())
G_DECLARE_FINAL_TYPE (SmbJobRow, smb_job_row, SMB, JOB_ROW, GtkWidget)

GtkWidget *smb_job_row_new (SmbJob *job);

G_END_DECLS
