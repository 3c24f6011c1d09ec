/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Losses on small matrices, on the host in float64. Gradients are float32, overwrite, and may be NULL. */

/* Sum of the chosen errors / how many are chosen; 0 if none is (FSFM's region loss on a batch without the region). */
double smb_loss_masked_mean (const float *error, const guint8 *chosen, gsize n);

/* Cross entropy against soft targets (B,K): rows t . log softmax (logits), averaged over the batch. class_weights (K)
 * or NULL: every term is weighted by its class and the sum divided by the sum of the weights (as PyTorch does for whole
 * labels). dlogits (B,K). */
double smb_loss_cross_entropy (const float *logits, const double *targets, int b, int k, const double *class_weights,
                               float *dlogits);

typedef enum {
  SMB_CONTRAST_SIMSIAM,  /* -0.5 mean cosine: FSFM's */
  SMB_CONTRAST_BYOL,     /* mean (2 - 2 cosine) */
  SMB_CONTRAST_INFO_NCE, /* cross entropy of the cosines / temperature, the partner among all targets of the batch */
} SmbContrast;

const char *smb_contrast_name (SmbContrast contrast); /* "simsiam", "byol", "infonce"; static */
gboolean smb_contrast_from_name (const char *name, SmbContrast *out);

/* L_cl of online (B,N) against target (B,N), the target without gradient; donline (B,N). temperature only for InfoNCE.
 */
double smb_loss_contrast (SmbContrast contrast, const float *online, const float *target, int b, int n,
                          double temperature, float *donline);

/* Real-anchor contrastive loss of FS-Adapter (arXiv 2510.10663; reference README 42-44): genuine rows of z (B,N)
 * attract each other, all others repel, forgeries are no anchors. 0 with gradient 0 when no row is genuine. dz (B,N).
 */
double smb_loss_real_anchor (const float *z, const gboolean *genuine, int b, int n, double temperature, float *dz);

/* probabilities (B,K) = softmax of the rows. */
void smb_softmax_rows (float *probabilities, const float *logits, int b, int k);

G_END_DECLS
