/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "face/smb-face.h"

G_BEGIN_DECLS

#define SMB_N_LANDMARKS 68

/* A point in pixels of the upright image, whole numbers at pixel centres. */
typedef struct {
  double x, y;
} SmbPoint;

/* dlib's 68 points: 0-16 jaw, 17-26 brows, 27-35 nose, 36-47 eyes, 48-67 mouth. */
typedef struct {
  SmbPoint points[SMB_N_LANDMARKS];
  gboolean coarse; /* TRUE: placed by a template from the face's box, not found in the picture */
} SmbLandmarks;

/* Which predictor is meant by `chosen`, or where that is NULL by SEMBLANCE_LANDMARKS: a file, or Debian's (*file NULL).
 * FALSE: none is to be used, which "none" says. *file is borrowed from `chosen` or the environment. */
gboolean smb_landmarks_are_wanted (const char *chosen, const char **file);

/* dlib's shape predictor, loaded once (0.4 s, 80 MB). Not for two threads at a time. */
typedef struct _SmbLandmarker SmbLandmarker;

/* path NULL: the file of Debian's package libdlib-data. Its licence there is CC0; dlib's author notes that the data it
 * was trained on (iBUG 300-W) excludes commercial use: name it wherever it was used. NOT_FOUND if there is no such
 * file, FORMAT if it is not a 68-point predictor. */
SmbLandmarker *smb_landmarker_new (const char *path, GError **error);
void smb_landmarker_free (SmbLandmarker *landmarker);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SmbLandmarker, smb_landmarker_free)

/* The file it was read from. Borrowed. */
const char *smb_landmarker_get_path (const SmbLandmarker *landmarker);
/* SHA-256 of that file, in hex; computed when first asked for (0.1 s). Borrowed. FAILED if the file has been written to
 * since it was read, for then nobody knows what was read; IO. */
const char *smb_landmarker_get_sha256 (SmbLandmarker *landmarker, GError **error);

/* The points of the face in the detector's own box (SmbFace.detected). */
gboolean smb_landmarker_find (SmbLandmarker *landmarker, const SmbImage *image, SmbBox detected, SmbLandmarks *out,
                              GError **error);

/* Without a predictor: the points of an upright average face in that box; `coarse` is set. */
void smb_landmarks_from_template (SmbBox detected, SmbLandmarks *out);

G_END_DECLS
