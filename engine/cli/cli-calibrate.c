/* SPDX-License-Identifier: Apache-2.0 */
/* semblance-cli calibrate: from a detector's scores to likelihood ratios. */
#include "cli/cli.h"

#include <glib/gi18n-lib.h>

#include "cli/cli-measure.h"
#include "learn/smb-model-card.h"
#include "measure/smb-calibration.h"

typedef struct {
  SmbCalibrationKind kind;
  gboolean keep;
} Settings;

/* The calibration in model.json, and its entry in the card. */
static gboolean
store (SmbModelInfo *model, const SmbEvaluation *of, JsonNode *node, GError **error)
{
  g_autoptr (JsonNode) entry = json_node_copy (node);
  g_autofree char *key = smb_dataset_dup_key (of->dataset);

  g_free (model->calibration);
  model->calibration = json_to_string (node, FALSE);
  model->calibrated = TRUE;
  if (!smb_model_rewrite (model, error))
    return FALSE;
  json_object_set_string_member (json_node_get_object (entry), "key", key);
  return smb_model_card_add (model->folder, "calibrations", g_steal_pointer (&entry), error);
}

static gboolean
calibrate (const SmbCliMeasured *m, gpointer user_data, GError **error)
{
  const Settings *settings = user_data;
  const SmbEvaluation *scored = m->scored;
  const char *blended = m->options->blended;
  g_autoptr (SmbCalibration) calibration
      = smb_calibration_fit (settings->kind, scored->scores, scored->forged, scored->groups, scored->items->len, error);
  g_autoptr (JsonNode) node = NULL;
  g_autofree char *name = g_path_get_basename (m->folder);

  if (calibration == NULL)
    return FALSE;
  calibration->data
      = g_strdup_printf ("%s, part %s%s%s", name, smb_part_name (m->settings->part),
                         blended != NULL ? ", with self-blended faces as " : "", blended != NULL ? blended : "");
  node = smb_calibration_to_json (calibration);
  if (m->options->json)
    smb_cli_print_json (node, FALSE);
  else
    g_print (
        _ ("Cllr %.4f held out (%.4f is the least possible, 1 says nothing); likelihood ratios from 10^%.2f to 10^%.2f are claimed; "
           "%u genuine and %u forged faces.\n"),
        calibration->cllr, calibration->cllr_min, calibration->low, calibration->high, calibration->genuine,
        calibration->forged);
  return !settings->keep || store (m->model, scored, node, error);
}

int
smb_cli_calibrate (int argc, char **argv)
{
  g_auto (SmbCliMeasure) o = { 0 };
  SmbEvaluationSettings settings = { .part = SMB_PART_VAL, .threshold = 0.5, .repeats = 10 };
  Settings own = { .kind = SMB_CALIBRATION_LOGISTIC };
  g_autofree char *method = NULL;
  gboolean dry = FALSE;
  const GOptionEntry entries[] = {
    { "part", 0, 0, G_OPTION_ARG_STRING, &o.part,
      N_ ("val (default), test or train: never what results are reported on"), N_ ("NAME") },
    { "method", 0, 0, G_OPTION_ARG_STRING, &method, N_ ("logistic (default) or isotonic"), N_ ("NAME") },
    { "dry-run", 0, 0, G_OPTION_ARG_NONE, &dry, N_ ("Only show it; the model stays as it is"), NULL },
  };
  g_autofree GOptionEntry *all = smb_cli_measure_entries (&o, entries, G_N_ELEMENTS (entries));

  if (!smb_cli_parse (
          &argc, &argv, all, _ ("DATASET"),
          _ ("Finds out how much likelier each score is among forged than among genuine faces, on faces the model did not "
             "learn from, and stores the mapping with the model; analyses then show likelihood ratios.")))
    return SMB_EXIT_USAGE;
  if (method != NULL && !smb_calibration_kind_from_name (method, &own.kind))
    return smb_cli_usage (_ ("“%s” is no method; choose logistic or isotonic."), method);
  own.keep = !dry;
  return smb_cli_measure_run (&o, &settings, FALSE, argc, argv, calibrate, &own);
}
