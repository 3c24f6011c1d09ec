/* SPDX-License-Identifier: Apache-2.0 */
#include "learn/smb-dataset.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "base/smb-error.h"
#include "learn/smb-embedding.h"
#include "learn/smb-table.h"

void
smb_dataset_entry_free (SmbDatasetEntry *entry)
{
  if (entry == NULL)
    return;
  g_free (entry->path);
  g_free (entry->class);
  g_free (entry->identity);
  g_free (entry->source);
  g_free (entry->origin);
  g_free (entry->case_id);
  g_free (entry->alike);
  g_clear_pointer (&entry->embedding, g_array_unref);
  g_free (entry);
}

SmbDatasetEntry *
smb_dataset_entry_new (const char *path, const char *class)
{
  SmbDatasetEntry *entry = g_new0 (SmbDatasetEntry, 1);

  entry->path = g_strdup (path);
  entry->class = g_strdup (class);
  entry->identity = g_strdup ("");
  entry->source = g_strdup ("");
  entry->origin = g_strdup ("");
  entry->case_id = g_strdup ("");
  entry->alike = g_strdup ("");
  entry->part = SMB_PART_NONE;
  return entry;
}

GPtrArray *
smb_dataset_entries_new (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) smb_dataset_entry_free);
}

static void
set_text (char **field, const char *text)
{
  g_free (*field);
  *field = g_strdup (text);
}

static SmbDatasetEntry *
add_entry (GPtrArray *entries, const char *path, const char *class, const char *source, SmbPart part)
{
  SmbDatasetEntry *entry = smb_dataset_entry_new (path, class);

  /* What shows one scene all through is its own source. */
  set_text (&entry->source, source[0] == '\0' && smb_learn_may_be_video (path) ? path : source);
  entry->part = part;
  g_ptr_array_add (entries, entry);
  return entry;
}

/* Everything in the folder of one class. */
static gboolean
add_class_folder (GPtrArray *entries, const char *folder, const char *class, SmbPart part, GError **error)
{
  g_autoptr (GPtrArray) pictures = smb_learn_list_pictures ((const char *const[]) { folder, NULL }, TRUE, error);
  g_autofree char *absolute = g_canonicalize_filename (folder, NULL);

  if (pictures == NULL)
    return FALSE;
  for (guint i = 0; i < pictures->len; i++) {
    const char *path = g_ptr_array_index (pictures, i);
    g_autofree char *parent = g_path_get_dirname (path);

    add_entry (entries, path, class, strcmp (parent, absolute) != 0 ? parent : "", part);
  }
  return TRUE;
}

static int
by_name (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

/* Names of the folders inside, by bytes. */
static GPtrArray *
folders_in (const char *folder, GError **error)
{
  GPtrArray *names = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GError) local = NULL;
  g_autoptr (GDir) dir = g_dir_open (folder, 0, &local);
  const char *name;

  if (dir == NULL)
    g_set_error (error, SMB_ERROR, SMB_ERROR_IO, _ ("%s: the folder cannot be read: %s"), folder, local->message);
  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL) {
    g_autofree char *path = g_build_filename (folder, name, NULL);

    if (name[0] != '.' && g_file_test (path, G_FILE_TEST_IS_DIR))
      g_ptr_array_add (names, g_strdup (name));
  }
  g_ptr_array_sort (names, by_name);
  if (dir == NULL)
    g_clear_pointer (&names, g_ptr_array_unref);
  return names;
}

/* class NULL: the folders' names are the classes, or first the parts. */
static gboolean
add_folder (GPtrArray *entries, const char *folder, const char *class, SmbPart part, GError **error)
{
  g_autoptr (GPtrArray) names = folders_in (folder, error);
  gboolean parts = part == SMB_PART_NONE && names != NULL && names->len > 0;

  if (names == NULL)
    return FALSE;
  for (guint i = 0; i < names->len; i++) {
    SmbPart unused;

    parts = parts && smb_part_from_name (g_ptr_array_index (names, i), &unused);
  }
  if (class != NULL && !parts)
    return add_class_folder (entries, folder, class, part, error);
  if (names->len == 0) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT,
                 _ ("%s: holds no folders of classes; name the class of what is in it as CLASS=%s."), folder, folder);
    return FALSE;
  }
  for (guint i = 0; i < names->len; i++) {
    const char *name = g_ptr_array_index (names, i);
    g_autofree char *path = g_build_filename (folder, name, NULL);
    SmbPart inner = part;

    if (parts)
      smb_part_from_name (name, &inner);
    if (!(parts ? add_folder (entries, path, class, inner, error)
                : add_class_folder (entries, path, name, inner, error)))
      return FALSE;
  }
  return TRUE;
}

static const char *
cell (const GStrv row, int column)
{
  return column >= 0 ? row[column] : "";
}

/* What a table says of a face's embedding, if anything. */
static gboolean
set_embedding (SmbDatasetEntry *entry, const char *text, const char *table, GError **error)
{
  if (text[0] == '\0' || (entry->embedding = smb_embedding_parse (text)) != NULL)
    return TRUE;
  g_set_error (error, SMB_ERROR, SMB_ERROR_FORMAT,
               _ ("%s: the embedding of %s is no vector; write its numbers between spaces, or leave the cell empty."),
               table, entry->path);
  return FALSE;
}

/* An unknown word is no part: dealt out at random, faces that a laboratory set aside would be learnt from. */
static gboolean
set_part (SmbPart *part, const char *text, const char *table, guint row, GError **error)
{
  *part = SMB_PART_NONE;
  if (text[0] == '\0' || smb_part_from_name (text, part))
    return TRUE;
  g_set_error (error, SMB_ERROR, SMB_ERROR_FORMAT,
               _ ("%s, row %u: “%s” is no part of a data set; write train, val or test, or leave the cell empty."),
               table, row, text);
  return FALSE;
}

static gboolean
add_table (GPtrArray *entries, const char *path, const char *class, GError **error)
{
  g_autoptr (SmbTable) table = smb_table_read (path, error);
  g_autofree char *folder = g_path_get_dirname (path);
  int file, label, identity, embedding, source, origin, part, case_column;

  if (table == NULL)
    return FALSE;
  file = smb_table_find (table, (const char *const[]) { "file", "filename", "path", NULL });
  label = smb_table_find (table, (const char *const[]) { "label", "class", NULL });
  identity = smb_table_find (table, (const char *const[]) { "identity", "person", "subject", NULL });
  embedding = smb_table_find (table, (const char *const[]){ "embedding", "vector", NULL });
  source = smb_table_find (table, (const char *const[]) { "source", "video", "path", NULL });
  case_column = smb_table_find (table, (const char *const[]) { "case", NULL });
  origin = smb_table_find (table, (const char *const[]) { "origin", "generator", "source_repo", NULL });
  part = smb_table_find (table, (const char *const[]) { "part", "split", NULL });
  if (source == file)
    source = -1;
  if (file < 0 || (label < 0 && class == NULL)) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_FORMAT,
                 _ ("%s: needs a column “file” and a column “label”, or the class of all as CLASS=%s."), path, path);
    return FALSE;
  }
  for (guint i = 0; i < table->rows->len; i++) {
    const GStrv row = g_ptr_array_index (table->rows, i);
    g_autofree char *picture = g_canonicalize_filename (row[file], folder);
    const char *from = cell (row, origin);
    SmbDatasetEntry *entry;
    SmbPart of;

    if (!set_part (&of, cell (row, part), path, i + 1, error))
      return FALSE;
    entry = add_entry (entries, picture, class != NULL ? class : row[label], cell (row, source), of);
    set_text (&entry->identity, cell (row, identity));
    if (!set_embedding (entry, cell (row, embedding), path, error))
      return FALSE;
    set_text (&entry->case_id, cell (row, case_column));
    if (from[0] == '\0') /* a genuine one has no generator: where it was found */
      from = cell (row, smb_table_find (table, (const char *const[]) { "source_repo", NULL }));
    set_text (&entry->origin, from);
  }
  return TRUE;
}

static gboolean
add_source (GPtrArray *entries, const char *source, GError **error)
{
  const char *equals = g_file_test (source, G_FILE_TEST_EXISTS) ? NULL : strchr (source, '=');
  g_autofree char *class = equals != NULL ? g_strndup (source, (gsize) (equals - source)) : NULL;
  g_autofree char *path = g_canonicalize_filename (equals != NULL ? equals + 1 : source, NULL);

  if (class != NULL && class[0] == '\0') {
    g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT, _ ("“%s” names no class before the “=”."), source);
    return FALSE;
  }
  if (g_file_test (path, G_FILE_TEST_IS_DIR))
    return add_folder (entries, path, class, SMB_PART_NONE, error);
  if (!g_file_test (path, G_FILE_TEST_EXISTS)) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_NOT_FOUND, _ ("%s: there is no such file or folder."), path);
    return FALSE;
  }
  if (g_str_has_suffix (path, ".csv") || g_str_has_suffix (path, ".tsv") || g_str_has_suffix (path, ".txt"))
    return add_table (entries, path, class, error);
  if (class != NULL) {
    add_entry (entries, path, class, "", SMB_PART_NONE);
    return TRUE;
  }
  g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT,
               _ ("%s: is no folder and no table; name a picture's class as CLASS=%s."), path, path);
  return FALSE;
}

/* "from=to", each. */
static gboolean
rename_classes (GPtrArray *entries, const char *const *map, GError **error)
{
  for (; map != NULL && *map != NULL; map++) {
    const char *equals = strchr (*map, '=');

    if (equals == NULL || equals == *map || equals[1] == '\0') {
      g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT, _ ("“%s” renames nothing; write FROM=TO."), *map);
      return FALSE;
    }
    for (guint i = 0; i < entries->len; i++) {
      SmbDatasetEntry *entry = g_ptr_array_index (entries, i);

      if (strncmp (entry->class, *map, (gsize) (equals - *map)) == 0 && entry->class[equals - *map] == '\0')
        set_text (&entry->class, equals + 1);
    }
  }
  return TRUE;
}

/* Renames, and drops what is named twice. */
static gboolean
finish_list (GPtrArray *all, const char *const *map, GError **error)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);

  if (!rename_classes (all, map, error))
    return FALSE;
  for (guint i = 0; i < all->len;) {
    SmbDatasetEntry *entry = g_ptr_array_index (all, i), *other = g_hash_table_lookup (seen, entry->path);

    if (other == NULL) {
      g_hash_table_insert (seen, entry->path, entry);
      i++;
      continue;
    }
    if (strcmp (other->class, entry->class) != 0) {
      g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT, _ ("%s: is named twice, as “%s” and as “%s”."), entry->path,
                   other->class, entry->class);
      return FALSE;
    }
    g_ptr_array_remove_index (all, i);
  }
  if (all->len > 0)
    return TRUE;
  g_set_error_literal (error, SMB_ERROR, SMB_ERROR_NOT_FOUND, _ ("There are no pictures in what was named."));
  return FALSE;
}

GPtrArray *
smb_dataset_list_with (GPtrArray *entries, const char *const *sources, const char *const *map, GError **error)
{
  g_autoptr (GPtrArray) all = entries;

  for (; *sources != NULL; sources++)
    if (!add_source (all, *sources, error))
      return NULL;
  return finish_list (all, map, error) ? g_steal_pointer (&all) : NULL;
}

GPtrArray *
smb_dataset_list (const char *const *sources, const char *const *map, GError **error)
{
  return smb_dataset_list_with (smb_dataset_entries_new (), sources, map, error);
}
