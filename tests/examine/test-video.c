/* SPDX-License-Identifier: Apache-2.0 */
/* A video from file to case: two people, two cuts, one of them back; stopped and gone on with; tracks edited. */
#include "analysis/smb-json.h"
#include "base/smb-error.h"
#include "base/smb-hash.h"
#include "case/smb-case-video.h"
#include "examine/smb-examine-video.h"
#include "examine/smb-report-draft.h"
#include "judge-fixture.h"
#include "video-clip.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>

static char *folder;
static char *clip;

/* 24 frames of one, 12 of another, 24 of the first again, 12 a second. */
static void
make_clip (void)
{
  g_autofree char *scale = g_strdup ("scale=256:256,setsar=1,format=yuv420p,fps=12");

  clip = video_clip_make (
      folder, "people.mp4", FALSE,
      "-loop 1 -t 2 -i %s/18f-brethauer.jpg -loop 1 -t 1 -i %s/18f-melody.jpg -loop 1 -t 2 -i %s/18f-brethauer.jpg "
      "-filter_complex [0:v]%s[a];[1:v]%s[b];[2:v]%s[c];[a][b][c]concat=n=3:v=1[v] -map [v] -c:v libx264 -g 30 -bf 2",
      SMB_SAMPLES, SMB_SAMPLES, SMB_SAMPLES, scale, scale, scale);
}

static SmbCase *
new_case (const char *name)
{
  SmbCaseInfo info
      = { .number = (char *) "V-1", .title = (char *) "Video", .laboratory = (char *) "Lab", .examiner = (char *) "E" };
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autoptr (GError) error = NULL;
  SmbCase *store = smb_case_create (path, &info, &error);

  g_assert_no_error (error);
  return store;
}

typedef struct {
  GCancellable *cancellable;
  guint portions, stop_after;
} Stop;

static gboolean
stop_there (SmbVideoPass pass, GPtrArray *frames, const SmbVideoProgress *progress, gpointer user_data, GError **error)
{
  Stop *stop = user_data;

  if (++stop->portions == stop->stop_after)
    g_cancellable_cancel (stop->cancellable);
  return TRUE;
}

static char *
tracks_text (const SmbVideoProgress *progress)
{
  g_autoptr (GPtrArray) tracks = smb_tracks_summarise (progress->frames, NULL, NULL);
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < tracks->len; i++) {
    g_autoptr (JsonNode) node = smb_track_summary_to_json (tracks->pdata[i]);
    g_autofree char *line = smb_json_to_canonical (node);

    g_string_append (g_string_append (text, line), "\n");
  }
  return g_string_free (text, FALSE);
}

static void
test_run (void)
{
  g_autoptr (SmbCase) store = new_case ("one.smbcase"), other = new_case ("two.smbcase");
  g_autoptr (SmbEngine) engine = smb_engine_new ("cpu", 1);
  g_autoptr (SmbModelInfo) model = judge_model (JUDGE_DETECTOR, NULL);
  const SmbReportWish bare = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (SmbEvidence) evidence = smb_examine_acquire (store, engine, clip, NULL, &error), same = NULL;
  g_autoptr (SmbEngineVideo) video = NULL;
  g_autoptr (SmbVideoProgress) whole = NULL, part = NULL, rest = NULL;
  g_autoptr (SmbVideoState) state = NULL;
  g_autoptr (GPtrArray) analyses = NULL, tracks = NULL, runs = NULL;
  const SmbCaseAnalysis *stored;
  g_autofree char *facts = NULL, *once = NULL, *in_parts = NULL, *report = NULL, *html = NULL;
  SmbVideoSettings settings = smb_video_settings_default ();
  Stop stop = { g_cancellable_new (), 0, 2 };
  const SmbVideoSink sink = { .portion = stop_there, .user_data = &stop };
  guint n_cuts = 0;

  g_assert_no_error (error);
  g_assert_null (evidence->problem);
  g_assert_cmpint (evidence->width, ==, 256);
  g_assert_true (smb_case_get_video (store, evidence->id, &facts, &error));
  g_assert_nonnull (facts);
  video = smb_examine_open_video (store, engine, evidence, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (smb_engine_video_get_n_frames (video), ==, 60);
  settings.sample = SMB_VIDEO_SAMPLE_EVERY;
  g_assert_true (smb_examine_run_video (store, engine, model, evidence, video, &settings, NULL, &whole, NULL, &error));
  g_assert_no_error (error);
  for (guint i = 0; i < whole->frames->len; i++)
    n_cuts += ((SmbFrameFaces *) whole->frames->pdata[i])->cut;
  g_assert_cmpuint (n_cuts, ==, 2);
  tracks = smb_tracks_summarise (whole->frames, NULL, NULL);
  g_assert_cmpuint (tracks->len, ==, 2);
  /* The first comes back under the same number. */
  g_assert_cmpuint (((SmbTrackSummary *) tracks->pdata[0])->first, ==, 0);
  g_assert_cmpuint (((SmbTrackSummary *) tracks->pdata[0])->last, ==, 59);
  g_assert_cmpuint (((SmbTrackSummary *) tracks->pdata[0])->n_points, ==, 48);
  g_assert_cmpuint (((SmbTrackSummary *) tracks->pdata[1])->n_points, ==, 12);
  g_assert_cmpuint (((SmbTrackSummary *) tracks->pdata[0])->score.n_scored, ==, 48);
  once = tracks_text (whole);

  /* Stopped in the middle, then gone on with: the same numbers. */
  same = smb_examine_acquire (other, engine, clip, NULL, &error);
  g_assert_no_error (error);
  g_assert_false (
      smb_examine_run_video (other, engine, model, same, video, &settings, &sink, &part, stop.cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  g_assert_cmpuint (part->frames->len, >, 0);
  g_assert_cmpuint (part->frames->len, <, 60);
  g_assert_true (smb_examine_run_video (other, engine, model, same, video, &settings, NULL, &rest, NULL, &error));
  in_parts = tracks_text (rest);
  g_assert_cmpstr (in_parts, ==, once);
  g_object_unref (stop.cancellable);

  analyses = smb_case_list_analyses (other, same->id, &error);
  g_assert_cmpuint (analyses->len, ==, 1);
  stored = analyses->pdata[0];
  g_assert_cmpint (stored->n_faces, ==, 2);
  judge_assert_instruments (stored->device, stored->result);
  runs = smb_case_list_video_runs (other, same->id, &error);
  g_assert_cmpstr (((SmbCaseVideoRun *) runs->pdata[0])->device, ==, stored->device);
  g_assert_true (smb_examine_load_video (other, same->id, &state, &error));
  g_assert_true (state->finished);
  g_assert_true (smb_examine_edit_track (other, state, SMB_TRACK_MERGE, 2, 1, 0, NULL, &error));
  g_assert_true (smb_examine_edit_track (other, state, SMB_TRACK_NAME, 1, 0, 0, "B.", &error));
  g_clear_pointer (&state, smb_video_state_free);
  g_assert_true (smb_examine_load_video (other, same->id, &state, &error));
  g_clear_pointer (&tracks, g_ptr_array_unref);
  tracks = smb_tracks_summarise (state->progress->frames, state->edits, NULL);
  g_assert_cmpuint (tracks->len, ==, 1);
  g_assert_cmpstr (((SmbTrackSummary *) tracks->pdata[0])->name, ==, "B.");
  g_assert_true (smb_case_check (other, &error));
  g_assert_no_error (error);

  /* The report draws the scores over time, after those changes. */
  report = g_build_filename (folder, "report.html", NULL);
  g_assert_true (smb_examine_report (other, engine, &bare, report, NULL, NULL, NULL, &error));
  g_assert_no_error (error);
  g_assert_true (g_file_get_contents (report, &html, NULL, NULL));
  g_assert_nonnull (strstr (html, "Score of each track of exhibit S-01 against time"));
  g_assert_nonnull (strstr (html, "The tracks are drawn after 2 changes by the analyst."));
}

/* A face drawn on a frame is followed and judged, is a track of its own, stays, and can be merged. */
static void
test_drawn (void)
{
  g_autoptr (SmbCase) store = new_case ("drawn.smbcase");
  g_autoptr (SmbEngine) engine = smb_engine_new ("cpu", 1);
  g_autoptr (SmbModelInfo) model = judge_model (JUDGE_DETECTOR, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (SmbEvidence) evidence = smb_examine_acquire (store, engine, clip, NULL, &error);
  g_autoptr (SmbEngineVideo) video = smb_examine_open_video (store, engine, evidence, NULL, NULL, NULL, &error);
  g_autoptr (SmbVideoProgress) progress = NULL;
  g_autoptr (SmbVideoState) state = NULL;
  g_autoptr (GPtrArray) tracks = NULL, analyses = NULL;
  SmbVideoSettings settings = smb_video_settings_default ();
  const SmbTrackSummary *drawn;

  g_assert_no_error (error);
  settings.n_uniform = 2;
  settings.last = 30;
  g_assert_true (
      smb_examine_run_video (store, engine, model, evidence, video, &settings, NULL, &progress, NULL, &error));
  g_assert_true (smb_examine_load_video (store, evidence->id, &state, &error));
  g_assert_false (smb_examine_draw_track (store, engine, model, evidence, video, state, 7, (SmbBox){ 900, 900, 20, 20 },
                                          NULL, NULL, NULL, &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT);
  g_clear_error (&error);
  /* One in a frame that was looked at, one in a frame beyond. */
  g_assert_true (smb_examine_draw_track (store, engine, model, evidence, video, state, 7, (SmbBox){ 20, 20, 90, 80 },
                                         NULL, NULL, NULL, &error));
  g_assert_true (smb_examine_draw_track (store, engine, model, evidence, video, state, 50, (SmbBox){ 60, 60, 80, 80 },
                                         NULL, NULL, NULL, &error));
  g_assert_no_error (error);
  g_clear_pointer (&state, smb_video_state_free);
  g_assert_true (smb_examine_load_video (store, evidence->id, &state, &error));
  g_assert_true (state->finished);
  tracks = smb_tracks_summarise (state->progress->frames, state->edits, NULL);
  g_assert_cmpuint (tracks->len, ==, 4);
  drawn = tracks->pdata[2];
  g_assert_cmpuint (drawn->number, ==, 3);
  /* Followed back to the beginning and on to the cut; scored at both ends, as asked, and where it was drawn. */
  g_assert_cmpuint (drawn->n_points, ==, 24);
  g_assert_cmpuint (drawn->score.n_scored, ==, 3);
  g_assert_cmpint (drawn->best->face.origin, ==, SMB_FACE_DRAWN);
  g_assert_cmpint (drawn->best->face.box.width, ==, 90);
  g_assert_cmpuint (((SmbTrackSummary *) tracks->pdata[3])->first, ==, 50);
  /* What was there before is as it was. */
  g_assert_cmpuint (((SmbTrackSummary *) tracks->pdata[0])->score.n_scored, ==, 2);
  analyses = smb_case_list_analyses (store, evidence->id, &error);
  g_assert_cmpint (((SmbCaseAnalysis *) analyses->pdata[0])->n_faces, ==, 4);
  g_assert_true (smb_examine_edit_track (store, state, SMB_TRACK_MERGE, 3, 1, 0, NULL, &error));
  g_clear_pointer (&tracks, g_ptr_array_unref);
  tracks = smb_tracks_summarise (state->progress->frames, state->edits, NULL);
  g_assert_cmpuint (tracks->len, ==, 3);
  g_assert_cmpuint (((SmbTrackSummary *) tracks->pdata[0])->score.n_scored, ==, 5);
  g_assert_true (smb_case_check (store, &error));
  g_assert_no_error (error);
}

/* 32 of each track, as published: only those are scored, after another look by the detector. */
static void
test_uniform (void)
{
  g_autoptr (SmbEngine) engine = smb_engine_new ("cpu", 1);
  g_autoptr (SmbModelInfo) model = judge_model (JUDGE_DETECTOR, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (SmbEngineVideo) video = smb_examine_open_video_file (engine, clip, 25, NULL, NULL, NULL, &error);
  SmbVideoSettings settings = smb_video_settings_default ();
  g_autoptr (SmbVideoProgress) progress = NULL;
  g_autoptr (GPtrArray) tracks = NULL;
  const SmbVideoSink sink = { 0 };
  const SmbTrackSummary *first;

  settings.n_uniform = 4;
  progress = smb_video_progress_new (&settings);
  g_assert_true (smb_video_run (engine, model, video, &settings, progress, &sink, NULL, &error));
  g_assert_no_error (error);
  tracks = smb_tracks_summarise (progress->frames, NULL, NULL);
  first = tracks->pdata[0];
  g_assert_cmpuint (first->score.n_scored, ==, 4);
  g_assert_cmpuint (g_array_index (first->samples, SmbTrackSample, 0).k, ==, 0);
  g_assert_cmpuint (g_array_index (first->samples, SmbTrackSample, 1).k, ==, 15); /* 1 * 47 / 3 of its 48 frames */
  g_assert_cmpuint (g_array_index (first->samples, SmbTrackSample, 3).k, ==, 59);
}

/* Numbered pictures in the order of their numbers, gaps or not. */
static void
test_pattern (void)
{
  g_autoptr (SmbEngine) engine = smb_engine_new ("cpu", 1);
  g_autoptr (GError) error = NULL;
  g_autofree char *pictures
      = video_clip_make (folder, "shot-%03d.png", FALSE, "-i %s -frames:v 12 -vsync passthrough", clip);
  g_autofree char *gone = g_build_filename (folder, "shot-005.png", NULL);
  g_autofree char *nothing = g_build_filename (folder, "none-%03d.png", NULL);
  g_autoptr (SmbEngineVideo) video = NULL;
  g_autoptr (SmbImage) image = NULL;

  g_assert_cmpint (g_unlink (gone), ==, 0);
  video = smb_examine_open_video_file (engine, pictures, 10, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (smb_engine_video_get_n_frames (video), ==, 11);
  g_assert_cmpint (smb_engine_video_get_slots (video)[10].time_us, ==, 1000000);
  g_assert_cmpuint (smb_engine_video_frame_at (video, 250000), ==, 2);
  image = smb_engine_video_get_frame (video, 10, 0, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (image->width, ==, 256);
  g_assert_null (smb_examine_open_video_file (engine, nothing, 10, NULL, NULL, NULL, &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_NOT_FOUND);
}

static SmbHashState
state_of (SmbCase *store, const SmbEvidence *evidence)
{
  g_autoptr (GError) error = NULL;
  SmbHashState state;

  g_assert_true (smb_examine_verify (store, evidence, &state, NULL, &error));
  g_assert_no_error (error);
  return state;
}

/* Numbered pictures as one exhibit: every file is hashed, and what belongs to it is what was there when it was taken
 * in. */
static void
test_exhibit_of_pictures (void)
{
  g_autoptr (SmbCase) store = new_case ("pictures.smbcase");
  g_autoptr (SmbEngine) engine = smb_engine_new ("cpu", 1);
  g_autoptr (GError) error = NULL;
  g_autofree char *pattern
      = video_clip_make (folder, "frame-%02d.png", FALSE, "-i %s -frames:v 4 -vsync passthrough", clip);
  g_autofree char *second = g_build_filename (folder, "frame-02.png", NULL),
                  *later = g_build_filename (folder, "frame-05.png", NULL);
  g_autofree char *derived = smb_examine_pattern_of (second), *manifest = NULL, *sum = NULL, *bytes = NULL,
                  *whole = NULL;
  g_autoptr (SmbEvidence) evidence = smb_examine_acquire_pictures (store, engine, pattern, 8, NULL, NULL, NULL, &error);
  g_autoptr (SmbEngineVideo) video = NULL;
  g_autoptr (GPtrArray) list = NULL, pictures = NULL;
  g_autoptr (SmbImage) image = NULL;
  gsize n_bytes;

  g_assert_no_error (error);
  g_assert_cmpstr (derived, ==, pattern);
  g_assert_null (smb_examine_acquire_pictures (store, engine, second, 8, NULL, NULL, NULL, &error)); /* no pattern */
  g_assert_error (error, SMB_ERROR, SMB_ERROR_NOT_FOUND);
  g_clear_error (&error);
  g_assert_cmpuint (evidence->n_pictures, ==, 4);
  g_assert_true (evidence->video);
  list = smb_case_list_evidence (store, &error);
  g_assert_cmpuint (((SmbEvidence *) list->pdata[0])->n_pictures, ==, 4);
  pictures = smb_case_list_pictures (store, evidence->id, &error);
  g_assert_cmpuint (pictures->len, ==, 4);
  g_assert_cmpstr (((SmbCasePicture *) pictures->pdata[3])->name, ==, "frame-04.png");
  whole = smb_sha256_of_file (second, NULL, NULL, &error);
  g_assert_cmpstr (((SmbCasePicture *) pictures->pdata[1])->sha256, ==, whole);
  manifest = smb_case_pictures_manifest (pictures);
  sum = smb_sha256_of_bytes (manifest, strlen (manifest));
  g_assert_cmpstr (evidence->sha256, ==, sum);

  /* One more beside them is none of the exhibit's. */
  g_assert_true (g_file_get_contents (second, &bytes, &n_bytes, &error));
  g_assert_true (g_file_set_contents (later, bytes, (gssize) n_bytes, &error));
  g_assert_cmpint (state_of (store, evidence), ==, SMB_HASH_VERIFIED);
  video = smb_examine_open_video (store, engine, evidence, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (smb_engine_video_get_n_frames (video), ==, 4);
  g_assert_cmpint (smb_engine_video_get_slots (video)[2].time_us, ==, 250000);
  image = smb_examine_open_picture (store, engine, evidence, 64, NULL, &error);
  g_assert_cmpint (image->width, ==, 64);
  g_assert_true (smb_case_check (store, &error));
  g_assert_no_error (error);

  /* An altered one is named; while the video is open it is not shown either. */
  bytes[n_bytes / 2] ^= 1;
  g_assert_true (g_file_set_contents (second, bytes, (gssize) n_bytes, &error));
  g_assert_null (smb_engine_video_get_frame (video, 1, 0, NULL, &error));
  g_assert_nonnull (strstr (error->message, "not the one that was taken in"));
  g_clear_error (&error);
  g_assert_cmpint (state_of (store, evidence), ==, SMB_HASH_ALTERED);
  g_clear_pointer (&video, smb_engine_video_unref);
  g_assert_null (smb_examine_open_video (store, engine, evidence, NULL, NULL, NULL, &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_INTEGRITY);
  g_assert_nonnull (strstr (error->message, "frame-02.png"));
  g_clear_error (&error);
  g_assert_cmpint (g_unlink (second), ==, 0);
  g_assert_cmpint (state_of (store, evidence), ==, SMB_HASH_MISSING);
  g_assert_true (smb_case_check (store, &error));
  g_assert_no_error (error);
}

static void
test_pattern_of (void)
{
  static const struct {
    const char *name, *pattern;
  } cases[] = { { "/a/frame-0001.png", "/a/frame-%04d.png" }, { "/a/7.jpg", "/a/%d.jpg" }, { "/a/0.jpg", "/a/%d.jpg" },
                { "/a/cam2_10.tif", "/a/cam2_%d.tif" }, { "/a/scan_0000000001.png", "/a/scan_%010d.png" },
                { "/a/shot.png", NULL }, { "/a/50%_1.png", NULL } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *pattern = smb_examine_pattern_of (cases[i].name);

    g_assert_cmpstr (pattern, ==, cases[i].pattern);
    g_assert_true (pattern == NULL || smb_examine_is_pattern (pattern));
  }
}

/* Regions over time: of the frames that are scored and no others, kept with the run; a model that cannot measure them
 * says so. */
static void
test_regions_over_time (void)
{
  g_autoptr (SmbCase) store = new_case ("regions.smbcase");
  g_autoptr (SmbEngine) engine = smb_engine_new ("cpu", 1);
  g_autoptr (SmbModelInfo) model = judge_model (JUDGE_DETECTOR, JUDGE_MIM), blind = judge_model (JUDGE_DETECTOR, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (SmbEvidence) evidence = smb_examine_acquire (store, engine, clip, NULL, &error);
  g_autoptr (SmbEngineVideo) video = smb_examine_open_video (store, engine, evidence, NULL, NULL, NULL, &error);
  g_autoptr (SmbVideoProgress) progress = NULL, none = NULL;
  g_autoptr (SmbVideoState) state = NULL;
  g_autoptr (GPtrArray) tracks = NULL;
  g_autoptr (GArray) series = NULL, kept = NULL;
  g_autofree char *before = NULL, *after = NULL;
  SmbVideoSettings settings = smb_video_settings_default ();
  const SmbTrackSummary *track;

  settings.n_uniform = 3;
  settings.last = 20;
  settings.face.region_draws = 2;
  g_assert_true (
      smb_examine_run_video (store, engine, model, evidence, video, &settings, NULL, &progress, NULL, &error));
  g_assert_no_error (error);
  tracks = smb_tracks_summarise (progress->frames, NULL, NULL);
  track = tracks->pdata[0];
  g_assert_nonnull (track->regions);
  series = smb_track_region_series (progress->frames, NULL, track->number, SMB_MEASURE_CORRESPONDENCE, SMB_REGION_NOSE);
  g_assert_cmpuint (series->len, ==, 3);
  for (guint i = 0; i < series->len; i++)
    g_assert_cmpuint (g_array_index (series, SmbTrackSample, i).k, ==,
                      g_array_index (track->samples, SmbTrackSample, i).k);
  g_assert_cmpfloat_with_epsilon (track->regions->spread[SMB_MEASURE_CORRESPONDENCE][SMB_REGION_NOSE].mean,
                                  (g_array_index (series, SmbTrackSample, 0).score
                                   + g_array_index (series, SmbTrackSample, 1).score
                                   + g_array_index (series, SmbTrackSample, 2).score)
                                      / 3,
                                  1e-12);
  g_assert_cmpfloat (progress->seconds, >, 0);
  before = tracks_text (progress);
  g_assert_true (smb_examine_load_video (store, evidence->id, &state, &error));
  after = tracks_text (state->progress);
  g_assert_cmpstr (after, ==, before);
  g_assert_cmpfloat (state->progress->seconds, >, 0);
  kept = smb_track_region_series (state->progress->frames, NULL, track->number, SMB_MEASURE_COHERENCY, SMB_REGION_EYES);
  g_assert_cmpuint (kept->len, ==, 3);
  g_assert_false (smb_examine_run_video (store, engine, blind, evidence, video, &settings, NULL, &none, NULL, &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_UNSUPPORTED);
}

/* A killed decoder loses no video: the next call opens it again. */
static void
test_reopen (void)
{
  g_autoptr (SmbEngine) engine = smb_engine_new ("cpu", 1);
  g_autoptr (GError) error = NULL;
  g_autoptr (SmbEngineVideo) video = smb_examine_open_video_file (engine, clip, 25, NULL, NULL, NULL, &error);
  g_autoptr (SmbImage) before = smb_engine_video_get_frame (video, 40, 0, NULL, &error), after = NULL;

  g_assert_no_error (error);
  kill (smb_engine_get_worker_pid (engine, SMB_ENGINE_DECODE), SIGKILL);
  while (smb_engine_get_worker_pid (engine, SMB_ENGINE_DECODE) != 0)
    g_usleep (1000);
  after = smb_engine_video_get_frame (video, 40, 0, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (g_bytes_equal (before->bytes, after->bytes));
}

int
main (int argc, char **argv)
{
  int failed;

  g_test_init (&argc, &argv, NULL);
  folder = g_dir_make_tmp ("smb-examine-video-XXXXXX", NULL);
  make_clip ();
  g_test_add_func ("/examine/video/run", test_run);
  g_test_add_func ("/examine/video/drawn", test_drawn);
  g_test_add_func ("/examine/video/uniform", test_uniform);
  g_test_add_func ("/examine/video/pattern", test_pattern);
  g_test_add_func ("/examine/video/exhibit-of-pictures", test_exhibit_of_pictures);
  g_test_add_func ("/examine/video/pattern-of", test_pattern_of);
  g_test_add_func ("/examine/video/regions-over-time", test_regions_over_time);
  g_test_add_func ("/examine/video/reopen", test_reopen);
  failed = g_test_run ();
  video_clip_remove_folder (folder);
  g_free (folder);
  g_free (clip);
  return failed;
}
