/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures whole, odd and broken. Broken ones are made here from whole ones. */
#include "base/smb-error.h"
#include "media/smb-picture.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

static const SmbPictureLimits limits = { .max_pixels = 200000000, .max_side_px = 65500, .max_file_bytes = 1 << 30 };

typedef struct {
  SmbImage *image;
  SmbPictureInfo *info;
  GError *error;
} Outcome;

static Outcome
decode_bytes (const void *data, gsize n_bytes, int max_side_px)
{
  int fd = memfd_create ("picture", MFD_CLOEXEC);
  Outcome outcome = { 0 };

  g_assert_cmpint (write (fd, data, n_bytes), ==, n_bytes);
  outcome.image = smb_picture_decode (fd, "exhibit.jpg", max_side_px, &limits, &outcome.info, NULL, &outcome.error);
  g_assert_true ((outcome.image != NULL) == (outcome.error == NULL));
  g_assert_true ((outcome.image != NULL) == (outcome.info != NULL));
  close (fd);
  return outcome;
}

static void
outcome_clear (Outcome *outcome)
{
  g_clear_pointer (&outcome->image, smb_image_unref);
  g_clear_pointer (&outcome->info, smb_picture_info_free);
  g_clear_error (&outcome->error);
}

static GByteArray *
fixture (const char *name)
{
  g_autofree char *path = g_build_filename (SMB_FIXTURES, "media", name, NULL);
  g_autoptr (GError) error = NULL;
  char *data;
  gsize n_bytes;

  g_file_get_contents (path, &data, &n_bytes, &error);
  g_assert_no_error (error);
  return g_byte_array_new_take ((guint8 *) data, n_bytes);
}

static Outcome
decode_fixture (const char *name, int max_side_px)
{
  g_autoptr (GByteArray) bytes = fixture (name);

  return decode_bytes (bytes->data, bytes->len, max_side_px);
}

static gboolean
is_near (const SmbImage *image, int x, int y, const int rgb[3], int tolerance)
{
  const guint8 *pixel = smb_image_get_pixels (image) + ((gsize) y * (gsize) image->width + (gsize) x) * 3;

  for (int c = 0; c < 3; c++) {
    if (ABS (pixel[c] - rgb[c]) > tolerance)
      return FALSE;
  }
  return TRUE;
}

static const int red[3] = { 255, 0, 0 }, green[3] = { 0, 255, 0 }, blue[3] = { 0, 0, 255 },
                 white[3] = { 255, 255, 255 }, grey[3] = { 128, 128, 128 };

/* Centres of the quadrants: 0 top left, 1 top right, 2 bottom left, 3 bottom right. */
static gboolean
quadrant_is (const SmbImage *image, int quadrant, const int rgb[3])
{
  return is_near (image, image->width * (quadrant % 2 == 0 ? 1 : 3) / 4, image->height * (quadrant < 2 ? 1 : 3) / 4,
                  rgb, 40);
}

/* A warning with these words in it. */
static gboolean
warns (const Outcome *outcome, const char *words)
{
  for (char **warning = outcome->info->warnings; *warning != NULL; warning++) {
    if (strstr (*warning, words) != NULL)
      return TRUE;
  }
  return FALSE;
}

static void
assert_refused (Outcome *outcome, int code, const char *words)
{
  g_assert_error (outcome->error, SMB_ERROR, code);
  g_assert_true (g_str_has_prefix (outcome->error->message, "exhibit.jpg: "));
  g_test_message ("%s", outcome->error->message);
  g_assert_nonnull (strstr (outcome->error->message, words));
  outcome_clear (outcome);
}

static void
test_kinds (void)
{
  static const struct {
    const char *name, *format;
    int bits;
  } cases[] = {
    { "quadrants.jpg", "JPEG", 8 },  { "quadrants.bmp", "BMP", 8 },     { "two-frames.gif", "GIF", 8 },
    { "two-frames.webp", "WebP", 8 }, { "quadrants.heic", "HEIC", 8 }, { "quadrants.avif", "AVIF", 8 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    Outcome outcome = decode_fixture (cases[i].name, 0);

    /* Loaders for these are packages of their own; without one the sentence names it. */
    if (g_error_matches (outcome.error, SMB_ERROR, SMB_ERROR_UNSUPPORTED)) {
      g_assert_nonnull (strstr (outcome.error->message, "install"));
      outcome_clear (&outcome);
      continue;
    }
    g_assert_no_error (outcome.error);
    g_assert_cmpstr (outcome.info->format, ==, cases[i].format);
    g_assert_cmpint (outcome.info->bits, ==, cases[i].bits);
    g_assert_cmpint (outcome.image->width, ==, 48);
    g_assert_cmpint (outcome.image->height, ==, 32);
    g_assert_true (quadrant_is (outcome.image, 0, red) && quadrant_is (outcome.image, 1, green)
                   && quadrant_is (outcome.image, 2, blue) && quadrant_is (outcome.image, 3, white));
    g_assert_true (warns (&outcome, "animation") == g_str_has_prefix (cases[i].name, "two-frames"));
    outcome_clear (&outcome);
  }
}

static void
test_png_suite (void)
{
  static const struct {
    const char *name;
    int bits, code; /* code 0: legal */
    const char *words;
  } cases[] = {
    { "basn2c16.png", 16, 0, NULL },
    { "basi6a08.png", 8, 0, NULL },
    { "basn3p04.png", 4, 0, NULL },
    { "xcsn0g01.png", 0, SMB_ERROR_FORMAT, "check sum of its chunk IDAT" },
    { "xhdn0g08.png", 0, SMB_ERROR_FORMAT, "check sum of its chunk IHDR" },
    { "xdtn0g01.png", 0, SMB_ERROR_FORMAT, "no picture data" },
    { "xlfn0g04.png", 0, SMB_ERROR_FORMAT, "signature" },
    { "xd3n2c08.png", 0, SMB_ERROR_FORMAT, "3 bits" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    Outcome outcome = decode_fixture (cases[i].name, 0);

    if (cases[i].code != 0) {
      assert_refused (&outcome, cases[i].code, cases[i].words);
      continue;
    }
    g_assert_no_error (outcome.error);
    g_assert_cmpint (outcome.info->bits, ==, cases[i].bits);
    g_assert_cmpint (outcome.image->width, ==, 32);
    g_assert_true (warns (&outcome, "see-through") == g_str_equal (cases[i].name, "basi6a08.png"));
    outcome_clear (&outcome);
  }
}

/* The same picture with an EXIF block that says nothing but its orientation. */
static GByteArray *
with_orientation (int orientation)
{
  guint8 exif[] = { 0xff, 0xe1, 0,    34,   'E', 'x', 'i', 'f', 0, 0, 'M', 'M', 0, '*', 0, 0, 0, 8, 0,
                    1,    0x01, 0x12, 0, 3, 0,   0,   0,   1,   0, (guint8) orientation, 0, 0, 0, 0, 0, 0 };
  g_autoptr (GByteArray) plain = fixture ("quadrants.jpg");
  GByteArray *bytes = g_byte_array_new ();

  g_byte_array_append (bytes, plain->data, 2);
  g_byte_array_append (bytes, exif, sizeof exif);
  g_byte_array_append (bytes, plain->data + 2, plain->len - 2);
  return bytes;
}

static void
test_orientation (void)
{
  /* Where the stored top left (red) and top right (green) quadrant belong. */
  static const int red_at[9] = { 0, 0, 1, 3, 2, 0, 1, 3, 2 }, green_at[9] = { 1, 1, 0, 2, 3, 2, 3, 1, 0 };

  for (int orientation = 0; orientation <= 9; orientation++) {
    g_autoptr (GByteArray) bytes = with_orientation (orientation);
    Outcome outcome = decode_bytes (bytes->data, bytes->len, 0);
    int valid = orientation >= 1 && orientation <= 8 ? orientation : 1;

    g_assert_no_error (outcome.error);
    g_assert_cmpint (outcome.info->orientation, ==, valid);
    g_assert_cmpint (outcome.image->width, ==, valid >= 5 ? 32 : 48);
    g_assert_cmpint (outcome.info->width, ==, outcome.image->width);
    g_assert_cmpint (outcome.info->height, ==, outcome.image->height);
    g_assert_true (quadrant_is (outcome.image, red_at[valid], red));
    g_assert_true (quadrant_is (outcome.image, green_at[valid], green));
    outcome_clear (&outcome);
  }
  {
    Outcome outcome = decode_fixture ("turned.tiff", 0); /* says 6: libtiff undoes none of it right */

    g_assert_no_error (outcome.error);
    g_assert_cmpint (outcome.info->orientation, ==, 6);
    g_assert_cmpint (outcome.image->width, ==, 32);
    g_assert_true (quadrant_is (outcome.image, 1, red) && quadrant_is (outcome.image, 3, green));
    outcome_clear (&outcome);
  }
}

static void
test_jpeg_cut_short (void)
{
  g_autoptr (GByteArray) bytes = fixture ("baseline.jpg");
  g_autoptr (GByteArray) passes = fixture ("progressive.jpg");
  Outcome outcome = decode_bytes (bytes->data, bytes->len, 0);
  int shown = 0;

  g_assert_no_error (outcome.error);
  g_assert_cmpuint (g_strv_length (outcome.info->warnings), ==, 0);
  g_assert_false (outcome.info->torn);
  outcome_clear (&outcome);

  outcome = decode_bytes (bytes->data, bytes->len - 2, 0);
  g_assert_no_error (outcome.error);
  g_assert_true (warns (&outcome, "end marker"));
  g_assert_false (outcome.info->torn);
  outcome_clear (&outcome);

  outcome = decode_bytes (bytes->data, bytes->len * 2 / 3, 0);
  g_assert_no_error (outcome.error);
  g_assert_true (warns (&outcome, "cut short: the lower"));
  g_assert_true (outcome.info->torn);
  g_assert_true (is_near (outcome.image, 50, 70, grey, 2));
  g_assert_false (is_near (outcome.image, 50, 2, grey, 2));
  outcome_clear (&outcome);

  /* At every sixteenth and in the tables between passes: an answer, never a crash, never silence. */
  for (guint part = 1; part < 64; part++) {
    outcome = decode_bytes (passes->data, passes->len * part / 64, 0);
    if (outcome.image != NULL) {
      g_assert_true (warns (&outcome, "cut short") || warns (&outcome, "end marker"));
      g_assert_true (outcome.info->torn || !warns (&outcome, "cut short"));
      shown++;
    } else
      g_assert_error (outcome.error, SMB_ERROR, SMB_ERROR_FORMAT);
    outcome_clear (&outcome);
  }
  g_assert_cmpint (shown, >, 30);
}

/* A BMP whose pixels, or whose header's end, are said to lie gigabytes on: GdkPixbuf would ask for that memory. */
static void
test_lying_bmp (void)
{
  for (guint at = 10; at <= 14; at += 4) {
    g_autoptr (GByteArray) bytes = fixture ("quadrants.bmp");
    Outcome outcome;

    memset (bytes->data + at, 0xf0, 4);
    outcome = decode_bytes (bytes->data, bytes->len, 0);
    g_assert_error (outcome.error, SMB_ERROR, SMB_ERROR_FORMAT);
    g_assert_nonnull (strstr (outcome.error->message, "cut short before the picture begins"));
    outcome_clear (&outcome);
  }
}

static void
test_others_cut_short (void)
{
  static const char *const names[] = { "basn2c16.png",    "quadrants.bmp",  "two-frames.gif",
                                       "two-frames.webp", "turned.tiff",    "print.jpg" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autoptr (GByteArray) bytes = fixture (names[i]);

    for (guint part = 1; part < 16; part++) {
      Outcome outcome = decode_bytes (bytes->data, bytes->len * part / 16, 0);

      /* A GIF's second frame and a TIFF's tail may be cut without loss. */
      if (outcome.image != NULL && !g_str_has_suffix (names[i], ".gif") && !g_str_has_suffix (names[i], ".tiff"))
        g_assert_cmpuint (g_strv_length (outcome.info->warnings), >, 0);
      outcome_clear (&outcome);
    }
  }
  {
    g_autoptr (GByteArray) bytes = fixture ("basn2c16.png");
    Outcome outcome = decode_bytes (bytes->data, bytes->len - 30, 0);

    g_assert_no_error (outcome.error);
    g_assert_true (warns (&outcome, "missing"));
    g_assert_true (outcome.info->torn);
    outcome_clear (&outcome);
  }
  {
    g_autoptr (GByteArray) bytes = fixture ("basi6a08.png"); /* interlaced */
    Outcome outcome = decode_bytes (bytes->data, bytes->len - 60, 0);

    g_assert_no_error (outcome.error);
    g_assert_true (warns (&outcome, "coarser"));
    g_assert_true (outcome.info->torn);
    outcome_clear (&outcome);
  }
}

static void
test_bit_flips (void)
{
  static const char *const names[] = { "baseline.jpg", "progressive.jpg", "basi6a08.png",   "quadrants.bmp",
                                       "turned.tiff",  "two-frames.gif",  "two-frames.webp" };
  GRand *random = g_rand_new_with_seed (7);

  g_test_message ("seed 7");
  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    for (int round = 0; round < 60; round++) {
      g_autoptr (GByteArray) bytes = fixture (names[i]);
      Outcome outcome;

      for (int flips = 0; flips < 4; flips++)
        bytes->data[g_rand_int_range (random, 0, (gint32) bytes->len)]
            ^= (guint8) (1 << g_rand_int_range (random, 0, 8));
      outcome = decode_bytes (bytes->data, bytes->len, 0);
      if (outcome.error != NULL)
        g_assert_true (g_str_has_prefix (outcome.error->message, "exhibit.jpg: "));
      outcome_clear (&outcome);
    }
  }
  g_rand_free (random);
}

/* A PNG of one chunk that claims a size. */
static Outcome
decode_png_header (guint32 width, guint32 height)
{
  guint8 png[33] = { 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n', 0, 0, 0, 13, 'I', 'H', 'D', 'R' };
  guint32 sum;

  for (int i = 0; i < 4; i++) {
    png[16 + i] = (guint8) (width >> (24 - 8 * i));
    png[20 + i] = (guint8) (height >> (24 - 8 * i));
  }
  png[24] = 8;
  png[25] = 2;
  sum = (guint32) crc32 (0, png + 12, 17);
  for (int i = 0; i < 4; i++)
    png[29 + i] = (guint8) (sum >> (24 - 8 * i));
  return decode_bytes (png, sizeof png, 0);
}

static void
test_limits (void)
{
  g_autoptr (GByteArray) jpeg = fixture ("baseline.jpg");
  SmbPictureLimits got;
  g_autoptr (GError) error = NULL;
  Outcome outcome = decode_png_header (40000, 40000);

  assert_refused (&outcome, SMB_ERROR_LIMIT, "40000 × 40000 pixels, over the limit of 200 megapixels");
  outcome = decode_png_header (70000, 10);
  assert_refused (&outcome, SMB_ERROR_LIMIT, "no side may be longer than 65500");
  outcome = decode_png_header (0, 10);
  assert_refused (&outcome, SMB_ERROR_FORMAT, "no width or no height");
  outcome = decode_png_header (10, 10);
  assert_refused (&outcome, SMB_ERROR_FORMAT, "cut short");

  /* The start of frame of a JPEG: FF C0, length, precision, height, width. */
  for (guint i = 0; i + 9 < jpeg->len; i++) {
    if (jpeg->data[i] == 0xff && jpeg->data[i + 1] == 0xc0) {
      jpeg->data[i + 5] = jpeg->data[i + 7] = 0xea;
      break;
    }
  }
  outcome = decode_bytes (jpeg->data, jpeg->len, 0);
  assert_refused (&outcome, SMB_ERROR_LIMIT, "megapixels");

  g_unsetenv ("SEMBLANCE_MAX_MEGAPIXELS");
  g_assert_true (smb_picture_limits_get (&got, NULL));
  g_assert_cmpuint (got.max_pixels, ==, 200000000);
  g_setenv ("SEMBLANCE_MAX_MEGAPIXELS", "12", TRUE);
  g_assert_true (smb_picture_limits_get (&got, NULL));
  g_assert_cmpuint (got.max_pixels, ==, 12000000);
  g_setenv ("SEMBLANCE_MAX_MEGAPIXELS", "many", TRUE);
  g_assert_false (smb_picture_limits_get (&got, &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT);
  g_unsetenv ("SEMBLANCE_MAX_MEGAPIXELS");
}

static void
test_not_pictures (void)
{
  Outcome outcome = decode_bytes ("", 0, 0);
  GError *error = NULL;
  int fd;

  assert_refused (&outcome, SMB_ERROR_FORMAT, "empty (0 bytes)");
  outcome = decode_bytes ("Dear lab,\nthe picture is attached.\n", 35, 0);
  assert_refused (&outcome, SMB_ERROR_FORMAT, "this is text");
  outcome = decode_bytes ("%PDF-1.7\n", 9, 0);
  assert_refused (&outcome, SMB_ERROR_UNSUPPORTED, "a PDF document");
  outcome = decode_bytes ("\0\0\0\x18" "ftypisom\0\0\0\0", 16, 0);
  assert_refused (&outcome, SMB_ERROR_UNSUPPORTED, "a video");
  outcome = decode_bytes ("<svg xmlns='http://www.w3.org/2000/svg'/>", 41, 0);
  assert_refused (&outcome, SMB_ERROR_UNSUPPORTED, "a drawing");
  outcome = decode_bytes ("\x01\x02\x03\x04", 4, 0);
  assert_refused (&outcome, SMB_ERROR_FORMAT, "no picture this program knows");
  outcome = decode_bytes ("\xff\xd8\xff", 3, 0);
  assert_refused (&outcome, SMB_ERROR_FORMAT, "cut short");

  fd = open ("/", O_RDONLY | O_CLOEXEC);
  g_assert_null (smb_picture_decode (fd, "holiday", 0, &limits, NULL, NULL, &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT);
  g_assert_nonnull (strstr (error->message, "folder"));
  g_clear_error (&error);
  close (fd);
  fd = open ("/dev/null", O_RDONLY | O_CLOEXEC);
  g_assert_null (smb_picture_decode (fd, "null", 0, &limits, NULL, NULL, &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT);
  g_clear_error (&error);
  close (fd);
}

static void
test_thumbnails (void)
{
  static const char *const names[] = { "quadrants.jpg", "two-frames.gif", "turned.tiff", "quadrants.bmp" };
  static const int sides[] = { 48, 40, 17, 6 };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    for (guint k = 0; k < G_N_ELEMENTS (sides); k++) {
      Outcome outcome = decode_fixture (names[i], sides[k]);

      g_assert_no_error (outcome.error);
      g_assert_cmpint (MAX (outcome.image->width, outcome.image->height), ==, sides[k]);
      g_assert_cmpint (MAX (outcome.info->width, outcome.info->height), ==, 48);
      g_assert_true (quadrant_is (outcome.image, g_str_equal (names[i], "turned.tiff") ? 1 : 0, red));
      g_assert_true (quadrant_is (outcome.image, 2, g_str_equal (names[i], "turned.tiff") ? white : blue)
                     || g_str_equal (names[i], "turned.tiff"));
      outcome_clear (&outcome);
    }
  }
}

static void
test_cancel (void)
{
  g_autoptr (GByteArray) bytes = fixture ("baseline.jpg");
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  int fd = memfd_create ("picture", MFD_CLOEXEC);

  g_assert_cmpint (write (fd, bytes->data, bytes->len), ==, bytes->len);
  g_cancellable_cancel (cancellable);
  g_assert_null (smb_picture_decode (fd, "exhibit.jpg", 0, &limits, NULL, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  close (fd);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  /* Loaders of other projects stumble over broken files with criticals of their own; ours are faults. */
  g_log_set_always_fatal (G_LOG_LEVEL_ERROR);
  g_log_set_fatal_mask (G_LOG_DOMAIN, G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_WARNING);
  g_test_add_func ("/media/picture/kinds", test_kinds);
  g_test_add_func ("/media/picture/png-suite", test_png_suite);
  g_test_add_func ("/media/picture/orientation", test_orientation);
  g_test_add_func ("/media/picture/jpeg-cut-short", test_jpeg_cut_short);
  g_test_add_func ("/media/picture/others-cut-short", test_others_cut_short);
  g_test_add_func ("/media/picture/lying-bmp", test_lying_bmp);
  g_test_add_func ("/media/picture/bit-flips", test_bit_flips);
  g_test_add_func ("/media/picture/limits", test_limits);
  g_test_add_func ("/media/picture/not-pictures", test_not_pictures);
  g_test_add_func ("/media/picture/thumbnails", test_thumbnails);
  g_test_add_func ("/media/picture/cancel", test_cancel);
  return g_test_run ();
}
