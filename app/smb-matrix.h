/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gtk/gtk.h>

#include "analysis/smb-region-report.h"

G_BEGIN_DECLS

/* The inter-region matrix of a report, labelled, a value in each cell; shaded by how unusual it is among genuine faces
 * where that is known (|z|), else by the value. The row and column of the region that stands out are framed. A cell's
 * tooltip says in words what it means. Wide enough for its words in every language. */
#define SMB_TYPE_MATRIX (smb_matrix_get_type ())
G_DECLARE_FINAL_TYPE (SmbMatrix, smb_matrix, SMB, MATRIX, GtkWidget)

/* Copied; NULL: empty. */
void smb_matrix_set_report (SmbMatrix *self, const SmbRegionReport *report);
/* What stands in a cell: three decimals, one from 10 on. Free with g_free. */
char *smb_matrix_format (double value);

G_END_DECLS
