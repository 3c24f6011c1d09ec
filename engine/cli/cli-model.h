/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <json-glib/json-glib.h>

#include "weights/smb-model.h"

G_BEGIN_DECLS

/* How semblance-cli shows a model of the library (cli-model-show.c); the commands are in cli-model.c. */

/* The command (cli-model-export.c). */
int smb_cli_model_export (int argc, char **argv);

/* model.json with "folder" and "active". */
JsonNode *smb_cli_model_to_json (const SmbModelInfo *info, gboolean active);
/* Adds to "detector" and "mim" what the weights say: "kind", "network" (sizes), "parameters", "tensors". */
gboolean smb_cli_model_add_networks (JsonNode *node, const SmbModelInfo *info, GError **error);
/* The same for people, on standard output. */
gboolean smb_cli_model_print (const SmbModelInfo *info, GError **error);

/* Each in its own file. */
int smb_cli_model_card (int argc, char **argv);

G_END_DECLS
