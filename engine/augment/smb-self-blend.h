/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/smb-rng.h"
#include "face/smb-landmarks.h"

G_BEGIN_DECLS

/* Self-blended images (Shiohara and Yamasaki, CVPR 2022): a forgery made of one genuine face, blended with a changed
 * copy of itself, which has the seams of a swap and nothing else to tell it by. */

/* Points of the forehead, from one end of the jaw over the head to the other, on the ellipse on which the region map's
 * skin ends. */
#define SMB_N_FOREHEAD 13
void smb_forehead_points (const SmbPoint points[SMB_N_LANDMARKS], SmbPoint forehead[SMB_N_FOREHEAD]);

/* The 68 points of the mirrored face. */
void smb_landmarks_mirror (SmbPoint points[SMB_N_LANDMARKS], int width);

/* One of four masks (height,width) of ones, by the papers' hulls: 0 three hulls (outer face, nose, brows); 1 the union
 * of eight part hulls; 2 the same with brows raised; 3 all points. forehead: the points of the forehead count too in 3.
 */
void smb_blend_hulls (float *mask, int width, int height, const SmbPoint points[SMB_N_LANDMARKS], int kind,
                      gboolean forehead);

/* face (3,side,side) RGB, 0 to 255, with its points in pixels of it. In place: it becomes the genuine sample, which is
 * the (possibly changed) target; fake (3,side,side) is the blend; mask (side,side) its weights, or NULL. ease 0 to 1:
 * how much plainer than the recipe's the blend is (0: as published); a network that starts from little sees nothing in
 * the subtle ones. other (3,side,side): another person's face laid over this one, which is blended in, in place of a
 * copy, with this one's colours; NULL: none. All that is drawn comes from rng. Returns whether anything was blended:
 * not if the points span no face inside the picture. */
gboolean smb_self_blend (float *face, float *fake, float *mask, int side, const SmbPoint points[SMB_N_LANDMARKS],
                         const float *other, double ease, SmbRng *rng);

G_END_DECLS
