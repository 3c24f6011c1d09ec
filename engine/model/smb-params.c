/* SPDX-License-Identifier: Apache-2.0 */
#include "model/smb-params.h"

static void
row_free (gpointer data)
{
  SmbParamRow *row = data;

  g_free (row->name);
  g_free (row);
}

static void
add (GPtrArray *rows, char *name, int rank, gint64 a, gint64 b, gint64 c, gint64 d)
{
  SmbParamRow *row = g_new (SmbParamRow, 1);

  *row = (SmbParamRow){ name, rank, { a, b, c, d } };
  g_ptr_array_add (rows, row);
}

static void
add_affine (GPtrArray *rows, const char *name, gint64 n_out, gint64 n_in)
{
  add (rows, g_strconcat (name, ".weight", NULL), 2, n_out, n_in, 0, 0);
  add (rows, g_strconcat (name, ".bias", NULL), 1, n_out, 0, 0, 0);
}

static void
add_norm (GPtrArray *rows, const char *name, gint64 dim)
{
  add (rows, g_strconcat (name, ".weight", NULL), 1, dim, 0, 0, 0);
  add (rows, g_strconcat (name, ".bias", NULL), 1, dim, 0, 0, 0);
}

static void
add_blocks (GPtrArray *rows, const char *prefix, int depth, gint64 dim, gint64 ratio)
{
  const struct {
    const char *name;
    gint64 n_out, n_in; /* n_in 0: a norm */
  } parts[] = {
    { "norm1", dim, 0 }, { "attn.qkv", 3 * dim, dim }, { "attn.proj", dim, dim },
    { "norm2", dim, 0 }, { "mlp.fc1", ratio * dim, dim }, { "mlp.fc2", dim, ratio * dim },
  };

  for (int i = 0; i < depth; i++)
    for (guint k = 0; k < G_N_ELEMENTS (parts); k++) {
      g_autofree char *name = g_strdup_printf ("%s.%d.%s", prefix, i, parts[k].name);

      if (parts[k].n_in == 0)
        add_norm (rows, name, parts[k].n_out);
      else
        add_affine (rows, name, parts[k].n_out, parts[k].n_in);
    }
}

static void
add_mlp_head (GPtrArray *rows, const char *prefix, gint64 n_in, gint64 hidden, gint64 n_out)
{
  g_autofree char *first = g_strconcat (prefix, ".projection_head.0", NULL);
  g_autofree char *norm = g_strconcat (prefix, ".projection_head.1", NULL);
  g_autofree char *last = g_strconcat (prefix, ".projection_head.3", NULL);

  add_affine (rows, first, hidden, n_in);
  add_norm (rows, norm, hidden);
  add_affine (rows, last, n_out, hidden);
}

static void
add_downstream (GPtrArray *rows, const SmbNetConfig *c, SmbNetKind kind)
{
  if (!c->global_pool)
    add_norm (rows, "norm", c->dim);
  add_affine (rows, "head", c->classes, kind == SMB_NET_ADAPTER ? 2 * c->dim : c->dim);
  if (c->global_pool)
    add_norm (rows, "fc_norm", c->dim);
  if (kind == SMB_NET_ADAPTER) {
    add (rows, g_strdup ("adapter.linear1.weight"), 2, c->adapter_dim, c->dim, 0, 0);
    add (rows, g_strdup ("adapter.linear2.weight"), 2, c->dim, c->adapter_dim, 0, 0);
    add_affine (rows, "projector", c->adapter_dim, c->adapter_dim);
  }
}

GPtrArray *
smb_params_table (const SmbNetConfig *c, SmbNetKind kind)
{
  GPtrArray *rows = g_ptr_array_new_with_free_func (row_free);
  gboolean online = kind == SMB_NET_ONLINE, pretraining = online || kind == SMB_NET_TARGET;
  gint64 tokens = smb_net_config_get_patches (c) + 1;

  add (rows, g_strdup ("cls_token"), 3, 1, 1, c->dim, 0);
  add (rows, g_strdup ("pos_embed"), 3, 1, tokens, c->dim, 0);
  if (pretraining) {
    add (rows, g_strdup ("mask_token"), 3, 1, 1, c->dim, 0);
    add (rows, g_strdup ("rep_decoder_pos_embed"), 3, 1, tokens, c->dim, 0);
  }
  if (online)
    add (rows, g_strdup ("decoder_pos_embed"), 3, 1, tokens, c->dec_dim, 0);
  add (rows, g_strdup ("patch_embed.proj.weight"), 4, c->dim, c->chans, c->patch_px, c->patch_px);
  add (rows, g_strdup ("patch_embed.proj.bias"), 1, c->dim, 0, 0, 0);
  add_blocks (rows, "blocks", c->depth, c->dim, c->mlp_ratio);
  if (!pretraining) {
    add_downstream (rows, c, kind);
    return rows;
  }
  add_norm (rows, "norm", c->dim);
  add_mlp_head (rows, "projector", c->dim, c->proj_hidden, c->proj_out);
  if (online)
    add_mlp_head (rows, "predictor", c->proj_out, c->proj_hidden, c->proj_out);
  add_affine (rows, "rep_decoder_embed", c->dim, c->dim);
  add_blocks (rows, "rep_decoder_blocks", c->rep_depth, c->dim, c->mlp_ratio);
  add_norm (rows, "rep_decoder_norm", c->dim);
  add_affine (rows, "rep_decoder_pred", c->dim, c->dim);
  if (online) {
    add_affine (rows, "decoder_embed", c->dec_dim, c->dim);
    add_blocks (rows, "decoder_blocks", c->dec_depth, c->dec_dim, c->mlp_ratio);
    add_norm (rows, "decoder_norm", c->dec_dim);
    add_affine (rows, "decoder_pred", (gint64) c->patch_px * c->patch_px * c->chans, c->dec_dim);
  }
  return rows;
}

gint64
smb_params_count (const SmbNetConfig *config, SmbNetKind kind)
{
  g_autoptr (GPtrArray) rows = smb_params_table (config, kind);
  gint64 sum = 0;

  for (guint i = 0; i < rows->len; i++) {
    const SmbParamRow *row = g_ptr_array_index (rows, i);
    gint64 n = 1;

    for (int k = 0; k < row->rank; k++)
      n *= row->shape[k];
    sum += n;
  }
  return sum;
}

gboolean
smb_params_is_table (const char *name)
{
  return g_str_equal (name, "pos_embed") || g_str_equal (name, "rep_decoder_pos_embed")
         || g_str_equal (name, "decoder_pos_embed");
}
