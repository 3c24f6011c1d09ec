/* SPDX-License-Identifier: Apache-2.0 */
#include "learn/smb-face-store.h"

#include <glib/gi18n-lib.h>
#include <json-glib/json-glib.h>
#include <math.h>

#include "base/smb-error.h"
#include "base/smb-json-part.h"
#include "face/smb-regions.h"

#define MAX_SIDE_PX 4096

void
smb_face_store_free (SmbFaceStore *store)
{
  if (store == NULL)
    return;
  g_clear_pointer (&store->rgb_map, g_mapped_file_unref);
  g_clear_pointer (&store->regions_map, g_mapped_file_unref);
  g_clear_pointer (&store->points_map, g_mapped_file_unref);
  g_strfreev (store->files);
  g_strfreev (store->sha256);
  g_strfreev (store->unreadable);
  g_strfreev (store->faceless);
  g_free (store->coarse);
  g_free (store->landmark_file);
  g_free (store->landmark_sha256);
  g_free (store->key);
  g_free (store);
}

static GMappedFile *
map_file (const char *folder, const char *name, guint64 n_bytes, GError **error)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autoptr (GError) local = NULL;
  g_autoptr (GMappedFile) map = g_mapped_file_new (path, FALSE, &local);

  if (map == NULL)
    g_set_error (error, SMB_ERROR, SMB_ERROR_IO, _ ("%s: cannot be read: %s"), path, local->message);
  else if (g_mapped_file_get_length (map) == n_bytes)
    return g_steal_pointer (&map);
  else
    g_set_error (error, SMB_ERROR, SMB_ERROR_FORMAT,
                 _ ("%s: has another length than the index beside it says; remove the folder, it is made anew."), path);
  return NULL;
}

static JsonObject *
object_of (JsonParser *parser)
{
  JsonNode *root = json_parser_get_root (parser);

  return root != NULL && JSON_NODE_HOLDS_OBJECT (root) ? json_node_get_object (root) : NULL;
}

/* What an index says of its faces; FALSE if anything is not as written. */
static gboolean
read_faces (SmbFaceStore *store, JsonObject *index)
{
  g_autoptr (GStrvBuilder) files = g_strv_builder_new (), sha256 = g_strv_builder_new ();
  JsonNode *node = json_object_get_member (index, "faces");
  JsonArray *faces;

  if (node == NULL || !JSON_NODE_HOLDS_ARRAY (node))
    return FALSE;
  faces = json_node_get_array (node);
  store->n = json_array_get_length (faces);
  store->coarse = g_new0 (guint8, store->n);
  for (guint i = 0; i < store->n; i++) {
    JsonObject *face = smb_json_find_at (faces, i);
    const char *file = face != NULL ? smb_json_find_text (face, "file", NULL) : NULL;

    if (file == NULL)
      return FALSE;
    g_strv_builder_add (files, file);
    g_strv_builder_add (sha256, smb_json_find_text (face, "sha256", ""));
    store->coarse[i] = g_str_equal (smb_json_find_text (face, "regions", ""),
                                    smb_regions_origin_name (SMB_REGIONS_FROM_TEMPLATE));
  }
  store->files = g_strv_builder_end (files);
  store->sha256 = g_strv_builder_end (sha256);
  return TRUE;
}

/* An index of an earlier version does not say what was left out. */
static void
read_left_out (SmbFaceStore *store, JsonObject *index)
{
  g_autoptr (GStrvBuilder) unreadable = g_strv_builder_new (), faceless = g_strv_builder_new ();
  JsonArray *left_out = smb_json_find_array (index, "left_out");

  for (guint i = 0; left_out != NULL && i < json_array_get_length (left_out); i++) {
    JsonObject *file = smb_json_find_at (left_out, i);
    const char *why = file != NULL ? smb_json_find_text (file, "why", "") : "";

    g_strv_builder_add (g_str_equal (why, SMB_FACE_STORE_FACELESS) ? faceless : unreadable,
                        file != NULL ? smb_json_find_text (file, "file", "") : "");
  }
  store->unreadable = g_strv_builder_end (unreadable);
  store->faceless = g_strv_builder_end (faceless);
}

gboolean
smb_learn_is_foreign (const char *folder, const char *name, const char *member, GError **error)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autoptr (JsonParser) parser = json_parser_new ();
  JsonObject *object;

  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    return FALSE;
  object = json_parser_load_from_file (parser, path, NULL) ? object_of (parser) : NULL;
  if (object != NULL && smb_json_find_array (object, member) != NULL)
    return FALSE;
  g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT,
               _ ("%s: was there before, and is not as this program writes it. Choose another folder, or remove the file."),
               path);
  return TRUE;
}

SmbFaceStore *
smb_face_store_open (const char *folder, GError **error)
{
  g_autofree char *path = g_build_filename (folder, "index.json", NULL);
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (SmbFaceStore) store = g_new0 (SmbFaceStore, 1);
  g_autoptr (GError) local = NULL;
  gboolean good = FALSE, points = FALSE;
  JsonObject *index, *landmarks;
  guint64 pixels;

  if (!json_parser_load_from_file (parser, path, &local)) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_NOT_FOUND,
                 _ ("%s: no faces were gathered here: %s. Name a folder that “dataset build” made."), path, local->message);
    return NULL;
  }
  index = object_of (parser);
  if (index != NULL && smb_json_find_int (index, "format", 0) == 1) {
    store->size_px = (int) CLAMP (smb_json_find_int (index, "size", 0), 0, MAX_SIDE_PX);
    store->key = g_strdup (smb_json_find_text (index, "key", ""));
    points = smb_json_find_boolean (index, "points");
    good = read_faces (store, index);
    landmarks = smb_json_find_object (index, "landmarks");
    if (landmarks != NULL) {
      store->landmark_file = g_strdup (smb_json_find_text (landmarks, "file", NULL));
      store->landmark_sha256 = g_strdup (smb_json_find_text (landmarks, "sha256", NULL));
    }
    read_left_out (store, index);
  }
  if (!good || store->size_px < 1 || store->n < 1) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_FORMAT,
                 _ ("%s: is not an index of gathered faces; remove the folder, it is made anew."), path);
    return NULL;
  }
  pixels = (guint64) store->n * (guint64) store->size_px * (guint64) store->size_px;
  store->rgb_map = map_file (folder, "faces.rgb", 3 * pixels, error);
  if (store->rgb_map == NULL)
    return NULL;
  store->regions_map = map_file (folder, "regions.u8", pixels, error);
  if (store->regions_map == NULL)
    return NULL;
  if (points) {
    store->points_map
        = map_file (folder, "points.f32", (guint64) store->n * SMB_N_LANDMARKS * 2 * sizeof (float), error);
    if (store->points_map == NULL)
      return NULL;
    store->points = (const float *) (gconstpointer) g_mapped_file_get_contents (store->points_map);
  }
  store->rgb = (const guint8 *) g_mapped_file_get_contents (store->rgb_map);
  store->regions = (const guint8 *) g_mapped_file_get_contents (store->regions_map);
  return g_steal_pointer (&store);
}

gboolean
smb_face_store_get_points (const SmbFaceStore *store, gint64 face, SmbPoint points[SMB_N_LANDMARKS])
{
  const float *at = store->points != NULL ? store->points + face * SMB_N_LANDMARKS * 2 : NULL;

  for (int i = 0; at != NULL && i < SMB_N_LANDMARKS; i++)
    points[i] = (SmbPoint){ at[2 * i], at[2 * i + 1] };
  return at != NULL;
}

void
smb_face_store_measure (const SmbFaceStore *store, double mean[3], double std[3])
{
  guint64 n = (guint64) store->n * (guint64) store->size_px * (guint64) store->size_px;
  guint64 counts[3][256] = { { 0 } };

  for (guint64 i = 0; i < n; i++)
    for (int c = 0; c < 3; c++)
      counts[c][store->rgb[3 * i + (guint64) c]]++;
  for (int c = 0; c < 3; c++) {
    double sum = 0.0, squares = 0.0;

    for (int v = 0; v < 256; v++)
      sum += (double) counts[c][v] * v / 255.0;
    mean[c] = sum / (double) n;
    for (int v = 0; v < 256; v++)
      squares += (double) counts[c][v] * (v / 255.0 - mean[c]) * (v / 255.0 - mean[c]);
    std[c] = sqrt (squares / (double) n);
  }
}
