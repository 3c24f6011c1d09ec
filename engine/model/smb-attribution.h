/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "tensor/smb-tensor.h"

G_BEGIN_DECLS

/* Attention flow through a stack of blocks, from host tensors; sums in float64. T = 1 + L tokens, the class token
 * first. */

/* Attention rollout (Abnar and Zuidema 2020): the product, later blocks on the left, of the row-normalised
 * (mean over heads + identity). means holds "attn_mean.0" … (B,T,T) of `depth` blocks; *rollout_out (B,T,T), owned by
 * the caller. MISMATCH if one is missing or of another shape. */
gboolean smb_rollout (const SmbTensorDict *means, int depth, SmbTensor **rollout_out, GError **error);

/* Gradient relevance (Chefer, Gur and Wolf 2021, the self-attention rule): R = I, then for each block
 * R += mean over heads of max (0, dY/dA * A) . R, from these means, "attn_relevance.0" … (B,T,T). */
gboolean smb_relevance (const SmbTensorDict *means, int depth, SmbTensor **relevance_out, GError **error);

/* (B,T,T) -> (B,L), the importance of each patch: the class token's row, or the mean of the patches' rows for a
 * classifier that pools them; the class token's own column is left out and nothing is rescaled. */
SmbTensor *smb_token_row (const SmbTensor *r, gboolean pooled);

G_END_DECLS
