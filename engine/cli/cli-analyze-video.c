/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli-analyze-video.h"

#include "analysis/smb-json.h"
#include "analysis/smb-score-warning.h"
#include "analysis/smb-track-likelihood.h"
#include "base/smb-error.h"
#include "cli/cli-face.h"
#include "cli/cli-signals.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

static GCancellable *interrupted;

/* Ctrl-C ends the run, not what it has done so far. */
static void
catch_interrupt (void)
{
  if (interrupted != NULL)
    return;
  interrupted = g_cancellable_new ();
  smb_cli_stop_on_signals (interrupted);
}

static gboolean
parse_range (const char *text, SmbVideoSettings *settings)
{
  g_auto (GStrv) ends = g_strsplit (text, "-", 2);
  guint64 first, last = G_MAXINT;

  if (!g_ascii_string_to_unsigned (ends[0], 10, 0, G_MAXINT, &first, NULL) || ends[1] == NULL
      || (*ends[1] != '\0' && !g_ascii_string_to_unsigned (ends[1], 10, first, G_MAXINT, &last, NULL)))
    return FALSE;
  settings->first = (guint) first;
  settings->last = (guint) last;
  return TRUE;
}

gboolean
smb_cli_video_settings (const SmbCliVideoOptions *options, const SmbAnalysisSettings *face, SmbVideoSettings *settings,
                        GError **error)
{
  guint64 n = 0;

  *settings = smb_video_settings_default ();
  settings->face = *face;
  if (options->stride < 0 || options->stride > 1000) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT, _ ("--stride takes a number of frames from 1 to 1000, not %d."),
                 options->stride);
    return FALSE;
  }
  if (options->stride > 0)
    settings->stride = (guint) options->stride;
  if (options->range != NULL && !parse_range (options->range, settings)) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT,
                 _ ("“%s” is no range of frames: give the first and the last, as in 100-250 or 100-."), options->range);
    return FALSE;
  }
  if (options->frames == NULL)
    return TRUE;
  if (g_str_equal (options->frames, "all"))
    settings->sample = SMB_VIDEO_SAMPLE_EVERY;
  else if (g_ascii_string_to_unsigned (options->frames, 10, 1, 100000, &n, NULL))
    settings->n_uniform = (guint) n;
  else {
    g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT, _ ("--frames takes “all” or how many of each track, not “%s”."),
                 options->frames);
    return FALSE;
  }
  return TRUE;
}

double
smb_cli_picture_rate (const SmbCliVideoOptions *options)
{
  return options->rate > 0 ? options->rate : SMB_EXAMINE_PICTURE_RATE;
}

SmbEngineVideo *
smb_cli_try_video (SmbEngine *engine, const char *path, const SmbCliVideoOptions *options, GError **error)
{
  const gboolean asked = options->stride > 0 || options->frames != NULL || options->range != NULL;
  SmbEngineVideo *video = smb_examine_try_video (engine, path, smb_cli_picture_rate (options), asked,
                                                 smb_cli_progress (), NULL, NULL, error);

  smb_cli_progress_end ();
  return video;
}

typedef struct {
  const char *path;
  gboolean json;
  SmbProgress progress;
  gint64 start_us;
  guint64 done_at_start;
} Shown;

static void
print_line (JsonNode *node, const char *path, const char *type, const char *pass)
{
  JsonObject *object = json_node_get_object (node);

  json_object_set_string_member (object, "file", path);
  json_object_set_string_member (object, "type", type);
  if (pass != NULL)
    json_object_set_string_member (object, "pass", pass);
  smb_cli_print_json (node, FALSE);
}

static gboolean
show_portion (SmbVideoPass pass, GPtrArray *frames, const SmbVideoProgress *progress, gpointer user_data,
              GError **error)
{
  const Shown *shown = user_data;

  for (guint i = 0; shown->json && i < frames->len; i++) {
    g_autoptr (JsonNode) node = smb_frame_faces_to_json (frames->pdata[i]);

    print_line (node, shown->path, "frame", pass == SMB_VIDEO_FOLLOWING ? "follow" : "score");
  }
  return TRUE;
}

static void
show_progress (guint64 done, guint64 total, const char *what, gpointer user_data)
{
  Shown *shown = user_data;
  double seconds = (double) (g_get_monotonic_time () - shown->start_us) / 1e6, rate;

  if (shown->progress == NULL)
    return;
  if (done < shown->done_at_start || shown->start_us == 0) {
    shown->start_us = g_get_monotonic_time ();
    shown->done_at_start = done;
    shown->progress (done, total, what, NULL);
    return;
  }
  rate = seconds > 0 ? (double) (done - shown->done_at_start) / seconds : 0.0;
  if (rate > 0)
    g_printerr (_ ("\r\033[K%s: %" PRIu64 " / %" PRIu64 ", %.1f a second, %.0f s left"), what, done, total, rate,
                (double) (total - done) / rate);
}

/* How well the rest of the face explains each region, over the frames. */
static void
print_regions (const SmbRegionTally *regions)
{
  const char *before = _ ("      regions (coherency, mean and spread over the frames): ");

  for (int i = 0; i < SMB_N_COVERED_REGIONS; i++) {
    const SmbRegionSpread *spread = &regions->spread[SMB_MEASURE_COHERENCY][i];

    if (spread->n == 0)
      continue;
    g_print ("%s%s %.4f ± %.4f", before, smb_region_title ((SmbRegion) i), spread->mean,
             smb_region_spread_deviation (spread));
    if (spread->n_z > 0)
      g_print (" (z %+.1f)", spread->z_sum / spread->n_z);
    before = ", ";
  }
  g_print ("\n");
}

static void
print_track (const SmbTrackSummary *track, const SmbModelInfo *model)
{
  const SmbTrackScore *score = &track->score;

  g_print (_ ("  T%u%s%s  frames %u to %u (%.2f to %.2f s), found in %u, followed in %u\n"), track->number,
           track->name != NULL ? " " : "", track->name != NULL ? track->name : "", track->first, track->last,
           (double) track->first_us / 1e6, (double) track->last_us / 1e6, track->n_detected,
           track->n_points - track->n_detected);
  if (score->n_scored == 0) {
    g_print (_ ("      score n/a (%s)\n"),
             track->best->outside != NULL ? track->best->outside : _ ("none of its frames was scored"));
    return;
  }
  g_print (
      g_dngettext (GETTEXT_PACKAGE,
                   "      score %.4f: mean of %u frame; median %.4f, highest tenth %.4f, spread %.4f, range %.4f to %.4f\n",
                   "      score %.4f: mean of %u frames; median %.4f, highest tenth %.4f, spread %.4f, range %.4f to %.4f\n",
                   score->n_scored),
      score->mean, score->n_scored, score->median, score->top, score->deviation, score->lowest, score->highest);
  for (int c = 0; c < track->n_classes; c++)
    g_print ("%s%s %.4f", c == 0 ? "      " : ", ", model->classes[c], track->mean_probabilities[c]);
  g_print ("\n");
  for (guint s = 0; s < SMB_N_SERIES; s++) {
    g_autofree char *likelihood = smb_track_likelihood_text (track, (SmbSeriesStatistic) s);

    if (likelihood != NULL)
      g_print ("      %s\n", likelihood);
  }
  if (score->run_n > 0)
    g_print (
        _ ("      longest run above its own level: frames %u to %u (%.2f to %.2f s), mean %.4f against %.4f elsewhere\n"),
        score->run_first, score->run_last, (double) score->run_start_us / 1e6, (double) score->run_end_us / 1e6,
        score->run_mean, score->rest_mean);
  if (track->regions != NULL)
    print_regions (track->regions);
}

static JsonNode *
summary_to_json (const SmbModelInfo *model, const SmbEngineVideo *video, GPtrArray *tracks,
                 const SmbVideoProgress *progress, const SmbVideoSettings *settings, guint n_dropped, gboolean finished)
{
  JsonNode *node = json_node_new (JSON_NODE_OBJECT);
  JsonObject *out = json_object_new (), *about = json_object_new ();
  JsonArray *list = json_array_new (), *cuts = json_array_new (), *warnings = json_array_new ();
  g_autofree char *text = smb_video_settings_to_json (settings);
  const SmbScored scored = { NULL, TRUE, model->trained, model->track_calibration != NULL };
  const char *note = smb_score_warning (&scored);

  for (guint i = 0; i < tracks->len; i++)
    json_array_add_element (list, smb_track_summary_to_json (tracks->pdata[i]));
  for (guint i = 0; i < progress->frames->len; i++)
    if (((SmbFrameFaces *) progress->frames->pdata[i])->cut)
      json_array_add_int_element (cuts, ((SmbFrameFaces *) progress->frames->pdata[i])->k);
  for (char *const *warning = smb_engine_video_get_warnings (video); *warning != NULL; warning++)
    json_array_add_string_element (warnings, *warning);
  json_object_set_int_member (out, "frames", smb_engine_video_get_n_frames (video));
  json_object_set_int_member (out, "width", smb_engine_video_get_width (video));
  json_object_set_int_member (out, "height", smb_engine_video_get_height (video));
  json_object_set_string_member (out, "format", smb_engine_video_get_format (video));
  json_object_set_boolean_member (out, "finished", finished);
  json_object_set_int_member (out, "followed", progress->frames->len);
  json_object_set_int_member (out, "damaged", progress->n_damaged);
  json_object_set_int_member (out, "seen_once", n_dropped);
  json_object_set_array_member (out, "cuts", cuts);
  json_object_set_array_member (out, "warnings", warnings);
  json_object_set_array_member (out, "tracks", list);
  json_object_set_member (out, "settings", json_from_string (text, NULL));
  json_object_set_string_member (about, "name", model->name);
  smb_json_set_string (about, "sha256", model->detector_sha256);
  json_object_set_boolean_member (about, "trained", model->trained);
  json_object_set_boolean_member (about, "calibrated", model->calibrated);
  json_object_set_boolean_member (about, "track_calibrated", model->track_calibration != NULL);
  if (note != NULL)
    json_object_set_string_member (about, "note", note);
  json_object_set_object_member (out, "model", about);
  json_node_take_object (node, out);
  return node;
}

static void
print_summary (const SmbModelInfo *model, const SmbEngineVideo *video, const char *path, const char *sha256,
               GPtrArray *tracks, const SmbVideoProgress *progress, guint n_dropped, gboolean finished)
{
  const guint n = smb_engine_video_get_n_frames (video);
  const SmbVideoSlot *last = &smb_engine_video_get_slots (video)[n - 1];
  const SmbScored scored = { NULL, TRUE, model->trained, model->track_calibration != NULL };
  const char *warning = smb_score_warning (&scored);
  guint n_cuts = 0;

  for (guint i = 0; i < progress->frames->len; i++)
    n_cuts += ((SmbFrameFaces *) progress->frames->pdata[i])->cut;
  g_print ("%s\n", path);
  if (sha256 != NULL)
    g_print ("  SHA-256 %s\n", sha256);
  for (char *const *line = smb_engine_video_get_warnings (video); *line != NULL; line++)
    g_print (_ ("  Note: %s\n"), *line);
  g_print (_ ("  %s: %d × %d pixels, frames: %u, %.3f s\n"), smb_engine_video_get_format (video),
           smb_engine_video_get_width (video), smb_engine_video_get_height (video), n,
           (double) (last->time_us + last->duration_us) / 1e6);
  g_print (_ ("  Frames looked at: %u, cuts: %u, tracks: %u, model %s\n"), progress->frames->len, n_cuts, tracks->len,
           model->name);
  if (n_dropped > 0)
    g_print (_ ("  Left out: %u finds that the detector made only once\n"), n_dropped);
  if (progress->n_damaged > 0)
    g_print (_ ("  Damaged: frames that could not be decoded: %u\n"), progress->n_damaged);
  for (guint i = 0; i < tracks->len; i++)
    print_track (tracks->pdata[i], model);
  if (warning != NULL && tracks->len > 0)
    g_print ("  %s\n", warning);
  if (!finished)
    g_print (_ ("  Not finished: what is shown was done before it was stopped.\n"));
}

void
smb_cli_print_video_profile (const char *path, SmbVideoProfile *profile, double all, double opening)
{
  double seconds[SMB_VIDEO_N_STAGES], busy, at_once;

  smb_video_profile_read (profile, seconds, &busy, &at_once);
  g_printerr (_ ("%s: %.3f s; opening %.0f %%"), path, all, 100 * opening / all);
  for (int i = 0; i < SMB_VIDEO_N_STAGES; i++)
    g_printerr (", %s %.0f %%", smb_video_stage_name (i), 100 * seconds[i] / all);
  g_printerr (_ (", rest %.0f %%; two or more stages at once %.0f %%\n"), 100 * MAX (all - opening - busy, 0.0) / all,
              100 * at_once / all);
}

gboolean
smb_cli_analyze_video (SmbEngine *engine, const SmbModelInfo *model, SmbEngineVideo *video, const char *path,
                       const char *sha256, SmbCase *store, const SmbEvidence *evidence,
                       const SmbVideoSettings *settings, gboolean json, SmbVideoProfile *profile, GError **error)
{
  Shown shown = { .path = path, .json = json, .progress = smb_cli_progress () };
  const SmbVideoSink sink = { show_portion, show_progress, &shown, profile };
  g_autoptr (SmbVideoProgress) progress = NULL;
  g_autoptr (GPtrArray) tracks = NULL;
  g_autoptr (SmbTrackCalibration) calibration = smb_track_calibration_of_model (model, error);
  g_autoptr (GError) failure = NULL;
  gboolean finished;
  guint n_dropped;

  if (calibration == NULL && model->track_calibration != NULL)
    return FALSE;
  catch_interrupt ();
  if (store != NULL) {
    finished = smb_examine_run_video (store, engine, model, evidence, video, settings, &sink, &progress, interrupted,
                                      &failure);
  } else {
    progress = smb_video_progress_new (settings);
    finished = smb_video_run (engine, model, video, settings, progress, &sink, interrupted, &failure);
  }
  smb_cli_progress_end ();
  if (!finished && (progress == NULL || !g_error_matches (failure, G_IO_ERROR, G_IO_ERROR_CANCELLED))) {
    g_propagate_error (error, g_steal_pointer (&failure));
    return FALSE;
  }
  tracks = smb_tracks_summarise (progress->frames, NULL, &n_dropped);
  smb_tracks_calibrate (tracks, calibration);
  if (json) {
    g_autoptr (JsonNode) node = summary_to_json (model, video, tracks, progress, settings, n_dropped, finished);

    if (sha256 != NULL)
      json_object_set_string_member (json_node_get_object (node), "sha256", sha256);
    if (evidence != NULL)
      json_object_set_string_member (json_node_get_object (node), "exhibit", evidence->exhibit);
    print_line (node, path, "summary", NULL);
  } else
    print_summary (model, video, path, sha256, tracks, progress, n_dropped, finished);
  if (!finished)
    g_propagate_error (error, g_steal_pointer (&failure));
  return finished;
}
