/* SPDX-License-Identifier: Apache-2.0 */
/* semblance-cli analyze: faces and scores of pictures, one after the other; a bad one is reported and passed over. */
#include "cli/cli.h"

#include "analysis/smb-card-limits.h"
#include "analysis/smb-reference.h"
#include "base/smb-error.h"
#include "base/smb-hash.h"
#include "cli/cli-analyze-video.h"
#include "examine/smb-examine.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <unistd.h>

/* What stays the same for every file of the batch. */
typedef struct {
  SmbEngine *engine;
  SmbModelInfo *model;
  SmbCase *store; /* NULL: nothing is kept */
  GArray *boxes;  /* NULL: the detector looks */
  SmbAnalysisSettings settings;
  const SmbCliVideoOptions *video_options;
  SmbVideoSettings video_settings;
} Batch;

/* Where the time of a batch went, in seconds. */
typedef struct {
  double stages[SMB_N_STAGES], analysis, all;
  guint files;
} Profile;

/* What came of one file. */
typedef struct {
  char *sha256;
  char *exhibit;   /* NULL without a case */
  char **warnings; /* may be NULL */
  SmbAnalysis *analysis;
} Outcome;

static void
outcome_clear (Outcome *outcome)
{
  g_free (outcome->sha256);
  g_free (outcome->exhibit);
  g_strfreev (outcome->warnings);
  g_clear_pointer (&outcome->analysis, smb_analysis_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Outcome, outcome_clear)

static gboolean
analyze_file (const Batch *batch, const char *path, Outcome *outcome, GError **error)
{
  g_autoptr (SmbPictureInfo) info = NULL;
  g_autoptr (SmbImage) image = NULL;
  int fd = smb_examine_open_evidence (path, NULL, NULL, error);

  if (fd < 0)
    return FALSE;
  outcome->sha256 = smb_sha256_of_fd (fd, path, NULL, NULL, NULL, NULL, error);
  if (outcome->sha256 != NULL)
    image = smb_engine_decode (batch->engine, fd, path, 0, &info, NULL, error);
  close (fd);
  if (image == NULL)
    return FALSE;
  outcome->warnings = g_strdupv (info->warnings);
  outcome->analysis = smb_engine_analyze (batch->engine, batch->model, image, batch->boxes, &batch->settings, NULL,
                                          NULL, NULL, error);
  return outcome->analysis != NULL;
}

/* The exhibit this path was taken in as, or takes it in. */
static SmbEvidence *
exhibit_of_path (const Batch *batch, const char *path, GError **error)
{
  g_autofree char *absolute = g_canonicalize_filename (path, NULL);
  g_autoptr (GPtrArray) known = smb_case_list_evidence (batch->store, error);

  if (known == NULL)
    return NULL;
  for (guint i = 0; i < known->len; i++) {
    const SmbEvidence *evidence = g_ptr_array_index (known, i);

    if (g_strcmp0 (evidence->path, absolute) == 0)
      return g_ptr_array_steal_index (known, i);
  }
  if (smb_examine_is_pattern (path))
    return smb_examine_acquire_pictures (batch->store, batch->engine, path, smb_cli_picture_rate (batch->video_options),
                                         NULL, NULL, NULL, error);
  return smb_examine_acquire (batch->store, batch->engine, path, NULL, error);
}

static gboolean
analyze_exhibit (const Batch *batch, const char *path, Outcome *outcome, GError **error)
{
  g_autoptr (SmbEvidence) evidence = exhibit_of_path (batch, path, error);
  g_autoptr (SmbCaseAnalysis) stored = NULL;
  g_autoptr (JsonNode) node = NULL;

  if (evidence == NULL)
    return FALSE;
  outcome->sha256 = g_strdup (evidence->sha256);
  outcome->exhibit = g_strdup (evidence->exhibit);
  stored = smb_examine_analyze (batch->store, batch->engine, batch->model, evidence, batch->boxes, &batch->settings,
                                NULL, NULL, NULL, error);
  if (stored == NULL)
    return FALSE;
  node = json_from_string (stored->result, error);
  if (node != NULL)
    outcome->analysis = smb_analysis_from_json (node, error);
  return outcome->analysis != NULL;
}

static void
print_json (const char *path, const Outcome *outcome, const GError *error)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autoptr (JsonNode) root = NULL;

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "file");
  json_builder_add_string_value (builder, path);
  if (outcome->sha256 != NULL) {
    json_builder_set_member_name (builder, "sha256");
    json_builder_add_string_value (builder, outcome->sha256);
  }
  if (outcome->exhibit != NULL) {
    json_builder_set_member_name (builder, "exhibit");
    json_builder_add_string_value (builder, outcome->exhibit);
  }
  if (outcome->warnings != NULL && outcome->warnings[0] != NULL) {
    json_builder_set_member_name (builder, "warnings");
    json_builder_begin_array (builder);
    for (char **warning = outcome->warnings; *warning != NULL; warning++)
      json_builder_add_string_value (builder, *warning);
    json_builder_end_array (builder);
  }
  if (error != NULL) {
    smb_cli_json_add_error (builder, error);
  } else {
    g_autoptr (JsonNode) analysis = smb_analysis_to_json (outcome->analysis);
    JsonObjectIter iter;
    const char *name;
    JsonNode *value;

    json_object_iter_init_ordered (&iter, json_node_get_object (analysis));
    while (json_object_iter_next_ordered (&iter, &name, &value)) {
      json_builder_set_member_name (builder, name);
      json_builder_add_value (builder, json_node_copy (value));
    }
  }
  json_builder_end_object (builder);
  root = json_builder_get_root (builder);
  smb_cli_print_json (root, FALSE);
}

static void
print_face (const SmbAnalysis *analysis, guint index)
{
  const SmbFaceResult *result = g_ptr_array_index (analysis->faces, index);
  g_autofree char *likelihood = smb_likelihood_text (&result->likelihood);
  SmbBox box = result->face.box;

  g_print ("  F%u  ", index + 1);
  if (result->outside != NULL)
    g_print (_ ("score n/a (%s)"), result->outside);
  else if (isnan (result->score))
    g_print (_ ("no score"));
  else
    g_print (_ ("score %.4f"), result->score);
  g_print ("  [%d, %d, %d × %d]", box.x, box.y, box.width, box.height);
  if (result->face.origin == SMB_FACE_DRAWN)
    g_print (_ ("  drawn by hand"));
  else
    g_print (_ ("  detector %.2f"), result->face.confidence);
  if (result->outside == NULL && result->probabilities != NULL)
    for (int c = 0; c < result->n_classes; c++)
      g_print ("%s%s %.4f", c == 0 ? "  " : ", ", analysis->classes[c], result->probabilities[c]);
  g_print ("\n");
  if (likelihood != NULL)
    g_print ("      %s\n", likelihood);
  for (char **note = result->quality_notes; note != NULL && *note != NULL; note++)
    g_print ("      %s\n", *note);
}

/* Scores are not read without what the model is worth. */
static void
print_limits (const SmbModelInfo *model)
{
  g_autoptr (SmbCardLimits) limits = smb_card_limits_read (model, NULL);

  if (limits != NULL && limits->measured != NULL)
    g_printerr (_ ("semblance-cli: %s: %s “semblance-cli model card %s” says more.\n"), model->title, limits->measured,
                model->name);
}

static void
print_text (const char *path, const Outcome *outcome)
{
  const SmbAnalysis *analysis = outcome->analysis;
  const char *warning = smb_model_warning (analysis->trained, analysis->calibrated);

  if (outcome->exhibit != NULL)
    g_print ("%s  %s\n", outcome->exhibit, path);
  else
    g_print ("%s\n", path);
  g_print ("  SHA-256 %s\n", outcome->sha256);
  for (char **line = outcome->warnings; line != NULL && *line != NULL; line++)
    g_print (_ ("  Note: %s\n"), *line);
  g_print (g_dngettext (GETTEXT_PACKAGE, "  %d × %d pixels, %u face, model %s\n",
                        "  %d × %d pixels, %u faces, model %s\n", analysis->faces->len),
           analysis->width, analysis->height, analysis->faces->len, analysis->model_name);
  for (guint i = 0; i < analysis->faces->len; i++)
    print_face (analysis, i);
  if (warning != NULL && analysis->faces->len > 0)
    g_print ("  %s\n", warning);
}

static double
seconds_since (gint64 start_us)
{
  return (double) (g_get_monotonic_time () - start_us) / G_USEC_PER_SEC;
}

/* A video: TRUE and whether all went well. FALSE: a picture. */
static gboolean
do_video (const Batch *batch, const char *path, gboolean json, gboolean profiled, gboolean *good, GError **error)
{
  const gint64 start_us = g_get_monotonic_time ();
  g_autoptr (SmbVideoProfile) profile = profiled ? smb_video_profile_new () : NULL;
  g_autoptr (SmbEngineVideo) video = NULL;
  g_autoptr (SmbEvidence) evidence = NULL;
  g_autofree char *sha256 = NULL;
  double opening;

  if (batch->boxes != NULL)
    return FALSE;
  video = smb_cli_try_video (batch->engine, path, batch->video_options, error);
  if (video == NULL)
    return *error != NULL;
  *good = FALSE;
  if (!smb_model_hash (batch->model, error))
    return TRUE;
  if (batch->store != NULL) {
    evidence = exhibit_of_path (batch, path, error);
    if (evidence == NULL)
      return TRUE;
    sha256 = g_strdup (evidence->sha256);
    /* What is judged is what was taken in. */
    g_clear_pointer (&video, smb_engine_video_unref);
    video = smb_examine_open_video (batch->store, batch->engine, evidence, NULL, NULL, NULL, error);
  } else if (!smb_examine_is_pattern (path))
    sha256 = smb_sha256_of_file (path, NULL, NULL, error);
  opening = seconds_since (start_us);
  if (*error == NULL)
    *good = smb_cli_analyze_video (batch->engine, batch->model, video, path, sha256, batch->store, evidence,
                                   &batch->video_settings, json, profile, error);
  if (*good && profiled)
    smb_cli_print_video_profile (path, profile, seconds_since (start_us), opening);
  return TRUE;
}

/* In words, with shares: opening is reading, hashing, decoding, and the way to the worker and back. */
static void
print_profile (const char *what, const Profile *p)
{
  double rest = p->analysis;

  g_printerr (_ ("%s: %.3f s; opening %.0f %%"), what, p->all, 100 * (p->all - p->analysis) / p->all);
  for (int i = 0; i < SMB_N_STAGES; i++) {
    static const char *const names[SMB_N_STAGES] = { N_ ("faces"), N_ ("quality"), N_ ("crop"), N_ ("network") };

    rest -= p->stages[i];
    g_printerr (", %s %.0f %%", _ (names[i]), 100 * p->stages[i] / p->all);
  }
  g_printerr (_ (", rest %.0f %%\n"), 100 * MAX (rest, 0.0) / p->all);
}

static void
add_profile (Profile *all, const char *path, const SmbAnalysis *analysis, gint64 start_us)
{
  Profile one = { .analysis = analysis->seconds, .all = seconds_since (start_us) };

  for (int i = 0; i < SMB_N_STAGES; i++) {
    one.stages[i] = isnan (analysis->stage_seconds[i]) ? 0.0 : analysis->stage_seconds[i];
    all->stages[i] += one.stages[i];
  }
  all->analysis += one.analysis;
  all->all += one.all;
  all->files++;
  print_profile (path, &one);
}

/* TRUE if the file could be examined. `profile` NULL: not asked for. */
static gboolean
do_file (const Batch *batch, const char *path, gboolean json, Profile *profile)
{
  const gint64 start_us = g_get_monotonic_time ();
  g_auto (Outcome) outcome = { 0 };
  g_autoptr (GError) error = NULL;
  gboolean good = FALSE;

  if (do_video (batch, path, json, profile != NULL, &good, &error)) {
    if (error == NULL)
      return good;
    good = FALSE;
  } else
    good = batch->store != NULL ? analyze_exhibit (batch, path, &outcome, &error)
                                : analyze_file (batch, path, &outcome, &error);
  if (good && profile != NULL)
    add_profile (profile, path, outcome.analysis, start_us);
  if (json)
    print_json (path, &outcome, error);
  else if (good)
    print_text (path, &outcome);
  else
    smb_cli_print_error (error);
  return good;
}

int
smb_cli_analyze (int argc, char **argv)
{
  g_autofree char *model_name = NULL, *case_path = NULL, *device = NULL, *precision = NULL, *reference = NULL;
  g_auto (GStrv) box_texts = NULL;
  gboolean json = FALSE, region_table = FALSE, profile = FALSE;
  int threads = 0, failed = 0;
  g_auto (SmbCliVideoOptions) video = { 0 };
  SmbVideoSettings video_settings;
  const GOptionEntry entries[] = {
    { "model", 'm', 0, G_OPTION_ARG_STRING, &model_name, N_ ("Model to use: its name, folder or weights file"),
      N_ ("MODEL") },
    { "case", 'c', 0, G_OPTION_ARG_FILENAME, &case_path,
      N_ ("Take the files into this case and store the results there"), N_ ("CASE") },
    { "box", 0, 0, G_OPTION_ARG_STRING_ARRAY, &box_texts,
      N_ ("Judge this box, drawn by hand, in place of looking for faces (repeatable)"), "X,Y,W,H" },
    { "region-table", 0, 0, G_OPTION_ARG_NONE, &region_table,
      N_ ("Measure the regions of each face too, see “regions”; of a video, in each frame scored; takes several times as long"),
      NULL },
    { "reference", 0, 0, G_OPTION_ARG_FILENAME, &reference,
      N_ ("Measure them and compare with these statistics of genuine faces, as “reference build” writes them"),
      N_ ("FILE") },
    { "stride", 0, 0, G_OPTION_ARG_INT, &video.stride,
      N_ ("Videos: look for faces in every Nth frame and follow them between (default 5)"), "N" },
    { "frames", 0, 0, G_OPTION_ARG_STRING, &video.frames,
      N_ ("Videos: how many frames of each track to score, evenly spread (default 32), or “all”"), "N" },
    { "range", 0, 0, G_OPTION_ARG_STRING, &video.range, N_ ("Videos: only these frames, as in 100-250"), "A-B" },
    { "rate", 0, 0, G_OPTION_ARG_DOUBLE, &video.rate, N_ ("Numbered pictures: how many a second (default 25)"), "N" },
    { "json", 0, 0, G_OPTION_ARG_NONE, &json, N_ ("One JSON object a line"), NULL },
    { "profile", 0, 0, G_OPTION_ARG_NONE, &profile, N_ ("Say on standard error where the time went"), NULL },
    { "threads", 't', 0, G_OPTION_ARG_INT, &threads, N_ ("Threads to compute with; 0: one for each core"), "N" },
    { "device", 'd', 0, G_OPTION_ARG_STRING, &device, N_ ("Where to compute: see “semblance-cli devices”"),
      N_ ("DEVICE") },
    { "precision", 0, 0, G_OPTION_ARG_STRING, &precision,
      N_ ("Arithmetic of the network: f32 (published numbers; default), bf16, int8, or auto: the fastest that keeps "
          "scores within a hundredth"),
      N_ ("PRECISION") },
    { "allow-unsandboxed", 0, G_OPTION_FLAG_NO_ARG, G_OPTION_ARG_CALLBACK, smb_cli_allow_unsandboxed,
      N_ ("Open files even where the decoder cannot be locked in; the log and reports say so"), NULL },
    { NULL },
  };
  SmbAnalysisSettings settings = smb_analysis_settings_default ();
  g_autoptr (SmbEngine) engine = NULL;
  g_autoptr (SmbModelInfo) model = NULL;
  g_autoptr (SmbCase) store = NULL;
  g_autoptr (GArray) boxes = NULL;
  g_autoptr (GError) error = NULL;

  if (!smb_cli_parse (&argc, &argv, entries, _ ("FILE…"),
                      _ ("Finds the faces in pictures and scores each. A picture that cannot be read is reported and "
                         "the batch goes on.")))
    return SMB_EXIT_USAGE;
  if (argc < 2)
    return smb_cli_usage (_ ("“analyze” needs at least one picture."));
  if (threads < 0)
    return smb_cli_usage (_ ("--threads takes a number from 0, not %d."), threads);
  boxes = smb_cli_parse_boxes (box_texts, &error);
  if (error != NULL)
    return smb_cli_usage ("%s", error->message);
  if (precision != NULL && !smb_precision_from_text (precision, device, &settings.precision, &error))
    return smb_cli_usage ("%s", error->message);
  settings.region_draws = region_table ? smb_region_settings_default ().draws : 0;
  if (!smb_cli_video_settings (&video, &settings, &video_settings, &error) || video.rate < 0 || video.rate > 1000)
    return smb_cli_usage ("%s", error != NULL ? error->message
                                              : _ ("--rate takes a number of pictures a second up to 1000."));
  model = smb_model_find_unhashed (model_name, &error);
  if (model != NULL && reference != NULL) {
    g_autoptr (SmbReference) table = smb_reference_read (reference, &error);

    /* A reference serves only tables of its own number of draws. */
    settings.region_draws = table != NULL ? table->draws : 0;
    g_free (model->reference);
    model->reference = g_canonicalize_filename (reference, NULL);
  }
  /* What a case keeps is told by its hash; a picture by itself is told by its analysis. */
  if (error == NULL && case_path != NULL && smb_model_hash (model, &error))
    store = smb_case_open (case_path, &error);
  if (model == NULL || error != NULL) {
    smb_cli_print_error (error);
    return SMB_EXIT_FAILED;
  }
  engine = smb_engine_new (device, threads);
  smb_engine_prepare (engine, model, &settings);
  {
    Batch batch = { engine, model, store, boxes, settings, &video, video_settings };
    Profile sum = { { 0 } };

    for (int i = 1; i < argc; i++)
      failed += do_file (&batch, argv[i], json, profile ? &sum : NULL) ? 0 : 1;
    if (sum.files > 1)
      print_profile (_ ("All together"), &sum);
  }
  if (!json && failed < argc - 1)
    print_limits (model);
  if (failed > 0 && argc > 2)
    g_printerr (g_dngettext (GETTEXT_PACKAGE, "semblance-cli: %d of %d files could not be examined.\n",
                             "semblance-cli: %d of %d files could not be examined.\n", (gulong) failed),
                failed, argc - 1);
  return failed > 0 ? SMB_EXIT_FAILED : SMB_EXIT_OK;
}
