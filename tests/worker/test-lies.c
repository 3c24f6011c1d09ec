/* SPDX-License-Identifier: Apache-2.0 */
/* Workers that have been taken over and speak the protocol well: every kind of answer, wrong in every way that matters.
 * Each is an error in words; no lie reaches the caller, no descriptor stays open, and the next call gets an honest
 * worker where a decoder lied. */
#include "base/smb-error.h"
#include "judge-fixture.h"
#include "open-files.h"
#include "weights/smb-weights-file.h"
#include "worker/smb-engine-frames.h"
#include "worker/smb-engine-video.h"
#include "worker/smb-engine.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

typedef enum { METADATA, PICTURE_MAP, OPEN, FRAME, HASH, AGAIN, ANALYZE, MAPS, REGIONS, REGION_MAP, FOLLOW, SEARCH, WEIGHTS } Ask;

typedef struct {
  Ask ask;
  const char *says, *words; /* words NULL: an honest answer, so that the others are known to fail by their lies */
} Lie;

#define FACTS "{\"facts\": {\"container\": {\"format\": \"mov,mp4\"}, \"video\": {\"codec\": \"h264\"}}, \"width\": 4, \"height\": 3}"
#define INDEX FACTS " | u8 16 2 1\n"

static const Lie lies[] = {
  { METADATA, "{\"metadata\": {\"format\": \"JPEG\", \"tags\": [], \"c2pa\": {\"manifest\": \"absent\", \"bytes\": 0}, \"notes\": []}}", NULL },
  { METADATA, "{}", "metadata" },
  { METADATA, "{\"metadata\": []}", "metadata" },
  { METADATA, "{\"metadata\": {\"format\": \"JPEG\", \"tags\": [1], \"c2pa\": {\"manifest\": \"absent\", \"bytes\": 0}, \"notes\": []}}", "tags" },
  { METADATA, "{\"metadata\": {\"format\": \"JPEG\", \"tags\": [], \"thumbnail\": {\"agrees\": true}, \"c2pa\": {\"manifest\": \"absent\", \"bytes\": 0}, \"notes\": []}}", "thumbnail" },
  { METADATA, "{} | f32 4 4 1", "not a picture" },
  { METADATA, "{} | text", "not sealed" },
  { PICTURE_MAP, "{\"width\": 4, \"height\": 4} | f32 4 4 1", NULL },
  { PICTURE_MAP, "{\"width\": 4, \"height\": 4} | u8 4 4 1", "another map" },
  { PICTURE_MAP, "{\"width\": 4, \"height\": 4} | f32 4 4 3", "another map" },
  { PICTURE_MAP, "{\"width\": 96, \"height\": 64}", "descriptor is missing" },
  { OPEN, FACTS " | u8 16 2 1", NULL },
  { OPEN, FACTS " | u8 16 2 3", "not an index" },
  { OPEN, FACTS " | f32 16 2 1", "not an index" },
  { OPEN, FACTS " | u8 15 2 1", "not an index" },
  { OPEN, FACTS, "descriptor is missing" },
  { OPEN, "{\"facts\": {}, \"width\": 0, \"height\": 3} | u8 16 2 1", "not an index" },
  { OPEN, "{\"facts\": {}, \"width\": 4, \"height\": 100000} | u8 16 2 1", "not an index" },
  { OPEN, "{\"facts\": [], \"width\": 4, \"height\": 3} | u8 16 2 1", "not an index" },
  { OPEN, "{\"width\": 4, \"height\": 3} | u8 16 2 1", "not an index" },
  /* What is only shown may be nonsense, but must not be believed to be text. */
  { OPEN, "{\"facts\": {\"container\": 1, \"video\": [null]}, \"warnings\": [{}, null, 5, \"a\"], \"width\": 4, \"height\": 3} | u8 16 2 1", NULL },
  { OPEN, "{\"facts\": {\"container\": {\"format\": {}}, \"video\": {\"codec\": 7}}, \"warnings\": 3, \"width\": 4, \"height\": 3} | u8 16 2 1", NULL },
  { FRAME, INDEX "{\"frames\": [{\"k\": 1, \"type\": \"P\"}]} | u8 4 3 3", NULL },
  { FRAME, INDEX "{\"frames\": [{\"k\": 1, \"type\": 9, \"key\": \"x\", \"sha256\": []}]} | u8 4 3 3", NULL },
  { FRAME, INDEX "{\"frames\": [{\"k\": 1, \"problem\": \"torn\"}]}", "torn" },
  { FRAME, INDEX "{\"frames\": [{\"k\": 0}]} | u8 4 3 3", "another frame" },
  { FRAME, INDEX "{\"frames\": []} | u8 4 3 3", "another frame" },
  { FRAME, INDEX "{\"frames\": {\"k\": 1}} | u8 4 3 3", "another frame" },
  { FRAME, INDEX "{\"frames\": [1]} | u8 4 3 3", "another frame" },
  { FRAME, INDEX "{\"frames\": [{\"k\": \"1\"}]} | u8 4 3 3", "another frame" },
  { FRAME, INDEX "{\"frames\": [{\"k\": 1}]}", "descriptor is missing" },
  { FRAME, INDEX "{\"frames\": [{\"k\": 1}]} | f32 4 3 3", "not a picture" },
  { FRAME, INDEX "{\"frames\": [{\"k\": 1}]} | u8 40 30 3", "larger picture" },
  { HASH, INDEX "{\"frames\": [{\"k\": 1, \"sha256\": \"00\"}]}", NULL },
  /* The worker closed it, and what it opens now is another file. */
  { AGAIN, INDEX "not open\n" FACTS " | u8 16 2 1\n{\"frames\": [{\"k\": 1}]} | u8 4 3 3", NULL },
  { AGAIN, INDEX "not open\n" FACTS " | u8 16 3 1", "changed while it was open" },
  { ANALYZE, "{}", "sent no analysis" },
  { ANALYZE, "{\"analysis\": 1}", "nalysis" },
  { ANALYZE, "{\"analysis\": {}}", "nalysis" },
  { MAPS, "{\"maps\": [{\"spec\": \"rollout\", \"area\": [0, 0, 9, 9], \"note\": \"a\"}]} | f32 4 4 1", NULL },
  { MAPS, "{\"maps\": [{\"spec\": \"ssim\", \"area\": [0, 0, 9, 9]}]} | f32 4 4 1", "another map" },
  { MAPS, "{\"maps\": [{\"spec\": \"rollout\", \"area\": [0, 0, 9, 9]}]} | u8 4 4 3", "another map" },
  { MAPS, "{\"maps\": [{\"spec\": \"rollout\", \"area\": [0, 0, 9, 9]}]} | f32 4 4 2", "another map" },
  { MAPS, "{\"maps\": [{\"spec\": \"rollout\", \"area\": [0, 0, -9, 9]}]} | f32 4 4 1", "another map" },
  { MAPS, "{\"maps\": [{\"spec\": \"rollout\", \"area\": [0, 0, 9]}]} | f32 4 4 1", "another map" },
  { MAPS, "{\"maps\": [{\"spec\": \"rollout\", \"area\": [{}, [], null, \"x\"]}]} | f32 4 4 1", "another map" },
  { MAPS, "{\"maps\": [{\"spec\": {}, \"area\": 1}]} | f32 4 4 1", "another map" },
  { MAPS, "{\"maps\": [{\"spec\": \"rollout\", \"area\": [0, 0, 9, 9], \"faithfulness\": {}}]} | f32 4 4 1", "faithfulness" },
  { MAPS, "{\"maps\": [{\"spec\": \"rollout\", \"area\": [0, 0, 9, 9]}]} | text", "not sealed" },
  { MAPS, "{\"maps\": []} | f32 4 4 1", "another map" },
  { MAPS, "{}", "another map" },
  { MAPS, "{\"maps\": [{\"spec\": \"rollout\", \"area\": [0, 0, 9, 9]}, {\"spec\": \"rollout\", \"area\": [0, 0, 9, 9]}]}"
          " | f32 4 4 1 | f32 4 4 1", "another map" },
  { REGIONS, "{}", "table" },
  { REGIONS, "{\"table\": {\"settings\": {\"draws\": 0}, \"rise\": {}, \"origin\": \"hand\"}}", "draws" },
  { REGION_MAP, "{\"origin\": 0} | u8 8 8 1", NULL },
  { REGION_MAP, "{\"origin\": 9} | u8 8 8 1", "another form" },
  { REGION_MAP, "{} | u8 8 8 1", "another form" },
  { REGION_MAP, "{\"origin\": 0} | u8 8 4 1", "another form" },
  { REGION_MAP, "{\"origin\": 0} | f32 8 8 1", "another form" },
  { REGION_MAP, "{\"origin\": 0}", "descriptor is missing" },
  { FOLLOW, "{\"frames\": []}", "other frames" },
  { FOLLOW, "{\"frames\": [{\"frame\": 6, \"time_us\": 0, \"cut\": false, \"searched\": false, \"faces\": []}]}", "other frames" },
  { FOLLOW, "{\"frames\": [{\"frame\": 5, \"time_us\": 0, \"cut\": false, \"searched\": false, \"faces\": [1]}]}", "faces" },
  { FOLLOW, "{\"frames\": [{\"frame\": 5, \"time_us\": 0, \"cut\": false, \"searched\": false, \"faces\": []}]}", "tracker" },
  { FOLLOW, "{\"tracker\": {\"next\": 1, \"has_scene\": false, \"usual_change\": 0, \"scene\": \"AAAA\", \"tracks\": []},"
            " \"frames\": [{\"frame\": 5, \"time_us\": 0, \"cut\": false, \"searched\": false, \"faces\": []}]}", "scene" },
  { SEARCH, "{\"frames\": [{\"frame\": 5, \"time_us\": 0, \"cut\": false, \"searched\": false, \"faces\": []}]}", NULL },
  { SEARCH, "{\"frames\": 3}", "other frames" },
  { WEIGHTS, "{} | text", "no sealed memory" },
  { WEIGHTS, "{}", "no sealed memory" },
  { WEIGHTS, "{} | u8 4 4 1", "" }, /* sealed, but no weights: whatever its reader says */
};

static int
open_picture (char **path)
{
  int fd;

  *path = g_build_filename (SMB_FIXTURES, "media", "baseline.jpg", NULL);
  fd = open (*path, O_RDONLY | O_CLOEXEC);
  g_assert_cmpint (fd, >=, 0);
  return fd;
}

static gboolean
ask_decoder (SmbEngine *engine, Ask ask, GError **error)
{
  g_autofree char *path = NULL;
  int fd = open_picture (&path);
  g_autoptr (SmbMetadata) metadata = ask == METADATA ? smb_engine_metadata (engine, fd, path, NULL, error) : NULL;
  g_autoptr (SmbPictureMap) map
      = ask == PICTURE_MAP ? smb_engine_picture_map (engine, fd, path, SMB_PICTURE_MAP_NOISE, 90, NULL, error) : NULL;
  g_autoptr (SmbEngineVideo) video
      = ask >= OPEN ? smb_engine_video_open (engine, fd, path, NULL, NULL, NULL, error) : NULL;
  gboolean came = metadata != NULL || map != NULL || video != NULL;

  close (fd);
  if (video != NULL && (ask == FRAME || ask == AGAIN)) {
    g_autoptr (SmbImage) image = smb_engine_video_get_frame (video, 1, 8, NULL, error);

    came = image != NULL;
  } else if (video != NULL && ask == HASH) {
    const guint k = 1;
    g_autoptr (GPtrArray) frames = smb_engine_video_get_frames (video, &k, 1, 0, SMB_VIDEO_WANT_HASH, NULL, error);

    came = frames != NULL;
  }
  return came;
}

static gboolean
ask_about_face (SmbEngine *engine, Ask ask, GError **error)
{
  g_autoptr (SmbModelInfo) model = judge_model (JUDGE_DETECTOR, JUDGE_MIM);
  g_autoptr (SmbImage) image = judge_picture (64, 64);
  SmbAnalysisSettings settings = smb_analysis_settings_default ();
  SmbRegionSettings region_settings = smb_region_settings_default ();
  const SmbMapJob job = { .box = { 1, 2, 30, 30 } };
  SmbMapSpec spec;
  g_autoptr (SmbAnalysis) analysis = NULL;
  g_autoptr (GPtrArray) maps = NULL;
  g_autoptr (SmbRegionReport) table = NULL;
  g_autoptr (SmbRegions) regions = NULL;

  g_assert_true (smb_map_spec_parse (&spec, "rollout", NULL));
  if (ask == ANALYZE)
    analysis = smb_engine_analyze (engine, model, image, NULL, &settings, NULL, NULL, NULL, error);
  else if (ask == MAPS)
    maps = smb_engine_make_maps (engine, model, image, &job, &spec, 1, NULL, error);
  else if (ask == REGIONS)
    table = smb_engine_regions (engine, model, image, &job, &region_settings, NULL, error);
  else
    regions = smb_engine_region_map (engine, model, image, &job, NULL, error);
  return analysis != NULL || maps != NULL || table != NULL || regions != NULL;
}

static gboolean
ask_about_frames (SmbEngine *engine, Ask ask, GError **error)
{
  SmbImage *image = judge_picture (64, 64);
  g_autoptr (GPtrArray) frames = g_ptr_array_new_with_free_func ((GDestroyNotify) smb_frame_faces_free);
  g_autoptr (SmbTracker) tracker = smb_tracker_new ();
  const SmbFollowSettings settings = { .face = smb_analysis_settings_default (), .stride = 5 };
  g_autoptr (GPtrArray) came = NULL;
  double seconds = 0;

  g_ptr_array_add (frames, smb_frame_faces_new (5, 0));
  if (ask == FOLLOW)
    came = smb_engine_follow (engine, &image, 1, NULL, frames, &tracker, &settings, &seconds, NULL, error);
  else
    came = smb_engine_search_frames (engine, &image, 1, frames, &settings.face, NULL, error);
  smb_image_unref (image);
  return came != NULL;
}

static gboolean
ask_about_weights (GError **error)
{
  g_autofree char *path = g_build_filename (SMB_FIXTURES, "reference", "dtypes_and_views.pth", NULL);
  g_autoptr (SmbTensorDict) dict = smb_weights_read (path, error);

  return dict != NULL;
}

static void
test_lie (gconstpointer data)
{
  const Lie *lie = data;
  g_autofree char *honest = g_strdup (g_getenv ("SEMBLANCE_WORKER"));
  guint before = count_fds ("self");
  SmbEngine *engine = smb_engine_new (NULL, 1);
  g_autoptr (GError) error = NULL;
  gboolean came;

  g_setenv ("SEMBLANCE_WORKER", FAKE_WORKER_PATH, TRUE);
  g_setenv ("FAKE_WORKER", "say", TRUE);
  g_setenv ("FAKE_SAYS", lie->says, TRUE);
  came = lie->ask <= AGAIN        ? ask_decoder (engine, lie->ask, &error)
         : lie->ask <= REGION_MAP ? ask_about_face (engine, lie->ask, &error)
         : lie->ask == WEIGHTS    ? ask_about_weights (&error)
                                  : ask_about_frames (engine, lie->ask, &error);
  g_setenv ("SEMBLANCE_WORKER", honest, TRUE);
  if (error != NULL)
    g_test_message ("%s", error->message);
  if (lie->words == NULL) {
    g_assert_no_error (error);
    g_assert_true (came);
  } else {
    g_assert_nonnull (error);
    g_assert_false (came);
    g_assert_true (error->domain == SMB_ERROR);
    g_assert_nonnull (strstr (error->message, lie->words));
    g_assert_null (strchr (error->message, '\n'));
  }
  /* Who lied about evidence is gone; the next file is read by an honest one. */
  if (lie->ask <= AGAIN && lie->words != NULL && !g_str_equal (lie->words, "torn")) {
    g_autofree char *path = NULL;
    int fd = open_picture (&path);
    g_autoptr (SmbImage) image = smb_engine_decode (engine, fd, path, 0, NULL, NULL, NULL);

    close (fd);
    g_assert_nonnull (image);
  }
  smb_engine_unref (engine);
  g_assert_cmpuint (count_fds ("self"), ==, before);
}

int
main (int argc, char **argv)
{
  static const char *const asks[] = { "metadata", "picture-map", "open", "frame", "hash", "again", "analyze", "maps",
                                      "regions", "region-map", "follow", "search", "weights" };

  g_test_init (&argc, &argv, NULL);
  smb_engine_guard_weights ();
  for (guint i = 0; i < G_N_ELEMENTS (lies); i++) {
    g_autofree char *name = g_strdup_printf ("/worker/lies/%s/%u", asks[lies[i].ask], i);

    g_test_add_data_func (name, &lies[i], test_lie);
  }
  return g_test_run ();
}
