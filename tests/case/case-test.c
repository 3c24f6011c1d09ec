/* SPDX-License-Identifier: Apache-2.0 */
#include "case-test.h"

#include "base/smb-hash.h"

#include <glib/gstdio.h>

void
fixture_set_up (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  SmbCaseInfo info = { .number = (char *) "SC-2026-001",
                       .title = (char *) "Sample case 見本",
                       .laboratory = (char *) "Laboratory North",
                       .examiner = (char *) "E. Xaminer" };

  fixture->folder = g_dir_make_tmp ("smb-case-XXXXXX", &error);
  g_assert_no_error (error);
  fixture->path = g_build_filename (fixture->folder, "a case.smbcase", NULL);
  fixture->store = smb_case_create (fixture->path, &info, &error);
  g_assert_no_error (error);
  g_assert_nonnull (fixture->store);
}

void
fixture_tear_down (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GDir) dir = NULL;
  const char *name;

  smb_case_close (fixture->store);
  dir = g_dir_open (fixture->folder, 0, NULL);
  while ((name = g_dir_read_name (dir)) != NULL) {
    g_autofree char *path = g_build_filename (fixture->folder, name, NULL);
    g_unlink (path);
  }
  g_rmdir (fixture->folder);
  g_free (fixture->path);
  g_free (fixture->folder);
}

gint64
add_exhibit (SmbCase *store, const char *name)
{
  g_autoptr (GError) error = NULL;
  SmbEvidence *evidence = g_new0 (SmbEvidence, 1);
  gint64 id;

  evidence->path = g_strconcat ("/evidence/", name, NULL);
  evidence->sha256 = smb_sha256_of_bytes (name, strlen (name));
  evidence->size_bytes = 12345;
  evidence->format = g_strdup ("PNG");
  evidence->width = 640;
  evidence->height = 480;
  smb_case_add_evidence (store, evidence, &error);
  g_assert_no_error (error);
  id = evidence->id;
  g_assert_cmpint (id, >, 0);
  smb_evidence_free (evidence);
  return id;
}

void
tamper (const char *path, const char *sql)
{
  sqlite3 *db = NULL;

  g_assert_cmpint (sqlite3_open (path, &db), ==, SQLITE_OK);
  sqlite3_busy_timeout (db, 2000);
  if (sqlite3_exec (db, sql, NULL, NULL, NULL) != SQLITE_OK)
    g_error ("%s: %s", sql, sqlite3_errmsg (db));
  sqlite3_close (db);
}

void
assert_refused (GError *error, SmbError code, const char *part)
{
  g_assert_error (error, SMB_ERROR, (int) code);
  g_test_message ("%s", error->message);
  if (strstr (error->message, part) == NULL)
    g_error ("“%s” does not contain “%s”", error->message, part);
  g_assert_null (strchr (error->message, '\n'));
}
