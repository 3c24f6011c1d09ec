/* SPDX-License-Identifier: Apache-2.0 */
#include <glib/gi18n-lib.h>
#include <math.h>

#include "base/smb-error.h"
#include "base/smb-json-part.h"
#include "measure/smb-calibration.h"

#define MAX_KNOTS 100000

JsonNode *
smb_calibration_to_json (const SmbCalibration *c)
{
  g_autoptr (JsonBuilder) b = json_builder_new ();

  json_builder_begin_object (b);
  json_builder_set_member_name (b, "kind");
  json_builder_add_string_value (b, smb_calibration_kind_name (c->kind));
  if (c->kind == SMB_CALIBRATION_LOGISTIC) {
    smb_json_add_number (b, "slope", c->slope);
    smb_json_add_number (b, "offset", c->offset);
  } else {
    json_builder_set_member_name (b, "knots");
    json_builder_begin_array (b);
    for (guint i = 0; i < c->knots->len; i++) {
      json_builder_begin_array (b);
      json_builder_add_double_value (b, g_array_index (c->knots, SmbCalibrationKnot, i).score);
      json_builder_add_double_value (b, g_array_index (c->knots, SmbCalibrationKnot, i).log10_lr);
      json_builder_end_array (b);
    }
    json_builder_end_array (b);
  }
  smb_json_add_number (b, "low", c->low);
  smb_json_add_number (b, "high", c->high);
  smb_json_add_number (b, "cllr", c->cllr);
  smb_json_add_number (b, "cllr_min", c->cllr_min);
  smb_json_add_number (b, "genuine", c->genuine);
  smb_json_add_number (b, "forged", c->forged);
  json_builder_set_member_name (b, "data");
  json_builder_add_string_value (b, c->data != NULL ? c->data : "");
  json_builder_end_object (b);
  return json_builder_get_root (b);
}

/* NAN where there is no number. */
static double
number_of (JsonNode *node)
{
  if (node == NULL || !JSON_NODE_HOLDS_VALUE (node)
      || (json_node_get_value_type (node) != G_TYPE_DOUBLE && json_node_get_value_type (node) != G_TYPE_INT64))
    return NAN;
  return json_node_get_double (node);
}

static gboolean
read_knots (SmbCalibration *c, JsonNode *node)
{
  JsonArray *array = node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;

  c->knots = g_array_new (FALSE, FALSE, sizeof (SmbCalibrationKnot));
  if (array == NULL || json_array_get_length (array) > MAX_KNOTS)
    return FALSE;
  for (guint i = 0; i < json_array_get_length (array); i++) {
    JsonNode *element = json_array_get_element (array, i);
    JsonArray *pair = JSON_NODE_HOLDS_ARRAY (element) ? json_node_get_array (element) : NULL;
    SmbCalibrationKnot knot;

    if (pair == NULL || json_array_get_length (pair) != 2)
      return FALSE;
    knot = (SmbCalibrationKnot){ number_of (json_array_get_element (pair, 0)),
                                 number_of (json_array_get_element (pair, 1)) };
    if (!isfinite (knot.score) || !isfinite (knot.log10_lr)
        || (i > 0 && g_array_index (c->knots, SmbCalibrationKnot, i - 1).score > knot.score))
      return FALSE;
    g_array_append_val (c->knots, knot);
  }
  return c->knots->len > 0;
}

static gboolean
read_all (SmbCalibration *c, JsonObject *object)
{
  double genuine = smb_json_find_number (object, "genuine");
  double forged = smb_json_find_number (object, "forged");

  if (!smb_calibration_kind_from_name (smb_json_find_text (object, "kind", ""), &c->kind))
    return FALSE;
  c->low = smb_json_find_number (object, "low");
  c->high = smb_json_find_number (object, "high");
  c->cllr = smb_json_find_number (object, "cllr");
  c->cllr_min = smb_json_find_number (object, "cllr_min");
  c->genuine = genuine >= 0.0 && genuine < 1e9 ? (guint) genuine : 0;
  c->forged = forged >= 0.0 && forged < 1e9 ? (guint) forged : 0;
  c->data = g_strdup (smb_json_find_text (object, "data", ""));
  if (!isfinite (c->low) || !isfinite (c->high) || c->low > 0.0 || c->high < 0.0)
    return FALSE;
  if (c->kind == SMB_CALIBRATION_ISOTONIC)
    return read_knots (c, json_object_get_member (object, "knots"));
  c->slope = smb_json_find_number (object, "slope");
  c->offset = smb_json_find_number (object, "offset");
  return isfinite (c->slope) && isfinite (c->offset);
}

SmbCalibration *
smb_calibration_from_json (JsonNode *node, GError **error)
{
  g_autoptr (SmbCalibration) c = g_new0 (SmbCalibration, 1);

  if (node != NULL && JSON_NODE_HOLDS_OBJECT (node) && read_all (c, json_node_get_object (node)))
    return g_steal_pointer (&c);
  g_set_error_literal (error, SMB_ERROR, SMB_ERROR_FORMAT,
                       _ ("The model's calibration is not as this program writes it; calibrate the model again."));
  return NULL;
}
