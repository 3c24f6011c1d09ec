/* SPDX-License-Identifier: Apache-2.0 */
/* semblance-cli evaluate: how well a detector does on a data set. */
#include "cli/cli.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <math.h>

#include "base/smb-error.h"
#include "cli/cli-train.h"
#include "learn/smb-checkpoint.h"
#include "learn/smb-evaluation.h"
#include "learn/smb-model-card.h"

typedef struct {
  char *model, *against, *part, *blended, *reencode, *out, *device;
  double threshold;
  int threads, repeats;
  gint64 seed;
  gboolean json, card;
} Options;

/* "160,75": side and quality. */
static gboolean
parse_reencode (const char *text, SmbEvaluationSettings *settings)
{
  char *end;
  gint64 px = g_ascii_strtoll (text, &end, 10), quality = *end == ',' ? g_ascii_strtoll (end + 1, &end, 10) : 0;

  settings->reencode_px = (int) px;
  settings->reencode_quality = (int) quality;
  return *end == '\0' && px >= 16 && px <= 4096 && quality >= 1 && quality <= 100;
}

static gboolean
write_files (const Options *o, const SmbEvaluation *evaluation, JsonNode *json, GError **error)
{
  g_autofree char *metrics = smb_evaluation_metrics_csv (json), *scores = smb_evaluation_scores_csv (evaluation);
  g_autofree char *text = json_to_string (json, TRUE);
  const struct {
    const char *name, *text;
  } files[] = { { "evaluation.json", text }, { "metrics.csv", metrics }, { "scores.csv", scores } };

  if (g_mkdir_with_parents (o->out, 0777) != 0)
    return smb_error_set_errno (error, errno, o->out, _ ("making the folder"));
  for (guint i = 0; i < G_N_ELEMENTS (files); i++) {
    g_autofree char *path = g_build_filename (o->out, files[i].name, NULL);

    if (!smb_learn_write_text (path, files[i].text, error))
      return FALSE;
  }
  return TRUE;
}

static void
print_metrics (const char *name, JsonObject *of)
{
  static const struct {
    const char *key, *title;
  } shown[] = { { "auc", "AUC" }, { "eer", "EER" }, { "accuracy", "ACC" }, { "hter", "HTER" }, { "tpr_at_fpr_10", "TPR@FPR 0.1" } };

  g_print ("%s (%" G_GINT64_FORMAT ")\n", name, json_object_get_int_member (of, "faces"));
  for (guint i = 0; i < G_N_ELEMENTS (shown); i++) {
    JsonNode *node = json_object_get_member (of, shown[i].key);
    JsonObject *e = node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;

    if (e != NULL && !json_object_get_null_member (e, "value") && !json_object_get_null_member (e, "low"))
      g_print ("  %-12s %.4f  [%.4f, %.4f]\n", shown[i].title, json_object_get_double_member (e, "value"),
               json_object_get_double_member (e, "low"), json_object_get_double_member (e, "high"));
    else if (e != NULL && !json_object_get_null_member (e, "value"))
      g_print ("  %-12s %.4f\n", shown[i].title, json_object_get_double_member (e, "value"));
  }
}

static void
print_text (JsonNode *json, const double *difference)
{
  static const char *const kinds[] = { "classes", "origins" };
  JsonObject *root = json_node_get_object (json);

  print_metrics (_ ("All faces"), json_object_get_object_member (root, "frame"));
  if (!json_object_get_null_member (root, "video"))
    print_metrics (_ ("Videos and other sources"), json_object_get_object_member (root, "video"));
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++) {
    JsonObject *of = json_object_get_object_member (root, kinds[i]);
    g_autoptr (GList) names = json_object_get_members (of);

    for (GList *at = names; at != NULL; at = at->next) {
      JsonObject *metrics = json_object_get_object_member (of, at->data);

      if (json_object_has_member (metrics, "auc"))
        print_metrics (at->data, metrics);
      else
        g_print (_ ("%s (%d)\n  called forged %.4f\n"), (const char *) at->data,
                 (int) json_object_get_int_member (metrics, "faces"), json_object_get_double_member (metrics, "bpcer"));
    }
  }
  if (difference != NULL)
    g_print (_ ("AUC against the other model: %+.4f  [%+.4f, %+.4f]\n"), difference[0], difference[1], difference[2]);
}

static void
set_number (JsonObject *of, const char *key, double value)
{
  if (isfinite (value))
    json_object_set_double_member (of, key, value);
  else
    json_object_set_null_member (of, key);
}

/* What the numbers are of, beside them. */
static void
name_entry (JsonNode *json, const Options *o, const SmbModelInfo *model, const char *dataset, const double *difference)
{
  JsonObject *root = json_node_get_object (json);
  g_autofree char *name = g_path_get_basename (dataset);

  json_object_set_string_member (root, "name", name);
  json_object_set_string_member (root, "model", model->name);
  json_object_set_string_member (root, "model_sha256", model->detector_sha256);
  json_object_set_string_member (root, "blended", o->blended != NULL ? o->blended : "");
  if (difference == NULL)
    return;
  json_object_set_string_member (root, "against", o->against);
  set_number (root, "auc_difference", difference[0]);
  set_number (root, "auc_difference_low", difference[1]);
  set_number (root, "auc_difference_high", difference[2]);
}

static gboolean
evaluate (Options *o, const char *folder, const SmbEvaluationSettings *settings, GCancellable *stop, GError **error)
{
  g_autoptr (SmbDevice) device = smb_device_open (o->device != NULL ? o->device : "cpu", o->threads, error);
  g_autoptr (SmbDataset) dataset = device != NULL ? smb_dataset_open (folder, error) : NULL;
  g_autoptr (SmbModelInfo) model = dataset != NULL ? smb_model_find (o->model, error) : NULL;
  g_autoptr (SmbModelInfo) other = model != NULL && o->against != NULL ? smb_model_find (o->against, error) : NULL;
  g_autoptr (SmbEvaluation) now = NULL, before = NULL;
  g_autoptr (JsonNode) json = NULL;
  double difference[3], *compared = NULL;

  if (model == NULL || (o->against != NULL && other == NULL)
      || (now = smb_evaluation_run (model, device, dataset, settings, stop, error)) == NULL
      || (other != NULL && (before = smb_evaluation_run (other, device, dataset, settings, stop, error)) == NULL))
    return FALSE;
  if (before != NULL) {
    smb_evaluation_compare (now, before, difference);
    compared = difference;
  }
  json = smb_evaluation_to_json (now);
  name_entry (json, o, model, folder, compared);
  if (o->json)
    smb_cli_print_json (json, FALSE);
  else
    print_text (json, compared);
  if (o->out != NULL && !write_files (o, now, json, error))
    return FALSE;
  return !o->card || smb_model_card_add (model->folder, "evaluations", json_node_copy (json), error);
}

int
smb_cli_evaluate (int argc, char **argv)
{
  Options o = { .threshold = 0.5, .repeats = 1000 };
  SmbEvaluationSettings settings = { .part = SMB_PART_TEST };
  const GOptionEntry entries[] = {
    { "model", 'm', 0, G_OPTION_ARG_STRING, &o.model, N_ ("Of the library, its folder, or a weights file"), N_ ("MODEL") },
    { "against", 0, 0, G_OPTION_ARG_STRING, &o.against, N_ ("Another one to compare it with on the same faces"), N_ ("MODEL") },
    { "part", 0, 0, G_OPTION_ARG_STRING, &o.part, N_ ("train, val, test (default) or all"), N_ ("NAME") },
    { "self-blended", 0, 0, G_OPTION_ARG_STRING, &o.blended, N_ ("Forgeries made of the genuine faces too, as this class"),
      N_ ("CLASS") },
    { "reencode", 0, 0, G_OPTION_ARG_STRING, &o.reencode,
      N_ ("Every face brought to this side and back, and through JPEG of this quality, like 160,75"), N_ ("PX,Q") },
    { "threshold", 0, 0, G_OPTION_ARG_DOUBLE, &o.threshold, N_ ("A score from there on is called forged (0.5)"), N_ ("T") },
    { "repeats", 0, 0, G_OPTION_ARG_INT, &o.repeats, N_ ("Samples of the bootstrap (1000)"), N_ ("N") },
    { "seed", 's', 0, G_OPTION_ARG_INT64, &o.seed, N_ ("Of bootstrap and self-blended faces (0)"), N_ ("S") },
    { "out", 'o', 0, G_OPTION_ARG_FILENAME, &o.out, N_ ("Folder for evaluation.json, metrics.csv and scores.csv"), N_ ("FOLDER") },
    { "card", 0, 0, G_OPTION_ARG_NONE, &o.card, N_ ("Write the result into the model's card"), NULL },
    { "device", 'd', 0, G_OPTION_ARG_STRING, &o.device, N_ ("Where to compute: cpu, cuda:0 …"), N_ ("NAME") },
    { "threads", 0, 0, G_OPTION_ARG_INT, &o.threads, N_ ("Threads; 0: one a core"), N_ ("N") },
    { "json", 0, 0, G_OPTION_ARG_NONE, &o.json, N_ ("One JSON object on standard output"), NULL },
    { NULL },
  };
  g_autoptr (GCancellable) stop = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  int code = SMB_EXIT_OK;

  if (!smb_cli_parse (&argc, &argv, entries, _ ("DATASET"),
                      /* xgettext:no-c-format */
                      _ ("Measures a detector on a data set that “dataset build” made: AUC, EER, accuracy, HTER (ACER), APCER, BPCER, "
                         "TPR at FPR, with 95 % intervals, for all faces, for each class and origin, and by video.")))
    return SMB_EXIT_USAGE;
  if (argc != 2 || o.repeats < 10 || o.repeats > 100000 || o.seed < 0)
    code = smb_cli_usage (_ ("“evaluate” takes one data set; --repeats is from 10 to 100000, --seed from 0."));
  else if (o.part != NULL && g_strcmp0 (o.part, "all") != 0 && !smb_part_from_name (o.part, &settings.part))
    code = smb_cli_usage (_ ("“%s” is no part; choose train, val, test or all."), o.part);
  else if (o.reencode != NULL && !parse_reencode (o.reencode, &settings))
    code = smb_cli_usage (_ ("--reencode should be a side in pixels and a quality, like 160,75, not “%s”."), o.reencode);
  if (g_strcmp0 (o.part, "all") == 0)
    settings.part = SMB_PART_NONE;
  settings.blended = o.blended;
  settings.threshold = o.threshold;
  settings.repeats = o.repeats;
  settings.seed = (guint64) o.seed;
  settings.threads = o.threads;
  if (code == SMB_EXIT_OK) {
    smb_cli_stop_on_signals (stop);
    if (!evaluate (&o, argv[1], &settings, stop, &error)) {
      smb_cli_print_error (error);
      code = g_error_matches (error, SMB_ERROR, SMB_ERROR_ARGUMENT) ? SMB_EXIT_USAGE : SMB_EXIT_FAILED;
    }
  }
  for (guint i = 0; i < 7; i++)
    g_free ((char *[]) { o.model, o.against, o.part, o.blended, o.reencode, o.out, o.device }[i]);
  return code;
}
