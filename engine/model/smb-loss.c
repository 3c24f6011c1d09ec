/* SPDX-License-Identifier: Apache-2.0 */
#include "model/smb-loss.h"

#include <math.h>
#include <string.h>

static const char *const contrast_names[] = { "simsiam", "byol", "infonce" };

const char *
smb_contrast_name (SmbContrast contrast)
{
  g_return_val_if_fail ((guint) contrast < G_N_ELEMENTS (contrast_names), "");
  return contrast_names[contrast];
}

gboolean
smb_contrast_from_name (const char *name, SmbContrast *out)
{
  for (guint i = 0; i < G_N_ELEMENTS (contrast_names); i++)
    if (name != NULL && g_ascii_strcasecmp (name, contrast_names[i]) == 0) {
      *out = (SmbContrast) i;
      return TRUE;
    }
  return FALSE;
}

double
smb_loss_masked_mean (const float *error, const guint8 *chosen, gsize n)
{
  double sum = 0.0;
  gsize count = 0;

  for (gsize i = 0; i < n; i++)
    if (chosen[i]) {
      sum += (double) error[i];
      count++;
    }
  return count > 0 ? sum / (double) count : 0.0;
}

/* log of the sum of exp (x) */
static double
log_sum_exp (const double *x, int n)
{
  /* NOLINTNEXTLINE(clang-analyzer-core.uninitialized.Assign): there is at least one */
  double top = x[0], sum = 0.0;

  for (int i = 1; i < n; i++)
    top = MAX (top, x[i]);
  for (int i = 0; i < n; i++)
    sum += exp (x[i] - top);
  /* cppcheck-suppress invalidFunctionArg; the largest alone adds exp (0) = 1 */
  return top + log (sum);
}

void
smb_softmax_rows (float *probabilities, const float *logits, int b, int k)
{
  g_autofree double *row = g_new (double, k);

  for (int i = 0; i < b; i++) {
    double all;

    for (int j = 0; j < k; j++)
      row[j] = (double) logits[i * k + j];
    all = log_sum_exp (row, k);
    for (int j = 0; j < k; j++)
      probabilities[i * k + j] = (float) exp (row[j] - all);
  }
}

double
smb_loss_cross_entropy (const float *logits, const double *targets, int b, int k, const double *class_weights,
                        float *dlogits)
{
  g_autofree double *row = g_new (double, k);
  double loss = 0.0, total = b;

  if (class_weights != NULL) {
    total = 0.0;
    for (int i = 0; i < b * k; i++)
      total += class_weights[i % k] * targets[i];
  }
  for (int i = 0; i < b; i++) {
    double all, mass = 0.0;

    for (int j = 0; j < k; j++)
      row[j] = (double) logits[i * k + j];
    all = log_sum_exp (row, k);
    for (int j = 0; j < k; j++) {
      double t = targets[i * k + j] * (class_weights != NULL ? class_weights[j] : 1.0);

      loss -= t * (row[j] - all);
      mass += t;
    }
    for (int j = 0; dlogits != NULL && j < k; j++) {
      double t = targets[i * k + j] * (class_weights != NULL ? class_weights[j] : 1.0);

      dlogits[i * k + j] = (float) (total > 0.0 ? (mass * exp (row[j] - all) - t) / total : 0.0);
    }
  }
  return total > 0.0 ? loss / total : 0.0;
}

static double
dot (const float *a, const float *b, int n)
{
  double sum = 0.0;

  for (int i = 0; i < n; i++)
    sum += (double) a[i] * (double) b[i];
  return sum;
}

/* Cosine of two rows; the product of the squared lengths is at least 1e-16. gradient (n) += factor * d cosine / d a. */
static double
cosine (const float *a, const float *b, int n, double factor, double *gradient)
{
  double ab = dot (a, b, n), aa = dot (a, a, n), bb = dot (b, b, n), lengths = aa * bb;
  double root = sqrt (MAX (lengths, 1e-16));

  for (int i = 0; gradient != NULL && i < n; i++) {
    double d = (double) b[i] / root;

    if (lengths > 1e-16)
      d -= ab / root * (double) a[i] / aa;
    gradient[i] += factor * d;
  }
  return ab / root;
}

/* Row i's loss with the targets of the whole batch as candidates. */
static double
info_nce_row (const float *online, const float *target, int i, int b, int n, double temperature, double *gradient)
{
  g_autofree double *s = g_new (double, b);
  const float *row = online + i * n;
  double all;

  for (int j = 0; j < b; j++)
    s[j] = cosine (row, target + j * n, n, 0.0, NULL) / temperature;
  all = log_sum_exp (s, b);
  for (int j = 0; gradient != NULL && j < b; j++)
    cosine (row, target + j * n, n, (exp (s[j] - all) - (i == j)) / temperature / b, gradient);
  return (all - s[i]) / b;
}

double
smb_loss_contrast (SmbContrast contrast, const float *online, const float *target, int b, int n, double temperature,
                   float *donline)
{
  g_autofree double *gradient = g_new (double, n);
  double loss = 0.0, slope = contrast == SMB_CONTRAST_SIMSIAM ? -0.5 : -2.0;

  for (int i = 0; i < b; i++) {
    memset (gradient, 0, (gsize) n * sizeof *gradient);
    if (contrast == SMB_CONTRAST_INFO_NCE)
      loss += info_nce_row (online, target, i, b, n, temperature, donline != NULL ? gradient : NULL);
    else
      loss += slope / b * cosine (online + i * n, target + i * n, n, slope / b, gradient)
              + (contrast == SMB_CONTRAST_BYOL ? 2.0 / b : 0.0);
    for (int j = 0; donline != NULL && j < n; j++)
      donline[i * n + j] = (float) gradient[j];
  }
  return loss;
}

/* One anchor: its loss before the factor in front; ds (B) = its derivative by the row's similarities. */
static double
anchor_row (const double *s, const gboolean *genuine, int i, int b, double *ds)
{
  double top = s[0], sum = 0.0, loss = 0.0, log_sum;
  int positives = 0;

  for (int j = 0; j < b; j++) {
    top = MAX (top, s[j]);
    positives += genuine[j] && j != i;
  }
  memset (ds, 0, (gsize) b * sizeof *ds);
  if (positives == 0)
    return 0.0;
  for (int j = 0; j < b; j++)
    if (j != i)
      sum += exp (s[j] - top);
  log_sum = log (sum + 1e-6); /* not only a guard: it weighs as much as a neighbour at cosine 0.033 */
  for (int j = 0; j < b; j++) {
    if (j == i)
      continue;
    ds[j] = -exp (s[j] - top) / (sum + 1e-6);
    if (genuine[j]) {
      loss += (s[j] - top - log_sum) / positives;
      ds[j] += 1.0 / positives;
    }
  }
  return loss;
}

double
smb_loss_real_anchor (const float *z, const gboolean *genuine, int b, int n, double temperature, float *dz)
{
  g_autofree double *s = g_new (double, b), *ds = g_new (double, b), *sum = g_new0 (double, (gsize) b * (gsize) n);
  double loss = 0.0, factor = -(temperature / 0.07) / b;

  for (int i = 0; i < b; i++) {
    if (!genuine[i])
      continue;
    for (int j = 0; j < b; j++)
      s[j] = dot (z + i * n, z + j * n, n) / temperature;
    loss += factor * anchor_row (s, genuine, i, b, ds);
    for (int j = 0; j < b; j++)
      for (int c = 0; c < n; c++) {
        sum[i * n + c] += factor * ds[j] * (double) z[j * n + c] / temperature;
        sum[j * n + c] += factor * ds[j] * (double) z[i * n + c] / temperature;
      }
  }
  for (int i = 0; dz != NULL && i < b * n; i++)
    dz[i] = (float) sum[i];
  return loss;
}
