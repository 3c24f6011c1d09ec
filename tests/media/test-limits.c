/* SPDX-License-Identifier: Apache-2.0 */
/* Where limits come from: nothing, the environment, the user's file. */
#include "base/smb-error.h"
#include "media/smb-limits.h"
#include "media/smb-video.h"

#include <glib/gstdio.h>
#include <string.h>

static char *folder, *path;

static void
forget_settings (void)
{
  guint n;
  const SmbLimitSetting *settings = smb_limits_list (&n);

  for (guint i = 0; i < n; i++)
    g_unsetenv (settings[i].name);
  g_setenv ("SEMBLANCE_LIMITS", "", TRUE);
  smb_limits_init ();
}

static void
use_file (const char *text)
{
  forget_settings ();
  g_assert_true (g_file_set_contents (path, text, -1, NULL));
  g_setenv ("SEMBLANCE_LIMITS", path, TRUE);
  smb_limits_init ();
}

static void
test_defaults (void)
{
  SmbVideoLimits video;
  SmbDecodeLimits decode;

  forget_settings ();
  g_assert_true (smb_video_limits_get (&video, NULL));
  g_assert_true (smb_decode_limits_get (&decode, NULL));
  g_assert_cmpuint (video.picture.max_pixels, ==, 200000000);
  g_assert_cmpint (video.picture.max_side_px, ==, 65500);
  g_assert_cmpuint (video.picture.max_file_bytes, ==, (guint64) 1 << 30);
  g_assert_cmpuint (video.max_frames, ==, 1000000);
  g_assert_cmpuint (decode.picture_seconds, ==, 120);
  g_assert_cmpuint (decode.picture_clock, ==, 360);
  g_assert_cmpuint (decode.frames_seconds, ==, 600);
  g_assert_cmpuint (decode.video_seconds, ==, 7200);
  g_assert_cmpuint (decode.memory_bytes, ==, (guint64) (2048 + 3051) << 20);
}

/* Each setting, at both of its ends and beyond them. */
static void
test_environment (void)
{
  guint n;
  const SmbLimitSetting *settings = smb_limits_list (&n);

  forget_settings ();
  g_assert_cmpuint (n, ==, 7);
  for (guint i = 0; i < n; i++) {
    const guint64 good[] = { settings[i].min, settings[i].max }, bad[] = { settings[i].min - 1, settings[i].max + 1 };
    guint64 got = 0;

    for (guint end = 0; end < 2; end++) {
      g_autofree char *inside = g_strdup_printf ("%" G_GUINT64_FORMAT, good[end]);
      g_autofree char *outside = g_strdup_printf ("%" G_GUINT64_FORMAT, bad[end]);
      g_autoptr (GError) error = NULL;

      g_setenv (settings[i].name, inside, TRUE);
      g_assert_true (smb_limits_get (&settings[i], &got, NULL));
      g_assert_cmpuint (got, ==, good[end]);
      g_setenv (settings[i].name, outside, TRUE);
      g_assert_false (smb_limits_get (&settings[i], &got, &error));
      g_assert_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT);
      g_assert_nonnull (strstr (error->message, settings[i].name));
      g_assert_nonnull (strstr (error->message, outside));
    }
    g_unsetenv (settings[i].name);
  }
}

/* The memory a decoder may take follows the size of pictures, unless it is set. */
static void
test_memory (void)
{
  SmbDecodeLimits decode;

  forget_settings ();
  g_setenv ("SEMBLANCE_MAX_MEGAPIXELS", "1000", TRUE);
  g_assert_true (smb_decode_limits_get (&decode, NULL));
  g_assert_cmpuint (decode.memory_bytes, >, (guint64) 16 * 1000000000);
  g_setenv ("SEMBLANCE_MAX_MEMORY_MB", "1500", TRUE);
  g_assert_true (smb_decode_limits_get (&decode, NULL));
  g_assert_cmpuint (decode.memory_bytes, ==, (guint64) 1500 << 20);
  g_setenv ("SEMBLANCE_MAX_MEGAPIXELS", "none", TRUE);
  g_unsetenv ("SEMBLANCE_MAX_MEMORY_MB");
  g_assert_false (smb_decode_limits_get (&decode, NULL));
}

/* Workers are told through their environment; this program's own stays as it was. */
static void
assert_told (const char *name, const char *value)
{
  g_auto (GStrv) env = smb_limits_add_to_environ (g_get_environ ());

  g_assert_cmpstr (g_environ_getenv (env, name), ==, value);
}

static void
test_file (void)
{
  SmbVideoLimits video;
  SmbDecodeLimits decode;

  use_file (
      "# of the lab\n[limits]\nSEMBLANCE_MAX_MEGAPIXELS=12\nSEMBLANCE_MAX_FRAMES = 500\nSEMBLANCE_MAX_SECONDS=7\n");
  g_assert_true (smb_video_limits_get (&video, NULL));
  g_assert_true (smb_decode_limits_get (&decode, NULL));
  g_assert_cmpuint (video.picture.max_pixels, ==, 12000000);
  g_assert_cmpuint (video.max_frames, ==, 500);
  g_assert_cmpuint (decode.picture_seconds, ==, 7);
  assert_told ("SEMBLANCE_MAX_FRAMES", "500");
  assert_told ("SEMBLANCE_MAX_FILE_MB", NULL);

  /* Whoever sets it for one run means that run. */
  forget_settings ();
  g_setenv ("SEMBLANCE_MAX_MEGAPIXELS", "34", TRUE);
  g_setenv ("SEMBLANCE_LIMITS", path, TRUE);
  smb_limits_init ();
  g_assert_true (smb_video_limits_get (&video, NULL));
  g_assert_cmpuint (video.picture.max_pixels, ==, 34000000);
  g_assert_cmpuint (video.max_frames, ==, 500);
  assert_told ("SEMBLANCE_MAX_MEGAPIXELS", "34");

  use_file ("");
  g_assert_true (smb_video_limits_get (&video, NULL));
  g_assert_cmpuint (video.max_frames, ==, 1000000);
  g_unlink (path);
  smb_limits_init ();
  g_assert_true (smb_video_limits_get (&video, NULL));
}

/* Nobody works on under limits that he only believes to have set. */
static void
test_bad_file (void)
{
  static const struct {
    const char *text, *words;
  } bad[] = {
    { "[limits]\nSEMBLANCE_MAX_MEGAPIXEL=12\n", "there is no limit “SEMBLANCE_MAX_MEGAPIXEL”" },
    { "[limits]\nSEMBLANCE_MAX_SECONDS=soon\n", "SEMBLANCE_MAX_SECONDS is “soon”" },
    { "[limits]\nSEMBLANCE_MAX_MEMORY_MB=1\n", "from 1024 to" },
    { "[limit]\nSEMBLANCE_MAX_SECONDS=5\n", "there is a group “limit”" },
    { "SEMBLANCE_MAX_SECONDS=5\n", "cannot be read" },
    { "\x01\xff\xfe", "cannot be read" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr (GError) error = NULL, again = NULL;
    SmbPictureLimits picture;
    SmbDecodeLimits decode;

    use_file (bad[i].text);
    g_assert_false (smb_picture_limits_get (&picture, &error));
    g_assert_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT);
    g_test_message ("%s", error->message);
    g_assert_nonnull (strstr (error->message, path));
    g_assert_nonnull (strstr (error->message, bad[i].words));
    g_assert_false (smb_decode_limits_get (&decode, &again));
  }
  g_unlink (path);
  g_assert_cmpint (g_mkdir (path, 0700), ==, 0);
  forget_settings ();
  g_setenv ("SEMBLANCE_LIMITS", path, TRUE);
  smb_limits_init ();
  g_assert_false (smb_decode_limits_get (&(SmbDecodeLimits){ 0 }, NULL));
  g_rmdir (path);
  forget_settings ();
}

/* The values that smb_limits_save takes; all but one as the program has them. */
static guint64 *
only (const char *name, guint64 value)
{
  static guint64 values[16];
  guint n;
  const SmbLimitSetting *settings = smb_limits_list (&n);

  g_assert_cmpuint (n, <=, G_N_ELEMENTS (values));
  for (guint i = 0; i < n; i++)
    values[i] = g_str_equal (settings[i].name, name) ? value : 0;
  return values;
}

static void
assert_file (const char *text)
{
  g_autofree char *got = NULL;

  g_assert_true (g_file_get_contents (path, &got, NULL, NULL));
  g_assert_cmpstr (got, ==, text);
}

/* What the window's preferences do: in force at once, there for the next program, remarks in the file kept. */
static void
test_save (void)
{
  guint n, before;
  const SmbLimitSetting *settings = smb_limits_list (&n);
  SmbVideoLimits video;

  use_file ("# of the lab\n[limits]\n# old disks\nSEMBLANCE_MAX_SECONDS=300\n");
  g_assert_cmpint (smb_limits_get_source (&settings[0]), ==, SMB_LIMIT_FALLBACK);
  before = smb_limits_get_stamp ();
  g_assert_true (smb_limits_save (only (settings[0].name, 12), NULL));
  g_assert_cmpuint (smb_limits_get_stamp (), !=, before);
  g_assert_cmpint (smb_limits_get_source (&settings[0]), ==, SMB_LIMIT_FILE);
  g_assert_true (smb_video_limits_get (&video, NULL));
  g_assert_cmpuint (video.picture.max_pixels, ==, 12000000);
  assert_told (settings[0].name, "12");
  assert_file ("# of the lab\n\n[limits]\n# old disks\nSEMBLANCE_MAX_MEGAPIXELS=12\n");

  smb_limits_init ();
  g_assert_true (smb_video_limits_get (&video, NULL));
  g_assert_cmpuint (video.picture.max_pixels, ==, 12000000);
  g_assert_true (smb_limits_save (only ("", 0), NULL));
  g_assert_cmpint (smb_limits_get_source (&settings[0]), ==, SMB_LIMIT_FALLBACK);
  assert_file ("# of the lab\n\n[limits]\n# old disks\n");
  g_setenv (settings[0].name, "34", TRUE);
  g_assert_cmpint (smb_limits_get_source (&settings[0]), ==, SMB_LIMIT_ENVIRONMENT);
}

/* What cannot be saved is said, and changes nothing. */
static void
test_save_refused (void)
{
  guint n;
  const SmbLimitSetting *settings = smb_limits_list (&n);
  g_autofree char *inside = g_build_filename (path, "limits.conf", NULL);
  SmbVideoLimits video;

  use_file ("[limits]\nSEMBLANCE_MAX_MEGAPIXELS=12\n");
  for (guint kind = 0; kind < 4; kind++) {
    static const char *const words[]
        = { "from 1 to 100000", "there is no file", "there is a group “other”", "making the folder of settings" };
    g_autoptr (GError) error = NULL;

    if (kind == 1)
      g_setenv ("SEMBLANCE_LIMITS", "", TRUE);
    if (kind == 2) {
      g_setenv ("SEMBLANCE_LIMITS", path, TRUE);
      g_assert_true (g_file_set_contents (path, "[other]\n", -1, NULL));
    }
    if (kind == 3)
      g_setenv ("SEMBLANCE_LIMITS", inside, TRUE); /* below a file */
    g_assert_false (smb_limits_save (only (settings[0].name, kind == 0 ? 100001 : 5), &error));
    g_test_message ("%s", error->message);
    g_assert_nonnull (strstr (error->message, words[kind]));
    g_assert_true (smb_video_limits_get (&video, NULL));
    g_assert_cmpuint (video.picture.max_pixels, ==, 12000000);
  }
  g_unlink (path);
  /* A folder that is not there yet is made; the file itself cannot be where a folder is. */
  g_assert_true (smb_limits_save (only (settings[0].name, 5), NULL));
  g_unlink (inside);
  g_assert_cmpint (g_mkdir (inside, 0700), ==, 0);
  g_assert_false (smb_limits_save (only (settings[0].name, 6), NULL));
  g_rmdir (inside);
  g_rmdir (path);
  forget_settings ();
}

int
main (int argc, char **argv)
{
  int failed;

  g_test_init (&argc, &argv, NULL);
  folder = g_dir_make_tmp ("smb-limits-XXXXXX", NULL);
  path = g_build_filename (folder, "limits.conf", NULL);
  g_test_add_func ("/media/limits/defaults", test_defaults);
  g_test_add_func ("/media/limits/environment", test_environment);
  g_test_add_func ("/media/limits/memory", test_memory);
  g_test_add_func ("/media/limits/file", test_file);
  g_test_add_func ("/media/limits/bad-file", test_bad_file);
  g_test_add_func ("/media/limits/save", test_save);
  g_test_add_func ("/media/limits/save-refused", test_save_refused);
  failed = g_test_run ();
  g_rmdir (folder);
  g_free (path);
  g_free (folder);
  return failed;
}
