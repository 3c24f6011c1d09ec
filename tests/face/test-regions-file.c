/* SPDX-License-Identifier: Apache-2.0 */
#include <glib/gstdio.h>
#include <string.h>

#include "base/smb-error.h"
#include "face/smb-regions.h"

static char *
path_in (const char *folder, const char *name)
{
  return g_build_filename (folder, name, NULL);
}

/* A NumPy file: `descr` and the rest of its dictionary, then n bytes. */
static void
write_npy (const char *path, const char *dictionary, const guint8 *data, gsize n)
{
  GByteArray *out = g_byte_array_new ();
  guint8 length[2] = { (guint8) strlen (dictionary), 0 };
  g_autoptr (GError) error = NULL;

  g_byte_array_append (out, (const guint8 *) "\x93NUMPY\x01\x00", 8);
  g_byte_array_append (out, length, 2);
  g_byte_array_append (out, (const guint8 *) dictionary, (guint) strlen (dictionary));
  g_byte_array_append (out, data, (guint) n);
  g_assert_true (g_file_set_contents (path, (const char *) out->data, (gssize) out->len, &error));
  g_byte_array_unref (out);
}

static void
test_round_trip (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = g_dir_make_tmp ("semblance-XXXXXX", &error), *path = path_in (folder, "map.npy");
  guint8 *classes = g_malloc (16 * 16);
  g_autoptr (SmbRegions) regions = NULL, again = NULL, twice = NULL, half = NULL;

  for (int i = 0; i < 256; i++)
    classes[i] = (guint8) ((i / 16 + i) % SMB_N_CLASSES);
  regions = smb_regions_new_take (16, classes, SMB_REGIONS_BY_HAND);
  g_assert_true (smb_regions_write_npy (regions, path, &error));
  again = smb_regions_read_npy (path, &error);
  g_assert_no_error (error);
  g_assert_cmpint (again->origin, ==, SMB_REGIONS_IMPORTED);
  g_assert_cmpmem (again->classes, 256, classes, 256);
  {
    static const char *const damaged[]
        = { "", "a256x", "a255", "a257", "a255l", "a0a256", "a1a255", "A256", "a99999999999999999999" };
    g_autofree char *packed = smb_regions_pack (regions), *plain = NULL;
    g_autoptr (SmbRegions) unpacked = smb_regions_unpack (packed, 16, SMB_REGIONS_BY_HAND, &error);
    g_autoptr (SmbRegions) one = smb_regions_unpack ("a256", 16, SMB_REGIONS_BY_HAND, &error);

    g_assert_no_error (error);
    g_assert_cmpmem (unpacked->classes, 256, classes, 256);
    plain = smb_regions_pack (one);
    g_assert_cmpstr (plain, ==, "a256");
    for (guint i = 0; i < G_N_ELEMENTS (damaged); i++) {
      g_assert_null (smb_regions_unpack (damaged[i], 16, SMB_REGIONS_BY_HAND, &error));
      g_assert_error (error, SMB_ERROR, SMB_ERROR_FORMAT);
      g_clear_error (&error);
    }
    g_assert_null (smb_regions_unpack (packed, 1 << 20, SMB_REGIONS_BY_HAND, &error));
    g_assert_error (error, SMB_ERROR, SMB_ERROR_FORMAT);
    g_clear_error (&error);
  }
  twice = smb_regions_resize (regions, 32);
  half = smb_regions_resize (twice, 16);
  g_assert_cmpmem (half->classes, 256, classes, 256);
  g_assert_cmpint (twice->classes[32 * 5 + 7], ==, classes[16 * 2 + 3]);
  g_unlink (path);
  g_rmdir (folder);
}

static void
test_kinds (void)
{
  const struct {
    const char *dictionary;
    int bytes; /* of a number */
  } kinds[] = {
    { "{'descr': '|i1', 'fortran_order': False, 'shape': (1, 8, 8), }\n", 1 },
    { "{'descr': '|u1', 'fortran_order': False, 'shape': (8, 8), }\n", 1 },
    { "{'descr': '<i8', 'fortran_order': False, 'shape': (8, 8), }\n", 8 },
  };
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = g_dir_make_tmp ("semblance-XXXXXX", &error), *path = path_in (folder, "map.npy");

  for (guint k = 0; k < G_N_ELEMENTS (kinds); k++) {
    guint8 data[64 * 8] = { 0 };
    g_autoptr (SmbRegions) regions = NULL;

    for (int i = 0; i < 64; i++)
      data[i * kinds[k].bytes] = (guint8) (i % 11);
    write_npy (path, kinds[k].dictionary, data, (gsize) (64 * kinds[k].bytes));
    regions = smb_regions_read_npy (path, &error);
    g_assert_no_error (error);
    for (int i = 0; i < 64; i++)
      g_assert_cmpint (regions->classes[i], ==, i % 11);
  }
  g_unlink (path);
  g_rmdir (folder);
}

static void
test_refused (void)
{
  const struct {
    const char *dictionary;
    int code;
    const char *says;
  } cases[] = {
    { "{'descr': '<f4', 'fortran_order': False, 'shape': (8, 8), }", SMB_ERROR_FORMAT, "whole numbers" },
    { "{'descr': '|i1', 'fortran_order': True, 'shape': (8, 8), }", SMB_ERROR_FORMAT, "shape" },
    { "{'descr': '|i1', 'fortran_order': False, 'shape': (2, 8, 8), }", SMB_ERROR_FORMAT, "shape" },
    { "{'descr': '|i1', 'fortran_order': False, 'shape': (64,), }", SMB_ERROR_FORMAT, "shape" },
    { "{'descr': '|i1', 'fortran_order': False, 'shape': (8, 9), }", SMB_ERROR_MISMATCH, "square" },
    { "{'descr': '|i1', 'fortran_order': False, 'shape': (4, 4), }", SMB_ERROR_MISMATCH, "from 8 to" },
    { "{'descr': '|i1', 'fortran_order': False, 'shape': (99999999999999999999, 99999999999999999999), }",
      SMB_ERROR_MISMATCH, "from 8 to" },
    { "{'descr': '|i1', 'fortran_order': False, 'shape': (100, 100), }", SMB_ERROR_FORMAT, "cut short" },
    { "nonsense", SMB_ERROR_FORMAT, "whole numbers" },
  };
  guint8 data[128] = { 0 };
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = g_dir_make_tmp ("semblance-XXXXXX", &error), *path = path_in (folder, "map.npy");

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    write_npy (path, cases[i].dictionary, data, sizeof data);
    g_assert_null (smb_regions_read_npy (path, &error));
    g_assert_error (error, SMB_ERROR, cases[i].code);
    g_test_message ("%s", error->message);
    g_assert_nonnull (strstr (error->message, cases[i].says));
    g_clear_error (&error);
  }
  data[5] = 11;
  write_npy (path, "{'descr': '|i1', 'fortran_order': False, 'shape': (8, 8), }", data, 64);
  g_assert_null (smb_regions_read_npy (path, &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_FORMAT);
  g_clear_error (&error);
  g_assert_true (g_file_set_contents (path, "x", 1, NULL));
  g_assert_null (smb_regions_read_npy (path, &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_FORMAT);
  g_clear_error (&error);
  g_assert_null (smb_regions_read_npy (folder, &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_FORMAT);
  g_clear_error (&error);
  g_unlink (path);
  g_assert_null (smb_regions_read_npy (path, &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_NOT_FOUND);
  g_rmdir (folder);
}

static void
test_picture (void)
{
  guint8 *rgb = g_malloc0 (9 * 9 * 3), *tall = g_malloc0 (9 * 10 * 3);
  g_autoptr (GBytes) bytes = NULL, tall_bytes = g_bytes_new_take (tall, 9 * 10 * 3);
  g_autoptr (SmbImage) image = NULL, tall_image = smb_image_new (9, 10, tall_bytes);
  g_autoptr (SmbRegions) regions = NULL;
  g_autoptr (GError) error = NULL;

  for (int i = 0; i < SMB_N_CLASSES; i++) {
    smb_region_class_colour ((SmbRegionClass) i, rgb + i * 3);
    memset (rgb + (20 + i) * 3, i, 3);
  }
  bytes = g_bytes_new_take (rgb, 9 * 9 * 3);
  image = smb_image_new (9, 9, bytes);
  regions = smb_regions_from_picture (image, "map.png", &error);
  g_assert_no_error (error);
  for (int i = 0; i < SMB_N_CLASSES; i++) {
    g_assert_cmpint (regions->classes[i], ==, i);
    g_assert_cmpint (regions->classes[20 + i], ==, i);
  }
  g_assert_null (smb_regions_from_picture (tall_image, "tall.png", &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_MISMATCH);
  g_clear_error (&error);
  rgb[10 * 3] ^= 0x40;
  g_assert_null (smb_regions_from_picture (image, "map.png", &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_FORMAT);
  g_assert_nonnull (strstr (error->message, "at 1, 1"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/regions-file/round-trip", test_round_trip);
  g_test_add_func ("/regions-file/kinds", test_kinds);
  g_test_add_func ("/regions-file/refused", test_refused);
  g_test_add_func ("/regions-file/picture", test_picture);
  return g_test_run ();
}
