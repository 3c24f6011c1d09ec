/* SPDX-License-Identifier: Apache-2.0 */
#include "base/smb-hash.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "base/smb-error.h"

/* FIPS 180-4's examples. */
#define OF_NOTHING "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define OF_ABC "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define OF_TWO_BLOCKS "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
#define OF_MILLION_A "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"

static void
vectors (void)
{
  static const char two[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
  g_autofree char *nothing = smb_sha256_of_bytes ("", 0), *abc = smb_sha256_of_bytes ("abc", 3);
  g_autofree char *blocks = smb_sha256_of_bytes (two, strlen (two)), *a = g_strnfill (1000000, 'a');
  g_autofree char *million = smb_sha256_of_bytes (a, 1000000);

  g_assert_cmpstr (nothing, ==, OF_NOTHING);
  g_assert_cmpstr (abc, ==, OF_ABC);
  g_assert_cmpstr (blocks, ==, OF_TWO_BLOCKS);
  g_assert_cmpstr (million, ==, OF_MILLION_A);
  g_assert_cmpuint (strlen (abc), ==, SMB_SHA256_HEX_LEN);
}

static void
parts (void)
{
  g_autoptr (SmbSha256) sum = smb_sha256_new ();
  g_autofree char *a = g_strnfill (1000, 'a'), *whole = smb_sha256_of_bytes (a, 1000), *first = NULL, *second = NULL;

  for (gsize at = 0, n = 1; at < 1000; at += n, n = MIN (n * 3, 1000 - at))
    smb_sha256_update (sum, a + at, n);
  first = smb_sha256_finish (sum);
  g_assert_cmpstr (first, ==, whole);
  smb_sha256_update (sum, a, 1000); /* begun anew */
  smb_sha256_update (sum, a, 0);
  second = smb_sha256_finish (sum);
  g_assert_cmpstr (second, ==, whole);
}

static void
of_file (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = g_dir_make_tmp ("smb-hash-XXXXXX", &error);
  g_autofree char *path = NULL, *text = g_strnfill (1000000, 'a'), *hex = NULL, *again = NULL;
  guint64 bytes = 0;
  int fd;

  g_assert_no_error (error);
  path = g_build_filename (folder, "million", NULL);
  g_assert_true (g_file_set_contents (path, text, 1000000, &error));
  hex = smb_sha256_of_file (path, &bytes, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (hex, ==, OF_MILLION_A);
  g_assert_cmpuint (bytes, ==, 1000000);

  fd = g_open (path, O_RDONLY | O_CLOEXEC, 0); /* from the start, wherever the position stands, which stays */
  g_assert_cmpint (lseek (fd, 77, SEEK_SET), ==, 77);
  again = smb_sha256_of_fd (fd, path, NULL, NULL, NULL, NULL, &error);
  g_assert_cmpstr (again, ==, OF_MILLION_A);
  g_assert_cmpint (lseek (fd, 0, SEEK_CUR), ==, 77);
  g_close (fd, NULL);
  g_unlink (path);
  g_rmdir (folder);
}

static void
failures (void)
{
  g_autoptr (GError) missing = NULL, folder = NULL, cancelled = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  g_assert_null (smb_sha256_of_file ("/nowhere/at-all", NULL, NULL, &missing));
  g_assert_error (missing, SMB_ERROR, SMB_ERROR_NOT_FOUND);
  g_assert_nonnull (strstr (missing->message, "/nowhere/at-all"));
  g_assert_null (smb_sha256_of_file ("/", NULL, NULL, &folder));
  g_assert_error (folder, SMB_ERROR, SMB_ERROR_IO);
  g_cancellable_cancel (cancellable);
  g_assert_null (smb_sha256_of_file ("/dev/null", NULL, cancellable, &cancelled));
  g_assert_error (cancelled, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

typedef struct {
  guint calls;
  guint64 last;
} Seen;

static void
on_progress (guint64 done, guint64 total, gpointer data)
{
  Seen *seen = data;

  g_assert_cmpuint (done, >, seen->last);
  g_assert_cmpuint (total, ==, 40u << 20);
  seen->last = done;
  seen->calls++;
}

static void
progress (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = NULL, *hex = NULL;
  int fd = g_file_open_tmp ("smb-hash-XXXXXX", &path, &error);
  Seen seen = { 0 };
  guint64 bytes = 0;

  g_assert_no_error (error);
  g_assert_cmpint (ftruncate (fd, 40 << 20), ==, 0);
  hex = smb_sha256_of_fd (fd, path, &bytes, NULL, on_progress, &seen, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (bytes, ==, 40u << 20);
  g_assert_cmpuint (seen.calls, ==, 2);
  g_close (fd, NULL);
  g_unlink (path);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/base/hash/vectors", vectors);
  g_test_add_func ("/base/hash/parts", parts);
  g_test_add_func ("/base/hash/file", of_file);
  g_test_add_func ("/base/hash/failures", failures);
  g_test_add_func ("/base/hash/progress", progress);
  return g_test_run ();
}
