/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "face/smb-landmarks.h"

G_BEGIN_DECLS

/* One face laid over another, for forgeries of two persons (after Li et al., "Face X-ray", CVPR 2020, whose blends take
 * a face with near landmarks). */

/* (x, y) -> (a x - b y + x0, b x + a y + y0): a turn, one scale, a move. */
typedef struct {
  double a, b, x0, y0;
} SmbSimilarity;

/* The one that brings the points `from` nearest to `to` by least squares (Umeyama, PAMI 1991; in two dimensions in
 * closed form), and the root mean square distance that stays. n >= 2; if all of `from` are one point, only a move. */
double smb_similarity_fit (SmbSimilarity *out, const SmbPoint *from, const SmbPoint *to, int n);

/* out (3,side,side): at (x, y) what planes (3,side,side) show at the similarity's image of (x, y); borders repeated. */
void smb_planes_warp (float *out, const float *planes, int side, const SmbSimilarity *where);

/* planes (3,n) get, channel by channel, the mean and deviation that `like` (3,n) has where weight (n) is positive; the
 * deviation by a factor of at most 2 either way. Without weight anywhere nothing changes. In place. */
void smb_planes_match_colours (float *planes, const float *like, const float *weight, gsize n);

G_END_DECLS
