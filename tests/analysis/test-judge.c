/* SPDX-License-Identifier: Apache-2.0 */
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#include "analysis/smb-json.h"
#include "base/smb-error.h"
#include "judge-fixture.h"
#include "model/smb-net.h"
#include "sample.h"
#include "weights/smb-weights-file.h"

static GArray *
boxes_new (guint n, ...)
{
  GArray *boxes = g_array_new (FALSE, FALSE, sizeof (SmbBox));
  va_list args;

  va_start (args, n);
  for (guint i = 0; i < n; i++) {
    SmbBox box = va_arg (args, SmbBox);

    g_array_append_val (boxes, box);
  }
  va_end (args);
  return boxes;
}

static SmbAnalysis *
analyze (SmbJudge *judge, const SmbImage *image, const GArray *drawn)
{
  SmbAnalysisSettings settings = smb_analysis_settings_default ();
  g_autoptr (GError) error = NULL;
  SmbAnalysis *analysis;

  settings.seed = 99;
  analysis = smb_judge_analyze (judge, image, drawn, &settings, NULL, &error);
  g_assert_no_error (error);
  g_assert_nonnull (analysis);
  return analysis;
}

/* The network itself, on the crop that the model prescribes. */
static void
direct (const SmbModelInfo *model, const SmbImage *image, SmbBox box, double *probabilities)
{
  const gint64 shape[] = { 1, 3, 32, 32 };
  g_autoptr (GError) error = NULL;
  g_autoptr (SmbDevice) device = smb_device_open ("cpu", 1, &error);
  g_autoptr (SmbTensorDict) weights = smb_weights_read (model->detector_path, &error);
  g_autoptr (SmbNet) net = smb_net_new (device, weights, NULL, "direct", SMB_PRECISION_F32, &error);
  g_autoptr (SmbTensor) images = smb_tensor_new (SMB_DTYPE_F32, 4, shape);
  g_autoptr (SmbTensorDict) inputs = smb_tensor_dict_new (), outputs = NULL;
  g_autofree guint8 *rgb = smb_face_crop_resize_centre (image, box, 32);

  smb_face_normalise (images->data, rgb, 32, model->mean, model->std);
  smb_tensor_dict_set (inputs, "in.images", images);
  outputs = smb_net_forward (net, NULL, inputs, SMB_WANT_RESULT, NULL, &error);
  g_assert_no_error (error);
  for (int c = 0; c < 4; c++)
    probabilities[c] = ((float *) smb_tensor_dict_get (outputs, "out.probabilities")->data)[c];
}

static void
test_against_network (void)
{
  g_autoptr (SmbModelInfo) model = judge_model (JUDGE_DETECTOR, JUDGE_MIM);
  g_autoptr (SmbJudge) judge = judge_open (model);
  g_autoptr (SmbImage) image = judge_picture (300, 200);
  g_autoptr (GArray) drawn = boxes_new (10, (SmbBox){ 10, 10, 100, 100 }, (SmbBox){ 200, 100, 90, 60 },
                                        (SmbBox){ 50, 50, 10, 10 }, (SmbBox){ 0, 0, 20, 20 },
                                        (SmbBox){ 250, 150, 80, 80 }, (SmbBox){ 0, 0, 300, 200 },
                                        (SmbBox){ 33, 44, 55, 55 }, (SmbBox){ 60, 20, 40, 40 },
                                        (SmbBox){ 120, 70, 64, 64 }, (SmbBox){ 5, 120, 70, 70 });
  g_autoptr (SmbAnalysis) analysis = analyze (judge, image, drawn);

  g_assert_cmpuint (analysis->faces->len, ==, 10);
  for (guint i = 0; i < 10; i++) {
    const SmbFaceResult *face = g_ptr_array_index (analysis->faces, i);
    double expected[4];

    g_assert_cmpint (face->face.origin, ==, SMB_FACE_DRAWN);
    g_assert_cmpint (face->face.box.width, ==, face->face.box.height);
    if (i == 2) {
      /* Ten pixels against twenty: a sentence, no number. */
      g_assert_null (face->probabilities);
      g_assert_true (isnan (face->score));
      g_assert_nonnull (strstr (face->outside, "Too small"));
      continue;
    }
    g_assert_null (face->outside);
    direct (model, image, face->face.box, expected);
    g_assert_cmpint (face->n_classes, ==, 4);
    for (int c = 0; c < 4; c++)
      g_assert_cmpfloat_with_epsilon (face->probabilities[c], expected[c], 1e-6);
    g_assert_cmpfloat (face->score, ==, 1 - face->probabilities[1]);
  }
}

static void
test_record (void)
{
  g_autoptr (SmbModelInfo) model = judge_model (JUDGE_DETECTOR, JUDGE_MIM);
  g_autoptr (SmbJudge) judge = judge_open (model);
  g_autoptr (SmbImage) image = judge_picture (300, 200);
  g_autoptr (GArray) drawn = boxes_new (1, (SmbBox){ 10, 10, 100, 100 });
  g_autoptr (SmbAnalysis) analysis = analyze (judge, image, drawn), again = analyze (judge, image, drawn);
  g_autoptr (JsonNode) node = NULL, node_again = NULL;
  g_autoptr (SmbAnalysis) back = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL, *text_again = NULL;
  SmbAnalysisSettings settings = { 0 };

  g_assert_cmpint (analysis->width, ==, 300);
  g_assert_cmpint (analysis->height, ==, 200);
  g_assert_cmpstr (analysis->model_name, ==, "tiny");
  g_assert_cmpstr (analysis->model_sha256, ==, model->detector_sha256);
  g_assert_cmpstr (analysis->mim_sha256, ==, model->mim_sha256);
  g_assert_false (analysis->trained);
  g_assert_true (g_str_has_prefix (analysis->device, "cpu: "));
  g_assert_cmpuint (analysis->seed, ==, 99);
  g_assert_cmpfloat (analysis->seconds, >, 0);
  g_assert_true (smb_analysis_settings_from_json (&settings, analysis->settings, &error));
  g_assert_cmpuint (settings.seed, ==, 99);
  g_assert_nonnull (strstr (analysis->settings, "\"detector\":\"dlib "));
  /* The same again gives the same bytes, but for the time it took. */
  again->seconds = analysis->seconds;
  for (int i = 0; i < SMB_N_STAGES; i++) {
    g_assert_cmpfloat (analysis->stage_seconds[i], >, 0);
    g_assert_cmpfloat (analysis->stage_seconds[i], <, analysis->seconds);
    again->stage_seconds[i] = analysis->stage_seconds[i];
  }
  node = smb_analysis_to_json (analysis);
  node_again = smb_analysis_to_json (again);
  text = smb_json_to_canonical (node);
  text_again = smb_json_to_canonical (node_again);
  g_assert_cmpstr (text, ==, text_again);
  g_assert_nonnull (strstr (text, "Untrained weights: these numbers carry no meaning."));
  back = smb_analysis_from_json (node, &error);
  g_assert_no_error (error);
  g_assert_nonnull (back);
}

/* A find that the detector itself doubts is shown but not scored; drawn by hand it is. */
static void
test_detected (void)
{
  g_autoptr (SmbModelInfo) model = judge_model (JUDGE_DETECTOR, NULL);
  g_autoptr (SmbJudge) judge = judge_open (model);
  g_autoptr (SmbImage) image = sample_load ("nasa-astronaut.png"), plain = judge_picture (200, 150);
  g_autoptr (SmbAnalysis) analysis = analyze (judge, image, NULL), nothing = analyze (judge, plain, NULL);
  g_autoptr (SmbAnalysis) by_hand = NULL;
  g_autoptr (GArray) drawn = NULL;
  const SmbFaceResult *face, *doubtful;

  g_assert_cmpuint (nothing->faces->len, ==, 0);
  g_assert_cmpuint (analysis->faces->len, ==, 2);
  face = g_ptr_array_index (analysis->faces, 0);
  g_assert_cmpint (face->face.origin, ==, SMB_FACE_DETECTED);
  g_assert_null (face->outside);
  g_assert_true (face->score >= 0 && face->score <= 1);
  doubtful = g_ptr_array_index (analysis->faces, 1);
  g_assert_true (isnan (doubtful->score));
  g_assert_nonnull (strstr (doubtful->outside, "Doubtful"));
  drawn = boxes_new (1, doubtful->face.box);
  by_hand = analyze (judge, image, drawn);
  g_assert_null (((SmbFaceResult *) g_ptr_array_index (by_hand->faces, 0))->outside);
}

/* Asked for both, the detector's faces come first and keep their origin; the setting travels with the result. */
static void
test_detected_too (void)
{
  g_autoptr (SmbModelInfo) model = judge_model (JUDGE_DETECTOR, NULL);
  g_autoptr (SmbJudge) judge = judge_open (model);
  g_autoptr (SmbImage) image = sample_load ("nasa-astronaut.png");
  g_autoptr (GArray) drawn = boxes_new (1, (SmbBox){ 300, 300, 80, 80 });
  SmbAnalysisSettings settings = smb_analysis_settings_default (), read = { 0 };
  g_autoptr (SmbAnalysis) analysis = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *plain = smb_analysis_settings_to_json (&settings);

  g_assert_null (strstr (plain, "detect_too"));
  settings.detect_too = TRUE;
  analysis = smb_judge_analyze (judge, image, drawn, &settings, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (analysis->faces->len, ==, 3);
  g_assert_cmpint (((SmbFaceResult *) g_ptr_array_index (analysis->faces, 0))->face.origin, ==, SMB_FACE_DETECTED);
  g_assert_cmpint (((SmbFaceResult *) g_ptr_array_index (analysis->faces, 2))->face.origin, ==, SMB_FACE_DRAWN);
  g_assert_cmpint (((SmbFaceResult *) g_ptr_array_index (analysis->faces, 2))->face.box.x, ==, 300);
  g_assert_true (smb_analysis_settings_from_json (&read, analysis->settings, &error));
  g_assert_true (read.detect_too);
}

/* A model's own limits take the place of the defaults; those it cannot mean are refused. */
static void
test_limits (void)
{
  g_autoptr (SmbModelInfo) model = judge_model (JUDGE_DETECTOR, NULL);
  g_autoptr (SmbImage) image = judge_picture (300, 200);
  g_autoptr (GArray) drawn = boxes_new (1, (SmbBox){ 20, 20, 100, 100 });
  g_autoptr (SmbJudge) judge = judge_open (model), strict = NULL;
  g_autoptr (SmbAnalysis) plain = analyze (judge, image, drawn), outside = NULL;
  const SmbFaceResult *a = g_ptr_array_index (plain->faces, 0), *b;
  g_autoptr (GError) error = NULL;

  g_assert_nonnull (a->quality);
  g_assert_cmpuint (g_strv_length (a->quality_notes), ==, 0);
  model->limits = g_strdup ("{\"max_luma\":60,\"min_luma\":1}");
  strict = judge_open (model);
  outside = analyze (strict, image, drawn);
  b = g_ptr_array_index (outside->faces, 0);
  g_assert_cmpuint (g_strv_length (b->quality_notes), ==, 1);
  g_test_message ("%s", b->quality_notes[0]);
  /* Marked, and judged all the same. */
  g_assert_cmpfloat (a->score, ==, b->score);
  g_free (model->limits);
  model->limits = g_strdup ("{\"max_lumen\":60}");
  g_assert_null (smb_judge_new (model, "cpu", 1, &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_FORMAT);
  g_assert_nonnull (strstr (error->message, "max_yaw"));
}

static void
test_without_detector (void)
{
  g_autoptr (SmbModelInfo) model = judge_model (NULL, JUDGE_MIM);
  g_autoptr (SmbJudge) judge = judge_open (model);
  g_autoptr (SmbImage) image = judge_picture (100, 100);
  g_autoptr (GArray) drawn = boxes_new (1, (SmbBox){ 0, 0, 90, 90 });
  g_autoptr (SmbAnalysis) analysis = analyze (judge, image, drawn);
  const SmbFaceResult *face = g_ptr_array_index (analysis->faces, 0);

  g_assert_null (analysis->model_sha256);
  g_assert_true (isnan (face->score));
  g_assert_nonnull (strstr (face->outside, "no detector"));
}

static void
assert_refused (const SmbModelInfo *model, int code, const char *says)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (smb_judge_new (model, "cpu", 1, &error));
  g_assert_error (error, SMB_ERROR, code);
  g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, says));
}

static void
test_refused_models (void)
{
  g_autoptr (SmbModelInfo) neither = judge_model (NULL, NULL);
  g_autoptr (SmbModelInfo) swapped = judge_model (JUDGE_MIM, NULL), swapped_mim = judge_model (NULL, JUDGE_DETECTOR);
  g_autoptr (SmbModelInfo) classes = judge_model (JUDGE_DETECTOR, NULL), real = judge_model (JUDGE_DETECTOR, NULL);

  assert_refused (neither, SMB_ERROR_NOT_FOUND, "tiny");
  assert_refused (swapped, SMB_ERROR_MISMATCH, "a_online_init");
  assert_refused (swapped_mim, SMB_ERROR_MISMATCH, "a_classifier_init");
  g_clear_pointer (&classes->classes[3], g_free);
  assert_refused (classes, SMB_ERROR_MISMATCH, "4 classes");
  real->real_class = 4;
  assert_refused (real, SMB_ERROR_MISMATCH, "number 4");
}

/* Weights that were changed since: found before anything that was computed with them is told, every time. */
static void
test_altered (void)
{
  g_autoptr (SmbModelInfo) model = judge_model (JUDGE_DETECTOR, NULL);
  g_autoptr (SmbImage) image = judge_picture (100, 100);
  g_autoptr (GArray) drawn = boxes_new (1, (SmbBox){ 0, 0, 90, 90 });
  SmbAnalysisSettings settings = smb_analysis_settings_default ();
  g_autoptr (SmbJudge) judge = NULL, unused = NULL;

  model->detector_sha256[0] = model->detector_sha256[0] == '0' ? '1' : '0';
  judge = judge_open (model);
  unused = judge_open (model); /* and freed while it is being hashed */
  for (int i = 0; i < 2; i++) {
    g_autoptr (GError) error = NULL;

    g_assert_null (smb_judge_analyze (judge, image, drawn, &settings, NULL, &error));
    g_assert_error (error, SMB_ERROR, SMB_ERROR_INTEGRITY);
    g_assert_nonnull (strstr (error->message, "a_classifier_init"));
  }
}

/* A mere weights file says no hash of itself: the analysis does, whether there was a face or not. And what is made
 * ready beforehand changes nothing. */
static void
test_unsaid_hash (void)
{
  g_autoptr (SmbModelInfo) model = judge_model (JUDGE_DETECTOR, JUDGE_MIM),
                           mere = judge_model (JUDGE_DETECTOR, JUDGE_MIM);
  g_autoptr (SmbImage) image = judge_picture (100, 100);
  g_autoptr (GArray) drawn = boxes_new (1, (SmbBox){ 0, 0, 90, 90 });
  SmbAnalysisSettings settings = smb_analysis_settings_default ();
  g_autoptr (GError) error = NULL;

  g_clear_pointer (&mere->detector_sha256, g_free);
  g_clear_pointer (&mere->mim_sha256, g_free);
  for (int faces = 0; faces < 2; faces++) {
    g_autoptr (SmbJudge) said = judge_open (model), unsaid = judge_open (mere);
    g_autoptr (SmbAnalysis) a = NULL, b = NULL;

    g_assert_true (smb_judge_prepare (unsaid, settings.precision, &error));
    a = smb_judge_analyze (said, image, faces ? drawn : NULL, &settings, NULL, &error);
    b = smb_judge_analyze (unsaid, image, faces ? drawn : NULL, &settings, NULL, &error);
    g_assert_no_error (error);
    g_assert_cmpuint (a->faces->len, ==, faces);
    g_assert_cmpuint (b->faces->len, ==, faces);
    g_assert_cmpstr (b->model_sha256, ==, model->detector_sha256);
    g_assert_cmpstr (b->mim_sha256, ==, model->mim_sha256);
    for (int i = 0; i < faces; i++)
      g_assert_cmpfloat (((SmbFaceResult *) a->faces->pdata[i])->score, ==,
                         ((SmbFaceResult *) b->faces->pdata[i])->score);
  }
}

/* Weights that make the network answer with what is no number give an error, never a score: NAN in the file, or finite
 * values that overflow on the way. */
static void
test_not_numbers (void)
{
  const struct {
    const char *tensor;
    float value;
    int code;
  } cases[] = { { "head.bias", NAN, SMB_ERROR_FORMAT }, { "head.weight", 3e38f, SMB_ERROR_FAILED } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GError) error = NULL;
    g_autofree char *folder = g_dir_make_tmp ("smb-judge-XXXXXX", &error);
    g_autofree char *path = g_build_filename (folder, "bad.safetensors", NULL);
    g_autoptr (SmbTensorDict) weights = smb_weights_read (JUDGE_DETECTOR, &error);
    g_autoptr (SmbTensor) bad = smb_tensor_to_f32 (smb_tensor_dict_get (weights, cases[i].tensor));
    g_autoptr (SmbImage) image = judge_picture (100, 100);
    g_autoptr (GArray) drawn = boxes_new (1, (SmbBox){ 0, 0, 90, 90 });
    SmbAnalysisSettings settings = smb_analysis_settings_default ();
    g_autoptr (SmbModelInfo) model = NULL;
    g_autoptr (SmbJudge) judge = NULL;

    for (gint64 k = 0; k < bad->n; k++)
      ((float *) bad->data)[k] = cases[i].value;
    smb_tensor_dict_set (weights, cases[i].tensor, bad);
    g_assert_true (smb_weights_write (path, weights, &error));
    model = judge_model (path, NULL);
    judge = smb_judge_new (model, "cpu", 1, &error);
    g_assert_no_error (error);
    /* NAN in the file is refused when the weights are read, too large a number when it shows. */
    g_assert_null (smb_judge_analyze (judge, image, drawn, &settings, NULL, &error));
    g_assert_error (error, SMB_ERROR, cases[i].code);
    g_test_message ("%s", error->message);
    g_remove (path);
    g_rmdir (folder);
  }
}

/* Each precision the processor has gives about the same scores, and says which it was; one that it lacks is refused. */
static void
test_precisions (void)
{
  static const double allowed[]
      = { [SMB_PRECISION_F32] = 1e-15, [SMB_PRECISION_BF16] = 2e-3, [SMB_PRECISION_INT8] = 0.02 };
  static const char *const names[] = { "f32", "tf32", "bf16", "int8" };
  g_autoptr (SmbModelInfo) model = judge_model (JUDGE_DETECTOR, NULL);
  g_autoptr (SmbJudge) judge = judge_open (model);
  g_autoptr (SmbImage) image = judge_picture (300, 200);
  g_autoptr (GArray) drawn = boxes_new (2, (SmbBox){ 10, 10, 100, 100 }, (SmbBox){ 120, 70, 64, 64 });
  g_autoptr (SmbAnalysis) plain = analyze (judge, image, drawn);
  g_autoptr (SmbDevice) device = smb_device_open ("cpu", 1, NULL);

  for (int p = SMB_PRECISION_F32; p <= SMB_PRECISION_INT8; p++) {
    SmbAnalysisSettings settings = smb_analysis_settings_default ();
    g_autoptr (GError) error = NULL;
    g_autoptr (SmbAnalysis) other = NULL;
    g_autofree char *says = g_strdup_printf ("\"precision\":\"%s\"", names[p]);
    SmbPrecision parsed;

    settings.precision = (SmbPrecision) p;
    other = smb_judge_analyze (judge, image, drawn, &settings, NULL, &error);
    if ((device->info.precisions & (1u << p)) == 0) {
      g_assert_null (other);
      g_assert_error (error, SMB_ERROR, SMB_ERROR_UNSUPPORTED);
      g_clear_error (&error);
      g_assert_false (smb_precision_from_text (names[p], NULL, &parsed, &error));
      g_assert_error (error, SMB_ERROR, SMB_ERROR_UNSUPPORTED);
      continue;
    }
    g_assert_no_error (error);
    g_assert_nonnull (strstr (other->settings, says));
    for (guint i = 0; i < 2; i++) {
      const SmbFaceResult *a = g_ptr_array_index (plain->faces, i), *b = g_ptr_array_index (other->faces, i);

      g_assert_cmpfloat_with_epsilon (a->score, b->score, allowed[p]);
    }
    g_assert_true (smb_precision_from_text (names[p], "cpu", &parsed, &error));
    g_assert_cmpint ((int) parsed, ==, p);
  }
}

static void
test_precision_texts (void)
{
  g_autoptr (SmbDevice) device = smb_device_open ("cpu", 1, NULL);
  g_autoptr (GError) error = NULL;
  SmbPrecision precision = SMB_PRECISION_INT8;

  g_assert_true (smb_precision_from_text ("auto", NULL, &precision, &error));
  g_assert_cmpint (precision, ==, device->info.quick);
  g_assert_false (smb_precision_from_text ("fp16", NULL, &precision, &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT);
  g_clear_error (&error);
  g_assert_false (smb_precision_from_text ("auto", "abacus:0", &precision, &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_NOT_FOUND);
}

static void
test_bad_requests (void)
{
  g_autoptr (SmbModelInfo) model = judge_model (JUDGE_DETECTOR, NULL);
  g_autoptr (SmbJudge) judge = judge_open (model);
  g_autoptr (SmbImage) image = judge_picture (100, 100);
  g_autoptr (GArray) missing = boxes_new (1, (SmbBox){ 100, 0, 50, 50 });
  g_autoptr (GArray) many = g_array_new (FALSE, TRUE, sizeof (SmbBox));
  g_autoptr (GCancellable) cancelled = g_cancellable_new ();
  SmbAnalysisSettings settings = smb_analysis_settings_default ();
  g_autoptr (GError) error = NULL;

  g_assert_null (smb_judge_analyze (judge, image, missing, &settings, NULL, &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT);
  g_clear_error (&error);
  g_array_set_size (many, 1001);
  g_assert_null (smb_judge_analyze (judge, image, many, &settings, NULL, &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_LIMIT);
  g_clear_error (&error);
  g_cancellable_cancel (cancelled);
  g_assert_null (smb_judge_analyze (judge, image, NULL, &settings, cancelled, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  g_assert_null (smb_judge_new (model, "abacus:7", 1, &error));
  g_assert_nonnull (error);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  /* The same on every machine, whatever predictors are installed. */
  g_setenv ("SEMBLANCE_LANDMARKS", "none", TRUE);
  g_test_add_func ("/judge/against-network", test_against_network);
  g_test_add_func ("/judge/record", test_record);
  g_test_add_func ("/judge/detected", test_detected);
  g_test_add_func ("/judge/detected-too", test_detected_too);
  g_test_add_func ("/judge/limits", test_limits);
  g_test_add_func ("/judge/without-detector", test_without_detector);
  g_test_add_func ("/judge/refused-models", test_refused_models);
  g_test_add_func ("/judge/altered", test_altered);
  g_test_add_func ("/judge/unsaid-hash", test_unsaid_hash);
  g_test_add_func ("/judge/not-numbers", test_not_numbers);
  g_test_add_func ("/judge/precisions", test_precisions);
  g_test_add_func ("/judge/precision-texts", test_precision_texts);
  g_test_add_func ("/judge/bad-requests", test_bad_requests);
  return g_test_run ();
}
