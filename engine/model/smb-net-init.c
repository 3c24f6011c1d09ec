/* SPDX-License-Identifier: Apache-2.0 */
#include "model/smb-net.h"

#include <math.h>
#include <string.h>

#include "base/smb-rng.h"
#include "model/smb-params.h"
#include "model/smb-pos-embed.h"

typedef enum { FILL_CONSTANT, FILL_NORMAL, FILL_UNIFORM } Fill;

static void
fill (SmbTensor *t, SmbRng *rng, Fill how, double value)
{
  float *x = t->data;

  for (gint64 i = 0; i < t->n; i++)
    x[i] = (float) (how == FILL_CONSTANT ? value
                    : how == FILL_NORMAL ? value * smb_rng_normal (rng)
                                         : value * (2.0 * smb_rng_uniform (rng) - 1.0));
}

/* Adapter, its projector and the head's bias beside it: uniform within 1 / sqrt (inputs); 0 for every other parameter.
 */
static double
adapter_bound (const SmbNetConfig *c, SmbNetKind kind, const char *name)
{
  double inputs;

  if (kind != SMB_NET_ADAPTER)
    return 0.0;
  if (g_str_equal (name, "head.bias"))
    inputs = 2.0 * c->dim;
  else if (g_str_equal (name, "adapter.linear1.weight"))
    inputs = c->dim;
  else if (g_str_has_prefix (name, "adapter.") || g_str_has_prefix (name, "projector."))
    inputs = c->adapter_dim;
  else
    return 0.0;
  return 1.0 / sqrt (inputs);
}

static SmbTensor *
init_row (const SmbNetConfig *c, SmbNetKind kind, const SmbParamRow *row, SmbRng *rng)
{
  SmbTensor *t;
  double bound = adapter_bound (c, kind, row->name);

  if (g_str_equal (row->name, "pos_embed"))
    return smb_pos_embed_sincos (c->dim, smb_net_config_get_grid (c));
  if (g_str_equal (row->name, "decoder_pos_embed"))
    return smb_pos_embed_sincos (c->dec_dim, smb_net_config_get_grid (c));
  t = smb_tensor_new (SMB_DTYPE_F32, row->rank, row->shape);
  if (g_str_equal (row->name, "rep_decoder_pos_embed"))
    return t; /* stays zero, as in the published pre-training */
  if (g_str_has_suffix (row->name, "_token"))
    fill (t, rng, FILL_NORMAL, 0.02);
  else if (bound > 0.0)
    fill (t, rng, FILL_UNIFORM, bound);
  else if (g_str_equal (row->name, "head.weight"))
    fill (t, rng, FILL_NORMAL, 2e-5);
  else if (row->rank == 1)
    fill (t, rng, FILL_CONSTANT, g_str_has_suffix (row->name, ".bias") ? 0.0 : 1.0);
  else { /* xavier-uniform, a patch projection seen as a matrix */
    const gint64 rows = row->shape[0], columns = t->n / rows;

    fill (t, rng, FILL_UNIFORM, sqrt (6.0 / (double) (rows + columns)));
  }
  return t;
}

SmbTensorDict *
smb_net_init_weights (const SmbNetConfig *config, SmbNetKind kind, guint64 seed)
{
  SmbTensorDict *weights = smb_tensor_dict_new ();
  g_autoptr (GPtrArray) rows = smb_params_table (config, kind);
  g_autofree char *json = smb_net_config_to_json (config);

  for (guint i = 0; i < rows->len; i++) {
    const SmbParamRow *row = g_ptr_array_index (rows, i);
    g_autoptr (SmbTensor) t = NULL;
    SmbRng rng;

    smb_rng_init (&rng, seed, i);
    t = init_row (config, kind, row, &rng);
    smb_tensor_dict_set (weights, row->name, t);
  }
  smb_tensor_dict_set_meta (weights, "config", json);
  return weights;
}
