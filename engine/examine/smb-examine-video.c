/* SPDX-License-Identifier: Apache-2.0 */
#include "examine/smb-examine-video.h"

#include "base/smb-error.h"

#include <glib/gi18n-lib.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_PICTURES 1000000

/* The pieces of "frame-%04d.png": what stands before and after the number, and its digits (0: as many as it takes). */
typedef struct {
  char *folder, *before, *after;
  guint digits;
} Pattern;

static void
pattern_clear (Pattern *pattern)
{
  g_free (pattern->folder);
  g_free (pattern->before);
  g_free (pattern->after);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Pattern, pattern_clear)

typedef struct {
  guint64 number;
  char *path;
} Numbered;

static gboolean
pattern_parse (Pattern *pattern, const char *path)
{
  g_autofree char *name = g_path_get_basename (path);
  const char *percent = strchr (name, '%');
  const char *at = percent != NULL ? percent + 1 : NULL;

  if (percent == NULL)
    return FALSE;
  if (*at == '0')
    while (g_ascii_isdigit (*at))
      pattern->digits = MIN (pattern->digits * 10 + (guint) (*at++ - '0'), 100);
  if (*at != 'd' || strchr (at, '%') != NULL)
    return FALSE;
  pattern->folder = g_path_get_dirname (path);
  pattern->before = g_strndup (name, (gsize) (percent - name));
  pattern->after = g_strdup (at + 1);
  return TRUE;
}

gboolean
smb_examine_is_pattern (const char *path)
{
  g_auto (Pattern) pattern = { 0 };

  return !g_file_test (path, G_FILE_TEST_EXISTS) && pattern_parse (&pattern, path);
}

/* The number in a name that fits. */
static gboolean
fits (const Pattern *pattern, const char *name, guint64 *number_out)
{
  gsize n_name = strlen (name), n_before = strlen (pattern->before), n_after = strlen (pattern->after);
  g_autofree char *digits = NULL;

  if (n_name <= n_before + n_after || !g_str_has_prefix (name, pattern->before) || !g_str_has_suffix (name, pattern->after))
    return FALSE;
  digits = g_strndup (name + n_before, n_name - n_before - n_after);
  if (strspn (digits, "0123456789") != strlen (digits) || (pattern->digits > 0 && strlen (digits) < pattern->digits)
      || (pattern->digits > 0 && strlen (digits) > pattern->digits && digits[0] == '0'))
    return FALSE;
  return g_ascii_string_to_unsigned (digits, 10, 0, G_MAXUINT64, number_out, NULL);
}

static int
compare_numbers (gconstpointer a, gconstpointer b)
{
  const Numbered *left = a, *right = b;

  if (left->number != right->number)
    return left->number < right->number ? -1 : 1;
  return strcmp (left->path, right->path);
}

static char **
list_pictures (const char *path, GError **error)
{
  g_auto (Pattern) pattern = { 0 };
  g_autoptr (GArray) found = g_array_new (FALSE, FALSE, sizeof (Numbered));
  g_autoptr (GDir) dir = NULL;
  GPtrArray *paths;
  const char *name;

  pattern_parse (&pattern, path);
  dir = g_dir_open (pattern.folder, 0, NULL);
  while (dir != NULL && found->len < MAX_PICTURES && (name = g_dir_read_name (dir)) != NULL) {
    Numbered picture;

    if (!fits (&pattern, name, &picture.number))
      continue;
    picture.path = g_build_filename (pattern.folder, name, NULL);
    g_array_append_val (found, picture);
  }
  if (found->len == 0) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_NOT_FOUND, _ ("%s: no file fits this pattern; the number stands where %%d or %%04d is."),
                 path);
    return NULL;
  }
  g_array_sort (found, compare_numbers);
  paths = g_ptr_array_new ();
  for (guint i = 0; i < found->len; i++)
    g_ptr_array_add (paths, g_array_index (found, Numbered, i).path);
  g_ptr_array_add (paths, NULL);
  return (char **) g_ptr_array_free (paths, FALSE);
}

static int
open_picture (const char *path, GError **error)
{
  return smb_examine_open_evidence (path, NULL, NULL, error);
}

SmbEngineVideo *
smb_examine_open_video_file (SmbEngine *engine, const char *path, double picture_rate, SmbProgress progress,
                             gpointer user_data, GCancellable *cancellable, GError **error)
{
  SmbEngineVideo *video;
  int fd;

  if (smb_examine_is_pattern (path)) {
    g_auto (GStrv) paths = list_pictures (path, error);

    return paths != NULL ? smb_engine_video_open_pictures (engine, path, paths, picture_rate, open_picture, cancellable, error)
                         : NULL;
  }
  fd = smb_examine_open_evidence (path, NULL, NULL, error);
  if (fd < 0)
    return NULL;
  video = smb_engine_video_open (engine, fd, path, progress, user_data, cancellable, error);
  close (fd);
  return video;
}

SmbEngineVideo *
smb_examine_try_video (SmbEngine *engine, const char *path, double picture_rate, gboolean asked, SmbProgress progress, gpointer user_data,
                       GCancellable *cancellable, GError **error)
{
  g_autoptr (GError) failure = NULL;
  g_autoptr (SmbEngineVideo) video
      = smb_examine_open_video_file (engine, path, picture_rate, progress, user_data, cancellable, &failure);

  if (video != NULL && (asked || smb_engine_video_get_n_frames (video) > 1))
    return g_steal_pointer (&video);
  if (failure != NULL && (asked || smb_examine_is_pattern (path) || !smb_examine_may_be_picture (failure)))
    g_propagate_error (error, g_steal_pointer (&failure));
  return NULL;
}
