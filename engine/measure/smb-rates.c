/* SPDX-License-Identifier: Apache-2.0 */
#include "measure/smb-rates.h"

#include <math.h>
#include <stdlib.h>

typedef struct {
  double score;
  guint8 forged;
} Scored;

static int
higher_first (const void *a, const void *b)
{
  double x = ((const Scored *) a)->score, y = ((const Scored *) b)->score;

  return x > y ? -1 : x < y;
}

GArray *
smb_rate_roc (const double *scores, const guint8 *forged, gsize n)
{
  g_autofree Scored *sorted = g_new (Scored, n);
  GArray *roc = g_array_new (FALSE, FALSE, sizeof (SmbRocPoint));
  SmbRocPoint point = { INFINITY, 0.0, 0.0 };
  double positives = 0.0, found = 0.0, alarms = 0.0;

  for (gsize i = 0; i < n; i++) {
    sorted[i] = (Scored){ scores[i], forged[i] != 0 };
    positives += sorted[i].forged;
  }
  qsort (sorted, n, sizeof *sorted, higher_first);
  g_array_append_val (roc, point);
  for (gsize i = 0; i < n; i++) {
    found += sorted[i].forged;
    alarms += !sorted[i].forged;
    if (i + 1 < n && sorted[i + 1].score == sorted[i].score)
      continue;
    point = (SmbRocPoint){ sorted[i].score, alarms / ((double) n - positives), found / positives };
    g_array_append_val (roc, point);
  }
  return roc;
}

static gboolean
both_kinds (const guint8 *forged, gsize n)
{
  gsize positives = 0;

  for (gsize i = 0; i < n; i++)
    positives += forged[i] != 0;
  return positives > 0 && positives < n;
}

double
smb_rate_auc (const double *scores, const guint8 *forged, gsize n)
{
  g_autoptr (GArray) roc = NULL;
  double area = 0.0;

  if (!both_kinds (forged, n))
    return NAN;
  roc = smb_rate_roc (scores, forged, n);
  for (guint i = 1; i < roc->len; i++) {
    SmbRocPoint a = g_array_index (roc, SmbRocPoint, i - 1), b = g_array_index (roc, SmbRocPoint, i);

    area += (b.fpr - a.fpr) * (a.tpr + b.tpr) / 2.0;
  }
  return area;
}

double
smb_rate_eer (const double *scores, const guint8 *forged, gsize n, double *threshold)
{
  g_autoptr (GArray) roc = NULL;

  if (threshold != NULL)
    *threshold = NAN;
  if (!both_kinds (forged, n))
    return NAN;
  roc = smb_rate_roc (scores, forged, n);
  for (guint i = 1; i < roc->len; i++) {
    SmbRocPoint a = g_array_index (roc, SmbRocPoint, i - 1), b = g_array_index (roc, SmbRocPoint, i);
    double before = 1.0 - a.tpr - a.fpr, after = 1.0 - b.tpr - b.fpr, t;

    if (after > 0.0)
      continue;
    t = before - after > 0.0 ? before / (before - after) : 1.0;
    if (threshold != NULL) /* of the two corners the nearer */
      *threshold = t < 0.5 && i > 1 ? a.threshold : b.threshold;
    return a.fpr + t * (b.fpr - a.fpr);
  }
  return NAN; /* not reached: the last corner is (1, 1) */
}

double
smb_rate_tpr_at_fpr (const double *scores, const guint8 *forged, gsize n, double fpr)
{
  g_autoptr (GArray) roc = NULL;
  double best = 0.0;

  if (!both_kinds (forged, n))
    return NAN;
  roc = smb_rate_roc (scores, forged, n);
  for (guint i = 0; i < roc->len; i++)
    if (g_array_index (roc, SmbRocPoint, i).fpr <= fpr)
      best = g_array_index (roc, SmbRocPoint, i).tpr;
  return best;
}

SmbRates
smb_rates_at (const double *scores, const guint8 *forged, gsize n, double threshold)
{
  double kinds[2] = { 0.0, 0.0 }, wrong[2] = { 0.0, 0.0 };
  SmbRates r;

  for (gsize i = 0; i < n; i++) {
    int kind = forged[i] != 0;

    kinds[kind]++;
    wrong[kind] += (scores[i] >= threshold) != kind;
  }
  r.accuracy = n > 0 ? 1.0 - (wrong[0] + wrong[1]) / (double) n : NAN;
  r.fpr = kinds[0] > 0.0 ? wrong[0] / kinds[0] : NAN;
  r.fnr = kinds[1] > 0.0 ? wrong[1] / kinds[1] : NAN;
  r.hter = (r.fpr + r.fnr) / 2.0;
  return r;
}
