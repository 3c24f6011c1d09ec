/* SPDX-License-Identifier: Apache-2.0 */
/* The PNG writer, read back by an independent reader (GdkPixbuf's libpng). */
#include "base/smb-error.h"
#include "base/smb-rng.h"
#include "media/smb-png.h"

#include <gdk-pixbuf/gdk-pixbuf.h>
#include <glib/gstdio.h>

#define SEED 20

static void
test_round_trip (void)
{
  const int sizes[][2] = { { 1, 1 }, { 7, 3 }, { 3, 7 }, { 64, 33 }, { 500, 2 } };

  g_autofree char *folder = g_dir_make_tmp ("semblance-png-XXXXXX", NULL);

  g_test_message ("seed %d", SEED);
  for (guint s = 0; s < G_N_ELEMENTS (sizes); s++)
    for (int channels = 1; channels <= 4; channels++) {
      int width = sizes[s][0], height = sizes[s][1];
      gsize n = (gsize) width * (gsize) height * (gsize) channels;
      g_autofree guint8 *pixels = g_malloc (n);
      g_autofree char *path = g_build_filename (folder, "picture.png", NULL);
      g_autoptr (GdkPixbuf) read = NULL;
      g_autoptr (GError) error = NULL;
      SmbRng rng;
      int alpha = channels == 2 || channels == 4;

      smb_rng_init (&rng, SEED, (guint64) channels);
      /* Half noise, half a ramp, so that each filter is the best one somewhere. */
      for (gsize i = 0; i < n; i++)
        pixels[i] = (guint8) (i < n / 2 ? smb_rng_u32 (&rng) : i / (gsize) channels);
      g_assert_true (smb_png_write (path, width, height, channels, pixels, &error));
      g_assert_no_error (error);
      read = gdk_pixbuf_new_from_file (path, &error);
      g_assert_no_error (error);
      g_assert_cmpint (gdk_pixbuf_get_width (read), ==, width);
      g_assert_cmpint (gdk_pixbuf_get_height (read), ==, height);
      g_assert_cmpint (gdk_pixbuf_get_has_alpha (read), ==, alpha);
      for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
          const guint8 *got = gdk_pixbuf_read_pixels (read) + y * gdk_pixbuf_get_rowstride (read)
                              + x * gdk_pixbuf_get_n_channels (read);
          const guint8 *want = pixels + ((gsize) y * (gsize) width + (gsize) x) * (gsize) channels;

          for (int c = 0; c < 3; c++)
            g_assert_cmpint (got[c], ==, channels < 3 ? want[0] : want[c]);
          if (alpha)
            g_assert_cmpint (got[3], ==, want[channels - 1]);
        }
      g_remove (path);
    }
  g_rmdir (folder);
}

static void
test_grey16 (void)
{
  g_autofree char *folder = g_dir_make_tmp ("semblance-png-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "grey.png", NULL), *bytes = NULL;
  const guint16 values[6] = { 0, 1, 256, 65535, 32768, 4660 };
  g_autoptr (GdkPixbuf) read = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (smb_png_write_grey16 (path, 3, 2, values, &error));
  g_assert_no_error (error);
  g_assert_true (g_file_get_contents (path, &bytes, NULL, NULL));
  g_assert_cmpint (bytes[24], ==, 16); /* bits, as the header says */
  g_assert_cmpint (bytes[25], ==, 0);
  read = gdk_pixbuf_new_from_file (path, &error);
  g_assert_no_error (error);
  for (int i = 0; i < 6; i++) /* the reader keeps the higher byte */
    g_assert_cmpint (gdk_pixbuf_read_pixels (read)[i / 3 * gdk_pixbuf_get_rowstride (read) + i % 3 * 3], ==,
                     values[i] >> 8);
  g_remove (path);
  g_rmdir (folder);
}

static void
test_same_bytes (void)
{
  const guint8 pixels[12] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 };
  g_autoptr (GBytes) first = smb_png_encode (2, 2, 3, pixels);
  g_autoptr (GBytes) second = smb_png_encode (2, 2, 3, pixels);

  g_assert_true (g_bytes_equal (first, second));
}

static void
test_no_folder (void)
{
  const guint8 pixels[3] = { 0, 0, 0 };
  g_autoptr (GError) error = NULL;

  g_assert_false (smb_png_write ("/nonexistent/map.png", 1, 1, 3, pixels, &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_IO);
  g_assert_nonnull (g_strstr_len (error->message, -1, "/nonexistent/map.png"));
}

int
main (int argc, char **argv)
{
  /* Not with isolated directories: GdkPixbuf recognises formats by the system's shared-mime-info. */
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/media/png/round-trip", test_round_trip);
  g_test_add_func ("/media/png/same-bytes", test_same_bytes);
  g_test_add_func ("/media/png/grey16", test_grey16);
  g_test_add_func ("/media/png/no-folder", test_no_folder);
  return g_test_run ();
}
