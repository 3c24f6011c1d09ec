/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "learn/smb-score.h"

G_BEGIN_DECLS

/* The faces of a validation that were judged most wrongly, so that a person can see what the network does not get. */

#define SMB_FINETUNE_WORST 8

/* Which of the items (SmbScoreItem), the worst first: those of whose class the least probability (items,classes) is
 * left. Their number. */
guint smb_finetune_worst (const GArray *items, const float *probabilities, int classes,
                          guint worst[SMB_FINETUNE_WORST]);

/* Writes "worst.safetensors" in the folder: "faces" (n,S,S,3) bytes as the network saw them, "maps" (n,G,G) float32,
 * the relevance of each patch for the class they were taken for, and in the metadata "examples", a JSON array of
 * {"file", "class", "blended", "taken_for", "probability"}. Networks that give no relevance (with an adapter) leave out
 * the maps. view, seed: those of the scores (smb_score_run). */
gboolean smb_finetune_worst_write (const char *folder, SmbNet *net, const SmbDataset *dataset, const GArray *items,
                                   const float *probabilities, const char *const *classes, const SmbViewSettings *view,
                                   guint64 seed, GError **error);

G_END_DECLS
