/* SPDX-License-Identifier: Apache-2.0 */
#include "augment/smb-face-align.h"

#include <math.h>

#include "augment/smb-planes.h"

#define MOST_CONTRAST 2.0 /* flat skin stretched further shows its noise */

static SmbPoint
mean_of (const SmbPoint *points, int n)
{
  SmbPoint sum = { 0, 0 };

  for (int i = 0; i < n; i++)
    sum = (SmbPoint){ sum.x + points[i].x, sum.y + points[i].y };
  return (SmbPoint){ sum.x / n, sum.y / n };
}

double
smb_similarity_fit (SmbSimilarity *out, const SmbPoint *from, const SmbPoint *to, int n)
{
  SmbPoint f = mean_of (from, n), t = mean_of (to, n);
  double along = 0.0, across = 0.0, spread = 0.0, left = 0.0;

  for (int i = 0; i < n; i++) {
    double x = from[i].x - f.x, y = from[i].y - f.y, u = to[i].x - t.x, v = to[i].y - t.y;

    along += x * u + y * v;
    across += x * v - y * u;
    spread += x * x + y * y;
  }
  out->a = spread > 0.0 ? along / spread : 1.0;
  out->b = spread > 0.0 ? across / spread : 0.0;
  out->x0 = t.x - (out->a * f.x - out->b * f.y);
  out->y0 = t.y - (out->b * f.x + out->a * f.y);
  for (int i = 0; i < n; i++) {
    double x = out->a * from[i].x - out->b * from[i].y + out->x0 - to[i].x;
    double y = out->b * from[i].x + out->a * from[i].y + out->y0 - to[i].y;

    left += x * x + y * y;
  }
  return sqrt (left / n);
}

void
smb_planes_warp (float *out, const float *planes, int side, const SmbSimilarity *s)
{
  gsize n = (gsize) side * (gsize) side;

  for (int y = 0; y < side; y++)
    for (int x = 0; x < side; x++) {
      float u = (float) CLAMP (s->a * x - s->b * y + s->x0, 0.0, side - 1.0);
      float v = (float) CLAMP (s->b * x + s->a * y + s->y0, 0.0, side - 1.0);

      for (gsize c = 0; c < 3; c++)
        out[c * n + (gsize) y * (gsize) side + (gsize) x] = smb_plane_sample (planes + c * n, side, side, u, v);
    }
}

/* FALSE without weight. */
static gboolean
measure (const float *plane, const float *weight, gsize n, double *mean, double *deviation)
{
  double sum = 0.0, squares = 0.0, count = 0.0;

  for (gsize i = 0; i < n; i++)
    if (weight[i] > 0.0f) {
      sum += (double) plane[i];
      squares += (double) plane[i] * (double) plane[i];
      count += 1.0;
    }
  if (!(count > 0.0))
    return FALSE;
  *mean = sum / count;
  *deviation = sqrt (MAX (squares / count - *mean * *mean, 0.0));
  return TRUE;
}

void
smb_planes_match_colours (float *planes, const float *like, const float *weight, gsize n)
{
  for (gsize c = 0; c < 3; c++) {
    double mean, deviation, wanted_mean, wanted, factor;

    if (!measure (planes + c * n, weight, n, &mean, &deviation)
        || !measure (like + c * n, weight, n, &wanted_mean, &wanted))
      return;
    factor = deviation > 0.0 ? CLAMP (wanted / deviation, 1.0 / MOST_CONTRAST, MOST_CONTRAST) : 1.0;
    for (gsize i = 0; i < n; i++)
      planes[c * n + i] = (float) (((double) planes[c * n + i] - mean) * factor + wanted_mean);
  }
}
