/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/smb-track-score.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/smb-json.h"
#include "analysis/smb-likelihood-json.h"

#define MAD_TO_SIGMA 1.4826
#define NOISE_TIMES 4.0
#define LEAST_RISE 0.05
#define SHORTEST_RUN 3
#define BREAK_STEPS 6.0

static int
compare_doubles (const void *a, const void *b)
{
  double left = *(const double *) a, right = *(const double *) b;

  return (left > right) - (left < right);
}

static void
find_run (SmbTrackScore *out, const SmbTrackSample *samples, guint n)
{
  g_autofree double *steps = g_new (double, MAX (n, 1));
  double run_sum = 0.0, sum = 0.0;
  guint best = 0, best_n = 0;

  for (guint i = 1; i < n; i++)
    steps[i - 1] = fabs (samples[i].score - samples[i - 1].score);
  qsort (steps, n - 1, sizeof *steps, compare_doubles);
  out->noise = n > 1 ? MAD_TO_SIGMA * smb_series_quantile (steps, n - 1, 0.5) / G_SQRT2 : 0.0;
  out->level = out->lower_quartile;
  out->threshold = out->level + MAX (NOISE_TIMES * out->noise, LEAST_RISE);
  for (guint i = 0; i < n;) {
    guint length = 0;

    while (i + length < n && samples[i + length].score > out->threshold)
      length++;
    if (length > best_n) {
      best = i;
      best_n = length;
    }
    i += length + 1;
  }
  if (best_n < SHORTEST_RUN)
    return;
  for (guint i = 0; i < n; i++) {
    sum += samples[i].score;
    if (i >= best && i < best + best_n)
      run_sum += samples[i].score;
  }
  out->run_n = best_n;
  out->run_first = samples[best].k;
  out->run_last = samples[best + best_n - 1].k;
  out->run_start_us = samples[best].time_us;
  out->run_end_us = samples[best + best_n - 1].time_us;
  out->run_mean = run_sum / best_n;
  out->rest_mean = best_n < n ? (sum - run_sum) / (n - best_n) : NAN;
}

void
smb_track_score_compute (SmbTrackScore *out, const SmbTrackSample *samples, guint n)
{
  g_autofree double *sorted = g_new (double, MAX (n, 1));
  double whole[SMB_N_SERIES], squares = 0.0;

  *out = (SmbTrackScore){ .n_scored = n,
                          .mean = NAN,
                          .median = NAN,
                          .top = NAN,
                          .deviation = NAN,
                          .lower_quartile = NAN,
                          .upper_quartile = NAN,
                          .lowest = NAN,
                          .highest = NAN,
                          .level = NAN,
                          .noise = NAN,
                          .threshold = NAN,
                          .run_mean = NAN,
                          .rest_mean = NAN };
  if (n == 0)
    return;
  for (guint i = 0; i < n; i++)
    sorted[i] = samples[i].score;
  smb_series_summarise (sorted, n, whole);
  out->mean = whole[SMB_SERIES_MEAN];
  out->median = whole[SMB_SERIES_MEDIAN];
  out->top = whole[SMB_SERIES_TOP];
  out->n_top = (guint) smb_series_n_top (n);
  for (guint i = 0; i < n; i++)
    squares += (samples[i].score - out->mean) * (samples[i].score - out->mean);
  out->deviation = n > 1 ? sqrt (squares / (n - 1)) : 0.0;
  out->lower_quartile = smb_series_quantile (sorted, n, 0.25);
  out->upper_quartile = smb_series_quantile (sorted, n, 0.75);
  out->lowest = sorted[0];
  out->highest = sorted[n - 1];
  find_run (out, samples, n);
}

static const SmbTrackSample *
sample_at (const GArray *samples, guint i)
{
  return &g_array_index (samples, SmbTrackSample, i);
}

void
smb_track_samples_spread (const GArray *samples, guint i, double *mean_out, double *deviation_out)
{
  guint from = i > SMB_TRACK_BAND_REACH ? i - SMB_TRACK_BAND_REACH : 0,
        to = MIN (i + SMB_TRACK_BAND_REACH, samples->len - 1);
  const guint n = to - from + 1;
  double sum = 0.0, squares = 0.0, mean;

  for (guint j = from; j <= to; j++)
    sum += sample_at (samples, j)->score;
  mean = sum / n;
  for (guint j = from; j <= to; j++)
    squares += (sample_at (samples, j)->score - mean) * (sample_at (samples, j)->score - mean);
  *mean_out = mean;
  *deviation_out = n > 1 ? sqrt (squares / (n - 1)) : 0.0;
}

guint
smb_track_samples_stretch (const GArray *samples, guint from)
{
  const double whole = (double) (sample_at (samples, samples->len - 1)->time_us - sample_at (samples, 0)->time_us);
  const double usual = samples->len > 1 ? whole / (samples->len - 1) : 1.0;
  guint to = from;

  while (to + 1 < samples->len
         && (double) (sample_at (samples, to + 1)->time_us - sample_at (samples, to)->time_us) < BREAK_STEPS * usual)
    to++;
  return to;
}

guint32
smb_track_colour (guint number, gboolean dark)
{
  static const guint32 light[] = { 0x1a5fb4, 0xb04a00, 0x00715a, 0x8a3a78, 0x7a5c00, 0x3d6f8e };
  static const guint32 bright[] = { 0x7db0f2, 0xf0a060, 0x4fd0a5, 0xe59ad0, 0xe5c454, 0x8fd0f0 };

  return (dark ? bright : light)[(number + G_N_ELEMENTS (light) - 1) % G_N_ELEMENTS (light)];
}

SmbTrackEdit *
smb_track_edit_new (SmbTrackEditKind kind, guint track, guint other, guint k, const char *text)
{
  SmbTrackEdit *edit = g_new0 (SmbTrackEdit, 1);

  *edit = (SmbTrackEdit){ kind, track, other, k, g_strdup (text) };
  return edit;
}

void
smb_track_edit_free (SmbTrackEdit *edit)
{
  if (edit == NULL)
    return;
  g_free (edit->text);
  g_free (edit);
}

guint
smb_track_edits_apply (GPtrArray *edits, guint track, guint k)
{
  for (guint i = 0; edits != NULL && i < edits->len; i++) {
    const SmbTrackEdit *edit = edits->pdata[i];

    if (edit->track == track
        && (edit->kind == SMB_TRACK_MERGE || (edit->kind == SMB_TRACK_SPLIT && k >= edit->k)))
      track = edit->other;
  }
  return track;
}

static const char *
name_of (GPtrArray *edits, guint number)
{
  const char *name = NULL;

  for (guint i = 0; edits != NULL && i < edits->len; i++) {
    const SmbTrackEdit *edit = edits->pdata[i];

    if (edit->kind == SMB_TRACK_NAME && edit->track == number)
      name = edit->text;
    /* A track without a name takes that of the one merged into it. */
    if (edit->kind == SMB_TRACK_MERGE && edit->other == number && (name == NULL || *name == '\0'))
      for (guint j = 0; j < i; j++)
        if (((SmbTrackEdit *) edits->pdata[j])->kind == SMB_TRACK_NAME
            && ((SmbTrackEdit *) edits->pdata[j])->track == edit->track)
          name = ((SmbTrackEdit *) edits->pdata[j])->text;
  }
  return name != NULL && *name != '\0' ? name : NULL;
}

void
smb_track_summary_free (SmbTrackSummary *summary)
{
  if (summary == NULL)
    return;
  g_array_unref (summary->samples);
  g_free (summary->mean_probabilities);
  g_free (summary->regions);
  g_free (summary->name);
  g_free (summary);
}

static SmbTrackSummary *
summary_for (GHashTable *by_number, guint number, const SmbFrameFaces *frame)
{
  SmbTrackSummary *summary = g_hash_table_lookup (by_number, GUINT_TO_POINTER (number));

  if (summary != NULL)
    return summary;
  summary = g_new0 (SmbTrackSummary, 1);
  summary->number = number;
  summary->first = frame->k;
  summary->first_us = frame->time_us;
  summary->samples = g_array_new (FALSE, FALSE, sizeof (SmbTrackSample));
  g_hash_table_insert (by_number, GUINT_TO_POINTER (number), summary);
  return summary;
}

static void
add_point (SmbTrackSummary *summary, const SmbFrameFaces *frame, SmbTrackPoint *point)
{
  const SmbTrackSample sample = { frame->k, frame->time_us, point->score };

  summary->last = frame->k;
  summary->last_us = frame->time_us;
  summary->n_points++;
  summary->n_detected += !point->followed;
  summary->drawn |= point->face.origin == SMB_FACE_DRAWN;
  if (summary->best == NULL
      || (!point->followed && (summary->best->followed || point->face.confidence > summary->best->face.confidence))) {
    summary->best = point;
    summary->best_k = frame->k;
  }
  if (isnan (point->score))
    return;
  if (point->regions != NULL) {
    if (summary->regions == NULL)
      summary->regions = g_new0 (SmbRegionTally, 1);
    smb_region_tally_add (summary->regions, point->regions);
  }
  g_array_append_val (summary->samples, sample);
  if (summary->mean_probabilities == NULL) {
    summary->n_classes = point->n_classes;
    summary->mean_probabilities = g_new0 (double, point->n_classes + 1);
  }
  for (int c = 0; c < MIN (summary->n_classes, point->n_classes); c++)
    summary->mean_probabilities[c] += point->probabilities[c];
}

static int
compare_numbers (gconstpointer a, gconstpointer b)
{
  const SmbTrackSummary *left = *(SmbTrackSummary *const *) a, *right = *(SmbTrackSummary *const *) b;

  return (left->number > right->number) - (left->number < right->number);
}

GPtrArray *
smb_tracks_summarise (GPtrArray *frames, GPtrArray *edits, guint *n_dropped_out)
{
  g_autoptr (GHashTable) by_number = g_hash_table_new (NULL, NULL);
  GPtrArray *out = g_ptr_array_new_with_free_func ((GDestroyNotify) smb_track_summary_free);
  GHashTableIter iter;
  gpointer value;
  guint n_searched = 0, n_dropped = 0;

  for (guint i = 0; i < frames->len; i++) {
    const SmbFrameFaces *frame = frames->pdata[i];

    n_searched += frame->searched;
    for (guint p = 0; p < frame->points->len; p++) {
      SmbTrackPoint *point = frame->points->pdata[p];

      add_point (summary_for (by_number, smb_track_edits_apply (edits, point->track, frame->k), frame), frame, point);
    }
  }
  g_hash_table_iter_init (&iter, by_number);
  while (g_hash_table_iter_next (&iter, NULL, &value)) {
    SmbTrackSummary *summary = value;

    if (summary->n_detected < 2 && n_searched > 1 && !summary->drawn) {
      n_dropped++;
      smb_track_summary_free (summary);
      continue;
    }
    summary->name = g_strdup (name_of (edits, summary->number));
    smb_track_score_compute (&summary->score, (const SmbTrackSample *) summary->samples->data, summary->samples->len);
    for (guint s = 0; s < SMB_N_SERIES; s++)
      summary->likelihood[s].log10_lr = NAN;
    for (int c = 0; c < summary->n_classes; c++)
      summary->mean_probabilities[c] /= summary->samples->len;
    g_ptr_array_add (out, summary);
  }
  g_ptr_array_sort (out, compare_numbers);
  if (n_dropped_out != NULL)
    *n_dropped_out = n_dropped;
  return out;
}

GArray *
smb_track_region_series (GPtrArray *frames, GPtrArray *edits, guint track, SmbMeasureKind measure, SmbRegion region)
{
  GArray *series = g_array_new (FALSE, FALSE, sizeof (SmbTrackSample));

  g_return_val_if_fail ((guint) measure < SMB_N_SAMPLED && (guint) region < SMB_N_COVERED_REGIONS, series);
  for (guint i = 0; i < frames->len; i++) {
    const SmbFrameFaces *frame = frames->pdata[i];

    for (guint p = 0; p < frame->points->len; p++) {
      const SmbTrackPoint *point = frame->points->pdata[p];
      const double value = point->regions != NULL ? point->regions->value[measure][region] : NAN;
      const SmbTrackSample sample = { frame->k, frame->time_us, value };

      if (!isnan (value) && smb_track_edits_apply (edits, point->track, frame->k) == track)
        g_array_append_val (series, sample);
    }
  }
  return series;
}

static JsonArray *
two_numbers (double a, double b)
{
  JsonArray *array = json_array_new ();

  json_array_add_double_element (array, a);
  json_array_add_double_element (array, b);
  return array;
}

static JsonObject *
score_to_json (const SmbTrackScore *score)
{
  JsonObject *out = json_object_new ();

  json_object_set_int_member (out, "scored", score->n_scored);
  smb_json_set_number (out, "mean", score->mean);
  smb_json_set_number (out, "median", score->median);
  smb_json_set_number (out, "top", score->top);
  json_object_set_int_member (out, "top_frames", score->n_top);
  smb_json_set_number (out, "deviation", score->deviation);
  if (score->n_scored > 0) {
    json_object_set_array_member (out, "quartiles", two_numbers (score->lower_quartile, score->upper_quartile));
    json_object_set_array_member (out, "range", two_numbers (score->lowest, score->highest));
  }
  if (score->run_n > 0) {
    JsonObject *run = json_object_new ();

    json_object_set_double_member (run, "level", score->level);
    json_object_set_double_member (run, "noise", score->noise);
    json_object_set_double_member (run, "threshold", score->threshold);
    json_object_set_int_member (run, "frames", score->run_n);
    json_object_set_int_member (run, "first_frame", score->run_first);
    json_object_set_int_member (run, "last_frame", score->run_last);
    json_object_set_int_member (run, "start_us", score->run_start_us);
    json_object_set_int_member (run, "end_us", score->run_end_us);
    json_object_set_double_member (run, "mean", score->run_mean);
    smb_json_set_number (run, "rest_mean", score->rest_mean);
    json_object_set_object_member (out, "run", run);
  } else
    json_object_set_null_member (out, "run");
  return out;
}

static void
set_likelihoods (JsonObject *out, const SmbTrackSummary *summary)
{
  JsonObject *all = json_object_new ();
  gboolean any = FALSE;

  for (guint s = 0; s < SMB_N_SERIES; s++) {
    const gboolean is = !isnan (summary->likelihood[s].log10_lr);

    any |= is;
    if (is)
      json_object_set_object_member (all, smb_series_name ((SmbSeriesStatistic) s),
                                     smb_likelihood_to_json (&summary->likelihood[s]));
    else
      json_object_set_null_member (all, smb_series_name ((SmbSeriesStatistic) s));
  }
  if (any)
    json_object_set_object_member (out, "likelihood_ratio", all);
  else {
    json_object_set_null_member (out, "likelihood_ratio");
    json_object_unref (all);
  }
}

JsonNode *
smb_track_summary_to_json (const SmbTrackSummary *summary)
{
  JsonNode *node = json_node_new (JSON_NODE_OBJECT);
  JsonObject *out = json_object_new ();
  JsonArray *box = json_array_new ();
  const SmbBox at = summary->best->face.box;

  json_object_set_int_member (out, "track", summary->number);
  smb_json_set_string (out, "name", summary->name);
  json_object_set_int_member (out, "first_frame", summary->first);
  json_object_set_int_member (out, "last_frame", summary->last);
  json_object_set_int_member (out, "first_us", summary->first_us);
  json_object_set_int_member (out, "last_us", summary->last_us);
  json_object_set_int_member (out, "frames", summary->n_points);
  json_object_set_int_member (out, "detected", summary->n_detected);
  json_object_set_int_member (out, "best_frame", summary->best_k);
  json_array_add_int_element (box, at.x);
  json_array_add_int_element (box, at.y);
  json_array_add_int_element (box, at.width);
  json_array_add_int_element (box, at.height);
  json_object_set_array_member (out, "box", box);
  if (summary->mean_probabilities != NULL) {
    JsonArray *list = json_array_new ();

    for (int c = 0; c < summary->n_classes; c++)
      json_array_add_double_element (list, summary->mean_probabilities[c]);
    json_object_set_array_member (out, "probabilities", list);
  }
  json_object_set_object_member (out, "score", score_to_json (&summary->score));
  set_likelihoods (out, summary);
  if (summary->regions != NULL)
    json_object_set_object_member (out, "regions", smb_region_tally_to_json (summary->regions));
  json_node_take_object (node, out);
  return node;
}
