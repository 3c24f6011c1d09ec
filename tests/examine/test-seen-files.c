/* SPDX-License-Identifier: Apache-2.0 */
/* An exhibit that was hashed and not touched since is not read again, whoever touches it is noticed, and a verification
 * reads every byte. */
#include "base/smb-error.h"
#include "base/smb-hash.h"
#include "examine/smb-examine.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define N_BYTES (8 << 20)

static char *folder, *path;

/* Bytes that this process asked the kernel for so far. */
static guint64
bytes_read (void)
{
  g_autofree char *text = NULL;

  g_assert_true (g_file_get_contents ("/proc/self/io", &text, NULL, NULL));
  g_assert_true (g_str_has_prefix (text, "rchar: "));
  return g_ascii_strtoull (text + strlen ("rchar: "), NULL, 10);
}

static void
write_file (char fill)
{
  g_autofree char *bytes = g_malloc (N_BYTES);

  memset (bytes, fill, N_BYTES);
  g_assert_true (g_file_set_contents_full (path, bytes, N_BYTES, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
}

static SmbEvidence *
add (SmbCase *store)
{
  SmbEvidence *evidence = g_new0 (SmbEvidence, 1);
  g_autoptr (GError) error = NULL;

  evidence->path = g_strdup (path);
  evidence->sha256 = smb_sha256_of_file (path, NULL, NULL, &error);
  evidence->size_bytes = N_BYTES;
  evidence->hash_state = SMB_HASH_VERIFIED;
  g_assert_true (smb_case_add_evidence (store, evidence, &error));
  g_assert_no_error (error);
  return evidence;
}

/* What one opening reads. */
static guint64
open_once (SmbCase *store, const SmbEvidence *evidence, GError **error)
{
  guint64 before = bytes_read ();
  int fd = smb_examine_open_checked (store, evidence, NULL, error);

  g_assert_true ((fd >= 0) == (*error == NULL));
  if (fd >= 0)
    close (fd);
  return bytes_read () - before;
}

static void
test_seen (void)
{
  SmbCaseInfo info
      = { .number = (char *) "H-1", .title = (char *) "Hashes", .laboratory = (char *) "", .examiner = (char *) "E" };
  g_autofree char *case_path = g_build_filename (folder, "h.smbcase", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (SmbCase) store = smb_case_create (case_path, &info, &error);
  g_autoptr (SmbEvidence) evidence = NULL;
  struct timespec times[2];
  SmbHashState state;
  struct stat before;
  gint64 written_us;
  guint64 read;
  int fd;

  g_assert_no_error (error);
  written_us = g_get_monotonic_time ();
  write_file ('a');
  evidence = add (store);
  /* Written a moment ago: a change within the same tick would not show, so it is read each time (unless this machine is
   * so busy that the moment has passed by now). */
  open_once (store, evidence, &error);
  read = open_once (store, evidence, &error);
  if (g_get_monotonic_time () - written_us < 1900 * 1000)
    g_assert_cmpuint (read, >=, N_BYTES);
  g_usleep (2200 * 1000);
  open_once (store, evidence, &error);
  g_assert_cmpuint (open_once (store, evidence, &error), <, N_BYTES / 8);
  g_assert_no_error (error);

  read = bytes_read ();
  g_assert_true (smb_examine_verify (store, evidence, &state, NULL, &error));
  g_assert_cmpint (state, ==, SMB_HASH_VERIFIED);
  g_assert_cmpuint (bytes_read () - read, >=, N_BYTES);

  /* One byte, and the clock put back: the file system's own time of the change gives it away. */
  g_assert_cmpint (g_stat (path, &before), ==, 0);
  fd = open (path, O_RDWR | O_CLOEXEC);
  g_assert_cmpint (pwrite (fd, "b", 1, 4711), ==, 1);
  times[0] = before.st_atim;
  times[1] = before.st_mtim;
  g_assert_cmpint (futimens (fd, times), ==, 0);
  close (fd);
  g_assert_cmpuint (open_once (store, evidence, &error), >=, N_BYTES);
  g_assert_error (error, SMB_ERROR, SMB_ERROR_INTEGRITY);
  g_clear_error (&error);

  /* Another file in its place. */
  write_file ('c');
  g_assert_cmpuint (open_once (store, evidence, &error), >=, N_BYTES);
  g_assert_error (error, SMB_ERROR, SMB_ERROR_INTEGRITY);
}

int
main (int argc, char **argv)
{
  g_autofree char *case_path = NULL;
  int failed;

  g_test_init (&argc, &argv, NULL);
  folder = g_dir_make_tmp ("smb-seen-files-XXXXXX", NULL);
  path = g_build_filename (folder, "exhibit.bin", NULL);
  g_test_add_func ("/examine/seen-files", test_seen);
  failed = g_test_run ();
  case_path = g_build_filename (folder, "h.smbcase", NULL);
  g_unlink (case_path);
  g_unlink (path);
  g_rmdir (folder);
  g_free (path);
  g_free (folder);
  return failed;
}
