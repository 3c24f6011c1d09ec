/* SPDX-License-Identifier: Apache-2.0 */
#include "learn/smb-checkpoint.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <inttypes.h>
#include <string.h>

#include "base/smb-error.h"
#include "base/smb-hash.h"
#include "weights/smb-weights-file.h"

#define KEPT 2
#define PREFIX "checkpoint-"
#define SUMS "SHA256SUMS" /* as sha256sum writes and checks them */

static int
newest_first (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) b, *(const char *const *) a);
}

/* Names, the newest first: the numbers are padded, so that their order is that of the bytes. */
static GPtrArray *
list_checkpoints (const char *folder)
{
  GPtrArray *names = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    if (g_str_has_prefix (name, PREFIX)
        && strspn (name + strlen (PREFIX), "0123456789") == strlen (name + strlen (PREFIX)))
      g_ptr_array_add (names, g_strdup (name));
  g_ptr_array_sort (names, newest_first);
  return names;
}

/* A folder of plain files. */
static void
remove_folder (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL) {
    g_autofree char *file = g_build_filename (path, name, NULL);

    g_unlink (file);
  }
  g_rmdir (path);
}

static gboolean
write_sums (const char *folder, const SmbCheckpointPart *parts, guint n_parts, GError **error)
{
  g_autoptr (GString) sums = g_string_new (NULL);
  g_autofree char *path = g_build_filename (folder, SUMS, NULL);

  for (guint i = 0; i < n_parts; i++) {
    g_autofree char *file = g_build_filename (folder, parts[i].name, NULL);
    g_autofree char *sha256 = smb_sha256_of_file (file, NULL, NULL, error);

    if (sha256 == NULL)
      return FALSE;
    g_string_append_printf (sums, "%s  %s\n", sha256, parts[i].name);
  }
  return smb_learn_write_text (path, sums->str, error);
}

/* Every file is as its sum says. A checkpoint without sums was made by an earlier version and is taken as it is. */
static gboolean
is_whole (const char *folder)
{
  g_autofree char *path = g_build_filename (folder, SUMS, NULL), *text = NULL;
  g_auto (GStrv) lines = NULL;
  guint n = 0;

  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    return TRUE;
  if (!g_file_get_contents (path, &text, NULL, NULL))
    return FALSE;
  lines = g_strsplit (text, "\n", -1);
  for (char **line = lines; *line != NULL && **line != '\0'; line++, n++) {
    const char *name = strlen (*line) > 66 ? *line + 66 : NULL;
    g_autofree char *file = name != NULL && strchr (name, '/') == NULL ? g_build_filename (folder, name, NULL) : NULL;
    g_autofree char *sha256 = file != NULL ? smb_sha256_of_file (file, NULL, NULL, NULL) : NULL;

    if (sha256 == NULL || strncmp (*line, sha256, 64) != 0)
      return FALSE;
  }
  return n > 0;
}

gboolean
smb_checkpoint_write (const char *folder, guint64 iteration, const SmbCheckpointPart *parts, guint n_parts,
                      GError **error)
{
  g_autofree char *name = g_strdup_printf (PREFIX "%08" PRIu64, iteration);
  g_autofree char *path = g_build_filename (folder, name, NULL), *unfinished = g_strconcat (path, ".unfinished", NULL);
  g_autoptr (GPtrArray) names = NULL;

  remove_folder (unfinished); /* of a run that was killed */
  if (g_mkdir_with_parents (unfinished, 0777) != 0)
    return smb_error_set_errno (error, errno, unfinished, _ ("making the folder"));
  for (guint i = 0; i < n_parts; i++) {
    g_autofree char *file = g_build_filename (unfinished, parts[i].name, NULL);

    if (!smb_weights_write (file, parts[i].dict, error))
      return FALSE;
  }
  if (!write_sums (unfinished, parts, n_parts, error))
    return FALSE;
  remove_folder (path);
  if (g_rename (unfinished, path) != 0)
    return smb_error_set_errno (error, errno, path, _ ("putting the finished checkpoint in place"));
  names = list_checkpoints (folder);
  for (guint i = KEPT; i < names->len; i++) {
    g_autofree char *old = g_build_filename (folder, g_ptr_array_index (names, i), NULL);

    remove_folder (old);
  }
  return TRUE;
}

char *
smb_checkpoint_newest (const char *folder)
{
  g_autoptr (GPtrArray) names = list_checkpoints (folder);

  return names->len > 0 ? g_build_filename (folder, g_ptr_array_index (names, 0), NULL) : NULL;
}

char *
smb_checkpoint_newest_whole (const char *folder, char **torn_out)
{
  g_autoptr (GPtrArray) names = list_checkpoints (folder);

  *torn_out = NULL;
  for (guint i = 0; i < names->len; i++) {
    g_autofree char *path = g_build_filename (folder, g_ptr_array_index (names, i), NULL);

    if (is_whole (path))
      return g_steal_pointer (&path);
    if (*torn_out == NULL)
      *torn_out = g_strdup_printf (_ ("%s is damaged; going on from an older checkpoint."), path);
  }
  g_clear_pointer (torn_out, g_free);
  return smb_checkpoint_newest (folder);
}

gboolean
smb_learn_write_text (const char *path, const char *text, GError **error)
{
  g_autoptr (GError) local = NULL;

  if (g_file_set_contents_full (path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0666,
                                &local))
    return TRUE;
  return smb_error_set_file (error, local, path, _ ("writing"));
}

gboolean
smb_learn_cut_log (const char *path, guint64 last, GError **error)
{
  g_autofree char *text = NULL;
  g_autoptr (GString) kept = g_string_new (NULL);
  g_auto (GStrv) lines = NULL;

  if (!g_file_get_contents (path, &text, NULL, NULL))
    return TRUE;
  lines = g_strsplit (text, "\n", -1);
  for (char **line = lines; *line != NULL && line[1] != NULL; line++) { /* the last one has no end: it was cut short */
    const char *at = strstr (*line, "\"iteration\":");

    if (at != NULL && g_ascii_strtoull (at + strlen ("\"iteration\":"), NULL, 10) <= last)
      g_string_append_printf (kept, "%s\n", *line);
  }
  return smb_learn_write_text (path, kept->str, error);
}

char *
smb_learn_mean_std_text (const double mean[3], const double std[3])
{
  g_autoptr (GString) text = g_string_new ("{\"mean\": [");
  char number[G_ASCII_DTOSTR_BUF_SIZE];

  for (int i = 0; i < 6; i++) {
    if (i > 0)
      g_string_append (text, i == 3 ? "], \"std\": [" : ", ");
    g_string_append (text, g_ascii_dtostr (number, sizeof number, i < 3 ? mean[i] : std[i - 3]));
  }
  g_string_append (text, "]}\n");
  return g_string_free (g_steal_pointer (&text), FALSE);
}

gboolean
smb_learn_read_mean_std (const char *path, double mean[3], double std[3], GError **error)
{
  g_autofree char *text = NULL;
  gsize length;
  int n = 0;

  if (g_file_get_contents (path, &text, &length, NULL) && length < 65536)
    for (const char *at = text; n < 6 && (at = strpbrk (at, "-0123456789")) != NULL; n++) {
      char *end;
      double value = g_ascii_strtod (at, &end);

      if (end == at || !(value >= (n < 3 ? 0.0 : 1e-4) && value <= 10.0))
        break;
      *(n < 3 ? &mean[n] : &std[n - 3]) = value;
      at = end;
    }
  if (n == 6)
    return TRUE;
  g_set_error (
      error, SMB_ERROR, SMB_ERROR_FORMAT,
      _ ("%s: does not hold the mean and standard deviation of three colours; correct it, or give --mean and --std."),
      path);
  return FALSE;
}
