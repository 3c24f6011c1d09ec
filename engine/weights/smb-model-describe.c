/* SPDX-License-Identifier: Apache-2.0 */
#include "weights/smb-model-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <json-glib/json-glib.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "base/smb-hash.h"

#define MEAN_STD_FILE "pretrain_ds_mean_std.txt"
#define MAX_MEAN_STD_BYTES 65536

/* Published with FSFM's pretraining on VGGFace2 (reference README, 32), and those of ImageNet. */
static const double vggface2_mean[3] = { 0.5482207536697388, 0.42340534925460815, 0.3654651641845703 };
static const double vggface2_std[3] = { 0.2789176106452942, 0.2438540756702423, 0.23493893444538116 };
static const double imagenet_mean[3] = { 0.485, 0.456, 0.406 };
static const double imagenet_std[3] = { 0.229, 0.224, 0.225 };

#define UNKNOWN_LICENCE "unknown: ask the source"

void
smb_model_source_clear (SmbModelSource *source)
{
  g_clear_pointer (&source->weights, smb_tensor_dict_unref);
  g_clear_pointer (&source->sha256, g_free);
  g_clear_pointer (&source->normalisation, g_free);
}

gboolean
smb_model_class_says_genuine (const char *name)
{
  static const char *const words[] = { "real", "genuine", "bonafide", "bona fide", "live" };
  g_autofree char *lower = g_utf8_strdown (name, -1);

  for (guint i = 0; i < G_N_ELEMENTS (words); i++) {
    if (strstr (lower, words[i]) != NULL)
      return TRUE;
  }
  return FALSE;
}

void
smb_model_settle_classes (SmbModelInfo *info, const char *const *classes, int n_classes, int real_class)
{
  g_clear_pointer (&info->classes, g_strfreev);
  info->classes = g_new0 (char *, (gsize) n_classes + 1);
  for (int i = 0; i < n_classes; i++)
    info->classes[i] = classes != NULL ? g_strdup (classes[i]) : g_strdup_printf ("class %d", i);
  info->real_class = MAX (real_class, 0);
  for (int i = n_classes - 1; real_class < 0 && i >= 0; i--) {
    if (smb_model_class_says_genuine (info->classes[i]))
      info->real_class = i;
  }
}

/* Three numbers out of a JSON array. */
static gboolean
three_of (JsonNode *node, gboolean above_zero, double values[3])
{
  JsonArray *array = node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;

  if (array == NULL || json_array_get_length (array) != 3)
    return FALSE;
  for (guint i = 0; i < 3; i++) {
    JsonNode *item = json_array_get_element (array, i);

    if (!JSON_NODE_HOLDS_VALUE (item) || (json_node_get_value_type (item) != G_TYPE_DOUBLE &&
                                          json_node_get_value_type (item) != G_TYPE_INT64))
      return FALSE;
    values[i] = json_node_get_double (item);
    if (!isfinite (values[i]) || fabs (values[i]) > 10.0 || (above_zero && values[i] < 1e-4))
      return FALSE;
  }
  return TRUE;
}

/* The first line of pretrain_ds_mean_std.txt beside the weights: {"mean": [3], "std": [3]}. FALSE without an error:
 * there is no such file. One that is there but broken is an error, for the numbers would be wrong without a word. */
static gboolean
read_mean_std (const char *weights_path, double mean[3], double std[3], GError **error)
{
  g_autofree char *folder = g_path_get_dirname (weights_path), *path = g_build_filename (folder, MEAN_STD_FILE, NULL);
  g_autofree char *text = NULL;
  g_autoptr (JsonNode) node = NULL;
  JsonObject *object;

  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    return FALSE;
  text = smb_model_read_text (path, MAX_MEAN_STD_BYTES, error);
  if (text == NULL)
    return FALSE;
  text[strcspn (text, "\r\n")] = '\0';
  /* No nesting that the line could have is deeper than two. */
  if (strchr (text, '[') != NULL && strstr (text, "[[") == NULL && g_utf8_validate (text, -1, NULL))
    node = json_from_string (text, NULL);
  object = node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
  if (object != NULL && three_of (json_object_get_member (object, "mean"), FALSE, mean) &&
      three_of (json_object_get_member (object, "std"), TRUE, std))
    return TRUE;
  g_set_error (
      error, SMB_ERROR, SMB_ERROR_FORMAT,
      _ ("%s: its first line is not {\"mean\": [three numbers], \"std\": [three numbers]}. Correct it, or give "
         "--mean and --std."),
      path);
  return FALSE;
}

/* "mean": "[…]" of the file's own metadata, as this program's training writes it. */
static gboolean
three_of_meta (const SmbTensorDict *weights, const char *key, gboolean above_zero, double values[3])
{
  const char *text = smb_tensor_dict_get_meta (weights, key);
  g_autoptr (JsonNode) node = text != NULL && strlen (text) < 256 ? json_from_string (text, NULL) : NULL;

  return three_of (node, above_zero, values);
}

/* Provenance is data, as in a published model's card: English, whatever language the program speaks. */
static gboolean
settle_normalisation (const char *path, gboolean given, SmbModelSource *source, double mean[3], double std[3],
                      GError **error)
{
  g_autoptr (GError) problem = NULL;
  const char *from_imagenet = smb_tensor_dict_get_meta (source->weights, "args.normalize_from_IMN");
  gboolean online = source->kind == SMB_NET_ONLINE;

  if (three_of_meta (source->weights, "mean", FALSE, mean) && three_of_meta (source->weights, "std", TRUE, std)) {
    source->normalisation = g_strdup ("Normalisation: stated in the file.");
    return TRUE;
  }
  if (!given && read_mean_std (path, mean, std, &problem)) {
    source->normalisation = g_strdup ("Normalisation: from " MEAN_STD_FILE " beside the file.");
    return TRUE;
  }
  if (problem != NULL) {
    g_propagate_error (error, g_steal_pointer (&problem));
    return FALSE;
  }
  source->assumed = from_imagenet == NULL;
  if (g_strcmp0 (from_imagenet, "true") == 0 || (from_imagenet == NULL && !online)) {
    memcpy (mean, imagenet_mean, sizeof imagenet_mean);
    memcpy (std, imagenet_std, sizeof imagenet_std);
    source->normalisation = g_strdup (from_imagenet != NULL
                                        ? "Normalisation: ImageNet's, as the run's arguments say."
                                        : "Normalisation: ImageNet's, assumed, for the file states none.");
  } else {
    memcpy (mean, vggface2_mean, sizeof vggface2_mean);
    memcpy (std, vggface2_std, sizeof vggface2_std);
    source->normalisation = g_strdup (from_imagenet != NULL
                                        ? "Normalisation: VGGFace2's, the default of runs with these arguments."
                                        : "Normalisation: VGGFace2's, assumed, for the file states none.");
  }
  return TRUE;
}

/* "classes": a JSON list in the file's metadata, if it fits the head; "real_class": an index. */
static void
classes_of_meta (SmbModelInfo *info, const SmbTensorDict *weights, int n_classes)
{
  const char *text = smb_tensor_dict_get_meta (weights, "classes"),
             *real = smb_tensor_dict_get_meta (weights, "real_class");
  g_autoptr (JsonNode) node = text != NULL && strlen (text) < 8192 && strstr (text, "[[") == NULL &&
                                  strchr (text, '{') == NULL
                                ? json_from_string (text, NULL) : NULL;
  JsonArray *array = node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
  g_autoptr (GPtrArray) names = g_ptr_array_new ();
  gint64 index = -1;

  for (guint i = 0; array != NULL && i < json_array_get_length (array); i++) {
    JsonNode *item = json_array_get_element (array, i);

    if (JSON_NODE_HOLDS_VALUE (item) && json_node_get_value_type (item) == G_TYPE_STRING)
      g_ptr_array_add (names, (gpointer) json_node_get_string (item));
  }
  if (real == NULL || !g_ascii_string_to_signed (real, 10, 0, n_classes - 1, &index, NULL))
    index = -1;
  if ((int) names->len == n_classes)
    smb_model_settle_classes (info, (const char *const *) names->pdata, n_classes, (int) index);
  else
    smb_model_settle_classes (info, NULL, n_classes, (int) index);
}

/* A library name made of a file's: "Checkpoint 400.pth" -> "checkpoint-400". */
static char *
name_of_file (const char *base)
{
  const char *dot = strrchr (base, '.');
  g_autofree char *stem = dot != NULL && dot != base ? g_strndup (base, (gsize) (dot - base)) : g_strdup (base);
  g_autofree char *lower = g_ascii_strdown (stem, 64);

  for (char *c = lower; *c != '\0'; c++) {
    if (!g_ascii_islower (*c) && !g_ascii_isdigit (*c) && strchr ("-_.", *c) == NULL)
      *c = '-';
  }
  return g_ascii_isalnum (lower[0]) ? g_steal_pointer (&lower) : g_strdup ("model");
}

static gboolean
read_source (const char *path, const char *config, gboolean hashed, SmbModelSource *source, GError **error)
{
  int fd = open (path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

  if (fd < 0)
    return smb_error_set_errno (error, errno, path, _ ("opening the weights file"));
  /* Read first: that refuses what is no regular file, which hashing would wait for. */
  source->weights = smb_weights_read_fd (fd, SMB_WEIGHTS_MODEL, path, error);
  if (source->weights != NULL && hashed)
    source->sha256 = smb_sha256_of_fd (fd, path, NULL, NULL, NULL, NULL, error);
  close (fd);
  return source->weights != NULL && (!hashed || source->sha256 != NULL)
         && smb_net_config_detect (&source->config, &source->kind, source->weights, config, path, error);
}

static const char *
meta_or (const SmbTensorDict *weights, const char *key, const char *otherwise)
{
  const char *text = smb_tensor_dict_get_meta (weights, key);

  return text != NULL && text[0] != '\0' ? text : otherwise;
}

SmbModelInfo *
smb_model_describe_file (const char *path, gboolean normalisation_given, const char *config, gboolean hashed,
                         SmbModelSource *source, GError **error)
{
  g_autoptr (SmbModelInfo) info = g_new0 (SmbModelInfo, 1);
  g_autofree char *absolute = g_canonicalize_filename (path, NULL), *base = g_path_get_basename (absolute);
  double mean[3], std[3];

  if (!read_source (path, config, hashed, source, error)
      || !settle_normalisation (absolute, normalisation_given, source, mean, std, error))
    return NULL;
  if (source->kind == SMB_NET_TARGET) {
    g_set_error (
        error, SMB_ERROR, SMB_ERROR_MISMATCH,
        _ ("%s: this is FSFM's target network, which neither scores nor reconstructs a face. Use the checkpoint "
           "without “-te” in its name."),
        path);
    return NULL;
  }
  info->name = name_of_file (base);
  info->title = g_strdup (meta_or (source->weights, "title", base));
  info->folder = g_path_get_dirname (absolute);
  if (source->kind == SMB_NET_ONLINE) {
    info->mim_path = g_strdup (absolute);
    info->mim_sha256 = g_strdup (source->sha256);
    info->transform = SMB_FACE_RESIZE;
  } else {
    info->detector_path = g_strdup (absolute);
    info->detector_sha256 = g_strdup (source->sha256);
    info->transform = SMB_FACE_RESIZE_CENTRE_CROP;
    classes_of_meta (info, source->weights, source->config.classes);
  }
  smb_face_transform_from_name (meta_or (source->weights, "transform", ""), &info->transform);
  memcpy (info->mean, mean, sizeof mean);
  memcpy (info->std, std, sizeof std);
  memcpy (info->mim_mean, mean, sizeof mean);
  memcpy (info->mim_std, std, sizeof std);
  info->trained = strcmp (meta_or (source->weights, "trained", "true"), "false") != 0;
  info->licence = g_strdup (meta_or (source->weights, "licence", UNKNOWN_LICENCE));
  info->provenance = g_strdup_printf ("%s %s", meta_or (source->weights, "provenance",
                                                        "A weights file of unknown origin."), source->normalisation);
  return g_steal_pointer (&info);
}
