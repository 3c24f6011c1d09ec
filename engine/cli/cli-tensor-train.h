/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gio/gio.h>
#include <json-glib/json-glib.h>

#include "cli/cli-tensor.h"

G_BEGIN_DECLS

/* What the training commands share: reading a batch, and writing what became of it into a folder. */

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
/* "key": value, or null for what is not a finite number. */
void smb_cli_tensor_add_number (JsonBuilder *builder, const char *key, double value);
/* "key": [values] */
void smb_cli_tensor_add_numbers (JsonBuilder *builder, const char *key, const double *values, gsize n);

G_END_DECLS
