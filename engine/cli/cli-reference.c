/* SPDX-License-Identifier: Apache-2.0 */
/* semblance-cli reference: what the region measures are like on genuine faces, as a small file. */
#include "cli/cli.h"

#include "analysis/smb-reference.h"
#include "base/smb-error.h"
#include "cli/cli-face.h"
#include "examine/smb-examine.h"
#include "learn/smb-face-store.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

typedef struct {
  SmbEngine *engine;
  SmbModelInfo *model;
  SmbAnalysisSettings settings;
  GPtrArray *reports; /* SmbRegionReport */
  int pictures, failed, outside;
} Build;

static void
build_clear (Build *build)
{
  g_clear_pointer (&build->engine, smb_engine_unref);
  g_clear_pointer (&build->model, smb_model_info_free);
  g_clear_pointer (&build->reports, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Build, build_clear)

/* Every face of the picture that is inside the range the model was validated on. */
static gboolean
add_picture (Build *build, const char *path, GError **error)
{
  g_autoptr (SmbImage) image = smb_examine_open_whole_file (build->engine, path, error);
  const SmbRegionSettings how = { build->settings.region_draws, build->settings.seed };
  SmbAnalysisSettings settings = build->settings;
  g_autoptr (SmbAnalysis) analysis = NULL;

  settings.region_draws = 0;
  if (image != NULL)
    analysis = smb_engine_analyze (build->engine, build->model, image, NULL, &settings, NULL, NULL, NULL, error);
  if (analysis == NULL)
    return FALSE;
  build->pictures++;
  for (guint i = 0; i < analysis->faces->len; i++) {
    const SmbFaceResult *result = g_ptr_array_index (analysis->faces, i);
    const SmbMapJob job = { .box = result->face.box };
    SmbRegionReport *report;

    if ((result->outside != NULL && build->model->detector_path != NULL)
        || (result->quality_notes != NULL && result->quality_notes[0] != NULL)) {
      build->outside++;
      continue;
    }
    report = smb_engine_regions (build->engine, build->model, image, &job, &how, NULL, error);
    if (report == NULL)
      return FALSE;
    g_ptr_array_add (build->reports, report);
  }
  return TRUE;
}

static SmbReference *
build_all (Build *build, const GPtrArray *paths, GError **error)
{
  SmbProgress progress = smb_cli_progress ();

  for (guint i = 0; i < paths->len; i++) {
    g_autoptr (GError) local = NULL;

    if (progress != NULL)
      progress (i, paths->len, _ ("Measuring genuine faces"), NULL);
    if (add_picture (build, g_ptr_array_index (paths, i), &local))
      continue;
    /* One bad picture does not end it; a model without the network would fail on all of them. */
    smb_cli_progress_end ();
    if (g_error_matches (local, SMB_ERROR, SMB_ERROR_UNSUPPORTED)) {
      g_propagate_error (error, g_steal_pointer (&local));
      return NULL;
    }
    smb_cli_print_error (local);
    build->failed++;
  }
  smb_cli_progress_end ();
  return smb_reference_new (build->reports, build->model->name, build->pictures, error);
}

static void
print_reference (const SmbReference *reference, gboolean json)
{
  if (json) {
    g_autofree char *text = smb_reference_to_json (reference);
    g_autoptr (JsonNode) node = json_from_string (text, NULL);

    smb_cli_print_json (node, FALSE);
    return;
  }
  g_print (_ ("Model %s, network %.12s…, program %s\n%d faces of %d pictures, %d draws, regions: %s\n"),
           reference->model, reference->mim_sha256, reference->program_version, reference->faces, reference->pictures,
           reference->draws, smb_regions_origin_name (reference->origin));
  for (int s = 0; s < SMB_REFERENCE_STRATA; s++) {
    const SmbReferenceStratum *stratum = &reference->strata[s];

    g_print (_ ("\n%s: %d faces\n"), smb_reference_stratum_name (s), stratum->faces);
    for (int i = 0; i < SMB_N_COVERED_REGIONS; i++) {
      g_print ("  %-9s", smb_region_name ((SmbRegion) i));
      for (int m = 0; m < SMB_N_MEASURES; m++) {
        const SmbReferenceEntry *entry = &stratum->measures[i][m];

        if (entry->n > 1)
          g_print ("  %s %.4f ± %.4f (%d)", smb_measure_name ((SmbMeasureKind) m), entry->mean, entry->deviation,
                   entry->n);
      }
      g_print ("\n");
    }
  }
}

static int
show (int argc, char **argv)
{
  g_autofree char *model_name = NULL;
  gboolean json = FALSE;
  const GOptionEntry entries[] = {
    { "model", 'm', 0, G_OPTION_ARG_STRING, &model_name, N_ ("The reference that goes with this model"), N_ ("MODEL") },
    { "json", 0, 0, G_OPTION_ARG_NONE, &json, N_ ("The file itself"), NULL },
    { NULL },
  };
  g_autoptr (SmbReference) reference = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *path = NULL;

  if (!smb_cli_parse (&argc, &argv, entries, _ ("[FILE]"), _ ("Prints what a reference of genuine faces holds.")))
    return SMB_EXIT_USAGE;
  if (argc > 2)
    return smb_cli_usage (_ ("“reference show” takes one file at most."));
  if (argc == 2) {
    path = g_strdup (argv[1]);
  } else {
    g_autoptr (SmbModelInfo) model = smb_model_find (model_name, &error);

    path = model != NULL ? smb_model_dup_reference (model->folder, model->mim_sha256) : NULL;
    if (model != NULL && path == NULL)
      g_set_error (
          &error, SMB_ERROR, SMB_ERROR_NOT_FOUND,
          _ ("The model “%s” has no reference of genuine faces. Make one: semblance-cli reference build FOLDER."),
          model->name);
  }
  reference = path != NULL ? smb_reference_read (path, &error) : NULL;
  if (reference == NULL) {
    smb_cli_print_error (error);
    return SMB_EXIT_FAILED;
  }
  if (!json)
    g_print ("%s\nSHA-256 %s\n", path, reference->sha256);
  print_reference (reference, json);
  return SMB_EXIT_OK;
}

static int
build (int argc, char **argv)
{
  g_autofree char *model_name = NULL, *out = NULL, *device = NULL;
  int threads = 0, draws = smb_region_settings_default ().draws;
  const GOptionEntry entries[] = {
    { "out", 'o', 0, G_OPTION_ARG_FILENAME, &out,
      N_ ("File to write; by default where this model's tables are looked for on this machine"), N_ ("FILE") },
    { "model", 'm', 0, G_OPTION_ARG_STRING, &model_name, N_ ("Model to use: its name, folder or weights file"),
      N_ ("MODEL") },
    { "draws", 0, 0, G_OPTION_ARG_INT, &draws, N_ ("Masks for each region; 8 by default"), "N" },
    smb_cli_landmarks_option (),
    { "threads", 't', 0, G_OPTION_ARG_INT, &threads, N_ ("Threads to compute with; 0: one for each core"), "N" },
    { "device", 'd', 0, G_OPTION_ARG_STRING, &device, N_ ("Where to compute: see “semblance-cli devices”"),
      N_ ("DEVICE") },
    { "allow-unsandboxed", 0, G_OPTION_FLAG_NO_ARG, G_OPTION_ARG_CALLBACK, smb_cli_allow_unsandboxed,
      N_ ("Open files even where the decoder cannot be locked in; the log and reports say so"), NULL },
    { NULL },
  };
  g_auto (Build) job = { .settings = smb_analysis_settings_default () };
  g_autoptr (SmbReference) reference = NULL;
  g_autoptr (GPtrArray) paths = NULL;
  g_autoptr (GError) error = NULL;

  if (!smb_cli_parse (&argc, &argv, entries, _ ("FOLDER…"),
                      _ ("Measures the regions of genuine faces, so that others can be compared with them.")))
    return SMB_EXIT_USAGE;
  if (argc < 2)
    return smb_cli_usage (_ ("“reference build” needs a folder of pictures of genuine faces."));
  if (threads < 0)
    return smb_cli_usage (_ ("--threads takes a number from 0, not %d."), threads);
  if (draws < 1 || draws > SMB_REGION_MAX_DRAWS)
    return smb_cli_usage (_ ("--draws takes a number from 1 to %d, not %d."), SMB_REGION_MAX_DRAWS, draws);
  job.model = smb_model_find (model_name, &error);
  paths = job.model != NULL ? smb_learn_list_pictures ((const char *const *) argv + 1, FALSE, &error) : NULL;
  if (paths != NULL) {
    job.engine = smb_engine_new (device, threads);
    job.settings.region_draws = draws;
    job.reports = g_ptr_array_new_with_free_func ((GDestroyNotify) smb_region_report_free);
    reference = build_all (&job, paths, &error);
  }
  if (reference != NULL && out == NULL)
    out = smb_model_dup_own_reference (reference->mim_sha256);
  if (reference == NULL || !smb_reference_write (reference, out, &error)) {
    smb_cli_print_error (error);
    return SMB_EXIT_FAILED;
  }
  g_print ("%s\n", out);
  g_printerr (
      _ ("semblance-cli: %d faces of %d pictures; %d faces left out as outside the model's range, %d files could not be "
         "read.\n"),
      reference->faces, reference->pictures, job.outside, job.failed);
  return job.failed > 0 ? SMB_EXIT_FAILED : SMB_EXIT_OK;
}

int
smb_cli_reference (int argc, char **argv)
{
  static char build_name[] = "reference build", show_name[] = "reference show"; /* what usage lines name */
  const char *what = argc > 1 ? argv[1] : "";

  if (strcmp (what, "build") == 0) {
    argv[1] = build_name;
    return build (argc - 1, argv + 1);
  }
  if (strcmp (what, "show") == 0) {
    argv[1] = show_name;
    return show (argc - 1, argv + 1);
  }
  if (strcmp (what, "--help") == 0 || strcmp (what, "-h") == 0) {
    g_print (_ ("Usage: semblance-cli reference build FOLDER… [OPTIONS…]\n"
                "       semblance-cli reference show [FILE] [OPTIONS…]\n\n"
                "What the region measures are like on genuine faces: makes the statistics, or prints them.\n"
                "“semblance-cli reference build --help” lists the options.\n"));
    return SMB_EXIT_OK;
  }
  return smb_cli_usage (_ ("“reference” is followed by build or show."));
}
