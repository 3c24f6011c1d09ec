/* SPDX-License-Identifier: Apache-2.0 */
#include "train-test.h"

#include <math.h>
#include <string.h>

double
train_test_norm_distance (const SmbTensor *got, const SmbTensor *want)
{
  double difference = 0.0, size = 0.0;

  g_assert_cmpint (got->n, ==, want->n);
  for (gint64 i = 0; i < want->n; i++) {
    double w = (double) ((const float *) want->data)[i], d = (double) ((const float *) got->data)[i] - w;

    difference += d * d;
    size += w * w;
  }
  return size > 0.0 ? sqrt (difference / size) : sqrt (difference);
}

double
train_test_param_distance (const char *name, const SmbTensor *got, const SmbTensor *want)
{
  gboolean skip_key = g_str_has_suffix (name, "attn.qkv.bias");
  double worst = 0.0, scale = 0.0;

  g_assert_cmpint (got->n, ==, want->n);
  for (gint64 i = 0; i < want->n; i++) {
    double w = (double) ((const float *) want->data)[i], d = fabs ((double) ((const float *) got->data)[i] - w);

    g_assert_true (isfinite (d));
    if (skip_key && i >= want->n / 3 && i < 2 * want->n / 3)
      continue;
    worst = MAX (worst, d);
    scale = MAX (scale, fabs (w));
  }
  return scale > 0.0 ? worst / scale : worst;
}

static void
compare (const SmbTensorDict *got, const SmbTensorDict *want, const char *prefix, double limit,
         gboolean gradients)
{
  int compared = 0;
  double worst = 0.0;

  for (guint i = 0; i < want->names->len; i++) {
    const char *full = g_ptr_array_index (want->names, i), *name = full + strlen (prefix);
    const SmbTensor *g, *w = smb_tensor_dict_get (want, full);
    double distance;

    if (!g_str_has_prefix (full, prefix))
      continue;
    g = smb_tensor_dict_get (got, name);
    if (g == NULL)
      g_error ("%s is missing", name);
    distance = gradients ? train_test_norm_distance (g, w) : train_test_param_distance (name, g, w);
    if (!(distance <= limit))
      g_error ("%s lies %.3e from the reference, more than %.0e", full, distance, limit);
    worst = MAX (worst, distance);
    compared++;
  }
  g_test_message ("%d tensors, worst %.2e", compared, worst);
  g_assert_cmpint (compared, >, 0);
}

void
train_test_params_near (const SmbTensorDict *got, const SmbTensorDict *want, const char *prefix, double limit)
{
  compare (got, want, prefix, limit, FALSE);
}

void
train_test_step_near (const SmbTensorDict *got, const SmbTensorDict *want, const SmbTensorDict *gradients,
                      const char *prefix, double limit, double lr, double clip)
{
  for (guint i = 0; i < want->names->len; i++) {
    const char *full = g_ptr_array_index (want->names, i), *name = full + strlen (prefix);
    const SmbTensor *w = smb_tensor_dict_get (want, full), *x, *g;
    double scale = 0.0, steepest = 0.0;

    if (!g_str_has_prefix (full, prefix))
      continue;
    x = smb_tensor_dict_get (got, name);
    g = smb_tensor_dict_get (gradients, name);
    g_assert_nonnull (x);
    g_assert_cmpint (x->n, ==, w->n);
    for (gint64 k = 0; k < w->n; k++) {
      scale = MAX (scale, fabs ((double) ((const float *) w->data)[k]));
      steepest = MAX (steepest, g != NULL ? clip * fabs ((double) ((const float *) g->data)[k]) : 0.0);
    }
    for (gint64 k = 0; k < w->n; k++) {
      double off = fabs ((double) ((const float *) x->data)[k] - (double) ((const float *) w->data)[k]);
      double slope = g != NULL ? clip * fabs ((double) ((const float *) g->data)[k]) : 0.0;
      double more = steepest > 0.0 ? lr * 1e-6 * steepest / (slope + 1e-8) : 0.0;

      if (g_str_has_suffix (name, "attn.qkv.bias") && k >= w->n / 3 && k < 2 * w->n / 3)
        continue;
      if (!(off <= limit * scale + MIN (more, 2.0 * lr)))
        g_error ("%s, element %d lies %.3e from the reference; allowed are %.0e of %.3g and %.3e", full, (int) k, off,
                 limit, scale, more);
    }
  }
}

void
train_test_gradients_near (const SmbTensorDict *got, const SmbTensorDict *want, const char *prefix, double limit)
{
  compare (got, want, prefix, limit, TRUE);
}

void
train_test_same_bytes (const SmbTensorDict *a, const SmbTensorDict *b)
{
  g_assert_cmpuint (smb_tensor_dict_get_size (a), ==, smb_tensor_dict_get_size (b));
  for (guint i = 0; i < a->names->len; i++) {
    const char *name = g_ptr_array_index (a->names, i);
    const SmbTensor *x = smb_tensor_dict_get (a, name), *y = smb_tensor_dict_get (b, name);

    g_assert_nonnull (y);
    g_assert_cmpuint (smb_tensor_get_bytes (x), ==, smb_tensor_get_bytes (y));
    if (memcmp (x->data, y->data, smb_tensor_get_bytes (x)) != 0)
      g_error ("%s differs", name);
  }
}
