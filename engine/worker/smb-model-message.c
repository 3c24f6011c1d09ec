/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/smb-model-message.h"

#include "analysis/smb-json.h"

#include <glib/gi18n-lib.h>

#define MAX_CLASSES 1000

static void
set_triple (JsonObject *object, const char *name, const double values[3])
{
  JsonArray *array = json_array_new ();

  for (int i = 0; i < 3; i++)
    json_array_add_double_element (array, values[i]);
  json_object_set_array_member (object, name, array);
}

JsonObject *
smb_model_to_message (const SmbModelInfo *model)
{
  JsonObject *object = json_object_new ();
  JsonArray *classes = json_array_new ();

  for (char **name = model->classes; name != NULL && *name != NULL; name++)
    json_array_add_string_element (classes, *name);
  smb_json_set_string (object, "name", model->name);
  smb_json_set_string (object, "title", model->title);
  smb_json_set_string (object, "folder", model->folder);
  smb_json_set_string (object, "detector_path", model->detector_path);
  smb_json_set_string (object, "detector_sha256", model->detector_sha256);
  smb_json_set_string (object, "mim_path", model->mim_path);
  smb_json_set_string (object, "mim_sha256", model->mim_sha256);
  json_object_set_array_member (object, "classes", classes);
  json_object_set_int_member (object, "real_class", model->real_class);
  set_triple (object, "mean", model->mean);
  set_triple (object, "std", model->std);
  set_triple (object, "mim_mean", model->mim_mean);
  set_triple (object, "mim_std", model->mim_std);
  json_object_set_int_member (object, "transform", model->transform);
  json_object_set_boolean_member (object, "trained", model->trained);
  json_object_set_boolean_member (object, "calibrated", model->calibrated);
  smb_json_set_string (object, "calibration", model->calibration);
  json_object_set_int_member (object, "min_face_px", model->min_face_px);
  smb_json_set_string (object, "limits", model->limits);
  smb_json_set_string (object, "licence", model->licence);
  smb_json_set_string (object, "provenance", model->provenance);
  smb_json_set_string (object, "reference", model->reference);
  return object;
}

static void
get_triple (SmbJsonReader *reader, JsonObject *object, const char *name, double out[3])
{
  JsonArray *array = smb_json_array (reader, object, name, SMB_JSON_REQUIRED, 3);

  if (array == NULL)
    return;
  for (guint i = 0; i < 3; i++) {
    JsonNode *node = i < json_array_get_length (array) ? json_array_get_element (array, i) : NULL;

    if (node == NULL || !JSON_NODE_HOLDS_VALUE (node) || json_node_get_value_type (node) == G_TYPE_STRING) {
      smb_json_fail (reader, name, _ ("three numbers"));
      return;
    }
    out[i] = json_node_get_double (node);
  }
}

static char **
get_classes (SmbJsonReader *reader, JsonObject *object)
{
  JsonArray *array = smb_json_array (reader, object, "classes", SMB_JSON_REQUIRED, MAX_CLASSES);
  guint n = array != NULL ? json_array_get_length (array) : 0;
  char **classes = g_new0 (char *, n + 1);

  for (guint i = 0; i < n; i++) {
    JsonNode *node = json_array_get_element (array, i);

    if (!JSON_NODE_HOLDS_VALUE (node) || json_node_get_value_type (node) != G_TYPE_STRING) {
      smb_json_fail (reader, "classes", _ ("names"));
      break;
    }
    classes[i] = g_strdup (json_node_get_string (node));
  }
  return classes;
}

SmbModelInfo *
smb_model_from_message (JsonObject *object, GError **error)
{
  g_autoptr (SmbModelInfo) model = g_new0 (SmbModelInfo, 1);
  SmbJsonReader reader = { .what = "model", .where = "", .error = error };

  model->name = smb_json_string (&reader, object, "name", SMB_JSON_REQUIRED);
  model->title = smb_json_string (&reader, object, "title", SMB_JSON_OPTIONAL);
  model->folder = smb_json_string (&reader, object, "folder", SMB_JSON_OPTIONAL);
  model->detector_path = smb_json_string (&reader, object, "detector_path", SMB_JSON_OPTIONAL);
  model->detector_sha256 = smb_json_string (&reader, object, "detector_sha256", SMB_JSON_OPTIONAL);
  model->mim_path = smb_json_string (&reader, object, "mim_path", SMB_JSON_OPTIONAL);
  model->mim_sha256 = smb_json_string (&reader, object, "mim_sha256", SMB_JSON_OPTIONAL);
  model->classes = get_classes (&reader, object);
  model->real_class = (int) smb_json_int (&reader, object, "real_class", -1, MAX_CLASSES);
  get_triple (&reader, object, "mean", model->mean);
  get_triple (&reader, object, "std", model->std);
  get_triple (&reader, object, "mim_mean", model->mim_mean);
  get_triple (&reader, object, "mim_std", model->mim_std);
  model->transform = (SmbFaceTransform) smb_json_int (&reader, object, "transform", SMB_FACE_RESIZE_CENTRE_CROP,
                                                      SMB_FACE_RESIZE);
  model->trained = smb_json_boolean (&reader, object, "trained");
  model->calibrated = smb_json_boolean (&reader, object, "calibrated");
  model->calibration = smb_json_string (&reader, object, "calibration", SMB_JSON_OPTIONAL);
  model->min_face_px = (int) smb_json_int (&reader, object, "min_face_px", 0, 1000000);
  model->limits = smb_json_string (&reader, object, "limits", SMB_JSON_OPTIONAL);
  model->licence = smb_json_string (&reader, object, "licence", SMB_JSON_OPTIONAL);
  model->provenance = smb_json_string (&reader, object, "provenance", SMB_JSON_OPTIONAL);
  model->reference = smb_json_string (&reader, object, "reference", SMB_JSON_OPTIONAL);
  return reader.failed ? NULL : g_steal_pointer (&model);
}
