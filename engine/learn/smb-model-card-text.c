/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/smb-json-part.h"
#include "learn/smb-model-card.h"

static void
add_line (GString *out, const char *name, const char *value)
{
  if (value != NULL && value[0] != '\0')
    g_string_append_printf (out, "- %s: %s\n", name, value);
}

static void
add_data (GString *out, JsonObject *data)
{
  JsonObject *faces = smb_json_find_object (data, "faces");
  JsonObject *landmarks = smb_json_find_object (data, "landmarks");
  JsonArray *warnings = smb_json_find_array (data, "warnings"), *files = smb_json_find_array (data, "files");
  g_autoptr (GList) classes = faces != NULL ? json_object_get_members (faces) : NULL;

  g_string_append (out, "\n## Data\n\n| class | train | val | test |\n|---|---|---|---|\n");
  for (GList *at = classes; at != NULL; at = at->next) {
    JsonObject *parts = smb_json_find_object (faces, at->data);

    g_string_append_printf (out, "| %s | %.0f | %.0f | %.0f |\n", (const char *) at->data,
                            smb_json_find_number (parts, "train"), smb_json_find_number (parts, "val"),
                            smb_json_find_number (parts, "test"));
  }
  g_string_append_printf (out,
                          "\n%u pictures, each named with its SHA-256 in " SMB_MODEL_CARD
                          "; divided with seed %.0f; %.0f leaks between the parts.\n",
                          files != NULL ? json_array_get_length (files) : 0, smb_json_find_number (data, "split_seed"),
                          smb_json_find_number (data, "leaks"));
  if (landmarks != NULL) {
    add_line (out, "Landmarks of the faces found with", smb_json_find_text (landmarks, "file", NULL));
    add_line (out, "Its SHA-256", smb_json_find_text (landmarks, "sha256", NULL));
  }
  for (guint i = 0; warnings != NULL && i < json_array_get_length (warnings); i++)
    if (smb_json_text_at (warnings, i) != NULL)
      g_string_append_printf (out, "- %s\n", smb_json_text_at (warnings, i));
}

static void
add_estimate (GString *out, JsonObject *of, const char *key, const char *name)
{
  JsonObject *e = smb_json_find_object (of, key);

  if (e != NULL && isfinite (smb_json_find_number (e, "value")))
    g_string_append_printf (out, "%s %.3f (%.3f to %.3f) ", name, smb_json_find_number (e, "value"),
                            smb_json_find_number (e, "low"), smb_json_find_number (e, "high"));
}

static void
add_metrics (GString *out, const char *name, const char *unit, JsonObject *metrics)
{
  if (metrics == NULL || smb_json_find_object (metrics, "auc") == NULL)
    return;
  g_string_append_printf (out, "  - %s, %.0f %s: ", name, smb_json_find_number (metrics, "faces"), unit);
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
  const char *name = smb_json_find_text (e, "name", NULL), *part = smb_json_find_text (e, "part", "");
  gboolean all = g_str_equal (part, smb_part_name (SMB_PART_NONE));

  g_string_append_printf (out, "- %s, %s%s", name != NULL ? name : smb_json_find_text (e, "data", ""),
                          all ? "all parts" : "part ", all ? "" : part);
  if (smb_json_find_number (e, "reencode_px") > 0.0 || smb_json_find_number (e, "reencode_quality") > 0.0)
    g_string_append_printf (out, ", both sides re-encoded at %.0f px and JPEG %.0f",
                            smb_json_find_number (e, "reencode_px"), smb_json_find_number (e, "reencode_quality"));
  g_string_append (out, "\n");
  add_metrics (out, "all", "faces", smb_json_find_object (e, "frame"));
  add_metrics (out, "by video", "videos", smb_json_find_object (e, "video"));
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++) {
    JsonObject *of = smb_json_find_object (e, kinds[i]);
    g_autoptr (GList) names = of != NULL ? json_object_get_members (of) : NULL;

    for (GList *at = names; at != NULL; at = at->next)
      add_metrics (out, at->data, "faces", smb_json_find_object (of, at->data));
  }
}

char *
smb_model_card_to_text (const SmbModelInfo *model, JsonNode *card)
{
  JsonObject *c = json_node_get_object (card), *init = smb_json_find_object (c, "init"),
             *data = smb_json_find_object (c, "data");
  JsonArray *evaluations = smb_json_find_array (c, "evaluations"),
            *calibrations = smb_json_find_array (c, "calibrations");
  g_autoptr (GString) out = g_string_new (NULL);

  g_string_append_printf (out, "# %s\n\n", model->title);
  add_line (out, "Detector (SHA-256)", model->detector_sha256);
  add_line (out, "Reconstruction network (SHA-256)", model->mim_sha256);
  add_line (out, "Licence", model->licence);
  add_line (out, "Provenance", model->provenance);
  add_line (out, "Started from", smb_json_find_text (init != NULL ? init : c, "file", NULL));
  add_line (out, "Its SHA-256", init != NULL ? smb_json_find_text (init, "sha256", NULL) : NULL);
  add_line (out, "Training", smb_json_find_text (c, "training", NULL));
  if (isfinite (smb_json_find_number (c, "epoch")))
    g_string_append_printf (out,
                            "- Weights of epoch %.0f, chosen by validation (mean AUC of the forged classes %.4f)\n",
                            smb_json_find_number (c, "epoch"), smb_json_find_number (c, "validation"));
  add_line (out, "Limits", smb_json_find_text (c, "limits", NULL));
  if (data != NULL)
    add_data (out, data);
  if (evaluations != NULL)
    g_string_append (out, "\n## Results, with 95 % bootstrap intervals\n\n");
  for (guint i = 0; evaluations != NULL && i < json_array_get_length (evaluations); i++)
    add_evaluation (out, smb_json_find_at (evaluations, i));
  if (calibrations != NULL)
    g_string_append (out, "\n## Calibration\n\n");
  for (guint i = 0; calibrations != NULL && i < json_array_get_length (calibrations); i++) {
    JsonObject *k = smb_json_find_at (calibrations, i);
    const gboolean by_video = strcmp (smb_json_find_text (k, "by", ""), "video") == 0;

    g_string_append_printf (
        out,
        "- %s%s, on %.0f genuine and %.0f forged %s: Cllr %.3f (best possible %.3f); likelihood ratios from 10^%.2f to 10^%.2f are claimed\n",
        by_video ? "of a track's mean, " : "", smb_json_find_text (k, "kind", ""), smb_json_find_number (k, "genuine"),
        smb_json_find_number (k, "forged"), by_video ? "videos" : "faces",
        smb_json_find_number (k, "cllr"), smb_json_find_number (k, "cllr_min"), smb_json_find_number (k, "low"),
        smb_json_find_number (k, "high"));
  }
  return g_string_free (g_steal_pointer (&out), FALSE);
}
