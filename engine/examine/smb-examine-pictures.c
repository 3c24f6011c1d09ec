/* SPDX-License-Identifier: Apache-2.0 */
/* Numbered pictures in a folder, taken for one video: which belong together, and a case's exhibits made of them. */
#include "examine/smb-examine-private.h"

#include "analysis/smb-json.h"
#include "base/smb-error.h"
#include "base/smb-hash.h"
#include "case/smb-case-video.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
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
    for (; g_ascii_isdigit (*at); at++)
      pattern->digits = MIN (pattern->digits * 10 + (guint) (*at - '0'), 100);
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

  if (n_name <= n_before + n_after || !g_str_has_prefix (name, pattern->before)
      || !g_str_has_suffix (name, pattern->after))
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

char **
smb_examine_list_pictures (const char *path, GError **error)
{
  g_auto (Pattern) pattern = { 0 };
  g_autoptr (GArray) found = g_array_new (FALSE, FALSE, sizeof (Numbered));
  g_autoptr (GDir) dir = NULL;
  GPtrArray *paths;
  const char *name;

  if (pattern_parse (&pattern, path))
    dir = g_dir_open (pattern.folder, 0, NULL);
  while (dir != NULL && found->len < MAX_PICTURES && (name = g_dir_read_name (dir)) != NULL) {
    Numbered picture;

    if (!fits (&pattern, name, &picture.number))
      continue;
    picture.path = g_build_filename (pattern.folder, name, NULL);
    g_array_append_val (found, picture);
    /* cppcheck-suppress memleak; the list has it */
  }
  if (found->len == 0) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_NOT_FOUND,
                 _ ("%s: no file fits this pattern; the number stands where %%d or %%04d is."), path);
    return NULL;
  }
  g_array_sort (found, compare_numbers);
  paths = g_ptr_array_new ();
  for (guint i = 0; i < found->len; i++)
    g_ptr_array_add (paths, g_array_index (found, Numbered, i).path);
  g_ptr_array_add (paths, NULL);
  return (char **) g_ptr_array_free (paths, FALSE);
}

char *
smb_examine_pattern_of (const char *path)
{
  g_autofree char *folder = g_path_get_dirname (path), *name = g_path_get_basename (path), *before = NULL,
                  *pattern = NULL;
  gsize end = strlen (name), begin;

  while (end > 0 && !g_ascii_isdigit (name[end - 1]))
    end--;
  for (begin = end; begin > 0 && g_ascii_isdigit (name[begin - 1]);)
    begin--;
  /* A percent sign of its own could not be told from the number's. */
  if (end == 0 || strchr (name, '%') != NULL)
    return NULL;
  before = g_strndup (name, begin);
  pattern = name[begin] == '0' && end - begin > 1 ? g_strdup_printf ("%s%%0%zud%s", before, end - begin, name + end)
                                                  : g_strdup_printf ("%s%%d%s", before, name + end);
  return g_build_filename (folder, pattern, NULL);
}

/* Taking in. */

/* Hashes one of them; NULL with an error. */
static SmbCasePicture *
take_picture (SmbEvidence *evidence, const char *path, GCancellable *cancellable, GError **error)
{
  g_autoptr (SmbCasePicture) picture = g_new0 (SmbCasePicture, 1);
  gint64 modified_us;
  struct stat before, after;
  int fd = smb_examine_open_evidence (path, &picture->size_bytes, &modified_us, error);

  if (fd < 0)
    return NULL;
  picture->name = g_path_get_basename (path);
  if (fstat (fd, &before) == 0)
    picture->sha256 = smb_examine_hash (fd, path, TRUE, cancellable, error);
  if (picture->sha256 != NULL
      && (fstat (fd, &after) != 0 || before.st_size != after.st_size || before.st_mtim.tv_sec != after.st_mtim.tv_sec
          || before.st_mtim.tv_nsec != after.st_mtim.tv_nsec)) {
    g_set_error (
        error, SMB_ERROR, SMB_ERROR_INTEGRITY,
        _ ("%s: the file changed while it was being taken in; make a working copy that nothing else writes to, "
           "and add that."),
        path);
    g_clear_pointer (&picture->sha256, g_free);
  }
  close (fd);
  if (picture->sha256 == NULL)
    return NULL;
  evidence->size_bytes += picture->size_bytes;
  evidence->modified_us = MAX (evidence->modified_us, modified_us);
  return g_steal_pointer (&picture);
}

static gboolean
take_all (SmbEvidence *evidence, char **paths, SmbProgress progress, gpointer user_data, GCancellable *cancellable,
          GError **error)
{
  const guint n = g_strv_length (paths);
  g_autofree char *manifest = NULL;

  evidence->pictures = g_ptr_array_new_with_free_func ((GDestroyNotify) smb_case_picture_free);
  for (guint i = 0; i < n; i++) {
    SmbCasePicture *picture = take_picture (evidence, paths[i], cancellable, error);

    if (picture == NULL)
      return FALSE;
    g_ptr_array_add (evidence->pictures, picture);
    if (progress != NULL)
      progress (i + 1, n, _ ("Hashing pictures"), user_data);
  }
  manifest = smb_case_pictures_manifest (evidence->pictures);
  evidence->sha256 = smb_sha256_of_bytes (manifest, strlen (manifest));
  return TRUE;
}

/* Only the bytes that were taken in. pictures: SmbCasePicture*. */
static int
open_picture (const char *path, guint k, gpointer pictures, GError **error)
{
  const SmbCasePicture *picture = ((GPtrArray *) pictures)->pdata[k];
  int fd = smb_examine_open_evidence (path, NULL, NULL, error);
  g_autofree char *sha256 = fd >= 0 ? smb_examine_hash (fd, path, FALSE, NULL, error) : NULL;

  if (sha256 != NULL && g_str_equal (sha256, picture->sha256))
    return fd;
  if (sha256 != NULL)
    g_set_error (
        error, SMB_ERROR, SMB_ERROR_INTEGRITY,
        _ ("%s: the file is not the one that was taken in: its SHA-256 is now %s. It is not opened; restore the original."),
        path, sha256);
  if (fd >= 0)
    close (fd);
  return -1;
}

static void
free_pictures (gpointer pictures)
{
  g_ptr_array_unref (pictures);
}

SmbEvidence *
smb_examine_acquire_pictures (SmbCase *store, SmbEngine *engine, const char *pattern, double rate, SmbProgress progress,
                              gpointer user_data, GCancellable *cancellable, GError **error)
{
  g_autoptr (SmbEvidence) evidence = g_new0 (SmbEvidence, 1);
  g_autoptr (SmbEngineVideo) video = NULL;
  g_autoptr (JsonNode) node = NULL;
  g_autoptr (GError) problem = NULL;
  g_autofree char *facts = NULL;
  g_auto (GStrv) paths = NULL;

  g_return_val_if_fail (rate > 0, NULL);
  evidence->path = g_canonicalize_filename (pattern, NULL);
  paths = smb_examine_list_pictures (evidence->path, error);
  if (paths == NULL || !take_all (evidence, paths, progress, user_data, cancellable, error))
    return NULL;
  evidence->acquired_us = evidence->verified_us = g_get_real_time ();
  evidence->hash_state = SMB_HASH_VERIFIED;
  video = smb_engine_video_open_pictures (engine, evidence->path, paths, rate, open_picture,
                                          g_ptr_array_ref (evidence->pictures), free_pictures, cancellable, &problem);
  if (g_error_matches (problem, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
    g_propagate_error (error, g_steal_pointer (&problem));
    return NULL;
  }
  if (video != NULL) {
    node = json_node_init_object (json_node_alloc (), smb_engine_video_get_facts (video));
    facts = smb_json_to_canonical (node);
    evidence->video = TRUE;
    evidence->width = smb_engine_video_get_width (video);
    evidence->height = smb_engine_video_get_height (video);
    evidence->format = g_strdup (smb_engine_video_get_format (video));
  } else
    evidence->problem = g_strdup (problem->message);
  return smb_examine_store_evidence (store, engine, evidence, facts, NULL, error) ? g_steal_pointer (&evidence)
                                                                                 : NULL;
}

/* Verifying and opening. */

static char *
path_of (const SmbEvidence *evidence, const SmbCasePicture *picture)
{
  g_autofree char *folder = g_path_get_dirname (evidence->path);

  return g_build_filename (folder, picture->name, NULL);
}

/* How one of them is now; its hash is replaced by what was found, if it could be read. FALSE: cancelled. */
static gboolean
check_picture (const SmbEvidence *evidence, SmbCasePicture *picture, gboolean again, SmbHashState *state,
               GCancellable *cancellable, GError **why)
{
  g_autofree char *path = path_of (evidence, picture), *found = NULL;
  g_autoptr (GError) error = NULL;
  int fd = smb_examine_open_evidence (path, NULL, NULL, &error);

  *state = SMB_HASH_VERIFIED;
  if (fd >= 0) {
    found = smb_examine_hash (fd, path, again, cancellable, &error);
    close (fd);
  } else if (g_error_matches (error, SMB_ERROR, SMB_ERROR_FORMAT)) /* emptied */
    found = smb_sha256_of_bytes ("", 0);
  if (found == NULL) {
    *state = g_error_matches (error, SMB_ERROR, SMB_ERROR_NOT_FOUND) ? SMB_HASH_MISSING : SMB_HASH_UNREADABLE;
    if (why != NULL && *why == NULL)
      *why = g_error_copy (error);
    return !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  }
  if (g_str_equal (found, picture->sha256))
    return TRUE;
  *state = SMB_HASH_ALTERED;
  if (why != NULL && *why == NULL)
    g_set_error (
        why, SMB_ERROR, SMB_ERROR_INTEGRITY,
        _ ("%s (%s): the file is not the one that was taken in: its SHA-256 is now %s. It is not opened; restore "
           "the original."),
        evidence->exhibit, path, found);
  g_free (picture->sha256);
  picture->sha256 = g_steal_pointer (&found);
  return TRUE;
}

int
smb_examine_check_pictures (SmbCase *store, const SmbEvidence *evidence, gboolean again, SmbHashState *state,
                            char **found, GError **why, GCancellable *cancellable)
{
  /* How bad each state is: the worst is said of all of them. */
  static const int badness[]
      = { [SMB_HASH_VERIFIED] = 0, [SMB_HASH_ALTERED] = 1, [SMB_HASH_UNREADABLE] = 2, [SMB_HASH_MISSING] = 3 };
  g_autoptr (GPtrArray) pictures = smb_case_list_pictures (store, evidence->id, why);
  g_autofree char *manifest = NULL, *first = NULL;
  SmbHashState worst = SMB_HASH_VERIFIED;

  *state = SMB_HASH_UNREADABLE;
  *found = NULL;
  if (pictures == NULL || pictures->len == 0)
    return -1;
  for (guint i = 0; i < pictures->len; i++) {
    SmbHashState one;

    if (!check_picture (evidence, pictures->pdata[i], again, &one, cancellable, why))
      return -1;
    if (badness[one] > badness[worst])
      worst = one;
  }
  *state = worst;
  manifest = smb_case_pictures_manifest (pictures);
  *found = smb_sha256_of_bytes (manifest, strlen (manifest));
  if (*state == SMB_HASH_VERIFIED && !g_str_equal (*found, evidence->sha256))
    *state = SMB_HASH_ALTERED;
  if (*state != SMB_HASH_VERIFIED)
    return -1;
  first = path_of (evidence, pictures->pdata[0]);
  return smb_examine_open_evidence (first, NULL, NULL, why);
}

SmbEngineVideo *
smb_examine_open_picture_files (SmbEngine *engine, const char *pattern, GPtrArray *pictures, double rate,
                                GCancellable *cancellable, GError **error)
{
  g_autofree char *folder = g_path_get_dirname (pattern);
  g_autoptr (GPtrArray) paths = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < pictures->len; i++)
    g_ptr_array_add (paths, g_build_filename (folder, ((SmbCasePicture *) pictures->pdata[i])->name, NULL));
  g_ptr_array_add (paths, NULL);
  return smb_engine_video_open_pictures (engine, pattern, (char **) paths->pdata, rate, open_picture,
                                         g_ptr_array_ref (pictures), free_pictures, cancellable, error);
}

GPtrArray *
smb_examine_read_pictures (SmbCase *store, const SmbEvidence *evidence, double *rate_out, GError **error)
{
  g_autoptr (GPtrArray) pictures = smb_case_list_pictures (store, evidence->id, error);
  g_autoptr (JsonNode) node = NULL;

  *rate_out = NAN;
  if (pictures == NULL)
    return NULL;
  if (smb_examine_read_facts (store, evidence->id, &node, error) && node != NULL) {
    SmbJsonReader reader = { .what = "facts", .where = "", .error = error };
    JsonObject *about = smb_json_object (&reader, json_node_get_object (node), "video", SMB_JSON_REQUIRED);

    *rate_out = about != NULL ? smb_json_number (&reader, about, "rate", SMB_JSON_REQUIRED) : NAN;
  }
  if (*rate_out > 0 && pictures->len > 0)
    return g_steal_pointer (&pictures);
  if (error != NULL && *error == NULL)
    g_set_error (error, SMB_ERROR, SMB_ERROR_FORMAT,
                 _ ("%s: what the case says of these pictures is damaged; restore it from a backup copy."),
                 evidence->exhibit);
  return NULL;
}

SmbEngineVideo *
smb_examine_open_pictures (SmbCase *store, SmbEngine *engine, const SmbEvidence *evidence, GCancellable *cancellable,
                           GError **error)
{
  double rate;
  g_autoptr (GPtrArray) pictures = smb_examine_read_pictures (store, evidence, &rate, error);

  return pictures != NULL
             ? smb_examine_open_picture_files (engine, evidence->path, pictures, rate, cancellable, error)
             : NULL;
}
