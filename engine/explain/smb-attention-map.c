/* SPDX-License-Identifier: Apache-2.0 */
#include "explain/smb-attention-map.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <math.h>

#include "base/smb-error.h"

static int
grid_side (gint64 tokens)
{
  int side = (int) lround (sqrt ((double) MAX (tokens - 1, 0)));

  return (gint64) side * side == tokens - 1 ? side : 0;
}

/* What the rows of queries first … last are on average, for one head's matrix (T,T), class column dropped; added to out
 * (L), each value times `weight`. */
static void
add_rows (double *out, const float *matrix, gint64 tokens, gint64 first, gint64 last, double weight)
{
  for (gint64 row = first; row <= last; row++)
    for (gint64 column = 1; column < tokens; column++)
      out[column - 1] += weight / (double) (last - first + 1) * matrix[row * tokens + column];
}

/* matrices (n,T,T), averaged from first_matrix on. */
static SmbMap *
map_of_matrices (const SmbMapSpec *spec, const SmbTensor *tensor, gint64 first_matrix, gint64 n_matrices,
                 gboolean pooled, GError **error)
{
  const gint64 tokens = tensor->shape[tensor->rank - 1];
  const int side = grid_side (tokens);
  const float *data = tensor->data;
  g_autofree double *sums = NULL;
  g_autofree float *values = NULL;
  gint64 first = 0, last = 0;

  if (spec->query >= tokens) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT,
                 _ ("Patch %d does not exist: the model has patches 0 to %" PRId64 "; choose one of them."),
                 spec->query - 1, tokens - 2);
    return NULL;
  }
  if (spec->query > 0)
    first = last = spec->query;
  else if (spec->query < 0 && pooled) {
    first = 1;
    last = tokens - 1;
  }
  sums = g_new0 (double, tokens);
  for (gint64 m = first_matrix; m < first_matrix + n_matrices; m++)
    add_rows (sums, data + m * tokens * tokens, tokens, first, last, 1.0 / (double) n_matrices);
  values = g_new (float, tokens);
  for (gint64 i = 0; i < tokens - 1; i++) {
    if (!isfinite (sums[i])) {
      g_set_error (error, SMB_ERROR, SMB_ERROR_FAILED,
                   _ ("The network's attention holds values that are not numbers; its weights are damaged: verify the "
                      "model or import it again."));
      return NULL;
    }
    values[i] = (float) sums[i];
  }
  return smb_map_new_grid (spec, side, side, values);
}

/* Host, float32, batch of one, square, a class token and a square number of patches. */
static gboolean
check_shape (const SmbTensor *tensor, int rank, const char *what, GError **error)
{
  g_autofree char *shape = NULL;

  if (tensor->rank == rank && tensor->dtype == SMB_DTYPE_F32 && tensor->device == NULL && tensor->shape[0] == 1
      && tensor->shape[rank - 2] == tensor->shape[rank - 1] && tensor->shape[1] > 0
      && grid_side (tensor->shape[rank - 1]) > 0)
    return TRUE;
  shape = smb_tensor_dup_shape_text (tensor);
  g_set_error (error, SMB_ERROR, SMB_ERROR_MISMATCH,
               _ ("%s has the shape %s; a map needs one face, and a class token beside a square of patches."), what,
               shape);
  return FALSE;
}

SmbMap *
smb_attention_map (const SmbMapSpec *spec, const SmbTensor *attention, gboolean pooled, GError **error)
{
  gint64 heads;

  g_return_val_if_fail (spec != NULL && attention != NULL, NULL);
  if (!check_shape (attention, 4, _ ("Attention"), error))
    return NULL;
  heads = attention->shape[1];
  if (spec->head >= heads) {
    g_set_error (error, SMB_ERROR, SMB_ERROR_ARGUMENT,
                 _ ("Head %d does not exist: the model has heads 0 to %" PRId64
                    "; choose one of them or “mean”."),
                 spec->head, heads - 1);
    return NULL;
  }
  return map_of_matrices (spec, attention, MAX (spec->head, 0), spec->head < 0 ? heads : 1, pooled, error);
}

SmbMap *
smb_rollout_map (const SmbMapSpec *spec, const SmbTensor *rollout, gboolean pooled, GError **error)
{
  g_return_val_if_fail (spec != NULL && rollout != NULL, NULL);
  if (!check_shape (rollout, 3, _ ("Rollout"), error))
    return NULL;
  return map_of_matrices (spec, rollout, 0, 1, pooled, error);
}

SmbMap *
smb_relevance_map (const SmbMapSpec *spec, const SmbTensor *relevance, gboolean pooled, GError **error)
{
  g_return_val_if_fail (spec != NULL && relevance != NULL, NULL);
  if (!check_shape (relevance, 3, _ ("Relevance"), error))
    return NULL;
  return map_of_matrices (spec, relevance, 0, 1, pooled, error);
}
