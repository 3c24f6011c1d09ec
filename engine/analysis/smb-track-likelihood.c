/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/smb-track-likelihood.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#include "analysis/smb-likelihood-json.h"

SmbTrackCalibration *
smb_track_calibration_of_model (const SmbModelInfo *model, GError **error)
{
  g_autoptr (JsonNode) node = NULL;

  if (model->track_calibration == NULL)
    return NULL;
  node = json_from_string (model->track_calibration, NULL);
  return smb_track_calibration_from_json (node, error);
}

static double
value_of (const SmbTrackScore *score, SmbSeriesStatistic statistic)
{
  return statistic == SMB_SERIES_MEAN ? score->mean : statistic == SMB_SERIES_MEDIAN ? score->median : score->top;
}

void
smb_tracks_calibrate (GPtrArray *tracks, const SmbTrackCalibration *calibration)
{
  for (guint t = 0; t < tracks->len; t++) {
    SmbTrackSummary *track = tracks->pdata[t];

    for (guint s = 0; s < SMB_N_SERIES; s++) {
      SmbLikelihood *likelihood = &track->likelihood[s];
      const double value = value_of (&track->score, (SmbSeriesStatistic) s);

      *likelihood = (SmbLikelihood){ .log10_lr = NAN };
      if (calibration == NULL || isnan (value))
        continue;
      likelihood->log10_lr = smb_calibration_apply (calibration->of[s], value, &likelihood->bound);
      likelihood->low = calibration->of[s]->low;
      likelihood->high = calibration->of[s]->high;
    }
  }
}

static char *
text_of (const SmbLikelihood *likelihood, SmbSeriesStatistic statistic)
{
  g_autofree char *text = smb_likelihood_text (likelihood);

  if (text == NULL)
    return NULL;
  switch (statistic) {
  case SMB_SERIES_MEAN:
    return g_strdup_printf (_ ("By its mean: %s"), text);
  case SMB_SERIES_MEDIAN:
    return g_strdup_printf (_ ("By its median: %s"), text);
  default:
    return g_strdup_printf (_ ("By its highest tenth: %s"), text);
  }
}

char *
smb_track_likelihood_text (const SmbTrackSummary *track, SmbSeriesStatistic statistic)
{
  return text_of (&track->likelihood[statistic], statistic);
}

char *
smb_track_likelihood_text_of_json (JsonObject *likelihood_ratio, SmbSeriesStatistic statistic)
{
  SmbJsonReader reader = { .what = "track", .where = "", .error = NULL };
  SmbLikelihood likelihood;

  smb_likelihood_from_json (&reader, likelihood_ratio, smb_series_name (statistic), &likelihood);
  return reader.failed ? NULL : text_of (&likelihood, statistic);
}

const char *
smb_track_calibration_missing (void)
{
  return _ ("Not calibrated for tracks: a track's score is a raw mean, worth no likelihood ratio.");
}
