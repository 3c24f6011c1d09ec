/* SPDX-License-Identifier: Apache-2.0 */
/* semblance-cli report: a case's report as PDF, HTML or a bundle. */
#include "cli/cli.h"

#include "base/smb-hash.h"
#include "cli/cli-case.h"
#include "examine/smb-examine-labels.h"
#include "examine/smb-report-draft.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* Shown when --maps says nothing: where the detector looks, and what the reconstruction could not explain. */
#define DEFAULT_MAPS "rollout,error"

/* Splits "rollout,error:strategy=random,ratio=0.75": a comma also parts the settings of one map, and what follows it
 * then has "=" but no ":". */
static gboolean
parse_maps (const char *text, GArray *specs, GError **error)
{
  g_auto (GStrv) parts = g_strsplit (text, ",", -1);

  for (guint i = 0; parts[i] != NULL;) {
    g_autoptr (GString) one = g_string_new (parts[i++]);
    SmbMapSpec spec;

    while (parts[i] != NULL && strchr (parts[i], '=') != NULL && strchr (parts[i], ':') == NULL)
      g_string_append_printf (one, ",%s", parts[i++]);
    if (!smb_map_spec_parse (&spec, one->str, error))
      return FALSE;
    g_array_append_val (specs, spec);
  }
  return TRUE;
}

/* The record numbers of the exhibits named ("S-01,S-02", repeatable); `all` of them if none is named. */
static GArray *
find_exhibits (GPtrArray *list, char **names, gboolean all)
{
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (gint64));

  for (guint i = 0; all && names == NULL && i < list->len; i++)
    g_array_append_val (ids, ((SmbEvidence *) g_ptr_array_index (list, i))->id);
  for (; names != NULL && *names != NULL; names++) {
    g_auto (GStrv) parts = g_strsplit (*names, ",", -1);

    for (char **part = parts; *part != NULL; part++) {
      guint i = 0;

      while (i < list->len && strcmp (((SmbEvidence *) g_ptr_array_index (list, i))->exhibit, *part) != 0)
        i++;
      if (i == list->len) {
        smb_cli_usage (_ ("The case has no exhibit “%s”; “semblance-cli case list” names them."), *part);
        return NULL;
      }
      g_array_append_val (ids, ((SmbEvidence *) g_ptr_array_index (list, i))->id);
    }
  }
  return g_steal_pointer (&ids);
}

/* The faces of an exhibit's newest analysis that are not among those chosen ("S-01/F2"). */
static gboolean
leave_out_others (SmbCase *store, const SmbEvidence *evidence, GHashTable *chosen, GArray *left_out, GError **error)
{
  g_autoptr (GPtrArray) analyses = smb_case_list_analyses (store, evidence->id, error), faces = NULL;
  SmbReportFace other = { 0 };

  if (analyses == NULL || analyses->len == 0)
    return analyses != NULL;
  other.analysis_id = ((SmbCaseAnalysis *) analyses->pdata[0])->id;
  faces = smb_case_list_faces (store, other.analysis_id, error);
  for (; faces != NULL && other.face < faces->len; other.face++) {
    g_autofree char *name
        = g_strdup_printf ("%s/%s", evidence->exhibit, ((SmbCaseFace *) faces->pdata[other.face])->label);

    if (!g_hash_table_contains (chosen, name))
      g_array_append_val (left_out, other);
  }
  return faces != NULL;
}

/* Adds the exhibits of the faces named ("S-01/F2,S-03/F1", repeatable) to `ids`, and their other faces to left_out. */
static gboolean
choose_faces (SmbCase *store, GPtrArray *list, char **faces, GArray *ids, GArray *left_out, GError **error)
{
  g_autoptr (GHashTable) chosen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GPtrArray) exhibits = g_ptr_array_new (); /* const SmbEvidence* */

  for (; *faces != NULL; faces++) {
    g_auto (GStrv) parts = g_strsplit (*faces, ",", -1);

    for (char **part = parts; *part != NULL; part++) {
      g_auto (GStrv) pair = g_strsplit (*part, "/", 2);
      SmbEvidence *evidence = smb_cli_find_exhibit (list, pair[0], error);
      const char *face = evidence != NULL && pair[1] != NULL ? pair[1] : "";
      g_autofree char *number = g_ascii_strup (face, -1);

      if (evidence == NULL || smb_examine_find_face (store, evidence, face, error) == 0)
        return FALSE;
      g_hash_table_add (chosen, g_strdup_printf ("%s/%s", evidence->exhibit, number));
      if (!g_ptr_array_find (exhibits, evidence, NULL))
        g_ptr_array_add (exhibits, evidence);
    }
  }
  for (guint i = 0; i < exhibits->len; i++) {
    const SmbEvidence *evidence = exhibits->pdata[i];

    g_array_append_val (ids, evidence->id);
    if (!leave_out_others (store, evidence, chosen, left_out, error))
      return FALSE;
  }
  return TRUE;
}

/* The name of the model the newest analysis of these exhibits was made with; NULL if there is none. */
static char *
model_of_exhibits (SmbCase *store, GArray *ids, GError **error)
{
  g_autoptr (GPtrArray) analyses = smb_case_list_analyses (store, 0, error);

  for (guint i = 0; analyses != NULL && i < analyses->len; i++) {
    const SmbCaseAnalysis *analysis = g_ptr_array_index (analyses, i);

    for (guint k = 0; k < ids->len; k++)
      if (g_array_index (ids, gint64, k) == analysis->evidence_id)
        return g_strdup (analysis->model_name);
  }
  return NULL;
}

/* Finds the model the maps are drawn with and fills `specs`. FALSE: a sentence was printed. A model that is not there
 * fails only if maps or model were asked for; else the report goes without maps and says so here. */
static gboolean
choose_maps (SmbCase *store, GArray *ids, const char *model_name, const char *maps, GArray *specs, SmbModelInfo **model)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *used = NULL;

  if (maps != NULL && strcmp (maps, "none") == 0)
    return TRUE;
  if (maps != NULL && !parse_maps (maps, specs, &error)) {
    smb_cli_print_error (error);
    return FALSE;
  }
  used = model_name != NULL ? g_strdup (model_name) : model_of_exhibits (store, ids, &error);
  if (error == NULL && used != NULL)
    *model = smb_model_find (used, &error);
  if (error != NULL) {
    smb_cli_print_error (error);
    if (model_name != NULL || maps != NULL)
      return FALSE;
    g_printerr (_ ("semblance-cli: the report is written without maps.\n"));
    return TRUE;
  }
  if (maps == NULL && *model != NULL
      && !parse_maps ((*model)->mim_path != NULL ? DEFAULT_MAPS : "rollout", specs, &error)) {
    smb_cli_print_error (error);
    return FALSE;
  }
  return TRUE;
}

int
smb_cli_report (int argc, char **argv)
{
  g_autofree char *out = NULL, *maps = NULL, *model_name = NULL, *examiner = NULL, *sha256 = NULL, *shown = NULL;
  g_auto (GStrv) names = NULL, faces = NULL;
  gboolean json = FALSE, check = FALSE;
  const GOptionEntry entries[] = {
    { "out", 'o', 0, G_OPTION_ARG_FILENAME, &out, N_ ("File to write; its ending, .pdf, .html or .json, says the kind"),
      N_ ("FILE") },
    { "maps", 0, 0, G_OPTION_ARG_STRING, &maps, N_ ("Maps of each face, as in “rollout,error”; “none” for none"),
      N_ ("MAP,…") },
    { "check", 0, 0, G_OPTION_ARG_NONE, &check,
      N_ ("Test whether attention, rollout, relevance and occlusion show what the answer rests on"), NULL },
    { "exhibit", 'x', 0, G_OPTION_ARG_STRING_ARRAY, &names, N_ ("Only this exhibit (repeatable)"), "S-01" },
    { "face", 'f', 0, G_OPTION_ARG_STRING_ARRAY, &faces,
      N_ ("Of this exhibit only this face, and those named likewise (repeatable)"), "S-01/F2" },
    { "model", 'm', 0, G_OPTION_ARG_STRING, &model_name,
      N_ ("Model to draw the maps with; by default that of the newest analysis"), N_ ("MODEL") },
    { "examiner", 'e', 0, G_OPTION_ARG_STRING, &examiner, N_ ("Who acts, for the audit log"), N_ ("NAME") },
    { "json", 0, 0, G_OPTION_ARG_NONE, &json, N_ ("One JSON object naming what was written"), NULL },
    { "allow-unsandboxed", 0, G_OPTION_FLAG_NO_ARG, G_OPTION_ARG_CALLBACK, smb_cli_allow_unsandboxed,
      N_ ("Open files even where the decoder cannot be locked in; the log and reports say so"), NULL },
    { NULL },
  };
  g_autoptr (SmbCase) store = NULL;
  g_autoptr (SmbEngine) engine = NULL;
  g_autoptr (SmbModelInfo) model = NULL;
  g_autoptr (GPtrArray) list = NULL;
  g_autoptr (GArray) ids = NULL;
  g_autoptr (GArray) specs = g_array_new (FALSE, FALSE, sizeof (SmbMapSpec));
  g_autoptr (GArray) left_out = g_array_new (FALSE, FALSE, sizeof (SmbReportFace));
  g_autoptr (GError) error = NULL;
  SmbReportWish wish;

  if (!smb_cli_parse (&argc, &argv, entries, _ ("CASE --out FILE"),
                      _ ("Writes the report of a case: exhibits, faces, scores, maps, notes, findings and the audit "
                         "log.")))
    return SMB_EXIT_USAGE;
  if (argc != 2)
    return smb_cli_usage (_ ("“report” needs one case file."));
  if (out == NULL)
    return smb_cli_usage (_ ("“report” needs --out with a name ending in .pdf, .html or .json."));
  store = smb_case_open (argv[1], &error);
  if (store != NULL && examiner != NULL)
    smb_case_set_actor (store, examiner);
  if (store == NULL || (list = smb_case_list_evidence (store, &error)) == NULL) {
    smb_cli_print_error (error);
    return SMB_EXIT_FAILED;
  }
  if ((ids = find_exhibits (list, names, faces == NULL)) == NULL)
    return SMB_EXIT_USAGE;
  if (faces != NULL && !choose_faces (store, list, faces, ids, left_out, &error)) {
    smb_cli_print_error (error);
    return SMB_EXIT_FAILED;
  }
  if (!choose_maps (store, ids, model_name, maps, specs, &model))
    return SMB_EXIT_FAILED;
  engine = smb_engine_new (NULL, 0);
  wish = (SmbReportWish){ .model = model, .evidence_ids = (const gint64 *) (gpointer) ids->data, .n_evidence = ids->len,
                          .left_out = (const SmbReportFace *) (gpointer) left_out->data, .n_left_out = left_out->len,
                          .specs = (const SmbMapSpec *) (gpointer) specs->data, .n_specs = specs->len, .check = check };
  if (!smb_examine_report (store, engine, &wish, out, NULL, NULL, NULL, &error)
      || (sha256 = smb_sha256_of_file (out, NULL, NULL, &error)) == NULL) {
    smb_cli_print_error (error);
    return SMB_EXIT_FAILED;
  }
  shown = g_filename_display_name (out);
  if (json) {
    g_autoptr (JsonBuilder) builder = json_builder_new ();
    g_autoptr (JsonNode) root = NULL;

    json_builder_begin_object (builder);
    json_builder_set_member_name (builder, "report");
    json_builder_add_string_value (builder, shown);
    json_builder_set_member_name (builder, "sha256");
    json_builder_add_string_value (builder, sha256);
    json_builder_end_object (builder);
    root = json_builder_get_root (builder);
    smb_cli_print_json (root, FALSE);
  } else {
    g_print ("%s  %s\n", sha256, shown);
  }
  return SMB_EXIT_OK;
}
