/* SPDX-License-Identifier: Apache-2.0 */
#include "face/smb-resample.h"

#include <math.h>
#include <string.h>

/* 32 bits less 8 for the value and 2 for a sum of weights that overshoots 1. */
#define WEIGHT_BITS (32 - 8 - 2)

/* One axis: output i = sum over k < n[i] of weights[i * per_output + k] * input[first[i] + k]. */
typedef struct {
  int per_output;
  int *first, *n;
  gint32 *weights;
} Axis;

static double
box_filter (double x)
{
  return x > -0.5 && x <= 0.5 ? 1.0 : 0.0;
}

static double
bicubic_filter (double x)
{
  const double a = -0.5;

  x = fabs (x);
  if (x < 1.0)
    return ((a + 2.0) * x - (a + 3.0)) * x * x + 1;
  if (x < 2.0)
    return (((x - 5) * x + 8) * x - 4) * a;
  return 0.0;
}

static void
axis_init (Axis *axis, int n_in, int n_out, SmbFilter filter)
{
  double (*const shape) (double) = filter == SMB_FILTER_BOX ? box_filter : bicubic_filter;
  const double scale = (double) n_in / n_out, stretch = MAX (scale, 1.0);
  const double support = (filter == SMB_FILTER_BOX ? 0.5 : 2.0) * stretch, shrink = 1.0 / stretch;
  g_autofree double *exact = NULL;

  axis->per_output = (int) ceil (support) * 2 + 1;
  axis->first = g_new (int, n_out);
  axis->n = g_new (int, n_out);
  axis->weights = g_new0 (gint32, (gsize) n_out * (gsize) axis->per_output);
  exact = g_new (double, axis->per_output);
  for (int i = 0; i < n_out; i++) {
    const double centre = (i + 0.5) * scale;
    const int from = MAX ((int) (centre - support + 0.5), 0), to = MIN ((int) (centre + support + 0.5), n_in);
    gint32 *weights = axis->weights + (gsize) i * (gsize) axis->per_output;
    double sum = 0;

    axis->first[i] = from;
    axis->n[i] = to - from;
    for (int k = 0; k < to - from; k++) {
      exact[k] = shape ((k + from - centre + 0.5) * shrink);
      sum += exact[k];
    }
    for (int k = 0; k < to - from; k++) {
      double weight = sum != 0.0 ? exact[k] / sum : exact[k];

      /* Half away from zero. */
      weights[k] = (gint32) (weight * (1 << WEIGHT_BITS) + (weight < 0 ? -0.5 : 0.5));
    }
  }
}

static void
axis_clear (Axis *axis)
{
  g_free (axis->first);
  g_free (axis->n);
  g_free (axis->weights);
}

/* One output pixel from n input pixels step bytes apart. */
static inline void
sum_pixel (guint8 *out, const guint8 *in, gsize step, const gint32 *weights, int n)
{
  gint32 sums[3] = { 1 << (WEIGHT_BITS - 1), 1 << (WEIGHT_BITS - 1), 1 << (WEIGHT_BITS - 1) };

  for (int k = 0; k < n; k++, in += step)
    for (int c = 0; c < 3; c++)
      sums[c] += in[c] * weights[k];
  for (int c = 0; c < 3; c++)
    out[c] = (guint8) CLAMP (sums[c] >> WEIGHT_BITS, 0, 255);
}

static guint8 *
resample_across (const guint8 *rgb, gsize row_bytes, int width, int height, int out_width, SmbFilter filter)
{
  guint8 *out = g_malloc ((gsize) height * (gsize) out_width * 3);
  Axis axis;

  axis_init (&axis, width, out_width, filter);
  for (int y = 0; y < height; y++)
    for (int x = 0; x < out_width; x++)
      sum_pixel (out + ((gsize) y * (gsize) out_width + (gsize) x) * 3,
                 rgb + (gsize) y * row_bytes + (gsize) axis.first[x] * 3, 3,
                 axis.weights + (gsize) x * (gsize) axis.per_output, axis.n[x]);
  axis_clear (&axis);
  return out;
}

static guint8 *
resample_down (const guint8 *rgb, gsize row_bytes, int width, int height, int out_height, SmbFilter filter)
{
  guint8 *out = g_malloc ((gsize) out_height * (gsize) width * 3);
  Axis axis;

  axis_init (&axis, height, out_height, filter);
  for (int y = 0; y < out_height; y++)
    for (int x = 0; x < width; x++)
      sum_pixel (out + ((gsize) y * (gsize) width + (gsize) x) * 3,
                 rgb + (gsize) axis.first[y] * row_bytes + (gsize) x * 3, row_bytes,
                 axis.weights + (gsize) y * (gsize) axis.per_output, axis.n[y]);
  axis_clear (&axis);
  return out;
}

guint8 *
smb_resample (const guint8 *rgb, gsize row_bytes, int width, int height, int out_width, int out_height,
              SmbFilter filter)
{
  g_autofree guint8 *narrow = NULL;

  g_return_val_if_fail (rgb != NULL && width > 0 && height > 0 && out_width > 0 && out_height > 0, NULL);
  g_return_val_if_fail (row_bytes >= (gsize) width * 3, NULL);
  /* At equal size the weights are 1 and 0: the pass through the filter copies. */
  narrow = resample_across (rgb, row_bytes, width, height, out_width, filter);
  return resample_down (narrow, (gsize) out_width * 3, out_width, height, out_height, filter);
}
