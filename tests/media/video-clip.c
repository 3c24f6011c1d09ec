/* SPDX-License-Identifier: Apache-2.0 */
#include "video-clip.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>

/* The ffmpeg program may tune its sandbox as it likes; a test that inherited locks or languages would not be its own.
 */
static gboolean
run (char **argv, char **out)
{
  g_autofree char *words = NULL;
  g_autoptr (GError) error = NULL;
  int status;

  g_spawn_sync (NULL, argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, out, &words, &status, &error);
  g_assert_no_error (error);
  if (g_spawn_check_wait_status (status, NULL))
    return TRUE;
  g_test_message ("%s: %s", argv[0], words);
  return FALSE;
}

char *
video_clip_make (const char *folder, const char *name, gboolean optional, const char *arguments, ...)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autofree char *text = NULL;
  g_auto (GStrv) words = NULL;
  g_autoptr (GPtrArray) argv = g_ptr_array_new ();
  va_list list;
  gboolean made;

  va_start (list, arguments);
  text = g_strdup_vprintf (arguments, list);
  va_end (list);
  words = g_strsplit (text, " ", -1);
  g_ptr_array_add (argv, (char *) "ffmpeg");
  for (const char *const *fixed = (const char *const[]){ "-y", "-nostdin", "-loglevel", "error", NULL }; *fixed != NULL;
       fixed++)
    g_ptr_array_add (argv, (char *) *fixed);
  for (char **word = words; *word != NULL; word++)
    if (**word != '\0')
      g_ptr_array_add (argv, *word);
  g_ptr_array_add (argv, path);
  g_ptr_array_add (argv, NULL);
  made = run ((char **) argv->pdata, NULL);
  g_assert_true (made || optional);
  return made ? g_steal_pointer (&path) : NULL;
}

guint
video_clip_count_frames (const char *path)
{
  g_autofree char *out = NULL;
  char *argv[] = { (char *) "ffprobe", (char *) "-v", (char *) "error", (char *) "-select_streams", (char *) "v:0",
                   (char *) "-count_frames", (char *) "-show_entries", (char *) "stream=nb_read_frames", (char *) "-of",
                   (char *) "csv=p=0", (char *) path, NULL };

  g_assert_true (run (argv, &out));
  return (guint) g_ascii_strtoull (out, NULL, 10);
}

char *
video_clip_cut (const char *path, double share)
{
  g_autofree char *bytes = NULL;
  char *cut = g_strdup_printf ("%s.cut", path);
  gsize n_bytes;

  g_assert_true (g_file_get_contents (path, &bytes, &n_bytes, NULL));
  g_assert_true (g_file_set_contents (cut, bytes, (gssize) ((double) n_bytes * share), NULL));
  return cut;
}

void
video_clip_remove_folder (const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL) {
    g_autofree char *path = g_build_filename (folder, name, NULL);

    g_unlink (path);
  }
  g_rmdir (folder);
}
