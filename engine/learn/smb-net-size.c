/* SPDX-License-Identifier: Apache-2.0 */
#include "learn/smb-net-size.h"

#include <glib/gi18n-lib.h>
#include <json-glib/json-glib.h>
#include <string.h>

#include "base/smb-error.h"

#define MAX_VALUE 16384

static const struct {
  const char *name;
  int patch, dim, depth, heads, rep_depth, rep_heads, dec_dim, dec_depth, dec_heads, hidden, out;
} sizes[] = {
  { "tiny", 16, 192, 12, 3, 1, 3, 128, 4, 4, 1024, 128 },
  { "small", 16, 384, 12, 12, 2, 16, 512, 8, 16, 4096, 256 },
  { "base", 16, 768, 12, 12, 2, 16, 512, 8, 16, 4096, 256 },
  { "large", 16, 1024, 24, 16, 2, 16, 512, 8, 16, 4096, 256 },
  { "huge", 14, 1280, 32, 16, 2, 16, 512, 8, 16, 4096, 256 },
};

static gboolean
fail (GError **error, const char *key)
{
  g_set_error (
      error, SMB_ERROR, SMB_ERROR_ARGUMENT,
      _ ("The network's configuration makes no sense at “%s”: sizes are whole numbers from 1 to %d, patches divide "
         "the image, heads divide the channels, and channels are multiples of four."),
      key, MAX_VALUE);
  return FALSE;
}

static gboolean
take_json (SmbNetConfig *c, const char *json, GError **error)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (GList) keys = NULL;
  g_autoptr (GError) local = NULL;
  JsonNode *root;
  const struct {
    const char *key;
    int *value;
  } ints[] = {
    { "img", &c->image_px },           { "patch", &c->patch_px },         { "dim", &c->dim },
    { "depth", &c->depth },            { "heads", &c->heads },            { "rep_depth", &c->rep_depth },
    { "rep_heads", &c->rep_heads },    { "dec_dim", &c->dec_dim },        { "dec_depth", &c->dec_depth },
    { "dec_heads", &c->dec_heads },    { "proj_hidden", &c->proj_hidden }, { "proj_out", &c->proj_out },
  };

  if (!json_parser_load_from_data (parser, json, -1, &local)) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT, _ ("The network's configuration is no JSON: %s"),
                 local->message);
    return FALSE;
  }
  root = json_parser_get_root (parser);
  if (root == NULL || !JSON_NODE_HOLDS_OBJECT (root))
    return fail (error, json);
  keys = json_object_get_members (json_node_get_object (root));
  for (GList *at = keys; at != NULL; at = at->next) {
    JsonNode *node = json_object_get_member (json_node_get_object (root), at->data);
    gboolean known = FALSE;

    if (!JSON_NODE_HOLDS_VALUE (node))
      return fail (error, at->data);
    if (strcmp (at->data, "norm_pix") == 0 && json_node_get_value_type (node) == G_TYPE_BOOLEAN) {
      c->norm_pix = json_node_get_boolean (node);
      continue;
    }
    for (guint i = 0; i < G_N_ELEMENTS (ints); i++)
      if (strcmp (at->data, ints[i].key) == 0 && json_node_get_value_type (node) == G_TYPE_INT64) {
        *ints[i].value = (int) CLAMP (json_node_get_int (node), 0, MAX_VALUE + 1);
        known = TRUE;
      }
    if (!known)
      return fail (error, at->data);
  }
  return TRUE;
}

static gboolean
check (const SmbNetConfig *c, GError **error)
{
  const struct {
    const char *key;
    int value;
  } ints[] = { { "img", c->image_px },       { "patch", c->patch_px },      { "dim", c->dim },
               { "depth", c->depth },        { "heads", c->heads },         { "rep_depth", c->rep_depth },
               { "rep_heads", c->rep_heads }, { "dec_dim", c->dec_dim },    { "dec_depth", c->dec_depth },
               { "dec_heads", c->dec_heads }, { "proj_hidden", c->proj_hidden }, { "proj_out", c->proj_out } };

  for (guint i = 0; i < G_N_ELEMENTS (ints); i++)
    if (ints[i].value < 1 || ints[i].value > MAX_VALUE)
      return fail (error, ints[i].key);
  if (c->image_px % c->patch_px != 0)
    return fail (error, "patch");
  if (c->dim % 4 != 0 || c->dim % c->heads != 0)
    return fail (error, "heads");
  if (c->dim % c->rep_heads != 0)
    return fail (error, "rep_heads");
  if (c->dec_dim % 4 != 0 || c->dec_dim % c->dec_heads != 0)
    return fail (error, "dec_heads");
  return TRUE;
}

gboolean
smb_net_size_get (SmbNetConfig *config, const char *size, const char *json, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    if (strcmp (sizes[i].name, size) == 0) {
      *config = (SmbNetConfig){ .image_px = 224,
                                .patch_px = sizes[i].patch,
                                .chans = 3,
                                .dim = sizes[i].dim,
                                .depth = sizes[i].depth,
                                .heads = sizes[i].heads,
                                .mlp_ratio = 4,
                                .rep_depth = sizes[i].rep_depth,
                                .rep_heads = sizes[i].rep_heads,
                                .dec_dim = sizes[i].dec_dim,
                                .dec_depth = sizes[i].dec_depth,
                                .dec_heads = sizes[i].dec_heads,
                                .proj_hidden = sizes[i].hidden,
                                .proj_out = sizes[i].out,
                                .norm_pix = TRUE,
                                .ln_eps = 1e-6,
                                .mlp_head_ln_eps = 1e-5 };
      return (json == NULL || take_json (config, json, error)) && check (config, error);
    }
  g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT,
               _ ("“%s” is no size of a network; choose tiny, small, base, large or huge."), size);
  return FALSE;
}
