/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gtk/gtk.h>

#include "analysis/smb-analysis.h"
#include "case/smb-case-label.h"

G_BEGIN_DECLS

/* One row of the evidence list: a stored record, its newest analysis, its thumbnail, its labels. Lives on the UI
 * thread; emits "changed" when any of them is replaced, but "labelled" where it is the labels: what is computed of the
 * picture does not depend on them. */
#define SMB_TYPE_EXHIBIT (smb_exhibit_get_type ())
G_DECLARE_FINAL_TYPE (SmbExhibit, smb_exhibit, SMB, EXHIBIT, GObject)

SmbExhibit *smb_exhibit_new (SmbEvidence *evidence); /* takes */

const SmbEvidence *smb_exhibit_get_evidence (SmbExhibit *self);
void smb_exhibit_set_hash_state (SmbExhibit *self, SmbHashState state, gint64 verified_us);

/* Both NULL if it was never analysed. */
const SmbCaseAnalysis *smb_exhibit_get_stored (SmbExhibit *self);
const SmbAnalysis *smb_exhibit_get_analysis (SmbExhibit *self);
void smb_exhibit_take_analysis (SmbExhibit *self, SmbCaseAnalysis *stored, SmbAnalysis *analysis);

GdkTexture *smb_exhibit_get_thumbnail (SmbExhibit *self);
void smb_exhibit_set_thumbnail (SmbExhibit *self, GdkTexture *thumbnail);

/* Why the last attempt to analyse it failed, a sentence; NULL if it did not. Kept for this session only. */
const char *smb_exhibit_get_failure (SmbExhibit *self);
void smb_exhibit_set_failure (SmbExhibit *self, const char *failure);

/* What an examiner said of it and of its faces (SmbCaseLabel*, borrowed); NULL: nothing. set keeps a reference. */
GPtrArray *smb_exhibit_get_labels (SmbExhibit *self);
void smb_exhibit_set_labels (SmbExhibit *self, GPtrArray *labels);
/* Of the exhibit as a whole (face -1), or of a face of its newest analysis; NULL: none. */
const SmbCaseLabel *smb_exhibit_get_label (SmbExhibit *self, int face);

/* "F2" of the second face of its newest analysis, "T7" where that is a video's track; and which face a track is, -1:
 * none. */
char *smb_exhibit_dup_face_name (SmbExhibit *self, guint face);
int smb_exhibit_find_track (SmbExhibit *self, guint track);

char *smb_exhibit_dup_name (SmbExhibit *self); /* the file's name, as UTF-8 */
/* Highest score of its faces; NAN if there is none. */
double smb_exhibit_get_score (SmbExhibit *self);
/* -1: never analysed. */
int smb_exhibit_get_n_faces (SmbExhibit *self);

G_END_DECLS
