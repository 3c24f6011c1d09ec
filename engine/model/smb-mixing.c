/* SPDX-License-Identifier: Apache-2.0 */
#include "model/smb-mixing.h"

#include <math.h>
#include <string.h>

SmbMix
smb_mix_cutmix (int height, int width, double lambda, int row, int column)
{
  int half_h = (int) (height * sqrt (1.0 - lambda)) / 2, half_w = (int) (width * sqrt (1.0 - lambda)) / 2;
  SmbMix mix = { .y0 = MAX (row - half_h, 0),
                 .y1 = MIN (row + half_h, height),
                 .x0 = MAX (column - half_w, 0),
                 .x1 = MIN (column + half_w, width) };

  mix.lambda = 1.0 - (double) ((mix.y1 - mix.y0) * (mix.x1 - mix.x0)) / ((double) height * width);
  return mix;
}

/* One plane of an image and the same plane of its partner, both at once. */
static void
mix_planes (float *a, float *b, int height, int width, const SmbMix *mix, gboolean boxed)
{
  for (int y = boxed ? mix->y0 : 0; y < (boxed ? mix->y1 : height); y++)
    for (int x = boxed ? mix->x0 : 0; x < (boxed ? mix->x1 : width); x++) {
      double p = (double) a[y * width + x], q = (double) b[y * width + x];
      double keep = boxed ? 0.0 : mix->lambda;

      a[y * width + x] = (float) (p * keep + q * (1.0 - keep));
      b[y * width + x] = (float) (q * keep + p * (1.0 - keep));
    }
}

void
smb_mix_images (float *images, int b, int chans, int height, int width, const SmbMix *mix)
{
  gboolean boxed = mix->y1 > mix->y0 && mix->x1 > mix->x0;
  gsize plane = (gsize) height * (gsize) width;

  for (int i = 0; i < b / 2; i++)
    for (int c = 0; c < chans; c++)
      mix_planes (images + ((gsize) i * (gsize) chans + (gsize) c) * plane,
                  images + ((gsize) (b - 1 - i) * (gsize) chans + (gsize) c) * plane, height, width, mix, boxed);
}

void
smb_mix_targets (double *targets, const int *labels, int b, int k, double smoothing, double lambda)
{
  for (int i = 0; i < b; i++)
    for (int j = 0; j < k; j++) {
      double own = smoothing / k + (labels[i] == j ? 1.0 - smoothing : 0.0);
      double partner = smoothing / k + (labels[b - 1 - i] == j ? 1.0 - smoothing : 0.0);

      targets[i * k + j] = own * lambda + partner * (1.0 - lambda);
    }
}
