/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "learn/smb-model-card.h"

static const char *
text_of (JsonObject *of, const char *key)
{
  return json_object_get_string_member_with_default (of, key, NULL);
}

static JsonObject *
object_of (JsonObject *of, const char *key)
{
  JsonNode *node = of != NULL ? json_object_get_member (of, key) : NULL;

  return node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
}

static JsonArray *
array_of (JsonObject *of, const char *key)
{
  JsonNode *node = of != NULL ? json_object_get_member (of, key) : NULL;

  return node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
}

static double
number_of (JsonObject *of, const char *key)
{
  JsonNode *node = of != NULL ? json_object_get_member (of, key) : NULL;

  return node != NULL && JSON_NODE_HOLDS_VALUE (node) ? json_node_get_double (node) : NAN;
}

static void
add_line (GString *out, const char *name, const char *value)
{
  if (value != NULL && value[0] != '\0')
    g_string_append_printf (out, "- %s: %s\n", name, value);
}

static void
add_data (GString *out, JsonObject *data)
{
  JsonObject *faces = object_of (data, "faces");
  JsonArray *warnings = array_of (data, "warnings"), *files = array_of (data, "files");
  g_autoptr (GList) classes = faces != NULL ? json_object_get_members (faces) : NULL;

  g_string_append (out, "\n## Data\n\n| class | train | val | test |\n|---|---|---|---|\n");
  for (GList *at = classes; at != NULL; at = at->next) {
    JsonObject *parts = object_of (faces, at->data);

    g_string_append_printf (out, "| %s | %.0f | %.0f | %.0f |\n", (const char *) at->data, number_of (parts, "train"),
                            number_of (parts, "val"), number_of (parts, "test"));
  }
  g_string_append_printf (out, "\n%u pictures, each named with its SHA-256 in " SMB_MODEL_CARD "; divided with seed %.0f; %.0f leaks between the parts.\n",
                          files != NULL ? json_array_get_length (files) : 0, number_of (data, "split_seed"), number_of (data, "leaks"));
  for (guint i = 0; warnings != NULL && i < json_array_get_length (warnings); i++)
    g_string_append_printf (out, "- %s\n", json_array_get_string_element (warnings, i));
}

static void
add_estimate (GString *out, JsonObject *of, const char *key, const char *name)
{
  JsonObject *e = object_of (of, key);

  if (e != NULL && isfinite (number_of (e, "value")))
    g_string_append_printf (out, "%s %.3f (%.3f to %.3f) ", name, number_of (e, "value"), number_of (e, "low"), number_of (e, "high"));
}

static void
add_metrics (GString *out, const char *name, JsonObject *metrics)
{
  if (metrics == NULL || object_of (metrics, "auc") == NULL)
    return;
  g_string_append_printf (out, "  - %s, %.0f faces: ", name, number_of (metrics, "faces"));
  add_estimate (out, metrics, "auc", "AUC");
  add_estimate (out, metrics, "eer", "EER");
  add_estimate (out, metrics, "hter", "HTER");
  add_estimate (out, metrics, "tpr_at_fpr_10", "TPR at FPR 0.1");
  g_string_append_c (out, '\n');
}

static void
add_evaluation (GString *out, JsonObject *e)
{
  static const char *const kinds[] = { "classes", "origins" };
  const char *name = text_of (e, "name");

  g_string_append_printf (out, "- %s, part %s", name != NULL ? name : text_of (e, "data"), text_of (e, "part"));
  if (number_of (e, "reencode_px") > 0.0 || number_of (e, "reencode_quality") > 0.0)
    g_string_append_printf (out, ", both sides re-encoded at %.0f px and JPEG %.0f", number_of (e, "reencode_px"),
                            number_of (e, "reencode_quality"));
  g_string_append (out, "\n");
  add_metrics (out, "all", object_of (e, "frame"));
  add_metrics (out, "videos", object_of (e, "video"));
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++) {
    JsonObject *of = object_of (e, kinds[i]);
    g_autoptr (GList) names = of != NULL ? json_object_get_members (of) : NULL;

    for (GList *at = names; at != NULL; at = at->next)
      add_metrics (out, at->data, object_of (of, at->data));
  }
}

char *
smb_model_card_to_text (const SmbModelInfo *model, JsonNode *card)
{
  JsonObject *c = json_node_get_object (card), *init = object_of (c, "init"), *data = object_of (c, "data");
  JsonArray *evaluations = array_of (c, "evaluations"), *calibrations = array_of (c, "calibrations");
  g_autoptr (GString) out = g_string_new (NULL);

  g_string_append_printf (out, "# %s\n\n", model->title);
  add_line (out, "Detector (SHA-256)", model->detector_sha256);
  add_line (out, "Reconstruction network (SHA-256)", model->mim_sha256);
  add_line (out, "Licence", model->licence);
  add_line (out, "Provenance", model->provenance);
  add_line (out, "Started from", text_of (init != NULL ? init : c, "file"));
  add_line (out, "Its SHA-256", init != NULL ? text_of (init, "sha256") : NULL);
  add_line (out, "Training", text_of (c, "training"));
  if (isfinite (number_of (c, "epoch")))
    g_string_append_printf (out, "- Weights of epoch %.0f, chosen by validation (mean AUC of the forged classes %.4f)\n", number_of (c, "epoch"),
                            number_of (c, "validation"));
  add_line (out, "Limits", text_of (c, "limits"));
  if (data != NULL)
    add_data (out, data);
  if (evaluations != NULL)
    g_string_append (out, "\n## Results, with 95 % bootstrap intervals\n\n");
  for (guint i = 0; evaluations != NULL && i < json_array_get_length (evaluations); i++)
    add_evaluation (out, json_array_get_object_element (evaluations, i));
  if (calibrations != NULL)
    g_string_append (out, "\n## Calibration\n\n");
  for (guint i = 0; calibrations != NULL && i < json_array_get_length (calibrations); i++) {
    JsonObject *k = json_array_get_object_element (calibrations, i);

    g_string_append_printf (out, "- %s, on %.0f genuine and %.0f forged faces: Cllr %.3f (best possible %.3f); likelihood ratios from 10^%.2f to 10^%.2f are claimed\n",
                            text_of (k, "kind"), number_of (k, "genuine"), number_of (k, "forged"), number_of (k, "cllr"),
                            number_of (k, "cllr_min"), number_of (k, "low"), number_of (k, "high"));
  }
  return g_string_free (g_steal_pointer (&out), FALSE);
}
