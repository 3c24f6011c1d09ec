/* SPDX-License-Identifier: Apache-2.0 */
/* Likelihood ratios of whole tracks, on made-up videos whose ratios are known. */
#include "base/smb-error.h"
#include "base/smb-rng.h"
#include "measure/smb-track-calibration.h"

#include <math.h>

#define N 4000

static void
test_series (void)
{
  double values[] = { 0.9, 0.1, 0.4, 0.2 }, out[SMB_N_SERIES];
  double many[25], one[] = { 0.3 };

  smb_series_summarise (values, 4, out);
  g_assert_cmpfloat_with_epsilon (out[SMB_SERIES_MEAN], 0.4, 1e-12);
  g_assert_cmpfloat_with_epsilon (out[SMB_SERIES_MEDIAN], 0.3, 1e-12);
  g_assert_cmpfloat_with_epsilon (out[SMB_SERIES_TOP], 0.9, 1e-12);
  for (int i = 0; i < 25; i++)
    many[i] = (double) ((i * 7) % 25) / 100.0;
  smb_series_summarise (many, 25, out);
  g_assert_cmpuint (smb_series_n_top (25), ==, 2);
  g_assert_cmpfloat_with_epsilon (out[SMB_SERIES_TOP], 0.235, 1e-12);
  g_assert_cmpfloat_with_epsilon (out[SMB_SERIES_MEDIAN], 0.12, 1e-12);
  smb_series_summarise (one, 1, out);
  for (int s = 0; s < SMB_N_SERIES; s++)
    g_assert_cmpfloat (out[s], ==, 0.3);
}

/* logit (score) of genuine videos is normal about -m, of forged about m, with unit variance: log LR = 2 m logit. The
 * three statistics are given different m. */
static void
make (double *values, guint *faces, guint8 *forged, guint n)
{
  SmbRng rng;

  smb_rng_init (&rng, 7, 1);
  for (guint i = 0; i < n; i++) {
    forged[i] = i % 2;
    faces[i] = 10 + i % 3;
    for (int s = 0; s < SMB_N_SERIES; s++) {
      const double x = smb_rng_normal (&rng) + (forged[i] ? 1.0 : -1.0) * (0.5 + 0.25 * s);

      values[i * SMB_N_SERIES + s] = 1.0 / (1.0 + exp (-x));
    }
  }
}

static void
test_fit (void)
{
  g_autofree double *values = g_new (double, N * SMB_N_SERIES);
  g_autofree guint *faces = g_new (guint, N);
  g_autofree guint8 *forged = g_new (guint8, N);
  g_autoptr (SmbTrackCalibration) fitted = NULL, back = NULL;
  g_autoptr (JsonNode) node = NULL, again = NULL;
  g_autofree char *text = NULL, *text_again = NULL;
  g_autoptr (GError) error = NULL;

  make (values, faces, forged, N);
  fitted = smb_track_calibration_fit (SMB_CALIBRATION_LOGISTIC, values, faces, forged, NULL, N, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (fitted->faces, ==, 11);
  for (int s = 0; s < SMB_N_SERIES; s++) {
    /* Natural logarithms: slope 2 m; in decimal ones that over ln 10. */
    g_assert_cmpfloat_with_epsilon (fitted->of[s]->slope, 2.0 * (0.5 + 0.25 * s) / G_LN10, 0.06);
    g_assert_cmpfloat_with_epsilon (fitted->of[s]->offset, 0.0, 0.04);
    g_assert_cmpuint (fitted->of[s]->genuine, ==, N / 2);
  }
  node = smb_track_calibration_to_json (fitted);
  back = smb_track_calibration_from_json (node, &error);
  g_assert_no_error (error);
  again = smb_track_calibration_to_json (back);
  text = json_to_string (node, FALSE);
  text_again = json_to_string (again, FALSE);
  g_assert_cmpstr (text_again, ==, text);
}

static void
test_refused (void)
{
  double values[30 * SMB_N_SERIES];
  guint faces[30];
  guint8 forged[30];
  g_autoptr (GError) error = NULL;
  const char *const broken[]
      = { "{}", "[]", "{\"mean\": {}, \"median\": {}, \"top\": {}, \"faces\": 3}", "{\"mean\": 3}" };

  make (values, faces, forged, 30);
  for (guint i = 0; i < 30; i++)
    forged[i] = i < 9;
  g_assert_null (smb_track_calibration_fit (SMB_CALIBRATION_LOGISTIC, values, faces, forged, NULL, 30, &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT);
  g_assert_nonnull (g_strstr_len (error->message, -1, "videos"));
  g_clear_error (&error);
  g_assert_null (smb_track_calibration_fit (SMB_CALIBRATION_ISOTONIC, values, faces, forged, NULL, 0, &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT);
  for (guint i = 0; i < G_N_ELEMENTS (broken); i++) {
    g_autoptr (JsonNode) node = json_from_string (broken[i], NULL);

    g_clear_error (&error);
    g_assert_null (smb_track_calibration_from_json (node, &error));
    g_assert_error (error, SMB_ERROR, SMB_ERROR_FORMAT);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/measure/track-calibration/series", test_series);
  g_test_add_func ("/measure/track-calibration/fit", test_fit);
  g_test_add_func ("/measure/track-calibration/refused", test_refused);
  return g_test_run ();
}
