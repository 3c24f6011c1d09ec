/* SPDX-License-Identifier: Apache-2.0 */
/* semblance-cli regions: which regions of each face the model fails to explain, and how unusual that is. */
#include "cli/cli.h"

#include "cli/cli-face.h"

#include <glib/gi18n-lib.h>
#include <math.h>

typedef struct {
  SmbRegionSettings regions;
  gboolean json;
} Settings;

static void
print_cell (const SmbMeasure *measure)
{
  if (isnan (measure->value))
    g_print ("  %14s", "-");
  else
    g_print ("  %14.4f", measure->value);
  if (isnan (measure->z))
    g_print (" %6s", "");
  else
    g_print (" %+6.1f", measure->z);
  if (isnan (measure->percentile))
    g_print (" %4s", "");
  else
    g_print (" %4.0f", measure->percentile);
}

/* Words may be wider than their bytes; printf counts bytes. */
static void
print_padded (const char *text, int width, gboolean right)
{
  const int space = MAX (width - (int) g_utf8_strlen (text, -1), 0);

  g_print ("%*s%s%*s", right ? space : 0, "", text, right ? 0 : space, "");
}

static void
print_matrix (const SmbRegionReport *report)
{
  g_print ("\n  ");
  print_padded (_ ("Rise of the error of …"), 24, FALSE);
  for (int j = 0; j < SMB_N_COVERED_REGIONS; j++)
    print_padded (smb_region_title ((SmbRegion) j), 12, TRUE);
  g_print ("\n  %s\n", _ ("when … is hidden as well"));
  for (int i = 0; i < SMB_N_COVERED_REGIONS; i++) {
    g_print ("  ");
    print_padded (smb_region_title ((SmbRegion) i), 24, FALSE);
    for (int j = 0; j < SMB_N_COVERED_REGIONS; j++) {
      const double value = report->rise[i][j].value;
      g_autofree char *text = isnan (value) ? g_strdup ("–") : g_strdup_printf ("%+.4f", value);

      print_padded (text, 12, TRUE);
    }
    g_print ("\n");
  }
}

static void
print_table (guint face, SmbBox box, const SmbRegionReport *report)
{
  g_print ("F%u  [%d, %d, %d × %d]\n  ", face, box.x, box.y, box.width, box.height);
  print_padded (_ ("Region"), 12, FALSE);
  print_padded (_ ("patches"), 8, TRUE);
  for (int m = 0; m < SMB_N_MEASURES; m++) {
    g_print ("  ");
    print_padded (smb_measure_title ((SmbMeasureKind) m), 14, TRUE);
    print_padded ("z", 7, TRUE);
    print_padded ("%", 5, TRUE);
  }
  g_print ("\n");
  for (int i = 0; i < SMB_N_COVERED_REGIONS; i++) {
    g_print ("  ");
    print_padded (smb_region_title ((SmbRegion) i), 12, FALSE);
    g_print ("%8d", report->rows[i].n_patches);
    for (int m = 0; m < SMB_N_MEASURES; m++)
      print_cell (&report->rows[i].measures[m]);
    g_print ("\n");
  }
  print_matrix (report);
  if (report->reference_sha256 != NULL)
    g_print (_ ("  Compared with %d genuine faces (%s), reference %.12s\n"), report->reference_faces, report->stratum,
             report->reference_sha256);
  if (report->stands_out >= 0)
    g_print (_ ("  Stands out: %s\n"), smb_region_title ((SmbRegion) report->stands_out));
  if (report->note != NULL)
    g_print (_ ("  Note: %s\n"), report->note);
}

static void
print_json (const char *path, guint face, SmbBox box, const SmbModelInfo *model, const SmbRegionReport *report)
{
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
  JsonObject *out = smb_region_report_to_json (report), *of_model = json_object_new ();
  const int numbers[] = { box.x, box.y, box.width, box.height };
  const char *note = smb_model_warning (model->trained, model->calibrated);
  g_autofree char *shown = g_filename_display_name (path);
  JsonArray *array = json_array_new ();

  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++)
    json_array_add_int_element (array, numbers[i]);
  json_object_set_string_member (out, "file", shown);
  json_object_set_int_member (out, "face", face);
  json_object_set_array_member (out, "box", array);
  json_object_set_string_member (of_model, "name", model->name);
  json_object_set_boolean_member (of_model, "trained", model->trained);
  if (note != NULL)
    json_object_set_string_member (of_model, "note", note);
  json_object_set_object_member (out, "model", of_model);
  json_node_take_object (node, out);
  smb_cli_print_json (node, FALSE);
}

static gboolean
do_face (const SmbCliFaces *faces, const char *path, guint index, gpointer user_data, GError **error)
{
  const Settings *settings = user_data;
  const SmbBox box = g_array_index (faces->boxes, SmbBox, index);
  const SmbMapJob job = { .box = box, .regions = faces->regions, .progress = smb_cli_progress () };
  g_autoptr (SmbRegionReport) report
      = smb_engine_regions (faces->engine, faces->model, faces->image, &job, &settings->regions, NULL, error);

  smb_cli_progress_end ();
  if (report == NULL)
    return FALSE;
  if (settings->json)
    print_json (path, index + 1, box, faces->model, report);
  else
    print_table (index + 1, box, report);
  return TRUE;
}

int
smb_cli_regions (int argc, char **argv)
{
  g_auto (SmbCliFaceOptions) options = { 0 };
  Settings settings = { .regions = smb_region_settings_default () };
  gint64 seed = 0;
  const GOptionEntry entries[] = {
    { "draws", 0, 0, G_OPTION_ARG_INT, &settings.regions.draws, N_ ("Masks for each region; 8 by default"), "N" },
    { "seed", 0, 0, G_OPTION_ARG_INT64, &seed, N_ ("Seed of the masks; 0 by default"), "N" },
    { NULL },
  };

  if (!smb_cli_face_parse (
          &options, &argc, &argv, entries, TRUE, _ ("FILE…"),
          _ ("Measures each facial region: can the rest of the face explain it, can it explain itself, and "
             "how unusual is that among genuine faces?")))
    return SMB_EXIT_USAGE;
  if (settings.regions.draws < 1 || settings.regions.draws > SMB_REGION_MAX_DRAWS)
    return smb_cli_usage (_ ("--draws takes a number from 1 to %d, not %d."), SMB_REGION_MAX_DRAWS,
                          settings.regions.draws);
  settings.regions.seed = (guint64) seed;
  settings.json = options.json;
  return smb_cli_faces_run (&options, argc, argv, seed, do_face, &settings);
}
