/* SPDX-License-Identifier: Apache-2.0 */
#include "measure/smb-calibration.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/smb-error.h"

#define FOLDS 5
#define CLIP 1e-6
#define NEWTON_STEPS 100

static double
logit (double score)
{
  double p = CLAMP (score, CLIP, 1.0 - CLIP);

  return log (p / (1.0 - p));
}

void
smb_calibration_free (SmbCalibration *c)
{
  if (c == NULL)
    return;
  g_clear_pointer (&c->knots, g_array_unref);
  g_free (c->data);
  g_free (c);
}

static void
count (const guint8 *forged, gsize n, double kinds[2])
{
  kinds[0] = kinds[1] = 0.0;
  for (gsize i = 0; i < n; i++)
    kinds[forged[i] != 0]++;
}

/* Newton's method on two numbers; every step that would raise the loss is halved. */
static void
fit_logistic (SmbCalibration *c, const double *scores, const guint8 *forged, gsize n)
{
  double kinds[2], a = 1.0, b = 0.0, best = INFINITY, step_a = 0.0, step_b = 0.0;

  count (forged, n, kinds);
  for (int step = 0; step < NEWTON_STEPS; step++) {
    double loss = 0.5 * a * a / (double) n, ga = a / (double) n, gb = 0.0, haa = 1.0 / (double) n, hab = 0.0,
           hbb = 1e-12, det;

    for (gsize i = 0; i < n; i++) {
      double x = logit (scores[i]), z = a * x + b, weight = 0.5 / kinds[forged[i] != 0];
      double p = 1.0 / (1.0 + exp (-z)), g = weight * (p - (forged[i] != 0)), h = weight * p * (1.0 - p);

      loss += weight * (forged[i] ? log1p (exp (-z)) : z + log1p (exp (-z)));
      ga += g * x;
      gb += g;
      haa += h * x * x;
      hab += h * x;
      hbb += h;
    }
    if (!(loss <= best)) {
      step_a /= 2.0;
      step_b /= 2.0;
      a += step_a;
      b += step_b;
      if (fabs (step_a) + fabs (step_b) < 1e-12)
        break;
      continue;
    }
    if (best - loss < 1e-15)
      break;
    best = loss;
    det = haa * hbb - hab * hab;
    step_a = (hbb * ga - hab * gb) / det;
    step_b = (haa * gb - hab * ga) / det;
    a -= step_a;
    b -= step_b;
  }
  c->slope = a / G_LN10;
  c->offset = b / G_LN10;
}

typedef struct {
  double score, weight, sum; /* of what is forged */
} Block;

static int
by_score (const void *a, const void *b)
{
  const Block *x = a, *y = b;

  return x->score < y->score ? -1 : x->score > y->score;
}

/* Pool adjacent violators; a block's ratio stands at its mean score. */
static void
fit_isotonic (SmbCalibration *c, const double *scores, const guint8 *forged, gsize n)
{
  g_autofree Block *blocks = g_new (Block, n + 2);
  double kinds[2];
  gsize m = 0;

  count (forged, n, kinds);
  for (gsize i = 0; i < n; i++) {
    double weight = 1.0 / (kinds[forged[i] != 0] + 1.0);

    blocks[i] = (Block){ scores[i], weight, forged[i] ? weight : 0.0 };
  }
  blocks[n] = (Block){ 0.0, 1.0 / (kinds[1] + 1.0), 1.0 / (kinds[1] + 1.0) };
  blocks[n + 1] = (Block){ 1.0, 1.0 / (kinds[0] + 1.0), 0.0 };
  qsort (blocks, n + 2, sizeof *blocks, by_score);
  for (gsize i = 0; i < n + 2; i++) {
    Block next = blocks[i];

    next.score *= next.weight;
    while (m > 0 && blocks[m - 1].sum * next.weight >= next.sum * blocks[m - 1].weight) {
      m--;
      next = (Block){ next.score + blocks[m].score, next.weight + blocks[m].weight, next.sum + blocks[m].sum };
    }
    blocks[m++] = next;
  }
  c->knots = g_array_new (FALSE, FALSE, sizeof (SmbCalibrationKnot));
  for (gsize i = 0; i < m; i++) {
    double p = CLAMP (blocks[i].sum / blocks[i].weight, 1e-9, 1.0 - 1e-9);
    SmbCalibrationKnot knot = { blocks[i].score / blocks[i].weight, log10 (p / (1.0 - p)) };

    g_array_append_val (c->knots, knot);
  }
}

static double
unbounded (const SmbCalibration *c, double score)
{
  const SmbCalibrationKnot *k;
  guint i = 0;

  if (c->kind == SMB_CALIBRATION_LOGISTIC)
    return c->slope * logit (score) + c->offset;
  k = (const SmbCalibrationKnot *) (gpointer) c->knots->data;
  while (i < c->knots->len && k[i].score < score)
    i++;
  if (i == 0 || i == c->knots->len)
    return k[i == 0 ? 0 : i - 1].log10_lr;
  return k[i - 1].log10_lr
         + (score - k[i - 1].score) / MAX (k[i].score - k[i - 1].score, 1e-12) * (k[i].log10_lr - k[i - 1].log10_lr);
}

double
smb_calibration_apply (const SmbCalibration *c, double score, int *bound)
{
  double lr = unbounded (c, score);

  if (bound != NULL)
    *bound = lr > c->high ? 1 : lr < c->low ? -1 : 0;
  return CLAMP (lr, c->low, c->high);
}

double
smb_cllr (const double *log10_lr, const guint8 *forged, gsize n)
{
  double kinds[2], sums[2] = { 0.0, 0.0 };

  count (forged, n, kinds);
  for (gsize i = 0; i < n; i++)
    sums[forged[i] != 0] += log1p (exp ((forged[i] ? -1.0 : 1.0) * log10_lr[i] * G_LN10)) / G_LN2;
  return kinds[0] > 0.0 && kinds[1] > 0.0 ? 0.5 * (sums[0] / kinds[0] + sums[1] / kinds[1]) : NAN;
}

/* The largest t seen with t <= share of `of` at or beyond t / share of the others, one of them added: deciding by it
 * costs no more than not deciding. sign -1 looks at the lower side. */
static double
bound_of (const double *lr, const guint8 *forged, gsize n, int sign)
{
  double kinds[2], best = 0.0;

  count (forged, n, kinds);
  for (gsize i = 0; i < n; i++) {
    double t = sign * lr[i], right = 0.0, wrong = 1.0;
    int of = sign > 0;

    if (t <= best)
      continue;
    for (gsize k = 0; k < n; k++)
      if (sign * lr[k] >= t)
        *((forged[k] != 0) == of ? &right : &wrong) += 1.0;
    if (t <= log10 (right / kinds[of] * (kinds[!of] + 1.0) / wrong))
      best = t;
  }
  return sign * best;
}

static SmbCalibration *
fit (SmbCalibrationKind kind, const double *scores, const guint8 *forged, gsize n)
{
  SmbCalibration *c = g_new0 (SmbCalibration, 1);
  g_autofree double *lr = g_new (double, n);
  double kinds[2];

  count (forged, n, kinds);
  c->kind = kind;
  c->genuine = (guint) kinds[0];
  c->forged = (guint) kinds[1];
  c->cllr = c->cllr_min = NAN;
  if (kind == SMB_CALIBRATION_LOGISTIC)
    fit_logistic (c, scores, forged, n);
  else
    fit_isotonic (c, scores, forged, n);
  for (gsize i = 0; i < n; i++)
    lr[i] = unbounded (c, scores[i]);
  c->low = bound_of (lr, forged, n, -1);
  c->high = bound_of (lr, forged, n, 1);
  return c;
}

/* Each fold is judged by what the others fitted. */
static double
held_out_cllr (SmbCalibrationKind kind, const double *scores, const guint8 *forged, const int *groups, gsize n)
{
  g_autofree double *lr = g_new (double, n), *s = g_new (double, n);
  g_autofree guint8 *f = g_new (guint8, n);

  for (int fold = 0; fold < FOLDS; fold++) {
    g_autoptr (SmbCalibration) c = NULL;
    double kinds[2];
    gsize m = 0;

    for (gsize i = 0; i < n; i++)
      if ((groups != NULL ? groups[i] : (int) i) % FOLDS != fold) {
        s[m] = scores[i];
        f[m++] = forged[i];
      }
    count (f, m, kinds);
    if (kinds[0] < 2.0 || kinds[1] < 2.0)
      return NAN;
    c = fit (kind, s, f, m);
    for (gsize i = 0; i < n; i++)
      if ((groups != NULL ? groups[i] : (int) i) % FOLDS == fold)
        lr[i] = smb_calibration_apply (c, scores[i], NULL);
  }
  return smb_cllr (lr, forged, n);
}

SmbCalibration *
smb_calibration_fit (SmbCalibrationKind kind, const double *scores, const guint8 *forged, const int *groups, gsize n,
                     GError **error)
{
  g_autoptr (SmbCalibration) best = NULL;
  SmbCalibration *c;
  g_autofree double *lr = g_new (double, n);
  double kinds[2];

  count (forged, n, kinds);
  if (kinds[0] < SMB_CALIBRATION_FEWEST || kinds[1] < SMB_CALIBRATION_FEWEST) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT,
                 _ ("A calibration needs at least %d genuine and %d forged faces; there are %.0f and %.0f."), SMB_CALIBRATION_FEWEST,
                 SMB_CALIBRATION_FEWEST, kinds[0], kinds[1]);
    return NULL;
  }
  c = fit (kind, scores, forged, n);
  c->cllr = held_out_cllr (kind, scores, forged, groups, n);
  best = fit (SMB_CALIBRATION_ISOTONIC, scores, forged, n); /* what no monotone map of the scores can beat */
  for (gsize i = 0; i < n; i++)
    lr[i] = unbounded (best, scores[i]);
  c->cllr_min = smb_cllr (lr, forged, n);
  return c;
}

static const char *const kind_names[] = { "logistic", "isotonic" };

const char *
smb_calibration_kind_name (SmbCalibrationKind kind)
{
  return kind_names[kind];
}

gboolean
smb_calibration_kind_from_name (const char *name, SmbCalibrationKind *kind)
{
  for (guint i = 0; i < G_N_ELEMENTS (kind_names); i++)
    if (strcmp (name, kind_names[i]) == 0) {
      *kind = i;
      return TRUE;
    }
  return FALSE;
}
