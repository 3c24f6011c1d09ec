/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/smb-quality-json.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include "base/smb-error.h"

#define MAX_NOTES        16
#define MAX_LIMITS_BYTES 4096

JsonObject *
smb_quality_to_json (const SmbFaceResult *result)
{
  const SmbFaceQuality *quality = result->quality;
  JsonObject *out = json_object_new ();
  JsonArray *notes = json_array_new ();

  json_object_set_int_member (out, "size_px", quality->size_px);
  smb_json_set_number (out, "blur", quality->blur);
  smb_json_set_number (out, "luma", quality->luma);
  smb_json_set_number (out, "clipped", quality->clipped);
  smb_json_set_number (out, "yaw", quality->yaw);
  smb_json_set_number (out, "pitch", quality->pitch);
  smb_json_set_number (out, "roll", quality->roll);
  smb_json_set_number (out, "cut", quality->cut);
  json_object_set_string_member (out, "landmarks", quality->coarse ? "template" : "found");
  for (char **note = result->quality_notes; note != NULL && *note != NULL; note++)
    json_array_add_string_element (notes, *note);
  json_object_set_array_member (out, "outside", notes);
  return out;
}

void
smb_quality_from_json (SmbJsonReader *reader, JsonObject *in, SmbFaceResult *result)
{
  JsonObject *object = smb_json_object (reader, in, "quality", SMB_JSON_OPTIONAL);
  g_autofree char *landmarks = NULL;
  g_autoptr (GPtrArray) notes = NULL;
  SmbFaceQuality *quality;
  JsonArray *array;

  if (object == NULL)
    return;
  quality = result->quality = g_new0 (SmbFaceQuality, 1);
  quality->size_px = (int) smb_json_int (reader, object, "size_px", 0, 1 << 20);
  quality->blur = smb_json_number (reader, object, "blur", SMB_JSON_REQUIRED);
  quality->luma = smb_json_number (reader, object, "luma", SMB_JSON_REQUIRED);
  quality->clipped = smb_json_number (reader, object, "clipped", SMB_JSON_REQUIRED);
  quality->yaw = smb_json_number (reader, object, "yaw", SMB_JSON_OPTIONAL);
  quality->pitch = smb_json_number (reader, object, "pitch", SMB_JSON_OPTIONAL);
  quality->roll = smb_json_number (reader, object, "roll", SMB_JSON_OPTIONAL);
  quality->cut = smb_json_number (reader, object, "cut", SMB_JSON_REQUIRED);
  landmarks = smb_json_string (reader, object, "landmarks", SMB_JSON_REQUIRED);
  quality->coarse = g_strcmp0 (landmarks, "template") == 0;
  if (!quality->coarse && g_strcmp0 (landmarks, "found") != 0)
    smb_json_fail (reader, "landmarks", "“found”, “template”");
  array = smb_json_array (reader, object, "outside", SMB_JSON_REQUIRED, MAX_NOTES);
  notes = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; array != NULL && i < json_array_get_length (array); i++) {
    JsonNode *node = json_array_get_element (array, i);

    if (JSON_NODE_HOLDS_VALUE (node) && json_node_get_string (node) != NULL)
      g_ptr_array_add (notes, json_node_dup_string (node));
    else
      smb_json_fail (reader, "outside", _ ("a list of sentences"));
  }
  g_ptr_array_add (notes, NULL);
  result->quality_notes = (char **) g_ptr_array_steal (notes, NULL);
}

gboolean
smb_face_limits_for_model (SmbFaceLimits *limits, const SmbModelInfo *model, GError **error)
{
  SmbFaceLimits read = smb_face_limits_default ();
  const struct {
    const char *name;
    double *value;
  } members[] = { { "min_blur", &read.min_blur },       { "min_luma", &read.min_luma },
                  { "max_luma", &read.max_luma },       { "max_clipped", &read.max_clipped },
                  { "max_yaw", &read.max_yaw },         { "max_pitch", &read.max_pitch },
                  { "max_roll", &read.max_roll },       { "max_cut", &read.max_cut } };
  g_autofree char *what = g_strdup_printf (_ ("Limits of the model “%s”"), model->name);
  g_autoptr (JsonNode) node = NULL;
  SmbJsonReader reader = { what, "limits.", error, FALSE };
  JsonObject *object;
  guint known = 0;

  if (model->min_face_px > 0)
    read.min_size_px = model->min_face_px;
  if (model->limits != NULL) {
    node = smb_json_parse (model->limits, MAX_LIMITS_BYTES, what, error);
    if (node == NULL)
      return FALSE;
    object = JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
    for (guint i = 0; i < G_N_ELEMENTS (members) && object != NULL; i++)
      if (json_object_has_member (object, members[i].name)) {
        *members[i].value = smb_json_number (&reader, object, members[i].name, SMB_JSON_REQUIRED);
        known++;
      }
    if (object == NULL || known != json_object_get_size (object))
      smb_json_fail (&reader, "", "min_blur, min_luma, max_luma, max_clipped, max_yaw, max_pitch, max_roll, max_cut");
  }
  if (reader.failed)
    return FALSE;
  *limits = read;
  return TRUE;
}
