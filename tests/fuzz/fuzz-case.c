/* SPDX-License-Identifier: Apache-2.0 */
/* A case file from anyone: opened, checked, everything in it listed, an entry added. */
#include "fuzz.h"

#include "case/smb-case.h"

#include <glib/gstdio.h>
#include <unistd.h>

static char *folder;

static void
remove_file (const char *ending)
{
  g_autofree char *path = g_strconcat (folder, "/a.smbcase", ending, NULL);

  g_unlink (path);
}

static void
look_at_all (SmbCase *store)
{
  g_autoptr (GPtrArray) evidence = smb_case_list_evidence (store, NULL),
                        analyses = smb_case_list_analyses (store, 0, NULL);
  g_autoptr (GPtrArray) notes = smb_case_list_notes (store, -1, NULL),
                        findings = smb_case_list_findings (store, -1, NULL);
  g_autoptr (GPtrArray) log = smb_case_list_log (store, NULL);
  g_autoptr (SmbCaseInfo) info = smb_case_get_info (store, NULL);
  g_autoptr (GError) error = NULL;

  for (guint i = 0; analyses != NULL && i < analyses->len; i++) {
    const SmbCaseAnalysis *analysis = g_ptr_array_index (analyses, i);
    g_autoptr (GPtrArray) faces = smb_case_list_faces (store, analysis->id, NULL);
  }
  smb_case_check (store, &error);
  fuzz_check_error (error);
  g_clear_error (&error);
  smb_case_log (store, "fuzz", NULL, NULL, &error);
  fuzz_check_error (error);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t n_bytes)
{
  static const char *const endings[] = { "", "-wal", "-shm", "-journal", ".v1.bak", ".v2.bak" };
  g_autoptr (GError) error = NULL;
  g_autofree char *path = NULL;
  SmbCase *store;

  if (folder == NULL)
    folder = g_mkdtemp (g_strdup (g_file_test ("/dev/shm", G_FILE_TEST_IS_DIR) ? "/dev/shm/smb-fuzz-XXXXXX"
                                                                              : "/tmp/smb-fuzz-XXXXXX"));
  path = g_build_filename (folder, "a.smbcase", NULL);
  g_assert_true (
      g_file_set_contents_full (path, (const char *) data, (gssize) n_bytes, G_FILE_SET_CONTENTS_NONE, 0644, NULL));
  store = smb_case_open (path, &error);
  g_assert_true ((store != NULL) != (error != NULL));
  fuzz_check_error (error);
  if (store != NULL)
    look_at_all (store);
  smb_case_close (store);
  for (gsize i = 0; i < G_N_ELEMENTS (endings); i++)
    remove_file (endings[i]);
  g_rmdir (folder);
  g_mkdir (folder, 0700);
  return 0;
}
