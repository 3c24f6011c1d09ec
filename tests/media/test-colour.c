/* SPDX-License-Identifier: Apache-2.0 */
/* Embedded colour profiles: one that changes colours, one that is sRGB, one that is rubbish. */
#include "media/smb-picture.h"
#include "media/smb-png.h"

#include <lcms2.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

/* A PNG's signature and header: the profile goes behind them. */
#define BEFORE_PROFILE 33

static void
append_be32 (GByteArray *out, guint32 value)
{
  guint32 big = GUINT32_TO_BE (value);

  g_byte_array_append (out, (const guint8 *) &big, 4);
}

/* An iCCP chunk: a name, zero, method 0, the profile compressed. */
static void
append_profile (GByteArray *png, const void *icc, gsize n_bytes)
{
  uLongf packed_bytes = compressBound (n_bytes);
  g_autofree guint8 *packed = g_malloc (packed_bytes);
  guint at;

  g_assert_cmpint (compress (packed, &packed_bytes, icc, n_bytes), ==, Z_OK);
  append_be32 (png, (guint32) packed_bytes + 6);
  at = png->len;
  g_byte_array_append (png, (const guint8 *) "iCCPtest\0\0", 10);
  g_byte_array_append (png, packed, (guint) packed_bytes);
  append_be32 (png, (guint32) crc32 (0, png->data + at, png->len - at));
}

/* A PNG of a mid grey pixel and a green one (else it is stored as grey) with this profile; what the grey decodes to,
 * and the first warning (NULL: none). */
static int
decode_with_profile (const void *icc, gsize n_bytes, char **warning_out)
{
  guint8 pixel[6] = { 128, 128, 128, 10, 200, 30 };
  g_autoptr (GBytes) plain = smb_png_encode (2, 1, 3, pixel);
  g_autoptr (GByteArray) png = g_byte_array_new ();
  g_autoptr (SmbPictureInfo) info = NULL;
  g_autoptr (SmbImage) image = NULL;
  g_autoptr (GError) error = NULL;
  SmbPictureLimits limits;
  int fd = memfd_create ("picture", MFD_CLOEXEC);

  g_assert_true (smb_picture_limits_get (&limits, NULL));
  g_byte_array_append (png, g_bytes_get_data (plain, NULL), BEFORE_PROFILE);
  append_profile (png, icc, n_bytes);
  g_byte_array_append (png, (const guint8 *) g_bytes_get_data (plain, NULL) + BEFORE_PROFILE,
                       (guint) g_bytes_get_size (plain) - BEFORE_PROFILE);
  g_assert_cmpint (write (fd, png->data, png->len), ==, png->len);
  image = smb_picture_decode (fd, "grey.png", 0, &limits, &info, NULL, &error);
  g_assert_no_error (error);
  close (fd);
  *warning_out = g_strdup (info->warnings[0]);
  return smb_image_get_pixels (image)[0];
}

/* RGB with sRGB's primaries and this curve. */
static GBytes *
profile_with_gamma (double gamma)
{
  cmsCIExyY white = { 0.3127, 0.3290, 1.0 };
  cmsCIExyYTRIPLE primaries = { { 0.64, 0.33, 1.0 }, { 0.30, 0.60, 1.0 }, { 0.15, 0.06, 1.0 } };
  cmsToneCurve *curve = cmsBuildGamma (NULL, gamma);
  cmsToneCurve *curves[3] = { curve, curve, curve };
  cmsHPROFILE profile = cmsCreateRGBProfile (&white, &primaries, curves);
  cmsUInt32Number n_bytes = 0;
  guint8 *data;

  cmsSaveProfileToMem (profile, NULL, &n_bytes);
  data = g_malloc (n_bytes);
  cmsSaveProfileToMem (profile, data, &n_bytes);
  cmsCloseProfile (profile);
  cmsFreeToneCurve (curve);
  return g_bytes_new_take (data, n_bytes);
}

static void
test_converted (void)
{
  g_autoptr (GBytes) linear = profile_with_gamma (1.0);
  g_autofree char *warning = NULL;
  int value = decode_with_profile (g_bytes_get_data (linear, NULL), g_bytes_get_size (linear), &warning);

  /* 128 / 255 of linear light is 188 in sRGB. */
  g_assert_cmpint (value, >=, 186);
  g_assert_cmpint (value, <=, 190);
  g_assert_nonnull (warning);
  g_assert_nonnull (strstr (warning, "sRGB"));
}

static void
test_same_profile_keeps_bytes (void)
{
  cmsHPROFILE profile = cmsCreate_sRGBProfile ();
  cmsUInt32Number n_bytes = 0;
  g_autofree guint8 *data = NULL;
  g_autofree char *warning = NULL;

  cmsSaveProfileToMem (profile, NULL, &n_bytes);
  data = g_malloc (n_bytes);
  cmsSaveProfileToMem (profile, data, &n_bytes);
  cmsCloseProfile (profile);
  g_assert_cmpint (decode_with_profile (data, n_bytes, &warning), ==, 128);
  g_assert_null (warning);
}

static void
test_broken_profile (void)
{
  g_autoptr (GBytes) linear = profile_with_gamma (1.0);
  g_autofree char *warning = NULL;
  g_autofree guint8 *data = g_memdup2 (g_bytes_get_data (linear, NULL), g_bytes_get_size (linear));

  memset (data + 128, 0xff, g_bytes_get_size (linear) - 128);
  /* libpng may drop it before we see it: either way the pixel stays. */
  g_assert_cmpint (decode_with_profile (data, g_bytes_get_size (linear), &warning), ==, 128);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/media/colour/converted", test_converted);
  g_test_add_func ("/media/colour/same-profile-keeps-bytes", test_same_profile_keeps_bytes);
  g_test_add_func ("/media/colour/broken-profile", test_broken_profile);
  return g_test_run ();
}
