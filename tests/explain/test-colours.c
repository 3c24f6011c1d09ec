/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "explain/smb-map.h"

/* CIE lightness L* of an sRGB colour, 0 to 100. */
static double
lightness (const guint8 rgb[3])
{
  const double weights[3] = { 0.2126729, 0.7151522, 0.0721750 };
  double y = 0;

  for (int c = 0; c < 3; c++) {
    double v = rgb[c] / 255.0;

    y += weights[c] * (v <= 0.04045 ? v / 12.92 : pow ((v + 0.055) / 1.055, 2.4));
  }
  return y > 216.0 / 24389 ? 116 * cbrt (y) - 16 : y * 24389 / 27;
}

static double
entry_lightness (SmbColours colours, int entry)
{
  guint8 rgb[3];

  smb_colours_lookup (colours, entry / 255.0, rgb);
  return lightness (rgb);
}

/* Perceptually uniform: lightness never falls, and climbs at an even pace (no step over three times the mean one). */
static void
test_sequential (void)
{
  const SmbColours maps[] = { SMB_COLOURS_VIRIDIS, SMB_COLOURS_CIVIDIS, SMB_COLOURS_MAGMA, SMB_COLOURS_GREY };

  for (guint m = 0; m < G_N_ELEMENTS (maps); m++) {
    double span = entry_lightness (maps[m], 255) - entry_lightness (maps[m], 0);

    g_assert_cmpfloat (span, >, 70);
    for (int i = 1; i < 256; i++)
      /* One step of 255 in one channel is the rounding that 8 bits cannot avoid. */
      g_assert_cmpfloat (entry_lightness (maps[m], i) - entry_lightness (maps[m], i - 1), >, -0.15);
    for (int i = 8; i < 256; i += 8) {
      double step = entry_lightness (maps[m], i) - entry_lightness (maps[m], i - 8);

      g_assert_cmpfloat (step, >, 0);
      g_assert_cmpfloat (step, <, 3 * span / 32);
    }
  }
}

static void
test_diverging (void)
{
  guint8 middle[3];

  for (int i = 4; i <= 127; i += 4)
    g_assert_cmpfloat (entry_lightness (SMB_COLOURS_DIVERGING, i), >, entry_lightness (SMB_COLOURS_DIVERGING, i - 4));
  for (int i = 132; i <= 255; i += 4)
    g_assert_cmpfloat (entry_lightness (SMB_COLOURS_DIVERGING, i), <, entry_lightness (SMB_COLOURS_DIVERGING, i - 4));
  /* Equally dark on both sides, neutral between. */
  for (int i = 0; i < 128; i++)
    g_assert_cmpfloat_with_epsilon (entry_lightness (SMB_COLOURS_DIVERGING, i),
                                    entry_lightness (SMB_COLOURS_DIVERGING, 255 - i), 3.0);
  smb_colours_lookup (SMB_COLOURS_DIVERGING, 0.5, middle);
  g_assert_cmpint (ABS (middle[0] - middle[2]), <, 8);
}

static void
test_ends (void)
{
  guint8 rgb[3], again[3];

  /* Published first, middle and last values. */
  smb_colours_lookup (SMB_COLOURS_VIRIDIS, 0, rgb);
  g_assert_cmpmem (rgb, 3, ((guint8[]){ 0x44, 0x01, 0x54 }), 3);
  smb_colours_lookup (SMB_COLOURS_VIRIDIS, 1, rgb);
  g_assert_cmpmem (rgb, 3, ((guint8[]){ 0xfd, 0xe7, 0x25 }), 3);
  smb_colours_lookup (SMB_COLOURS_CIVIDIS, 0, rgb);
  g_assert_cmpmem (rgb, 3, ((guint8[]){ 0x00, 0x22, 0x4e }), 3);
  smb_colours_lookup (SMB_COLOURS_MAGMA, 128 / 255.0, rgb);
  g_assert_cmpint (ABS (rgb[0] - 183), <=, 2);
  g_assert_cmpint (ABS (rgb[1] - 55), <=, 2);
  g_assert_cmpint (ABS (rgb[2] - 121), <=, 2);
  smb_colours_lookup (SMB_COLOURS_GREY, 0.2, rgb);
  g_assert_cmpmem (rgb, 3, ((guint8[]){ 51, 51, 51 }), 3);
  /* Beyond the ends, and for what is no number, the ends. */
  smb_colours_lookup (SMB_COLOURS_MAGMA, -3, rgb);
  smb_colours_lookup (SMB_COLOURS_MAGMA, 0, again);
  g_assert_cmpmem (rgb, 3, again, 3);
  smb_colours_lookup (SMB_COLOURS_MAGMA, NAN, rgb);
  g_assert_cmpmem (rgb, 3, again, 3);
  smb_colours_lookup (SMB_COLOURS_MAGMA, INFINITY, rgb);
  smb_colours_lookup (SMB_COLOURS_MAGMA, 1, again);
  g_assert_cmpmem (rgb, 3, again, 3);
}

static void
test_names (void)
{
  SmbColours colours = SMB_COLOURS_GREY;

  for (int i = SMB_COLOURS_VIRIDIS; i <= SMB_COLOURS_DIVERGING; i++) {
    g_assert_true (smb_colours_from_name (smb_colours_name ((SmbColours) i), &colours));
    g_assert_cmpint (colours, ==, i);
  }
  g_assert_false (smb_colours_from_name ("jet", &colours));
  g_assert_false (smb_colours_from_name (NULL, &colours));
  g_assert_cmpint (colours, ==, SMB_COLOURS_DIVERGING);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/colours/sequential", test_sequential);
  g_test_add_func ("/colours/diverging", test_diverging);
  g_test_add_func ("/colours/ends", test_ends);
  g_test_add_func ("/colours/names", test_names);
  return g_test_run ();
}
