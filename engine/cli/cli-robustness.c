/* SPDX-License-Identifier: Apache-2.0 */
/* semblance-cli robustness: how far a face's score moves when its picture is degraded. */
#include "cli/cli.h"

#include "analysis/smb-json.h"
#include "cli/cli-face.h"
#include "examine/smb-envelope.h"

#include <glib/gi18n-lib.h>
#include <math.h>

static void
print_json (const char *path, guint face, const SmbModelInfo *model, const SmbEnvelope *envelope)
{
  g_autofree char *shown = g_filename_display_name (path);
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
  JsonObject *out = json_object_new ();
  JsonArray *points = json_array_new ();

  json_object_set_string_member (out, "file", shown);
  json_object_set_int_member (out, "face", face);
  json_object_set_string_member (out, "model", model->name);
  smb_json_set_string (out, "note", smb_model_warning (model->trained, TRUE));
  smb_json_set_number (out, "score", envelope->score);
  smb_json_set_number (out, "lowest", envelope->lowest);
  smb_json_set_number (out, "highest", envelope->highest);
  for (guint i = 0; i < envelope->points->len; i++) {
    const SmbEnvelopePoint *point = &g_array_index (envelope->points, SmbEnvelopePoint, i);
    JsonObject *of = json_object_new ();

    json_object_set_string_member (of, "degradation", smb_envelope_kind_name (point->kind));
    smb_json_set_number (of, "level", point->level);
    smb_json_set_number (of, "score", point->score);
    json_array_add_object_element (points, of);
  }
  json_object_set_array_member (out, "points", points);
  json_node_take_object (node, out);
  smb_cli_print_json (node, FALSE);
}

static const char *
kind_word (SmbEnvelopeKind kind)
{
  static const char *const words[] = { [SMB_ENVELOPE_JPEG] = N_ ("JPEG of quality"), [SMB_ENVELOPE_RESIZE] = N_ ("resized by"),
                                       [SMB_ENVELOPE_BLUR] = N_ ("blurred, sigma"), [SMB_ENVELOPE_NOISE] = N_ ("noise, deviation") };

  return _ (words[kind]);
}

static void
print_table (guint face, const SmbEnvelope *envelope)
{
  g_print (_ ("F%u  score %.4f; degraded from %.4f to %.4f\n"), face, envelope->score, envelope->lowest, envelope->highest);
  for (guint i = 0; i < envelope->points->len; i++) {
    const SmbEnvelopePoint *point = &g_array_index (envelope->points, SmbEnvelopePoint, i);

    g_print ("    %-20s %6g  %.4f  %+.4f\n", kind_word (point->kind), point->level, point->score, point->score - envelope->score);
  }
}

static gboolean
do_file (const SmbCliFaceOptions *options, const char *path, const SmbAnalysisSettings *settings, GError **error)
{
  g_auto (SmbCliFaces) faces = { 0 };
  const char *note;

  if (!smb_cli_faces_open (&faces, options, path, error))
    return FALSE;
  for (guint i = 0; i < faces.boxes->len; i++) {
    g_autoptr (SmbEnvelope) envelope = NULL;

    if (!smb_cli_faces_wants (&faces, i))
      continue;
    envelope = smb_examine_envelope (faces.engine, faces.model, faces.image, g_array_index (faces.boxes, SmbBox, i), settings,
                                     smb_cli_progress (), NULL, NULL, error);
    smb_cli_progress_end ();
    if (envelope == NULL)
      return FALSE;
    if (options->json)
      print_json (path, i + 1, faces.model, envelope);
    else
      print_table (i + 1, envelope);
  }
  note = smb_model_warning (faces.model->trained, TRUE);
  if (note != NULL && !options->json)
    g_print ("%s\n", note);
  return TRUE;
}

int
smb_cli_robustness (int argc, char **argv)
{
  g_auto (SmbCliFaceOptions) options = { 0 };
  SmbAnalysisSettings settings = smb_analysis_settings_default ();
  gint64 seed = 0;
  const GOptionEntry entries[] = {
    { "seed", 0, 0, G_OPTION_ARG_INT64, &seed, N_ ("Seed of the noise; 0 by default"), "N" },
    { NULL },
  };
  int failed = 0;

  if (!smb_cli_face_parse (&options, &argc, &argv, entries, FALSE, _ ("FILE…"),
                           _ ("Scores each face again after JPEG, resizing, blur and noise of growing strength: how far does the score "
                              "move?")))
    return SMB_EXIT_USAGE;
  if (argc < 2)
    return smb_cli_usage (_ ("“robustness” needs at least one picture."));
  if (seed < 0)
    return smb_cli_usage (_ ("--seed takes a whole number from 0."));
  settings.seed = (guint64) seed;
  for (int i = 1; i < argc; i++) {
    g_autoptr (GError) error = NULL;

    if (!do_file (&options, argv[i], &settings, &error)) {
      smb_cli_print_error (error);
      failed++;
    }
  }
  return failed > 0 ? SMB_EXIT_FAILED : SMB_EXIT_OK;
}
