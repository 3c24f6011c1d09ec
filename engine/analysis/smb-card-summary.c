/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/smb-card-summary.h"

#include <json-glib/json-glib.h>
#include <math.h>

#define MAX_RESULTS 12

static JsonObject *
object_in (JsonObject *of, const char *key)
{
  JsonNode *node = of != NULL ? json_object_get_member (of, key) : NULL;

  return node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
}

static JsonArray *
array_in (JsonObject *of, const char *key)
{
  JsonNode *node = of != NULL ? json_object_get_member (of, key) : NULL;

  return node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
}

static double
number_in (JsonObject *of, const char *key)
{
  JsonNode *node = of != NULL ? json_object_get_member (of, key) : NULL;

  return node != NULL && JSON_NODE_HOLDS_VALUE (node) ? json_node_get_double (node) : NAN;
}

static const char *
text_in (JsonObject *of, const char *key)
{
  JsonNode *node = of != NULL ? json_object_get_member (of, key) : NULL;

  return node != NULL && JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING
             ? json_node_get_string (node)
             : "";
}

static void
add_evaluation (GString *out, JsonObject *e)
{
  JsonObject *auc = object_in (object_in (e, "frame"), "auc"), *eer = object_in (object_in (e, "frame"), "eer");

  if (auc == NULL || isnan (number_in (auc, "value")))
    return;
  g_string_append_printf (out, " On %s (%s, %.0f faces%s): AUC %.3f (%.3f to %.3f)", text_in (e, "name"), text_in (e, "part"),
                          number_in (e, "faces"), number_in (e, "reencode_px") > 0.0 ? ", both sides re-encoded" : "",
                          number_in (auc, "value"), number_in (auc, "low"), number_in (auc, "high"));
  if (eer != NULL && !isnan (number_in (eer, "value")))
    g_string_append_printf (out, ", EER %.3f", number_in (eer, "value"));
  g_string_append_c (out, '.');
}

static void
add_data (GString *out, JsonObject *card)
{
  JsonObject *data = object_in (card, "data");
  JsonArray *files = array_in (data, "files");

  if (data != NULL)
    g_string_append_printf (out, "Learnt from a data set of %u pictures (SHA-256 %.16s…, every picture named in the card), seed %.0f, %.0f leaks "
                            "between its parts.", files != NULL ? json_array_get_length (files) : 0, text_in (data, "key"),
                            number_in (card, "seed"), number_in (data, "leaks"));
}

char *
smb_model_card_summary (const SmbModelInfo *model)
{
  g_autofree char *text = smb_model_dup_card (model);
  g_autoptr (JsonNode) root = text != NULL ? json_from_string (text, NULL) : NULL;
  JsonObject *card = root != NULL && JSON_NODE_HOLDS_OBJECT (root) ? json_node_get_object (root) : NULL;
  g_autoptr (GString) out = g_string_new (NULL);
  JsonArray *lists[2];

  if (card == NULL)
    return NULL;
  add_data (out, card);
  lists[0] = array_in (card, "evaluations");
  lists[1] = array_in (card, "calibrations");
  for (guint i = 0; lists[0] != NULL && i < MIN (json_array_get_length (lists[0]), MAX_RESULTS); i++) {
    JsonNode *node = json_array_get_element (lists[0], i);

    if (JSON_NODE_HOLDS_OBJECT (node))
      add_evaluation (out, json_node_get_object (node));
  }
  if (lists[1] != NULL && json_array_get_length (lists[1]) > 0) {
    JsonNode *node = json_array_get_element (lists[1], json_array_get_length (lists[1]) - 1);

    if (JSON_NODE_HOLDS_OBJECT (node))
      g_string_append_printf (out, " Calibrated on %s: Cllr %.3f.", text_in (json_node_get_object (node), "data"),
                              number_in (json_node_get_object (node), "cllr"));
  }
  if (text_in (card, "limits")[0] != '\0')
    g_string_append_printf (out, " Limits: %s", text_in (card, "limits"));
  g_string_append_printf (out, " Licence: %s.", model->licence);
  return g_string_free (g_steal_pointer (&out), FALSE);
}
