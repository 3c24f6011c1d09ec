/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "learn/smb-dataset.h"
#include "worker/smb-engine.h"

G_BEGIN_DECLS

/* What a data set is made of besides pictures in folders: labelled evidence of cases, and videos. */
typedef struct _SmbCliEvidence SmbCliEvidence;

/* n_uniform: frames of each face track. Borrows the engine. */
SmbCliEvidence *smb_cli_evidence_new (SmbEngine *engine, guint n_uniform);
void smb_cli_evidence_free (SmbCliEvidence *evidence);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SmbCliEvidence, smb_cli_evidence_free)

/* Adds an entry for everything labelled in the case. within: exhibits of one case may come into different parts. NOT_FOUND: nothing is
 * labelled. */
gboolean smb_cli_evidence_add_case (SmbCliEvidence *evidence, const char *path, gboolean within, GPtrArray *entries, GError **error);

/* Says in `how` how such entries are opened; it borrows from the evidence. */
void smb_cli_evidence_prepare (SmbCliEvidence *evidence, SmbFaceGather *how);

/* Into the audit log of each case: that its evidence went into this data set. */
gboolean smb_cli_evidence_log (SmbCliEvidence *evidence, const char *folder, GError **error);

G_END_DECLS
