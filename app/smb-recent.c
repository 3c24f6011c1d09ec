/* SPDX-License-Identifier: Apache-2.0 */
#include "smb-recent.h"

#define MAX_RECENT 12

void
smb_recent_free (SmbRecent *recent)
{
  g_free (recent->path);
  g_free (recent->title);
  g_free (recent);
}

static char *
list_path (void)
{
  return g_build_filename (g_get_user_state_dir (), "semblance", "recent", NULL);
}

GPtrArray *
smb_recent_list (void)
{
  g_autofree char *path = list_path ();
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;
  GPtrArray *list = g_ptr_array_new_with_free_func ((GDestroyNotify) smb_recent_free);

  if (!g_file_get_contents (path, &text, NULL, NULL) || !g_utf8_validate (text, -1, NULL))
    return list;
  lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL && list->len < MAX_RECENT; i++) {
    g_auto (GStrv) parts = g_strsplit (lines[i], "\t", 2);
    SmbRecent *recent;

    if (parts[0] == NULL || parts[1] == NULL || !g_file_test (parts[0], G_FILE_TEST_IS_REGULAR))
      continue;
    recent = g_new0 (SmbRecent, 1);
    recent->path = g_strdup (parts[0]);
    recent->title = g_strdup (parts[1]);
    g_ptr_array_add (list, recent);
  }
  return list;
}

gboolean
smb_recent_add (const char *path, const char *title, GError **error)
{
  g_autofree char *file = list_path ();
  g_autofree char *folder = g_path_get_dirname (file);
  g_autoptr (GPtrArray) list = smb_recent_list ();
  g_autoptr (GString) text = g_string_new (NULL);

  /* A line break or tab in a path would break the list; such a case is simply not remembered. */
  if (strpbrk (path, "\t\n") != NULL)
    return TRUE;
  g_string_append_printf (text, "%s\t", path);
  for (const char *c = title; *c != '\0'; c++)
    g_string_append_c (text, *c == '\n' || *c == '\t' ? ' ' : *c);
  g_string_append_c (text, '\n');
  for (guint i = 0; i < list->len; i++) {
    const SmbRecent *recent = list->pdata[i];

    if (g_strcmp0 (recent->path, path) != 0)
      g_string_append_printf (text, "%s\t%s\n", recent->path, recent->title);
  }
  g_mkdir_with_parents (folder, 0700);
  return g_file_set_contents (file, text->str, (gssize) text->len, error);
}
