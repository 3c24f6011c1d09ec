/* SPDX-License-Identifier: Apache-2.0 */
/* The statistics file, both ways; the format is described in the header. */
#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#include "analysis/smb-reference.h"
#include "base/smb-error.h"
#include "base/smb-hash.h"

#define N SMB_N_COVERED_REGIONS
#define FORMAT "semblance-reference"
#define MAX_BYTES (4u << 20)
#define MAX_FACES 100000000

/* Seven digits are more than such statistics mean, and keep the file small. */
static double
rounded (double value)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  return isfinite (value) ? g_ascii_strtod (g_ascii_formatd (text, sizeof text, "%.7g", value), NULL) : value;
}

static JsonObject *
entry_to_json (const SmbReferenceEntry *entry, gboolean quantiles)
{
  JsonObject *out = json_object_new ();

  json_object_set_int_member (out, "n", entry->n);
  smb_json_set_number (out, "mean", rounded (entry->mean));
  smb_json_set_number (out, "deviation", rounded (entry->deviation));
  if (quantiles) {
    JsonArray *array = json_array_new ();

    for (int q = 0; entry->n > 0 && q < SMB_REFERENCE_QUANTILES; q++)
      json_array_add_double_element (array, rounded (entry->quantiles[q]));
    json_object_set_array_member (out, "quantiles", array);
  }
  return out;
}

static JsonObject *
stratum_to_json (const SmbReferenceStratum *stratum, int index)
{
  JsonObject *out = json_object_new (), *regions = json_object_new (), *rise = json_object_new ();

  json_object_set_string_member (out, "name", smb_reference_stratum_name (index));
  smb_json_set_number (out, "blur_from", stratum->blur_from);
  smb_json_set_number (out, "blur_to", stratum->blur_to);
  json_object_set_int_member (out, "faces", stratum->faces);
  for (int i = 0; i < N; i++) {
    JsonObject *region = json_object_new (), *row = json_object_new ();

    for (int m = 0; m < SMB_N_MEASURES; m++)
      json_object_set_object_member (region, smb_measure_name ((SmbMeasureKind) m),
                                     entry_to_json (&stratum->measures[i][m], TRUE));
    for (int j = 0; j < N; j++)
      if (j != i)
        json_object_set_object_member (row, smb_region_name ((SmbRegion) j),
                                       entry_to_json (&stratum->rise[i][j], FALSE));
    json_object_set_object_member (regions, smb_region_name ((SmbRegion) i), region);
    json_object_set_object_member (rise, smb_region_name ((SmbRegion) i), row);
  }
  json_object_set_object_member (out, "regions", regions);
  json_object_set_object_member (out, "rise", rise);
  return out;
}

char *
smb_reference_to_json (const SmbReference *reference)
{
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
  JsonObject *out = json_object_new ();
  JsonArray *strata = json_array_new ();

  json_object_set_string_member (out, "format", FORMAT);
  json_object_set_int_member (out, "version", SMB_REFERENCE_VERSION);
  smb_json_set_string (out, "program_version", reference->program_version);
  smb_json_set_string (out, "model", reference->model);
  smb_json_set_string (out, "mim_sha256", reference->mim_sha256);
  json_object_set_int_member (out, "draws", reference->draws);
  json_object_set_int_member (out, "pictures", reference->pictures);
  json_object_set_int_member (out, "faces", reference->faces);
  json_object_set_string_member (out, "origin", smb_regions_origin_name (reference->origin));
  for (int s = 0; s < SMB_REFERENCE_STRATA; s++)
    json_array_add_object_element (strata, stratum_to_json (&reference->strata[s], s));
  json_object_set_array_member (out, "strata", strata);
  json_node_take_object (node, out);
  return smb_json_to_canonical (node);
}

static SmbReferenceEntry
read_entry (SmbJsonReader *reader, JsonObject *in, const char *member, gboolean quantiles)
{
  JsonObject *object = smb_json_object (reader, in, member, SMB_JSON_REQUIRED);
  JsonArray *array
      = quantiles ? smb_json_array (reader, object, "quantiles", SMB_JSON_REQUIRED, SMB_REFERENCE_QUANTILES) : NULL;
  SmbReferenceEntry out = { .n = (int) smb_json_int (reader, object, "n", 0, MAX_FACES) };

  out.mean = smb_json_number (reader, object, "mean", out.n > 0 ? SMB_JSON_REQUIRED : SMB_JSON_OPTIONAL);
  out.deviation = smb_json_number (reader, object, "deviation", out.n > 1 ? SMB_JSON_REQUIRED : SMB_JSON_OPTIONAL);
  for (guint q = 0; q < SMB_REFERENCE_QUANTILES; q++) {
    JsonNode *node = array != NULL && q < json_array_get_length (array) ? json_array_get_element (array, q) : NULL;
    GType type = node != NULL && JSON_NODE_HOLDS_VALUE (node) ? json_node_get_value_type (node) : G_TYPE_INVALID;

    out.quantiles[q] = type == G_TYPE_DOUBLE || type == G_TYPE_INT64 ? json_node_get_double (node) : NAN;
    if (quantiles && out.n > 0
        && (isnan (out.quantiles[q]) || (q > 0 && out.quantiles[q] < out.quantiles[q - 1])))
      smb_json_fail (reader, member, _ ("statistics with quantiles in rising order"));
  }
  return out;
}

static void
read_stratum (SmbJsonReader *reader, JsonObject *in, int index, SmbReferenceStratum *out)
{
  g_autofree char *name = smb_json_string (reader, in, "name", SMB_JSON_REQUIRED);
  JsonObject *regions = smb_json_object (reader, in, "regions", SMB_JSON_REQUIRED);
  JsonObject *rise = smb_json_object (reader, in, "rise", SMB_JSON_REQUIRED);

  if (g_strcmp0 (name, smb_reference_stratum_name (index)) != 0)
    smb_json_fail (reader, "name", "all, blurred, middle, sharp");
  out->blur_from = smb_json_number (reader, in, "blur_from", SMB_JSON_OPTIONAL);
  out->blur_to = smb_json_number (reader, in, "blur_to", SMB_JSON_OPTIONAL);
  out->blur_from = isnan (out->blur_from) ? -INFINITY : out->blur_from;
  out->blur_to = isnan (out->blur_to) ? INFINITY : out->blur_to;
  out->faces = (int) smb_json_int (reader, in, "faces", 0, MAX_FACES);
  for (int i = 0; i < N; i++) {
    JsonObject *region = smb_json_object (reader, regions, smb_region_name ((SmbRegion) i), SMB_JSON_REQUIRED);
    JsonObject *row = smb_json_object (reader, rise, smb_region_name ((SmbRegion) i), SMB_JSON_REQUIRED);

    for (int m = 0; m < SMB_N_MEASURES; m++)
      out->measures[i][m] = read_entry (reader, region, smb_measure_name ((SmbMeasureKind) m), TRUE);
    for (int j = 0; j < N; j++)
      if (j != i)
        out->rise[i][j] = read_entry (reader, row, smb_region_name ((SmbRegion) j), FALSE);
  }
}

static gboolean
read_all (SmbJsonReader *reader, JsonObject *in, SmbReference *out)
{
  g_autofree char *format = smb_json_string (reader, in, "format", SMB_JSON_REQUIRED), *origin = NULL;
  JsonArray *strata;

  if (g_strcmp0 (format, FORMAT) != 0)
    smb_json_fail (reader, "format", "“" FORMAT "”");
  if (smb_json_int (reader, in, "version", 1, G_MAXINT) > SMB_REFERENCE_VERSION && !reader->failed) {
    reader->failed = TRUE;
    g_set_error (reader->error, SMB_ERROR, SMB_ERROR_NEWER,
                 _ ("%s: this reference was made by a newer version of the program; update it, or build the reference "
                    "again."),
                 reader->what);
  }
  out->program_version = smb_json_string (reader, in, "program_version", SMB_JSON_REQUIRED);
  out->model = smb_json_string (reader, in, "model", SMB_JSON_REQUIRED);
  out->mim_sha256 = smb_json_string (reader, in, "mim_sha256", SMB_JSON_REQUIRED);
  if (out->mim_sha256 != NULL
      && (strlen (out->mim_sha256) != SMB_SHA256_HEX_LEN
          || strspn (out->mim_sha256, "0123456789abcdef") != SMB_SHA256_HEX_LEN))
    smb_json_fail (reader, "mim_sha256", _ ("a hash of 64 digits"));
  out->draws = (int) smb_json_int (reader, in, "draws", 1, SMB_REGION_MAX_DRAWS);
  out->pictures = (int) smb_json_int (reader, in, "pictures", 0, MAX_FACES);
  out->faces = (int) smb_json_int (reader, in, "faces", 0, MAX_FACES);
  origin = smb_json_string (reader, in, "origin", SMB_JSON_REQUIRED);
  if (!reader->failed && !smb_regions_origin_from_name (origin, &out->origin))
    smb_json_fail (reader, "origin", "landmarks, template, imported, hand");
  strata = smb_json_array (reader, in, "strata", SMB_JSON_REQUIRED, SMB_REFERENCE_STRATA);
  for (guint s = 0; s < SMB_REFERENCE_STRATA && !reader->failed; s++) {
    JsonNode *node = s < json_array_get_length (strata) ? json_array_get_element (strata, s) : NULL;

    if (node != NULL && JSON_NODE_HOLDS_OBJECT (node))
      read_stratum (reader, json_node_get_object (node), (int) s, &out->strata[s]);
    else
      smb_json_fail (reader, "strata", _ ("a list of four objects"));
  }
  return !reader->failed;
}

/* The whole file, if it is no larger than such files are. */
static char *
read_text (const char *path, gsize *n_bytes, GError **error)
{
  int fd = g_open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0);
  g_autofree char *text = NULL;
  GStatBuf info;
  gsize got = 0;

  if (fd < 0) {
    smb_error_set_errno (error, errno, path, _ ("reading the reference"));
    return NULL;
  }
  if (fstat (fd, &info) != 0 || !S_ISREG (info.st_mode) || info.st_size > MAX_BYTES) {
    close (fd);
    g_set_error (error, SMB_ERROR, SMB_ERROR_FORMAT,
                 _ ("%s: this is no reference; build one: semblance-cli reference build."), path);
    return NULL;
  }
  text = g_malloc ((gsize) info.st_size + 1);
  while (got < (gsize) info.st_size) {
    gssize n = read (fd, text + got, (gsize) info.st_size - got);

    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0) {
      smb_error_set_errno (error, errno, path, _ ("reading the reference"));
      close (fd);
      return NULL;
    }
    if (n == 0)
      break;
    got += (gsize) n;
  }
  close (fd);
  text[got] = '\0';
  *n_bytes = got;
  return g_steal_pointer (&text);
}

SmbReference *
smb_reference_read (const char *path, GError **error)
{
  gsize n_bytes = 0;
  g_autofree char *text = read_text (path, &n_bytes, error), *shown = g_filename_display_name (path);
  g_autoptr (SmbReference) out = g_new0 (SmbReference, 1);
  g_autoptr (JsonNode) node = NULL;
  g_autoptr (GError) local = NULL;
  SmbJsonReader reader = { .what = shown, .where = "", .error = error };

  node = text != NULL ? smb_json_parse (text, MAX_BYTES, shown, &local) : NULL;
  if (local != NULL)
    g_set_error (error, local->domain, local->code,
                 _ ("%s This is no reference of genuine faces; make one: semblance-cli reference build FOLDER."),
                 local->message);
  if (node == NULL)
    return NULL;
  if (!JSON_NODE_HOLDS_OBJECT (node))
    smb_json_fail (&reader, "", _ ("an object"));
  if (!read_all (&reader, JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL, out))
    return NULL;
  out->sha256 = smb_sha256_of_bytes (text, n_bytes);
  return g_steal_pointer (&out);
}

gboolean
smb_reference_write (const SmbReference *reference, const char *path, GError **error)
{
  g_autofree char *text = smb_reference_to_json (reference), *folder = g_path_get_dirname (path), *line = NULL;
  g_autoptr (GError) local = NULL;

  if (g_mkdir_with_parents (folder, 0755) != 0)
    return smb_error_set_errno (error, errno, folder, _ ("making the folder"));
  line = g_strconcat (text, "\n", NULL);
  if (g_file_set_contents_full (path, line, -1, G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0644,
                                &local))
    return TRUE;
  g_set_error (error, SMB_ERROR, SMB_ERROR_IO, _ ("%s: the reference could not be written: %s"), path, local->message);
  return FALSE;
}
