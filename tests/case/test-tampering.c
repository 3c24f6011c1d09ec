/* SPDX-License-Identifier: Apache-2.0 */
/* A thousand random alterations of the log, each found, each with the first bad entry named. */
#include "case-test.h"

#include "base/smb-rng.h"

#define SEED 20261128
#define ENTRIES 24
#define ALTERATIONS 1000

/* Triggers stand in the way of no one who has the file. */
static const char without_triggers[]
    = "DROP TRIGGER audit_log_update; DROP TRIGGER audit_log_delete; DROP TRIGGER audit_log_insert;";

static const char *const columns[] = { "at_us", "actor", "action", "subject", "details", "record", "previous", "hash" };

/* One value changed in one place, to something the column takes. */
static char *
edit (SmbRng *rng, int seq)
{
  guint column = smb_rng_below (rng, G_N_ELEMENTS (columns));
  const char *name = columns[column];

  if (column == 0)
    return g_strdup_printf ("UPDATE audit_log SET at_us = at_us + %u WHERE seq = %d", 1 + smb_rng_below (rng, 1000),
                            seq);
  if (column >= 6)
    return g_strdup_printf (
        "UPDATE audit_log SET %s = substr (%s, 2) || CASE substr (%s, 1, 1) WHEN 'a' THEN 'b' ELSE 'a'"
        " END WHERE seq = %d",
        name, name, name, seq);
  return g_strdup_printf ("UPDATE audit_log SET %s = %s || 'x' WHERE seq = %d", name, name, seq);
}

/* Returns the SQL; *first_bad is the entry that must be named. */
static char *
alter (SmbRng *rng, int *first_bad)
{
  int seq = 1 + (int) smb_rng_below (rng, ENTRIES), other = 1 + (int) smb_rng_below (rng, ENTRIES - 1);

  if (other >= seq)
    other++;
  *first_bad = seq;
  switch (smb_rng_below (rng, 5)) {
  case 0: /* a gap */
    return g_strdup_printf ("DELETE FROM audit_log WHERE seq = %d", seq);
  case 1: /* a gap, closed */
    return g_strdup_printf ("DELETE FROM audit_log WHERE seq = %d; UPDATE audit_log SET seq = seq - 1 WHERE seq > %d",
                            seq, seq);
  case 2: /* two change places */
    *first_bad = MIN (seq, other);
    return g_strdup_printf (
        "UPDATE audit_log SET seq = 1000 WHERE seq = %d; UPDATE audit_log SET seq = %d WHERE seq = %d;"
        "UPDATE audit_log SET seq = %d WHERE seq = 1000",
        seq, seq, other, other);
  case 3: /* the end is cut off */
    return g_strdup_printf ("DELETE FROM audit_log WHERE seq >= %d", seq);
  default:
    return edit (rng, seq);
  }
}

/* A thousand files would wait for the disk. */
static sqlite3 *
copy_in_memory (const char *file, gsize n_bytes)
{
  guchar *copy = sqlite3_malloc64 (n_bytes);
  sqlite3 *db = NULL;

  memcpy (copy, file, n_bytes);
  copy[18] = copy[19] = 1; /* there is no WAL in memory */
  g_assert_cmpint (sqlite3_open (":memory:", &db), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_deserialize (db, "main", copy, (sqlite3_int64) n_bytes, (sqlite3_int64) n_bytes,
                                        SQLITE_DESERIALIZE_FREEONCLOSE | SQLITE_DESERIALIZE_RESIZEABLE), ==, SQLITE_OK);
  return db;
}

static void
test_random (Fixture *fixture, gconstpointer data)
{
  g_autofree char *good = NULL;
  gsize n_bytes;
  SmbRng rng;

  /* Entries that speak for no record, so that the chain alone must do. */
  for (int i = 2; i <= ENTRIES; i++) {
    g_autofree char *details = g_strdup_printf ("{\"n\":%d}", i);

    g_assert_true (smb_case_log (fixture->store, "map.view", "S-01", details, NULL));
  }
  g_assert_true (smb_case_check (fixture->store, NULL));
  g_clear_pointer (&fixture->store, smb_case_close);
  g_assert_true (g_file_get_contents (fixture->path, &good, &n_bytes, NULL));
  g_test_message ("seed %d", SEED);
  smb_rng_init (&rng, SEED, 0);
  for (int i = 0; i < ALTERATIONS; i++) {
    int first_bad;
    g_autofree char *change = alter (&rng, &first_bad);
    g_autofree char *sql = g_strconcat (without_triggers, change, NULL);
    g_autofree char *named = g_strdup_printf ("entry %d", first_bad);
    g_autofree char *missing = g_strdup_printf ("entry %d is missing", first_bad);
    g_autoptr (GError) error = NULL;
    SmbCase store = { .name = (char *) "a.smbcase", .db = copy_in_memory (good, n_bytes) };

    g_assert_true (smb_case_verify_log (&store, NULL, NULL, &error));
    if (sqlite3_exec (store.db, sql, NULL, NULL, NULL) != SQLITE_OK)
      g_error ("%s: %s", sql, sqlite3_errmsg (store.db));
    if (smb_case_verify_log (&store, NULL, NULL, &error))
      g_error ("not found: %s", change);
    g_assert_error (error, SMB_ERROR, SMB_ERROR_INTEGRITY);
    if (strstr (error->message, named) == NULL && strstr (error->message, missing) == NULL
        && !(first_bad == 1 && strstr (error->message, "empty") != NULL))
      g_error ("%s: %s", change, error->message);
    sqlite3_close (store.db);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/case/tampering/random", Fixture, NULL, fixture_set_up, test_random, fixture_tear_down);
  return g_test_run ();
}
