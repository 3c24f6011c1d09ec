/* SPDX-License-Identifier: Apache-2.0 */
#include "weights/smb-model-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/smb-hash.h"

static gboolean
argument_error (GError **error, const char *format, ...) G_GNUC_PRINTF (2, 3);

static gboolean
argument_error (GError **error, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  if (error != NULL)
    *error = g_error_new_valist (SMB_ERROR, SMB_ERROR_ARGUMENT, format, args);
  va_end (args);
  return FALSE;
}

static gboolean
check_name (const char *name, GError **error)
{
  g_autoptr (GPtrArray) folders = smb_model_search_path ();

  if (name == NULL)
    return argument_error (error, _ ("A model needs a name to be imported under. Give one with --name."));
  if (!smb_model_name_is_valid (name))
    return argument_error (error, _ ("“%s” cannot be a model's name. Use up to 64 lower-case letters, digits, “-”, “_” "
                                     "and “.”, beginning with a letter or digit."), name);
  for (guint i = 0; i < folders->len; i++) {
    g_autofree char *entry = g_build_filename (g_ptr_array_index (folders, i), name, NULL);

    if (g_file_test (entry, G_FILE_TEST_EXISTS) || g_file_test (entry, G_FILE_TEST_IS_SYMLINK))
      return argument_error (error,
                             _ ("%s: there is a model of this name already, and none is ever overwritten. Choose "
                                "another name."),
                             entry);
  }
  return TRUE;
}

static gboolean
take_classes (SmbModelInfo *info, const SmbModelImport *how, const SmbModelSource *source, const char *path,
              GError **error)
{
  int n = source->config.classes, given = how->classes != NULL ? (int) g_strv_length ((char **) how->classes) : 0;

  if (info->detector_path == NULL) {
    if (given == 0 && how->real_class < 0)
      return TRUE;
    return argument_error (error, _ ("%s: this network has no classes to be named, it only reconstructs. Leave "
                                     "--classes and --real-class away."), path);
  }
  if (n < 2)
    return argument_error (error, _ ("%s: this classifier tells %d class apart, so it cannot tell genuine from forged. "
                                     "Use one with two or more."), path, n);
  if (given > 0 && given != n)
    return argument_error (error,
                           _ ("%s: the network tells %d classes apart, but %d names were given. Name every class "
                              "once, in the network's order."),
                           path, n, given);
  for (int i = 0; i < given; i++) {
    if (how->classes[i][0] == '\0' || strlen (how->classes[i]) > 64
        || g_strv_contains (how->classes + i + 1, how->classes[i]))
      return argument_error (error, _ ("The names of the classes must differ and be neither empty nor longer than 64 "
                                       "bytes."));
  }
  if (how->real_class >= n)
    return argument_error (error, _ ("Class %d cannot be the genuine one, for the network has classes 0 to %d."),
                           how->real_class, n - 1);
  if (given > 0)
    smb_model_settle_classes (info, how->classes, n, how->real_class);
  else if (how->real_class >= 0)
    info->real_class = how->real_class;
  return TRUE;
}

static gboolean
take_normalisation (SmbModelInfo *info, const SmbModelImport *how, SmbModelSource *source, GError **error)
{
  if (how->mean == NULL && how->std == NULL)
    return TRUE;
  if (how->mean == NULL || how->std == NULL)
    return argument_error (error,
                           _ ("A mean needs its standard deviation and the other way round. Give both --mean and "
                              "--std, or neither."));
  for (int i = 0; i < 3; i++) {
    if (!isfinite (how->mean[i]) || fabs (how->mean[i]) > 10.0 || !isfinite (how->std[i]) || how->std[i] < 1e-4 ||
        how->std[i] > 10.0)
      return argument_error (error,
                             _ ("The mean and standard deviation make no sense for colours from 0 to 1. Check the "
                                "six numbers."));
  }
  memcpy (info->mean, how->mean, sizeof info->mean);
  memcpy (info->std, how->std, sizeof info->std);
  memcpy (info->mim_mean, how->mean, sizeof info->mim_mean);
  memcpy (info->mim_std, how->std, sizeof info->mim_std);
  g_free (source->normalisation);
  source->normalisation = g_strdup ("Normalisation: given at import.");
  return TRUE;
}

#define MAX_STATED_CHARS 2000

/* What the file says of itself, as far as it is worth reading; NULL if nothing. */
static char *
stated (const SmbModelSource *source, const char *key)
{
  const char *text = smb_tensor_dict_get_meta (source->weights, key);
  g_autofree char *valid = text != NULL && text[0] != '\0' ? g_utf8_make_valid (text, -1) : NULL;
  g_autofree char *head = NULL;

  if (valid == NULL || g_utf8_strlen (valid, -1) <= MAX_STATED_CHARS)
    return g_steal_pointer (&valid);
  head = g_utf8_substring (valid, 0, MAX_STATED_CHARS);
  return g_strconcat (head, "…", NULL);
}

static gboolean
take_words (SmbModelInfo *info, const SmbModelImport *how, const SmbModelSource *source, const char *path,
            GError **error)
{
  g_autofree char *base = g_path_get_basename (path);
  g_autofree char *shown = smb_weights_quote (base, strlen (base));
  g_autofree char *title = how->title != NULL ? g_strdup (how->title) : stated (source, "title");
  g_autofree char *provenance = how->provenance != NULL ? g_strdup (how->provenance) : stated (source, "provenance");

  if (how->transform != NULL && !smb_face_transform_from_name (how->transform, &info->transform))
    return argument_error (error, _ ("“%s” is no way to bring a face to the network's size. Use “resize” or "
                                     "“resize256-crop224”."), how->transform);
  g_free (info->name);
  info->name = g_strdup (how->name);
  g_free (info->title);
  info->title = title != NULL ? g_steal_pointer (&title) : g_strdup (how->name);
  if (how->licence != NULL) {
    g_free (info->licence);
    info->licence = g_strdup (how->licence);
  }
  g_free (info->provenance);
  info->provenance
      = g_strdup_printf ("%s%sImported from %s (SHA-256 %s). %s", provenance != NULL ? provenance : "",
                         provenance != NULL ? " " : "", shown, source->sha256, source->normalisation);
  return TRUE;
}

static gboolean
check_finite (const SmbTensorDict *weights, const char *path, GError **error)
{
  for (guint i = 0; i < weights->names->len; i++) {
    const char *name = g_ptr_array_index (weights->names, i);

    if (!smb_tensor_is_finite (smb_tensor_dict_get (weights, name))) {
      g_autofree char *quoted = smb_weights_quote (name, strlen (name));

      g_set_error (
          error, SMB_ERROR, SMB_ERROR_FORMAT,
          _ ("%s: the weights “%s” hold values that are no numbers, so every result would be none. The training "
             "that made them went wrong; use an earlier checkpoint."),
          path, quoted);
      return FALSE;
    }
  }
  return TRUE;
}

static gboolean
fill_text (int fd, const char *path, gpointer user_data, GError **error)
{
  return smb_weights_write_all (fd, user_data, strlen (user_data), path, error);
}

/* float32 weights as float16, in a dictionary that shares everything else. */
static SmbTensorDict *
halve (const SmbTensorDict *weights, const char *path, GError **error)
{
  g_autoptr (SmbTensorDict) half = smb_tensor_dict_new ();
  GHashTableIter iter;
  gpointer key, value;

  g_hash_table_iter_init (&iter, weights->metadata);
  while (g_hash_table_iter_next (&iter, &key, &value))
    smb_tensor_dict_set_meta (half, key, value);
  for (guint i = 0; i < weights->names->len; i++) {
    const char *name = g_ptr_array_index (weights->names, i);
    SmbTensor *tensor = smb_tensor_dict_get (weights, name);
    g_autoptr (SmbTensor) stored
        = tensor->dtype == SMB_DTYPE_F32 ? smb_tensor_to_f16 (tensor) : smb_tensor_ref (tensor);

    if (stored == NULL) {
      argument_error (error, _ ("%s: some weights of “%s” are too large for float16. Import it without --half."), path,
                      name);
      return NULL;
    }
    smb_tensor_dict_set (half, name, stored);
  }
  return g_steal_pointer (&half);
}

/* Writes one network into the new folder and points the description at it. from: where it was read. */
static gboolean
write_network (const char *folder, const char *file, const SmbModelSource *source, const SmbModelImport *how,
               const char *from, char **path, char **sha256, GError **error)
{
  g_autofree char *config = smb_net_config_to_json (&source->config), *weights = g_build_filename (folder, file, NULL);
  g_autoptr (SmbTensorDict) stored = NULL;

  /* Heads and pooling, which shapes do not tell, travel with the weights. */
  smb_tensor_dict_set_meta (source->weights, "config", config);
  stored = how->half ? halve (source->weights, from, error) : smb_tensor_dict_ref (source->weights);
  if (stored == NULL || !smb_weights_write (weights, stored, error))
    return FALSE;
  g_free (*sha256);
  *sha256 = smb_sha256_of_file (weights, NULL, NULL, error);
  g_free (*path);
  *path = g_steal_pointer (&weights);
  return *sha256 != NULL;
}

/* Fills the new folder. */
static gboolean
write_entry (SmbModelInfo *info, const SmbModelSource *source, const SmbModelSource *mim, const SmbModelImport *how,
             const char *from, const char *folder, GError **error)
{
  g_autofree char *file = g_build_filename (folder, SMB_MODEL_FILE, NULL), *text = NULL;
  gboolean good;

  if (info->detector_path != NULL)
    good = write_network (folder, "detector.safetensors", source, how, from, &info->detector_path,
                          &info->detector_sha256, error)
           && (how->mim == NULL
               || write_network (folder, "mim.safetensors", mim, how, how->mim, &info->mim_path, &info->mim_sha256,
                                 error));
  else
    good = write_network (folder, "mim.safetensors", source, how, from, &info->mim_path, &info->mim_sha256, error);
  if (!good)
    return FALSE;
  text = smb_model_info_to_json (info);
  return smb_weights_replace_file (file, fill_text, text, error);
}

gboolean
smb_model_rewrite (const SmbModelInfo *info, GError **error)
{
  g_autofree char *file = g_build_filename (info->folder, SMB_MODEL_FILE, NULL), *text = smb_model_info_to_json (info);

  if (!g_file_test (file, G_FILE_TEST_EXISTS))
    return argument_error (error, _ ("%s: is no model of a library; import the weights first."), info->folder);
  return smb_weights_replace_file (file, fill_text, text, error);
}

/* Cards hold the hash of every picture. */
#define MAX_CARD_BYTES (64 << 20)

char *
smb_model_dup_card (const SmbModelInfo *info)
{
  g_autofree char *path = g_build_filename (info->folder, SMB_MODEL_CARD, NULL);

  return g_file_test (path, G_FILE_TEST_EXISTS) ? smb_model_read_text (path, MAX_CARD_BYTES, NULL) : NULL;
}

/* What was written down when the weights were made goes with them. */
static gboolean
take_card (const char *path, const char *folder, GError **error)
{
  g_autofree char *from = g_path_get_dirname (path), *beside = g_build_filename (from, SMB_MODEL_CARD, NULL);
  g_autofree char *to = g_build_filename (folder, SMB_MODEL_CARD, NULL), *text = NULL;

  if (!g_file_test (beside, G_FILE_TEST_EXISTS))
    return TRUE;
  text = smb_model_read_text (beside, MAX_CARD_BYTES, error);
  return text != NULL && smb_weights_replace_file (to, fill_text, text, error);
}

static void
remove_entry (const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL) {
    g_autofree char *path = g_build_filename (folder, name, NULL);

    g_unlink (path);
  }
  g_rmdir (folder);
}

/* A rename that never replaces, even an empty folder; where the file system cannot promise that, as near as it goes. */
static gboolean
put_in_place (const char *from, const char *to, GError **error)
{
  int status = renameat2 (AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE);

  if (status != 0 && (errno == EINVAL || errno == ENOSYS)) {
    if (g_file_test (to, G_FILE_TEST_EXISTS))
      errno = EEXIST;
    else
      status = g_rename (from, to);
  }
  if (status == 0)
    return TRUE;
  if (errno == EEXIST)
    return argument_error (error, _ ("%s: there is a model of this name already, and none is ever overwritten. Choose "
                                     "another name."), to);
  return smb_error_set_errno (error, errno, to, _ ("putting the new model in place"));
}

/* Where the second network comes from, and by which numbers it is given its pictures, stands with the model too. */
static void
add_mim_provenance (SmbModelInfo *info, const char *path, const SmbModelSource *mim)
{
  g_autofree char *base = g_path_get_basename (path);
  g_autofree char *shown = smb_weights_quote (base, strlen (base));
  char *both = g_strdup_printf ("%s Reconstruction network imported from %s (SHA-256 %s). %s", info->provenance, shown,
                                mim->sha256, mim->normalisation);

  g_free (info->provenance);
  info->provenance = both;
}

/* The reconstruction network of a detector: described, checked, and entered into the description. */
static gboolean
take_mim (SmbModelInfo *info, const SmbModelImport *how, SmbModelSource *mim, GError **error)
{
  g_autoptr (SmbModelInfo) other = NULL;

  if (how->mim == NULL)
    return TRUE;
  if (info->detector_path == NULL)
    return argument_error (
        error,
        _ ("%s: a second network goes with a detector only, and the first file is none. Import this one "
           "alone."),
        how->mim);
  other = smb_model_describe_file (how->mim, FALSE, how->config, TRUE, mim, error);
  if (other == NULL || !check_finite (mim->weights, how->mim, error))
    return FALSE;
  if (other->mim_path == NULL)
    return argument_error (
        error, _ ("%s: this network reconstructs nothing. Give the online network of the pre-training."), how->mim);
  info->mim_path = g_steal_pointer (&other->mim_path);
  info->mim_sha256 = g_steal_pointer (&other->mim_sha256);
  if (how->mean != NULL && mim->assumed) {
    /* The numbers given are those of the pre-training, which both networks come from. */
    g_free (mim->normalisation);
    mim->normalisation = g_strdup ("Normalisation: given at import.");
  } else {
    memcpy (info->mim_mean, other->mim_mean, sizeof info->mim_mean);
    memcpy (info->mim_std, other->mim_std, sizeof info->mim_std);
  }
  add_mim_provenance (info, how->mim, mim);
  return TRUE;
}

SmbModelInfo *
smb_model_import (const char *path, const SmbModelImport *how, GError **error)
{
  g_auto (SmbModelSource) source = { 0 }, mim = { 0 };
  g_autoptr (SmbModelInfo) info = NULL;
  g_autofree char *library = smb_model_user_folder (), *entry = NULL, *temporary = NULL;

  if (!check_name (how->name, error))
    return NULL;
  info = smb_model_describe_file (path, how->mean != NULL && how->std != NULL, how->config, TRUE, &source, error);
  if (info == NULL || !check_finite (source.weights, path, error) || !take_classes (info, how, &source, path, error) ||
      !take_normalisation (info, how, &source, error) || !take_words (info, how, &source, path, error)
      || !take_mim (info, how, &mim, error))
    return NULL;
  if (g_mkdir_with_parents (library, 0755) != 0) {
    smb_error_set_errno (error, errno, library, _ ("creating the library's folder"));
    return NULL;
  }
  entry = g_build_filename (library, how->name, NULL);
  temporary = g_build_filename (library, ".import-XXXXXX", NULL);
  if (g_mkdtemp_full (temporary, 0755) == NULL) {
    smb_error_set_errno (error, errno, library, _ ("creating a folder in it"));
    return NULL;
  }
  if (!write_entry (info, &source, &mim, how, path, temporary, error) || !take_card (path, temporary, error)
      || !put_in_place (temporary, entry, error)) {
    remove_entry (temporary);
    return NULL;
  }
  return smb_model_info_load (entry, error);
}
