/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "explain/smb-map.h"
#include "tensor/smb-tensor.h"

G_BEGIN_DECLS

/* Where a transformer looks, as a grid over the image's patches. Tokens: class token first, then the L patches row by
 * row; L must be a square number.
 * The query of the spec says whose view is shown: 0 the class token's row, 1 + k the row of patch k, -1 what the
 * model's answer rests on: with `pooled` the mean over the rows of all patches, else the class token's. The column of
 * the class token is left out and nothing is rescaled, so a map sums to a little less than 1. Errors: ARGUMENT (a head
 * or patch that does not exist), MISMATCH (tensor of another shape, named), FAILED (values that are not numbers). */

/* attention (1,H,T,T): softmax probabilities of one layer, row = query, column = key. spec->head: one, or -1 the mean
 * of all. */
SmbMap *smb_attention_map (const SmbMapSpec *spec, const SmbTensor *attention, gboolean pooled, GError **error);

/* rollout (1,T,T): product over the layers of the row-normalised (mean of heads + identity) (Abnar and Zuidema 2020).
 */
SmbMap *smb_rollout_map (const SmbMapSpec *spec, const SmbTensor *rollout, gboolean pooled, GError **error);

/* relevance (1,T,T): gradient relevance of a class (Chefer, Gur and Wolf 2021, equations 5 and 6 for self-attention).
 * Not probabilities: only the order of its values and their proportions mean something. */
SmbMap *smb_relevance_map (const SmbMapSpec *spec, const SmbTensor *relevance, gboolean pooled, GError **error);

G_END_DECLS
