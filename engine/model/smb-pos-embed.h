/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "tensor/smb-tensor.h"

G_BEGIN_DECLS

/* Fixed 2-D sin-cos positions as in MAE: (1, 1 + grid * grid, dim). Row 0, the class token's, is zero; the first half
 * of the channels encodes the column, the second the row, each [sin (q w_j) … | cos (q w_j) …], w_j =
 * 10000^(-j/(dim/4)). dim must divide by 4. Evaluated in float64. */
SmbTensor *smb_pos_embed_sincos (int dim, int grid);

/* A float32 host table (1, 1 + old * old, dim) for another grid: the class row kept, the rest resampled bicubically
 * (A = -0.75, centres of pixels aligned, border repeated, no antialiasing), in float64. */
SmbTensor *smb_pos_embed_resample (const SmbTensor *table, int grid);

G_END_DECLS
