/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "model/smb-net-config.h"

G_BEGIN_DECLS

/* Reads named inputs of a network from a dictionary, checking shapes and values. A missing or misshapen input is a
 * MISMATCH error that names it. */

/* "in.images" (B,chans,img,img) as float32; owned. */
SmbTensor *smb_net_input_images (const SmbTensorDict *inputs, const SmbNetConfig *config, GError **error);

/* (B,L) of zeros and ones, owned; NULL with an error, or, if it may be absent, NULL without. */
guint8 *smb_net_input_flags (const SmbTensorDict *inputs, const char *name, gint64 b, gint64 l, gboolean optional,
                             GError **error);

/* Class numbers (B), owned; likewise. */
int *smb_net_input_labels (const SmbTensorDict *inputs, const char *name, gint64 b, int classes, gboolean optional,
                           GError **error);

/* "in.layers", any count of numbers of blocks: a flag for each of `depth`, owned; likewise NULL if absent (all). */
guint8 *smb_net_input_layers (const SmbTensorDict *inputs, int depth, GError **error);

/* One number; `fallback` if it is absent. FALSE on error. */
gboolean smb_net_input_scalar (const SmbTensorDict *inputs, const char *name, double fallback, double *out,
                               GError **error);

/* Several numbers as float64, owned, n_out of them; NULL with an error if absent or empty. */
double *smb_net_input_numbers (const SmbTensorDict *inputs, const char *name, gsize *n_out, GError **error);

/* (B,K) int32: which patches the encoder sees, K = (int) (L (1 - ratio)): the first K of the patches sorted by the
 * mask, visible ones first, each kind in order. ratio < 0: not stated; then 0.75 if every image hides about that much,
 * else what the mask itself leaves visible. Owned; MISMATCH if nothing would be visible. */
SmbTensor *smb_net_visible_index (const guint8 *mask, gint64 b, gint64 l, double ratio, GError **error);

G_END_DECLS
