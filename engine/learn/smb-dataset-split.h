/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "learn/smb-dataset.h"

G_BEGIN_DECLS

/* Divides the samples into parts by these shares (train, val, test; of 1) so that nothing which belongs together is
 * torn apart: samples of one identity (names compared without case, accents and order of words, or embeddings), one
 * source, one case, or near-duplicates of each other, and what hangs together over several of these. Groups are dealt
 * out the largest first, in an order drawn from the seed, each to the part that lacks most of its class and origin.
 * Overwrites all parts; save afterwards. ARGUMENT: shares that make no sense. */
gboolean smb_dataset_split (SmbDataset *dataset, const double shares[SMB_N_PARTS], guint64 seed, GError **error);

/* Something that crosses the parts. */
typedef enum {
  SMB_LEAK_IDENTITY,
  SMB_LEAK_SOURCE,
  SMB_LEAK_CASE,
  SMB_LEAK_ALIKE,
  SMB_LEAK_NEAR,
  SMB_N_LEAKS
} SmbLeakKind;

typedef struct {
  SmbLeakKind kind;
  guint a, b; /* samples of different parts */
} SmbLeak;

/* "identity", "source", "case", "embedding", "near-duplicate"; static. */
const char *smb_leak_name (SmbLeakKind kind);

/* Every leak: array of SmbLeak; of an identity or source, one for each sample that is in another part than its first.
 */
GArray *smb_dataset_find_leaks (const SmbDataset *dataset);

/* Translated sentences about what a training could learn in place of what it should: classes or parts that are missing,
 * small or out of balance, and properties that tell the classes apart (colour, sharpness, origin). Array of char*. */
GPtrArray *smb_dataset_warnings (const SmbDataset *dataset);

G_END_DECLS
