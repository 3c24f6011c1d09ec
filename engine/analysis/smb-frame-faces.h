/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "analysis/smb-analysis.h"
#include "analysis/smb-region-sample.h"
#include "face/smb-face-track.h"

G_BEGIN_DECLS

/* The faces of one frame of a video, by track. Value types; JSON both ways. */

typedef struct {
  guint track; /* SmbTrack.number */
  SmbFace face;
  gboolean followed; /* not found or drawn in this frame but carried along from the one before */
  double *probabilities; /* by class, n_classes; NULL: not scored */
  int n_classes;
  double score;  /* 1 - probability of the genuine class; NAN: none */
  char *outside; /* why there is no score, a sentence; NULL */
  SmbRegionSample *regions; /* its region table; NULL: not asked for, or not scored */
} SmbTrackPoint;

typedef struct {
  guint k;
  gint64 time_us;
  gboolean searched; /* the detector looked at this frame */
  gboolean cut;      /* the scene changes with this frame */
  double change;     /* mean change of luma against the frame before, 0 to 255; NAN: not measured */
  GPtrArray *points; /* SmbTrackPoint* */
} SmbFrameFaces;

SmbTrackPoint *smb_track_point_new (guint track, const SmbFace *face);
void smb_track_point_free (SmbTrackPoint *point);
SmbFrameFaces *smb_frame_faces_new (guint k, gint64 time_us);
SmbFrameFaces *smb_frame_faces_copy (const SmbFrameFaces *frame);
void smb_frame_faces_free (SmbFrameFaces *frame);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SmbFrameFaces, smb_frame_faces_free)

/* {"frame", "time_us", "cut", "searched", "change", "faces": [{"track", "box", "detected", "confidence", "how":
 * "detected", "followed", "drawn" or "carried" (followed from where it was drawn), "score", "probabilities", "outside", "regions": see smb_region_sample_to_json}]}.
 * Free with json_node_unref. */
JsonNode *smb_frame_faces_to_json (const SmbFrameFaces *frame);
SmbFrameFaces *smb_frame_faces_from_json (JsonNode *node, GError **error);
JsonNode *smb_tracker_to_json (const SmbTracker *tracker);
SmbTracker *smb_tracker_from_json (JsonNode *node, GError **error);

typedef struct {
  SmbAnalysisSettings face;
  guint stride;    /* the detector looks at every stride-th frame, and at those that are cuts; 0: at none, what is followed
                    * was drawn by hand, and a cut loses it */
  guint first;     /* the frame the stride is counted from */
} SmbFollowSettings;

/* Finds and follows the faces of consecutive frames (images, n of them; array of SmbFrameFaces* with k and time_us
 * filled in, points added here). lead: the frame before, which starts the followers, or NULL at a beginning. The
 * tracker goes on from where it was; the same frames in the same portions give the same bytes. */
gboolean smb_judge_follow (SmbJudge *judge, SmbImage *const *images, guint n, const SmbImage *lead, SmbTracker *tracker,
                           const SmbFollowSettings *settings, GPtrArray *frames, GCancellable *cancellable,
                           GError **error);

/* The detector looks once more, in these very frames (images in the same order), and a face that it finds over a
 * track's box takes the box's place: what the published protocol scores. */
gboolean smb_judge_search_frames (SmbJudge *judge, SmbImage *const *images, guint n,
                                  const SmbAnalysisSettings *settings, GPtrArray *frames, GCancellable *cancellable,
                                  GError **error);

/* What the detector took of the last smb_judge_follow or smb_judge_search_frames. */
double smb_judge_get_detector_seconds (const SmbJudge *judge);

/* Scores the faces of frames (images in the same order), where they are. settings->region_draws > 0: each face that is
 * scored gets its region table as well, without the matrix (6 * draws + draws + 1 masks of the reconstruction network
 * each); UNSUPPORTED if the model has none. */
gboolean smb_judge_score_frames (SmbJudge *judge, SmbImage *const *images, guint n,
                                 const SmbAnalysisSettings *settings, GPtrArray *frames, GCancellable *cancellable,
                                 GError **error);

G_END_DECLS
