/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "measure/smb-calibration.h"
#include "measure/smb-series.h"

G_BEGIN_DECLS

/* From what the scores of a whole track come to, to likelihood ratios. Frames of one video depend on one another, so
 * that the calibration of single pictures says nothing about their mean: this one is made of videos, each counted once. */
typedef struct {
  SmbCalibration *of[SMB_N_SERIES];
  guint faces; /* scored of a video it was made with, in the median; 0: not known */
} SmbTrackCalibration;

void smb_track_calibration_free (SmbTrackCalibration *calibration);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SmbTrackCalibration, smb_track_calibration_free)

/* values (n, SMB_N_SERIES), a row a video; faces (n): scored of each. The rest as for smb_calibration_fit, videos in
 * place of faces. */
SmbTrackCalibration *smb_track_calibration_fit (SmbCalibrationKind kind, const double *values, const guint *faces,
                                                const guint8 *forged, const int *groups, gsize n, GError **error);

/* {"mean", "median", "top": see smb_calibration_to_json, "faces"}: the "track_calibration" of model.json. NULL with a
 * FORMAT error where something is missing or makes no sense. */
JsonNode *smb_track_calibration_to_json (const SmbTrackCalibration *calibration);
SmbTrackCalibration *smb_track_calibration_from_json (JsonNode *node, GError **error);

G_END_DECLS
