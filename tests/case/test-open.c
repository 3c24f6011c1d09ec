/* SPDX-License-Identifier: Apache-2.0 */
/* What is opened, what is refused and in which words; older formats; read-only places; two connections. */
#include "case-test.h"

#include <glib/gstdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void
reopen_refused (Fixture *fixture, SmbError code, const char *part)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SmbCase) store = NULL;

  g_clear_pointer (&fixture->store, smb_case_close);
  store = smb_case_open (fixture->path, &error);
  g_assert_null (store);
  assert_refused (error, code, part);
  g_assert_nonnull (strstr (error->message, "a case.smbcase"));
}

static void
test_create_existing (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  SmbCaseInfo info = { .title = (char *) "x" };
  SmbCaseInfo untitled = { .number = (char *) "1" };
  g_autofree char *fresh = g_strconcat (fixture->path, "2", NULL);

  g_assert_null (smb_case_create (fixture->path, &info, &error));
  assert_refused (error, SMB_ERROR_ARGUMENT, "exists already");
  g_clear_error (&error);
  g_assert_null (smb_case_create ("/no/such/folder/x.smbcase", &info, &error));
  assert_refused (error, SMB_ERROR_NOT_FOUND, "/no/such/folder/x.smbcase");
  g_clear_error (&error);
  g_assert_null (smb_case_create (fresh, &untitled, &error));
  assert_refused (error, SMB_ERROR_ARGUMENT, "title");
  g_assert_false (g_file_test (fresh, G_FILE_TEST_EXISTS));
}

static void
replace_file (Fixture *fixture, const char *bytes, gssize n_bytes)
{
  g_clear_pointer (&fixture->store, smb_case_close);
  g_assert_true (g_file_set_contents (fixture->path, bytes, n_bytes, NULL));
}

static void
test_not_a_case (Fixture *fixture, gconstpointer data)
{
  static const char magic_alone[]
      = "SQLite format 3\0rubbish rubbish rubbish rubbish rubbish rubbish rubbish rubbish rubbish";
  g_autoptr (GError) error = NULL;

  replace_file (fixture, "just some text, long enough to be read as a header of something", -1);
  reopen_refused (fixture, SMB_ERROR_FORMAT, "not a case file");
  replace_file (fixture, "SQL", 3);
  reopen_refused (fixture, SMB_ERROR_FORMAT, "not a case file");
  replace_file (fixture, "", 0);
  reopen_refused (fixture, SMB_ERROR_FORMAT, "empty");
  replace_file (fixture, magic_alone, sizeof magic_alone);
  reopen_refused (fixture, SMB_ERROR_FORMAT, "case file");
  g_unlink (fixture->path);
  reopen_refused (fixture, SMB_ERROR_NOT_FOUND, "a case.smbcase");
  tamper (fixture->path, "CREATE TABLE t (a); PRAGMA user_version = 1;");
  reopen_refused (fixture, SMB_ERROR_FORMAT, "another program");
  g_assert_null (smb_case_open (fixture->folder, &error));
  assert_refused (error, SMB_ERROR_FORMAT, "folder");
}

static void
test_newer (Fixture *fixture, gconstpointer data)
{
  g_clear_pointer (&fixture->store, smb_case_close);
  tamper (fixture->path, "PRAGMA user_version = 907");
  reopen_refused (fixture, SMB_ERROR_NEWER, "907");
}

static void
test_foreign_schema (Fixture *fixture, gconstpointer data)
{
  static const struct {
    const char *sql, *part;
  } rows[] = {
    { "CREATE TRIGGER evil AFTER INSERT ON note BEGIN DELETE FROM note; END", "evil" },
    { "CREATE VIEW peek AS SELECT 1", "peek" },
    { "CREATE VIRTUAL TABLE words USING fts5 (a)", "words" },
    { "CREATE TABLE extra (a)", "extra" },
    { "DROP TRIGGER audit_log_update", "audit_log_update" },
    { "DROP TRIGGER audit_log_delete;"
      "CREATE TRIGGER audit_log_delete BEFORE DELETE ON audit_log BEGIN SELECT 1; END",
      "audit_log_delete" },
  };
  g_autofree char *good = NULL;
  gsize n_bytes;

  g_clear_pointer (&fixture->store, smb_case_close);
  g_assert_true (g_file_get_contents (fixture->path, &good, &n_bytes, NULL));
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_assert_true (g_file_set_contents (fixture->path, good, (gssize) n_bytes, NULL));
    tamper (fixture->path, rows[i].sql);
    reopen_refused (fixture, SMB_ERROR_INTEGRITY, rows[i].part);
  }
}

/* Whatever bytes are spoilt, opening ends in a case or in a sentence. */
static void
test_damaged (Fixture *fixture, gconstpointer data)
{
  g_autofree char *good = NULL;
  gsize n_bytes;
  guint refused = 0;

  for (int i = 0; i < 60; i++) {
    g_autofree char *name = g_strdup_printf ("%d.png", i);
    add_exhibit (fixture->store, name);
  }
  g_clear_pointer (&fixture->store, smb_case_close);
  g_assert_true (g_file_get_contents (fixture->path, &good, &n_bytes, NULL));
  for (gsize at = 16; at < n_bytes; at += 1531) {
    g_autofree char *bad = g_memdup2 (good, n_bytes);
    g_autoptr (GError) error = NULL;
    SmbCase *store;

    memset (bad + at, 0xA5, MIN (64, n_bytes - at));
    g_assert_true (g_file_set_contents (fixture->path, bad, (gssize) n_bytes, NULL));
    store = smb_case_open (fixture->path, &error);
    if (store != NULL) {
      if (!smb_case_check (store, &error))
        refused++;
      smb_case_close (store);
    } else {
      refused++;
    }
    g_assert_true (error == NULL || (error->domain == SMB_ERROR && strstr (error->message, "a case.smbcase") != NULL));
  }
  g_test_message ("%u of %" G_GSIZE_FORMAT " damages noticed", refused, (n_bytes - 16 + 1530) / 1531);
  g_assert_cmpuint (refused, >, 10);
  g_assert_true (g_file_set_contents (fixture->path, good, (gssize) n_bytes / 2, NULL));
  reopen_refused (fixture, SMB_ERROR_FORMAT, "damaged");
}

static void
test_migration (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *backup = NULL;
  g_autofree char *again = NULL;
  enum { NOW = SMB_CASE_SCHEMA_VERSION };
  const char *steps[NOW + 1], *broken[NOW + 1];
  g_autofree char *second = g_strdup_printf (".v%d.bak.2", NOW), *next = g_strdup_printf ("%d", NOW + 1);
  gint64 version = 0;
  SmbCase *copy;

  memcpy (steps, smb_case_migrations, NOW * sizeof *steps);
  memcpy (broken, smb_case_migrations, NOW * sizeof *broken);
  steps[NOW] = "ALTER TABLE evidence ADD COLUMN tag TEXT;";
  broken[NOW] = "CREATE TABLE half (a); CREATE TABLE half (a);";
  add_exhibit (fixture->store, "a.png");
  /* A step that fails leaves the case as it was. */
  g_assert_false (smb_case_migrate (fixture->store, broken, NOW, NOW + 1, NULL, &error));
  g_assert_nonnull (error);
  g_clear_error (&error);
  g_assert_true (smb_case_check_schema (fixture->store, smb_case_migrations, NOW, &error));
  g_assert_true (smb_case_query_int (fixture->store, &version, 0, &error, "PRAGMA user_version", ""));
  g_assert_cmpint (version, ==, NOW);

  g_assert_true (smb_case_migrate (fixture->store, steps, NOW, NOW + 1, &backup, &error));
  g_assert_true (smb_case_check_schema (fixture->store, steps, NOW + 1, &error));
  g_assert_true (smb_case_query_int (fixture->store, &version, 0, &error, "PRAGMA user_version", ""));
  g_assert_cmpint (version, ==, NOW + 1);
  g_assert_true (smb_case_check (fixture->store, &error));
  /* The failed try left a backup as well; neither overwrote the other. */
  g_assert_true (g_str_has_suffix (backup, second));
  copy = smb_case_open (backup, &error);
  g_assert_no_error (error);
  g_assert_true (smb_case_check (copy, &error));
  smb_case_close (copy);
  reopen_refused (fixture, SMB_ERROR_NEWER, next);
}

/* A kept file of every format there ever was: brought up to date when it is opened, nothing lost, a copy kept. */
static void
test_old_formats (Fixture *fixture, gconstpointer data)
{
  for (int version = 1; version < SMB_CASE_SCHEMA_VERSION; version++) {
    g_autofree char *name = g_strdup_printf ("v%d.smbcase", version),
                    *kept = g_build_filename (SMB_FIXTURES, "case", name, NULL);
    g_autofree char *path = g_build_filename (fixture->folder, name, NULL);
    g_autofree char *backup = g_strdup_printf ("%s.v%d.bak", path, version), *bytes = NULL, *copied = NULL;
    g_autoptr (GError) error = NULL;
    g_autoptr (GPtrArray) list = NULL, analyses = NULL, log = NULL;
    gsize n_bytes;
    SmbCase *store;

    if (!g_file_get_contents (kept, &bytes, &n_bytes, &error))
      g_error ("%s: keep a small case of format %d there", error->message, version);
    g_assert_true (g_file_set_contents (path, bytes, (gssize) n_bytes, NULL));
    store = smb_case_open (path, &error);
    g_assert_no_error (error);
    g_assert_true (smb_case_check (store, &error));
    g_assert_no_error (error);
    list = smb_case_list_evidence (store, &error);
    analyses = smb_case_list_analyses (store, 0, &error);
    log = smb_case_list_log (store, &error);
    g_assert_cmpuint (list->len, ==, version == 1 ? 3 : 2);
    g_assert_cmpuint (analyses->len, ==, 1);
    g_assert_cmpstr (((SmbAuditEntry *) g_ptr_array_index (log, 0))->action, ==, "case.create");
    g_assert_true (smb_case_log (store, "map.view", "S-01", NULL, &error));
    g_assert_true (smb_case_check (store, &error));
    smb_case_close (store);
    g_assert_true (g_file_get_contents (backup, &copied, &n_bytes, &error));
    g_unlink (backup);
  }
}

static void
test_two_connections (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) list = NULL;
  g_autoptr (SmbCase) other = smb_case_open (fixture->path, &error);
  sqlite3 *holder = NULL;

  g_assert_no_error (error);
  for (int i = 0; i < 6; i++) {
    g_autofree char *name = g_strdup_printf ("%d.png", i);
    add_exhibit (i % 2 == 0 ? fixture->store : other, name);
  }
  list = smb_case_list_evidence (other, &error);
  g_assert_cmpuint (list->len, ==, 6);
  g_assert_cmpstr (((SmbEvidence *) g_ptr_array_index (list, 5))->exhibit, ==, "S-06");
  g_assert_true (smb_case_check (fixture->store, &error));
  g_assert_true (smb_case_check (other, &error));

  g_assert_cmpint (sqlite3_open (fixture->path, &holder), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_exec (holder, "BEGIN IMMEDIATE", NULL, NULL, NULL), ==, SQLITE_OK);
  sqlite3_busy_timeout (other->db, 50);
  g_assert_false (smb_case_log (other, "x", NULL, NULL, &error));
  assert_refused (error, SMB_ERROR_IO, "locked by another program");
  g_clear_error (&error);
  sqlite3_close (holder);
  g_assert_true (smb_case_log (other, "x", NULL, NULL, &error));
}

/* Runs `check` as a user without any rights, whom the superuser becomes in a child; returns its exit status. */
static int
as_nobody (int (*check) (const char *path), const char *path)
{
  pid_t child = fork ();
  int status = 0;

  g_assert_cmpint (child, >=, 0);
  if (child == 0) {
    if (geteuid () == 0 && (setgid (65534) != 0 || setuid (65534) != 0))
      _exit (90);
    _exit (check (path));
  }
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_assert_true (WIFEXITED (status));
  return WEXITSTATUS (status);
}

static int
read_only_child (const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SmbCase) store = smb_case_open (path, &error);
  g_autoptr (GPtrArray) list = store != NULL ? smb_case_list_evidence (store, &error) : NULL;

  if (store == NULL)
    return g_error_matches (error, SMB_ERROR, SMB_ERROR_PERMISSION) && strstr (error->message, "-wal") != NULL ? 20 : 2;
  if (!smb_case_get_read_only (store))
    return 3;
  if (list == NULL || list->len != 1 || !smb_case_check (store, &error))
    return 4;
  if (smb_case_log (store, "x", NULL, NULL, &error))
    return 5;
  return g_error_matches (error, SMB_ERROR, SMB_ERROR_PERMISSION) ? 10 : 6;
}

static int
unreadable_child (const char *path)
{
  g_autoptr (GError) error = NULL;

  if (smb_case_open (path, &error) != NULL)
    return 2;
  return g_error_matches (error, SMB_ERROR, SMB_ERROR_PERMISSION) ? 10 : 3;
}

static void
test_read_only (Fixture *fixture, gconstpointer data)
{
  g_autofree char *wal = g_strconcat (fixture->path, "-wal", NULL);

  add_exhibit (fixture->store, "a.png");
  g_clear_pointer (&fixture->store, smb_case_close);
  g_assert_cmpint (g_chmod (fixture->path, 0444), ==, 0);
  g_assert_cmpint (g_chmod (fixture->folder, 0555), ==, 0);
  g_assert_cmpint (as_nobody (read_only_child, fixture->path), ==, 10);
  g_assert_false (g_file_test (wal, G_FILE_TEST_EXISTS));

  /* Changes that only the -wal holds must not be left out in silence. */
  g_assert_cmpint (g_chmod (fixture->folder, 0755), ==, 0);
  g_assert_true (g_file_set_contents (wal, "waiting", -1, NULL));
  g_assert_cmpint (g_chmod (fixture->folder, 0555), ==, 0);
  g_assert_cmpint (as_nobody (read_only_child, fixture->path), ==, 20);

  g_assert_cmpint (g_chmod (fixture->folder, 0755), ==, 0);
  g_unlink (wal);
  g_assert_cmpint (g_chmod (fixture->path, 0), ==, 0);
  g_assert_cmpint (as_nobody (unreadable_child, fixture->path), ==, 10);
}

#define ADD(path, function) g_test_add (path, Fixture, NULL, fixture_set_up, function, fixture_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/case/open/create-existing", test_create_existing);
  ADD ("/case/open/not-a-case", test_not_a_case);
  ADD ("/case/open/newer", test_newer);
  ADD ("/case/open/foreign-schema", test_foreign_schema);
  ADD ("/case/open/damaged", test_damaged);
  ADD ("/case/open/migration", test_migration);
  ADD ("/case/open/old-formats", test_old_formats);
  ADD ("/case/open/two-connections", test_two_connections);
  ADD ("/case/open/read-only", test_read_only);
  return g_test_run ();
}
