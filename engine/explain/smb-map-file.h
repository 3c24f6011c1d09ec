/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "explain/smb-map.h"

G_BEGIN_DECLS

/* The numbers of a map (one with values) for other programs. */

/* NumPy's .npy, version 1.0: float32, little-endian, (rows, columns), NAN where there is no value. The whole file. */
GBytes *smb_map_to_npy (const SmbMap *map);

/* (rows * columns) levels of 16 bits, 0 at `lo` to 65535 at `hi` (lo == hi: all 0), values beyond clamped; places
 * without a number are 0. Free with g_free. */
guint16 *smb_map_to_levels (const SmbMap *map, double lo, double hi);

G_END_DECLS
