/* SPDX-License-Identifier: Apache-2.0 */
#include "augment/smb-degrade.h"

#include <math.h>

#include "augment/smb-jpeg-loss.h"
#include "augment/smb-planes.h"

#define NOISE_STREAM 0x6e6f697365
/* Of the sum of the four bytes of a random word. */
#define BYTES_MEAN 510.0f
#define BYTES_DEVIATION 147.8f

gboolean
smb_degrade_settings_from_name (SmbDegradeSettings *out, const char *name)
{
  static const struct {
    const char *name;
    SmbDegradeSettings settings;
  } known[] = {
    { "none", { 0 } },
    { "light", { .colour = 0.3, .contrast = 0.3, .jpeg = 0.5, .min_quality = 40 } },
    { "medium",
      { .colour = 0.3, .contrast = 0.2, .blur = 0.2, .max_sigma = 1.5, .shrink = 0.35, .min_px = 96, .noise = 0.15,
        .max_noise = 6.0, .jpeg = 0.6, .min_quality = 40 } },
    { "strong",
      { .colour = 0.3, .contrast = 0.2, .blur = 0.4, .max_sigma = 2.0, .shrink = 0.6, .min_px = 72, .noise = 0.25,
        .max_noise = 8.0, .jpeg = 0.7, .min_quality = 35 } },
  };

  for (guint i = 0; i < G_N_ELEMENTS (known); i++)
    if (g_str_equal (known[i].name, name)) {
      *out = known[i].settings;
      return TRUE;
    }
  return FALSE;
}

/* All numbers are drawn, used or not, so that one chance does not move the draws behind it. */
SmbDegrade
smb_degrade_draw (const SmbDegradeSettings *s, SmbRng *rng)
{
  SmbDegrade d = { .colour = smb_colour_shift_draw (s->colour, s->contrast, rng) };
  double chances[4], amounts[4];

  for (int i = 0; i < 4; i++) {
    chances[i] = smb_rng_uniform (rng);
    amounts[i] = smb_rng_uniform (rng);
  }
  d.area = smb_rng_below (rng, 2) == 0;
  d.grey_noise = smb_rng_below (rng, 2) == 0;
  d.subsampled = smb_rng_below (rng, 4) != 0; /* most pictures are */
  d.x0 = 2 * (int) smb_rng_below (rng, 4);
  d.y0 = 2 * (int) smb_rng_below (rng, 4);
  d.noise_seed = (guint64) smb_rng_u32 (rng) << 32 | smb_rng_u32 (rng);
  if (chances[0] < s->blur)
    d.sigma = 0.3 + (s->max_sigma - 0.3) * amounts[0];
  if (chances[1] < s->shrink)
    d.small_px = (int) (s->min_px * pow (256.0 / s->min_px, amounts[1])); /* as many octaves small as large */
  if (chances[2] < s->noise)
    d.noise = s->max_noise * amounts[2];
  if (chances[3] < s->jpeg)
    d.quality = s->min_quality + (int) ((101 - s->min_quality) * amounts[3]);
  return d;
}

/* The sum of four bytes is close enough to a normal number, and costs a tenth of one. */
static void
add_noise (const SmbDegrade *d, float *planes, gsize n)
{
  const float scale = (float) (d->noise / (double) BYTES_DEVIATION);
  SmbRng rng;

  smb_rng_init (&rng, d->noise_seed, NOISE_STREAM);
  for (gsize i = 0; i < (d->grey_noise ? n : 3 * n); i++) {
    guint32 word = smb_rng_u32 (&rng), sum = (word & 255) + (word >> 8 & 255) + (word >> 16 & 255) + (word >> 24);
    float value = scale * ((float) sum - BYTES_MEAN);

    planes[i] += value;
    if (d->grey_noise) {
      planes[n + i] += value;
      planes[2 * n + i] += value;
    }
  }
}

static void
shrink (const SmbDegrade *d, float *plane, int side)
{
  int small = MIN (d->small_px, side);
  g_autofree float *less = g_new (float, (gsize) small * (gsize) small);

  smb_plane_resize (less, small, small, plane, side, side, d->area ? SMB_RESIZE_AREA : SMB_RESIZE_LINEAR);
  smb_plane_resize (plane, side, side, less, small, small, SMB_RESIZE_LINEAR);
}

static gboolean
changes_colours (const SmbColourShift *shift)
{
  gboolean changes = FALSE;

  for (int row = 0; row < 3; row++)
    for (int column = 0; column < 4; column++)
      changes |= shift->m[row][column] != (row == column ? 1.0f : 0.0f);
  return changes;
}

void
smb_degrade_apply (const SmbDegrade *d, float *planes, int side)
{
  gsize n = (gsize) side * (gsize) side;

  if (changes_colours (&d->colour))
    smb_colour_shift_apply (&d->colour, planes, n);
  for (int c = 0; c < 3; c++) {
    if (d->sigma > 0.0)
      smb_plane_blur (planes + (gsize) c * n, side, side, d->sigma, (int) ceil (3.0 * d->sigma));
    if (d->small_px > 0 && d->small_px < side)
      shrink (d, planes + (gsize) c * n, side);
  }
  if (d->noise > 0.0)
    add_noise (d, planes, n);
  if (d->quality > 0)
    smb_jpeg_loss (planes, side, side, d->quality, d->subsampled, d->x0, d->y0);
}
