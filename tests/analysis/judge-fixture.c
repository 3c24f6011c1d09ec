/* SPDX-License-Identifier: Apache-2.0 */
#include "judge-fixture.h"

#include "base/smb-hash.h"

static char *
sha256_of (const char *path)
{
  g_autoptr (GError) error = NULL;
  char *sha256 = path == NULL ? NULL : smb_sha256_of_file (path, NULL, NULL, &error);

  g_assert_no_error (error);
  return sha256;
}

SmbModelInfo *
judge_model (const char *detector_path, const char *mim_path)
{
  const char *const classes[] = { "deepfake", "genuine", "synthetic", "spoof", NULL };
  SmbModelInfo *model = g_new0 (SmbModelInfo, 1);

  model->name = g_strdup ("tiny");
  model->title = g_strdup ("Tiny");
  model->folder = g_strdup ("/");
  model->detector_path = g_strdup (detector_path);
  model->detector_sha256 = sha256_of (detector_path);
  model->mim_path = g_strdup (mim_path);
  model->mim_sha256 = sha256_of (mim_path);
  model->classes = g_strdupv ((char **) classes);
  model->real_class = 1;
  for (int c = 0; c < 3; c++) {
    model->mean[c] = 0.4 + 0.05 * c;
    model->std[c] = 0.2 + 0.02 * c;
    model->mim_mean[c] = 0.5 - 0.04 * c;
    model->mim_std[c] = 0.25;
  }
  model->transform = SMB_FACE_RESIZE_CENTRE_CROP;
  model->min_face_px = 20;
  model->licence = g_strdup ("Apache-2.0");
  model->provenance = g_strdup ("Seeded random numbers.");
  return model;
}

SmbImage *
judge_picture (int width, int height)
{
  gsize n = (gsize) width * (gsize) height * 3;
  guint8 *rgb = g_malloc (n);
  g_autoptr (GBytes) bytes = NULL;

  for (int y = 0; y < height; y++)
    for (int x = 0; x < width; x++)
      for (int c = 0; c < 3; c++)
        rgb[((gsize) y * (gsize) width + (gsize) x) * 3 + (gsize) c]
            = (guint8) ((x * x / (7 + c) + y * (3 + c) + x * y / 11) % 256);
  bytes = g_bytes_new_take (rgb, n);
  return smb_image_new (width, height, bytes);
}

SmbJudge *
judge_open (const SmbModelInfo *model)
{
  g_autoptr (GError) error = NULL;
  SmbJudge *judge = smb_judge_new (model, "cpu", 1, &error);

  g_assert_no_error (error);
  g_assert_nonnull (judge);
  return judge;
}

SmbMapSpec
judge_spec (const char *text)
{
  g_autoptr (GError) error = NULL;
  SmbMapSpec spec;

  smb_map_spec_parse (&spec, text, &error);
  g_assert_no_error (error);
  return spec;
}

void
judge_assert_instruments (const char *device, const char *result)
{
  static const char predictor[] = "/usr/share/dlib/shape_predictor_68_face_landmarks.dat";
  g_autoptr (JsonNode) node = json_from_string (result, NULL);
  g_autoptr (SmbAnalysis) analysis = smb_analysis_from_json (node, NULL);
  g_autofree char *sha256 = smb_sha256_of_file (predictor, NULL, NULL, NULL); /* NULL: not installed */

  g_assert_true (g_str_has_prefix (device, "cpu: "));
  g_assert_cmpstr (analysis->device, ==, device);
  g_assert_cmpstr (analysis->landmark_file, ==, sha256 != NULL ? predictor : NULL);
  g_assert_cmpstr (analysis->landmark_sha256, ==, sha256);
}
