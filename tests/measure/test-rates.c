/* SPDX-License-Identifier: Apache-2.0 */
/* Rates against their definitions, counted out. */
#include <math.h>

#include "base/smb-rng.h"
#include "measure/smb-rates.h"

enum { N = 60 };

static void
draw (guint64 seed, double scores[N], guint8 forged[N])
{
  SmbRng rng;

  smb_rng_init (&rng, seed, 0);
  for (int i = 0; i < N; i++) {
    forged[i] = i == 0 || (i != 1 && smb_rng_below (&rng, 3) == 0);
    scores[i] = round (10.0 * (smb_rng_uniform (&rng) + 0.3 * forged[i])) / 10.0; /* many are equal */
  }
}

static void
test_auc (void)
{
  for (guint64 seed = 0; seed < 30; seed++) {
    double scores[N], won = 0.0, pairs = 0.0;
    guint8 forged[N];

    draw (seed, scores, forged);
    for (int i = 0; i < N; i++)
      for (int j = 0; j < N; j++)
        if (forged[i] && !forged[j]) {
          won += scores[i] > scores[j] ? 1.0 : scores[i] == scores[j] ? 0.5 : 0.0;
          pairs++;
        }
    g_assert_cmpfloat_with_epsilon (smb_rate_auc (scores, forged, N), won / pairs, 1e-12);
  }
}

static void
test_at (void)
{
  for (guint64 seed = 0; seed < 30; seed++) {
    double scores[N], best = 0.0, threshold, eer;
    guint8 forged[N];
    SmbRates around;

    draw (seed, scores, forged);
    for (double t = -0.05; t < 1.6; t += 0.05) {
      SmbRates r = smb_rates_at (scores, forged, N, t);
      double kinds[2] = { 0 }, wrong[2] = { 0 };

      for (int i = 0; i < N; i++) {
        kinds[forged[i]]++;
        wrong[forged[i]] += (scores[i] >= t) != forged[i];
      }
      g_assert_cmpfloat (r.fpr, ==, wrong[0] / kinds[0]);
      g_assert_cmpfloat (r.fnr, ==, wrong[1] / kinds[1]);
      g_assert_cmpfloat (r.hter, ==, (r.fpr + r.fnr) / 2.0);
      g_assert_cmpfloat_with_epsilon (r.accuracy, 1.0 - (wrong[0] + wrong[1]) / N, 1e-12);
      if (r.fpr <= 0.1)
        best = MAX (best, 1.0 - r.fnr);
    }
    g_assert_cmpfloat_with_epsilon (smb_rate_tpr_at_fpr (scores, forged, N, 0.1), best, 1e-12);
    eer = smb_rate_eer (scores, forged, N, &threshold);
    around = smb_rates_at (scores, forged, N, threshold);
    /* Between the two errors at its threshold, or at the corner before it. */
    g_assert_cmpfloat (eer, <=, MAX (around.fpr, around.fnr) + 1e-12);
    g_assert_cmpfloat (eer, >=, MIN (around.fpr, around.fnr) - 1e-12);
  }
}

static void
test_known (void)
{
  const double scores[] = { 0.1, 0.4, 0.35, 0.8 };
  const guint8 forged[] = { 0, 0, 1, 1 }, none[] = { 0, 0, 0, 0 }, sure[] = { 0, 0, 0, 1 };
  double threshold;

  g_assert_cmpfloat (smb_rate_auc (scores, forged, 4), ==, 0.75);
  g_assert_cmpfloat (smb_rate_eer (scores, forged, 4, NULL), ==, 0.5);
  g_assert_true (isnan (smb_rate_auc (scores, none, 4)) && isnan (smb_rate_eer (scores, none, 4, NULL)));
  g_assert_cmpfloat (smb_rate_auc (scores, sure, 4), ==, 1.0);
  g_assert_cmpfloat (smb_rate_eer (scores, sure, 4, &threshold), ==, 0.0);
  g_assert_cmpfloat (threshold, ==, 0.8);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/measure/auc", test_auc);
  g_test_add_func ("/measure/at", test_at);
  g_test_add_func ("/measure/known", test_known);
  return g_test_run ();
}
