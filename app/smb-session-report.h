/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "examine/smb-report-draft.h"
#include "smb-session.h"

G_BEGIN_DECLS

/* What is chosen for a report. */
typedef struct {
  GArray *evidence_ids; /* gint64 */
  GArray *left_out;     /* SmbReportFace; faces that are not to be shown */
  GArray *specs;        /* SmbMapSpec; empty: no maps */
  gboolean check;       /* maps for faithfulness */
} SmbReportChoice;

SmbReportChoice *smb_report_choice_new (void);
void smb_report_choice_free (SmbReportChoice *choice);

/* A report as it would be written, to be looked at. */
typedef struct {
  SmbReportDraft *draft; /* for one thread at a time */
  SmbReportPages *pages;
  char *text;          /* of the bundle, indented, without the bytes of maps; its beginning if it is long */
  gsize n_bundle_bytes;
  gboolean cut;        /* it is long */
} SmbReportPreview;

SmbReportPreview *smb_report_preview_ref (SmbReportPreview *preview);
void smb_report_preview_unref (SmbReportPreview *preview);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SmbReportPreview, smb_report_preview_unref)

/* Takes the choice; the maps come from the active model. The job's cancellable stops it; progress goes to the job. The
 * source of the result is the session. */
void smb_session_preview_report (SmbSession *self, SmbReportChoice *choice, SmbJob *job, GAsyncReadyCallback done,
                                 gpointer user_data);
SmbReportPreview *smb_session_preview_report_finish (GAsyncResult *result, GError **error);

/* Writes what was looked at; the name's ending says the kind. Says so in the message bar. */
void smb_session_write_report (SmbSession *self, SmbReportPreview *preview, const char *path, GAsyncReadyCallback done,
                               gpointer user_data);
gboolean smb_session_write_report_finish (GAsyncResult *result, GError **error);

G_END_DECLS
