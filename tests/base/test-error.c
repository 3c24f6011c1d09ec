/* SPDX-License-Identifier: Apache-2.0 */
#include "base/smb-error.h"

#include <errno.h>
#include <gio/gio.h>
#include <string.h>

static void
codes (void)
{
  static const struct {
    SmbError code;
    const char *word;
  } all[] = {
    { SMB_ERROR_FAILED, "failed" },         { SMB_ERROR_NOT_FOUND, "not-found" },
    { SMB_ERROR_PERMISSION, "permission" }, { SMB_ERROR_IO, "io" },
    { SMB_ERROR_FORMAT, "format" },         { SMB_ERROR_UNSUPPORTED, "unsupported" },
    { SMB_ERROR_LIMIT, "limit" },           { SMB_ERROR_MEMORY, "memory" },
    { SMB_ERROR_MISMATCH, "mismatch" },     { SMB_ERROR_NEWER, "newer" },
    { SMB_ERROR_INTEGRITY, "integrity" },   { SMB_ERROR_WORKER, "worker" },
    { SMB_ERROR_ARGUMENT, "argument" },
  };
  g_autoptr (GError) cancelled = g_error_new (G_IO_ERROR, G_IO_ERROR_CANCELLED, "x");
  g_autoptr (GError) foreign = g_error_new (G_IO_ERROR, G_IO_ERROR_BUSY, "x");
  g_autoptr (GError) unknown = g_error_new (SMB_ERROR, 999, "x");

  for (gsize i = 0; i < G_N_ELEMENTS (all); i++) {
    g_autoptr (GError) error = g_error_new (SMB_ERROR, all[i].code, "x");

    g_assert_cmpstr (smb_error_code (error), ==, all[i].word);
  }
  g_assert_cmpstr (smb_error_code (cancelled), ==, "cancelled");
  g_assert_cmpstr (smb_error_code (foreign), ==, "failed");
  g_assert_cmpstr (smb_error_code (unknown), ==, "failed");
}

static void
from_errno (void)
{
  static const struct {
    int number;
    SmbError code;
  } all[] = {
    { ENOENT, SMB_ERROR_NOT_FOUND }, { ENOTDIR, SMB_ERROR_NOT_FOUND }, { EACCES, SMB_ERROR_PERMISSION },
    { EPERM, SMB_ERROR_PERMISSION }, { EROFS, SMB_ERROR_PERMISSION },  { ENOMEM, SMB_ERROR_MEMORY },
    { EFBIG, SMB_ERROR_LIMIT },      { EMFILE, SMB_ERROR_LIMIT },      { EIO, SMB_ERROR_IO },
    { ENOSPC, SMB_ERROR_IO },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (all); i++) {
    g_autoptr (GError) error = NULL;

    g_assert_false (smb_error_set_errno (&error, all[i].number, "/a/picture.jpg", "opening"));
    g_assert_error (error, SMB_ERROR, (int) all[i].code);
    g_assert_true (g_str_has_prefix (error->message, "/a/picture.jpg: opening: "));
    g_assert_nonnull (strstr (error->message, g_strerror (all[i].number)));
    /* What to do next, where the number tells. */
    g_assert_cmpint (all[i].number != ENOMEM && all[i].number != EMFILE, ==,
                     g_str_has_suffix (error->message, "."));
  }
  g_assert_false (smb_error_set_errno (NULL, EIO, "x", "reading"));
}

/* GLib's functions say which number it was, and nothing of what to do. */
static void
from_file (void)
{
  g_autoptr (GError) full = g_error_new_literal (G_FILE_ERROR, G_FILE_ERROR_NOSPC, "write() failed");
  g_autoptr (GError) other = g_error_new_literal (G_FILE_ERROR, G_FILE_ERROR_FAILED, "fdatasync() failed");
  g_autoptr (GError) error = NULL;

  g_assert_false (smb_error_set_file (&error, full, "/a/scores.csv", "writing"));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_IO);
  g_assert_true (g_str_has_prefix (error->message, "/a/scores.csv: writing: "));
  g_assert_nonnull (strstr (error->message, "Make room there"));
  g_clear_error (&error);
  g_assert_false (smb_error_set_file (&error, other, "/a/scores.csv", "writing"));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_IO);
  g_assert_cmpstr (error->message, ==, "/a/scores.csv: writing: fdatasync() failed");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/base/error/codes", codes);
  g_test_add_func ("/base/error/errno", from_errno);
  g_test_add_func ("/base/error/file", from_file);
  return g_test_run ();
}
