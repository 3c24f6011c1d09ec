/* SPDX-License-Identifier: Apache-2.0 */
#include "model/smb-net-config.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <json-glib/json-glib.h>
#include <math.h>
#include <string.h>

#include "base/smb-error.h"
#include "model/smb-params.h"

#define MAX_SIDE_PX 8192
#define MAX_JSON_BYTES 16384 /* bounds the parser's recursion: the text may come from a hostile file */

int
smb_net_config_get_grid (const SmbNetConfig *config)
{
  return config->image_px / config->patch_px;
}

int
smb_net_config_get_patches (const SmbNetConfig *config)
{
  return smb_net_config_get_grid (config) * smb_net_config_get_grid (config);
}

/* What is said about a network beside its shapes: the first source that states a key decides. */
typedef struct {
  JsonObject *sources[2]; /* overrides, the file's "config"; NULL if absent */
  const char *origin[2];  /* for messages */
  const SmbTensorDict *weights;
  const char *name;
} Stated;

static JsonNode *
stated_value (const Stated *stated, const char *key, const char **origin)
{
  for (int i = 0; i < 2; i++)
    if (stated->sources[i] != NULL && json_object_has_member (stated->sources[i], key)) {
      *origin = stated->origin[i];
      return json_object_get_member (stated->sources[i], key);
    }
  return NULL;
}

static gboolean
bad_value (const char *origin, const char *key, GError **error)
{
  g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT, _ ("%s: the setting \"%s\" has a value that makes no sense."),
               origin, key);
  return FALSE;
}

/* A whole number from 1; *value stays as it is when nothing is stated. */
static gboolean
stated_int (const Stated *stated, const char *key, int *value, GError **error)
{
  const char *origin;
  JsonNode *node = stated_value (stated, key, &origin);

  if (node == NULL)
    return TRUE;
  if (!JSON_NODE_HOLDS_VALUE (node) || json_node_get_value_type (node) != G_TYPE_INT64 || json_node_get_int (node) < 1
      || json_node_get_int (node) > 1 << 20)
    return bad_value (origin, key, error);
  *value = (int) json_node_get_int (node);
  return TRUE;
}

static gboolean
stated_eps (const Stated *stated, const char *key, double *value, GError **error)
{
  const char *origin;
  JsonNode *node = stated_value (stated, key, &origin);

  if (node == NULL)
    return TRUE;
  if (!JSON_NODE_HOLDS_VALUE (node) || !(json_node_get_double (node) > 0.0 && json_node_get_double (node) < 1.0))
    return bad_value (origin, key, error);
  *value = json_node_get_double (node);
  return TRUE;
}

static gboolean
stated_bool (const Stated *stated, const char *key, gboolean *value, GError **error)
{
  const char *origin;
  JsonNode *node = stated_value (stated, key, &origin);

  if (node == NULL)
    return TRUE;
  if (!JSON_NODE_HOLDS_VALUE (node) || json_node_get_value_type (node) != G_TYPE_BOOLEAN)
    return bad_value (origin, key, error);
  *value = json_node_get_boolean (node);
  return TRUE;
}

/* "True" as Python writes it, "true", "1". */
static void
meta_bool (const SmbTensorDict *weights, const char *key, gboolean *value)
{
  const char *text = smb_tensor_dict_get_meta (weights, key);

  if (text != NULL)
    *value = g_ascii_strcasecmp (text, "true") == 0 || g_str_equal (text, "1");
}

static gboolean
parse_source (Stated *stated, int i, JsonParser *parser, const char *text, const char *origin, GError **error)
{
  JsonNode *root;

  stated->origin[i] = origin;
  if (text == NULL)
    return TRUE;
  if (strlen (text) > MAX_JSON_BYTES || !json_parser_load_from_data (parser, text, -1, NULL)
      || (root = json_parser_get_root (parser)) == NULL || !JSON_NODE_HOLDS_OBJECT (root)) {
    g_set_error (error, SMB_ERROR, i == 0 ? SMB_ERROR_ARGUMENT : SMB_ERROR_FORMAT,
                 _ ("%s: the description of the network is not a JSON object like {\"heads\": 12}."), origin);
    return FALSE;
  }
  stated->sources[i] = json_node_get_object (root);
  return TRUE;
}

static const SmbTensor *
need (const Stated *stated, const char *tensor, int rank, GError **error)
{
  const SmbTensor *t = smb_tensor_dict_get (stated->weights, tensor);

  if (t != NULL && t->rank == rank && t->n > 0)
    return t;
  if (t == NULL)
    g_set_error (error, SMB_ERROR, SMB_ERROR_MISMATCH,
                 _ ("%s is not a network this program knows: the tensor %s is missing."), stated->name, tensor);
  else {
    g_autofree char *shape = smb_tensor_dup_shape_text (t);

    g_set_error (error, SMB_ERROR, SMB_ERROR_MISMATCH,
                 _ ("%s is not a network this program knows: the tensor %s has the shape %s, not %d dimensions."),
                 stated->name, tensor, shape, rank);
  }
  return NULL;
}

static gboolean
detect_kind (const Stated *stated, SmbNetKind *kind, GError **error)
{
  const SmbTensorDict *w = stated->weights;

  if (smb_tensor_dict_get (w, "decoder_pos_embed") != NULL || smb_tensor_dict_get (w, "decoder_pred.weight") != NULL)
    *kind = SMB_NET_ONLINE;
  else if (smb_tensor_dict_get (w, "mask_token") != NULL)
    *kind = SMB_NET_TARGET;
  else if (smb_tensor_dict_get (w, "adapter.linear1.weight") != NULL)
    *kind = SMB_NET_ADAPTER;
  else if (smb_tensor_dict_get (w, "head.weight") != NULL)
    *kind = SMB_NET_CLASSIFIER;
  else {
    g_set_error (error, SMB_ERROR, SMB_ERROR_MISMATCH,
                 _ ("%s holds neither a decoder nor a classifier's head: it is not one of FSFM's networks."),
                 stated->name);
    return FALSE;
  }
  return TRUE;
}

static int
count_blocks (const SmbTensorDict *weights, const char *prefix)
{
  for (int i = 0;; i++) {
    g_autofree char *name = g_strdup_printf ("%s.%d.norm1.weight", prefix, i);

    if (smb_tensor_dict_get (weights, name) == NULL)
      return i;
  }
}

/* First dimension of a tensor, 0 if absent. */
static int
height (const SmbTensorDict *weights, const char *name)
{
  const SmbTensor *t = smb_tensor_dict_get (weights, name);

  return t != NULL && t->rank > 0 && t->shape[0] <= G_MAXINT ? (int) t->shape[0] : 0;
}

static gboolean
read_shapes (const Stated *stated, SmbNetConfig *c, SmbNetKind kind, GError **error)
{
  const SmbTensorDict *w = stated->weights;
  const SmbTensor *pos = need (stated, "pos_embed", 3, error), *patch, *fc1, *dec;
  gint64 l;
  int grid;

  if (pos == NULL)
    return FALSE;
  l = pos->shape[1] - 1;
  grid = (int) lround (sqrt ((double) MAX (l, 0)));
  if (l < 1 || l > 1 << 20 || (gint64) grid * grid != l) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_MISMATCH,
                 _ ("%s: the tensor pos_embed holds %" PRId64 " patches, which are no square grid."),
                 stated->name, l);
    return FALSE;
  }
  patch = need (stated, "patch_embed.proj.weight", 4, error);
  fc1 = patch != NULL ? need (stated, "blocks.0.mlp.fc1.weight", 2, error) : NULL;
  if (fc1 == NULL)
    return FALSE;
  if (pos->shape[2] > 1 << 16 || patch->shape[2] > 1024 || patch->shape[1] > 16
      || grid * patch->shape[2] > MAX_SIDE_PX) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_LIMIT, _ ("%s describes a network of an impossible size."), stated->name);
    return FALSE;
  }
  c->dim = (int) pos->shape[2];
  c->patch_px = (int) patch->shape[2];
  c->chans = (int) patch->shape[1];
  c->image_px = grid * c->patch_px;
  c->depth = count_blocks (w, "blocks");
  c->mlp_ratio = (int) (fc1->shape[0] / c->dim);
  c->rep_depth = count_blocks (w, "rep_decoder_blocks");
  c->dec_depth = count_blocks (w, "decoder_blocks");
  dec = smb_tensor_dict_get (w, "decoder_pos_embed");
  c->dec_dim = dec != NULL && dec->rank == 3 && dec->shape[2] <= 1 << 16 ? (int) dec->shape[2] : 0;
  if (kind == SMB_NET_ONLINE || kind == SMB_NET_TARGET) {
    c->proj_hidden = height (w, "projector.projection_head.0.weight");
    c->proj_out = height (w, "projector.projection_head.3.weight");
  }
  c->classes = height (w, "head.weight");
  c->adapter_dim = height (w, "adapter.linear1.weight");
  c->global_pool = smb_tensor_dict_get (w, "fc_norm.weight") != NULL;
  return TRUE;
}

static gboolean
settle_heads (const Stated *stated, const char *key, int dim, int published, int *heads, GError **error)
{
  *heads = published > 0 ? published : dim / 64;
  if (!stated_int (stated, key, heads, error))
    return FALSE;
  if (*heads >= 1 && dim % *heads == 0)
    return TRUE;
  g_set_error (
      error, SMB_ERROR, SMB_ERROR_MISMATCH,
      _ ("%s does not say how many attention heads share its %d channels; state it, for instance {\"%s\": 8}."),
      stated->name, dim, key);
  return FALSE;
}

static gboolean
settle_habits (const Stated *stated, SmbNetConfig *c, SmbNetKind kind, GError **error)
{
  int published = c->dim == 384 || c->dim == 768 ? 12 : c->dim == 1024 || c->dim == 1280 ? 16 : 0;
  gboolean pretraining = kind == SMB_NET_ONLINE || kind == SMB_NET_TARGET;

  c->ln_eps = 1e-6;
  c->mlp_head_ln_eps = 1e-5;
  c->norm_pix = TRUE; /* as in every published pre-training */
  meta_bool (stated->weights, "args.norm_pix_loss", &c->norm_pix);
  meta_bool (stated->weights, "norm_pix", &c->norm_pix);
  return settle_heads (stated, "heads", c->dim, published, &c->heads, error)
         && (!pretraining || settle_heads (stated, "rep_heads", c->dim, 16, &c->rep_heads, error))
         && (kind != SMB_NET_ONLINE || c->dec_dim == 0
             || settle_heads (stated, "dec_heads", c->dec_dim, 16, &c->dec_heads, error))
         && (pretraining || stated_bool (stated, "global_pool", &c->global_pool, error))
         && stated_bool (stated, "norm_pix", &c->norm_pix, error)
         && stated_eps (stated, "ln_eps", &c->ln_eps, error)
         && stated_eps (stated, "mlp_head_ln_eps", &c->mlp_head_ln_eps, error);
}

static gboolean
check_row (const Stated *stated, const SmbParamRow *row, GError **error)
{
  const SmbTensor *t = smb_tensor_dict_get (stated->weights, row->name);
  g_autoptr (GString) want = NULL;
  g_autofree char *found = NULL;

  if (t == NULL) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_MISMATCH,
                 _ ("%s is incomplete: the tensor %s is missing, so it is not one of FSFM's networks."), stated->name,
                 row->name);
    return FALSE;
  }
  if (t->rank == row->rank && memcmp (t->shape, row->shape, (gsize) row->rank * sizeof *row->shape) == 0
      && (t->dtype == SMB_DTYPE_F32 || t->dtype == SMB_DTYPE_F16 || t->dtype == SMB_DTYPE_BF16
          || t->dtype == SMB_DTYPE_F64))
    return TRUE;
  want = g_string_new (NULL);
  for (int i = 0; i < row->rank; i++)
    g_string_append_printf (want, "%s%" G_GINT64_FORMAT, i > 0 ? ", " : "", row->shape[i]);
  found = smb_tensor_dup_shape_text (t);
  g_set_error (
      error, SMB_ERROR, SMB_ERROR_MISMATCH,
      _ ("%s: the tensor %s should hold (%s) real numbers, but holds %s of type %s. The file belongs to another "
         "network."),
      stated->name, row->name, want->str, found, smb_dtype_name (t->dtype));
  return FALSE;
}

static gboolean
check_shapes (const Stated *stated, const SmbNetConfig *c, SmbNetKind kind, GError **error)
{
  g_autoptr (GPtrArray) rows = smb_params_table (c, kind);

  for (guint i = 0; i < rows->len; i++)
    if (!check_row (stated, g_ptr_array_index (rows, i), error))
      return FALSE;
  return TRUE;
}

/* Another input size than the weights' own is a wish, so only overrides can state it. */
static gboolean
settle_image_size (const Stated *stated, SmbNetConfig *c, GError **error)
{
  const Stated only = { { stated->sources[0], NULL }, { stated->origin[0], NULL }, stated->weights, stated->name };
  int image_px = c->image_px;

  if (!stated_int (&only, "img", &image_px, error))
    return FALSE;
  if (image_px % c->patch_px != 0 || image_px < c->patch_px || image_px > MAX_SIDE_PX) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT,
                 _ ("An input of %d pixels does not divide into patches of %d pixels; choose a multiple of %d."),
                 image_px, c->patch_px, c->patch_px);
    return FALSE;
  }
  c->image_px = image_px;
  return TRUE;
}

gboolean
smb_net_config_detect (SmbNetConfig *config, SmbNetKind *kind, const SmbTensorDict *weights, const char *overrides,
                       const char *name, GError **error)
{
  g_autoptr (JsonParser) first = json_parser_new (), second = json_parser_new ();
  Stated stated = { .weights = weights, .name = name };

  memset (config, 0, sizeof *config);
  return parse_source (&stated, 0, first, overrides, _ ("Given settings"), error)
         && parse_source (&stated, 1, second, smb_tensor_dict_get_meta (weights, "config"), name, error)
         && detect_kind (&stated, kind, error) && read_shapes (&stated, config, *kind, error)
         && settle_habits (&stated, config, *kind, error) && check_shapes (&stated, config, *kind, error)
         && settle_image_size (&stated, config, error);
}

char *
smb_net_config_to_json (const SmbNetConfig *c)
{
  g_autoptr (JsonBuilder) b = json_builder_new ();
  g_autoptr (JsonNode) root = NULL;
  const struct {
    const char *key;
    int value;
  } ints[] = {
    { "img", c->image_px },           { "patch", c->patch_px },         { "dim", c->dim },
    { "depth", c->depth },            { "heads", c->heads },            { "rep_depth", c->rep_depth },
    { "rep_heads", c->rep_heads },    { "dec_dim", c->dec_dim },        { "dec_depth", c->dec_depth },
    { "dec_heads", c->dec_heads },    { "proj_hidden", c->proj_hidden }, { "proj_out", c->proj_out },
    { "mlp_ratio", c->mlp_ratio },    { "chans", c->chans },            { "classes", c->classes },
    { "adapter_dim", c->adapter_dim },
  };

  json_builder_begin_object (b);
  for (guint i = 0; i < G_N_ELEMENTS (ints); i++)
    if (ints[i].value > 0) { /* 0: this kind of network has no such part */
      json_builder_set_member_name (b, ints[i].key);
      json_builder_add_int_value (b, ints[i].value);
    }
  json_builder_set_member_name (b, "global_pool");
  json_builder_add_boolean_value (b, c->global_pool);
  json_builder_set_member_name (b, "norm_pix");
  json_builder_add_boolean_value (b, c->norm_pix);
  json_builder_set_member_name (b, "ln_eps");
  json_builder_add_double_value (b, c->ln_eps);
  json_builder_set_member_name (b, "mlp_head_ln_eps");
  json_builder_add_double_value (b, c->mlp_head_ln_eps);
  json_builder_end_object (b);
  root = json_builder_get_root (b);
  return json_to_string (root, FALSE);
}
