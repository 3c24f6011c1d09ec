/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "report/smb-report.h"

G_BEGIN_DECLS

/* The pages of the PDF before it is written, to be looked at: drawn by the same code, kept as drawings, so that each
 * can be had at any size. Holds copies of all it shows: the data may go. */
typedef struct _SmbReportPages SmbReportPages;

/* MEMORY, FAILED. */
SmbReportPages *smb_report_pages_new (const SmbReportData *data, GError **error);
SmbReportPages *smb_report_pages_ref (SmbReportPages *pages);
void smb_report_pages_unref (SmbReportPages *pages);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SmbReportPages, smb_report_pages_unref)

guint smb_report_pages_get_n (const SmbReportPages *pages);
/* Height of a page as a part of its width: all are A4 upright. */
double smb_report_pages_get_aspect (void);

/* A page (from 0) on white paper, width_px (1 to 10000) wide: rows of 4 * width_px bytes, each pixel a native-endian
 * 32-bit number with opaque premultiplied alpha, red, green, blue. From any thread; callers take turns. NULL with
 * MEMORY or FAILED. */
GBytes *smb_report_pages_render (SmbReportPages *pages, guint page, int width_px, int *height_px_out, GError **error);

G_END_DECLS
