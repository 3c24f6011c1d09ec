/* SPDX-License-Identifier: Apache-2.0 */
/* What a worker that has been taken over can still do: nothing. And what happens where it cannot be locked in. */
#include "base/smb-error.h"
#include "worker/smb-engine.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <seccomp.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static SmbImage *
decode (SmbEngine *engine, const char *name, int max_side_px, SmbPictureInfo **info, GError **error)
{
  g_autofree char *path = g_build_filename (SMB_FIXTURES, "media", name, NULL);
  int fd = open (path, O_RDONLY | O_CLOEXEC);
  SmbImage *image;

  g_assert_cmpint (fd, >=, 0);
  image = smb_engine_decode (engine, fd, name, max_side_px, info, NULL, error);
  close (fd);
  return image;
}

/* Each act ends the worker, and the sentence says so and names the file being read. */
static void
test_killed (void)
{
  static const char *const acts[] = { "open", "open-again", "write", "raw-open", "unlink", "socket",    "socketpair",
                                      "fork", "vfork",      "exec",  "kill",     "code",   "code-later" };
  g_autofree char *honest = g_strdup (g_getenv ("SEMBLANCE_WORKER"));
  g_autofree char *folder = g_dir_make_tmp ("smb-lock-XXXXXX", NULL);
  g_autofree char *target = g_build_filename (folder, "target", NULL);

  g_setenv ("SEMBLANCE_WORKER", HOSTILE_WORKER_PATH, TRUE);
  g_setenv ("HOSTILE_TARGET", target, TRUE);
  for (guint i = 0; i < G_N_ELEMENTS (acts); i++) {
    g_autoptr (SmbEngine) engine = smb_engine_new (NULL, 1);
    g_autoptr (GError) error = NULL;

    if (g_str_equal (acts[i], "unlink"))
      g_assert_true (g_file_set_contents (target, "kept", 4, NULL));
    g_setenv ("HOSTILE_WORKER", acts[i], TRUE);
    g_assert_null (decode (engine, "baseline.jpg", 0, NULL, &error));
    g_test_message ("%s: %s", acts[i], error->message);
    g_assert_error (error, SMB_ERROR, SMB_ERROR_WORKER);
    g_assert_nonnull (strstr (error->message, "what its lock forbids"));
    g_assert_nonnull (strstr (error->message, "baseline.jpg"));
    if (g_str_equal (acts[i], "write"))
      g_assert_false (g_file_test (target, G_FILE_TEST_EXISTS));
  }
  g_assert_true (g_file_test (target, G_FILE_TEST_EXISTS));
  g_setenv ("SEMBLANCE_WORKER", honest, TRUE);
  g_unlink (target);
  g_rmdir (folder);
}

/* A thread's stack is memory that is grown and shrunk; formats that decode in threads are in the list too. */
static void
test_every_format (void)
{
  static const struct {
    const char *name, *format;
  } pictures[] = {
    { "baseline.jpg", "JPEG" },    { "progressive.jpg", "JPEG" }, { "print.jpg", "JPEG" },
    { "quadrants.jpg", "JPEG" },   { "basn2c16.png", "PNG" },     { "basi6a08.png", "PNG" },
    { "two-frames.gif", "GIF" },   { "quadrants.bmp", "BMP" },    { "turned.tiff", "TIFF" },
    { "two-frames.webp", "WebP" }, { "quadrants.heic", "HEIC" },  { "quadrants.avif", "AVIF" },
  };
  g_autoptr (SmbEngine) engine = smb_engine_new (NULL, 1);

  for (guint round = 0; round < 2; round++) {
    for (guint i = 0; i < G_N_ELEMENTS (pictures); i++) {
      g_autoptr (SmbPictureInfo) info = NULL;
      g_autoptr (GError) error = NULL;
      g_autoptr (SmbImage) image = decode (engine, pictures[i].name, round == 0 ? 0 : 16, &info, &error);

      if (g_error_matches (error, SMB_ERROR, SMB_ERROR_UNSUPPORTED)) {
        g_test_message ("%s", error->message); /* its reader is not installed */
        continue;
      }
      g_assert_no_error (error);
      g_assert_cmpstr (info->format, ==, pictures[i].format);
      if (round == 1)
        g_assert_cmpint (MAX (image->width, image->height), ==, 16);
    }
  }
}

/* Metadata and maps of the whole picture are made behind the same walls. */
static void
test_metadata (void)
{
  static const char *const names[]
      = { "tagged.jpg",     "other-thumbnail.jpg", "basn2c16.png",   "turned.tiff",  "two-frames.webp",
          "quadrants.heic", "quadrants.avif",      "two-frames.gif", "quadrants.bmp" };
  g_autoptr (SmbEngine) engine = smb_engine_new (NULL, 1);

  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autofree char *path = g_build_filename (SMB_FIXTURES, "media", names[i], NULL);
    g_autoptr (GError) error = NULL;
    int fd = open (path, O_RDONLY | O_CLOEXEC);
    g_autoptr (SmbMetadata) metadata = smb_engine_metadata (engine, fd, names[i], NULL, &error);

    g_assert_no_error (error);
    g_assert_cmpint (metadata->thumbnail != NULL, ==, i < 2);
    g_assert_cmpint (metadata->tables->len, ==, i < 2 ? 2 : 0);
    if (i == 0) {
      g_assert_cmpuint (metadata->entries->len, >, 10);
      g_assert_true (metadata->thumbnail_agrees);
      g_assert_cmpint (metadata->c2pa, ==, SMB_C2PA_PRESENT);
      for (int kind = 0; kind < SMB_N_PICTURE_MAPS; kind++) {
        g_autoptr (SmbPictureMap) map
            = smb_engine_picture_map (engine, fd, names[i], (SmbPictureMapKind) kind, 75, NULL, &error);

        g_assert_no_error (error);
        g_assert_cmpint (map->columns, ==, 160);
        g_assert_cmpfloat (map->max, >, 0);
      }
    }
    close (fd);
  }
}

/* The compute worker reads models and talks to devices: it is refused the rest, and goes on. */
static void
test_compute (void)
{
  static const char *const refused[] = { "socket", "exec", "fork", "vfork", "kill", "unlink", "rename", "write" };
  guint8 pixels[12] = { 0 };
  g_autoptr (GBytes) bytes = g_bytes_new (pixels, sizeof pixels);
  g_autoptr (SmbImage) image = smb_image_new (2, 2, bytes);
  g_autofree char *honest = g_strdup (g_getenv ("SEMBLANCE_WORKER"));
  g_autofree char *folder = g_dir_make_tmp ("smb-lock-XXXXXX", NULL);
  g_autofree char *target = g_build_filename (folder, "target", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (SmbModelInfo) model = smb_model_find ("untrained", &error);
  SmbAnalysisSettings settings = smb_analysis_settings_default ();
  SmbLockState state;

  g_assert_no_error (error);
  g_setenv ("SEMBLANCE_WORKER", HOSTILE_WORKER_PATH, TRUE);
  g_assert_true (g_file_set_contents (target, "kept", 4, NULL));
  g_setenv ("HOSTILE_TARGET", target, TRUE);
  for (guint i = 0; i < G_N_ELEMENTS (refused); i++) {
    g_autoptr (SmbEngine) engine = smb_engine_new (NULL, 1);

    g_setenv ("HOSTILE_WORKER", refused[i], TRUE);
    g_assert_null (smb_engine_analyze (engine, model, image, NULL, &settings, NULL, NULL, NULL, &error));
    g_test_message ("%s", error->message);
    g_assert_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT);
    g_assert_true (smb_engine_get_lock_state (engine, SMB_ENGINE_COMPUTE, &state, NULL));
    /* A card's devices are opened for writing; then it is Landlock alone that knows them from files. */
    if ((state & SMB_LOCK_FILES) != 0 || access ("/dev/nvidiactl", F_OK) != 0 || !g_str_equal (refused[i], "write"))
      g_assert_nonnull (strstr (error->message, "Permission denied"));
    g_clear_error (&error);
  }
  g_assert_true (g_file_test (target, G_FILE_TEST_EXISTS));
  g_unlink (target);
  g_rmdir (folder);
  g_setenv ("SEMBLANCE_WORKER", honest, TRUE);
}

static void
test_state (void)
{
  g_autoptr (SmbEngine) engine = smb_engine_new (NULL, 1);
  g_autoptr (GError) error = NULL;
  SmbLockState state = SMB_LOCK_NONE;

  g_assert_true (smb_engine_get_lock_state (engine, SMB_ENGINE_DECODE, &state, &error));
  g_assert_no_error (error);
  g_test_message ("decode: %s", smb_lock_state_to_text (state));
  g_assert_cmpint (state & SMB_LOCK_CALLS, !=, 0);
  g_assert_cmpint (smb_lock_state_from_text (smb_lock_state_to_text (state)), ==, state);
  g_assert_cmpstr (smb_lock_state_to_text (SMB_LOCK_CALLS | SMB_LOCK_FILES | SMB_LOCK_ALONE), ==,
                   "seccomp+landlock+namespaces");
  g_assert_cmpstr (smb_lock_state_to_text (SMB_LOCK_FILES), ==, "none");
  g_assert_cmpint (smb_lock_state_from_text ("perfect"), ==, SMB_LOCK_NONE);
  g_assert_cmpint (smb_lock_state_from_text (NULL), ==, SMB_LOCK_NONE);
}

/* In a process of its own, for the filter cannot be taken off again: from here on nobody may add one. */
static gboolean
forbid_locks (void)
{
  scmp_filter_ctx filter = seccomp_init (SCMP_ACT_ALLOW);
  gboolean ok = seccomp_rule_add (filter, SCMP_ACT_ERRNO (EPERM), SCMP_SYS (seccomp), 0) == 0
                && seccomp_rule_add (filter, SCMP_ACT_ERRNO (EPERM), SCMP_SYS (prctl), 1,
                                     SCMP_A0 (SCMP_CMP_EQ, PR_SET_SECCOMP))
                     == 0
                && seccomp_load (filter) == 0;

  seccomp_release (filter);
  return ok;
}

static int
be_without_lock (gboolean allowed)
{
  g_autoptr (SmbEngine) engine = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (SmbImage) image = NULL;
  SmbLockState state;

  if (!forbid_locks ())
    return 9;
  if (allowed)
    g_setenv ("SEMBLANCE_ALLOW_UNSANDBOXED", "1", TRUE);
  engine = smb_engine_new (NULL, 1);
  image = decode (engine, "baseline.jpg", 0, NULL, &error);
  if (!allowed) {
    if (image == NULL && g_error_matches (error, SMB_ERROR, SMB_ERROR_WORKER))
      g_print ("%s", error->message);
    return image == NULL ? 0 : 1;
  }
  if (image == NULL || !smb_engine_get_lock_state (engine, SMB_ENGINE_DECODE, &state, NULL))
    return 2;
  g_print ("%s", smb_lock_state_to_text (state));
  return 0;
}

static void
test_fails_closed (void)
{
  static const struct {
    const char *argument, *words;
  } runs[] = { { "--without-lock", "--allow-unsandboxed" }, { "--without-lock-allowed", "none" } };
  g_autofree char *self = g_file_read_link ("/proc/self/exe", NULL);

  for (guint i = 0; i < G_N_ELEMENTS (runs); i++) {
    g_autoptr (GError) error = NULL;
    g_autofree char *out = NULL;
    g_autoptr (GSubprocess) child = g_subprocess_new (
      G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_SILENCE, &error, self, runs[i].argument, NULL);

    g_assert_no_error (error);
    g_assert_true (g_subprocess_communicate_utf8 (child, NULL, NULL, &out, NULL, &error));
    g_assert_cmpint (g_subprocess_get_exit_status (child), ==, 0);
    g_test_message ("%s", out);
    g_assert_nonnull (strstr (out, runs[i].words));
  }
}

/* semblance-cli with these arguments on a system without locks; its exit status, its words in *said_out. */
static int
run_cli (char **said_out, const char *first, ...)
{
  g_autofree char *self = g_file_read_link ("/proc/self/exe", NULL);
  g_autoptr (GPtrArray) argv = g_ptr_array_new ();
  g_autoptr (GSubprocess) child = NULL;
  g_autoptr (GError) error = NULL;
  va_list more;

  g_ptr_array_add (argv, self);
  g_ptr_array_add (argv, (char *) "--forbid-locks-and-run");
  g_ptr_array_add (argv, (char *) CLI_PATH);
  va_start (more, first);
  for (const char *argument = first; argument != NULL; argument = va_arg (more, const char *))
    g_ptr_array_add (argv, (char *) argument);
  va_end (more);
  g_ptr_array_add (argv, NULL);
  child = g_subprocess_newv ((const char *const *) argv->pdata,
                             G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_MERGE, &error);
  g_assert_no_error (error);
  g_assert_true (g_subprocess_communicate_utf8 (child, NULL, NULL, said_out, NULL, &error));
  g_test_message ("%s", *said_out);
  return g_subprocess_get_exit_status (child);
}

/* Permission in so many words, and then the log and every report say so. */
static void
test_said_in_reports (void)
{
  g_autofree char *folder = g_dir_make_tmp ("smb-lock-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "a.smbcase", NULL);
  g_autofree char *report = g_build_filename (folder, "report.html", NULL);
  g_autofree char *picture = g_build_filename (SMB_FIXTURES, "media", "baseline.jpg", NULL);
  g_autofree char *text = NULL;
  const char *name;
  char *said = NULL;
  g_autoptr (GDir) dir = NULL;

  g_assert_cmpint (run_cli (&said, "case", "new", path, "--number", "1", "--title", "t", NULL), ==, 0);
  g_clear_pointer (&said, g_free);
  /* Taken in, for it is evidence all the same; not opened. */
  g_assert_cmpint (run_cli (&said, "case", "add", path, picture, NULL), ==, 0);
  g_assert_nonnull (strstr (said, "--allow-unsandboxed"));
  g_clear_pointer (&said, g_free);
  g_assert_cmpint (run_cli (&said, "report", path, "--out", report, NULL), ==, 0);
  g_clear_pointer (&said, g_free);
  g_assert_true (g_file_get_contents (report, &text, NULL, NULL));
  g_assert_null (strstr (text, "allowed explicitly"));
  g_clear_pointer (&text, g_free);
  g_assert_cmpint (run_cli (&said, "report", "--allow-unsandboxed", path, "--out", report, NULL), ==, 0);
  g_clear_pointer (&said, g_free);
  g_assert_true (g_file_get_contents (report, &text, NULL, NULL));
  g_assert_nonnull (strstr (text, "allowed explicitly"));
  g_assert_nonnull (strstr (text, "evidence.unsandboxed"));
  dir = g_dir_open (folder, 0, NULL);
  while ((name = g_dir_read_name (dir)) != NULL) {
    g_autofree char *file = g_build_filename (folder, name, NULL);
    g_unlink (file);
  }
  g_rmdir (folder);
}

int
main (int argc, char **argv)
{
  if (argc > 2 && g_str_equal (argv[1], "--forbid-locks-and-run")) {
    if (forbid_locks ())
      execv (argv[2], argv + 2);
    return 9;
  }
  if (argc == 2 && g_str_has_prefix (argv[1], "--without-lock"))
    return be_without_lock (g_str_has_suffix (argv[1], "allowed"));
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/worker/lock/killed", test_killed);
  g_test_add_func ("/worker/lock/every-format", test_every_format);
  g_test_add_func ("/worker/lock/metadata", test_metadata);
  g_test_add_func ("/worker/lock/compute", test_compute);
  g_test_add_func ("/worker/lock/state", test_state);
  g_test_add_func ("/worker/lock/fails-closed", test_fails_closed);
  g_test_add_func ("/worker/lock/said-in-reports", test_said_in_reports);
  return g_test_run ();
}
