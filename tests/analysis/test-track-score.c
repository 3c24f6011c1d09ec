/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/smb-track-score.h"
#include "base/smb-rng.h"

#include <math.h>

static void
fill (SmbTrackSample *samples, guint n, guint from, guint to)
{
  SmbRng rng;

  smb_rng_init (&rng, 3, 0);
  for (guint i = 0; i < n; i++)
    samples[i]
        = (SmbTrackSample){ i * 2, i * 80000, 0.2 + 0.01 * smb_rng_normal (&rng) + (i >= from && i < to ? 0.5 : 0.0) };
}

/* Against sums by hand. */
static void
test_numbers (void)
{
  const SmbTrackSample samples[] = { { 0, 0, 0.1 }, { 1, 1, 0.4 }, { 2, 2, 0.2 }, { 3, 3, 0.3 } };
  SmbTrackScore score;

  smb_track_score_compute (&score, samples, 4);
  g_assert_cmpfloat_with_epsilon (score.mean, 0.25, 1e-12);
  g_assert_cmpfloat_with_epsilon (score.median, 0.25, 1e-12);
  g_assert_cmpfloat_with_epsilon (score.top, 0.4, 1e-12);
  g_assert_cmpuint (score.n_top, ==, 1);
  g_assert_cmpfloat_with_epsilon (score.deviation, sqrt (0.05 / 3), 1e-12);
  g_assert_cmpfloat_with_epsilon (score.lower_quartile, 0.175, 1e-12);
  g_assert_cmpfloat_with_epsilon (score.upper_quartile, 0.325, 1e-12);
  smb_track_score_compute (&score, samples, 0);
  g_assert_true (isnan (score.mean));
  smb_track_score_compute (&score, samples, 1);
  g_assert_cmpfloat_with_epsilon (score.mean, 0.1, 1e-12);
  g_assert_cmpuint (score.run_n, ==, 0);
}

/* A short swap is found whole, with its onset, also where it fills most of the track; noise alone is none. */
static void
test_run (void)
{
  SmbTrackSample samples[200];
  SmbTrackScore score;

  fill (samples, 200, 120, 140);
  smb_track_score_compute (&score, samples, 200);
  g_assert_cmpuint (score.run_n, ==, 20);
  g_assert_cmpuint (score.run_first, ==, 240);
  g_assert_cmpuint (score.run_last, ==, 278);
  g_assert_cmpint (score.run_start_us, ==, 120 * 80000);
  g_assert_cmpfloat (score.run_mean, >, 0.65);
  g_assert_cmpfloat (score.rest_mean, <, 0.25);
  g_assert_cmpfloat (score.mean, <, 0.3); /* the mean alone would not say it */
  fill (samples, 200, 60, 200);
  smb_track_score_compute (&score, samples, 200);
  g_assert_cmpuint (score.run_first, ==, 120);
  g_assert_cmpuint (score.run_n, ==, 140);
  fill (samples, 200, 0, 0);
  smb_track_score_compute (&score, samples, 200);
  g_assert_cmpuint (score.run_n, ==, 0);
}

static GPtrArray *
two_tracks (void)
{
  GPtrArray *frames = g_ptr_array_new_with_free_func ((GDestroyNotify) smb_frame_faces_free);

  for (guint k = 0; k < 20; k++) {
    SmbFrameFaces *frame = smb_frame_faces_new (k, k * 40000);
    const SmbFace face = { .box = { 10, 10, 50, 50 }, .detected = { 15, 15, 40, 40 }, .confidence = 1.0 + k };
    SmbTrackPoint *point = smb_track_point_new (k < 10 ? 1 : 2, &face);

    point->score = k < 10 ? 0.2 : 0.6;
    point->n_classes = 2;
    point->probabilities = g_new0 (double, 2);
    point->probabilities[1] = point->score;
    point->followed = k % 2 == 1;
    frame->searched = k % 2 == 0;
    g_ptr_array_add (frame->points, point);
    g_ptr_array_add (frames, frame);
  }
  return frames;
}

static void
test_edits (void)
{
  g_autoptr (GPtrArray) frames = two_tracks ();
  g_autoptr (GPtrArray) edits = g_ptr_array_new_with_free_func ((GDestroyNotify) smb_track_edit_free);
  g_autoptr (GPtrArray) plain = smb_tracks_summarise (frames, NULL, NULL);
  g_autoptr (GPtrArray) merged = NULL;
  g_autoptr (GPtrArray) split = NULL;
  const SmbTrackSummary *track;

  g_assert_cmpuint (plain->len, ==, 2);
  g_ptr_array_add (edits, smb_track_edit_new (SMB_TRACK_MERGE, 2, 1, 0, NULL));
  g_ptr_array_add (edits, smb_track_edit_new (SMB_TRACK_NAME, 1, 0, 0, "Suspect"));
  merged = smb_tracks_summarise (frames, edits, NULL);
  g_assert_cmpuint (merged->len, ==, 1);
  track = merged->pdata[0];
  g_assert_cmpuint (track->n_points, ==, 20);
  g_assert_cmpuint (track->n_detected, ==, 10);
  g_assert_cmpuint (track->best_k, ==, 18);
  g_assert_cmpstr (track->name, ==, "Suspect");
  g_assert_cmpfloat_with_epsilon (track->score.mean, 0.4, 1e-12);
  g_ptr_array_add (edits, smb_track_edit_new (SMB_TRACK_SPLIT, 1, 3, 4, NULL));
  split = smb_tracks_summarise (frames, edits, NULL);
  g_assert_cmpuint (split->len, ==, 2);
  g_assert_cmpuint (((SmbTrackSummary *) split->pdata[0])->last, ==, 3);
  g_assert_cmpuint (((SmbTrackSummary *) split->pdata[1])->number, ==, 3);
  g_assert_cmpuint (((SmbTrackSummary *) split->pdata[1])->first, ==, 4);
}

/* There and back: nothing is lost. */
static void
test_json (void)
{
  g_autoptr (GPtrArray) frames = two_tracks ();
  g_autoptr (SmbTracker) tracker = smb_tracker_new ();
  const SmbFace face = { .detected = { 1, 2, 30, 40 }, .confidence = 1.0 };
  const SmbFaceLook look = { .luma = { 1, 2, 3 }, .blue = 4, .red = 5 };
  guint number;

  smb_tracker_assign (tracker, 7, &face, &look, 1, &number);
  for (guint i = 0; i < frames->len; i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (JsonNode) node = smb_frame_faces_to_json (frames->pdata[i]);
    g_autoptr (SmbFrameFaces) back = smb_frame_faces_from_json (node, &error);
    g_autoptr (JsonNode) again = NULL;

    g_assert_no_error (error);
    again = smb_frame_faces_to_json (back);
    g_assert_true (json_node_equal (node, again));
  }
  {
    g_autoptr (GError) error = NULL;
    g_autoptr (JsonNode) node = smb_tracker_to_json (tracker);
    g_autoptr (SmbTracker) back = smb_tracker_from_json (node, &error);
    g_autoptr (JsonNode) again = NULL;
    g_autoptr (JsonNode) broken = json_from_string ("{\"next\": 1, \"tracks\": 3}", NULL);

    g_assert_no_error (error);
    again = smb_tracker_to_json (back);
    g_assert_true (json_node_equal (node, again));
    g_assert_null (smb_tracker_from_json (broken, &error));
    g_assert_nonnull (error);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/analysis/track-score/numbers", test_numbers);
  g_test_add_func ("/analysis/track-score/run", test_run);
  g_test_add_func ("/analysis/track-score/edits", test_edits);
  g_test_add_func ("/analysis/track-score/json", test_json);
  return g_test_run ();
}
