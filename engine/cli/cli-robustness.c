/* SPDX-License-Identifier: Apache-2.0 */
/* semblance-cli robustness: how far a face's score moves when its picture is degraded. */
#include "cli/cli.h"

#include "analysis/smb-json.h"
#include "cli/cli-face.h"
#include "examine/smb-envelope.h"

#include <glib/gi18n-lib.h>

typedef struct {
  SmbAnalysisSettings analysis;
  gboolean json;
} Settings;

static void
print_json (const char *path, guint face, const SmbModelInfo *model, const SmbEnvelope *envelope)
{
  g_autofree char *shown = g_filename_display_name (path);
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
  JsonObject *out = smb_envelope_to_json (envelope);

  json_object_set_string_member (out, "file", shown);
  json_object_set_int_member (out, "face", face);
  json_object_set_string_member (out, "model", model->name);
  smb_json_set_string (out, "note", smb_model_warning (model->trained, TRUE));
  json_node_take_object (node, out);
  smb_cli_print_json (node, FALSE);
}

static void
print_table (guint face, const SmbEnvelope *envelope)
{
  g_print (_ ("F%u  score %.4f; degraded from %.4f to %.4f\n"), face, envelope->score, envelope->lowest,
           envelope->highest);
  for (guint i = 0; i < envelope->points->len; i++) {
    const SmbEnvelopePoint *point = &g_array_index (envelope->points, SmbEnvelopePoint, i);

    g_print ("    %-20s %6g  %.4f  %+.4f\n", smb_envelope_kind_title (point->kind), point->level, point->score,
             point->score - envelope->score);
  }
}

static gboolean
do_face (const SmbCliFaces *faces, const char *path, guint index, gpointer user_data, GError **error)
{
  const Settings *settings = user_data;
  g_autoptr (SmbEnvelope) envelope
      = smb_examine_envelope (faces->engine, faces->model, faces->image, g_array_index (faces->boxes, SmbBox, index),
                              &settings->analysis, smb_cli_progress (), NULL, NULL, error);

  smb_cli_progress_end ();
  if (envelope == NULL)
    return FALSE;
  if (settings->json)
    print_json (path, index + 1, faces->model, envelope);
  else
    print_table (index + 1, envelope);
  return TRUE;
}

int
smb_cli_robustness (int argc, char **argv)
{
  g_auto (SmbCliFaceOptions) options = { 0 };
  Settings settings = { .analysis = smb_analysis_settings_default () };
  gint64 seed = 0;
  const GOptionEntry entries[] = {
    { "seed", 0, 0, G_OPTION_ARG_INT64, &seed, N_ ("Seed of the noise; 0 by default"), "N" },
    { NULL },
  };

  if (!smb_cli_face_parse (
          &options, &argc, &argv, entries, FALSE, _ ("FILE…"),
          _ ("Scores each face again after JPEG, resizing, blur and noise of growing strength: how far does the score "
             "move?")))
    return SMB_EXIT_USAGE;
  settings.analysis.seed = (guint64) seed;
  settings.json = options.json;
  return smb_cli_faces_run (&options, argc, argv, seed, do_face, &settings);
}
