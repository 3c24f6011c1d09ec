/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gio/gio.h>
#include <json-glib/json-glib.h>

#include "cli/cli-tensor.h"

G_BEGIN_DECLS

/* What the training commands share: reading a batch, and writing what became of it into a folder. */

/* Options of a training, its network's among them. */
typedef struct {
  SmbCliTensorOptions of;
  int steps;
  char *resume; /* NULL: from the weights */
} SmbCliTensorTraining;

/* As smb_cli_tensor_parse, with --steps, --resume, --accumulate and --recompute, which lie with the settings. */
gboolean smb_cli_tensor_parse_training (SmbCliTensorTraining *training, const SmbCliTensorHelp *help,
                                        int *accumulate, gboolean *recompute, const GOptionEntry *own, int *argc,
                                        char ***argv);
void smb_cli_tensor_training_clear (SmbCliTensorTraining *training);

/* Reads what --resume names. *optimiser: of a checkpoint of the official scripts; NULL for a state of ours, which says
 * `ours` in its metadata. Both owned by the caller. */
gboolean smb_cli_tensor_read_state (const char *path, const char *ours, SmbTensorDict **state,
                                    SmbTensorDict **optimiser, GError **error);
/* How many images the inputs hold; 1 where they hold none that can be counted, which is told when they are read. */
int smb_cli_tensor_batch (const SmbTensorDict *inputs);

/* A number stated for the run: in the metadata of the inputs, else of the weights, else `fallback`. */
double smb_cli_tensor_stated (const SmbTensorDict *inputs, const SmbTensorDict *weights, const char *key,
                              double fallback);
/* Entry i of a list of numbers, the last one for all that follow. */
double smb_cli_tensor_nth (const double *values, gsize n, gsize i);
/* Creates the folder with its parents. */
gboolean smb_cli_tensor_folder (const char *path, GError **error);
/* Writes FOLDER/name; `dict` may be NULL (then `error` is set already). */
gboolean smb_cli_tensor_write (const char *folder, const char *name, const SmbTensorDict *dict, GError **error);
/* Writes FOLDER/losses.json. */
gboolean smb_cli_tensor_write_losses (const char *folder, JsonBuilder *builder, GError **error);
/* Whether a training that takes `need` bytes on the device fits into its memory; MEMORY, naming the batch that does.
 * one, two: bytes for batches of one and of two images. */
gboolean smb_cli_tensor_fits (const SmbDevice *device, gint64 batch, guint64 need, guint64 one, guint64 two,
                              GError **error);
/* "key": [numbers], one of each of n results that lie stride bytes apart; null for what is not a finite number. */
void smb_cli_tensor_add_numbers (JsonBuilder *builder, const char *key, const double *first, gsize n, gsize stride);

G_END_DECLS
