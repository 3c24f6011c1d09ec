/* SPDX-License-Identifier: Apache-2.0 */
/* Results as JSON, both ways. What comes back may have been through other hands: every member is checked. */
#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include "analysis/smb-analysis.h"
#include "analysis/smb-json.h"
#include "analysis/smb-likelihood-json.h"
#include "analysis/smb-quality-json.h"
#include "backend/smb-device.h"
#include "base/smb-error.h"

#define MAX_SIDE_PX        (1 << 20)
#define MAX_FACES          10000
#define MAX_CLASSES        1000
#define MAX_SETTINGS_BYTES (64 * 1024)

static const char *const origins[] = { [SMB_FACE_DETECTED] = "detected", [SMB_FACE_DRAWN] = "drawn" };
static const char *const precisions[] = { [SMB_PRECISION_F32] = "f32",
                                          [SMB_PRECISION_TF32] = "tf32",
                                          [SMB_PRECISION_BF16] = "bf16",
                                          [SMB_PRECISION_INT8] = "int8" };

static int
index_of (const char *const *names, guint n, const char *name)
{
  for (guint i = 0; name != NULL && i < n; i++)
    if (strcmp (names[i], name) == 0)
      return (int) i;
  return -1;
}

/* Takes the object. */
static JsonNode *
node_of (JsonObject *object)
{
  JsonNode *node = json_node_new (JSON_NODE_OBJECT);

  json_node_take_object (node, object);
  return node;
}

static void
set_box (JsonObject *of, const char *member, SmbBox box)
{
  JsonArray *array = json_array_sized_new (4);

  json_array_add_int_element (array, box.x);
  json_array_add_int_element (array, box.y);
  json_array_add_int_element (array, box.width);
  json_array_add_int_element (array, box.height);
  json_object_set_array_member (of, member, array);
}

static JsonObject *
face_to_json (const SmbFaceResult *result, char **classes)
{
  JsonObject *out = json_object_new ();

  set_box (out, "box", result->face.box);
  set_box (out, "detected_box", result->face.detected);
  json_object_set_string_member (out, "origin", origins[result->face.origin]);
  smb_json_set_number (out, "detector_confidence", result->face.confidence);
  if (result->probabilities != NULL) {
    JsonObject *probabilities = json_object_new ();

    for (int i = 0; i < result->n_classes && classes != NULL && classes[i] != NULL; i++)
      json_object_set_double_member (probabilities, classes[i], result->probabilities[i]);
    json_object_set_object_member (out, "probabilities", probabilities);
  } else {
    json_object_set_null_member (out, "probabilities");
  }
  smb_json_set_number (out, "score", result->score);
  if (!isnan (result->likelihood.log10_lr))
    json_object_set_object_member (out, "likelihood_ratio", smb_likelihood_to_json (&result->likelihood));
  smb_json_set_string (out, "outside", result->outside);
  if (result->quality != NULL)
    json_object_set_object_member (out, "quality", smb_quality_to_json (result));
  if (result->regions != NULL)
    json_object_set_object_member (out, "regions", smb_region_report_to_json (result->regions));
  return out;
}

static JsonObject *
model_to_json (const SmbAnalysis *analysis)
{
  JsonObject *out = json_object_new ();
  JsonArray *classes = json_array_new ();
  const char *note = smb_model_warning (analysis->trained, analysis->calibrated);

  json_object_set_string_member (out, "name", analysis->model_name);
  smb_json_set_string (out, "sha256", analysis->model_sha256);
  smb_json_set_string (out, "mim_sha256", analysis->mim_sha256);
  for (char **name = analysis->classes; name != NULL && *name != NULL; name++)
    json_array_add_string_element (classes, *name);
  json_object_set_array_member (out, "classes", classes);
  json_object_set_int_member (out, "real_class", analysis->real_class);
  json_object_set_boolean_member (out, "trained", analysis->trained);
  json_object_set_boolean_member (out, "calibrated", analysis->calibrated);
  if (note != NULL)
    json_object_set_string_member (out, "note", note);
  return out;
}

static JsonObject *
landmark_file_to_json (const SmbAnalysis *analysis)
{
  JsonObject *out = json_object_new ();

  smb_json_set_string (out, "name", analysis->landmark_file);
  smb_json_set_string (out, "sha256", analysis->landmark_sha256);
  return out;
}

const char *
smb_stage_name (SmbStage stage)
{
  static const char *const names[SMB_N_STAGES] = { "detect", "quality", "crop", "network" };

  return names[stage];
}

static void
add_stages (JsonObject *out, const double seconds[SMB_N_STAGES])
{
  JsonObject *stages = json_object_new ();

  for (int i = 0; i < SMB_N_STAGES; i++)
    smb_json_set_number (stages, smb_stage_name (i), seconds[i]);
  json_object_set_object_member (out, "stages", stages);
}

JsonNode *
smb_analysis_to_json (const SmbAnalysis *analysis)
{
  JsonObject *out;
  JsonArray *faces;
  g_autoptr (JsonNode) settings = NULL;

  g_return_val_if_fail (analysis != NULL, NULL);
  out = json_object_new ();
  json_object_set_int_member (out, "width", analysis->width);
  json_object_set_int_member (out, "height", analysis->height);
  faces = json_array_sized_new (analysis->faces->len);
  for (guint i = 0; i < analysis->faces->len; i++)
    json_array_add_object_element (faces, face_to_json (g_ptr_array_index (analysis->faces, i), analysis->classes));
  json_object_set_array_member (out, "faces", faces);
  json_object_set_object_member (out, "model", model_to_json (analysis));
  if (analysis->landmark_file != NULL)
    json_object_set_object_member (out, "landmark_file", landmark_file_to_json (analysis));
  smb_json_set_string (out, "device", analysis->device);
  smb_json_set_string (out, "program_version", analysis->program_version);
  if (analysis->settings != NULL)
    settings = json_from_string (analysis->settings, NULL);
  if (settings != NULL)
    json_object_set_member (out, "settings", g_steal_pointer (&settings));
  else
    json_object_set_null_member (out, "settings");
  smb_json_set_uint64 (out, "seed", analysis->seed);
  smb_json_set_number (out, "seconds", analysis->seconds);
  add_stages (out, analysis->stage_seconds);
  return node_of (out);
}

static void
read_model (SmbJsonReader *reader, JsonObject *in, SmbAnalysis *out)
{
  JsonObject *model = smb_json_object (reader, in, "model", SMB_JSON_REQUIRED);
  JsonArray *classes = NULL;
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);

  reader->where = "model.";
  out->model_name = smb_json_string (reader, model, "name", SMB_JSON_REQUIRED);
  out->model_sha256 = smb_json_string (reader, model, "sha256", SMB_JSON_OPTIONAL);
  out->mim_sha256 = smb_json_string (reader, model, "mim_sha256", SMB_JSON_OPTIONAL);
  out->trained = smb_json_boolean (reader, model, "trained");
  out->calibrated = smb_json_boolean (reader, model, "calibrated");
  classes = smb_json_array (reader, model, "classes", SMB_JSON_REQUIRED, MAX_CLASSES);
  for (guint i = 0; classes != NULL && i < json_array_get_length (classes); i++) {
    JsonNode *node = json_array_get_element (classes, i);
    const char *name = JSON_NODE_HOLDS_VALUE (node) ? json_node_get_string (node) : NULL;

    /* A name given twice could not be told apart in "probabilities". */
    if (name == NULL || index_of ((const char *const *) names->pdata, names->len, name) >= 0) {
      smb_json_fail (reader, "classes", _ ("a list of different names"));
      break;
    }
    g_ptr_array_add (names, g_strdup (name));
  }
  out->real_class = (int) smb_json_int (reader, model, "real_class", 0, MAX ((gint64) names->len - 1, 0));
  g_ptr_array_add (names, NULL);
  out->classes = (char **) g_ptr_array_steal (names, NULL);
  reader->where = "";
}

static SmbBox
read_box (SmbJsonReader *reader, JsonObject *in, const char *member)
{
  int values[4];

  smb_json_ints (reader, in, member, values, 4);
  if (!reader->failed && (values[2] <= 0 || values[3] <= 0))
    smb_json_fail (reader, member, _ ("a box with a width and a height"));
  return (SmbBox){ values[0], values[1], values[2], values[3] };
}

static void
read_face (SmbJsonReader *reader, JsonNode *node, SmbAnalysis *out)
{
  JsonObject *in = NULL, *probabilities, *regions;
  g_autoptr (SmbFaceResult) face = g_new0 (SmbFaceResult, 1);
  g_autofree char *origin_name = NULL;
  int origin;

  if (JSON_NODE_HOLDS_OBJECT (node))
    in = json_node_get_object (node);
  else
    smb_json_fail (reader, "", _ ("an object"));
  face->face.box = read_box (reader, in, "box");
  face->face.detected = read_box (reader, in, "detected_box");
  if (!reader->failed
      && (face->face.box.x < 0 || face->face.box.y < 0 || face->face.box.x + face->face.box.width > out->width
          || face->face.box.y + face->face.box.height > out->height))
    smb_json_fail (reader, "box", _ ("a box inside the picture"));
  origin_name = smb_json_string (reader, in, "origin", SMB_JSON_REQUIRED);
  origin = index_of (origins, G_N_ELEMENTS (origins), origin_name);
  if (origin < 0)
    smb_json_fail (reader, "origin", "“detected”, “drawn”");
  face->face.origin = (SmbFaceOrigin) MAX (origin, 0);
  face->face.confidence = smb_json_number (reader, in, "detector_confidence", SMB_JSON_REQUIRED);
  face->score = smb_json_number (reader, in, "score", SMB_JSON_OPTIONAL);
  if (face->score < 0 || face->score > 1)
    smb_json_fail (reader, "score", _ ("a number from 0 to 1"));
  smb_likelihood_from_json (reader, in, "likelihood_ratio", &face->likelihood);
  face->outside = smb_json_string (reader, in, "outside", SMB_JSON_OPTIONAL);
  smb_quality_from_json (reader, in, face);
  regions = smb_json_object (reader, in, "regions", SMB_JSON_OPTIONAL);
  if (regions != NULL)
    face->regions = smb_region_report_from_json (reader, regions);
  probabilities = smb_json_object (reader, in, "probabilities", SMB_JSON_OPTIONAL);
  if (probabilities != NULL) {
    face->n_classes = (int) g_strv_length (out->classes);
    face->probabilities = g_new0 (double, face->n_classes + 1);
    for (int i = 0; i < face->n_classes; i++) {
      face->probabilities[i] = smb_json_number (reader, probabilities, out->classes[i], SMB_JSON_REQUIRED);
      if (face->probabilities[i] < 0 || face->probabilities[i] > 1)
        smb_json_fail (reader, "probabilities", _ ("an object of numbers from 0 to 1"));
    }
    if ((int) json_object_get_size (probabilities) != face->n_classes)
      smb_json_fail (reader, "probabilities", _ ("an object with one number for each class"));
  }
  if (!reader->failed && isnan (face->score) != (face->probabilities == NULL))
    smb_json_fail (reader, "score", _ ("there exactly when probabilities are"));
  g_ptr_array_add (out->faces, g_steal_pointer (&face));
}

SmbAnalysis *
smb_analysis_from_json (JsonNode *node, GError **error)
{
  g_autoptr (SmbAnalysis) out = smb_analysis_new ();
  SmbJsonReader reader = { _ ("Analysis"), "", error, FALSE };
  JsonObject *in = NULL, *settings, *stages, *landmark_file;
  JsonArray *faces;

  g_return_val_if_fail (node != NULL, NULL);
  if (JSON_NODE_HOLDS_OBJECT (node))
    in = json_node_get_object (node);
  else
    smb_json_fail (&reader, "", _ ("an object"));
  out->width = (int) smb_json_int (&reader, in, "width", 1, MAX_SIDE_PX);
  out->height = (int) smb_json_int (&reader, in, "height", 1, MAX_SIDE_PX);
  read_model (&reader, in, out);
  faces = smb_json_array (&reader, in, "faces", SMB_JSON_REQUIRED, MAX_FACES);
  for (guint i = 0; faces != NULL && i < json_array_get_length (faces) && !reader.failed; i++) {
    g_autofree char *where = g_strdup_printf ("faces[%u].", i);

    reader.where = where;
    read_face (&reader, json_array_get_element (faces, i), out);
    reader.where = "";
  }
  landmark_file = smb_json_object (&reader, in, "landmark_file", SMB_JSON_OPTIONAL);
  if (landmark_file != NULL) {
    reader.where = "landmark_file.";
    out->landmark_file = smb_json_string (&reader, landmark_file, "name", SMB_JSON_REQUIRED);
    out->landmark_sha256 = smb_json_string (&reader, landmark_file, "sha256", SMB_JSON_REQUIRED);
    reader.where = "";
  }
  out->device = smb_json_string (&reader, in, "device", SMB_JSON_REQUIRED);
  out->program_version = smb_json_string (&reader, in, "program_version", SMB_JSON_REQUIRED);
  settings = smb_json_object (&reader, in, "settings", SMB_JSON_REQUIRED);
  if (settings != NULL)
    out->settings = smb_json_to_canonical (json_object_get_member (in, "settings"));
  out->seed = smb_json_uint64 (&reader, in, "seed");
  out->seconds = smb_json_number (&reader, in, "seconds", SMB_JSON_REQUIRED);
  stages = smb_json_object (&reader, in, "stages", SMB_JSON_OPTIONAL);
  for (int i = 0; i < SMB_N_STAGES; i++)
    out->stage_seconds[i]
        = stages != NULL ? smb_json_number (&reader, stages, smb_stage_name (i), SMB_JSON_OPTIONAL) : NAN;
  return reader.failed ? NULL : g_steal_pointer (&out);
}

static JsonNode *
settings_to_node (const SmbAnalysisSettings *settings)
{
  JsonObject *out = json_object_new ();

  json_object_set_int_member (out, "detect_max_side_px", settings->detect_max_side_px);
  /* Left out when it is not asked for, so that the text of earlier analyses stays what it was. */
  if (settings->detect_too)
    json_object_set_boolean_member (out, "detect_too", TRUE);
  json_object_set_int_member (out, "detect_upsample", settings->detect_upsample);
  json_object_set_string_member (out, "precision", precisions[settings->precision]);
  if (settings->region_draws > 0)
    json_object_set_int_member (out, "region_draws", settings->region_draws);
  smb_json_set_uint64 (out, "seed", settings->seed);
  return node_of (out);
}

char *
smb_analysis_settings_to_json (const SmbAnalysisSettings *settings)
{
  g_autoptr (JsonNode) node = NULL;

  g_return_val_if_fail (settings != NULL, NULL);
  node = settings_to_node (settings);
  return smb_json_to_canonical (node);
}

gboolean
smb_analysis_settings_from_json (SmbAnalysisSettings *settings, const char *text, GError **error)
{
  SmbJsonReader reader = { _ ("Analysis settings"), "", error, FALSE };
  SmbAnalysisSettings read = { 0 };
  g_autoptr (JsonNode) node = NULL;
  g_autofree char *name = NULL;
  JsonObject *in = NULL;
  int precision;

  g_return_val_if_fail (settings != NULL && text != NULL, FALSE);
  node = smb_json_parse (text, MAX_SETTINGS_BYTES, reader.what, error);
  if (node == NULL)
    return FALSE;
  if (JSON_NODE_HOLDS_OBJECT (node))
    in = json_node_get_object (node);
  else
    smb_json_fail (&reader, "", _ ("an object"));
  read.detect_max_side_px = (int) smb_json_int (&reader, in, "detect_max_side_px", 0, MAX_SIDE_PX);
  if (in != NULL && json_object_has_member (in, "detect_too"))
    read.detect_too = smb_json_boolean (&reader, in, "detect_too");
  if (in != NULL && json_object_has_member (in, "region_draws"))
    read.region_draws = (int) smb_json_int (&reader, in, "region_draws", 1, SMB_REGION_MAX_DRAWS);
  read.detect_upsample = (int) smb_json_int (&reader, in, "detect_upsample", 0, 4);
  name = smb_json_string (&reader, in, "precision", SMB_JSON_REQUIRED);
  precision = index_of (precisions, G_N_ELEMENTS (precisions), name);
  if (precision < 0)
    smb_json_fail (&reader, "precision", "f32, tf32, bf16, int8");
  read.seed = smb_json_uint64 (&reader, in, "seed");
  if (reader.failed)
    return FALSE;
  read.precision = (SmbPrecision) precision;
  *settings = read;
  return TRUE;
}

const char *
smb_precision_name (SmbPrecision precision)
{
  return precisions[precision];
}

gboolean
smb_precision_from_name (const char *name, SmbPrecision *precision)
{
  const int found = index_of (precisions, G_N_ELEMENTS (precisions), name);

  if (found >= 0)
    *precision = (SmbPrecision) found;
  return found >= 0;
}

gboolean
smb_precision_from_text (const char *text, const char *device, SmbPrecision *precision, GError **error)
{
  g_autoptr (GPtrArray) devices = NULL;
  const gboolean automatic = g_str_equal (text, "auto");
  SmbPrecision asked = SMB_PRECISION_F32;

  if (device == NULL)
    device = "cpu";
  if (!automatic && !smb_precision_from_name (text, &asked)) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT,
                 _ ("“%s” is no precision; choose f32, tf32, bf16, int8 or auto."), text);
    return FALSE;
  }
  devices = smb_device_list ();
  for (guint i = 0; i < devices->len; i++) {
    const SmbDeviceListing *listing = g_ptr_array_index (devices, i);

    if (!listing->usable || !g_str_equal (listing->id, device))
      continue;
    *precision = automatic ? listing->info.quick : asked;
    if ((listing->info.precisions & (1u << *precision)) != 0)
      return TRUE;
    g_set_error (error, SMB_ERROR, SMB_ERROR_UNSUPPORTED,
                 _ ("The device %s cannot compute in %s; choose f32, or auto for the fastest it has."), device, text);
    return FALSE;
  }
  g_set_error (error, SMB_ERROR, SMB_ERROR_NOT_FOUND,
               _ ("There is no usable device “%s”; see “semblance-cli devices”."), device);
  return FALSE;
}
