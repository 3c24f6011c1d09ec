/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "analysis/smb-json.h"
#include "explain/smb-faithfulness.h"

G_BEGIN_DECLS

/* {"class", "deletion": [p], "insertion": [p], "deletion_area", "insertion_area", "random_area": {"mean", "deviation",
 * "orders"}, "randomised_correlation", "passed", "failed": ["deletion", "insertion", "randomised"], "sentence"}. Free
 * with json_object_unref. */
JsonObject *smb_faithfulness_to_json (const SmbFaithfulness *faithfulness);
/* Through the reader; never NULL. Free with g_free. */
SmbFaithfulness *smb_faithfulness_from_json (SmbJsonReader *reader, JsonObject *in);

G_END_DECLS
