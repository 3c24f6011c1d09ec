/* SPDX-License-Identifier: Apache-2.0 */
/* Decoder, detector and network work at the same time: what comes of it is what comes of one after the other. */
#include "analysis/smb-json.h"
#include "examine/smb-examine-video.h"
#include "judge-fixture.h"
#include "video-clip.h"

#include <math.h>

static char *folder;
static char *clip;

/* 40 frames of one, 15 of another: four portions, the last one short. */
static void
make_clip (void)
{
  const char *scale = "scale=256:256,setsar=1,format=yuv420p,fps=10";

  clip = video_clip_make (folder, "two.mp4", FALSE,
                          "-loop 1 -t 4 -i %s/18f-brethauer.jpg -loop 1 -t 1.5 -i %s/18f-melody.jpg "
                          "-filter_complex [0:v]%s[a];[1:v]%s[b];[a][b]concat=n=2:v=1[v] -map [v] -c:v libx264 -bf 2",
                          SMB_SAMPLES, SMB_SAMPLES, scale, scale);
}

static char *
frames_text (GPtrArray *frames)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < frames->len; i++) {
    g_autoptr (JsonNode) node = smb_frame_faces_to_json (frames->pdata[i]);
    g_autofree char *line = smb_json_to_canonical (node);

    g_string_append (g_string_append (text, line), "\n");
  }
  return g_string_free (text, FALSE);
}

typedef struct {
  SmbEngine *engine;
  SmbModelInfo *model;
  SmbEngineVideo *video;
} Bench;

/* The pictures of frames. */
static GPtrArray *
decode (const Bench *bench, const guint *frames, guint n)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) decoded
      = smb_engine_video_get_frames (bench->video, frames, n, 0, SMB_VIDEO_WANT_PIXELS, NULL, &error);
  GPtrArray *images = g_ptr_array_new_with_free_func ((GDestroyNotify) smb_image_unref);

  g_assert_no_error (error);
  for (guint i = 0; i < n; i++)
    g_ptr_array_add (images, smb_image_ref (((SmbVideoFrame *) decoded->pdata[i])->image));
  return images;
}

/* Every frame, one portion after the other and one stage after the other. */
static GPtrArray *
follow_by_hand (const Bench *bench, const SmbVideoSettings *settings, gboolean score)
{
  const guint n_frames = smb_engine_video_get_n_frames (bench->video), portion = smb_video_portion (bench->video);
  const SmbFollowSettings follow = { settings->face, settings->stride, settings->first };
  GPtrArray *all = g_ptr_array_new_with_free_func ((GDestroyNotify) smb_frame_faces_free);
  g_autoptr (SmbTracker) tracker = smb_tracker_new ();
  g_autoptr (SmbImage) lead = NULL;
  g_autoptr (GError) error = NULL;

  for (guint done = 0; done < n_frames; done += portion) {
    guint wanted[SMB_VIDEO_MAX_FRAMES_A_CALL], n = MIN (portion, n_frames - done);
    g_autoptr (GPtrArray) images = NULL, found = NULL, scored = NULL;
    g_autoptr (GPtrArray) blank = g_ptr_array_new_with_free_func ((GDestroyNotify) smb_frame_faces_free);
    double seconds;

    for (guint i = 0; i < n; i++) {
      wanted[i] = done + i;
      g_ptr_array_add (blank,
                       smb_frame_faces_new (done + i, smb_engine_video_get_slots (bench->video)[done + i].time_us));
    }
    images = decode (bench, wanted, n);
    found = smb_engine_follow (bench->engine, (SmbImage *const *) images->pdata, n, lead, blank, &tracker, &follow,
                               &seconds, NULL, &error);
    g_assert_no_error (error);
    scored = score ? smb_engine_score_frames (bench->engine, bench->model, (SmbImage *const *) images->pdata, n, found,
                                              &settings->face, NULL, &error)
                   : g_ptr_array_ref (found);
    g_assert_no_error (error);
    for (guint i = 0; i < n; i++)
      g_ptr_array_add (all, smb_frame_faces_copy (scored->pdata[i]));
    g_clear_pointer (&lead, smb_image_unref);
    lead = smb_image_ref (images->pdata[n - 1]);
  }
  return all;
}

/* Somebody who takes results at an uneven pace, so that the stages before run ahead, or not. */
static gboolean
take_time (SmbVideoPass pass, GPtrArray *frames, const SmbVideoProgress *progress, gpointer user_data, GError **error)
{
  guint *portions = user_data;

  if (++*portions % 2 == 1)
    g_usleep (150000);
  return TRUE;
}

static GPtrArray *
run (const Bench *bench, const SmbVideoSettings *settings, gboolean slowly, SmbVideoProfile *profile)
{
  g_autoptr (SmbVideoProgress) progress = smb_video_progress_new (settings);
  guint portions = 0;
  const SmbVideoSink sink = { .portion = slowly ? take_time : NULL, .user_data = &portions, .profile = profile };
  g_autoptr (GError) error = NULL;

  g_assert_true (smb_video_run (bench->engine, bench->model, bench->video, settings, progress, &sink, NULL, &error));
  g_assert_no_error (error);
  return g_ptr_array_ref (progress->frames);
}

static void
bench_clear (Bench *bench)
{
  smb_engine_video_unref (bench->video);
  smb_model_info_free (bench->model);
  smb_engine_unref (bench->engine);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Bench, bench_clear)

static Bench
bench_new (void)
{
  Bench bench = { smb_engine_new ("cpu", 1), judge_model (JUDGE_DETECTOR, NULL), NULL };
  g_autoptr (GError) error = NULL;

  bench.video = smb_examine_open_video_file (bench.engine, clip, 25, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (smb_engine_video_get_n_frames (bench.video), ==, 55);
  return bench;
}

static void
test_every (void)
{
  g_auto (Bench) bench = bench_new ();
  SmbVideoSettings settings = smb_video_settings_default ();
  g_autoptr (GPtrArray) by_hand = NULL, at_once = NULL, slowly = NULL;
  g_autofree char *expected = NULL, *got = NULL, *later = NULL;

  settings.sample = SMB_VIDEO_SAMPLE_EVERY;
  by_hand = follow_by_hand (&bench, &settings, TRUE);
  at_once = run (&bench, &settings, FALSE, NULL);
  slowly = run (&bench, &settings, TRUE, NULL);
  expected = frames_text (by_hand);
  got = frames_text (at_once);
  later = frames_text (slowly);
  g_assert_cmpstr (got, ==, expected);
  g_assert_cmpstr (later, ==, expected);
  /* Two processes, or they could not be at work together. */
  g_assert_cmpint (smb_engine_get_worker_pid (bench.engine, SMB_ENGINE_FACES), !=,
                   smb_engine_get_worker_pid (bench.engine, SMB_ENGINE_COMPUTE));
}

/* The frames chosen as published, each searched again by hand: also those in which the run need not search twice. */
static void
test_uniform (void)
{
  g_auto (Bench) bench = bench_new ();
  SmbVideoSettings settings = smb_video_settings_default ();
  g_autoptr (GPtrArray) followed = NULL, at_once = NULL, slowly = NULL;
  g_autofree char *got = NULL, *later = NULL;
  guint n_scored = 0, n_searched_before = 0;

  settings.n_uniform = 7;
  followed = follow_by_hand (&bench, &settings, FALSE);
  at_once = run (&bench, &settings, FALSE, NULL);
  slowly = run (&bench, &settings, TRUE, NULL);
  got = frames_text (at_once);
  later = frames_text (slowly);
  g_assert_cmpstr (later, ==, got);
  g_assert_cmpuint (followed->len, ==, at_once->len);
  for (guint i = 0; i < at_once->len; i++) {
    const SmbFrameFaces *frame = at_once->pdata[i];
    g_autoptr (GPtrArray) images = NULL, searched = NULL, scored = NULL;
    g_autoptr (GPtrArray) asked = g_ptr_array_new_with_free_func ((GDestroyNotify) smb_frame_faces_free);
    g_autoptr (GError) error = NULL;

    if (frame->points->len == 0 || isnan (((SmbTrackPoint *) frame->points->pdata[0])->score))
      continue;
    n_scored++;
    n_searched_before += ((SmbFrameFaces *) followed->pdata[i])->searched;
    g_ptr_array_add (asked, smb_frame_faces_copy (followed->pdata[i]));
    images = decode (&bench, &frame->k, 1);
    searched = smb_engine_search_frames (bench.engine, (SmbImage *const *) images->pdata, 1, asked, &settings.face,
                                         NULL, &error);
    g_assert_no_error (error);
    scored = smb_engine_score_frames (bench.engine, bench.model, (SmbImage *const *) images->pdata, 1, searched,
                                      &settings.face, NULL, &error);
    g_assert_no_error (error);
    for (guint p = 0; p < frame->points->len; p++) {
      const SmbTrackPoint *mine = frame->points->pdata[p],
                          *hand = ((SmbFrameFaces *) scored->pdata[0])->points->pdata[p];

      g_assert_cmpint (mine->face.box.x, ==, hand->face.box.x);
      g_assert_cmpint (mine->face.box.width, ==, hand->face.box.width);
      g_assert_cmpint (mine->followed, ==, hand->followed);
      g_assert_cmpfloat_with_epsilon (mine->score, hand->score, 1e-6); /* the size of a pass may round otherwise */
    }
  }
  g_assert_cmpuint (n_scored, ==, 14);
  g_assert_cmpuint (n_searched_before, >, 0);
  g_assert_cmpuint (n_searched_before, <, n_scored);
}

/* Every stage is there, and what was done at once is part of what was done. */
static void
test_profile (void)
{
  g_auto (Bench) bench = bench_new ();
  g_autoptr (SmbVideoProfile) profile = smb_video_profile_new (), idle = smb_video_profile_new ();
  SmbVideoSettings settings = smb_video_settings_default ();
  g_autoptr (GPtrArray) frames = run (&bench, &settings, FALSE, profile);
  double seconds[SMB_VIDEO_N_STAGES], busy, at_once, sum = 0.0;

  smb_video_profile_read (profile, seconds, &busy, &at_once);
  for (int i = 0; i < SMB_VIDEO_N_STAGES; i++) {
    g_assert_cmpfloat (seconds[i], >, 0.0);
    g_assert_cmpint (*smb_video_stage_name ((SmbVideoStage) i), !=, '\0');
    sum += seconds[i];
  }
  g_assert_cmpfloat (at_once, >=, 0.0);
  g_assert_cmpfloat (at_once, <=, busy);
  g_assert_cmpfloat (busy + at_once, <=, sum + 1e-3);
  smb_video_profile_read (idle, seconds, &busy, &at_once);
  g_assert_cmpfloat (busy, ==, 0.0);
  /* Nobody has to ask for it. */
  smb_video_profile_end (NULL, SMB_VIDEO_STAGE_DECODE, smb_video_profile_begin (NULL));
}

/* Cancelled from outside while all stages are at work: what is done stays good. */
static void
test_cancel (void)
{
  g_auto (Bench) bench = bench_new ();
  SmbVideoSettings settings = smb_video_settings_default ();
  g_autoptr (SmbVideoProgress) progress = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GPtrArray) whole = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *expected = NULL, *got = NULL;
  const SmbVideoSink sink = { 0 };

  settings.sample = SMB_VIDEO_SAMPLE_EVERY;
  progress = smb_video_progress_new (&settings);
  g_cancellable_cancel (cancellable);
  g_assert_false (smb_video_run (bench.engine, bench.model, bench.video, &settings, progress, &sink, cancellable,
                                 &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  g_assert_true (smb_video_run (bench.engine, bench.model, bench.video, &settings, progress, &sink, NULL, &error));
  g_assert_no_error (error);
  whole = run (&bench, &settings, FALSE, NULL);
  expected = frames_text (whole);
  got = frames_text (progress->frames);
  g_assert_cmpstr (got, ==, expected);
}

int
main (int argc, char **argv)
{
  int failed;

  g_test_init (&argc, &argv, NULL);
  folder = g_dir_make_tmp ("smb-video-run-XXXXXX", NULL);
  make_clip ();
  g_test_add_func ("/examine/video-run/every", test_every);
  g_test_add_func ("/examine/video-run/uniform", test_uniform);
  g_test_add_func ("/examine/video-run/profile", test_profile);
  g_test_add_func ("/examine/video-run/cancel", test_cancel);
  failed = g_test_run ();
  video_clip_remove_folder (folder);
  g_free (folder);
  g_free (clip);
  return failed;
}
