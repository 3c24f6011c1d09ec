/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "case/smb-case-label.h"
#include "examine/smb-examine-video.h"
#include "examine/smb-examine.h"

G_BEGIN_DECLS

/* Labelled evidence, to learn from: which faces an examiner has said something of, and their pixels. */

typedef struct {
  SmbEvidence *evidence; /* with everything the case knows of it */
  char *name;            /* "S-01" of a whole exhibit, "S-01 F2" of one face */
  char *class, *identity;
  gboolean video;
  gboolean known; /* `face` or `track` of a stored analysis; else faces are looked for */
  SmbFace face;   /* of a picture */
  gint64 run_id;  /* of a video: the stored run, */
  guint track;    /* and the track */
} SmbLabelledFace;

void smb_labelled_face_free (SmbLabelledFace *labelled);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SmbLabelledFace, smb_labelled_face_free)

/* Everything labelled in a case (SmbLabelledFace*, by exhibit). What is said of a whole exhibit holds for each of its
 * faces that has no label of its own and that the detector is sure of. Faces are those of the newest analysis in which
 * any is labelled, else of the newest analysis; of an exhibit never analysed they are looked for when it is opened
 * (`known` is FALSE). */
GPtrArray *smb_examine_list_labelled (SmbCase *store, GError **error);

/* Says what an exhibit is, or the face that label->face names ("F2" of the newest analysis) or label->face_id. Fills in
 * both ids; else as smb_case_add_label. */
gboolean smb_examine_set_label (SmbCase *store, const SmbEvidence *evidence, SmbCaseLabel *label, GError **error);

/* Face `label` ("F2") of an exhibit's newest analysis: its id; 0 with an error that says which there are. */
gint64 smb_examine_find_face (SmbCase *store, const SmbEvidence *evidence, const char *label, GError **error);

/* Of a video's analysis: the number of the track that each of its faces stands for (array of guint), and the run they
 * are of. NULL with an error. */
GArray *smb_examine_track_numbers (const SmbCaseAnalysis *analysis, gint64 *run_out, GError **error);

/* Takes one face of a picture or frame. face NULL: any in the picture. frame -1: a picture. FALSE with an error ends
 * the visit. */
typedef gboolean (*SmbTakeFace) (const SmbImage *image, const SmbFace *face, gint64 frame, gpointer user_data,
                                 GError **error);

/* How videos are gone through. n_uniform: frames of each track, evenly spread
 * over those in which the detector found it. */
typedef struct {
  SmbEngine *engine;
  guint n_uniform;
  SmbProgress progress; /* may be NULL */
  gpointer user_data;
} SmbFaceVisit;

/* Opens the exhibit read-only, after checking its hash (INTEGRITY), and hands over what the label speaks of. */
gboolean smb_examine_visit_labelled (SmbCase *store, const SmbLabelledFace *labelled, const SmbFaceVisit *how,
                                     SmbTakeFace take, gpointer take_data, GCancellable *cancellable, GError **error);
/* Every track of a video that belongs to no case. */
gboolean smb_examine_visit_video (SmbEngineVideo *video, const SmbFaceVisit *how, SmbTakeFace take, gpointer take_data,
                                  GCancellable *cancellable, GError **error);

G_END_DECLS
