/* SPDX-License-Identifier: Apache-2.0 */
#include "explain/smb-map-file.h"

#include <math.h>
#include <string.h>

GBytes *
smb_map_to_npy (const SmbMap *map)
{
  /* Magic, version, header's length; the header ends in a newline and pads the data to a multiple of 64 bytes. */
  const gsize preamble_bytes = 10;
  g_autofree char *header = NULL;
  g_autoptr (GByteArray) out = g_byte_array_new ();
  gsize padded;

  g_return_val_if_fail (map != NULL && map->values != NULL, NULL);
  header = g_strdup_printf ("{'descr': '<f4', 'fortran_order': False, 'shape': (%d, %d), }", map->rows, map->columns);
  padded = (preamble_bytes + strlen (header) + 1 + 63) / 64 * 64;
  g_byte_array_append (out, (const guint8 *) "\x93NUMPY\x01\x00", 8);
  g_byte_array_append (out, (const guint8[]) { (guint8) (padded - preamble_bytes), 0 }, 2);
  g_byte_array_append (out, (const guint8 *) header, (guint) strlen (header));
  while (out->len < padded - 1)
    g_byte_array_append (out, (const guint8 *) " ", 1);
  g_byte_array_append (out, (const guint8 *) "\n", 1);
  for (int i = 0; i < map->rows * map->columns; i++) {
    guint32 bits;

    memcpy (&bits, &map->values[i], sizeof bits);
    bits = GUINT32_TO_LE (bits);
    g_byte_array_append (out, (const guint8 *) &bits, sizeof bits);
  }
  return g_byte_array_free_to_bytes (g_steal_pointer (&out));
}

guint16 *
smb_map_to_levels (const SmbMap *map, double lo, double hi)
{
  const gsize n = (gsize) map->rows * (gsize) map->columns;
  guint16 *levels;

  g_return_val_if_fail (map->values != NULL && lo <= hi, NULL);
  levels = g_new0 (guint16, n);
  for (gsize i = 0; i < n; i++)
    if (!isnan (map->values[i]) && hi > lo)
      levels[i] = (guint16) lround (CLAMP (((double) map->values[i] - lo) / (hi - lo), 0.0, 1.0) * G_MAXUINT16);
  return levels;
}
