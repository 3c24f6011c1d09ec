/* SPDX-License-Identifier: Apache-2.0 */
/* The colour maps. Viridis and magma (van der Walt and Smith 2015, released under CC0) and cividis (Nuñez, Anderton and
 * Renslow 2018, PLoS ONE 13(7)) are held as every eighth of their 256 published values; in between they are as good as
 * linear (off by at most two steps of 255, cividis by six where it turns). The diverging map is our own: straight in
 * CIE lightness from 30 up to 96 and down again, blue (hue 272) on one side and orange (hue 48) on the other, as strong
 * as sRGB allows, which the common kinds of colour blindness keep apart. */
#include "explain/smb-map.h"

#include <string.h>

#define N_KNOTS   33
#define N_ENTRIES 256

static const guint32 viridis[N_KNOTS] = {
  0x440154, 0x470d60, 0x48186a, 0x482374, 0x472d7b, 0x453681, 0x424086, 0x3f4989, 0x3b528b,
  0x375a8d, 0x33638d, 0x2f6a8e, 0x2c728e, 0x297a8e, 0x26818e, 0x23898e, 0x21908c, 0x1f988b,
  0x1f9f88, 0x21a685, 0x28ae80, 0x31b57b, 0x3ebc74, 0x4cc26c, 0x5dc963, 0x6ece58, 0x82d34c,
  0x96d83f, 0xabdc32, 0xc0df24, 0xd5e21a, 0xeae51a, 0xfde725,
};

static const guint32 cividis[N_KNOTS] = {
  0x00224e, 0x00285b, 0x002e6a, 0x043371, 0x1a386f, 0x273e6e, 0x32436d, 0x3b496c, 0x434e6c,
  0x4b546c, 0x52596d, 0x5a5f6e, 0x61656f, 0x686a71, 0x6f7073, 0x757676, 0x7c7b78, 0x848179,
  0x8b8778, 0x938d78, 0x9b9376, 0xa39a75, 0xaba072, 0xb3a670, 0xbbad6c, 0xc3b469, 0xccba64,
  0xd4c15f, 0xddc958, 0xe6d051, 0xefd748, 0xf8df3c, 0xfee838,
};

static const guint32 magma[N_KNOTS] = {
  0x000004, 0x030311, 0x0a0822, 0x130d33, 0x1d1146, 0x28115a, 0x36106a, 0x430f76, 0x50127c,
  0x5d177f, 0x691c81, 0x762181, 0x822681, 0x8f2a81, 0x9c2e7f, 0xa9327d, 0xb63779, 0xc33b75,
  0xcf4170, 0xdb486a, 0xe65163, 0xee5c5e, 0xf5695c, 0xf9785d, 0xfb8761, 0xfd9668, 0xfea571,
  0xfeb47b, 0xfec387, 0xfed194, 0xfde0a2, 0xfceeb0, 0xfcfdbf,
};

static const guint32 diverging[N_KNOTS] = {
  0x00497c, 0x00538c, 0x015d9c, 0x0067ac, 0x0172bd, 0x017ccd, 0x2587d9, 0x4691df, 0x5e9be4,
  0x74a6e8, 0x88b1eb, 0x9bbbee, 0xaec6f0, 0xc0d1f1, 0xd1ddf2, 0xe2e8f3, 0xf3f3f3, 0xf3e5df,
  0xf2d6cc, 0xf0c8b8, 0xedbaa6, 0xe9ac94, 0xe49e82, 0xdd9172, 0xd68362, 0xce7753, 0xc66a44,
  0xbc5e37, 0xb2522a, 0xa7461e, 0x9c3b13, 0x903007, 0x832700,
};

static const char *const names[] = { "viridis", "cividis", "magma", "grey", "diverging" };

const char *
smb_colours_name (SmbColours colours)
{
  g_return_val_if_fail ((guint) colours < G_N_ELEMENTS (names), NULL);
  return names[colours];
}

gboolean
smb_colours_from_name (const char *name, SmbColours *out)
{
  g_return_val_if_fail (out != NULL, FALSE);
  for (guint i = 0; name != NULL && i < G_N_ELEMENTS (names); i++)
    if (strcmp (name, names[i]) == 0) {
      *out = (SmbColours) i;
      return TRUE;
    }
  return FALSE;
}

void
smb_colours_lookup (SmbColours colours, double t, guint8 rgb[3])
{
  static const guint32 *const tables[] = { viridis, cividis, magma, NULL, diverging };
  const guint32 *table;
  int entry, knot, rest;

  g_return_if_fail ((guint) colours < G_N_ELEMENTS (tables));
  table = tables[colours];
  /* A NAN compares false with everything and ends at 0. */
  entry = t > 0 ? (int) (MIN (t, 1.0) * (N_ENTRIES - 1) + 0.5) : 0;
  if (table == NULL) {
    rgb[0] = rgb[1] = rgb[2] = (guint8) entry;
    return;
  }
  /* Entry e lies at e * 32 / 255 knots. */
  knot = MIN (entry * (N_KNOTS - 1) / (N_ENTRIES - 1), N_KNOTS - 2);
  rest = entry * (N_KNOTS - 1) - knot * (N_ENTRIES - 1);
  for (int c = 0; c < 3; c++) {
    int shift = 16 - 8 * c;
    int from = (int) ((table[knot] >> shift) & 0xff), to = (int) ((table[knot + 1] >> shift) & 0xff);

    rgb[c] = (guint8) ((from * (N_ENTRIES - 1 - rest) + to * rest + (N_ENTRIES - 1) / 2) / (N_ENTRIES - 1));
  }
}
