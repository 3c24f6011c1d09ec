/* SPDX-License-Identifier: Apache-2.0 */
/* Calibration on data whose likelihood ratios are known, and intervals by hand. */
#include <math.h>

#include "base/smb-error.h"
#include "base/smb-rng.h"
#include "measure/smb-bootstrap.h"
#include "measure/smb-calibration.h"
#include "measure/smb-rates.h"

enum { N = 4000 };

/* Scores whose logit is normal, about +-1 with variance 2 a: then log LR = logit exactly (a = 1). More genuine than
 * forged, which must not matter. */
static void
draw (double scale, double shift, double *scores, guint8 *forged)
{
  SmbRng rng;

  smb_rng_init (&rng, 8, 0);
  for (int i = 0; i < N; i++) {
    double x;

    forged[i] = i % 4 == 0;
    x = (forged[i] ? 1.0 : -1.0) + sqrt (2.0) * smb_rng_normal (&rng);
    x = (x - shift) / scale;
    scores[i] = 1.0 / (1.0 + exp (-x));
  }
}

static void
test_known_ratio (void)
{
  g_autofree double *scores = g_new (double, N), *lr = g_new (double, N);
  g_autofree guint8 *forged = g_new (guint8, N);

  for (SmbCalibrationKind kind = SMB_CALIBRATION_LOGISTIC; kind <= SMB_CALIBRATION_ISOTONIC; kind++) {
    g_autoptr (SmbCalibration) c = NULL;
    g_autoptr (JsonNode) node = NULL;
    g_autoptr (SmbCalibration) again = NULL;

    draw (2.5, 0.7, scores, forged);
    c = smb_calibration_fit (kind, scores, forged, NULL, N, NULL);
    g_assert_nonnull (c);
    for (double x = -1.5; x <= 1.5; x += 0.5) { /* natural log LR x at the score that means it */
      double score = 1.0 / (1.0 + exp (-(x - 0.7) / 2.5));

      g_assert_cmpfloat_with_epsilon (smb_calibration_apply (c, score, NULL) * G_LN10, x,
                                      kind == SMB_CALIBRATION_LOGISTIC ? 0.15 : 0.5);
    }
    g_assert_cmpfloat (c->high, >, 0.8);
    g_assert_cmpfloat (c->high, <, 3.5);
    g_assert_cmpfloat (c->low, <, -0.8);
    g_assert_cmpfloat (c->cllr, <, 0.75);
    g_assert_cmpfloat (c->cllr, >=, c->cllr_min - 0.01);
    for (int i = 0; i < N; i++)
      lr[i] = smb_calibration_apply (c, scores[i], NULL);
    g_assert_cmpfloat_with_epsilon (smb_cllr (lr, forged, N), c->cllr, 0.03);
    node = smb_calibration_to_json (c);
    again = smb_calibration_from_json (node, NULL);
    g_assert_nonnull (again);
    for (double s = 0.0; s <= 1.0; s += 0.1) {
      int a, b;

      g_assert_cmpfloat_with_epsilon (smb_calibration_apply (c, s, &a), smb_calibration_apply (again, s, &b), 1e-9);
      g_assert_cmpint (a, ==, b);
    }
  }
}

static void
test_bounds (void)
{
  /* Perfectly apart: 50 and 50. No ratio beyond what so many faces can show is claimed. */
  double scores[100];
  guint8 forged[100];

  for (int i = 0; i < 100; i++) {
    forged[i] = i >= 50;
    scores[i] = forged[i] ? 0.99 + 0.0001 * (i - 50) : 0.01 - 0.0001 * i;
  }
  for (SmbCalibrationKind kind = SMB_CALIBRATION_LOGISTIC; kind <= SMB_CALIBRATION_ISOTONIC; kind++) {
    g_autoptr (SmbCalibration) c = smb_calibration_fit (kind, scores, forged, NULL, 100, NULL);
    int bound;

    g_assert_cmpfloat (c->high, <=, log10 (51.0) + 1e-9);
    g_assert_cmpfloat (c->low, >=, -log10 (51.0) - 1e-9);
    g_assert_true (isfinite (smb_calibration_apply (c, 1.0, &bound)));
    g_assert_cmpfloat (smb_calibration_apply (c, 1.0, NULL), <=, c->high);
    g_assert_cmpfloat (smb_calibration_apply (c, 0.0, NULL), >=, c->low);
  }
}

static void
test_refusals (void)
{
  const double scores[12] = { 0.1, 0.2, 0.3, 0.1, 0.2, 0.3, 0.1, 0.2, 0.3, 0.5, 0.9, 0.8 };
  const guint8 forged[12] = { [10] = 1, [11] = 1 };
  static const char *const bad[] = { "[]", "{}", "{\"kind\":\"logistic\",\"low\":-1,\"high\":1}",
                                     "{\"kind\":\"isotonic\",\"low\":-1,\"high\":1,\"knots\":[[1,0],[0,1]]}",
                                     "{\"kind\":\"logistic\",\"slope\":1,\"offset\":0,\"low\":1,\"high\":2}" };
  g_autoptr (GError) error = NULL;

  g_assert_null (smb_calibration_fit (SMB_CALIBRATION_LOGISTIC, scores, forged, NULL, 12, &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT);
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr (JsonNode) node = json_from_string (bad[i], NULL);
    g_autoptr (GError) problem = NULL;

    g_assert_null (smb_calibration_from_json (node, &problem));
    g_assert_error (problem, SMB_ERROR, SMB_ERROR_FORMAT);
  }
}

static void
test_cllr (void)
{
  const double nothing[] = { 0.0, 0.0, 0.0 }, some[] = { 1.0, -1.0, -2.0 };
  const guint8 forged[] = { 1, 0, 0 };

  g_assert_cmpfloat_with_epsilon (smb_cllr (nothing, forged, 3), 1.0, 1e-12);
  g_assert_cmpfloat_with_epsilon (smb_cllr (some, forged, 3),
                                  0.5 * (log2 (1.1) + (log2 (1.1) + log2 (1.01)) / 2.0), 1e-12);
}

static double
mean_of (const double *scores, const guint8 *forged, gsize n, gpointer unused)
{
  double sum = 0.0;

  for (gsize i = 0; i < n; i++)
    sum += scores[i];
  return sum / (double) n;
}

static void
test_bootstrap (void)
{
  double scores[400], interval[2], wide[2], deviation = 0.0;
  guint8 forged[400] = { 0 };
  int groups[400];
  SmbRng rng;

  smb_rng_init (&rng, 3, 0);
  for (int i = 0; i < 400; i++) { /* ten alike in each group: as good as 40 faces, not 400 */
    groups[i] = i / 10;
    scores[i] = i % 10 == 0 ? smb_rng_normal (&rng) : scores[i - 1];
    deviation += scores[i] * scores[i] / 400.0;
  }
  smb_bootstrap (mean_of, NULL, scores, forged, NULL, 400, 1000, 1, interval);
  smb_bootstrap (mean_of, NULL, scores, forged, groups, 400, 1000, 1, wide);
  g_assert_cmpfloat_with_epsilon (interval[1] - interval[0], 2.0 * 1.96 * sqrt (deviation / 400.0), 0.03);
  g_assert_cmpfloat_with_epsilon (wide[1] - wide[0], 2.0 * 1.96 * sqrt (deviation / 40.0), 0.12);
  smb_bootstrap (mean_of, NULL, scores, forged, NULL, 400, 1000, 1, wide);
  g_assert_cmpfloat (wide[0], ==, interval[0]);
  smb_bootstrap (mean_of, NULL, scores, forged, NULL, 0, 10, 1, wide);
  g_assert_true (isnan (wide[0]));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/measure/calibration/known", test_known_ratio);
  g_test_add_func ("/measure/calibration/bounds", test_bounds);
  g_test_add_func ("/measure/calibration/refusals", test_refusals);
  g_test_add_func ("/measure/calibration/cllr", test_cllr);
  g_test_add_func ("/measure/bootstrap", test_bootstrap);
  return g_test_run ();
}
