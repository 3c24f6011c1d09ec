/* SPDX-License-Identifier: Apache-2.0 */
/* Apart from the decoders, which need FFmpeg and more: every program asks for the limits. */
#include "media/smb-limits.h"

#include "base/smb-error.h"
#include "media/smb-video.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>

#define GROUP "limits"
#define MAX_STREAMS 64
#define CACHE_BYTES (192ull << 20)
/* Libraries, threads' stacks and tables; and for each pixel the decoder's own rows, ours, a turned copy, the plane. */
#define BASE_MEMORY_MB 2048
#define MEMORY_BYTES_A_PIXEL 16

enum { MEGAPIXELS, SIDE_PX, FILE_MB, FRAMES, SECONDS, VIDEO_SECONDS, MEMORY_MB };

static const SmbLimitSetting settings[] = {
  [MEGAPIXELS] = { "SEMBLANCE_MAX_MEGAPIXELS", 200, 1, 100000, N_ ("megapixels of a picture or a frame") },
  [SIDE_PX] = { "SEMBLANCE_MAX_SIDE_PX", 65500, 1, 1000000, N_ ("pixels of a side") },
  [FILE_MB] = { "SEMBLANCE_MAX_FILE_MB", 1024, 1, 1000000, N_ ("megabytes of a picture's file") },
  [FRAMES] = { "SEMBLANCE_MAX_FRAMES", 1000000, 1, 1000000, N_ ("frames of a video") },
  [SECONDS] = { "SEMBLANCE_MAX_SECONDS", 120, 1, 86400, N_ ("seconds of the processor to decode a picture") },
  [VIDEO_SECONDS] = { "SEMBLANCE_MAX_VIDEO_SECONDS", 7200, 1, 604800, N_ ("seconds to read a video through") },
  [MEMORY_MB] = { "SEMBLANCE_MAX_MEMORY_MB", 0, 1024, 1000000, N_ ("megabytes of memory for the decoder") },
};

static char *file_problem;

const SmbLimitSetting *
smb_limits_list (guint *n_out)
{
  *n_out = G_N_ELEMENTS (settings);
  return settings;
}

gboolean
smb_limits_get (const SmbLimitSetting *setting, guint64 *out, GError **error)
{
  const char *text = g_getenv (setting->name);

  if (file_problem != NULL) {
    g_set_error_literal (error, SMB_ERROR, SMB_ERROR_ARGUMENT, file_problem);
    return FALSE;
  }
  *out = setting->fallback;
  if (text != NULL && *text != '\0' && !g_ascii_string_to_unsigned (text, 10, setting->min, setting->max, out, NULL)) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT,
                 _ ("%s is “%s”; set it to a whole number from %" PRIu64 " to %" PRIu64 " or leave it out"),
                 setting->name, text, setting->min, setting->max);
    return FALSE;
  }
  if (*out == 0) {
    guint64 megapixels;

    if (!smb_limits_get (&settings[MEGAPIXELS], &megapixels, error))
      return FALSE;
    *out = BASE_MEMORY_MB + (megapixels * 1000000 * MEMORY_BYTES_A_PIXEL >> 20);
  }
  return TRUE;
}

gboolean
smb_picture_limits_get (SmbPictureLimits *limits, GError **error)
{
  guint64 megapixels, side, megabytes;

  if (!smb_limits_get (&settings[MEGAPIXELS], &megapixels, error) || !smb_limits_get (&settings[SIDE_PX], &side, error)
      || !smb_limits_get (&settings[FILE_MB], &megabytes, error))
    return FALSE;
  *limits = (SmbPictureLimits){ .max_pixels = megapixels * 1000000,
                                .max_side_px = (int) side,
                                .max_file_bytes = megabytes << 20 };
  return TRUE;
}

gboolean
smb_video_limits_get (SmbVideoLimits *limits, GError **error)
{
  guint64 frames;

  if (!smb_limits_get (&settings[FRAMES], &frames, error))
    return FALSE;
  limits->max_frames = (guint) frames;
  limits->max_streams = MAX_STREAMS;
  limits->cache_bytes = CACHE_BYTES;
  return smb_picture_limits_get (&limits->picture, error);
}

gboolean
smb_decode_limits_get (SmbDecodeLimits *limits, GError **error)
{
  guint64 picture, video, megabytes;

  if (!smb_limits_get (&settings[SECONDS], &picture, error) || !smb_limits_get (&settings[VIDEO_SECONDS], &video, error)
      || !smb_limits_get (&settings[MEMORY_MB], &megabytes, error))
    return FALSE;
  *limits = (SmbDecodeLimits){ .picture_seconds = (guint) picture,
                               .picture_clock = (guint) picture * 3,
                               .frames_seconds = (guint) picture * 5,
                               .video_seconds = (guint) video,
                               .memory_bytes = megabytes << 20 };
  return TRUE;
}

char *
smb_limits_dup_path (void)
{
  const char *path = g_getenv ("SEMBLANCE_LIMITS");

  if (path != NULL)
    return *path != '\0' ? g_strdup (path) : NULL;
  return g_build_filename (g_get_user_config_dir (), "semblance", "limits.conf", NULL);
}

static const SmbLimitSetting *
find (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (settings); i++)
    if (g_str_equal (settings[i].name, name))
      return &settings[i];
  return NULL;
}

/* A name nobody knows is a limit that would not hold. */
static gboolean
take_file (GKeyFile *file, const char *path, GError **error)
{
  g_auto (GStrv) groups = g_key_file_get_groups (file, NULL);
  g_auto (GStrv) names = g_key_file_get_keys (file, GROUP, NULL, NULL);

  for (char **group = groups; *group != NULL; group++)
    if (!g_str_equal (*group, GROUP)) {
      g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT, _ ("%s: there is a group “%s”; all settings belong into [%s]"),
                   path, *group, GROUP);
      return FALSE;
    }
  for (char **name = names; name != NULL && *name != NULL; name++) {
    g_autofree char *value = g_key_file_get_string (file, GROUP, *name, NULL);
    const SmbLimitSetting *setting = find (*name);
    guint64 number;

    if (setting == NULL) {
      g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT,
                   _ ("%s: there is no limit “%s”; “semblance-cli limits” lists them"), path, *name);
      return FALSE;
    }
    if (value == NULL || !g_ascii_string_to_unsigned (value, 10, setting->min, setting->max, &number, NULL)) {
      g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT,
                   _ ("%s: %s is “%s”; set it to a whole number from %" PRIu64 " to %" PRIu64 " or leave it out"), path,
                   *name, value != NULL ? value : "", setting->min, setting->max);
      return FALSE;
    }
    g_setenv (*name, value, FALSE);
  }
  return TRUE;
}

void
smb_limits_init (void)
{
  g_autofree char *path = smb_limits_dup_path ();
  g_autofree char *shown = path != NULL ? g_filename_display_name (path) : NULL;
  g_autofree char *text = NULL;
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autoptr (GError) error = NULL;
  gsize n_bytes;

  g_clear_pointer (&file_problem, g_free);
  if (path == NULL || (!g_file_get_contents (path, &text, &n_bytes, &error)
                       && (g_error_matches (error, G_FILE_ERROR, G_FILE_ERROR_NOENT)
                           || g_error_matches (error, G_FILE_ERROR, G_FILE_ERROR_NOTDIR))))
    return;
  if (error == NULL && n_bytes > 0 && g_key_file_load_from_data (file, text, n_bytes, G_KEY_FILE_NONE, &error))
    take_file (file, shown, &error);
  if (error != NULL)
    file_problem
        = error->domain == SMB_ERROR
              ? g_strdup (error->message)
              : g_strdup_printf (_ ("%s: the limits set there cannot be read (%s); correct the file or take it away"),
                                 shown, error->message);
}
