/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum {
  SMB_FILTER_BOX,     /* area average when shrinking */
  SMB_FILTER_BICUBIC, /* Keys 1981, a = -0.5 */
} SmbFilter;

/* Resizes RGB bytes (height, width, 3), rows row_bytes apart, to (out_height, out_width, 3) without padding, as Pillow
 * up to 9.5 does, byte for byte: the filter's support grows with the shrink factor, so that shrinking does not alias;
 * weights are rounded to 22 binary places; across first, then down, each pass rounded to 8 bits. Free with g_free. */
guint8 *smb_resample (const guint8 *rgb, gsize row_bytes, int width, int height, int out_width, int out_height,
                      SmbFilter filter);

G_END_DECLS
