/* SPDX-License-Identifier: Apache-2.0 */
/* Embedded colour profiles to sRGB, and print colours to RGB. */
#include "base/smb-error.h"
#include "media/picture-private.h"

#include <glib/gi18n-lib.h>
#include <lcms2.h>

/* A profile that moves no colour of a coarse grid by more than this is sRGB under another name; pixels then stay the
 * very bytes of the file, which is what detectors were trained on. */
#define SAME_COLOUR 2
#define GRID 9

static cmsUInt32Number
input_format (cmsHPROFILE profile, int channels)
{
  switch (cmsGetColorSpace (profile)) {
  case cmsSigRgbData:
    return channels == 3 ? TYPE_RGB_8 : 0;
  case cmsSigCmykData:
    return channels == 4 ? TYPE_CMYK_8_REV : 0;
  case cmsSigGrayData:
    /* The first of three equal channels. */
    return channels == 3 ? (COLORSPACE_SH (PT_GRAY) | CHANNELS_SH (1) | EXTRA_SH (2) | BYTES_SH (1)) : 0;
  default:
    return 0;
  }
}

static gboolean
changes_nothing (cmsHTRANSFORM transform)
{
  for (int i = 0; i < GRID * GRID * GRID; i++) {
    guint8 in[3] = { (guint8) (i % GRID * 255 / (GRID - 1)), (guint8) (i / GRID % GRID * 255 / (GRID - 1)),
                     (guint8) (i / GRID / GRID * 255 / (GRID - 1)) };
    guint8 out[3];

    cmsDoTransform (transform, in, out, 1);
    for (int c = 0; c < 3; c++) {
      if (ABS (in[c] - out[c]) > SAME_COLOUR)
        return FALSE;
    }
  }
  return TRUE;
}

/* NULL: no usable profile, or none needed. `refused_out` tells which. */
static cmsHTRANSFORM
make_transform (GBytes *icc, int channels, char **name_out, gboolean *refused_out)
{
  gsize n_bytes;
  const void *data = g_bytes_get_data (icc, &n_bytes);
  cmsHPROFILE profile
      = n_bytes <= PICTURE_MAX_ICC_BYTES ? cmsOpenProfileFromMem (data, (cmsUInt32Number) n_bytes) : NULL;
  cmsHPROFILE srgb = cmsCreate_sRGBProfile ();
  cmsHTRANSFORM transform = NULL;
  char name[128] = "";

  if (profile != NULL && srgb != NULL) {
    cmsUInt32Number format = input_format (profile, channels);

    cmsGetProfileInfoASCII (profile, cmsInfoDescription, "en", "US", name, sizeof name);
    if (format != 0)
      transform = cmsCreateTransform (profile, format, srgb, TYPE_RGB_8, INTENT_PERCEPTUAL, 0);
    if (transform != NULL && format == TYPE_RGB_8 && changes_nothing (transform))
      g_clear_pointer (&transform, cmsDeleteTransform);
    else
      *refused_out = transform == NULL;
  } else
    *refused_out = TRUE;
  if (profile != NULL)
    cmsCloseProfile (profile);
  if (srgb != NULL)
    cmsCloseProfile (srgb);
  *name_out = g_utf8_make_valid (name[0] != '\0' ? name : "?", -1);
  return transform;
}

/* Ink on white paper without a profile: each ink takes away its complement. 255 is no ink. */
static void
inks_to_rgb (const guint8 *in, guint8 *out, int n_pixels)
{
  for (int i = 0; i < n_pixels; i++) {
    for (int c = 0; c < 3; c++)
      out[i * 3 + c] = (guint8) ((in[i * 4 + c] * in[i * 4 + 3] + 127) / 255);
  }
}

gboolean
picture_convert_colours (PictureJob *job, PicturePixels *pixels, GError **error)
{
  g_autofree char *name = NULL;
  gboolean refused = FALSE;
  cmsHTRANSFORM transform = NULL;
  PicturePixels rgb = *pixels;
  gboolean ok = TRUE;

  if (job->icc != NULL)
    transform = make_transform (job->icc, pixels->channels, &name, &refused);
  if (refused)
    picture_warn (job, _ ("The embedded colour profile cannot be used; colours are shown as they are stored."));
  if (transform == NULL && pixels->channels == 3)
    return TRUE;
  if (transform != NULL)
    picture_warn (job, _ ("Colours were converted from the embedded profile “%s” to sRGB."), name);
  else
    picture_warn (job,
                  _ ("The picture is stored in print colours (CMYK) without a usable profile; they were converted by "
                     "a simple rule."));
  ok = pixels->channels == 3 || picture_alloc (job, &rgb, pixels->width, pixels->height, 3, error);
  for (int y = 0; ok && y < pixels->height; y++) {
    const guint8 *in = pixels->data + (gsize) y * (gsize) pixels->width * (gsize) pixels->channels;
    guint8 *out = rgb.data + (gsize) y * (gsize) pixels->width * 3;

    if (transform != NULL)
      cmsDoTransform (transform, in, out, (cmsUInt32Number) pixels->width);
    else
      inks_to_rgb (in, out, pixels->width);
    ok = !g_cancellable_set_error_if_cancelled (job->cancellable, error);
  }
  if (transform != NULL)
    cmsDeleteTransform (transform);
  if (rgb.data != pixels->data) {
    g_free (ok ? pixels->data : rgb.data);
    if (ok)
      *pixels = rgb;
  }
  return ok;
}
