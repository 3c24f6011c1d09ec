/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gio/gio.h>

#include "case/smb-case.h"
#include "report/smb-report.h"
#include "worker/smb-engine.h"

G_BEGIN_DECLS

/* The acts of an examiner, each made of evidence, workers and case together. The window and the command line both call
 * these, so that both do the same. Blocking; one thread a case. */

/* What the audit log says of an exhibit that a decoder opened which could not be locked in (see SmbEngine). */
#define SMB_EXAMINE_UNSANDBOXED SMB_REPORT_UNSANDBOXED

/* Opens a file read-only without following it into a device or a fifo: regular files only, one sentence otherwise
 * (missing, a directory, empty, no permission). Returns a descriptor to close, -1 with an error. */
int smb_examine_open_evidence (const char *path, guint64 *size_out, gint64 *modified_us_out, GError **error);

/* Hash, decode once for its size, store. A file that cannot be decoded is still taken in (with its `problem`), because
 * it is evidence; a file that cannot be opened is an error. Returns the stored record. */
SmbEvidence *smb_examine_acquire (SmbCase *store, SmbEngine *engine, const char *path, GCancellable *cancellable,
                                  GError **error);

/* Reads and hashes one exhibit again, whatever is known of it, and records the outcome; an altered or missing file is
 * an outcome, not an error. */
gboolean smb_examine_verify (SmbCase *store, const SmbEvidence *evidence, SmbHashState *state_out,
                             GCancellable *cancellable, GError **error);

/* The same without recording anything: found (g_free) is the hash as it is now, NULL if the file cannot be read. */
gboolean smb_examine_find_state (SmbCase *store, const SmbEvidence *evidence, SmbHashState *state, char **found,
                                 GCancellable *cancellable, GError **error);

/* Opens an exhibit after checking its hash: a descriptor to close (of the first of numbered pictures, after checking
 * all); -1 with an error, INTEGRITY if it differs. News about its state is recorded. A file that this process has
 * hashed and that has not been touched since (smb-seen-files.h) is not read again. */
int smb_examine_open_checked (SmbCase *store, const SmbEvidence *evidence, GCancellable *cancellable, GError **error);

/* Opens and decodes an exhibit for viewing or computing, after checking its hash: INTEGRITY error if it differs. */
SmbImage *smb_examine_open_picture (SmbCase *store, SmbEngine *engine, const SmbEvidence *evidence, int max_side_px,
                                    GCancellable *cancellable, GError **error);

/* The same in full, of pictures to learn from: FORMAT error if pixels are missing or may be wrong, for a network would
 * learn the damage. A file, and an exhibit. */
SmbImage *smb_examine_open_whole_file (SmbEngine *engine, const char *path, GError **error);
SmbImage *smb_examine_open_whole (SmbCase *store, SmbEngine *engine, const SmbEvidence *evidence,
                                  GCancellable *cancellable, GError **error);

/* What an exhibit's file says besides its pixels, and a map of the whole picture; checked likewise. */
SmbMetadata *smb_examine_metadata (SmbCase *store, SmbEngine *engine, const SmbEvidence *evidence,
                                   GCancellable *cancellable, GError **error);
SmbPictureMap *smb_examine_picture_map (SmbCase *store, SmbEngine *engine, const SmbEvidence *evidence,
                                        SmbPictureMapKind kind, int quality, GCancellable *cancellable, GError **error);

/* Opens, checks, decodes, analyses, stores. drawn as in smb_engine_analyze. */
SmbCaseAnalysis *smb_examine_analyze (SmbCase *store, SmbEngine *engine, const SmbModelInfo *model,
                                      const SmbEvidence *evidence, const GArray *drawn,
                                      const SmbAnalysisSettings *settings, SmbProgress progress, gpointer user_data,
                                      GCancellable *cancellable, GError **error);

/* The region map that the examiner gave face `index` (from 0) of a stored analysis; NULL in *regions_out where there is
 * none. set: NULL goes back to what the program draws. Both in the case alone; the analysis stays as it is. */
gboolean smb_examine_get_regions (SmbCase *store, gint64 analysis_id, guint index, SmbRegions **regions_out,
                                  GError **error);
gboolean smb_examine_set_regions (SmbCase *store, gint64 analysis_id, guint index, const SmbRegions *regions,
                                  GError **error);

/* A region map made elsewhere, for a face: .npy (read here, its form is checked) or a picture of the classes (decoded
 * by the worker); see smb-regions.h. */
SmbRegions *smb_examine_read_regions (SmbEngine *engine, const char *path, GCancellable *cancellable, GError **error);

/* Boxes of two analyses that overlap so much (intersection over union) are of one face. */
#define SMB_EXAMINE_SAME_FACE 0.5

/* Stores an analysis with its faces; json: what is kept of it. A face that an earlier analysis had too keeps the region
 * map that an examiner gave it, moved with its box; the audit log says so ("regions.carry"). */
SmbCaseAnalysis *smb_examine_store_analysis (SmbCase *store, gint64 evidence_id, const SmbAnalysis *analysis,
                                             JsonNode *json, GError **error);

G_END_DECLS
