/* SPDX-License-Identifier: Apache-2.0 */
#include "sample.h"

#include <gdk-pixbuf/gdk-pixbuf.h>
#include <string.h>

SmbImage *
sample_load (const char *name)
{
  g_autofree char *path = g_build_filename (SMB_SAMPLES, name, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GdkPixbuf) pixbuf = gdk_pixbuf_new_from_file (path, &error);
  g_autoptr (GBytes) bytes = NULL;
  gsize row_bytes;
  guint8 *rgb;
  int channels;

  g_assert_no_error (error);
  channels = gdk_pixbuf_get_n_channels (pixbuf);
  row_bytes = (gsize) gdk_pixbuf_get_width (pixbuf) * 3;
  rgb = g_malloc (row_bytes * (gsize) gdk_pixbuf_get_height (pixbuf));
  for (int y = 0; y < gdk_pixbuf_get_height (pixbuf); y++)
    for (int x = 0; x < gdk_pixbuf_get_width (pixbuf); x++)
      memcpy (rgb + (gsize) y * row_bytes + (gsize) x * 3,
              gdk_pixbuf_read_pixels (pixbuf) + (gsize) y * (gsize) gdk_pixbuf_get_rowstride (pixbuf)
                  + (gsize) (x * channels),
              3);
  bytes = g_bytes_new_take (rgb, row_bytes * (gsize) gdk_pixbuf_get_height (pixbuf));
  return smb_image_new (gdk_pixbuf_get_width (pixbuf), gdk_pixbuf_get_height (pixbuf), bytes);
}
