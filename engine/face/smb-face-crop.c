/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <string.h>

#include "face/smb-face.h"
#include "face/smb-resample.h"

#define CROP_SCALE 1.3

/* Halves rounded down, as Python's //. */
static gint64
half_floor (gint64 n)
{
  return n >= 0 ? n / 2 : -((1 - n) / 2);
}

SmbBox
smb_face_crop_box (SmbBox detected, int image_width, int image_height)
{
  /* dlib's right and bottom are the last pixels inside. */
  gint64 right = (gint64) detected.x + detected.width - 1, bottom = (gint64) detected.y + detected.height - 1;
  gint64 side = (gint64) ((double) MAX (right - detected.x, bottom - detected.y) * CROP_SCALE);
  gint64 x = MAX (half_floor (detected.x + right) - side / 2, 0);
  gint64 y = MAX (half_floor (detected.y + bottom) - side / 2, 0);

  side = MIN (side, image_width - x);
  side = MIN (side, image_height - y);
  if (side < 1 || detected.width < 1 || detected.height < 1)
    return (SmbBox){ 0 };
  return (SmbBox){ (int) x, (int) y, (int) side, (int) side };
}

SmbBox
smb_face_uncrop_box (SmbBox crop)
{
  const int side = MAX ((int) lround (MAX (crop.width, crop.height) / CROP_SCALE) + 1, 2);

  return (SmbBox){ crop.x + crop.width / 2 - side / 2, crop.y + crop.height / 2 - side / 2, side, side };
}

SmbBox
smb_face_square_box (SmbBox drawn, int image_width, int image_height)
{
  gint64 x0 = MAX (drawn.x, 0), y0 = MAX (drawn.y, 0);
  gint64 x1 = MIN ((gint64) drawn.x + drawn.width, image_width);
  gint64 y1 = MIN ((gint64) drawn.y + drawn.height, image_height);
  gint64 side, x, y;

  if (x1 <= x0 || y1 <= y0)
    return (SmbBox){ 0 };
  side = MIN (MAX (x1 - x0, y1 - y0), MIN (image_width, image_height));
  x = CLAMP ((x0 + x1 - side) / 2, 0, image_width - side);
  y = CLAMP ((y0 + y1 - side) / 2, 0, image_height - side);
  return (SmbBox){ (int) x, (int) y, (int) side, (int) side };
}

guint8 *
smb_face_crop_resize (const SmbImage *image, SmbBox box, int size_px)
{
  gint64 x0, y0, x1, y1;
  gsize row_bytes;

  g_return_val_if_fail (image != NULL && size_px > 0, NULL);
  x0 = MAX (box.x, 0);
  y0 = MAX (box.y, 0);
  x1 = MIN ((gint64) box.x + box.width, image->width);
  y1 = MIN ((gint64) box.y + box.height, image->height);
  if (x1 <= x0 || y1 <= y0)
    return NULL;
  /* Cut first, then resize: pixels outside the box have no part in it. */
  row_bytes = (gsize) image->width * 3;
  return smb_resample (smb_image_get_pixels (image) + (gsize) y0 * row_bytes + (gsize) x0 * 3, row_bytes,
                       (int) (x1 - x0), (int) (y1 - y0), size_px, size_px, SMB_FILTER_BICUBIC);
}

static int
enlarged_px (int size_px)
{
  return size_px * 256 / 224;
}

/* Half of an odd border is rounded to even, as torchvision's CenterCrop does. */
static int
border_px (int size_px)
{
  return (int) rint ((double) (enlarged_px (size_px) - size_px) / 2);
}

guint8 *
smb_face_crop_resize_centre (const SmbImage *image, SmbBox box, int size_px)
{
  g_autofree guint8 *large = NULL;
  guint8 *out;
  gsize large_px, border, row_bytes = (gsize) size_px * 3;

  g_return_val_if_fail (size_px > 0 && size_px <= G_MAXINT / 256, NULL);
  large_px = (gsize) enlarged_px (size_px);
  border = (gsize) border_px (size_px);
  large = smb_face_crop_resize (image, box, (int) large_px);
  if (large == NULL)
    return NULL;
  out = g_malloc (row_bytes * (gsize) size_px);
  for (gsize y = 0; y < (gsize) size_px; y++)
    memcpy (out + y * row_bytes, large + ((y + border) * large_px + border) * 3, row_bytes);
  return out;
}

void
smb_face_centre_area (SmbBox box, int size_px, double area[4])
{
  double scale_x = (double) box.width / enlarged_px (size_px), scale_y = (double) box.height / enlarged_px (size_px);

  area[0] = box.x + border_px (size_px) * scale_x;
  area[1] = box.y + border_px (size_px) * scale_y;
  area[2] = size_px * scale_x;
  area[3] = size_px * scale_y;
}

void
smb_face_normalise (float *out, const guint8 *rgb, int size_px, const double mean[3], const double std[3])
{
  const gsize n = (gsize) size_px * (gsize) size_px;

  for (gsize c = 0; c < 3; c++) {
    float table[256];

    /* In float32, step by step, as torchvision's ToTensor and Normalize do. */
    for (int v = 0; v < 256; v++)
      table[v] = ((float) v / 255.0f - (float) mean[c]) / (float) std[c];
    for (gsize i = 0; i < n; i++)
      out[c * n + i] = table[rgb[i * 3 + c]];
  }
}
