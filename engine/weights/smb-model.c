/* SPDX-License-Identifier: Apache-2.0 */
#include "weights/smb-model-private.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <string.h>

#include "base/smb-hash.h"
#include "smb-config.h"

void
smb_model_info_free (SmbModelInfo *info)
{
  if (info == NULL)
    return;
  g_free (info->name);
  g_free (info->title);
  g_free (info->folder);
  g_free (info->detector_path);
  g_free (info->detector_sha256);
  g_free (info->mim_path);
  g_free (info->mim_sha256);
  g_strfreev (info->classes);
  g_free (info->calibration);
  g_free (info->track_calibration);
  g_free (info->limits);
  g_free (info->licence);
  g_free (info->provenance);
  g_free (info->reference);
  g_free (info);
}

static const char *const transform_names[] = {
  [SMB_FACE_RESIZE_CENTRE_CROP] = "resize256-crop224",
  [SMB_FACE_RESIZE] = "resize",
};

const char *
smb_face_transform_name (SmbFaceTransform transform)
{
  g_return_val_if_fail ((guint) transform < G_N_ELEMENTS (transform_names), "");
  return transform_names[transform];
}

gboolean
smb_face_transform_from_name (const char *name, SmbFaceTransform *transform)
{
  for (guint i = 0; i < G_N_ELEMENTS (transform_names); i++) {
    if (strcmp (transform_names[i], name) == 0) {
      *transform = (SmbFaceTransform) i;
      return TRUE;
    }
  }
  return FALSE;
}

char *
smb_model_user_folder (void)
{
  return g_build_filename (g_get_user_data_dir (), "semblance", "models", NULL);
}

/* with_own: also where the user's imports lie. */
static GPtrArray *
list_folders (gboolean with_own)
{
  GPtrArray *folders = g_ptr_array_new_with_free_func (g_free);
  const char *extra = g_getenv ("SEMBLANCE_MODELS");
  g_auto (GStrv) parts = g_strsplit (extra != NULL ? extra : "", ":", -1);

  for (char **part = parts; *part != NULL; part++) {
    if (**part != '\0')
      g_ptr_array_add (folders, g_strdup (*part));
  }
  if (with_own)
    g_ptr_array_add (folders, smb_model_user_folder ());
  g_ptr_array_add (folders, g_build_filename (SMB_PKGDATADIR, "models", NULL));
  return folders;
}

GPtrArray *
smb_model_search_path (void)
{
  return list_folders (TRUE);
}

gboolean
smb_model_is_shipped (const char *folder)
{
  g_autoptr (GPtrArray) folders = list_folders (FALSE);
  g_autofree char *absolute = g_canonicalize_filename (folder, NULL), *parent = g_path_get_dirname (absolute);

  for (guint i = 0; i < folders->len; i++) {
    g_autofree char *one = g_canonicalize_filename (folders->pdata[i], NULL);

    if (strcmp (parent, one) == 0)
      return TRUE;
  }
  return FALSE;
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

/* Names of the folders that hold a model.json, sorted. A folder that begins with a dot is an import under way. */
static GPtrArray *
entries_of (const char *folder)
{
  GPtrArray *names = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL) {
    g_autofree char *file = g_build_filename (folder, name, SMB_MODEL_FILE, NULL);

    if (name[0] != '.' && g_file_test (file, G_FILE_TEST_EXISTS))
      g_ptr_array_add (names, g_strdup (name));
  }
  g_ptr_array_sort (names, compare_names);
  return names;
}

static GPtrArray *
list_models (const GPtrArray *folders, GPtrArray *problems)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  GPtrArray *models = g_ptr_array_new_with_free_func ((GDestroyNotify) smb_model_info_free);

  for (guint i = 0; i < folders->len; i++) {
    const char *folder = g_ptr_array_index (folders, i);
    g_autoptr (GPtrArray) names = entries_of (folder);

    for (guint j = 0; j < names->len; j++) {
      const char *name = g_ptr_array_index (names, j);
      g_autofree char *entry = g_build_filename (folder, name, NULL);
      g_autoptr (GError) error = NULL;
      SmbModelInfo *info;

      if (!g_hash_table_add (seen, g_strdup (name)))
        continue; /* an earlier folder has one of this name */
      info = smb_model_info_load (entry, &error);
      if (info != NULL)
        g_ptr_array_add (models, info);
      else if (problems != NULL)
        g_ptr_array_add (problems, g_strdup (error->message));
    }
  }
  return models;
}

GPtrArray *
smb_model_list (GPtrArray *problems)
{
  g_autoptr (GPtrArray) folders = list_folders (TRUE);

  return list_models (folders, problems);
}

/* The entry of this name, wherever it is; FALSE with no error if there is none. */
static gboolean
find_by_name (const char *name, SmbModelInfo **info, GError **error)
{
  g_autoptr (GPtrArray) folders = smb_model_search_path ();

  for (guint i = 0; smb_model_name_is_valid (name) && i < folders->len; i++) {
    g_autofree char *entry = g_build_filename (g_ptr_array_index (folders, i), name, NULL);
    g_autofree char *file = g_build_filename (entry, SMB_MODEL_FILE, NULL);

    if (g_file_test (file, G_FILE_TEST_EXISTS)) {
      *info = smb_model_info_load (entry, error);
      return TRUE;
    }
  }
  return FALSE;
}

/* The user's choice, in the user's configuration. */
#define SETTINGS_GROUP "models"
#define ACTIVE_NAME "active"
#define ACTIVE_HASH "sha256"

static char *
config_path (void)
{
  return g_build_filename (g_get_user_config_dir (), "semblance", "config.ini", NULL);
}

/* NULL if it is not set. */
static char *
dup_setting (const char *key)
{
  g_autofree char *path = config_path (), *value = NULL;
  g_autoptr (GKeyFile) file = g_key_file_new ();

  if (g_key_file_load_from_file (file, path, G_KEY_FILE_NONE, NULL))
    value = g_key_file_get_string (file, SETTINGS_GROUP, key, NULL);
  return value != NULL && value[0] != '\0' ? g_steal_pointer (&value) : NULL;
}

char *
smb_model_dup_active (void)
{
  return dup_setting (ACTIVE_NAME);
}

/* The weights that make a model that one; borrowed. */
static const char *
weights_hash (const SmbModelInfo *info)
{
  return info->detector_sha256 != NULL ? info->detector_sha256 : info->mim_sha256;
}

/* The one that was put in use, if its weights are still those. */
static SmbModelInfo *
find_active (const char *active, GError **error)
{
  g_autofree char *sha256 = dup_setting (ACTIVE_HASH);
  SmbModelInfo *info = NULL;

  if (!find_by_name (active, &info, error)) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_NOT_FOUND,
                 _ ("The active model “%s” is no longer in the library. Choose another: semblance-cli model activate "
                    "NAME."), active);
  } else if (info != NULL && sha256 != NULL && strcmp (sha256, weights_hash (info)) != 0) {
    g_set_error (
        error, SMB_ERROR, SMB_ERROR_INTEGRITY,
        _ ("The model “%s” is not the one that was put in use: it has other weights. Put it in use anew: semblance-cli "
           "model use %s."),
        active, active);
    g_clear_pointer (&info, smb_model_info_free);
  }
  return info;
}

/* What was imported is never used unasked: only “model use” knows whether it is fit. */
static SmbModelInfo *
find_default (GError **error)
{
  g_autofree char *active = smb_model_dup_active ();
  g_autoptr (GPtrArray) folders = NULL, models = NULL;

  if (active != NULL)
    return find_active (active, error);
  folders = list_folders (FALSE);
  models = list_models (folders, NULL);
  /* Trained ones first: what stands in for them gives way as soon as there is one. */
  for (int untrained = 0; untrained < 2; untrained++) {
    for (guint i = 0; i < models->len; i++) {
      const SmbModelInfo *info = g_ptr_array_index (models, i);

      if (info->detector_path != NULL && (info->trained || untrained))
        return g_ptr_array_steal_index (models, i);
    }
  }
  g_set_error (
      error, SMB_ERROR, SMB_ERROR_NOT_FOUND,
      _ ("No model was put in use, and none that can score a face came with the program. Put one of the library in use: "
         "semblance-cli model use NAME."));
  return NULL;
}

SmbModelInfo *
smb_model_find_unhashed (const char *name, GError **error)
{
  SmbModelInfo *info = NULL;

  if (name == NULL)
    return find_default (error);
  if (find_by_name (name, &info, error))
    return info;
  if (g_file_test (name, G_FILE_TEST_IS_DIR))
    return smb_model_info_load (name, error);
  if (g_file_test (name, G_FILE_TEST_EXISTS) || strchr (name, '/') != NULL) {
    g_auto (SmbModelSource) source = { 0 };

    return smb_model_describe_file (name, FALSE, NULL, FALSE, &source, error);
  }
  g_set_error (error, SMB_ERROR, SMB_ERROR_NOT_FOUND,
               _ ("There is neither a model nor a file “%s”. semblance-cli model list shows the models there are."),
               name);
  return NULL;
}

static gboolean
hash_file (const char *path, char **sha256, GError **error)
{
  if (path != NULL && *sha256 == NULL)
    *sha256 = smb_sha256_of_file (path, NULL, NULL, error);
  return path == NULL || *sha256 != NULL;
}

gboolean
smb_model_hash (SmbModelInfo *info, GError **error)
{
  return hash_file (info->detector_path, &info->detector_sha256, error)
         && hash_file (info->mim_path, &info->mim_sha256, error);
}

SmbModelInfo *
smb_model_find (const char *name, GError **error)
{
  g_autoptr (SmbModelInfo) info = smb_model_find_unhashed (name, error);

  return info != NULL && smb_model_hash (info, error) ? g_steal_pointer (&info) : NULL;
}

gboolean
smb_model_verify_file (const char *path, const char *expected, GCancellable *cancellable, GError **error)
{
  g_autofree char *sha256 = NULL;

  if (path == NULL)
    return TRUE;
  sha256 = smb_sha256_of_file (path, NULL, cancellable, error);
  if (sha256 == NULL)
    return FALSE;
  if (strcmp (sha256, expected) == 0)
    return TRUE;
  g_set_error (error, SMB_ERROR, SMB_ERROR_INTEGRITY,
               _ ("%s: the weights are not those the model was made with (SHA-256 %s, expected %s). Import the model "
                  "again."), path, sha256, expected);
  return FALSE;
}

gboolean
smb_model_verify (const SmbModelInfo *info, GCancellable *cancellable, GError **error)
{
  return smb_model_verify_file (info->detector_path, info->detector_sha256, cancellable, error)
         && smb_model_verify_file (info->mim_path, info->mim_sha256, cancellable, error);
}

char *
smb_model_dup_own_reference (const char *mim_sha256)
{
  g_autofree char *name = g_strconcat (mim_sha256, ".json", NULL);

  return g_build_filename (g_get_user_data_dir (), "semblance", "references", name, NULL);
}

char *
smb_model_dup_reference (const char *folder, const char *mim_sha256)
{
  g_autofree char *own = mim_sha256 != NULL ? smb_model_dup_own_reference (mim_sha256) : NULL;
  g_autofree char *came = folder != NULL ? g_build_filename (folder, "reference.json", NULL) : NULL;

  if (own != NULL && g_file_test (own, G_FILE_TEST_EXISTS))
    return g_steal_pointer (&own);
  return came != NULL && g_file_test (came, G_FILE_TEST_EXISTS) ? g_steal_pointer (&came) : NULL;
}

static gboolean
fill_text (int fd, const char *path, gpointer user_data, GError **error)
{
  return smb_weights_write_all (fd, user_data, strlen (user_data), path, error);
}

gboolean
smb_model_set_active (const char *name, GError **error)
{
  g_autofree char *path = config_path (), *folder = g_path_get_dirname (path), *text = NULL;
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autoptr (SmbModelInfo) info = NULL;

  if (name != NULL) {
    if (!find_by_name (name, &info, error)) {
      g_set_error (error, SMB_ERROR, SMB_ERROR_NOT_FOUND,
                   _ ("There is no model “%s” in the library. semblance-cli model list shows those there are."), name);
      return FALSE;
    }
    if (info == NULL)
      return FALSE;
  }
  /* A file that is missing or broken is begun anew; other settings in a good one stay. */
  g_key_file_load_from_file (file, path, G_KEY_FILE_KEEP_COMMENTS, NULL);
  if (name != NULL) {
    g_key_file_set_string (file, SETTINGS_GROUP, ACTIVE_NAME, name);
    g_key_file_set_string (file, SETTINGS_GROUP, ACTIVE_HASH, weights_hash (info));
  } else {
    g_key_file_remove_key (file, SETTINGS_GROUP, ACTIVE_NAME, NULL);
    g_key_file_remove_key (file, SETTINGS_GROUP, ACTIVE_HASH, NULL);
  }
  text = g_key_file_to_data (file, NULL, NULL);
  if (g_mkdir_with_parents (folder, 0700) != 0)
    return smb_error_set_errno (error, errno, folder, _ ("creating the folder of the settings"));
  return smb_weights_replace_file (path, fill_text, text, error);
}
