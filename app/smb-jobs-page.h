/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* The trainings: all of them in a list, the chosen one beside it. Emits "failed" (a sentence), and "add-model" (path,
 * title) when what a training made is to be taken into the library. Looks after them only while it is on
 * the screen. */
#define SMB_TYPE_JOBS_PAGE (smb_jobs_page_get_type ())
G_DECLARE_FINAL_TYPE (SmbJobsPage, smb_jobs_page, SMB, JOBS_PAGE, GtkWidget)

/* Chooses a job, which may have been added just now. */
void smb_jobs_page_choose (SmbJobsPage *self, const char *id);

G_END_DECLS
