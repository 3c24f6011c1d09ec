/* SPDX-License-Identifier: Apache-2.0 */
/* smb_jpeg_loss against a JPEG that libjpeg wrote and read (through GdkPixbuf, which subsamples chroma). */
#include <gdk-pixbuf/gdk-pixbuf.h>
#include <math.h>

#include "augment/smb-jpeg-loss.h"
#include "augment/smb-planes.h"

static guint8 *
rgb_of (const GdkPixbuf *pixbuf, int w, int h)
{
  guint8 *out = g_malloc (3 * (gsize) w * (gsize) h);

  for (int y = 0; y < h; y++)
    memcpy (out + (gsize) y * 3 * (gsize) w, gdk_pixbuf_read_pixels (pixbuf) + y * gdk_pixbuf_get_rowstride (pixbuf),
            3 * (gsize) w);
  return out;
}

static guint8 *
through_libjpeg (const guint8 *rgb, int w, int h, int quality)
{
  g_autoptr (GdkPixbuf) in = gdk_pixbuf_new_from_data (rgb, GDK_COLORSPACE_RGB, FALSE, 8, w, h, 3 * w, NULL, NULL);
  g_autoptr (GdkPixbufLoader) loader = gdk_pixbuf_loader_new ();
  g_autofree char *text = g_strdup_printf ("%d", quality), *bytes = NULL;
  gsize n;

  g_assert_true (gdk_pixbuf_save_to_buffer (in, &bytes, &n, "jpeg", NULL, "quality", text, NULL));
  g_assert_true (gdk_pixbuf_loader_write (loader, (const guchar *) bytes, n, NULL));
  g_assert_true (gdk_pixbuf_loader_close (loader, NULL));
  return rgb_of (gdk_pixbuf_loader_get_pixbuf (loader), w, h);
}

static double
apart (const guint8 *a, const guint8 *b, gsize n)
{
  double sum = 0.0;

  for (gsize i = 0; i < n; i++)
    sum += abs (a[i] - b[i]);
  return sum / (double) n;
}

static void
test_libjpeg (void)
{
  g_autoptr (GdkPixbuf) whole = gdk_pixbuf_new_from_file (SMB_SAMPLES "/nasa-astronaut.png", NULL);
  g_autoptr (GdkPixbuf) face = NULL;
  g_autofree guint8 *rgb = NULL;
  enum { W = 128, H = 96 };

  g_assert_nonnull (whole);
  face = gdk_pixbuf_new_subpixbuf (whole, gdk_pixbuf_get_width (whole) / 3, gdk_pixbuf_get_height (whole) / 8, W, H);
  rgb = rgb_of (face, W, H);
  for (int quality = 10; quality <= 100; quality += 15) {
    g_autofree guint8 *real = through_libjpeg (rgb, W, H, quality), *ours = g_malloc (3 * W * H);
    g_autofree float *planes = g_new (float, 3 * W * H);
    double loss, distance;

    smb_planes_from_rgb (planes, rgb, W, H);
    smb_jpeg_loss (planes, W, H, quality, TRUE, 0, 0);
    smb_planes_to_rgb (ours, planes, W, H);
    loss = apart (rgb, real, 3 * W * H);
    distance = apart (ours, real, 3 * W * H);
    g_test_message ("quality %d: libjpeg loses %.3f levels, ours is %.3f from it", quality, loss, distance);
    g_assert_cmpfloat (distance, <, 0.6);
    g_assert_cmpfloat (distance, <, MAX (0.25 * loss, 0.6));
  }
}

static void
test_grid (void)
{
  enum { W = 37, H = 29 };
  g_autofree float *planes = g_new (float, 3 * W * H), *moved = NULL, *full = NULL;

  for (int i = 0; i < 3 * W * H; i++)
    planes[i] = (float) (i * 7919 % 256);
  moved = g_memdup2 (planes, 3 * W * H * sizeof *planes);
  full = g_memdup2 (planes, 3 * W * H * sizeof *planes);
  smb_jpeg_loss (planes, W, H, 50, TRUE, 0, 0); /* sides that are no multiples of a block */
  smb_jpeg_loss (moved, W, H, 50, TRUE, 4, 2);
  smb_jpeg_loss (full, W, H, 50, FALSE, 0, 0);
  g_assert_cmpint (memcmp (planes, moved, 3 * W * H * sizeof *planes), !=, 0);
  g_assert_cmpint (memcmp (planes, full, 3 * W * H * sizeof *planes), !=, 0);
  for (int i = 0; i < 3 * W * H; i++) {
    g_assert_cmpfloat (planes[i], ==, floorf (planes[i]));
    g_assert_true (planes[i] >= 0.0f && planes[i] <= 255.0f);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/augment/jpeg-loss/libjpeg", test_libjpeg);
  g_test_add_func ("/augment/jpeg-loss/grid", test_grid);
  return g_test_run ();
}
