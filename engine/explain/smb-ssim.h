/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Structural similarity of two grey pictures (height, width) in steps of 255, at every pixel (Wang, Bovik, Sheikh and
 * Simoncelli 2004): a Gaussian window of 11 pixels with deviation 1.5, K1 = 0.01, K2 = 0.03; at the rim the window is
 * what of it lies inside, its weights scaled to sum 1. 1 where the pictures agree, down to -1. Free with g_free. */
float *smb_ssim (const float *a, const float *b, int width, int height);

G_END_DECLS
