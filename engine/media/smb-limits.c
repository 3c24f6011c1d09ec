/* SPDX-License-Identifier: Apache-2.0 */
/* Apart from the decoders, which need FFmpeg and more: every program asks for the limits. */
#include "media/smb-limits.h"

#include "base/smb-error.h"
#include "media/smb-video.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <string.h>

#define GROUP "limits"
#define MAX_STREAMS 64
#define CACHE_BYTES (192ull << 20)
/* Libraries, threads' stacks and tables; and for each pixel the decoder's own rows, ours, a turned copy, the plane. */
#define BASE_MEMORY_MB 2048
#define MEMORY_BYTES_A_PIXEL 16

enum { MEGAPIXELS, SIDE_PX, FILE_MB, FRAMES, SECONDS, VIDEO_SECONDS, MEMORY_MB, N_SETTINGS };

static const SmbLimitSetting settings[N_SETTINGS] = {
  [MEGAPIXELS] = { "SEMBLANCE_MAX_MEGAPIXELS", 200, 1, 100000, N_ ("megapixels of a picture or a frame") },
  [SIDE_PX] = { "SEMBLANCE_MAX_SIDE_PX", 65500, 1, 1000000, N_ ("pixels of a side") },
  [FILE_MB] = { "SEMBLANCE_MAX_FILE_MB", 1024, 1, 1000000, N_ ("megabytes of a picture's file") },
  [FRAMES] = { "SEMBLANCE_MAX_FRAMES", 1000000, 1, 1000000, N_ ("frames of a video") },
  [SECONDS] = { "SEMBLANCE_MAX_SECONDS", 120, 1, 86400, N_ ("seconds of the processor to decode a picture") },
  [VIDEO_SECONDS] = { "SEMBLANCE_MAX_VIDEO_SECONDS", 7200, 1, 604800, N_ ("seconds to read a video through") },
  [MEMORY_MB] = { "SEMBLANCE_MAX_MEMORY_MB", 0, 1024, 1000000, N_ ("megabytes of memory for the decoder") },
};

/* What the user's file says. */
static GMutex lock;
static guint64 from_file[N_SETTINGS]; /* 0: leaves it out */
static char *file_problem;            /* NULL: understood, or not there */
static guint stamp;

const SmbLimitSetting *
smb_limits_list (guint *n_out)
{
  *n_out = N_SETTINGS;
  return settings;
}

static const char *
text_of (const SmbLimitSetting *setting)
{
  const char *text = g_getenv (setting->name);

  return text != NULL && *text != '\0' ? text : NULL;
}

gboolean
smb_limits_get (const SmbLimitSetting *setting, guint64 *out, GError **error)
{
  const char *text = text_of (setting);
  g_autofree char *problem = NULL;
  guint64 own;

  g_mutex_lock (&lock);
  problem = g_strdup (file_problem);
  own = from_file[setting - settings];
  g_mutex_unlock (&lock);
  if (problem != NULL) {
    g_set_error_literal (error, SMB_ERROR, SMB_ERROR_ARGUMENT, problem);
    return FALSE;
  }
  *out = own != 0 ? own : setting->fallback;
  if (text != NULL && !g_ascii_string_to_unsigned (text, 10, setting->min, setting->max, out, NULL)) {
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

SmbLimitSource
smb_limits_get_source (const SmbLimitSetting *setting)
{
  gboolean own;

  if (text_of (setting) != NULL)
    return SMB_LIMIT_ENVIRONMENT;
  g_mutex_lock (&lock);
  own = from_file[setting - settings] != 0;
  g_mutex_unlock (&lock);
  return own ? SMB_LIMIT_FILE : SMB_LIMIT_FALLBACK;
}

guint
smb_limits_get_stamp (void)
{
  guint now;

  g_mutex_lock (&lock);
  now = stamp;
  g_mutex_unlock (&lock);
  return now;
}

char **
smb_limits_add_to_environ (char **env)
{
  g_mutex_lock (&lock);
  for (guint i = 0; i < N_SETTINGS; i++) {
    const char *text = g_environ_getenv (env, settings[i].name);
    g_autofree char *number = g_strdup_printf ("%" PRIu64, from_file[i]);

    if (from_file[i] != 0 && (text == NULL || *text == '\0'))
      env = g_environ_setenv (env, settings[i].name, number, TRUE);
  }
  g_mutex_unlock (&lock);
  return env;
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

static void
set_range (GError **error, const char *path, const SmbLimitSetting *setting, const char *text)
{
  g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT,
               _ ("%s: %s is “%s”; set it to a whole number from %" PRIu64 " to %" PRIu64 " or leave it out"), path,
               setting->name, text, setting->min, setting->max);
}

/* A name nobody knows is a limit that would not hold. */
static gboolean
take_file (GKeyFile *file, const char *path, guint64 *values, GError **error)
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
    guint i = 0;

    while (i < N_SETTINGS && !g_str_equal (settings[i].name, *name))
      i++;
    if (i == N_SETTINGS) {
      g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT,
                   _ ("%s: there is no limit “%s”; “semblance-cli limits” lists them"), path, *name);
      return FALSE;
    }
    if (value == NULL || !g_ascii_string_to_unsigned (value, 10, settings[i].min, settings[i].max, &values[i], NULL)) {
      set_range (error, path, &settings[i], value != NULL ? value : "");
      return FALSE;
    }
  }
  return TRUE;
}

/* A file that is not there is an empty one. */
static gboolean
load_file (GKeyFile *file, const char *path, guint64 *values, GError **error)
{
  g_autofree char *shown = g_filename_display_name (path), *text = NULL;
  g_autoptr (GError) problem = NULL;
  gsize n_bytes;

  if (!g_file_get_contents (path, &text, &n_bytes, &problem)) {
    if (g_error_matches (problem, G_FILE_ERROR, G_FILE_ERROR_NOENT)
        || g_error_matches (problem, G_FILE_ERROR, G_FILE_ERROR_NOTDIR))
      return TRUE;
  } else if (n_bytes == 0
             || g_key_file_load_from_data (file, text, n_bytes,
                                           (GKeyFileFlags) (G_KEY_FILE_KEEP_COMMENTS | G_KEY_FILE_KEEP_TRANSLATIONS),
                                           &problem))
    return take_file (file, shown, values, error);
  g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT,
               _ ("%s: the limits set there cannot be read (%s); correct the file or take it away"), shown,
               problem->message);
  return FALSE;
}

/* The lock is held. */
static void
put_in_force (const guint64 *values)
{
  memcpy (from_file, values, sizeof from_file);
  stamp++;
}

void
smb_limits_init (void)
{
  g_autofree char *path = smb_limits_dup_path ();
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autoptr (GError) error = NULL;
  guint64 values[N_SETTINGS] = { 0 };

  g_mutex_lock (&lock);
  g_clear_pointer (&file_problem, g_free);
  if (path != NULL && !load_file (file, path, values, &error))
    file_problem = g_strdup (error->message);
  put_in_force (values);
  g_mutex_unlock (&lock);
}

static gboolean
write_file (GKeyFile *file, const char *path, GError **error)
{
  g_autofree char *shown = g_filename_display_name (path), *folder = g_path_get_dirname (path);
  g_autoptr (GError) problem = NULL;

  if (g_mkdir_with_parents (folder, 0700) != 0)
    return smb_error_set_errno (error, errno, folder, _ ("making the folder of settings"));
  if (g_key_file_save_to_file (file, path, &problem))
    return TRUE;
  g_set_error (error, SMB_ERROR, SMB_ERROR_IO, _ ("%s: the limits cannot be saved: %s"), shown, problem->message);
  return FALSE;
}

/* The lock is held. */
static gboolean
save (const guint64 *values, GError **error)
{
  g_autofree char *path = smb_limits_dup_path ();
  g_autoptr (GKeyFile) file = g_key_file_new ();
  guint64 before[N_SETTINGS] = { 0 };

  if (path == NULL) {
    g_set_error_literal (error, SMB_ERROR, SMB_ERROR_ARGUMENT,
                         _ ("SEMBLANCE_LIMITS is empty, so there is no file to save limits in; leave it out"));
    return FALSE;
  }
  if (!load_file (file, path, before, error))
    return FALSE;
  for (guint i = 0; i < N_SETTINGS; i++) {
    if (values[i] != 0 && (values[i] < settings[i].min || values[i] > settings[i].max)) {
      g_autofree char *text = g_strdup_printf ("%" PRIu64, values[i]);

      set_range (error, path, &settings[i], text);
      return FALSE;
    }
    if (values[i] != 0)
      g_key_file_set_uint64 (file, GROUP, settings[i].name, values[i]);
    else if (before[i] != 0)
      g_key_file_remove_key (file, GROUP, settings[i].name, NULL);
  }
  if (memcmp (values, before, sizeof before) != 0 && !write_file (file, path, error))
    return FALSE;
  g_clear_pointer (&file_problem, g_free); /* corrected meanwhile */
  put_in_force (values);
  return TRUE;
}

gboolean
smb_limits_save (const guint64 *values, GError **error)
{
  gboolean saved;

  g_mutex_lock (&lock);
  saved = save (values, error);
  g_mutex_unlock (&lock);
  return saved;
}
