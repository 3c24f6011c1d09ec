/* SPDX-License-Identifier: Apache-2.0 */
/* The client against the real worker and against one that has been taken over. */
#include "base/smb-error.h"
#include "open-files.h"
#include "worker/smb-engine.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static char *real_worker;

static int
open_fixture (const char *name)
{
  g_autofree char *path = g_build_filename (SMB_FIXTURES, "media", name, NULL);
  int fd = open (path, O_RDONLY | O_CLOEXEC);

  g_assert_cmpint (fd, >=, 0);
  return fd;
}

static SmbImage *
decode (SmbEngine *engine, const char *name, int max_side_px, SmbPictureInfo **info, GCancellable *cancellable,
        GError **error)
{
  int fd = open_fixture (name);
  SmbImage *image = smb_engine_decode (engine, fd, name, max_side_px, info, cancellable, error);

  close (fd);
  return image;
}

static void
assert_decodes (SmbEngine *engine)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SmbImage) image = decode (engine, "baseline.jpg", 0, NULL, NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpint (image->width, ==, 96);
}

/* Resident pages of a process. */
static long
resident (const char *of)
{
  g_autofree char *path = g_strdup_printf ("/proc/%s/statm", of);
  g_autofree char *text = NULL;
  long size = 0, pages = 0;

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_assert_cmpint (sscanf (text, "%ld %ld", &size, &pages), ==, 2);
  return pages;
}

static void
test_decode (void)
{
  g_autoptr (SmbEngine) engine = smb_engine_new (NULL, 1);
  g_autoptr (SmbPictureInfo) info = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (SmbImage) image = NULL;
  g_autoptr (SmbImage) small = NULL;

  g_assert_cmpint (smb_engine_get_worker_pid (engine, SMB_ENGINE_DECODE), ==, 0);
  image = decode (engine, "basi6a08.png", 0, &info, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (image->width, ==, 32);
  g_assert_cmpstr (info->format, ==, "PNG");
  g_assert_cmpint (info->bits, ==, 8);
  g_assert_cmpint (info->height, ==, 32);
  g_assert_cmpuint (g_strv_length (info->warnings), ==, 2);
  g_assert_cmpint (smb_engine_get_worker_pid (engine, SMB_ENGINE_DECODE), >, 0);
  small = decode (engine, "baseline.jpg", 20, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (small->width, ==, 20);
  g_clear_pointer (&engine, smb_engine_unref);
  g_assert_cmpint (smb_image_get_pixels (image)[0], >=, 0); /* the mapping outlives the engine */
}

/* A batch: what is bad is named, what follows is read. */
static void
test_batch (void)
{
  static const struct {
    const char *name;
    int code; /* -1: good */
  } files[] = {
    { "baseline.jpg", -1 },          { "xcsn0g01.png", SMB_ERROR_FORMAT }, { "progressive.jpg", -1 },
    { "README.md", SMB_ERROR_FORMAT }, { "quadrants.bmp", -1 },              { "", SMB_ERROR_ARGUMENT },
    { "turned.tiff", -1 },
  };
  g_autoptr (SmbEngine) engine = smb_engine_new (NULL, 1);

  for (guint i = 0; i < G_N_ELEMENTS (files); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (SmbImage) image = decode (engine, files[i].name, 0, NULL, NULL, &error);

    if (files[i].code < 0) {
      g_assert_no_error (error);
      g_assert_nonnull (image);
    } else {
      g_assert_error (error, SMB_ERROR, files[i].code);
      g_assert_true (g_str_has_prefix (error->message, files[i].name));
    }
  }
}

typedef struct {
  SmbEngine *engine;
  GCancellable *cancellable;
  GError *error;
} Job;

static gpointer
decode_thread (gpointer data)
{
  Job *job = data;
  SmbImage *image = decode (job->engine, "baseline.jpg", 0, NULL, job->cancellable, &job->error);

  g_clear_pointer (&image, smb_image_unref);
  return NULL;
}

static void
test_killed_while_reading (void)
{
  g_autoptr (SmbEngine) engine = smb_engine_new (NULL, 1);
  Job job = { .engine = engine };
  GThread *thread;
  GPid pid;

  assert_decodes (engine);
  pid = smb_engine_get_worker_pid (engine, SMB_ENGINE_DECODE);
  kill (pid, SIGSTOP); /* so that the request is surely under way */
  thread = g_thread_new ("decode", decode_thread, &job);
  g_usleep (100 * 1000);
  kill (pid, SIGKILL);
  g_thread_join (thread);
  g_assert_error (job.error, SMB_ERROR, SMB_ERROR_WORKER);
  g_assert_nonnull (strstr (job.error->message, "signal 9"));
  g_assert_nonnull (strstr (job.error->message, "baseline.jpg"));
  g_test_message ("%s", job.error->message);
  g_clear_error (&job.error);
  assert_decodes (engine);
  g_assert_cmpint (smb_engine_get_worker_pid (engine, SMB_ENGINE_DECODE), !=, pid);
}

static void
test_killed_while_idle (void)
{
  g_autoptr (SmbEngine) engine = smb_engine_new (NULL, 1);
  GPid pid;

  assert_decodes (engine);
  pid = smb_engine_get_worker_pid (engine, SMB_ENGINE_DECODE);
  kill (pid, SIGKILL);
  for (int i = 0; i < 200 && smb_engine_get_worker_pid (engine, SMB_ENGINE_DECODE) == pid; i++)
    g_usleep (10 * 1000);
  g_assert_cmpint (smb_engine_get_worker_pid (engine, SMB_ENGINE_DECODE), ==, 0);
  assert_decodes (engine);
}

static void
test_cancel_stuck (void)
{
  g_autoptr (SmbEngine) engine = smb_engine_new (NULL, 1);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  Job job = { .engine = engine, .cancellable = cancellable };
  gint64 begun;
  GThread *thread;

  assert_decodes (engine);
  kill (smb_engine_get_worker_pid (engine, SMB_ENGINE_DECODE), SIGSTOP);
  thread = g_thread_new ("decode", decode_thread, &job);
  g_usleep (50 * 1000);
  begun = g_get_monotonic_time ();
  g_cancellable_cancel (cancellable);
  g_thread_join (thread);
  g_assert_error (job.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpint (g_get_monotonic_time () - begun, <, 5 * G_USEC_PER_SEC);
  g_clear_error (&job.error);
  assert_decodes (engine);
}

/* A call that waits for another call's worker can be cancelled too. */
static void
test_cancel_queued (void)
{
  g_autoptr (SmbEngine) engine = smb_engine_new (NULL, 1);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  Job first = { .engine = engine }, second = { .engine = engine, .cancellable = cancellable };
  GThread *first_thread, *second_thread;
  GPid pid;

  assert_decodes (engine);
  pid = smb_engine_get_worker_pid (engine, SMB_ENGINE_DECODE);
  kill (pid, SIGSTOP);
  first_thread = g_thread_new ("first", decode_thread, &first);
  g_usleep (50 * 1000);
  second_thread = g_thread_new ("second", decode_thread, &second);
  g_usleep (50 * 1000);
  g_cancellable_cancel (cancellable);
  g_thread_join (second_thread);
  g_assert_error (second.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  kill (pid, SIGCONT);
  g_thread_join (first_thread);
  g_assert_no_error (first.error);
  g_clear_error (&second.error);
}

/* Under a sanitizer or valgrind, so that its use is seen. */
static gboolean
keeps_what_was_freed (void)
{
#if defined (__SANITIZE_ADDRESS__) || defined (__SANITIZE_THREAD__)
  return TRUE;
#else
  const char *preloaded = g_getenv ("LD_PRELOAD");

  return preloaded != NULL && strstr (preloaded, "valgrind") != NULL;
#endif
}

static void
test_no_leaks (void)
{
  g_autoptr (SmbEngine) engine = smb_engine_new (NULL, 1);
  g_autofree char *pid = NULL;
  guint fds = 0, worker_fds = 0;
  long pages = 0, worker_pages = 0;

  for (int i = 0; i < 200; i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (SmbImage) image =
      decode (engine, i % 4 == 3 ? "xcsn0g01.png" : i % 4 == 2 ? "turned.tiff" : "baseline.jpg", 0, NULL, NULL, &error);

    g_assert_true ((image != NULL) == (i % 4 != 3));
    if (i == 20) { /* everything has been loaded and used once */
      pid = g_strdup_printf ("%d", smb_engine_get_worker_pid (engine, SMB_ENGINE_DECODE));
      fds = count_fds ("self");
      g_usleep (100 * 1000);
      worker_fds = count_fds (pid);
      pages = resident ("self");
      worker_pages = resident (pid);
    }
  }
  g_assert_cmpuint (count_fds ("self"), <=, fds);
  for (int i = 0; i < 200 && count_fds (pid) > worker_fds; i++)
    g_usleep (10 * 1000); /* the answer's plane is closed a moment after it was sent */
  g_assert_cmpuint (count_fds (pid), <=, worker_fds);
  g_test_message ("pages: %ld -> %ld, worker %ld -> %ld", pages, resident ("self"), worker_pages, resident (pid));
  if (keeps_what_was_freed ())
    return;
  g_assert_cmpint (resident ("self") - pages, <, 512); /* 2 MiB */
  g_assert_cmpint (resident (pid) - worker_pages, <, 512);
}

static void
test_taken_over (void)
{
  static const struct {
    const char *how;
    int code;
    const char *words;
  } cases[] = {
    { "lie", SMB_ERROR_WORKER, "another size" },     { "nothing", SMB_ERROR_WORKER, "descriptor is missing" },
    { "larger", SMB_ERROR_WORKER, "larger" },        { "escape", SMB_ERROR_FORMAT, "bad  [2J file" },
    { "unasked", SMB_ERROR_WORKER, "not asked" },    { "garbage", SMB_ERROR_WORKER, "malformed" },
    { "crash", SMB_ERROR_WORKER, "signal 11" },      { "exit", SMB_ERROR_WORKER, "exit status 7" },
    { "mute", SMB_ERROR_WORKER, "does not answer" }, { "other-version", SMB_ERROR_WORKER, "another version" },
    { "unlocked", SMB_ERROR_WORKER, "lock itself in" },
  };
  guint before = count_fds ("self");

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (SmbEngine) engine = smb_engine_new (NULL, 1);
    g_autoptr (GError) error = NULL;

    /* No other thread of this program runs now: the last engine's were joined. */
    g_setenv ("SEMBLANCE_WORKER", FAKE_WORKER_PATH, TRUE);
    g_setenv ("FAKE_WORKER", cases[i].how, TRUE);
    g_assert_null (decode (engine, "baseline.jpg", 100, NULL, NULL, &error));
    g_test_message ("%s: %s", cases[i].how, error->message);
    g_assert_error (error, SMB_ERROR, cases[i].code);
    g_assert_nonnull (strstr (error->message, cases[i].words));
    g_setenv ("SEMBLANCE_WORKER", real_worker, TRUE);
    if (cases[i].code == SMB_ERROR_WORKER)
      assert_decodes (engine); /* the liar was ended, an honest one started */
  }
  g_assert_cmpuint (count_fds ("self"), ==, before);
}

static void
test_no_program (void)
{
  g_autoptr (SmbEngine) engine = smb_engine_new (NULL, 1);
  g_autoptr (GError) error = NULL;

  g_setenv ("SEMBLANCE_WORKER", "/nowhere/semblance-worker", TRUE);
  g_assert_null (decode (engine, "baseline.jpg", 0, NULL, NULL, &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_NOT_FOUND);
  g_setenv ("SEMBLANCE_WORKER", real_worker, TRUE);
  assert_decodes (engine);
}

/* This program once more, as the parent that gets killed: the worker it leaves must not outlive it. */
static void
test_no_orphan (void)
{
  g_autoptr (GSubprocess) parent = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *self = g_file_read_link ("/proc/self/exe", NULL);
  char line[32] = "";
  GPid pid;

  parent = g_subprocess_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error, self, "--be-a-parent", NULL);
  g_assert_no_error (error);
  g_assert_cmpint (g_input_stream_read (g_subprocess_get_stdout_pipe (parent), line, sizeof line - 1, NULL, NULL), >,
                   0);
  pid = atoi (line);
  g_assert_cmpint (pid, >, 1);
  g_subprocess_force_exit (parent);
  g_assert_true (g_subprocess_wait (parent, NULL, NULL));
  for (int i = 0; i < 300; i++) {
    g_autofree char *path = g_strdup_printf ("/proc/%d/stat", pid);
    g_autofree char *stat = NULL;

    /* Nobody may be there to bury it: a corpse is dead enough. */
    if (!g_file_get_contents (path, &stat, NULL, NULL) || strstr (stat, ") Z ") != NULL)
      return;
    g_usleep (10 * 1000);
  }
  g_test_fail_printf ("worker %d outlived its parent", pid);
}

static int
be_a_parent (void)
{
  SmbEngine *engine = smb_engine_new (NULL, 1);

  assert_decodes (engine);
  g_print ("%d\n", smb_engine_get_worker_pid (engine, SMB_ENGINE_DECODE));
  pause ();
  return 0;
}

int
main (int argc, char **argv)
{
  if (argc == 2 && g_str_equal (argv[1], "--be-a-parent"))
    return be_a_parent ();
  g_test_init (&argc, &argv, NULL);
  real_worker = g_strdup (g_getenv ("SEMBLANCE_WORKER"));
  g_assert_nonnull (real_worker);
  g_test_add_func ("/worker/engine/decode", test_decode);
  g_test_add_func ("/worker/engine/batch", test_batch);
  g_test_add_func ("/worker/engine/killed-while-reading", test_killed_while_reading);
  g_test_add_func ("/worker/engine/killed-while-idle", test_killed_while_idle);
  g_test_add_func ("/worker/engine/cancel-stuck", test_cancel_stuck);
  g_test_add_func ("/worker/engine/cancel-queued", test_cancel_queued);
  g_test_add_func ("/worker/engine/no-leaks", test_no_leaks);
  g_test_add_func ("/worker/engine/taken-over", test_taken_over);
  g_test_add_func ("/worker/engine/no-program", test_no_program);
  g_test_add_func ("/worker/engine/no-orphan", test_no_orphan);
  return g_test_run ();
}
