/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What JPEG (ITU-T T.81, baseline) takes from a picture, without writing one: its entropy coding loses nothing, so
 * colours, sampling of the chroma, cosine transform and quantisation with the standard's tables, scaled for a quality
 * of 1 to 100 as the reference software does, are all of it. planes (3,height,width) RGB, in place, whole numbers of 0
 * to 255 afterwards. subsampled: chroma at half the resolution each way (4:2:0), brought back by the triangle filter.
 * x0, y0 (0 to 7, even if subsampled): how far the grid of blocks is moved up and left. Within a level or two of
 * libjpeg-turbo. */
void smb_jpeg_loss (float *planes, int width, int height, int quality, gboolean subsampled, int x0, int y0);

G_END_DECLS
