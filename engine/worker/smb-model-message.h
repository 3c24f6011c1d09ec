/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <json-glib/json-glib.h>

#include "weights/smb-model.h"

G_BEGIN_DECLS

/* A model's description on its way to the compute worker, whole, so that the worker judges with exactly what the caller
 * chose and need not look it up again. Equal descriptions give equal canonical JSON. */
JsonObject *smb_model_to_message (const SmbModelInfo *model);
SmbModelInfo *smb_model_from_message (JsonObject *object, GError **error);

G_END_DECLS
