/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gio/gio.h>

#include "learn/smb-view.h"
#include "model/smb-net.h"

G_BEGIN_DECLS

/* What a network says of the faces of a data set. */

typedef struct {
  const SmbSample *sample; /* borrowed */
  int label;
  gboolean blended;        /* the self-blended partner of the one before it */
  gboolean grey;
} SmbScoreItem;

/* What is looked at: the samples of a part (SMB_PART_NONE: all), and, with blend_class >= 0, the blend of each genuine
 * one behind it; of every class the share `grey` without colour. real_class: the class from which blends are made.
 * Array of SmbScoreItem. */
GArray *smb_score_items (const SmbDataset *dataset, SmbPart part, int blend_class, double grey);

/* What smb_score_run shows the network for item i, which is no blend: image (3,S,S) normalised; blended: NULL, or for
 * the blend behind it. */
void smb_score_make (const SmbDataset *dataset, const GArray *items, guint i, const SmbViewSettings *view, guint64 seed,
                     float *image, float *blended);

/* probabilities (items,K): what is drawn for an item (degradation, blend) comes from the seed and its number. batch:
 * images at a time. */
gboolean smb_score_run (SmbNet *net, const SmbDataset *dataset, const GArray *items, const SmbViewSettings *view,
                        guint64 seed, int batch, int threads, float *probabilities, GCancellable *cancellable,
                        GError **error);

G_END_DECLS
