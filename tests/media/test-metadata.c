/* SPDX-License-Identifier: Apache-2.0 */
/* What files say besides their pixels; how they were packed. */
#include "base/smb-error.h"
#include "media/smb-metadata.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

static SmbMetadata *
read_path (const char *path, GError **error)
{
  SmbPictureLimits limits;
  SmbMetadata *metadata;
  int fd = open (path, O_RDONLY | O_CLOEXEC);

  g_assert_cmpint (fd, >=, 0);
  g_assert_true (smb_picture_limits_get (&limits, NULL));
  metadata = smb_metadata_read (fd, path, &limits, NULL, error);
  close (fd);
  return metadata;
}

static SmbMetadata *
read_fixture (const char *name)
{
  g_autofree char *path = g_build_filename (SMB_FIXTURES, "media", name, NULL);
  g_autoptr (GError) error = NULL;
  SmbMetadata *metadata = read_path (path, &error);

  g_assert_no_error (error);
  return metadata;
}

static const SmbMetadataEntry *
find (const SmbMetadata *metadata, const char *key)
{
  for (guint i = 0; i < metadata->entries->len; i++) {
    const SmbMetadataEntry *entry = g_ptr_array_index (metadata->entries, i);

    if (g_str_equal (entry->key, key))
      return entry;
  }
  g_test_message ("no %s", key);
  g_assert_not_reached ();
}

static void
test_tags (void)
{
  g_autoptr (SmbMetadata) metadata = read_fixture ("tagged.jpg");

  g_assert_cmpstr (metadata->format, ==, "JPEG");
  g_assert_cmpstr (find (metadata, "Exif.Image.Make")->value, ==, "Semblance");
  g_assert_cmpstr (find (metadata, "Exif.Image.Make")->group, ==, "EXIF");
  g_assert_cmpstr (find (metadata, "Exif.Image.XPTitle")->meaning, ==, "Title");
  g_assert_nonnull (strstr (find (metadata, "Exif.Photo.UserComment")->value, "Grüße ひ"));
  g_assert_cmpstr (find (metadata, "Xmp.xmp.CreatorTool")->value, ==, "An Editor 1.0");
  g_assert_cmpstr (find (metadata, "Iptc.Application2.Caption")->group, ==, "IPTC");
  g_assert_cmpint (metadata->c2pa, ==, SMB_C2PA_PRESENT);
  g_assert_cmpuint (metadata->c2pa_bytes, >, 0);
  g_assert_null (metadata->notes[0]);
}

/* The tables of IJG's quality as libjpeg writes them. */
static void
test_tables (void)
{
  g_autoptr (SmbMetadata) plain = read_fixture ("baseline.jpg"), turned = read_fixture ("progressive.jpg");
  const SmbQuantTable *first = &g_array_index (plain->tables, SmbQuantTable, 0);

  g_assert_cmpuint (plain->tables->len, ==, 2);
  g_assert_cmpint (first->quality, ==, 80);
  g_assert_true (first->exact);
  g_assert_cmpint (first->values[0], ==, 6);
  g_assert_cmpint (first->values[1], ==, 4);
  g_assert_cmpint (first->values[8], ==, 5);
  g_assert_cmpint (first->values[63], ==, 40);
  g_assert_cmpint (g_array_index (plain->tables, SmbQuantTable, 1).quality, ==, 80);
  g_assert_cmpstr (plain->sampling, ==, "4:2:0");
  g_assert_false (plain->progressive);
  g_assert_true (turned->progressive);
  g_assert_null (plain->thumbnail);
  g_assert_cmpint (plain->c2pa, ==, SMB_C2PA_ABSENT);
}

/* Tables of one's own lie between two qualities. */
static void
test_own_tables (void)
{
  g_autofree char *path = g_build_filename (SMB_FIXTURES, "media", "baseline.jpg", NULL), *bytes = NULL;
  g_autofree char *copy = g_build_filename (g_get_tmp_dir (), "semblance-own-tables.jpg", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (SmbMetadata) metadata = NULL;
  gsize n = 0;
  guint8 *table;

  g_assert_true (g_file_get_contents (path, &bytes, &n, NULL));
  table = memmem (bytes, n, "\xff\xdb\x00", 3);
  g_assert_nonnull (table);
  table[5 + 63] = 99;
  g_assert_true (g_file_set_contents (copy, bytes, (gssize) n, NULL));
  metadata = read_path (copy, &error);
  g_assert_no_error (error);
  g_assert_cmpint (g_array_index (metadata->tables, SmbQuantTable, 0).values[63], ==, 99);
  g_assert_false (g_array_index (metadata->tables, SmbQuantTable, 0).exact);
  g_assert_cmpint (abs (g_array_index (metadata->tables, SmbQuantTable, 0).quality - 80), <=, 2);
  g_unlink (copy);
}

static void
test_thumbnail (void)
{
  g_autoptr (SmbMetadata) same = read_fixture ("tagged.jpg"), other = read_fixture ("other-thumbnail.jpg");

  g_assert_cmpint (same->thumbnail->width, ==, 64);
  g_assert_true (same->thumbnail_agrees);
  g_assert_cmpfloat (same->thumbnail_correlation, >, 0.98);
  g_assert_cmpfloat (same->thumbnail_difference, <, 5);
  g_assert_false (other->thumbnail_agrees);
  g_assert_cmpfloat (other->thumbnail_correlation, <, 0.6);
  g_assert_nonnull (strstr (other->notes[0], "thumbnail"));
}

/* Manifests of other kinds, made by hand. */
static void
test_manifests (void)
{
  static const guint8 uuid[]
      = { 0xd8, 0xfe, 0xc3, 0xd6, 0x1b, 0x0e, 0x48, 0x3c, 0x92, 0x97, 0x58, 0x28, 0x87, 0x7e, 0xc4, 0x81 };
  static const struct {
    const char *fixture, *into;
    gsize at; /* where the piece is put in; 0: at the end */
    gboolean box;
  } cases[] = { { "basn2c16.png", "caBX", 33, FALSE },
                { "two-frames.webp", "C2PA", 0, FALSE },
                { "quadrants.heic", "uuid", 0, TRUE } };
  g_autofree char *copy = g_build_filename (g_get_tmp_dir (), "semblance-manifest", NULL);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *path = g_build_filename (SMB_FIXTURES, "media", cases[i].fixture, NULL), *bytes = NULL;
    g_autoptr (SmbMetadata) before = read_fixture (cases[i].fixture), after = NULL;
    g_autoptr (GByteArray) out = g_byte_array_new ();
    g_autoptr (GError) error = NULL;
    gsize n = 0, at;

    g_assert_cmpint (before->c2pa, ==, SMB_C2PA_ABSENT);
    g_assert_true (g_file_get_contents (path, &bytes, &n, NULL));
    at = cases[i].at > 0 ? cases[i].at : n;
    g_byte_array_append (out, (guint8 *) bytes, (guint) at);
    if (cases[i].box) {
      g_byte_array_append (out, (const guint8[]) { 0, 0, 0, 24 }, 4);
      g_byte_array_append (out, (const guint8 *) cases[i].into, 4);
      g_byte_array_append (out, uuid, sizeof uuid);
    } else if (cases[i].at > 0) {
      g_byte_array_append (out, (const guint8[]) { 0, 0, 0, 2 }, 4);
      g_byte_array_append (out, (const guint8 *) cases[i].into, 4);
      g_byte_array_append (out, (const guint8 *) "xx\0\0\0\0", 6);
    } else {
      g_byte_array_append (out, (const guint8 *) cases[i].into, 4);
      g_byte_array_append (out, (const guint8[]) { 2, 0, 0, 0, 'x', 'x' }, 6);
    }
    g_byte_array_append (out, (guint8 *) bytes + at, (guint) (n - at));
    g_assert_true (g_file_set_contents (copy, (char *) out->data, (gssize) out->len, NULL));
    after = read_path (copy, &error);
    g_assert_no_error (error);
    g_assert_cmpint (after->c2pa, ==, SMB_C2PA_PRESENT);
  }
  g_unlink (copy);
}

/* A file cut anywhere, or with any byte changed, is read or refused, and never more. */
static void
test_hostile (void)
{
  g_autofree char *path = g_build_filename (SMB_FIXTURES, "media", "tagged.jpg", NULL), *bytes = NULL;
  g_autofree char *copy = g_build_filename (g_get_tmp_dir (), "semblance-hostile.jpg", NULL);
  gsize n = 0;

  g_assert_true (g_file_get_contents (path, &bytes, &n, NULL));
  for (gsize i = 4; i < MIN (n, 4000); i += 37) {
    const char kept = bytes[i];

    for (int cut = 0; cut < 2; cut++) {
      g_autoptr (GError) error = NULL;
      g_autoptr (SmbMetadata) metadata = NULL;

      bytes[i] = (char) (cut ? kept : ~kept);
      g_assert_true (g_file_set_contents (copy, bytes, (gssize) (cut ? i : n), NULL));
      metadata = read_path (copy, &error);
      g_assert_true ((metadata == NULL) == (error != NULL));
    }
    bytes[i] = kept;
  }
  g_unlink (copy);
}

static void
test_refused (void)
{
  g_autofree char *path = g_build_filename (SMB_FIXTURES, "media", "README.md", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_null (read_path (path, &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_FORMAT);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/metadata/tags", test_tags);
  g_test_add_func ("/metadata/tables", test_tables);
  g_test_add_func ("/metadata/own-tables", test_own_tables);
  g_test_add_func ("/metadata/thumbnail", test_thumbnail);
  g_test_add_func ("/metadata/manifests", test_manifests);
  g_test_add_func ("/metadata/hostile", test_hostile);
  g_test_add_func ("/metadata/refused", test_refused);
  return g_test_run ();
}
