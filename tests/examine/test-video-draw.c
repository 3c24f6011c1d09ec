/* SPDX-License-Identifier: Apache-2.0 */
/* A face that the detector missed, drawn on one frame: followed to the frames around it, scored, kept, logged. */
#include "analysis/smb-json.h"
#include "base/smb-error.h"
#include "case/smb-case-video.h"
#include "examine/smb-examine-video.h"
#include "examine/smb-video-draw.h"
#include "judge-fixture.h"
#include "video-clip.h"

#include <math.h>
#include <string.h>

#define N_FIRST 30
#define N 42
#define DRAWN 13
#define SAME_IOU 0.5

static char *folder;
static char *clip;

/* A face that wanders through 30 frames, then a cut, and 12 frames of somebody else. */
static void
make_clip (void)
{
  clip = video_clip_make (folder, "wander.mp4", FALSE,
                          "-loop 1 -t 3 -r 10 -i %s/18f-brethauer.jpg -loop 1 -t 1.2 -r 10 -i %s/18f-melody.jpg "
                          "-filter_complex "
                          "[0:v]fps=10,scale=400:400,crop=256:256:'30+3*n':'60+n',setsar=1[a];"
                          "[1:v]fps=10,scale=256:256,setsar=1[b];[a][b]concat=n=2:v=1,format=yuv420p[v] "
                          "-map [v] -c:v libx264 -crf 16 -bf 2",
                          SMB_SAMPLES, SMB_SAMPLES);
}

typedef struct {
  SmbCase *store;
  SmbEngine *engine;
  SmbModelInfo *model;
  SmbEvidence *evidence;
  SmbEngineVideo *video;
} Place;

static void
place_clear (Place *place)
{
  smb_engine_video_unref (place->video);
  smb_evidence_free (place->evidence);
  smb_model_info_free (place->model);
  smb_engine_unref (place->engine);
  smb_case_close (place->store);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Place, place_clear)

static Place
place_of (const char *name, guint n_frames)
{
  SmbCaseInfo info
      = { .number = (char *) "V-2", .title = (char *) "Video", .laboratory = (char *) "Lab", .examiner = (char *) "E" };
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autoptr (GError) error = NULL;
  Place place = { smb_case_create (path, &info, &error), smb_engine_new ("cpu", 1), judge_model (JUDGE_DETECTOR, NULL),
                  NULL, NULL };

  g_assert_no_error (error);
  place.evidence = smb_examine_acquire (place.store, place.engine, clip, NULL, &error);
  g_assert_no_error (error);
  place.video = smb_examine_open_video (place.store, place.engine, place.evidence, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (smb_engine_video_get_n_frames (place.video), ==, n_frames);
  return place;
}

static Place
place_new (const char *name)
{
  return place_of (name, N);
}

static SmbVideoState *
analyse (Place *place, const SmbVideoSettings *settings)
{
  g_autoptr (SmbVideoProgress) progress = NULL;
  g_autoptr (GError) error = NULL;
  SmbVideoState *state = NULL;

  g_assert_true (smb_examine_run_video (place->store, place->engine, place->model, place->evidence, place->video,
                                        settings, NULL, &progress, NULL, &error));
  g_assert_no_error (error);
  g_assert_true (smb_examine_load_video (place->store, place->evidence->id, &state, &error));
  g_assert_no_error (error);
  return state;
}

/* Settings with which the detector sees nothing: it looks at next to no pixels. */
static SmbVideoSettings
blind (void)
{
  SmbVideoSettings settings = smb_video_settings_default ();

  settings.face.detect_max_side_px = 40;
  settings.face.detect_upsample = 0;
  settings.n_uniform = 5;
  return settings;
}

/* Where the detector sees the face when it looks at every frame. */
static GPtrArray *
look_properly (Place *place)
{
  SmbVideoSettings settings = smb_video_settings_default ();
  g_autoptr (SmbVideoProgress) progress = NULL;
  const SmbVideoSink sink = { 0 };
  g_autoptr (GError) error = NULL;

  settings.stride = 1;
  progress = smb_video_progress_new (&settings);
  g_assert_true (smb_video_follow (place->engine, place->video, &settings, progress, &sink, NULL, &error));
  g_assert_no_error (error);
  return g_ptr_array_ref (progress->frames);
}

static const SmbTrackPoint *
point_in (GPtrArray *frames, guint k, guint track)
{
  const SmbFrameFaces *frame = frames->pdata[k];

  g_assert_cmpuint (frame->k, ==, k);
  for (guint p = 0; p < frame->points->len; p++)
    if (((SmbTrackPoint *) frame->points->pdata[p])->track == track)
      return frame->points->pdata[p];
  return NULL;
}

static guint
count_logged (SmbCase *store, const char *action, char **details)
{
  g_autoptr (GPtrArray) log = smb_case_list_log (store, NULL);
  guint n = 0;

  for (guint i = 0; i < log->len; i++) {
    const SmbAuditEntry *entry = log->pdata[i];

    if (!g_str_equal (entry->action, action))
      continue;
    n++;
    if (details != NULL) {
      g_free (*details);
      *details = g_strdup (entry->details);
    }
  }
  return n;
}

static void
test_followed (void)
{
  g_auto (Place) place = place_new ("followed.smbcase");
  const SmbVideoSettings settings = blind ();
  g_autoptr (SmbVideoState) state = analyse (&place, &settings), again = NULL;
  g_autoptr (GPtrArray) proper = look_properly (&place), tracks = NULL;
  g_autoptr (GCancellable) cancelled = g_cancellable_new ();
  g_autofree char *details = NULL;
  g_autoptr (GError) error = NULL;
  const SmbTrackPoint *seen = point_in (proper, DRAWN, 1), *drawn;
  const SmbTrackSummary *track;
  guint n_scored = 0;

  g_assert_nonnull (seen);
  tracks = smb_video_state_summarise (state);
  g_assert_cmpuint (tracks->len, ==, 0);
  /* Stopped: nothing of it stays. */
  g_cancellable_cancel (cancelled);
  g_assert_false (smb_examine_draw_track (place.store, place.engine, place.model, place.evidence, place.video, state,
                                          DRAWN, seen->face.box, NULL, NULL, cancelled, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  g_assert_false (smb_examine_draw_track (place.store, place.engine, place.model, place.evidence, place.video, state, N,
                                          seen->face.box, NULL, NULL, NULL, &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT);
  g_clear_error (&error);
  g_assert_cmpuint (count_logged (place.store, "track.draw", NULL), ==, 0);

  g_assert_true (smb_examine_draw_track (place.store, place.engine, place.model, place.evidence, place.video, state,
                                         DRAWN, seen->face.box, NULL, NULL, NULL, &error));
  g_assert_no_error (error);
  g_assert_true (smb_examine_load_video (place.store, place.evidence->id, &again, &error));
  g_clear_pointer (&tracks, g_ptr_array_unref);
  tracks = smb_video_state_summarise (again);
  g_assert_cmpuint (tracks->len, ==, 1);
  track = tracks->pdata[0];
  /* Backwards to the beginning, forwards to the cut, and nowhere else. */
  g_assert_cmpuint (track->first, ==, 0);
  g_assert_cmpuint (track->last, ==, N_FIRST - 1);
  g_assert_cmpuint (track->n_points, ==, N_FIRST);
  g_assert_true (track->drawn);
  for (guint k = 0; k < N_FIRST; k++) {
    const SmbTrackPoint *mine = point_in (again->progress->frames, k, track->number);

    g_assert_nonnull (mine);
    g_assert_cmpfloat (smb_box_iou (mine->face.box, point_in (proper, k, 1)->face.box), >, SAME_IOU);
    g_assert_cmpint (mine->followed, ==, k != DRAWN);
    g_assert_cmpint (mine->face.origin, ==, SMB_FACE_DRAWN);
    n_scored += !isnan (mine->score);
  }
  drawn = point_in (again->progress->frames, DRAWN, track->number);
  g_assert_false (isnan (drawn->score));
  g_assert_cmpuint (n_scored, ==, 6); /* five evenly spread, and its own frame */
  g_assert_cmpuint (track->score.n_scored, ==, 6);

  g_assert_cmpuint (count_logged (place.store, "track.draw", &details), ==, 1);
  g_assert_nonnull (strstr (details, "\"first_frame\":0"));
  g_assert_nonnull (strstr (details, "\"last_frame\":29"));
  g_assert_nonnull (strstr (details, "\"frame\":13"));
  g_assert_true (smb_case_check (place.store, &error));
  g_assert_no_error (error);
}

/* Where the detector knows the face, that track has it; outside the range that was looked at a face stands alone. */
static void
test_limits (void)
{
  g_auto (Place) place = place_new ("limits.smbcase");
  SmbVideoSettings settings = smb_video_settings_default ();
  g_autoptr (SmbVideoState) state = NULL, again = NULL;
  g_autoptr (GPtrArray) tracks = NULL;
  g_autoptr (GArray) drawn = NULL;
  g_autoptr (GError) error = NULL;
  const SmbTrackPoint *known;

  settings.last = N_FIRST - 5;
  settings.sample = SMB_VIDEO_SAMPLE_EVERY;
  state = analyse (&place, &settings);
  known = point_in (state->progress->frames, 10, 1);
  g_assert_nonnull (known);
  g_assert_true (smb_examine_draw_track (place.store, place.engine, place.model, place.evidence, place.video, state, 10,
                                         known->face.box, NULL, NULL, NULL, &error));
  g_assert_true (smb_examine_draw_track (place.store, place.engine, place.model, place.evidence, place.video, state,
                                         N_FIRST + 4, (SmbBox){ 60, 40, 120, 120 }, NULL, NULL, NULL, &error));
  g_assert_no_error (error);
  g_assert_true (smb_examine_load_video (place.store, place.evidence->id, &again, &error));
  tracks = smb_video_state_summarise (again);
  g_assert_cmpuint (tracks->len, ==, 3);
  for (guint i = 1; i < 3; i++) {
    g_assert_cmpuint (((SmbTrackSummary *) tracks->pdata[i])->n_points, ==, 1);
    g_assert_cmpuint (((SmbTrackSummary *) tracks->pdata[i])->score.n_scored, ==, 1);
  }
  /* What was there before is as it was. */
  g_assert_cmpuint (((SmbTrackSummary *) tracks->pdata[0])->n_points, ==, N_FIRST - 4);
  g_assert_cmpuint (((SmbTrackSummary *) tracks->pdata[0])->score.n_scored, ==, N_FIRST - 4);
  drawn = smb_video_list_drawn (again->progress);
  g_assert_cmpuint (drawn->len, ==, 2);
  g_assert_cmpuint (g_array_index (drawn, SmbDrawnFace, 0).k, ==, 10);
  g_assert_cmpuint (g_array_index (drawn, SmbDrawnFace, 1).track, ==, 3);
}

/* Through so many frames that they would not go into one record of the case: stored in several, each small. */
static void
test_long (void)
{
  enum { N_LONG = 1500 };
  g_autofree char *still = video_clip_make (folder, "still.mp4", FALSE, "-loop 1 -t 150 -r 10 -i %s/18f-brethauer.jpg -vf "
                                            "scale=96:96,setsar=1,format=yuv420p -c:v libx264 -preset ultrafast", SMB_SAMPLES);
  g_autofree char *before = g_steal_pointer (&clip);
  g_autoptr (GPtrArray) chunks = NULL, tracks = NULL;
  g_autoptr (SmbVideoState) state = NULL, again = NULL;
  g_autoptr (GError) error = NULL;
  SmbVideoSettings settings = blind ();
  Place place;
  guint n_parts = 0;

  clip = g_strdup (still);
  place = place_of ("long.smbcase", N_LONG);
  settings.stride = 1000;
  state = analyse (&place, &settings);
  g_assert_true (smb_examine_draw_track (place.store, place.engine, place.model, place.evidence, place.video, state, 700,
                                         (SmbBox){ 20, 15, 50, 50 }, NULL, NULL, NULL, &error));
  g_assert_no_error (error);
  chunks = smb_case_list_video_chunks (place.store, state->run_id, &error);
  for (guint i = 0; i < chunks->len; i++) {
    const SmbCaseVideoChunk *chunk = chunks->pdata[i];

    n_parts += chunk->pass == SMB_VIDEO_SCORING;
    g_assert_cmpuint (strlen (chunk->data), <, 1 << 20);
  }
  g_assert_cmpuint (n_parts, >, 1);
  g_assert_true (smb_examine_load_video (place.store, place.evidence->id, &again, &error));
  tracks = smb_video_state_summarise (again);
  g_assert_cmpuint (tracks->len, ==, 1);
  g_assert_cmpuint (((SmbTrackSummary *) tracks->pdata[0])->n_points, ==, N_LONG);
  place_clear (&place);
  g_free (clip);
  clip = g_steal_pointer (&before);
}

int
main (int argc, char **argv)
{
  int failed;

  g_test_init (&argc, &argv, NULL);
  folder = g_dir_make_tmp ("smb-video-draw-XXXXXX", NULL);
  make_clip ();
  g_test_add_func ("/examine/video-draw/followed", test_followed);
  g_test_add_func ("/examine/video-draw/limits", test_limits);
  g_test_add_func ("/examine/video-draw/long", test_long);
  failed = g_test_run ();
  video_clip_remove_folder (folder);
  g_free (folder);
  g_free (clip);
  return failed;
}
