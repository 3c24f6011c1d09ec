/* SPDX-License-Identifier: Apache-2.0 */
/* The region table of a face, against the network asked without the judge. */
#include <math.h>
#include <string.h>

#include "analysis/smb-frame-faces.h"
#include "analysis/smb-reference.h"
#include "base/smb-error.h"
#include "judge-fixture.h"
#include "model/smb-net.h"
#include "weights/smb-weights-file.h"

enum { SIZE = 32, PATCHES = 16 };

static const SmbBox box = { 20, 30, 120, 120 };

/* Four by four patches: hair above, nose in patch 6, mouth in 9 and 10, eyes in 5, skin elsewhere; no brows. */
static SmbRegions *
face_regions (void)
{
  static const guint8 of_patch[PATCHES] = { 10, 10, 10, 10, 1, 4, 6, 1, 1, 7, 9, 1, 1, 1, 1, 1 };
  guint8 *classes = g_malloc (SIZE * SIZE);

  for (int y = 0; y < SIZE; y++)
    for (int x = 0; x < SIZE; x++)
      classes[y * SIZE + x] = of_patch[y / 8 * 4 + x / 8];
  return smb_regions_new_take (SIZE, classes, SMB_REGIONS_IMPORTED);
}

typedef struct {
  SmbModelInfo *model;
  SmbJudge *judge;
  SmbImage *image;
  SmbRegions *regions;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->model = judge_model (NULL, JUDGE_MIM);
  fixture->judge = judge_open (fixture->model);
  fixture->image = judge_picture (300, 200);
  fixture->regions = face_regions ();
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  smb_judge_free (fixture->judge);
  smb_model_info_free (fixture->model);
  smb_image_unref (fixture->image);
  smb_regions_free (fixture->regions);
}

static SmbRegionReport *
measure (const Fixture *fixture, int draws, guint64 seed)
{
  const SmbMapJob job = { .box = box, .regions = fixture->regions };
  const SmbRegionSettings settings = { draws, seed };
  g_autoptr (GError) error = NULL;
  SmbRegionReport *report = smb_judge_regions (fixture->judge, fixture->image, &job, &settings, NULL, &error);

  g_assert_no_error (error);
  return report;
}

/* The network's own outputs under one mask. */
static SmbTensorDict *
direct (const Fixture *fixture, const guint8 *mask)
{
  const gint64 shape[] = { 1, 3, SIZE, SIZE }, mask_shape[] = { 1, PATCHES };
  g_autoptr (GError) error = NULL;
  g_autoptr (SmbDevice) device = smb_device_open ("cpu", 1, &error);
  g_autoptr (SmbTensorDict) weights = smb_weights_read (JUDGE_MIM, &error);
  g_autoptr (SmbNet) net = smb_net_new (device, weights, NULL, "direct", SMB_PRECISION_F32, &error);
  g_autoptr (SmbTensor) images = smb_tensor_new (SMB_DTYPE_F32, 4, shape),
                        masks = smb_tensor_new (SMB_DTYPE_U8, 2, mask_shape);
  g_autoptr (SmbTensor) ratio = smb_tensor_new (SMB_DTYPE_F64, 0, NULL);
  g_autoptr (SmbTensorDict) inputs = smb_tensor_dict_new ();
  g_autofree guint8 *rgb = smb_face_crop_resize (fixture->image, box, SIZE);
  SmbTensorDict *outputs;
  int hidden = 0;

  for (int k = 0; k < PATCHES; k++)
    hidden += mask[k];
  smb_face_normalise (images->data, rgb, SIZE, fixture->model->mim_mean, fixture->model->mim_std);
  memcpy (masks->data, mask, PATCHES);
  *(double *) ratio->data = (double) hidden / PATCHES;
  smb_tensor_dict_set (inputs, "in.images", images);
  smb_tensor_dict_set (inputs, "in.mask", masks);
  smb_tensor_dict_set (inputs, "in.mask_ratio", ratio);
  outputs = smb_net_forward (net, NULL, inputs, SMB_WANT_RESULT, NULL, &error);
  g_assert_no_error (error);
  return outputs;
}

static const float *
errors_of (const SmbTensorDict *outputs)
{
  return smb_tensor_dict_get (outputs, "out.patch_error")->data;
}

static void
test_matrix (Fixture *fixture, gconstpointer data)
{
  g_autoptr (SmbRegionReport) report = measure (fixture, 2, 0);
  guint8 nose[PATCHES] = { [6] = 1 }, both[PATCHES] = { [6] = 1, [9] = 1, [10] = 1 };
  g_autoptr (SmbTensorDict) one = direct (fixture, nose), two = direct (fixture, both);
  const double alone = (double) errors_of (one)[6];

  g_assert_cmpint (report->rows[SMB_REGION_NOSE].n_patches, ==, 1);
  g_assert_cmpint (report->rows[SMB_REGION_MOUTH].n_patches, ==, 2);
  g_assert_cmpint (report->rows[SMB_REGION_BROWS].n_patches, ==, 0);
  g_assert_cmpfloat_with_epsilon (report->rows[SMB_REGION_NOSE].measures[SMB_MEASURE_ALONE].value, alone, 1e-6);
  g_assert_cmpfloat_with_epsilon (report->rise[SMB_REGION_NOSE][SMB_REGION_MOUTH].value,
                                  (double) errors_of (two)[6] - alone, 1e-6);
  g_assert_cmpfloat (fabs (report->rise[SMB_REGION_NOSE][SMB_REGION_MOUTH].value), >, 1e-6);
  g_assert_true (isnan (report->rise[SMB_REGION_NOSE][SMB_REGION_NOSE].value));
  g_assert_true (isnan (report->rise[SMB_REGION_NOSE][SMB_REGION_BROWS].value));
  for (int m = 0; m < SMB_N_MEASURES; m++)
    g_assert_true (isnan (report->rows[SMB_REGION_BROWS].measures[m].value));
  g_test_message ("%s", report->note);
  g_assert_nonnull (strstr (report->note, "brows"));
  g_assert_nonnull (strstr (report->note, "No reference"));
}

/* Coherency and correspondence of one draw: the mask made again, the cosine taken by hand. */
static void
test_covered (Fixture *fixture, gconstpointer data)
{
  g_autoptr (SmbRegionReport) report = measure (fixture, 1, 5);
  guint8 member[SMB_N_REGIONS * PATCHES], mask[PATCHES], fr[PATCHES];
  const guint8 nothing[PATCHES] = { 0 };
  g_autoptr (SmbTensorDict) masked = NULL, whole = direct (fixture, nothing);
  const SmbTensor *proj = smb_tensor_dict_get (whole, "out.proj"), *cl;
  double product = 0, square = 0, error = 0;
  SmbRng rng;

  smb_region_membership (member, fixture->regions->classes, SIZE, 8);
  smb_rng_init (&rng, 5, 2 + SMB_REGION_MOUTH);
  smb_mask_draw (mask, fr, &rng, SMB_MASK_CRFR_P, SMB_REGION_MOUTH, member, PATCHES, 0.75);
  masked = direct (fixture, mask);
  cl = smb_tensor_dict_get (masked, "out.cl");
  error = ((double) errors_of (masked)[9] + (double) errors_of (masked)[10]) / 2;
  for (gint64 i = 0; i < proj->n; i++) {
    const double p = (double) ((const float *) proj->data)[i];

    product += p * (double) ((const float *) cl->data)[i];
    square += p * p;
  }
  g_assert_true (mask[9] && mask[10]);
  g_assert_cmpfloat_with_epsilon (report->rows[SMB_REGION_MOUTH].measures[SMB_MEASURE_COHERENCY].value, error, 1e-6);
  g_assert_cmpfloat_with_epsilon (report->rows[SMB_REGION_MOUTH].measures[SMB_MEASURE_CORRESPONDENCE].value,
                                  product / sqrt (square), 1e-6);
}

static void
test_partly (Fixture *fixture, gconstpointer data)
{
  g_autoptr (SmbRegionReport) report = measure (fixture, 8, 0), again = measure (fixture, 8, 0),
                              other = measure (fixture, 8, 1);

  /* One patch can only be hidden or seen; of hair's four some are always seen. */
  g_assert_cmpint (report->rows[SMB_REGION_NOSE].partial, ==, 0);
  g_assert_true (isnan (report->rows[SMB_REGION_NOSE].measures[SMB_MEASURE_CONSISTENCY].value));
  g_assert_cmpint (report->rows[SMB_REGION_HAIR].partial, >, 0);
  g_assert_true (isfinite (report->rows[SMB_REGION_HAIR].measures[SMB_MEASURE_CONSISTENCY].value));
  g_assert_cmpmem (report->rows, sizeof report->rows, again->rows, sizeof again->rows);
  g_assert_true (memcmp (report->rows, other->rows, sizeof report->rows) != 0);
}

static void
test_failures (Fixture *fixture, gconstpointer data)
{
  g_autoptr (SmbModelInfo) blind = judge_model (JUDGE_DETECTOR, NULL);
  g_autoptr (SmbJudge) no_mim = judge_open (blind);
  const SmbMapJob job = { .box = box, .regions = fixture->regions }, beside = { .box = { 5000, 5000, 10, 10 } };
  SmbRegionSettings settings = smb_region_settings_default ();
  g_autoptr (GCancellable) cancelled = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  g_assert_null (smb_judge_regions (no_mim, fixture->image, &job, &settings, NULL, &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_UNSUPPORTED);
  g_clear_error (&error);
  g_assert_null (smb_judge_regions (fixture->judge, fixture->image, &beside, &settings, NULL, &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT);
  g_clear_error (&error);
  g_cancellable_cancel (cancelled);
  g_assert_null (smb_judge_regions (fixture->judge, fixture->image, &job, &settings, cancelled, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  settings.draws = 0;
  g_assert_null (smb_judge_regions (fixture->judge, fixture->image, &job, &settings, NULL, &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT);
}

/* Reports of faces like this one, whose nose's coherency is 1, 2, 3 … */
static GPtrArray *
genuine_like (const SmbRegionReport *one, int n)
{
  GPtrArray *reports = g_ptr_array_new_with_free_func ((GDestroyNotify) smb_region_report_free);

  for (int i = 0; i < n; i++) {
    SmbRegionReport *report = smb_region_report_copy (one);

    report->rows[SMB_REGION_NOSE].measures[SMB_MEASURE_COHERENCY].value = i + 1;
    report->rise[SMB_REGION_NOSE][SMB_REGION_MOUTH].value = i % 2 == 0 ? 1 : -1;
    report->blur = i;
    g_ptr_array_add (reports, report);
  }
  return reports;
}

static void
test_reference (Fixture *fixture, gconstpointer data)
{
  g_autoptr (SmbRegionReport) report = measure (fixture, 2, 0);
  g_autoptr (GPtrArray) reports = genuine_like (report, 101), few = genuine_like (report, 19);
  g_autofree char *path = g_build_filename (g_get_user_data_dir (), "made", "reference.json", NULL), *bytes = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (SmbReference) reference = smb_reference_new (reports, "tiny", 101, &error), read = NULL;
  const SmbReferenceEntry *entry;
  SmbMeasure *measure_of = &report->rows[SMB_REGION_NOSE].measures[SMB_MEASURE_COHERENCY];

  g_assert_no_error (error);
  entry = &reference->strata[0].measures[SMB_REGION_NOSE][SMB_MEASURE_COHERENCY];
  g_assert_cmpint (entry->n, ==, 101);
  g_assert_cmpfloat_with_epsilon (entry->mean, 51, 1e-12);
  g_assert_cmpfloat_with_epsilon (entry->deviation, sqrt (101.0 * 102 / 12), 1e-9);
  g_assert_cmpfloat_with_epsilon (entry->quantiles[3], 6, 1e-12); /* 5 % of 1 … 101 */
  g_assert_cmpint (reference->strata[1].faces + reference->strata[2].faces + reference->strata[3].faces, ==, 101);
  g_assert_true (smb_reference_write (reference, path, &error));
  read = smb_reference_read (path, &error);
  g_assert_no_error (error);
  g_assert_true (g_file_get_contents (path, &bytes, NULL, NULL));
  {
    g_autofree char *again = smb_reference_to_json (read), *line = g_strconcat (again, "\n", NULL);

    g_assert_cmpstr (line, ==, bytes);
  }
  measure_of->value = 76.5;
  report->blur = NAN;
  report->rise[SMB_REGION_NOSE][SMB_REGION_MOUTH].value = 9;
  g_assert_true (smb_reference_compare (read, report, &error));
  g_assert_cmpstr (report->stratum, ==, "all");
  g_assert_cmpfloat_with_epsilon (measure_of->z, 25.5 / sqrt (101.0 * 102 / 12), 1e-5);
  g_assert_cmpfloat_with_epsilon (measure_of->percentile, 75.5, 1e-6);
  g_assert_cmpint (report->stands_out, ==, SMB_REGION_NOSE);
  report->blur = 99; /* the sharpest third: 68 to 101 */
  g_assert_true (smb_reference_compare (read, report, &error));
  g_assert_cmpstr (report->stratum, ==, "sharp");
  g_assert_cmpfloat (measure_of->z, <, 0);
  measure_of->value = 1000;
  g_assert_true (smb_reference_compare (read, report, &error));
  g_assert_cmpfloat (measure_of->percentile, ==, 100);

  g_assert_null (smb_reference_new (few, "tiny", 19, &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT);
  g_clear_error (&error);
  report->settings.draws = 3;
  g_assert_false (smb_reference_compare (read, report, &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_MISMATCH);
}

/* What the judge finds beside the model, and what the user names. */
static void
test_finding (Fixture *fixture, gconstpointer data)
{
  g_autoptr (SmbRegionReport) report = measure (fixture, 2, 0), found = NULL;
  g_autoptr (GPtrArray) reports = genuine_like (report, 40);
  g_autoptr (GError) error = NULL;
  g_autoptr (SmbReference) reference = smb_reference_new (reports, "tiny", 40, &error);
  g_autofree char *own = smb_model_dup_own_reference (fixture->model->mim_sha256);
  g_autofree char *strange = g_build_filename (g_get_user_data_dir (), "strange.json", NULL);
  const SmbMapJob job = { .box = box, .regions = fixture->regions };
  const SmbRegionSettings settings = { 2, 0 };
  g_autoptr (SmbJudge) named = NULL;

  g_assert_true (smb_reference_write (reference, own, &error));
  found = measure (fixture, 2, 0);
  g_assert_nonnull (found->reference_sha256);
  g_assert_true (isfinite (found->rows[SMB_REGION_NOSE].measures[SMB_MEASURE_COHERENCY].z));
  g_assert_null (strstr (found->note, "No reference"));
  {
    g_autoptr (SmbRegionReport) other = measure (fixture, 3, 0);

    g_assert_null (other->reference_sha256);
    g_assert_nonnull (strstr (other->note, "3"));
  }
  memset (reference->mim_sha256, 'a', 64);
  g_assert_true (smb_reference_write (reference, strange, &error));
  fixture->model->reference = g_strdup (strange);
  named = judge_open (fixture->model);
  g_assert_null (smb_judge_regions (named, fixture->image, &job, &settings, NULL, &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_MISMATCH);
  g_clear_error (&error);
  g_assert_true (g_file_set_contents (strange, "{\"format\": \"semblance-reference\", \"version\": 2}", -1, NULL));
  g_assert_null (smb_judge_regions (named, fixture->image, &job, &settings, NULL, &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_NEWER);
  g_clear_error (&error);
  g_assert_true (g_file_set_contents (strange, "Dear examiner,\n", -1, NULL));
  g_assert_null (smb_judge_regions (named, fixture->image, &job, &settings, NULL, &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_FORMAT);
  g_assert_nonnull (strstr (error->message, "strange"));
  g_assert_nonnull (strstr (error->message, "semblance-cli reference build FOLDER"));
  g_clear_error (&error);
  g_assert_true (g_file_set_contents (strange, "{\"format\": 1}", -1, NULL));
  g_assert_null (smb_judge_regions (named, fixture->image, &job, &settings, NULL, &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_FORMAT);
}

/* There and back: the same text, and damage is noticed. */
static void
test_json (Fixture *fixture, gconstpointer data)
{
  g_autoptr (SmbRegionReport) report = measure (fixture, 2, G_MAXUINT64), back = NULL, bad = NULL;
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT), again = json_node_new (JSON_NODE_OBJECT);
  g_autofree char *first = NULL, *second = NULL;
  g_autoptr (GError) error = NULL;
  SmbJsonReader reader = { "test", "", &error, FALSE };
  JsonArray *rows;

  report->stands_out = SMB_REGION_EYES;
  report->rows[2].measures[0].z = -3.25;
  report->reference_sha256 = g_strdup ("abc");
  report->stratum = g_strdup ("sharp");
  json_node_take_object (node, smb_region_report_to_json (report));
  back = smb_region_report_from_json (&reader, json_node_get_object (node));
  g_assert_no_error (error);
  json_node_take_object (again, smb_region_report_to_json (back));
  first = smb_json_to_canonical (node);
  second = smb_json_to_canonical (again);
  g_assert_cmpstr (first, ==, second);
  json_object_set_string_member (json_node_get_object (node), "stands_out", "beard");
  bad = smb_region_report_from_json (&reader, json_node_get_object (node));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_FORMAT);
  g_clear_error (&error);
  g_clear_pointer (&bad, smb_region_report_free);
  /* A region is missing: a sentence, and nothing is read from behind the list. */
  reader = (SmbJsonReader){ "test", "", &error, FALSE };
  rows = json_object_get_array_member (json_node_get_object (again), "regions");
  json_array_remove_element (rows, json_array_get_length (rows) - 1);
  bad = smb_region_report_from_json (&reader, json_node_get_object (again));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_FORMAT);
}

/* A frame of a video gets the table's numbers, without the matrix, and only where it is scored. */
static void
test_frame (void)
{
  g_autoptr (SmbModelInfo) model = judge_model (JUDGE_DETECTOR, JUDGE_MIM);
  g_autoptr (SmbJudge) judge = judge_open (model);
  g_autoptr (SmbImage) image = judge_picture (300, 200);
  g_autoptr (GPtrArray) frames = g_ptr_array_new_with_free_func ((GDestroyNotify) smb_frame_faces_free);
  g_autoptr (SmbFrameFaces) back = NULL;
  g_autoptr (SmbRegionReport) report = NULL;
  g_autoptr (JsonNode) node = NULL;
  g_autoptr (GError) error = NULL;
  const SmbFace face = { .box = box, .detected = box, .confidence = 1.0 };
  const SmbMapJob job = { .box = box };
  const SmbRegionSettings how = { 2, 0 };
  SmbAnalysisSettings settings = smb_analysis_settings_default ();
  const SmbTrackPoint *point, *copy;

  g_ptr_array_add (frames, smb_frame_faces_new (0, 0));
  point = smb_track_point_new (1, &face);
  g_ptr_array_add (((SmbFrameFaces *) frames->pdata[0])->points, (gpointer) point);
  g_assert_true (smb_judge_score_frames (judge, &image, 1, &settings, frames, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (point->outside, ==, NULL);
  g_assert_null (point->regions);
  settings.region_draws = 2;
  g_assert_true (smb_judge_score_frames (judge, &image, 1, &settings, frames, NULL, &error));
  g_assert_no_error (error);
  report = smb_judge_regions (judge, image, &job, &how, NULL, &error);
  g_assert_no_error (error);
  for (int m = 0; m < SMB_N_SAMPLED; m++)
    for (int i = 0; i < SMB_N_COVERED_REGIONS; i++) {
      const double value = report->rows[i].measures[m].value;

      g_assert_true (isnan (value) ? isnan (point->regions->value[m][i]) : point->regions->value[m][i] == value);
    }
  node = smb_frame_faces_to_json (frames->pdata[0]);
  back = smb_frame_faces_from_json (node, &error);
  g_assert_no_error (error);
  copy = back->points->pdata[0];
  g_assert_cmpfloat (copy->regions->value[SMB_MEASURE_COHERENCY][SMB_REGION_NOSE], ==,
                     point->regions->value[SMB_MEASURE_COHERENCY][SMB_REGION_NOSE]);
  g_assert_true (isnan (copy->regions->z[SMB_MEASURE_COHERENCY][SMB_REGION_NOSE]));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  /* The same on every machine, whatever predictors are installed. */
  g_setenv ("SEMBLANCE_LANDMARKS", "none", TRUE);
#define ADD(name, function) g_test_add ("/judge-regions/" name, Fixture, NULL, set_up, function, tear_down)
  ADD ("matrix", test_matrix);
  ADD ("covered", test_covered);
  ADD ("partly", test_partly);
  ADD ("failures", test_failures);
  ADD ("reference", test_reference);
  ADD ("finding", test_finding);
  ADD ("json", test_json);
#undef ADD
  g_test_add_func ("/judge-regions/frame", test_frame);
  return g_test_run ();
}
