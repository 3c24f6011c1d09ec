/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "analysis/smb-frame-faces.h"
#include "measure/smb-series.h"

G_BEGIN_DECLS

/* What the scores of a track's frames come to. NAN where there are none. */
typedef struct {
  guint n_scored;
  double mean;      /* the published video score */
  double median, top; /* top: mean of the highest tenth, at least one frame */
  guint n_top;
  double deviation, lower_quartile, upper_quartile, lowest, highest;
  /* The longest run of frames above the track's own level, which a mean over the whole track dilutes. Level: the lower
   * quartile; noise: 1.4826 times the median of the absolute differences of neighbours, over the root of 2; above: more
   * than level + max (4 noise, 0.05). run_n 0: none of at least three frames. */
  double level, noise, threshold;
  guint run_n, run_first, run_last; /* frames' numbers */
  gint64 run_start_us, run_end_us;
  double run_mean, rest_mean;
} SmbTrackScore;

typedef struct {
  guint k;
  gint64 time_us;
  double score; /* not NAN */
} SmbTrackSample;

void smb_track_score_compute (SmbTrackScore *out, const SmbTrackSample *samples, guint n);

/* What stands about sample i in a drawn curve: mean and deviation of it and the SMB_TRACK_BAND_REACH samples on either
 * side. */
#define SMB_TRACK_BAND_REACH 4
void smb_track_samples_spread (const GArray *samples, guint i, double *mean_out, double *deviation_out);
/* Where a curve that begins at sample `from` breaks: the last sample before the track is away for longer than six of
 * its usual steps. */
guint smb_track_samples_stretch (const GArray *samples, guint from);
/* The colour that stands for a track wherever it is shown, 0xRRGGBB: told apart by colour-blind eyes, dark enough on
 * light grounds and light enough on dark ones (after Okabe and Ito 2008). Six, then again from the first. */
guint32 smb_track_colour (guint number, gboolean dark);

/* An analyst's change to what the program numbered. Applied in order. */
typedef enum {
  SMB_TRACK_MERGE, /* track is other */
  SMB_TRACK_SPLIT, /* track from frame k on is other, a new number */
  SMB_TRACK_NAME,  /* track is called text */
} SmbTrackEditKind;

typedef struct {
  SmbTrackEditKind kind;
  guint track, other, k;
  char *text;
} SmbTrackEdit;

SmbTrackEdit *smb_track_edit_new (SmbTrackEditKind kind, guint track, guint other, guint k, const char *text);
void smb_track_edit_free (SmbTrackEdit *edit);
/* The number that a point counts for. edits: SmbTrackEdit*, or NULL. */
guint smb_track_edits_apply (GPtrArray *edits, guint track, guint k);

typedef struct {
  guint number;
  char *name; /* by the analyst; NULL */
  guint first, last, n_points, n_detected;
  gint64 first_us, last_us;
  gboolean drawn; /* the analyst drew it in one of its frames */
  guint best_k; /* where it was found with the most confidence */
  SmbTrackPoint *best; /* borrowed from the frames */
  SmbTrackScore score;
  SmbLikelihood likelihood[SMB_N_SERIES]; /* none until smb_tracks_calibrate */
  GArray *samples; /* SmbTrackSample, by time */
  double *mean_probabilities; /* n_classes; NULL: none scored */
  int n_classes;
  SmbRegionTally *regions; /* NULL: no frame's regions were measured */
} SmbTrackSummary;

void smb_track_summary_free (SmbTrackSummary *summary);

/* Tracks of frames (SmbFrameFaces*, in order) after edits (or NULL): SmbTrackSummary*, by number. Left out, for false
 * finds flicker: what the detector found only once where it looked more often, unless an analyst drew it;
 * *n_dropped_out (may be NULL) says how many. */
GPtrArray *smb_tracks_summarise (GPtrArray *frames, GPtrArray *edits, guint *n_dropped_out);

/* One region's measure over the frames of a track (SmbTrackSample with the value for a score), by time; edits as above.
 */
GArray *smb_track_region_series (GPtrArray *frames, GPtrArray *edits, guint track, SmbMeasureKind measure,
                                 SmbRegion region);

/* {"track", "name", "first_frame", "last_frame", "first_us", "last_us", "frames", "detected", "best_frame", "box",
 * "probabilities", "score": {"scored", "mean", "median", "top", "top_frames", "deviation", "quartiles", "range", "run":
 * {"level", "noise", "threshold", "frames", "first_frame", "last_frame", "start_us", "end_us", "mean", "rest_mean"} or
 * null}, "likelihood_ratio": {"mean", "median", "top": see smb_analysis_to_json, or null} or null where there is no
 * calibration, "regions": see smb_region_tally_to_json, absent if not measured}. */
JsonNode *smb_track_summary_to_json (const SmbTrackSummary *summary);

G_END_DECLS
