/* SPDX-License-Identifier: Apache-2.0 */
#include "smb-training-pictures.h"

#include "smb-format.h"
#include "smb-map-texture.h"
#include "base/smb-json-part.h"
#include "weights/smb-weights-file.h"

#include <glib/gi18n.h>

#define MAX_SIDE 8192
#define MAX_EXAMPLES 64
#define MAP_PX 112

static GdkTexture *
texture_of (const guint8 *rgb, int width, int height)
{
  g_autoptr (GBytes) bytes = g_bytes_new (rgb, (gsize) width * (gsize) height * 3);

  return gdk_memory_texture_new (width, height, GDK_MEMORY_R8G8B8, bytes, (gsize) width * 3);
}

GdkTexture *
smb_training_sheet_read (const char *path)
{
  g_autofree char *data = NULL;
  gsize length, header;
  guint64 numbers[3]; /* width, height, the largest value */
  char *at;

  if (!g_file_get_contents (path, &data, &length, NULL) || !g_str_has_prefix (data, "P6"))
    return NULL;
  at = data + strlen ("P6");
  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++)
    numbers[i] = g_ascii_strtoull (at, &at, 10);
  header = (gsize) (at - data) + 1;
  if (numbers[0] < 1 || numbers[0] > MAX_SIDE || numbers[1] < 1 || numbers[1] > MAX_SIDE || numbers[2] != 255
      || length != header + numbers[0] * numbers[1] * 3)
    return NULL;
  return texture_of ((const guint8 *) data + header, (int) numbers[0], (int) numbers[1]);
}

static void
example_free (gpointer data)
{
  SmbTrainingExample *example = data;

  g_clear_object (&example->face);
  g_clear_object (&example->map);
  g_free (example->words);
  g_free (example->file);
  g_free (example);
}

static SmbTrainingExample *
example_new (JsonObject *of, const guint8 *face, int side, const float *map, int grid)
{
  SmbTrainingExample *example = g_new0 (SmbTrainingExample, 1);
  const SmbMapSpec spec = smb_map_spec_default (SMB_MAP_RELEVANCE);
  gboolean blended = smb_json_find_boolean (of, "blended");

  example->face = texture_of (face, side, side);
  if (map != NULL) {
    g_autoptr (SmbMap) drawn = smb_map_new_grid (&spec, grid, grid, map);

    example->map = smb_map_preview_new (drawn, SMB_COLOURS_VIRIDIS, MAP_PX);
  }
  example->file = g_strdup (smb_json_find_text (of, "file", ""));
  example->words
      = g_strdup_printf (blended ? _("%s (self-blended), taken for %s: %.2f") : _("%s, taken for %s: %.2f"),
                         smb_format_class (smb_json_find_text (of, "class", "")),
                         smb_format_class (smb_json_find_text (of, "taken_for", "")),
                         smb_json_find_number (of, "probability"));
  return example;
}

static gboolean
is_shaped (const SmbTensor *t, SmbDtype dtype, int rank, gint64 n)
{
  return t != NULL && t->dtype == dtype && t->rank == rank && t->shape[0] == n && t->shape[1] == t->shape[2]
         && t->shape[1] >= 1 && t->shape[1] <= MAX_SIDE && (rank < 4 || t->shape[3] == 3);
}

GPtrArray *
smb_training_examples_read (const char *path)
{
  g_autoptr (SmbTensorDict) dict = smb_weights_read (path, NULL);
  const char *text = dict != NULL ? smb_tensor_dict_get_meta (dict, "examples") : NULL;
  g_autoptr (JsonNode) root = text != NULL ? json_from_string (text, NULL) : NULL;
  GPtrArray *examples = NULL;
  SmbTensor *faces, *maps;
  guint n;

  if (root == NULL || !JSON_NODE_HOLDS_ARRAY (root))
    return NULL;
  n = json_array_get_length (json_node_get_array (root));
  faces = smb_tensor_dict_get (dict, "faces");
  maps = smb_tensor_dict_get (dict, "maps");
  if (n > MAX_EXAMPLES || !is_shaped (faces, SMB_DTYPE_U8, 4, n)
      || (maps != NULL && !is_shaped (maps, SMB_DTYPE_F32, 3, n)))
    return NULL;
  examples = g_ptr_array_new_with_free_func (example_free);
  for (guint i = 0; i < n; i++) {
    JsonNode *node = json_array_get_element (json_node_get_array (root), i);
    gsize side = (gsize) faces->shape[1], grid = maps != NULL ? (gsize) maps->shape[1] : 0;

    if (JSON_NODE_HOLDS_OBJECT (node))
      g_ptr_array_add (examples,
                       example_new (json_node_get_object (node), (const guint8 *) faces->data + i * side * side * 3,
                                    (int) side, maps != NULL ? (const float *) maps->data + i * grid * grid : NULL,
                                    (int) grid));
  }
  return examples;
}
