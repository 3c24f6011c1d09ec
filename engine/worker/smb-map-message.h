/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "analysis/smb-analysis.h"
#include "worker/smb-message.h"

G_BEGIN_DECLS

/* Maps, and what they are made for, in messages; for engine/worker alone. */

/* Appends the map: its numbers as one plane (three channels where there are deviation and count), the rest as an object
 * {"spec", "area", "note", "faithfulness"} of the body's list "maps". */
gboolean smb_map_to_message (const SmbMap *map, SmbMessage *message, GError **error);
/* Map `index` of that list. WORKER error if it is not what its spec says. */
SmbMap *smb_map_from_message (SmbMessage *message, guint index, GError **error);

/* Regions as a plane, and back (takes the descriptor); every class is checked. */
int smb_regions_to_fd (const SmbRegions *regions, GError **error);
SmbRegions *smb_regions_take_fd (int fd, SmbRegionsOrigin origin, GError **error);

G_END_DECLS
