/* SPDX-License-Identifier: Apache-2.0 */
#include "learn/smb-face-store.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "base/smb-error.h"

#define MAX_DEPTH 32

static const char *const pictures[] = { ".jpg", ".jpeg", ".png",  ".webp", ".bmp", ".tif", ".tiff", ".gif",
                                        ".heic", ".heif", ".avif", ".ppm",  ".pgm", ".pnm", NULL };
static const char *const videos[] = { ".mp4", ".mov", ".m4v", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".mts",
                                      ".ts",  ".3gp", ".wmv", ".flv", ".ogv",  NULL };
static const char *const may_move[] = { ".gif", ".webp", NULL };

static gboolean
ends_like (const char *name, const char *const *endings)
{
  g_autofree char *lower = g_ascii_strdown (name, -1);

  for (; *endings != NULL; endings++)
    if (g_str_has_suffix (lower, *endings))
      return TRUE;
  return FALSE;
}

gboolean
smb_learn_may_be_video (const char *name)
{
  return ends_like (name, videos) || ends_like (name, may_move);
}

static gboolean
add_folder (GPtrArray *out, const char *folder, gboolean with_videos, int depth, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (GDir) dir = g_dir_open (folder, 0, &local);
  const char *name;

  if (dir == NULL) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_IO, _ ("%s: the folder cannot be read: %s"), folder, local->message);
    return FALSE;
  }
  if (depth > MAX_DEPTH) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_LIMIT, _ ("%s: folders lie more than %d deep; name a folder further in."),
                 folder, MAX_DEPTH);
    return FALSE;
  }
  while ((name = g_dir_read_name (dir)) != NULL) {
    g_autofree char *path = g_build_filename (folder, name, NULL);

    if (name[0] == '.')
      continue;
    if (g_file_test (path, G_FILE_TEST_IS_DIR)) {
      if (!g_file_test (path, G_FILE_TEST_IS_SYMLINK) && !add_folder (out, path, with_videos, depth + 1, error))
        return FALSE;
    } else if (ends_like (name, pictures) || (with_videos && ends_like (name, videos))) {
      g_ptr_array_add (out, g_steal_pointer (&path));
    }
  }
  return TRUE;
}

static int
by_path (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

GPtrArray *
smb_learn_list_pictures (const char *const *sources, gboolean with_videos, GError **error)
{
  g_autoptr (GPtrArray) all = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) once = g_ptr_array_new_with_free_func (g_free);

  for (; *sources != NULL; sources++) {
    g_autofree char *path = g_canonicalize_filename (*sources, NULL);

    if (!g_file_test (path, G_FILE_TEST_EXISTS)) {
      g_set_error (error, SMB_ERROR, SMB_ERROR_NOT_FOUND, _ ("%s: there is no such file or folder."), *sources);
      return NULL;
    }
    if (!g_file_test (path, G_FILE_TEST_IS_DIR))
      g_ptr_array_add (all, g_steal_pointer (&path));
    else if (!add_folder (all, path, with_videos, 0, error))
      return NULL;
  }
  g_ptr_array_sort (all, by_path);
  for (guint i = 0; i < all->len; i++)
    if (i == 0 || strcmp (g_ptr_array_index (all, i), g_ptr_array_index (all, i - 1)) != 0)
      g_ptr_array_add (once, g_strdup (g_ptr_array_index (all, i)));
  if (once->len > 0)
    return g_steal_pointer (&once);
  g_set_error_literal (error, SMB_ERROR, SMB_ERROR_NOT_FOUND,
                       _ ("There are no pictures in the folders named; name folders that hold JPEG, PNG or the like."));
  return NULL;
}
