/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "analysis/smb-track-score.h"
#include "measure/smb-track-calibration.h"

G_BEGIN_DECLS

/* What a whole track's score is worth, by the calibration that a model has for tracks. */

/* Of the model; NULL without an error: it has none. FORMAT error if what it has makes no sense. */
SmbTrackCalibration *smb_track_calibration_of_model (const SmbModelInfo *model, GError **error);

/* Gives the tracks (SmbTrackSummary*) their likelihood ratios; NULL takes them away. */
void smb_tracks_calibrate (GPtrArray *tracks, const SmbTrackCalibration *calibration);

/* "By its mean: likelihood ratio of forged to genuine 35 (log10 1.54)"; NULL: none. Free with g_free. */
char *smb_track_likelihood_text (const SmbTrackSummary *track, SmbSeriesStatistic statistic);
/* The same of a summary's JSON member "likelihood_ratio" (smb_track_summary_to_json). */
char *smb_track_likelihood_text_of_json (JsonObject *likelihood_ratio, SmbSeriesStatistic statistic);

/* The (translated) sentence for a model without such a calibration; static. */
const char *smb_track_calibration_missing (void);

G_END_DECLS
