/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli-measure.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "base/smb-error.h"
#include "cli/cli-train.h"
#include "learn/smb-model-card.h"

GOptionEntry *
smb_cli_measure_entries (SmbCliMeasure *o, const GOptionEntry *own, guint n)
{
  const GOptionEntry shared[] = {
    { "model", 'm', 0, G_OPTION_ARG_STRING, &o->model, N_ ("Of the library, its folder, or a weights file"),
      N_ ("MODEL") },
    { "self-blended", 0, 0, G_OPTION_ARG_STRING, &o->blended,
      N_ ("Forgeries made of the genuine faces too, as this class"), N_ ("CLASS") },
    { "seed", 's', 0, G_OPTION_ARG_INT64, &o->seed, N_ ("Of everything drawn by chance (0)"), N_ ("S") },
    { "device", 'd', 0, G_OPTION_ARG_STRING, &o->device, N_ ("Where to compute: cpu, cuda:0 …"), N_ ("NAME") },
    { "threads", 0, 0, G_OPTION_ARG_INT, &o->threads, N_ ("Threads; 0: one a core"), N_ ("N") },
    { "json", 0, 0, G_OPTION_ARG_NONE, &o->json, N_ ("One JSON object on standard output"), NULL },
    { NULL },
  };
  GOptionEntry *all = g_new0 (GOptionEntry, n + G_N_ELEMENTS (shared));

  memcpy (all, own, n * sizeof *own);
  memcpy (all + n, shared, sizeof shared);
  return all;
}

void
smb_cli_measure_clear (SmbCliMeasure *o)
{
  g_free (o->model);
  g_free (o->part);
  g_free (o->blended);
  g_free (o->device);
}

/* Numbers on faces that were learnt from flatter; the data set alone cannot know what another one was made of. */
static void
warn_of_learnt (const SmbModelInfo *model, guint n)
{
  g_autofree char *sentence = NULL;

  if (n == 0)
    return;
  sentence = g_strdup_printf (
      _ ("“%s” learnt from %u of these faces: its numbers on them say nothing of others. Measure it on faces it never "
         "saw."),
      model->name, n);
  smb_cli_warn (sentence, NULL);
}

gboolean
smb_cli_measure_one (const SmbCliMeasure *options, const SmbEvaluationSettings *settings, const char *folder,
                     GCancellable *stop, SmbCliMeasureWork work, gpointer user_data, GError **error)
{
  SmbCliMeasured m = { .options = options, .settings = settings, .folder = folder, .stop = stop };
  g_autoptr (SmbDevice) device
      = smb_device_open (options->device != NULL ? options->device : "cpu", options->threads, error);
  g_autoptr (SmbDataset) dataset = device != NULL ? smb_dataset_open (folder, error) : NULL;
  g_autoptr (SmbModelInfo) model = dataset != NULL ? smb_model_find (options->model, error) : NULL;
  g_autoptr (SmbEvaluation) scored
      = model != NULL ? smb_evaluation_run (model, device, dataset, settings, stop, error) : NULL;

  if (scored != NULL) {
    g_autoptr (JsonNode) card = smb_model_card_read (model->folder, NULL);

    m.learnt = smb_model_card_count_learnt (card, dataset, settings->part);
    warn_of_learnt (model, m.learnt);
  }
  m.device = device;
  m.dataset = dataset;
  m.model = model;
  m.scored = scored;
  return scored != NULL && work (&m, user_data, error);
}

int
smb_cli_measure_run (const SmbCliMeasure *options, SmbEvaluationSettings *settings, gboolean all_parts, int argc,
                     char **argv, SmbCliMeasureWork work, gpointer user_data)
{
  g_autoptr (GCancellable) stop = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  if (argc != 2 || options->seed < 0)
    return smb_cli_usage (_ ("“%s” takes one data set; --seed is from 0."), argv[0]);
  if (all_parts && g_strcmp0 (options->part, "all") == 0)
    settings->part = SMB_PART_NONE;
  else if (options->part != NULL
           && (!smb_part_from_name (options->part, &settings->part) || settings->part == SMB_PART_NONE))
    return smb_cli_usage (_ ("“%s” is no part of a data set for this; “semblance-cli %s --help” names them."),
                          options->part, argv[0]);
  settings->blended = options->blended;
  settings->seed = (guint64) options->seed;
  settings->threads = options->threads;
  smb_cli_stop_on_signals (stop);
  if (smb_cli_measure_one (options, settings, argv[1], stop, work, user_data, &error))
    return SMB_EXIT_OK;
  smb_cli_print_error (error);
  return g_error_matches (error, SMB_ERROR, SMB_ERROR_ARGUMENT) ? SMB_EXIT_USAGE : SMB_EXIT_FAILED;
}
