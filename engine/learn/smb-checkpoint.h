/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "tensor/smb-tensor.h"

G_BEGIN_DECLS

/* Checkpoints of a training in its folder: "checkpoint-NNNNNNNN", a folder each that appears whole or not at all. */

/* A file of a checkpoint. */
typedef struct {
  const char *name;
  const SmbTensorDict *dict;
} SmbCheckpointPart;

/* Writes the checkpoint of an iteration, with the SHA-256 of each of its files, and removes all but the newest two. */
gboolean smb_checkpoint_write (const char *folder, guint64 iteration, const SmbCheckpointPart *parts, guint n_parts,
                               GError **error);
/* Path of the newest, NULL if there is none. Free with g_free. */
char *smb_checkpoint_newest (const char *folder);
/* Path of the newest that is whole, NULL if there is none at all. One that is torn (its files do not have the SHA-256
 * written with them) is passed over and named in *torn_out, a sentence, else NULL; if all are, the newest is returned,
 * so that reading it says what is wrong. Free both with g_free. */
char *smb_checkpoint_newest_whole (const char *folder, char **torn_out);

/* Writes a text file whole or not at all. IO. */
gboolean smb_learn_write_text (const char *path, const char *text, GError **error);
/* Keeps the lines of a JSON lines file whose "iteration" is at most `last`: what was logged after the checkpoint that
 * is gone on from. No file: nothing to do. */
gboolean smb_learn_cut_log (const char *path, guint64 last, GError **error);
/* "{"mean": [..], "std": [..]}\n", as pretrain_ds_mean_std.txt beside published weights says it. Free with g_free. */
char *smb_learn_mean_std_text (const double mean[3], const double std[3]);
/* Reads it back. FORMAT if the numbers are not there or make no sense. */
gboolean smb_learn_read_mean_std (const char *path, double mean[3], double std[3], GError **error);

G_END_DECLS
