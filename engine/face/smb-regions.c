/* SPDX-License-Identifier: Apache-2.0 */
#include "face/smb-regions.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include "base/smb-error.h"
#include "face/smb-regions-private.h"

static const struct {
  const char *name, *title;
  guint32 colour;
} classes[SMB_N_CLASSES] = {
  [SMB_CLASS_BACKGROUND] = { "background", N_ ("background"), 0x1d1e21 },
  [SMB_CLASS_SKIN] = { "skin", N_ ("skin"), 0xf2d0b0 },
  [SMB_CLASS_BROW_LEFT] = { "brow-left", N_ ("brow on the left"), 0x7a4b12 },
  [SMB_CLASS_BROW_RIGHT] = { "brow-right", N_ ("brow on the right"), 0xa8763c },
  [SMB_CLASS_EYE_LEFT] = { "eye-left", N_ ("eye on the left"), 0x1f5fbf },
  [SMB_CLASS_EYE_RIGHT] = { "eye-right", N_ ("eye on the right"), 0x5b9df0 },
  [SMB_CLASS_NOSE] = { "nose", N_ ("nose"), 0x2fa866 },
  [SMB_CLASS_UPPER_LIP] = { "upper-lip", N_ ("upper lip"), 0xe0457b },
  [SMB_CLASS_INNER_MOUTH] = { "inner-mouth", N_ ("inside of the mouth"), 0x6e0b34 },
  [SMB_CLASS_LOWER_LIP] = { "lower-lip", N_ ("lower lip"), 0xa8195a },
  [SMB_CLASS_HAIR] = { "hair", N_ ("hair"), 0x6b5b95 },
};

static const char *const origins[] = { "landmarks", "template", "imported", "hand" };

SmbRegions *
smb_regions_new_take (int size_px, guint8 *pixels, SmbRegionsOrigin origin)
{
  SmbRegions *regions = g_new (SmbRegions, 1);

  *regions = (SmbRegions){ size_px, pixels, origin };
  return regions;
}

void
smb_regions_free (SmbRegions *regions)
{
  if (regions == NULL)
    return;
  g_free (regions->classes);
  g_free (regions);
}

SmbRegions *
smb_regions_resize (const SmbRegions *regions, int size_px)
{
  guint8 *out;

  g_return_val_if_fail (regions != NULL && size_px > 0 && size_px <= SMB_REGIONS_MAX_SIDE_PX, NULL);
  out = g_malloc ((gsize) size_px * (gsize) size_px);
  for (int y = 0; y < size_px; y++)
    for (int x = 0; x < size_px; x++) {
      /* Centre of the new pixel, in the old map: (2x + 1) * old / (2 new). */
      gint64 from_x = ((gint64) 2 * x + 1) * regions->size_px / (2 * (gint64) size_px);
      gint64 from_y = ((gint64) 2 * y + 1) * regions->size_px / (2 * (gint64) size_px);

      out[(gsize) y * (gsize) size_px + (gsize) x] = regions->classes[from_y * regions->size_px + from_x];
    }
  return smb_regions_new_take (size_px, out, regions->origin);
}

/* Where pixel i of n over a side of `to` lies on a side of `from`, as a pixel of its n. */
static int
moved_pixel (int i, int n, int from, int from_length, int to, int to_length)
{
  const double at = to + (i + 0.5) * to_length / n;

  return (int) CLAMP (floor ((at - from) * n / from_length), 0.0, n - 1.0);
}

SmbRegions *
smb_regions_move (const SmbRegions *regions, SmbBox from, SmbBox to)
{
  const int n = regions->size_px;
  guint8 *out;

  g_return_val_if_fail (from.width > 0 && from.height > 0 && to.width > 0 && to.height > 0, NULL);
  out = g_malloc ((gsize) n * (gsize) n);
  for (int y = 0; y < n; y++) {
    const guint8 *row = regions->classes + (gsize) moved_pixel (y, n, from.y, from.height, to.y, to.height) * (gsize) n;

    for (int x = 0; x < n; x++)
      out[(gsize) y * (gsize) n + (gsize) x] = row[moved_pixel (x, n, from.x, from.width, to.x, to.width)];
  }
  return smb_regions_new_take (n, out, regions->origin);
}

const char *
smb_regions_note (SmbRegionsOrigin origin)
{
  switch (origin) {
  case SMB_REGIONS_FROM_TEMPLATE:
    return _ (
        "Regions are coarse: placed by a template from the face's box, without landmarks. The predictor of landmarks is "
        "in Debian's package libdlib-data.");
  case SMB_REGIONS_IMPORTED:
    return _ ("Regions from an imported map.");
  case SMB_REGIONS_BY_HAND:
    return _ ("Regions edited by hand.");
  default:
    return NULL;
  }
}

const char *
smb_regions_origin_name (SmbRegionsOrigin origin)
{
  g_return_val_if_fail ((guint) origin < G_N_ELEMENTS (origins), NULL);
  return origins[origin];
}

gboolean
smb_regions_origin_from_name (const char *name, SmbRegionsOrigin *out)
{
  for (guint i = 0; i < G_N_ELEMENTS (origins); i++)
    if (g_strcmp0 (name, origins[i]) == 0) {
      *out = (SmbRegionsOrigin) i;
      return TRUE;
    }
  return FALSE;
}

const char *
smb_region_class_title (SmbRegionClass class)
{
  g_return_val_if_fail ((guint) class < SMB_N_CLASSES, NULL);
  return _ (classes[class].title);
}

const char *
smb_region_class_name (SmbRegionClass class)
{
  g_return_val_if_fail ((guint) class < SMB_N_CLASSES, NULL);
  return classes[class].name;
}

void
smb_region_class_colour (SmbRegionClass class, guint8 rgb[3])
{
  g_return_if_fail ((guint) class < SMB_N_CLASSES);
  for (int c = 0; c < 3; c++)
    rgb[c] = (guint8) (classes[class].colour >> (16 - 8 * c) & 0xff);
}

static int
class_of_pixel (const guint8 *rgb)
{
  if (rgb[0] == rgb[1] && rgb[1] == rgb[2] && rgb[0] < SMB_N_CLASSES)
    return rgb[0];
  for (int i = 0; i < SMB_N_CLASSES; i++) {
    guint8 colour[3];

    smb_region_class_colour ((SmbRegionClass) i, colour);
    if (memcmp (rgb, colour, 3) == 0)
      return i;
  }
  return -1;
}

gboolean
smb_regions_check_size (const char *path, gint64 width, gint64 height, GError **error)
{
  if (width == height && width >= SMB_REGIONS_MIN_SIDE_PX && width <= SMB_REGIONS_MAX_SIDE_PX)
    return TRUE;
  if (width != height)
    g_set_error (
        error, SMB_ERROR, SMB_ERROR_MISMATCH,
        _ ("%s: the region map has %d × %d pixels, but a face's box is square; make the map over the square box "
           "of the face."),
        path, (int) CLAMP (width, 0, G_MAXINT), (int) CLAMP (height, 0, G_MAXINT));
  else
    g_set_error (error, SMB_ERROR, SMB_ERROR_MISMATCH,
                 _ ("%s: the region map has a side of %d pixels; it must be from %d to %d."), path,
                 (int) CLAMP (width, 0, G_MAXINT), SMB_REGIONS_MIN_SIDE_PX, SMB_REGIONS_MAX_SIDE_PX);
  return FALSE;
}

SmbRegions *
smb_regions_from_picture (const SmbImage *image, const char *path, GError **error)
{
  const guint8 *rgb;
  g_autofree guint8 *out = NULL;
  gsize n;

  g_return_val_if_fail (image != NULL && path != NULL, NULL);
  if (!smb_regions_check_size (path, image->width, image->height, error))
    return NULL;
  rgb = smb_image_get_pixels (image);
  n = (gsize) image->width * (gsize) image->height;
  out = g_malloc (n);
  for (gsize i = 0; i < n; i++) {
    int class = class_of_pixel (rgb + 3 * i);

    if (class < 0) {
      g_set_error (
          error, SMB_ERROR, SMB_ERROR_FORMAT,
          _ ("%s: the pixel at %d, %d has the colour #%02x%02x%02x, which stands for no region; use the numbers 0 "
             "to 10 as grey, or the colours of the map “regions”."),
          path, (int) (i % (gsize) image->width), (int) (i / (gsize) image->width), rgb[3 * i], rgb[3 * i + 1],
          rgb[3 * i + 2]);
      return NULL;
    }
    out[i] = (guint8) class;
  }
  return smb_regions_new_take (image->width, g_steal_pointer (&out), SMB_REGIONS_IMPORTED);
}
