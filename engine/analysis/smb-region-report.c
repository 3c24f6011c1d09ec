/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/smb-region-report.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#define N SMB_N_COVERED_REGIONS

SmbRegionSettings
smb_region_settings_default (void)
{
  return (SmbRegionSettings){ .draws = 8 };
}

const char *
smb_measure_name (SmbMeasureKind kind)
{
  static const char *const names[] = { "coherency", "consistency", "correspondence", "alone" };

  g_return_val_if_fail ((guint) kind < SMB_N_MEASURES, "");
  return names[kind];
}

const char *
smb_measure_title (SmbMeasureKind kind)
{
  static const char *const titles[] = { N_ ("Coherency"), N_ ("Consistency"), N_ ("Correspondence"), N_ ("Alone") };

  g_return_val_if_fail ((guint) kind < SMB_N_MEASURES, "");
  return _ (titles[kind]);
}

const char *
smb_region_title (SmbRegion region)
{
  static const char *const titles[SMB_N_REGIONS] = { N_ ("brows"),    N_ ("eyes"), N_ ("nose"), N_ ("mouth"),
                                                     N_ ("boundary"), N_ ("hair"), N_ ("skin"), N_ ("background") };

  g_return_val_if_fail ((guint) region < SMB_N_REGIONS, "");
  return _ (titles[region]);
}

static const SmbMeasure nothing = { NAN, NAN, NAN };

SmbRegionReport *
smb_region_report_new (void)
{
  SmbRegionReport *report = g_new0 (SmbRegionReport, 1);

  for (int i = 0; i < N; i++) {
    for (int m = 0; m < SMB_N_MEASURES; m++)
      report->rows[i].measures[m] = nothing;
    for (int j = 0; j < N; j++)
      report->rise[i][j] = nothing;
  }
  report->blur = NAN;
  report->stands_out = -1;
  return report;
}

SmbRegionReport *
smb_region_report_copy (const SmbRegionReport *report)
{
  SmbRegionReport *copy;

  g_return_val_if_fail (report != NULL, NULL);
  copy = g_memdup2 (report, sizeof *report);
  copy->mim_sha256 = g_strdup (report->mim_sha256);
  copy->reference_sha256 = g_strdup (report->reference_sha256);
  copy->stratum = g_strdup (report->stratum);
  copy->note = g_strdup (report->note);
  return copy;
}

void
smb_region_report_free (SmbRegionReport *report)
{
  if (report == NULL)
    return;
  g_free (report->mim_sha256);
  g_free (report->reference_sha256);
  g_free (report->stratum);
  g_free (report->note);
  g_free (report);
}

void
smb_region_report_take_note (SmbRegionReport *report, char *note)
{
  char *before = report->note;

  report->note = before == NULL ? note : g_strconcat (before, " ", note, NULL);
  if (before != NULL) {
    g_free (before);
    g_free (note);
  }
}

static JsonObject *
measure_to_json (const SmbMeasure *measure)
{
  JsonObject *out = json_object_new ();

  smb_json_set_number (out, "value", measure->value);
  smb_json_set_number (out, "z", measure->z);
  smb_json_set_number (out, "percentile", measure->percentile);
  return out;
}

static JsonObject *
row_to_json (const SmbRegionRow *row, SmbRegion region)
{
  JsonObject *out = json_object_new ();

  json_object_set_string_member (out, "region", smb_region_name (region));
  json_object_set_int_member (out, "patches", row->n_patches);
  json_object_set_int_member (out, "partial_draws", row->partial);
  for (int m = 0; m < SMB_N_MEASURES; m++)
    json_object_set_object_member (out, smb_measure_name ((SmbMeasureKind) m), measure_to_json (&row->measures[m]));
  return out;
}

static void
add_number (JsonArray *array, double value)
{
  if (isfinite (value))
    json_array_add_double_element (array, value);
  else
    json_array_add_null_element (array);
}

static JsonObject *
rise_to_json (const SmbRegionReport *report)
{
  JsonObject *out = json_object_new ();
  JsonArray *names = json_array_new (), *values = json_array_new (), *z = json_array_new ();

  for (int i = 0; i < N; i++) {
    JsonArray *value_row = json_array_new (), *z_row = json_array_new ();

    json_array_add_string_element (names, smb_region_name ((SmbRegion) i));
    for (int j = 0; j < N; j++) {
      add_number (value_row, report->rise[i][j].value);
      add_number (z_row, report->rise[i][j].z);
    }
    json_array_add_array_element (values, value_row);
    json_array_add_array_element (z, z_row);
  }
  json_object_set_array_member (out, "regions", names);
  json_object_set_array_member (out, "values", values);
  json_object_set_array_member (out, "z", z);
  return out;
}

JsonObject *
smb_region_report_to_json (const SmbRegionReport *report)
{
  JsonObject *out = json_object_new (), *settings = json_object_new ();
  JsonArray *rows = json_array_new ();

  json_object_set_int_member (settings, "draws", report->settings.draws);
  json_object_set_double_member (settings, "ratio", SMB_REGION_RATIO);
  smb_json_set_uint64 (settings, "seed", report->settings.seed);
  json_object_set_object_member (out, "settings", settings);
  for (int i = 0; i < N; i++)
    json_array_add_object_element (rows, row_to_json (&report->rows[i], (SmbRegion) i));
  json_object_set_array_member (out, "regions", rows);
  json_object_set_object_member (out, "rise", rise_to_json (report));
  smb_json_set_string (out, "stands_out",
                       report->stands_out >= 0 ? smb_region_name ((SmbRegion) report->stands_out) : NULL);
  smb_json_set_number (out, "blur", report->blur);
  json_object_set_string_member (out, "origin", smb_regions_origin_name (report->origin));
  smb_json_set_string (out, "mim_sha256", report->mim_sha256);
  if (report->reference_sha256 != NULL) {
    JsonObject *reference = json_object_new ();

    json_object_set_string_member (reference, "sha256", report->reference_sha256);
    smb_json_set_string (reference, "stratum", report->stratum);
    json_object_set_int_member (reference, "faces", report->reference_faces);
    json_object_set_object_member (out, "reference", reference);
  } else {
    json_object_set_null_member (out, "reference");
  }
  smb_json_set_string (out, "note", report->note);
  return out;
}

static SmbMeasure
read_measure (SmbJsonReader *reader, JsonObject *in, const char *member)
{
  JsonObject *object = smb_json_object (reader, in, member, SMB_JSON_REQUIRED);
  SmbMeasure out;

  out.value = smb_json_number (reader, object, "value", SMB_JSON_OPTIONAL);
  out.z = smb_json_number (reader, object, "z", SMB_JSON_OPTIONAL);
  out.percentile = smb_json_number (reader, object, "percentile", SMB_JSON_OPTIONAL);
  if (out.percentile < 0 || out.percentile > 100)
    smb_json_fail (reader, member, _ ("a measure with a percentile from 0 to 100"));
  return out;
}

/* The region of this name, -1 if it is none of the table's. */
static int
region_of (const char *name)
{
  for (int i = 0; name != NULL && i < N; i++)
    if (g_str_equal (smb_region_name ((SmbRegion) i), name))
      return i;
  return -1;
}

static void
read_rows (SmbJsonReader *reader, JsonObject *in, SmbRegionReport *out)
{
  JsonArray *rows = smb_json_array (reader, in, "regions", SMB_JSON_REQUIRED, N);

  for (guint i = 0; i < N && !reader->failed; i++) {
    JsonObject *row = smb_json_object_at (reader, rows, i, "regions");
    g_autofree char *name = smb_json_string (reader, row, "region", SMB_JSON_REQUIRED);

    if (region_of (name) != (int) i)
      smb_json_fail (reader, "regions", _ ("the six regions in their order"));
    out->rows[i].n_patches = (int) smb_json_int (reader, row, "patches", 0, G_MAXINT);
    out->rows[i].partial = (int) smb_json_int (reader, row, "partial_draws", 0, SMB_REGION_MAX_DRAWS);
    for (int m = 0; m < SMB_N_MEASURES; m++)
      out->rows[i].measures[m] = read_measure (reader, row, smb_measure_name ((SmbMeasureKind) m));
  }
}

/* A square of numbers, null where there is none, into `at` (N,N), which is `step` doubles apart. */
static void
read_square (SmbJsonReader *reader, JsonObject *in, const char *member, double *at, gsize step)
{
  JsonArray *rows = smb_json_array (reader, in, member, SMB_JSON_REQUIRED, N);

  for (guint k = 0; k < N * N && !reader->failed; k++) {
    JsonNode *row = k / N < json_array_get_length (rows) ? json_array_get_element (rows, k / N) : NULL;
    JsonArray *cells = row != NULL && JSON_NODE_HOLDS_ARRAY (row) ? json_node_get_array (row) : NULL;
    JsonNode *cell = cells != NULL && json_array_get_length (cells) == N ? json_array_get_element (cells, k % N) : NULL;
    GType type = cell != NULL && JSON_NODE_HOLDS_VALUE (cell) ? json_node_get_value_type (cell) : G_TYPE_INVALID;

    at[k * step] = NAN;
    if (type == G_TYPE_INT64 || type == G_TYPE_DOUBLE)
      at[k * step] = json_node_get_double (cell);
    else if (cell == NULL || !JSON_NODE_HOLDS_NULL (cell))
      smb_json_fail (reader, member, _ ("a square of numbers"));
  }
}

SmbRegionReport *
smb_region_report_from_json (SmbJsonReader *reader, JsonObject *in)
{
  SmbRegionReport *out = smb_region_report_new ();
  JsonObject *settings = smb_json_object (reader, in, "settings", SMB_JSON_REQUIRED);
  JsonObject *rise = smb_json_object (reader, in, "rise", SMB_JSON_REQUIRED);
  JsonObject *reference = smb_json_object (reader, in, "reference", SMB_JSON_OPTIONAL);
  g_autofree char *stands_out = smb_json_string (reader, in, "stands_out", SMB_JSON_OPTIONAL);
  g_autofree char *origin = smb_json_string (reader, in, "origin", SMB_JSON_REQUIRED);
  const gsize step = sizeof (SmbMeasure) / sizeof (double);

  out->settings.draws = (int) smb_json_int (reader, settings, "draws", 1, SMB_REGION_MAX_DRAWS);
  out->settings.seed = smb_json_uint64 (reader, settings, "seed");
  read_rows (reader, in, out);
  if (rise != NULL) {
    read_square (reader, rise, "values", &out->rise[0][0].value, step);
    read_square (reader, rise, "z", &out->rise[0][0].z, step);
  }
  out->stands_out = region_of (stands_out);
  if (stands_out != NULL && out->stands_out < 0)
    smb_json_fail (reader, "stands_out", _ ("the name of a region"));
  out->blur = smb_json_number (reader, in, "blur", SMB_JSON_OPTIONAL);
  if (!reader->failed && !smb_regions_origin_from_name (origin, &out->origin))
    smb_json_fail (reader, "origin", "landmarks, template, imported, hand");
  out->mim_sha256 = smb_json_string (reader, in, "mim_sha256", SMB_JSON_OPTIONAL);
  if (reference != NULL) {
    out->reference_sha256 = smb_json_string (reader, reference, "sha256", SMB_JSON_REQUIRED);
    out->stratum = smb_json_string (reader, reference, "stratum", SMB_JSON_OPTIONAL);
    out->reference_faces = (int) smb_json_int (reader, reference, "faces", 0, G_MAXINT);
  }
  out->note = smb_json_string (reader, in, "note", SMB_JSON_OPTIONAL);
  return out;
}
