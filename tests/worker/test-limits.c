/* SPDX-License-Identifier: Apache-2.0 */
/* What evidence may cost: each limit ends with a sentence that names the file and the setting. */
#include "base/smb-error.h"
#include "media/smb-limits.h"
#include "worker/smb-engine-video.h"
#include "worker/smb-engine.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

typedef enum { PICTURE, VIDEO } Kind;

/* Reads it behind the lock; TRUE if it came out. */
static gboolean
read_evidence (SmbEngine *engine, Kind kind, const char *path, GError **error)
{
  g_autoptr (SmbEngineVideo) video = NULL;
  g_autoptr (SmbImage) image = NULL;
  int fd = open (path, O_RDONLY | O_CLOEXEC);

  g_assert_cmpint (fd, >=, 0);
  if (kind == VIDEO) {
    video = smb_engine_video_open (engine, fd, path, NULL, NULL, NULL, error);
    if (video != NULL)
      image = smb_engine_video_get_frame (video, 0, 0, NULL, error);
  } else
    image = smb_engine_decode (engine, fd, path, 0, NULL, NULL, error);
  close (fd);
  return image != NULL;
}

static void
assert_sentence (const GError *error, const char *path, int code, const char *words, const char *setting)
{
  g_test_message ("%s", error->message);
  g_assert_error (error, SMB_ERROR, code);
  g_assert_nonnull (strstr (error->message, path));
  g_assert_nonnull (strstr (error->message, words));
  g_assert_nonnull (strstr (error->message, setting));
  g_assert_null (strchr (error->message, '\n'));
}

static void
assert_refused_as (Kind kind, const char *worker, const char *path, int code, const char *words, const char *setting)
{
  g_autofree char *honest = g_strdup (g_getenv ("SEMBLANCE_WORKER"));
  g_autoptr (SmbEngine) engine = smb_engine_new (NULL, 1);
  g_autoptr (GError) error = NULL;

  if (worker != NULL)
    g_setenv ("SEMBLANCE_WORKER", worker, TRUE);
  g_assert_false (read_evidence (engine, kind, path, &error));
  g_setenv ("SEMBLANCE_WORKER", honest, TRUE);
  assert_sentence (error, path, code, words, setting);
}

static void
assert_refused (const char *worker, const char *path, int code, const char *words, const char *setting)
{
  assert_refused_as (PICTURE, worker, path, code, words, setting);
}

static char *
picture (void)
{
  return g_build_filename (SMB_FIXTURES, "media", "baseline.jpg", NULL);
}

/* A BMP of zero pixels that takes no room on the disk; its path. */
static char *
write_bmp (const char *name, guint16 width, guint16 height)
{
  /* A header of 14 bytes, then one of 40: pixels of 24 bits, uncompressed. */
  const guint8 w[] = { (guint8) width, (guint8) (width >> 8) }, h[] = { (guint8) height, (guint8) (height >> 8) };
  const guint8 bmp[54]
      = { 'B', 'M', 0, 0, 0, 0, 0, 0, 0, 0, 54, 0, 0, 0, 40, 0, 0, 0, w[0], w[1], 0, 0, h[0], h[1], 0, 0, 1, 0, 24 };
  char *path = g_build_filename (g_get_tmp_dir (), name, NULL);
  int fd = open (path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (write (fd, bmp, sizeof bmp), ==, sizeof bmp);
  g_assert_cmpint (ftruncate (fd, 54 + (off_t) width * height * 3), ==, 0);
  close (fd);
  return path;
}

static char *
clip (void)
{
  return g_build_filename (SMB_FIXTURES, "..", "fuzz", "seeds", "video", "clip.mp4", NULL);
}

/* Pixels, sides, bytes of the file: of a picture and, but for the bytes, of a video's frames. */
static void
test_sizes (void)
{
  static const struct {
    const char *setting, *value, *words;
    Kind kind;
    gboolean large;
  } cases[] = {
    { "SEMBLANCE_MAX_MEGAPIXELS", "1", "megapixels", PICTURE, TRUE },
    { "SEMBLANCE_MAX_SIDE_PX", "8", "8", PICTURE, FALSE },
    { "SEMBLANCE_MAX_FILE_MB", "1", "1", PICTURE, TRUE },
    { "SEMBLANCE_MAX_SIDE_PX", "8", "8", VIDEO, FALSE },
  };
  g_autofree char *large = write_bmp ("smb-limits-sizes.bmp", 1200, 1000);
  g_autofree char *small = picture (), *film = clip ();

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_setenv (cases[i].setting, cases[i].value, TRUE);
    assert_refused_as (cases[i].kind, NULL, cases[i].kind == VIDEO ? film : cases[i].large ? large : small,
                       SMB_ERROR_LIMIT, cases[i].words, cases[i].setting);
    g_unsetenv (cases[i].setting);
  }
  unlink (large);
}

/* More frames than are wanted: the first ones are there, and it is said. */
static void
test_frames (void)
{
  g_autofree char *path = clip ();
  g_autoptr (SmbEngine) engine = smb_engine_new (NULL, 1);
  g_autoptr (SmbEngineVideo) video = NULL;
  g_autofree char *warnings = NULL;
  int fd = open (path, O_RDONLY | O_CLOEXEC);

  g_setenv ("SEMBLANCE_MAX_FRAMES", "2", TRUE);
  video = smb_engine_video_open (engine, fd, path, NULL, NULL, NULL, NULL);
  g_unsetenv ("SEMBLANCE_MAX_FRAMES");
  close (fd);
  g_assert_nonnull (video);
  g_assert_cmpuint (smb_engine_video_get_n_frames (video), ==, 2);
  warnings = g_strjoinv ("|", (char **) smb_engine_video_get_warnings (video));
  g_test_message ("%s", warnings);
  g_assert_nonnull (strstr (warnings, "more than 2 frames"));
  g_assert_nonnull (strstr (warnings, "SEMBLANCE_MAX_FRAMES"));
}

/* A video that is never read through. */
static void
test_video_clock (void)
{
  g_autofree char *path = clip ();

  g_setenv ("SEMBLANCE_MAX_VIDEO_SECONDS", "1", TRUE);
  g_setenv ("FAKE_WORKER", "deaf", TRUE);
  assert_refused_as (VIDEO, FAKE_WORKER_PATH, path, SMB_ERROR_WORKER, "stopped after 1 seconds",
                     "SEMBLANCE_MAX_VIDEO_SECONDS");
  g_unsetenv ("SEMBLANCE_MAX_VIDEO_SECONDS");
}

/* A limit that is changed while the program runs holds from the next file on: the decoder that has the old one goes. A
 * video that is open goes on being read. */
static void
test_changed (void)
{
  g_autofree char *folder = g_dir_make_tmp ("smb-limits-XXXXXX", NULL), *small = picture (), *film = clip ();
  g_autofree char *file = g_build_filename (folder, "limits.conf", NULL);
  g_autoptr (SmbEngine) engine = smb_engine_new (NULL, 1);
  g_autoptr (SmbEngineVideo) video = NULL;
  g_autoptr (SmbImage) frame = NULL;
  g_autoptr (GError) error = NULL;
  guint n;
  const SmbLimitSetting *settings = smb_limits_list (&n);
  g_autofree guint64 *values = g_new0 (guint64, n);
  int fd = open (film, O_RDONLY | O_CLOEXEC);
  GPid before;

  g_setenv ("SEMBLANCE_LIMITS", file, TRUE);
  smb_limits_init ();
  g_assert_true (read_evidence (engine, PICTURE, small, NULL));
  before = smb_engine_get_worker_pid (engine, SMB_ENGINE_DECODE);
  for (guint i = 0; i < n; i++)
    values[i] = g_str_equal (settings[i].name, "SEMBLANCE_MAX_SIDE_PX") ? 8 : 0;
  g_assert_true (smb_limits_save (values, NULL));
  g_assert_false (read_evidence (engine, PICTURE, small, &error));
  assert_sentence (error, small, SMB_ERROR_LIMIT, "8", "SEMBLANCE_MAX_SIDE_PX");
  g_assert_cmpint (smb_engine_get_worker_pid (engine, SMB_ENGINE_DECODE), !=, before);

  memset (values, 0, n * sizeof *values);
  g_assert_true (smb_limits_save (values, NULL));
  g_assert_true (read_evidence (engine, PICTURE, small, NULL));
  video = smb_engine_video_open (engine, fd, film, NULL, NULL, NULL, NULL);
  close (fd);
  g_assert_nonnull (video);
  before = smb_engine_get_worker_pid (engine, SMB_ENGINE_DECODE);
  values[0] = 100;
  g_assert_true (smb_limits_save (values, NULL));
  frame = smb_engine_video_get_frame (video, 1, 0, NULL, NULL);
  g_assert_nonnull (frame);
  g_assert_cmpint (smb_engine_get_worker_pid (engine, SMB_ENGINE_DECODE), !=, before);
  unlink (file);
  rmdir (folder);
  g_setenv ("SEMBLANCE_LIMITS", "", TRUE);
  smb_limits_init ();
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

/* A picture as large as pictures may be, with less memory than its pixels need: 196 megapixels, all of them zero. */
static void
test_memory (void)
{
#if defined (__SANITIZE_ADDRESS__) || defined (__SANITIZE_THREAD__)
  g_test_skip ("built with a sanitizer, which needs all addresses");
#else
  g_autofree char *path = write_bmp ("smb-limits-memory.bmp", 14000, 14000);

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
  g_test_add_func ("/worker/limits/sizes", test_sizes);
  g_test_add_func ("/worker/limits/frames", test_frames);
  g_test_add_func ("/worker/limits/changed", test_changed);
  g_test_add_func ("/worker/limits/video-clock", test_video_clock);
  g_test_add_func ("/worker/limits/clock", test_clock);
  g_test_add_func ("/worker/limits/processor", test_processor);
  g_test_add_func ("/worker/limits/memory", test_memory);
  g_test_add_func ("/worker/limits/nonsense", test_nonsense);
  return g_test_run ();
}
