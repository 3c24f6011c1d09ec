/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "analysis/smb-json.h"
#include "media/smb-metadata.h"

G_BEGIN_DECLS

/* {"format", "tags": [{"group", "key", "value", "meaning"}], "jpeg": {"progressive", "sampling", "tables": [{"id",
 * "bits", "values": [64], "quality", "exact"}]} or null, "thumbnail": {"width", "height", "correlation", "difference",
 * "agrees"} or null, "c2pa": {"manifest": "present", "absent" or "not sought", "bytes", "verified": false}, "notes":
 * [sentence]}. The thumbnail's pixels are not in it. Free with json_object_unref. */
JsonObject *smb_metadata_to_json (const SmbMetadata *metadata);
/* What a worker sent: everything is checked and bounded, and texts lose what a terminal would obey. Takes the thumbnail
 * (NULL: there is none). Never NULL; the reader says what is wrong. */
SmbMetadata *smb_metadata_from_json (SmbJsonReader *reader, JsonObject *in, SmbImage *thumbnail);

G_END_DECLS
