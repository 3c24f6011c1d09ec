/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Own pictures (maps, crops) as PNG (ISO/IEC 15948): 8 bits, not interlaced, lossless; the same pixels always give the
 * same bytes. pixels: (height, width, channels) row by row without padding, not premultiplied; channels 1 grey, 2 grey
 * and alpha, 3 RGB, 4 RGBA. width and height from 1. */

/* The whole file in memory; free with g_bytes_unref. */
GBytes *smb_png_encode (int width, int height, int channels, const guint8 *pixels);

/* The same for grey of 16 bits: values (height, width) in the machine's own byte order. */
gboolean smb_png_write_grey16 (const char *path, int width, int height, const guint16 *values, GError **error);

/* Written beside `path` and renamed, so that an older file is replaced whole or stays. IO or PERMISSION error naming
 * the file. */
gboolean smb_png_write (const char *path, int width, int height, int channels, const guint8 *pixels, GError **error);

/* A PNG of numbers, with a palette or of grey up to 8 bits, so that its pixels come out as these numbers in grey
 * whatever colours its palette has, and however they are to be managed. Only chunks are moved about; damage is left to
 * the decoder. NULL: it is no such PNG. */
GBytes *smb_png_show_numbers (GBytes *png);

G_END_DECLS
