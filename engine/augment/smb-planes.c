/* SPDX-License-Identifier: Apache-2.0 */
#include "augment/smb-planes.h"

#include <math.h>
#include <string.h>

#include "augment/smb-clones.h"

SMB_CLONES void
smb_planes_from_rgb (float *planes, const guint8 *rgb, int width, int height)
{
  gsize n = (gsize) width * (gsize) height;

  for (gsize i = 0; i < n; i++) {
    planes[i] = rgb[3 * i];
    planes[n + i] = rgb[3 * i + 1];
    planes[2 * n + i] = rgb[3 * i + 2];
  }
}

SMB_CLONES void
smb_planes_to_rgb (guint8 *rgb, const float *planes, int width, int height)
{
  gsize n = (gsize) width * (gsize) height;

  for (gsize i = 0; i < n; i++)
    for (gsize c = 0; c < 3; c++)
      rgb[3 * i + c] = (guint8) (CLAMP (planes[c * n + i], 0.0f, 255.0f) + 0.5f);
}

SMB_CLONES void
smb_planes_round (float *planes, gsize n)
{
  for (gsize i = 0; i < n; i++)
    planes[i] = (float) (int) (CLAMP (planes[i], 0.0f, 255.0f) + 0.5f);
}

void
smb_plane_flip (float *plane, int width, int height)
{
  for (int y = 0; y < height; y++) {
    float *row = plane + (gsize) y * (gsize) width;

    for (int x = 0; x < width / 2; x++) {
      float t = row[x];

      row[x] = row[width - 1 - x];
      row[width - 1 - x] = t;
    }
  }
}

/* Index of a pixel off the line, mirrored about the edge pixel. */
static int
mirrored (int i, int n)
{
  int period = 2 * (n - 1);

  if (n == 1)
    return 0;
  i = ABS (i) % period;
  return i < n ? i : period - i;
}

/* Weights -radius … radius. */
static float *
gaussian (double sigma, int radius)
{
  float *weights = g_new (float, 2 * radius + 1);
  double sum = 0.0;

  for (int i = -radius; i <= radius; i++)
    sum += exp (-0.5 * i * i / (sigma * sigma));
  for (int i = -radius; i <= radius; i++)
    weights[i + radius] = (float) (exp (-0.5 * i * i / (sigma * sigma)) / sum);
  return weights;
}

/* Loops run over neighbouring pixels inside, so that the compiler makes vectors of them. */
SMB_CLONES void
smb_plane_blur (float *plane, int width, int height, double sigma, int radius)
{
  g_autofree float *weights = NULL, *line = NULL, *rows = NULL;
  gsize w = (gsize) width;

  if (radius < 1 || sigma <= 0.0)
    return;
  weights = gaussian (sigma, radius);
  line = g_new (float, w + 2 * (gsize) radius);
  for (int y = 0; y < height; y++) {
    float *row = plane + (gsize) y * w;

    for (int x = -radius; x < width + radius; x++)
      line[x + radius] = row[mirrored (x, width)];
    memset (row, 0, w * sizeof *row);
    for (int k = 0; k <= 2 * radius; k++) {
      /* NOLINTNEXTLINE(clang-analyzer-core.uninitialized.Assign): a loop has filled it */
      const float weight = weights[k], *in = line + k;

      for (gsize x = 0; x < w; x++)
        /* NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): a loop has filled it */
        row[x] += weight * in[x];
    }
  }
  rows = g_memdup2 (plane, w * (gsize) height * sizeof *plane);
  for (int y = 0; y < height; y++) {
    float *row = plane + (gsize) y * w;

    memset (row, 0, w * sizeof *row);
    for (int k = -radius; k <= radius; k++) {
      /* NOLINTNEXTLINE(clang-analyzer-core.uninitialized.Assign): a loop has filled it */
      const float weight = weights[k + radius], *in = rows + (gsize) mirrored (y + k, height) * w;

      for (gsize x = 0; x < w; x++)
        row[x] += weight * in[x];
    }
  }
}

/* Where each output pixel of a line comes from: `taps` indices and weights each. */
typedef struct {
  int taps;
  int *at;
  float *weight;
} Line;

static void
line_clear (Line *line)
{
  g_free (line->at);
  g_free (line->weight);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Line, line_clear)

/* out pixel o lies at `first` + o `scale` of the line. */
static void
line_fill (Line *line, int out, int in, double first, double scale, SmbResize how)
{
  double reach = how == SMB_RESIZE_AREA ? MAX (scale, 1.0) : 1.0;

  line->taps = how == SMB_RESIZE_NEAREST ? 1 : 2 * (int) ceil (reach);
  line->at = g_new (int, (gsize) out * (gsize) line->taps);
  line->weight = g_new (float, (gsize) out * (gsize) line->taps);
  for (int o = 0; o < out; o++) {
    double centre = first + o * scale, sum = 0.0;
    int from = how == SMB_RESIZE_NEAREST ? (int) floor (centre + 0.5) : (int) floor (centre - reach) + 1;

    for (int t = 0; t < line->taps; t++) {
      double weight = how == SMB_RESIZE_NEAREST ? 1.0 : MAX (0.0, 1.0 - fabs (from + t - centre) / reach);

      line->at[o * line->taps + t] = from + t;
      line->weight[o * line->taps + t] = (float) weight;
      sum += weight;
    }
    for (int t = 0; t < line->taps; t++)
      line->weight[o * line->taps + t] /= (float) sum;
  }
  for (int i = 0; i < out * line->taps; i++) {
    /* NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): a loop has filled it */
    if (how == SMB_RESIZE_EMPTY && (line->at[i] < 0 || line->at[i] >= in))
      line->weight[i] = 0.0f;
    /* NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): a loop has filled it */
    line->at[i] = CLAMP (line->at[i], 0, in - 1);
  }
}

/* rows of `plane` (height,width) through `across`, one output pixel after the other. */
SMB_CLONES static void
go_across (float *out, int out_width, const float *plane, int width, int height, const Line *across)
{
  memset (out, 0, (gsize) out_width * (gsize) height * sizeof *out);
  for (int y = 0; y < height; y++)
    for (int t = 0; t < across->taps; t++) {
      const float *in = plane + (gsize) y * (gsize) width;
      float *row = out + (gsize) y * (gsize) out_width;

      for (int x = 0; x < out_width; x++)
        row[x] += across->weight[x * across->taps + t] * in[across->at[x * across->taps + t]];
    }
}

SMB_CLONES static void
go_down (float *out, int out_height, const float *plane, int width, const Line *down)
{
  memset (out, 0, (gsize) width * (gsize) out_height * sizeof *out);
  for (int y = 0; y < out_height; y++)
    for (int t = 0; t < down->taps; t++) {
      const float weight = down->weight[y * down->taps + t];
      const float *in = plane + (gsize) down->at[y * down->taps + t] * (gsize) width;
      float *row = out + (gsize) y * (gsize) width;

      for (int x = 0; x < width; x++)
        row[x] += weight * in[x];
    }
}

void
smb_plane_place (float *out, int out_width, int out_height, const float *plane, int width, int height, double x0,
                 double y0, double x_scale, double y_scale, SmbResize how)
{
  g_autofree float *wide = g_new (float, (gsize) out_width * (gsize) height);
  g_auto (Line) across = { 0 }, down = { 0 };

  line_fill (&across, out_width, width, x0, x_scale, how);
  line_fill (&down, out_height, height, y0, y_scale, how);
  go_across (wide, out_width, plane, width, height, &across);
  go_down (out, out_height, wide, out_width, &down);
}

void
smb_plane_resize (float *out, int out_width, int out_height, const float *plane, int width, int height, SmbResize how)
{
  double x_scale = (double) width / out_width, y_scale = (double) height / out_height;

  smb_plane_place (out, out_width, out_height, plane, width, height, 0.5 * x_scale - 0.5, 0.5 * y_scale - 0.5, x_scale,
                   y_scale, how);
}

float
smb_plane_sample (const float *plane, int width, int height, float x, float y)
{
  int x0 = (int) floorf (CLAMP (x, -2.0f, (float) width)), y0 = (int) floorf (CLAMP (y, -2.0f, (float) height));
  float ax = x - (float) x0, ay = y - (float) y0, sum = 0.0f;
  const float *at = plane + (gssize) y0 * width + x0;

  if (x0 >= 0 && y0 >= 0 && x0 < width - 1 && y0 < height - 1)
    return (1.0f - ay) * ((1.0f - ax) * at[0] + ax * at[1]) + ay * ((1.0f - ax) * at[width] + ax * at[width + 1]);
  for (int dy = 0; dy < 2; dy++)
    for (int dx = 0; dx < 2; dx++)
      if (x0 + dx >= 0 && x0 + dx < width && y0 + dy >= 0 && y0 + dy < height)
        sum += (dx ? ax : 1.0f - ax) * (dy ? ay : 1.0f - ay) * plane[(y0 + dy) * width + x0 + dx];
  return sum;
}
