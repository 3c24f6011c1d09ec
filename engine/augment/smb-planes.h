/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Pictures as float planes (C,H,W), values as bytes are (0 to 255), and what is done to a plane. */

void smb_planes_from_rgb (float *planes, const guint8 *rgb, int width, int height);
/* Rounded half up and clipped. */
void smb_planes_to_rgb (guint8 *rgb, const float *planes, int width, int height);
/* To whole numbers of 0 to 255, as a picture that was stored in between. */
void smb_planes_round (float *planes, gsize n);
/* Left and right exchanged, in place. */
void smb_plane_flip (float *plane, int width, int height);

/* Convolution with a Gaussian cut off at `radius` pixels, its weights made to sum up to 1; borders mirrored without
 * the edge pixel (… c b a b c …). In place. */
void smb_plane_blur (float *plane, int width, int height, double sigma, int radius);

typedef enum {
  SMB_RESIZE_NEAREST,
  SMB_RESIZE_LINEAR, /* two taps each way, whatever the scale */
  SMB_RESIZE_AREA,   /* a triangle as wide as the shrink factor: does not alias; like LINEAR when growing */
  SMB_RESIZE_EMPTY,  /* LINEAR with nothing (0) around the picture in place of its border */
} SmbResize;

/* Pixel centres at halves, borders repeated. out (out_height,out_width) must not overlap plane. */
void smb_plane_resize (float *out, int out_width, int out_height, const float *plane, int width, int height,
                       SmbResize how);

/* The same for any part and place: the centre of output pixel (x, y) lies at (x0 + x x_scale, y0 + y y_scale). */
void smb_plane_place (float *out, int out_width, int out_height, const float *plane, int width, int height, double x0,
                      double y0, double x_scale, double y_scale, SmbResize how);

/* Value at (x, y) between four pixels; 0 beyond the border. */
float smb_plane_sample (const float *plane, int width, int height, float x, float y);

G_END_DECLS
