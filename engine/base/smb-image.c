/* SPDX-License-Identifier: Apache-2.0 */
#include "base/smb-image.h"

#include <string.h>

SmbImage *
smb_image_new (int width, int height, GBytes *bytes)
{
  SmbImage *image;

  g_return_val_if_fail (width > 0 && height > 0 && bytes != NULL, NULL);
  g_return_val_if_fail (g_bytes_get_size (bytes) == (gsize) width * (gsize) height * 3, NULL);
  image = g_atomic_rc_box_new0 (SmbImage);
  image->width = width;
  image->height = height;
  image->bytes = g_bytes_ref (bytes);
  return image;
}

SmbImage *
smb_image_ref (SmbImage *image)
{
  return g_atomic_rc_box_acquire (image);
}

static void
image_clear (gpointer data)
{
  g_bytes_unref (((SmbImage *) data)->bytes);
}

void
smb_image_unref (SmbImage *image)
{
  g_atomic_rc_box_release_full (image, image_clear);
}

const guint8 *
smb_image_get_pixels (const SmbImage *image)
{
  return g_bytes_get_data (image->bytes, NULL);
}

SmbImage *
smb_image_crop (const SmbImage *image, SmbBox box)
{
  int x0 = MAX (box.x, 0), y0 = MAX (box.y, 0);
  int x1 = (int) MIN ((gint64) box.x + box.width, image->width);
  int y1 = (int) MIN ((gint64) box.y + box.height, image->height);
  g_autoptr (GBytes) bytes = NULL;
  guint8 *out;
  gsize row_bytes;

  if (x1 <= x0 || y1 <= y0)
    return NULL;
  row_bytes = (gsize) (x1 - x0) * 3;
  out = g_malloc (row_bytes * (gsize) (y1 - y0));
  for (int y = y0; y < y1; y++)
    memcpy (out + (gsize) (y - y0) * row_bytes,
            smb_image_get_pixels (image) + ((gsize) y * (gsize) image->width + (gsize) x0) * 3, row_bytes);
  bytes = g_bytes_new_take (out, row_bytes * (gsize) (y1 - y0));
  return smb_image_new (x1 - x0, y1 - y0, bytes);
}

double
smb_box_iou (SmbBox a, SmbBox b)
{
  double w = MIN ((double) a.x + a.width, (double) b.x + b.width) - MAX (a.x, b.x);
  double h = MIN ((double) a.y + a.height, (double) b.y + b.height) - MAX (a.y, b.y);
  double both = w > 0 && h > 0 ? w * h : 0.0;
  double all = (double) a.width * a.height + (double) b.width * b.height - both;

  return all > 0 ? both / all : 0.0;
}
