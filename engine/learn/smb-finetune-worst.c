/* SPDX-License-Identifier: Apache-2.0 */
#include "learn/smb-finetune-worst.h"

#include <json-glib/json-glib.h>
#include <math.h>
#include <string.h>

#include "weights/smb-weights-file.h"

static double
left_for_truth (const GArray *items, const float *probabilities, int classes, guint i)
{
  return (double) probabilities[(gsize) i * (gsize) classes + (gsize) g_array_index (items, SmbScoreItem, i).label];
}

guint
smb_finetune_worst (const GArray *items, const float *probabilities, int classes, guint worst[SMB_FINETUNE_WORST])
{
  guint n = 0;

  for (guint i = 0; i < items->len; i++) { /* into its place among the worst so far; of equals the earlier one first */
    double left = left_for_truth (items, probabilities, classes, i);
    guint at = n;

    while (at > 0 && left < left_for_truth (items, probabilities, classes, worst[at - 1]))
      at--;
    if (at == SMB_FINETUNE_WORST)
      continue;
    n = MIN (n + 1, SMB_FINETUNE_WORST);
    memmove (worst + at + 1, worst + at, (n - at - 1) * sizeof worst[0]);
    worst[at] = i;
  }
  return n;
}

static int
largest_of (const float *probabilities, int classes)
{
  int largest = 0;

  for (int c = 1; c < classes; c++)
    if (probabilities[c] > probabilities[largest])
      largest = c;
  return largest;
}

static void
describe (JsonBuilder *b, const SmbDataset *dataset, const SmbScoreItem *item, const float *probabilities,
          const char *const *classes)
{
  int taken = largest_of (probabilities, (int) g_strv_length ((char **) classes));

  json_builder_begin_object (b);
  json_builder_set_member_name (b, "file");
  json_builder_add_string_value (b, dataset->faces->files[item->sample->face]);
  json_builder_set_member_name (b, "class");
  json_builder_add_string_value (b, classes[item->label]);
  json_builder_set_member_name (b, "blended");
  json_builder_add_boolean_value (b, item->blended);
  json_builder_set_member_name (b, "taken_for");
  json_builder_add_string_value (b, classes[taken]);
  json_builder_set_member_name (b, "probability");
  json_builder_add_double_value (b, (double) probabilities[taken]);
  json_builder_end_object (b);
}

static void
to_bytes (guint8 *out, const float *image, const SmbViewSettings *view)
{
  gsize pixels = (gsize) view->image_px * (gsize) view->image_px;

  for (gsize i = 0; i < pixels; i++)
    for (gsize c = 0; c < 3; c++) {
      double level = ((double) image[c * pixels + i] * view->std[c] + view->mean[c]) * 255.0;

      out[i * 3 + c] = (guint8) (CLAMP (level, 0.0, 255.0) + 0.5);
    }
}

/* Relevance of the patches (G,G) for the class the face is taken for. */
static gboolean
make_map (SmbNet *net, const float *image, int side, float *map, gsize patches, GError **error)
{
  const gint64 shape[] = { 1, 3, side, side };
  g_autoptr (SmbTensor) images = smb_tensor_new_borrowed (SMB_DTYPE_F32, 4, shape, image, NULL, NULL), row = NULL;
  g_autoptr (SmbTensorDict) inputs = smb_tensor_dict_new (), out = NULL;

  smb_tensor_dict_set (inputs, "in.images", images);
  out = smb_net_forward (net, NULL, inputs, SMB_WANT_EXPLAIN, NULL, error);
  if (out == NULL)
    return FALSE;
  row = smb_tensor_to_f32 (smb_tensor_dict_get (
      out, smb_net_get_config (net)->global_pool ? "out.relevance_patches_pooled" : "out.relevance_patches_cls"));
  memcpy (map, row->data, patches * sizeof (float));
  return TRUE;
}

gboolean
smb_finetune_worst_write (const char *folder, SmbNet *net, const SmbDataset *dataset, const GArray *items,
                          const float *probabilities, const char *const *classes, const SmbViewSettings *view,
                          guint64 seed, GError **error)
{
  guint worst[SMB_FINETUNE_WORST], n;
  int k = (int) g_strv_length ((char **) classes), side = view->image_px;
  gsize patches = (gsize) smb_net_config_get_patches (smb_net_get_config (net)), step = 3 * (gsize) side * (gsize) side;
  gint64 grid = (gint64) (sqrt ((double) patches) + 0.5);
  gboolean with_maps = smb_net_get_kind (net) == SMB_NET_CLASSIFIER;
  g_autofree float *pair = g_new (float, 2 * step);
  g_autoptr (SmbTensorDict) dict = smb_tensor_dict_new ();
  g_autoptr (SmbTensor) faces = NULL, maps = NULL;
  g_autoptr (JsonBuilder) b = json_builder_new ();
  g_autoptr (JsonNode) root = NULL;
  g_autofree char *path = g_build_filename (folder, "worst.safetensors", NULL), *text = NULL;

  n = smb_finetune_worst (items, probabilities, k, worst);
  if (n == 0)
    return TRUE;
  faces = smb_tensor_new (SMB_DTYPE_U8, 4, (const gint64[]) { n, side, side, 3 });
  maps = smb_tensor_new (SMB_DTYPE_F32, 3, (const gint64[]) { n, grid, grid });
  json_builder_begin_array (b);
  for (guint i = 0; i < n; i++) {
    const SmbScoreItem *item = &g_array_index (items, SmbScoreItem, worst[i]);
    const float *image = item->blended ? pair + step : pair;

    guint first = item->blended ? worst[i] - 1 : worst[i];
    gboolean paired = first + 1 < items->len && g_array_index (items, SmbScoreItem, first + 1).blended;

    smb_score_make (dataset, items, first, view, seed, pair, paired ? pair + step : NULL);
    to_bytes ((guint8 *) faces->data + i * step, image, view);
    if (with_maps && !make_map (net, image, side, (float *) maps->data + i * patches, patches, error))
      return FALSE;
    describe (b, dataset, item, probabilities + (gsize) worst[i] * (gsize) k, classes);
  }
  json_builder_end_array (b);
  root = json_builder_get_root (b);
  text = json_to_string (root, FALSE);
  smb_tensor_dict_set_meta (dict, "examples", text);
  smb_tensor_dict_set (dict, "faces", faces);
  if (with_maps)
    smb_tensor_dict_set (dict, "maps", maps);
  return smb_weights_write (path, dict, error);
}
