/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/smb-rng.h"

G_BEGIN_DECLS

/* A change of colours as one affine map, so that several cost no more than one: out_r = m[r][0..2] . in + m[r][3]. */
typedef struct {
  float m[3][4];
} SmbColourShift;

#define SMB_COLOUR_UNCHANGED ((SmbColourShift){ { { 1, 0, 0, 0 }, { 0, 1, 0, 0 }, { 0, 0, 1, 0 } } })

/* Each adds its change behind those `shift` has already. */
void smb_colour_shift_add (SmbColourShift *shift, const float rgb[3]); /* per channel, 0 to 255 */
/* Turns the hue by `turn` radians and scales the saturation, in YIQ; grey stays grey. */
void smb_colour_shift_hue (SmbColourShift *shift, double turn, double saturation);
/* (v - 127.5) contrast + 127.5 + brightness. */
void smb_colour_shift_contrast (SmbColourShift *shift, double contrast, double brightness);
void smb_colour_shift_grey (SmbColourShift *shift); /* luma, Rec. 601, in all channels */

/* The draw of the self-blended recipe: each of RGB +-20, hue/saturation/value, brightness and contrast of +-contrast
 * with chance p. */
SmbColourShift smb_colour_shift_draw (double p, double contrast, SmbRng *rng);

/* planes (3,n) in place. */
void smb_colour_shift_apply (const SmbColourShift *shift, float *planes, gsize n);

G_END_DECLS
