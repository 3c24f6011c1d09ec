/* SPDX-License-Identifier: Apache-2.0 */
/* The log: its chain recomputed by hand, every kind of tampering found and named, and a process killed in mid-write. */
#include "case-test.h"

#include "base/smb-hash.h"
#include "base/smb-rng.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#define SEED 20260101

#define DROP_TRIGGERS                                                                                                 \
  "DROP TRIGGER audit_log_update; DROP TRIGGER audit_log_delete; DROP TRIGGER audit_log_insert;"

static void
append_netstring (GString *out, const char *text)
{
  g_string_append_printf (out, "%" G_GSIZE_FORMAT ":%s,", strlen (text), text);
}

/* An independent reading of the encoding documented in smb-case-audit.c. */
static void
test_chain (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) log = NULL;
  g_autofree char *head = NULL;
  g_autofree char *previous = g_strnfill (64, '0');
  gint64 n = 0, seq = 0;

  add_exhibit (fixture->store, "ä.png");
  smb_case_set_actor (fixture->store, "検査官");
  g_assert_true (smb_case_log (fixture->store, "map.view", "S-01", "{\"map\":\"rollout\"}", &error));
  g_assert_true (smb_case_log (fixture->store, "map.view", NULL, NULL, &error));
  g_assert_true (smb_case_log (fixture->store, "map.view", NULL, "", &error)); /* no details either */
  g_assert_false (smb_case_log (fixture->store, "map.view", NULL, "not json", &error));
  g_clear_error (&error);
  log = smb_case_list_log (fixture->store, &error);
  g_assert_cmpuint (log->len, ==, 5);
  for (guint i = 0; i < log->len; i++) {
    const SmbAuditEntry *entry = g_ptr_array_index (log, i);
    g_autoptr (GString) text = g_string_new (NULL);
    g_autofree char *number = g_strdup_printf ("%u", i + 1);
    g_autofree char *time = g_strdup_printf ("%" G_GINT64_FORMAT, entry->at_us);
    g_autofree char *hash = NULL;

    append_netstring (text, "semblance-audit-1");
    append_netstring (text, previous);
    append_netstring (text, number);
    append_netstring (text, time);
    append_netstring (text, entry->actor);
    append_netstring (text, entry->action);
    append_netstring (text, entry->subject);
    append_netstring (text, entry->details);
    append_netstring (text, entry->record);
    hash = smb_sha256_of_bytes (text->str, text->len);
    g_assert_cmpint (entry->seq, ==, i + 1);
    g_assert_cmpstr (entry->previous, ==, previous);
    g_assert_cmpstr (entry->hash, ==, hash);
    g_free (previous);
    previous = g_strdup (hash);
  }
  g_assert_cmpstr (((SmbAuditEntry *) g_ptr_array_index (log, 1))->subject, ==, "S-01");
  g_assert_cmpstr (((SmbAuditEntry *) g_ptr_array_index (log, 2))->actor, ==, "検査官");
  g_assert_true (smb_case_verify_log (fixture->store, &head, &n, &error));
  g_assert_cmpstr (head, ==, previous);
  g_assert_cmpint (n, ==, 5);
  g_assert_true (smb_case_find_log_hash (fixture->store, head, &seq, &error));
  g_assert_cmpint (seq, ==, 5);
  g_assert_false (smb_case_find_log_hash (fixture->store, "abc", &seq, &error));
  assert_refused (error, SMB_ERROR_NOT_FOUND, "abc");
}

static void
test_append_only (Fixture *fixture, gconstpointer data)
{
  static const char *const tries[] = {
    "UPDATE audit_log SET actor = 'x'",
    "DELETE FROM audit_log",
    "INSERT OR REPLACE INTO audit_log SELECT seq, 0, 'x', action, subject, details, record, previous, hash"
    " FROM audit_log WHERE seq = 1",
    "INSERT INTO audit_log SELECT seq + 5, 0, actor, action, subject, details, record, hash, previous FROM audit_log",
    "DELETE FROM evidence",
    "UPDATE evidence SET sha256 = 'short'",
  };

  add_exhibit (fixture->store, "a.png");
  for (gsize i = 0; i < G_N_ELEMENTS (tries); i++) {
    sqlite3 *db = NULL;

    g_assert_cmpint (sqlite3_open (fixture->path, &db), ==, SQLITE_OK);
    g_assert_cmpint (sqlite3_exec (db, tries[i], NULL, NULL, NULL), !=, SQLITE_OK);
    g_test_message ("%s", sqlite3_errmsg (db));
    sqlite3_close (db);
  }
  g_assert_true (smb_case_check (fixture->store, NULL));
}

/* Someone changes the log on an open case (a case with its triggers dropped is not even opened again). */
static void
test_tampered_log (Fixture *fixture, gconstpointer data)
{
  static const struct {
    const char *sql, *part;
  } rows[] = {
    { "UPDATE audit_log SET actor = 'someone else' WHERE seq = 3", "entry 3" },
    { "UPDATE audit_log SET at_us = at_us + 1 WHERE seq = 1", "entry 1" },
    { "UPDATE audit_log SET details = details || ' ' WHERE seq = 4", "entry 4" },
    { "UPDATE audit_log SET record = 'evidence:1:0' WHERE seq = 2", "entry 2" },
    { "DELETE FROM audit_log WHERE seq = 3", "entry 3 is missing" },
    { "DELETE FROM audit_log WHERE seq = 3; UPDATE audit_log SET seq = seq - 1 WHERE seq > 3", "entry 3" },
    { "UPDATE audit_log SET seq = 100 WHERE seq = 2; UPDATE audit_log SET seq = 2 WHERE seq = 3;"
      "UPDATE audit_log SET seq = 3 WHERE seq = 100",
      "entry 2" },
    { "DELETE FROM audit_log", "empty" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
    Fixture one;
    g_autoptr (GError) error = NULL;
    g_autofree char *sql = g_strconcat (DROP_TRIGGERS, rows[i].sql, NULL);

    fixture_set_up (&one, NULL);
    for (int k = 0; k < 4; k++) {
      g_autofree char *name = g_strdup_printf ("%d.png", k);
      add_exhibit (one.store, name);
    }
    tamper (one.path, sql);
    g_assert_false (smb_case_verify_log (one.store, NULL, NULL, &error));
    assert_refused (error, SMB_ERROR_INTEGRITY, rows[i].part);
    g_clear_error (&error);
    g_assert_false (smb_case_check (one.store, &error));
    fixture_tear_down (&one, NULL);
  }
}

/* What was cut off the end of the log is missed by the file itself; if that was forged as well, by the hash printed in
 * a report, and by the records. */
static void
test_truncated_log (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *head = NULL;
  gint64 n = 0;

  add_exhibit (fixture->store, "a.png");
  add_exhibit (fixture->store, "b.png");
  g_assert_true (smb_case_verify_log (fixture->store, &head, &n, &error));
  tamper (fixture->path, DROP_TRIGGERS "DELETE FROM audit_log WHERE seq = 3");
  g_assert_false (smb_case_verify_log (fixture->store, NULL, &n, &error));
  assert_refused (error, SMB_ERROR_INTEGRITY, "entry 3 is missing");
  g_clear_error (&error);
  tamper (fixture->path, "DROP TRIGGER audit_head_update;"
                         "UPDATE audit_head SET seq = 2, hash = (SELECT hash FROM audit_log WHERE seq = 2)");
  g_assert_true (smb_case_verify_log (fixture->store, NULL, &n, &error));
  g_assert_cmpint (n, ==, 2);
  g_assert_false (smb_case_find_log_hash (fixture->store, head, NULL, &error));
  assert_refused (error, SMB_ERROR_NOT_FOUND, head);
  g_clear_error (&error);
  g_assert_false (smb_case_check (fixture->store, &error));
  assert_refused (error, SMB_ERROR_INTEGRITY, "evidence:2");
}

static void
test_tampered_records (Fixture *fixture, gconstpointer data)
{
  static const struct {
    const char *sql, *part;
  } rows[] = {
    { "UPDATE evidence SET sha256 = replace (sha256, substr (sha256, 1, 1), 'f') WHERE id = 2", "evidence:2" },
    { "UPDATE evidence SET hash_state = 1 WHERE id = 1", "evidence:1" },
    { "UPDATE note SET text = 'other'", "note:1" },
    { "UPDATE case_info SET examiner = 'other'", "case_info:1" },
    { "INSERT INTO note (made_us, author, text) VALUES (1, 'x', 'y')", "note:2" },
    { "DROP TRIGGER note_delete; DELETE FROM note", "note:1" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
    Fixture one;
    g_autoptr (GError) error = NULL;
    SmbNote note = { .author = (char *) "x", .text = (char *) "a note" };

    fixture_set_up (&one, NULL);
    add_exhibit (one.store, "a.png");
    add_exhibit (one.store, "b.png");
    g_assert_true (smb_case_add_note (one.store, &note, &error));
    g_assert_true (smb_case_check (one.store, &error));
    tamper (one.path, rows[i].sql);
    g_assert_true (smb_case_verify_log (one.store, NULL, NULL, &error));
    g_assert_false (smb_case_check (one.store, &error));
    assert_refused (error, SMB_ERROR_INTEGRITY, rows[i].part);
    fixture_tear_down (&one, NULL);
  }
}

static void G_GNUC_NORETURN
write_until_killed (const char *path)
{
  SmbCase *store = smb_case_open (path, NULL);
  gint64 id;

  if (store == NULL)
    _exit (1);
  for (int i = 0;; i++) {
    g_autofree char *name = g_strdup_printf ("%d-%d.png", (int) getpid (), i);
    SmbNote note = { .author = (char *) "child", .text = name };

    id = add_exhibit (store, name);
    note.evidence_id = id;
    if (!smb_case_add_note (store, &note, NULL) || !smb_case_edit_note (store, note.id, "edited", NULL)
        || !smb_case_set_hash_state (store, id, SMB_HASH_MISSING, NULL, NULL))
      _exit (2);
  }
}

static void
test_killed (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  gint64 n_before = 1, n = 0;
  guint grown = 0;
  SmbRng rng;

  g_test_message ("seed %d", SEED);
  smb_rng_init (&rng, SEED, 0);
  g_clear_pointer (&fixture->store, smb_case_close);
  for (int round = 0; round < 20; round++) {
    pid_t child = fork ();
    int status = 0;

    g_assert_cmpint (child, >=, 0);
    if (child == 0)
      write_until_killed (fixture->path);
    /* Longer and longer until something was written: a busy machine or an observed build takes its time to begin. */
    g_usleep ((5000 + smb_rng_below (&rng, 40000)) << (grown == 0 ? MIN (round, 7) : 0));
    g_assert_cmpint (kill (child, SIGKILL), ==, 0);
    g_assert_cmpint (waitpid (child, &status, 0), ==, child);
    g_assert_true (WIFSIGNALED (status));
    fixture->store = smb_case_open (fixture->path, &error);
    g_assert_no_error (error);
    smb_case_check (fixture->store, &error);
    g_assert_no_error (error);
    g_assert_true (smb_case_verify_log (fixture->store, NULL, &n, &error));
    g_assert_cmpint (n, >=, n_before);
    grown += n > n_before;
    n_before = n;
    g_clear_pointer (&fixture->store, smb_case_close);
  }
  g_test_message ("%" G_GINT64_FORMAT " entries survived", n);
  g_assert_cmpuint (grown, >, 0);
}

/* How often the log says `action`; *last (borrowed from the list): the last entry that does. */
static guint
count_action (GPtrArray *log, const char *action, const SmbAuditEntry **last)
{
  guint n = 0;

  for (guint i = 0; i < log->len; i++) {
    const SmbAuditEntry *entry = log->pdata[i];

    if (g_str_equal (entry->action, action)) {
      n++;
      *last = entry;
    }
  }
  return n;
}

/* A case says where its times come from; a later program whose clock is another one says so once, and what is undone
 * has not said it. */
static void
test_clock (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) before = NULL, after = NULL;
  const SmbAuditEntry *entry = NULL;

  g_assert_true (smb_case_log (fixture->store, "clock.source", NULL, "{\"clock\": \"a sundial\"}", &error));
  before = smb_case_list_log (fixture->store, &error);
  g_assert_cmpuint (count_action (before, "case.create", &entry), ==, 1);
  g_assert_nonnull (strstr (entry->details, smb_case_clock_source ()));
  g_clear_pointer (&fixture->store, smb_case_close);

  fixture->store = smb_case_open (fixture->path, &error);
  g_assert_no_error (error);
  g_assert_true (smb_case_begin (fixture->store, &error));
  g_assert_true (smb_case_log (fixture->store, "map.view", NULL, NULL, &error));
  g_assert_false (smb_case_end (fixture->store, FALSE, NULL));
  for (int i = 0; i < 3; i++)
    g_assert_true (smb_case_log (fixture->store, "map.view", NULL, NULL, &error));
  after = smb_case_list_log (fixture->store, &error);
  g_assert_cmpuint (after->len, ==, before->len + 4);
  g_assert_cmpuint (count_action (after, "clock.source", &entry), ==, 2);
  g_assert_cmpint (entry->seq, ==, (gint64) before->len + 2);
  g_assert_nonnull (strstr (entry->details, smb_case_clock_source ()));
}

#define ADD(path, function) g_test_add (path, Fixture, NULL, fixture_set_up, function, fixture_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/case/audit/chain", test_chain);
  ADD ("/case/audit/clock", test_clock);
  ADD ("/case/audit/append-only", test_append_only);
  ADD ("/case/audit/tampered-log", test_tampered_log);
  ADD ("/case/audit/truncated-log", test_truncated_log);
  ADD ("/case/audit/tampered-records", test_tampered_records);
  ADD ("/case/audit/killed", test_killed);
  return g_test_run ();
}
