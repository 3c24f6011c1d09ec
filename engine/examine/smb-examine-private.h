/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "examine/smb-examine-video.h"
#include "examine/smb-report-draft.h"

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* Of a video's stored analysis: the frame in which each track is seen best (GArray of guint, in the order of its faces), and a
 * sentence (char*) for each on what its scores come to. NULL: a picture's analysis, or one that makes no sense. */
GArray *smb_examine_read_tracks (JsonNode *result, GPtrArray *sentences);
/* The run that a video's stored analysis came from, with what analysts did with its tracks; NULL if it is not in the case. */
SmbVideoState *smb_examine_run_of_analysis (SmbCase *store, gint64 evidence_id, JsonNode *result, GError **error);

/* Everything a report shows of the exhibits wished for, each verified first: what is freed as a whole with the array and begins with its
 * SmbReportExhibit. */
GPtrArray *smb_examine_gather (SmbCase *store, SmbEngine *engine, const SmbReportWish *wish, SmbProgress progress, gpointer user_data,
                               GCancellable *cancellable, GError **error);

G_END_DECLS
