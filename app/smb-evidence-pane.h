/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gtk/gtk.h>

#include "smb-session.h"

G_BEGIN_DECLS

/* The case's exhibits with search and order, the jobs under way, and the state of hashes and log. */
#define SMB_TYPE_EVIDENCE_PANE (smb_evidence_pane_get_type ())
G_DECLARE_FINAL_TYPE (SmbEvidencePane, smb_evidence_pane, SMB, EVIDENCE_PANE, GtkWidget)

void smb_evidence_pane_set_session (SmbEvidencePane *self, SmbSession *session);
/* The exhibits selected in the list (SmbExhibit*), in its order; the one looked at is among them unless the search
 * leaves it out. Free with g_ptr_array_unref. */
GPtrArray *smb_evidence_pane_dup_selected (SmbEvidencePane *self);
void smb_evidence_pane_focus_search (SmbEvidencePane *self);

G_END_DECLS
