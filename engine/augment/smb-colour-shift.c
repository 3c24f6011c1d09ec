/* SPDX-License-Identifier: Apache-2.0 */
#include "augment/smb-colour-shift.h"

#include <math.h>

#include "augment/smb-clones.h"

#define MOST_RGB 20.0
#define MOST_TURN 0.17  /* radians: ten degrees */
#define MOST_SATURATION 0.2
#define MOST_VALUE 0.1

static void
then (SmbColourShift *shift, const double m[3][4])
{
  SmbColourShift first = *shift;

  for (int r = 0; r < 3; r++)
    for (int c = 0; c < 4; c++) {
      double sum = c == 3 ? m[r][3] : 0.0;

      for (int k = 0; k < 3; k++)
        sum += m[r][k] * (double) first.m[k][c];
      shift->m[r][c] = (float) sum;
    }
}

void
smb_colour_shift_add (SmbColourShift *shift, const float rgb[3])
{
  for (int r = 0; r < 3; r++)
    shift->m[r][3] += rgb[r];
}

void
smb_colour_shift_hue (SmbColourShift *shift, double turn, double saturation)
{
  static const double to_yiq[3][3] = { { 0.299, 0.587, 0.114 },
                                       { 0.595716, -0.274453, -0.321263 },
                                       { 0.211456, -0.522591, 0.311135 } };
  static const double to_rgb[3][3] = { { 1.0, 0.9563, 0.6210 }, { 1.0, -0.2721, -0.6474 }, { 1.0, -1.1070, 1.7046 } };
  double c = saturation * cos (turn), s = saturation * sin (turn), m[3][4] = { { 0 } };

  for (int r = 0; r < 3; r++)
    for (int k = 0; k < 3; k++)
      m[r][k] = to_rgb[r][0] * to_yiq[0][k] + to_rgb[r][1] * (c * to_yiq[1][k] - s * to_yiq[2][k])
                + to_rgb[r][2] * (s * to_yiq[1][k] + c * to_yiq[2][k]);
  then (shift, m);
}

void
smb_colour_shift_contrast (SmbColourShift *shift, double contrast, double brightness)
{
  double offset = 127.5 * (1.0 - contrast) + brightness;

  then (shift,
        (const double[3][4]){ { contrast, 0, 0, offset }, { 0, contrast, 0, offset }, { 0, 0, contrast, offset } });
}

void
smb_colour_shift_grey (SmbColourShift *shift)
{
  then (shift,
        (const double[3][4]){ { 0.299, 0.587, 0.114, 0 }, { 0.299, 0.587, 0.114, 0 }, { 0.299, 0.587, 0.114, 0 } });
}

static double
around (double most, SmbRng *rng)
{
  return most * (2.0 * smb_rng_uniform (rng) - 1.0);
}

SmbColourShift
smb_colour_shift_draw (double p, double contrast, SmbRng *rng)
{
  SmbColourShift shift = SMB_COLOUR_UNCHANGED;

  if (smb_rng_uniform (rng) < p) {
    float rgb[3];

    for (int c = 0; c < 3; c++)
      rgb[c] = (float) around (MOST_RGB, rng);
    smb_colour_shift_add (&shift, rgb);
  }
  if (smb_rng_uniform (rng) < p) {
    double turn = around (MOST_TURN, rng), saturation = 1.0 + around (MOST_SATURATION, rng);
    double value = 1.0 + around (MOST_VALUE, rng);

    smb_colour_shift_hue (&shift, turn, saturation);
    then (&shift, (const double[3][4]) { { value, 0, 0, 0 }, { 0, value, 0, 0 }, { 0, 0, value, 0 } });
  }
  if (smb_rng_uniform (rng) < p) {
    double by = 1.0 + around (contrast, rng), brightness = around (255.0 * contrast, rng);

    smb_colour_shift_contrast (&shift, by, brightness);
  }
  return shift;
}

SMB_CLONES void
smb_colour_shift_apply (const SmbColourShift *shift, float *planes, gsize n)
{
  float *r = planes, *g = planes + n, *b = planes + 2 * n;
  const SmbColourShift s = *shift;

  for (gsize i = 0; i < n; i++) {
    float x = r[i], y = g[i], z = b[i];

    r[i] = s.m[0][0] * x + s.m[0][1] * y + s.m[0][2] * z + s.m[0][3];
    g[i] = s.m[1][0] * x + s.m[1][1] * y + s.m[1][2] * z + s.m[1][3];
    b[i] = s.m[2][0] * x + s.m[2][1] * y + s.m[2][2] * z + s.m[2][3];
  }
}
