/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "explain/smb-map.h"

G_BEGIN_DECLS

/* Occlusion sensitivity (Zeiler and Fergus 2014): a square of spec->window_px goes over the network's input in steps of
 * spec->stride_px, the last one flush with the edge; under it the input is the mean colour (0 in normalised units). */

/* Places of the square along one side; 0 with an ARGUMENT error if it is larger than the input or there are more than
 * 4096 in all. */
int smb_occlusion_places (const SmbMapSpec *spec, int size_px, GError **error);

/* out (3,size,size) = image with the square at `place` (row by row from 0) hidden. */
void smb_occlusion_hide (float *out, const float *image, int size_px, const SmbMapSpec *spec, int places, int place);

/* falls (places * places): probability of the class seen whole, less with the square there. Each pixel takes the mean
 * of the squares that cover it: positive where hiding speaks against the class. */
SmbMap *smb_occlusion_map (const SmbMapSpec *spec, int size_px, int places, const double *falls);

G_END_DECLS
