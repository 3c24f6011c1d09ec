/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <string.h>

#include "analysis/smb-analysis.h"
#include "analysis/smb-json.h"
#include "analysis/smb-score-warning.h"
#include "base/smb-error.h"

static SmbAnalysis *
sample (void)
{
  SmbAnalysis *analysis = smb_analysis_new ();
  const char *const classes[] = { "genuine", "deep \"fake\"", "生成", NULL };
  SmbFace seen = { { 10, 20, 100, 100 }, { 15, -3, 80, 81 }, 1.25, SMB_FACE_DETECTED };
  SmbFace small = { { 0, 0, 12, 12 }, { 0, 0, 12, 12 }, 0, SMB_FACE_DRAWN };
  SmbFaceResult *face = smb_face_result_new (&seen);

  face->n_classes = 3;
  face->probabilities = g_new (double, 3);
  face->probabilities[0] = 0.1;
  face->probabilities[1] = 0.7;
  face->probabilities[2] = 0.2;
  face->score = 0.9;
  g_ptr_array_add (analysis->faces, face);
  face = smb_face_result_new (&small);
  face->outside = g_strdup ("Too small.");
  face->quality = g_new0 (SmbFaceQuality, 1);
  *face->quality = (SmbFaceQuality){ .size_px = 31, .blur = 4.5, .luma = 99, .yaw = NAN, .pitch = NAN, .roll = NAN,
                                     .cut = 0.25, .coarse = TRUE };
  face->quality_notes = g_strsplit ("Blurred.|Cut.", "|", -1);
  g_ptr_array_add (analysis->faces, face);
  analysis->width = 640;
  analysis->height = 480;
  analysis->model_name = g_strdup ("untrained");
  analysis->model_sha256 = g_strdup ("ab12");
  analysis->classes = g_strdupv ((char **) classes);
  analysis->calibrated = FALSE;
  analysis->device = g_strdup ("cpu: some\tname");
  analysis->landmark_file = g_strdup ("/some/where.dat");
  analysis->landmark_sha256 = g_strdup ("cd34");
  analysis->program_version = g_strdup ("0.1.0");
  analysis->settings = g_strdup ("{\"a\":[1,0.5,null,true],\"b\":{}}");
  analysis->seed = G_MAXUINT64;
  analysis->seconds = 0.125;
  analysis->stage_seconds[SMB_STAGE_DETECT] = 0.0625;
  analysis->stage_seconds[SMB_STAGE_NETWORK] = 0.03125;
  return analysis;
}

static void
test_round_trip (void)
{
  g_autoptr (SmbAnalysis) analysis = sample ();
  g_autoptr (SmbAnalysis) copy = smb_analysis_copy (analysis);
  g_autoptr (JsonNode) node = smb_analysis_to_json (copy);
  g_autofree char *text = json_to_string (node, FALSE);
  g_autofree char *canonical = smb_json_to_canonical (node);
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) parsed = smb_json_parse (text, 100000, "test", &error);
  g_autoptr (SmbAnalysis) back = NULL;
  g_autoptr (JsonNode) again = NULL;
  g_autofree char *text_again = NULL;
  const SmbFaceResult *face;

  g_assert_no_error (error);
  back = smb_analysis_from_json (parsed, &error);
  g_assert_no_error (error);
  again = smb_analysis_to_json (back);
  text_again = smb_json_to_canonical (again);
  g_assert_cmpstr (text_again, ==, canonical);
  g_assert_cmpuint (back->seed, ==, G_MAXUINT64);
  g_assert_cmpstr (back->settings, ==, analysis->settings);
  g_assert_cmpstrv (back->classes, analysis->classes);
  g_assert_null (back->mim_sha256);
  g_assert_cmpstr (back->landmark_file, ==, "/some/where.dat");
  g_assert_cmpstr (back->landmark_sha256, ==, "cd34");
  g_assert_cmpuint (back->faces->len, ==, 2);
  face = g_ptr_array_index (back->faces, 0);
  g_assert_cmpfloat (face->score, ==, 0.9);
  g_assert_cmpfloat (face->probabilities[1], ==, 0.7);
  g_assert_cmpint (face->face.detected.y, ==, -3);
  g_assert_null (face->outside);
  face = g_ptr_array_index (back->faces, 1);
  g_assert_true (isnan (face->score));
  g_assert_null (face->probabilities);
  g_assert_cmpstr (face->outside, ==, "Too small.");
  g_assert_cmpint (face->quality->size_px, ==, 31);
  g_assert_true (isnan (face->quality->yaw) && face->quality->coarse);
  g_assert_cmpstr (face->quality_notes[1], ==, "Cut.");
  g_assert_cmpint (face->face.origin, ==, SMB_FACE_DRAWN);
}

/* The shape that others read: names, nulls, and the sentence of untrained weights. */
static void
test_shape (void)
{
  g_autoptr (SmbAnalysis) analysis = sample ();
  g_autoptr (JsonNode) node = smb_analysis_to_json (analysis);
  g_autofree char *text = smb_json_to_canonical (node);

  g_assert_cmpstr (
      text, ==,
      "{\"device\":\"cpu: some\\u0009name\",\"faces\":[{\"box\":[10,20,100,100],\"detected_box\":[15,-3,80,81],"
      "\"detector_confidence\":1.25,\"origin\":\"detected\",\"outside\":null,"
      "\"probabilities\":{\"deep \\\"fake\\\"\":0.7,\"genuine\":0.1,\"生成\":0.2},\"score\":0.9},"
      "{\"box\":[0,0,12,12],\"detected_box\":[0,0,12,12],\"detector_confidence\":0,\"origin\":\"drawn\","
      "\"outside\":\"Too small.\",\"probabilities\":null,\"quality\":{\"blur\":4.5,\"clipped\":0,\"cut\":0.25,"
      "\"landmarks\":\"template\",\"luma\":99,\"outside\":[\"Blurred.\",\"Cut.\"],\"pitch\":null,\"roll\":null,\"size_px\":31,"
      "\"yaw\":null},\"score\":null}],\"height\":480,"
      "\"landmark_file\":{\"name\":\"/some/where.dat\",\"sha256\":\"cd34\"},"
      "\"model\":{\"calibrated\":false,\"classes\":[\"genuine\",\"deep \\\"fake\\\"\",\"生成\"],\"mim_sha256\":null,"
      "\"name\":\"untrained\",\"note\":\"Untrained weights: these numbers carry no meaning.\",\"real_class\":0,"
      "\"sha256\":\"ab12\",\"trained\":false},\"program_version\":\"0.1.0\",\"seconds\":0.125,"
      "\"seed\":\"18446744073709551615\",\"settings\":{\"a\":[1,0.5,null,true],\"b\":{}},"
      "\"stages\":{\"crop\":0,\"detect\":0.0625,\"network\":0.03125,\"quality\":0},\"width\":640}");
}

/* Takes a good record, replaces one piece of its text, and sees it refused with a message that holds `says`. */
static void
test_hostile (void)
{
  const struct {
    const char *piece, *by, *says;
  } cases[] = {
    { "\"width\":640", "\"width\":0", "width" },
    { "\"sha256\":\"cd34\"", "\"sha256\":null", "landmark_file.sha256" },
    { "\"name\":\"/some/where.dat\"", "\"nom\":7", "landmark_file.name" },
    { "\"landmarks\":\"template\"", "\"landmarks\":\"guess\"", "landmarks" },
    { "\"outside\":[\"Blurred.\"", "\"outside\":[7", "outside" },
    { "\"blur\":4.5", "\"blur\":null", "blur" },
    { "\"width\":640", "\"width\":\"640\"", "width" },
    { "\"width\":640", "\"width\":640.5", "width" },
    { "\"width\":640", "\"width\":1e300", "width" },
    { "\"width\":640", "\"width\":99999999999", "width" },
    { "\"width\":640", "\"depth\":640", "width" },
    { "\"faces\":[", "\"faces\":[7,", "faces[0]" },
    { "\"faces\":[", "\"faces\":[null,", "faces[0]" },
    { "\"box\":[10,20,100,100]", "\"box\":[10,20,100]", "faces[0].box" },
    { "\"box\":[10,20,100,100]", "\"box\":[10,20,100,100,1]", "faces[0].box" },
    { "\"box\":[10,20,100,100]", "\"box\":[10,20,0,100]", "faces[0].box" },
    { "\"box\":[10,20,100,100]", "\"box\":[10,20,-5,100]", "faces[0].box" },
    { "\"box\":[10,20,100,100]", "\"box\":[600,20,100,100]", "faces[0].box" },
    { "\"box\":[10,20,100,100]", "\"box\":[9223372036854775807,20,100,100]", "faces[0].box" },
    { "\"box\":[10,20,100,100]", "\"box\":[[],20,100,100]", "faces[0].box" },
    { "\"box\":[10,20,100,100]", "\"box\":{}", "faces[0].box" },
    { "\"origin\":\"drawn\"", "\"origin\":\"dreamt\"", "faces[1].origin" },
    { "\"score\":0.9", "\"score\":1.5", "faces[0].score" },
    { "\"score\":0.9", "\"score\":\"high\"", "faces[0].score" },
    { "\"score\":0.9", "\"score\":null", "faces[0].score" },
    { "\"score\":null", "\"score\":0.5", "faces[1].score" },
    { "\"genuine\":0.1", "\"genuine\":-0.1", "faces[0].probabilities" },
    { "\"genuine\":0.1", "\"gen\":0.1", "faces[0].genuine" },
    { "\"genuine\":0.1", "\"genuine\":0.1,\"more\":0.1", "faces[0].probabilities" },
    { "\"classes\":[\"genuine\"", "\"classes\":[\"生成\"", "model.classes" },
    { "\"classes\":[\"genuine\"", "\"classes\":[5", "model.classes" },
    { "\"real_class\":0", "\"real_class\":3", "model.real_class" },
    { "\"real_class\":0", "\"real_class\":-1", "model.real_class" },
    { "\"trained\":false", "\"trained\":0", "model.trained" },
    { "\"name\":\"untrained\"", "\"name\":null", "model.name" },
    { "\"seed\":\"18446744073709551615\"", "\"seed\":\"18446744073709551616\"", "seed" },
    { "\"seed\":\"18446744073709551615\"", "\"seed\":-1", "seed" },
    { "\"seed\":\"18446744073709551615\"", "\"seed\":\"0x10\"", "seed" },
    { "\"settings\":{", "\"settings\":7,\"s\":{", "settings" },
    { "\"seconds\":0.125", "\"seconds\":null", "seconds" },
  };
  g_autoptr (SmbAnalysis) analysis = sample ();
  g_autoptr (JsonNode) node = smb_analysis_to_json (analysis);
  g_autofree char *good = smb_json_to_canonical (node);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    GString *text = g_string_new (good);
    g_autoptr (GError) error = NULL;
    g_autoptr (JsonNode) bad = NULL;

    g_assert_cmpuint (g_string_replace (text, cases[i].piece, cases[i].by, 1), ==, 1);
    bad = smb_json_parse (text->str, 100000, "test", &error);
    g_assert_no_error (error);
    g_assert_null (smb_analysis_from_json (bad, &error));
    g_assert_error (error, SMB_ERROR, SMB_ERROR_FORMAT);
    g_test_message ("%s", error->message);
    g_assert_nonnull (strstr (error->message, cases[i].says));
    g_string_free (text, TRUE);
  }
}

static void
test_not_an_object (void)
{
  const char *const texts[] = { "[]", "7", "null", "\"x\"" };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (JsonNode) node = smb_json_parse (texts[i], 100, "test", &error);

    g_assert_no_error (error);
    g_assert_null (smb_analysis_from_json (node, &error));
    g_assert_error (error, SMB_ERROR, SMB_ERROR_FORMAT);
  }
}

static void
test_parse_limits (void)
{
  g_autofree char *deep = g_strnfill (200000, '[');
  g_autoptr (GError) error = NULL;

  g_assert_null (smb_json_parse (deep, 1000000, "test", &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_LIMIT);
  g_clear_error (&error);
  g_assert_null (smb_json_parse ("{\"a\":1}", 3, "test", &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_LIMIT);
  g_clear_error (&error);
  g_assert_null (smb_json_parse ("{\"a\":", 100, "test", &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_FORMAT);
  g_clear_error (&error);
  g_assert_null (smb_json_parse ("", 100, "test", &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_FORMAT);
}

static void
test_settings (void)
{
  SmbAnalysisSettings settings = smb_analysis_settings_default (), back = { 0 };
  g_autofree char *text = smb_analysis_settings_to_json (&settings);
  g_autofree char *changed = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_cmpstr (text, ==, "{\"detect_max_side_px\":640,\"detect_upsample\":1,\"precision\":\"f32\",\"seed\":0}");
  settings.seed = G_MAXUINT64 - 3;
  settings.precision = SMB_PRECISION_BF16;
  settings.detect_upsample = 2;
  changed = smb_analysis_settings_to_json (&settings);
  g_assert_true (smb_analysis_settings_from_json (&back, changed, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (back.seed, ==, settings.seed);
  g_assert_cmpint (back.precision, ==, SMB_PRECISION_BF16);
  g_assert_cmpint (back.detect_upsample, ==, 2);
  g_assert_cmpint (back.detect_max_side_px, ==, 640);
  g_assert_false (smb_analysis_settings_from_json (
      &back, "{\"detect_max_side_px\":640,\"detect_upsample\":9,\"precision\":\"f32\",\"seed\":0}", &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_FORMAT);
  g_clear_error (&error);
  g_assert_false (smb_analysis_settings_from_json (
      &back, "{\"detect_max_side_px\":640,\"detect_upsample\":1,\"precision\":\"f64\",\"seed\":0}", &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_FORMAT);
  g_assert_cmpint (back.detect_upsample, ==, 2);
}

static void
test_warning (void)
{
  g_assert_cmpstr (smb_model_warning (FALSE, FALSE), ==, "Untrained weights: these numbers carry no meaning.");
  g_assert_cmpstr (smb_model_warning (FALSE, TRUE), ==, "Untrained weights: these numbers carry no meaning.");
  g_assert_cmpstr (smb_model_warning (TRUE, FALSE), ==,
                   "Not calibrated: the score is a raw network output, not a probability of forgery.");
  g_assert_null (smb_model_warning (TRUE, TRUE));
}

/* What is true of some exhibits only is said of those; a video whose tracks lack a calibration says nothing of stills. */
static void
test_score_warnings (void)
{
  static const SmbScored scored[] = { { "S-01", FALSE, TRUE, TRUE },
                                      { "S-02", TRUE, TRUE, FALSE },
                                      { "S-03", TRUE, TRUE, TRUE },
                                      { "S-04", TRUE, TRUE, FALSE },
                                      { "S-05", FALSE, FALSE, FALSE } };
  static const SmbScored videos[] = { { "S-02", TRUE, TRUE, FALSE }, { "S-04", TRUE, TRUE, FALSE } };
  g_autoptr (GPtrArray) mixed = smb_score_warnings (scored, G_N_ELEMENTS (scored)),
                        alike = smb_score_warnings (videos, G_N_ELEMENTS (videos)), good = smb_score_warnings (scored, 1);
  const char *tracks = "Not calibrated for tracks: a track's score is a raw mean, worth no likelihood ratio.";

  g_assert_null (smb_score_warning (&scored[0]));
  g_assert_cmpstr (smb_score_warning (&scored[1]), ==, tracks);
  g_assert_null (smb_score_warning (&scored[2]));
  g_assert_cmpuint (mixed->len, ==, 2);
  g_assert_true (g_str_has_prefix (mixed->pdata[0], "Exhibits S-02, S-04: Not calibrated for tracks: "));
  g_assert_true (g_str_has_prefix (mixed->pdata[1], "Exhibit S-05: Untrained weights: "));
  g_assert_cmpuint (alike->len, ==, 1);
  g_assert_cmpstr (alike->pdata[0], ==, tracks);
  g_assert_cmpuint (good->len, ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/analysis/json/round-trip", test_round_trip);
  g_test_add_func ("/analysis/json/shape", test_shape);
  g_test_add_func ("/analysis/json/hostile", test_hostile);
  g_test_add_func ("/analysis/json/not-an-object", test_not_an_object);
  g_test_add_func ("/analysis/json/parse-limits", test_parse_limits);
  g_test_add_func ("/analysis/json/settings", test_settings);
  g_test_add_func ("/analysis/json/warning", test_warning);
  g_test_add_func ("/analysis/json/score-warnings", test_score_warnings);
  return g_test_run ();
}
