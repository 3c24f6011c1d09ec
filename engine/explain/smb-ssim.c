/* SPDX-License-Identifier: Apache-2.0 */
#include "explain/smb-ssim.h"

#include <math.h>

#define RADIUS_PX 5
#define DEVIATION 1.5
#define N_MOMENTS 5 /* a, b, aa, bb, ab */

static void
moments_of (double out[N_MOMENTS], double a, double b)
{
  out[0] = a;
  out[1] = b;
  out[2] = a * a;
  out[3] = b * b;
  out[4] = a * b;
}

static double
similarity (const double m[N_MOMENTS])
{
  const double c1 = 0.01 * 255 * (0.01 * 255), c2 = 0.03 * 255 * (0.03 * 255);
  double var_a = m[2] - m[0] * m[0], var_b = m[3] - m[1] * m[1], covar = m[4] - m[0] * m[1];

  return (2 * m[0] * m[1] + c1) * (2 * covar + c2) / ((m[0] * m[0] + m[1] * m[1] + c1) * (var_a + var_b + c2));
}

float *
smb_ssim (const float *a, const float *b, int width, int height)
{
  g_autofree double *rows = NULL;
  double kernel[2 * RADIUS_PX + 1];
  float *out;
  gsize n;

  g_return_val_if_fail (a != NULL && b != NULL && width > 0 && height > 0, NULL);
  n = (gsize) width * (gsize) height;
  for (int i = -RADIUS_PX; i <= RADIUS_PX; i++)
    kernel[i + RADIUS_PX] = exp (-i * i / (2 * DEVIATION * DEVIATION));
  /* Weighted means across, then down. */
  rows = g_new (double, n * N_MOMENTS);
  out = g_new (float, n);
  for (int y = 0; y < height; y++)
    for (int x = 0; x < width; x++) {
      double *to = rows + ((gsize) y * (gsize) width + (gsize) x) * N_MOMENTS, weight = 0;

      for (int k = 0; k < N_MOMENTS; k++)
        to[k] = 0;
      for (int i = MAX (-RADIUS_PX, -x); i <= MIN (RADIUS_PX, width - 1 - x); i++) {
        gsize at = (gsize) y * (gsize) width + (gsize) (x + i);
        double m[N_MOMENTS];

        moments_of (m, a[at], b[at]);
        weight += kernel[i + RADIUS_PX];
        for (int k = 0; k < N_MOMENTS; k++)
          to[k] += kernel[i + RADIUS_PX] * m[k];
      }
      for (int k = 0; k < N_MOMENTS; k++)
        to[k] /= weight;
    }
  for (int y = 0; y < height; y++)
    for (int x = 0; x < width; x++) {
      double m[N_MOMENTS] = { 0 }, weight = 0;

      for (int i = MAX (-RADIUS_PX, -y); i <= MIN (RADIUS_PX, height - 1 - y); i++) {
        weight += kernel[i + RADIUS_PX];
        for (int k = 0; k < N_MOMENTS; k++)
          m[k] += kernel[i + RADIUS_PX] * rows[((gsize) (y + i) * (gsize) width + (gsize) x) * N_MOMENTS + (gsize) k];
      }
      for (int k = 0; k < N_MOMENTS; k++)
        m[k] /= weight;
      out[(gsize) y * (gsize) width + (gsize) x] = (float) similarity (m);
    }
  return out;
}
