/* SPDX-License-Identifier: Apache-2.0 */
/* kill -9 at random moments while evidence, analyses and notes are stored, while notes are edited and while an old case
 * is brought up to date. What had been acknowledged is there afterwards; what had not is there whole or not at all. */
#include "case-test.h"

#include "base/smb-hash.h"
#include "base/smb-rng.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#define SEED 20261129
#define ROUNDS_A_CASE 20 /* then a new one, for checking takes time with the size */

typedef enum { EVIDENCE = 'e', ANALYSIS = 'a', NOTE = 'n', EDIT = 'd' } Act;

/* What a child says, once an act is stored. */
typedef struct {
  gint32 act;
  gint64 id;
} Said;

static void
say (int to, Act act, gint64 id)
{
  Said said = { .act = act, .id = id };

  if (write (to, &said, sizeof said) != sizeof said)
    _exit (3);
}

static gboolean
store_analysis (SmbCase *store, gint64 evidence_id, gint64 *id)
{
  SmbCaseAnalysis analysis = { .evidence_id = evidence_id, .made_us = 1, .model_name = (char *) "untrained",
                               .settings = (char *) "{}", .program_version = (char *) "0", .device = (char *) "cpu",
                               .result = (char *) "{}", .highest_score = 0.5, .n_faces = 3 };
  g_autoptr (GPtrArray) faces = g_ptr_array_new ();
  SmbCaseFace rows[3];
  char labels[3][4];

  for (int i = 0; i < 3; i++) {
    g_snprintf (labels[i], sizeof labels[i], "F%d", i + 1);
    rows[i] = (SmbCaseFace){ .x = 1, .y = 2, .width = 30, .height = 30, .dwidth = 20, .dheight = 20, .confidence = 1,
                             .origin = (char *) "detected", .label = labels[i] };
    g_ptr_array_add (faces, &rows[i]);
  }
  if (!smb_case_add_analysis (store, &analysis, faces, NULL))
    return FALSE;
  *id = analysis.id;
  return TRUE;
}

/* Works on the case until it is killed. */
static void G_GNUC_NORETURN
work (const char *path, int to)
{
  SmbCase *store = smb_case_open (path, NULL);

  if (store == NULL)
    _exit (1);
  for (int i = 0;; i++) {
    g_autofree char *name = g_strdup_printf ("%d-%d.png", (int) getpid (), i);
    SmbNote note = { .author = (char *) "child", .text = name };
    gint64 id = add_exhibit (store, name), analysis_id;

    say (to, EVIDENCE, id);
    if (!store_analysis (store, id, &analysis_id))
      _exit (2);
    say (to, ANALYSIS, analysis_id);
    note.evidence_id = id;
    if (!smb_case_add_note (store, &note, NULL))
      _exit (2);
    say (to, NOTE, note.id);
    if (!smb_case_edit_note (store, note.id, "edited", NULL))
      _exit (2);
    say (to, EDIT, note.id);
  }
}

/* How often the program killed the child; the long run is for a night. */
static guint
rounds (guint quick)
{
  const char *text = g_getenv ("SMB_KILLS");
  guint64 n = quick;

  if (text != NULL)
    g_assert_true (g_ascii_string_to_unsigned (text, 10, 1, 1000000, &n, NULL));
  return (guint) n;
}

static gboolean
is_there (SmbCase *store, const Said *said)
{
  static const struct {
    Act act;
    const char *sql;
  } rows[] = {
    { EVIDENCE, "SELECT count (*) FROM evidence WHERE id = ?1" },
    { ANALYSIS,
      "SELECT count (*) FROM analysis WHERE id = ?1 AND (SELECT count (*) FROM face WHERE analysis_id = ?1) = 3" },
    { NOTE, "SELECT count (*) FROM note WHERE id = ?1" },
    { EDIT, "SELECT count (*) FROM note WHERE id = ?1 AND text = 'edited'" },
  };
  gint64 n = 0;

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
    if ((gint32) rows[i].act == said->act)
      g_assert_true (smb_case_query_int (store, &n, 0, NULL, rows[i].sql, "i", said->id));
  }
  return n == 1;
}

/* Listens to so many words, or until nobody is left to speak. */
static void
listen_to (int from, guint n, GArray *heard)
{
  Said said;

  for (guint i = 0; i < n && read (from, &said, sizeof said) == sizeof said; i++)
    g_array_append_val (heard, said);
}

static void
kill_in_time (pid_t child, gulong wait_us)
{
  int status = 0;

  g_assert_cmpint (child, >, 0);
  g_usleep (wait_us);
  g_assert_cmpint (kill (child, SIGKILL), ==, 0);
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  if (!WIFSIGNALED (status) || WTERMSIG (status) != SIGKILL)
    g_error ("the child ended by itself, with status %d", WEXITSTATUS (status));
}

static SmbCase *
open_sound (const char *path)
{
  g_autoptr (GError) error = NULL;
  SmbCase *store = smb_case_open (path, &error);

  g_assert_no_error (error);
  smb_case_check (store, &error); /* integrity_check, foreign keys, the chain, every record */
  g_assert_no_error (error);
  return store;
}

/* `n_writers` programs on one case; all of them are killed. */
static void
kill_writers (guint n_rounds, int n_writers)
{
  Fixture fixture = { 0 };
  guint acknowledged = 0;
  SmbRng rng;

  g_test_message ("seed %d, %u kills", SEED, n_rounds);
  smb_rng_init (&rng, SEED, (guint64) n_writers);
  for (guint round = 0; round < n_rounds; round++) {
    pid_t children[2];
    g_autoptr (GArray) heard = g_array_new (FALSE, FALSE, sizeof (Said));
    int ends[2];

    if (round % ROUNDS_A_CASE == 0) {
      if (round > 0)
        fixture_tear_down (&fixture, NULL);
      fixture_set_up (&fixture, NULL);
    }
    g_clear_pointer (&fixture.store, smb_case_close);
    g_assert_cmpint (pipe (ends), ==, 0);
    for (int i = 0; i < n_writers; i++) {
      children[i] = fork ();
      if (children[i] == 0)
        work (fixture.path, ends[1]);
    }
    close (ends[1]);
    /* Somewhere in the work, not only in its beginning: so many acts, and a little of the next. */
    for (int i = 0; i < n_writers; i++) {
      listen_to (ends[0], smb_rng_below (&rng, 6), heard);
      kill_in_time (children[i], smb_rng_below (&rng, 8000));
    }
    listen_to (ends[0], G_MAXUINT, heard);
    close (ends[0]);
    fixture.store = open_sound (fixture.path);
    for (guint i = 0; i < heard->len; i++) {
      const Said *said = &g_array_index (heard, Said, i);

      if (!is_there (fixture.store, said))
        g_error ("an acknowledged “%c” of the record %" G_GINT64_FORMAT " is lost", (char) said->act, said->id);
    }
    acknowledged += heard->len;
  }
  g_test_message ("%u acknowledged writes, none lost", acknowledged);
  g_assert_cmpuint (acknowledged, >, n_rounds);
  fixture_tear_down (&fixture, NULL);
}

static void
test_writing (void)
{
  kill_writers (rounds (120), 1);
}

static void
test_two_programs (void)
{
  kill_writers (rounds (120) / 4, 2);
}

/* The old case is the old one, or the new one; never something between. */
static void
test_migration (void)
{
  g_autofree char *kept = g_build_filename (SMB_FIXTURES, "case", "v1.smbcase", NULL), *bytes = NULL;
  Fixture fixture = { 0 };
  guint old = 0, n_rounds = rounds (50);
  gsize n_bytes;
  SmbRng rng;

  g_assert_true (g_file_get_contents (kept, &bytes, &n_bytes, NULL));
  smb_rng_init (&rng, SEED, 9);
  for (guint round = 0; round < n_rounds; round++) {
    pid_t child;
    gint64 version = 0;
    sqlite3 *db = NULL;
    SmbCase raw = { .name = (char *) "v1" };

    fixture_set_up (&fixture, NULL);
    g_clear_pointer (&fixture.store, smb_case_close);
    g_assert_true (g_file_set_contents (fixture.path, bytes, (gssize) n_bytes, NULL));
    child = fork ();
    if (child == 0) {
      smb_case_open (fixture.path, NULL);
      for (;;)
        pause ();
    }
    kill_in_time (child, 200 + smb_rng_below (&rng, round % 2 == 0 ? 15000 : 90000));
    g_assert_cmpint (sqlite3_open (fixture.path, &db), ==, SQLITE_OK);
    raw.db = db;
    g_assert_true (smb_case_query_int (&raw, &version, 0, NULL, "PRAGMA user_version", ""));
    g_assert_true (smb_case_check_schema (&raw, smb_case_migrations, (int) version, NULL));
    sqlite3_close (db);
    g_assert_true (version == 1 || version == SMB_CASE_SCHEMA_VERSION);
    old += version == 1;
    fixture.store = open_sound (fixture.path);
    fixture_tear_down (&fixture, NULL);
  }
  g_test_message ("%u kills, %u of them before the case was brought up to date", n_rounds, old);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/case/crash/writing", test_writing);
  g_test_add_func ("/case/crash/two-programs", test_two_programs);
  g_test_add_func ("/case/crash/migration", test_migration);
  return g_test_run ();
}
