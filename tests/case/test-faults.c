/* SPDX-License-Identifier: Apache-2.0 */
/* Every write, sync and allocation fails once; the disk fills up; the power fails with writes under way. Whatever
 * happens: a sentence, and a case that is whole and holds all that was acknowledged. */
#include "case-test.h"
#include "fault-vfs.h"

#include <glib/gstdio.h>

#define SEED 20261130
#define ACTS 4

/* The acts whose outcome counts; `done` says how many were acknowledged. */
static gboolean
act (SmbCase *store, int which, GError **error)
{
  SmbNote note = { .author = (char *) "x", .text = (char *) "a note" };
  SmbEvidence evidence = { .path = (char *) "/evidence/fault.png", .format = (char *) "PNG" };
  gboolean ok;

  switch (which) {
  case 0:
    evidence.sha256 = g_strnfill (64, 'a');
    ok = smb_case_add_evidence (store, &evidence, error);
    g_free (evidence.sha256);
    g_free (evidence.exhibit);
    return ok;
  case 1:
    return smb_case_add_note (store, &note, error);
  case 2:
    return smb_case_edit_note (store, 1, "edited", error);
  default:
    return smb_case_set_hash_state (store, 1, SMB_HASH_MISSING, NULL, error);
  }
}

/* What act 0 … n - 1 leave behind. */
static void
assert_done (SmbCase *store, int n)
{
  static const char *const left[ACTS] = {
    "SELECT count (*) FROM evidence WHERE path = '/evidence/fault.png'",
    "SELECT count (*) FROM note WHERE id = 1",
    "SELECT count (*) FROM note WHERE text = 'edited'",
    "SELECT count (*) FROM evidence WHERE id = 1 AND hash_state = 3",
  };

  for (int i = 0; i < n; i++) {
    gint64 found = 0;

    g_assert_true (smb_case_query_int (store, &found, 0, NULL, left[i], ""));
    if (found != 1)
      g_error ("act %d was acknowledged and is lost", i);
  }
}

static SmbCase *
open_sound (const char *path)
{
  g_autoptr (GError) error = NULL;
  SmbCase *store = smb_case_open (path, &error);

  g_assert_no_error (error);
  smb_case_check (store, &error);
  g_assert_no_error (error);
  return store;
}

static void
assert_words (const GError *error)
{
  g_assert_nonnull (error);
  g_assert_true (error->domain == SMB_ERROR);
  g_assert_nonnull (strstr (error->message, ".smbcase"));
  if (strchr (error->message, '\n') != NULL)
    g_error ("more than a line: %s", error->message);
}

/* Opens the case (or makes it) and works, with one fault on the way. Returns how many acts were acknowledged. */
static int
live_through (const char *path, gboolean create, Fault fault, guint64 at)
{
  SmbCaseInfo info = { .title = (char *) "t" };
  g_autoptr (GError) error = NULL;
  SmbCase *store;
  int done = 0;

  fault_vfs_arm (fault, at);
  store = create ? smb_case_create (path, &info, &error) : smb_case_open (path, &error);
  if (store == NULL)
    assert_words (error);
  while (store != NULL && done < ACTS && act (store, done, &error))
    done++;
  if (store != NULL && done < ACTS)
    assert_words (error);
  smb_case_close (store);
  return done;
}

static void
remove_case (const char *path)
{
  static const char *const endings[] = { "", "-wal", "-shm", "-journal", ".v1.bak", ".v1.bak-journal" };

  for (gsize i = 0; i < G_N_ELEMENTS (endings); i++) {
    g_autofree char *name = g_strconcat (path, endings[i], NULL);
    g_unlink (name);
  }
}

/* Each fault in turn, until one comes too late to strike. `kept`: the case begins as a copy of this; NULL: it is made.
 */
static guint
every_fault (const char *path, const char *kept, gsize n_bytes, Fault fault)
{
  /* There are thousands of allocations; the long run has each of them fail. */
  guint64 step = fault == FAULT_MEMORY && g_getenv ("SMB_EVERY_FAULT") == NULL ? 37 : 1;
  guint n = 0;

  for (guint64 at = 1;; at += step) {
    SmbCase *store;
    int done;
    gboolean struck;

    remove_case (path);
    fault_vfs_forget ();
    if (kept != NULL)
      g_assert_true (g_file_set_contents (path, kept, (gssize) n_bytes, NULL));
    done = live_through (path, kept == NULL, fault, at);
    struck = fault_vfs_struck ();
    fault_vfs_arm (FAULT_NONE, 0);
    /* A case that could not be made is not there; any other is whole, and takes what failed before. */
    if (kept != NULL || g_file_test (path, G_FILE_TEST_EXISTS)) {
      store = open_sound (path);
      assert_done (store, done);
      for (int i = done; i < ACTS; i++) {
        g_autoptr (GError) error = NULL;

        /* It may be there although it was not acknowledged: then only saying so failed. */
        if (!act (store, i, &error))
          g_assert_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT);
      }
      g_assert_true (smb_case_check (store, NULL));
      smb_case_close (store);
    }
    if (!struck)
      return n;
    n++;
  }
}

static void
test_every_fault (Fixture *fixture, gconstpointer data)
{
  static const struct {
    Fault fault;
    const char *name;
    guint least;
  } faults[] = { { FAULT_WRITE, "writes", 20 }, { FAULT_TORN_WRITE, "torn writes", 20 }, { FAULT_SYNC, "syncs", 5 },
                 { FAULT_MEMORY, "allocations", 10 } };
  g_autofree char *kept = NULL, *path = g_strconcat (fixture->path, ".fault.smbcase", NULL), *old = NULL;
  g_autofree char *old_path = g_build_filename (SMB_FIXTURES, "case", "v1.smbcase", NULL);
  gsize n_bytes, old_bytes;

  add_exhibit (fixture->store, "a.png");
  g_clear_pointer (&fixture->store, smb_case_close);
  g_assert_true (g_file_get_contents (fixture->path, &kept, &n_bytes, NULL));
  g_assert_true (g_file_get_contents (old_path, &old, &old_bytes, NULL));
  for (gsize i = 0; i < G_N_ELEMENTS (faults); i++) {
    guint opened = every_fault (path, kept, n_bytes, faults[i].fault),
          made = every_fault (path, NULL, 0, faults[i].fault);

    g_test_message ("%s that failed: %u working on a case, %u making one", faults[i].name, opened, made);
    g_assert_cmpuint (opened, >, faults[i].least);
    g_assert_cmpuint (made, >, faults[i].least);
    /* Bringing an old case up to date, with its backup; of allocations there are too many. */
    if (faults[i].fault != FAULT_MEMORY)
      g_test_message ("%s that failed: %u updating an old case", faults[i].name,
                      every_fault (path, old, old_bytes, faults[i].fault));
  }
  remove_case (path);
}

static void
test_full (Fixture *fixture, gconstpointer data)
{
  g_autofree char *kept = NULL, *path = g_strconcat (fixture->path, ".full.smbcase", NULL);
  guint refused = 0;
  gsize n_bytes;

  add_exhibit (fixture->store, "a.png");
  g_clear_pointer (&fixture->store, smb_case_close);
  g_assert_true (g_file_get_contents (fixture->path, &kept, &n_bytes, NULL));
  for (guint64 i = 0; i < 200; i++) {
    g_autoptr (GError) error = NULL;
    SmbCase *store;
    int done = 0;

    remove_case (path);
    fault_vfs_forget ();
    g_assert_true (g_file_set_contents (path, kept, (gssize) n_bytes, NULL));
    fault_vfs_arm (FAULT_FULL, n_bytes + i * 2003);
    store = smb_case_open (path, &error);
    g_assert_no_error (error);
    while (done < ACTS && act (store, done, &error))
      done++;
    if (done < ACTS) {
      refused++;
      assert_words (error);
      g_assert_nonnull (strstr (error->message, "full"));
      g_assert_true (fault_vfs_struck ());
      /* What was stored can still be read, and the case goes on once there is room. */
      assert_done (store, done);
      g_assert_true (smb_case_check (store, NULL));
      fault_vfs_arm (FAULT_NONE, 0);
      for (int k = done; k < ACTS; k++)
        g_assert_true (act (store, k, NULL));
    }
    smb_case_close (store);
    fault_vfs_arm (FAULT_NONE, 0);
    store = open_sound (path);
    assert_done (store, ACTS);
    smb_case_close (store);
  }
  g_test_message ("%u of 200 sizes were too small", refused);
  g_assert_cmpuint (refused, >, 50);
  g_assert_cmpuint (refused, <, 200);
  remove_case (path);
}

/* --- power --- */

typedef struct {
  char *folder;
  int done; /* acts acknowledged so far; -1: the case is being made */
  guint steps, moments, lost;
  gboolean may_lose; /* the control: told not to wait for the disk */
} Power;

/* The power fails here, twice with different luck. */
static void
fail_here (gpointer user_data)
{
  Power *power = user_data;
  g_autofree char *path = g_build_filename (power->folder, "a.smbcase", NULL);
  FaultMoment none = NULL;

  /* Looking at what is left takes long: the long run fails at every step, this at some. */
  power->steps++;
  if (power->steps % 5 != 0 && g_getenv ("SMB_EVERY_FAULT") == NULL)
    return;
  power->moments++;
  fault_vfs_watch (none, NULL);
  for (guint64 luck = 0; luck < 2; luck++) {
    g_autoptr (GError) error = NULL;
    SmbCase *store;
    gint64 n = 0;

    remove_case (path);
    fault_vfs_leave_disk (power->folder, SEED + power->moments * 10 + luck);
    store = smb_case_open (path, &error);
    if (power->may_lose) {
      power->lost
          += store == NULL || !smb_case_check (store, NULL)
             || (smb_case_query_int (store, &n, 0, NULL, "SELECT count (*) FROM audit_log", "") && n < power->done + 1);
    } else if (store != NULL || power->done >= 0) {
      g_assert_no_error (error);
      smb_case_check (store, &error);
      g_assert_no_error (error);
      assert_done (store, MAX (power->done, 0));
    }
    smb_case_close (store);
  }
  fault_vfs_watch (fail_here, power);
}

/* A case is made and worked on; the power fails after steps that the disk is asked to take. */
static void
live_without_power (Power *power)
{
  SmbCaseInfo info = { .title = (char *) "t" };
  g_autofree char *world = g_dir_make_tmp ("smb-power-XXXXXX", NULL),
                  *path = g_build_filename (world, "a.smbcase", NULL);
  SmbCase *store;

  power->folder = g_dir_make_tmp ("smb-power-XXXXXX", NULL);
  power->done = -1;
  fault_vfs_forget ();
  if (!power->may_lose)
    fault_vfs_watch (fail_here, power);
  store = smb_case_create (path, &info, NULL);
  g_assert_nonnull (store);
  power->done = 0;
  if (power->may_lose)
    g_assert_true (smb_case_exec (store, "PRAGMA synchronous = OFF", NULL));
  fault_vfs_watch (fail_here, power);
  for (int i = 0; i < ACTS; i++) {
    g_assert_true (act (store, i, NULL));
    power->done = i + 1;
  }
  /* So much that the -wal file is worked into the case, in the middle of which it fails as well. */
  for (int i = 0; i < 6; i++) {
    g_autofree char *text = g_strnfill (9000, 'x');
    SmbNote note = { .author = (char *) "x", .text = text };

    g_assert_true (smb_case_add_note (store, &note, NULL));
  }
  g_assert_true (smb_case_exec (store, "PRAGMA wal_checkpoint (TRUNCATE)", NULL));
  smb_case_close (store);
  fault_vfs_forget ();
  remove_case (path);
  g_rmdir (world);
  {
    g_autofree char *left = g_build_filename (power->folder, "a.smbcase", NULL);
    remove_case (left);
  }
  g_rmdir (power->folder);
  g_free (power->folder);
}

static void
test_power (void)
{
  Power power = { 0 };

  live_without_power (&power);
  g_test_message ("seed %d: the power failed at %u moments, twice each; nothing acknowledged was lost", SEED,
                  power.moments);
  g_assert_cmpuint (power.moments, >, 30);
}

/* The test can fail: a case that does not wait for the disk does lose what it acknowledged. */
static void
test_power_control (void)
{
  Power power = { .may_lose = TRUE };

  live_without_power (&power);
  g_test_message ("not waiting for the disk, %u of %u cases had lost something", power.lost, power.moments * 2);
  g_assert_cmpuint (power.lost, >, 10);
}

#define ADD(path, function) g_test_add (path, Fixture, NULL, fixture_set_up, function, fixture_tear_down)

int
main (int argc, char **argv)
{
  fault_vfs_install ();
  g_test_init (&argc, &argv, NULL);
  ADD ("/case/faults/every", test_every_fault);
  ADD ("/case/faults/full", test_full);
  g_test_add_func ("/case/faults/power", test_power);
  g_test_add_func ("/case/faults/power-control", test_power_control);
  return g_test_run ();
}
