/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gtk/gtk.h>

#include "report/smb-report-pages.h"

G_BEGIN_DECLS

/* The pages of a report below each other, to scroll through. Only those in view are drawn, in a thread. */
#define SMB_TYPE_PAGES (smb_pages_get_type ())
G_DECLARE_FINAL_TYPE (SmbPages, smb_pages, SMB, PAGES, GtkWidget)

GtkWidget *smb_pages_new (void);
/* NULL: none. */
void smb_pages_set (SmbPages *self, SmbReportPages *pages);
/* 1 is 96 dots an inch. */
void smb_pages_set_zoom (SmbPages *self, double zoom);

G_END_DECLS
