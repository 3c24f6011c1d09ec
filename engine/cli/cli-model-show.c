/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli-model.h"

#include "model/smb-net-config.h"
#include "weights/smb-weights-file.h"

#include <glib/gi18n-lib.h>

/* One of a model's two networks, as its weights describe it. */
typedef struct {
  SmbNetKind kind;
  SmbNetConfig config;
  gint64 parameters;
  guint tensors;
} Network;

static const char *const kind_names[] = {
  [SMB_NET_ONLINE] = "online",
  [SMB_NET_TARGET] = "target",
  [SMB_NET_CLASSIFIER] = "classifier",
  [SMB_NET_ADAPTER] = "adapter",
};

static gboolean
read_network (const char *path, Network *network, GError **error)
{
  g_autoptr (SmbTensorDict) weights = smb_weights_read (path, error);

  if (weights == NULL || !smb_net_config_detect (&network->config, &network->kind, weights, NULL, path, error))
    return FALSE;
  network->parameters = 0;
  network->tensors = smb_tensor_dict_get_size (weights);
  for (guint i = 0; i < network->tensors; i++)
    network->parameters += smb_tensor_dict_get (weights, g_ptr_array_index (weights->names, i))->n;
  return TRUE;
}

JsonNode *
smb_cli_model_to_json (const SmbModelInfo *info, gboolean active)
{
  g_autofree char *text = smb_model_info_to_json (info);
  JsonNode *node = json_from_string (text, NULL);
  JsonObject *object = json_node_get_object (node);

  json_object_set_string_member (object, "folder", info->folder);
  json_object_set_boolean_member (object, "active", active);
  return node;
}

static gboolean
add_network (JsonObject *to, const char *path, GError **error)
{
  Network network;
  g_autofree char *config = NULL;

  if (!read_network (path, &network, error))
    return FALSE;
  config = smb_net_config_to_json (&network.config);
  json_object_set_string_member (to, "kind", kind_names[network.kind]);
  json_object_set_member (to, "network", json_from_string (config, NULL));
  json_object_set_int_member (to, "parameters", network.parameters);
  json_object_set_int_member (to, "tensors", network.tensors);
  return TRUE;
}

gboolean
smb_cli_model_add_networks (JsonNode *node, const SmbModelInfo *info, GError **error)
{
  JsonObject *object = json_node_get_object (node);

  return (info->detector_path == NULL ||
          add_network (json_object_get_object_member (object, "detector"), info->detector_path, error)) &&
         (info->mim_path == NULL || add_network (json_object_get_object_member (object, "mim"), info->mim_path, error));
}

static void
print_three (const char *label, const double mean[3], const double std[3])
{
  g_print (_ ("  %s: mean %.4g, %.4g, %.4g; deviation %.4g, %.4g, %.4g\n"), label, mean[0], mean[1], mean[2], std[0],
           std[1], std[2]);
}

static gboolean
print_network (const char *title, const char *path, const char *sha256, GError **error)
{
  Network network;
  const SmbNetConfig *c = &network.config;

  if (!read_network (path, &network, error))
    return FALSE;
  g_print ("\n%s\n", title);
  g_print (_ ("  File: %s\n"), path);
  g_print (_ ("  SHA-256: %s\n"), sha256);
  g_print (_ ("  Network: %s; ViT of depth %d, width %d, heads %d; input %d × %d px in patches of %d px\n"),
           kind_names[network.kind], c->depth, c->dim, c->heads, c->image_px, c->image_px, c->patch_px);
  if (network.kind == SMB_NET_ONLINE)
    g_print (_ ("  Decoders: identity of depth %d; pixels of depth %d, width %d, heads %d\n"), c->rep_depth,
             c->dec_depth, c->dec_dim, c->dec_heads);
  else
    g_print (_ ("  Pooling: %s\n"), c->global_pool ? _ ("mean of the patches") : _ ("class token"));
  g_print (_ ("  Parameters: %.2f million in %u tensors\n"), (double) network.parameters / 1e6, network.tensors);
  return TRUE;
}

gboolean
smb_cli_model_print (const SmbModelInfo *info, GError **error)
{
  g_print (_ ("Folder: %s\nLicence: %s\nProvenance: %s\n"), info->folder, info->licence, info->provenance);
  if (info->min_face_px > 0)
    g_print (_ ("Validated for faces of %d px and more.\n"), info->min_face_px);
  if (info->detector_path != NULL) {
    if (!print_network (_ ("Detector"), info->detector_path, info->detector_sha256, error))
      return FALSE;
    for (int i = 0; info->classes[i] != NULL; i++)
      g_print (i == info->real_class ? _ ("  Class %d: %s (genuine)\n") : _ ("  Class %d: %s\n"), i, info->classes[i]);
    print_three (_ ("Normalisation"), info->mean, info->std);
    g_print (_ ("  Face to input: %s\n"), smb_face_transform_name (info->transform));
  }
  if (info->mim_path != NULL) {
    if (!print_network (_ ("Reconstruction"), info->mim_path, info->mim_sha256, error))
      return FALSE;
    print_three (_ ("Normalisation"), info->mim_mean, info->mim_std);
  }
  return TRUE;
}
