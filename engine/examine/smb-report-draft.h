/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "case/smb-case.h"
#include "report/smb-report-pages.h"
#include "worker/smb-engine.h"

G_BEGIN_DECLS

/* One face of a stored analysis, by index. */
typedef struct {
  gint64 analysis_id;
  guint face;
} SmbReportFace;

/* What is to be in a report. All borrowed. */
typedef struct {
  const SmbModelInfo *model;  /* the one the maps are made with; NULL: no maps */
  const gint64 *evidence_ids; /* NULL: every exhibit */
  guint n_evidence;
  const SmbReportFace *left_out; /* faces that are not to be shown; how many of an exhibit these are is said. Of its
                                  * newest analysis: one of an older is MISMATCH, for it would be shown after all */
  guint n_left_out;
  const SmbMapSpec *specs; /* maps of each face */
  guint n_specs;
  gboolean check; /* maps that explain the answer are tested for faithfulness */
} SmbReportWish;

/* A report before it is written: all it shows, gathered at one time. What is looked at and what is then written are the
 * same. For one thread at a time; the pages are for any. */
typedef struct _SmbReportDraft SmbReportDraft;

/* Verifies the exhibits, opens them, makes the maps. The verifications are entries of the audit log. */
SmbReportDraft *smb_report_draft_new (SmbCase *store, SmbEngine *engine, const SmbReportWish *wish,
                                      SmbProgress progress, gpointer user_data, GCancellable *cancellable,
                                      GError **error);
void smb_report_draft_free (SmbReportDraft *draft);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SmbReportDraft, smb_report_draft_free)

/* As the PDF will look, and as the bundle will read (canonical JSON). */
SmbReportPages *smb_report_draft_make_pages (const SmbReportDraft *draft, GError **error);
GBytes *smb_report_draft_make_bundle (const SmbReportDraft *draft);

/* Writes it as .pdf, .html or .json and logs the export with the report's hash. MISMATCH if the case's audit log has
 * grown by anything but exports of this draft since: it would not be the report of this case any more. */
gboolean smb_report_draft_write (SmbReportDraft *draft, SmbCase *store, const char *path, GError **error);

/* Both in one. */
gboolean smb_examine_report (SmbCase *store, SmbEngine *engine, const SmbReportWish *wish, const char *path,
                             SmbProgress progress, gpointer user_data, GCancellable *cancellable, GError **error);

G_END_DECLS
