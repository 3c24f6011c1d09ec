/* SPDX-License-Identifier: Apache-2.0 */
/* A case that is open in one process and visited by another loses nothing, even where the first one opened and closed the
 * file elsewhere too, as a file chooser does that looks what lies in its folder. */
#include "case-test.h"

#include <glib/gstdio.h>
#include <string.h>

static const char *self;

/* Opens the case in a process of its own and closes it again; the number of notes it finds there. */
static int
visit (const char *path)
{
  const char *argv[] = { self, "--visit", path, NULL };
  g_autoptr (GError) error = NULL;
  g_autofree char *out = NULL;
  int status;

  g_assert_true (g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, &out, NULL, &status,
                               &error));
  g_assert_no_error (error);
  g_assert_true (g_spawn_check_wait_status (status, &error));
  return (int) g_ascii_strtoll (out, NULL, 10);
}

static int
be_visitor (const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SmbCase) store = smb_case_open (path, &error);
  g_autoptr (GPtrArray) notes = store != NULL ? smb_case_list_notes (store, 0, &error) : NULL;

  if (notes == NULL)
    return 1;
  g_print ("%u\n", notes->len);
  return 0;
}

static void
add_note (SmbCase *store, const char *text)
{
  SmbNote note = { .author = (char *) "Kim", .text = (char *) text };
  g_autoptr (GError) error = NULL;

  g_assert_true (smb_case_add_note (store, &note, &error));
  g_assert_no_error (error);
}

/* As one does who wants to know what kind of file it is. */
static void
look_into (const char *path)
{
  static const char *const parts[] = { "", "-wal", "-shm" };

  for (guint i = 0; i < G_N_ELEMENTS (parts); i++) {
    g_autofree char *part = g_strconcat (path, parts[i], NULL), *bytes = NULL;

    g_assert_true (g_file_get_contents (part, &bytes, NULL, NULL));
  }
}

static void
test_looked_into (void)
{
  g_autofree char *folder = g_dir_make_tmp ("semblance-XXXXXX", NULL), *path = g_build_filename (folder, "a.smbcase", NULL);
  g_autofree char *wal = g_strconcat (path, "-wal", NULL), *shm = g_strconcat (path, "-shm", NULL);
  SmbCaseInfo info = { .title = (char *) "Locks" };
  g_autoptr (GError) error = NULL;
  g_autoptr (SmbCase) store = smb_case_create (path, &info, &error);

  g_assert_no_error (error);
  add_note (store, "first");
  look_into (path);
  g_assert_cmpint (visit (path), ==, 1);
  g_assert_true (g_file_test (wal, G_FILE_TEST_EXISTS)); /* it is not the visitor's to take away */
  add_note (store, "second");
  look_into (path);
  add_note (store, "third");
  g_assert_cmpint (visit (path), ==, 3);
  add_note (store, "fourth");
  g_clear_pointer (&store, smb_case_close);
  g_assert_cmpint (visit (path), ==, 4);
  g_unlink (path);
  g_unlink (wal);
  g_unlink (shm);
  g_rmdir (folder);
}

/* The locks of one connection are not in the way of another of the same process, whichever is closed first. */
static void
test_two_of_ours (void)
{
  g_autofree char *folder = g_dir_make_tmp ("semblance-XXXXXX", NULL), *path = g_build_filename (folder, "a.smbcase", NULL);
  g_autofree char *wal = g_strconcat (path, "-wal", NULL), *shm = g_strconcat (path, "-shm", NULL);
  SmbCaseInfo info = { .title = (char *) "Locks" };
  g_autoptr (GError) error = NULL;
  g_autoptr (SmbCase) first = smb_case_create (path, &info, &error), second = NULL, third = NULL;

  g_assert_no_error (error);
  add_note (first, "first");
  second = smb_case_open (path, &error);
  g_assert_no_error (error);
  add_note (second, "second");
  add_note (first, "third");
  g_clear_pointer (&first, smb_case_close);
  add_note (second, "fourth");
  g_assert_cmpint (visit (path), ==, 4);
  g_assert_true (g_file_test (wal, G_FILE_TEST_EXISTS));
  third = smb_case_open (path, &error);
  g_assert_no_error (error);
  g_clear_pointer (&second, smb_case_close);
  add_note (third, "fifth");
  g_clear_pointer (&third, smb_case_close);
  g_assert_cmpint (visit (path), ==, 5);
  g_assert_false (g_file_test (wal, G_FILE_TEST_EXISTS)); /* nobody has it open: all is in the one file */
  g_unlink (path);
  g_unlink (shm);
  g_rmdir (folder);
}

int
main (int argc, char **argv)
{
  if (argc == 3 && strcmp (argv[1], "--visit") == 0)
    return be_visitor (argv[2]);
  self = argv[0];
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/case/locks/looked-into", test_looked_into);
  g_test_add_func ("/case/locks/two-of-ours", test_two_of_ours);
  return g_test_run ();
}
