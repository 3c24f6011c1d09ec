/* SPDX-License-Identifier: Apache-2.0 */
/* The compute worker must say exactly what the judge says in this process. */
#include "base/smb-error.h"
#include "explain/smb-faithfulness.h"
#include "judge-fixture.h"
#include "worker/smb-engine.h"

#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

static GArray *
one_box (void)
{
  GArray *boxes = g_array_new (FALSE, FALSE, sizeof (SmbBox));
  SmbBox box = { 10, 20, 90, 90 };

  g_array_append_val (boxes, box);
  return boxes;
}

static void
note_progress (guint64 done, guint64 total, const char *what, gpointer data)
{
  g_assert_cmpuint (done, <=, total);
  g_assert_cmpuint (strlen (what), >, 0);
  ++*(int *) data;
}

static void
assert_same (const SmbAnalysis *a, const SmbAnalysis *b)
{
  g_assert_cmpuint (a->faces->len, ==, b->faces->len);
  for (guint i = 0; i < a->faces->len; i++) {
    const SmbFaceResult *x = a->faces->pdata[i], *y = b->faces->pdata[i];

    g_assert_cmpint (x->face.box.x, ==, y->face.box.x);
    g_assert_cmpint (x->n_classes, ==, y->n_classes);
    for (int c = 0; c < x->n_classes; c++)
      g_assert_true (x->probabilities[c] == y->probabilities[c]);
    g_assert_true (x->score == y->score);
  }
  g_assert_cmpstr (a->model_sha256, ==, b->model_sha256);
  g_assert_cmpstr (a->settings, ==, b->settings);
  g_assert_cmpuint (a->seed, ==, b->seed);
}

static void
test_analyze (void)
{
  g_autoptr (SmbModelInfo) model = judge_model (JUDGE_DETECTOR, JUDGE_MIM);
  g_autoptr (SmbJudge) judge = judge_open (model);
  g_autoptr (SmbImage) image = judge_picture (300, 200);
  g_autoptr (SmbEngine) engine = smb_engine_new ("cpu", 1);
  g_autoptr (GArray) drawn = one_box ();
  SmbAnalysisSettings settings = smb_analysis_settings_default ();
  g_autoptr (GError) error = NULL;
  g_autoptr (SmbAnalysis) here = NULL;
  int notes = 0;

  settings.seed = G_MAXUINT64;
  here = smb_judge_analyze (judge, image, drawn, &settings, NULL, &error);
  g_assert_no_error (error);
  for (int round = 0; round < 2; round++) { /* the second time the model is at hand */
    g_autoptr (SmbAnalysis) there =
      smb_engine_analyze (engine, model, image, drawn, &settings, note_progress, &notes, NULL, &error);

    g_assert_no_error (error);
    assert_same (here, there);
  }
  g_assert_cmpint (notes, ==, 3); /* loading is told once, judging twice */
}

/* Another file of landmarks is used from the next analysis on, named if it cannot be used, and can be taken back. */
static void
test_landmarks (void)
{
  g_autoptr (SmbModelInfo) model = judge_model (JUDGE_DETECTOR, NULL);
  g_autoptr (SmbImage) image = judge_picture (300, 200);
  g_autoptr (SmbEngine) engine = smb_engine_new ("cpu", 1);
  g_autoptr (GArray) drawn = one_box ();
  SmbAnalysisSettings settings = smb_analysis_settings_default ();
  g_autoptr (GError) error = NULL;
  g_autoptr (SmbAnalysis) first = smb_engine_analyze (engine, model, image, drawn, &settings, NULL, NULL, NULL, &error),
                          second = NULL;

  g_assert_no_error (error);
  g_assert_null (first->landmark_file); /* nobody asked */
  g_assert_true (smb_engine_name_instruments (engine, model, first, NULL, &error));
  smb_engine_set_landmarks (engine, JUDGE_DETECTOR);
  g_assert_null (smb_engine_analyze (engine, model, image, drawn, &settings, NULL, NULL, NULL, &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_FORMAT);
  g_assert_nonnull (strstr (error->message, JUDGE_DETECTOR));
  g_clear_error (&error);
  smb_engine_set_landmarks (engine, NULL);
  second = smb_engine_analyze (engine, model, image, drawn, &settings, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (smb_engine_name_instruments (engine, model, second, NULL, &error));
  g_assert_cmpstr (second->landmark_file, ==, first->landmark_file);
  g_assert_cmpstr (second->landmark_sha256, ==, first->landmark_sha256);
  assert_same (first, second);
}

static void
assert_same_map (const SmbMap *a, const SmbMap *b)
{
  const gsize n = (gsize) a->rows * (gsize) a->columns * sizeof (float);

  g_assert_true (smb_map_spec_equal (&a->spec, &b->spec));
  g_assert_cmpint (a->rows, ==, b->rows);
  g_assert_cmpint (a->rgb_size, ==, b->rgb_size);
  g_assert_cmpfloat (a->area.x, ==, b->area.x);
  g_assert_cmpfloat (a->area.width, ==, b->area.width);
  g_assert_cmpstr (a->note, ==, b->note);
  g_assert_true ((a->faithfulness == NULL) == (b->faithfulness == NULL));
  if (a->faithfulness != NULL)
    g_assert_cmpmem (a->faithfulness, sizeof *a->faithfulness, b->faithfulness, sizeof *b->faithfulness);
  g_assert_true ((a->count == NULL) == (b->count == NULL) && (a->deviation == NULL) == (b->deviation == NULL));
  if (a->rgb != NULL)
    g_assert_true (memcmp (a->rgb, b->rgb, (gsize) a->rgb_size * (gsize) a->rgb_size * 3) == 0);
  else
    g_assert_true (memcmp (a->values, b->values, n) == 0);
  if (a->count != NULL)
    g_assert_true (memcmp (a->count, b->count, n) == 0 && memcmp (a->deviation, b->deviation, n) == 0);
}

/* Every kind comes over as it was made, with regions of one's own, all heads of a layer, and progress. */
static void
test_maps (void)
{
  static const char *const texts[] = { "rollout", "attention:layer=0,head=all", "reconstruction", "error:region=nose",
                                       "coverage:times=2", "attention:head=all", "regions", "relevance:class=1",
                                       "occlusion:patch=16,stride=16", "masked-input:patches=3+4", "ssim" };
  g_autoptr (SmbModelInfo) model = judge_model (JUDGE_DETECTOR, JUDGE_MIM);
  g_autoptr (SmbJudge) judge = judge_open (model);
  g_autoptr (SmbImage) image = judge_picture (300, 200);
  g_autoptr (SmbEngine) engine = smb_engine_new ("cpu", 1);
  guint8 *classes = g_malloc0 (40 * 40);
  g_autoptr (SmbRegions) regions = smb_regions_new_take (40, classes, SMB_REGIONS_BY_HAND);
  int notes = 0;
  const SmbMapJob job = { { 10, 20, 90, 90 }, regions, note_progress, &notes, TRUE };
  SmbMapSpec specs[G_N_ELEMENTS (texts)];
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) here = NULL, there = NULL;

  memset (classes + 500, SMB_CLASS_NOSE, 20);
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    g_assert_true (smb_map_spec_parse (&specs[i], texts[i], &error));
  here = smb_judge_make_maps (judge, image, &(SmbMapJob){ .box = job.box, .regions = regions, .check = TRUE }, specs,
                              G_N_ELEMENTS (specs), NULL, &error);
  g_assert_no_error (error);
  there = smb_engine_make_maps (engine, model, image, &job, specs, G_N_ELEMENTS (specs), NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (here->len, ==, G_N_ELEMENTS (specs) + 4); /* three heads for one, twice */
  g_assert_cmpuint (there->len, ==, here->len);
  for (guint i = 0; i < there->len; i++)
    assert_same_map (here->pdata[i], there->pdata[i]);
  g_assert_cmpint (notes, >, 3);
  classes[7] = 200;
  g_assert_null (smb_engine_make_maps (engine, model, image, &job, specs, 1, NULL, &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_WORKER);
}

/* The region table and the region map are here as there. */
static void
test_regions (void)
{
  g_autoptr (SmbModelInfo) model = judge_model (JUDGE_DETECTOR, JUDGE_MIM);
  g_autoptr (SmbJudge) judge = judge_open (model);
  g_autoptr (SmbImage) image = judge_picture (300, 200);
  g_autoptr (SmbEngine) engine = smb_engine_new ("cpu", 1);
  guint8 *classes = g_malloc0 (40 * 40);
  g_autoptr (SmbRegions) regions = smb_regions_new_take (40, classes, SMB_REGIONS_BY_HAND), map = NULL, drawn = NULL;
  const SmbMapJob job = { { 10, 20, 90, 90 }, regions, NULL, NULL }, own = { .box = { 10, 20, 90, 90 } };
  const SmbRegionSettings settings = { 2, 7 };
  g_autoptr (GError) error = NULL;
  g_autoptr (SmbRegionReport) here = NULL, there = NULL;

  memset (classes, SMB_CLASS_SKIN, 800);
  memset (classes + 500, SMB_CLASS_NOSE, 200);
  here = smb_judge_regions (judge, image, &job, &settings, NULL, &error);
  g_assert_no_error (error);
  there = smb_engine_regions (engine, model, image, &job, &settings, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (there->rows[SMB_REGION_NOSE].n_patches, >, 0);
  for (int i = 0; i < SMB_N_COVERED_REGIONS; i++)
    for (int m = 0; m < SMB_N_MEASURES; m++) {
      const double a = here->rows[i].measures[m].value, b = there->rows[i].measures[m].value;

      g_assert_true (a == b || (a != a && b != b));
    }
  g_assert_cmpstr (here->note, ==, there->note);
  map = smb_engine_region_map (engine, model, image, &job, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (map->size_px, ==, 32);
  g_assert_cmpint (map->origin, ==, SMB_REGIONS_BY_HAND);
  drawn = smb_engine_region_map (engine, model, image, &own, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (drawn->origin, <=, SMB_REGIONS_FROM_TEMPLATE);
}

/* More maps than one message carries. */
static void
test_many_maps (void)
{
  g_autoptr (SmbModelInfo) model = judge_model (JUDGE_DETECTOR, NULL);
  g_autoptr (SmbImage) image = judge_picture (64, 64);
  g_autoptr (SmbEngine) engine = smb_engine_new ("cpu", 1);
  g_autofree SmbMapSpec *specs = g_new (SmbMapSpec, 230);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) maps = NULL;

  for (int i = 0; i < 230; i++)
    specs[i] = smb_map_spec_default (SMB_MAP_ATTENTION);
  maps = smb_engine_maps (engine, model, image, (SmbBox){ 0, 0, 64, 64 }, specs, 230, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (maps->len, ==, 230);
}

static void
test_failures (void)
{
  g_autoptr (SmbModelInfo) model = judge_model (JUDGE_DETECTOR, NULL);
  g_autoptr (SmbModelInfo) missing = judge_model (JUDGE_DETECTOR, NULL);
  g_autoptr (SmbImage) image = judge_picture (64, 64);
  g_autoptr (SmbEngine) engine = smb_engine_new ("cpu", 1);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GArray) drawn = one_box ();
  SmbAnalysisSettings settings = smb_analysis_settings_default ();
  g_autoptr (GError) error = NULL;
  g_autoptr (SmbAnalysis) analysis = NULL;
  GPid pid;

  g_free (missing->detector_path);
  missing->detector_path = g_strdup ("/nowhere/weights.safetensors");
  g_assert_null (smb_engine_analyze (engine, missing, image, drawn, &settings, NULL, NULL, NULL, &error));
  g_assert_nonnull (strstr (error->message, "/nowhere/weights.safetensors"));
  g_clear_error (&error);
  pid = smb_engine_get_worker_pid (engine, SMB_ENGINE_COMPUTE);
  g_assert_cmpint (pid, >, 0); /* a failed request is no reason to die */

  g_cancellable_cancel (cancellable);
  g_assert_null (smb_engine_analyze (engine, model, image, drawn, &settings, NULL, NULL, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);

  kill (pid, SIGKILL);
  analysis = smb_engine_analyze (engine, model, image, drawn, &settings, NULL, NULL, NULL, &error);
  if (analysis == NULL) { /* the end was noticed in the middle of the call */
    g_assert_error (error, SMB_ERROR, SMB_ERROR_WORKER);
    g_clear_error (&error);
    analysis = smb_engine_analyze (engine, model, image, drawn, &settings, NULL, NULL, NULL, &error);
  }
  g_assert_no_error (error);
  g_assert_nonnull (analysis);
}

/* A model loaded ahead of the first picture: the answers are the same, what is wrong with it is said when it is asked,
 * and an engine that nobody asks anything ends at once. */
static void
test_prepare (void)
{
  g_autoptr (SmbModelInfo) model = judge_model (JUDGE_DETECTOR, JUDGE_MIM),
                           missing = judge_model (JUDGE_DETECTOR, NULL);
  g_autoptr (SmbJudge) judge = judge_open (model);
  g_autoptr (SmbImage) image = judge_picture (300, 200);
  g_autoptr (GArray) drawn = one_box ();
  SmbAnalysisSettings settings = smb_analysis_settings_default ();
  g_autoptr (GError) error = NULL;
  g_autoptr (SmbAnalysis) here = smb_judge_analyze (judge, image, drawn, &settings, NULL, &error);
  int notes = 0;

  g_assert_no_error (error);
  g_free (missing->detector_path);
  missing->detector_path = g_strdup ("/nowhere/weights.safetensors");
  for (int i = 0; i < 3; i++) {
    g_autoptr (SmbEngine) engine = smb_engine_new ("cpu", 1);
    g_autoptr (SmbAnalysis) there = NULL;

    smb_engine_prepare (engine, i == 1 ? missing : model, &settings);
    if (i == 2)
      continue;
    there = smb_engine_analyze (engine, i == 1 ? missing : model, image, drawn, &settings, note_progress, &notes, NULL,
                                &error);
    if (i == 0) {
      g_assert_no_error (error);
      assert_same (here, there);
      g_assert_cmpint (notes, >=, 1); /* judging, and the loading where the analysis was first after all */
    } else {
      g_assert_null (there);
      g_assert_nonnull (strstr (error->message, "/nowhere/weights.safetensors"));
    }
  }
}

/* The threads of a process, by its number. */
static int
threads_of (GPid pid)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/status", (int) pid), *text = NULL;
  const char *line;

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  line = strstr (text, "\nThreads:");
  g_assert_nonnull (line);
  return atoi (line + strlen ("\nThreads:"));
}

/* As many as were asked for and the one that listens; none that a library brings along (OpenBLAS would), and those that
 * read and hash files are gone. */
static void
test_threads (void)
{
  g_autoptr (SmbModelInfo) model = judge_model (JUDGE_DETECTOR, NULL);
  g_autoptr (SmbImage) image = judge_picture (300, 200);
  g_autoptr (GError) error = NULL;

  for (int threads = 1; threads <= 3; threads++) {
    g_autoptr (SmbEngine) engine = smb_engine_new ("cpu", threads);
    SmbAnalysisSettings settings = smb_analysis_settings_default ();
    g_autoptr (GArray) drawn = one_box ();
    g_autoptr (SmbAnalysis) analysis = NULL;

    settings.detect_too = TRUE; /* the search for faces has threads as well */
    analysis = smb_engine_analyze (engine, model, image, drawn, &settings, NULL, NULL, NULL, &error);
    g_assert_no_error (error);
    g_assert_cmpint (threads_of (smb_engine_get_worker_pid (engine, SMB_ENGINE_COMPUTE)), ==, threads + 1);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/worker/compute/analyze", test_analyze);
  g_test_add_func ("/worker/compute/landmarks", test_landmarks);
  g_test_add_func ("/worker/compute/maps", test_maps);
  g_test_add_func ("/worker/compute/regions", test_regions);
  g_test_add_func ("/worker/compute/many-maps", test_many_maps);
  g_test_add_func ("/worker/compute/prepare", test_prepare);
  g_test_add_func ("/worker/compute/threads", test_threads);
  g_test_add_func ("/worker/compute/failures", test_failures);
  return g_test_run ();
}
