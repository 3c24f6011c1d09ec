/* SPDX-License-Identifier: Apache-2.0 */
#include "weights/smb-model-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <json-glib/json-glib.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/smb-hash.h"

#define MAX_BYTES (1u << 20)
#define MAX_DEPTH 32
#define MAX_CLASSES 64
#define MAX_NAME 64

static const char *const keys[] = {
  "format",  "name",       "title",       "detector",    "mim",     "classes",    "real_class",
  "mean",    "std",        "mim_mean",    "mim_std",     "transform", "trained",  "calibrated",
  "calibration", "min_face_px", "licence", "provenance", "limits", "track_calibration", NULL,
};

/* One model.json being read. */
typedef struct {
  JsonObject *object;
  const char *path, *folder;
  GError **error;
} Reading;

static gboolean
fail (const Reading *reading, const char *format, ...) G_GNUC_PRINTF (2, 3);

static gboolean
fail (const Reading *reading, const char *format, ...)
{
  g_autofree char *what = NULL;
  va_list args;

  va_start (args, format);
  what = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (reading->error, SMB_ERROR, SMB_ERROR_FORMAT,
               _ ("%s: this description of a model is not valid: %s. Correct it, or import the model again."),
               reading->path, what);
  return FALSE;
}

gboolean
smb_model_name_is_valid (const char *name)
{
  gsize n = name != NULL ? strlen (name) : 0;

  if (n == 0 || n > MAX_NAME || !g_ascii_isalnum (name[0]))
    return FALSE;
  for (const char *c = name; *c != '\0'; c++) {
    if (!g_ascii_islower (*c) && !g_ascii_isdigit (*c) && strchr ("-_.", *c) == NULL)
      return FALSE;
  }
  return TRUE;
}

char *
smb_model_read_text (const char *path, gsize max_bytes, GError **error)
{
  int fd = open (path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  g_autofree char *text = NULL;
  struct stat info;
  gsize n = 0;
  gssize got = 1;

  if (fd < 0) {
    smb_error_set_errno (error, errno, path, _ ("opening"));
    return NULL;
  }
  if (fstat (fd, &info) != 0 || !S_ISREG (info.st_mode)) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_FORMAT, _ ("%s: this is not a regular file. Put the file itself there."),
                 path);
    close (fd);
    return NULL;
  }
  text = g_malloc (max_bytes + 2);
  while (n <= max_bytes && got > 0) {
    got = read (fd, text + n, max_bytes + 1 - n);
    n += got > 0 ? (gsize) got : 0;
  }
  if (got < 0)
    smb_error_set_errno (error, errno, path, _ ("reading"));
  else if (n > max_bytes)
    g_set_error (error, SMB_ERROR, SMB_ERROR_LIMIT, _ ("%s: longer than %zu bytes, which such a file "
                                                       "never is. Check that it is the right file."), path, max_bytes);
  close (fd);
  if (got < 0 || n > max_bytes)
    return NULL;
  text[n] = '\0';
  return g_steal_pointer (&text);
}

/* json-glib's parser recurses, so the nesting is bounded before it sees the text. */
static gboolean
nesting_is_bounded (const char *text)
{
  int depth = 0;
  gboolean in_text = FALSE;

  for (const char *c = text; *c != '\0'; c++) {
    if (in_text && *c == '\\' && c[1] != '\0')
      c++;
    else if (*c == '"')
      in_text = !in_text;
    else if (!in_text && (*c == '{' || *c == '['))
      depth++;
    else if (!in_text && (*c == '}' || *c == ']'))
      depth--;
    if (depth > MAX_DEPTH)
      return FALSE;
  }
  return TRUE;
}

static JsonNode *
member (const Reading *reading, const char *key)
{
  JsonNode *node = json_object_get_member (reading->object, key);

  return node == NULL || JSON_NODE_HOLDS_NULL (node) ? NULL : node;
}

static gboolean
holds (JsonNode *node, GType type)
{
  return node != NULL && JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == type;
}

static gboolean
read_text (const Reading *reading, const char *key, char **text)
{
  JsonNode *node = member (reading, key);

  if (!holds (node, G_TYPE_STRING) || json_node_get_string (node)[0] == '\0')
    return fail (reading, _ ("“%s” should be a text"), key);
  *text = g_strdup (json_node_get_string (node));
  return TRUE;
}

static gboolean
read_bool (const Reading *reading, const char *key, gboolean *value)
{
  JsonNode *node = member (reading, key);

  if (!holds (node, G_TYPE_BOOLEAN))
    return fail (reading, _ ("“%s” should be true or false"), key);
  *value = json_node_get_boolean (node);
  return TRUE;
}

static gboolean
read_whole (const Reading *reading, const char *key, int max, int *value)
{
  JsonNode *node = member (reading, key);

  if (!holds (node, G_TYPE_INT64) || json_node_get_int (node) < 0 || json_node_get_int (node) > max)
    return fail (reading, _ ("“%s” should be a whole number from 0 to %d"), key, max);
  *value = (int) json_node_get_int (node);
  return TRUE;
}

static gboolean
read_three (const Reading *reading, const char *key, gboolean above_zero, double values[3])
{
  JsonNode *node = member (reading, key);
  JsonArray *array = node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
  gboolean good = array != NULL && json_array_get_length (array) == 3;

  for (guint i = 0; good && i < 3; i++) {
    JsonNode *item = json_array_get_element (array, i);

    good = holds (item, G_TYPE_DOUBLE) || holds (item, G_TYPE_INT64);
    values[i] = good ? json_node_get_double (item) : 0.0;
    good = good && isfinite (values[i]) && fabs (values[i]) <= 10.0 && (!above_zero || values[i] >= 1e-4);
  }
  return good || fail (reading, _ ("“%s” should be three numbers of a normalisation"), key);
}

/* {"file", "sha256"}. The file must lie in the folder itself: no path, no link out of it. */
static gboolean
read_weights (const Reading *reading, const char *key, char **path, char **sha256)
{
  JsonNode *node = member (reading, key), *file, *hash;
  JsonObject *object;
  g_autofree char *full = NULL, *real = NULL, *real_folder = NULL, *expected = NULL;
  const char *name;

  if (node == NULL)
    return TRUE;
  if (!JSON_NODE_HOLDS_OBJECT (node))
    return fail (reading, _ ("“%s” should name a file and its SHA-256"), key);
  object = json_node_get_object (node);
  file = json_object_get_member (object, "file");
  hash = json_object_get_member (object, "sha256");
  if (json_object_get_size (object) != 2 || !holds (file, G_TYPE_STRING) || !holds (hash, G_TYPE_STRING) ||
      strlen (json_node_get_string (hash)) != SMB_SHA256_HEX_LEN ||
      strspn (json_node_get_string (hash), "0123456789abcdef") != SMB_SHA256_HEX_LEN)
    return fail (reading, _ ("“%s” should name a file and its SHA-256"), key);
  name = json_node_get_string (file);
  if (name[0] == '\0' || name[0] == '.' || strchr (name, '/') != NULL)
    return fail (reading, _ ("“%s” should name a file of its own folder"), key);
  full = g_build_filename (reading->folder, name, NULL);
  real = realpath (full, NULL);
  real_folder = realpath (reading->folder, NULL);
  if (real == NULL || real_folder == NULL)
    return fail (reading, _ ("the file “%s” it names cannot be found (%s)"), name, g_strerror (errno));
  expected = g_build_filename (real_folder, name, NULL);
  if (strcmp (real, expected) != 0)
    return fail (reading, _ ("“%s” is a link out of its folder"), name);
  *path = g_steal_pointer (&full);
  *sha256 = g_strdup (json_node_get_string (hash));
  return TRUE;
}

static gboolean
read_classes (const Reading *reading, SmbModelInfo *info)
{
  JsonNode *node = member (reading, "classes");
  JsonArray *array = node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
  guint n = array != NULL ? json_array_get_length (array) : 0;
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);

  if (n < 2 || n > MAX_CLASSES)
    return fail (reading, _ ("“classes” should be a list of two or more names"));
  for (guint i = 0; i < n; i++) {
    JsonNode *item = json_array_get_element (array, i);
    const char *name = holds (item, G_TYPE_STRING) ? json_node_get_string (item) : "";

    if (name[0] == '\0' || strlen (name) > MAX_NAME ||
        g_ptr_array_find_with_equal_func (names, name, g_str_equal, NULL))
      return fail (reading, _ ("“classes” should be a list of two or more names"));
    g_ptr_array_add (names, g_strdup (name));
  }
  g_ptr_array_add (names, NULL);
  info->classes = (char **) g_ptr_array_steal (names, NULL);
  return read_whole (reading, "real_class", (int) n - 1, &info->real_class);
}

static gboolean
read_calibration (const Reading *reading, SmbModelInfo *info)
{
  JsonNode *node = member (reading, "calibration");

  if (!read_bool (reading, "calibrated", &info->calibrated))
    return FALSE;
  if (node != NULL && !JSON_NODE_HOLDS_OBJECT (node))
    return fail (reading, _ ("“calibration” should be an object or null"));
  if (info->calibrated && node == NULL)
    return fail (reading, _ ("it says “calibrated” but holds no “calibration”"));
  info->calibration = node != NULL ? json_to_string (node, FALSE) : NULL;
  return TRUE;
}

static gboolean
read_track_calibration (const Reading *reading, SmbModelInfo *info)
{
  JsonNode *node = json_object_get_member (reading->object, "track_calibration");

  if (node == NULL || JSON_NODE_HOLDS_NULL (node))
    return TRUE;
  if (!JSON_NODE_HOLDS_OBJECT (node))
    return fail (reading, _ ("“track_calibration” should be an object or null"));
  info->track_calibration = json_to_string (node, FALSE);
  return TRUE;
}

static gboolean
read_limits (const Reading *reading, SmbModelInfo *info)
{
  JsonNode *node = json_object_get_member (reading->object, "limits");

  if (node == NULL)
    return TRUE;
  if (!JSON_NODE_HOLDS_OBJECT (node))
    return fail (reading, _ ("“limits” should be an object of numbers"));
  info->limits = json_to_string (node, FALSE);
  return TRUE;
}

static gboolean
check_keys (const Reading *reading)
{
  g_autoptr (GList) members = json_object_get_members (reading->object);
  int format = 0;

  if (!read_whole (reading, "format", G_MAXINT, &format))
    return FALSE;
  if (format > SMB_MODEL_FORMAT) {
    g_set_error (reading->error, SMB_ERROR, SMB_ERROR_NEWER,
                 _ ("%s: written by a newer version of the program (format %d, this one knows %d). Update the "
                    "program."), reading->path, format, SMB_MODEL_FORMAT);
    return FALSE;
  }
  for (GList *at = members; at != NULL; at = at->next) {
    if (!g_strv_contains (keys, at->data)) {
      g_autofree char *key = smb_weights_quote (at->data, strlen (at->data));

      return fail (reading, _ ("“%s” is no key of it"), key);
    }
  }
  return TRUE;
}

static gboolean
read_all (const Reading *reading, SmbModelInfo *info)
{
  g_autofree char *transform = NULL, *folder_name = g_path_get_basename (reading->folder);

  if (!check_keys (reading) || !read_text (reading, "name", &info->name) || !read_text (reading, "title", &info->title))
    return FALSE;
  if (!smb_model_name_is_valid (info->name) || g_strcmp0 (info->name, folder_name) != 0)
    return fail (reading, _ ("its “name” should be that of its folder, “%s”"), folder_name);
  if (!read_weights (reading, "detector", &info->detector_path, &info->detector_sha256) ||
      !read_weights (reading, "mim", &info->mim_path, &info->mim_sha256))
    return FALSE;
  if (info->detector_path == NULL && info->mim_path == NULL)
    return fail (reading, _ ("it names neither a “detector” nor a “mim” file"));
  if (info->detector_path != NULL &&
      (!read_classes (reading, info) || !read_three (reading, "mean", FALSE, info->mean) ||
       !read_three (reading, "std", TRUE, info->std)))
    return FALSE;
  if (info->mim_path != NULL && (!read_three (reading, "mim_mean", FALSE, info->mim_mean) ||
                                 !read_three (reading, "mim_std", TRUE, info->mim_std)))
    return FALSE;
  if (!read_text (reading, "transform", &transform))
    return FALSE;
  if (!smb_face_transform_from_name (transform, &info->transform))
    return fail (reading, _ ("“transform” should be “resize” or “resize256-crop224”"));
  return read_bool (reading, "trained", &info->trained) && read_calibration (reading, info) && read_track_calibration (reading, info)
         && read_whole (reading, "min_face_px", 1 << 20, &info->min_face_px) && read_limits (reading, info)
         && read_text (reading, "licence", &info->licence) && read_text (reading, "provenance", &info->provenance);
}

SmbModelInfo *
smb_model_info_load (const char *folder, GError **error)
{
  g_autofree char *absolute = g_canonicalize_filename (folder, NULL);
  g_autofree char *path = g_build_filename (absolute, SMB_MODEL_FILE, NULL);
  g_autofree char *text = smb_model_read_text (path, MAX_BYTES, error);
  g_autoptr (JsonParser) parser = json_parser_new_immutable ();
  g_autoptr (SmbModelInfo) info = g_new0 (SmbModelInfo, 1);
  g_autoptr (GError) problem = NULL;
  Reading reading = { .path = path, .folder = absolute, .error = error };
  JsonNode *root;

  if (text == NULL)
    return NULL;
  if (!nesting_is_bounded (text)) {
    fail (&reading, _ ("it is nested too deep"));
    return NULL;
  }
  if (!g_utf8_validate (text, -1, NULL) || !json_parser_load_from_data (parser, text, -1, &problem)) {
    fail (&reading, _ ("it is no JSON"));
    return NULL;
  }
  root = json_parser_get_root (parser);
  if (root == NULL || !JSON_NODE_HOLDS_OBJECT (root)) {
    fail (&reading, _ ("it is no JSON object"));
    return NULL;
  }
  reading.object = json_node_get_object (root);
  info->folder = g_strdup (absolute);
  return read_all (&reading, info) ? g_steal_pointer (&info) : NULL;
}

static void
add_text (JsonBuilder *builder, const char *key, const char *text)
{
  json_builder_set_member_name (builder, key);
  json_builder_add_string_value (builder, text);
}

static void
add_three (JsonBuilder *builder, const char *key, const double values[3])
{
  json_builder_set_member_name (builder, key);
  json_builder_begin_array (builder);
  for (int i = 0; i < 3; i++)
    json_builder_add_double_value (builder, values[i]);
  json_builder_end_array (builder);
}

static void
add_weights (JsonBuilder *builder, const char *key, const char *path, const char *sha256)
{
  g_autofree char *name = NULL;

  if (path == NULL)
    return;
  name = g_path_get_basename (path);
  json_builder_set_member_name (builder, key);
  json_builder_begin_object (builder);
  add_text (builder, "file", name);
  add_text (builder, "sha256", sha256);
  json_builder_end_object (builder);
}

static void
add_classes (JsonBuilder *builder, const SmbModelInfo *info)
{
  json_builder_set_member_name (builder, "classes");
  json_builder_begin_array (builder);
  for (char **name = info->classes; *name != NULL; name++)
    json_builder_add_string_value (builder, *name);
  json_builder_end_array (builder);
  json_builder_set_member_name (builder, "real_class");
  json_builder_add_int_value (builder, info->real_class);
}

char *
smb_model_info_to_json (const SmbModelInfo *info)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autoptr (JsonNode) root = NULL;
  g_autofree char *text = NULL;

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "format");
  json_builder_add_int_value (builder, SMB_MODEL_FORMAT);
  add_text (builder, "name", info->name);
  add_text (builder, "title", info->title);
  add_weights (builder, "detector", info->detector_path, info->detector_sha256);
  add_weights (builder, "mim", info->mim_path, info->mim_sha256);
  if (info->detector_path != NULL) {
    add_classes (builder, info);
    add_three (builder, "mean", info->mean);
    add_three (builder, "std", info->std);
  }
  if (info->mim_path != NULL) {
    add_three (builder, "mim_mean", info->mim_mean);
    add_three (builder, "mim_std", info->mim_std);
  }
  add_text (builder, "transform", smb_face_transform_name (info->transform));
  json_builder_set_member_name (builder, "trained");
  json_builder_add_boolean_value (builder, info->trained);
  json_builder_set_member_name (builder, "calibrated");
  json_builder_add_boolean_value (builder, info->calibrated);
  json_builder_set_member_name (builder, "calibration");
  json_builder_add_value (builder, info->calibration != NULL ? json_from_string (info->calibration, NULL)
                                                             : json_node_new (JSON_NODE_NULL));
  if (info->track_calibration != NULL) {
    json_builder_set_member_name (builder, "track_calibration");
    json_builder_add_value (builder, json_from_string (info->track_calibration, NULL));
  }
  json_builder_set_member_name (builder, "min_face_px");
  json_builder_add_int_value (builder, info->min_face_px);
  if (info->limits != NULL) {
    json_builder_set_member_name (builder, "limits");
    json_builder_add_value (builder, json_from_string (info->limits, NULL));
  }
  add_text (builder, "licence", info->licence);
  add_text (builder, "provenance", info->provenance);
  json_builder_end_object (builder);
  root = json_builder_get_root (builder);
  text = json_to_string (root, TRUE);
  return g_strconcat (text, "\n", NULL);
}
