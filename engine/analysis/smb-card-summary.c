/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/smb-card-summary.h"

#include "base/smb-json-part.h"

#include <math.h>
#include <string.h>

#define MAX_RESULTS 12

static void
add_evaluation (GString *out, JsonObject *e)
{
  JsonObject *frame = smb_json_find_object (e, "frame");
  JsonObject *auc = smb_json_find_object (frame, "auc"), *eer = smb_json_find_object (frame, "eer");
  const char *part = smb_json_find_text (e, "part", "");

  if (auc == NULL || isnan (smb_json_find_number (auc, "value")))
    return;
  g_string_append_printf (out, " On %s (%s, %.0f faces%s): AUC %.3f (%.3f to %.3f)", smb_json_find_text (e, "name", ""),
                          g_str_equal (part, "none") ? "all parts" : part, smb_json_find_number (e, "faces"),
                          smb_json_find_number (e, "reencode_px") > 0.0 ? ", both sides re-encoded" : "",
                          smb_json_find_number (auc, "value"), smb_json_find_number (auc, "low"),
                          smb_json_find_number (auc, "high"));
  if (eer != NULL && !isnan (smb_json_find_number (eer, "value")))
    g_string_append_printf (out, ", EER %.3f", smb_json_find_number (eer, "value"));
  g_string_append_c (out, '.');
}

static void
add_data (GString *out, JsonObject *card)
{
  JsonObject *data = smb_json_find_object (card, "data");
  JsonArray *files = smb_json_find_array (data, "files");

  if (data != NULL)
    g_string_append_printf (
        out,
        "Learnt from a data set of %u pictures (SHA-256 %.16s…, every picture named in the card), seed %.0f, %.0f leaks "
        "between its parts.",
        files != NULL ? json_array_get_length (files) : 0, smb_json_find_text (data, "key", ""),
        smb_json_find_number (card, "seed"), smb_json_find_number (data, "leaks"));
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
  lists[0] = smb_json_find_array (card, "evaluations");
  lists[1] = smb_json_find_array (card, "calibrations");
  for (guint i = 0; lists[0] != NULL && i < MIN (json_array_get_length (lists[0]), MAX_RESULTS); i++) {
    JsonNode *node = json_array_get_element (lists[0], i);

    if (JSON_NODE_HOLDS_OBJECT (node))
      add_evaluation (out, json_node_get_object (node));
  }
  if (lists[1] != NULL && json_array_get_length (lists[1]) > 0) {
    JsonNode *node = json_array_get_element (lists[1], json_array_get_length (lists[1]) - 1);

    if (JSON_NODE_HOLDS_OBJECT (node))
      g_string_append_printf (out, " Calibrated%s on %s: Cllr %.3f.",
                              strcmp (smb_json_find_text (json_node_get_object (node), "by", ""), "video") == 0
                                  ? " for tracks of videos"
                                  : "",
                              smb_json_find_text (json_node_get_object (node), "data", ""),
                              smb_json_find_number (json_node_get_object (node), "cllr"));
  }
  if (smb_json_find_text (card, "limits", "")[0] != '\0')
    g_string_append_printf (out, " Limits: %s", smb_json_find_text (card, "limits", ""));
  g_string_append_printf (out, " Licence: %s.", model->licence);
  return g_string_free (g_steal_pointer (&out), FALSE);
}
