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
  /* Workers are told through the environment. */
  g_assert_cmpstr (g_getenv ("SEMBLANCE_MAX_FRAMES"), ==, "500");

  /* Whoever sets it for one run means that run. */
  forget_settings ();
  g_setenv ("SEMBLANCE_MAX_MEGAPIXELS", "34", TRUE);
  g_setenv ("SEMBLANCE_LIMITS", path, TRUE);
  smb_limits_init ();
  g_assert_true (smb_video_limits_get (&video, NULL));
  g_assert_cmpuint (video.picture.max_pixels, ==, 34000000);
  g_assert_cmpuint (video.max_frames, ==, 500);

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
  failed = g_test_run ();
  g_rmdir (folder);
  g_free (path);
  g_free (folder);
  return failed;
}
