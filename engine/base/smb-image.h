/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A rectangle in pixels of the upright image: x, y of the top left corner (may be negative for a detector's box that
 * leans out of the picture), then width and height. */
typedef struct {
  int x, y, width, height;
} SmbBox;

/* Immutable upright picture, 8-bit sRGB, three channels interleaved, rows without padding. Reference counted, threads
 * may share it. The pixels are borrowed from `bytes`, which may lie in a sealed memory descriptor. */
typedef struct {
  int width;
  int height;
  GBytes *bytes; /* height * width * 3 */
} SmbImage;

/* Takes its own reference on `bytes`, which must hold exactly width * height * 3 bytes (else NULL: misuse). */
SmbImage *smb_image_new (int width, int height, GBytes *bytes);
SmbImage *smb_image_ref (SmbImage *image);
void smb_image_unref (SmbImage *image);
/* Row 0 first; borrowed. */
const guint8 *smb_image_get_pixels (const SmbImage *image);
/* Crop, clipped to the picture; NULL if nothing is left. */
SmbImage *smb_image_crop (const SmbImage *image, SmbBox box);

/* Intersection over union of two boxes, 0 to 1. */
double smb_box_iou (SmbBox a, SmbBox b);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SmbImage, smb_image_unref)

G_END_DECLS
