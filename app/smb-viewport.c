/* SPDX-License-Identifier: Apache-2.0 */
#include "smb-viewport.h"

#include <math.h>

#define FIT_MAX_SCALE 4.0

double
smb_viewport_get_fit_scale (const SmbViewport *self)
{
  if (self->image_width <= 0.0 || self->image_height <= 0.0 || self->view_width <= 0.0 || self->view_height <= 0.0)
    return 1.0;
  return MIN (MIN (self->view_width / self->image_width, self->view_height / self->image_height), FIT_MAX_SCALE);
}

/* Keeps the picture over the view: centred along an axis it does not fill, without a gap along one it does. */
static void
clamp_centre (SmbViewport *self)
{
  double half_width = self->view_width / (2.0 * self->scale);
  double half_height = self->view_height / (2.0 * self->scale);

  if (2.0 * half_width >= self->image_width)
    self->centre_x = self->image_width / 2.0;
  else
    self->centre_x = CLAMP (self->centre_x, half_width, self->image_width - half_width);
  if (2.0 * half_height >= self->image_height)
    self->centre_y = self->image_height / 2.0;
  else
    self->centre_y = CLAMP (self->centre_y, half_height, self->image_height - half_height);
}

void
smb_viewport_fit (SmbViewport *self)
{
  self->fit = TRUE;
  self->scale = smb_viewport_get_fit_scale (self);
  self->centre_x = self->image_width / 2.0;
  self->centre_y = self->image_height / 2.0;
}

void
smb_viewport_set_image (SmbViewport *self, double width, double height)
{
  self->image_width = width;
  self->image_height = height;
  smb_viewport_fit (self);
}

void
smb_viewport_set_view (SmbViewport *self, double width, double height)
{
  self->view_width = width;
  self->view_height = height;
  if (self->fit)
    smb_viewport_fit (self);
  else
    clamp_centre (self);
}

void
smb_viewport_to_image (const SmbViewport *self, double x, double y, double *image_x, double *image_y)
{
  *image_x = self->centre_x + (x - self->view_width / 2.0) / self->scale;
  *image_y = self->centre_y + (y - self->view_height / 2.0) / self->scale;
}

void
smb_viewport_to_view (const SmbViewport *self, double image_x, double image_y, double *x, double *y)
{
  *x = (image_x - self->centre_x) * self->scale + self->view_width / 2.0;
  *y = (image_y - self->centre_y) * self->scale + self->view_height / 2.0;
}

void
smb_viewport_zoom_at (SmbViewport *self, double scale, double x, double y)
{
  double image_x, image_y;
  double smallest = MIN (smb_viewport_get_fit_scale (self), 1.0) / 2.0;

  smb_viewport_to_image (self, x, y, &image_x, &image_y);
  self->scale = CLAMP (scale, smallest, SMB_VIEWPORT_MAX_SCALE);
  self->fit = FALSE;
  self->centre_x = image_x - (x - self->view_width / 2.0) / self->scale;
  self->centre_y = image_y - (y - self->view_height / 2.0) / self->scale;
  clamp_centre (self);
}

void
smb_viewport_pan (SmbViewport *self, double dx, double dy)
{
  self->centre_x -= dx / self->scale;
  self->centre_y -= dy / self->scale;
  clamp_centre (self);
}

void
smb_viewport_centre_on (SmbViewport *self, double image_x, double image_y)
{
  self->centre_x = image_x;
  self->centre_y = image_y;
  clamp_centre (self);
}

SmbViewRect
smb_viewport_rect_to_view (const SmbViewport *self, SmbViewRect rect)
{
  SmbViewRect out = { 0, 0, rect.width * self->scale, rect.height * self->scale };

  smb_viewport_to_view (self, rect.x, rect.y, &out.x, &out.y);
  return out;
}

SmbViewRect
smb_viewport_get_visible (const SmbViewport *self)
{
  double x0, y0, x1, y1;

  smb_viewport_to_image (self, 0.0, 0.0, &x0, &y0);
  smb_viewport_to_image (self, self->view_width, self->view_height, &x1, &y1);
  x0 = MAX (x0, 0.0);
  y0 = MAX (y0, 0.0);
  x1 = MIN (x1, self->image_width);
  y1 = MIN (y1, self->image_height);
  return (SmbViewRect){ x0, y0, MAX (x1 - x0, 0.0), MAX (y1 - y0, 0.0) };
}

gboolean
smb_viewport_is_cropped (const SmbViewport *self)
{
  /* Half a pixel of tolerance: fitting rounds. */
  return self->image_width * self->scale > self->view_width + 0.5 ||
         self->image_height * self->scale > self->view_height + 0.5;
}

gboolean
smb_viewport_square_from_drag (const SmbViewport *self, double x0, double y0, double x1, double y1, int min_px,
                               SmbBox *box_out)
{
  int width = (int) self->image_width;
  int height = (int) self->image_height;
  int side = (int) lround (MAX (fabs (x1 - x0), fabs (y1 - y0)));
  int x, y;

  side = MIN (side, MIN (width, height));
  if (side < min_px)
    return FALSE;
  x = (int) lround (x1 < x0 ? x0 - side : x0);
  y = (int) lround (y1 < y0 ? y0 - side : y0);
  box_out->x = CLAMP (x, 0, width - side);
  box_out->y = CLAMP (y, 0, height - side);
  box_out->width = side;
  box_out->height = side;
  return TRUE;
}
