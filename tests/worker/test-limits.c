/* SPDX-License-Identifier: Apache-2.0 */
/* Time and memory a decoder may take: each ends with a sentence that names the file and the setting. */
#include "base/smb-error.h"
#include "worker/smb-engine.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static void
assert_refused (const char *worker, const char *path, int code, const char *words, const char *setting)
{
  g_autofree char *honest = g_strdup (g_getenv ("SEMBLANCE_WORKER"));
  g_autoptr (SmbEngine) engine = smb_engine_new (NULL, 1);
  g_autoptr (GError) error = NULL;
  int fd = open (path, O_RDONLY | O_CLOEXEC);

  g_assert_cmpint (fd, >=, 0);
  if (worker != NULL)
    g_setenv ("SEMBLANCE_WORKER", worker, TRUE);
  g_assert_null (smb_engine_decode (engine, fd, path, 0, NULL, NULL, &error));
  g_setenv ("SEMBLANCE_WORKER", honest, TRUE);
  close (fd);
  g_test_message ("%s", error->message);
  g_assert_error (error, SMB_ERROR, code);
  g_assert_nonnull (strstr (error->message, path));
  g_assert_nonnull (strstr (error->message, words));
  g_assert_nonnull (strstr (error->message, setting));
  g_assert_null (strchr (error->message, '\n'));
}

static char *
picture (void)
{
  return g_build_filename (SMB_FIXTURES, "media", "baseline.jpg", NULL);
}

/* A worker that neither answers nor computes. */
static void
test_clock (void)
{
  g_autofree char *path = picture ();

  g_setenv ("SEMBLANCE_MAX_SECONDS", "1", TRUE);
  g_setenv ("FAKE_WORKER", "deaf", TRUE);
  assert_refused (FAKE_WORKER_PATH, path, SMB_ERROR_WORKER, "stopped after 3 seconds", "SEMBLANCE_MAX_SECONDS");
  g_unsetenv ("SEMBLANCE_MAX_SECONDS");
}

/* One that computes for ever: the system ends it. On a machine so busy that it gets less than a third of a processor
 * the clock is first. */
static void
test_processor (void)
{
  g_autofree char *path = picture ();

  g_setenv ("SEMBLANCE_MAX_SECONDS", "1", TRUE);
  g_setenv ("HOSTILE_WORKER", "spin", TRUE);
  assert_refused (HOSTILE_WORKER_PATH, path, SMB_ERROR_WORKER, "stopped", "SEMBLANCE_MAX_SECONDS");
  g_unsetenv ("SEMBLANCE_MAX_SECONDS");
}

/* A picture as large as pictures may be, with less memory than its pixels need: 195 megapixels of a PNM's header and
 * nothing behind it. */
static void
test_memory (void)
{
#if defined (__SANITIZE_ADDRESS__) || defined (__SANITIZE_THREAD__)
  g_test_skip ("built with a sanitizer, which needs all addresses");
#else
  g_autofree char *path = g_build_filename (g_get_tmp_dir (), "smb-limits-memory.bmp", NULL);
  /* A header of 14 bytes, then one of 40: 14000 x 14000 pixels of 24 bits, uncompressed. */
  guint8 bmp[54]
      = { 'B', 'M', 0, 0, 0, 0, 0, 0, 0, 0, 54, 0, 0, 0, 40, 0, 0, 0, 0xb0, 0x36, 0, 0, 0xb0, 0x36, 0, 0, 1, 0, 24 };
  int fd = open (path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (write (fd, bmp, sizeof bmp), ==, sizeof bmp);
  g_assert_cmpint (ftruncate (fd, 54 + (off_t) 14000 * 14000 * 3), ==, 0); /* a hole: takes no room on the disk */
  close (fd);
  g_setenv ("SEMBLANCE_MAX_MEMORY_MB", "1024", TRUE);
  assert_refused (NULL, path, SMB_ERROR_MEMORY, "memory", "SEMBLANCE_MAX_MEMORY_MB");
  g_unsetenv ("SEMBLANCE_MAX_MEMORY_MB");
  unlink (path);
#endif
}

/* A setting that makes no sense is said before anything is opened. */
static void
test_nonsense (void)
{
  g_autofree char *path = picture ();
  g_autoptr (SmbEngine) engine = smb_engine_new (NULL, 1);
  g_autoptr (GError) error = NULL;
  int fd = open (path, O_RDONLY | O_CLOEXEC);

  g_setenv ("SEMBLANCE_MAX_SECONDS", "0", TRUE);
  g_assert_null (smb_engine_metadata (engine, fd, path, NULL, &error));
  g_assert_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT);
  g_assert_nonnull (strstr (error->message, "SEMBLANCE_MAX_SECONDS"));
  g_assert_cmpint (smb_engine_get_worker_pid (engine, SMB_ENGINE_DECODE), ==, 0);
  g_unsetenv ("SEMBLANCE_MAX_SECONDS");
  close (fd);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/worker/limits/clock", test_clock);
  g_test_add_func ("/worker/limits/processor", test_processor);
  g_test_add_func ("/worker/limits/memory", test_memory);
  g_test_add_func ("/worker/limits/nonsense", test_nonsense);
  return g_test_run ();
}
