/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "tensor/smb-exec.h"

G_BEGIN_DECLS

/* The operations of the backend table (backend/smb-backend-abi.h states each one's mathematics, and what overwrites and
 * what accumulates) on tensors, outputs first. This is the one place that checks shapes; a misfit becomes the run's
 * error (MISMATCH). Leading dimensions are rows: a linear layer takes (B,T,C) as well as (R,C). Tensors marked "or
 * NULL" are optional. All must lie on the run's device. */

/* Products. w may have more than two dimensions (a patch projection): (n_out, everything else). */
void smb_op_linear (SmbExec *exec, SmbTensor *y, SmbTensor *before /* or NULL */, const SmbTensor *x,
                    const SmbTensor *w, const void *prepared /* or NULL */,
                    SmbPrecision precision /* where nothing is prepared */, const SmbTensor *bias /* or NULL */,
                    const SmbTensor *residual /* or NULL */, SmbEpilogue epilogue);
void smb_op_linear_backward (SmbExec *exec, SmbTensor *dx /* or NULL */, SmbTensor *dw /* or NULL */,
                             SmbTensor *dbias /* or NULL */, const SmbTensor *dy, const SmbTensor *x,
                             const SmbTensor *w, SmbPrecision precision);
/* c (m,n) = alpha op (a) op (b) + beta c on matrices; op transposes where asked. */
void smb_op_gemm (SmbExec *exec, SmbTensor *c, const SmbTensor *a, const SmbTensor *b, gboolean trans_a,
                  gboolean trans_b, double alpha, double beta);

/* y (B,T,C), probs (B,H,T,T) or NULL, mean (B,T,T) of probs over the heads or NULL, lse (B,H,T) or NULL, qkv (B,T,3C).
 */
void smb_op_attention (SmbExec *exec, SmbTensor *y, SmbTensor *probs, SmbTensor *mean, SmbTensor *lse,
                       const SmbTensor *qkv, int heads, SmbPrecision precision);
/* dprobs (B,H,T,T) or NULL; relevance (B,T,T), the mean over heads of max (0, probs dprobs), or NULL. */
void smb_op_attention_backward (SmbExec *exec, SmbTensor *dqkv, SmbTensor *dprobs, SmbTensor *relevance,
                                const SmbTensor *dy, const SmbTensor *y, const SmbTensor *qkv, const SmbTensor *lse,
                                int heads, SmbPrecision precision);

/* mean, rstd hold one number a row; NULL in forward if no backward follows. dw and db may be NULL (frozen). */
void smb_op_layer_norm (SmbExec *exec, SmbTensor *y, SmbTensor *mean, SmbTensor *rstd, const SmbTensor *x,
                        const SmbTensor *w, const SmbTensor *b, double eps);
void smb_op_layer_norm_backward (SmbExec *exec, SmbTensor *dx, SmbTensor *dw, SmbTensor *db, const SmbTensor *dy,
                                 const SmbTensor *x, const SmbTensor *w, const SmbTensor *mean, const SmbTensor *rstd);
void smb_op_gelu (SmbExec *exec, SmbTensor *y, const SmbTensor *x);
void smb_op_gelu_backward (SmbExec *exec, SmbTensor *dx, const SmbTensor *dy, const SmbTensor *x);
void smb_op_relu (SmbExec *exec, SmbTensor *y, const SmbTensor *x);
void smb_op_relu_backward (SmbExec *exec, SmbTensor *dx, const SmbTensor *dy, const SmbTensor *y);
void smb_op_unit_rows (SmbExec *exec, SmbTensor *y, SmbTensor *norm, const SmbTensor *x);
void smb_op_unit_rows_backward (SmbExec *exec, SmbTensor *dx, const SmbTensor *dy, const SmbTensor *y,
                                const SmbTensor *norm);

/* Element-wise. gate (B) or NULL, B the first dimension of x. */
void smb_op_fill (SmbExec *exec, SmbTensor *y, float value);
void smb_op_copy (SmbExec *exec, SmbTensor *y, const SmbTensor *x);
void smb_op_axpy (SmbExec *exec, SmbTensor *y, float a, const SmbTensor *x);
void smb_op_residual_add (SmbExec *exec, SmbTensor *y, const SmbTensor *x, const SmbTensor *branch,
                          const SmbTensor *gate);
void smb_op_scale_samples (SmbExec *exec, SmbTensor *y, const SmbTensor *x, const SmbTensor *gate);

/* Layout. */
void smb_op_patchify (SmbExec *exec, SmbTensor *patches, const SmbTensor *images, int patch_px, SmbPatchOrder order);
void smb_op_unpatchify (SmbExec *exec, SmbTensor *images, const SmbTensor *patches, int patch_px, SmbPatchOrder order);
void smb_op_gather_rows (SmbExec *exec, SmbTensor *out, const SmbTensor *x, const SmbTensor *index);
void smb_op_tokens (SmbExec *exec, SmbTensor *out, const SmbTensor *x, const SmbTensor *cls, const SmbTensor *pos,
                    const SmbTensor *index /* or NULL */);
void smb_op_tokens_backward (SmbExec *exec, SmbTensor *dx, SmbTensor *dcls, SmbTensor *dpos, const SmbTensor *dout,
                             const SmbTensor *index /* or NULL */);
void smb_op_unshuffle (SmbExec *exec, SmbTensor *out, const SmbTensor *x, const SmbTensor *mask,
                       const SmbTensor *pos /* or NULL */, const SmbTensor *index);
void smb_op_unshuffle_backward (SmbExec *exec, SmbTensor *dx, SmbTensor *dmask, const SmbTensor *dout,
                                const SmbTensor *index);
void smb_op_add_table (SmbExec *exec, SmbTensor *x, const SmbTensor *table);
void smb_op_mean_tokens (SmbExec *exec, SmbTensor *out, const SmbTensor *x, int first);
void smb_op_mean_tokens_backward (SmbExec *exec, SmbTensor *dx, const SmbTensor *dout, int first);
void smb_op_take_row (SmbExec *exec, SmbTensor *out, const SmbTensor *x, int row);
void smb_op_take_row_backward (SmbExec *exec, SmbTensor *dx, const SmbTensor *dout, int row);
/* out (B,L,C) = x (B,1+L,C) without its first token; and back: dx gets a first token of zeros. */
void smb_op_drop_class (SmbExec *exec, SmbTensor *out, const SmbTensor *x);
void smb_op_drop_class_backward (SmbExec *exec, SmbTensor *dx, const SmbTensor *dout);
/* out (B,M+N) = [a (B,M) | b (B,N)], and back. da, db may be NULL. */
void smb_op_join_columns (SmbExec *exec, SmbTensor *out, const SmbTensor *a, const SmbTensor *b);
void smb_op_split_columns (SmbExec *exec, SmbTensor *a, SmbTensor *b, const SmbTensor *x);

/* Reconstruction loss. target, pred (B,L,P P c); mean, sd, error, weight one number a patch. */
void smb_op_recon_target (SmbExec *exec, SmbTensor *target, SmbTensor *mean, SmbTensor *sd, gboolean normalise);
void smb_op_recon_error (SmbExec *exec, SmbTensor *error, const SmbTensor *pred, const SmbTensor *target);
void smb_op_recon_backward (SmbExec *exec, SmbTensor *dpred, const SmbTensor *pred, const SmbTensor *target,
                            const SmbTensor *weight);

/* Optimisation. `rates` holds lr, betas, eps, decay, scale and t; its pointers are filled in here. */
void smb_op_adamw (SmbExec *exec, SmbTensor *param, SmbTensor *m, SmbTensor *v, const SmbTensor *grad,
                   const SmbAdamW *rates);
void smb_op_ema (SmbExec *exec, SmbTensor *target, const SmbTensor *online, double momentum);
/* Sum of squares in float64; 0 when the run is dry or has failed. */
double smb_op_sum_squares (SmbExec *exec, const SmbTensor *x);

G_END_DECLS
