/* SPDX-License-Identifier: Apache-2.0 */
/* semblance-cli evaluate: how well a detector does on a data set. */
#include "cli/cli.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <math.h>

#include "analysis/smb-analysis.h"
#include "base/smb-error.h"
#include "base/smb-json-part.h"
#include "cli/cli-measure.h"
#include "cli/cli-signals.h"
#include "learn/smb-checkpoint.h"
#include "learn/smb-dataset-places.h"
#include "learn/smb-model-card.h"

typedef struct {
  char *against, *as, *reencode, *precision, *out;
  gboolean card;
} Options;

/* Beside another model, or beside float32. */
typedef struct {
  double auc[3]; /* its difference, and the interval */
  double largest; /* change of a score */
} Compared;

static void
options_clear (Options *o)
{
  g_free (o->against);
  g_free (o->as);
  g_free (o->reencode);
  g_free (o->precision);
  g_free (o->out);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

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
  } shown[] = {
    { "auc", "AUC" }, { "eer", "EER" }, { "accuracy", "ACC" }, { "hter", "HTER" }, { "tpr_at_fpr_10", "TPR@FPR 0.1" }
  };

  g_print ("%s (%" G_GINT64_FORMAT ")\n", name, json_object_get_int_member (of, "faces"));
  for (guint i = 0; i < G_N_ELEMENTS (shown); i++) {
    JsonObject *e = smb_json_find_object (of, shown[i].key);

    if (e != NULL && !json_object_get_null_member (e, "value") && !json_object_get_null_member (e, "low"))
      g_print ("  %-12s %.4f  [%.4f, %.4f]\n", shown[i].title, json_object_get_double_member (e, "value"),
               json_object_get_double_member (e, "low"), json_object_get_double_member (e, "high"));
    else if (e != NULL && !json_object_get_null_member (e, "value"))
      g_print ("  %-12s %.4f\n", shown[i].title, json_object_get_double_member (e, "value"));
  }
}

static void
print_text (JsonNode *json, const Options *o, const Compared *compared)
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
  if (compared != NULL && o->against != NULL)
    g_print (_ ("AUC against the other model: %+.4f  [%+.4f, %+.4f]\n"), compared->auc[0], compared->auc[1],
             compared->auc[2]);
  else if (compared != NULL)
    g_print (_ ("Against float32: AUC %+.5f  [%+.5f, %+.5f]; no score moved by more than %.5f\n"), compared->auc[0],
             compared->auc[1], compared->auc[2], compared->largest);
}

/* What the numbers are of, beside them. */
static void
name_entry (JsonNode *json, const Options *o, const SmbCliMeasured *m, const Compared *compared)
{
  JsonObject *root = json_node_get_object (json);
  g_autofree char *name = g_path_get_basename (m->folder);

  json_object_set_string_member (root, "name", name);
  json_object_set_string_member (root, "model", m->model->name);
  json_object_set_string_member (root, "model_sha256", m->model->detector_sha256);
  json_object_set_string_member (root, "blended", m->settings->blended != NULL ? m->settings->blended : "");
  if (compared == NULL)
    return;
  if (o->precision != NULL)
    json_object_set_string_member (root, "precision", o->precision);
  json_object_set_string_member (root, "against", o->against != NULL ? o->against : "f32");
  smb_json_set_number (root, "auc_difference", compared->auc[0]);
  smb_json_set_number (root, "auc_difference_low", compared->auc[1]);
  smb_json_set_number (root, "auc_difference_high", compared->auc[2]);
  smb_json_set_number (root, "largest_score_change", compared->largest);
}

/* Into the model's card; and where its data lies, for models to come (--as). */
static gboolean
keep (const SmbCliMeasured *m, JsonNode *json, GError **error)
{
  g_autofree char *key = smb_dataset_dup_key (m->dataset);

  return smb_model_card_add (m->model->folder, "evaluations", json_node_copy (json), error)
         && smb_dataset_place_note (key, m->folder, error);
}

static gboolean
evaluate (const SmbCliMeasured *m, gpointer user_data, GError **error)
{
  const Options *o = user_data;
  g_autoptr (SmbModelInfo) other = o->against != NULL ? smb_model_find (o->against, error) : NULL;
  g_autoptr (SmbEvaluation) before = NULL;
  g_autoptr (JsonNode) json = NULL;
  SmbEvaluationSettings exact = *m->settings;
  Compared beside, *compared = NULL;

  exact.precision = SMB_PRECISION_F32;
  if (o->against != NULL) {
    if (other == NULL)
      return FALSE;
    before = smb_evaluation_run (other, m->device, m->dataset, m->settings, m->stop, error);
  } else if (m->settings->precision != SMB_PRECISION_F32) {
    before = smb_evaluation_run (m->model, m->device, m->dataset, &exact, m->stop, error);
  }
  if (before != NULL) {
    smb_evaluation_compare (m->scored, before, beside.auc);
    beside.largest = smb_evaluation_largest_change (m->scored, before);
    compared = &beside;
  } else if (o->against != NULL || m->settings->precision != SMB_PRECISION_F32) {
    return FALSE;
  }
  json = smb_evaluation_to_json (m->scored);
  name_entry (json, o, m, compared);
  if (m->options->json)
    smb_cli_print_json (json, FALSE);
  else
    print_text (json, o, compared);
  if (o->out != NULL && !write_files (o, m->scored, json, error))
    return FALSE;
  return !o->card || keep (m, json, error);
}

/* Whether the data set that was found for an evaluation is still the one it was made on. */
static gboolean
is_still (const SmbMeasuredOn *on)
{
  g_autoptr (SmbDataset) dataset = on->folder != NULL ? smb_dataset_open (on->folder, NULL) : NULL;
  g_autofree char *key = dataset != NULL ? smb_dataset_dup_key (dataset) : NULL;

  return g_strcmp0 (key, on->key) == 0;
}

/* Measures on everything that another model was measured on, in the same ways, as far as it is on this machine. */
static gboolean
evaluate_as (const SmbCliMeasure *options, const Options *o, const SmbEvaluationSettings *given, GCancellable *stop,
             GError **error)
{
  g_autoptr (SmbModelInfo) other = smb_model_find (o->as, error);
  g_autoptr (GError) local = NULL;
  g_autoptr (JsonNode) card = other != NULL ? smb_model_card_read (other->folder, &local) : NULL;
  g_autoptr (GPtrArray) all = smb_measured_on (card);
  guint measured = 0;

  if (other == NULL)
    return FALSE;
  if (local != NULL) {
    g_propagate_error (error, g_steal_pointer (&local));
    return FALSE;
  }
  for (guint i = 0; i < all->len; i++) {
    const SmbMeasuredOn *on = g_ptr_array_index (all, i);
    SmbEvaluationSettings settings = *given;

    if (!is_still (on)) {
      g_printerr (_ ("%s (%s): this data set is not on this machine any more, or was changed; not measured.\n"),
                  on->name, on->part == SMB_PART_NONE ? _ ("all parts") : smb_part_name (on->part));
      continue;
    }
    settings.part = on->part;
    settings.blended = on->blended;
    settings.reencode_px = on->reencode_px;
    settings.reencode_quality = on->reencode_quality;
    settings.seed = on->seed;
    if (!options->json)
      g_print ("%s, %s%s\n", on->name, on->part == SMB_PART_NONE ? _ ("all parts") : smb_part_name (on->part), on->reencode_px > 0 ? _ (", re-encoded") : "");
    if (!smb_cli_measure_one (options, &settings, on->folder, stop, evaluate, (gpointer) o, error))
      return FALSE;
    measured++;
  }
  if (measured > 0)
    return TRUE;
  g_set_error (
      error, SMB_ERROR, SMB_ERROR_ARGUMENT,
      _ ("None of the data that “%s” was measured on is known on this machine; name a data set instead of --as."),
      o->as);
  return FALSE;
}

static int
run_as (const SmbCliMeasure *options, const Options *o, SmbEvaluationSettings *settings, int argc)
{
  g_autoptr (GCancellable) stop = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  if (argc != 1 || options->part != NULL || options->blended != NULL || options->seed != 0 || o->reencode != NULL
      || o->out != NULL)
    return smb_cli_usage (_ ("--as takes data, part, re-encoding and blends from what was measured before; leave out "
                             "DATASET, --part, --reencode, --self-blended, --seed and --out."));
  settings->threads = options->threads;
  smb_cli_stop_on_signals (stop);
  if (evaluate_as (options, o, settings, stop, &error))
    return SMB_EXIT_OK;
  smb_cli_print_error (error);
  return g_error_matches (error, SMB_ERROR, SMB_ERROR_ARGUMENT) ? SMB_EXIT_USAGE : SMB_EXIT_FAILED;
}

int
smb_cli_evaluate (int argc, char **argv)
{
  g_auto (SmbCliMeasure) o = { 0 };
  g_auto (Options) own = { 0 };
  SmbEvaluationSettings settings = { .part = SMB_PART_TEST, .threshold = 0.5, .repeats = 1000 };
  const GOptionEntry entries[] = {
    { "against", 0, 0, G_OPTION_ARG_STRING, &own.against, N_ ("Another one to compare it with on the same faces"),
      N_ ("MODEL") },
    { "as", 0, 0, G_OPTION_ARG_STRING, &own.as,
      N_ ("Instead of DATASET: all that this model was measured on (--card), in the same ways"), N_ ("MODEL") },
    { "part", 0, 0, G_OPTION_ARG_STRING, &o.part, N_ ("train, val, test (default) or all"), N_ ("NAME") },
    { "reencode", 0, 0, G_OPTION_ARG_STRING, &own.reencode,
      N_ ("Every face brought to this side and back, and through JPEG of this quality, like 160,75"), N_ ("PX,Q") },
    { "threshold", 0, 0, G_OPTION_ARG_DOUBLE, &settings.threshold, N_ ("A score from there on is called forged (0.5)"),
      N_ ("T") },
    { "repeats", 0, 0, G_OPTION_ARG_INT, &settings.repeats, N_ ("Samples of the bootstrap (1000)"), N_ ("N") },
    { "precision", 0, 0, G_OPTION_ARG_STRING, &own.precision,
      N_ ("Arithmetic of the network: f32 (default), or bf16, int8 or auto, then also compared with f32"),
      N_ ("PRECISION") },
    { "out", 'o', 0, G_OPTION_ARG_FILENAME, &own.out, N_ ("Folder for evaluation.json, metrics.csv and scores.csv"),
      N_ ("FOLDER") },
    { "card", 0, 0, G_OPTION_ARG_NONE, &own.card, N_ ("Write the result into the model's card"), NULL },
  };
  g_autofree GOptionEntry *all = smb_cli_measure_entries (&o, entries, G_N_ELEMENTS (entries));
  g_autoptr (GError) error = NULL;

  if (!smb_cli_parse (
          &argc, &argv, all, _ ("DATASET | --as=MODEL"),
          /* xgettext:no-c-format */
          _ ("Measures a detector on a data set that “dataset build” made: AUC, EER, accuracy, HTER (ACER), APCER, BPCER, "
             "TPR at FPR, with 95 % intervals, for all faces, for each class and origin, and by video.")))
    return SMB_EXIT_USAGE;
  if (settings.repeats < 10 || settings.repeats > 100000)
    return smb_cli_usage (_ ("--repeats takes a number from 10 to 100000, not %d."), settings.repeats);
  if (!(settings.threshold >= 0.0 && settings.threshold <= 1.0))
    return smb_cli_usage (_ ("--threshold is a score, from 0 to 1, not %g."), settings.threshold);
  if (own.reencode != NULL && !parse_reencode (own.reencode, &settings))
    return smb_cli_usage (_ ("--reencode should be a side in pixels, from 16 to 4096, and a quality, from 1 to 100, like "
                             "160,75, not “%s”."),
                          own.reencode);
  if (own.precision != NULL && !smb_precision_from_text (own.precision, o.device, &settings.precision, &error))
    return smb_cli_usage ("%s", error->message);
  if (own.card && settings.precision != SMB_PRECISION_F32)
    return smb_cli_usage (_ ("A card holds numbers of float32; leave out --card or --precision."));
  if (own.as != NULL)
    return run_as (&o, &own, &settings, argc);
  return smb_cli_measure_run (&o, &settings, TRUE, argc, argv, evaluate, &own);
}
