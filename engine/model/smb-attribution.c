/* SPDX-License-Identifier: Apache-2.0 */
#include "model/smb-attribution.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "base/smb-error.h"

/* "prefix.layer", (B,T,T); `like` fixes the shape once the first is read. */
static const SmbTensor *
map_of_layer (const SmbTensorDict *means, const char *prefix, int layer, const SmbTensor *like, GError **error)
{
  g_autofree char *name = g_strdup_printf ("%s.%d", prefix, layer);
  const SmbTensor *map = smb_tensor_dict_get (means, name);

  if (map != NULL && map->rank == 3 && map->dtype == SMB_DTYPE_F32 && map->shape[1] == map->shape[2]
      && (like == NULL || memcmp (map->shape, like->shape, 3 * sizeof *map->shape) == 0))
    return map;
  g_set_error (error, SMB_ERROR, SMB_ERROR_MISMATCH,
               _ ("The attention map %s is missing or has another shape than the others; ask the network for its "
                  "attention."),
               name);
  return NULL;
}

/* r (T,T) = (add ? r : 0) + m . r, one sample, rows in turn with a float64 row. */
static void
apply (double *r, double *scratch, const double *m, gint64 t, gboolean add)
{
  for (gint64 i = 0; i < t; i++)
    for (gint64 k = 0; k < t; k++) {
      double f = m[i * t + k];
      const double *from = r + k * t;
      double *to = scratch + i * t;

      if (k == 0)
        memset (to, 0, (gsize) t * sizeof *to);
      for (gint64 j = 0; j < t; j++)
        to[j] += f * from[j];
    }
  for (gint64 i = 0; i < t * t; i++)
    /* NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): a loop has filled it */
    r[i] = add ? r[i] + scratch[i] : scratch[i];
}

static void
identity (double *r, gint64 t)
{
  memset (r, 0, (gsize) (t * t) * sizeof *r);
  for (gint64 i = 0; i < t; i++)
    r[i * t + i] = 1.0;
}

/* m (T,T): row-normalised m + I */
static void
rollout_step (double *m, gint64 t)
{
  for (gint64 i = 0; i < t; i++) {
    double sum = 0.0;

    m[i * t + i] += 1.0;
    for (gint64 j = 0; j < t; j++)
      sum += m[i * t + j];
    for (gint64 j = 0; j < t; j++)
      m[i * t + j] /= sum;
  }
}

/* Multiplies the steps of all layers, sample by sample. */
static SmbTensor *
flow (const SmbTensor *const *maps, int depth, gboolean of_gradients)
{
  gint64 b = maps[0]->shape[0], t = maps[0]->shape[1];
  g_autofree double *r = g_new (double, t * t), *m = g_new0 (double, t * t), *scratch = g_new (double, t * t);
  SmbTensor *out = smb_tensor_new (SMB_DTYPE_F32, 3, maps[0]->shape);

  for (gint64 n = 0; n < b; n++) {
    identity (r, t);
    for (int i = 0; i < depth; i++) {
      for (gint64 k = 0; k < t * t; k++)
        m[k] = (double) ((const float *) maps[i]->data)[n * t * t + k];
      if (!of_gradients)
        rollout_step (m, t);
      apply (r, scratch, m, t, of_gradients);
    }
    for (gint64 i = 0; i < t * t; i++)
      ((float *) out->data)[n * t * t + i] = (float) r[i];
  }
  return out;
}

static gboolean
collect (const SmbTensorDict *means, const char *prefix, int depth, gboolean of_gradients, SmbTensor **out,
         GError **error)
{
  g_autofree const SmbTensor **maps = NULL;

  g_return_val_if_fail (depth > 0 && out != NULL, FALSE);
  maps = g_new0 (const SmbTensor *, depth);
  for (int i = 0; i < depth; i++) {
    maps[i] = map_of_layer (means, prefix, i, maps[0], error);
    if (maps[i] == NULL)
      return FALSE;
  }
  *out = flow (maps, depth, of_gradients);
  return TRUE;
}

gboolean
smb_rollout (const SmbTensorDict *means, int depth, SmbTensor **rollout_out, GError **error)
{
  return collect (means, "attn_mean", depth, FALSE, rollout_out, error);
}

gboolean
smb_relevance (const SmbTensorDict *means, int depth, SmbTensor **relevance_out, GError **error)
{
  return collect (means, "attn_relevance", depth, TRUE, relevance_out, error);
}

SmbTensor *
smb_token_row (const SmbTensor *r, gboolean pooled)
{
  gint64 t = r->shape[1];
  const gint64 shape[] = { r->shape[0], t - 1 };
  SmbTensor *out;

  g_return_val_if_fail (r->rank == 3 && t > 1 && r->shape[2] == t && r->dtype == SMB_DTYPE_F32, NULL);
  out = smb_tensor_new (SMB_DTYPE_F32, 2, shape);
  for (gint64 n = 0; n < shape[0]; n++)
    for (gint64 j = 1; j < t; j++) {
      const float *sample = (const float *) r->data + n * t * t;
      double sum = 0.0;

      for (gint64 i = 1; pooled && i < t; i++)
        sum += (double) sample[i * t + j];
      ((float *) out->data)[n * (t - 1) + j - 1] = pooled ? (float) (sum / (double) (t - 1)) : sample[j];
    }
  return out;
}
