/* SPDX-License-Identifier: Apache-2.0 */
#include "train/smb-augment.h"

#include <math.h>

#define LEAST_AREA 0.02
#define MOST_AREA (1.0 / 3.0)
#define LEAST_ASPECT 0.3
#define ATTEMPTS 10

static void
erase_one (float *image, int chans, int height, int width, SmbRng *rng)
{
  for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
    double area = height * width * (LEAST_AREA + (MOST_AREA - LEAST_AREA) * smb_rng_uniform (rng));
    double aspect = exp (log (LEAST_ASPECT) * (1.0 - 2.0 * smb_rng_uniform (rng)));
    int h = (int) lrint (sqrt (area * aspect)), w = (int) lrint (sqrt (area / aspect)), top, left;

    if (h < 1 || w < 1 || h >= height || w >= width)
      continue;
    top = (int) smb_rng_below (rng, (guint32) (height - h + 1));
    left = (int) smb_rng_below (rng, (guint32) (width - w + 1));
    for (int c = 0; c < chans; c++)
      for (int y = top; y < top + h; y++)
        for (int x = left; x < left + w; x++)
          image[(c * height + y) * width + x] = (float) smb_rng_normal (rng);
    return;
  }
}

void
smb_augment_erase (float *images, int b, int chans, int height, int width, double chance, SmbRng *rng)
{
  gsize step = (gsize) chans * (gsize) height * (gsize) width;

  for (int i = 0; i < b; i++)
    if (smb_rng_uniform (rng) < chance)
      erase_one (images + (gsize) i * step, chans, height, width, rng);
}

SmbMix
smb_augment_draw_mix (const SmbAugment *augment, int height, int width, SmbRng *rng)
{
  gboolean cut = augment->cutmix > 0.0 && (augment->mixup <= 0.0 || smb_rng_uniform (rng) < 0.5);
  double alpha = cut ? augment->cutmix : augment->mixup, lambda;
  int row, column;

  if (alpha <= 0.0)
    return (SmbMix){ .lambda = 1.0 };
  lambda = smb_rng_beta (rng, alpha, alpha);
  if (!cut)
    return (SmbMix){ .lambda = lambda };
  row = (int) smb_rng_below (rng, (guint32) height);
  column = (int) smb_rng_below (rng, (guint32) width);
  return smb_mix_cutmix (height, width, lambda, row, column);
}
