/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/smb-map-message.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include "analysis/smb-faithfulness-json.h"
#include "base/smb-error.h"
#include "base/smb-json-part.h"
#include "worker/smb-engine-private.h"
#include "worker/smb-plane.h"

/* A map of a face is as large as the network's input, at most a few hundred pixels a side. */
#define MAX_MAP_BYTES     (256u << 20)
#define MAX_REGIONS_BYTES (128u << 20)

static int
grid_to_fd (const SmbMap *map, GError **error)
{
  const gsize n = (gsize) map->rows * (gsize) map->columns;
  g_autofree float *joined = NULL;

  if (map->deviation == NULL || map->count == NULL)
    return smb_plane_new_fd (SMB_PLANE_F32, map->columns, map->rows, 1, map->values, error);
  joined = g_new (float, n * 3);
  for (gsize i = 0; i < n; i++) {
    joined[3 * i] = map->values[i];
    joined[3 * i + 1] = map->deviation[i];
    joined[3 * i + 2] = map->count[i];
  }
  return smb_plane_new_fd (SMB_PLANE_F32, map->columns, map->rows, 3, joined, error);
}

gboolean
smb_map_to_message (const SmbMap *map, SmbMessage *message, GError **error)
{
  g_autofree char *spec = smb_map_spec_to_text (&map->spec);
  const double area[] = { map->area.x, map->area.y, map->area.width, map->area.height };
  JsonObject *object;
  JsonArray *numbers;
  int fd = map->rgb != NULL ? smb_plane_new_fd (SMB_PLANE_U8, map->rgb_size, map->rgb_size, 3, map->rgb, error)
                            : grid_to_fd (map, error);

  if (fd < 0)
    return FALSE;
  smb_message_take_fd (message, fd);
  if (!json_object_has_member (message->body, "maps"))
    json_object_set_array_member (message->body, "maps", json_array_new ());
  object = json_object_new ();
  numbers = json_array_new ();
  for (int i = 0; i < 4; i++)
    json_array_add_double_element (numbers, area[i]);
  json_object_set_string_member (object, "spec", spec);
  json_object_set_array_member (object, "area", numbers);
  if (map->note != NULL)
    json_object_set_string_member (object, "note", map->note);
  if (map->faithfulness != NULL)
    json_object_set_object_member (object, "faithfulness", smb_faithfulness_to_json (map->faithfulness));
  json_array_add_object_element (json_object_get_array_member (message->body, "maps"), object);
  return TRUE;
}

static SmbMap *
map_of_plane (const SmbMapSpec *spec, const SmbPlane *plane)
{
  const gsize n = (gsize) plane->width * (gsize) plane->height;
  const float *data = g_bytes_get_data (plane->bytes, NULL);
  g_autofree float *values = NULL;
  SmbMap *map;

  if (smb_map_kind_is_picture (spec->kind))
    return plane->type == SMB_PLANE_U8 && plane->channels == 3 && plane->width == plane->height && plane->width > 0
               ? smb_map_new_rgb (spec, plane->width, (const guint8 *) data)
               : NULL;
  if (plane->type != SMB_PLANE_F32 || n == 0 || (plane->channels != 1 && plane->channels != 3))
    return NULL;
  if (plane->channels == 1)
    return smb_map_new_grid (spec, plane->height, plane->width, data);
  values = g_new (float, n);
  for (gsize i = 0; i < n; i++)
    values[i] = data[3 * i];
  map = smb_map_new_grid (spec, plane->height, plane->width, values);
  map->deviation = g_new (float, n);
  map->count = g_new (float, n);
  for (gsize i = 0; i < n; i++) {
    map->deviation[i] = data[3 * i + 1];
    map->count[i] = data[3 * i + 2];
  }
  return map;
}

static gboolean
read_area (JsonObject *object, SmbMapArea *out)
{
  double *parts[] = { &out->x, &out->y, &out->width, &out->height };
  JsonArray *array = smb_json_find_array (object, "area");

  if (array == NULL || json_array_get_length (array) != 4)
    return FALSE;
  for (guint i = 0; i < 4; i++) {
    *parts[i] = smb_json_number_at (array, i);
    if (!(fabs (*parts[i]) <= 1 << 29))
      return FALSE;
  }
  return out->width >= 0 && out->height >= 0;
}

SmbMap *
smb_map_from_message (SmbMessage *message, guint index, GError **error)
{
  JsonArray *array = smb_json_find_array (message->body, "maps");
  JsonNode *node
      = array != NULL && index < json_array_get_length (array) ? json_array_get_element (array, index) : NULL;
  JsonObject *object = node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
  g_autoptr (SmbPlane) plane = NULL;
  g_autoptr (SmbMap) map = NULL;
  const char *text, *note;
  SmbMapSpec spec;

  text = smb_json_find_text (object, "spec", NULL);
  if (text != NULL && smb_map_spec_parse (&spec, text, NULL)) {
    plane = smb_plane_take_fd (smb_message_steal_fd (message, index), MAX_MAP_BYTES, error);
    if (plane == NULL)
      return NULL;
    map = map_of_plane (&spec, plane);
  }
  if (map == NULL || !read_area (object, &map->area)) {
    g_set_error_literal (error, SMB_ERROR, SMB_ERROR_WORKER,
                         _ ("the compute process sent another map than was asked for"));
    return NULL;
  }
  if (json_object_has_member (object, "faithfulness")) {
    SmbJsonReader reader = { .what = _ ("Map"), .where = "faithfulness.", .error = error };

    map->faithfulness
        = smb_faithfulness_from_json (&reader, smb_json_object (&reader, object, "faithfulness", SMB_JSON_REQUIRED));
    if (reader.failed)
      return NULL;
  }
  note = smb_json_find_text (object, "note", NULL);
  if (note != NULL)
    smb_map_take_note (map, smb_engine_clean_text (note));
  return g_steal_pointer (&map);
}

int
smb_regions_to_fd (const SmbRegions *regions, GError **error)
{
  return smb_plane_new_fd (SMB_PLANE_U8, regions->size_px, regions->size_px, 1, regions->classes, error);
}

SmbRegions *
smb_regions_take_fd (int fd, SmbRegionsOrigin origin, GError **error)
{
  g_autoptr (SmbPlane) plane = smb_plane_take_fd (fd, MAX_REGIONS_BYTES, error);
  const guint8 *classes;
  gsize n;

  if (plane == NULL)
    return NULL;
  n = (gsize) plane->width * (gsize) plane->height;
  classes = g_bytes_get_data (plane->bytes, NULL);
  if (plane->type == SMB_PLANE_U8 && plane->channels == 1 && plane->width == plane->height && n > 0) {
    gsize i = 0;

    while (i < n && classes[i] < SMB_N_CLASSES)
      i++;
    if (i == n)
      return smb_regions_new_take (plane->width, g_memdup2 (classes, n), origin);
  }
  g_set_error_literal (error, SMB_ERROR, SMB_ERROR_WORKER, _ ("a region map came in another form than was agreed"));
  return NULL;
}
