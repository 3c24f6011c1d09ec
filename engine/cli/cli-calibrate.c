/* SPDX-License-Identifier: Apache-2.0 */
/* semblance-cli calibrate: from a detector's scores to likelihood ratios. */
#include "cli/cli.h"

#include <glib/gi18n-lib.h>

#include "base/smb-error.h"
#include "cli/cli-train.h"
#include "learn/smb-evaluation.h"
#include "learn/smb-model-card.h"
#include "measure/smb-calibration.h"

typedef struct {
  char *model, *part, *blended, *method, *device;
  int threads;
  gint64 seed;
  gboolean json, keep;
} Options;

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
calibrate (Options *o, const char *folder, const SmbEvaluationSettings *settings, SmbCalibrationKind kind, GCancellable *stop,
           GError **error)
{
  g_autoptr (SmbDevice) device = smb_device_open (o->device != NULL ? o->device : "cpu", o->threads, error);
  g_autoptr (SmbDataset) dataset = device != NULL ? smb_dataset_open (folder, error) : NULL;
  g_autoptr (SmbModelInfo) model = dataset != NULL ? smb_model_find (o->model, error) : NULL;
  g_autoptr (SmbEvaluation) now = NULL;
  g_autoptr (SmbCalibration) calibration = NULL;
  g_autoptr (JsonNode) node = NULL;
  g_autofree char *name = g_path_get_basename (folder);

  if (model == NULL || (now = smb_evaluation_run (model, device, dataset, settings, stop, error)) == NULL)
    return FALSE;
  calibration = smb_calibration_fit (kind, now->scores, now->forged, now->groups, now->items->len, error);
  if (calibration == NULL)
    return FALSE;
  calibration->data = g_strdup_printf ("%s, part %s%s%s", name, smb_part_name (settings->part),
                                       o->blended != NULL ? ", with self-blended faces as " : "",
                                       o->blended != NULL ? o->blended : "");
  node = smb_calibration_to_json (calibration);
  if (o->json)
    smb_cli_print_json (node, FALSE);
  else
    g_print (_ ("Cllr %.4f held out (%.4f is the least possible, 1 says nothing); likelihood ratios from 10^%.2f to 10^%.2f are claimed; "
                "%u genuine and %u forged faces.\n"),
             calibration->cllr, calibration->cllr_min, calibration->low, calibration->high, calibration->genuine,
             calibration->forged);
  return !o->keep || store (model, now, node, error);
}

int
smb_cli_calibrate (int argc, char **argv)
{
  Options o = { .keep = TRUE };
  SmbEvaluationSettings settings = { .part = SMB_PART_VAL, .threshold = 0.5, .repeats = 10 };
  SmbCalibrationKind kind = SMB_CALIBRATION_LOGISTIC;
  gboolean dry = FALSE;
  const GOptionEntry entries[] = {
    { "model", 'm', 0, G_OPTION_ARG_STRING, &o.model, N_ ("Of the library, or its folder"), N_ ("MODEL") },
    { "part", 0, 0, G_OPTION_ARG_STRING, &o.part, N_ ("val (default), test or train: never what results are reported on"),
      N_ ("NAME") },
    { "self-blended", 0, 0, G_OPTION_ARG_STRING, &o.blended, N_ ("Forgeries made of the genuine faces too, as this class"),
      N_ ("CLASS") },
    { "method", 0, 0, G_OPTION_ARG_STRING, &o.method, N_ ("logistic (default) or isotonic"), N_ ("NAME") },
    { "dry-run", 0, 0, G_OPTION_ARG_NONE, &dry, N_ ("Only show it; the model stays as it is"), NULL },
    { "seed", 's', 0, G_OPTION_ARG_INT64, &o.seed, N_ ("Of the self-blended faces (0)"), N_ ("S") },
    { "device", 'd', 0, G_OPTION_ARG_STRING, &o.device, N_ ("Where to compute: cpu, cuda:0 …"), N_ ("NAME") },
    { "threads", 0, 0, G_OPTION_ARG_INT, &o.threads, N_ ("Threads; 0: one a core"), N_ ("N") },
    { "json", 0, 0, G_OPTION_ARG_NONE, &o.json, N_ ("One JSON object on standard output"), NULL },
    { NULL },
  };
  g_autoptr (GCancellable) stop = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  int code = SMB_EXIT_OK;

  if (!smb_cli_parse (&argc, &argv, entries, _ ("DATASET"),
                      _ ("Finds out how much likelier each score is among forged than among genuine faces, on faces the model did not "
                         "learn from, and stores the mapping with the model; analyses then show likelihood ratios.")))
    return SMB_EXIT_USAGE;
  if (argc != 2 || o.seed < 0)
    code = smb_cli_usage (_ ("“calibrate” takes one data set; --seed is from 0."));
  else if (o.part != NULL && (!smb_part_from_name (o.part, &settings.part) || settings.part == SMB_PART_NONE))
    code = smb_cli_usage (_ ("“%s” is no part to calibrate on; choose val, test or train."), o.part);
  else if (o.method != NULL && !smb_calibration_kind_from_name (o.method, &kind))
    code = smb_cli_usage (_ ("“%s” is no method; choose logistic or isotonic."), o.method);
  settings.blended = o.blended;
  settings.seed = (guint64) o.seed;
  settings.threads = o.threads;
  o.keep = !dry;
  if (code == SMB_EXIT_OK) {
    smb_cli_stop_on_signals (stop);
    if (!calibrate (&o, argv[1], &settings, kind, stop, &error)) {
      smb_cli_print_error (error);
      code = g_error_matches (error, SMB_ERROR, SMB_ERROR_ARGUMENT) ? SMB_EXIT_USAGE : SMB_EXIT_FAILED;
    }
  }
  for (guint i = 0; i < 5; i++)
    g_free ((char *[]) { o.model, o.part, o.blended, o.method, o.device }[i]);
  return code;
}
