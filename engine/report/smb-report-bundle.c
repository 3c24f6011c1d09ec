/* SPDX-License-Identifier: Apache-2.0 */
/* The report as a machine reads it: see smb-bundle.h. */
#include "report/smb-report-private.h"

#include "analysis/smb-json.h"
#include "report/smb-bundle.h"

static JsonArray *
texts_of (const GPtrArray *texts)
{
  JsonArray *array = json_array_new ();

  for (guint i = 0; i < texts->len; i++)
    json_array_add_string_element (array, texts->pdata[i]);
  return array;
}

static JsonArray *
notes_of (const GPtrArray *notes)
{
  JsonArray *array = json_array_new ();

  for (guint i = 0; notes != NULL && i < notes->len; i++) {
    const SmbNote *note = notes->pdata[i];
    JsonObject *out = json_object_new ();

    smb_json_set_string (out, "author", note->author);
    smb_json_set_string (out, "text", note->text);
    json_array_add_object_element (array, out);
  }
  return array;
}

static JsonArray *
findings_of (const GPtrArray *findings)
{
  JsonArray *array = json_array_new ();

  for (guint i = 0; findings != NULL && i < findings->len; i++) {
    const SmbFinding *finding = findings->pdata[i];
    JsonObject *out = json_object_new ();

    smb_json_set_string (out, "kind", finding->kind);
    smb_json_set_string (out, "text", finding->text);
    json_array_add_object_element (array, out);
  }
  return array;
}

/* n_values_in_out: bytes of values written so far. */
static JsonObject *
map_of (const SmbMap *map, guint face, guint index, gsize *n_values_in_out)
{
  JsonObject *out = json_object_new ();
  g_autofree char *text = smb_map_spec_to_text (&map->spec);
  g_auto (SmbBundleMap) measured = { 0 };

  smb_bundle_measure_map (map, &measured);
  json_object_set_int_member (out, "face", face + 1);
  json_object_set_int_member (out, "index", index);
  json_object_set_string_member (out, "map", text);
  json_object_set_int_member (out, "rows", measured.rows);
  json_object_set_int_member (out, "columns", measured.columns);
  smb_json_set_number (out, "min", measured.min);
  smb_json_set_number (out, "max", measured.max);
  smb_json_set_number (out, "mean", measured.mean);
  json_object_set_string_member (out, "sha256", measured.sha256);
  *n_values_in_out += g_bytes_get_size (measured.values);
  if (*n_values_in_out <= SMB_BUNDLE_MAX_VALUES) {
    gsize n_bytes;
    const guchar *bytes = g_bytes_get_data (measured.values, &n_bytes);
    g_autofree char *values = g_base64_encode (bytes, n_bytes);

    json_object_set_string_member (out, "values", values);
  }
  return out;
}

/* Equal specs that follow each other (all heads of a layer) are told apart by their place. */
static JsonArray *
maps_of (const SmbReportExhibit *exhibit, gsize *n_values_in_out)
{
  JsonArray *array = json_array_new ();

  for (guint f = 0; exhibit->maps != NULL && f < exhibit->maps->len; f++) {
    const GPtrArray *maps = exhibit->maps->pdata[f];
    guint index = 0;

    for (guint m = 0; m < maps->len; m++) {
      const SmbMap *map = maps->pdata[m];

      index = m > 0 && smb_map_spec_equal (&map->spec, &((SmbMap *) maps->pdata[m - 1])->spec) ? index + 1 : 0;
      json_array_add_object_element (array, map_of (map, f, index, n_values_in_out));
    }
  }
  return array;
}

static JsonArray *
regions_of (const SmbReportExhibit *exhibit)
{
  JsonArray *array = json_array_new ();

  for (guint f = 0; exhibit->regions != NULL && f < exhibit->regions->len; f++) {
    const SmbRegions *regions = exhibit->regions->pdata[f];
    g_autofree char *packed = regions != NULL ? smb_regions_pack (regions) : NULL;
    JsonObject *out;

    if (regions == NULL)
      continue;
    out = json_object_new ();
    json_object_set_int_member (out, "face", f + 1);
    json_object_set_int_member (out, "size_px", regions->size_px);
    json_object_set_string_member (out, "origin", smb_regions_origin_name (regions->origin));
    json_object_set_string_member (out, "classes", packed);
    json_array_add_object_element (array, out);
  }
  return array;
}

static JsonObject *
pictures_of (const SmbReportExhibit *exhibit)
{
  JsonObject *out = json_object_new ();
  JsonArray *files = json_array_new ();

  for (guint i = 0; i < exhibit->pictures->len; i++) {
    const SmbCasePicture *picture = exhibit->pictures->pdata[i];
    JsonObject *file = json_object_new ();

    smb_json_set_string (file, "name", picture->name);
    smb_json_set_string (file, "sha256", picture->sha256);
    smb_json_set_uint64 (file, "size_bytes", picture->size_bytes);
    json_array_add_object_element (files, file);
  }
  json_object_set_array_member (out, "files", files);
  smb_json_set_number (out, "rate", exhibit->rate);
  return out;
}

static JsonArray *
left_out_of (const SmbReportExhibit *exhibit)
{
  JsonArray *array = json_array_new ();

  for (guint i = 0; i < exhibit->left_out->len; i++)
    json_array_add_int_element (array, g_array_index (exhibit->left_out, guint, i) + 1);
  return array;
}

static JsonObject *
exhibit_of (const SmbReportExhibit *exhibit, gsize *n_values_in_out)
{
  const SmbEvidence *evidence = exhibit->evidence;
  JsonObject *out = json_object_new ();
  JsonNode *result = exhibit->stored != NULL ? json_from_string (exhibit->stored->result, NULL) : NULL;

  smb_json_set_string (out, "exhibit", evidence->exhibit);
  smb_json_set_string (out, "file", evidence->path);
  smb_json_set_string (out, "sha256", evidence->sha256);
  smb_json_set_uint64 (out, "size_bytes", evidence->size_bytes);
  smb_json_set_string (out, "format", evidence->format);
  json_object_set_int_member (out, "width", evidence->width);
  json_object_set_int_member (out, "height", evidence->height);
  smb_json_set_string (out, "problem", evidence->problem);
  json_object_set_array_member (out, "notes", notes_of (exhibit->notes));
  json_object_set_array_member (out, "findings", findings_of (exhibit->findings));
  if (result != NULL)
    json_object_set_member (out, "result", result);
  else
    json_object_set_null_member (out, "result");
  if (exhibit->pictures != NULL)
    json_object_set_object_member (out, "pictures", pictures_of (exhibit));
  if (exhibit->left_out != NULL)
    json_object_set_array_member (out, "left_out", left_out_of (exhibit));
  json_object_set_array_member (out, "regions", regions_of (exhibit));
  json_object_set_array_member (out, "maps", maps_of (exhibit, n_values_in_out));
  return out;
}

static JsonObject *
case_of (const SmbCaseInfo *info)
{
  JsonObject *out = json_object_new ();

  smb_json_set_string (out, "number", info->number);
  smb_json_set_string (out, "title", info->title);
  smb_json_set_string (out, "laboratory", info->laboratory);
  smb_json_set_string (out, "examiner", info->examiner);
  return out;
}

GBytes *
smb_report_make_bundle (const SmbReportData *data)
{
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
  g_autoptr (GPtrArray) warnings = smb_report_warnings (data);
  JsonObject *root = json_object_new (), *log = json_object_new ();
  JsonArray *exhibits = json_array_new ();
  gsize n_values = 0;
  char *text;

  json_object_set_int_member (log, "entries", data->log->len);
  smb_json_set_string (log, "head", data->log_head);
  json_object_set_boolean_member (log, "intact", data->log_intact);
  json_object_set_string_member (root, "format", SMB_BUNDLE_FORMAT);
  json_object_set_int_member (root, "version", SMB_BUNDLE_VERSION);
  smb_json_set_string (root, "program_version", data->program_version);
  json_object_set_object_member (root, "case", case_of (data->info));
  json_object_set_object_member (root, "log", log);
  json_object_set_array_member (root, "warnings", texts_of (warnings));
  json_object_set_array_member (root, "notes", notes_of (data->notes));
  for (guint i = 0; i < data->exhibits->len; i++)
    json_array_add_object_element (exhibits, exhibit_of (data->exhibits->pdata[i], &n_values));
  json_object_set_array_member (root, "exhibits", exhibits);
  json_node_take_object (node, root);
  text = smb_json_to_canonical (node);
  return g_bytes_new_take (text, strlen (text));
}
