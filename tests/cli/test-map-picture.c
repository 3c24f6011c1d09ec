/* SPDX-License-Identifier: Apache-2.0 */
/* Maps as files: colours at known places, the legend, the overlay's mixing, and the bytes of a .npy. */
#include "base/smb-error.h"
#include "cli/cli-map-picture.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#define SIZE_PX 96

static SmbMap *
two_by_two (void)
{
  const float values[4] = { 0.0f, 1.0f, 0.5f, NAN };
  SmbMapSpec spec = smb_map_spec_default (SMB_MAP_ROLLOUT);

  return smb_map_new_grid (&spec, 2, 2, values);
}

static const guint8 *
at (const guint8 *rgb, int x, int y)
{
  return rgb + ((gsize) y * SIZE_PX + (gsize) x) * 3;
}

static void
test_colours (void)
{
  g_autoptr (SmbMap) map = two_by_two ();
  g_autofree guint8 *rgb = smb_cli_map_picture (map, SMB_COLOURS_VIRIDIS, SIZE_PX, SIZE_PX);
  guint8 low[3], high[3];

  smb_colours_lookup (SMB_COLOURS_VIRIDIS, 0.0, low);
  smb_colours_lookup (SMB_COLOURS_VIRIDIS, 1.0, high);
  g_assert_cmpmem (at (rgb, 0, 0), 3, low, 3);
  g_assert_cmpmem (at (rgb, SIZE_PX - 1, 0), 3, high, 3);
  /* Where there is no number the chequer shows: grey. */
  g_assert_cmpint (at (rgb, SIZE_PX - 2, SIZE_PX - 2)[0], ==, at (rgb, SIZE_PX - 2, SIZE_PX - 2)[2]);
  /* The legend's bar runs from the one to the other. */
  g_assert_cmpmem (at (rgb, 0, SIZE_PX + 5), 3, low, 3);
  g_assert_cmpmem (at (rgb, SIZE_PX - 1, SIZE_PX + 5), 3, high, 3);
}

static void
test_legend_numbers (void)
{
  g_autoptr (SmbMap) map = two_by_two ();
  g_autofree guint8 *rgb = smb_cli_map_picture (map, SMB_COLOURS_VIRIDIS, SIZE_PX, SIZE_PX);
  /* "0" at the left end: the outline of a box, its middle empty. */
  const int top = SIZE_PX + 2 + 14 + 5;

  g_assert_cmpint (at (rgb, 1, top + 1)[0], <, 64);
  g_assert_cmpint (at (rgb, 4, top + 7)[0], ==, 255);
  g_assert_cmpint (at (rgb, 7, top + 7)[0], <, 64);
}

static void
test_overlay_mixes (void)
{
  g_autoptr (SmbMap) map = two_by_two ();
  g_autofree guint8 *face = g_malloc (SIZE_PX * SIZE_PX * 3);
  g_autofree guint8 *none = NULL, *half = NULL;
  guint8 low[3];

  memset (face, 200, SIZE_PX * SIZE_PX * 3);
  none = smb_cli_map_overlay (map, SMB_COLOURS_VIRIDIS, 0.0, face, SIZE_PX);
  half = smb_cli_map_overlay (map, SMB_COLOURS_VIRIDIS, 0.5, face, SIZE_PX);
  smb_colours_lookup (SMB_COLOURS_VIRIDIS, 0.0, low);
  g_assert_cmpmem (none, SIZE_PX * SIZE_PX * 3, face, SIZE_PX * SIZE_PX * 3);
  for (int c = 0; c < 3; c++)
    g_assert_cmpint (ABS (at (half, 0, 0)[c] - (low[c] + 200) / 2), <=, 1);
  g_assert_cmpmem (at (half, SIZE_PX - 2, SIZE_PX - 2), 3, face, 3);
}

static void
test_npy (void)
{
  g_autoptr (SmbMap) map = two_by_two ();
  g_autofree char *folder = g_dir_make_tmp ("semblance-npy-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "map.npy", NULL);
  g_autofree char *data = NULL;
  g_autoptr (GError) error = NULL;
  gsize n;
  guint32 bits;
  float value;

  g_assert_true (smb_cli_map_write_npy (path, map, &error));
  g_assert_no_error (error);
  g_assert_true (g_file_get_contents (path, &data, &n, NULL));
  g_assert_cmpmem (data, 8, "\x93NUMPY\x01\x00", 8);
  g_assert_cmpint ((guint8) data[8] + 256 * (guint8) data[9], ==, (int) n - 10 - 16);
  g_assert_cmpint ((int) (n - 16) % 64, ==, 0);
  g_assert_cmpint (data[n - 17], ==, '\n');
  g_assert_nonnull (g_strstr_len (data + 10, 100, "'descr': '<f4', 'fortran_order': False, 'shape': (2, 2)"));
  memcpy (&bits, data + n - 8, sizeof bits);
  bits = GUINT32_FROM_LE (bits);
  memcpy (&value, &bits, sizeof value);
  g_assert_cmpfloat (value, ==, 0.5f);
  g_remove (path);
  g_rmdir (folder);

  g_assert_false (smb_cli_map_write_npy ("/nonexistent/map.npy", map, &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_IO);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/cli/map-picture/colours", test_colours);
  g_test_add_func ("/cli/map-picture/legend-numbers", test_legend_numbers);
  g_test_add_func ("/cli/map-picture/overlay-mixes", test_overlay_mixes);
  g_test_add_func ("/cli/map-picture/npy", test_npy);
  return g_test_run ();
}
