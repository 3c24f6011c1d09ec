/* SPDX-License-Identifier: Apache-2.0 */
/* semblance-cli calibrate: from a detector's scores to likelihood ratios. */
#include "cli/cli.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "cli/cli-measure.h"
#include "learn/smb-evaluation-videos.h"
#include "learn/smb-model-card.h"
#include "measure/smb-track-calibration.h"

typedef struct {
  SmbCalibrationKind kind;
  gboolean keep;
} Settings;

/* The model rewritten with its calibration, and an entry of it (taken) in the card. */
static gboolean
store (const SmbCliMeasured *m, JsonNode *entry, GError **error)
{
  g_autoptr (JsonNode) taken = entry;
  g_autofree char *key = smb_dataset_dup_key (m->scored->dataset);

  if (!smb_model_rewrite (m->model, error))
    return FALSE;
  json_object_set_string_member (json_node_get_object (taken), "key", key);
  json_object_set_int_member (json_node_get_object (taken), "learnt", m->learnt);
  return smb_model_card_add (m->model->folder, "calibrations", g_steal_pointer (&taken), error);
}

/* What a calibration was made with, a sentence. */
static char *
name_data (const SmbCliMeasured *m)
{
  const char *blended = m->options->blended;
  g_autofree char *name = g_path_get_basename (m->folder);

  return g_strdup_printf ("%s, part %s%s%s", name, smb_part_name (m->settings->part),
                          blended != NULL ? ", with self-blended faces as " : "", blended != NULL ? blended : "");
}

static gboolean
calibrate (const SmbCliMeasured *m, gpointer user_data, GError **error)
{
  const Settings *settings = user_data;
  const SmbEvaluation *scored = m->scored;
  g_autoptr (SmbCalibration) calibration
      = smb_calibration_fit (settings->kind, scored->scores, scored->forged, scored->groups, scored->items->len, error);
  g_autoptr (JsonNode) node = NULL;

  if (calibration == NULL)
    return FALSE;
  calibration->data = name_data (m);
  node = smb_calibration_to_json (calibration);
  if (m->options->json)
    smb_cli_print_json (node, FALSE);
  else
    g_print (
        _ ("Cllr %.4f held out (%.4f is the least possible, 1 says nothing); likelihood ratios from 10^%.2f to 10^%.2f are claimed; "
           "%u genuine and %u forged faces.\n"),
        calibration->cllr, calibration->cllr_min, calibration->low, calibration->high, calibration->genuine,
        calibration->forged);
  if (!settings->keep)
    return TRUE;
  g_free (m->model->calibration);
  m->model->calibration = json_to_string (node, FALSE);
  m->model->calibrated = TRUE;
  return store (m, json_node_copy (node), error);
}

static void
print_tracks (const SmbTrackCalibration *calibration)
{
  const char *const of[SMB_N_SERIES] = { _ ("mean"), _ ("median"), _ ("highest tenth") };

  for (guint i = 0; i < SMB_N_SERIES; i++)
    g_print (_ ("%s: Cllr %.4f held out (%.4f is the least possible, 1 says nothing); likelihood ratios from 10^%.2f to "
                "10^%.2f are claimed.\n"),
             of[i], calibration->of[i]->cllr, calibration->of[i]->cllr_min, calibration->of[i]->low,
             calibration->of[i]->high);
  g_print (_ ("%u genuine and %u forged videos, %u faces of each in the median.\n"), calibration->of[0]->genuine,
           calibration->of[0]->forged, calibration->faces);
}

/* The same by video: for tracks, whose frames depend on one another. */
static gboolean
calibrate_tracks (const SmbCliMeasured *m, gpointer user_data, GError **error)
{
  const Settings *settings = user_data;
  g_autoptr (SmbEvaluationVideos) videos = smb_evaluation_videos_new (m->scored);
  g_autoptr (SmbTrackCalibration) calibration = smb_track_calibration_fit (
      settings->kind, videos->values, videos->faces, videos->forged, videos->groups, videos->n, error);
  g_autoptr (JsonNode) node = NULL;
  JsonNode *entry;

  if (calibration == NULL)
    return FALSE;
  for (guint i = 0; i < SMB_N_SERIES; i++)
    calibration->of[i]->data = name_data (m);
  node = smb_track_calibration_to_json (calibration);
  if (m->options->json)
    smb_cli_print_json (node, FALSE);
  else
    print_tracks (calibration);
  if (!settings->keep)
    return TRUE;
  g_free (m->model->track_calibration);
  m->model->track_calibration = json_to_string (node, FALSE);
  entry = smb_calibration_to_json (calibration->of[SMB_SERIES_MEAN]);
  json_object_set_string_member (json_node_get_object (entry), "by", "video");
  return store (m, entry, error);
}

int
smb_cli_calibrate (int argc, char **argv)
{
  g_auto (SmbCliMeasure) o = { 0 };
  SmbEvaluationSettings settings = { .part = SMB_PART_VAL, .threshold = 0.5, .repeats = 10 };
  Settings own = { .kind = SMB_CALIBRATION_LOGISTIC };
  g_autofree char *method = NULL, *by = NULL;
  gboolean dry = FALSE, tracks;
  const GOptionEntry entries[] = {
    { "part", 0, 0, G_OPTION_ARG_STRING, &o.part,
      N_ ("val (default), test or train: never what results are reported on"), N_ ("NAME") },
    { "method", 0, 0, G_OPTION_ARG_STRING, &method, N_ ("logistic (default) or isotonic"), N_ ("NAME") },
    { "by", 0, 0, G_OPTION_ARG_STRING, &by,
      N_ ("face (default), or video: for tracks, by the mean, median and highest tenth of each video's faces"),
      N_ ("NAME") },
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
  tracks = g_strcmp0 (by, "video") == 0;
  if (by != NULL && !tracks && strcmp (by, "face") != 0)
    return smb_cli_usage (_ ("“%s” is nothing to calibrate by; choose face or video."), by);
  if (tracks && o.blended != NULL)
    return smb_cli_usage (_ ("--by=video takes no --self-blended: blends are drawn picture by picture and make no video."));
  own.keep = !dry;
  return smb_cli_measure_run (&o, &settings, FALSE, argc, argv, tracks ? calibrate_tracks : calibrate, &own);
}
