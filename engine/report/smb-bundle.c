/* SPDX-License-Identifier: Apache-2.0 */
#include "report/smb-bundle.h"

#include "analysis/smb-json.h"
#include "base/smb-error.h"
#include "base/smb-hash.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#define MAX_EXHIBITS 100000
#define MAX_MAPS 100000
#define MAX_MAP_SIDE 8192
#define MAX_FACE 10000
#define MAX_PICTURES 1000000
#define MAX_RATE 1e6

void
smb_bundle_map_clear (SmbBundleMap *map)
{
  g_clear_pointer (&map->sha256, g_free);
  g_clear_pointer (&map->values, g_bytes_unref);
}

static void
bundle_map_free (gpointer data)
{
  smb_bundle_map_clear (data);
  g_free (data);
}

static void
regions_free (gpointer data)
{
  if (data != NULL)
    smb_regions_free (data);
}

static void
bundle_exhibit_free (gpointer data)
{
  SmbBundleExhibit *exhibit = data;

  g_free (exhibit->exhibit);
  g_free (exhibit->file);
  g_free (exhibit->sha256);
  g_clear_pointer (&exhibit->result, json_node_unref);
  g_clear_pointer (&exhibit->analysis, smb_analysis_free);
  g_clear_pointer (&exhibit->pictures, g_ptr_array_unref);
  g_ptr_array_unref (exhibit->regions);
  g_ptr_array_unref (exhibit->maps);
  g_free (exhibit);
}

void
smb_bundle_free (SmbBundle *bundle)
{
  if (bundle == NULL)
    return;
  g_free (bundle->program_version);
  g_free (bundle->log_head);
  g_ptr_array_unref (bundle->exhibits);
  g_free (bundle);
}

static void
take_values (SmbBundleMap *out, gconstpointer values, gsize n_bytes)
{
  out->values = g_bytes_new (values, n_bytes);
  out->sha256 = smb_sha256_of_bytes (values, n_bytes);
}

void
smb_bundle_measure_map (const SmbMap *map, SmbBundleMap *out)
{
  gsize n = (gsize) map->rows * (gsize) map->columns, n_values = 0;
  double sum = 0.0;

  *out = (SmbBundleMap){
    .spec = map->spec, .rows = map->rows, .columns = map->columns, .min = NAN, .max = NAN, .mean = NAN
  };
  if (map->rgb != NULL) {
    out->rows = out->columns = map->rgb_size;
    out->is_picture = TRUE;
    take_values (out, map->rgb, 3 * (gsize) map->rgb_size * (gsize) map->rgb_size);
    return;
  }
  for (gsize i = 0; i < n; i++)
    if (!isnan (map->values[i])) {
      sum += (double) map->values[i];
      n_values++;
    }
  if (n_values > 0) {
    out->min = map->min;
    out->max = map->max;
    out->mean = sum / (double) n_values;
  }
  take_values (out, map->values, n * sizeof (float));
}

/* The hex digits of a SHA-256; NULL and failed otherwise. */
static char *
read_hash (SmbJsonReader *reader, JsonObject *of, const char *member, SmbJsonNeed need)
{
  g_autofree char *text = smb_json_string (reader, of, member, need);

  if (text == NULL)
    return NULL;
  if (strlen (text) == SMB_SHA256_HEX_LEN && strspn (text, "0123456789abcdef") == SMB_SHA256_HEX_LEN)
    return g_steal_pointer (&text);
  smb_json_fail (reader, member, _ ("a SHA-256"));
  return NULL;
}

/* A face of the exhibit, from 0. */
static guint
read_face (SmbJsonReader *reader, JsonObject *of, const SmbBundleExhibit *exhibit)
{
  guint n = exhibit->analysis != NULL ? exhibit->analysis->faces->len : 0;

  if (n == 0)
    smb_json_fail (reader, "face", _ ("a face of the result"));
  return n > 0 ? (guint) smb_json_int (reader, of, "face", 1, MIN (n, MAX_FACE)) - 1 : 0;
}

/* The values of a map, as many as its size says; they may be missing. */
static void
read_values (SmbJsonReader *reader, JsonObject *of, SmbBundleMap *map)
{
  JsonNode *node = json_object_get_member (of, "values");
  const gsize n = (gsize) map->rows * (gsize) map->columns;
  guchar *bytes;
  gsize n_bytes;

  if (node == NULL || reader->failed)
    return;
  if (!JSON_NODE_HOLDS_VALUE (node) || json_node_get_value_type (node) != G_TYPE_STRING) {
    smb_json_fail (reader, "values", _ ("base64"));
    return;
  }
  bytes = g_base64_decode (json_node_get_string (node), &n_bytes);
  map->values = g_bytes_new_take (bytes, n_bytes);
  map->is_picture = n_bytes == 3 * n;
  if (n == 0 || (n_bytes != 3 * n && n_bytes != n * sizeof (float)))
    smb_json_fail (reader, "values", _ ("as many values as rows and columns say"));
}

static gboolean
read_map (SmbJsonReader *reader, JsonObject *of, SmbBundleExhibit *exhibit)
{
  SmbBundleMap *map = g_new0 (SmbBundleMap, 1);
  g_autofree char *text = NULL;

  g_ptr_array_add (exhibit->maps, map);
  map->face = read_face (reader, of, exhibit);
  map->index = (guint) smb_json_int (reader, of, "index", 0, 1000);
  map->rows = (int) smb_json_int (reader, of, "rows", 0, MAX_MAP_SIDE);
  map->columns = (int) smb_json_int (reader, of, "columns", 0, MAX_MAP_SIDE);
  map->min = smb_json_number (reader, of, "min", SMB_JSON_OPTIONAL);
  map->max = smb_json_number (reader, of, "max", SMB_JSON_OPTIONAL);
  map->mean = smb_json_number (reader, of, "mean", SMB_JSON_OPTIONAL);
  map->sha256 = read_hash (reader, of, "sha256", SMB_JSON_REQUIRED);
  read_values (reader, of, map);
  text = smb_json_string (reader, of, "map", SMB_JSON_REQUIRED);
  return !reader->failed && smb_map_spec_parse (&map->spec, text, reader->error);
}

static gboolean
read_regions (SmbJsonReader *reader, JsonObject *of, SmbBundleExhibit *exhibit)
{
  guint face = read_face (reader, of, exhibit);
  int size_px = (int) smb_json_int (reader, of, "size_px", 8, MAX_MAP_SIDE);
  g_autofree char *classes = smb_json_string (reader, of, "classes", SMB_JSON_REQUIRED);
  g_autofree char *name = smb_json_string (reader, of, "origin", SMB_JSON_REQUIRED);
  SmbRegionsOrigin origin;
  SmbRegions *regions;

  if (reader->failed)
    return FALSE;
  if (!smb_regions_origin_from_name (name, &origin))
    origin = SMB_REGIONS_BY_HAND;
  regions = smb_regions_unpack (classes, size_px, origin, reader->error);
  if (regions == NULL)
    return FALSE;
  regions_free (exhibit->regions->pdata[face]);
  exhibit->regions->pdata[face] = regions;
  return TRUE;
}

typedef gboolean (*ReadItem) (SmbJsonReader *reader, JsonObject *of, SmbBundleExhibit *exhibit);

static gboolean
read_list (SmbJsonReader *reader, JsonObject *of, const char *member, SmbBundleExhibit *exhibit, guint max,
           ReadItem read_item)
{
  JsonArray *array = smb_json_array (reader, of, member, SMB_JSON_REQUIRED, max);

  for (guint i = 0; array != NULL && i < json_array_get_length (array); i++) {
    JsonObject *item = smb_json_object_at (reader, array, i, member);

    if (item == NULL || !read_item (reader, item, exhibit))
      return FALSE;
  }
  return array != NULL;
}

/* One of the numbered pictures: a name that stays in the folder. */
static gboolean
read_picture (SmbJsonReader *reader, JsonObject *of, SmbBundleExhibit *exhibit)
{
  SmbCasePicture *picture = g_new0 (SmbCasePicture, 1);

  g_ptr_array_add (exhibit->pictures, picture);
  picture->name = smb_json_string (reader, of, "name", SMB_JSON_REQUIRED);
  picture->sha256 = read_hash (reader, of, "sha256", SMB_JSON_REQUIRED);
  picture->size_bytes = smb_json_uint64 (reader, of, "size_bytes");
  if (!reader->failed
      && (picture->name[0] == '\0' || picture->name[0] == '.' || strpbrk (picture->name, "/\\\n") != NULL))
    smb_json_fail (reader, "name", _ ("the name of a file"));
  return !reader->failed;
}

static gboolean
read_pictures (SmbJsonReader *reader, JsonObject *of, SmbBundleExhibit *exhibit)
{
  exhibit->pictures = g_ptr_array_new_with_free_func ((GDestroyNotify) smb_case_picture_free);
  exhibit->rate = smb_json_number (reader, of, "rate", SMB_JSON_REQUIRED);
  if (!reader->failed && !(exhibit->rate > 0 && exhibit->rate <= MAX_RATE))
    smb_json_fail (reader, "rate", _ ("a number of pictures a second"));
  if (!read_list (reader, of, "files", exhibit, MAX_PICTURES, read_picture))
    return FALSE;
  if (exhibit->pictures->len == 0)
    smb_json_fail (reader, "files", _ ("pictures"));
  return !reader->failed;
}

static gboolean
read_exhibit (SmbJsonReader *reader, JsonObject *of, SmbBundle *bundle)
{
  SmbBundleExhibit *exhibit = g_new0 (SmbBundleExhibit, 1);
  JsonObject *result, *pictures;

  exhibit->regions = g_ptr_array_new_with_free_func (regions_free);
  exhibit->maps = g_ptr_array_new_with_free_func (bundle_map_free);
  g_ptr_array_add (bundle->exhibits, exhibit);
  exhibit->exhibit = smb_json_string (reader, of, "exhibit", SMB_JSON_REQUIRED);
  exhibit->file = smb_json_string (reader, of, "file", SMB_JSON_REQUIRED);
  exhibit->sha256 = read_hash (reader, of, "sha256", SMB_JSON_REQUIRED);
  exhibit->size_bytes = smb_json_uint64 (reader, of, "size_bytes");
  result = smb_json_object (reader, of, "result", SMB_JSON_OPTIONAL);
  if (reader->failed)
    return FALSE;
  if (result != NULL) {
    exhibit->result = json_node_copy (json_object_get_member (of, "result"));
    exhibit->video = json_object_has_member (result, "video");
    exhibit->analysis = smb_analysis_from_json (exhibit->result, reader->error);
    if (exhibit->analysis == NULL)
      return FALSE;
    g_ptr_array_set_size (exhibit->regions, (int) exhibit->analysis->faces->len);
  }
  pictures = smb_json_object (reader, of, "pictures", SMB_JSON_OPTIONAL);
  if (reader->failed || (pictures != NULL && !read_pictures (reader, pictures, exhibit)))
    return FALSE;
  return read_list (reader, of, "regions", exhibit, MAX_MAPS, read_regions)
         && read_list (reader, of, "maps", exhibit, MAX_MAPS, read_map);
}

static gboolean
read_all (SmbJsonReader *reader, JsonObject *root, SmbBundle *bundle)
{
  JsonObject *log = smb_json_object (reader, root, "log", SMB_JSON_REQUIRED);
  JsonArray *exhibits = smb_json_array (reader, root, "exhibits", SMB_JSON_REQUIRED, MAX_EXHIBITS);

  bundle->program_version = smb_json_string (reader, root, "program_version", SMB_JSON_REQUIRED);
  if (reader->failed)
    return FALSE;
  bundle->log_head = read_hash (reader, log, "head", SMB_JSON_OPTIONAL);
  bundle->n_entries = smb_json_int (reader, log, "entries", 0, G_MAXINT64);
  for (guint i = 0; i < json_array_get_length (exhibits) && !reader->failed; i++) {
    JsonObject *exhibit = smb_json_object_at (reader, exhibits, i, "exhibits");

    if (exhibit == NULL || !read_exhibit (reader, exhibit, bundle))
      return FALSE;
  }
  return !reader->failed;
}

SmbBundle *
smb_bundle_parse (const char *text, gsize n_bytes, GError **error)
{
  SmbJsonReader reader = { .what = _ ("report bundle"), .where = "", .error = error };
  g_autoptr (SmbBundle) bundle = NULL;
  g_autofree char *copy = NULL, *format = NULL;
  g_autoptr (JsonNode) node = NULL;
  JsonObject *root = NULL;

  if (memchr (text, '\0', n_bytes) != NULL) {
    g_set_error_literal (error, SMB_ERROR, SMB_ERROR_FORMAT,
                         _ ("The report bundle is no text; it was not written by this program."));
    return NULL;
  }
  copy = g_strndup (text, n_bytes);
  node = smb_json_parse (copy, SMB_BUNDLE_MAX_BYTES, reader.what, error);
  if (node == NULL)
    return NULL;
  if (JSON_NODE_HOLDS_OBJECT (node))
    root = json_node_get_object (node);
  else
    smb_json_fail (&reader, "", _ ("an object"));
  format = root != NULL ? smb_json_string (&reader, root, "format", SMB_JSON_REQUIRED) : NULL;
  if (format != NULL && strcmp (format, SMB_BUNDLE_FORMAT) != 0)
    smb_json_fail (&reader, "format", SMB_BUNDLE_FORMAT);
  if (reader.failed)
    return NULL;
  if (smb_json_int (&reader, root, "version", 1, G_MAXINT) > SMB_BUNDLE_VERSION && !reader.failed) {
    g_set_error_literal (error, SMB_ERROR, SMB_ERROR_NEWER,
                         _ ("The report bundle was written by a newer version of this program; use that one."));
    return NULL;
  }
  bundle = g_new0 (SmbBundle, 1);
  bundle->exhibits = g_ptr_array_new_with_free_func (bundle_exhibit_free);
  return !reader.failed && read_all (&reader, root, bundle) ? g_steal_pointer (&bundle) : NULL;
}
