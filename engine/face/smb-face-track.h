/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "face/smb-face.h"
#include "face/smb-landmarks.h"

G_BEGIN_DECLS

/* Which face of one frame is which of the next: plain state without pixels, so that it can be stored and gone on with.
 */

#define SMB_FACE_LOOK_PX 24
#define SMB_SCENE_COLUMNS 32
#define SMB_SCENE_ROWS 18

/* What a face looks like, turned upright by its eyes and mouth: enough to know it again after a cut, not to know who it
 * is. */
typedef struct {
  guint8 luma[SMB_FACE_LOOK_PX * SMB_FACE_LOOK_PX];
  guint8 blue, red; /* mean chroma, as in JPEG */
} SmbFaceLook;

void smb_face_look_take (SmbFaceLook *look, const SmbImage *image, const SmbLandmarks *landmarks);
/* -1 to 1: correlation of the luma, less what the chroma differs. */
double smb_face_look_likeness (const SmbFaceLook *a, const SmbFaceLook *b);

typedef struct {
  guint number;   /* 1, 2 … in the order of their first frames; never given twice */
  SmbBox box;     /* like the detector's own */
  double confidence;
  gboolean active; /* in the picture now, as far as one knows */
  gboolean since_cut; /* lost by a cut: it may come back anywhere */
  gint64 seen_us;  /* last detected */
  guint n_detected;
  SmbFaceLook look; /* of the last detection */
} SmbTrack;

typedef struct {
  GArray *tracks; /* SmbTrack */
  guint next_number;
  gboolean has_scene;
  guint8 scene[SMB_SCENE_COLUMNS * SMB_SCENE_ROWS]; /* mean luma of the frame before, by cells */
  double usual_change;
} SmbTracker;

SmbTracker *smb_tracker_new (void);
SmbTracker *smb_tracker_copy (const SmbTracker *tracker);
void smb_tracker_free (SmbTracker *tracker);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SmbTracker, smb_tracker_free)

/* Mean change of the cells' luma against the frame before (0 to 255); *cut_out where it stands out as a cut does. */
double smb_tracker_see_scene (SmbTracker *tracker, const SmbImage *image, gboolean *cut_out);
/* A cut, or an end: nothing that was followed is where it was. */
void smb_tracker_lose_all (SmbTracker *tracker);

/* Faces that a search found, with their looks, at this time: which track each is (out, n numbers; 0: too doubtful to
 * begin one). Those that continue no track begin one. Active tracks that were not found stay active for a second. */
void smb_tracker_assign (SmbTracker *tracker, gint64 time_us, const SmbFace *faces, const SmbFaceLook *looks, guint n,
                         guint *numbers_out);

SmbTrack *smb_tracker_find (SmbTracker *tracker, guint number); /* borrowed until the next call that adds tracks */

/* dlib's correlation tracker (Danelljan et al. 2014) on one face; about 8 ms a frame. Measured against dlib's landmarks
 * carried along from frame to frame, and a box that stays, as mean overlap between two looks of the detector:
 *
 *                                     looking every 5th frame        every 10th
 *   a face moved over a picture, where the truth is known (test face-follow; two speeds):
 *     correlation                     0.946, 0.955                   0.943, 0.952
 *     landmarks                       0.965, 0.969                   0.957, 0.961
 *     staying                         0.817, 0.655                   0.675, 0.485
 *   the detector's own box, first 90 frames of six clips of talking heads (once; its boxes come in steps of size and
 *   place, which is why one that stays fares best where heads hardly move):
 *     correlation                     0.932                          0.921
 *     landmarks                       0.943                          0.924
 *     staying                         0.957                          0.937
 *
 * The landmarks' hundredth more is not what decides: they are found in anything, so that nothing says when the face is
 * gone, while the correlation falls from 17 to 3 in the first frame without it; they need a file that need not be
 * installed; and a face that the detector does not know, drawn by hand, has none. */
typedef struct _SmbFaceFollower SmbFaceFollower;
SmbFaceFollower *smb_face_follower_new (const SmbImage *image, SmbBox detected, GError **error);
/* Where the face is now and how sure (peak to side lobes; below SMB_FACE_FOLLOW_SURE it is lost). */
gboolean smb_face_follower_update (SmbFaceFollower *follower, const SmbImage *image, SmbBox *detected_out,
                                   double *sure_out, GError **error);
void smb_face_follower_free (SmbFaceFollower *follower);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SmbFaceFollower, smb_face_follower_free)
#define SMB_FACE_FOLLOW_SURE 7.0

G_END_DECLS
