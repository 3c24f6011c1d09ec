/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "face/smb-landmarks.h"

G_BEGIN_DECLS

/* The points' convex hull, without those on its edges, in the order in which it turns left with y up (Andrew's monotone
 * chain). hull needs room for n points; returns how many there are. */
int smb_hull_of (SmbPoint *hull, const SmbPoint *points, int n);

/* mask (height,width) = 1 where a pixel's centre lies in the convex hull of the points or on its edge; the rest stays.
 */
void smb_hull_fill (float *mask, int width, int height, const SmbPoint *points, int n);

G_END_DECLS
