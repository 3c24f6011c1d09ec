/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

#include "base/smb-image.h"

G_BEGIN_DECLS

/* The mathematics of looking at a picture through a widget; plain values, no GTK. Lengths are in widget pixels (view)
 * or picture pixels (image); scale = view pixels for one picture pixel. */
typedef struct {
  double image_width, image_height;
  double view_width, view_height;
  double scale;
  double centre_x, centre_y; /* picture point in the middle of the view */
  gboolean fit;              /* follow the view's size */
} SmbViewport;

typedef struct {
  double x, y, width, height;
} SmbViewRect;

#define SMB_VIEWPORT_MAX_SCALE 64.0

/* A new picture: fitted and centred. */
void smb_viewport_set_image (SmbViewport *self, double width, double height);
/* The widget's size; a fitted picture stays fitted, another keeps its scale and centre. */
void smb_viewport_set_view (SmbViewport *self, double width, double height);

/* Whole picture visible, never enlarged beyond 4:1 (a tiny picture would be a blur). */
double smb_viewport_get_fit_scale (const SmbViewport *self);
void smb_viewport_fit (SmbViewport *self);
/* Zooms so that the picture point under (x, y) of the view stays there. */
void smb_viewport_zoom_at (SmbViewport *self, double scale, double x, double y);
/* Drags the picture by view pixels. */
void smb_viewport_pan (SmbViewport *self, double dx, double dy);
/* Puts a picture point in the middle. */
void smb_viewport_centre_on (SmbViewport *self, double image_x, double image_y);

void smb_viewport_to_image (const SmbViewport *self, double x, double y, double *image_x, double *image_y);
void smb_viewport_to_view (const SmbViewport *self, double image_x, double image_y, double *x, double *y);
SmbViewRect smb_viewport_rect_to_view (const SmbViewport *self, SmbViewRect image_rect);
/* The visible part, in picture pixels, clipped to the picture. */
SmbViewRect smb_viewport_get_visible (const SmbViewport *self);
/* TRUE if some of the picture lies outside the view. */
gboolean smb_viewport_is_cropped (const SmbViewport *self);

/* The square of whole pixels a drag from (x0, y0) to (x1, y1) in picture pixels means: as large as its longer side,
 * moved and shrunk into the picture. FALSE if it would be smaller than min_px. */
gboolean smb_viewport_square_from_drag (const SmbViewport *self, double x0, double y0, double x1, double y1, int min_px,
                                        SmbBox *box_out);

G_END_DECLS
