/* SPDX-License-Identifier: Apache-2.0 */
/* A case file made by someone who knows SQLite and means harm: opened safely, or refused in a sentence, and in time. */
#include "case-test.h"

#include <glib/gstdio.h>
#include <time.h>

#define SECONDS 5.0 /* of the processor, which do not depend on what else the machine does */

/* Makes the case writable for anything: no triggers, no checks, the schema's text at will. */
static void
forge (const char *path, const char *sql)
{
  sqlite3 *db = NULL;
  char *words = NULL;

  g_assert_cmpint (sqlite3_open (path, &db), ==, SQLITE_OK);
  sqlite3_db_config (db, SQLITE_DBCONFIG_DEFENSIVE, 0, NULL);
  sqlite3_db_config (db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
  sqlite3_db_config (db, SQLITE_DBCONFIG_WRITABLE_SCHEMA, 1, NULL);
  sqlite3_exec (db, "PRAGMA ignore_check_constraints = ON; PRAGMA foreign_keys = OFF", NULL, NULL, NULL);
  if (sqlite3_exec (db, sql, NULL, NULL, &words) != SQLITE_OK)
    g_error ("%s: %s", sql, words);
  sqlite3_close (db);
}

/* What a program does with a case of unknown origin. FALSE with the sentence. */
static gboolean
use (const char *path, GError **error)
{
  g_autoptr (SmbCase) store = smb_case_open (path, error);
  g_autoptr (GPtrArray) evidence = NULL, analyses = NULL, notes = NULL, log = NULL;
  g_autoptr (SmbCaseInfo) info = NULL;

  if (store == NULL)
    return FALSE;
  return (info = smb_case_get_info (store, error)) != NULL && (evidence = smb_case_list_evidence (store, error)) != NULL
         && (analyses = smb_case_list_analyses (store, 0, error)) != NULL
         && (notes = smb_case_list_notes (store, -1, error)) != NULL && (log = smb_case_list_log (store, error)) != NULL
         && smb_case_check (store, error);
}

static void
test_forged (void)
{
  static const struct {
    const char *what, *sql;
  } rows[] = {
    { "a trigger that deletes", "CREATE TRIGGER t AFTER INSERT ON audit_log BEGIN DELETE FROM note; END" },
    { "a trigger in another's name",
      "UPDATE sqlite_schema SET sql = replace (sql, 'SELECT RAISE (ABORT, ''the audit log is append-only'')', 'SELECT 1')"
      " WHERE name = 'audit_log_update'" },
    { "a view with the name of nothing",
      "CREATE VIEW v AS WITH RECURSIVE r (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r)"
      " SELECT * FROM r" },
    { "a table that is a view",
      "DROP INDEX note_by_evidence; DROP TABLE note;"
      "CREATE VIEW note AS SELECT 1 AS id, NULL AS evidence_id, 1 AS made_us, 'x' AS author, 'y' AS text" },
    { "a virtual table", "CREATE VIRTUAL TABLE x USING fts5 (a)" },
    { "an index that computes", "CREATE INDEX i ON note (hex (zeroblob (1000000)))" },
    { "a generated column", "UPDATE sqlite_schema SET sql = replace (sql, 'author TEXT NOT NULL', 'author TEXT NOT NULL"
                            " DEFAULT (randomblob (100))') WHERE name = 'note'" },
    { "a record of wrong types", "UPDATE sqlite_schema SET sql = replace (sql, 'STRICT', '') WHERE name = 'note'" },
    { "a blob for a text", "INSERT INTO note (made_us, author, text) VALUES (1, 'x', CAST (zeroblob (100) AS TEXT))" },
    { "a note of 40 million bytes",
      "INSERT INTO note (made_us, author, text) VALUES (1, 'x', CAST (hex (zeroblob (20000000)) AS TEXT))" },
    { "a name of 80 million bytes", "UPDATE case_info SET title = CAST (hex (zeroblob (40000000)) AS TEXT)" },
    { "a path that is no path", "UPDATE evidence SET path = '../../etc/passwd'" },
    { "a hash that is none", "UPDATE evidence SET sha256 = 'x'" },
    { "numbers out of range", "UPDATE evidence SET width = -1, height = 9223372036854775807, hash_state = 77" },
    { "an id that is taken", "UPDATE analysis SET evidence_id = 99" },
    { "a log of one entry", "DELETE FROM audit_log WHERE seq > 1" },
    { "a log without a head", "DELETE FROM audit_head" },
    { "a log with an entry of the future", "UPDATE audit_log SET seq = 9223372036854775807 WHERE seq = 2" },
    { "another root page",
      "UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema WHERE name = 'face')"
      " WHERE name = 'note'" },
    { "a root page that is not there", "UPDATE sqlite_schema SET rootpage = 1000000 WHERE name = 'finding'" },
  };
  g_autofree char *kept = g_build_filename (SMB_FIXTURES, "case", "v1.smbcase", NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
    Fixture fixture;
    g_autoptr (GError) error = NULL, again = NULL;
    g_autofree char *copy = NULL;
    gsize n_bytes;
    gboolean refused;
    clock_t began;
    double seconds;

    fixture_set_up (&fixture, NULL);
    g_clear_pointer (&fixture.store, smb_case_close);
    g_assert_true (g_file_get_contents (kept, &copy, &n_bytes, NULL));
    g_assert_true (g_file_set_contents (fixture.path, copy, (gssize) n_bytes, NULL));
    fixture.store = smb_case_open (fixture.path, &error); /* brings it up to date */
    g_assert_no_error (error);
    g_clear_pointer (&fixture.store, smb_case_close);
    forge (fixture.path, rows[i].sql);
    began = clock ();
    refused = !use (fixture.path, &error);
    seconds = (double) (clock () - began) / CLOCKS_PER_SEC;
    g_test_message ("%s: %s (%.2f s)", rows[i].what, refused ? error->message : "opened", seconds);
    if (!refused)
      g_error ("%s is not noticed", rows[i].what);
    g_assert_true (error->domain == SMB_ERROR);
    g_assert_nonnull (strstr (error->message, "a case.smbcase"));
    g_assert_null (strchr (error->message, '\n'));
    g_assert_cmpfloat (seconds, <, SECONDS);
    /* Looking did not change it: it is refused again. */
    g_assert_false (use (fixture.path, &again));
    fixture_tear_down (&fixture, NULL);
  }
}

/* A -wal or a journal laid beside a good case by someone else is another program's unfinished work, not a way in. */
static void
test_laid_beside (Fixture *fixture, gconstpointer data)
{
  static const char *const endings[] = { "-wal", "-journal", "-shm" };

  add_exhibit (fixture->store, "a.png");
  g_clear_pointer (&fixture->store, smb_case_close);
  for (gsize i = 0; i < G_N_ELEMENTS (endings); i++) {
    g_autofree char *beside = g_strconcat (fixture->path, endings[i], NULL), *rubbish = g_strnfill (40000, '\xa5');
    g_autoptr (GError) error = NULL;

    g_assert_true (g_file_set_contents (beside, rubbish, -1, NULL));
    g_assert_true (use (fixture->path, &error));
    g_assert_no_error (error);
    g_unlink (beside);
  }
}

/* A copy made while the case is written to is whole, and no copy replaces anything. */
static void
test_copy (Fixture *fixture, gconstpointer data)
{
  g_autofree char *copy = g_strconcat (fixture->path, ".copy.smbcase", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (SmbCase) other = smb_case_open (fixture->path, &error);

  for (int i = 0; i < 5; i++) {
    g_autofree char *name = g_strdup_printf ("%d.png", i);
    g_autoptr (GPtrArray) list = NULL;
    g_autoptr (SmbCase) copied = NULL;

    add_exhibit (other, name);
    g_assert_true (smb_case_save_copy (fixture->store, copy, &error));
    g_assert_no_error (error);
    g_assert_false (smb_case_save_copy (fixture->store, copy, &error));
    g_assert_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT);
    g_clear_error (&error);
    copied = smb_case_open (copy, &error);
    g_assert_no_error (error);
    g_assert_true (smb_case_check (copied, &error));
    list = smb_case_list_evidence (copied, &error);
    g_assert_cmpuint (list->len, ==, i + 1);
    g_unlink (copy);
  }
  g_assert_false (smb_case_save_copy (fixture->store, "/nonexistent/x.smbcase", &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_NOT_FOUND);
}

#define ADD(path, function) g_test_add (path, Fixture, NULL, fixture_set_up, function, fixture_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/case/attack/forged", test_forged);
  ADD ("/case/attack/laid-beside", test_laid_beside);
  ADD ("/case/attack/copy", test_copy);
  return g_test_run ();
}
