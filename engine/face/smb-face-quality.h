/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "face/smb-landmarks.h"

G_BEGIN_DECLS

/* How well a face can be judged. */
typedef struct {
  int size_px;    /* shorter side of the detector's box */
  double blur; /* variance of the Laplacian (4 neighbours) of the luma of the box brought to 112 x 112; low: blurred */
  double luma;    /* mean, 0 to 255 */
  double clipped; /* share of pixels with a luma of at most 2 or at least 253 */
  double yaw, pitch, roll; /* degrees, 0 upright and towards the camera; NAN where landmarks were not found in the
                            * picture. yaw > 0: turned to the picture's right; pitch > 0: up; roll > 0: clockwise */
  double cut;     /* share of FSFM's square crop that lies outside the picture */
  gboolean coarse; /* no landmarks but a template */
} SmbFaceQuality;

/* Beyond these a face is outside what a detector was validated on. */
typedef struct {
  int min_size_px;
  double min_blur, min_luma, max_luma, max_clipped, max_yaw, max_pitch, max_roll, max_cut;
} SmbFaceLimits;

/* What the published training material hardly holds: blur below 25, luma outside 25 to 235, more than 0.25 clipped,
 * turned by more than 40, 35 or 30 degrees (yaw, pitch, roll), 0.15 cut off; and faces below 48 pixels,
 * which are enlarged more than fourfold. */
SmbFaceLimits smb_face_limits_default (void);

/* Measures the face in the detector's box. A box beside the picture has blur and luma 0 and is cut off whole. */
void smb_face_quality_measure (SmbFaceQuality *out, const SmbImage *image, SmbBox detected,
                               const SmbLandmarks *landmarks);

/* Head pose from 68 landmarks by a least-squares weak perspective of eye corners, nose tip, chin and mouth corners of a
 * generic head; accurate to about ten degrees, pitch to twenty. FALSE if the points span no face. */
gboolean smb_face_pose (const SmbLandmarks *landmarks, double *yaw, double *pitch, double *roll);

/* What lies beyond the limits: translated sentences, NULL-terminated, empty if all is well. Free with g_strfreev. */
char **smb_face_quality_check (const SmbFaceQuality *quality, const SmbFaceLimits *limits);

G_END_DECLS
